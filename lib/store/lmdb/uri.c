/* SPDX-License-Identifier: MIT */
#include "store/lmdb/uri.h"

#include <sacrum/str.h>

#include "core/alloc.h"

#define SCHEME "lmdb:"
#define MAP_DEFAULT ((size_t)1 << 40)
#define MAP_MIN ((size_t)64 << 10)
#define MAP_MAX ((size_t)1 << 46)
#define READERS_MAX 65536
#define COLLECTIONS_MAX 4096
#define TTL_MAX 86400

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* `out` has room for text.n + 1 bytes. */
static bool decode(sac_str text, char *out)
{
    size_t i = 0;

    while (i < text.n) {
        char c = text.p[i++];

        if (c == '%') {
            const int high = i + 1 < text.n ? hex_digit(text.p[i]) : -1;
            const int low = i + 1 < text.n ? hex_digit(text.p[i + 1]) : -1;

            if (high < 0 || low < 0 || high + low == 0)
                return false;
            c = (char)(high << 4 | low);
            i += 2;
        }
        *out++ = c;
    }
    *out = '\0';
    return true;
}

/* Digits, with `suffix` perhaps one of K, M, G, T behind them. */
static bool read_number(sac_str text, bool suffix, size_t max, size_t *out)
{
    static const char units[] = "KMGT";
    size_t value = 0;
    size_t i = 0;

    while (i < text.n && text.p[i] >= '0' && text.p[i] <= '9') {
        value = value * 10 + (size_t)(text.p[i++] - '0');
        if (value > max)
            return false;
    }
    if (i == 0)
        return false;
    if (suffix && i + 1 == text.n) {
        const char *unit = strchr(units, text.p[i++]);

        if (!unit || !*unit)
            return false;
        for (; unit >= units; unit--) {
            value <<= 10;
            if (value > max)
                return false;
        }
    }
    *out = value;
    return i == text.n;
}

static int bad_parameter(sac_str name, const char *want, sac_err *err)
{
    return sac_err_set(err, SAC_EINVAL, "lmdb: parameter \"%.*s\": %s",
                       name.n < 40 ? (int)name.n : 40, name.p, want);
}

static int read_parameter(sac__lmdb_uri *uri, sac_str name, sac_str value, sac_err *err)
{
    size_t n = 0;

    if (sac_str_is(name, "map")) {
        if (!read_number(value, true, MAP_MAX, &n) || n < MAP_MIN)
            return bad_parameter(name, "64K to 64T", err);
        uri->map = (n + 4095) & ~(size_t)4095;
        uri->map_given = true;
        return SAC_OK;
    }
    if (sac_str_is(name, "readers")) {
        if (!read_number(value, false, READERS_MAX, &n) || n == 0)
            return bad_parameter(name, "1 to 65536", err);
        uri->readers = (unsigned)n;
        return SAC_OK;
    }
    if (sac_str_is(name, "collections")) {
        if (!read_number(value, false, COLLECTIONS_MAX, &n) || n == 0)
            return bad_parameter(name, "1 to 4096", err);
        uri->collections = (unsigned)n;
        return SAC_OK;
    }
    if (sac_str_is(name, "ttl")) {
        if (!read_number(value, false, TTL_MAX, &n))
            return bad_parameter(name, "0 to 86400", err);
        uri->ttl = (unsigned)n;
        return SAC_OK;
    }
    return bad_parameter(name, "unknown", err);
}

/* The part of `*rest` before `end`, which is taken off with it. */
static sac_str cut(sac_str *rest, char end)
{
    const char *at = rest->n ? memchr(rest->p, end, rest->n) : NULL;
    const sac_str part = sac_str_n(rest->p, at ? (size_t)(at - rest->p) : rest->n);
    const size_t used = part.n + (at ? 1 : 0);

    *rest = sac_str_n(rest->p + used, rest->n - used);
    return part;
}

static int read_parameters(sac__lmdb_uri *uri, sac_str rest, sac_err *err)
{
    int rc = SAC_OK;

    while (rc == SAC_OK && rest.n > 0) {
        sac_str value = cut(&rest, '&');
        const sac_str name = cut(&value, '=');

        rc = read_parameter(uri, name, value, err);
    }
    return rc;
}

int sac__lmdb_uri_init(sac__lmdb_uri *uri, const char *text, const sac_alloc *alloc, sac_err *err)
{
    sac__lmdb_uri got = {.map = MAP_DEFAULT, .readers = 1024, .collections = 256, .ttl = 60};
    sac_str rest;
    sac_str path;
    int rc;

    if (!text || strncmp(text, SCHEME, strlen(SCHEME)) != 0)
        return sac_err_set(err, SAC_ENOTMINE, "not an lmdb: URI");
    rest = sac_str_of(text + strlen(SCHEME));
    path = cut(&rest, '?');
    if (path.n == 0)
        return sac_err_set(err, SAC_EINVAL, "lmdb: no path");
    rc = read_parameters(&got, rest, err);
    if (rc != SAC_OK)
        return rc;
    got.path_size = path.n + 1;
    got.path = sac__alloc(alloc, got.path_size);
    if (!got.path)
        return sac_err_set(err, SAC_ENOMEM, "lmdb: no memory");
    if (!decode(path, got.path)) {
        sac__lmdb_uri_fini(&got, alloc);
        return sac_err_set(err, SAC_EINVAL, "lmdb: bad %% in the path");
    }
    *uri = got;
    return SAC_OK;
}

void sac__lmdb_uri_fini(sac__lmdb_uri *uri, const sac_alloc *alloc)
{
    sac__alloc_free(alloc, uri->path, uri->path_size);
    uri->path = NULL;
}
