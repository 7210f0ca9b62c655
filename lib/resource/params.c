/* SPDX-License-Identifier: MIT */
#include "resource/params.h"

#include "resource/query/pick.h"
#include "resource/render.h"

enum { MAX_NAME = 64 };

typedef enum meaning {
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
    P_FIELDS,
    P_JSON,
    P_WHERE,
    P_WORDS,
    P_FLAT, /* any other name */
    P_RESERVED,
    P_SLOTS
} meaning;

static const struct {
    const char *name;
    meaning slot;
} names[] = {
    {"_", P_IGNORED},           {"page", P_PAGE},
    {"per_page", P_PER_PAGE},   {"limit", P_PER_PAGE},
    {"offset", P_OFFSET},       {"max_results", P_PER_PAGE},
    {"cursor", P_CURSOR},       {"sort", P_SORT},
    {"sort[]", P_SORT},         {"sort_by", P_SORT_BY},
    {"sort_by[]", P_SORT_BY},   {"order", P_ORDER},
    {"order[]", P_ORDER},       {"count", P_COUNT},
    {"envelope", P_ENVELOPE},   {"fields", P_FIELDS},
    {"fields[]", P_FIELDS},     {"json", P_JSON},
    {"where", P_WHERE},         {"q", P_WORDS},
    {"total_pages", P_IGNORED}, {"total_entries", P_IGNORED},
    {"expand", P_RESERVED},
};

#define BIT(slot) (1U << (slot))
#define ON_ITEMS (BIT(P_FIELDS) | BIT(P_JSON))
#define ON_MANY (BIT(P_WHERE) | BIT(P_WORDS) | BIT(P_FLAT))
#define ON_LISTS (~(unsigned)BIT(P_RESERVED))

/* What links say in their own way, or not at all. */
#define NOT_REPEATED \
    (BIT(P_IGNORED) | BIT(P_PAGE) | BIT(P_PER_PAGE) | BIT(P_OFFSET) | BIT(P_CURSOR))

/* The parameters by what they mean. */
typedef struct found {
    const sac__param **at[P_SLOTS];
    size_t n[P_SLOTS];
} found;

static int no_memory(const sac__ask *ask)
{
    return sac_fail(ask->req, SAC_ENOMEM, "no memory for parameters");
}

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
    return false;
}

static meaning slot_of(const sac__ask *ask, sac_str name)
{
    if (is_ignored(ask, name))
        return P_IGNORED;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (sac_str_is(name, names[i].name))
            return names[i].slot;
    return P_FLAT;
}

static bool may_repeat(sac_str name)
{
    return name.n > 2 && memcmp(name.p + name.n - 2, "[]", 2) == 0;
}

/* One more of a slot, of at most `max` in all. */
static int add(const sac__ask *ask, found *out, meaning slot, const sac__param *param, size_t max)
{
    const size_t n = out->n[slot];

    if (slot != P_FLAT && n > 0 &&
        !(may_repeat(param->name) && sac_str_eq(param->name, out->at[slot][0]->name)))
        return bad(ask, param, "may be given only once");
    if (n == 0)
        out->at[slot] = sac__arena_get(sac__req_arena(ask->req), max * sizeof *out->at[slot]);
    if (!out->at[slot])
        return no_memory(ask);
    out->at[slot][out->n[slot]++] = param;
    return SAC_OK;
}

static int find(const sac__ask *ask, unsigned allowed, found *out)
{
    const sac__params *params;
    int rc = sac__req_params(ask->req, &params);

    *out = (found){.n = {0}};
    for (size_t i = 0; rc == SAC_OK && i < params->n; i++) {
        const sac__param *param = &params->v[i];
        const meaning slot = slot_of(ask, param->name);

        if (slot == P_IGNORED)
            continue;
        if (allowed & BIT(slot))
            rc = add(ask, out, slot, param,
                     slot == P_FLAT || may_repeat(param->name) ? params->n - i : 1);
        else
            rc = bad(ask, param,
                     slot == P_FLAT || slot == P_RESERVED ? "unknown parameter"
                                                          : "only lists take it");
    }
    return rc;
}

