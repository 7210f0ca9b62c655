/* SPDX-License-Identifier: MIT */
#include "codec.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <zlib.h>

#include "core/base64url.h"

static const sac_str dev[] = {{"dev", 3}};

/* The file of the suite as one document; skips where it is missing. */
static sac_str read_vectors(codec *c)
{
    const char *folder = suite_path("flask-session");
    char path[4200];
    sac_str text, doc;

    if (!folder) {
        codec_close(c);
        print_message("no suite flask-session\n");
        skip();
    }
    snprintf(path, sizeof path, "%s/vectors.json", folder);
    text = read_file(path);
    CHECK(text.p);
    doc = codec_doc(c, text.p);
    free((void *)(uintptr_t)text.p);
    return doc;
}

static sac_str member(sac_str doc, const char *key)
{
    const sac_value value = sac_bson_get(doc, S(key));
    sac_str found = {NULL, 0};

    CHECK(sac_value_doc(&value, &found));
    return found;
}

/* What Flask made of a session is read, and made again of what was read. */
static void check_encode(codec *c, sac_str vector)
{
    const sac_str secret = sac_bson_get_str(vector, "secret");
    const sac_str cookie = sac_bson_get_str(vector, "cookie");
    const sac_str text = sac_bson_get_str(vector, "session_json_text");
    sac_str doc = {NULL, 0}, again = {NULL, 0}, session;
    sac__signing *signing = c->signing;

    CHECK_INT(sac__signing_new(&c->fault.alloc, &secret, 1, SALT, &c->signing), SAC_OK);
    c->rules.now = sac_bson_get_int(vector, "timestamp", 0);
    CHECK_INT(codec_read(c, cookie, &doc), SAC_OK);
    CHECK_INT(sac__signed_write(c->signing, doc, &c->rules, c->arena, &again), SAC_OK);
    /* Another zlib may pack in another way. */
    CHECK(sac_str_eq(cookie, again) || sac_bson_get_bool(vector, "compressed", false));
    CHECK_INT(codec_read(c, again, &doc), SAC_OK);
    session = text.p ? codec_doc(c, sac__arena_dup(c->arena, text).p) : member(vector, "session");
    if (!text.p) {
        CHECK_INT(sac__signed_write(c->signing, session, &c->rules, c->arena, &again), SAC_OK);
        CHECK(sac_str_eq(cookie, again) || sac_bson_get_bool(vector, "compressed", false));
    }
    sac__signing_free(c->signing);
    c->signing = signing;
}

static void test_flask__reads_and_makes_what_flask_made(void **state)
{
    codec c;
    sac_str all;
    sac_bson_iter iter;
    int n = 0;

    (void)state;
    codec_open(&c, dev, 1);
    all = member(read_vectors(&c), "encode");
    CHECK_INT(sac_bson_iter_init(&iter, all), SAC_OK);
    while (sac_bson_iter_next(&iter) == 1) {
        check_encode(&c, iter.value.raw);
        n++;
    }
    CHECK_INT(n, 66);
    codec_close(&c);
}

/* Flask has the newest key last, sacrum first. */
static size_t read_keys(sac_str array, sac_str *keys)
{
    sac_bson_iter iter;
    sac_str found[8];
    size_t n = 0;

    CHECK_INT(sac_bson_iter_init(&iter, array), SAC_OK);
    while (n < 8 && sac_bson_iter_next(&iter) == 1)
        CHECK(sac_value_str(&iter.value, &found[n++]));
    for (size_t i = 0; i < n; i++)
        keys[i] = found[n - 1 - i];
    return n;
}

static void check_rotation(codec *c, sac_str vector)
{
    const sac_str cookie = sac_bson_get_str(vector, "cookie");
    const sac_value session = sac_bson_get(vector, S("session"));
    sac_str keys[8], doc, again;
    sac__signing *signing = c->signing;
    const size_t n = read_keys(member(vector, "keys_oldest_first"), keys);

    CHECK_INT(sac__signing_new(&c->fault.alloc, keys, n, SALT, &c->signing), SAC_OK);
    if (session.type == SAC_BSON_DOCUMENT) {
        CHECK_INT(sac__signed_write(c->signing, session.raw, &c->rules, c->arena, &again), SAC_OK);
        CHECK(sac_str_eq(again, cookie));
    } else {
        CHECK_INT(codec_read(c, cookie, &doc),
                  sac_bson_get_bool(vector, "accept", false) ? SAC_OK : SAC_EFORBIDDEN);
    }
    sac__signing_free(c->signing);
    c->signing = signing;
}

