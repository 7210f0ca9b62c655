/* SPDX-License-Identifier: MIT */
#include "json/encode.h"

#include "plans.h"
#include "roundtrip.h"

/* Wide loads and stores stay within the document and the buffer, wherever those lie. */

static const sac__plan_field address[] = {FIELD("street", SAC_STRING, .flags = 0),
                                          FIELD("z", SAC_INT, .flags = 0)};
static const sac__plan_field fields[] = {
    {.name = NAMED("_id"), .shown = NAMED("id"), .type = SAC_OBJECTID},
    FIELD("title", SAC_STRING, .flags = 0),
    FIELD("fifteen_bytes_a", SAC_DATE, .flags = 0),
    FIELD("sixteen_bytes_ab", SAC_DATE, .flags = 0),
    FIELD("hidden", SAC_INT, .flags = SAC__PLAN_HIDDEN),
    FIELD("sc\"ores", SAC_ARRAY, .flags = 0),
    FIELD("address", SAC_DOCUMENT, .flags = 0),
    FIELD("a_name_that_is_long_indeed_thirty", SAC_BOOL, .flags = 0),
    FIELD("n", SAC_INT, .flags = 0),
};

static const char *const texts[] = {
    "{}",
    "{\"n\":null}",
    "{\"n\":1,\"n\":2}",
    "{\"title\":\"\",\"n\":true}",
    "{\"title\":\"na\xc3\xafve \xe6\x9d\xb1\xe4\xba\xac \\\" \xf0\x9f\x98\x80 and a tail\"}",
    "{\"_id\":{\"$oid\":\"0123456789abcdef01234567\"},\"title\":\"t\\n\","
    "\"fifteen_bytes_a\":{\"$date\":{\"$numberLong\":\"-1\"}},"
    "\"sixteen_bytes_ab\":{\"$date\":{\"$numberLong\":\"1795340460123\"}},\"hidden\":1,"
    "\"sc\\\"ores\":[0.5,17,{\"$numberLong\":\"9007199254740993\"},[],[null]],"
    "\"address\":{\"street\":\"stra\xc3\x9f"
    "e\",\"z\":-7,\"street\":1},"
    "\"a_name_that_is_long_indeed_thirty\":false,\"n\":1e300}",
};

/* The same by itself and under the plan's names. */
static void with_plan(void (*check)(const sac__json_encoding *how, sac_str doc))
{
    static const unsigned flags[] = {SAC_JSON_REPAIR, SAC_JSON_HTML, SAC_JSON_PRETTY};
    sac__plan inner = PLAN(address, .open = false);
    sac__plan_field rows[sizeof fields / sizeof *fields];
    sac__plan plan = PLAN(rows, .open = true);

    memcpy(rows, fields, sizeof rows);
    index_plan(&inner);
    rows[6].plan = &inner;
    index_plan(&plan);
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        const sac_str doc = bson_of(texts[t]);

        for (size_t f = 0; f < sizeof flags / sizeof *flags; f++) {
            sac__json_encoding how = {.dialect = SAC_JSON_PLAIN, .flags = flags[f]};

            check(&how, doc);
            how.plan = &plan;
            check(&how, doc);
        }
        drop(doc);
    }
    sac__plan_unindex(&plan, NULL);
    sac__plan_unindex(&inner, NULL);
}

static void check_alignments(const sac__json_encoding *how, sac_str doc)
{
    const sac_str want = json_by(how, doc);

    for (size_t at = 0; at < 64; at++) {
        char *block = malloc(at + doc.n);
        sac_str json;

        CHECK(block != NULL);
        memset(block, '"', at);
        memcpy(block + at, doc.p, doc.n);
        json = json_by(how, sac_str_n(block + at, doc.n));
        CHECK(sac_str_eq(json, want));
        drop(json);
        free(block);
    }
    drop(want);
}

static void test_bounds__encoder_reads_within_the_document(void **state)
{
    (void)state;
    with_plan(check_alignments);
}

