/* SPDX-License-Identifier: MIT */
#include "auth/guard/rate.h"

#include <pthread.h>

#include "app/proxy.h"
#include "core/alloc.h"
#include "core/hash.h"
#include "core/random.h"

enum { MAX_KEYS = 1 << 24 };

static const uint32_t none = UINT32_MAX;
static const uint64_t second = 1000000000;

/*
 * The generic cell rate algorithm (ITU-T I.371, annex A): of a caller nothing
 * is kept but the time at which all that was taken is paid off at the rate.
 */
typedef struct entry {
    uint64_t key;
    uint64_t due;
    uint32_t next; /* of the same head */
    uint32_t at;   /* in the heap */
} entry;

struct sac__rate {
    const sac_alloc *alloc;
    size_t size;
    uint64_t pace;  /* nanoseconds for one */
    uint64_t depth; /* nanoseconds for a burst */
    sac__hash_key secret;
    pthread_mutex_t lock;
    uint32_t n, cap;
    uint32_t *heads; /* by key */
    uint32_t *heap;  /* the entry that is due first on top */
    entry entries[];
};

uint64_t sac__rate_key(const sac__rate *rate, sac_str name, sac_str peer)
{
    /* Two bits for what there is, the address's family, 64 bits of either. */
    unsigned char text[2 + 8 + 8] = {(unsigned char)((name.p ? 1 : 0) | (peer.p ? 2 : 0))};
    const uint64_t named = sac__hash_keyed(&rate->secret, name.p ? name.p : "", name.n);
    sac__address address;

    memcpy(text + 10, &named, sizeof named);
    if (sac__address_parse(peer, &address)) {
        text[1] = address.v4 ? 4 : 6;
        memcpy(text + 2, address.bytes + (address.v4 ? 12 : 0), address.v4 ? 4 : 8);
    }
    return sac__hash_keyed(&rate->secret, text, sizeof text);
}

static void place(sac__rate *rate, uint32_t at, uint32_t index)
{
    rate->heap[at] = index;
    rate->entries[index].at = at;
}

static uint64_t due_at(const sac__rate *rate, uint32_t at)
{
    return rate->entries[rate->heap[at]].due;
}

