/* SPDX-License-Identifier: MIT */
#include <sacrum/token.h>

#include <pthread.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/rsa.h>

#include "jwt_make.h"

#define SECRET "0123456789abcdef0123456789abcdef"
#define OLD_SECRET "fedcba9876543210fedcba9876543210"
#define GOOD "{\"sub\":\"ana\",\"exp\":2000}"
#define NOW 1000
#define SECRET_KEY(secret)                                                \
    {                                                                     \
        .algorithm = SAC_JWT_HS256, .key = { secret, sizeof(secret) - 1 } \
    }

/* Made once: an RSA key takes its time. */
static struct {
    EVP_PKEY *rsa, *other, *small, *ed, *ec;
    sac_str rsa_pem, other_pem, ed_pem;
} keys;

static jwt_text text;

static int make_keys(void **state)
{
    (void)state;
    keys.rsa = EVP_RSA_gen(2048);
    keys.other = EVP_RSA_gen(2048);
    keys.small = EVP_RSA_gen(1024);
    keys.ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    keys.ec = EVP_EC_gen("P-256");
    if (!keys.rsa || !keys.other || !keys.small || !keys.ed || !keys.ec)
        return 1;
    keys.rsa_pem = jwt_pem(keys.rsa, false);
    keys.other_pem = jwt_pem(keys.other, false);
    keys.ed_pem = jwt_pem(keys.ed, false);
    return 0;
}

static void free_str(sac_str s)
{
    free((char *)(uintptr_t)s.p);
}

static int free_keys(void **state)
{
    (void)state;
    EVP_PKEY_free(keys.rsa);
    EVP_PKEY_free(keys.other);
    EVP_PKEY_free(keys.small);
    EVP_PKEY_free(keys.ed);
    EVP_PKEY_free(keys.ec);
    free_str(keys.rsa_pem);
    free_str(keys.other_pem);
    free_str(keys.ed_pem);
    return 0;
}

static sac_jwt_verifier *verifier_of(const sac_jwt_key *list)
{
    const sac_jwt config = SAC_JWT(.keys = list);
    sac_jwt_verifier *v = NULL;
    sac_err err = {.code = 0};

    if (sac_jwt_verifier_new(&config, NULL, &v, &err) != 0)
        fail_msg("%s", err.text);
    return v;
}

static int verify(const sac_jwt_verifier *v, sac_str token)
{
    const sac_alloc *alloc = sac_alloc_default();
    sac_str claims;
    const int rc = sac_jwt_verify(v, token, NOW, &claims, NULL, NULL);

    if (rc == 0)
        (void)alloc->resize(alloc->self, (char *)(uintptr_t)claims.p, claims.n, 0);
    return rc;
}

/* One made with HMAC under the text of a public key must not pass for one of its owner. */
static void test_jwt_keys__are_for_one_algorithm(void **state)
{
    const sac_jwt_key list[] = {{.algorithm = SAC_JWT_RS256, .key = keys.rsa_pem},
                                {.algorithm = SAC_JWT_EDDSA, .key = keys.ed_pem},
                                {.algorithm = 0}};
    static const char *const headers[] = {"{\"alg\":\"HS256\"}", "{\"alg\":\"RS256\"}",
                                          "{\"alg\":\"EdDSA\"}", "{\"alg\":\"none\"}",
                                          "{\"alg\":\"HS256\",\"kid\":\"a\"}"};
    sac_jwt_verifier *v = verifier_of(list);

    (void)state;
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        sac_str token = jwt_make(&text, headers[i], GOOD, keys.rsa_pem.p, NULL);

        CHECK_INT(verify(v, token), SAC_EUNAUTHORIZED);
        token = jwt_make(&text, headers[i], GOOD, keys.ed_pem.p, NULL);
        CHECK_INT(verify(v, token), SAC_EUNAUTHORIZED);
        token.n = (size_t)(strrchr(text.p, '.') - text.p) + 1; /* without a signature */
        CHECK_INT(verify(v, token), SAC_EUNAUTHORIZED);
    }
    CHECK_INT(verify(v, jwt_make(&text, headers[1], GOOD, NULL, keys.ed)), SAC_EUNAUTHORIZED);
    CHECK_INT(verify(v, jwt_make(&text, headers[2], GOOD, NULL, keys.rsa)), SAC_EUNAUTHORIZED);
    CHECK_INT(verify(v, jwt_make(&text, headers[1], GOOD, NULL, keys.ec)), SAC_EUNAUTHORIZED);
    CHECK_INT(verify(v, jwt_make(&text, headers[1], GOOD, NULL, keys.other)), SAC_EUNAUTHORIZED);
    CHECK_INT(verify(v, jwt_make(&text, headers[1], GOOD, NULL, keys.rsa)), 0);
    CHECK_INT(verify(v, jwt_make(&text, headers[2], GOOD, NULL, keys.ed)), 0);
    sac_jwt_verifier_free(v);
}

