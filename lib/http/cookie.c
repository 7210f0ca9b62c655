/* SPDX-License-Identifier: MIT */
#include "http/cookie.h"

#include "http/token.h"

/* Unlike other fields, quotes do not protect a ';' here (RFC 6265 §5.2). */
static sac_str take_pair(sac_str *rest)
{
    const char *end = memchr(rest->p, ';', rest->n);
    const size_t n = end ? (size_t)(end - rest->p) : rest->n;
    const size_t taken = end ? n + 1 : n;
    const sac_str pair = sac_str_n(rest->p, n);

    *rest = sac_str_n(rest->p + taken, rest->n - taken);
    return pair;
}

bool sac__cookie_next(sac_str *rest, sac_str *name, sac_str *value)
{
    while (rest->n > 0) {
        const sac_str pair = take_pair(rest);
        const char *equals = pair.n ? memchr(pair.p, '=', pair.n) : NULL;
        const size_t n = equals ? (size_t)(equals - pair.p) : 0;
        const sac_str found = sac__token_trim(sac_str_n(pair.p, n));

        if (found.n > 0) {
            *name = found;
            *value = sac__token_trim(sac_str_n(equals + 1, pair.n - n - 1));
            return true;
        }
    }
    return false;
}

sac_str sac__cookie_get(sac_str header, const char *name)
{
    const sac_str wanted = sac_str_of(name);
    sac_str found, value;

    while (sac__cookie_next(&header, &found, &value))
        if (sac_str_eq(found, wanted))
            return value;
    return sac_str_n(NULL, 0);
}

static bool is_text(char c)
{
    return c >= ' ' && c <= '~';
}

/* cookie-octet of RFC 6265 §4.1.1, within quotes or not. */
static bool is_cookie_value(sac_str s)
{
    if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"')
        s = sac_str_n(s.p + 1, s.n - 2);
    for (size_t i = 0; i < s.n; i++)
        if (!is_text(s.p[i]) || strchr(" \",;\\", s.p[i]))
            return false;
    return true;
}

static bool is_attribute(sac_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_text(s.p[i]) || s.p[i] == ';')
            return false;
    return true;
}

static bool is_path(sac_str s)
{
    return is_attribute(s) && (s.n == 0 || s.p[0] == '/');
}

static bool is_domain(sac_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        const char c = sac__token_fold(s.p[i]);

        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '.')
            return false;
    }
    return true;
}

static bool is_same_site(const char *s)
{
    return !s || !strcmp(s, "Lax") || !strcmp(s, "Strict") || !strcmp(s, "None");
}

/* Browsers know the prefixes in any case. */
static bool has_prefix(sac_str name, const char *lower)
{
    const size_t n = strlen(lower);

    return name.n >= n && sac__token_same(sac_str_n(name.p, n), sac_str_n(lower, n));
}

static bool keeps_promise(const sac__cookie *cookie)
{
    if (has_prefix(cookie->name, "__host-"))
        return cookie->secure && cookie->domain.n == 0 &&
               (cookie->path.n == 0 || sac_str_is(cookie->path, "/"));
    return cookie->secure || !has_prefix(cookie->name, "__secure-");
}

static void print_attribute(sac__buf *out, const char *name, sac_str value)
{
    sac__buf_add_text(out, name);
    sac__buf_add_str(out, value);
}

int sac__cookie_print(const sac__cookie *cookie, sac__buf *out)
{
    if (!sac__token_valid(cookie->name) || !is_cookie_value(cookie->value) ||
        !is_path(cookie->path) || !is_attribute(cookie->expires) || !is_domain(cookie->domain) ||
        !is_same_site(cookie->same_site) || !keeps_promise(cookie))
        return SAC_EINVAL;
    sac__buf_add_str(out, cookie->name);
    print_attribute(out, "=", cookie->value);
    if (cookie->domain.n)
        print_attribute(out, "; Domain=", cookie->domain);
    if (cookie->expires.n)
        print_attribute(out, "; Expires=", cookie->expires);
    if (cookie->max_age >= 0) {
        sac__buf_add_text(out, "; Max-Age=");
        sac__buf_add_int(out, cookie->max_age);
    }
    if (cookie->secure)
        sac__buf_add_text(out, "; Secure");
    if (cookie->http_only)
        sac__buf_add_text(out, "; HttpOnly");
    print_attribute(out, "; Path=", cookie->path.n ? cookie->path : sac_str_of("/"));
    if (cookie->same_site)
        print_attribute(out, "; SameSite=", sac_str_of(cookie->same_site));
    return out->error;
}
