/* SPDX-License-Identifier: MIT */
#include "bson/members.h"

#include <sacrum/err.h>

#define FEW 32

static void sift(const sac__sorting *s, size_t at, size_t n)
{
    size_t child;

    while ((child = at * 2 + 1) < n) {
        if (child + 1 < n && s->less(s->self, child, child + 1))
            child++;
        if (!s->less(s->self, at, child))
            return;
        s->swap(s->self, at, child);
        at = child;
    }
}

/* Heapsort: no worst case that a client could ask for. */
void sac__sort(const sac__sorting *sorting, size_t n)
{
    for (size_t at = n / 2; at-- > 0;)
        sift(sorting, at, n);
    while (n > 1) {
        sorting->swap(sorting->self, 0, --n);
        sift(sorting, 0, n);
    }
}

static int compare(sac_str a, sac_str b)
{
    const size_t n = a.n < b.n ? a.n : b.n;
    const int order = n ? memcmp(a.p, b.p, n) : 0;

    return order ? order : (a.n > b.n) - (a.n < b.n);
}

static bool is_before(void *self, size_t a, size_t b)
{
    const sac__members *members = self;
    const uint32_t i = members->order[a], j = members->order[b];
    const int order = compare(members->v[i].key, members->v[j].key);

    return order < 0 || (order == 0 && i < j);
}

static void swap(void *self, size_t a, size_t b)
{
    const sac__members *members = self;
    const uint32_t i = members->order[a];

    members->order[a] = members->order[b];
    members->order[b] = i;
}

int sac__members_read(sac__members *members, sac_str doc, sac__arena *arena)
{
    sac__members m = {.n = 0};
    const sac__sorting sorting = {.less = is_before, .swap = swap, .self = &m};
    sac_bson_iter iter;
    int more;

    if (sac_bson_iter_init(&iter, doc) != SAC_OK)
        return SAC_ECORRUPT;
    for (const sac_bson_iter begin = iter;; iter = begin) {
        while ((more = sac_bson_iter_next(&iter)) == 1) {
            if (m.v)
                m.v[m.n] = (sac__member){.key = iter.key, .value = iter.value};
            m.n++;
        }
        if (more < 0)
            return SAC_ECORRUPT;
        if (m.v || m.n == 0)
            break;
        m.v = sac__arena_get(arena, m.n * sizeof *m.v);
        if (!m.v)
            return SAC_ENOMEM;
        m.n = 0;
    }
    if (m.n > FEW) {
        m.order = sac__arena_get(arena, m.n * sizeof *m.order);
        if (!m.order)
            return SAC_ENOMEM;
        for (size_t i = 0; i < m.n; i++)
            m.order[i] = (uint32_t)i;
        sac__sort(&sorting, m.n);
    }
    *members = m;
    return SAC_OK;
}

sac__member *sac__members_find(const sac__members *members, sac_str key)
{
    size_t low = 0, high = members->n;

    if (!members->order) {
        for (size_t i = 0; i < members->n; i++)
            if (sac_str_eq(members->v[i].key, key))
                return &members->v[i];
        return NULL;
    }
    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (compare(members->v[members->order[middle]].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == members->n || !sac_str_eq(members->v[members->order[low]].key, key))
        return NULL;
    return &members->v[members->order[low]];
}

size_t sac__members_count(sac_str doc)
{
    sac_bson_iter iter;
    size_t n = 0;

    if (sac_bson_iter_init(&iter, doc) == SAC_OK)
        while (sac_bson_iter_next(&iter) == 1)
            n++;
    return n;
}
