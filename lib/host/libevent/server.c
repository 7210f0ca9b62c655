/* SPDX-License-Identifier: MIT */
#include "server.h"

#include <event2/listener.h>

/* A path that no request has: tells that an app is behind evhttp_set_gencb(). */
static const char taken[] = "\001sacrum";

static int read_config(const sac_app *app, const sac_libevent_config *given,
                       sac_libevent_config *out, sac_err *err)
{
    memset(out, 0, sizeof *out);
    if (given && given->size > sizeof *out)
        return sac_err_set(err, SAC_EVERSION,
                           "sac_libevent_config of a newer libsacrum: %zu bytes, %zu are known",
                           given->size, sizeof *out);
    if (given)
        memcpy(out, given, given->size);
    if (out->max_body < SAC_KEEP_MAX_BODY || out->max_head < SAC_KEEP_MAX_HEAD)
        return sac_err_set(err, SAC_EINVAL, "libevent: max_body or max_head is negative");
    if (out->max_body == 0)
        out->max_body = (int64_t)sac_app_max_body(app);
    out->max_head = out->max_head ? out->max_head : 64 * 1024;
    out->stop_timeout = out->stop_timeout ? out->stop_timeout : 5;
    return SAC_OK;
}

static int check_prefix(const char *prefix, sac_err *err)
{
    const size_t n = strlen(prefix);
    bool good = n > 0 && prefix[0] == '/' && (n == 1 || prefix[n - 1] != '/');

    for (size_t i = 0; i < n; i++)
        good = good && prefix[i] > ' ' && prefix[i] < 0x7f && !strchr("?#", prefix[i]) &&
               (prefix[i] != '/' || prefix[i + 1] != '/');
    if (good)
        return SAC_OK;
    return sac_err_set(err, SAC_EINVAL, "libevent: prefix \"%s\" is not as \"/api\"", prefix);
}

static int keep_prefix(sac_libevent *host, sac_err *err)
{
    const char *prefix = host->config.prefix;
    const bool none = !prefix || strcmp(prefix, "/") == 0;
    int rc = prefix ? check_prefix(prefix, err) : SAC_OK;

    if (rc != SAC_OK)
        return rc;
    host->prefix_n = none ? 0 : strlen(prefix);
    host->prefix = host->alloc->resize(host->alloc->self, NULL, 0, host->prefix_n + 1);
    if (!host->prefix)
        return sac_err_set(err, SAC_ENOMEM, "libevent: out of memory");
    memcpy(host->prefix, none ? "" : prefix, host->prefix_n + 1);
    return SAC_OK;
}

static void free_memory(sac_libevent *host)
{
    const sac_alloc *alloc = host->alloc;

    for (ask *a = host->spare, *next; a; a = next) {
        next = a->next;
        alloc->resize(alloc->self, a, sizeof *a, 0);
    }
    if (host->prefix)
        alloc->resize(alloc->self, host->prefix, host->prefix_n + 1, 0);
    if (host->fields)
        alloc->resize(alloc->self, host->fields, host->fields_cap * sizeof *host->fields, 0);
    if (host->target)
        alloc->resize(alloc->self, host->target, host->target_cap, 0);
    alloc->resize(alloc->self, host, sizeof *host, 0);
}

static int new_host(sac_app *app, const sac_libevent_config *config, sac_libevent **out,
                    sac_err *err)
{
    const sac_alloc *alloc = sac_app_allocator(app);
    sac_libevent *host = alloc->resize(alloc->self, NULL, 0, sizeof *host);
    int rc;

    if (!host)
        return sac_err_set(err, SAC_ENOMEM, "libevent: out of memory");
    memset(host, 0, sizeof *host);
    host->app = app;
    host->alloc = alloc;
    rc = read_config(app, config, &host->config, err);
    if (rc == SAC_OK)
        rc = keep_prefix(host, err);
    if (rc == SAC_OK && (rc = sac__libevent_wake_init(host)) != SAC_OK)
        (void)sac_err_set(err, rc, "libevent: the system gives no eventfd or pipe");
    if (rc != SAC_OK) {
        free_memory(host);
        return rc;
    }
    *out = host;
    return SAC_OK;
}

static void free_events(sac_libevent *host)
{
    if (host->on_wake)
        event_free(host->on_wake);
    if (host->on_stop)
        event_free(host->on_stop);
    host->on_wake = host->on_stop = NULL;
}

