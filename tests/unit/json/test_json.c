/* SPDX-License-Identifier: MIT */
#include <sacrum/json.h>

#include "roundtrip.h"

typedef struct pieces {
    sac__buf all;
    size_t count, largest, stop_at;
} pieces;

static int take_piece(void *self, const char *p, size_t n)
{
    pieces *to = self;

    if (++to->count == to->stop_at)
        return 77;
    to->largest = n > to->largest ? n : to->largest;
    sac__buf_add(&to->all, p, n);
    return SAC_OK;
}

static int encode(pieces *to, sac_str doc, const sac_json_options *options, sac_err *err)
{
    const size_t stop_at = to->stop_at;

    *to = (pieces){.stop_at = stop_at};
    sac__buf_init(&to->all, NULL, 1 << 28);
    return sac_json_encode(doc, options, take_piece, to, err);
}

/* A document of about n bytes in many members. */
static sac_str large(size_t n)
{
    sac_bson doc;
    sac_str out;

    sac_bson_init(&doc, NULL, 0);
    for (size_t i = 0; doc.n < n; i++) {
        char key[16], text[3001];

        snprintf(key, sizeof key, "k%zu", i);
        memset(text, i % 5 ? 'x' : '\n', i * 7 % sizeof text);
        sac_bson_add_str(&doc, key, sac_str_n(text, i * 7 % sizeof text));
        sac_bson_add_double(&doc, "d", (double)i / 3);
    }
    CHECK_INT(sac_bson_finish(&doc, &out), SAC_OK);
    out = exact_copy(out);
    sac_bson_fini(&doc);
    return out;
}

static void test_json__encodes_in_pieces(void **state)
{
    const sac_str doc = large(1 << 20);
    const sac_str want = json_of(doc, SAC_JSON_PLAIN, 0);
    pieces to = {.stop_at = 0};

    (void)state;
    CHECK_INT(encode(&to, doc, NULL, NULL), SAC_OK);
    CHECK(sac_str_eq(sac__buf_str(&to.all), want));
    CHECK(to.count > 15 && to.largest <= 65536 && to.largest > 32768);
    sac__buf_fini(&to.all);
    drop(want);
    drop(doc);
}

static void test_json__stops_where_the_sink_does(void **state)
{
    const sac_str doc = large(1 << 20);
    pieces to = {.stop_at = 3};
    sac_err err = {.code = 0};

    (void)state;
    CHECK_INT(encode(&to, doc, NULL, &err), 77);
    CHECK_INT(to.count, 3);
    sac__buf_fini(&to.all);
    drop(doc);
}

static void test_json__follows_its_options(void **state)
{
    const sac_json_options relaxed = SAC_JSON_OPTIONS(.dialect = SAC_JSON_RELAXED,
                                                      .flags = SAC_JSON_PRETTY);
    const sac_json_options shallow = SAC_JSON_OPTIONS(.max_depth = 1);
    const sac_str doc = bson_of("{\"a\":{\"$date\":\"1970-01-01\"},\"b\":{}}");
    sac_err err = {.code = 0};
    pieces to = {.stop_at = 0};

    (void)state;
    CHECK_INT(encode(&to, doc, &relaxed, &err), SAC_OK);
    CHECK_STR(sac__buf_str(&to.all),
              "{\n  \"a\": {\"$date\":\"1970-01-01T00:00:00Z\"},\n  \"b\": {}\n}");
    sac__buf_fini(&to.all);
    CHECK_INT(encode(&to, doc, &shallow, &err), SAC_ELIMIT);
    sac__buf_fini(&to.all);
    drop(doc);
}

static void test_json__counts_its_output(void **state)
{
    const sac_str doc = bson_of(EVERY_TYPE);
    const sac_str want = json_of(doc, SAC_JSON_PLAIN, 0);
    pieces to = {.stop_at = 0};

    (void)state;
    for (size_t max = want.n - 2; max < want.n + 2; max++) {
        const sac_json_options options = SAC_JSON_OPTIONS(.max_size = max);
        sac_err err = {.code = 0};

        CHECK_INT(encode(&to, doc, &options, &err), max < want.n ? SAC_ETOOBIG : SAC_OK);
        CHECK_INT(err.code, max < want.n ? SAC_ETOOBIG : SAC_OK);
        sac__buf_fini(&to.all);
    }
    drop(want);
    drop(doc);
}

