/* SPDX-License-Identifier: MIT */
#include "support/generate.h"

#include <math.h>
#include <stdio.h>

#include <sacrum/bson.h>

enum { NESTED = 6, DEEPEST = 90, MOST_BYTES = GENERATE_MAX - 12000 };

typedef struct generator {
    uint64_t state;
    bool ordinary;
    char *p;
    size_t n;
} generator;

/* splitmix64, Steele/Lea/Flood. */
static uint64_t next(generator *g)
{
    uint64_t z = g->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static uint64_t below(generator *g, uint64_t n)
{
    return next(g) % n;
}

static void put(generator *g, const void *p, size_t n)
{
    memcpy(g->p + g->n, p, n);
    g->n += n;
}

static void put_byte(generator *g, unsigned byte)
{
    g->p[g->n++] = (char)byte;
}

static void put_little(generator *g, uint64_t v, unsigned bytes)
{
    for (; bytes-- > 0; v >>= 8)
        put_byte(g, v & 255);
}

static void set_length(generator *g, size_t at, size_t n)
{
    const size_t end = g->n;

    g->n = at;
    put_little(g, n, 4);
    g->n = end;
}

static const char *const units[] = {"\xc3\xa9",
                                    "\xe6\x9d\xb1",
                                    "\xf0\x9f\x98\x80",
                                    "\xdf\xbf",
                                    "\xe0\xa0\x80",
                                    "\xef\xbf\xbd",
                                    "\xf4\x8f\xbf\xbf",
                                    "\xe2\x80\xa8",
                                    "\xed\x9f\xbf",
                                    "\"",
                                    "\\",
                                    "\n",
                                    "\t",
                                    "\x01",
                                    "\x1f",
                                    "\x7f",
                                    "/",
                                    "<&>",
                                    "'",
                                    "\\u0041"};

/* Text of n units; a third of all texts is plain ASCII. */
static void put_text(generator *g, size_t n, bool nul)
{
    const uint64_t odd = below(g, 3);

    for (; n > 0; n--) {
        if (odd == 0 || below(g, 8) > odd) {
            put_byte(g, ' ' + 1 + (unsigned)below(g, 94));
        } else if (nul && below(g, 12) == 0) {
            put_byte(g, 0);
        } else {
            const char *unit = units[below(g, sizeof units / sizeof *units)];

            put(g, unit, strlen(unit));
        }
    }
}

/* NUL in strings alone: some readers end other texts there. */
static void put_string(generator *g, bool nul)
{
    const size_t at = g->n;

    put_little(g, 0, 4);
    put_text(g, below(g, 60) ? below(g, 40) : below(g, 1000), nul);
    put_byte(g, 0);
    set_length(g, at, g->n - at - 4);
}

static void put_double(generator *g)
{
    static const double special[] = {0.0,
                                     -0.0,
                                     1.0,
                                     0.1,
                                     1e21,
                                     1e22,
                                     5e-324,
                                     1e300,
                                     1e-7,
                                     1e16,
                                     1e17,
                                     123456789012345680.0,
                                     -1e-10,
                                     4.35,
                                     0.3,
                                     2e-308,
                                     9007199254740993.0,
                                     HUGE_VAL,
                                     -HUGE_VAL,
                                     1.7976931348623157e308};
    uint64_t bits = next(g);
    double d;

    switch (below(g, 5)) {
    case 0:
        d = special[below(g, sizeof special / sizeof *special)];
        memcpy(&bits, &d, sizeof bits);
        break;
    case 1:
        d = (double)(int64_t)below(g, 2000000) / 100.0 - 1000;
        memcpy(&bits, &d, sizeof bits);
        break;
    case 2:
        d = (double)(int64_t)(next(g) >> below(g, 64));
        memcpy(&bits, &d, sizeof bits);
        break;
    default: break;
    }
    if (bits << 1 > UINT64_C(0x7ff) << 53)
        bits = UINT64_C(0x7ff8) << 48;
    put_little(g, bits, 8);
}

/* Coefficients of up to 34 digits. */
static void put_decimal(generator *g)
{
    static const uint64_t special[] = {UINT64_C(0x7800) << 48, UINT64_C(0xf800) << 48,
                                       UINT64_C(0x7c00) << 48};
    const uint64_t kind = below(g, 8);
    uint64_t low = next(g) >> below(g, 64), high = 0;
    uint64_t exponent = 6176 - 40 + below(g, 80);

    if (kind == 0) {
        low = 0;
        high = special[below(g, 3)];
    } else {
        if (kind == 1)
            low = below(g, 2);
        else if (kind < 5)
            high = below(g, UINT64_C(0x1ed09bead87c0)) >> below(g, 48);
        if (kind == 7)
            exponent = below(g, 12288);
        high |= exponent << 49 | below(g, 2) << 63;
    }
    put_little(g, low, 8);
    put_little(g, high, 8);
}

static void put_date(generator *g)
{
    const int64_t most = INT64_C(8640000000000000);
    int64_t ms = (int64_t)next(g);

    switch (below(g, 4)) {
    case 0: ms = (int64_t)below(g, UINT64_C(4102444800)) * 1000; break;
    case 1: ms = (int64_t)below(g, UINT64_C(253402300800000)); break;
    case 2: ms = (int64_t)below(g, UINT64_C(62167219200000) + 86400000) * -1; break;
    default: break;
    }
    if (g->ordinary && (ms > most || ms < -most))
        ms %= most;
    put_little(g, (uint64_t)ms, 8);
}

static void put_binary(generator *g)
{
    static const uint8_t subtypes[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 0x80, 0xff};
    const uint8_t subtype = subtypes[below(g, sizeof subtypes)];
    size_t n = subtype == 4 || subtype == 3 ? 16 : below(g, 50);

    put_little(g, n + (subtype == 2 ? 4 : 0), 4);
    put_byte(g, subtype);
    if (subtype == 2)
        put_little(g, n, 4);
    for (; n > 0; n--)
        put_byte(g, (unsigned)below(g, 256));
}

static void put_oid(generator *g)
{
    put_little(g, next(g), 8);
    put_little(g, next(g), 4);
}

static void put_regex(generator *g)
{
    put_text(g, below(g, 20), false);
    put_byte(g, 0);
    for (const char *o = "ilmsux"; *o; o++) {
        if (below(g, 3) == 0)
            put_byte(g, (unsigned char)*o);
    }
    put_byte(g, 0);
}

static int64_t any_integer(generator *g)
{
    static const int64_t special[] = {0,
                                      1,
                                      -1,
                                      INT32_MAX,
                                      INT32_MIN,
                                      INT64_MAX,
                                      INT64_MIN,
                                      INT64_C(2147483648),
                                      INT64_C(9007199254740991),
                                      INT64_C(9007199254740993),
                                      INT64_C(-9007199254740992)};

    if (below(g, 4) == 0)
        return special[below(g, sizeof special / sizeof *special)];
    return (int64_t)next(g) >> below(g, 64);
}

static void put_members(generator *g, unsigned depth, bool array);

static void put_value(generator *g, unsigned type, unsigned depth)
{
    const size_t at = g->n;

    switch (type) {
    case SAC_BSON_DOUBLE: put_double(g); break;
    case SAC_BSON_STRING:
    case SAC_BSON_CODE:
    case SAC_BSON_SYMBOL: put_string(g, type == SAC_BSON_STRING); break;
    case SAC_BSON_DOCUMENT:
    case SAC_BSON_ARRAY: put_members(g, depth + 1, type == SAC_BSON_ARRAY); break;
    case SAC_BSON_BINARY: put_binary(g); break;
    case SAC_BSON_OBJECTID: put_oid(g); break;
    case SAC_BSON_BOOL: put_byte(g, (unsigned)below(g, 2)); break;
    case SAC_BSON_DATE: put_date(g); break;
    case SAC_BSON_REGEX: put_regex(g); break;
    case SAC_BSON_DBPOINTER:
        put_string(g, false);
        put_oid(g);
        break;
    case SAC_BSON_CODE_W_SCOPE:
        put_little(g, 0, 4);
        put_string(g, false);
        put_members(g, depth + 1, false);
        set_length(g, at, g->n - at);
        break;
    case SAC_BSON_INT32: put_little(g, (uint64_t)any_integer(g), 4); break;
    case SAC_BSON_TIMESTAMP: put_little(g, next(g), 8); break;
    case SAC_BSON_INT64: put_little(g, (uint64_t)any_integer(g), 8); break;
    case SAC_BSON_DECIMAL128: put_decimal(g); break;
    default: break;
    }
}

static unsigned any_type(generator *g, unsigned depth)
{
    static const uint8_t types[] = {
        SAC_BSON_DOUBLE,      SAC_BSON_STRING,    SAC_BSON_BINARY,   SAC_BSON_UNDEFINED,
        SAC_BSON_OBJECTID,    SAC_BSON_BOOL,      SAC_BSON_DATE,     SAC_BSON_NULL,
        SAC_BSON_REGEX,       SAC_BSON_DBPOINTER, SAC_BSON_CODE,     SAC_BSON_SYMBOL,
        SAC_BSON_INT32,       SAC_BSON_TIMESTAMP, SAC_BSON_INT64,    SAC_BSON_DECIMAL128,
        SAC_BSON_MINKEY,      SAC_BSON_MAXKEY,    SAC_BSON_STRING,   SAC_BSON_DOUBLE,
        SAC_BSON_DOCUMENT,    SAC_BSON_ARRAY,     SAC_BSON_DOCUMENT, SAC_BSON_ARRAY,
        SAC_BSON_CODE_W_SCOPE};

    const unsigned type = types[below(g, sizeof types - (depth < NESTED ? 0 : 5))];

    if (g->ordinary && (type == SAC_BSON_DBPOINTER || type == SAC_BSON_UNDEFINED))
        return SAC_BSON_NULL;
    return type;
}

/* The index behind the text makes them distinct. */
static void put_key(generator *g, unsigned index, bool array)
{
    static const char *const odd[] = {"", "a.b", "constructor", "\xc3\xa9\"\\", "__proto__"};
    const uint64_t kind = below(g, 30);
    char text[24];

    if (array) {
        put(g, text, (size_t)snprintf(text, sizeof text, "%u", index));
    } else if (index < 5 && kind == index && !(g->ordinary && index > 3)) {
        put(g, odd[kind], strlen(odd[kind]));
    } else if (kind < 20) {
        const int n = g->ordinary + (int)below(g, 16);

        put(g, text, (size_t)snprintf(text, sizeof text, "%.*s%u", n, "key_of_some_name", index));
    } else {
        put_byte(g, 'x');
        put_text(g, below(g, 12), false);
        put(g, text, (size_t)snprintf(text, sizeof text, "|%u", index));
    }
    put_byte(g, 0);
}

static void put_members(generator *g, unsigned depth, bool array)
{
    const size_t at = g->n;
    const unsigned members = (unsigned)below(g, depth == 1 ? 20 : depth > 4 ? 3 : 6);

    put_little(g, 0, 4);
    for (unsigned i = 0; i < members && g->n < MOST_BYTES; i++) {
        const unsigned type = any_type(g, depth);

        put_byte(g, type);
        put_key(g, i, array);
        put_value(g, type, depth);
    }
    put_byte(g, 0);
    set_length(g, at, g->n - at);
}

/* A document as deep as any test wants one. */
static void put_chain(generator *g)
{
    const unsigned depth = 2 + (unsigned)below(g, DEEPEST - 2);
    size_t starts[DEEPEST];

    for (unsigned i = 0; i < depth; i++) {
        starts[i] = g->n;
        put_little(g, 0, 4);
        if (i + 1 < depth) {
            put_byte(g, SAC_BSON_DOCUMENT);
            put(g, "d", 2);
        }
    }
    for (unsigned i = depth; i-- > 0;) {
        put_byte(g, 0);
        set_length(g, starts[i], g->n - starts[i]);
    }
}

sac_str generate_doc(uint64_t seed, uint64_t number, bool ordinary, char out[GENERATE_MAX])
{
    generator g = {.state = seed ^ (number + 1) * UINT64_C(0xd1342543de82ef95),
                   .ordinary = ordinary,
                   .p = out};

    if (number % 997 == 996)
        put_chain(&g);
    else
        put_members(&g, 1, false);
    return sac_str_n(out, g.n);
}
