/* SPDX-License-Identifier: MIT */
#include <sacrum/token.h>

#include <openssl/rsa.h>

#include "jwt_make.h"

#define SECRET "0123456789abcdef0123456789abcdef"
#define HS256 "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define GOOD "{\"sub\":\"ana\",\"exp\":2000}"
#define NOW 1000

/* Made once: an RSA key takes its time. */
static struct {
    EVP_PKEY *rsa, *ed;
} keys;

static jwt_text text;

static int make_keys(void **state)
{
    (void)state;
    keys.rsa = EVP_RSA_gen(2048);
    keys.ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    return !keys.rsa || !keys.ed;
}

static int free_keys(void **state)
{
    (void)state;
    EVP_PKEY_free(keys.rsa);
    EVP_PKEY_free(keys.ed);
    return 0;
}

static const sac_jwt_key secret_key[] = {
    {.algorithm = SAC_JWT_HS256, .key = {SECRET, sizeof SECRET - 1}}, {.algorithm = 0}};

static sac_jwt_verifier *verifier_of(const sac_jwt *config)
{
    sac_jwt_verifier *v = NULL;
    sac_err err = {.code = 0};

    if (sac_jwt_verifier_new(config, NULL, &v, &err) != 0)
        fail_msg("%s", err.text);
    return v;
}

/* A verifier of one key. */
static sac_jwt_verifier *verifier_by(sac_jwt_algorithm algorithm, sac_str key)
{
    const sac_jwt_key list[] = {{.algorithm = algorithm, .key = key}, {.algorithm = 0}};
    const sac_jwt config = SAC_JWT(.keys = list);

    return verifier_of(&config);
}

static void free_claims(sac_str claims)
{
    const sac_alloc *alloc = sac_alloc_default();

    (void)alloc->resize(alloc->self, (char *)(uintptr_t)claims.p, claims.n, 0);
}

static int verify(const sac_jwt_verifier *v, sac_str token, int64_t now)
{
    sac_str claims = {NULL, 0};
    sac_err err = {.code = 0};
    const int rc = sac_jwt_verify(v, token, now, &claims, NULL, &err);

    CHECK_INT(err.code, rc);
    CHECK((rc == 0) == (claims.p != NULL));
    if (rc == 0)
        free_claims(claims);
    return rc;
}

/* That a token is refused, and for this reason. */
static void check_refused(const sac_jwt_verifier *v, sac_str token, const char *why)
{
    sac_str claims = {NULL, 0};
    sac_err err = {.code = 0};

    CHECK_INT(sac_jwt_verify(v, token, NOW, &claims, NULL, &err), SAC_EUNAUTHORIZED);
    CHECK(claims.p == NULL);
    if (!strstr(err.text, why))
        fail_msg("\"%s\" instead of \"%s\"", err.text, why);
}

/* RFC 7515 appendix A.1 and A.2, RFC 8037 appendix A.4. */
#define RFC_CLAIMS                                                                                 \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl" \
    "fQ"
#define RFC_HS256                                          \
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." RFC_CLAIMS \
    ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define RFC_RS256                                                       \
    "eyJhbGciOiJSUzI1NiJ9." RFC_CLAIMS                                  \
    ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7" \
    "AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4"  \
    "BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K"  \
    "0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqv"  \
    "hJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrB"  \
    "p0igcN_IoypGlUPQGe77Rw"
#define RFC_EDDSA                                               \
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc." \
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
static const uint8_t rfc_secret[] = {
    0x03, 0x23, 0x35, 0x4b, 0x2b, 0x0f, 0xa5, 0xbc, 0x83, 0x7e, 0x06, 0x65, 0x77, 0x7b, 0xa6, 0x8f,
    0x5a, 0xb3, 0x28, 0xe6, 0xf0, 0x54, 0xc9, 0x28, 0xa9, 0x0f, 0x84, 0xb2, 0xd2, 0x50, 0x2e, 0xbf,
    0xd3, 0xfb, 0x5a, 0x92, 0xd2, 0x06, 0x47, 0xef, 0x96, 0x8a, 0xb4, 0xc3, 0x77, 0x62, 0x3d, 0x22,
    0x3d, 0x2e, 0x21, 0x72, 0x05, 0x2e, 0x4f, 0x08, 0xc0, 0xcd, 0x9a, 0xf5, 0x67, 0xd0, 0x80, 0xa3};
