/* SPDX-License-Identifier: MIT */

/* The UTF-8 suite through the codec, at every place of a wide step. */
#include "core/utf8.h"

#include <cJSON.h>

#include "roundtrip.h"

enum { PADS = 70, MOST = 512 };

typedef void each_fn(sac_str bytes, bool valid);

static sac_str from_hex(const char *hex, char *out)
{
    const size_t n = strlen(hex) / 2;

    CHECK(n < 128);
    for (size_t i = 0; i < n; i++) {
        unsigned byte;

        CHECK_INT(sscanf(hex + 2 * i, "%2x", &byte), 1);
        out[i] = (char)byte;
    }
    return sac_str_n(out, n);
}

/* Each case with 0 to 69 bytes in front of it, and behind it none or some. */
static void each(each_fn *check)
{
    const char *path = suite_path("utf8/utf8tests.json");
    char bytes[128], padded[MOST];
    cJSON *suite, *row;
    sac_str text;
    int count = 0;

    if (!path)
        skip();
    text = read_file(path);
    suite = cJSON_ParseWithLength(text.p, text.n);
    CHECK(suite != NULL);
    cJSON_ArrayForEach(row, cJSON_GetObjectItem(suite, "cases"))
    {
        const sac_str given = from_hex(cJSON_GetObjectItem(row, "hex")->valuestring, bytes);
        const bool valid = cJSON_IsTrue(cJSON_GetObjectItem(row, "valid"));

        for (size_t pad = 0; pad < PADS; pad++) {
            memset(padded, 'a', sizeof padded);
            memcpy(padded + pad, given.p, given.n);
            check(sac_str_n(padded, pad + given.n), valid);
            check(sac_str_n(padded, pad + given.n + pad % 7), valid);
        }
        count++;
    }
    CHECK_INT(count, 222);
    cJSON_Delete(suite);
    drop(text);
}

/* `{"k": bytes}` in memory that ends with it. */
static sac_str document(sac_str bytes)
{
    sac_bson doc;
    sac_str out;

    sac_bson_init(&doc, NULL, 0);
    sac_bson_add_str(&doc, "k", bytes);
    CHECK_INT(sac_bson_finish(&doc, &out), SAC_OK);
    out = exact_copy(out);
    sac_bson_fini(&doc);
    return out;
}

static void check_encoder(sac_str bytes, bool valid)
{
    const sac_str doc = document(bytes);
    const sac__json_encoding how = {.dialect = SAC_JSON_PLAIN};
    sac_str json, again;
    sac_err err = {.code = 0};
    sac__buf out;

    sac__buf_init(&out, NULL, 1 << 20);
    CHECK_INT(sac__json_encode(&how, doc, &out, &err), valid ? SAC_OK : SAC_ECORRUPT);
    CHECK(valid || (err.pos > 4 && err.pos < doc.n));
    sac__buf_fini(&out);
    json = json_of(doc, SAC_JSON_PLAIN, SAC_JSON_REPAIR);
    CHECK(sac__utf8_valid(json));
    again = bson_of(json.p);
    CHECK_INT(sac_str_eq(again, doc), valid);
    drop(again);
    drop(json);
    drop(doc);
}

static void test_utf8__encoder_agrees_with_the_suite(void **state)
{
    (void)state;
    each(check_encoder);
}

/* What JSON has escaped in a string is none of this. */
static bool is_plain(sac_str bytes)
{
    for (size_t i = 0; i < bytes.n; i++) {
        if ((unsigned char)bytes.p[i] < ' ' || strchr("\"\\", bytes.p[i]))
            return false;
    }
    return true;
}

static void check_decoder(sac_str bytes, bool valid)
{
    char text[MOST + 16];
    const int n = snprintf(text, sizeof text, "{\"k\":\"%.*s\"}", (int)bytes.n, bytes.p);
    const sac_str json = exact_copy(sac_str_n(text, (size_t)n));
    sac_str doc = {NULL, 0}, want;
    sac_err err = {.code = 0};

    if (is_plain(bytes)) {
        CHECK_INT(sac_json_decode(json, NULL, NULL, &doc, &err), valid ? SAC_OK : SAC_ESYNTAX);
        CHECK(valid || err.pos < json.n);
        want = document(bytes);
        CHECK(!valid || sac_str_eq(doc, want));
        drop(want);
        drop(doc);
    }
    drop(json);
}

static void test_utf8__decoder_agrees_with_the_suite(void **state)
{
    (void)state;
    each(check_decoder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8__encoder_agrees_with_the_suite),
        cmocka_unit_test(test_utf8__decoder_agrees_with_the_suite),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