static void test_flask__takes_every_key_and_signs_by_the_newest(void **state)
{
    codec c;
    sac_bson_iter iter;
    int n = 0;

    (void)state;
    codec_open(&c, dev, 1);
    CHECK_INT(sac_bson_iter_init(&iter, member(read_vectors(&c), "key_rotation")), SAC_OK);
    while (sac_bson_iter_next(&iter) == 1) {
        check_rotation(&c, iter.value.raw);
        n++;
    }
    CHECK_INT(n, 5);
    codec_close(&c);
}

/* A cookie of any payload and timestamp, rightly signed. */
static sac_str forge(codec *c, sac_str payload, const char *stamp)
{
    uint8_t key[20], digest[20];
    char signature[SAC__BASE64URL_SIZE(20)];
    sac_str text = sac__arena_printf(c->arena, "%.*s.%s", (int)payload.n, payload.p, stamp);
    unsigned n = 0;

    CHECK(HMAC(EVP_sha1(), "dev", 3, (const uint8_t *)SALT.p, SALT.n, key, &n));
    CHECK(HMAC(EVP_sha1(), key, 20, (const uint8_t *)text.p, text.n, digest, &n));
    sac__base64url_print(signature, digest, 20);
    return sac__arena_printf(c->arena, "%s.%.*s", text.p, (int)sizeof signature, signature);
}

#define STAMP "ZVPxAA" /* NOW */

static sac_str armour(codec *c, sac_str bytes, const char *before)
{
    char *text = sac__arena_bytes(c->arena, SAC__BASE64URL_SIZE(bytes.n) + 2);
    char *end = stpcpy(text, before);

    end = sac__base64url_print(end, bytes.p, bytes.n);
    return sac_str_n(text, (size_t)(end - text));
}

static sac_str pack(codec *c, sac_str bytes)
{
    uLongf n = compressBound(bytes.n);
    char *packed = sac__arena_bytes(c->arena, n);

    CHECK_INT(compress((Bytef *)packed, &n, (const Bytef *)bytes.p, bytes.n), Z_OK);
    return sac_str_n(packed, n);
}

static int read_json(codec *c, sac_str json)
{
    sac_str doc;

    return codec_read(c, forge(c, armour(c, json, ""), STAMP), &doc);
}

static sac_str a_cookie(codec *c)
{
    sac_str cookie = {NULL, 0};

    CHECK_INT(sac__signed_write(c->signing, codec_doc(c, "{\"user_id\":\"5f2b1c9e8d3e4a00\"}"),
                                &c->rules, c->arena, &cookie),
              SAC_OK);
    return cookie;
}

static void test_flask__refuses_every_changed_byte(void **state)
{
    static const unsigned char flips[] = {0x01, 0x02, 0x20, 0x40, 0x80, 0xff};
    codec c;
    sac_str cookie, doc;
    char *changed;

    (void)state;
    codec_open(&c, dev, 1);
    cookie = a_cookie(&c);
    CHECK_INT(codec_read(&c, cookie, &doc), SAC_OK);
    changed = sac__arena_bytes(c.arena, cookie.n + 1);
    for (size_t i = 0; i < cookie.n; i++)
        for (size_t j = 0; j < sizeof flips; j++) {
            memcpy(changed, cookie.p, cookie.n);
            changed[i] = (char)(changed[i] ^ flips[j]);
            CHECK_INT(codec_read(&c, sac_str_n(changed, cookie.n), &doc), SAC_EFORBIDDEN);
        }
    for (size_t n = 0; n < cookie.n; n++) {
        CHECK_INT(codec_read(&c, sac_str_n(cookie.p, n), &doc), SAC_EFORBIDDEN);
        CHECK_INT(codec_read(&c, sac_str_n(cookie.p + cookie.n - n, n), &doc), SAC_EFORBIDDEN);
    }
    memcpy(changed, cookie.p, cookie.n);
    changed[cookie.n] = '=';
    CHECK_INT(codec_read(&c, sac_str_n(changed, cookie.n + 1), &doc), SAC_EFORBIDDEN);
    codec_close(&c);
}

/* The last character of a signature has two bits that nothing is in. */
static void test_flask__refuses_another_spelling_of_a_signature(void **state)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    codec c;
    sac_str cookie, doc;
    char *last;
    int taken = 0;

    (void)state;
    codec_open(&c, dev, 1);
    cookie = a_cookie(&c);
    last = (char *)(uintptr_t)cookie.p + cookie.n - 1;
    for (const char *digit = digits; *digit; digit++) {
        *last = *digit;
        taken += codec_read(&c, cookie, &doc) == SAC_OK;
    }
    CHECK_INT(taken, 1);
    codec_close(&c);
}

