/* SPDX-License-Identifier: MIT */
#include "schema/id.h"

/* A body on its way through the decoder. */
typedef struct reader {
    const sac__schema *schema;
    sac__arena *arena;
    sac_bson doc;
    sac__body body;
    sac__misfit **last;
    bool indexed; /* paths begin with an element's index */
    int error;
} reader;

static void reader_begin(reader *r)
{
    r->body = (sac__body){.misfits = NULL};
    r->last = &r->body.misfits;
    sac_bson_init(&r->doc, sac__arena_alloc(r->arena), 0);
}

static void take_misfit(void *self, sac__json_misfit kind, sac_str path,
                        const sac__plan_field *field)
{
    reader *r = self;
    const char *dot = r->indexed && path.n ? memchr(path.p, '.', path.n) : NULL;
    sac__misfit *misfit;

    if (dot)
        path = sac_str_n(dot + 1, path.n - (size_t)(dot + 1 - path.p));
    if (!r->schema->bare && field && sac_str_is(field->name, "_id") &&
        sac_str_eq(path, field->shown)) {
        r->body.id_misfit = true;
        return;
    }
    misfit = sac__arena_get_zero(r->arena, sizeof *misfit);
    if (misfit) {
        *misfit = (sac__misfit){
            .kind = kind, .path = sac__arena_dup(r->arena, path), .field = field};
    }
    if (!misfit || !misfit->path.p) {
        r->error = SAC_ENOMEM;
        return;
    }
    *r->last = misfit;
    r->last = &misfit->next;
}

/* What a body says of the document's identity, not of its content. */
static bool take_own(reader *r, const sac_bson_iter *at)
{
    const bool null = at->value.type == SAC_BSON_NULL;
    sac_str text;

    if (sac_str_is(at->key, "_id")) {
        if (null)
            return true;
        r->body.id = at->value;
        if (sac_value_str(&at->value, &text) && !sac__id_string_ok(text))
            r->body.id_misfit = true;
        return true;
    }
    if (r->schema->rev && sac_str_is(at->key, "_rev")) {
        if (at->value.type == SAC_BSON_INT64)
            r->body.rev = at->value;
        return true;
    }
    return false;
}

static int copy_rest(reader *r, sac_str doc)
{
    sac_bson rest;
    sac_bson_iter iter;
    int more = sac_bson_iter_init(&iter, doc);

    sac_bson_init(&rest, sac__arena_alloc(r->arena), doc.n);
    while (more >= 0 && (more = sac_bson_iter_next(&iter)) == 1)
        if (!take_own(r, &iter))
            sac_bson_add_value(&rest, iter.key, iter.value);
    return more < 0 ? more : sac_bson_finish(&rest, &r->body.doc);
}

static int reader_end(reader *r, sac__body *out)
{
    sac_bson_iter iter;
    bool any = false;
    sac_str doc;
    int rc = r->error;
    int more;

    if (rc == SAC_OK)
        rc = sac_bson_finish(&r->doc, &doc);
    if (rc != SAC_OK)
        return rc;
    more = sac_bson_iter_init(&iter, doc);
    while (more >= 0 && !any && !r->schema->bare && (more = sac_bson_iter_next(&iter)) == 1)
        any = take_own(r, &iter);
    r->body.doc = doc;
    if (any)
        rc = copy_rest(r, doc);
    if (rc == SAC_OK && more >= 0)
        *out = r->body;
    return more < 0 ? more : rc;
}

/* The field that a dotted key names, as far as the table tells; false: it does not exist. */
static bool resolve(const sac__plan *plan, sac_str key, sac__plan_field *out)
{
    const sac__plan_field any = {.type = SAC_ANY};
    const sac__plan_field *field = NULL;
    const sac_str whole = key;

    while (key.n > 0) {
        const char *dot = memchr(key.p, '.', key.n);
        const sac_str name = sac_str_n(key.p, dot ? (size_t)(dot - key.p) : key.n);
        size_t hint = 0;

        if (!field || field->plan) {
            if (field)
                plan = field->plan;
            field = sac__plan_shown(plan, name, &hint);
            if (field && dot && (field->flags & (SAC__PLAN_HIDDEN | SAC__PLAN_COMPUTED)))
                return false;
            if (!field && !plan->open)
                return false;
        } else {
            field = field->item;
        }
        if (!field)
            field = &any;
        key = dot ? sac_str_n(dot + 1, key.n - name.n - 1) : sac_str_n(NULL, 0);
    }
    *out = field ? *field : any;
    out->name = out->shown = whole;
    out->flags = 0;
    return true;
}

