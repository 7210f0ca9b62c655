/* SPDX-License-Identifier: MIT */
#include "resource/query/pick.h"

#include "resource/query/spot.h"

enum { MAX_NAMES = 100 };

typedef struct picker {
    sac__ask *ask;
    const sac__param *param; /* for messages */
    bool without;            /* names are left out, not shown */
    sac_str names[MAX_NAMES];
    size_t n;
} picker;

/* Names of one level. */
typedef struct level {
    const sac__plan *plan;
    const sac_str *names;
    size_t n;
    bool top;
} level;

static int narrow(const picker *p, const level *at, const sac__plan **out);

static int bad(const picker *p, const char *why)
{
    return sac_problem(p->ask->req, "bad_parameter", "%.*s: %s", (int)p->param->name.n,
                       p->param->name.p, why);
}

static int no_memory(const picker *p)
{
    return sac_fail(p->ask->req, SAC_ENOMEM, "no memory for a choice of fields");
}

static sac_str tail_of(sac_str name)
{
    const sac_str head = sac__spot_head(name);

    return head.n == name.n ? sac_str_n(NULL, 0)
                            : sac_str_n(name.p + head.n + 1, name.n - head.n - 1);
}

static bool was_met(const level *at, size_t i)
{
    const sac_str head = sac__spot_head(at->names[i]);

    while (i-- > 0)
        if (sac_str_eq(sac__spot_head(at->names[i]), head))
            return true;
    return false;
}

static bool is_whole(const level *at, sac_str head)
{
    for (size_t i = 0; i < at->n; i++)
        if (sac_str_eq(at->names[i], head))
            return true;
    return false;
}

/* A field of which only some members are shown; `field` is a copy of the plan's row. */
static int narrow_field(const picker *p, const level *at, sac_str head, sac__plan_field *field)
{
    sac__arena *arena = sac__req_arena(p->ask->req);
    const sac__plan_field *inside = sac__spot_item(field);
    sac_str *names = sac__arena_get(arena, at->n * sizeof *names);
    level below = {.names = names};
    const sac__plan *plan;
    sac__plan_field *item;
    int rc;

    if (!names)
        return no_memory(p);
    if (!inside || !inside->plan)
        return bad(p, "no such field");
    for (size_t i = 0; i < at->n; i++)
        if (sac_str_eq(sac__spot_head(at->names[i]), head))
            names[below.n++] = tail_of(at->names[i]);
    below.plan = inside->plan;
    rc = narrow(p, &below, &plan);
    if (rc != SAC_OK)
        return rc;
    if (inside == field) {
        field->plan = plan;
        return SAC_OK;
    }
    item = sac__arena_get(arena, sizeof *item);
    if (!item)
        return no_memory(p);
    *item = *inside;
    item->plan = plan;
    field->item = item;
    return SAC_OK;
}

/* A name of no row, in an open table. */
static int add_field(const picker *p, const level *at, sac_str name, sac__plan *plan,
                     sac__plan_field *fields)
{
    const sac_str kept = sac__arena_dup(sac__req_arena(p->ask->req), name);
    size_t hint = 0;

    if (!kept.p)
        return no_memory(p);
    if (!at->plan->open || name.n == 0 || name.p[0] == '$' || memchr(name.p, '.', name.n) ||
        sac__plan_stored(at->plan, name, &hint))
        return bad(p, "no such field");
    fields[plan->n++] = (sac__plan_field){
        .name = kept, .shown = kept, .flags = p->without ? SAC__PLAN_HIDDEN : 0};
    return SAC_OK;
}

