/* SPDX-License-Identifier: MIT */
#include "auth/guard/rate.h"

#include <pthread.h>
#include <stdio.h>

#include "support/support.h"

static const uint64_t second = 1000000000;

static sac__rate *make(uint64_t requests, uint64_t seconds, uint64_t burst, size_t max_keys)
{
    const sac__rate_config config = {requests, seconds, burst, max_keys};
    sac__rate *rate = NULL;

    CHECK_INT(sac__rate_new(&config, NULL, &rate, NULL), SAC_OK);
    return rate;
}

static uint64_t key_of(const sac__rate *rate, const char *name, const char *peer)
{
    return sac__rate_key(rate, sac_str_of(name), sac_str_of(peer));
}

static void test_rate__a_burst_then_the_pace(void **state)
{
    sac__rate *rate = make(60, 60, 5, 100);
    const uint64_t key = key_of(rate, "ann", NULL);
    uint64_t now = 1000 * second;

    (void)state;
    for (int i = 0; i < 5; i++)
        CHECK(sac__rate_take(rate, key, now) == 0);
    CHECK(sac__rate_take(rate, key, now) == second);
    CHECK(sac__rate_take(rate, key, now + second / 4) == second * 3 / 4);
    for (int i = 0; i < 100; i++) {
        now += second;
        CHECK(sac__rate_take(rate, key, now) == 0);
        CHECK(sac__rate_take(rate, key, now) == second);
    }
    now += 3 * second;
    for (int i = 0; i < 3; i++)
        CHECK(sac__rate_take(rate, key, now) == 0);
    CHECK(sac__rate_take(rate, key, now) == second);
    sac__rate_free(rate);
}

static void test_rate__a_burst_of_its_own_is_the_number_of_requests(void **state)
{
    sac__rate *rate = make(7, 60, 0, 100);
    const uint64_t key = key_of(rate, NULL, "127.0.0.1");

    (void)state;
    for (int i = 0; i < 7; i++)
        CHECK(sac__rate_take(rate, key, 0) == 0);
    CHECK(sac__rate_take(rate, key, 0) > 0);
    CHECK(sac__rate_take(rate, key, 60 * second) == 0);
    sac__rate_free(rate);
}

static void test_rate__what_is_refused_is_not_counted(void **state)
{
    sac__rate *rate = make(1, 10, 1, 100);
    const uint64_t key = key_of(rate, "ann", NULL);

    (void)state;
    CHECK(sac__rate_take(rate, key, 0) == 0);
    for (int i = 0; i < 1000; i++)
        CHECK(sac__rate_take(rate, key, second) == 9 * second);
    CHECK(sac__rate_take(rate, key, 10 * second) == 0);
    sac__rate_free(rate);
}

static void test_rate__asking_takes_nothing_and_one_can_be_given_back(void **state)
{
    sac__rate *rate = make(2, 60, 2, 100);
    const uint64_t key = key_of(rate, "ann", NULL);

    (void)state;
    for (int i = 0; i < 10; i++)
        CHECK(sac__rate_ask(rate, key, second) == 0);
    CHECK(sac__rate_take(rate, key, second) == 0);
    CHECK(sac__rate_take(rate, key, second) == 0);
    CHECK(sac__rate_ask(rate, key, second) == 30 * second);
    sac__rate_give(rate, key);
    CHECK(sac__rate_take(rate, key, second) == 0);
    CHECK(sac__rate_take(rate, key, second) == 30 * second);
    sac__rate_forget(rate, key);
    CHECK(sac__rate_take(rate, key, second) == 0);
    CHECK(sac__rate_take(rate, key, second) == 0);
    CHECK(sac__rate_take(rate, key, second) > 0);
    sac__rate_give(rate, key_of(rate, "bob", NULL)); /* of whom nothing is known */
    sac__rate_forget(rate, key_of(rate, "bob", NULL));
    sac__rate_free(rate);
}

static void test_rate__names_and_addresses_are_apart(void **state)
{
    sac__rate *rate = make(1, 60, 1, 100);

    (void)state;
    CHECK(sac__rate_take(rate, key_of(rate, "ann", NULL), 0) == 0);
    CHECK(sac__rate_take(rate, key_of(rate, "bob", NULL), 0) == 0);
    CHECK(sac__rate_take(rate, key_of(rate, "ann", "127.0.0.1"), 0) == 0);
    CHECK(sac__rate_take(rate, key_of(rate, "ann", "127.0.0.2"), 0) == 0);
    CHECK(sac__rate_take(rate, key_of(rate, NULL, "127.0.0.1"), 0) == 0);
    CHECK(sac__rate_take(rate, key_of(rate, "", "127.0.0.1"), 0) == 0);
    CHECK(sac__rate_take(rate, key_of(rate, "ann", NULL), 0) > 0);
    CHECK(sac__rate_take(rate, key_of(rate, "ann", "127.0.0.2"), 0) > 0);
    sac__rate_free(rate);
}

