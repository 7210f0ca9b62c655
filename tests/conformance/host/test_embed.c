/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/support.h"
#include "support/wire.h"

/* The example examples/embed_libevent, as it is run: its path is the argument. */

static const char *path;

typedef struct station {
    char dir[40], address[32], database[80];
    unsigned port;
    pid_t pid;
} station;

/* One that nobody listens on at the moment. */
static unsigned find_port(void)
{
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof where;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    CHECK(bind(fd, (void *)&where, sizeof where) == 0);
    CHECK(getsockname(fd, (void *)&where, &n) == 0);
    close(fd);
    return ntohs(where.sin_port);
}

static void start(station *s)
{
    int fd = -1;

    s->pid = fork();
    CHECK(s->pid >= 0);
    if (s->pid == 0) {
        execl(path, path, "--listen", s->address, "--database", s->database, (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 500 && fd < 0; i++) {
        usleep(10000);
        fd = wire_connect(s->port, 0);
    }
    CHECK(fd >= 0);
    close(fd);
}

/* The exit status. */
static int stop(station *s, int by)
{
    int status = -1;

    CHECK(kill(s->pid, by) == 0);
    CHECK(waitpid(s->pid, &status, 0) == s->pid);
    s->pid = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int setup(void **state)
{
    station *s = calloc(1, sizeof *s);

    strcpy(s->dir, "/tmp/sacrum-embed-XXXXXX");
    CHECK(mkdtemp(s->dir));
    s->port = find_port();
    snprintf(s->address, sizeof s->address, "127.0.0.1:%u", s->port);
    snprintf(s->database, sizeof s->database, "lmdb:%s/db", s->dir);
    start(s);
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    station *s = *state;
    char file[64];

    if (s->pid)
        (void)stop(s, SIGKILL);
    snprintf(file, sizeof file, "%s/db", s->dir);
    unlink(file);
    snprintf(file, sizeof file, "%s/db-lock", s->dir);
    unlink(file);
    rmdir(s->dir);
    free(s);
    return 0;
}

static int ask(station *s, const char *line, const char *json, wire_reply *out)
{
    char text[512];

    snprintf(text, sizeof text,
             "%s HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
             "Content-Length: %zu\r\n\r\n%s",
             line, strlen(json), json);
    *out = (wire_reply){.status = 0};
    CHECK(wire_ask(s->port, text, out));
    return out->status;
}

static void check_says(station *s, const char *line, int status, const char *text)
{
    wire_reply got;

    CHECK_INT(ask(s, line, "", &got), status);
    if (!strstr(got.body, text))
        fail_msg("%s: %s", line, got.body);
    wire_reply_fini(&got);
}

static void test_embed__serves_the_programs_routes(void **state)
{
    check_says(*state, "GET /", 200, "<h1>Station</h1>");
    check_says(*state, "GET /metrics", 200, "station_pages_total 1");
    check_says(*state, "GET /nothing", 404, "there is no such page");
    check_says(*state, "PATCH /nothing", 501, "");
}

static void test_embed__serves_the_api_beside_them(void **state)
{
    station *s = *state;
    char location[64] = "", line[128];
    wire_reply got;

    check_says(s, "GET /api/notes", 200, "[]");
    CHECK_INT(ask(s, "POST /api/notes", "{\"text\": \"hello\"}", &got), 201);
    CHECK(wire_header(&got, "Location", location, sizeof location));
    CHECK(strstr(location, "/api/notes/"));
    wire_reply_fini(&got);
    snprintf(line, sizeof line, "PATCH %s", strstr(location, "/api/"));
    CHECK_INT(ask(s, line, "{\"text\": \"goodbye\"}", &got), 200);
    wire_reply_fini(&got);
    check_says(s, "GET /api/notes", 200, "goodbye");
    check_says(s, "GET /api/stats", 200, "\"notes\"");
    check_says(s, "GET /api/nothing", 404, "not_found");
    check_says(s, "GET /", 200, "Station");
}

static void test_embed__stops_at_a_signal_and_starts_again(void **state)
{
    station *s = *state;
    wire_reply got;

    CHECK_INT(ask(s, "POST /api/notes", "{\"text\": \"kept\"}", &got), 201);
    wire_reply_fini(&got);
    CHECK_INT(stop(s, SIGTERM), 0);
    CHECK(wire_connect(s->port, 0) < 0);
    start(s);
    check_says(s, "GET /api/notes", 200, "kept");
    CHECK_INT(stop(s, SIGINT), 0);
}

#define CASE(name)                                       \
    {                                                    \
#name, test_embed__##name, setup, teardown, NULL \
    }
int main(int argc, char **argv)
{
    static const struct CMUnitTest cases[] = {
        CASE(serves_the_programs_routes),
        CASE(serves_the_api_beside_them),
        CASE(stops_at_a_signal_and_starts_again),
    };

    if (argc != 2)
        return 2;
    path = argv[1];
    return cmocka_run_group_tests(cases, NULL, NULL);
}