/* The one parameter of a slot, or NULL. */
static const sac__param *one(const found *given, meaning slot)
{
    return given->n[slot] > 0 ? given->at[slot][0] : NULL;
}

int sac__params_other(const sac__ask *ask)
{
    found given;

    return find(ask, 0, &given);
}

bool sac__params_number(sac_str text, int64_t *out)
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
    if (!sac__params_number(param->value, &value) || value < min)
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
    /* Only what is around the documents can say that there are less. */
    if (out->shape == SAC__SHAPE_ARRAY)
        return sac_problem(ask->req, "bad_parameter", "%.*s: at most %lld", (int)param->name.n,
                           param->name.p, (long long)cap);
    out->per_page = cap;
    return SAC_OK;
}

static int64_t times(int64_t a, int64_t b)
{
    return a > INT64_MAX / b ? INT64_MAX : a * b;
}

bool sac__params_too_far(const sac__ask *ask, int64_t skip)
{
    const int64_t max = ask->resource->def.max_offset;

    return max != SAC_NO_LIMIT && skip > max;
}

int sac__params_refuse_far(const sac__ask *ask, const char *name)
{
    return sac_problem(ask->req, "bad_parameter",
                       "%s: passes over more than %lld items: follow the next links, by cursor "
                       "and per_page",
                       name, (long long)ask->resource->def.max_offset);
}

static int read_position(const sac__ask *ask, const found *given, sac__paging *out)
{
    const sac__param *page = one(given, P_PAGE), *offset = one(given, P_OFFSET);
    int rc;

    out->page = 1;
    if (given->n[P_CURSOR] > 0)
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
    /* A page past the end may yet become the last one. */
    if (sac__params_too_far(ask, out->skip) && out->shape != SAC__SHAPE_PAGEABLE)
        return sac__params_refuse_far(ask, offset ? "offset" : "page");
    return SAC_OK;
}

static int read_order(const sac__ask *ask, const found *given, sac__paging *out)
{
    const sac__order_params params = {.sort = given->at[P_SORT],
                                      .n_sort = given->n[P_SORT],
                                      .by = given->at[P_SORT_BY],
                                      .n_by = given->n[P_SORT_BY],
                                      .way = given->at[P_ORDER],
                                      .n_way = given->n[P_ORDER]};

    return sac__order_read(ask, &params, &out->order);
}

