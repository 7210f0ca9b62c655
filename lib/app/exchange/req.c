/* SPDX-License-Identifier: MIT */
#include "app/exchange/exchange.h"

#include <stdio.h>

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

static bool parse_int(sac_str text, int64_t *out)
{
    const bool negative = text.n > 0 && text.p[0] == '-';
    uint64_t value = 0;
    size_t i = negative;

    if (i == text.n || text.n - i > 19)
        return false;
    for (; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
        value = 10 * value + (uint64_t)(text.p[i] - '0');
    }
    if (value > (uint64_t)INT64_MAX + negative)
        return false;
    *out = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

bool sac_req_param_int(const sac_req *req, const char *name, int64_t *out)
{
    return parse_int(sac_req_param(req, name), out);
}

bool sac_req_param_oid(const sac_req *req, const char *name, sac_oid *out)
{
    return sac_oid_parse(sac_req_param(req, name), false, out);
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

int sac_req_query_int(sac_req *req, const char *name, int64_t min, int64_t max, int64_t fallback,
                      int64_t *out)
{
    const sac__params *params = NULL;
    const sac__param *param;
    int64_t value;
    int rc = sac__req_params(req, &params);

    if (rc != SAC_OK)
        return rc;
    param = sac__params_get(params, name);
    if (!param) {
        *out = fallback;
        return SAC_OK;
    }
    if (!parse_int(param->value, &value) || value < min || value > max)
        return sac_problem(req, "bad_parameter", "%s is not an integer from %lld to %lld", name,
                           (long long)min, (long long)max);
    *out = value;
    return SAC_OK;
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

const sac__route *sac__req_route(const sac_req *req)
{
    return req->mount ? req->mount->route : NULL;
}

bool sac__req_may_wait(const sac_req *req)
{
    return req->on_worker || (!req->core->workers && !req->is_inline);
}
