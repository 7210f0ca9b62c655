/* SPDX-License-Identifier: MIT */
#ifndef AUTH_GUARDED_H
#define AUTH_GUARDED_H

#include "unit/app/raw_host.h"

#include <sacrum/identity.h>

#include "http/headers.h"

/* An app, and a client that says what no loopback client can: its address, and TLS. */
typedef struct guarded {
    sac_app *app;
    raw_host host;
    sac_exchange *exchange; /* of the last request */
    const sac_answer *answer;
} guarded;

/* Header lines as names and values in turn, ending with NULL. */
typedef struct asking {
    const char *method, *target;
    const char *const *lines;
    const char *body, *peer;
    bool secure;
} asking;
#define LINES(...) ((const char *const[]){__VA_ARGS__, NULL})

static inline void guarded_new(guarded *g, const sac_app_config *config)
{
    const sac_app_config none = SAC_APP_CONFIG(.workers = SAC_NO_WORKERS);

    memset(g, 0, sizeof *g);
    raw_init(&g->host);
    CHECK_INT(sac_app_new(config ? config : &none, &g->app, NULL), SAC_OK);
}

static inline void guarded_free(guarded *g)
{
    sac_exchange_close(g->exchange);
    sac_app_free(g->app);
    raw_fini(&g->host);
}

/* The status of the answer. */
static inline int guarded_ask(guarded *g, const asking *ask)
{
    const sac_str body = sac_str_of(ask->body);
    sac_header headers[16] = {{{"host", 4}, {"sacrum.example", 14}}};
    sac_head head = SAC_HEAD_INIT(.method = sac_str_of(ask->method),
                                  .target = sac_str_of(ask->target), .headers = headers,
                                  .n_headers = 1, .length = (int64_t)body.n,
                                  .peer = sac_str_of(ask->peer), .secure = ask->secure);
    size_t taken;

    for (const char *const *line = ask->lines; line && *line; line += 2) {
        const sac_header header = {sac_str_of(line[0]), sac_str_of(line[1])};

        headers[strcmp(line[0], "host") == 0 ? 0 : head.n_headers++] = header;
    }
    CHECK_INT(sac_app_seal(g->app, NULL), SAC_OK);
    sac_exchange_close(g->exchange);
    g->exchange = raw_open(&g->host, g->app);
    if (sac_exchange_head(g->exchange, &head) == 0 &&
        (body.n == 0 || sac_exchange_body(g->exchange, body.p, body.n, &taken) == 0))
        CHECK(sac_exchange_end(g->exchange) >= 0);
    while (sac_exchange_answer(g->exchange, &g->answer) == SAC_LATER)
        raw_wait(&g->host);
    return g->answer->status;
}

/* A field of the last answer; p NULL: none. */
static inline sac_str guarded_field(const guarded *g, const char *name)
{
    return sac__headers_get(g->answer->headers, g->answer->n_headers, name);
}

static inline bool guarded_problem(const guarded *g, const char *code)
{
    char member[64];

    snprintf(member, sizeof member, "\"code\":\"%s\"", code);
    return contains(g->answer->bytes, member);
}

/* Sets an app up while memory ends ever later. */
static inline void guarded_survive_oom(int (*set_up)(sac_app *app))
{
    int rc = SAC_ENOMEM;

    for (long n = 0; rc != SAC_OK; n++) {
        fault_alloc fault;
        const sac_app_config config = SAC_APP_CONFIG(.workers = SAC_NO_WORKERS,
                                                     .alloc = fault_alloc_init(&fault, n));
        sac_app *app = NULL;

        rc = sac_app_new(&config, &app, NULL);
        if (rc == SAC_OK)
            rc = set_up(app);
        CHECK(rc == SAC_OK || rc == SAC_ENOMEM);
        sac_app_free(app);
        CHECK_INT(fault.live, 0);
        CHECK(n < 1000);
    }
}

/* Knows who says so in X-User; what X-Ambient says a browser sends unasked. */
static inline int identify_named(void *self, sac_req *req, sac_identity *out)
{
    const sac_str name = sac_req_header(req, "x-user");

    (void)self;
    if (!name.p)
        return 0;
    if (sac_str_is(name, "nobody"))
        return SAC_EUNAUTHORIZED;
    if (sac_str_is(name, "away"))
        return SAC_EUNAVAILABLE;
    out->name = name;
    out->id = sac_req_str_value(req, name);
    out->ambient = sac_req_header(req, "x-ambient").p;
    return 1;
}

static inline void guarded_identities(guarded *g)
{
    static const sac_authenticator_ops named = SAC_AUTHENTICATOR_OPS(.name = "named",
                                                                     .flags = SAC_INLINE,
                                                                     .identify = identify_named);

    CHECK_INT(sac_app_authenticator(g->app, &named, NULL, NULL), SAC_OK);
}

#endif
