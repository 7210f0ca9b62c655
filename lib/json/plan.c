/* SPDX-License-Identifier: MIT */
#include "json/plan.h"

#include "core/alloc.h"
#include "core/hash.h"

static sac_str key_of(const sac__plan_field *field, bool shown)
{
    return shown ? field->shown : field->name;
}

static const sac__plan_field *find(const sac__plan *plan, sac_str name, size_t *hint, bool shown)
{
    const uint16_t *table = shown ? plan->by_shown : plan->by_name;
    size_t i;

    if (plan->n == 0)
        return NULL;
    if (*hint >= plan->n)
        *hint = 0;
    if (!sac_str_eq(key_of(&plan->fields[*hint], shown), name)) {
        i = (size_t)sac__hash_quick(name.p, name.n) & plan->mask;
        while (table[i] && !sac_str_eq(key_of(&plan->fields[table[i] - 1], shown), name))
            i = (i + 1) & plan->mask;
        if (!table[i])
            return NULL;
        *hint = (size_t)table[i] - 1;
    }
    return &plan->fields[(*hint)++];
}

const sac__plan_field *sac__plan_stored(const sac__plan *plan, sac_str name, size_t *hint)
{
    return find(plan, name, hint, false);
}

const sac__plan_field *sac__plan_shown(const sac__plan *plan, sac_str name, size_t *hint)
{
    return find(plan, name, hint, true);
}

static int fill(const sac__plan *plan, uint16_t *table, bool shown, sac_err *err)
{
    for (size_t f = 0; f < plan->n; f++) {
        const sac_str name = key_of(&plan->fields[f], shown);
        size_t i = (size_t)sac__hash_quick(name.p, name.n) & plan->mask;

        for (; table[i]; i = (i + 1) & plan->mask)
            if (sac_str_eq(key_of(&plan->fields[table[i] - 1], shown), name))
                return sac_err_set(err, SAC_EEXIST, "two fields are named \"%.*s\"",
                                   (int)(name.n < 64 ? name.n : 64), name.p);
        table[i] = (uint16_t)(f + 1);
    }
    return SAC_OK;
}

static size_t count_keys(const sac__plan *plan)
{
    return plan->n < SAC__PLAN_KEYS ? plan->n : SAC__PLAN_KEYS;
}

static bool is_plain(sac_str name)
{
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] < ' ' || name.p[i] > '~' || name.p[i] == '"' || name.p[i] == '\\')
            return false;
    return true;
}

static void make_key(const sac__plan_field *field, sac__plan_key *key)
{
    const sac_str shown = field->shown;

    key->bits = (uint32_t)1 << sizeof key->name;
    if ((field->flags & (SAC__PLAN_HIDDEN | SAC__PLAN_COMPUTED)) ||
        field->name.n >= sizeof key->name || shown.n + 4 > SAC__PLAN_TEXT ||
        memchr(field->name.p, 0, field->name.n) || !is_plain(shown))
        return;
    memcpy(key->name, field->name.p, field->name.n);
    key->name_n = (uint8_t)field->name.n;
    key->bits = ((uint32_t)2 << field->name.n) - 1;
    memcpy(key->text, ",\"", 2);
    memcpy(key->text + 2, shown.p, shown.n);
    memcpy(key->text + 2 + shown.n, "\":", 2);
    key->text_n = (uint8_t)(shown.n + 4);
}

static int make_keys(sac__plan *plan, const sac_alloc *alloc)
{
    const size_t n = count_keys(plan);
    sac__plan_key *keys;

    if (n == 0)
        return SAC_OK;
    keys = sac__alloc_zero(alloc, n * sizeof *keys);
    if (!keys)
        return SAC_ENOMEM;
    for (size_t i = 0; i < n; i++)
        make_key(&plan->fields[i], &keys[i]);
    plan->keys = keys;
    return SAC_OK;
}

int sac__plan_index(sac__plan *plan, const sac_alloc *alloc, sac_err *err)
{
    size_t cap = 4;
    uint16_t *tables;
    int rc;

    if (plan->n >= UINT16_MAX)
        return sac_err_set(err, SAC_ELIMIT, "more than %d fields", UINT16_MAX - 1);
    while (cap < plan->n * 2)
        cap *= 2;
    tables = sac__alloc_zero(alloc, 2 * cap * sizeof *tables);
    if (!tables)
        return sac_err_set(err, SAC_ENOMEM, "plan: no memory");
    plan->mask = cap - 1;
    rc = fill(plan, tables, false, err);
    if (rc == SAC_OK)
        rc = fill(plan, tables + cap, true, err);
    if (rc == SAC_OK && (rc = make_keys(plan, alloc)) != SAC_OK)
        sac_err_set(err, rc, "plan: no memory");
    if (rc != SAC_OK) {
        sac__alloc_free(alloc, tables, 2 * cap * sizeof *tables);
        plan->mask = 0;
        return rc;
    }
    plan->by_name = tables;
    plan->by_shown = tables + cap;
    return SAC_OK;
}

void sac__plan_unindex(sac__plan *plan, const sac_alloc *alloc)
{
    if (plan->by_name)
        sac__alloc_free(alloc, (uint16_t *)(uintptr_t)plan->by_name,
                        2 * (plan->mask + 1) * sizeof *plan->by_name);
    if (plan->keys)
        sac__alloc_free(alloc, (sac__plan_key *)(uintptr_t)plan->keys,
                        count_keys(plan) * sizeof *plan->keys);
    plan->by_name = plan->by_shown = NULL;
    plan->keys = NULL;
    plan->mask = 0;
}
