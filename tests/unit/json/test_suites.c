/* SPDX-License-Identifier: MIT */
#include <sacrum/json.h>

#include "roundtrip.h"
#include "unit/bson/corpus.h"

/* Without blanks between tokens. */
static char *minified(const char *json)
{
    char *out = malloc(strlen(json) + 1), *w = out;
    bool quoted = false;

    CHECK(out != NULL);
    for (; *json; json++) {
        if (!quoted && *json == ' ')
            continue;
        if (*json == '"')
            quoted = !quoted;
        if (quoted && *json == '\\')
            *w++ = *json++;
        *w++ = *json;
    }
    *w = '\0';
    return out;
}

/* The corpus escapes more than has to be; then its text is compared by what it decodes to. */
static void check_same_json(const char *what, sac_str got, const char *want)
{
    char *text = minified(want);
    bool same = sac_str_is(got, text);

    if (!same && strstr(want, "\\u")) {
        const sac_str a = bson_of(got.p), b = bson_of(want);

        same = sac_str_eq(a, b);
        drop(a);
        drop(b);
    }
    if (!same)
        fail_msg("%s: got %.*s, want %s", what, (int)got.n, got.p, text);
    free(text);
}

static void encodes(const char *file, const cJSON *row)
{
    const char *what = corpus_text(row, "description");
    const char *canonical = corpus_text(row, "canonical_extjson");
    const char *relaxed = corpus_text(row, "relaxed_extjson");
    const char *degenerate = corpus_text(row, "degenerate_bson");
    sac_str doc, json;

    (void)file;
    corpus_bytes(corpus_text(row, "canonical_bson"), &doc);
    json = json_of(doc, SAC_JSON_CANONICAL, 0);
    check_same_json(what, json, canonical);
    drop(json);
    json = json_of(doc, SAC_JSON_RELAXED, 0);
    if (relaxed)
        check_same_json(what, json, relaxed);
    drop(json);
    json = json_of(doc, SAC_JSON_PLAIN, 0);
    drop(json);
    drop(doc);
    /* One is beyond 34 digits, which IEEE 754 reads as zero and libbson does not. */
    if (degenerate && strcmp(what, "Scientific - Longest") != 0) {
        corpus_bytes(degenerate, &doc);
        json = json_of(doc, SAC_JSON_CANONICAL, 0);
        check_same_json(what, json, canonical);
        drop(json);
        drop(doc);
    }
}

static void test_suites__encode_the_corpus(void **state)
{
    (void)state;
    CHECK_INT(corpus_each("", "valid", encodes), 734);
}

static void check_decoded(const char *what, const char *json, sac_str want)
{
    sac_str doc = {NULL, 0};
    sac_err err = {.code = 0};

    if (sac_json_decode(sac_str_of(json), NULL, NULL, &doc, &err) != SAC_OK)
        fail_msg("%s: %s: %s", what, json, err.text);
    if (!sac_str_eq(doc, want))
        fail_msg("%s: %s came out different", what, json);
    drop(doc);
}

static void decodes(const char *file, const cJSON *row)
{
    const char *what = corpus_text(row, "description");
    const char *degenerate = corpus_text(row, "degenerate_extjson");
    const bool lossy = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(row, "lossy"));
    sac_str want;

    (void)file;
    corpus_bytes(corpus_text(row, "canonical_bson"), &want);
    if (!lossy)
        check_decoded(what, corpus_text(row, "canonical_extjson"), want);
    if (degenerate && !lossy)
        check_decoded(what, degenerate, want);
    drop(want);
}

static void test_suites__decode_the_corpus(void **state)
{
    (void)state;
    CHECK_INT(corpus_each("", "valid", decodes), 734);
}

