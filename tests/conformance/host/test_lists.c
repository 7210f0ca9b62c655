/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sacrum/host/microhttpd.h>
#include <sacrum/resource.h>
#include <sacrum/store/lmdb.h>

#include "hosts.h"

/*
 * Long lists out of an embedded database, over a socket, from a process of
 * their own: how much memory they take, and what clients that stall in the
 * middle of them cost everyone else.
 */

#ifdef SANITIZED
enum { DOCS = 50000, UPDATES = 300, IS_EXACT = false };
#else
enum { DOCS = 1000000, UPDATES = 2000, IS_EXACT = true };
#endif

static const sac_field fields[] = {
    {.name = "title", .type = SAC_STRING, .required = true},
    {.name = "completed", .type = SAC_BOOL, .fallback = "false"},
    {.name = "n", .type = SAC_INT},
    {.name = NULL},
};
static const sac_resource todos = SAC_RESOURCE(.name = "todos", .fields = fields,
                                               .id_type = SAC_ID_INT, .max_list = SAC_NO_LIMIT);

typedef struct database {
    char dir[32], file[256], uri[272];
    pid_t server;
    int report, control; /* pipes */
    unsigned port;
} database;

static database shared;

static int insert(sac_store *store, int64_t from, int64_t n, sac_err *err)
{
    sac_bson *writers = calloc((size_t)n, sizeof *writers);
    sac_str *docs = calloc((size_t)n, sizeof *docs);
    sac_write write = SAC_WRITE(.kind = SAC_WRITE_INSERT, .collection = "todos", .docs = docs,
                                .n_docs = (size_t)n);
    int rc = writers && docs ? SAC_OK : SAC_ENOMEM;

    for (int64_t i = 0; i < n && rc == SAC_OK; i++) {
        char title[64];

        snprintf(title, sizeof title, "number %lld of the things to do", (long long)(from + i));
        sac_bson_init(&writers[i], NULL, 0);
        sac_bson_add_int64(&writers[i], "_id", from + i);
        sac_bson_add_str(&writers[i], "title", sac_str_of(title));
        sac_bson_add_bool(&writers[i], "completed", i % 2);
        sac_bson_add_int64(&writers[i], "n", i);
        rc = sac_bson_finish(&writers[i], &docs[i]);
    }
    if (rc == SAC_OK)
        rc = sac_store_write(store, &write, err);
    for (int64_t i = 0; i < n && writers; i++)
        sac_bson_fini(&writers[i]);
    free(writers);
    free(docs);
    return rc;
}

static int load(const char *uri, sac_err *err)
{
    enum { BATCH = 5000 };
    const sac_store_config config = SAC_STORE_CONFIG(.uri = uri);
    sac_store *store = NULL;
    int rc = sac_lmdb(&config, &store, err);

    for (int64_t i = 0; i < DOCS && rc == SAC_OK; i += BATCH)
        rc = insert(store, i, BATCH, err);
    sac_store_close(store);
    return rc;
}

/* Until the pipe `control` is closed. */
static int serve(const char *uri, int report, int control, sac_err *err)
{
    const sac_app_config config = SAC_APP_CONFIG(.database = uri, .stores = {sac_lmdb});
    const sac_microhttpd_config on = SAC_MICROHTTPD_CONFIG(.listen = "127.0.0.1:0",
                                                           .stop_timeout = 1);
    sac_microhttpd *server = NULL;
    sac_app *app = NULL;
    unsigned port;
    char c;
    int rc = sac_app_new(&config, &app, err);

    if (rc == SAC_OK)
        rc = sac_app_resource(app, "/todos", &todos, err);
    if (rc == SAC_OK)
        rc = sac_microhttpd_start(app, &on, &server, err);
    if (rc == SAC_OK) {
        port = sac_microhttpd_port(server);
        rc = write(report, &port, sizeof port) == sizeof port ? SAC_OK : SAC_EIO;
        while (read(control, &c, 1) > 0)
            ;
    }
    sac_microhttpd_stop(server);
    sac_app_free(app);
    return rc;
}

static void end_child(int rc, const sac_err *err)
{
    if (rc != SAC_OK)
        fprintf(stderr, "# %s\n", err->text);
    _exit(rc == SAC_OK ? 0 : 1);
}

static void start_server(database *d)
{
    int report[2], control[2];

    CHECK(pipe2(report, O_CLOEXEC) == 0 && pipe2(control, O_CLOEXEC) == 0);
    d->server = fork();
    CHECK(d->server >= 0);
    if (d->server == 0) {
        sac_err err = {.code = 0};

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(control[1]);
        end_child(serve(d->uri, report[1], control[0], &err), &err);
    }
    close(report[1]);
    close(control[0]);
    d->report = report[0];
    d->control = control[1];
    CHECK(read(d->report, &d->port, sizeof d->port) == sizeof d->port);
}

static int setup(void **state)
{
    database *d = &shared;
    pid_t loader;
    int status = -1;

    *d = (database){.dir = "/tmp/sacrum-lists-XXXXXX"};
    CHECK(mkdtemp(d->dir) != NULL);
    snprintf(d->file, sizeof d->file, "%.31s/todos.db", d->dir);
    snprintf(d->uri, sizeof d->uri, "lmdb:%.200s", d->file);
    loader = fork();
    if (loader == 0) {
        sac_err err = {.code = 0};

        end_child(load(d->uri, &err), &err);
    }
    CHECK(loader > 0 && waitpid(loader, &status, 0) == loader);
    CHECK_INT(status, 0);
    start_server(d);
    *state = d;
    return 0;
}

