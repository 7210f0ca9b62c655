/* SPDX-License-Identifier: MIT */
#include "codec.h"

static const sac_str dev[] = {{"dev", 3}};
static const sac_str keys[] = {
    {"the newest key of all", 21}, {"an older key", 12}, {"the oldest", 10}};

static sac__sealing *sealing_of(codec *c, const sac_str *with, size_t n, const char *name,
                                const char *salt)
{
    sac__sealing *sealing = NULL;

    CHECK_INT(sac__sealing_new(&c->fault.alloc, with, n, S(salt), S(name), &sealing), SAC_OK);
    return sealing;
}

static sac_str seal(codec *c, const sac__sealing *sealing, const char *json)
{
    const sac__sealed session = {.issued = NOW, .begun = NOW - 5, .doc = codec_doc(c, json)};
    sac_str cookie = {NULL, 0};

    CHECK_INT(sac__sealed_write(sealing, &session, c->arena, &cookie), SAC_OK);
    return cookie;
}

static int unseal(codec *c, const sac__sealing *sealing, sac_str cookie)
{
    sac__sealed got;

    return sac__sealed_read(sealing, cookie, SIZE, c->arena, &got);
}

static void test_sealed__gives_back_what_was_sealed(void **state)
{
    codec c;
    sac__sealing *sealing;
    sac_str one, two;
    sac__sealed got = {.issued = 0};

    (void)state;
    codec_open(&c, dev, 1);
    sealing = sealing_of(&c, keys, 1, "session", "salt");
    one = seal(&c, sealing, "{\"secret\":\"of the user\"}");
    two = seal(&c, sealing, "{\"secret\":\"of the user\"}");
    CHECK(!sac_str_eq(one, two));
    CHECK(!memmem(one.p, one.n, "b2YgdGhlIHVzZXI", 15));
    CHECK_INT(sac__sealed_read(sealing, one, SIZE, c.arena, &got), SAC_OK);
    CHECK_INT(got.issued, NOW);
    CHECK_INT(got.begun, NOW - 5);
    assert_string_equal(codec_text(&c, got.doc), "{\"secret\":\"of the user\"}");
    CHECK_INT(sac__sealed_read(sealing, one, got.doc.n, c.arena, &got), SAC_OK);
    CHECK_INT(sac__sealed_read(sealing, one, got.doc.n - 1, c.arena, &got), SAC_ELIMIT);
    sac__sealing_free(sealing);
    codec_close(&c);
}

static void test_sealed__refuses_every_changed_byte(void **state)
{
    codec c;
    sac__sealing *sealing;
    sac_str cookie;
    char *changed;

    (void)state;
    codec_open(&c, dev, 1);
    sealing = sealing_of(&c, keys, 3, "session", "salt");
    cookie = seal(&c, sealing, "{\"a\":1}");
    changed = sac__arena_bytes(c.arena, cookie.n + 1);
    for (size_t i = 0; i < cookie.n; i++)
        for (int bit = 0; bit < 8; bit++) {
            memcpy(changed, cookie.p, cookie.n);
            changed[i] = (char)(changed[i] ^ 1 << bit);
            CHECK_INT(unseal(&c, sealing, sac_str_n(changed, cookie.n)), SAC_EFORBIDDEN);
        }
    for (size_t n = 0; n < cookie.n; n++)
        CHECK_INT(unseal(&c, sealing, sac_str_n(cookie.p, n)), SAC_EFORBIDDEN);
    memcpy(changed, cookie.p, cookie.n);
    changed[cookie.n] = 'A';
    CHECK_INT(unseal(&c, sealing, sac_str_n(changed, cookie.n + 1)), SAC_EFORBIDDEN);
    sac__sealing_free(sealing);
    codec_close(&c);
}

static void test_sealed__opens_with_every_key_and_seals_with_the_newest(void **state)
{
    codec c;
    sac__sealing *old, *now, *newest, *other_name, *other_salt;
    sac_str cookie;

    (void)state;
    codec_open(&c, dev, 1);
    old = sealing_of(&c, keys + 1, 2, "session", "salt");
    now = sealing_of(&c, keys, 3, "session", "salt");
    newest = sealing_of(&c, keys, 1, "session", "salt");
    other_name = sealing_of(&c, keys, 3, "sessio", "nsalt");
    other_salt = sealing_of(&c, keys, 3, "session", "other");
    cookie = seal(&c, old, "{}");
    CHECK_INT(unseal(&c, now, cookie), SAC_OK);
    CHECK_INT(unseal(&c, newest, cookie), SAC_EFORBIDDEN);
    cookie = seal(&c, now, "{}");
    CHECK_INT(unseal(&c, newest, cookie), SAC_OK);
    CHECK_INT(unseal(&c, old, cookie), SAC_EFORBIDDEN);
    CHECK_INT(unseal(&c, other_name, cookie), SAC_EFORBIDDEN);
    CHECK_INT(unseal(&c, other_salt, cookie), SAC_EFORBIDDEN);
    sac__sealing_free(old);
    sac__sealing_free(now);
    sac__sealing_free(newest);
    sac__sealing_free(other_name);
    sac__sealing_free(other_salt);
    codec_close(&c);
}

static void test_sealed__survives_oom(void **state)
{
    codec c;
    sac__sealing *sealing = NULL;
    int rc = SAC_ENOMEM;

    (void)state;
    codec_open(&c, dev, 1);
    for (long n = 0; rc != SAC_OK; n++) {
        c.fault.left = n;
        rc = sac__sealing_new(&c.fault.alloc, keys, 3, S("salt"), S("session"), &sealing);
        CHECK(rc == SAC_OK || rc == SAC_ENOMEM);
        CHECK(n < 100);
    }
    c.fault.left = -1;
    sac__sealing_free(sealing);
    sac__sealing_free(NULL);
    codec_close(&c);
    rc = SAC_ENOMEM;
    for (long n = 0; rc != SAC_OK; n++) {
        sac__sealed session = {.issued = NOW};
        sac_str cookie = {NULL, 0};

        codec_open(&c, dev, 1);
        sealing = sealing_of(&c, keys, 1, "session", "salt");
        session.doc = codec_doc(&c, "{}");
        (void)sac__arena_bytes(c.arena, 3900);
        c.fault.left = n;
        rc = sac__sealed_write(sealing, &session, c.arena, &cookie);
        if (rc == SAC_OK)
            rc = unseal(&c, sealing, cookie);
        c.fault.left = -1;
        CHECK(rc == SAC_OK || rc == SAC_ENOMEM);
        CHECK(n < 100);
        sac__sealing_free(sealing);
        codec_close(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sealed__gives_back_what_was_sealed),
        cmocka_unit_test(test_sealed__refuses_every_changed_byte),
        cmocka_unit_test(test_sealed__opens_with_every_key_and_seals_with_the_newest),
        cmocka_unit_test(test_sealed__survives_oom),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