static bool same(const sac__rate *rate, const char *a, const char *b)
{
    return key_of(rate, NULL, a) == key_of(rate, NULL, b);
}

static void test_rate__an_address_is_four_bytes_or_a_64(void **state)
{
    sac__rate *rate = make(1, 60, 1, 100);
    char long_text[80];

    (void)state;
    CHECK(!same(rate, "10.0.0.1", "10.0.0.2"));
    CHECK(same(rate, "2001:db8:0:1::1", "2001:0db8:0000:0001:ffff:ffff:ffff:ffff"));
    CHECK(!same(rate, "2001:db8:0:1::1", "2001:db8:0:2::1"));
    CHECK(same(rate, "::ffff:10.0.0.1", "10.0.0.1"));
    CHECK(!same(rate, "::ffff:10.0.0.1", "::ffff:10.0.0.2"));
    CHECK(same(rate, "fe80::1%eth0", "fe80::2"));
    CHECK(!same(rate, "::", "0.0.0.0"));
    memset(long_text, '1', sizeof long_text);
    long_text[sizeof long_text - 1] = '\0';
    CHECK(same(rate, long_text, ""));
    CHECK(same(rate, "unix", "10.0.0.1, 10.0.0.2"));
    CHECK(!same(rate, "", "0.0.0.0"));
    sac__rate_free(rate);
}

static void test_rate__no_two_tables_hash_alike(void **state)
{
    sac__rate *a = make(1, 60, 1, 10);
    sac__rate *b = make(1, 60, 1, 10);

    (void)state;
    CHECK(key_of(a, "ann", NULL) == key_of(a, "ann", NULL));
    CHECK(key_of(a, "ann", NULL) != key_of(b, "ann", NULL));
    sac__rate_free(a);
    sac__rate_free(b);
}

/* Ann made three, Bob one: of the two, Bob is forgotten when a third comes. */
static void test_rate__the_lowest_rate_is_forgotten_first(void **state)
{
    sac__rate *rate = make(3, 60, 3, 2);
    const uint64_t ann = key_of(rate, "ann", NULL);
    const uint64_t bob = key_of(rate, "bob", NULL);

    (void)state;
    for (int i = 0; i < 3; i++)
        CHECK(sac__rate_take(rate, ann, second) == 0);
    CHECK(sac__rate_take(rate, bob, second) == 0);
    CHECK(sac__rate_take(rate, bob, second) == 0);
    CHECK(sac__rate_take(rate, key_of(rate, "cat", NULL), second) == 0);
    CHECK(sac__rate_ask(rate, ann, second) > 0);
    for (int i = 0; i < 3; i++) /* nothing is known of Bob; Cat goes */
        CHECK(sac__rate_take(rate, bob, second) == 0);
    CHECK(sac__rate_take(rate, bob, second) > 0);
    for (int i = 0; i < 1000; i++) { /* new ones drive one another out, not Ann */
        char name[16];

        snprintf(name, sizeof name, "n%d", i);
        (void)sac__rate_take(rate, key_of(rate, name, NULL), second);
    }
    CHECK(sac__rate_ask(rate, ann, second) + sac__rate_ask(rate, bob, second) > 0);
    sac__rate_free(rate);
}

enum { NAMED = 60, KEPT = 20 };

/* When each is due; 0: forgotten. */
typedef struct model {
    uint64_t due[NAMED];
    unsigned n;
} model;

static void model_take(model *m, unsigned who, uint64_t now)
{
    unsigned first = who;

    for (unsigned i = 0; m->due[who] == 0 && m->n == KEPT && i < NAMED; i++)
        if (m->due[i] > 0 && (first == who || m->due[i] < m->due[first]))
            first = i;
    if (first != who)
        m->due[first] = 0;
    else if (m->due[who] == 0)
        m->n++;
    m->due[who] = (m->due[who] > now ? m->due[who] : now) + second;
}

/* Asked as at time 0, a table tells when a caller is due. */
static void test_rate__forgets_as_a_simple_model_does(void **state)
{
    sac__rate *rate = make(100, 100, 100, KEPT);
    model m = {.n = 0};
    uint64_t now = 1000 * second;
    uint64_t random = 1;

    (void)state;
    for (int step = 0; step < 3000; step++) {
        unsigned who;

        random = random * 6364136223846793005u + 1442695040888963407u;
        who = (unsigned)(random >> 33) % NAMED;
        who = who % 3 ? who % (KEPT + 5) : who; /* some come often */
        now += (random >> 20) % (second / 20);
        CHECK(sac__rate_take(rate,
                             sac__rate_key(rate, sac_str_n(&who, sizeof who), sac_str_of(NULL)),
                             now) == 0);
        model_take(&m, who, now);
        for (unsigned i = 0; i < NAMED; i++) {
            const uint64_t key = sac__rate_key(rate, sac_str_n(&i, sizeof i), sac_str_of(NULL));
            const uint64_t due = sac__rate_ask(rate, key, 0);

            if (due != (m.due[i] ? m.due[i] - 99 * second : 0))
                fail_msg("step %d: caller %u", step, i);
        }
    }
    sac__rate_free(rate);
}

