/* SPDX-License-Identifier: MIT */

/*
 * A todo app: a Backbone front end, its REST resource, an embedded database
 * (or MongoDB: --database mongodb://localhost/todo). The table of fields is
 * the whole server; the rest is the command line.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <sacrum/sacrum.h>
#include <sacrum/host/microhttpd.h>
#include <sacrum/store/lmdb.h>
#if HAVE_MONGO
#include <sacrum/store/mongo.h>
#define STORES sac_lmdb, sac_mongo
#else
#define STORES sac_lmdb
#endif

static const sac_field todo_fields[] = {
    {.name = "title", .type = SAC_STRING, .required = true, .max_length = 200},
    {.name = "completed", .type = SAC_BOOL, .fallback = "false"},
    {.name = "order", .type = SAC_INT, .nullable = true, .indexed = true},
    {.name = "due", .type = SAC_DATE, .nullable = true},
    {.name = "url", .computed = SAC_COMPUTED_URL},
    {.name = NULL},
};

static const sac_resource todos = SAC_RESOURCE(.name = "todos", .fields = todo_fields,
                                               .clear = true);

typedef struct options {
    const char *listen, *database, *origin, *public, *vendor;
} options;

static int usage(const char *problem, const char *word)
{
    if (problem)
        fprintf(stderr, "todo: %s %s\n", word, problem);
    fputs("usage: todo [--listen HOST:PORT] [--database URI] [--origin ORIGIN]\n"
          "            [--public FOLDER] [--vendor FOLDER]\n",
          problem ? stderr : stdout);
    return problem ? 2 : 0;
}

/* -1: go on, else the exit status. */
static int read_options(int argc, char **argv, options *o)
{
    const struct {
        const char *name;
        const char **value;
    } known[] = {{"--listen", &o->listen},
                 {"--database", &o->database},
                 {"--origin", &o->origin},
                 {"--public", &o->public},
                 {"--vendor", &o->vendor}};
    const size_t n = sizeof known / sizeof known[0];

    for (int i = 1; i < argc; i += 2) {
        size_t k = 0;

        if (strcmp(argv[i], "--help") == 0)
            return usage(NULL, NULL);
        while (k < n && strcmp(argv[i], known[k].name) != 0)
            k++;
        if (k == n)
            return usage("is no option", argv[i]);
        if (i + 1 == argc)
            return usage("needs a value", argv[i]);
        *known[k].value = argv[i + 1];
    }
    return -1;
}

static void print_log(void *self, sac_log_level level, sac_str line)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};

    (void)self;
    fprintf(stderr, "todo: %s: %.*s\n", names[level], (int)line.n, line.p);
}

static int build(sac_app *app, const options *o, sac_err *err)
{
    const char *const origins[] = {o->origin, NULL};
    const sac_cors cors = SAC_CORS(.origins = origins);
    int rc = sac_app_resource(app, "/api/todos", &todos, err);

    if (rc == SAC_OK && o->origin)
        rc = sac_app_cors(app, &cors, err);
    if (rc == SAC_OK && o->vendor)
        rc = sac_app_static(app, "/vendor", o->vendor, err);
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
    printf("todo: http://%s/\n", o->listen);
    fflush(stdout);
    sigwait(&signals, &got);
    sac_microhttpd_stop(server);
    return SAC_OK;
}

int main(int argc, char **argv)
{
    options o = {.listen = "127.0.0.1:8080", .database = "lmdb:todo.db", .public = "public"};
    sac_app *app = NULL;
    sac_err err = {.code = 0};
    int rc = read_options(argc, argv, &o);

    if (rc >= 0)
        return rc;

    const sac_app_config config = SAC_APP_CONFIG(.database = o.database, .stores = {STORES},
                                                 .log = print_log, .log_level = SAC_LOG_WARN);

    rc = sac_app_new(&config, &app, &err);
    if (rc == SAC_OK)
        rc = build(app, &o, &err);
    if (rc == SAC_OK)
        rc = serve(app, &o, &err);
    sac_app_free(app);
    if (rc != SAC_OK)
        fprintf(stderr, "todo: %s\n", err.text);
    return rc == SAC_OK ? 0 : 1;
}
