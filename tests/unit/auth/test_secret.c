/* SPDX-License-Identifier: MIT */
#include <sacrum/token.h>

#include "auth/token/recent.h"
#include "auth/token/secret.h"
#include "support/support.h"

static void test_secret__is_another_one_each_time(void **state)
{
    static char texts[200][SAC_TOKEN_TEXT];
    size_t counts[128] = {0};

    (void)state;
    for (size_t i = 0; i < 200; i++) {
        CHECK_INT(sac__secret_make(texts[i]), 0);
        CHECK_INT(strlen(texts[i]), SAC__SECRET_SIZE);
        CHECK(sac__secret_valid(sac_str_of(texts[i])));
        for (size_t k = 0; k < i; k++)
            CHECK(strcmp(texts[i], texts[k]) != 0);
        for (size_t at = 4; at < 47; at++)
            counts[(unsigned char)texts[i][at]]++;
    }
    /* 8,600 letters of 62: 139 of each, give or take. */
    for (int c = 0; c < 128; c++)
        CHECK(counts[c] == 0 || (counts[c] > 70 && counts[c] < 220));
}

static void test_secret__tells_a_slip_of_the_hand(void **state)
{
    char text[SAC_TOKEN_TEXT];

    (void)state;
    CHECK_INT(sac__secret_make(text), 0);
    for (size_t at = 0; at < SAC__SECRET_SIZE; at++)
        for (int bit = 0; bit < 8; bit++) {
            text[at] = (char)(text[at] ^ 1 << bit);
            CHECK(!sac__secret_valid(sac_str_n(text, SAC__SECRET_SIZE)));
            text[at] = (char)(text[at] ^ 1 << bit);
        }
    CHECK(!sac__secret_valid(sac_str_n(text, SAC__SECRET_SIZE - 1)));
    CHECK(!sac__secret_valid(sac_str_n(text, SAC__SECRET_SIZE + 1)));
    CHECK(!sac__secret_valid(sac_str_of("")));
    CHECK(!sac__secret_valid(sac_str_of(NULL)));
    CHECK(sac__secret_begins(sac_str_of("sac_")));
    CHECK(!sac__secret_begins(sac_str_of("sac")));
    CHECK(!sac__secret_begins(sac_str_of("SAC_x")));
}

/* FIPS 180-2's example. */
static void test_secret__digest_is_sha256(void **state)
{
    static const uint8_t abc[] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea};
    uint8_t digest[SAC__SECRET_DIGEST];

    (void)state;
    CHECK_INT(sac__secret_digest(sac_str_of("abc"), digest), 0);
    assert_memory_equal(digest, abc, sizeof abc);
}

#define SECOND UINT64_C(1000000000)

static const sac__user ann = {.id = {{1}}, .hash = {"$2b$04$abc", 10}};
static const sac__user bob = {.id = {{2}}, .hash = {"$2b$04$abc", 10}};
static const sac__user changed = {.id = {{1}}, .hash = {"$2b$04$abcd", 11}};

static void test_recent__knows_a_password_for_a_minute(void **state)
{
    uint8_t digest[SAC__RECENT_DIGEST];
    sac__recent *recent = NULL;

    (void)state;
    CHECK_INT(sac__recent_new(NULL, &recent), 0);
    CHECK_INT(sac__recent_digest(recent, &ann, sac_str_of("secret"), digest), 0);
    CHECK(!sac__recent_has(recent, digest, 0));
    CHECK(!sac__recent_has(recent, digest, 5 * SECOND));
    sac__recent_add(recent, digest, 5 * SECOND);
    CHECK(sac__recent_has(recent, digest, 5 * SECOND));
    CHECK(sac__recent_has(recent, digest, 64 * SECOND));
    CHECK(!sac__recent_has(recent, digest, 65 * SECOND));
    sac__recent_free(recent);
    sac__recent_free(NULL);
}

static void test_recent__tells_all_that_differs(void **state)
{
    const struct {
        const sac__user *user;
        const char *password;
    } others[] = {{&bob, "secret"},  {&changed, "secret"}, {&changed, "ecret"},
                  {&ann, "dsecret"}, {&ann, "secre"},      {&ann, ""}};
    uint8_t digest[SAC__RECENT_DIGEST], again[SAC__RECENT_DIGEST];
    sac__recent *recent = NULL, *other = NULL;

    (void)state;
    CHECK_INT(sac__recent_new(NULL, &recent), 0);
    CHECK_INT(sac__recent_new(NULL, &other), 0);
    CHECK_INT(sac__recent_digest(recent, &ann, sac_str_of("secret"), digest), 0);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        CHECK_INT(sac__recent_digest(recent, others[i].user, sac_str_of(others[i].password), again),
                  0);
        assert_memory_not_equal(digest, again, sizeof digest);
    }
    /* Under a key of its own in each app. */
    CHECK_INT(sac__recent_digest(other, &ann, sac_str_of("secret"), again), 0);
    assert_memory_not_equal(digest, again, sizeof digest);
    sac__recent_free(recent);
    sac__recent_free(other);
}

/* Of many in one place the newest stay: memory has a bound. */
static void test_recent__forgets_the_oldest(void **state)
{
    uint8_t digest[SAC__RECENT_DIGEST] = {7};
    sac__recent *recent = NULL;

    (void)state;
    CHECK_INT(sac__recent_new(NULL, &recent), 0);
    for (uint8_t i = 1; i <= 6; i++) {
        digest[1] = i;
        sac__recent_add(recent, digest, i * SECOND);
    }
    for (uint8_t i = 1; i <= 6; i++) {
        digest[1] = i;
        CHECK_INT(sac__recent_has(recent, digest, 7 * SECOND), i > 2);
    }
    sac__recent_free(recent);
}

static void test_recent__new_survives_oom(void **state)
{
    sac__recent *recent = NULL;
    fault_alloc fault;

    (void)state;
    CHECK_INT(sac__recent_new(fault_alloc_init(&fault, 0), &recent), SAC_ENOMEM);
    CHECK(recent == NULL);
    CHECK_INT(sac__recent_new(fault_alloc_init(&fault, 1), &recent), 0);
    sac__recent_free(recent);
    CHECK_INT(fault.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_secret__is_another_one_each_time),
        cmocka_unit_test(test_secret__tells_a_slip_of_the_hand),
        cmocka_unit_test(test_secret__digest_is_sha256),
        cmocka_unit_test(test_recent__knows_a_password_for_a_minute),
        cmocka_unit_test(test_recent__tells_all_that_differs),
        cmocka_unit_test(test_recent__forgets_the_oldest),
        cmocka_unit_test(test_recent__new_survives_oom),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
