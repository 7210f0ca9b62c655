/* SPDX-License-Identifier: MIT */
#include "query/sort.h"

#include "core/alloc.h"

/* What the system's allocator is taken to add to a piece. */
enum { OVERHEAD = 16, FIRST = 64, SMALL = 16 };

typedef struct entry {
    uint64_t head; /* the first bytes of the key, as a number of the same order */
    char *p;       /* key, beside */
    uint32_t key_n, beside_n;
} entry;

struct sac__sorter {
    const sac_alloc *alloc;
    size_t max, used;
    size_t keep; /* 0: all; else once there are so many they are a heap, the last one first */
    size_t n, cap;
    entry *v;
};

static uint64_t head_of(sac_str key)
{
    unsigned char bytes[8] = {0};
    uint64_t head = 0;

    memcpy(bytes, key.p, key.n < sizeof bytes ? key.n : sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        head = head << 8 | bytes[i];
    return head;
}

static int compare(const entry *a, const entry *b)
{
    const size_t n = a->key_n < b->key_n ? a->key_n : b->key_n;
    int order;

    if (a->head != b->head)
        return a->head < b->head ? -1 : 1;
    order = memcmp(a->p, b->p, n);
    return order ? order : (a->key_n > b->key_n) - (a->key_n < b->key_n);
}

static void swap(entry *a, entry *b)
{
    const entry t = *a;

    *a = *b;
    *b = t;
}

/* Lets the i-th sink until none beneath it comes later in the order. */
static void sift_down(entry *v, size_t n, size_t i)
{
    for (;;) {
        size_t last = i;

        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < n; child++)
            if (compare(&v[child], &v[last]) > 0)
                last = child;
        if (last == i)
            return;
        swap(&v[i], &v[last]);
        i = last;
    }
}

static void make_heap(entry *v, size_t n)
{
    for (size_t i = n / 2; i-- > 0;)
        sift_down(v, n, i);
}

static void sort_by_heap(entry *v, size_t n)
{
    make_heap(v, n);
    while (n > 1) {
        swap(&v[0], &v[--n]);
        sift_down(v, n, 0);
    }
}

static void sort_small(entry *v, size_t n)
{
    for (size_t i = 1; i < n; i++)
        for (size_t k = i; k > 0 && compare(&v[k - 1], &v[k]) > 0; k--)
            swap(&v[k - 1], &v[k]);
}

/* The middle one of first, middle and last to the front. */
static void choose_pivot(entry *v, size_t n)
{
    entry *a = &v[0], *b = &v[n / 2], *c = &v[n - 1];
    entry *low = compare(a, b) < 0 ? a : b;
    entry *high = low == a ? b : a;

    if (compare(c, low) < 0)
        swap(a, low);
    else
        swap(a, compare(c, high) < 0 ? c : high);
}

/* Those before the first one to its left: how many they are. */
static size_t partition(entry *v, size_t n)
{
    size_t i = 0, k = n;

    choose_pivot(v, n);
    for (;;) {
        do
            i++;
        while (i < n && compare(&v[i], &v[0]) < 0);
        do
            k--;
        while (compare(&v[k], &v[0]) > 0);
        if (i >= k)
            break;
        swap(&v[i], &v[k]);
    }
    swap(&v[0], &v[k]);
    return k;
}

/* Quicksort; past a depth that hostile orders lead to, by the heap. */
static void sort_entries(entry *v, size_t n, int depth)
{
    while (n > SMALL && depth-- > 0) {
        const size_t left = partition(v, n);
        const size_t right = n - left - 1;

        if (left < right) {
            sort_entries(v, left, depth);
            v += left + 1;
            n = right;
        } else {
            sort_entries(v + left + 1, right, depth);
            n = left;
        }
    }
    if (n > SMALL)
        sort_by_heap(v, n);
    else
        sort_small(v, n);
}

static size_t size_of(const entry *e)
{
    return (size_t)e->key_n + e->beside_n;
}

