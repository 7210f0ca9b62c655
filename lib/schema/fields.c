/* SPDX-License-Identifier: MIT */
#include "schema/fields.h"

#include "json/encode.h"
#include "json/number/numeral.h"
#include "bson/members.h"
#include "schema/rule.h"

/* Names in order, so that those of one nested document stand together. */
typedef struct writer {
    const sac__fields *fields;
    const sac__param **sorted;
    sac__buf out;
    int error;
} writer;

/* Parameters sorted[begin] to sorted[end - 1], whose names begin with the same `skip` bytes. */
typedef struct span {
    size_t begin, end, skip;
} span;

bool sac__fields_bool(sac_str text, bool *out)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {{"true", true},   {"on", true},   {"1", true},
                 {"false", false}, {"off", false}, {"0", false}};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (sac_str_is(text, words[i].word)) {
            *out = words[i].value;
            return true;
        }
    return false;
}

/* By name, those of one name as they came. */
static bool less(void *self, size_t a, size_t b)
{
    const writer *w = self;
    const sac_str x = w->sorted[a]->name, y = w->sorted[b]->name;
    const size_t n = x.n < y.n ? x.n : y.n;
    const int order = n > 0 ? memcmp(x.p, y.p, n) : 0;

    if (order != 0 || x.n != y.n)
        return order != 0 ? order < 0 : x.n < y.n;
    return w->sorted[a] < w->sorted[b];
}

static void swap(void *self, size_t a, size_t b)
{
    writer *w = self;
    const sac__param *was = w->sorted[a];

    w->sorted[a] = w->sorted[b];
    w->sorted[b] = was;
}

static sac_str name_at(const writer *w, size_t i, size_t skip)
{
    const sac_str name = w->sorted[i]->name;

    return sac_str_n(name.n > skip ? name.p + skip : "", name.n - skip);
}

static void refuse(writer *w, sac_str name, const char *text)
{
    const int rc = sac__problem_errors_add(w->fields->errors, w->fields->arena, name, "%s", text);

    w->error = w->error ? w->error : rc;
}

static bool is_number(sac_str text)
{
    const char *end = text.p + text.n;
    sac__numeral numeral;
    double value;

    return text.n > 0 && sac__numeral_scan(text.p, end, &numeral) == end &&
           sac__numeral_double(&numeral, &value);
}

static void put_text(writer *w, uint8_t type, sac_str text)
{
    bool truth;

    switch (type) {
    case SAC_BOOL:
        if (sac__fields_bool(text, &truth)) {
            sac__buf_add_text(&w->out, truth ? "true" : "false");
            return;
        }
        break;
    case SAC_INT:
    case SAC_INT64:
    case SAC_DOUBLE:
        if (is_number(text)) {
            sac__buf_add_str(&w->out, text);
            return;
        }
        break;
    default: break;
    }
    sac__json_encode_str(&w->out, text);
}

static void put_key(writer *w, sac_str name)
{
    if (w->out.n > 0 && w->out.p[w->out.n - 1] != '{')
        sac__buf_add_char(&w->out, ',');
    sac__json_encode_str(&w->out, name);
    sac__buf_add_char(&w->out, ':');
}

static bool is_absent(const sac__param *param, uint8_t type)
{
    if (type == SAC_BOOL && !param->value.p)
        return false;
    return param->value.n == 0 && type != SAC_STRING && type != SAC_ANY;
}

static void put_param(writer *w, const sac__param *param, uint8_t type)
{
    put_text(w, type, type == SAC_BOOL && !param->value.p ? sac_str_of("true") : param->value);
}

/* All values of one name; whether there is any. */
static bool put_array(writer *w, const span *one, const sac__plan_field *field)
{
    const uint8_t type = field->item ? field->item->type : SAC_ANY;
    bool any = false;

    for (size_t i = one->begin; i < one->end; i++) {
        if (is_absent(w->sorted[i], type))
            continue;
        if (!any)
            put_key(w, field->name);
        sac__buf_add_char(&w->out, any ? ',' : '[');
        put_param(w, w->sorted[i], type);
        any = true;
    }
    if (any)
        sac__buf_add_char(&w->out, ']');
    return any;
}

static bool put_one(writer *w, const span *one, const sac__plan_field *field)
{
    bool any = false;

    if (field->type == SAC_ARRAY)
        return put_array(w, one, field);
    for (size_t i = one->begin; i < one->end; i++) {
        if (is_absent(w->sorted[i], field->type))
            continue;
        if (any) {
            refuse(w, w->sorted[i]->name, "may be given only once");
            break;
        }
        put_key(w, field->name);
        put_param(w, w->sorted[i], field->type);
        any = true;
    }
    return any;
}