/* Every caller is known while there are no more than the table holds. */
static void test_rate__as_many_as_fit_are_remembered(void **state)
{
    enum { CALLERS = 5000 };
    sac__rate *rate = make(2, 3600, 2, CALLERS);
    char name[16];

    (void)state;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < CALLERS; i++) {
            snprintf(name, sizeof name, "n%d", i);
            if (i % 7 == 0 && round == 1)
                sac__rate_give(rate, key_of(rate, name, NULL));
            else if ((sac__rate_take(rate, key_of(rate, name, NULL), second) == 0) !=
                     (round < 2 || i % 7 == 0))
                fail_msg("caller %d, round %d", i, round);
        }
    }
    sac__rate_free(rate);
}

static void test_rate__what_is_no_rate_is_refused(void **state)
{
    static const sac__rate_config bad[] = {{0, 60, 0, 10},
                                           {1, 0, 0, 10},
                                           {1, 60, 0, 0},
                                           {1, 60, 0, SIZE_MAX},
                                           {1, UINT64_MAX, 0, 10},
                                           {2000000000, 1, 0, 10},
                                           {1, 4294967295u, 4294967295u, 10}};
    sac__rate *rate = NULL;
    sac_err err;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_INT(sac__rate_new(&bad[i], NULL, &rate, &err), SAC_EINVAL);
    assert_null(rate);
    sac__rate_free(NULL);
}

static void test_rate__survives_oom(void **state)
{
    const sac__rate_config config = {1, 60, 1, 10};
    sac__rate *rate = NULL;
    fault_alloc fault;

    (void)state;
    CHECK_INT(sac__rate_new(&config, fault_alloc_init(&fault, 0), &rate, NULL), SAC_ENOMEM);
    assert_null(rate);
    CHECK_INT(sac__rate_new(&config, fault_alloc_init(&fault, 1), &rate, NULL), SAC_OK);
    CHECK_INT(fault.calls, 1);
    sac__rate_free(rate);
    CHECK_INT(fault.live, 0);
}

enum { THREADS = 8, EACH = 4000, NAMES = 50, ALLOWED = 100 };

typedef struct sender {
    pthread_t thread;
    sac__rate *rate;
    unsigned taken[NAMES];
} sender;

static void *send_many(void *self)
{
    sender *s = self;

    for (uint64_t i = 0; i < EACH; i++) {
        const unsigned who = (unsigned)(i % NAMES);
        const sac_str name = sac_str_n(&who, sizeof who);
        const uint64_t key = sac__rate_key(s->rate, name, sac_str_of("127.0.0.1"));

        if (sac__rate_take(s->rate, key, second) == 0)
            s->taken[who]++;
        (void)sac__rate_ask(s->rate, key, second);
        /* And others, who come and go. */
        (void)sac__rate_take(s->rate, sac__rate_key(s->rate, sac_str_n(&i, sizeof i), name),
                             second);
    }
    return NULL;
}

/* No request too many is let through, however many threads ask. */
static void test_rate__threads_take_no_more_than_there_is(void **state)
{
    sac__rate *rate = make(ALLOWED, 3600, ALLOWED, 4 * NAMES);
    static sender senders[THREADS];

    (void)state;
    for (int i = 0; i < THREADS; i++) {
        senders[i] = (sender){.rate = rate};
        CHECK_INT(pthread_create(&senders[i].thread, NULL, send_many, &senders[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        CHECK_INT(pthread_join(senders[i].thread, NULL), 0);
    for (int who = 0; who < NAMES; who++) {
        unsigned taken = 0;

        for (int i = 0; i < THREADS; i++)
            taken += senders[i].taken[who];
        CHECK_INT(taken, ALLOWED);
    }
    sac__rate_free(rate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rate__a_burst_then_the_pace),
        cmocka_unit_test(test_rate__a_burst_of_its_own_is_the_number_of_requests),
        cmocka_unit_test(test_rate__what_is_refused_is_not_counted),
        cmocka_unit_test(test_rate__asking_takes_nothing_and_one_can_be_given_back),
        cmocka_unit_test(test_rate__names_and_addresses_are_apart),
        cmocka_unit_test(test_rate__an_address_is_four_bytes_or_a_64),
        cmocka_unit_test(test_rate__no_two_tables_hash_alike),
        cmocka_unit_test(test_rate__the_lowest_rate_is_forgotten_first),
        cmocka_unit_test(test_rate__forgets_as_a_simple_model_does),
        cmocka_unit_test(test_rate__as_many_as_fit_are_remembered),
        cmocka_unit_test(test_rate__what_is_no_rate_is_refused),
        cmocka_unit_test(test_rate__survives_oom),
        cmocka_unit_test(test_rate__threads_take_no_more_than_there_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
