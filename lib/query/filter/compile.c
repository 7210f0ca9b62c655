/* SPDX-License-Identifier: MIT */
#include "bson/key.h"
#include "bson/wire.h"
#include "query/filter/node.h"

/* One operator of a document of them, and the document. */
typedef struct operand {
    const char *name;
    sac__cond_op op;
    const sac_value *value;
    sac_str operators;
} operand;

typedef int put_fn(sac__compiler *c, const operand *o, const sac__place *place);

typedef struct operator_row {
    const char *name;
    put_fn *put;
    sac__cond_op op;
    bool negated;
} operator_row;

static sac__cond *add_cond(sac__compiler *c, sac__cond_op op, const sac__place *place)
{
    sac__cond *cond = sac__compiler_get(c, sizeof *cond);
    sac__cond **at = place->list;

    if (!cond)
        return NULL;
    *cond = (sac__cond){.op = op, .rest = place->rest, .n_rest = place->n_rest};
    while (*at)
        at = &(*at)->next;
    *at = cond;
    return cond;
}

/* A counted condition. */
static int new_cond(sac__compiler *c, sac__cond_op op, const sac__place *place, sac__cond **out)
{
    const int rc = sac__compiler_count(c);

    if (rc != SAC_OK)
        return rc;
    *out = add_cond(c, op, place);
    return *out ? SAC_OK : sac__compiler_nomem(c);
}

/* A place inside a new NOT: what is put there must not all hold. */
static int put_not(sac__compiler *c, const sac__place *place, sac__place *inner)
{
    sac__cond *cond = add_cond(c, SAC__COND_NOT, place);

    if (!cond)
        return sac__compiler_nomem(c);
    *inner = (sac__place){.list = &cond->of.list, .rest = place->rest, .n_rest = place->n_rest};
    return SAC_OK;
}

/* Equal values of these types have equal bytes. */
static bool is_plain(uint8_t type)
{
    switch (type) {
    case SAC_BSON_STRING:
    case SAC_BSON_BINARY:
    case SAC_BSON_OBJECTID:
    case SAC_BSON_BOOL:
    case SAC_BSON_DATE:
    case SAC_BSON_NULL:
    case SAC_BSON_REGEX:
    case SAC_BSON_INT32:
    case SAC_BSON_TIMESTAMP:
    case SAC_BSON_INT64: return true;
    default: return false;
    }
}

static int put_comparison(sac__compiler *c, const operand *o, const sac__place *place)
{
    const uint8_t type = o->value->type;
    sac__cond *cond;
    int rc;

    if (type == SAC_BSON_UNDEFINED)
        return sac__compiler_refuse(c, "%s cannot compare to undefined", o->name);
    if (type == SAC_BSON_REGEX && strcmp(o->name, "$eq") != 0)
        return sac__compiler_refuse(c, "%s cannot take a regular expression", o->name);
    rc = new_cond(c, o->op, place, &cond);
    if (rc != SAC_OK)
        return rc;
    cond->of.value = *o->value;
    cond->rank = sac__bson_rank(type);
    cond->plain = o->op == SAC__COND_EQ && is_plain(type);
    cond->nan = sac__value_is_nan(o->value);
    return SAC_OK;
}

static int put_in(sac__compiler *c, const operand *o, const sac__place *place)
{
    sac__cond *cond;
    int rc = new_cond(c, SAC__COND_IN, place, &cond);

    return rc ? rc : sac__argument_in(c, o->name, o->value, cond);
}

static int put_exists(sac__compiler *c, const operand *o, const sac__place *place)
{
    sac__place inner = *place;
    sac__cond *cond;
    int rc = sac__value_truth(o->value) ? SAC_OK : put_not(c, place, &inner);

    return rc ? rc : new_cond(c, SAC__COND_EXISTS, &inner, &cond);
}

static int put_type(sac__compiler *c, const operand *o, const sac__place *place)
{
    sac__cond *cond;
    int rc = new_cond(c, SAC__COND_TYPE, place, &cond);

    return rc ? rc : sac__argument_type(c, o->value, cond);
}

static int put_mod(sac__compiler *c, const operand *o, const sac__place *place)
{
    sac__cond *cond;
    int rc = new_cond(c, SAC__COND_MOD, place, &cond);

    return rc ? rc : sac__argument_mod(c, o->value, cond);
}

static int put_size(sac__compiler *c, const operand *o, const sac__place *place)
{
    sac__cond *cond;
    int rc = new_cond(c, SAC__COND_SIZE, place, &cond);

    return rc ? rc : sac__argument_size(c, o->value, cond);
}

/* A pattern written as a stored regex: in place of a value, in $all, $not. */
static int put_stored_regex(sac__compiler *c, const sac_value *value, const sac__place *place)
{
    sac__cond *cond;
    int rc = sac__compiler_ask(c, "$regex");

    if (rc == SAC_OK)
        rc = new_cond(c, SAC__COND_REGEX, place, &cond);
    return rc ? rc : sac__argument_regex(c, value, &cond->of.regex);
}

