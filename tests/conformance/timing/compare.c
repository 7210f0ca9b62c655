/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <sacrum/token.h>

#include "core/arena.h"
#include "core/base64url.h"
#include "session/flask.h"
#include "support/support.h"

/*
 * Whether the time that a wrong signature takes tells how much of it is right:
 * of two classes, one differs from the right one in its last byte, one in the
 * first. Welch's t-test as dudect has it (Reparaz, Balasch and Verbauwhede,
 * "Dude, is my code constant time?", 2017).
 */

#ifdef SANITIZED
enum { SAMPLES = 50000 };
#else
enum { SAMPLES = 1000000 };
#endif
enum { POOL = 8192, TEXT = 256, TRIES = 3, NOW = 1000 };

#define LIMIT 4.5

typedef struct timing {
    void (*run)(void *self, sac_str text);
    void *self;
    char texts[2][POOL][TEXT]; /* near the right one, far from it; else alike */
    size_t n[POOL];
    uint32_t *took[2];
    size_t samples[2];
} timing;

static uint64_t now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* What is slower than nine in ten was interrupted. */
static uint32_t bound_of(const timing *t)
{
    const size_t n = t->samples[0] + t->samples[1];
    uint32_t *all = malloc(n * sizeof *all), bound;

    CHECK(all != NULL);
    memcpy(all, t->took[0], t->samples[0] * sizeof *all);
    memcpy(all + t->samples[0], t->took[1], t->samples[1] * sizeof *all);
    qsort(all, n, sizeof *all, by_size);
    bound = all[n / 10 * 9];
    free(all);
    return bound;
}

static double welch(const timing *t)
{
    const uint32_t bound = bound_of(t);
    double mean[2], error[2];

    for (int c = 0; c < 2; c++) {
        double sum = 0, squares = 0, n = 0;

        for (size_t i = 0; i < t->samples[c]; i++) {
            const double x = t->took[c][i];

            if (t->took[c][i] > bound)
                continue;
            n++;
            sum += x;
            squares += x * x;
        }
        mean[c] = sum / n;
        error[c] = (squares / n - mean[c] * mean[c]) / n;
    }
    return (mean[0] - mean[1]) / sqrt(error[0] + error[1] + 1e-30);
}

static double measure(timing *t)
{
    static char text[TEXT];
    uint32_t seed = 1;

    t->samples[0] = t->samples[1] = 0;
    for (size_t i = 0; i < SAMPLES; i++) {
        size_t c, k;
        uint64_t begin;

        seed = seed * 1664525 + 1013904223;
        c = seed >> 31;
        k = seed >> 8 & (POOL - 1);
        /* From one place: where a text lies must make no difference either. */
        memcpy(text, t->texts[c][k], TEXT);
        begin = now_ns();
        t->run(t->self, sac_str_n(text, t->n[k]));
        t->took[c][t->samples[c]++] = (uint32_t)(now_ns() - begin);
    }
    return welch(t);
}

static void begin(timing *t)
{
    for (int c = 0; c < 2; c++) {
        t->took[c] = malloc(SAMPLES * sizeof *t->took[c]);
        CHECK(t->took[c] != NULL);
    }
}

static void finish(timing *t)
{
    free(t->took[0]);
    free(t->took[1]);
}

/* A machine that is busy with something else may fool it once, hardly three times. */
static void check_even(timing *t, const char *what)
{
    double found = 0;

    for (int i = 0; i < TRIES; i++) {
        found = fabs(measure(t));
        print_message("# %s: |t| = %.2f of %d samples\n", what, found, SAMPLES);
        if (found < LIMIT)
            break;
    }
    finish(t);
    CHECK(found < LIMIT);
}

/* The right MAC with a bit of its last byte changed, or of its first. */
static void spoil(uint8_t *mac, size_t n, int far)
{
    mac[far ? 0 : n - 1] ^= 0x40;
}

typedef struct secret {
    uint8_t right[32];
    bool leaks;
} secret;

static volatile int sink;

/* As one must not do it. */
static int compare_early(const uint8_t *a, const uint8_t *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (a[i] != b[i])
            return 1;
    return 0;
}

static void run_compare(void *self, sac_str text)
{
    const secret *s = self;

    for (int i = 0; i < 16; i++)
        sink += s->leaks ? compare_early(s->right, (const uint8_t *)text.p, 32)
                         : CRYPTO_memcmp(s->right, text.p, 32);
}

static void make_bytes(timing *t, secret *s)
{
    begin(t);
    t->run = run_compare;
    t->self = s;
    CHECK_INT(RAND_bytes(s->right, sizeof s->right), 1);
    for (int c = 0; c < 2; c++)
        for (int i = 0; i < POOL; i++) {
            memcpy(t->texts[c][i], s->right, 32);
            spoil((uint8_t *)t->texts[c][i], 32, c);
            t->n[i] = 32;
        }
}

static timing one;

static void test_timing__would_show_what_leaks(void **state)
{
    secret s = {.leaks = true};
    double found;

    (void)state;
    make_bytes(&one, &s);
    found = fabs(measure(&one));
    print_message("# a compare that ends early: |t| = %.2f\n", found);
    finish(&one);
    CHECK(found > LIMIT);
}

