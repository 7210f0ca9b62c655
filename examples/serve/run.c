/* SPDX-License-Identifier: MIT */
/* Serves what a configuration declares. */
#include <signal.h>
#include <stdio.h>

#include <cjson/cJSON.h>

#include <sacrum/host/microhttpd.h>

#include "serve.h"

/* GET /api: what there is, for the page and for the curious. */
static int describe_get(void *self, sac_req *req)
{
    const char *text = self;

    return sac_reply_json(req, 200, sac_str_of(text));
}

static const sac_view_ops describe_view = SAC_VIEW_OPS(.name = "describe", .get = describe_get,
                                                       .flags = SAC_INLINE);

static char *describe(const config *c)
{
    cJSON *all = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(all, "collections");
    char *text;

    for (size_t i = 0; i < c->n_collections; i++) {
        cJSON *one = cJSON_Duplicate(c->collections[i].source, true);

        cJSON_DeleteItemFromObjectCaseSensitive(one, "path");
        cJSON_AddStringToObject(one, "path", c->collections[i].path);
        cJSON_AddStringToObject(one, "name", c->collections[i].resource.name);
        cJSON_AddItemToArray(list, one);
    }
    text = cJSON_PrintUnformatted(all);
    cJSON_Delete(all);
    return text;
}

static int build(sac_app *app, const config *c, char *description, sac_err *err)
{
    int rc = sac_app_mount(app, "/api", &describe_view, description, err);

    for (size_t i = 0; rc == SAC_OK && i < c->n_collections; i++) {
        const collection *one = &c->collections[i];

        rc = sac_app_resource(app, one->path, &one->resource, err);
        if (rc != SAC_OK)
            fprintf(stderr, "serve: collections.%s: ", one->resource.name);
    }
    if (rc == SAC_OK && c->cors.origins)
        rc = sac_app_cors(app, &c->cors, err);
    if (rc == SAC_OK && c->public)
        rc = sac_app_static(app, "/", c->public, err);
    return rc;
}

/* Until SIGINT or SIGTERM. */
static int listen_and_wait(sac_app *app, const char *listen, sac_err *err)
{
    const sac_microhttpd_config how = SAC_MICROHTTPD_CONFIG(.listen = listen);
    sac_microhttpd *server = NULL;
    const char *colon = strrchr(listen, ':');
    sigset_t signals;
    int rc, got;

    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    rc = sac_microhttpd_start(app, &how, &server, err);
    if (rc != SAC_OK)
        return rc;
    printf("serve: http://%.*s:%u/\n", colon > listen ? (int)(colon - listen) : 9,
           colon > listen ? listen : "localhost", sac_microhttpd_port(server));
    fflush(stdout);
    sigwait(&signals, &got);
    sac_microhttpd_stop(server);
    return SAC_OK;
}

static int run(const config *c, char *description)
{
    sac_app *app = NULL;
    sac_err err = {.code = 0};
    int rc = sac_app_new(&c->app, &app, &err);

    if (rc == SAC_OK)
        rc = build(app, c, description, &err);
    if (rc == SAC_OK)
        rc = listen_and_wait(app, c->listen, &err);
    sac_app_free(app);
    if (rc != SAC_OK)
        fprintf(stderr, "serve: %s\n", err.text);
    return rc == SAC_OK ? ALL_WELL : FAILED;
}

int serve_config(const options *o)
{
    const char *const origins[] = {o->origin, NULL};
    int status = MISUSED;
    char *description;
    config c;

    if (config_read(&c, o->config) == 0) {
        c.app.database = o->database ? o->database : c.app.database;
        c.listen = o->listen ? o->listen : c.listen;
        c.public = o->public ? o->public : c.public;
        c.cors.origins = o->origin ? origins : c.cors.origins;
        known_stores(c.app.stores);
        description = describe(&c);
        if (!c.app.database)
            fprintf(stderr, "serve: %s: names no database, nor does --database\n", o->config);
        else
            status = run(&c, description);
        cJSON_free(description);
    }
    config_free(&c);
    return status;
}
