/* SPDX-License-Identifier: MIT */
#include "resource/query/convert.h"
#include "resource/query/select.h"

#include "schema/fields.h"
#include "schema/rule.h"

/* `field`, `field[op]`, or with `[]` behind it: one of several values. */
typedef struct name {
    sac_str field;
    sac_str op; /* "eq" where none is said */
    bool several;
} name;

typedef struct flat {
    sac__select *select;
    const sac__param *const *params;
    size_t n;
    size_t at; /* the parameter at hand */
    name name;
    sac__spot spot;
} flat;

static const char *const operators[][2] = {
    {"eq", "$eq"},   {"ne", "$ne"}, {"gt", "$gt"},   {"gte", "$gte"},       {"lt", "$lt"},
    {"lte", "$lte"}, {"in", "$in"}, {"nin", "$nin"}, {"exists", "$exists"}, {"regex", "$regex"}};

static bool ends_in_brackets(sac_str text)
{
    return text.n >= 2 && memcmp(text.p + text.n - 2, "[]", 2) == 0;
}

/* False where there are brackets in some other way. */
static bool parse_name(sac_str text, name *out)
{
    const char *open;

    *out = (name){.op = sac_str_of("eq")};
    out->several = ends_in_brackets(text);
    if (out->several) {
        text.n -= 2;
        out->op = sac_str_of("in");
    }
    open = text.n > 0 ? memchr(text.p, '[', text.n) : NULL;
    out->field = open ? sac_str_n(text.p, (size_t)(open - text.p)) : text;
    if (!open)
        return true;
    out->op = sac_str_n(open + 1, text.n - out->field.n - 1);
    if (out->op.n == 0 || out->op.p[out->op.n - 1] != ']')
        return false;
    out->op.n--;
    return !memchr(out->op.p, '[', out->op.n) && !memchr(out->op.p, ']', out->op.n);
}

static const char *operator_of(sac_str op)
{
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
        if (sac_str_is(op, operators[i][0]))
            return operators[i][1];
    return NULL;
}

static sac_str value_of(const sac__param *param)
{
    return param->value.p ? param->value : sac_str_of("");
}

static int put_value(flat *f, const sac__param *param, sac_str key, sac_bson *out)
{
    const sac__plan_field *one = sac__spot_item(f->spot.field);
    const int rc = sac__convert_text(f->select->ask, f->spot.field, value_of(param), key, out);

    if (rc == SAC_EVALIDATION)
        return sac__select_bad(f->select, param->name, "%s",
                               sac__rule_misfit(one ? (sac_type)one->type : SAC_ANY));
    return rc == SAC_ENOMEM ? sac__select_no_memory(f->select) : rc;
}

/* The values of all parameters that say the same, from the one at hand on. */
static int put_values(flat *f, sac_str key, sac_bson *out)
{
    int rc = SAC_OK;

    sac_bson_begin_array(out, key);
    for (size_t i = f->at; i < f->n && rc == SAC_OK; i++) {
        name other;

        if (parse_name(f->params[i]->name, &other) && sac_str_eq(other.field, f->name.field) &&
            sac_str_eq(other.op, f->name.op))
            rc = put_value(f, f->params[i], sac_str_of(""), out);
    }
    sac_bson_end(out);
    return rc;
}

static int put_exists(flat *f, const sac__param *param, sac_bson *out)
{
    bool there;

    if (!sac__fields_bool(value_of(param), &there))
        return sac__select_bad(f->select, param->name, "must be true or false");
    sac_bson_add_bool(out, "$exists", there);
    return SAC_OK;
}

static int put_regex(flat *f, const sac__param *param, sac_bson *out)
{
    if (!f->select->ask->resource->def.regex)
        return sac__select_bad_operator(f->select, f->name.op);
    f->select->regex = true;
    sac_bson_add_str(out, "$regex", value_of(param));
    return SAC_OK;
}

/* How an earlier parameter stands to this one: they say the same of the same field. */
static bool was_said(const flat *f)
{
    name other;

    for (size_t i = 0; i < f->at; i++)
        if (parse_name(f->params[i]->name, &other) && sac_str_eq(other.field, f->name.field) &&
            sac_str_eq(other.op, f->name.op))
            return true;
    return false;
}

static int put_operator(flat *f, const char *op, sac_bson *out)
{
    const sac__param *param = f->params[f->at];

    if (strcmp(op, "$in") == 0 || strcmp(op, "$nin") == 0)
        return put_values(f, sac_str_of(op), out);
    if (strcmp(op, "$exists") == 0)
        return put_exists(f, param, out);
    if (strcmp(op, "$regex") == 0)
        return put_regex(f, param, out);
    return put_value(f, param, sac_str_of(op), out);
}

static int add(flat *f)
{
    const sac__param *param = f->params[f->at];
    const char *op = operator_of(f->name.op);
    const bool listed = op && (strcmp(op, "$in") == 0 || strcmp(op, "$nin") == 0);
    sac_bson condition;
    int rc;

    if (!op)
        return sac__select_bad_operator(f->select, f->name.op);
    if (f->name.several && !listed)
        return sac__select_bad(f->select, param->name, "takes one value");
    if (was_said(f))
        return listed ? SAC_OK : sac__select_bad(f->select, param->name, "may be given only once");
    sac__select_begin(f->select, &condition);
    sac_bson_begin_doc(&condition, f->spot.path);
    rc = put_operator(f, op, &condition);
    sac_bson_end(&condition);
    return rc == SAC_OK ? sac__select_add(f->select, &condition) : rc;
}

static int read_one(flat *f)
{
    const sac__param *param = f->params[f->at];
    const bool parsed = parse_name(param->name, &f->name);
    int rc = sac__spot_find(sac__schema_plan(f->select->ask->resource->schema), f->name.field,
                            sac__req_arena(f->select->ask->req), &f->spot);

    if (rc == SAC_ENOMEM)
        return sac__select_no_memory(f->select);
    if (rc != SAC_OK)
        return sac__select_bad(f->select, param->name, "unknown parameter");
    if (!parsed)
        return sac__select_bad(f->select, param->name, "brackets hold one operator");
    return add(f);
}

int sac__select_flat(sac__select *select, const sac__param *const *params, size_t n)
{
    flat f = {.select = select, .params = params, .n = n};
    int rc = SAC_OK;

    for (; f.at < n && rc == SAC_OK; f.at++)
        rc = read_one(&f);
    return rc;
}
