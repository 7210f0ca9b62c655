/* SPDX-License-Identifier: MIT */
#include "queries.h"

static const char *const filters[] = {
    "{'a': 5}",
    "{'name': 'xyz', 'l.x': {'$gt': 1}}",
    "{'l': {'$elemMatch': {'x': 2}}, 'z': null}",
    "{'l.1.x': {'$in': [1, 'a', null]}}",
    "{'$or': [{'n': {'$size': 3}}, {'d.e.f': {'$exists': true}}]}",
    "{'n': {'$elemMatch': {'$gt': 2}}, 'd': {'e': {'f': 1.5}}}",
    "{'name': {'$regex': 'y'}, 'm': {'$mod': [2, 0]}}",
    "{'long name of a member': {'$type': 'number'}}",
    "{'$nor': [{'n.0': 1}, {'l': {'$all': [{'x': 1}, {'x': 2}]}}]}",
};

static const char document[] =
    "{'_id': {'$oid': '5f0000000000000000000001'}, 'name': 'wxyz', 'l': [{'x': 1}, {'x': 2}], "
    "'n': [1, 2, 3], 'd': {'e': {'f': 1.5}}, 'm': {'$numberDecimal': '4'}, 'b': true, "
    "'long name of a member': {'$numberLong': '7'}, 'r': {'$regularExpression': "
    "{'pattern': 'a', 'options': ''}}, 'bin': {'$binary': {'base64': 'AAEC', 'subType': '00'}}}";

enum { FILTERS = sizeof filters / sizeof *filters };

typedef struct compiled {
    sac_str bytes[FILTERS];
    sac_filter *v[FILTERS];
    sac_str doc;
} compiled;

static int compile_all(void **state)
{
    compiled *c = calloc(1, sizeof *c);

    *state = c;
    c->doc = bson_of(document);
    for (size_t i = 0; i < FILTERS; i++) {
        c->bytes[i] = bson_of(filters[i]);
        CHECK_INT(sac_filter_new(c->bytes[i], NULL, NULL, &c->v[i], NULL), SAC_OK);
    }
    return 0;
}

static int free_all(void **state)
{
    compiled *c = *state;

    for (size_t i = 0; i < FILTERS; i++) {
        sac_filter_free(c->v[i]);
        drop(c->bytes[i]);
    }
    drop(c->doc);
    free(c);
    return 0;
}

static void match_all(const compiled *c, sac_str doc)
{
    for (size_t i = 0; i < FILTERS; i++) {
        const int rc = sac_filter_match(c->v[i], doc, NULL);

        CHECK(rc == 0 || rc == 1 || rc == SAC_ECORRUPT);
    }
}

static void test_filter_hostile__cut_documents_are_damaged(void **state)
{
    const compiled *c = *state;

    for (size_t n = 0; n < c->doc.n; n++) {
        char *bytes = memcpy(malloc(n + 1), c->doc.p, n);

        for (size_t i = 0; i < FILTERS; i++)
            CHECK_INT(sac_filter_match(c->v[i], sac_str_n(bytes + 0, n), NULL), SAC_ECORRUPT);
        free(bytes);
    }
}

/* Cut, but with a length and an end that fit. */
static void test_filter_hostile__cut_documents_that_look_whole(void **state)
{
    const compiled *c = *state;

    for (size_t n = 5; n < c->doc.n; n++) {
        char *bytes = memcpy(malloc(n), c->doc.p, n);

        memset(bytes, 0, 4);
        bytes[0] = (char)(n & 0xff);
        bytes[1] = (char)(n >> 8);
        bytes[n - 1] = 0;
        match_all(c, sac_str_n(bytes, n));
        free(bytes);
    }
}

static void test_filter_hostile__changed_bytes(void **state)
{
    static const unsigned char changes[] = {0x01, 0x80, 0xff, 0x7f, 0x10};
    const compiled *c = *state;
    char *bytes = malloc(c->doc.n);

    for (size_t i = 4; i + 1 < c->doc.n; i++) {
        for (size_t k = 0; k < sizeof changes; k++) {
            memcpy(bytes, c->doc.p, c->doc.n);
            bytes[i] = (char)(bytes[i] ^ changes[k]);
            match_all(c, sac_str_n(bytes, c->doc.n));
        }
    }
    free(bytes);
}

static void test_filter_hostile__changed_filters(void **state)
{
    static const unsigned char changes[] = {0x01, 0x80, 0xff, 0x7f, 0x10};
    const compiled *c = *state;

    for (size_t f = 0; f < FILTERS; f++) {
        const sac_str whole = c->bytes[f];

        for (size_t i = 0; i < whole.n * sizeof changes; i++) {
            char *bytes = memcpy(malloc(whole.n), whole.p, whole.n);
            sac_filter *filter = NULL;

            bytes[i / sizeof changes] ^= (char)changes[i % sizeof changes];
            if (sac_filter_new(sac_str_n(bytes, whole.n), NULL, NULL, &filter, NULL) == SAC_OK)
                CHECK(sac_filter_match(filter, c->doc, NULL) <= 1);
            sac_filter_free(filter);
            free(bytes);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_filter_hostile__cut_documents_are_damaged),
        cmocka_unit_test(test_filter_hostile__cut_documents_that_look_whole),
        cmocka_unit_test(test_filter_hostile__changed_bytes),
        cmocka_unit_test(test_filter_hostile__changed_filters),
    };

    return cmocka_run_group_tests(tests, compile_all, free_all);
}