static int read_shape(const sac__ask *ask, const sac__param *param, sac__paging *out)
{
    out->shape = ask->resource->def.items_key ? SAC__SHAPE_ENVELOPE : SAC__SHAPE_ARRAY;
    if (ask->resource->def.pageable)
        out->shape = SAC__SHAPE_PAGEABLE;
    if (!param)
        return SAC_OK;
    if (sac_str_is(param->value, "1") || sac_str_is(param->value, "true"))
        out->shape = SAC__SHAPE_ENVELOPE;
    else if (sac_str_is(param->value, "0") || sac_str_is(param->value, "false"))
        out->shape = SAC__SHAPE_ARRAY;
    else
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

static int read_dialect(sac__ask *ask, const sac__param *param)
{
    bool known = true;
    int rc;

    if (!param)
        return SAC_OK;
    if (!ask->resource->def.dialects)
        return bad(ask, param, "unknown parameter");
    rc = sac__ask_dialect(ask, param->value, &known);
    return rc == SAC_OK && !known ? bad(ask, param, "plain, relaxed or canonical") : rc;
}

/* How documents are shown. */
static int read_look(sac__ask *ask, const found *given)
{
    const int rc = read_dialect(ask, one(given, P_JSON));

    return rc == SAC_OK ? sac__pick_read(ask, given->at[P_FIELDS], given->n[P_FIELDS]) : rc;
}

int sac__params_item(sac__ask *ask)
{
    found given;
    const int rc = find(ask, ON_ITEMS, &given);

    return rc == SAC_OK ? read_look(ask, &given) : rc;
}

static int read_select(const sac__ask *ask, const found *given, sac__select *out)
{
    const sac__param *where = one(given, P_WHERE), *words = one(given, P_WORDS);
    int rc = SAC_OK;

    out->ask = ask;
    if (words && !sac__select_has_words(sac__schema_plan(ask->resource->schema)))
        return bad(ask, words, "unknown parameter");
    if (where)
        rc = sac__select_where(out, where);
    if (rc == SAC_OK)
        rc = sac__select_flat(out, given->at[P_FLAT], given->n[P_FLAT]);
    if (rc == SAC_OK)
        rc = sac__select_check(out);
    if (rc == SAC_OK && words)
        rc = sac__select_words(out, words);
    sac__select_fix(out, ask->access.sees);
    sac__select_fix(out, ask->access.changes);
    return rc == SAC_OK ? sac__select_finish(out) : rc;
}

int sac__params_many(const sac__ask *ask, sac__select *out)
{
    found given;
    const int rc = find(ask, ON_MANY, &given);

    return rc == SAC_OK ? read_select(ask, &given, out) : rc;
}

/* `name=value&` of what all pages of one list share. */
static int repeat(const sac__ask *ask, sac__paging *out)
{
    const sac__params *params;
    int rc = sac__req_params(ask->req, &params);
    sac__buf text;

    if (rc != SAC_OK || params->n == 0)
        return rc;
    sac__render_buf(ask->req, &text);
    for (size_t i = 0; i < params->n; i++) {
        const sac__param *param = &params->v[i];
        const meaning slot = slot_of(ask, param->name);

        if ((BIT(slot) & NOT_REPEATED) || (slot == P_COUNT && out->counting == SAC__COUNT_EXACT))
            continue;
        sac__url_encode(&text, param->name);
        if (param->value.p) {
            sac__buf_add_char(&text, '=');
            sac__url_encode(&text, param->value);
        }
        sac__buf_add_char(&text, '&');
    }
    out->common = sac__buf_str(&text);
    return text.error ? no_memory(ask) : SAC_OK;
}

/* Whether and how it is paged and counted. */
static int read_paging(const sac__ask *ask, const found *given, sac__paging *out)
{
    const sac__param *cursor = one(given, P_CURSOR);
    int rc = read_shape(ask, one(given, P_ENVELOPE), out);

    if (rc == SAC_OK)
        rc = read_size(ask, one(given, P_PER_PAGE), out);
    if (rc == SAC_OK)
        rc = read_position(ask, given, out);
    if (rc == SAC_OK)
        rc = read_count(ask, one(given, P_COUNT), out);
    if (rc != SAC_OK)
        return rc;
    if (cursor)
        out->cursor = cursor->value.p ? cursor->value : sac_str_of("");
    out->paged = cursor || given->n[P_PAGE] || given->n[P_PER_PAGE] || given->n[P_OFFSET];
    if (out->counting == SAC__COUNT_UNSAID && !cursor &&
        (out->paged || out->shape != SAC__SHAPE_ARRAY))
        out->counting = SAC__COUNT_EXACT;
    return SAC_OK;
}

int sac__params_list(sac__ask *ask, sac__paging *out)
{
    found given;
    int rc = find(ask, ON_LISTS, &given);

    if (rc == SAC_OK)
        rc = read_paging(ask, &given, out);
    if (rc == SAC_OK)
        rc = read_order(ask, &given, out);
    if (rc == SAC_OK)
        rc = read_look(ask, &given);
    if (rc == SAC_OK)
        rc = read_select(ask, &given, &out->select);
    return rc == SAC_OK ? repeat(ask, out) : rc;
}
