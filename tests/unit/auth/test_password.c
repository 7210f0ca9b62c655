/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include <cJSON.h>

#include "auth/password/password.h"
#include "support/support.h"

static const char known[] = "$2b$04$2Siw3Nv3Q/gTOIPetAyPr.GNj3aO0lb1E5E9UumYGKjP9BYqlNWJe";
static const char known_password[] = "dEe6XfVGrrfSH";

static const char *text_of(const cJSON *row, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(row, name);

    return cJSON_IsString(item) ? item->valuestring : NULL;
}

static size_t bytes_of(const char *hex, char out[128])
{
    const size_t n = strlen(hex) / 2;

    CHECK(n <= 128);
    for (size_t i = 0; i < n; i++) {
        unsigned byte;

        CHECK_INT(sscanf(hex + 2 * i, "%2x", &byte), 1);
        out[i] = (char)byte;
    }
    return n;
}

static int verify(sac_str password, const char *hash)
{
    sac_err err = {.code = 0};
    const int rc = sac_password_verify(password, sac_str_of(hash), &err);

    CHECK_INT(err.code, rc);
    CHECK((rc == SAC_OK) == (err.text[0] == '\0'));
    return rc;
}

/* A row of the vectors: verified, and one that crypt(3) would cut at its NUL is refused. */
static void check_row(const cJSON *row)
{
    char bytes[128], hash[SAC_PASSWORD_HASH];
    const sac_str password = sac_str_n(bytes, bytes_of(text_of(row, "password_hex"), bytes));
    const bool has_nul = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(row, "contains_nul"));
    char changed[128];

    CHECK_INT(verify(password, text_of(row, "hash")), has_nul ? SAC_EUNAUTHORIZED : SAC_OK);
    CHECK_INT(sac_password_hash(password, 4, hash, NULL), has_nul ? SAC_EINVAL : SAC_OK);
    memcpy(changed, bytes, sizeof changed);
    changed[0] ^= 1;
    CHECK_INT(verify(sac_str_n(changed, password.n), text_of(row, "hash")), SAC_EUNAUTHORIZED);
}

static cJSON *read_vectors(void)
{
    const char *dir = suite_path("bcrypt");
    char path[4200];
    sac_str text;
    cJSON *file;

    if (!dir)
        skip();
    snprintf(path, sizeof path, "%s/vectors.json", dir);
    text = read_file(path);
    CHECK(text.p != NULL);
    file = cJSON_ParseWithLength(text.p, text.n);
    CHECK(file != NULL);
    free((void *)(uintptr_t)text.p);
    return file;
}

static void test_password__passes_the_vectors(void **state)
{
    cJSON *file = read_vectors();
    const cJSON *row;
    int n = 0;

    (void)state;
    cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(file, "pyca"))
    {
        check_row(row);
        n++;
    }
    CHECK_INT(n, 28);
    n = 0;
    cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(file, "must_not_verify"))
    {
        CHECK(verify(sac_str_of(text_of(row, "password")), text_of(row, "hash")) < 0);
        n++;
    }
    CHECK_INT(n, 5);
    cJSON_Delete(file);
}

static void test_password__eight_bit_characters_are_themselves(void **state)
{
    (void)state;
    /* Of crypt_blowfish's own rows: the bug of 2011 took them for others. */
    CHECK_INT(verify(sac_str_of("\xff\xff\xa3"),
                     "$2y$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e"),
              SAC_OK);
    CHECK_INT(
        verify(sac_str_of("\xa3"), "$2b$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq"),
        SAC_OK);
    CHECK_INT(verify(sac_str_of("\xff\xa3"),
                     "$2y$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e"),
              SAC_EUNAUTHORIZED);
}

