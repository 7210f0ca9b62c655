/* SPDX-License-Identifier: MIT */
#include <sacrum/bson.h>

#include "support/support.h"

/* {"a": 1, "b": {"c": [true, {"d": "x"}]}, "a": 2, "": null} */
static sac_str sample(sac_bson *doc)
{
    sac_str out;

    sac_bson_init(doc, NULL, 0);
    sac_bson_add_int32(doc, "a", 1);
    sac_bson_begin_doc(doc, sac_str_of("b"));
    sac_bson_begin_array(doc, sac_str_of("c"));
    sac_bson_add_bool(doc, NULL, true);
    sac_bson_begin_doc(doc, sac_str_of(""));
    sac_bson_add_str(doc, "d", sac_str_of("x"));
    sac_bson_end(doc);
    sac_bson_end(doc);
    sac_bson_end(doc);
    sac_bson_add_int32(doc, "a", 2);
    sac_bson_add_null(doc, "");
    CHECK_INT(sac_bson_finish(doc, &out), SAC_OK);
    return out;
}

static void test_iter__reads_elements_in_order(void **state)
{
    const char *keys[] = {"a", "b", "a", ""};
    const uint8_t types[] = {SAC_BSON_INT32, SAC_BSON_DOCUMENT, SAC_BSON_INT32, SAC_BSON_NULL};
    sac_bson_iter iter;
    sac_bson doc;

    (void)state;
    CHECK_INT(sac_bson_iter_init(&iter, sample(&doc)), SAC_OK);
    for (int i = 0; i < 4; i++) {
        CHECK_INT(sac_bson_iter_next(&iter), 1);
        CHECK_STR(iter.key, keys[i]);
        CHECK_INT(iter.key.p[iter.key.n], 0);
        CHECK_INT(iter.value.type, types[i]);
    }
    CHECK_INT(sac_bson_iter_next(&iter), 0);
    CHECK_INT(sac_bson_iter_next(&iter), 0);
    sac_bson_fini(&doc);
}

static void test_iter__gets_the_first_of_a_name(void **state)
{
    int64_t i = 0;
    sac_bson doc;
    sac_str bytes = sample(&doc);
    sac_value value = sac_bson_get(bytes, sac_str_of("a"));

    (void)state;
    CHECK(sac_value_int(&value, &i) && i == 1);
    CHECK_INT(sac_bson_get(bytes, sac_str_of("")).type, SAC_BSON_NULL);
    CHECK_INT(sac_bson_get(bytes, sac_str_of("z")).type, SAC_BSON_MISSING);
    CHECK_INT(sac_bson_get(sac_str_of("junk"), sac_str_of("a")).type, SAC_BSON_MISSING);
    sac_bson_fini(&doc);
}

static void test_iter__follows_paths(void **state)
{
    const struct {
        const char *path;
        uint8_t type;
    } rows[] = {
        {"a", SAC_BSON_INT32},      {"b", SAC_BSON_DOCUMENT},        {"b.c", SAC_BSON_ARRAY},
        {"b.c.0", SAC_BSON_BOOL},   {"b.c.1", SAC_BSON_DOCUMENT},    {"b.c.1.d", SAC_BSON_STRING},
        {"", SAC_BSON_NULL},        {"b.c.2", SAC_BSON_MISSING},     {"b.c.00", SAC_BSON_MISSING},
        {"a.b", SAC_BSON_MISSING},  {"b.", SAC_BSON_MISSING},        {".b", SAC_BSON_MISSING},
        {"b..c", SAC_BSON_MISSING}, {"b.c.1.d.e", SAC_BSON_MISSING}, {"b.c.-1", SAC_BSON_MISSING},
    };
    sac_bson doc;
    sac_str bytes = sample(&doc);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CHECK_INT(sac_bson_path(bytes, sac_str_of(rows[i].path)).type, rows[i].type);
    CHECK_INT(sac_bson_path(bytes, sac_str_n(NULL, 0)).type, SAC_BSON_NULL);
    sac_bson_fini(&doc);
}

#define DOC(bytes) sac_str_n(bytes, sizeof(bytes) - 1)