static const char rfc_rsa[] = "-----BEGIN PUBLIC KEY-----\n"
                              "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAofgWCuLjybRlzo0tZWJj\n"
                              "NiuSfb4p4fAkd/wWJcyQoTbji9k0l8W26mPddxHmfHQp+Vaw+4qPCJrcS2mJPMEz\n"
                              "P1Pt0Bm4d4QlL+yRT+SFd2lZS+pCgNMsD1W/YpRPEwOWvG6b32690r2jZ47soMZo\n"
                              "9wGzjb/7OMg0LOL+bSf63kpaSHSXndS5z5rexMdbBYUsLA9e+KXBdQOS+UTo7WTB\n"
                              "EMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6/I5IhlJH7aGhyxX\n"
                              "FvUK+DWNmoudF8NAco9/h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXp\n"
                              "oQIDAQAB\n"
                              "-----END PUBLIC KEY-----\n";
static const char rfc_ed[] = "-----BEGIN PUBLIC KEY-----\n"
                             "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
                             "-----END PUBLIC KEY-----\n";
enum { RFC_EXPIRY = 1300819380 };

static void check_rfc_claims(const sac_jwt_verifier *v, const char *token)
{
    sac_str claims;

    CHECK_INT(sac_jwt_verify(v, sac_str_of(token), RFC_EXPIRY - 1, &claims, NULL, NULL), 0);
    CHECK_STR(sac_bson_get_str(claims, "iss"), "joe");
    CHECK_INT(sac_bson_get_int(claims, "exp", 0), RFC_EXPIRY);
    CHECK(sac_bson_get_bool(claims, "http://example.com/is_root", false));
    free_claims(claims);
    CHECK_INT(verify(v, sac_str_of(token), RFC_EXPIRY + 31), SAC_EUNAUTHORIZED);
}

static void test_jwt__verifies_the_rfcs_hs256(void **state)
{
    sac_jwt_verifier *v = verifier_by(SAC_JWT_HS256, sac_str_n(rfc_secret, sizeof rfc_secret));

    (void)state;
    check_rfc_claims(v, RFC_HS256);
    sac_jwt_verifier_free(v);
}

static void test_jwt__verifies_the_rfcs_rs256(void **state)
{
    sac_jwt_verifier *v = verifier_by(SAC_JWT_RS256, sac_str_of(rfc_rsa));

    (void)state;
    check_rfc_claims(v, RFC_RS256);
    sac_jwt_verifier_free(v);
}

/* What the RFC signs there is no JSON: it is refused for that, not for the signature. */
static void test_jwt__verifies_the_rfcs_eddsa(void **state)
{
    sac_jwt_verifier *v = verifier_by(SAC_JWT_EDDSA, sac_str_of(rfc_ed));
    char changed[] = RFC_EDDSA;

    (void)state;
    check_refused(v, sac_str_of(RFC_EDDSA), "claims are malformed");
    changed[30] ^= 1;
    check_refused(v, sac_str_of(changed), "signature is wrong");
    sac_jwt_verifier_free(v);
}

