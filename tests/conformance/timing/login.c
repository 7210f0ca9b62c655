/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <time.h>

#include <sacrum/token.h>

#include "unit/auth/members.h"

/* Whether the time that a refused sign-in takes tells that there is no such account. */

enum { ROUNDS = 30, TRIES = 3 };

#define BASIC_KNOWN "Authorization: Basic YW5uOndyb25nIGhvcnNl"   /* ann:wrong horse */
#define BASIC_UNKNOWN "Authorization: Basic ZXZlOndyb25nIGhvcnNl" /* eve:wrong horse */

static void open_app(members *m)
{
    members_begin(m);
    m->accounts.cost = 8;
    m->accounts.max_attempts = 1000000;
    members_make(m);
    CHECK_INT(sac_app_basic(m->t.app, NULL, false, NULL), 0);
    members_serve(m);
}

/* Of the processors: a machine that does other things makes no difference. */
static double seconds(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *took)
{
    qsort(took, ROUNDS, sizeof *took, by_size);
    return (took[ROUNDS / 2 - 1] + took[ROUNDS / 2]) / 2;
}

typedef int asking(members *m, bool known);

static int ask_login(members *m, bool known)
{
    return members_json(m, "/login",
                        known ? WRONG : "{\"username\":\"eve\",\"password\":\"wrong horse\"}");
}

static int ask_disabled(members *m, bool known)
{
    return members_json(m, "/login",
                        known ? WRONG : "{\"username\":\"off\",\"password\":\"wrong horse\"}");
}

static int ask_basic(members *m, bool known)
{
    const int status = todos_ask_with(&m->t, "GET", "/hello", NULL,
                                      WITH(known ? BASIC_KNOWN : BASIC_UNKNOWN));

    CHECK(todos_says(&m->t, "nobody"));
    return status;
}

/* By how much of the longer one the medians differ. */
static double difference(members *m, asking *ask, int status)
{
    double known[ROUNDS], unknown[ROUNDS], a, b;

    for (int i = 0; i < ROUNDS; i++) {
        const double begin = seconds();
        double between;

        CHECK_INT(ask(m, i % 2), status);
        between = seconds();
        CHECK_INT(ask(m, i % 2 == 0), status);
        (i % 2 ? known : unknown)[i] = between - begin;
        (i % 2 ? unknown : known)[i] = seconds() - between;
    }
    a = median(known);
    b = median(unknown);
    print_message("# medians: known %.2f ms, unknown %.2f ms\n", 1e3 * a, 1e3 * b);
    return a > b ? (a - b) / a : (b - a) / b;
}

/* A machine that is busy with something else may fool it once, hardly three times. */
static void check_even(members *m, asking *ask, int status)
{
    double found = 1;

    for (int i = 0; i < TRIES && found >= 0.05; i++)
        found = difference(m, ask, status);
    CHECK(found < 0.05);
}

static void test_login__takes_as_long_for_an_unknown_name(void **state)
{
    members m;

    (void)state;
    open_app(&m);
    check_even(&m, ask_login, 401);
    members_close(&m);
}

static void test_login__takes_as_long_for_a_disabled_account(void **state)
{
    members m;

    (void)state;
    open_app(&m);
    CHECK_INT(
        sac_account_add(m.t.app, sac_str_of("off"), sac_str_of("some horse"), NULL, NULL, NULL), 0);
    CHECK_INT(sac_account_disable(m.t.app, sac_str_of("off"), true, NULL), 0);
    check_even(&m, ask_disabled, 401);
    members_close(&m);
}

static void test_basic__takes_as_long_for_an_unknown_name(void **state)
{
    members m;

    (void)state;
    open_app(&m);
    check_even(&m, ask_basic, 200);
    members_close(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_login__takes_as_long_for_an_unknown_name),
        cmocka_unit_test(test_login__takes_as_long_for_a_disabled_account),
        cmocka_unit_test(test_basic__takes_as_long_for_an_unknown_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