/* The pattern of $regex, its own options, and those of $options beside it. */
static int put_regex(sac__compiler *c, const operand *o, const sac__place *place)
{
    const sac_value beside = sac_bson_get(o->operators, sac_str_of("$options"));
    sac_str pattern, options = {"", 0}, more = {"", 0};
    sac__cond *cond;
    int rc;

    if (beside.type != SAC_BSON_MISSING && !sac_value_str(&beside, &more))
        return sac__compiler_refuse(c, "$options must be a string");
    if (o->value->type == SAC_BSON_REGEX) {
        pattern = sac_str_of(o->value->raw.p);
        options = sac_str_of(o->value->raw.p + pattern.n + 1);
    } else if (!sac_value_str(o->value, &pattern)) {
        return sac__compiler_refuse(c, "$regex must be a string or a regular expression");
    }
    if (options.n > 0 && more.n > 0)
        return sac__compiler_refuse(c, "options are set in both $regex and $options");
    rc = new_cond(c, SAC__COND_REGEX, place, &cond);
    return rc ? rc : sac__argument_pattern(c, pattern, options.n ? options : more, &cond->of.regex);
}

static int check_options(sac__compiler *c, const operand *o, const sac__place *place)
{
    (void)place;
    if (sac_bson_get(o->operators, sac_str_of("$regex")).type == SAC_BSON_MISSING)
        return sac__compiler_refuse(c, "$options needs a $regex");
    return SAC_OK;
}

static bool is_logical(sac_str name)
{
    return sac_str_is(name, "$and") || sac_str_is(name, "$or") || sac_str_is(name, "$nor") ||
           sac_str_is(name, "$comment");
}

static bool is_reference(sac_str name)
{
    return sac_str_is(name, "$ref") || sac_str_is(name, "$id") || sac_str_is(name, "$db");
}

static bool first_name(sac_str doc, sac_str *out)
{
    sac_bson_iter iter;

    if (sac_bson_iter_init(&iter, doc) != SAC_OK || sac_bson_iter_next(&iter) != 1)
        return false;
    *out = iter.key;
    return true;
}

bool sac__is_operators(const sac_value *value)
{
    sac_str name;

    if (value->type != SAC_BSON_DOCUMENT || !first_name(value->raw, &name) || name.n == 0 ||
        name.p[0] != '$')
        return false;
    return sac_bson_get(value->raw, sac_str_of("$ref")).type == SAC_BSON_MISSING ||
           sac_bson_get(value->raw, sac_str_of("$id")).type == SAC_BSON_MISSING;
}

static int compile_operators(sac__compiler *c, sac_str doc, const sac__place *place);

/* Operators are asked of the element itself, else it must be a document that they take. */
static int fill_elem_match(sac__compiler *c, sac_str doc, sac__cond *cond)
{
    const sac__place inner = {.list = &cond->of.list};
    sac_str name;
    int rc;

    if (first_name(doc, &name) && name.n > 0 && name.p[0] == '$' && !is_logical(name) &&
        !is_reference(name))
        return compile_operators(c, doc, &inner);
    cond->op = SAC__COND_ELEM_DOC;
    cond->of.group = sac__compiler_get(c, sizeof *cond->of.group);
    if (!cond->of.group)
        return sac__compiler_nomem(c);
    rc = sac__compile_group(c, doc, cond->of.group);
    if (rc == SAC_OK)
        sac__group_finish(c->filter, cond->of.group);
    return rc;
}

static int put_elem_match(sac__compiler *c, const operand *o, const sac__place *place)
{
    sac__cond *cond;
    int rc;

    if (o->value->type != SAC_BSON_DOCUMENT)
        return sac__compiler_refuse(c, "$elemMatch needs a document");
    rc = new_cond(c, SAC__COND_ELEM_VALUE, place, &cond);
    if (rc == SAC_OK)
        rc = sac__compiler_enter(c);
    if (rc == SAC_OK)
        rc = fill_elem_match(c, o->value->raw, cond);
    c->depth--;
    return rc;
}

/* The argument of {"$elemMatch": ...} alone. */
static bool is_elem_match(const sac_value *value, sac_value *argument)
{
    sac_bson_iter iter;

    if (value->type != SAC_BSON_DOCUMENT || sac_bson_iter_init(&iter, value->raw) != SAC_OK ||
        sac_bson_iter_next(&iter) != 1 || !sac_str_is(iter.key, "$elemMatch"))
        return false;
    *argument = iter.value;
    return true;
}

static int put_one_of_all(sac__compiler *c, const sac_value *value, bool elements,
                          const sac__place *place)
{
    operand o = {.name = "$eq", .op = SAC__COND_EQ, .value = value};
    sac_value argument;
    int rc;

    if (is_elem_match(value, &argument) != elements)
        return sac__compiler_refuse(c, "$all takes values or $elemMatch, not both");
    if (elements) {
        rc = sac__compiler_ask(c, "$elemMatch");
        o.value = &argument;
        return rc ? rc : put_elem_match(c, &o, place);
    }
    if (value->type == SAC_BSON_REGEX)
        return put_stored_regex(c, value, place);
    if (sac__is_operators(value))
        return sac__compiler_refuse(c, "$all cannot hold operators");
    return put_comparison(c, &o, place);
}