static void test_json__knows_options_by_size(void **state)
{
    sac_json_options options = SAC_JSON_OPTIONS(.dialect = SAC_JSON_CANONICAL, .max_depth = 1);
    const sac_str deep = sac_str_of("{\"a\":{}}");
    pieces to = {.stop_at = 0};
    sac_str doc = {NULL, 0};
    sac_err err = {.code = 0};

    (void)state;
    options.size = sizeof options + 1;
    CHECK_INT(sac_json_decode(deep, &options, NULL, &doc, &err), SAC_EVERSION);
    CHECK(strstr(err.text, "sac_json_options of a newer libsacrum: "));
    CHECK_INT(sac_json_encode(deep, &options, take_piece, &to, &err), SAC_EVERSION);
    options.size = 0;
    CHECK_INT(sac_json_decode(deep, &options, NULL, &doc, &err), SAC_EVERSION);
    CHECK(doc.p == NULL);
    /* An older program's options end before max_depth. */
    options.size = offsetof(sac_json_options, max_depth);
    CHECK_INT(sac_json_decode(deep, &options, NULL, &doc, &err), SAC_OK);
    drop(doc);
}

static void test_json__decodes_within_limits(void **state)
{
    const sac_json_options rules = SAC_JSON_OPTIONS(.flags = SAC_JSON_KEY_RULES);
    const sac_json_options keys = SAC_JSON_OPTIONS(.max_keys = 1);
    const sac_json_options small = SAC_JSON_OPTIONS(.max_size = 11);
    const sac_str json = sac_str_of("{\"a\":1,\"a\":2}");
    sac_str doc = {NULL, 0};
    sac_err err = {.code = 0};

    (void)state;
    CHECK_INT(sac_json_decode(json, &rules, NULL, &doc, &err), SAC_ESYNTAX);
    CHECK_INT(err.pos, 7);
    CHECK_INT(sac_json_decode(json, &keys, NULL, &doc, &err), SAC_ELIMIT);
    CHECK_INT(sac_json_decode(json, &small, NULL, &doc, &err), SAC_ETOOBIG);
    CHECK_INT(sac_json_decode(sac_str_of("{\"a\":1}"), &small, NULL, &doc, &err), SAC_ETOOBIG);
    CHECK_INT(sac_json_decode(sac_str_of("[1]"), NULL, NULL, &doc, &err), SAC_ESYNTAX);
    CHECK_INT(err.code, SAC_ESYNTAX);
    CHECK(doc.p == NULL);
    CHECK_INT(sac_json_decode(sac_str_of("{}"), &small, NULL, &doc, &err), SAC_OK);
    CHECK_INT(doc.n, 5);
    drop(doc);
}

/* Keeps the size of what it gave last, which the caller has to know. */
static void *sized_resize(void *self, void *p, size_t old, size_t n)
{
    size_t *last = self;

    if (p)
        CHECK(old > 0);
    *last = n;
    if (n == 0) {
        free(p);
        return NULL;
    }
    return realloc(p, n);
}

static void test_json__decodes_into_exactly_its_size(void **state)
{
    size_t last = 0;
    const sac_alloc alloc = SAC_ALLOC(.resize = sized_resize, .self = &last);
    sac_str doc;

    (void)state;
    CHECK_INT(sac_json_decode(sac_str_of("{\"a\":null}"), NULL, &alloc, &doc, NULL), SAC_OK);
    CHECK_INT(doc.n, 8);
    CHECK_INT(last, 8);
    drop(doc);
}

static void test_json__decode_survives_oom(void **state)
{
    (void)state;
    for (long i = 0;; i++) {
        fault_alloc fault;
        const sac_alloc *alloc = fault_alloc_init(&fault, i);
        sac_str doc = {NULL, 0};
        sac_err err = {.code = 0};
        const int rc = sac_json_decode(sac_str_of(EVERY_TYPE), NULL, alloc, &doc, &err);

        CHECK_INT(fault.live, rc == SAC_OK);
        drop(doc);
        if (rc == SAC_OK)
            break;
        CHECK(rc == SAC_ENOMEM && err.code == rc && !doc.p);
        CHECK(i < 100);
    }
}

