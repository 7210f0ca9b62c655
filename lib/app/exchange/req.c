/* SPDX-License-Identifier: MIT */
#include "app/exchange/exchange.h"

#include <stdio.h>

#include "bson/wire.h"
#include "core/clock.h"
#include "http/cookie.h"
#include "http/media.h"
#include "http/method.h"
#include "http/token.h"

unsigned sac_req_method(const sac_req *req)
{
    return req->method;
}

sac_str sac_req_path(const sac_req *req)
{
    return req->path;
}

sac_str sac_req_param(const sac_req *req, const char *name)
{
    const sac__route *route = req->match.route;

    for (size_t i = 0; route && i < route->n_params; i++)
        if (sac_str_is(route->params[i], name))
            return req->match.values[i];
    return sac_str_of(NULL);
}

/* Reads the query once; what came of it stays. */
static int read_params(sac_req *req)
{
    if (req->params || req->params_error)
        return req->params_error;
    req->params_error = sac__params_parse(req->arena, req->target.query,
                                          req->core->config.max_params, &req->params_memory);
    if (req->params_error == SAC_OK)
        req->params = &req->params_memory;
    else if (req->params_error == SAC_ENOMEM)
        req->out_of_memory = true;
    return req->params_error;
}

int sac__req_params(sac_req *req, const sac__params **out)
{
    const int rc = read_params(req);

    if (rc == SAC_ENOMEM)
        return sac_fail(req, rc, "query: no memory");
    if (rc != SAC_OK)
        return sac_problem(req, "bad_parameter", "%s",
                           rc == SAC_ELIMIT ? "too many query parameters"
                                            : "the query string is malformed");
    *out = req->params;
    return SAC_OK;
}

sac_str sac_req_query(const sac_req *req, const char *name)
{
    /* What is read on demand is no change that a caller could see. */
    const sac__param *param = read_params((sac_req *)req) == SAC_OK
                                  ? sac__params_get(req->params, name)
                                  : NULL;

    if (!param)
        return sac_str_of(NULL);
    return param->value.p ? param->value : sac_str_of("");
}

sac_str sac_req_query_at(const sac_req *req, const char *name, size_t i)
{
    if (read_params((sac_req *)req) != SAC_OK)
        return sac_str_of(NULL);
    for (size_t at = 0; at < req->params->n; at++) {
        const sac__param *param = &req->params->v[at];

        if (sac_str_is(param->name, name) && i-- == 0)
            return param->value.p ? param->value : sac_str_of("");
    }
    return sac_str_of(NULL);
}

sac_str sac_req_header(const sac_req *req, const char *name)
{
    return sac__headers_get(req->head.headers, req->head.n_headers, name);
}

sac_str sac_req_cookie(const sac_req *req, const char *name)
{
    const sac_header *headers = req->head.headers;
    sac_str value = {NULL, 0};

    /* HTTP/2 allows the field more than once. */
    for (size_t i = 0; i < req->head.n_headers && !value.p; i++)
        if (sac__header_is(headers[i].name, "cookie"))
            value = sac__cookie_get(headers[i].value, name);
    return value;
}

sac_str sac_req_peer(const sac_req *req)
{
    return req->head.peer;
}

void *sac_req_alloc(sac_req *req, size_t n)
{
    return sac__arena_get(req->arena, n);
}

sac_str sac_req_dup(sac_req *req, sac_str s)
{
    return sac__arena_dup(req->arena, s);
}

sac_str sac_req_printf(sac_req *req, const char *format, ...)
{
    va_list args;
    sac_str s;

    va_start(args, format);
    s = sac__arena_vprintf(req->arena, format, args);
    va_end(args);
    return s;
}

const sac_alloc *sac_req_allocator(sac_req *req)
{
    return sac__arena_alloc(req->arena);
}

int sac_req_defer(sac_req *req, void (*fn)(void *self), void *self)
{
    return sac__arena_defer(req->arena, fn, self);
}

static sac__kept *find_kept(const sac_req *req, const void *key)
{
    sac__kept *kept = req->kept;

    while (kept && kept->key != key)
        kept = kept->next;
    return kept;
}

int sac_req_set(sac_req *req, const void *key, void *value)
{
    sac__kept *kept = find_kept(req, key);

    if (!kept) {
        kept = sac__arena_get(req->arena, sizeof *kept);
        if (!kept)
            return SAC_ENOMEM;
        *kept = (sac__kept){.key = key, .next = req->kept};
        req->kept = kept;
    }
    kept->value = value;
    return SAC_OK;
}

void *sac_req_get(const sac_req *req, const void *key)
{
    const sac__kept *kept = find_kept(req, key);

    return kept ? kept->value : NULL;
}

sac_app *sac_req_app(const sac_req *req)
{
    return &req->core->root;
}

