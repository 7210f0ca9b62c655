/* SPDX-License-Identifier: MIT */
#include "bson/wire.h"
#include "core/clock.h"
#include "core/random.h"

#define COUNTER_BITS 24

int sac_oid_source_init(sac_oid_source *source)
{
    uint8_t bytes[8];
    uint64_t counter;
    int rc = sac__random(bytes, sizeof bytes);

    if (rc != SAC_OK)
        return rc;
    memcpy(source->random, bytes, sizeof source->random);
    /* In the lower half of its range: far from running into the seconds. */
    counter = (uint64_t)bytes[5] << 15 | (uint64_t)bytes[6] << 7 | bytes[7] >> 1;
    source->state = (uint64_t)(sac__clock_ms() / 1000) << COUNTER_BITS | counter;
    return SAC_OK;
}

/* A new second keeps the counter going; one that overflows borrows a second. */
static uint64_t next_state(uint64_t state, uint64_t seconds)
{
    const uint64_t next = state + 1;
    const uint64_t counter = next & ((1u << COUNTER_BITS) - 1);

    return next >> COUNTER_BITS >= seconds ? next : seconds << COUNTER_BITS | counter;
}

void sac_oid_next(sac_oid_source *source, sac_oid *out)
{
    const uint64_t seconds = (uint64_t)(sac__clock_ms() / 1000);
    uint64_t old = __atomic_load_n(&source->state, __ATOMIC_RELAXED);
    uint64_t state;

    do
        state = next_state(old, seconds);
    while (!__atomic_compare_exchange_n(&source->state, &old, state, true, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED));
    for (int i = 0; i < 4; i++)
        out->bytes[i] = (uint8_t)(state >> (COUNTER_BITS + 24 - 8 * i));
    memcpy(out->bytes + 4, source->random, sizeof source->random);
    for (int i = 0; i < 3; i++)
        out->bytes[9 + i] = (uint8_t)(state >> (16 - 8 * i));
}

void sac_oid_hex(const sac_oid *oid, char out[24])
{
    static const char hex[] = "0123456789abcdef";

    for (size_t i = 0; i < sizeof oid->bytes; i++) {
        out[2 * i] = hex[oid->bytes[i] >> 4];
        out[2 * i + 1] = hex[oid->bytes[i] & 15];
    }
}

static int digit(char c, bool strict)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return !strict && c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool sac_oid_parse(sac_str hex, bool strict, sac_oid *out)
{
    sac_oid oid;
    int high, low;

    if (hex.n != 2 * sizeof oid.bytes)
        return false;
    for (size_t i = 0; i < sizeof oid.bytes; i++) {
        high = digit(hex.p[2 * i], strict);
        low = digit(hex.p[2 * i + 1], strict);
        if (high < 0 || low < 0)
            return false;
        oid.bytes[i] = (uint8_t)(high << 4 | low);
    }
    *out = oid;
    return true;
}
