/* SPDX-License-Identifier: MIT */
#include "support/todos.h"

#include <dirent.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <sacrum/store/lmdb.h>
#if HAVE_MONGO
#include <sacrum/store/mongo.h>
#endif

const sac_field todo_fields[] = {
    {.name = "title", .type = SAC_STRING, .required = true, .max_length = 200},
    {.name = "completed", .type = SAC_BOOL, .fallback = "false"},
    {.name = "n", .type = SAC_INT},
    {.name = NULL},
};

const sac_resource todo_resource = SAC_RESOURCE(.name = "todos", .fields = todo_fields,
                                                .id_type = SAC_ID_STRING, .upsert = true);

static void keep_line(void *self, sac_log_level level, sac_str line)
{
    todos *t = self;

    (void)level;
    snprintf(t->log, sizeof t->log, "%.*s", (int)line.n, line.p);
}

/*
 * In another store, where the tests of resources are run over it: a database of its own
 * in each, as nothing removes them.
 */
static void begin_elsewhere(todos *t)
{
#if HAVE_MONGO
    static atomic_int number;
    const char *server = getenv("SACRUM_TEST_RESOURCES");

    if (!server)
        return;
    snprintf(t->uri, sizeof t->uri, "%stodos_%ld_%d", server, (long)getpid(), ++number);
    t->config.stores[1] = sac_mongo;
#else
    (void)t;
#endif
}

void todos_needs_lmdb(const char *why)
{
    if (!getenv("SACRUM_TEST_RESOURCES"))
        return;
    print_message("# not over MongoDB: %s\n", why);
    skip();
}

void todos_begin(todos *t)
{
    *t = (todos){.dir = "/tmp/sacrum-test-XXXXXX"};
    CHECK(mkdtemp(t->dir) != NULL);
    snprintf(t->uri, sizeof t->uri, "lmdb:%s/todos.db?map=16G", t->dir);
    t->config = (sac_app_config)SAC_APP_CONFIG(.database = t->uri, .stores = {sac_lmdb},
                                               .workers = 2, .log = keep_line, .log_self = t);
    begin_elsewhere(t);
}

void todos_make(todos *t)
{
    sac_err err = {.code = 0};

    if (sac_app_new(&t->config, &t->app, &err) != SAC_OK)
        fail_msg("%s", err.text);
}

void todos_serve(todos *t)
{
    sac_err err = {.code = 0};

    if (sac_loopback_new(t->app, &t->client, &err) != SAC_OK)
        fail_msg("%s", err.text);
}

void todos_open(todos *t, const sac_resource *resource)
{
    sac_err err = {.code = 0};

    todos_begin(t);
    todos_make(t);
    if (sac_app_resource(t->app, "/api/todos", resource, &err) != SAC_OK)
        fail_msg("%s", err.text);
    todos_serve(t);
}

void remove_dir(const char *path)
{
    char name[512];
    struct dirent *entry;
    DIR *dir = opendir(path);

    while (dir && (entry = readdir(dir))) {
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        (void)unlink(name);
    }
    if (dir)
        closedir(dir);
    (void)rmdir(path);
}

void todos_close(todos *t)
{
    sac_loopback_free(t->client);
    sac_app_free(t->app);
    remove_dir(t->dir);
}

int todos_ask_with(todos *t, const char *method, const char *target, const char *json,
                   const char *const *headers)
{
    const sac_loopback_request request = SAC_LOOPBACK_REQUEST(.method = method, .target = target,
                                                              .headers = headers,
                                                              .body = sac_str_of(json));
    sac_err err = {.code = 0};

    if (sac_loopback_send(t->client, &request, &t->reply, &err) != SAC_OK)
        fail_msg("%s %s: %s", method, target, err.text);
    return t->reply.status;
}

int todos_ask(todos *t, const char *method, const char *target, const char *json)
{
    return todos_ask_with(t, method, target, json,
                          json ? WITH("Content-Type: application/json") : NULL);
}

const char *todos_header(todos *t, const char *name)
{
    static _Thread_local char texts[4][1024];
    static _Thread_local unsigned next;
    const sac_str value = sac_loopback_header(&t->reply, name);
    char *text = texts[next++ % 4];

    if (!value.p)
        return NULL;
    snprintf(text, sizeof texts[0], "%.*s", (int)value.n, value.p);
    return text;
}

bool todos_says(const todos *t, const char *text)
{
    return t->reply.body.n > 0 && memmem(t->reply.body.p, t->reply.body.n, text, strlen(text));
}

bool todos_problem(const todos *t, const char *code)
{
    char member[64];

    snprintf(member, sizeof member, "\"code\":\"%s\"", code);
    return todos_says(t, member) &&
           sac_str_is(sac_loopback_header(&t->reply, "content-type"), "application/problem+json");
}
