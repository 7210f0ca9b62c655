/* SPDX-License-Identifier: MIT */
#include "resource/params.h"

enum { MAX_NAME = 64 };

enum {
    P_IGNORED,
    P_PAGE,
    P_PER_PAGE,
    P_OFFSET,
    P_CURSOR,
    P_SORT,
    P_SORT_BY,
    P_ORDER,
    P_COUNT,
    P_ENVELOPE,
    P_KNOWN
};

static const struct {
    const char *name;
    int slot;
} names[] = {
    {"_", P_IGNORED},           {"page", P_PAGE},
    {"per_page", P_PER_PAGE},   {"limit", P_PER_PAGE},
    {"offset", P_OFFSET},       {"max_results", P_PER_PAGE},
    {"cursor", P_CURSOR},       {"sort", P_SORT},
    {"sort_by", P_SORT_BY},     {"sort_by[]", P_SORT_BY},
    {"order", P_ORDER},         {"order[]", P_ORDER},
    {"count", P_COUNT},         {"envelope", P_ENVELOPE},
    {"total_pages", P_IGNORED}, {"total_entries", P_IGNORED},
};

/* The parameters of a list by what they mean; `name` is NULL where there is none. */
typedef struct found {
    const sac__param *at[P_KNOWN];
} found;

static int bad(const sac__ask *ask, const sac__param *param, const char *why)
{
    const size_t n = param->name.n < MAX_NAME ? param->name.n : MAX_NAME;

    return sac_problem(ask->req, "bad_parameter", "%.*s: %s", (int)n, param->name.p, why);
}

static bool is_ignored(const sac__ask *ask, sac_str name)
{
    const char *const *ignored = ask->resource->def.ignore_params;

    for (; ignored && *ignored; ignored++)
        if (sac_str_is(name, *ignored))
            return true;
    return sac_str_is(name, "_");
}

static int slot_of(sac_str name)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (sac_str_is(name, names[i].name))
            return names[i].slot;
    return -1;
}

static int find(const sac__ask *ask, found *out)
{
    const sac__params *params;
    int rc = sac__req_params(ask->req, &params);

    *out = (found){{NULL}};
    for (size_t i = 0; rc == SAC_OK && i < params->n; i++) {
        const sac__param *param = &params->v[i];
        const int slot = is_ignored(ask, param->name) ? P_IGNORED : slot_of(param->name);

        if (slot < 0)
            rc = bad(ask, param, "unknown parameter");
        else if (slot != P_IGNORED && out->at[slot])
            rc = bad(ask, param, "may be given only once");
        else
            out->at[slot] = param;
    }
    return rc;
}

int sac__params_other(const sac__ask *ask)
{
    const sac__params *params;
    int rc = sac__req_params(ask->req, &params);

    for (size_t i = 0; rc == SAC_OK && i < params->n; i++)
        if (!is_ignored(ask, params->v[i].name))
            rc = bad(ask, &params->v[i],
                     slot_of(params->v[i].name) < 0 ? "unknown parameter" : "only lists take it");
    return rc;
}

/* Digits alone; past int64 its greatest value. */
static bool parse_number(sac_str text, int64_t *out)
{
    int64_t value = 0;

    if (text.n == 0)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        const int digit = text.p[i] - '0';

        if (digit < 0 || digit > 9)
            return false;
        value = value > (INT64_MAX - digit) / 10 ? INT64_MAX : value * 10 + digit;
    }
    *out = value;
    return true;
}

static int read_number(const sac__ask *ask, const sac__param *param, int64_t min, int64_t *out)
{
    int64_t value;

    if (!param)
        return SAC_OK;
    if (!parse_number(param->value, &value) || value < min)
        return bad(ask, param,
                   min > 0 ? "a whole number of 1 or more" : "a whole number of 0 or more");
    *out = value;
    return SAC_OK;
}

static int read_size(const sac__ask *ask, const sac__param *param, sac__paging *out)
{
    const int64_t cap = ask->resource->def.max_per_page;
    int rc;

    out->per_page = ask->resource->def.per_page;
    rc = read_number(ask, param, 1, &out->per_page);
    if (rc != SAC_OK || !param || out->per_page <= cap)
        return rc;
    /* Only an envelope can say that it was given less. */
    if (!out->envelope)
        return sac_problem(ask->req, "bad_parameter", "%.*s: at most %lld", (int)param->name.n,
                           param->name.p, (long long)cap);
    out->per_page = cap;
    return SAC_OK;
}

