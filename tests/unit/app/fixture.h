/* SPDX-License-Identifier: MIT */
#ifndef APP_FIXTURE_H
#define APP_FIXTURE_H

#include "support/support.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sacrum/host/loopback.h>
#include <sacrum/req.h>

/* An app under test, what it logged and a client of it. */
typedef struct fixture {
    sac_app *app;
    sac_loopback *client;
    sac_loopback_reply reply;
    pthread_mutex_t lock;
    char log[8192];
} fixture;

static inline void fixture_log(void *self, sac_log_level level, sac_str line)
{
    fixture *fx = self;
    size_t n;

    (void)level;
    pthread_mutex_lock(&fx->lock);
    n = strlen(fx->log);
    snprintf(fx->log + n, sizeof fx->log - n, "%.*s\n", (int)line.n, line.p);
    pthread_mutex_unlock(&fx->lock);
}

static inline void fixture_new(fixture *fx, const sac_app_config *config)
{
    const sac_app_config none = SAC_APP_CONFIG(.workers = 2);
    sac_app_config full = config ? *config : none;

    memset(fx, 0, sizeof *fx);
    pthread_mutex_init(&fx->lock, NULL);
    full.log = fixture_log;
    full.log_self = fx;
    full.log_level = SAC_LOG_DEBUG;
    CHECK_INT(sac_app_new(&full, &fx->app, NULL), SAC_OK);
}

static inline void fixture_free(fixture *fx)
{
    sac_loopback_free(fx->client);
    sac_app_free(fx->app);
    pthread_mutex_destroy(&fx->lock);
}

static inline void fixture_mount(fixture *fx, const char *path, const sac_view_ops *ops, void *self)
{
    sac_err err = {.code = 0};
    const int rc = sac_app_mount(fx->app, path, ops, self, &err);

    if (rc != SAC_OK)
        print_error("mount: %s\n", err.text);
    CHECK_INT(rc, SAC_OK);
}

static inline int fixture_ask(fixture *fx, const sac_loopback_request *request)
{
    sac_err err = {.code = 0};
    int rc = SAC_OK;

    if (!fx->client)
        rc = sac_loopback_new(fx->app, &fx->client, &err);
    if (rc == SAC_OK)
        rc = sac_loopback_send(fx->client, request, &fx->reply, &err);
    if (rc != SAC_OK)
        print_error("request: %s\n", err.text);
    CHECK_INT(rc, SAC_OK);
    return fx->reply.status;
}

static inline int fixture_get(fixture *fx, const char *method, const char *target)
{
    const sac_loopback_request request = SAC_LOOPBACK_REQUEST(.method = method, .target = target);

    return fixture_ask(fx, &request);
}

/* With one header line. */
static inline int fixture_get_with(fixture *fx, const char *method, const char *target,
                                   const char *line)
{
    const char *const lines[] = {line, NULL};
    const sac_loopback_request request = SAC_LOOPBACK_REQUEST(.method = method, .target = target,
                                                              .headers = lines);

    return fixture_ask(fx, &request);
}

#define CHECK_FIELD(fx, name, text) CHECK_STR(sac_loopback_header(&(fx)->reply, name), text)
#define CHECK_NO_FIELD(fx, name) CHECK(!sac_loopback_header(&(fx)->reply, name).p)

static inline bool contains(sac_str s, const char *part)
{
    return s.p && memmem(s.p, s.n, part, strlen(part));
}

#endif