static bool put_members(writer *w, const span *all, const sac__plan *plan);

/* A nested document, unless nothing of it was given. */
static bool put_nested(writer *w, const span *one, const sac__plan_field *field)
{
    const size_t mark = w->out.n;
    bool any;

    put_key(w, field->name);
    any = put_members(w, one, field->plan);
    if (!any && !w->out.error)
        w->out.n = mark;
    return any;
}

/* Boxes that are not checked are not sent. */
static void put_unchecked(writer *w, const sac__plan *plan, const uint8_t *seen)
{
    for (size_t i = 0; i < plan->n; i++) {
        const sac__plan_field *field = &plan->fields[i];

        if (field->type != SAC_BOOL || seen[i] || sac__rule_of(field)->row.read_only)
            continue;
        put_key(w, field->name);
        sac__buf_add_text(&w->out, "false");
    }
}

/* The end of those that begin as the first one does, with `n` bytes behind what is skipped. */
static size_t end_of(const writer *w, const span *all, size_t begin, size_t n, bool whole)
{
    const sac_str first = name_at(w, begin, all->skip);
    size_t i = begin + 1;

    for (; i < all->end; i++) {
        const sac_str name = name_at(w, i, all->skip);

        if (name.n < n || (whole && name.n != n) || memcmp(name.p, first.p, n) != 0)
            break;
    }
    return i;
}

static void put_unknown(writer *w, const span *one, const sac__plan *plan)
{
    const sac_str name = w->sorted[one->begin]->name;

    if (plan->open || sac_str_is(name, w->fields->form ? "csrf_token" : "_"))
        return;
    refuse(w, name, "unknown field");
}

/* Those of one name, or of one nested document, from all->begin on; returns their end. */
static size_t put_next(writer *w, const span *all, const sac__plan *plan, uint8_t *seen)
{
    const sac_str name = name_at(w, all->begin, all->skip);
    const char *dot = name.n > 0 ? memchr(name.p, '.', name.n) : NULL;
    const sac_str head = sac_str_n(name.p, dot ? (size_t)(dot - name.p) : name.n);
    size_t hint = 0;
    const sac__plan_field *field = sac__plan_shown(plan, head, &hint);
    const bool nested = dot && field && field->plan;
    span one = {.begin = all->begin, .skip = all->skip + head.n + 1};

    one.end = nested ? end_of(w, all, all->begin, head.n + 1, false)
                     : end_of(w, all, all->begin, name.n, true);
    if (!field || (dot && !nested))
        put_unknown(w, &one, plan);
    else if (!seen[field - plan->fields])
        seen[field - plan->fields] = nested ? put_nested(w, &one, field) : put_one(w, &one, field);
    return one.end;
}

static bool put_members(writer *w, const span *all, const sac__plan *plan)
{
    uint8_t *seen = sac__arena_get_zero(w->fields->arena, plan->n + 1);
    span rest = *all;
    size_t begin;
    bool any;

    if (!seen) {
        w->error = SAC_ENOMEM;
        return false;
    }
    sac__buf_add_char(&w->out, '{');
    begin = w->out.n;
    while (rest.begin < rest.end && !w->error && !w->out.error)
        rest.begin = put_next(w, &rest, plan, seen);
    any = w->out.n > begin;
    if (w->fields->form && (any || all->skip == 0))
        put_unchecked(w, plan, seen);
    sac__buf_add_char(&w->out, '}');
    return any;
}

int sac__fields_json(const sac__fields *fields, sac_str *json)
{
    const sac__params *params = fields->params;
    const span all = {.end = params->n};
    writer w = {.fields = fields};
    const sac__sorting sorting = {.less = less, .swap = swap, .self = &w};

    w.sorted = sac__arena_get(fields->arena, (params->n + 1) * sizeof(const sac__param *));
    if (!w.sorted)
        return SAC_ENOMEM;
    for (size_t i = 0; i < params->n; i++)
        w.sorted[i] = &params->v[i];
    sac__sort(&sorting, params->n);
    sac__buf_init(&w.out, sac__arena_alloc(fields->arena), SIZE_MAX);
    (void)put_members(&w, &all, sac__schema_plan(fields->schema));
    if (w.error || w.out.error)
        return w.error ? w.error : SAC_ENOMEM;
    *json = sac__buf_str(&w.out);
    return SAC_OK;
}
