/* SPDX-License-Identifier: MIT */
#include <sacrum/bson.h>

#include "corpus.h"

static void passes(const char *file, const cJSON *row)
{
    sac_err err = {.code = 0};
    sac_str doc;
    char *bytes = corpus_bytes(corpus_text(row, "canonical_bson"), &doc);

    if (sac_bson_check(doc, &err) != SAC_OK)
        fail_msg("%s, %s: %s at %zu", file, corpus_text(row, "description"), err.text, err.pos);
    free(bytes);
}

static void is_refused(const char *file, const cJSON *row)
{
    sac_err err = {.code = 0};
    sac_str doc;
    char *bytes = corpus_bytes(corpus_text(row, "bson"), &doc);

    if (sac_bson_check(doc, &err) != SAC_ECORRUPT)
        fail_msg("%s, %s: was taken", file, corpus_text(row, "description"));
    CHECK_INT(err.code, SAC_ECORRUPT);
    CHECK(err.pos <= doc.n);
    free(bytes);
}

static void test_check__takes_the_corpus(void **state)
{
    (void)state;
    CHECK_INT(corpus_each("", "valid", passes), 734);
}

static void test_check__refuses_the_corpus_decode_errors(void **state)
{
    (void)state;
    CHECK_INT(corpus_each("", "decodeErrors", is_refused), 76);
}

static void check_refused_at(sac_str doc, size_t pos)
{
    sac_err err = {.code = 0};

    CHECK_INT(sac_bson_check(doc, &err), SAC_ECORRUPT);
    CHECK_INT(err.pos, pos);
    CHECK_INT(sac_bson_check(doc, NULL), SAC_ECORRUPT);
}

#define DOC(bytes) sac_str_n(bytes, sizeof(bytes) - 1)

static void test_check__tells_where(void **state)
{
    (void)state;
    check_refused_at(sac_str_n(NULL, 0), 0);
    check_refused_at(DOC("\x05\0\0\0\x01"), 0);
    check_refused_at(DOC("\x09\0\0\0\x08"
                         "a\0\x02\0"),
                     4);
    check_refused_at(DOC("\x0f\0\0\0\x02"
                         "a\0\x03\0\0\0x\xff\0\0"),
                     12);
    check_refused_at(DOC("\x08\0\0\0\x0a\xff\0\0"), 5);
    check_refused_at(DOC("\x10\0\0\0\x03"
                         "a\0\x08\0\0\0\x0a\xc3\0\0\0"),
                     12);
}

static void test_check__refuses_bad_utf8_everywhere(void **state)
{
    const sac_str docs[] = {
        DOC("\x0e\0\0\0\x02"
            "a\0\x02\0\0\0\xff\0\0"),
        DOC("\x0e\0\0\0\x0d"
            "a\0\x02\0\0\0\xff\0\0"),
        DOC("\x0e\0\0\0\x0e"
            "a\0\x02\0\0\0\xff\0\0"),
        DOC("\x0b\0\0\0\x0b"
            "a\0\xff\0\0\0"),
        DOC("\x0b\0\0\0\x0b"
            "a\0\0\xff\0\0"),
        DOC("\x1a\0\0\0\x0c"
            "a\0\x02\0\0\0\xff\0"
            "012345678901\0"),
        DOC("\x17\0\0\0\x0f"
            "a\0\x0f\0\0\0\x02\0\0\0\xff\0\x05\0\0\0\0\0"),
        DOC("\x1a\0\0\0\x0f"
            "a\0\x12\0\0\0\x02\0\0\0x\0\x08\0\0\0\x0a\xff\0\0\0"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof docs / sizeof docs[0]; i++) {
        char copy[32];

        CHECK_INT(sac_bson_check(docs[i], NULL), SAC_ECORRUPT);
        memcpy(copy, docs[i].p, docs[i].n);
        *(char *)memchr(copy, 0xff, docs[i].n) = 'x';
        CHECK_INT(sac_bson_check(sac_str_n(copy, docs[i].n), NULL), SAC_OK);
    }
}

/* A document nested to a depth by documents, or by code_w_scope. */
static sac_str nested(char *bytes, size_t depth, bool scopes)
{
    const size_t step = scopes ? 13 : 3; /* bytes of an element before the next document */
    const size_t n = 5 + (depth - 1) * (step + 5);
    char *p = bytes;

    memset(bytes, 0, n);
    for (size_t i = 0; i < depth; i++) {
        const size_t inner = 5 + (depth - 1 - i) * (step + 5);

        p[0] = (char)(inner & 0xff);
        p[1] = (char)(inner >> 8);
        p += 4;
        if (i + 1 == depth)
            break;
        p[0] = scopes ? SAC_BSON_CODE_W_SCOPE : SAC_BSON_DOCUMENT;
        p[1] = 'a';
        if (scopes) {
            const size_t total = inner - 5 - 3;

            p[3] = (char)(total & 0xff);
            p[4] = (char)(total >> 8);
            p[7] = 2;
            p[11] = 'x';
        }
        p += step;
    }
    return sac_str_n(bytes, n);
}

static void test_check__bounds_the_depth(void **state)
{
    static char bytes[4096];

    (void)state;
    for (int scopes = 0; scopes < 2; scopes++) {
        sac_err err = {.code = 0};

        CHECK_INT(sac_bson_check(nested(bytes, SAC_BSON_DEPTH, scopes), NULL), SAC_OK);
        CHECK_INT(sac_bson_check(nested(bytes, SAC_BSON_DEPTH + 1, scopes), &err), SAC_ELIMIT);
        CHECK_INT(err.pos, SAC_BSON_DEPTH * (scopes ? 17 : 7));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check__takes_the_corpus),
        cmocka_unit_test(test_check__refuses_the_corpus_decode_errors),
        cmocka_unit_test(test_check__tells_where),
        cmocka_unit_test(test_check__refuses_bad_utf8_everywhere),
        cmocka_unit_test(test_check__bounds_the_depth),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