int sac__sorter_new(size_t max, size_t keep, const sac_alloc *alloc, sac__sorter **out)
{
    sac__sorter *s = sac__alloc_zero(alloc, sizeof *s);

    if (!s)
        return SAC_ENOMEM;
    s->alloc = alloc;
    s->max = max;
    s->keep = keep;
    *out = s;
    return SAC_OK;
}

void sac__sorter_free(sac__sorter *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n; i++)
        sac__alloc_free(s->alloc, s->v[i].p, size_of(&s->v[i]));
    sac__alloc_free(s->alloc, s->v, s->cap * sizeof *s->v);
    sac__alloc_free(s->alloc, s, sizeof *s);
}

/* Room for one more; as much at once as memory allows. */
static int grow(sac__sorter *s)
{
    const size_t left = (s->max - s->used) / sizeof *s->v;
    size_t more = s->cap ? s->cap : FIRST;
    entry *v;

    if (s->keep > 0 && more > s->keep - s->cap)
        more = s->keep - s->cap;
    if (more > left / 2 + 1)
        more = left / 2 + 1;
    if (left == 0)
        return SAC_ELIMIT;
    v = sac__alloc_resize(s->alloc, s->v, s->cap * sizeof *v, (s->cap + more) * sizeof *v);
    if (!v)
        return SAC_ENOMEM;
    s->v = v;
    s->cap += more;
    s->used += more * sizeof *v;
    return SAC_OK;
}

static int make_entry(sac__sorter *s, sac_str key, sac_str beside, entry *out)
{
    if (key.n > UINT32_MAX || beside.n > UINT32_MAX - key.n ||
        key.n + beside.n + OVERHEAD > s->max - s->used)
        return SAC_ELIMIT;
    *out = (entry){.head = head_of(key), .key_n = (uint32_t)key.n, .beside_n = (uint32_t)beside.n};
    out->p = sac__alloc(s->alloc, key.n + beside.n);
    if (!out->p)
        return SAC_ENOMEM;
    memcpy(out->p, key.p, key.n);
    if (beside.n > 0)
        memcpy(out->p + key.n, beside.p, beside.n);
    s->used += key.n + beside.n + OVERHEAD;
    return SAC_OK;
}

/* The last one of those kept gives way; first its memory, for the bound. */
static int replace_last(sac__sorter *s, sac_str key, sac_str beside)
{
    entry *last = &s->v[0];
    int rc;

    s->used -= size_of(last) + OVERHEAD;
    sac__alloc_free(s->alloc, last->p, size_of(last));
    rc = make_entry(s, key, beside, last);
    if (rc == SAC_OK)
        sift_down(s->v, s->n, 0);
    else
        s->v[0] = s->v[--s->n];
    return rc;
}

static bool comes_before_last(const sac__sorter *s, sac_str key)
{
    const entry *last = &s->v[0];
    const size_t n = key.n < last->key_n ? key.n : last->key_n;
    const int order = memcmp(key.p, last->p, n);

    return order < 0 || (order == 0 && key.n < last->key_n);
}

int sac__sorter_add(sac__sorter *s, sac_str key, sac_str beside)
{
    int rc = SAC_OK;

    if (s->keep > 0 && s->n == s->keep)
        return comes_before_last(s, key) ? replace_last(s, key, beside) : SAC_OK;
    if (s->n == s->cap)
        rc = grow(s);
    if (rc == SAC_OK)
        rc = make_entry(s, key, beside, &s->v[s->n]);
    if (rc == SAC_OK && ++s->n == s->keep)
        make_heap(s->v, s->n);
    return rc;
}

size_t sac__sorter_finish(sac__sorter *s)
{
    int depth = 0;

    for (size_t n = s->n; n > 0; n /= 2)
        depth += 2;
    sort_entries(s->v, s->n, depth);
    return s->n;
}

sac_str sac__sorter_at(const sac__sorter *s, size_t i)
{
    return sac_str_n(s->v[i].p + s->v[i].key_n, s->v[i].beside_n);
}
