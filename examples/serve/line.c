/* SPDX-License-Identifier: MIT */
/* Finds in which line of a text, which is valid JSON, the value of a path is. */
#include "reader.h"

#include <string.h>

static const char *skip_space(const char *p)
{
    return p + strspn(p, " \t\r\n");
}

static const char *skip_string(const char *p)
{
    for (p++; *p && *p != '"'; p++)
        p += *p == '\\' && p[1];
    return *p ? p + 1 : p;
}

static const char *skip_value(const char *p)
{
    int depth = 0;

    do {
        if (*p == '"') {
            p = skip_string(p);
            continue;
        }
        depth += (*p == '{' || *p == '[') - (*p == '}' || *p == ']');
        p++;
    } while (*p && (depth > 0 || !strchr(",]} \t\r\n", *p)));
    return p;
}

static bool is_key(const char *p, const char *key)
{
    const size_t n = strlen(key);

    return *p == '"' && strncmp(p + 1, key, n) == 0 && p[n + 1] == '"';
}

/* The value that a step leads to, or NULL; at `p` is an object or an array. */
static const char *enter(const char *p, const step *to)
{
    const char end = *p == '{' ? '}' : ']';
    int index = 0;

    p = skip_space(p + 1);
    while (*p && *p != end) {
        bool found = !to->key && index++ == to->index;

        if (end == '}') {
            found = to->key && is_key(p, to->key);
            p = skip_space(skip_string(p));
            p = skip_space(p + (*p == ':'));
        }
        if (found)
            return p;
        p = skip_space(skip_value(p));
        p = skip_space(p + (*p == ','));
    }
    return NULL;
}

int line_of(const char *text, const step *steps, size_t n)
{
    const char *at = skip_space(text), *next = at;
    int line = 1;

    for (size_t i = 0; i < n && next && (*next == '{' || *next == '['); i++) {
        next = enter(next, &steps[i]);
        at = next ? next : at;
    }
    for (const char *p = text; p < at; p++)
        line += *p == '\n';
    return line;
}
