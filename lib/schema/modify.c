/* SPDX-License-Identifier: MIT */
#include "schema/maker.h"

#include <stdio.h>

/* One key of the patch; `path` as the client has sent it. */
typedef struct edit {
    sac_str path;
    sac_value value;
    size_t order;
    bool done;
} edit;

/* For sorting some of them another way. */
typedef struct pick {
    edit *edit;
} pick;

/* Edits of one document or array, sorted; their paths agree up to `skip`. */
typedef struct target {
    edit *v;
    size_t n;
    size_t skip;
    const sac__plan *plan;       /* of a document, or NULL */
    const sac__plan_field *item; /* of an array, or NULL */
    bool array;
    bool fresh; /* nothing is stored there */
} target;

/* A dot is less than any other character: then what is beneath a path stands right behind it. */
static int compare_paths(sac_str a, sac_str b)
{
    const size_t n = a.n < b.n ? a.n : b.n;
    size_t i = 0;

    while (i < n && a.p[i] == b.p[i])
        i++;
    if (i == n)
        return (a.n > b.n) - (a.n < b.n);
    if (a.p[i] == '.' || b.p[i] == '.')
        return a.p[i] == '.' ? -1 : 1;
    return (unsigned char)a.p[i] < (unsigned char)b.p[i] ? -1 : 1;
}

static bool is_before(void *self, size_t a, size_t b)
{
    const edit *v = self;

    return compare_paths(v[a].path, v[b].path) < 0;
}

static bool is_earlier(void *self, size_t a, size_t b)
{
    const pick *v = self;

    return v[a].edit->order < v[b].edit->order;
}

static void swap_edits(void *self, size_t a, size_t b)
{
    edit *v = self;
    const edit kept = v[a];

    v[a] = v[b];
    v[b] = kept;
}

static void swap_picks(void *self, size_t a, size_t b)
{
    pick *v = self;
    const pick kept = v[a];

    v[a] = v[b];
    v[b] = kept;
}

static bool overlap(sac_str a, sac_str b)
{
    return b.n > a.n && b.p[a.n] == '.' && memcmp(a.p, b.p, a.n) == 0;
}

/* The key of an edit in the target's document. */
static sac_str segment(const edit *e, size_t skip)
{
    const char *p = e->path.p + skip;
    const size_t n = e->path.n - skip;
    const char *dot = memchr(p, '.', n);

    return sac_str_n(p, dot ? (size_t)(dot - p) : n);
}

static int compare_keys(sac_str a, sac_str b)
{
    const size_t n = a.n < b.n ? a.n : b.n;
    const int order = n ? memcmp(a.p, b.p, n) : 0;

    return order ? order : (a.n > b.n) - (a.n < b.n);
}

