/* SPDX-License-Identifier: MIT */
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <sacrum/token.h>

#include "core/base64url.h"
#include "fuzz.h"

#define SECRET "0123456789abcdef0123456789abcdef"

enum { NOW = 1300819379 /* the examples of RFC 7515 are good still */ };

static const uint8_t rfc_secret[] = {
    0x03, 0x23, 0x35, 0x4b, 0x2b, 0x0f, 0xa5, 0xbc, 0x83, 0x7e, 0x06, 0x65, 0x77, 0x7b, 0xa6, 0x8f,
    0x5a, 0xb3, 0x28, 0xe6, 0xf0, 0x54, 0xc9, 0x28, 0xa9, 0x0f, 0x84, 0xb2, 0xd2, 0x50, 0x2e, 0xbf,
    0xd3, 0xfb, 0x5a, 0x92, 0xd2, 0x06, 0x47, 0xef, 0x96, 0x8a, 0xb4, 0xc3, 0x77, 0x62, 0x3d, 0x22,
    0x3d, 0x2e, 0x21, 0x72, 0x05, 0x2e, 0x4f, 0x08, 0xc0, 0xcd, 0x9a, 0xf5, 0x67, 0xd0, 0x80, 0xa3};
static const char rfc_ed[] = "-----BEGIN PUBLIC KEY-----\n"
                             "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
                             "-----END PUBLIC KEY-----\n";

static const sac_jwt_verifier *verifier(bool strict)
{
    static sac_jwt_verifier *made[2];
    const sac_jwt_key keys[] = {
        {.algorithm = SAC_JWT_HS256, .key = {SECRET, sizeof SECRET - 1}},
        {.algorithm = SAC_JWT_HS256, .key = {(const char *)rfc_secret, sizeof rfc_secret}},
        {.algorithm = SAC_JWT_EDDSA, .id = "ed", .key = {rfc_ed, sizeof rfc_ed - 1}},
        {.algorithm = 0}};
    const sac_jwt config = SAC_JWT(.keys = keys, .issuer = strict ? "joe" : NULL,
                                   .audience = strict ? "api" : NULL, .needs_no_expiry = !strict);

    HOLD(made[strict] || sac_jwt_verifier_new(&config, NULL, &made[strict], NULL) == 0);
    return made[strict];
}

/* What must be true of claims that were taken. */
static int verify(bool strict, sac_str token, sac_str *claims, sac__arena *arena)
{
    sac_err err = {.code = 0};
    const int rc = sac_jwt_verify(verifier(strict), token, NOW, claims, sac__arena_alloc(arena),
                                  &err);

    HOLD(rc == err.code && (rc == SAC_OK || rc == SAC_EUNAUTHORIZED));
    if (rc != SAC_OK)
        return rc;
    HOLD(sac_bson_check(*claims, NULL) == SAC_OK);
    HOLD(sac_bson_get_double(*claims, "exp", NOW) > NOW - 30);
    HOLD(sac_bson_get_double(*claims, "nbf", NOW) <= NOW + 30);
    HOLD(!strict || (sac_str_is(sac_bson_get_str(*claims, "iss"), "joe") &&
                     sac_bson_get(*claims, sac_str_of("exp")).type != SAC_BSON_MISSING));
    HOLD(strict || sac_bson_get(*claims, sac_str_of("aud")).type == SAC_BSON_MISSING);
    return rc;
}

static void check_part(sac_str part)
{
    static char bytes[16384], again[16384];
    size_t n;

    if (part.n < sizeof bytes && sac__base64url_parse(part, bytes, &n))
        HOLD(sac_str_eq(sac_str_n(again, (size_t)(sac__base64url_print(again, bytes, n) - again)),
                        part));
}

static void check_raw(bool strict, sac_str token, sac__arena *arena)
{
    const char *last = token.n ? memrchr(token.p, '.', token.n) : NULL;
    sac_str claims;

    check_part(last ? sac_str_n(last + 1, (size_t)(token.p + token.n - last - 1)) : token);
    (void)verify(strict, token, &claims, arena);
}

/* Header and claims, a line each, under a right signature, and then under a wrong one. */
static void check_signed(bool strict, sac_str header, sac_str text, sac__arena *arena)
{
    char *token = sac__arena_get(arena,
                                 SAC__BASE64URL_SIZE(header.n) + SAC__BASE64URL_SIZE(text.n) + 64);
    uint8_t mac[32];
    sac_str claims;
    char *end;
    int rc;

    HOLD(token != NULL);
    end = sac__base64url_print(token, header.p, header.n);
    *end++ = '.';
    end = sac__base64url_print(end, text.p, text.n);
    HOLD(HMAC(EVP_sha256(), SECRET, sizeof SECRET - 1, (const uint8_t *)token,
              (size_t)(end - token), mac, NULL) != NULL);
    *end++ = '.';
    end = sac__base64url_print(end, mac, sizeof mac);
    rc = verify(strict, sac_str_n(token, (size_t)(end - token)), &claims, arena);
    if (rc == SAC_OK)
        HOLD(fuzz_is_json(header) && fuzz_is_json(text));
    end[-2] = end[-2] == 'A' ? 'B' : 'A';
    HOLD(verify(strict, sac_str_n(token, (size_t)(end - token)), &claims, arena) != SAC_OK);
}

/* A byte that says which, then a token, or a line of header and the claims. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sac_str rest = sac_str_n(data, size);
    const unsigned which = fuzz_byte(&rest);
    sac__arena *arena = fuzz_arena();

    if (which & 2) {
        check_raw(which & 1, rest, arena);
    } else {
        const sac_str header = fuzz_line(&rest);

        check_signed(which & 1, header, rest, arena);
    }
    sac__arena_close(arena);
    return 0;
}