static void test_flask__judges_the_time(void **state)
{
    codec c;
    sac_str cookie, doc;

    (void)state;
    codec_open(&c, dev, 1);
    cookie = a_cookie(&c);
    c.rules.now = NOW + MONTH;
    CHECK_INT(codec_read(&c, cookie, &doc), SAC_OK);
    c.rules.now++;
    CHECK_INT(codec_read(&c, cookie, &doc), SAC_EFORBIDDEN);
    c.rules.now = NOW - 1;
    CHECK_INT(codec_read(&c, cookie, &doc), SAC_EFORBIDDEN);
    c.rules.now = NOW;
    CHECK_INT(codec_read(&c, forge(&c, S("e30"), STAMP), &doc), SAC_OK);
    CHECK_INT(codec_read(&c, forge(&c, S("e30"), "AGVT8QA"), &doc),
              SAC_ESYNTAX);                                                      /* a zero before */
    CHECK_INT(codec_read(&c, forge(&c, S("e30"), "ZVPxAB"), &doc), SAC_ESYNTAX); /* a stray bit */
    CHECK_INT(codec_read(&c, forge(&c, S("e30"), "ZVPxAA=="), &doc), SAC_ESYNTAX);
    CHECK_INT(codec_read(&c, forge(&c, S("e30"), "_____________w"), &doc), SAC_ESYNTAX);
    CHECK_INT(codec_read(&c, forge(&c, S("e30"), "__________8"), &doc), SAC_ESYNTAX);
    CHECK_INT(codec_read(&c, forge(&c, S("e30"), "f_________8"), &doc), SAC_EFORBIDDEN);
    CHECK_INT(codec_read(&c, forge(&c, S("e30"), ""), &doc), SAC_EFORBIDDEN); /* of 1970 */
    codec_close(&c);
}

static void test_flask__refuses_what_flask_does_not_write(void **state)
{
    static const char *const texts[] = {"",
                                        "[]",
                                        "1",
                                        "null",
                                        "\"x\"",
                                        "{",
                                        "}",
                                        "{}x",
                                        "{} ",
                                        " {}",
                                        "{ }",
                                        "{\"a\": 1}",
                                        "{\"a\":1,}",
                                        "{,}",
                                        "{\"a\"}",
                                        "{\"a\":}",
                                        "{a:1}",
                                        "{'a':1}",
                                        "{\"a\":1]",
                                        "{\"a\":[1}",
                                        "{\"a\":[1,]}",
                                        "{\"a\":[,]}",
                                        "{\"a\":tru}",
                                        "{\"a\":True}",
                                        "{\"a\":nan}",
                                        "{\"a\":1,\"a\":2}",
                                        "{\"a\":{\"b\":1,\"c\":2,\"b\":1}}",
                                        "{\"a\":1,\"\\u0061\":2}",
                                        "{\"a\":01}",
                                        "{\"a\":-0}",
                                        "{\"a\":+1}",
                                        "{\"a\":1.}",
                                        "{\"a\":.5}",
                                        "{\"a\":1e400}",
                                        "{\"a\":--1}",
                                        "{\"a\":-}",
                                        "{\"a\":0x1}",
                                        "{\"a\":\"\\x\"}",
                                        "{\"a\":\"\\u12\"}",
                                        "{\"a\":\"\\ud800\"}",
                                        "{\"a\":\"\\udc00\"}",
                                        "{\"a\":\"\\ud800\\u0041\"}",
                                        "{\"a\":\"\n\"}",
                                        "{\"a\":\"\xff\"}",
                                        "{\"a\":\"\xed\xa0\x80\"}",
                                        "{\"\\u0000\":1}",
                                        "{\" t\":[]}",
                                        "{\" m\":\"x\"}",
                                        "{\" b\":\"\"}",
                                        "{\" di\":{}}",
                                        "{\" di\":{\"a\":1}}",
                                        "{\" di\":{\"a__\":1,\"b\":2}}",
                                        "{\"a\":{\" t\":1}}",
                                        "{\"a\":{\" t\":\"ab\"}}",
                                        "{\"a\":{\" m\":1}}",
                                        "{\"a\":{\" m\":[]}}",
                                        "{\"a\":{\" di\":1}}",
                                        "{\"a\":{\" di\":{}}}",
                                        "{\"a\":{\" di\":{\" t\":1}}}",
                                        "{\"a\":{\" di\":{\" t__\":1,\"b\":1}}}",
                                        "{\"a\":{\" b\":1}}",
                                        "{\"a\":{\" b\":\"AP8\"}}",
                                        "{\"a\":{\" b\":\"AP9=\"}}",
                                        "{\"a\":{\" b\":\"AP-_\"}}",
                                        "{\"a\":{\" b\":\"AP 8=\"}}",
                                        "{\"a\":{\" u\":1}}",
                                        "{\"a\":{\" u\":\"1234567812345678123456781234567\"}}",
                                        "{\"a\":{\" u\":\"1234567812345678123456781234567A\"}}",
                                        "{\"a\":{\" u\":\"12345678-1234-5678-1234-567812345678\"}}",
                                        "{\"a\":{\" d\":1}}",
                                        "{\"a\":{\" d\":\"Mon, 14 Nov 2023 22:13:20 GMT\"}}",
                                        "{\"a\":{\" d\":\"2023-11-14T22:13:20Z\"}}",
                                        "{\"a\":{\" d\":\"Tuesday, 14-Nov-23 22:13:20 GMT\"}}",
                                        "{\"a\":{\" d\":\"Tue Nov 14 22:13:20 2023\"}}",
                                        "{\"a\":{\" d\":\"Tue, 32 Nov 2023 22:13:20 GMT\"}}"};
    codec c;

    (void)state;
    codec_open(&c, dev, 1);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (read_json(&c, S(texts[i])) != SAC_ESYNTAX)
            fail_msg("taken: %s", texts[i]);
    CHECK_INT(read_json(&c, sac_str_n("{\"a\":\"\0\"}", 9)), SAC_ESYNTAX);
    CHECK_INT(read_json(&c, S("{\"a\":{\" t\":[]},\"\":{\" t\":1,\"b\":2}}")), SAC_OK);
    codec_close(&c);
}