static void test_jwt__verifies_with_keys_of_each_kind(void **state)
{
    const sac_str rsa = jwt_pem(keys.rsa, false), ed = jwt_pem(keys.ed, false);
    sac_jwt_verifier *v = verifier_by(SAC_JWT_RS256, rsa);

    (void)state;
    CHECK_INT(verify(v, jwt_make(&text, "{\"alg\":\"RS256\"}", GOOD, NULL, keys.rsa), NOW), 0);
    sac_jwt_verifier_free(v);
    v = verifier_by(SAC_JWT_EDDSA, ed);
    CHECK_INT(verify(v, jwt_make(&text, "{\"alg\":\"EdDSA\"}", GOOD, NULL, keys.ed), NOW), 0);
    CHECK_INT(verify(v, jwt_make(&text, "{\"alg\":\"Ed25519\"}", GOOD, NULL, keys.ed), NOW), 0);
    sac_jwt_verifier_free(v);
    free((char *)(uintptr_t)rsa.p);
    free((char *)(uintptr_t)ed.p);
}

static void test_jwt__gives_the_claims(void **state)
{
    const sac_jwt config = SAC_JWT(.keys = secret_key);
    sac_jwt_verifier *v = verifier_of(&config);
    fault_alloc fault;
    const sac_alloc *alloc = fault_alloc_init(&fault, -1);
    const sac_str token = jwt_make(
        &text, HS256, "{\"sub\":\"\\u00e9\",\"exp\":2e3,\"a.b\":{\"c\":[1,\"x\"]}}", SECRET, NULL);
    sac_str claims;

    (void)state;
    CHECK_INT(sac_jwt_verify(v, token, NOW, &claims, alloc, NULL), 0);
    CHECK_INT(sac_bson_check(claims, NULL), 0);
    CHECK_STR(sac_bson_get_str(claims, "sub"), "\xc3\xa9");
    CHECK_INT(sac_bson_get(claims, sac_str_of("a.b")).type, SAC_BSON_DOCUMENT);
    CHECK_INT(fault.live, 1);
    (void)alloc->resize(alloc->self, (char *)(uintptr_t)claims.p, claims.n, 0);
    CHECK_INT(fault.live, 0);
    sac_jwt_verifier_free(v);
}

typedef struct judged {
    const char *part; /* header or claims */
    const char *why;  /* NULL: it is taken */
} judged;

static void check_headers(const sac_jwt_verifier *v, const judged *list)
{
    for (; list->part; list++) {
        const sac_str token = jwt_make(&text, list->part, GOOD, SECRET, NULL);

        if (list->why)
            check_refused(v, token, list->why);
        else
            CHECK_INT(verify(v, token, NOW), 0);
    }
}

static void check_claims(const sac_jwt_verifier *v, const judged *list)
{
    for (; list->part; list++) {
        const sac_str token = jwt_make(&text, HS256, list->part, SECRET, NULL);

        if (list->why)
            check_refused(v, token, list->why);
        else if (verify(v, token, NOW) != 0)
            fail_msg("refused: %s", list->part);
    }
}

