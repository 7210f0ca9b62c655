/* SPDX-License-Identifier: MIT */

/*
 * How often a GET of one item allocates in the steady state: over loopback
 * (libsacrum and the store alone) and over libmicrohttpd.
 *
 *   bench-mallocs FILE     prints `loopback N` and `microhttpd N` a request
 */
#include <arpa/inet.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sacrum/sacrum.h>
#include <sacrum/host/loopback.h>
#include <sacrum/host/microhttpd.h>
#include <sacrum/store/lmdb.h>

#include "data.h"

enum { REQUESTS = 10000 };

static const char target[] = "/api/docs/655f00000102030400000007";
static const sac_resource docs = SAC_RESOURCE(.name = "docs", .fields = bench_fields);

/* In place of the C library's, for the whole process. */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

static atomic_ulong calls;

void *malloc(size_t n)
{
    atomic_fetch_add(&calls, 1);
    return __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    atomic_fetch_add(&calls, 1);
    return __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    atomic_fetch_add(&calls, 1);
    return __libc_realloc(p, n);
}

static void die(const char *what)
{
    fprintf(stderr, "bench-mallocs: %s\n", what);
    exit(1);
}

static void ask_loopback(sac_loopback *client)
{
    const sac_loopback_request ask = SAC_LOOPBACK_REQUEST(.method = "GET", .target = target);
    sac_loopback_reply reply;
    sac_err err;

    if (sac_loopback_send(client, &ask, &reply, &err) != SAC_OK || reply.status != 200)
        die("loopback does not answer 200");
}

static void ask_socket(int fd)
{
    char text[4096];
    int n = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", target);

    if (write(fd, text, (size_t)n) != n || read(fd, text, sizeof text) < 100 ||
        memcmp(text, "HTTP/1.1 200", 12) != 0)
        die("libmicrohttpd does not answer 200");
}

static int connect_to(unsigned port)
{
    const struct sockaddr_in where = {.sin_family = AF_INET,
                                      .sin_port = htons((uint16_t)port),
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0 || connect(fd, (const struct sockaddr *)&where, sizeof where) != 0)
        die("cannot connect");
    return fd;
}

static void report(const char *name, unsigned long before)
{
    printf("%s %.2f\n", name, (double)(atomic_load(&calls) - before) / REQUESTS);
}

static void run(sac_app *app)
{
    const sac_microhttpd_config config = SAC_MICROHTTPD_CONFIG(.listen = "127.0.0.1:0");
    sac_loopback *client = NULL;
    sac_microhttpd *server = NULL;
    unsigned long before;
    sac_err err;
    int fd;

    if (sac_loopback_new(app, &client, &err) != SAC_OK ||
        sac_microhttpd_start(app, &config, &server, &err) != SAC_OK)
        die(err.text);
    ask_loopback(client);
    before = atomic_load(&calls);
    for (int i = 0; i < REQUESTS; i++)
        ask_loopback(client);
    report("loopback", before);
    fd = connect_to(sac_microhttpd_port(server));
    ask_socket(fd);
    before = atomic_load(&calls);
    for (int i = 0; i < REQUESTS; i++)
        ask_socket(fd);
    report("microhttpd", before);
    close(fd);
    sac_microhttpd_stop(server);
    sac_loopback_free(client);
}

int main(int argc, char **argv)
{
    char uri[4096];
    const sac_app_config config = SAC_APP_CONFIG(.database = uri, .stores = {sac_lmdb});
    sac_app *app = NULL;
    sac_err err;

    snprintf(uri, sizeof uri, "lmdb:%s", argc > 1 ? argv[1] : "");
    if (sac_app_new(&config, &app, &err) != SAC_OK ||
        sac_app_resource(app, "/api/docs", &docs, &err) != SAC_OK)
        die(err.text);
    run(app);
    sac_app_free(app);
    return 0;
}