static void test_flask__refuses_bad_armour(void **state)
{
    static const char *const payloads[] = {"e30=", "e3 0", "e31",  "e", "e30\n",
                                           "+e30", ".",    ".e30", "",  "e30.e30"};
    codec c;
    sac_str packed, doc;

    (void)state;
    codec_open(&c, dev, 1);
    for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++)
        if (codec_read(&c, forge(&c, S(payloads[i]), STAMP), &doc) != SAC_ESYNTAX)
            fail_msg("taken: %s", payloads[i]);
    packed = pack(&c, S("{\"a\":1}"));
    CHECK_INT(codec_read(&c, forge(&c, armour(&c, packed, "."), STAMP), &doc), SAC_OK);
    for (size_t n = 0; n < packed.n; n++)
        CHECK_INT(codec_read(&c, forge(&c, armour(&c, sac_str_n(packed.p, n), "."), STAMP), &doc),
                  SAC_ESYNTAX);
    packed = sac__arena_dup(c.arena, packed); /* and one byte behind it */
    CHECK_INT(
        codec_read(&c, forge(&c, armour(&c, sac_str_n(packed.p, packed.n + 1), "."), STAMP), &doc),
        SAC_ESYNTAX);
    codec_close(&c);
}

static void test_flask__holds_its_limits(void **state)
{
    enum { BOMB = 8 << 20 };
    codec c;
    char *text;
    sac_str doc, cookie;

    (void)state;
    codec_open(&c, dev, 1);
    text = malloc(BOMB);
    memset(text, 'a', BOMB);
    memcpy(text, "{\"a\":\"", 6);
    memcpy(text + BOMB - 2, "\"}", 2);
    cookie = forge(&c, armour(&c, pack(&c, sac_str_n(text, BOMB)), "."), STAMP);
    {
        const size_t used = sac__arena_used(c.arena);

        CHECK_INT(codec_read(&c, cookie, &doc), SAC_ELIMIT);
        CHECK(sac__arena_used(c.arena) - used < 4 * SIZE);
    }
    memcpy(text + SIZE - 2, "\"}", 2);
    CHECK_INT(read_json(&c, sac_str_n(text, SIZE)), SAC_OK);
    CHECK_INT(
        codec_read(&c, forge(&c, armour(&c, pack(&c, sac_str_n(text, SIZE)), "."), STAMP), &doc),
        SAC_OK);
    CHECK_INT(sac__signed_write(c.signing, doc, &c.rules, c.arena, &cookie), SAC_OK);
    text[SIZE - 2] = 'a';
    memcpy(text + SIZE - 1, "\"}", 2);
    CHECK_INT(read_json(&c, sac_str_n(text, SIZE + 1)), SAC_ELIMIT);
    CHECK_INT(codec_read(&c, forge(&c, armour(&c, pack(&c, sac_str_n(text, SIZE + 1)), "."), STAMP),
                         &doc),
              SAC_ELIMIT);
    doc = codec_doc(&c, sac__arena_printf(c.arena, "%.*s", SIZE + 1, text).p);
    CHECK_INT(sac__signed_write(c.signing, doc, &c.rules, c.arena, &cookie), SAC_ETOOBIG);
    /* Depth, in arrays and documents. */
    c.rules.max = BOMB;
    for (int depth = 90; depth < 40000; depth = depth < 110 ? depth + 1 : depth * 2) {
        sac__buf json;
        int rc;

        sac__buf_init(&json, sac__arena_alloc(c.arena), SIZE_MAX);
        for (int i = 0; i < depth; i++)
            sac__buf_add_text(&json, i % 2 ? "[" : "{\"a\":");
        sac__buf_add_text(&json, "1");
        for (int i = depth; i-- > 0;)
            sac__buf_add_char(&json, i % 2 ? ']' : '}');
        rc = read_json(&c, sac__buf_str(&json));
        CHECK(rc == SAC_OK || rc == SAC_ELIMIT);
        CHECK_INT(rc == SAC_OK, depth <= SAC_BSON_DEPTH);
    }
    free(text);
    codec_close(&c);
}