/* evhttp does not tell its loop: a listener does, or else the first connection. */
static bool join_loop(sac_libevent *host, struct event_base *base)
{
    if (host->base)
        return true;
    host->on_wake = event_new(base, host->wake_from, EV_READ | EV_PERSIST, sac__libevent_wake_read,
                              host);
    host->on_stop = evtimer_new(base, sac__libevent_stop_timer, host);
    if (!host->on_wake || !host->on_stop || event_add(host->on_wake, NULL) != 0) {
        free_events(host);
        return false;
    }
    host->base = base;
    return true;
}

static void find_base(struct evhttp_bound_socket *socket, void *self)
{
    *(struct event_base **)self = evconnlistener_get_base(evhttp_bound_socket_get_listener(socket));
}

bool sac_libevent_handle(sac_libevent *host, struct evhttp_request *request)
{
    struct evhttp_connection *connection = evhttp_request_get_connection(request);

    if (!sac__libevent_head_is_ours(host, evhttp_request_get_uri(request)))
        return false;
    if (!host->leaving && join_loop(host, evhttp_connection_get_base(connection)))
        sac__libevent_ask_begin(host, request);
    else
        sac__libevent_answer_plainly(request);
    return true;
}

/* In the place of evhttp_set_gencb(). */
static void handle_any(struct evhttp_request *request, void *self)
{
    sac_libevent *host = self;
    const int added = host->config.keep_methods ? 0 : EVHTTP_REQ_PATCH | EVHTTP_REQ_OPTIONS;

    if (sac_libevent_handle(host, request))
        return;
    if (evhttp_request_get_command(request) & added)
        evhttp_send_error(request, HTTP_NOTIMPLEMENTED, NULL);
    else if (host->config.other)
        host->config.other(request, host->config.arg);
    else
        evhttp_send_error(request, HTTP_NOTFOUND, NULL);
}

static int take_place(sac_libevent *host, sac_err *err)
{
    const int rc = evhttp_set_cb(host->http, taken, handle_any, host);

    if (rc == -1)
        return sac_err_set(err, SAC_EEXIST,
                           "libevent: another app has the place of evhttp_set_gencb(); attach "
                           "both with no_gencb and call sac_libevent_handle()");
    return rc == 0 ? SAC_OK : sac_err_set(err, SAC_ENOMEM, "libevent: out of memory");
}

static void set_limits(const sac_libevent *host)
{
    const sac_libevent_config *config = &host->config;

    if (config->max_body != SAC_KEEP_MAX_BODY)
        evhttp_set_max_body_size(host->http, (ev_ssize_t)config->max_body);
    if (config->max_head != SAC_KEEP_MAX_HEAD)
        evhttp_set_max_headers_size(host->http, (ev_ssize_t)config->max_head);
    if (!config->keep_methods)
        evhttp_set_allowed_methods(host->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD |
                                                   EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE |
                                                   EVHTTP_REQ_PATCH | EVHTTP_REQ_OPTIONS);
}

void sac__libevent_host_free(sac_libevent *host)
{
    if (!host->config.no_gencb) {
        (void)evhttp_del_cb(host->http, taken);
        evhttp_set_gencb(host->http, host->config.other, host->config.arg);
    }
    free_events(host);
    sac__libevent_wake_fini(host);
    free_memory(host);
}

int sac_libevent_attach(sac_app *app, struct evhttp *http, const sac_libevent_config *config,
                        sac_libevent **out, sac_err *err)
{
    struct event_base *base = NULL;
    sac_libevent *host = NULL;
    int rc = new_host(app, config, &host, err);

    if (rc != SAC_OK)
        return rc;
    host->http = http;
    evhttp_foreach_bound_socket(http, find_base, &base);
    if (base && !join_loop(host, base))
        rc = sac_err_set(err, SAC_ENOMEM, "libevent: the loop takes no event");
    if (rc == SAC_OK && !host->config.no_gencb)
        rc = take_place(host, err);
    if (rc == SAC_OK) {
        rc = sac_app_seal(app, err);
        if (rc != SAC_OK && !host->config.no_gencb)
            (void)evhttp_del_cb(http, taken);
    }
    if (rc != SAC_OK) {
        free_events(host);
        sac__libevent_wake_fini(host);
        free_memory(host);
        return rc;
    }
    if (!host->config.no_gencb)
        evhttp_set_gencb(http, handle_any, host);
    set_limits(host);
    *out = host;
    return SAC_OK;
}
