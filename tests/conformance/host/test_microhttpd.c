/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sacrum/host/microhttpd.h>

#include "hosts.h"

/* Addresses, configuration, and the run call of this one host. */

static int try_start(site *s, const char *address, sac_microhttpd **out, sac_err *err)
{
    const sac_microhttpd_config config = SAC_MICROHTTPD_CONFIG(.listen = address);

    return sac_microhttpd_start(s->app, &config, out, err);
}

static int setup(void **state)
{
    site *s = calloc(1, sizeof *s);

    site_begin(s);
    site_make(s);
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    site *s = *state;

    site_close(s);
    free(s);
    return 0;
}

static void test_microhttpd__refuses_bad_addresses(void **state)
{
    static const char *const bad[] = {"",
                                      "localhost",
                                      "8080",
                                      "127.0.0.1",
                                      "127.0.0.1:",
                                      "127.0.0.1:x",
                                      "127.0.0.1:-1",
                                      "127.0.0.1:65536",
                                      "127.0.0.1:999999",
                                      "127.0.0.1:80:80",
                                      "::1:80",
                                      "[::1]",
                                      "[::1",
                                      "[::1]80",
                                      "]:80",
                                      "[]:80",
                                      "127.0.0.1.5:80",
                                      "no such host:80",
                                      ":",
                                      "127.0.0.1: 80"};
    site *s = *state;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        sac_microhttpd *server = NULL;
        sac_err err = {.code = 0};
        int rc = try_start(s, bad[i], &server, &err);

        if (rc != SAC_EINVAL || !strstr(err.text, bad[i]))
            fail_msg("\"%s\": %d %s", bad[i], rc, err.text);
        CHECK(server == NULL);
    }
}

static void test_microhttpd__refuses_bad_configurations(void **state)
{
    site *s = *state;
    sac_microhttpd_config config = SAC_MICROHTTPD_CONFIG(.listen = NULL);
    sac_microhttpd *server = NULL;
    sac_err err = {.code = 0};

    CHECK_INT(sac_microhttpd_start(s->app, &config, &server, &err), SAC_EINVAL);
    CHECK(strstr(err.text, "listen"));
    config.listen = "127.0.0.1:0";
    config.size = sizeof config + 8;
    CHECK_INT(sac_microhttpd_start(s->app, &config, &server, &err), SAC_EVERSION);
    CHECK(server == NULL);
}

static void test_microhttpd__says_why_it_cannot_listen(void **state)
{
    site *s = *state;
    sac_microhttpd *first = NULL, *second = NULL;
    sac_err err = {.code = 0};
    char address[64];

    CHECK_INT(try_start(s, "127.0.0.1:0", &first, &err), SAC_OK);
    snprintf(address, sizeof address, "127.0.0.1:%u", sac_microhttpd_port(first));
    CHECK_INT(try_start(s, address, &second, &err), SAC_EIO);
    CHECK(strstr(err.text, address));
    CHECK(strstr(err.text, "in use"));
    sac_microhttpd_stop(first);
    CHECK_INT(try_start(s, address, &second, &err), SAC_OK);
    sac_microhttpd_stop(second);
    CHECK_INT(try_start(s, "192.0.2.1:0", &second, &err), SAC_EIO);
    sac_microhttpd_stop(NULL);
}

static int connect_v6(unsigned port)
{
    struct sockaddr_in6 where = {.sin6_family = AF_INET6,
                                 .sin6_port = htons((uint16_t)port),
                                 .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_STREAM, 0);

    if (fd >= 0 && connect(fd, (struct sockaddr *)&where, sizeof where) == 0)
        return fd;
    close(fd);
    return -1;
}

