/* SPDX-License-Identifier: MIT */

/*
 * A program that had a libevent loop and an evhttp server before: a status page,
 * counters, a timer, signals. Under /api it has a REST API now: attach_api(),
 * and the call that takes it off again, is all that came to it.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>

#include <sacrum/sacrum.h>
#include <sacrum/host/libevent.h>
#include <sacrum/store/lmdb.h>

typedef struct station {
    struct event_base *base;
    struct evhttp *http;
    struct evhttp_bound_socket *socket;
    struct event *every_second, *on_int, *on_term;
    unsigned long seconds, pages;
    sac_app *app;
    sac_libevent *api;
    bool stopping;
} station;

/* The program's own routes */

static void reply_text(struct evhttp_request *request, const char *type, struct evbuffer *text)
{
    evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type", type);
    evhttp_send_reply(request, HTTP_OK, NULL, text);
    evbuffer_free(text);
}

static void show_status(struct evhttp_request *request, void *arg)
{
    station *st = arg;
    struct evbuffer *text = evbuffer_new();

    st->pages++;
    evbuffer_add_printf(text,
                        "<!doctype html><title>Station</title><h1>Station</h1>"
                        "<p>Up for %lu s. <a href=\"/metrics\">Counters</a>, "
                        "<a href=\"/api/notes\">notes</a>.\n",
                        st->seconds);
    reply_text(request, "text/html; charset=utf-8", text);
}

static void show_metrics(struct evhttp_request *request, void *arg)
{
    station *st = arg;
    struct evbuffer *text = evbuffer_new();

    evbuffer_add_printf(text, "station_seconds_total %lu\nstation_pages_total %lu\n", st->seconds,
                        st->pages);
    reply_text(request, "text/plain; version=0.0.4", text);
}

static void show_nothing(struct evhttp_request *request, void *arg)
{
    (void)arg;
    evhttp_send_error(request, HTTP_NOTFOUND, "there is no such page");
}

/* The API */

static const sac_field note_fields[] = {
    {.name = "text", .type = SAC_STRING, .required = true, .max_length = 1000},
    {.name = "at", .type = SAC_DATE, .nullable = true},
    {.name = NULL},
};
static const sac_resource notes = SAC_RESOURCE(.name = "notes", .fields = note_fields);

/* Inline: it runs in the loop, so the station's counters need no lock. */
static int stats_get(void *self, sac_req *req)
{
    const station *st = self;
    int64_t n = 0;
    int rc = sac_req_count(req, "notes", NULL, &n);

    return rc ? rc
              : sac_reply_jsonf(req, 200, "{\"seconds\": %lu, \"pages\": %lu, \"notes\": %lld}",
                                st->seconds, st->pages, (long long)n);
}
static const sac_view_ops stats = SAC_VIEW_OPS(.name = "stats", .flags = SAC_INLINE,
                                               .get = stats_get);

static int attach_api(station *st, const char *database, sac_err *err)
{
    const sac_app_config config = SAC_APP_CONFIG(.database = database, .stores = {sac_lmdb});
    const sac_libevent_config place = SAC_LIBEVENT_CONFIG(.prefix = "/api", .other = show_nothing);
    int rc = sac_app_new(&config, &st->app, err);

    if (rc == SAC_OK)
        rc = sac_app_resource(st->app, "/notes", &notes, err);
    if (rc == SAC_OK)
        rc = sac_app_mount(st->app, "/stats", &stats, st, err);
    if (rc == SAC_OK)
        rc = sac_libevent_attach(st->app, st->http, &place, &st->api, err);
    return rc;
}

/* The loop */

static void on_second(evutil_socket_t fd, short what, void *arg)
{
    station *st = arg;

    (void)fd;
    (void)what;
    st->seconds++;
}

static void leave_loop(void *arg)
{
    station *st = arg;

    st->api = NULL;
    event_base_loopexit(st->base, NULL);
}

