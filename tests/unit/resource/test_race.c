/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "support/todos.h"

enum { THREADS = 100, EACH = 3, ROUNDS = 50 };

typedef struct racer {
    pthread_t thread;
    sac_app *app;
    atomic_int *started;
    int wins, losses, others;
    char line[128];
} racer;

static int ask(sac_loopback *client, const char *method, const char *json, const char *match,
               sac_loopback_reply *reply)
{
    const char *const headers[] = {"Content-Type: application/json", match, NULL};
    const sac_loopback_request request = SAC_LOOPBACK_REQUEST(.method = method,
                                                              .target = "/api/todos/a",
                                                              .headers = headers,
                                                              .body = sac_str_of(json));
    sac_err err;

    return sac_loopback_send(client, &request, reply, &err) == 0 ? reply->status : -1;
}

/* read, PATCH with If-Match, and again when another came first */
static void *increment(void *self)
{
    racer *r = self;
    sac_loopback *client = NULL;
    sac_loopback_reply reply;
    sac_err err;

    if (sac_loopback_new(r->app, &client, &err) != 0)
        return NULL;
    while (r->wins < EACH && r->others == 0) {
        char line[128], body[64];
        sac_str tag;
        const char *n;
        int status = ask(client, "GET", NULL, NULL, &reply);

        tag = sac_loopback_header(&reply, "etag");
        n = status == 200 ? memmem(reply.body.p, reply.body.n, "\"n\":", 4) : NULL;
        if (!n || !tag.p)
            break;
        snprintf(line, sizeof line, "If-Match: %.*s", (int)tag.n, tag.p);
        snprintf(body, sizeof body, "{\"n\":%d}", atoi(n + 4) + 1);
        status = ask(client, "PATCH", body, line, &reply);
        r->wins += status == 200;
        r->losses += status == 412;
        r->others += status != 200 && status != 412;
    }
    sac_loopback_free(client);
    return NULL;
}

static void test_race__increments_are_not_lost(void **state)
{
    static racer racers[THREADS];
    char want[32];
    long losses = 0;
    todos t;

    (void)state;
    todos_open(&t, &todo_resource);
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", "{\"_id\":\"a\",\"title\":\"x\",\"n\":0}"), 201);
    for (int i = 0; i < THREADS; i++) {
        racers[i] = (racer){.app = t.app};
        CHECK_INT(pthread_create(&racers[i].thread, NULL, increment, &racers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(racers[i].thread, NULL);
        CHECK_INT(racers[i].wins, EACH);
        CHECK_INT(racers[i].others, 0);
        losses += racers[i].losses;
    }
    CHECK_INT(todos_ask(&t, "GET", "/api/todos/a", NULL), 200);
    snprintf(want, sizeof want, "\"n\":%d", THREADS * EACH);
    CHECK(todos_says(&t, want));
    CHECK(losses > 0);
    todos_close(&t);
}

static void *write_once(void *self)
{
    racer *r = self;
    sac_loopback *client = NULL;
    sac_loopback_reply reply;
    sac_err err;
    int status;

    if (sac_loopback_new(r->app, &client, &err) != 0)
        return NULL;
    atomic_fetch_add(r->started, 1);
    while (atomic_load(r->started) < 2)
        continue;
    status = ask(client, "PUT", r->line[0] ? "{\"title\":\"y\"}" : NULL, r->line, &reply);
    r->wins += status == 200;
    r->losses += status == 412;
    sac_loopback_free(client);
    return NULL;
}

static void test_race__of_two_writers_one_wins(void **state)
{
    todos t;

    (void)state;
    todos_open(&t, &todo_resource);
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", "{\"_id\":\"a\",\"title\":\"x\"}"), 201);
    for (int round = 0; round < ROUNDS; round++) {
        atomic_int started = 0;
        racer two[2];
        char body[64];

        snprintf(body, sizeof body, "{\"title\":\"%d\"}", round);
        CHECK_INT(todos_ask(&t, "PUT", "/api/todos/a", body), 200);
        for (int i = 0; i < 2; i++) {
            two[i] = (racer){.app = t.app, .started = &started};
            snprintf(two[i].line, sizeof two[i].line, "If-Match: %s", todos_header(&t, "etag"));
            CHECK_INT(pthread_create(&two[i].thread, NULL, write_once, &two[i]), 0);
        }
        for (int i = 0; i < 2; i++)
            pthread_join(two[i].thread, NULL);
        CHECK_INT(two[0].wins + two[1].wins, 1);
        CHECK_INT(two[0].losses + two[1].losses, 1);
    }
    todos_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_race__increments_are_not_lost),
        cmocka_unit_test(test_race__of_two_writers_one_wins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
