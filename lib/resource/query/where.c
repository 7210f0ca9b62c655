/* SPDX-License-Identifier: MIT */
#include "resource/query/convert.h"
#include "resource/query/select.h"

#include "schema/rule.h"

enum { MAX_DEPTH = 20 };

/* A MongoDB filter of the client's on its way to the store's. */
typedef struct walk {
    sac__select *select;
    sac_str param;
    sac_str name; /* of the field at hand, as the client calls it */
    sac_bson out;
    int depth;
} walk;

typedef enum operand {
    VALUE,  /* compared with */
    VALUES, /* a list of them */
    ALL,    /* the same, or of $elemMatch */
    PLAIN,  /* says nothing of what is stored */
    PATTERN,
    ELEMENT,
    NOT
} operand;

static const struct {
    const char *name;
    operand kind;
} operators[] = {
    {"$eq", VALUE},  {"$ne", VALUE},      {"$gt", VALUE},        {"$gte", VALUE},
    {"$lt", VALUE},  {"$lte", VALUE},     {"$in", VALUES},       {"$nin", VALUES},
    {"$all", ALL},   {"$exists", PLAIN},  {"$type", PLAIN},      {"$size", PLAIN},
    {"$mod", PLAIN}, {"$regex", PATTERN}, {"$options", PATTERN}, {"$elemMatch", ELEMENT},
    {"$not", NOT},
};

static int put_query(walk *w, const sac__plan *plan, sac_str doc);
static int put_operators(walk *w, const sac__plan_field *field, sac_str doc);

static int bad(const walk *w, sac_str name, const char *why)
{
    return sac__select_bad(w->select, w->param, "\"%.*s\" %s", (int)(name.n < 64 ? name.n : 64),
                           name.p, why);
}

static bool is_logical(sac_str key)
{
    return sac_str_is(key, "$and") || sac_str_is(key, "$or") || sac_str_is(key, "$nor");
}

/* The key of a document's first member; p NULL: it has none. */
static sac_str first_key(sac_str doc)
{
    sac_bson_iter iter;

    if (sac_bson_iter_init(&iter, doc) != SAC_OK || sac_bson_iter_next(&iter) != 1)
        return sac_str_n(NULL, 0);
    return iter.key;
}

static bool has_operators(const sac_value *value)
{
    return value->type == SAC_BSON_DOCUMENT && first_key(value->raw).n > 0 &&
           first_key(value->raw).p[0] == '$';
}

static int put_value(walk *w, const sac__plan_field *field, sac_str key, const sac_value *value)
{
    int rc;

    if (value->type == SAC_BSON_REGEX) {
        if (!w->select->ask->resource->def.regex)
            return sac__select_bad_operator(w->select, sac_str_of("$regex"));
        w->select->regex = true;
        sac_bson_add_value(&w->out, key, *value);
        return SAC_OK;
    }
    if ((value->type == SAC_BSON_DOCUMENT || value->type == SAC_BSON_ARRAY) &&
        !sac__spot_is_whole(field))
        return bad(w, w->name, "cannot be compared as a whole");
    rc = sac__convert_value(w->select->ask, field, value, key, &w->out);
    if (rc == SAC_EVALIDATION)
        return bad(w, w->name, sac__rule_misfit(field ? (sac_type)field->type : SAC_ANY));
    return rc == SAC_ENOMEM ? sac__select_no_memory(w->select) : rc;
}

/* Each member of a document or array by `put`. */
static int put_each(walk *w, const sac__plan_field *field, sac_str doc,
                    int (*put)(walk *w, const sac__plan_field *field, const sac_bson_iter *at))
{
    sac_bson_iter iter;
    int rc = sac_bson_iter_init(&iter, doc);

    while (rc == SAC_OK && (rc = sac_bson_iter_next(&iter)) == 1)
        rc = put(w, field, &iter);
    return rc;
}

static int put_listed(walk *w, const sac__plan_field *field, const sac_bson_iter *at)
{
    return put_value(w, field, at->key, &at->value);
}

static int put_wanted(walk *w, const sac__plan_field *field, const sac_bson_iter *at)
{
    int rc;

    if (!has_operators(&at->value))
        return put_value(w, field, at->key, &at->value);
    sac_bson_begin_doc(&w->out, at->key);
    rc = put_operators(w, field, at->value.raw);
    sac_bson_end(&w->out);
    return rc;
}

static int put_list(walk *w, const sac__plan_field *field, const sac_bson_iter *at,
                    int (*put)(walk *w, const sac__plan_field *field, const sac_bson_iter *at))
{
    int rc;

    if (at->value.type != SAC_BSON_ARRAY)
        return bad(w, at->key, "takes an array");
    sac_bson_begin_array(&w->out, at->key);
    rc = put_each(w, field, at->value.raw, put);
    sac_bson_end(&w->out);
    return rc;
}

/* Conditions on an array's elements, or on their members. */
static int put_element(walk *w, const sac__plan_field *field, const sac_bson_iter *at)
{
    const sac__plan_field *item = sac__spot_item(field);
    int rc;

    if (at->value.type != SAC_BSON_DOCUMENT)
        return bad(w, at->key, "takes an object");
    sac_bson_begin_doc(&w->out, at->key);
    if (has_operators(&at->value) && !is_logical(first_key(at->value.raw)))
        rc = put_operators(w, item, at->value.raw);
    else
        rc = put_query(w, item ? item->plan : NULL, at->value.raw);
    sac_bson_end(&w->out);
    return rc;
}

static int put_pattern(walk *w, const sac_bson_iter *at)
{
    if (!w->select->ask->resource->def.regex)
        return sac__select_bad_operator(w->select, at->key);
    w->select->regex = true;
    sac_bson_add_value(&w->out, at->key, at->value);
    return SAC_OK;
}