static void test_jwt_keys__are_rotated(void **state)
{
    const sac_jwt_key list[] = {SECRET_KEY(SECRET), SECRET_KEY(OLD_SECRET), {.algorithm = 0}};
    sac_jwt_verifier *v = verifier_of(list);
    const char *const header = "{\"alg\":\"HS256\"}";

    (void)state;
    CHECK_INT(verify(v, jwt_make(&text, header, GOOD, SECRET, NULL)), 0);
    CHECK_INT(verify(v, jwt_make(&text, header, GOOD, OLD_SECRET, NULL)), 0);
    CHECK_INT(verify(v, jwt_make(&text, header, GOOD, SECRET OLD_SECRET, NULL)), SAC_EUNAUTHORIZED);
    sac_jwt_verifier_free(v);
}

static void test_jwt_keys__are_chosen_by_kid(void **state)
{
    sac_jwt_key list[] = {{.algorithm = SAC_JWT_RS256, .id = "a", .key = keys.rsa_pem},
                          {.algorithm = SAC_JWT_RS256, .id = "b", .key = keys.other_pem},
                          {.algorithm = 0}};
    sac_jwt_verifier *v = verifier_of(list);
    const char *const a = "{\"alg\":\"RS256\",\"kid\":\"a\"}",
                      *const b = "{\"alg\":\"RS256\",\"kid\":\"b\"}";

    (void)state;
    CHECK_INT(verify(v, jwt_make(&text, a, GOOD, NULL, keys.rsa)), 0);
    CHECK_INT(verify(v, jwt_make(&text, b, GOOD, NULL, keys.other)), 0);
    CHECK_INT(verify(v, jwt_make(&text, a, GOOD, NULL, keys.other)), SAC_EUNAUTHORIZED);
    CHECK_INT(verify(v, jwt_make(&text, b, GOOD, NULL, keys.rsa)), SAC_EUNAUTHORIZED);
    CHECK_INT(verify(v, jwt_make(&text, "{\"alg\":\"RS256\"}", GOOD, NULL, keys.rsa)),
              SAC_EUNAUTHORIZED);
    CHECK_INT(verify(v, jwt_make(&text, "{\"alg\":\"RS256\",\"kid\":\"\"}", GOOD, NULL, keys.rsa)),
              SAC_EUNAUTHORIZED);
    CHECK_INT(verify(v, jwt_make(&text, "{\"alg\":\"RS256\",\"kid\":\"a\\u0000\"}", GOOD, NULL,
                                 keys.rsa)),
              SAC_EUNAUTHORIZED);
    CHECK_INT(
        verify(v, jwt_make(&text, "{\"alg\":\"RS256\",\"kid\":\"../a\"}", GOOD, NULL, keys.rsa)),
        SAC_EUNAUTHORIZED);
    sac_jwt_verifier_free(v);
    list[0].id = NULL;
    v = verifier_of(list);
    CHECK_INT(
        verify(v, jwt_make(&text, "{\"alg\":\"RS256\",\"kid\":\"zz\"}", GOOD, NULL, keys.rsa)), 0);
    sac_jwt_verifier_free(v);
}

