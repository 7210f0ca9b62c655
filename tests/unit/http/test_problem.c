/* SPDX-License-Identifier: MIT */
#include "http/problem.h"

#include <cjson/cJSON.h>

#include "support/support.h"

typedef struct bench {
    fault_alloc fault;
    sac__arena_cache *cache;
    sac__arena *arena;
    char text[65536];
    sac__buf buf;
} bench;

static bench b;

static int bench_open(size_t cap)
{
    sac__buf_init_fixed(&b.buf, b.text, sizeof b.text);
    b.arena = NULL;
    if (sac__arena_cache_new(fault_alloc_init(&b.fault, -1), 4096, 0, &b.cache) != SAC_OK)
        return -1;
    b.arena = sac__arena_open(b.cache, cap);
    return b.arena ? 0 : -1;
}

static int setup(void **state)
{
    (void)state;
    return bench_open(1 << 20);
}

static int teardown(void **state)
{
    (void)state;
    sac__arena_close(b.arena);
    sac__arena_cache_free(b.cache);
    return b.fault.live != 0;
}

static int add(sac__problem_errors *errors, const char *field, const char *message)
{
    return sac__problem_errors_add(errors, b.arena, sac_str_of(field), "%s", message);
}

static void print(const char *code, const char *docs, const char *detail,
                  const sac__problem_errors *errors)
{
    b.buf.n = 0;
    sac__problem_print(&b.buf, sac__problem_kind_of(code), docs, sac_str_of(detail), errors);
    CHECK_INT(b.buf.error, SAC_OK);
}

static void test_problem__codes_are_unique_and_found(void **state)
{
    static const struct {
        const char *code;
        int status;
    } rows[] = {
#define ROW(code, status, title) {code, status},
        SAC__PROBLEMS(ROW)
#undef ROW
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const sac__problem_kind *kind = sac__problem_kind_of(rows[i].code);

        assert_non_null(kind);
        CHECK_INT(kind->status, rows[i].status);
        CHECK(kind->title[0] != '\0');
        CHECK_INT(sac__problem_kind_for_status(rows[i].status)->status, rows[i].status);
        for (size_t j = 0; j < i; j++)
            CHECK(strcmp(rows[i].code, rows[j].code) != 0);
    }
    CHECK(!sac__problem_kind_of("none"));
    CHECK(!sac__problem_kind_for_status(418));
    assert_string_equal(sac__problem_kind_for_status(400)->code, "bad_request");
    assert_string_equal(sac__problem_kind_for_status(503)->code, "unavailable");
}

static void test_problem__prints_what_rfc_9457_asks(void **state)
{
    (void)state;
    print("not_found", NULL, NULL, NULL);
    CHECK_STR(sac__buf_str(&b.buf), "{\"type\":\"about:blank\",\"title\":\"Not found\","
                                    "\"status\":404,\"code\":\"not_found\"}");
    print("bad_json", "https://docs.example.org/problems/", "at byte 3: \"x\"", NULL);
    CHECK_STR(sac__buf_str(&b.buf),
              "{\"type\":\"https://docs.example.org/problems/bad_json\",\"title\":\"Unreadable "
              "JSON\",\"status\":400,\"detail\":\"at byte 3: \\\"x\\\"\",\"code\":\"bad_json\"}");
}

static void test_problem__groups_errors_by_field(void **state)
{
    sac__problem_errors errors = {NULL, NULL, 0};

    (void)state;
    CHECK_INT(add(&errors, "title", "is required"), SAC_OK);
    CHECK_INT(add(&errors, "a.b", "is no \"date\""), SAC_OK);
    CHECK_INT(add(&errors, "title", "is too short"), SAC_OK);
    print("validation", NULL, "2 fields", &errors);
    CHECK_STR(sac__buf_str(&b.buf),
              "{\"type\":\"about:blank\",\"title\":\"Validation failed\",\"status\":422,"
              "\"detail\":\"2 fields\",\"code\":\"validation\",\"errors\":{\"title\":[\"is "
              "required\",\"is too short\"],\"a.b\":[\"is no \\\"date\\\"\"]}}");
    errors = (sac__problem_errors){NULL, NULL, 0};
    print("validation", NULL, NULL, &errors);
    CHECK(!strstr(b.text, "errors\":{}"));
}

static void test_problem__keeps_100_errors_and_counts_the_rest(void **state)
{
    sac__problem_errors errors = {NULL, NULL, 0};
    cJSON *root;

    (void)state;
    for (int i = 0; i < 150; i++)
        CHECK_INT(sac__problem_errors_add(&errors, b.arena, sac_str_of("f"), "%d", i), SAC_OK);
    CHECK_INT(errors.n, 150);
    print("validation", NULL, NULL, &errors);
    root = cJSON_ParseWithLength(b.text, b.buf.n);
    assert_non_null(root);
    CHECK_INT(cJSON_GetArraySize(cJSON_GetObjectItem(cJSON_GetObjectItem(root, "errors"), "f")),
              100);
    cJSON_Delete(root);
}

static void test_problem__stays_json_whatever_the_field_is_called(void **state)
{
    sac__problem_errors errors = {NULL, NULL, 0};
    cJSON *root;

    (void)state;
    CHECK_INT(add(&errors, "\"}\\\n</script>", "a\x01"), SAC_OK);
    CHECK_INT(sac__problem_errors_add(&errors, b.arena, sac_str_n("\xff\0x", 3), "m"), SAC_OK);
    print("validation", NULL, "\xff\"", &errors);
    root = cJSON_ParseWithLength(b.text, b.buf.n);
    assert_non_null(root);
    CHECK_INT(cJSON_GetArraySize(cJSON_GetObjectItem(root, "errors")), 2);
    cJSON_Delete(root);
}

static void test_problem__errors_survive_oom(void **state)
{
    int rc = SAC_ENOMEM, failures = 0;

    (void)state;
    for (size_t cap = 512; rc != SAC_OK; cap += 32) {
        sac__problem_errors errors = {NULL, NULL, 0};

        CHECK(cap < 100000);
        if (bench_open(cap) == 0) {
            rc = SAC_OK;
            for (int i = 0; i < 30 && rc == SAC_OK; i++)
                rc = add(&errors, "some.field.of.a.document", "is a message of some length");
            CHECK(rc == SAC_OK || rc == SAC_ENOMEM);
            failures += rc != SAC_OK;
            print("validation", NULL, NULL, &errors);
        }
        teardown(NULL);
    }
    CHECK(failures > 5);
}

static void test_problem__leaves_its_error_in_the_buffer(void **state)
{
    char bytes[16];
    sac__buf small;

    (void)state;
    sac__buf_init_fixed(&small, bytes, sizeof bytes);
    sac__problem_print(&small, sac__problem_kind_of("internal"), NULL, sac_str_of("x"), NULL);
    CHECK_INT(small.error, SAC_ETOOBIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_problem__codes_are_unique_and_found),
        cmocka_unit_test_setup_teardown(test_problem__prints_what_rfc_9457_asks, setup, teardown),
        cmocka_unit_test_setup_teardown(test_problem__groups_errors_by_field, setup, teardown),
        cmocka_unit_test_setup_teardown(test_problem__keeps_100_errors_and_counts_the_rest, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_problem__stays_json_whatever_the_field_is_called,
                                        setup, teardown),
        cmocka_unit_test(test_problem__errors_survive_oom),
        cmocka_unit_test(test_problem__leaves_its_error_in_the_buffer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