static void test_jwt__judges_the_header(void **state)
{
    static const judged list[] = {
        {"{\"alg\":\"HS256\"}", NULL},
        {" {\"typ\" : \"jwt\", \"alg\" : \"HS256\"} ", NULL},
        {"{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}", NULL},
        {"{\"alg\":\"HS256\",\"typ\":\"application/at+jwt\"}", NULL},
        {"{\"alg\":\"HS256\",\"kid\":\"whatever\"}", NULL},
        {"{\"alg\":\"HS256\",\"jku\":\"https://evil.example/keys\",\"x5u\":1,\"jwk\":{}}", NULL},
        {"{\"alg\":\"none\"}", "no key"},
        {"{\"alg\":\"None\"}", "no key"},
        {"{\"alg\":\"\"}", "no key"},
        {"{\"alg\":\"hs256\"}", "no key"},
        {"{\"alg\":\"HS256 \"}", "no key"},
        {"{\"alg\":\"HS384\"}", "no key"},
        {"{\"alg\":\"HS512\"}", "no key"},
        {"{\"alg\":\"RS256\"}", "no key"},
        {"{\"alg\":\"PS256\"}", "no key"},
        {"{\"alg\":\"ES256\"}", "no key"},
        {"{\"alg\":\"EdDSA\"}", "no key"},
        {"{\"alg\":\"HS256\\u0000\"}", "no key"},
        {"{}", "no algorithm"},
        {"{\"Alg\":\"HS256\"}", "no algorithm"},
        {"{\"alg\":null}", "no algorithm"},
        {"{\"alg\":[\"HS256\"]}", "no algorithm"},
        {"{\"alg\":{\"$symbol\":\"HS256\"}}", "no algorithm"},
        {"{\"alg\":\"HS256\",\"alg\":\"HS256\"}", "header is malformed"},
        {"{\"alg\":\"none\",\"\\u0061lg\":\"HS256\"}", "header is malformed"},
        {"{\"alg\":\"HS256\",\"x\":{\"y\":1,\"y\":2}}", "header is malformed"},
        {"{\"alg\":\"HS256\",\"kid\":1}", "key is no string"},
        {"{\"alg\":\"HS256\",\"kid\":null}", "key is no string"},
        {"{\"alg\":\"HS256\",\"kid\":[\"a\"]}", "key is no string"},
        {"{\"alg\":\"HS256\",\"typ\":\"secevent+jwt\"}", "another type"},
        {"{\"alg\":\"HS256\",\"typ\":\"logout+jwt\"}", "another type"},
        {"{\"alg\":\"HS256\",\"typ\":\"JWE\"}", "another type"},
        {"{\"alg\":\"HS256\",\"typ\":1}", "another type"},
        {"{\"alg\":\"HS256\",\"crit\":[\"exp\"]}", "critical"},
        {"{\"alg\":\"HS256\",\"crit\":[]}", "critical"},
        {"{\"alg\":\"HS256\",\"crit\":null}", "critical"},
        {"{\"alg\":\"HS256\",\"b64\":false,\"crit\":[\"b64\"]}", "critical"},
        {"[\"HS256\"]", "header is malformed"},
        {"\"HS256\"", "header is malformed"},
        {"{\"alg\":\"HS256\"", "header is malformed"},
        {"{\"alg\":\"HS256\"}}", "header is malformed"},
        {"{\"alg\":\"HS256\"} {}", "header is malformed"},
        {"{\"alg\":\"HS256\",}", "header is malformed"},
        {"{'alg':'HS256'}", "header is malformed"},
        {"\xef\xbb\xbf{\"alg\":\"HS256\"}", "header is malformed"},
        {"{\"alg\":\"HS256\",\"x\":\"\xc0\xae\"}", "header is malformed"},
        {"{\"alg\":\"HS256\",\"__proto__\":{}}", "header is malformed"},
        {"", "header is malformed"},
        {NULL, NULL},
    };
    const sac_jwt config = SAC_JWT(.keys = secret_key);
    sac_jwt_verifier *v = verifier_of(&config);

    (void)state;
    check_headers(v, list);
    sac_jwt_verifier_free(v);
}