static void lift(sac__rate *rate, uint32_t index)
{
    uint32_t at = rate->entries[index].at;

    while (at > 0 && due_at(rate, (at - 1) / 2) > rate->entries[index].due) {
        place(rate, at, rate->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    place(rate, at, index);
}

static void sink(sac__rate *rate, uint32_t index)
{
    uint32_t at = rate->entries[index].at;

    for (uint32_t child = 2 * at + 1; child < rate->n; child = 2 * at + 1) {
        if (child + 1 < rate->n && due_at(rate, child + 1) < due_at(rate, child))
            child++;
        if (due_at(rate, child) >= rate->entries[index].due)
            break;
        place(rate, at, rate->heap[child]);
        at = child;
    }
    place(rate, at, index);
}

static uint32_t *head_of(sac__rate *rate, uint64_t key)
{
    return &rate->heads[(key >> 32) * rate->cap >> 32];
}

static entry *find(sac__rate *rate, uint64_t key)
{
    uint32_t index = *head_of(rate, key);

    while (index != none && rate->entries[index].key != key)
        index = rate->entries[index].next;
    return index == none ? NULL : &rate->entries[index];
}

/* The one that is due first is forgotten. */
static uint32_t take_back(sac__rate *rate)
{
    const uint32_t index = rate->heap[0];
    uint32_t *link = head_of(rate, rate->entries[index].key);

    while (*link != index)
        link = &rate->entries[*link].next;
    *link = rate->entries[index].next;
    return index;
}

/* A caller who is new owes nothing: due at 0, on top of the heap. */
static entry *add(sac__rate *rate, uint64_t key)
{
    const bool is_full = rate->n == rate->cap;
    const uint32_t index = is_full ? take_back(rate) : rate->n++;
    uint32_t *head = head_of(rate, key);
    entry *e = &rate->entries[index];

    *e = (entry){.key = key, .next = *head, .at = is_full ? e->at : index};
    *head = index;
    lift(rate, index);
    return e;
}

/* Nanoseconds until a caller who is due then may take one. */
static uint64_t wait_of(const sac__rate *rate, uint64_t due, uint64_t now)
{
    const uint64_t paid = (due > now ? due - now : 0) + rate->pace;

    return paid > rate->depth ? paid - rate->depth : 0;
}

uint64_t sac__rate_take(sac__rate *rate, uint64_t key, uint64_t now)
{
    uint64_t wait;
    entry *e;

    pthread_mutex_lock(&rate->lock);
    e = find(rate, key);
    wait = wait_of(rate, e ? e->due : 0, now);
    if (wait == 0) {
        if (!e)
            e = add(rate, key);
        e->due = (e->due > now ? e->due : now) + rate->pace;
        sink(rate, (uint32_t)(e - rate->entries));
    }
    pthread_mutex_unlock(&rate->lock);
    return wait;
}

uint64_t sac__rate_ask(sac__rate *rate, uint64_t key, uint64_t now)
{
    const entry *e;
    uint64_t wait;

    pthread_mutex_lock(&rate->lock);
    e = find(rate, key);
    wait = wait_of(rate, e ? e->due : 0, now);
    pthread_mutex_unlock(&rate->lock);
    return wait;
}

static void pay_off(sac__rate *rate, uint64_t key, uint64_t amount)
{
    entry *e;

    pthread_mutex_lock(&rate->lock);
    e = find(rate, key);
    if (e) {
        e->due -= e->due < amount ? e->due : amount;
        lift(rate, (uint32_t)(e - rate->entries));
    }
    pthread_mutex_unlock(&rate->lock);
}

void sac__rate_give(sac__rate *rate, uint64_t key)
{
    pay_off(rate, key, rate->pace);
}

void sac__rate_forget(sac__rate *rate, uint64_t key)
{
    pay_off(rate, key, UINT64_MAX);
}

static int set_pace(sac__rate *rate, const sac__rate_config *config)
{
    const uint64_t burst = config->burst ? config->burst : config->requests;

    if (config->requests == 0 || config->seconds == 0 || config->max_keys == 0 ||
        config->max_keys > MAX_KEYS || config->seconds > UINT64_MAX / second)
        return SAC_EINVAL;
    rate->pace = config->seconds * second / config->requests;
    if (rate->pace == 0 || burst > (uint64_t)INT64_MAX / rate->pace)
        return SAC_EINVAL;
    rate->depth = burst * rate->pace;
    return SAC_OK;
}

int sac__rate_new(const sac__rate_config *config, const sac_alloc *alloc, sac__rate **out,
                  sac_err *err)
{
    const size_t cap = config->max_keys;
    sac__rate made = {.alloc = alloc, .cap = (uint32_t)cap};
    sac__rate *rate;

    if (set_pace(&made, config) != SAC_OK)
        return sac_err_set(
            err, SAC_EINVAL, "rate: of %llu requests in %llu seconds for %zu callers",
            (unsigned long long)config->requests, (unsigned long long)config->seconds, cap);
    if (sac__random(&made.secret, sizeof made.secret) != SAC_OK)
        return sac_err_set(err, SAC_EIO, "rate: no random bytes");
    made.size = sizeof made + cap * (sizeof *made.entries + sizeof *made.heads + sizeof *made.heap);
    rate = sac__alloc(alloc, made.size);
    if (!rate)
        return sac_err_set(err, SAC_ENOMEM, "rate: no memory for %zu callers", cap);
    *rate = made;
    rate->heads = (uint32_t *)&rate->entries[cap];
    rate->heap = rate->heads + cap;
    memset(rate->heads, 0xff, cap * sizeof *rate->heads);
    pthread_mutex_init(&rate->lock, NULL);
    *out = rate;
    return SAC_OK;
}

void sac__rate_free(sac__rate *rate)
{
    if (!rate)
        return;
    pthread_mutex_destroy(&rate->lock);
    sac__alloc_free(rate->alloc, rate, rate->size);
}