static void check_peer(int fd, const char *peer)
{
    wire_reply got;

    CHECK(fd >= 0);
    CHECK(wire_print(fd, "GET /peer HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK(wire_read(fd, false, &got));
    assert_string_equal(got.body, peer);
    wire_reply_fini(&got);
    close(fd);
}

static bool has_v6(void)
{
    struct sockaddr_in6 where = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    bool good = fd >= 0 && bind(fd, (struct sockaddr *)&where, sizeof where) == 0;

    if (fd >= 0)
        close(fd);
    return good;
}

static void test_microhttpd__listens_on_ipv4(void **state)
{
    static const char *const addresses[] = {"127.0.0.1:0", "localhost:0", ":0", "0.0.0.0:0"};
    site *s = *state;

    for (size_t i = 0; i < 4; i++) {
        sac_microhttpd *server = NULL;
        sac_err err = {.code = 0};
        int fd;

        if (try_start(s, addresses[i], &server, &err) != SAC_OK)
            fail_msg("%s: %s", addresses[i], err.text);
        fd = wire_connect(sac_microhttpd_port(server), 0);
        if (i == 1 && fd < 0) /* localhost may be ::1 alone */
            fd = connect_v6(sac_microhttpd_port(server));
        else
            check_peer(fd, "127.0.0.1");
        sac_microhttpd_stop(server);
    }
}

static void test_microhttpd__listens_on_ipv6(void **state)
{
    static const char *const addresses[] = {"[::1]:0", ":0", "[::]:0"};
    site *s = *state;

    if (!has_v6()) {
        print_message("no IPv6 here\n");
        skip();
    }
    for (size_t i = 0; i < 3; i++) {
        sac_microhttpd *server = NULL;
        sac_err err = {.code = 0};

        if (try_start(s, addresses[i], &server, &err) != SAC_OK)
            fail_msg("%s: %s", addresses[i], err.text);
        check_peer(connect_v6(sac_microhttpd_port(server)), "::1");
        sac_microhttpd_stop(server);
    }
}

/* In a process of its own: run() there, and a signal from here. */
static void serve_until_signalled(site *s, int report)
{
    sigset_t before, after;
    sac_err err = {.code = 0};
    int rc, code = 0;

    sigemptyset(&before);
    sigaddset(&before, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &before, NULL);
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    rc = sac_microhttpd_run(s->app, "127.0.0.1:18974", &err);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    if (rc != SAC_OK)
        code = 1;
    for (int i = 1; i < 32; i++)
        if (sigismember(&before, i) != sigismember(&after, i))
            code = 2;
    if (write(report, &code, sizeof code) != sizeof code)
        _exit(3);
    sac_app_free(s->app);
    _exit(0);
}

static void check_run(site *s, int signal)
{
    int pipes[2], code = -1, status = -1, fd = -1;
    wire_reply got;
    pid_t child;

    CHECK(pipe(pipes) == 0);
    child = fork();
    CHECK(child >= 0);
    if (child == 0)
        serve_until_signalled(s, pipes[1]);
    for (int i = 0; i < 400 && fd < 0; i++) {
        fd = wire_connect(18974, 0);
        if (fd < 0)
            sleep_ms(10);
    }
    CHECK(fd >= 0);
    CHECK(wire_print(fd, "GET /sleep?ms=300 HTTP/1.1\r\nHost: a\r\n\r\n"));
    sleep_ms(100);
    CHECK(kill(child, signal) == 0);
    CHECK(wire_read(fd, false, &got)); /* it was in flight */
    CHECK_INT(got.status, 200);
    wire_reply_fini(&got);
    close(fd);
    CHECK(read(pipes[0], &code, sizeof code) == sizeof code);
    CHECK_INT(code, 0);
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    close(pipes[0]);
    close(pipes[1]);
}

static void test_microhttpd__runs_until_a_signal(void **state)
{
    check_run(*state, SIGTERM);
    check_run(*state, SIGINT);
}

static void test_microhttpd__run_fails_as_start_does(void **state)
{
    site *s = *state;
    sigset_t before, after;
    sac_err err = {.code = 0};

    pthread_sigmask(SIG_SETMASK, NULL, &before);
    CHECK_INT(sac_microhttpd_run(s->app, "nonsense", &err), SAC_EINVAL);
    CHECK(strstr(err.text, "nonsense"));
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    for (int i = 1; i < 32; i++)
        CHECK_INT(sigismember(&before, i), sigismember(&after, i));
}

/* Memory that ends at any point: the start fails, or the request does, or all is well. */
static void test_microhttpd__survives_oom(void **state)
{
    site *s = *state;
    sac_err err = {.code = 0};
    int good = 0;

    CHECK_INT(sac_app_seal(s->app, &err), SAC_OK);
    for (long left = 0; left < 60 && good < 3; left++) {
        sac_microhttpd *server = NULL;
        wire_reply got = {.status = 0};

        s->memory.once = true;
        s->memory.left = left;
        if (try_start(s, "127.0.0.1:0", &server, &err) == SAC_OK) {
            if (wire_ask(sac_microhttpd_port(server),
                         "GET /hello?with=a&query HTTP/1.1\r\nHost: a\r\nA: b\r\n\r\n", &got)) {
                CHECK(got.status == 200 || got.status == 500 || got.status == 503);
                good += got.status == 200;
            }
            wire_reply_fini(&got);
        }
        sac_microhttpd_stop(server);
        s->memory.left = -1;
    }
    CHECK_INT(good, 3);
}

#define CASE(name)                                            \
    {                                                         \
#name, test_microhttpd__##name, setup, teardown, NULL \
    }
int main(void)
{
    static const struct CMUnitTest cases[] = {
        CASE(runs_until_a_signal), /* first: it forks */
        CASE(refuses_bad_addresses),
        CASE(refuses_bad_configurations),
        CASE(says_why_it_cannot_listen),
        CASE(listens_on_ipv4),
        CASE(listens_on_ipv6),
        CASE(run_fails_as_start_does),
        CASE(survives_oom),
    };

    return cmocka_run_group_tests(cases, NULL, NULL);
}