static void check_sizes(const sac__json_encoding *how, sac_str doc)
{
    const sac_str want = json_by(how, doc);

    for (size_t size = 0; size < want.n + 3; size++) {
        char *memory = malloc(size + 1);
        sac_err err = {.code = 0};
        sac__buf out;
        int rc;

        CHECK(memory != NULL);
        sac__buf_init_fixed(&out, memory, size + 1);
        sac__buf_add_char(&out, '<');
        rc = sac__json_encode(how, doc, &out, &err);
        CHECK_INT(rc, size < want.n ? SAC_ETOOBIG : SAC_OK);
        CHECK_INT(err.code, rc);
        CHECK_INT(out.n, rc ? 1 : want.n + 1);
        CHECK(memory[0] == '<');
        CHECK(rc || memcmp(memory + 1, want.p, want.n) == 0);
        free(memory);
    }
    drop(want);
}

static void test_bounds__encoder_writes_within_the_buffer(void **state)
{
    (void)state;
    with_plan(check_sizes);
}

static void check_cuts(const sac__json_encoding *how, sac_str doc)
{
    for (size_t n = 5; n < doc.n; n++) {
        const sac_str cut = exact_copy(sac_str_n(doc.p, n));
        char *p = (char *)(uintptr_t)cut.p;
        sac_err err = {.code = 0};
        sac__buf out;
        int rc;

        /* The length is right: only what is inside is cut. */
        p[0] = (char)(n & 255);
        p[1] = (char)(n >> 8);
        p[n - 1] = 0;
        sac__buf_init(&out, NULL, 1 << 20);
        rc = sac__json_encode(how, cut, &out, &err);
        CHECK(rc == SAC_OK || (rc == SAC_ECORRUPT && err.pos < n && out.n == 0));
        sac__buf_fini(&out);
        drop(cut);
    }
}

static void test_bounds__encoder_survives_documents_cut_anywhere(void **state)
{
    (void)state;
    with_plan(check_cuts);
}

/* Every length of text before each unit, so that units lie across every step. */
static void test_bounds__encoder_steps_over_any_sequence(void **state)
{
    static const char *const units[] = {"\xc3\xa9",         "\xe6\x9d\xb1", "\xf0\x9f\x98\x80",
                                        "\xe0\xa4\x85",     "\xed\x95\x9c", "\"",
                                        "\xf4\x8f\xbf\xbf", "\xdf\xbf",     "\xef\xbf\xbd"};

    (void)state;
    for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
        for (size_t before = 0; before < 40; before++) {
            const size_t n = strlen(units[u]);
            char json[256], want[256];
            sac__buf out;

            memset(json, 'x', sizeof json);
            memcpy(json + before, units[u], n);
            memcpy(json + before + n, units[u], n);
            sac__buf_init(&out, NULL, 1 << 20);
            sac__json_encode_str(&out, sac_str_n(json, before + 2 * n + 60));
            snprintf(want, sizeof want, "\"%.*s%s%s%s%s%.60s\"", (int)before, json,
                     n == 1 ? "\\" : "", units[u], n == 1 ? "\\" : "", units[u],
                     json + before + 2 * n);
            CHECK_STR(sac__buf_str(&out), want);
            out.n = 0;
            /* The same with a sequence cut off by the end, though the memory goes on. */
            if (n > 1) {
                sac__json_encode_str(&out, sac_str_n(json, before + 2 * n - 1));
                snprintf(want, sizeof want, "\"%.*s%s\xef\xbf\xbd\"", (int)before, json, units[u]);
                CHECK_STR(sac__buf_str(&out), want);
            }
            sac__buf_fini(&out);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounds__encoder_reads_within_the_document),
        cmocka_unit_test(test_bounds__encoder_writes_within_the_buffer),
        cmocka_unit_test(test_bounds__encoder_survives_documents_cut_anywhere),
        cmocka_unit_test(test_bounds__encoder_steps_over_any_sequence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