static void test_iter__refuses_bad_frames(void **state)
{
    const sac_str docs[] = {
        {NULL, 0},           DOC("\x04\0\0\0"),         DOC("\x05\0\0\0\1"),   DOC("\x06\0\0\0\0"),
        DOC("\x04\0\0\0\0"), DOC("\xff\xff\xff\xff\0"), DOC("\x05\0\0\0\0\0"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof docs / sizeof docs[0]; i++) {
        sac_bson_iter iter;

        CHECK_INT(sac_bson_iter_init(&iter, docs[i]), SAC_ECORRUPT);
    }
}

/* One element `bytes` (type, key, value) in a document of exact size. */
static int first_of(sac_str element)
{
    char doc[64];
    sac_bson_iter iter;

    memset(doc, 0, sizeof doc);
    doc[0] = (char)(element.n + 5);
    memcpy(doc + 4, element.p, element.n);
    CHECK_INT(sac_bson_iter_init(&iter, sac_str_n(doc, element.n + 5)), SAC_OK);
    return sac_bson_iter_next(&iter);
}

static void test_iter__takes_every_type(void **state)
{
    const sac_str elements[] = {
        DOC("\x01"
            "a\0"
            "12345678"),
        DOC("\x02"
            "a\0\x01\0\0\0\0"),
        DOC("\x03"
            "a\0\x05\0\0\0\0"),
        DOC("\x04"
            "a\0\x05\0\0\0\0"),
        DOC("\x05"
            "a\0\0\0\0\0\0"),
        DOC("\x05"
            "a\0\x04\0\0\0\x02\0\0\0\0"),
        DOC("\x06"
            "a\0"),
        DOC("\x07"
            "a\0"
            "123456789012"),
        DOC("\x08"
            "a\0\1"),
        DOC("\x09"
            "a\0"
            "12345678"),
        DOC("\x0a"
            "a\0"),
        DOC("\x0b"
            "a\0\0\0"),
        DOC("\x0c"
            "a\0\x01\0\0\0\0"
            "123456789012"),
        DOC("\x0d"
            "a\0\x01\0\0\0\0"),
        DOC("\x0e"
            "a\0\x01\0\0\0\0"),
        DOC("\x0f"
            "a\0\x0e\0\0\0\x01\0\0\0\0\x05\0\0\0\0"),
        DOC("\x10"
            "a\0"
            "1234"),
        DOC("\x11"
            "a\0"
            "12345678"),
        DOC("\x12"
            "a\0"
            "12345678"),
        DOC("\x13"
            "a\0"
            "1234567890123456"),
        DOC("\x7f"
            "a\0"),
        DOC("\xff"
            "a\0"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof elements / sizeof elements[0]; i++) {
        CHECK_INT(first_of(elements[i]), 1);
        if (elements[i].n > 3 && elements[i].p[0] != 0x0b) /* a byte short */
            CHECK_INT(first_of(sac_str_n(elements[i].p, elements[i].n - 1)), SAC_ECORRUPT);
    }
}

static void test_iter__refuses_bad_values(void **state)
{
    const sac_str elements[] = {
        DOC("\x02"
            "a\0\0\0\0\0"), /* no room for the NUL */
        DOC("\x02"
            "a\0\x02\0\0\0xy"), /* no NUL */
        DOC("\x02"
            "a\0\xff\xff\xff\xff\0"),
        DOC("\x03"
            "a\0\x04\0\0\0\0"),
        DOC("\x03"
            "a\0\x05\0\0\0\1"),
        DOC("\x05"
            "a\0\xff\xff\xff\xff\0"),
        DOC("\x05"
            "a\0\x01\0\0\0\0"),
        DOC("\x05"
            "a\0\x03\0\0\0\x02\0\0\0"), /* subtype 2 without a length */
        DOC("\x05"
            "a\0\x04\0\0\0\x02\1\0\0\0"), /* with a wrong one */
        DOC("\x08"
            "a\0\2"),
        DOC("\x0f"
            "a\0\x0f\0\0\0\x01\0\0\0\0\x05\0\0\0\0\0"),
        DOC("\x0f"
            "a\0\x0e\0\0\0\0\0\0\0\0\x05\0\0\0\0"),
        DOC("\x0f"
            "a\0\x0e\0\0\0\x01\0\0\0\0\x05\0\0\0\1"),
        DOC("\x14"
            "a\0"
            "12345678"), /* no such types */
        DOC("\x80"
            "a\0"),
        DOC("\x00"
            "a\0"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof elements / sizeof elements[0]; i++)
        CHECK_INT(first_of(elements[i]), SAC_ECORRUPT);
    CHECK_INT(first_of(DOC("\x0a"
                           "a")),
              SAC_ECORRUPT); /* the document's NUL is not the key's */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_iter__reads_elements_in_order),
        cmocka_unit_test(test_iter__gets_the_first_of_a_name),
        cmocka_unit_test(test_iter__follows_paths),
        cmocka_unit_test(test_iter__refuses_bad_frames),
        cmocka_unit_test(test_iter__takes_every_type),
        cmocka_unit_test(test_iter__refuses_bad_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