/* The first signal lets requests end, the second does not wait for them. */
static void on_signal(evutil_socket_t fd, short what, void *arg)
{
    station *st = arg;

    (void)fd;
    (void)what;
    if (st->stopping) {
        event_base_loopbreak(st->base);
        return;
    }
    st->stopping = true;
    evhttp_del_accept_socket(st->http, st->socket);
    sac_libevent_detach(st->api, leave_loop, st);
}

static bool open_station(station *st, const char *host, unsigned port)
{
    const struct timeval second = {.tv_sec = 1};

    st->base = event_base_new();
    st->http = st->base ? evhttp_new(st->base) : NULL;
    if (!st->http)
        return false;
    evhttp_set_timeout(st->http, 30);
    evhttp_set_cb(st->http, "/", show_status, st);
    evhttp_set_cb(st->http, "/metrics", show_metrics, st);
    evhttp_set_gencb(st->http, show_nothing, st);
    st->every_second = event_new(st->base, -1, EV_PERSIST, on_second, st);
    st->on_int = evsignal_new(st->base, SIGINT, on_signal, st);
    st->on_term = evsignal_new(st->base, SIGTERM, on_signal, st);
    if (!st->every_second || !st->on_int || !st->on_term)
        return false;
    event_add(st->every_second, &second);
    event_add(st->on_int, NULL);
    event_add(st->on_term, NULL);
    st->socket = evhttp_bind_socket_with_handle(st->http, host, (unsigned short)port);
    return st->socket != NULL;
}

static void close_station(station *st)
{
    sac_libevent_free(st->api);
    if (st->every_second)
        event_free(st->every_second);
    if (st->on_int)
        event_free(st->on_int);
    if (st->on_term)
        event_free(st->on_term);
    if (st->http)
        evhttp_free(st->http);
    if (st->base)
        event_base_free(st->base);
    sac_app_free(st->app);
}

/* The command line */

typedef struct options {
    char host[128];
    unsigned port;
    const char *database;
} options;

static int usage(FILE *to)
{
    fputs("usage: embed_libevent [--listen HOST:PORT] [--database URI]\n", to);
    return to == stdout ? 0 : 2;
}

static bool read_address(const char *text, options *o)
{
    const char *colon = strrchr(text, ':');
    char *end = NULL;

    if (!colon || colon == text || (size_t)(colon - text) >= sizeof o->host)
        return false;
    memcpy(o->host, text, (size_t)(colon - text));
    o->host[colon - text] = '\0';
    o->port = (unsigned)strtoul(colon + 1, &end, 10);
    return end != colon + 1 && *end == '\0' && o->port < 65536;
}

/* -1: go on, else the exit status. */
static int read_options(int argc, char **argv, options *o)
{
    for (int i = 1; i < argc; i += 2) {
        if (strcmp(argv[i], "--help") == 0)
            return usage(stdout);
        if (i + 1 == argc)
            return usage(stderr);
        if (strcmp(argv[i], "--database") == 0)
            o->database = argv[i + 1];
        else if (strcmp(argv[i], "--listen") != 0 || !read_address(argv[i + 1], o))
            return usage(stderr);
    }
    return -1;
}

int main(int argc, char **argv)
{
    options o = {.host = "127.0.0.1", .port = 8080, .database = "lmdb:station.db"};
    station st = {.seconds = 0};
    sac_err err = {.code = 0};
    int status = read_options(argc, argv, &o);

    if (status >= 0)
        return status;
    signal(SIGPIPE, SIG_IGN);
    if (!open_station(&st, o.host, o.port)) {
        fprintf(stderr, "embed_libevent: cannot listen on %s:%u\n", o.host, o.port);
        status = 1;
    } else if (attach_api(&st, o.database, &err) != SAC_OK) {
        fprintf(stderr, "embed_libevent: %s\n", err.text);
        status = 1;
    } else {
        printf("embed_libevent: http://%s:%u/\n", o.host, o.port);
        fflush(stdout);
        event_base_dispatch(st.base);
        status = 0;
    }
    close_station(&st);
    return status;
}