/* Documents alike and not, sound and damaged, one behind the other: as each would be by itself. */
static void test_json__encoder_is_as_each_by_itself(void **state)
{
    static const char *const texts[] = {
        "{\"a\":[{\"x\":1,\"y\":{\"z\":true}},{\"x\":2,\"y\":{\"z\":null}}],\"b\":\"s\"}",
        "{\"a\":[{\"x\":3,\"y\":{\"z\":1.5}}],\"c\":{\"x\":[1,2]}}",
        "{\"b\":2,\"a\":{\"x\":7}}",
        "{}",
        EVERY_TYPE,
    };
    static const sac_json_options ways[] = {
        SAC_JSON_OPTIONS(.dialect = SAC_JSON_PLAIN),
        SAC_JSON_OPTIONS(.dialect = SAC_JSON_CANONICAL, .flags = SAC_JSON_PRETTY)};
    sac_json_encoder *encoder = NULL;
    sac_err err = {.code = 0};

    (void)state;
    for (size_t way = 0; way < 2; way++) {
        CHECK_INT(sac_json_encoder_new(&ways[way], NULL, &encoder, &err), SAC_OK);
        for (size_t i = 0; i < 40; i++) {
            pieces alone = {.stop_at = 0}, next = {.stop_at = 0};
            sac_str doc = {NULL, 0};
            int rc;

            CHECK_INT(sac_json_decode(sac_str_of(texts[i % 5]), NULL, NULL, &doc, &err), SAC_OK);
            if (i % 7 == 6)
                ((char *)(uintptr_t)doc.p)[doc.n / 2] = (char)0xf7;
            rc = encode(&alone, doc, &ways[way], NULL);
            sac__buf_init(&next.all, NULL, 1 << 28);
            CHECK_INT(sac_json_encoder_add(encoder, doc, take_piece, &next, NULL), rc);
            CHECK(sac_str_eq(sac__buf_str(&alone.all), sac__buf_str(&next.all)));
            sac__buf_fini(&alone.all);
            sac__buf_fini(&next.all);
            drop(doc);
        }
        sac_json_encoder_free(encoder);
    }
}

static void test_json__encoder_keeps_to_its_limits(void **state)
{
    static const sac_json_options small = SAC_JSON_OPTIONS(.max_size = 1000);
    const sac_str doc = large(5000);
    pieces to = {.stop_at = 1};
    sac_json_options newer = small;
    sac_json_encoder *encoder = NULL;
    sac_err err = {.code = 0};
    fault_alloc fault;

    (void)state;
    newer.size++;
    CHECK_INT(sac_json_encoder_new(&newer, NULL, &encoder, &err), SAC_EVERSION);
    CHECK_INT(sac_json_encoder_new(&small, fault_alloc_init(&fault, 0), &encoder, &err),
              SAC_ENOMEM);
    CHECK(encoder == NULL);
    CHECK_INT(sac_json_encoder_new(&small, fault_alloc_init(&fault, 1), &encoder, &err), SAC_OK);
    CHECK_INT(sac_json_encoder_add(encoder, doc, take_piece, &to, &err), SAC_ETOOBIG);
    CHECK_INT(to.count, 0);
    CHECK_INT(sac_json_encoder_add(encoder, sac_str_of("\5\0\0\0\0"), take_piece, &to, &err),
              SAC_ECORRUPT);
    CHECK_INT(sac_json_encoder_add(encoder, sac_str_n("\5\0\0\0\0", 5), take_piece, &to, &err), 77);
    sac_json_encoder_free(encoder);
    CHECK_INT(fault.live, 0);
    sac_json_encoder_free(NULL);
    drop(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json__encodes_in_pieces),
        cmocka_unit_test(test_json__stops_where_the_sink_does),
        cmocka_unit_test(test_json__follows_its_options),
        cmocka_unit_test(test_json__counts_its_output),
        cmocka_unit_test(test_json__knows_options_by_size),
        cmocka_unit_test(test_json__decodes_within_limits),
        cmocka_unit_test(test_json__decodes_into_exactly_its_size),
        cmocka_unit_test(test_json__decode_survives_oom),
        cmocka_unit_test(test_json__encoder_is_as_each_by_itself),
        cmocka_unit_test(test_json__encoder_keeps_to_its_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
