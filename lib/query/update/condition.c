/* SPDX-License-Identifier: MIT */
#include "query/update/condition.h"

#include "bson/wire.h"

/* Operators that a whole document is asked, as opposed to one field's value. */
static bool is_of_documents(sac_str name)
{
    static const char *const names[] = {"$and", "$or", "$nor", "$expr", "$comment",   "$where",
                                        "$ref", "$id", "$db",  "$text", "$jsonSchema"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (sac_str_is(name, names[i]))
            return true;
    }
    return false;
}

/* Whether a condition is on the element itself, as {$gte: 5}; else on its fields. */
static bool is_on_element(const sac_value *arg)
{
    sac_bson_iter iter;

    if (arg->type == SAC_BSON_REGEX)
        return true;
    return sac_bson_iter_init(&iter, arg->raw) == SAC_OK && sac_bson_iter_next(&iter) == 1 &&
           iter.key.n > 0 && iter.key.p[0] == '$' && !is_of_documents(iter.key);
}

/* The caller's limits, asked with the whole path. */
typedef struct asked {
    const sac__condition_at *at;
    sac_str wrapped;
} asked;

/* A path of the condition, behind that of the array. */
static int allow(void *self, const char *op, sac_str path)
{
    const asked *a = self;
    const sac_str base = a->at->path;
    const size_t own = a->wrapped.n < path.n ? a->wrapped.n : path.n;
    const sac_str rest = sac_str_n(path.p + own, path.n - own);
    const size_t dot = rest.n > 0 && rest.p[0] != '.';
    char *whole = sac__arena_bytes(a->at->arena, base.n + dot + rest.n);

    if (!whole)
        return SAC_ENOMEM;
    memcpy(whole, base.p, base.n);
    if (rest.n > 0) {
        whole[base.n] = '.';
        memcpy(whole + base.n + dot, rest.p, rest.n);
    }
    return sac__tree_allow(a->at->limits, op, sac_str_n(whole, base.n + dot + rest.n), a->at->alloc,
                           NULL);
}

/* What an element is called while a filter looks at it: as the array, if that is a name. */
static sac_str name_of(sac_str path)
{
    const char *dot = memrchr(path.p, '.', path.n);
    const sac_str name = dot ? sac_str_n(dot + 1, path.n - (size_t)(dot + 1 - path.p)) : path;

    return name.p[0] >= '0' && name.p[0] <= '9' ? sac_str_of("element") : name;
}

static int wrap(const sac__condition_at *at, const sac_value *arg, sac_str name, sac_str *filter)
{
    sac_bson doc;

    sac_bson_init(&doc, sac__arena_alloc(at->arena), 0);
    sac_bson_add_value(&doc, name, *arg);
    return sac_bson_finish(&doc, filter);
}

int sac__condition_new(const sac__condition_at *at, const sac_value *arg, sac__condition *out,
                       sac_err *err)
{
    asked a = {.at = at};
    sac_query_limits limits = *at->limits;
    sac_str filter = arg->raw;
    int rc = SAC_OK;

    *out = (sac__condition){.value = *arg};
    if (arg->type != SAC_BSON_DOCUMENT && arg->type != SAC_BSON_REGEX)
        return SAC_OK;
    if (is_on_element(arg)) {
        a.wrapped = name_of(at->path);
        rc = wrap(at, arg, a.wrapped, &filter);
    }
    if (rc != SAC_OK)
        return sac_err_set(err, rc, "'%.*s': %s", SAC__SHOWN(at->path), sac_err_text(rc));
    if (limits.allow) {
        limits.allow = allow;
        limits.self = &a;
    }
    out->wrapped = a.wrapped;
    return sac_filter_new(filter, &limits, at->alloc, &out->filter, err);
}

static int match_wrapped(const sac__condition *condition, const sac_value *value, sac__buf *doc,
                         sac_err *err)
{
    doc->n = 0;
    sac__buf_add(doc, "\0\0\0\0", 4);
    sac__buf_add_char(doc, (char)value->type);
    sac__buf_add_str(doc, condition->wrapped);
    sac__buf_add_char(doc, '\0');
    sac__buf_add_str(doc, value->raw);
    sac__buf_add_char(doc, '\0');
    if (doc->error)
        return sac_err_set(err, doc->error, "%s", sac_err_text(doc->error));
    sac__wire_put32(doc->p, (uint32_t)doc->n);
    return sac_filter_match(condition->filter, sac__buf_str(doc), err);
}

int sac__condition_match(const sac__condition *condition, const sac_value *value, sac__buf *scratch,
                         sac_err *err)
{
    if (!condition->filter)
        return sac_value_compare(value, &condition->value) == 0;
    if (condition->wrapped.n > 0)
        return match_wrapped(condition, value, scratch, err);
    return value->type == SAC_BSON_DOCUMENT ? sac_filter_match(condition->filter, value->raw, err)
                                            : 0;
}
