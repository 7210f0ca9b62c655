/* SPDX-License-Identifier: MIT */

/*
 * Notes that belong to somebody: a Chaplin front end as Brunch builds it, pages
 * from templates, accounts and sessions, on an embedded database (or MongoDB:
 * --database mongodb://localhost/notes). What there is of it in C is in
 * build(); the rest is the command line.
 */
#include "notes.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <sacrum/host/microhttpd.h>
#include <sacrum/store/lmdb.h>
#if HAVE_MONGO
#include <sacrum/store/mongo.h>
#define STORES sac_lmdb, sac_mongo
#else
#define STORES sac_lmdb
#endif

typedef struct options {
    const char *listen, *database, *origin, *templates, *files, *public, *user;
} options;

static int usage(FILE *to, int status)
{
    fputs("usage: notes [--listen HOST:PORT] [--database URI] [--origin ORIGIN]\n"
          "             [--templates FOLDER] [--static FOLDER]   those of examples/notes\n"
          "             [--public FOLDER]                        what Brunch has built\n"
          "             [--add-user NAME]   makes an account of the team, with the password\n"
          "                                 that is the first line of its input, and ends\n",
          to);
    return status;
}

/* -1: go on, else the exit status. */
static int read_options(int argc, char **argv, options *o)
{
    static const struct option known[] = {{"listen", required_argument, NULL, 'l'},
                                          {"database", required_argument, NULL, 'd'},
                                          {"origin", required_argument, NULL, 'o'},
                                          {"templates", required_argument, NULL, 't'},
                                          {"static", required_argument, NULL, 's'},
                                          {"public", required_argument, NULL, 'p'},
                                          {"add-user", required_argument, NULL, 'u'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    int c;

    while ((c = getopt_long(argc, argv, "", known, NULL)) != -1)
        switch (c) {
        case 'l': o->listen = optarg; break;
        case 'd': o->database = optarg; break;
        case 'o': o->origin = optarg; break;
        case 't': o->templates = optarg; break;
        case 's': o->files = optarg; break;
        case 'p': o->public = optarg; break;
        case 'u': o->user = optarg; break;
        case 'h': return usage(stdout, 0);
        default: return usage(stderr, 2);
        }
    return optind == argc ? -1 : usage(stderr, 2);
}

static void print_log(void *self, sac_log_level level, sac_str line)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};

    (void)self;
    fprintf(stderr, "notes: %s: %.*s\n", names[level], (int)line.n, line.p);
}

/* A decorator: after signing out, "back" shows nothing of a page that browsers may not keep. */
static int keep_nowhere(void *self, sac_req *req, const sac_next *next)
{
    const int rc = sac_next_run(next, req);

    (void)self;
    return rc == SAC_OK ? sac_reply_header(req, "Cache-Control", sac_str_of("no-store")) : rc;
}

static const sac_decorator page_guards[] = {
    {.fn = keep_nowhere, .flags = SAC_INLINE},
    SAC_LOGIN_REQUIRED_PAGE,
    {.fn = NULL},
};

static const char *const new_users[] = {"member", NULL};
static const sac_accounts accounts = SAC_ACCOUNTS(.login = "/login", .logout = "/logout",
                                                  .sign_up = "/sign-up", .me = "/api/me",
                                                  .password = "/api/password",
                                                  .sign_up_roles = new_users);

static bool build(sac_app *app, const sac_front *front, const sac_templates *templates,
                  sac_err *err)
{
    const sac_limit limit = SAC_LIMIT(.requests = 1200, .by = SAC_LIMIT_BY_ADDRESS);

    return sac_app_sessions(app, NULL, err) == SAC_OK && sac_app_csrf(app, NULL, err) == SAC_OK &&
           sac_app_accounts(app, &accounts, err) == SAC_OK &&
           sac_app_limit(app, &limit, err) == SAC_OK &&
           sac_app_secure_headers(app, NULL, err) == SAC_OK &&
           sac_app_gzip(app, 0, err) == SAC_OK &&
           sac_app_resource(app, "/api/notes", &notes, err) == SAC_OK &&
           sac_app_mount(app, "/api/tags", &tags_view, NULL, err) == SAC_OK &&
           sac_app_mount(app, "/api/tags/{tag}", &tags_view, NULL, err) == SAC_OK &&
           sac_app_mount(app, "/api/people", &people_view, NULL, err) == SAC_OK &&
           sac_app_templates(app, templates, err) == SAC_OK &&
           sac_app_error_pages(app, "error", err) == SAC_OK &&
           sac_app_front(app, "/", front, err) == SAC_OK;
}

/* An account with the roles of sign-up, and the team's. */
static int add_user(sac_app *app, const char *name, sac_err *err)
{
    static const char *const roles[] = {"member", "team", NULL};
    char password[1024] = "";
    int rc = sac_app_seal(app, err);

    if (rc != SAC_OK)
        return rc;
    if (!fgets(password, sizeof password, stdin))
        password[0] = '\0';
    password[strcspn(password, "\r\n")] = '\0';
    rc = sac_account_add(app, sac_str_of(name), sac_str_of(password), roles, NULL, err);
    explicit_bzero(password, sizeof password);
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
    printf("notes: http://%s/\n", o->listen);
    fflush(stdout);
    sigwait(&signals, &got);
    sac_microhttpd_stop(server);
    return SAC_OK;
}

int main(int argc, char **argv)
{
    options o = {.listen = "127.0.0.1:8080",
                 .database = "lmdb:notes.db",
                 .templates = "templates",
                 .files = "static",
                 .public = "front/public"};
    sac_app *app = NULL;
    sac_err err = {.code = 0};
    const int status = read_options(argc, argv, &o);

    if (status >= 0)
        return status;

    /* Brunch's folder is one of the templates' and one of the files'. */
    const char *const template_folders[] = {o.templates, o.public, NULL};
    const char *const file_folders[] = {o.public, o.files, NULL};
    const sac_templates templates = SAC_TEMPLATES(.folders = template_folders);
    const sac_front front = SAC_FRONT(.folders = file_folders, .index = "index",
                                      .single_page = true, .decorators = page_guards,
                                      .data = add_tags);
    const sac_app_config config = SAC_APP_CONFIG(.database = o.database, .stores = {STORES},
                                                 .origin = o.origin, .log = print_log,
                                                 .log_level = SAC_LOG_WARN);

    const bool ok = sac_app_new(&config, &app, &err) == SAC_OK &&
                    build(app, &front, &templates, &err) &&
                    (o.user ? add_user(app, o.user, &err) : serve(app, &o, &err)) == SAC_OK;

    sac_app_free(app);
    if (!ok)
        fprintf(stderr, "notes: %s\n", err.text);
    return ok ? 0 : 1;
}
