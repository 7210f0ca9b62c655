/* SPDX-License-Identifier: MIT */
#include "resource/query/spot.h"

/* A way down: where it is, and what members it has there. */
typedef struct way {
    const sac__plan *plan;        /* NULL: anything */
    const sac__plan_field *field; /* of which that is the inside; NULL: the top, or undeclared */
    bool array;                   /* the field is an array: names are its elements' members */
    bool declared;                /* some row says what is here */
    bool many;
} way;

sac_str sac__spot_head(sac_str path)
{
    const char *dot = path.n > 0 ? memchr(path.p, '.', path.n) : NULL;

    return dot ? sac_str_n(path.p, (size_t)(dot - path.p)) : path;
}

static bool is_index(sac_str name)
{
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] < '0' || name.p[i] > '9')
            return false;
    return name.n > 0;
}

static void go_anywhere(way *w)
{
    *w = (way){.many = w->many};
}

/* Into a field that was named; whether anything can be beneath it is seen at the next name. */
static void enter(way *w, const sac__plan_field *field)
{
    w->field = field;
    w->declared = true;
    w->array = field->type == SAC_ARRAY;
    w->plan = field->plan;
}

/* From an array to its elements. */
static void enter_item(way *w)
{
    const sac__plan_field *item = w->field->item;

    w->many = true;
    if (item)
        enter(w, item);
    else
        go_anywhere(w);
}

static bool has_members(const way *w)
{
    return !w->field || w->field->type == SAC_ANY || w->field->type == SAC_DOCUMENT;
}

static bool go_to_member(way *w, sac_str name)
{
    const sac__plan_field *field;
    size_t hint = 0;

    if (!has_members(w))
        return false;
    if (!w->plan) {
        go_anywhere(w);
        return true;
    }
    field = sac__plan_shown(w->plan, name, &hint);
    if (field) {
        enter(w, field);
        return sac__schema_filterable(field);
    }
    /* What is stored may be an array after all: its elements keep what a document keeps. */
    if (w->plan->open && is_index(name)) {
        w->many = true;
        return true;
    }
    if (!w->plan->open || sac__plan_stored(w->plan, name, &hint))
        return false;
    go_anywhere(w);
    return true;
}

static bool go(way *w, sac_str name)
{
    if (name.n == 0 || name.p[0] == '$')
        return false;
    if (w->array) {
        enter_item(w);
        if (is_index(name))
            return true;
        if (w->array)
            return false;
    }
    return go_to_member(w, name);
}

/* The top's names may be stored otherwise: `id` as `_id`. */
static int store_path(const sac__plan *plan, sac_str path, sac__arena *arena, sac_str *out)
{
    const sac_str head = sac__spot_head(path);
    size_t hint = 0;
    const sac__plan_field *field = plan ? sac__plan_shown(plan, head, &hint) : NULL;

    *out = path;
    if (!field || sac_str_eq(field->name, head))
        return SAC_OK;
    *out = sac__arena_printf(arena, "%.*s%.*s", (int)field->name.n, field->name.p,
                             (int)(path.n - head.n), path.p + head.n);
    return out->p ? SAC_OK : SAC_ENOMEM;
}

int sac__spot_find(const sac__plan *plan, sac_str path, sac__arena *arena, sac__spot *out)
{
    way w = {.plan = plan, .declared = plan != NULL};
    sac_str rest = path;
    int depth = 0;

    for (;;) {
        const sac_str name = sac__spot_head(rest);

        if (++depth > SAC_BSON_DEPTH || !go(&w, name))
            return SAC_EINVAL;
        if (name.n == rest.n)
            break;
        rest = sac_str_n(rest.p + name.n + 1, rest.n - name.n - 1);
    }
    out->field = w.declared ? w.field : NULL;
    out->many = w.many;
    return store_path(plan, path, arena, &out->path);
}

const sac__plan_field *sac__spot_item(const sac__plan_field *field)
{
    return field && field->type == SAC_ARRAY ? field->item : field;
}

bool sac__spot_is_whole(const sac__plan_field *field)
{
    if (!field)
        return true;
    if (field->item && !sac__spot_is_whole(field->item))
        return false;
    for (size_t i = 0; field->plan && i < field->plan->n; i++)
        if (!sac__schema_filterable(&field->plan->fields[i]) ||
            !sac__spot_is_whole(&field->plan->fields[i]))
            return false;
    return true;
}

bool sac__spot_is_scalar(const sac__spot *spot)
{
    return spot->field && !spot->many && spot->field->type != SAC_ANY &&
           spot->field->type != SAC_DOCUMENT && spot->field->type != SAC_ARRAY;
}