/* RFC 8017 wants a signature of RSA to be as long as the key. */
static void test_jwt_keys__want_signatures_of_their_size(void **state)
{
    const sac_jwt_key list[] = {{.algorithm = SAC_JWT_RS256, .key = keys.rsa_pem},
                                {.algorithm = SAC_JWT_EDDSA, .key = keys.ed_pem},
                                SECRET_KEY(SECRET),
                                {.algorithm = 0}};
    static const char *const headers[] = {"{\"alg\":\"HS256\"}", "{\"alg\":\"RS256\"}",
                                          "{\"alg\":\"EdDSA\"}"};
    sac_jwt_verifier *v = verifier_of(list);

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        sac_str token = jwt_make(&text, headers[i], GOOD, i == 0 ? SECRET : NULL,
                                 i == 1 ? keys.rsa : keys.ed);

        CHECK_INT(verify(v, token), 0);
        for (int four = 0; four < 4; four++) {
            memcpy(text.p + text.n, "AAAA", 4);
            text.n += 4;
            CHECK_INT(verify(v, sac_str_n(text.p, text.n)), SAC_EUNAUTHORIZED);
        }
        token.n = (size_t)(strrchr(text.p, '.') - text.p) + 1;
        CHECK_INT(verify(v, token), SAC_EUNAUTHORIZED);
    }
    sac_jwt_verifier_free(v);
}

static void check_config(const sac_jwt *config, const char *why)
{
    sac_jwt_verifier *v = NULL;
    sac_err err = {.code = 0};
    const int rc = sac_jwt_verifier_new(config, NULL, &v, &err);

    CHECK(v == NULL);
    CHECK_INT(rc, err.code);
    CHECK(rc == SAC_EINVAL || rc == SAC_EVERSION);
    if (!strstr(err.text, why))
        fail_msg("\"%s\" instead of \"%s\"", err.text, why);
}

static void check_key(sac_jwt_algorithm algorithm, sac_str key, const char *why)
{
    const sac_jwt_key list[] = {{.algorithm = algorithm, .key = key}, {.algorithm = 0}};
    const sac_jwt config = SAC_JWT(.keys = list);

    check_config(&config, why);
}

static void test_jwt_keys__are_looked_at(void **state)
{
    const sac_str small = jwt_pem(keys.small, false), ec = jwt_pem(keys.ec, false);
    const sac_str whole = jwt_pem(keys.rsa, true);
    static const char locked[] = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n"
                                 "-----END ENCRYPTED PRIVATE KEY-----\n";

    (void)state;
    check_key(SAC_JWT_HS256, sac_str_n(SECRET, 31), "32 bytes");
    check_key(SAC_JWT_HS256, sac_str_of(""), "a key has");
    check_key(SAC_JWT_HS256, sac_str_of(NULL), "a key has");
    check_key(SAC_JWT_HS256, keys.rsa_pem, "no secret");
    check_key(SAC_JWT_RS256, small, "2,048");
    check_key(SAC_JWT_RS256, keys.ed_pem, "RSA");
    check_key(SAC_JWT_RS256, ec, "RSA");
    check_key(SAC_JWT_RS256, whole, "private");
    check_key(SAC_JWT_RS256, sac_str_of(locked), "private");
    check_key(SAC_JWT_RS256, sac_str_of(SECRET), "PEM");
    check_key(SAC_JWT_RS256, sac_str_of("-----BEGIN PUBLIC KEY-----\n\n-----END PUBLIC KEY-----\n"),
              "PEM");
    check_key(SAC_JWT_RS256, sac_str_n(keys.rsa_pem.p, keys.rsa_pem.n / 2), "PEM");
    check_key(SAC_JWT_EDDSA, keys.rsa_pem, "Ed25519");
    check_key((sac_jwt_algorithm)9, keys.rsa_pem, "algorithm");
    CHECK_INT(ERR_peek_error(), 0); /* nothing is left for the program to find */
    free_str(small);
    free_str(ec);
    free_str(whole);
}