static void test_password__other_kinds_are_refused(void **state)
{
    static const char *const hashes[] = {
        "",
        "*0",
        "*1",
        "$2x$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e",
        "$2$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e",
        "$2b$03$2Siw3Nv3Q/gTOIPetAyPr.GNj3aO0lb1E5E9UumYGKjP9BYqlNWJe",
        "$2b$32$2Siw3Nv3Q/gTOIPetAyPr.GNj3aO0lb1E5E9UumYGKjP9BYqlNWJe",
        "$2b$4$$2Siw3Nv3Q/gTOIPetAyPr.GNj3aO0lb1E5E9UumYGKjP9BYqlNWJe",
        "$2b$04$2Siw3Nv3Q/gTOIPetAyPr.GNj3aO0lb1E5E9UumYGKjP9BYqlNWJ",
        "$2b$04$2Siw3Nv3Q/gTOIPetAyPr.GNj3aO0lb1E5E9UumYGKjP9BYqlNWJee",
        "$2b$04$2Siw3Nv3Q/gTOIPetAyPr.GNj3aO0lb1E5E9UumYGKjP9BYqlNWJ\n",
        "$1$abcdefgh$0123456789012345678901",
        "ab1234567890.",
        "$5$rounds=5000$abcdefgh$x",
        "$6$abcdefgh$x",
        "$y$",
        "$y$j9T$abc\ndef$x",
        "dEe6XfVGrrfSH"};

    (void)state;
    for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++) {
        CHECK_INT(verify(sac_str_of(known_password), hashes[i]), SAC_EINVAL);
        CHECK(sac_password_is_weak(sac_str_of(hashes[i]), 4));
    }
    CHECK_INT(sac_password_verify(sac_str_of("x"), sac_str_of(NULL), NULL), SAC_EINVAL);
}

static void test_password__is_hashed_with_a_new_salt(void **state)
{
    char one[SAC_PASSWORD_HASH], two[SAC_PASSWORD_HASH];

    (void)state;
    CHECK_INT(sac_password_hash(sac_str_of("correct horse"), 4, one, NULL), SAC_OK);
    CHECK_INT(sac_password_hash(sac_str_of("correct horse"), 4, two, NULL), SAC_OK);
    CHECK_INT(strlen(one), 60);
    CHECK(memcmp(one, "$2b$04$", 7) == 0);
    CHECK(strcmp(one, two) != 0);
    CHECK_INT(verify(sac_str_of("correct horse"), one), SAC_OK);
    CHECK_INT(verify(sac_str_of("correct horse"), two), SAC_OK);
    CHECK_INT(verify(sac_str_of("correct horsf"), two), SAC_EUNAUTHORIZED);
    CHECK_INT(verify(sac_str_of(""), two), SAC_EUNAUTHORIZED);
}

static void test_password__past_72_bytes_is_refused(void **state)
{
    char text[SAC_PASSWORD_MAX + 8], hash[SAC_PASSWORD_HASH] = "untouched";
    sac_err err = {.code = 0};

    (void)state;
    memset(text, 'a', sizeof text);
    CHECK_INT(sac_password_hash(sac_str_n(text, 73), 4, hash, &err), SAC_ETOOBIG);
    assert_string_equal(err.text, "password: it is longer than 72 bytes");
    CHECK_INT(sac_password_hash(sac_str_n(text, sizeof text), 4, hash, &err), SAC_ETOOBIG);
    assert_string_equal(hash, "untouched");
    CHECK_INT(sac_password_hash(sac_str_n(text, 72), 4, hash, &err), SAC_OK);
    CHECK_INT(verify(sac_str_n(text, 72), hash), SAC_OK);
    /* crypt(3) would say that these are right. */
    CHECK_INT(verify(sac_str_n(text, 73), hash), SAC_EUNAUTHORIZED);
    CHECK_INT(verify(sac_str_n(text, sizeof text), hash), SAC_EUNAUTHORIZED);
    CHECK_INT(verify(sac_str_n(text, 71), hash), SAC_EUNAUTHORIZED);
}

static void test_password__with_a_nul_is_refused(void **state)
{
    char hash[SAC_PASSWORD_HASH];
    sac_err err = {.code = 0};

    (void)state;
    CHECK_INT(sac_password_hash(sac_str_n("secret\0tail", 11), 4, hash, &err), SAC_EINVAL);
    CHECK(strstr(err.text, "NUL"));
    CHECK_INT(sac_password_hash(sac_str_of("secret"), 4, hash, &err), SAC_OK);
    CHECK_INT(verify(sac_str_n("secret\0tail", 11), hash), SAC_EUNAUTHORIZED);
    CHECK_INT(verify(sac_str_n("secret\0", 7), hash), SAC_EUNAUTHORIZED);
    /* What stands in for one that cannot be right is not the way in. */
    CHECK_INT(sac_password_hash(sac_str_of("x"), 4, hash, &err), SAC_OK);
    CHECK_INT(verify(sac_str_n("y\0", 2), hash), SAC_EUNAUTHORIZED);
}