static void test_jwt__judges_times(void **state)
{
    static const judged list[] = {
        {"{\"exp\":1001}", NULL},
        {"{\"exp\":971}", NULL}, /* within the leeway of 30 */
        {"{\"exp\":970}", "expired"},
        {"{\"exp\":970.5}", NULL},
        {"{\"exp\":1e3}", NULL},
        {"{\"exp\":0}", "expired"},
        {"{\"exp\":-1}", "expired"},
        {"{\"exp\":-1e300}", "expired"},
        {"{\"exp\":9223372036854775807}", NULL},
        {"{\"exp\":1e300}", NULL},
        {"{\"exp\":1e400}", "malformed"},
        {"{\"exp\":{\"$numberDouble\":\"NaN\"}}", "no number"},
        {"{\"exp\":{\"$numberDouble\":\"Infinity\"}}", "no number"},
        {"{\"exp\":{\"$date\":\"2030-01-01T00:00:00Z\"}}", "no number"},
        {"{\"exp\":\"2000\"}", "no number"},
        {"{\"exp\":null}", "no number"},
        {"{\"exp\":true}", "no number"},
        {"{\"exp\":[2000]}", "no number"},
        {"{\"exp\":{}}", "no number"},
        {"{}", "never expires"},
        {"{\"sub\":\"ana\",\"Exp\":2000}", "never expires"},
        {"{\"x\":{\"exp\":2000}}", "never expires"},
        {"{\"exp\":2000,\"nbf\":1000}", NULL},
        {"{\"exp\":2000,\"nbf\":1030}", NULL},
        {"{\"exp\":2000,\"nbf\":1030.5}", "not valid yet"},
        {"{\"exp\":2000,\"nbf\":1031}", "not valid yet"},
        {"{\"exp\":2000,\"nbf\":\"0\"}", "no number"},
        {"{\"exp\":2000,\"iat\":1030}", NULL},
        {"{\"exp\":2000,\"iat\":1031}", "in the future"},
        {"{\"exp\":2000,\"iat\":false}", "no number"},
        {"{\"exp\":1,\"exp\":2000}", "claims are malformed"},
        {"{\"exp\":1,\"e\\u0078p\":2000}", "claims are malformed"},
        {NULL, NULL},
    };
    const sac_jwt config = SAC_JWT(.keys = secret_key);
    sac_jwt_verifier *v = verifier_of(&config);

    (void)state;
    check_claims(v, list);
    sac_jwt_verifier_free(v);
}

static void test_jwt__leeway_and_expiry_can_be_set(void **state)
{
    sac_jwt config = SAC_JWT(.keys = secret_key, .leeway = -1);
    sac_jwt_verifier *v = verifier_of(&config);

    (void)state;
    check_refused(v, jwt_make(&text, HS256, "{\"exp\":1000}", SECRET, NULL), "expired");
    CHECK_INT(verify(v, text.n ? sac_str_n(text.p, text.n) : sac_str_of(""), 999), 0);
    check_refused(v, jwt_make(&text, HS256, "{\"exp\":2000,\"nbf\":1001}", SECRET, NULL),
                  "not valid");
    sac_jwt_verifier_free(v);
    config.leeway = 300;
    config.needs_no_expiry = true;
    v = verifier_of(&config);
    CHECK_INT(verify(v, jwt_make(&text, HS256, "{\"exp\":701}", SECRET, NULL), NOW), 0);
    CHECK_INT(verify(v, jwt_make(&text, HS256, "{}", SECRET, NULL), NOW), 0);
    check_refused(v, jwt_make(&text, HS256, "{\"exp\":700}", SECRET, NULL), "expired");
    sac_jwt_verifier_free(v);
}

static void test_jwt__survives_any_clock(void **state)
{
    static const int64_t times[] = {INT64_MIN, -1, 0, 1, INT64_MAX};
    const sac_jwt config = SAC_JWT(.keys = secret_key);
    sac_jwt_verifier *v = verifier_of(&config);
    const sac_str token = jwt_make(&text, HS256, GOOD, SECRET, NULL);

    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        CHECK_INT(verify(v, token, times[i]), times[i] < 2030 ? 0 : SAC_EUNAUTHORIZED);
    sac_jwt_verifier_free(v);
}

