/* SPDX-License-Identifier: MIT */
#include "scenario.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <sacrum/store/lmdb.h>

/* One of plain numbers, one unique with arrays, one whose keys are cut at times. */
static const sac_index indexes[INDEXES] = {
    {.keys = "v"}, {.keys = "tags", .unique = true}, {.keys = "pad,-v"}};
static const char *const names[INDEXES] = {"v_1", "tags_1", "pad_1_v_-1"};

unsigned scenario_roll(unsigned *seed)
{
    *seed = *seed * 1103515245 + 12345;
    return *seed >> 16 & 0x7fff;
}

long scenario_number(const char *name, long otherwise)
{
    const char *text = getenv(name);

    return text && *text ? strtol(text, NULL, 10) : otherwise;
}

void scenario_signals(void)
{
    signal(SIGSEGV, SIG_DFL);
    signal(SIGBUS, SIG_DFL);
    signal(SIGABRT, SIG_DFL);
}

static sac_str copied(sac_bson *doc)
{
    sac_str made = {NULL, 0};
    char *copy = NULL;

    if (sac_bson_finish(doc, &made) == SAC_OK)
        copy = malloc(made.n);
    if (copy)
        memcpy(copy, made.p, made.n);
    sac_bson_fini(doc);
    return sac_str_n(copy, copy ? made.n : 0);
}

/* Now and then one that takes pages of its own. */
static size_t pad_of(int id, int32_t v)
{
    const unsigned n = (unsigned)id * 7919 + (unsigned)v * 104729;

    return n % 16 == 0 ? 5000 + n % 5000 : n % 4 == 0 ? 600 : n % 90;
}

static sac_str doc_make(int id, int32_t v)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    const size_t n = pad_of(id, v);
    char *pad = malloc(n + 1);
    sac_bson doc;
    size_t i;

    for (i = 0; pad && i < n; i++)
        pad[i] = letters[((size_t)v + i) % 26];
    sac_bson_init(&doc, NULL, 0);
    sac_bson_add_int32(&doc, "_id", id);
    sac_bson_add_int32(&doc, "g", id % GROUPS);
    sac_bson_add_int32(&doc, "v", v);
    sac_bson_begin_array(&doc, sac_str_of("tags"));
    sac_bson_add_int32(&doc, "", id * 100 + v % 7);
    sac_bson_add_int32(&doc, "", id * 100 + 50 + v % 3);
    sac_bson_end(&doc);
    sac_bson_add_str(&doc, "pad", sac_str_n(pad, pad ? n : 0));
    free(pad);
    return copied(&doc);
}

/* ---- the model ---- */

void contents_init(contents *empty)
{
    int id;

    for (id = 0; id < IDS; id++)
        empty->v[id] = -1;
}

static void each_of_group(contents *to, const step *from)
{
    int id;

    for (id = from->id; id < IDS; id += GROUPS)
        if (to->v[id] >= 0)
            to->v[id] = from->v;
}

int contents_apply(contents *to, const step *from)
{
    const int more = from->kind == STEP_PAIR;

    switch (from->kind) {
    case STEP_INSERT:
    case STEP_PAIR:
        if (to->v[from->id] >= 0 || to->v[from->id + more] >= 0)
            return SAC_EEXIST;
        to->v[from->id] = to->v[from->id + more] = from->v;
        break;
    case STEP_PUT:
    case STEP_REMOVE: to->v[from->id] = from->v; break;
    case STEP_EACH:
    case STEP_REMOVE_EACH: each_of_group(to, from); break;
    default: break;
    }
    return SAC_OK;
}

/* ---- steps ---- */

bool step_is_index(const step *of)
{
    return of->kind == STEP_MAKE || of->kind == STEP_DROP;
}

/* Indexes come and go in turns; of writes what the state allows. */
static void step_make(step *made, const contents *now, int number, unsigned *seed)
{
    const int id = (int)(scenario_roll(seed) % (IDS - 1));
    const unsigned dice = scenario_roll(seed) % 16;

    *made = (step){.kind = STEP_PUT, .id = id, .v = number};
    if (number % 12 == 11) {
        made->kind = number % 60 < 36 ? STEP_MAKE : STEP_DROP;
        made->id = number / 12 % INDEXES;
    } else if (number > 10 && dice < 3) {
        made->kind = STEP_EACH;
        made->id = id % GROUPS;
    } else if (dice == 3 && number % 3 == 0) {
        made->kind = STEP_REMOVE_EACH;
        made->id = id % GROUPS;
        made->v = -1;
    } else if (now->v[id] < 0) {
        made->kind = now->v[id + 1] < 0 ? STEP_PAIR : STEP_INSERT;
    } else if (dice < 7) {
        made->kind = STEP_REMOVE;
        made->v = -1;
    }
}

void steps_make(step *steps, int n, unsigned seed)
{
    contents now;
    int i;

    contents_init(&now);
    for (i = 0; i < n; i++) {
        step_make(&steps[i], &now, i, &seed);
        (void)contents_apply(&now, &steps[i]);
    }
}

void steps_free(step *steps, int n)
{
    int i;
    int id;

    for (i = 0; i < n; i++) {
        for (id = 0; id < IDS; id++)
            free((char *)steps[i].docs[id].p);
        free((char *)steps[i].filter.p);
    }
}