static int teardown(void **state)
{
    database *d = *state;
    char lock[272];
    int status = -1;

    close(d->control);
    close(d->report);
    CHECK(waitpid(d->server, &status, 0) == d->server);
    snprintf(lock, sizeof lock, "%s-lock", d->file);
    unlink(lock);
    unlink(d->file);
    rmdir(d->dir);
    CHECK_INT(status, 0);
    return 0;
}

/* KiB of private memory of the server. */
static long private_memory(const database *d)
{
    char path[64], line[256];
    long kib = -1;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/status", (int)d->server);
    f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "RssAnon: %ld", &kib) == 1)
            break;
    if (f)
        fclose(f);
    return kib;
}

static int begin_get(const database *d, const char *target, int rcvbuf)
{
    int fd = wire_connect(d->port, rcvbuf);

    CHECK(fd >= 0);
    CHECK(
        wire_print(fd, "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", target));
    return fd;
}

static int get(const database *d, const char *target)
{
    int fd = begin_get(d, target, 0);
    wire_reply got;
    int status = wire_read(fd, false, &got) && !got.cut ? got.status : 0;

    wire_reply_fini(&got);
    close(fd);
    return status;
}

/* Reads an answer to its end; how often `mark` is in it; the most memory meanwhile. */
static long count_marks(const database *d, int fd, const char *mark, long *most)
{
    const size_t m = strlen(mark);
    char buf[65536 + 16];
    size_t kept = 0;
    long found = 0;
    ssize_t n;

    for (int i = 0; (n = recv(fd, buf + kept, 65536 - kept, 0)) > 0; i++) {
        const size_t all = kept + (size_t)n;
        const char *at = buf;

        while ((at = memmem(at, all - (size_t)(at - buf), mark, m))) {
            found++;
            at += m;
        }
        kept = all < m - 1 ? all : m - 1;
        memmove(buf, buf + all - kept, kept);
        if (i % 256 == 0 && private_memory(d) > *most)
            *most = private_memory(d);
    }
    return found;
}

static void test_list__takes_little_memory(void **state)
{
    const database *d = *state;
    long idle, most = 0;
    double begin;
    int fd;

    CHECK_INT(get(d, "/todos?per_page=25"), 200);
    CHECK_INT(get(d, "/todos/7"), 200);
    idle = private_memory(d);
    CHECK(idle > 0);
    begin = now_s();
    fd = begin_get(d, "/todos", 0);
    /* Chunks may stand between a mark's bytes: count a byte that is nowhere else. */
    CHECK_INT(count_marks(d, fd, "{", &most), DOCS);
    close(fd);
    print_message("%d documents in %.2f s, RssAnon %ld KiB idle, %ld KiB over it meanwhile\n", DOCS,
                  now_s() - begin, idle, most - idle);
    if (!IS_EXACT) {
        print_message("the bound of memory does not hold under a sanitizer\n");
        skip();
    }
    CHECK(most - idle < 16 * 1024);
}

static long long file_size(const database *d)
{
    struct stat st;

    CHECK(stat(d->file, &st) == 0);
    return (long long)st.st_blocks * 512;
}

static void update(int fd, int value)
{
    char body[64];
    wire_reply got;
    int n = snprintf(body, sizeof body, "{\"n\": %d}", value);

    CHECK(wire_print(fd,
                     "PATCH /todos/77 HTTP/1.1\r\nHost: localhost\r\n"
                     "Content-Type: application/json\r\n"
                     "Content-Length: %d\r\n\r\n%s",
                     n, body));
    CHECK(wire_read(fd, false, &got));
    if (got.status != 200 && got.status != 204)
        fail_msg("%d %s", got.status, got.body);
    wire_reply_fini(&got);
}

/* No transaction may be held for a client that does not read: its pages could not be used anew. */
static void test_list__stalled_clients_hold_nothing(void **state)
{
    enum { STALLED = 200 };
    const database *d = *state;
    int stalled[STALLED];
    int fd = wire_connect(d->port, 0);
    long long before;
    double worst = 0, began;

    for (int i = 0; i < 20; i++) /* what the writer takes once */
        update(fd, -i);
    for (int i = 0; i < STALLED; i++)
        stalled[i] = begin_get(d, "/todos", 4096);
    sleep_ms(500);
    before = file_size(d);
    began = now_s();
    for (int i = 0; i < UPDATES; i++) {
        const double begin = now_s();

        update(fd, i);
        if (i % 20 != 0)
            continue;
        CHECK_INT(get(d, "/todos/77"), 200);
        if (now_s() - begin > worst)
            worst = now_s() - begin;
    }
    print_message("%d updates in %.2f s beside %d stalled lists; slowest update and read %.0f ms; "
                  "the file grew by %lld KiB\n",
                  UPDATES, now_s() - began, STALLED, worst * 1e3, (file_size(d) - before) / 1024);
    CHECK(file_size(d) - before < 1 << 20);
    CHECK(worst < 1);
    for (int i = 0; i < STALLED; i++)
        close(stalled[i]);
    close(fd);
    CHECK_INT(get(d, "/todos/77"), 200);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(test_list__takes_little_memory),
        cmocka_unit_test(test_list__stalled_clients_hold_nothing),
    };

    return cmocka_run_group_tests(cases, setup, teardown);
}