/* A plan that has dotted keys as rows of its own. */
static int plan_paths(const sac__plan *plan, sac_str keys, sac__arena *arena, sac__plan *out,
                      sac_err *err)
{
    sac__plan_field *fields;
    sac_bson_iter begin, iter;
    size_t n = 0;

    if (sac_bson_iter_init(&begin, keys) != SAC_OK)
        return SAC_ECORRUPT;
    iter = begin;
    while (sac_bson_iter_next(&iter) == 1)
        n += memchr(iter.key.p, '.', iter.key.n) != NULL;
    *out = *plan;
    if (n == 0)
        return SAC_OK;
    if (n >= UINT16_MAX - plan->n)
        return sac_err_set(err, SAC_ELIMIT, "too many dotted keys");
    fields = sac__arena_get(arena, (plan->n + n) * sizeof *fields);
    if (!fields)
        return sac_err_set(err, SAC_ENOMEM, "no memory");
    memcpy(fields, plan->fields, plan->n * sizeof *fields);
    n = plan->n;
    iter = begin;
    while (sac_bson_iter_next(&iter) == 1)
        if (memchr(iter.key.p, '.', iter.key.n) && resolve(plan, iter.key, &fields[n]))
            n++;
    out->fields = fields;
    out->n = n;
    return sac__plan_index(out, sac__arena_alloc(arena), err);
}

/* Whether a text may have a key with a dot; it may also come as an escape. */
static bool may_have_paths(sac_str json)
{
    return json.n > 0 && (memchr(json.p, '.', json.n) || memchr(json.p, '\\', json.n));
}

/* Dotted keys are read by the type of what they name: first they have to be known. */
static int read_paths(sac__json_decoding *decoding, sac_str json, sac__arena *arena,
                      sac__plan *plan, sac_err *err)
{
    sac__json_decoding plain = *decoding;
    sac_bson doc;
    sac_str keys;
    int rc;

    plain.plan = NULL;
    plain.misfit = NULL;
    sac_bson_init(&doc, sac__arena_alloc(arena), 0);
    rc = sac__json_decode(&plain, json, &doc, err);
    if (rc != SAC_OK)
        return rc;
    rc = sac_bson_finish(&doc, &keys);
    if (rc != SAC_OK)
        return sac_err_set(err, rc, "%s", sac_err_text(rc));
    rc = plan_paths(decoding->plan, keys, arena, plan, err);
    if (rc == SAC_OK)
        decoding->plan = plan;
    return rc;
}

static sac__json_decoding decoding_of(const sac__schema_limits *limits, reader *r, bool patch)
{
    return (sac__json_decoding){.flags = SAC_JSON_KEY_RULES,
                                .max_depth = limits ? limits->max_depth : 0,
                                .max_keys = limits ? limits->max_keys : 0,
                                .dotted = patch,
                                .plan = &r->schema->read,
                                .misfit = take_misfit,
                                .self = r};
}

int sac__schema_decode(const sac__schema *schema, const sac__schema_limits *limits, sac_str json,
                       bool patch, sac__arena *arena, sac__body *out, sac_err *err)
{
    reader r = {.schema = schema, .arena = arena};
    sac__json_decoding decoding = decoding_of(limits, &r, patch);
    sac__plan plan;
    int rc = SAC_OK;

    if (patch && may_have_paths(json))
        rc = read_paths(&decoding, json, arena, &plan, err);
    if (rc != SAC_OK)
        return rc;
    reader_begin(&r);
    rc = sac__json_decode(&decoding, json, &r.doc, err);
    if (rc != SAC_OK)
        return rc;
    rc = reader_end(&r, out);
    return rc ? sac_err_set(err, rc, "%s", sac_err_text(rc)) : SAC_OK;
}

typedef struct many {
    reader reader;
    sac__bodies bodies;
    size_t cap;
    bool over;
} many;

static int begin_one(void *self, size_t index, sac_bson **out)
{
    many *m = self;

    if (index >= m->bodies.max) {
        m->over = true;
        return SAC_ETOOBIG;
    }
    if (index >= m->cap) {
        const size_t cap = m->cap ? m->cap * 2 : 16;
        sac__body *v = sac__arena_resize(m->reader.arena, m->bodies.v, m->cap * sizeof *v,
                                         cap * sizeof *v);

        if (!v)
            return SAC_ENOMEM;
        m->bodies.v = v;
        m->cap = cap;
    }
    reader_begin(&m->reader);
    *out = &m->reader.doc;
    return SAC_OK;
}

static int end_one(void *self, size_t index)
{
    many *m = self;
    const int rc = reader_end(&m->reader, &m->bodies.v[index]);

    m->bodies.n += rc == SAC_OK;
    return rc;
}

int sac__schema_decode_many(const sac__schema *schema, const sac__schema_limits *limits,
                            sac_str json, sac__arena *arena, sac__bodies *out, sac_err *err)
{
    many m = {.reader = {.schema = schema, .arena = arena, .indexed = true},
              .bodies = {.max = out->max}};
    const sac__json_decoding decoding = decoding_of(limits, &m.reader, false);
    const sac__json_items items = {.begin = begin_one, .end = end_one, .self = &m};
    const int rc = sac__json_decode_items(&decoding, json, sac__arena_alloc(arena), &items, err);

    if (rc == SAC_ETOOBIG && m.over)
        return sac_err_set(err, rc, "more than %lu documents", (unsigned long)out->max);
    if (rc != SAC_OK)
        return rc;
    if (m.bodies.n == 0)
        return sac_err_set(err, SAC_EINVAL, "no documents");
    *out = m.bodies;
    return SAC_OK;
}
