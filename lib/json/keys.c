/* SPDX-License-Identifier: MIT */
#include "json/keys.h"

#include "core/alloc.h"
#include "core/random.h"

struct sac__key_table {
    sac_str *slots; /* p NULL: free */
    size_t cap;     /* a power of two */
};

static void table_free(const sac_alloc *alloc, sac__key_table *table)
{
    if (table) {
        sac__alloc_free(alloc, table->slots, table->cap * sizeof *table->slots);
        sac__alloc_free(alloc, table, sizeof *table);
    }
}

void sac__keys_end(sac__keys *keys, sac__key_level *level)
{
    table_free(keys->alloc, level->table);
    level->table = NULL;
    keys->top = level->base;
}

/* The slot where a key is or belongs. */
static sac_str *find_slot(const sac__keys *keys, sac_str *slots, size_t cap, sac_str key)
{
    size_t i = (size_t)sac__hash_keyed(&keys->secret, key.p, key.n) & (cap - 1);

    while (slots[i].p && !sac_str_eq(slots[i], key))
        i = (i + 1) & (cap - 1);
    return &slots[i];
}

static int table_grow(sac__keys *keys, sac__key_table *table)
{
    const size_t cap = table->cap ? table->cap * 2 : (size_t)4 * SAC__KEYS_FEW;
    sac_str *slots = sac__alloc_zero(keys->alloc, cap * sizeof *slots);

    if (!slots)
        return SAC_ENOMEM;
    for (size_t i = 0; i < table->cap; i++)
        if (table->slots[i].p)
            *find_slot(keys, slots, cap, table->slots[i]) = table->slots[i];
    sac__alloc_free(keys->alloc, table->slots, table->cap * sizeof *table->slots);
    table->slots = slots;
    table->cap = cap;
    return SAC_OK;
}

static int table_add(sac__keys *keys, sac__key_level *level, sac_str key)
{
    sac_str *slot;
    int rc;

    if (level->n * 2 >= level->table->cap && (rc = table_grow(keys, level->table)) != SAC_OK)
        return rc;
    slot = find_slot(keys, level->table->slots, level->table->cap, key);
    if (slot->p)
        return 0;
    *slot = key;
    level->n++;
    return 1;
}

/* Moves a level's keys from the stack to a table. */
static int table_open(sac__keys *keys, sac__key_level *level)
{
    const size_t n = level->n;
    int rc;

    if (!keys->seeded && (rc = sac__random(&keys->secret, sizeof keys->secret)) != SAC_OK)
        return rc;
    keys->seeded = true;
    level->table = sac__alloc_zero(keys->alloc, sizeof *level->table);
    if (!level->table || table_grow(keys, level->table) != SAC_OK)
        return SAC_ENOMEM;
    level->n = 0;
    for (size_t i = 0; i < n; i++)
        if ((rc = table_add(keys, level, keys->stack[level->base + i])) < 0)
            return rc;
    keys->top = level->base;
    return SAC_OK;
}

int sac__keys_add_slow(sac__keys *keys, sac__key_level *level, sac_str key)
{
    if (!level->table) {
        int rc;

        for (size_t i = 0; i < level->n; i++)
            if (sac_str_eq(keys->stack[level->base + i], key))
                return 0;
        if (level->n < SAC__KEYS_FEW && keys->top < sizeof keys->stack / sizeof *keys->stack) {
            keys->stack[keys->top++] = key;
            level->n++;
            return 1;
        }
        rc = table_open(keys, level);
        if (rc != SAC_OK)
            return rc;
    }
    return table_add(keys, level, key);
}