static int put_all(sac__compiler *c, const operand *o, const sac__place *place)
{
    bool elements = false;
    sac_bson_iter iter;
    sac_value argument;
    sac__cond *cond;
    int rc, n = 0;

    if (o->value->type != SAC_BSON_ARRAY)
        return sac__compiler_refuse(c, "$all needs an array");
    rc = sac_bson_iter_init(&iter, o->value->raw);
    if (rc != SAC_OK)
        return rc;
    while ((rc = sac_bson_iter_next(&iter)) == 1) {
        if (n++ == 0)
            elements = is_elem_match(&iter.value, &argument);
        rc = put_one_of_all(c, &iter.value, elements, place);
        if (rc != SAC_OK)
            return rc;
    }
    return rc || n > 0 ? rc : new_cond(c, SAC__COND_NEVER, place, &cond);
}

static int put_negation(sac__compiler *c, const operand *o, const sac__place *place)
{
    sac__place inner;
    sac_str name;
    int rc = put_not(c, place, &inner);

    if (rc != SAC_OK)
        return rc;
    if (o->value->type == SAC_BSON_REGEX)
        return put_stored_regex(c, o->value, &inner);
    if (o->value->type != SAC_BSON_DOCUMENT)
        return sac__compiler_refuse(c, "$not needs a document or a regular expression");
    if (!first_name(o->value->raw, &name))
        return sac__compiler_refuse(c, "$not cannot be empty");
    rc = sac__compiler_enter(c);
    if (rc == SAC_OK)
        rc = compile_operators(c, o->value->raw, &inner);
    c->depth--;
    return rc;
}

static const operator_row operator_rows[] = {
    {"$eq", put_comparison, SAC__COND_EQ, false},
    {"$ne", put_comparison, SAC__COND_EQ, true},
    {"$gt", put_comparison, SAC__COND_GT, false},
    {"$gte", put_comparison, SAC__COND_GTE, false},
    {"$lt", put_comparison, SAC__COND_LT, false},
    {"$lte", put_comparison, SAC__COND_LTE, false},
    {"$in", put_in, SAC__COND_IN, false},
    {"$nin", put_in, SAC__COND_IN, true},
    {"$exists", put_exists, SAC__COND_EXISTS, false},
    {"$type", put_type, SAC__COND_TYPE, false},
    {"$all", put_all, SAC__COND_EQ, false},
    {"$size", put_size, SAC__COND_SIZE, false},
    {"$elemMatch", put_elem_match, SAC__COND_ELEM_VALUE, false},
    {"$mod", put_mod, SAC__COND_MOD, false},
    {"$regex", put_regex, SAC__COND_REGEX, false},
    {"$options", check_options, SAC__COND_REGEX, false},
    {"$not", put_negation, SAC__COND_NOT, false},
};

static int compile_operator(sac__compiler *c, const sac_bson_iter *at, sac_str doc,
                            const sac__place *place)
{
    const operator_row *row = NULL;
    sac__place inner = *place;
    operand o;
    int rc = SAC_OK;

    for (size_t i = 0; !row && i < sizeof operator_rows / sizeof *operator_rows; i++)
        if (sac_str_is(at->key, operator_rows[i].name))
            row = &operator_rows[i];
    if (!row)
        return sac__compiler_refuse(c, "unknown operator %.40s", at->key.p);
    if (row->put != check_options)
        rc = sac__compiler_ask(c, row->name);
    if (rc == SAC_OK && row->negated)
        rc = put_not(c, place, &inner);
    o = (operand){.name = row->name, .op = row->op, .value = &at->value, .operators = doc};
    return rc ? rc : row->put(c, &o, &inner);
}

static int compile_operators(sac__compiler *c, sac_str doc, const sac__place *place)
{
    sac_bson_iter iter;
    int rc = sac_bson_iter_init(&iter, doc);

    if (rc != SAC_OK)
        return rc;
    while ((rc = sac_bson_iter_next(&iter)) == 1) {
        rc = compile_operator(c, &iter, doc, place);
        if (rc != SAC_OK)
            return rc;
    }
    return rc;
}

int sac__compile_value(sac__compiler *c, const sac_value *value, const sac__place *place)
{
    const operand o = {.name = "$eq", .op = SAC__COND_EQ, .value = value};
    int rc;

    if (sac__is_operators(value))
        return compile_operators(c, value->raw, place);
    if (value->type == SAC_BSON_REGEX)
        return put_stored_regex(c, value, place);
    rc = sac__compiler_ask(c, "$eq");
    return rc ? rc : put_comparison(c, &o, place);
}
