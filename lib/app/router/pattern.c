/* SPDX-License-Identifier: MIT */
#include "app/router/pattern.h"

static bool is_name(sac_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';

        if (!letter && (i == 0 || c < '0' || c > '9'))
            return false;
    }
    return s.n > 0;
}

static int read_param(sac_str inner, sac__segment *out, sac_err *err)
{
    const char *colon = inner.n ? memchr(inner.p, ':', inner.n) : NULL;

    *out = (sac__segment){.name = inner};
    if (colon) {
        out->name.n = (size_t)(colon - inner.p);
        out->kind = sac_str_n(colon + 1, inner.n - out->name.n - 1);
    }
    if (!is_name(out->name) || (colon && !is_name(out->kind)))
        return sac_err_set(err, SAC_EINVAL, "bad parameter {%.*s}", (int)inner.n, inner.p);
    return 1;
}

static int read_literal(sac_str s, sac__segment *out, sac_err *err)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] <= ' ' || strchr("{}%?#\x7f", s.p[i]))
            return sac_err_set(err, SAC_EINVAL,
                               "bad segment \"%.*s\": byte %zu may not stand there", (int)s.n, s.p,
                               i + 1);
    *out = (sac__segment){.literal = s};
    return 1;
}

int sac__pattern_next(sac_str *rest, sac__segment *out, sac_err *err)
{
    const char *slash;
    sac_str s;

    if (rest->n == 0 || (rest->n == 1 && rest->p[0] == '/'))
        return 0;
    if (rest->p[0] != '/')
        return sac_err_set(err, SAC_EINVAL, "a path starts with a slash");
    s = sac_str_n(rest->p + 1, rest->n - 1);
    slash = memchr(s.p, '/', s.n);
    if (slash)
        s.n = (size_t)(slash - s.p);
    if (s.n == 0)
        return sac_err_set(err, SAC_EINVAL, "an empty segment");
    *rest = sac_str_n(s.p + s.n, rest->n - 1 - s.n);
    if (s.p[0] == '{' && s.n > 1 && s.p[s.n - 1] == '}')
        return read_param(sac_str_n(s.p + 1, s.n - 2), out, err);
    return read_literal(s, out, err);
}
