/* SPDX-License-Identifier: MIT */
#include "server.h"

#include "support.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARGUMENTS = 16, START_MS = 30000, TELL_MS = 5000, STOP_MS = 5000 };

static bool is_opmsg(const char *kind)
{
    return strcmp(kind, "opmsg") == 0;
}

static bool program_of(const char *kind, char *path, size_t size)
{
    const char *folder = getenv("SACRUM_TEST_SERVERS");
    const char *opmsg = getenv("SACRUM_TEST_OPMSG");

    if (is_opmsg(kind))
        snprintf(path, size, "%s", opmsg ? opmsg : "tests/support/opmsg/opmsg.py");
    else
        snprintf(path, size, "%s/%s", folder ? folder : "build-tests/servers", kind);
    return access(path, X_OK) == 0;
}

const char *server_missing(const char *kind)
{
    char path[4096];

    if (program_of(kind, path, sizeof path))
        return NULL;
    return "not installed: tests/support/servers/install; SACRUM_TEST_SERVERS names the folder";
}

static void run(const char *kind, const char *path, int port, const char *const *arguments)
{
    const char *argv[ARGUMENTS] = {path};
    char number[16];
    int n = 1;

    snprintf(number, sizeof number, "%d", port);
    if (is_opmsg(kind))
        argv[n++] = "--port";
    argv[n++] = number;
    while (arguments && *arguments && n < ARGUMENTS - 1)
        argv[n++] = *arguments++;
    execv(path, (char *const *)argv);
    _exit(127);
}

static bool hear(server *s, char *line, size_t size, int ms)
{
    struct pollfd readable = {.fd = s->from, .events = POLLIN};
    size_t n = 0;

    while (n + 1 < size && poll(&readable, 1, ms) == 1 && read(s->from, line + n, 1) == 1) {
        if (line[n] == '\n') {
            line[n] = '\0';
            return true;
        }
        n++;
    }
    return false;
}

void server_start(server *s, const char *kind, int port, const char *const *arguments)
{
    char path[4096];
    int down[2];
    int up[2];
    const char *colon;

    assert_true(program_of(kind, path, sizeof path));
    assert_int_equal(pipe2(down, O_CLOEXEC), 0);
    assert_int_equal(pipe2(up, O_CLOEXEC), 0);
    s->pid = fork();
    assert_true(s->pid >= 0);
    if (s->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* one that is stopped does not see its stdin end */
        dup2(down[0], STDIN_FILENO);
        dup2(up[1], STDOUT_FILENO);
        run(kind, path, port, arguments);
    }
    close(down[0]);
    close(up[1]);
    s->to = down[1];
    s->from = up[0];
    if (!hear(s, s->uri, sizeof s->uri, START_MS)) {
        server_kill(s);
        fail_msg("%s: no server", path);
    }
    colon = strrchr(s->uri, ':');
    assert_non_null(colon);
    s->port = atoi(colon + 1);
}

long server_tell(server *s, const char *json)
{
    char said[256] = "nothing";
    const size_t n = strlen(json);

    assert_int_equal(write(s->to, json, n), n);
    assert_int_equal(write(s->to, "\n", 1), 1);
    if (!hear(s, said, sizeof said, TELL_MS) || strncmp(said, "ok", 2) != 0)
        fail_msg("%s: %s", json, said);
    return strtol(said + 2, NULL, 10);
}

long server_seen(server *s, const char *command)
{
    char json[128];

    snprintf(json, sizeof json, "{\"do\": \"count\", \"cmd\": \"%s\"}", command);
    return server_tell(s, json);
}

void server_pause(const server *s)
{
    kill(s->pid, SIGSTOP);
}

void server_resume(const server *s)
{
    kill(s->pid, SIGCONT);
}

static void ended(server *s)
{
    waitpid(s->pid, NULL, 0);
    close(s->from);
    s->pid = 0;
}

void server_kill(server *s)
{
    kill(s->pid, SIGKILL);
    close(s->to);
    ended(s);
}

void server_stop(server *s)
{
    struct pollfd end = {.fd = s->from};

    server_resume(s);
    close(s->to);
    if (poll(&end, 1, STOP_MS) != 1)
        kill(s->pid, SIGKILL);
    ended(s);
}