static void test_flask__counts_members(void **state)
{
    codec c;

    (void)state;
    codec_open(&c, dev, 1);
    c.rules.max = 1 << 20;
    for (int n = SAC__TAGGED_KEYS - 1; n <= SAC__TAGGED_KEYS; n++) {
        sac__buf json;

        sac__buf_init(&json, sac__arena_alloc(c.arena), SIZE_MAX);
        sac__buf_add_text(&json, "{\"a\":[");
        for (int i = 0; i < n; i++)
            sac__buf_add_text(&json, i ? ",0" : "0");
        sac__buf_add_text(&json, "]}");
        CHECK_INT(read_json(&c, sac__buf_str(&json)), n < SAC__TAGGED_KEYS ? SAC_OK : SAC_ELIMIT);
    }
    codec_close(&c);
}

static void test_flask__survives_oom(void **state)
{
    codec c;
    sac_str cookie = {NULL, 0};
    sac__signing *signing = NULL;
    long n;
    int rc;

    (void)state;
    for (n = 0, rc = SAC_ENOMEM; rc != SAC_OK; n++) {
        const sac_alloc *alloc = fault_alloc_init(&c.fault, n);

        rc = sac__signing_new(alloc, dev, 1, SALT, &signing);
        CHECK(rc == SAC_OK || (rc == SAC_ENOMEM && !signing && c.fault.live == 0));
        CHECK(n < 100);
    }
    sac__signing_free(signing);
    CHECK_INT(c.fault.live, 0);
    sac__signing_free(NULL);
    for (n = 0, rc = SAC_ENOMEM; rc != SAC_OK; n++) {
        static const char big[] = "{\"a\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\\u00e9\"}";
        sac__signed got;
        sac_str doc = {NULL, 0};

        codec_open(&c, dev, 1);
        CHECK_INT(sac__tagged_read(S(big), c.arena, &doc), SAC_OK);
        c.fault.left = n;
        rc = sac__signed_write(c.signing, doc, &c.rules, c.arena, &cookie);
        if (rc == SAC_OK)
            rc = sac__signed_read(c.signing, cookie, &c.rules, c.arena, &got);
        c.fault.left = -1;
        CHECK(rc == SAC_OK || rc == SAC_ENOMEM);
        codec_close(&c);
        CHECK(n < 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flask__reads_and_makes_what_flask_made),
        cmocka_unit_test(test_flask__takes_every_key_and_signs_by_the_newest),
        cmocka_unit_test(test_flask__refuses_every_changed_byte),
        cmocka_unit_test(test_flask__refuses_another_spelling_of_a_signature),
        cmocka_unit_test(test_flask__judges_the_time),
        cmocka_unit_test(test_flask__refuses_what_flask_does_not_write),
        cmocka_unit_test(test_flask__refuses_bad_armour),
        cmocka_unit_test(test_flask__holds_its_limits),
        cmocka_unit_test(test_flask__counts_members),
        cmocka_unit_test(test_flask__survives_oom),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