static void test_jwt_keys__config_is_looked_at(void **state)
{
    const sac_jwt_key none[] = {{.algorithm = 0}}, one[] = {SECRET_KEY(SECRET), {.algorithm = 0}};
    sac_jwt_key many[34] = {SECRET_KEY(SECRET)};
    sac_jwt config = SAC_JWT(.keys = NULL);

    (void)state;
    check_config(&config, "keys");
    config.keys = none;
    check_config(&config, "keys");
    for (size_t i = 1; i < 33; i++)
        many[i] = many[0];
    config.keys = many;
    check_config(&config, "keys");
    config.keys = one;
    config.leeway = 86401;
    check_config(&config, "leeway");
    config.leeway = 0;
    config.max_size = ((size_t)1 << 20) + 1;
    check_config(&config, "max_size");
    config.max_size = 0;
    config.size = 0;
    check_config(&config, "SAC_JWT");
    config.size = sizeof config + 8;
    check_config(&config, "newer");
    config.size = sizeof config;
    config.key_size = sizeof(sac_jwt_key) + 8;
    check_config(&config, "newer");
}

static void test_jwt_keys__new_survives_oom(void **state)
{
    const sac_jwt_key list[] = {{.algorithm = SAC_JWT_EDDSA, .id = "a", .key = keys.ed_pem},
                                SECRET_KEY(SECRET),
                                {.algorithm = 0}};
    const sac_jwt config = SAC_JWT(.keys = list, .issuer = "me", .audience = "api");
    sac_jwt_verifier *v = NULL;
    fault_alloc fault;
    long n = 0;

    (void)state;
    for (;; n++) {
        sac_err err = {.code = 0};

        if (sac_jwt_verifier_new(&config, fault_alloc_init(&fault, n), &v, &err) == 0)
            break;
        CHECK_INT(err.code, SAC_ENOMEM);
        CHECK(v == NULL);
        CHECK_INT(fault.live, 0);
        CHECK(n < 100);
    }
    CHECK(n >= 5);
    sac_jwt_verifier_free(v);
    CHECK_INT(fault.live, 0);
    sac_jwt_verifier_free(NULL);
}

static void test_jwt_keys__verify_survives_oom(void **state)
{
    const sac_jwt_key list[] = {SECRET_KEY(SECRET), {.algorithm = 0}};
    sac_jwt_verifier *v = verifier_of(list);
    const sac_str token = jwt_make(&text, "{\"alg\":\"HS256\",\"x\":\"\\u0041\"}",
                                   "{\"exp\":2000,\"\\u0041\":{\"b\":[1,2,\"\\u0041\"]}}", SECRET,
                                   NULL);
    fault_alloc fault;
    sac_str claims = {NULL, 0};
    long n = 0;

    (void)state;
    for (;; n++) {
        const sac_alloc *alloc = fault_alloc_init(&fault, n);
        sac_err err = {.code = 0};

        if (sac_jwt_verify(v, token, NOW, &claims, alloc, &err) == 0) {
            (void)alloc->resize(alloc->self, (char *)(uintptr_t)claims.p, claims.n, 0);
            break;
        }
        CHECK_INT(err.code, SAC_ENOMEM);
        CHECK(claims.p == NULL);
        CHECK_INT(fault.live, 0);
        CHECK(n < 100);
    }
    CHECK(n >= 3);
    CHECK_INT(fault.live, 0);
    sac_jwt_verifier_free(v);
}

enum { THREADS = 8, ROUNDS = 200 };

typedef struct work {
    const sac_jwt_verifier *v;
    sac_str good, bad;
    long wrong;
} work;

static void *verify_often(void *self)
{
    work *w = self;

    for (int i = 0; i < ROUNDS; i++) {
        w->wrong += verify(w->v, w->good) != 0;
        w->wrong += verify(w->v, w->bad) != SAC_EUNAUTHORIZED;
    }
    return NULL;
}

