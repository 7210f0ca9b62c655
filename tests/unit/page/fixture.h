/* SPDX-License-Identifier: MIT */
#ifndef PAGE_FIXTURE_H
#define PAGE_FIXTURE_H

/* A folder with files, and an app that is asked for them. */
#include <sacrum/page.h>

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sacrum/impl/host.h>

#include "http/headers.h"
#include "support/support.h"

static char top[] = "/tmp/sacrum-static-XXXXXX";
static sac_app *app;

/* An answer, copied before its exchange is closed. */
static struct {
    int status;
    bool head, is_file, is_stream;
    int64_t length;
    char *body; /* malloc'ed */
    size_t n;
    char names[32][64], values[32][256];
    size_t n_headers;
} reply;

static inline const char *in_top(const char *name)
{
    static char path[4096];

    snprintf(path, sizeof path, "%s/%s", top, name);
    return path;
}

static inline void write_file(const char *name, const char *text, time_t mtime)
{
    const struct timespec times[2] = {{.tv_sec = mtime}, {.tv_sec = mtime}};
    const int fd = open(in_top(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

    CHECK(fd >= 0);
    CHECK_INT(write(fd, text, strlen(text)), strlen(text));
    CHECK_INT(futimens(fd, times), 0);
    close(fd);
}

enum { MTIME = 1700000000 }; /* Tue, 14 Nov 2023 22:13:20 GMT */

static inline void make_tree(void)
{
    CHECK(mkdtemp(top) != NULL);
    CHECK_INT(mkdir(in_top("public"), 0700) + mkdir(in_top("public/sub"), 0700) +
                  mkdir(in_top("public/empty"), 0700) + mkdir(in_top("public/.git"), 0700) +
                  mkdir(in_top("public/index"), 0700) +
                  mkdir(in_top("public/index/index.html"), 0700) +
                  mkfifo(in_top("public/fifo"), 0600) + symlink("../secret", in_top("public/out")) +
                  symlink("/etc/passwd", in_top("public/absolute")),
              0);
    write_file("secret", "secret", MTIME);
    write_file("public/index.html", "<h1>top</h1>", MTIME);
    write_file("public/app.js", "0123456789", MTIME);
    write_file("public/a b\xc3\xa9.txt", "blank", MTIME);
    write_file("public/a\\b", "secret", MTIME);
    write_file("public/none", "", MTIME);
    write_file("public/.env", "secret", MTIME);
    write_file("public/.git/config", "secret", MTIME);
    write_file("public/sub/index.html", "<h1>sub</h1>", MTIME);
    write_file("public/future.css", "a{}", 4000000000);
}

static inline int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

static inline int remove_tree(void)
{
    free(reply.body);
    reply.body = NULL;
    return nftw(top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static inline void no_wake(void *self)
{
    (void)self;
}

/* The most bytes that a stream is asked for at a time. */
static size_t pull_cap = 16 * 1024;

static inline void keep_stream(sac_exchange *exchange)
{
    size_t cap = 0;

    for (int rc = 1; rc == 1;) {
        size_t n = 0;

        if (cap < reply.n + pull_cap) {
            cap = 2 * (reply.n + pull_cap);
            reply.body = realloc(reply.body, cap);
            CHECK(reply.body != NULL);
        }
        rc = sac_exchange_pull(exchange, reply.body + reply.n, pull_cap, &n);
        CHECK(rc == 1 || rc == 0);
        CHECK(rc == 0 || (n > 0 && n <= pull_cap));
        reply.n += rc == 1 ? n : 0;
    }
}

static inline void keep(sac_exchange *exchange, const sac_answer *answer)
{
    reply.status = answer->status;
    reply.head = answer->head;
    reply.is_file = answer->kind == SAC_ANSWER_FILE;
    reply.is_stream = answer->kind == SAC_ANSWER_STREAM;
    reply.length = answer->length;
    reply.n_headers = answer->n_headers;
    CHECK(answer->n_headers <= 32);
    for (size_t i = 0; i < answer->n_headers; i++) {
        const sac_header *field = &answer->headers[i];

        snprintf(reply.names[i], 64, "%.*s", (int)field->name.n, field->name.p);
        snprintf(reply.values[i], 256, "%.*s", (int)field->value.n, field->value.p);
    }
    reply.body = malloc(answer->length > 0 ? (size_t)answer->length : 1);
    CHECK(reply.body != NULL);
    if (answer->kind == SAC_ANSWER_FILE)
        reply.n = (size_t)pread(answer->fd, reply.body, (size_t)answer->length,
                                (off_t)answer->offset);
    else if (answer->kind == SAC_ANSWER_BYTES)
        memcpy(reply.body, answer->bytes.p ? answer->bytes.p : "", reply.n = answer->bytes.n);
    else if (!answer->head)
        keep_stream(exchange);
}

static inline int send(sac_app *to, const char *method, const char *target,
                       const sac_header *headers, size_t n)
{
    static const sac_host_ops host = {
        .size = sizeof(sac_host_ops), .name = "test", .wake = no_wake};
    const sac_head head = SAC_HEAD_INIT(.method = sac_str_of(method), .target = sac_str_of(target),
                                        .prefix = {"/app", 4}, .headers = headers, .n_headers = n);
    const sac_answer *answer = NULL;
    sac_exchange *exchange = NULL;
    int rc;

    free(reply.body);
    memset(&reply, 0, sizeof reply);
    CHECK_INT(sac_exchange_open(to, &host, NULL, &exchange), SAC_OK);
    rc = sac_exchange_head(exchange, &head);
    if (rc == 0)
        rc = sac_exchange_end(exchange);
    CHECK(rc >= 0);
    CHECK_INT(sac_exchange_answer(exchange, &answer), SAC_OK);
    keep(exchange, answer);
    sac_exchange_close(exchange);
    return reply.status;
}

static inline int get(const char *target)
{
    return send(app, "GET", target, NULL, 0);
}

static inline int get_with(const char *target, const char *name, const char *value)
{
    const sac_header field = {sac_str_of(name), sac_str_of(value)};

    return send(app, "GET", target, &field, 1);
}

static inline const char *header(const char *name)
{
    for (size_t i = 0; i < reply.n_headers; i++)
        if (sac__header_is(sac_str_of(reply.names[i]), name))
            return reply.values[i];
    return "";
}

static inline void check_body(const char *want)
{
    CHECK_STR(sac_str_n(reply.body, reply.n), want);
}

#endif