static int64_t times(int64_t a, int64_t b)
{
    return a > INT64_MAX / b ? INT64_MAX : a * b;
}

static int read_position(const sac__ask *ask, const found *given, sac__paging *out)
{
    const sac__param *page = given->at[P_PAGE], *offset = given->at[P_OFFSET];
    int rc;

    out->page = 1;
    if (given->at[P_CURSOR])
        return SAC_OK;
    if (page && offset)
        return bad(ask, offset, "not together with page");
    rc = read_number(ask, page, 1, &out->page);
    if (rc == SAC_OK)
        rc = read_number(ask, offset, 0, &out->skip);
    if (rc != SAC_OK)
        return rc;
    out->by_offset = offset != NULL;
    if (offset)
        out->page = out->skip / out->per_page + (out->skip < INT64_MAX);
    else
        out->skip = times(out->page - 1, out->per_page);
    return SAC_OK;
}

static int read_sort(const sac__ask *ask, const sac__param *param, sac__paging *out)
{
    sac_str field = param->value;

    out->sort_said = true;
    out->descending = field.n > 0 && *field.p == '-';
    if (out->descending)
        field = sac_str_n(field.p + 1, field.n - 1);
    if (!sac_str_is(field, ask->resource->id_key))
        return bad(ask, param, "sorting by other fields than the id is not available yet");
    return SAC_OK;
}

static int read_order(const sac__ask *ask, const found *given, sac__paging *out)
{
    const sac__param *sort = given->at[P_SORT], *by = given->at[P_SORT_BY];
    const sac__param *order = given->at[P_ORDER];
    int rc = SAC_OK;

    if (sort && by)
        return bad(ask, by, "not together with sort");
    if (order && !by)
        return bad(ask, order, "only together with sort_by");
    if (sort || by)
        rc = read_sort(ask, sort ? sort : by, out);
    if (rc != SAC_OK || !order)
        return rc;
    if (sac_str_is(order->value, "desc"))
        out->descending = true;
    else if (!sac_str_is(order->value, "asc"))
        return bad(ask, order, "asc or desc");
    return SAC_OK;
}

static int read_envelope(const sac__ask *ask, const sac__param *param, sac__paging *out)
{
    out->envelope = ask->resource->def.items_key != NULL;
    out->envelope_said = param != NULL;
    if (!param)
        return SAC_OK;
    out->envelope = sac_str_is(param->value, "1") || sac_str_is(param->value, "true");
    if (!out->envelope && !sac_str_is(param->value, "0") && !sac_str_is(param->value, "false"))
        return bad(ask, param, "0 or 1");
    return SAC_OK;
}

static int read_count(const sac__ask *ask, const sac__param *param, sac__paging *out)
{
    if (!param)
        return SAC_OK;
    if (sac_str_is(param->value, "exact"))
        out->counting = SAC__COUNT_EXACT;
    else if (sac_str_is(param->value, "estimated"))
        out->counting = SAC__COUNT_ESTIMATED;
    else if (sac_str_is(param->value, "none"))
        out->counting = SAC__COUNT_NONE;
    else
        return bad(ask, param, "exact, estimated or none");
    return SAC_OK;
}

int sac__params_list(const sac__ask *ask, sac__paging *out)
{
    found given;
    int rc = find(ask, &given);

    *out = (sac__paging){.paged = false};
    if (rc == SAC_OK)
        rc = read_envelope(ask, given.at[P_ENVELOPE], out);
    if (rc == SAC_OK)
        rc = read_size(ask, given.at[P_PER_PAGE], out);
    if (rc == SAC_OK)
        rc = read_position(ask, &given, out);
    if (rc == SAC_OK)
        rc = read_order(ask, &given, out);
    if (rc == SAC_OK)
        rc = read_count(ask, given.at[P_COUNT], out);
    if (rc != SAC_OK)
        return rc;
    if (given.at[P_CURSOR])
        out->cursor = given.at[P_CURSOR]->value.p ? given.at[P_CURSOR]->value : sac_str_of("");
    out->paged = given.at[P_PAGE] || given.at[P_PER_PAGE] || given.at[P_OFFSET] || out->cursor.p;
    if (out->counting == SAC__COUNT_UNSAID && !out->cursor.p && (out->paged || out->envelope))
        out->counting = SAC__COUNT_EXACT;
    return SAC_OK;
}