static void test_password__bad_ones_and_costs_are_refused(void **state)
{
    static const int costs[] = {-1, 1, 3, 32, 1000};
    char hash[SAC_PASSWORD_HASH];
    sac_err err = {.code = 0};

    (void)state;
    CHECK_INT(sac_password_hash(sac_str_of(""), 4, hash, &err), SAC_EINVAL);
    CHECK_INT(sac_password_hash(sac_str_of(NULL), 4, hash, &err), SAC_EINVAL);
    for (size_t i = 0; i < sizeof costs / sizeof *costs; i++)
        CHECK_INT(sac_password_hash(sac_str_of("secret"), costs[i], hash, &err), SAC_EINVAL);
}

static void test_password__of_yescrypt_is_verified(void **state)
{
    /* Of libxcrypt itself. */
    static const char hash[] = "$y$j75$nBrQnBrQnBrQnBrQnBrQn/$"
                               "ebzLRD6fu1pizGCEoaoNSbBukCWF7MPB.pbXFvFdpKC";
    static const char longest[] = "$y$j9T$nBrQnBrQnBrQnBrQnBrQn/$"
                                  "ejXkyZDOLhmoPaaxkWWThqmkejaDjjMZ/jUtxPwXpw1";
    char text[SAC_PASSWORD_MAX];

    (void)state;
    CHECK_INT(verify(sac_str_of("secret"), hash), SAC_OK);
    CHECK_INT(verify(sac_str_of("secreu"), hash), SAC_EUNAUTHORIZED);
    CHECK_INT(verify(sac_str_n("secret\0", 7), hash), SAC_EUNAUTHORIZED);
    CHECK(sac_password_is_weak(sac_str_of(hash), 4));
    /* crypt(3) takes 511 bytes; more cannot be right. */
    memset(text, 'a', sizeof text);
    CHECK_INT(verify(sac_str_n(text, 511), longest), SAC_OK);
    CHECK_INT(verify(sac_str_n(text, 512), longest), SAC_EUNAUTHORIZED);
    CHECK_INT(verify(sac_str_n(text, sizeof text), longest), SAC_EUNAUTHORIZED);
}

static void test_password__weak_hashes_are_told(void **state)
{
    char hash[SAC_PASSWORD_HASH];

    (void)state;
    CHECK(!sac_password_is_weak(sac_str_of(known), 4));
    CHECK(sac_password_is_weak(sac_str_of(known), 5));
    CHECK(sac_password_is_weak(sac_str_of(known), 0));
    memcpy(hash, known, sizeof known);
    hash[4] = '1';
    hash[5] = '2';
    CHECK(!sac_password_is_weak(sac_str_of(hash), 0));
    CHECK(sac_password_is_weak(sac_str_of(hash), 13));
    hash[2] = 'y';
    CHECK(sac_password_is_weak(sac_str_of(hash), 4));
    hash[2] = 'a';
    CHECK(sac_password_is_weak(sac_str_of(hash), 4));
}

static void test_password__nothing_is_right_for_the_dummy(void **state)
{
    char hash[SAC_PASSWORD_HASH], other[SAC_PASSWORD_HASH];

    (void)state;
    CHECK_INT(sac__password_dummy(4, hash, NULL), SAC_OK);
    CHECK_INT(sac__password_dummy(4, other, NULL), SAC_OK);
    CHECK(strcmp(hash, other) != 0);
    CHECK_INT(strlen(hash), 60);
    CHECK_INT(verify(sac_str_of("secret"), hash), SAC_EUNAUTHORIZED);
    CHECK_INT(sac__password_dummy(3, hash, NULL), SAC_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_password__passes_the_vectors),
        cmocka_unit_test(test_password__eight_bit_characters_are_themselves),
        cmocka_unit_test(test_password__other_kinds_are_refused),
        cmocka_unit_test(test_password__is_hashed_with_a_new_salt),
        cmocka_unit_test(test_password__past_72_bytes_is_refused),
        cmocka_unit_test(test_password__with_a_nul_is_refused),
        cmocka_unit_test(test_password__bad_ones_and_costs_are_refused),
        cmocka_unit_test(test_password__of_yescrypt_is_verified),
        cmocka_unit_test(test_password__weak_hashes_are_told),
        cmocka_unit_test(test_password__nothing_is_right_for_the_dummy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