static void test_timing__of_a_compare_is_even(void **state)
{
    secret s = {.leaks = false};

    (void)state;
    make_bytes(&one, &s);
    check_even(&one, "compare");
}

#define SECRET "0123456789abcdef0123456789abcdef"

/* Both of a text whose signature, its last part, is right. */
static void keep_text(timing *t, int i, sac_str text)
{
    CHECK(text.n < TEXT);
    t->n[i] = text.n;
    for (int c = 0; c < 2; c++) {
        char *to = t->texts[c][i];
        char *part = to + ((const char *)memrchr(text.p, '.', text.n) + 1 - text.p);
        uint8_t mac[64];
        size_t size;

        memcpy(to, text.p, text.n);
        CHECK(sac__base64url_parse(sac_str_n(part, (size_t)(to + text.n - part)), mac, &size));
        spoil(mac, size, c);
        (void)sac__base64url_print(part, mac, size);
    }
}

/* A token of its own each, so that no branch is learnt by heart. */
static void make_token(timing *t, int i)
{
    static const char header[] = "{\"alg\":\"HS256\"}";
    char claims[96], text[TEXT], *end = text;
    uint8_t mac[32], id[12];
    int n;

    CHECK_INT(RAND_bytes(id, sizeof id), 1);
    n = snprintf(claims, sizeof claims, "{\"exp\":2000,\"jti\":%u%u}", id[0] * 256U + id[1],
                 id[2] * 256U + id[3]);
    end = sac__base64url_print(end, header, sizeof header - 1);
    *end++ = '.';
    end = sac__base64url_print(end, claims, (size_t)n);
    CHECK(HMAC(EVP_sha256(), SECRET, sizeof SECRET - 1, (uint8_t *)text, (size_t)(end - text), mac,
               NULL) != NULL);
    *end++ = '.';
    end = sac__base64url_print(end, mac, sizeof mac);
    keep_text(t, i, sac_str_n(text, (size_t)(end - text)));
}

static void run_jwt(void *self, sac_str text)
{
    sac_str claims;

    sink += sac_jwt_verify(self, text, NOW, &claims, NULL, NULL);
}

static void test_timing__of_a_jwt_is_even(void **state)
{
    const sac_jwt_key keys[] = {{.algorithm = SAC_JWT_HS256, .key = {SECRET, sizeof SECRET - 1}},
                                {.algorithm = 0}};
    const sac_jwt config = SAC_JWT(.keys = keys);
    sac_jwt_verifier *v = NULL;

    (void)state;
    CHECK_INT(sac_jwt_verifier_new(&config, NULL, &v, NULL), 0);
    begin(&one);
    one.run = run_jwt;
    one.self = v;
    for (int i = 0; i < POOL; i++)
        make_token(&one, i);
    check_even(&one, "JSON Web Token");
    sac_jwt_verifier_free(v);
}

typedef struct cookies {
    sac__signing *signing;
    sac__arena_cache *cache;
    sac__arena *arena;
} cookies;

static const sac__signed_rules rules = {.now = NOW, .max_age = 100, .max = 4096};

static void run_cookie(void *self, sac_str text)
{
    const cookies *k = self;
    sac__signed out;

    sink += sac__signed_read(k->signing, text, &rules, k->arena, &out);
}

static void make_cookie(timing *t, int i, cookies *k)
{
    sac_str doc, out;
    sac_bson made;
    uint32_t id;

    CHECK_INT(RAND_bytes((uint8_t *)&id, sizeof id), 1);
    sac_bson_init(&made, NULL, 0);
    sac_bson_add_int32(&made, "id", (int32_t)id);
    CHECK_INT(sac_bson_finish(&made, &doc), 0);
    CHECK_INT(sac__signed_write(k->signing, doc, &rules, k->arena, &out), 0);
    sac_bson_fini(&made);
    keep_text(t, i, out);
}

static void test_timing__of_a_session_cookie_is_even(void **state)
{
    const sac_str key = sac_str_of(SECRET);
    cookies k = {NULL, NULL, NULL};

    (void)state;
    CHECK_INT(sac__signing_new(NULL, &key, 1, sac_str_of("cookie-session"), &k.signing), 0);
    CHECK_INT(sac__arena_cache_new(NULL, 4096, 4, &k.cache), 0);
    k.arena = sac__arena_open(k.cache, (size_t)1 << 30);
    CHECK(k.arena != NULL);
    begin(&one);
    one.run = run_cookie;
    one.self = &k;
    for (int i = 0; i < POOL; i++)
        make_cookie(&one, i, &k);
    check_even(&one, "session cookie");
    sac__arena_close(k.arena);
    sac__arena_cache_free(k.cache);
    sac__signing_free(k.signing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timing__would_show_what_leaks),
        cmocka_unit_test(test_timing__of_a_compare_is_even),
        cmocka_unit_test(test_timing__of_a_jwt_is_even),
        cmocka_unit_test(test_timing__of_a_session_cookie_is_even),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