static void test_jwt__judges_issuer_and_audience(void **state)
{
    static const judged list[] = {
        {"{\"exp\":2000,\"iss\":\"me\",\"aud\":\"api\"}", NULL},
        {"{\"exp\":2000,\"iss\":\"me\",\"aud\":[\"x\",\"api\"]}", NULL},
        {"{\"exp\":2000,\"iss\":\"me\",\"aud\":[\"api\"],\"sub\":\"ana\"}", NULL},
        {"{\"exp\":2000,\"iss\":\"me\"}", "another audience"},
        {"{\"exp\":2000,\"iss\":\"me\",\"aud\":\"Api\"}", "another audience"},
        {"{\"exp\":2000,\"iss\":\"me\",\"aud\":\"api \"}", "another audience"},
        {"{\"exp\":2000,\"iss\":\"me\",\"aud\":\"api2\"}", "another audience"},
        {"{\"exp\":2000,\"iss\":\"me\",\"aud\":\"\"}", "another audience"},
        {"{\"exp\":2000,\"iss\":\"me\",\"aud\":[]}", "another audience"},
        {"{\"exp\":2000,\"iss\":\"me\",\"aud\":[[\"api\"]]}", "another audience"},
        {"{\"exp\":2000,\"iss\":\"me\",\"aud\":[\"api\",1]}", "another audience"},
        {"{\"exp\":2000,\"iss\":\"me\",\"aud\":{\"0\":\"api\"}}", "another audience"},
        {"{\"exp\":2000,\"iss\":\"me\",\"aud\":null}", "another audience"},
        {"{\"exp\":2000,\"iss\":\"me\",\"aud\":\"api\",\"aud\":\"api\"}", "malformed"},
        {"{\"exp\":2000,\"aud\":\"api\"}", "another issuer"},
        {"{\"exp\":2000,\"iss\":\"ME\",\"aud\":\"api\"}", "another issuer"},
        {"{\"exp\":2000,\"iss\":\"me\\u0000\",\"aud\":\"api\"}", "another issuer"},
        {"{\"exp\":2000,\"iss\":[\"me\"],\"aud\":\"api\"}", "another issuer"},
        {"{\"exp\":2000,\"iss\":\"me\",\"aud\":\"api\",\"sub\":1}", "subject"},
        {"{\"exp\":2000,\"iss\":\"me\",\"aud\":\"api\",\"sub\":{\"$oid\":"
         "\"0123456789abcdef01234567\"}}",
         "subject"},
        {NULL, NULL},
    };
    sac_jwt config = SAC_JWT(.keys = secret_key, .issuer = "me", .audience = "api");
    sac_jwt_verifier *v = verifier_of(&config);

    (void)state;
    check_claims(v, list);
    sac_jwt_verifier_free(v);
    config.audience = config.issuer = NULL;
    v = verifier_of(&config);
    check_refused(v, jwt_make(&text, HS256, list[0].part, SECRET, NULL), "none is set");
    CHECK_INT(verify(v, jwt_make(&text, HS256, "{\"exp\":2000,\"iss\":7}", SECRET, NULL), NOW), 0);
    sac_jwt_verifier_free(v);
}

static void test_jwt__takes_the_compact_form_alone(void **state)
{
    const sac_jwt config = SAC_JWT(.keys = secret_key);
    sac_jwt_verifier *v = verifier_of(&config);
    static const char *const bad[] = {
        "",    ".",       "..",        "...", "a",
        "a.b", "a.b.c.d", "a.b.c.d.e", "..a", "{\"payload\":\"e30\",\"signature\":\"\"}"};
    const sac_str good = jwt_make(&text, HS256, GOOD, SECRET, NULL);
    char changed[512];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        check_refused(v, sac_str_of(bad[i]), "");
    CHECK(good.n + 2 < sizeof changed);
    for (size_t cut = 0; cut < good.n; cut++) {
        CHECK_INT(verify(v, sac_str_n(good.p, cut), NOW), SAC_EUNAUTHORIZED);
        CHECK_INT(verify(v, sac_str_n(good.p + good.n - cut, cut), NOW), SAC_EUNAUTHORIZED);
    }
    /* One character more anywhere: padding, blanks, what standard base64 has. */
    for (const char *more = "=. \n\t+/A\"%"; *more; more++)
        for (size_t at = 0; at <= good.n; at++) {
            memcpy(changed, good.p, at);
            changed[at] = *more;
            memcpy(changed + at + 1, good.p + at, good.n - at);
            CHECK_INT(verify(v, sac_str_n(changed, good.n + 1), NOW), SAC_EUNAUTHORIZED);
        }
    sac_jwt_verifier_free(v);
}

