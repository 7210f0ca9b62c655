/* SPDX-License-Identifier: MIT */
#include "app/router/converter.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f');
}

/* Canonical decimal that fits an int64: one spelling for one number. */
static bool match_int(void *self, sac_str s)
{
    static const char max[] = "9223372036854775807", min[] = "9223372036854775808";
    bool negative = s.n > 0 && s.p[0] == '-';
    const char *digits = s.p + negative;
    size_t n = s.n - negative;

    (void)self;
    if (n == 0 || n > sizeof max - 1 || (digits[0] == '0' && s.n > 1))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!is_digit(digits[i]))
            return false;
    return n < sizeof max - 1 || memcmp(digits, negative ? min : max, n) <= 0;
}

static bool match_objectid(void *self, sac_str s)
{
    (void)self;
    if (s.n != 24)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!is_hex(s.p[i]))
            return false;
    return true;
}

static bool match_uuid(void *self, sac_str s)
{
    (void)self;
    if (s.n != 36)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;

        if (dash ? s.p[i] != '-' : !is_hex(s.p[i]))
            return false;
    }
    return true;
}

static bool match_any(void *self, sac_str s)
{
    (void)self;
    return s.n > 0;
}

static const sac_converter builtins[] = {
    [0] = SAC_CONVERTER(.name = "int", .match = match_int),
    [1] = SAC_CONVERTER(.name = "objectid", .match = match_objectid),
    [2] = SAC_CONVERTER(.name = "uuid", .match = match_uuid),
    [SAC__RANK_CUSTOM] = {.size = 0},
    [SAC__RANK_STRING] = SAC_CONVERTER(.name = "string", .match = match_any),
    [SAC__RANK_PATH] = SAC_CONVERTER(.name = "path", .match = match_any),
};

enum { BUILTINS = sizeof builtins / sizeof builtins[0] };

const sac_converter *sac__converter_builtin(sac_str kind)
{
    for (int i = 0; i < BUILTINS; i++)
        if (builtins[i].name && sac_str_is(kind, builtins[i].name))
            return &builtins[i];
    return NULL;
}

int sac__converter_rank(const sac_converter *converter)
{
    for (int i = 0; i < BUILTINS; i++)
        if (converter == &builtins[i])
            return i;
    return SAC__RANK_CUSTOM;
}
