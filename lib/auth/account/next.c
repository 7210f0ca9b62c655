/* SPDX-License-Identifier: MIT */
#include "auth/account/account.h"

#include <strings.h>

#include <sacrum/form.h>

#include "app/identity/identity.h"
#include "http/url.h"

enum { MAX_NEXT = 4096 };

/*
 * Bytes that browsers send as they stand: so that what was checked is what is
 * sent. Others are escaped here; control bytes and `\`, which they drop or
 * turn into `/` (WHATWG URL §4.4), are refused.
 */
static bool needs_escape(unsigned char c)
{
    return c >= 0x80 || c == ' ' || c == '"' || c == '<' || c == '>' || c == '`' || c == '{' ||
           c == '}' || c == '|' || c == '^';
}

static bool is_clean(sac_str next)
{
    if (next.n == 0 || next.n > MAX_NEXT || next.p[0] != '/' || (next.n > 1 && next.p[1] == '/'))
        return false;
    for (size_t i = 0; i < next.n; i++) {
        const unsigned char c = (unsigned char)next.p[i];

        if (c < 0x20 || c == 0x7f || c == '\\')
            return false;
    }
    return true;
}

/* With a NUL behind it; p NULL when memory ends. */
static sac_str escape(sac_req *req, sac_str next)
{
    static const char digits[] = "0123456789ABCDEF";
    char *text = sac_req_alloc(req, 3 * next.n + 1);
    size_t n = 0;

    for (size_t i = 0; text && i < next.n; i++) {
        const unsigned char c = (unsigned char)next.p[i];

        if (!needs_escape(c)) {
            text[n++] = (char)c;
            continue;
        }
        text[n++] = '%';
        text[n++] = digits[c >> 4];
        text[n++] = digits[c & 15];
    }
    if (text)
        text[n] = '\0';
    return sac_str_n(text, n);
}

/* Segments `.` and `..`, escaped or not, make another path of it. */
static bool has_dots(sac_str path)
{
    const char *p = path.p, *end = path.p + path.n;

    while (p < end) {
        const char *slash = memchr(p, '/', (size_t)(end - p));
        const char *stop = slash ? slash : end;
        size_t dots = 0;

        while (p < stop && (*p == '.' || (stop - p >= 3 && strncasecmp(p, "%2e", 3) == 0))) {
            p += *p == '.' ? 1 : 3;
            dots++;
        }
        if (p == stop && (dots == 1 || dots == 2))
            return true;
        p = stop + 1;
    }
    return false;
}

static bool is_path(sac_str decoded, const char *path)
{
    const size_t n = path ? strlen(path) : 0;

    while (decoded.n > 1 && decoded.p[decoded.n - 1] == '/')
        decoded.n--;
    return n > 0 && decoded.n == n && memcmp(decoded.p, path, n) == 0;
}

/* A page of ours: neither login nor logout, nor beneath an API's prefix. */
static bool is_page(sac_req *req, sac_str path)
{
    const sac__accounts *accounts = sac__accounts_of(sac_req_app(req));
    const sac_str prefix = sac__req_head(req)->prefix;
    sac_str decoded;

    if (has_dots(path))
        return false;
    if (prefix.n > 0) {
        if (path.n < prefix.n || memcmp(path.p, prefix.p, prefix.n) != 0)
            return false;
        path = sac_str_n(path.p + prefix.n, path.n - prefix.n);
        if (path.n == 0)
            return true;
        if (path.p[0] != '/')
            return false;
    }
    if (sac__url_decode(sac__req_arena(req), path, false, &decoded) != SAC_OK ||
        sac__app_fenced(sac_req_app(req), path, sac__req_arena(req)))
        return false;
    return !is_path(decoded, sac__app_login_page(sac_req_app(req))) &&
           !(accounts &&
             (is_path(decoded, accounts->login_path) || is_path(decoded, accounts->logout_path)));
}

sac_str sac_req_next(sac_req *req, const char *fallback)
{
    sac_str next = {NULL, 0};
    const char *end;

    if (sac__account_is_form(req))
        next = sac_req_form(req, "next");
    if (!next.p)
        next = sac_req_query(req, "next");
    if (next.p && is_clean(next)) {
        next = escape(req, next);
        if (!next.p)
            return next;
        end = next.p + strcspn(next.p, "?#");
        if (is_page(req, sac_str_n(next.p, (size_t)(end - next.p))))
            return next;
    }
    return sac_str_of(fallback);
}