static void is_not_encoded(const char *file, const cJSON *row)
{
    const sac__json_encoding how = {.dialect = SAC_JSON_PLAIN};
    sac_err err = {.code = 0};
    sac__buf out;
    sac_str doc;

    corpus_bytes(corpus_text(row, "bson"), &doc);
    sac__buf_init(&out, NULL, 1 << 20);
    if (sac__json_encode(&how, doc, &out, &err) != SAC_ECORRUPT)
        fail_msg("%s, %s: was taken", file, corpus_text(row, "description"));
    CHECK(err.pos <= doc.n);
    CHECK_INT(out.n, 0);
    sac__buf_fini(&out);
    drop(doc);
}

static void test_suites__refuse_the_corpus_decode_errors(void **state)
{
    (void)state;
    CHECK_INT(corpus_each("", "decodeErrors", is_not_encoded), 76);
}

static void is_not_decoded(const char *file, const cJSON *row)
{
    const char *string = corpus_text(row, "string");
    char json[512];
    sac_str doc = {NULL, 0};
    sac_err err = {.code = 0};

    if (strstr(file, "decimal128"))
        snprintf(json, sizeof json, "{\"d\": {\"$numberDecimal\": \"%s\"}}", string);
    else
        snprintf(json, sizeof json, "%s", string);
    if (sac_json_decode(sac_str_of(json), NULL, NULL, &doc, &err) != SAC_ESYNTAX)
        fail_msg("%s, %s: was taken", file, corpus_text(row, "description"));
    CHECK(doc.p == NULL);
}

static void test_suites__refuse_the_corpus_parse_errors(void **state)
{
    (void)state;
    CHECK_INT(corpus_each("", "parseErrors", is_not_decoded), 182);
}

/* `{"v": <text>}`, NUL bytes and all. */
static int decode_wrapped(sac_str text)
{
    char *json = malloc(text.n + 7);
    sac_str doc = {NULL, 0};
    sac_err err = {.code = 0};
    int rc;

    CHECK(json != NULL);
    memcpy(json, "{\"v\":", 5);
    memcpy(json + 5, text.p, text.n);
    json[5 + text.n] = '}';
    rc = sac_json_decode(sac_str_n(json, text.n + 6), NULL, NULL, &doc, &err);
    if (rc == SAC_OK)
        CHECK_INT(sac_bson_check(doc, NULL), SAC_OK);
    drop(doc);
    free(json);
    return rc;
}

static void check_case(const char *name, sac_str text)
{
    const int rc = decode_wrapped(text);

    switch (name[0]) {
    case 'y':
        /* BSON cannot hold a key with a NUL; its corpus has the same among the parse errors. */
        if ((rc != SAC_OK) != (strcmp(name, "y_object_escaped_null_in_key.json") == 0))
            fail_msg("%s: %s", name, sac_err_name(rc));
        break;
    case 'n':
        if (rc == SAC_OK)
            fail_msg("%s was taken", name);
        break;
    default: fail_msg("%s: neither to be taken nor refused", name);
    }
}

static void test_suites__agree_with_the_parsing_suite(void **state)
{
    const char *root = suite_path("json-test-suite/test_parsing");
    const struct dirent *entry;
    char dir[4096], path[4096 + 300];
    int seen = 0;
    DIR *d;

    (void)state;
    if (!root)
        skip();
    snprintf(dir, sizeof dir, "%s", root);
    d = opendir(dir);
    CHECK(d != NULL);
    while ((entry = readdir(d))) {
        sac_str text;

        if (!strstr(entry->d_name, ".json"))
            continue;
        snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
        text = read_file(path);
        CHECK(text.p != NULL);
        check_case(entry->d_name, text);
        drop(text);
        seen++;
    }
    closedir(d);
    CHECK(seen >= 280);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_suites__encode_the_corpus),
        cmocka_unit_test(test_suites__decode_the_corpus),
        cmocka_unit_test(test_suites__refuse_the_corpus_decode_errors),
        cmocka_unit_test(test_suites__refuse_the_corpus_parse_errors),
        cmocka_unit_test(test_suites__agree_with_the_parsing_suite),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
