/* SPDX-License-Identifier: MIT */

/*
 * Short links, most of whose routes are written by hand: a redirect that
 * counts, CSV in and out as streams, a report that joins two collections, a
 * decorator of its own; beside them two resources, one with its own create and
 * remove.
 */
#include "links.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>

#include <sacrum/host/microhttpd.h>
#include <sacrum/store/lmdb.h>

typedef struct options {
    const char *listen, *database, *public, *key;
} options;

static int usage(FILE *to, int status)
{
    fputs("usage: custom_view [--listen HOST:PORT] [--database URI] [--public FOLDER]\n"
          "                   [--key KEY]   who writes sends it as Authorization: Bearer KEY\n",
          to);
    return status;
}

/* -1: go on, else the exit status. */
static int read_options(int argc, char **argv, options *o)
{
    static const struct option known[] = {
        {"listen", required_argument, NULL, 'l'}, {"database", required_argument, NULL, 'd'},
        {"public", required_argument, NULL, 'p'}, {"key", required_argument, NULL, 'k'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0}};
    int c;

    while ((c = getopt_long(argc, argv, "", known, NULL)) != -1)
        switch (c) {
        case 'l': o->listen = optarg; break;
        case 'd': o->database = optarg; break;
        case 'p': o->public = optarg; break;
        case 'k': o->key = optarg; break;
        case 'h': return usage(stdout, 0);
        default: return usage(stderr, 2);
        }
    return optind == argc ? -1 : usage(stderr, 2);
}

static void print_log(void *self, sac_log_level level, sac_str line)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};

    (void)self;
    fprintf(stderr, "custom_view: %s: %.*s\n", names[level], (int)line.n, line.p);
}

static int build(sac_app *app, const options *o, sac_err *err)
{
    int rc = sac_app_converter(app, &code_converter, err);

    if (rc == SAC_OK)
        rc = sac_app_schema(app, &new_link_schema, err);
    if (rc == SAC_OK)
        rc = sac_app_resource(app, "/api/links", &links, err);
    if (rc == SAC_OK)
        rc = sac_app_resource(app, "/api/teams", &teams, err);
    if (rc == SAC_OK)
        rc = sac_app_mount(app, "/links.csv", &export_view, NULL, err);
    if (rc == SAC_OK)
        rc = sac_app_mount(app, "/import", &import_view, NULL, err);
    if (rc == SAC_OK)
        rc = sac_app_mount(app, "/report", &report_view, NULL, err);
    if (rc == SAC_OK)
        rc = sac_app_mount(app, "/{code:code}", &follow_view, NULL, err);
    if (rc == SAC_OK)
        rc = sac_app_static(app, "/", o->public, err);
    return rc;
}

/* Serves until SIGINT or SIGTERM. */
static int serve(sac_app *app, const options *o, sac_err *err)
{
    const sac_microhttpd_config config = SAC_MICROHTTPD_CONFIG(.listen = o->listen);
    sac_microhttpd *server = NULL;
    sigset_t signals;
    int rc, got;

    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    rc = sac_microhttpd_start(app, &config, &server, err);
    if (rc != SAC_OK)
        return rc;
    printf("custom_view: http://%s/\n", o->listen);
    fflush(stdout);
    sigwait(&signals, &got);
    sac_microhttpd_stop(server);
    return SAC_OK;
}

int main(int argc, char **argv)
{
    options o = {.listen = "127.0.0.1:8080", .database = "lmdb:links.db", .public = "public"};
    service s;
    sac_app *app = NULL;
    sac_err err = {.code = 0};
    int rc = read_options(argc, argv, &o);

    if (rc >= 0)
        return rc;
    s.key = sac_str_of(o.key);

    const sac_app_config config = SAC_APP_CONFIG(.database = o.database, .stores = {sac_lmdb},
                                                 .state = &s, .log = print_log,
                                                 .log_level = SAC_LOG_WARN);

    rc = sac_app_new(&config, &app, &err);
    if (rc == SAC_OK)
        rc = build(app, &o, &err);
    if (rc == SAC_OK)
        rc = serve(app, &o, &err);
    sac_app_free(app);
    if (rc != SAC_OK)
        fprintf(stderr, "custom_view: %s\n", err.text);
    return rc == SAC_OK ? 0 : 1;
}