static sac_str step_doc(step *of, int id)
{
    if (!of->docs[id].p)
        of->docs[id] = doc_make(id, of->v);
    return of->docs[id];
}

static int decide(void *self, const sac_view *stored, sac_change *change, sac_err *err)
{
    step *of = self;

    (void)err;
    if (of->kind == STEP_REMOVE || of->kind == STEP_REMOVE_EACH) {
        change->kind = SAC_CHANGE_REMOVE;
        return SAC_OK;
    }
    change->kind = SAC_CHANGE_PUT;
    change->doc = step_doc(of, of->kind == STEP_EACH ? (int)doc_id(stored->doc) : of->id);
    return SAC_OK;
}

sac_str scenario_doc(const char *field, int32_t value)
{
    sac_bson filter;

    sac_bson_init(&filter, NULL, 0);
    sac_bson_add_int32(&filter, field, value);
    return copied(&filter);
}

sac_write *step_write(step *of)
{
    const bool pair = of->kind == STEP_PAIR;

    of->write = (sac_write)SAC_WRITE(.collection = "a", .self = of);
    switch (of->kind) {
    case STEP_INSERT:
    case STEP_PAIR:
        of->pair[0] = step_doc(of, of->id);
        of->pair[1] = step_doc(of, of->id + pair);
        of->write.kind = SAC_WRITE_INSERT;
        of->write.docs = of->pair;
        of->write.n_docs = 1 + (size_t)pair;
        break;
    case STEP_EACH:
    case STEP_REMOVE_EACH:
        if (!of->filter.p)
            of->filter = scenario_doc("g", of->id);
        of->query = (sac_query)SAC_QUERY(.collection = "a", .filter = of->filter);
        of->write.kind = SAC_WRITE_EACH;
        of->write.query = &of->query;
        of->write.decide = decide;
        break;
    default:
        of->write.kind = SAC_WRITE_DECIDE;
        of->write.id = value_int(of->raw, of->id);
        of->write.decide = decide;
    }
    return &of->write;
}

int step_run(sac_store *store, step *of, sac_err *err)
{
    if (of->kind == STEP_MAKE)
        return sac_store_make_index(store, "a", &indexes[of->id], err);
    if (of->kind == STEP_DROP)
        return sac_store_drop_index(store, "a", names[of->id], err);
    return sac_store_write(store, step_write(of), err);
}

/* ---- looking ---- */

int scenario_open(const char *path, sac_store **out, sac_err *err)
{
    char uri[300];
    const sac_store_config config = SAC_STORE_CONFIG(.uri = uri);

    snprintf(uri, sizeof uri, "lmdb:%s?map=64M&collections=8&readers=16", path);
    return sac_lmdb(&config, out, err);
}

typedef struct looking {
    contents *found;
    const char *wrong;
    int n;
    int32_t last; /* -1: not in the order of `v` */
    bool ordered;
} looking;

static int look_at(void *self, const sac_view *view)
{
    looking *at = self;
    const int64_t id = doc_id(view->doc);
    const int64_t v = doc_v(view->doc);
    sac_str whole;

    if (id < 0 || id >= IDS || v < 0 || v > INT32_MAX) {
        at->wrong = "a document that nobody wrote";
        return 1;
    }
    whole = doc_make((int)id, (int32_t)v);
    if (!sac_str_eq(whole, view->doc))
        at->wrong = "a document that is half written";
    free((char *)whole.p);
    if (at->ordered && (v < at->last || at->found->v[id] != v))
        at->wrong = "an index that gives what is not there";
    at->found->v[id] = (int32_t)v;
    at->last = (int32_t)v;
    at->n++;
    return at->wrong ? 1 : 0;
}

static const char *look_through(sac_store *store, const sac_query *query, looking *at)
{
    const sac_sink sink = {.doc = look_at, .self = at};
    sac_cursor *cursor = NULL;
    int rc = sac_store_find(store, query, NULL, &cursor, NULL);

    if (rc == SAC_OK)
        rc = sac_cursor_pull(cursor, &sink, NULL);
    sac_cursor_close(cursor);
    return rc < 0 ? "reading it is an error" : at->wrong;
}

const char *scenario_look(sac_store *store, contents *found)
{
    const sac_str sort = scenario_doc("v", 1);
    const sac_query all = SAC_QUERY(.collection = "a");
    const sac_query ordered = SAC_QUERY(.collection = "a", .sort = sort);
    looking by_id = {.found = found};
    looking by_v = {.found = found, .ordered = true};
    const char *wrong;

    contents_init(found);
    wrong = look_through(store, &all, &by_id);
    if (!wrong)
        wrong = look_through(store, &ordered, &by_v);
    if (!wrong && by_id.n != by_v.n)
        wrong = "an index that lacks a document";
    free((char *)sort.p);
    return wrong;
}

int scenario_index(sac_store *store, int number)
{
    static const char *const fields[INDEXES] = {"v", "tags", "pad"};
    const sac_str filter = scenario_doc(fields[number], 1);
    const sac_query query = SAC_QUERY(.collection = "a", .filter = filter);
    sac_explain how;
    const int rc = sac_store_explain(store, &query, &how, NULL);

    free((char *)filter.p);
    return rc != SAC_OK ? -1 : how.scan == SAC_SCAN_INDEX && strcmp(how.index, names[number]) == 0;
}