/* Also in the bits that base64url does not use at the end of a part. */
static void test_jwt__refuses_every_changed_bit(void **state)
{
    const sac_jwt config = SAC_JWT(.keys = secret_key);
    sac_jwt_verifier *v = verifier_of(&config);
    const sac_str good = jwt_make(&text, HS256, GOOD, SECRET, NULL);

    (void)state;
    for (size_t at = 0; at < good.n; at++)
        for (int bit = 0; bit < 8; bit++) {
            text.p[at] = (char)(text.p[at] ^ 1 << bit);
            CHECK_INT(verify(v, good, NOW), SAC_EUNAUTHORIZED);
            text.p[at] = (char)(text.p[at] ^ 1 << bit);
        }
    CHECK_INT(verify(v, good, NOW), 0);
    sac_jwt_verifier_free(v);
}

static void test_jwt__has_a_bound_for_its_size(void **state)
{
    sac_jwt config = SAC_JWT(.keys = secret_key);
    sac_jwt_verifier *v = verifier_of(&config);
    char claims[8192];
    sac_str token;

    (void)state;
    (void)snprintf(claims, sizeof claims, "{\"exp\":2000,\"x\":\"%06000d\"}", 0);
    token = jwt_make(&text, HS256, claims, SECRET, NULL);
    CHECK(token.n > 8000 && token.n <= 8192);
    CHECK_INT(verify(v, token, NOW), 0);
    (void)snprintf(claims, sizeof claims, "{\"exp\":2000,\"x\":\"%06100d\"}", 0);
    token = jwt_make(&text, HS256, claims, SECRET, NULL);
    CHECK(token.n > 8192);
    check_refused(v, token, "too long");
    sac_jwt_verifier_free(v);
    config.max_size = token.n;
    v = verifier_of(&config);
    CHECK_INT(verify(v, token, NOW), 0);
    sac_jwt_verifier_free(v);
}

static void test_jwt__has_a_bound_for_depth_and_keys(void **state)
{
    const sac_jwt config = SAC_JWT(.keys = secret_key);
    sac_jwt_verifier *v = verifier_of(&config);
    char claims[8192];
    size_t n;

    (void)state;
    n = (size_t)snprintf(claims, sizeof claims, "{\"exp\":2000,\"x\":");
    memset(claims + n, '[', 2000);
    memset(claims + n + 2000, ']', 2000);
    memcpy(claims + n + 4000, "}", 2);
    check_refused(v, jwt_make(&text, HS256, claims, SECRET, NULL), "malformed");
    n = (size_t)snprintf(claims, sizeof claims, "{\"exp\":2000,\"x\":[0");
    for (int i = 0; i < 1200; i++)
        n += (size_t)snprintf(claims + n, sizeof claims - n, ",0");
    (void)snprintf(claims + n, sizeof claims - n, "]}");
    check_refused(v, jwt_make(&text, HS256, claims, SECRET, NULL), "malformed");
    sac_jwt_verifier_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jwt__verifies_the_rfcs_hs256),
        cmocka_unit_test(test_jwt__verifies_the_rfcs_rs256),
        cmocka_unit_test(test_jwt__verifies_the_rfcs_eddsa),
        cmocka_unit_test(test_jwt__verifies_with_keys_of_each_kind),
        cmocka_unit_test(test_jwt__gives_the_claims),
        cmocka_unit_test(test_jwt__judges_the_header),
        cmocka_unit_test(test_jwt__judges_times),
        cmocka_unit_test(test_jwt__leeway_and_expiry_can_be_set),
        cmocka_unit_test(test_jwt__survives_any_clock),
        cmocka_unit_test(test_jwt__judges_issuer_and_audience),
        cmocka_unit_test(test_jwt__takes_the_compact_form_alone),
        cmocka_unit_test(test_jwt__refuses_every_changed_bit),
        cmocka_unit_test(test_jwt__has_a_bound_for_its_size),
        cmocka_unit_test(test_jwt__has_a_bound_for_depth_and_keys),
    };

    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
