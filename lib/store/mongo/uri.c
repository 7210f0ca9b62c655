/* SPDX-License-Identifier: MIT */
#include "store/mongo/uri.h"

#include <strings.h>

#include "core/alloc.h"

#define TIMEOUT_MIN 100
#define TIMEOUT_MAX 3600000
#define CLIENTS_MAX 1000

static bool read_number(sac_str text, unsigned max, unsigned *out)
{
    unsigned value = 0;
    size_t i;

    for (i = 0; i < text.n && value <= max; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
        value = value * 10 + (unsigned)(text.p[i] - '0');
    }
    *out = value;
    return text.n > 0 && value <= max;
}

static bool is_option(sac_str option, const char *name)
{
    const size_t n = strlen(name);

    return option.n > n && option.p[n] == '=' && strncasecmp(option.p, name, n) == 0;
}

/* 1: it was ours. */
static int read_option(sac__mongo_uri *uri, sac_str option, sac_err *err)
{
    static const char timeout[] = "sacrumTimeoutMS";
    static const char clients[] = "sacrumClients";
    sac_str value;

    if (is_option(option, timeout)) {
        value = sac_str_n(option.p + sizeof timeout, option.n - sizeof timeout);
        if (!read_number(value, TIMEOUT_MAX, &uri->timeout_ms) || uri->timeout_ms < TIMEOUT_MIN)
            return sac_err_set(err, SAC_EINVAL, "mongodb: %s: %d to %d", timeout, TIMEOUT_MIN,
                               TIMEOUT_MAX);
        return 1;
    }
    if (is_option(option, clients)) {
        value = sac_str_n(option.p + sizeof clients, option.n - sizeof clients);
        if (!read_number(value, CLIENTS_MAX, &uri->clients) || uri->clients == 0)
            return sac_err_set(err, SAC_EINVAL, "mongodb: %s: 1 to %d", clients, CLIENTS_MAX);
        return 1;
    }
    return 0;
}

/* Copies the text to `out` (of its size) without our options. */
static int strip(sac__mongo_uri *uri, const char *text, char *out, sac_err *err)
{
    const size_t before = strcspn(text, "?");
    const char *at = text + before;
    char between = '?';

    memcpy(out, text, before);
    out += before;
    while (*at) {
        const sac_str option = sac_str_n(at + 1, strcspn(at + 1, "&"));
        const int ours = read_option(uri, option, err);

        if (ours < 0)
            return ours;
        if (!ours) {
            *out++ = between;
            memcpy(out, option.p, option.n);
            out += option.n;
            between = '&';
        }
        at = option.p + option.n;
    }
    *out = '\0';
    return SAC_OK;
}

static void bound(mongoc_uri_t *uri, const char *option, unsigned max)
{
    const int32_t given = mongoc_uri_get_option_as_int32(uri, option, 0);

    if (given <= 0 || (unsigned)given > max)
        mongoc_uri_set_option_as_int32(uri, option, (int32_t)max);
}

/* A call is at most two messages, or a choice of server and a message. */
static void bound_times(const sac__mongo_uri *uri)
{
    bound(uri->driver, MONGOC_URI_SERVERSELECTIONTIMEOUTMS, uri->timeout_ms / 2);
    bound(uri->driver, MONGOC_URI_SOCKETTIMEOUTMS, uri->timeout_ms / 2);
    bound(uri->driver, MONGOC_URI_CONNECTTIMEOUTMS, uri->timeout_ms / 4);
    mongoc_uri_set_option_as_int32(uri->driver, MONGOC_URI_MAXPOOLSIZE, (int32_t)uri->clients);
    /* Reads are tried again here, where the time that is left is known. */
    mongoc_uri_set_option_as_bool(uri->driver, MONGOC_URI_RETRYREADS, false);
    if (!mongoc_uri_get_appname(uri->driver))
        mongoc_uri_set_appname(uri->driver, "sacrum");
}

static int parse(sac__mongo_uri *uri, const char *text, sac_err *err)
{
    bson_error_t error = {.domain = 0};

    uri->driver = mongoc_uri_new_with_error(text, &error);
    if (!uri->driver)
        return sac_err_set(err, SAC_EINVAL, "mongodb: bad URI: %.100s", error.message);
    uri->database = mongoc_uri_get_database(uri->driver);
    if (!uri->database || !*uri->database) {
        sac__mongo_uri_fini(uri);
        return sac_err_set(err, SAC_EINVAL,
                           "mongodb: the URI names no database: mongodb://HOST/NAME");
    }
    bound_times(uri);
    return SAC_OK;
}

int sac__mongo_uri_init(sac__mongo_uri *uri, const char *text, const sac_alloc *alloc, sac_err *err)
{
    sac__mongo_uri got = {.timeout_ms = 10000, .clients = 16};
    size_t size;
    char *bare;
    int rc;

    if (!text || (strncmp(text, "mongodb://", 10) != 0 && strncmp(text, "mongodb+srv://", 14) != 0))
        return sac_err_set(err, SAC_ENOTMINE, "not a mongodb: URI");
    size = strlen(text) + 1;
    bare = sac__alloc(alloc, size);
    if (!bare)
        return sac_err_set(err, SAC_ENOMEM, "mongodb: no memory");
    rc = strip(&got, text, bare, err);
    if (rc == SAC_OK)
        rc = parse(&got, bare, err);
    sac__alloc_free(alloc, bare, size);
    if (rc == SAC_OK)
        *uri = got;
    return rc;
}

void sac__mongo_uri_fini(sac__mongo_uri *uri)
{
    if (uri->driver)
        mongoc_uri_destroy(uri->driver);
    uri->driver = NULL;
}