/* The edits that begin with a key: of them, `n` 0 if there are none. */
static target group_of(const target *t, sac_str key)
{
    target group = {.skip = t->skip, .fresh = t->fresh};
    size_t low = 0, high = t->n;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (compare_keys(segment(&t->v[middle], t->skip), key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    group.v = t->v + low;
    while (low + group.n < t->n && sac_str_eq(segment(&t->v[low + group.n], t->skip), key))
        group.n++;
    return group;
}

static void refuse_all(sac__maker *m, const target *group, const char *text)
{
    const size_t at = m->path.n;

    for (size_t i = 0; i < group->n; i++) {
        m->path.n = m->base;
        (void)sac__maker_down(m, group->v[i].path);
        sac__maker_refuse(m, text);
        group->v[i].done = true;
    }
    m->path.n = at;
}

static void edit_doc(sac__maker *m, const target *t, const sac_str *stored);
static void edit_array(sac__maker *m, const target *t, const sac_str *stored);

/* Why nothing beneath a field may be set by its path; NULL: it may. */
static const char *why_closed(const sac__plan_field *field, const sac_value *stored, bool fresh)
{
    const sac__rule *rule = sac__rule_of(field);
    const bool missing = stored->type == SAC_BSON_MISSING;

    if (field && (field->flags & (SAC__PLAN_HIDDEN | SAC__PLAN_COMPUTED)))
        return "unknown field";
    if (rule && (rule->row.read_only || (rule->row.write_once && !fresh)))
        return "read only";
    if (missing && field && (field->type == SAC_DOCUMENT || field->type == SAC_ARRAY))
        return NULL;
    if ((stored->type == SAC_BSON_DOCUMENT || stored->type == SAC_BSON_ARRAY) &&
        (!field || sac__rule_fits((sac_type)field->type, stored)))
        return NULL;
    return "its parent is neither an object nor an array";
}

/* A document or array that has been written last is judged as a whole. */
static void judge_written(sac__maker *m, const sac__plan_field *field, size_t begin, bool array)
{
    const sac_value value = {.type = array ? SAC_BSON_ARRAY : SAC_BSON_DOCUMENT,
                             .raw = {m->out.p + begin, m->out.n - begin}};

    if (field && !sac__maker_failed(m))
        (void)sac__maker_judge(m, field, &value);
}

static bool is_appended(const target *t, const sac_str *stored)
{
    char digits[24];
    const int n = snprintf(digits, sizeof digits, "%lu",
                           (unsigned long)(stored ? sac__members_count(*stored) : 0));

    return group_of(t, sac_str_n(digits, (size_t)n)).n > 0;
}

static void edit_beneath(sac__maker *m, const target *group, const sac__plan_field *field,
                         sac_str key, const sac_value *stored)
{
    const sac_str *doc = stored->type == SAC_BSON_MISSING ? NULL : &stored->raw;
    target inner = *group;
    size_t begin;

    inner.skip += key.n + 1;
    inner.fresh = !doc;
    inner.array = doc ? stored->type == SAC_BSON_ARRAY : field->type == SAC_ARRAY;
    if (inner.array) {
        inner.item = field ? field->item : NULL;
        sac_bson_begin_array(&m->out, key);
    } else {
        inner.plan = field ? field->plan : NULL;
        sac_bson_begin_doc(&m->out, key);
    }
    if (sac__maker_failed(m))
        return;
    begin = m->out.start[m->out.depth];
    if (inner.array)
        edit_array(m, &inner, doc);
    else
        edit_doc(m, &inner, doc);
    sac_bson_end(&m->out);
    if (!inner.array || is_appended(&inner, doc))
        judge_written(m, field, begin, inner.array);
}

/* Applies the edits of one member or element. */
static void edit_group(sac__maker *m, const target *t, const target *group, sac_str key,
                       const sac_value *stored)
{
    size_t hint = 0;
    const sac__plan_field *field = t->array
                                       ? t->item
                                       : (t->plan ? sac__plan_stored(t->plan, key, &hint) : NULL);
    const sac__slot slot = {
        .field = field, .key = key, .sent = group->v->value, .stored = *stored, .fresh = t->fresh};
    const char *why = NULL;
    size_t at;

    if (!field && t->plan && !t->plan->open)
        why = "unknown field";
    else if (group->v->path.n > t->skip + key.n)
        why = why_closed(field, stored, t->fresh);
    if (why) {
        refuse_all(m, group, why);
        sac_bson_add_value(&m->out, key, *stored);
    } else if (group->v->path.n > t->skip + key.n) {
        at = sac__maker_down(m, key);
        edit_beneath(m, group, field, key, stored);
        sac__maker_up(m, at);
    } else {
        (void)sac__maker_put(m, &slot);
        group->v->done = true;
    }
}

/* Members that are not there yet, in the order of the body. */
static void add_members(sac__maker *m, const target *t)
{
    const sac_value missing = {.type = SAC_BSON_MISSING};
    pick *left = sac__arena_get(m->making->arena, t->n * sizeof *left);
    const sac__sorting sorting = {.less = is_earlier, .swap = swap_picks, .self = left};
    size_t n = 0;

    if (!left) {
        m->error = SAC_ENOMEM;
        return;
    }
    for (size_t i = 0; i < t->n; i++)
        if (!t->v[i].done)
            left[n++].edit = &t->v[i];
    sac__sort(&sorting, n);
    for (size_t i = 0; i < n && !sac__maker_failed(m); i++) {
        const sac_str key = segment(left[i].edit, t->skip);

        if (!left[i].edit->done) {
            const target group = group_of(t, key);

            edit_group(m, t, &group, key, &missing);
        }
    }
}

/* A document that did not exist has to have what its table requires. */
static void complete_new(sac__maker *m, const target *t)
{
    uint8_t *seen = sac__arena_get_zero(m->making->arena, t->plan->n);
    size_t hint = 0;

    if (!seen) {
        m->error = SAC_ENOMEM;
        return;
    }
    for (size_t i = 0; i < t->n; i++) {
        const sac__plan_field *field = sac__plan_stored(t->plan, segment(&t->v[i], t->skip), &hint);

        if (field)
            seen[field - t->plan->fields] = SAC__SEEN;
    }
    sac__maker_complete(m, t->plan, seen);
}

static void edit_doc(sac__maker *m, const target *t, const sac_str *stored)
{
    sac_bson_iter iter;
    int more = stored ? sac_bson_iter_init(&iter, *stored) : 0;

    while (stored && more >= 0 && !sac__maker_failed(m) &&
           (more = sac_bson_iter_next(&iter)) == 1) {
        const target group = group_of(t, iter.key);

        if (group.n > 0 && !group.v->done)
            edit_group(m, t, &group, iter.key, &iter.value);
        else
            sac_bson_add_value(&m->out, iter.key, iter.value);
    }
    if (more < 0)
        m->error = SAC_ECORRUPT;
    if (!sac__maker_failed(m))
        add_members(m, t);
    if (!stored && t->plan && !sac__maker_failed(m))
        complete_new(m, t);
}

static void edit_array(sac__maker *m, const target *t, const sac_str *stored)
{
    sac_bson_iter iter;
    char digits[24];
    int more = stored ? sac_bson_iter_init(&iter, *stored) : 0;

    for (size_t i = 0; more >= 0 && !sac__maker_failed(m); i++) {
        const int n = snprintf(digits, sizeof digits, "%lu", (unsigned long)i);
        const sac_str key = sac_str_n(digits, (size_t)n);
        const target group = group_of(t, key);
        sac_value value = {.type = SAC_BSON_MISSING};

        more = stored ? sac_bson_iter_next(&iter) : 0;
        if (more == 1)
            value = iter.value;
        if (group.n > 0)
            edit_group(m, t, &group, key, &value);
        else
            sac_bson_add_value(&m->out, key, value);
        if (more == 0)
            break;
    }
    if (more < 0)
        m->error = SAC_ECORRUPT;
    for (size_t i = 0; i < t->n && !sac__maker_failed(m); i++)
        if (!t->v[i].done)
            refuse_all(m, &(target){.v = &t->v[i], .n = 1}, "no element has this index");
}

/* Keys of the body in order; of the resource's own fields no dotted key is anything. */
static int read_edits(sac__maker *m, target *out, bool *dotted)
{
    sac__members members;
    int rc = sac__members_read(&members, m->body->doc, m->making->arena);
    sac__sorting sorting = {.less = is_before, .swap = swap_edits};

    if (rc != SAC_OK)
        return rc;
    out->v = sac__arena_get_zero(m->making->arena, (members.n + 1) * sizeof *out->v);
    if (!out->v)
        return SAC_ENOMEM;
    for (size_t i = 0; i < members.n; i++) {
        const sac_str key = members.v[i].key;

        out->v[i] = (edit){.path = key, .value = members.v[i].value, .order = i};
        *dotted |= memchr(key.p, '.', key.n) != NULL;
    }
    out->n = members.n;
    sorting.self = out->v;
    sac__sort(&sorting, out->n);
    return SAC_OK;
}

/* Takes out the edits beneath `_id` and `_rev`, by any name. */
static void refuse_own(sac__maker *m, target *t)
{
    size_t kept = 0;

    for (size_t i = 0; i < t->n; i++) {
        const sac_str key = segment(&t->v[i], 0);

        if (key.n < t->v[i].path.n && (sac_str_is(key, "_id") || sac_str_is(key, "_rev") ||
                                       sac_str_eq(key, m->making->schema->id_key)))
            refuse_all(m, &(target){.v = &t->v[i], .n = 1},
                       "its parent is neither an object nor an array");
        else
            t->v[kept++] = t->v[i];
    }
    t->n = kept;
}

int sac__schema_modify(const sac__making *making, const sac__body *body, sac_str stored,
                       sac_str *doc, sac_err *err)
{
    target top = {.plan = &making->schema->shown};
    sac__maker m;
    int rc;

    sac__maker_open(&m, SAC__MAKER_MODIFY, making, body);
    m.error = read_edits(&m, &top, &m.whole);
    for (size_t i = 1; i < top.n && !sac__maker_failed(&m); i++)
        if (overlap(top.v[i - 1].path, top.v[i].path))
            m.error = SAC_EINVAL;
    if (!sac__maker_failed(&m)) {
        refuse_own(&m, &top);
        edit_doc(&m, &top, &stored);
    }
    rc = sac__maker_close(&m, doc);
    return rc == SAC_EINVAL ? sac_err_set(err, rc, "two keys of the patch overlap")
           : rc             ? sac_err_set(err, rc, "%s", sac_err_text(rc))
                            : SAC_OK;
}
