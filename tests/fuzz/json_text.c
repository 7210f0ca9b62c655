/* SPDX-License-Identifier: MIT */
#include <ctype.h>

#include "core/utf8.h"
#include "fuzz.h"

typedef struct scan {
    const char *p, *end;
} scan;

static bool value(scan *s, unsigned depth);

static void blanks(scan *s)
{
    while (s->p < s->end && strchr(" \t\r\n", *s->p) && *s->p)
        s->p++;
}

static bool take(scan *s, const char *text)
{
    const size_t n = strlen(text);

    if ((size_t)(s->end - s->p) < n || memcmp(s->p, text, n) != 0)
        return false;
    s->p += n;
    return true;
}

static bool digits(scan *s)
{
    const char *begin = s->p;

    while (s->p < s->end && isdigit((unsigned char)*s->p))
        s->p++;
    return s->p > begin;
}

static bool number(scan *s)
{
    take(s, "-");
    if (!take(s, "0") && !digits(s))
        return false;
    if (take(s, ".") && !digits(s))
        return false;
    if (!take(s, "e") && !take(s, "E"))
        return true;
    if (!take(s, "+"))
        take(s, "-");
    return digits(s);
}

static bool escape(scan *s)
{
    if (s->p < s->end && *s->p && strchr("\"\\/bfnrt", *s->p)) {
        s->p++;
        return true;
    }
    if (!take(s, "u") || s->end - s->p < 4)
        return false;
    for (int i = 0; i < 4; i++)
        if (!isxdigit((unsigned char)*s->p++))
            return false;
    return true;
}

static bool string(scan *s)
{
    if (!take(s, "\""))
        return false;
    while (s->p < s->end && *s->p != '"') {
        const unsigned char c = (unsigned char)*s->p++;

        if (c < ' ' || (c == '\\' && !escape(s)))
            return false;
    }
    return take(s, "\"");
}

static bool member(scan *s, unsigned depth, bool keyed)
{
    blanks(s);
    if (keyed) {
        if (!string(s))
            return false;
        blanks(s);
        if (!take(s, ":"))
            return false;
    }
    return value(s, depth);
}

static bool members(scan *s, unsigned depth, bool keyed)
{
    const char *close = keyed ? "}" : "]";

    blanks(s);
    if (take(s, close))
        return true;
    while (member(s, depth, keyed)) {
        blanks(s);
        if (take(s, close))
            return true;
        if (!take(s, ","))
            return false;
    }
    return false;
}

static bool value(scan *s, unsigned depth)
{
    blanks(s);
    if (depth == 1000)
        return false;
    if (take(s, "{"))
        return members(s, depth + 1, true);
    if (take(s, "["))
        return members(s, depth + 1, false);
    if (s->p < s->end && *s->p == '"')
        return string(s);
    return take(s, "true") || take(s, "false") || take(s, "null") || number(s);
}

bool fuzz_is_json(sac_str text)
{
    scan s = {text.p, text.p + text.n};

    if (!sac__utf8_valid(text) || !value(&s, 0))
        return false;
    blanks(&s);
    return s.p == s.end;
}
