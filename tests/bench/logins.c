/* SPDX-License-Identifier: MIT */

/*
 * bench-logins serve FILE              serve a database of documents, and accounts at the default
 *                                      cost; prints the port, stops at EOF
 * bench-logins load PORT SECONDS N DOCS
 *                                      GETs of items at an even pace on 4 connections, while N
 *                                      others sign in one time after the other; prints GETs, their
 *                                      p50 and p99 in µs, and sign-ins
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sacrum/sacrum.h>
#include <sacrum/host/microhttpd.h>
#include <sacrum/store/lmdb.h>

#include "data.h"

enum { READERS = 4, PACE_US = 1000, MAX_GETS = 1 << 20, MAX_LOGINS = 64 };

static const sac_resource docs = SAC_RESOURCE(.name = "docs", .fields = bench_fields);

static int serve(const char *uri, sac_err *err)
{
    const sac_app_config config = SAC_APP_CONFIG(.database = uri, .stores = {sac_lmdb});
    const sac_microhttpd_config host = SAC_MICROHTTPD_CONFIG(.listen = "127.0.0.1:0");
    const sac_accounts accounts = SAC_ACCOUNTS(.login = "/login", .max_attempts = 1000000);
    sac_microhttpd *server = NULL;
    sac_app *app = NULL;
    int rc = sac_app_new(&config, &app, err);

    if (rc == SAC_OK)
        rc = sac_app_sessions(app, NULL, err);
    if (rc == SAC_OK)
        rc = sac_app_accounts(app, &accounts, err);
    if (rc == SAC_OK)
        rc = sac_app_resource(app, "/api/docs", &docs, err);
    if (rc == SAC_OK)
        rc = sac_microhttpd_start(app, &host, &server, err);
    if (rc == SAC_OK)
        rc = sac_account_add(app, sac_str_of("ann"), sac_str_of("correct horse"), NULL, NULL, err);
    rc = rc == SAC_EEXIST ? SAC_OK : rc;
    if (rc == SAC_OK) {
        printf("%u\n", sac_microhttpd_port(server));
        fflush(stdout);
        while (getchar() != EOF)
            ;
    }
    sac_microhttpd_stop(server);
    sac_app_free(app);
    return rc;
}

/* What the clients share. */
typedef struct load {
    struct sockaddr_in address;
    unsigned docs;
    double until; /* in µs */
    atomic_uint gets, logins;
    atomic_bool failed;
    float *times; /* µs of each GET */
} load;

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int dial(const load *l)
{
    const int on = 1;
    const int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0 || connect(fd, (const struct sockaddr *)&l->address, sizeof l->address) != 0)
        return -1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

/* Sends a request and reads its answer to the end; its status. */
static int ask(int fd, const char *request)
{
    char buf[16384];
    const size_t n = strlen(request);
    size_t got = 0;

    if (write(fd, request, n) != (ssize_t)n)
        return -1;
    for (;;) {
        const ssize_t more = read(fd, buf + got, sizeof buf - 1 - got);
        const char *end, *length;

        if (more <= 0)
            return -1;
        got += (size_t)more;
        buf[got] = '\0';
        end = strstr(buf, "\r\n\r\n");
        length = end ? strcasestr(buf, "content-length:") : NULL;
        if (length && got >= (size_t)(end + 4 - buf) + strtoul(length + 15, NULL, 10))
            return atoi(buf + 9);
    }
}

static void *read_items(void *self)
{
    load *l = self;
    const int fd = dial(l);
    unsigned seed = (unsigned)fd * 2654435761U;
    double due = now();

    for (; fd >= 0 && due < l->until; due += PACE_US) {
        const struct timespec nap = {0, (long)((due - now()) * 1e3)};
        char request[128];
        double began;
        unsigned at;

        if (nap.tv_nsec > 0)
            nanosleep(&nap, NULL);
        seed = seed * 1664525U + 1013904223U;
        snprintf(request, sizeof request,
                 "GET /api/docs/655f000001020304%08x HTTP/1.1\r\nHost: x\r\n\r\n",
                 (seed >> 8) % l->docs);
        began = now();
        if (ask(fd, request) != 200)
            break;
        at = atomic_fetch_add(&l->gets, 1);
        if (at < MAX_GETS)
            l->times[at] = (float)(now() - began);
    }
    if (due < l->until)
        l->failed = true;
    close(fd);
    return NULL;
}

static void *sign_in(void *self)
{
    static const char request[] =
        "POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        "Content-Length: 45\r\n\r\n{\"username\":\"ann\",\"password\":\"correct horse\"}";
    load *l = self;
    const int fd = dial(l);

    while (fd >= 0 && now() < l->until) {
        if (ask(fd, request) != 200) {
            l->failed = true;
            break;
        }
        atomic_fetch_add(&l->logins, 1);
    }
    close(fd);
    return NULL;
}

static int by_value(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

static int run(load *l, double seconds, unsigned n)
{
    pthread_t readers[READERS], others[MAX_LOGINS];
    size_t gets;

    l->until = now() + seconds * 1e6;
    for (unsigned i = 0; i < n; i++)
        if (pthread_create(&others[i], NULL, sign_in, l) != 0)
            return 1;
    for (unsigned i = 0; i < READERS; i++)
        if (pthread_create(&readers[i], NULL, read_items, l) != 0)
            return 1;
    for (unsigned i = 0; i < READERS; i++)
        pthread_join(readers[i], NULL);
    gets = l->gets < MAX_GETS ? l->gets : MAX_GETS;
    qsort(l->times, gets, sizeof *l->times, by_value);
    printf("%zu %.1f %.1f %u\n", gets, gets ? l->times[gets / 2] : 0.0,
           gets ? l->times[gets * 99 / 100] : 0.0, l->logins);
    fflush(stdout);
    for (unsigned i = 0; i < n; i++)
        pthread_join(others[i], NULL);
    return l->failed ? 1 : 0;
}

int main(int argc, char **argv)
{
    sac_err err = {.code = 0};
    char uri[4096];

    if (argc == 3 && strcmp(argv[1], "serve") == 0) {
        snprintf(uri, sizeof uri, "lmdb:%s", argv[2]);
        if (serve(uri, &err) == SAC_OK)
            return 0;
        fprintf(stderr, "bench-logins: %s\n", err.text);
    } else if (argc == 6 && strcmp(argv[1], "load") == 0 && atoi(argv[4]) <= MAX_LOGINS) {
        load l = {.address = {.sin_family = AF_INET,
                              .sin_port = htons((uint16_t)atoi(argv[2])),
                              .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}},
                  .docs = (unsigned)atoi(argv[5]),
                  .times = malloc(MAX_GETS * sizeof(float))};

        if (l.times && l.docs > 0 && run(&l, atof(argv[3]), (unsigned)atoi(argv[4])) == 0)
            return 0;
        fprintf(stderr, "bench-logins: a request failed\n");
    }
    return 1;
}