void *sac_req_state(const sac_req *req)
{
    return req->core->config.state;
}

static void log_line(const sac_req *req, sac_log_level level, const char *format, va_list args)
{
    char text[1024];

    if (vsnprintf(text, sizeof text, format, args) >= 0)
        sac__logf(&req->core->log, level, "%.*s %.*s: %s", (int)req->head.method.n,
                  req->head.method.p ? req->head.method.p : "", (int)req->path.n, req->path.p,
                  text);
}

void sac_req_log(sac_req *req, sac_log_level level, const char *format, ...)
{
    va_list args;

    if (!req->core->log.fn || level > req->core->log.level)
        return;
    va_start(args, format);
    log_line(req, level, format, args);
    va_end(args);
}

void sac_req_oid(sac_req *req, sac_oid *out)
{
    sac_oid_next(&req->core->oids, out);
}

int64_t sac_req_now(const sac_req *req)
{
    (void)req;
    return sac__clock_ms();
}

static sac_value make_value(sac_req *req, uint8_t type, size_t n, uint8_t **raw)
{
    *raw = sac__arena_bytes(req->arena, n);
    if (*raw)
        return (sac_value){type, sac_str_n(*raw, n)};
    req->out_of_memory = true; /* as a bound it would be none */
    return (sac_value){.type = SAC_BSON_MISSING};
}

sac_value sac_req_str_value(sac_req *req, sac_str s)
{
    enum { AROUND = 5 }; /* its length before, a NUL behind */
    uint8_t *raw;
    sac_value value = {.type = SAC_BSON_MISSING};

    if (s.n > SAC_BSON_MAX)
        return value;
    value = make_value(req, SAC_BSON_STRING, s.n + AROUND, &raw);
    if (raw) {
        sac__wire_put32(raw, (uint32_t)s.n + 1);
        if (s.n > 0)
            memcpy(raw + 4, s.p, s.n);
        raw[s.n + AROUND - 1] = 0;
    }
    return value;
}

sac_value sac_req_oid_value(sac_req *req, const sac_oid *oid)
{
    uint8_t *raw;
    const sac_value value = make_value(req, SAC_BSON_OBJECTID, sizeof *oid, &raw);

    if (raw)
        memcpy(raw, oid->bytes, sizeof *oid);
    return value;
}

sac_value sac_req_int_value(sac_req *req, int64_t n)
{
    const bool small = n >= INT32_MIN && n <= INT32_MAX;
    uint8_t *raw;
    const sac_value value = small ? make_value(req, SAC_BSON_INT32, 4, &raw)
                                  : make_value(req, SAC_BSON_INT64, 8, &raw);

    if (raw && small)
        sac__wire_put32(raw, (uint32_t)n);
    else if (raw)
        sac__wire_put64(raw, (uint64_t)n);
    return value;
}

sac_str sac_req_url_for(sac_req *req, const char *view, ...)
{
    enum { MAX_URL = 16 * 1024 };
    const sac_str prefix = req->head.prefix;
    char *url = NULL;
    va_list pairs;
    int rc = SAC_ETOOBIG;

    for (size_t cap = 256; rc == SAC_ETOOBIG && cap <= MAX_URL; cap *= 4) {
        url = sac__arena_bytes(req->arena, prefix.n + cap);
        if (!url)
            return sac_str_of(NULL);
        if (prefix.n > 0)
            memcpy(url, prefix.p, prefix.n);
        va_start(pairs, view);
        rc = sac__router_url(req->core->router, view, pairs, url + prefix.n, cap);
        va_end(pairs);
    }
    return rc == SAC_OK ? sac_str_of(url) : sac_str_of(NULL);
}

sac_str sac_req_origin(const sac_req *req)
{
    const sac_app_config *config = &req->core->config;

    if (config->origin)
        return sac_str_of(config->origin);
    /* A Host that is not in config.hosts did not come so far. */
    if (!req->host.p || (!config->hosts && !sac__host_is_loopback(req->host)))
        return sac_str_of(NULL);
    return sac__arena_printf(req->arena, "%s://%.*s", req->head.secure ? "https" : "http",
                             (int)req->host.n, req->host.p);
}

sac__arena *sac__req_arena(sac_req *req)
{
    return req->arena;
}

const sac_head *sac__req_head(const sac_req *req)
{
    return &req->head;
}

sac_str sac__req_raw_path(const sac_req *req)
{
    return req->target.path;
}

const sac_app *sac__req_group(const sac_req *req)
{
    return req->group;
}

const sac__route *sac__req_route(const sac_req *req)
{
    return req->mount ? req->mount->route : NULL;
}

unsigned sac__req_passed_methods(const sac_req *req)
{
    return req->match.allowed;
}

bool sac__req_may_wait(const sac_req *req)
{
    return req->on_worker || (!req->core->workers && !req->is_inline);
}