static void test_jwt_keys__are_shared_by_threads(void **state)
{
    const sac_jwt_key list[] = {{.algorithm = SAC_JWT_RS256, .key = keys.rsa_pem},
                                {.algorithm = SAC_JWT_EDDSA, .key = keys.ed_pem},
                                SECRET_KEY(SECRET),
                                {.algorithm = 0}};
    static jwt_text good[3], bad;
    static const char *const headers[] = {"{\"alg\":\"HS256\"}", "{\"alg\":\"RS256\"}",
                                          "{\"alg\":\"EdDSA\"}"};
    sac_jwt_verifier *v = verifier_of(list);
    pthread_t threads[THREADS];
    work works[THREADS];

    (void)state;
    for (size_t i = 0; i < 3; i++)
        (void)jwt_make(&good[i], headers[i], GOOD, i == 0 ? SECRET : NULL,
                       i == 1 ? keys.rsa : keys.ed);
    (void)jwt_make(&bad, headers[1], GOOD, NULL, keys.other);
    for (size_t i = 0; i < THREADS; i++) {
        works[i] = (work){.v = v,
                          .good = sac_str_n(good[i % 3].p, good[i % 3].n),
                          .bad = sac_str_n(bad.p, bad.n)};
        CHECK_INT(pthread_create(&threads[i], NULL, verify_often, &works[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        CHECK_INT(pthread_join(threads[i], NULL), 0);
        CHECK_INT(works[i].wrong, 0);
    }
    sac_jwt_verifier_free(v);
}

/* Takes two hex digits each. */
static size_t unhex(char *hex)
{
    size_t n = 0;

    for (; hex[2 * n]; n++) {
        const char pair[] = {hex[2 * n], hex[2 * n + 1], '\0'};

        hex[n] = (char)strtol(pair, NULL, 16);
    }
    return n;
}

static void check_foreign(const char *name, sac_str key, const char *token)
{
    const sac_jwt_algorithm algorithm = strcmp(name, "HS256") == 0   ? SAC_JWT_HS256
                                        : strcmp(name, "RS256") == 0 ? SAC_JWT_RS256
                                                                     : SAC_JWT_EDDSA;
    const sac_jwt_key list[] = {{.algorithm = algorithm, .id = "k1", .key = key}, {.algorithm = 0}};
    const sac_jwt config = SAC_JWT(.keys = list, .issuer = "https://issuer.example",
                                   .audience = "api");
    const sac_alloc *alloc = sac_alloc_default();
    sac_jwt_verifier *v = NULL;
    sac_str claims;

    CHECK_INT(sac_jwt_verifier_new(&config, NULL, &v, NULL), 0);
    CHECK_INT(sac_jwt_verify(v, sac_str_of(token), time(NULL), &claims, NULL, NULL), 0);
    CHECK_STR(sac_bson_get_str(claims, "sub"), "ana");
    CHECK_INT(sac_bson_get_int(claims, "https://issuer.example/tenant", 0), 7);
    (void)alloc->resize(alloc->self, (char *)(uintptr_t)claims.p, claims.n, 0);
    CHECK_INT(sac_jwt_verify(v, sac_str_of(token), time(NULL) + 700, &claims, NULL, NULL),
              SAC_EUNAUTHORIZED);
    sac_jwt_verifier_free(v);
}

static void test_jwt_keys__take_what_pyjwt_signs(void **state)
{
    static const char *const pythons[] = {"/usr/bin/python3", "python3"};
    const char *script = getenv("SACRUM_TEST_JWT");
    static char name[16], hex[4096], token[4096];
    int seen = 0;

    (void)state;
    if (!script)
        skip();
    for (size_t i = 0; i < 2 && seen == 0; i++) {
        char command[1024];
        FILE *from;

        (void)snprintf(command, sizeof command, "%s '%s' 2>/dev/null", pythons[i], script);
        from = popen(command, "r");
        CHECK(from != NULL);
        while (fscanf(from, "%15s %4095s %4095s", name, hex, token) == 3) {
            check_foreign(name, sac_str_n(hex, unhex(hex)), token);
            seen++;
        }
        (void)pclose(from);
    }
    if (seen == 0)
        skip();
    CHECK_INT(seen, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jwt_keys__are_for_one_algorithm),
        cmocka_unit_test(test_jwt_keys__are_rotated),
        cmocka_unit_test(test_jwt_keys__are_chosen_by_kid),
        cmocka_unit_test(test_jwt_keys__want_signatures_of_their_size),
        cmocka_unit_test(test_jwt_keys__are_looked_at),
        cmocka_unit_test(test_jwt_keys__config_is_looked_at),
        cmocka_unit_test(test_jwt_keys__new_survives_oom),
        cmocka_unit_test(test_jwt_keys__verify_survives_oom),
        cmocka_unit_test(test_jwt_keys__are_shared_by_threads),
        cmocka_unit_test(test_jwt_keys__take_what_pyjwt_signs),
    };

    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