static int pick_one(const picker *p, const level *at, sac_str name, sac__plan *plan,
                    sac__plan_field *fields)
{
    const sac_str head = sac__spot_head(name);
    size_t hint = 0;
    const sac__plan_field *field = sac__plan_shown(at->plan, head, &hint);
    sac__plan_field *copy;

    if (!field)
        return add_field(p, at, name, plan, fields);
    if (field->flags & SAC__PLAN_HIDDEN)
        return bad(p, "no such field");
    copy = &fields[field - at->plan->fields];
    if (at->top && sac_str_is(field->name, "_id"))
        return p->without || head.n < name.n ? bad(p, "the id is always shown") : SAC_OK;
    if (!p->without)
        copy->flags = field->flags;
    if (!is_whole(at, head))
        return narrow_field(p, at, head, copy);
    if (p->without)
        copy->flags |= SAC__PLAN_HIDDEN;
    return SAC_OK;
}

/* The plan of a level without what is not to be shown. */
static int narrow(const picker *p, const level *at, const sac__plan **out)
{
    sac__arena *arena = sac__req_arena(p->ask->req);
    sac__plan *plan = sac__arena_get_zero(arena, sizeof *plan);
    sac__plan_field *fields = sac__arena_get_zero(arena, (at->plan->n + at->n) * sizeof *fields);
    sac_err err;
    int rc = SAC_OK;

    if (!plan || !fields)
        return no_memory(p);
    if (at->plan->n > 0)
        memcpy(fields, at->plan->fields, at->plan->n * sizeof *fields);
    for (size_t i = 0; i < at->plan->n && !p->without; i++)
        if (!at->top || !sac_str_is(fields[i].name, "_id"))
            fields[i].flags |= SAC__PLAN_HIDDEN;
    *plan = (sac__plan){.fields = fields,
                        .n = at->plan->n,
                        .open = at->plan->open && p->without,
                        .computed = at->plan->computed};
    for (size_t i = 0; i < at->n && rc == SAC_OK; i++)
        if (!was_met(at, i))
            rc = pick_one(p, at, at->names[i], plan, fields);
    if (rc != SAC_OK)
        return rc;
    if (sac__plan_index(plan, sac__arena_alloc(arena), &err) != SAC_OK)
        return no_memory(p);
    *out = plan;
    return SAC_OK;
}

static int add_name(picker *p, sac_str name, bool first)
{
    const bool without = name.n > 0 && *name.p == '-';

    if (without)
        name = sac_str_n(name.p + 1, name.n - 1);
    if (first)
        p->without = without;
    if (without != p->without)
        return bad(p, "either names to show or names to leave out");
    if (name.n == 0 || p->n == MAX_NAMES)
        return bad(p, name.n == 0 ? "a name is empty" : "too many names");
    p->names[p->n++] = name;
    return SAC_OK;
}

static int add_names(picker *p)
{
    sac_str rest = p->param->value;
    int rc;

    for (;;) {
        const char *comma = rest.n > 0 ? memchr(rest.p, ',', rest.n) : NULL;

        rc = add_name(p, sac_str_n(rest.p, comma ? (size_t)(comma - rest.p) : rest.n), p->n == 0);
        if (!comma || rc != SAC_OK)
            return rc;
        rest = sac_str_n(comma + 1, rest.n - (size_t)(comma + 1 - rest.p));
    }
}

/* What was chosen is part of what the bytes depend on. */
static void vary(const picker *p)
{
    uint64_t words[3] = {p->ask->variant, p->without, 0};

    for (size_t i = 0; i < p->n; i++) {
        words[2] = sac__hash_quick(p->names[i].p, p->names[i].n);
        words[0] = sac__hash_keyed(p->ask->resource->tag_key, words, sizeof words);
    }
    p->ask->variant = words[0];
}

int sac__pick_read(sac__ask *ask, const sac__param *const *params, size_t n)
{
    picker p = {.ask = ask};
    level top = {.plan = sac__schema_plan(ask->resource->schema), .names = p.names, .top = true};
    int rc = SAC_OK;

    for (size_t i = 0; i < n && rc == SAC_OK; i++) {
        p.param = params[i];
        rc = add_names(&p);
    }
    if (rc != SAC_OK || n == 0)
        return rc;
    top.n = p.n;
    rc = narrow(&p, &top, &ask->plan);
    if (rc == SAC_OK)
        vary(&p);
    return rc;
}
