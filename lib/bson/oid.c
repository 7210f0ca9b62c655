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

enum { IS_DIGIT = 0x10, IS_UPPER = 0x20 };

/* Of each byte its value as a digit, and the bits above. */
static const uint8_t digits[256] = {
    ['0'] = 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, /* 0 to 9 */
    ['A'] = 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f,                         /* A to F */
    ['a'] = 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f,                         /* a to f */
};

bool sac_oid_parse(sac_str hex, bool strict, sac_oid *out)
{
    const uint8_t *p = (const uint8_t *)hex.p;
    unsigned all = IS_DIGIT, any = 0;
    sac_oid oid;

    if (hex.n != 2 * sizeof oid.bytes)
        return false;
    for (size_t i = 0; i < sizeof oid.bytes; i++, p += 2) {
        const unsigned high = digits[p[0]], low = digits[p[1]];

        all &= high & low;
        any |= high | low;
        oid.bytes[i] = (uint8_t)(high << 4 | (low & 15));
    }
    if (!all || (strict && any & IS_UPPER))
        return false;
    *out = oid;
    return true;
}