static int put_not(walk *w, const sac__plan_field *field, const sac_bson_iter *at)
{
    int rc;

    if (at->value.type == SAC_BSON_REGEX)
        return put_value(w, field, at->key, &at->value);
    if (!has_operators(&at->value))
        return bad(w, at->key, "takes an object of operators");
    sac_bson_begin_doc(&w->out, at->key);
    rc = put_operators(w, field, at->value.raw);
    sac_bson_end(&w->out);
    return rc;
}

static int put_operator(walk *w, const sac__plan_field *field, const sac_bson_iter *at)
{
    size_t i = 0;

    while (i < sizeof operators / sizeof *operators && !sac_str_is(at->key, operators[i].name))
        i++;
    if (at->key.n == 0 || at->key.p[0] != '$')
        return bad(w, at->key, "is no operator, but stands among them");
    if (i == sizeof operators / sizeof *operators)
        return sac__select_bad_operator(w->select, at->key);
    switch (operators[i].kind) {
    case VALUE: return put_value(w, field, at->key, &at->value);
    case VALUES: return put_list(w, field, at, put_listed);
    case ALL: return put_list(w, field, at, put_wanted);
    case PATTERN: return put_pattern(w, at);
    case ELEMENT: return put_element(w, field, at);
    case NOT: return put_not(w, field, at);
    case PLAIN: break;
    }
    sac_bson_add_value(&w->out, at->key, at->value);
    return SAC_OK;
}

static int put_operators(walk *w, const sac__plan_field *field, sac_str doc)
{
    int rc;

    if (++w->depth > MAX_DEPTH)
        return sac__select_bad(w->select, w->param, "nested too deep");
    rc = put_each(w, field, doc, put_operator);
    w->depth--;
    return rc;
}

static int put_condition(walk *w, const sac__plan *plan, const sac_bson_iter *at)
{
    sac__spot spot;
    int rc = sac__spot_find(plan, at->key, sac__req_arena(w->select->ask->req), &spot);

    if (rc == SAC_ENOMEM)
        return sac__select_no_memory(w->select);
    if (rc != SAC_OK)
        return bad(w, at->key, "is no field to filter by");
    w->name = at->key;
    if (!has_operators(&at->value))
        return put_value(w, spot.field, spot.path, &at->value);
    sac_bson_begin_doc(&w->out, spot.path);
    rc = put_operators(w, spot.field, at->value.raw);
    sac_bson_end(&w->out);
    return rc;
}

static int put_queries(walk *w, const sac__plan *plan, const sac_bson_iter *at)
{
    sac_bson_iter iter;
    int rc = at->value.type == SAC_BSON_ARRAY ? sac_bson_iter_init(&iter, at->value.raw)
                                              : bad(w, at->key, "takes an array");

    sac_bson_begin_array(&w->out, at->key);
    while (rc == SAC_OK && (rc = sac_bson_iter_next(&iter)) == 1) {
        if (iter.value.type != SAC_BSON_DOCUMENT)
            return bad(w, at->key, "takes an array of objects");
        sac_bson_begin_doc(&w->out, iter.key);
        rc = put_query(w, plan, iter.value.raw);
        sac_bson_end(&w->out);
    }
    sac_bson_end(&w->out);
    return rc;
}

static int put_query(walk *w, const sac__plan *plan, sac_str doc)
{
    sac_bson_iter iter;
    int rc = sac_bson_iter_init(&iter, doc);

    if (++w->depth > MAX_DEPTH)
        return sac__select_bad(w->select, w->param, "nested too deep");
    while (rc == SAC_OK && (rc = sac_bson_iter_next(&iter)) == 1) {
        if (is_logical(iter.key))
            rc = put_queries(w, plan, &iter);
        else if (iter.key.n > 0 && iter.key.p[0] == '$')
            rc = sac__select_bad_operator(w->select, iter.key);
        else
            rc = put_condition(w, plan, &iter);
    }
    w->depth--;
    return rc;
}

/* As JSON, Extended JSON in it, with operators and dots in its keys. */
static int read_json(const sac__select *select, const sac__param *param, sac_str *doc)
{
    const sac__schema_limits *limits = &select->ask->resource->limits;
    const sac__json_decoding decoding = {.flags = SAC_JSON_KEY_RULES,
                                         .max_depth = limits->max_depth,
                                         .max_keys = limits->max_keys,
                                         .operators = true};
    sac_err err = {.code = 0};
    sac_bson read;
    int rc;

    sac__select_begin(select, &read);
    rc = sac__json_decode(&decoding, param->value.p ? param->value : sac_str_of(""), &read, &err);
    if (rc == SAC_OK)
        rc = sac_bson_finish(&read, doc);
    if (rc == SAC_ENOMEM)
        return sac__select_no_memory(select);
    return rc == SAC_OK ? rc
                        : sac__select_bad(select, param->name, "%s",
                                          err.text[0] ? err.text : sac_err_text(rc));
}

int sac__select_where(sac__select *select, const sac__param *param)
{
    walk w = {.select = select, .param = param->name};
    sac_str doc;
    int rc = read_json(select, param, &doc);

    if (rc != SAC_OK || !first_key(doc).p)
        return rc;
    sac__select_begin(select, &w.out);
    rc = put_query(&w, sac__schema_plan(select->ask->resource->schema), doc);
    if (rc == SAC_ECORRUPT)
        return sac__select_bad(select, param->name, "not a filter");
    return rc == SAC_OK ? sac__select_add(select, &w.out) : rc;
}
