/* SPDX-License-Identifier: MIT */
#include "form_fixture.h"

static void test_form__urlencoded(void **state)
{
    fixture fx;

    (void)state;
    start(&fx, NULL);
    check_parts(&fx, URLENCODED, "a=1&b=x+y%26%3D%2B&a=2&c&=d&&e=&%C3%BC=%e2%82%ac&f==&",
                "a=1;b=x y&=+;a=2;c=;=d;e=;\xc3\xbc=\xe2\x82\xac;f==;");
    check_parts(&fx, URLENCODED, "", "");
    check_parts(&fx, URLENCODED "; charset=\"utf-8\"", "a=1", "a=1;");
    fixture_free(&fx);
}

static void test_form__multipart(void **state)
{
    fixture fx;

    (void)state;
    start(&fx, NULL);
    check_parts(&fx, MULTIPART,
                "preamble\r\n" FIELD("a", "1") FIELD("b", "")
                    FILE_PART("f", "C:\\x\\y.txt", "\xff\n") FILE_PART("f", "", "")
                        FIELD("a", "\r\n--\r\n--bb") END "epilogue",
                "a=1;b=;f|y.txt|text/plain=\xff\n;f||text/plain=;a=\r\n--\r\n--bb;");
    check_parts(&fx, MULTIPART, END, "");
    check_parts(&fx, "Content-Type: Multipart/Form-Data; charset=x; boundary=\"b c\"",
                "--b c\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--b c--", "a=1;");
    check_parts(&fx, MULTIPART,
                "--b\r\nContent-Disposition: form-data; name=a\r\n"
                "Content-Transfer-Encoding: base64\r\n\r\nVGVzd\r\nCAxMjM=\r\n" FIELD("b", "2") END,
                "a=Test 123;b=2;");
    fixture_free(&fx);
}

static void test_form__getters(void **state)
{
    fixture fx;

    (void)state;
    start(&fx, NULL);
    CHECK_INT(post_text(&fx, "/getters", URLENCODED, "a=1&b=2&a=&f=3"), 200);
    CHECK_STR(fx.reply.body, "1,1,,-,");
    CHECK_INT(post_text(&fx, "/getters", MULTIPART,
                        FILE_PART("a", "x", "1") FILE_PART("f", "y", "1") FIELD("a", "2")
                            FIELD("f", "3") FILE_PART("f", "z", "") END),
              200);
    CHECK_STR(fx.reply.body, "2,2,-,-,y");
    /* Without a readable form nothing is there, and the answer is the view's. */
    CHECK_INT(post_text(&fx, "/getters", URLENCODED, "a=%"), 200);
    CHECK_STR(fx.reply.body, "-,-,-,-,");
    CHECK_INT(post_text(&fx, "/getters", NULL, ""), 200);
    CHECK_STR(fx.reply.body, "-,-,-,-,");
    fixture_free(&fx);
}

static void test_form__fields_leave_files_out(void **state)
{
    fixture fx;

    (void)state;
    start(&fx, NULL);
    CHECK_INT(post_text(&fx, "/fields", MULTIPART,
                        FIELD("a", "1") FILE_PART("f", "x", "2") FIELD("b", "3") END),
              200);
    CHECK_STR(fx.reply.body, "a=1;b=3;");
    CHECK_INT(post_text(&fx, "/fields", URLENCODED, "a&b=%20"), 200);
    CHECK_STR(fx.reply.body, "a=;b= ;");
    CHECK_INT(post_text(&fx, "/fields", URLENCODED, ""), 200);
    CHECK_STR(fx.reply.body, "");
    CHECK_INT(post_text(&fx, "/fields", URLENCODED, "a=%f"), 400);
    fixture_free(&fx);
}

static void test_form__other_types_are_415(void **state)
{
    static const char *const types[] = {NULL,
                                        "Content-Type: application/json",
                                        "Content-Type: multipart/mixed; boundary=b",
                                        "Content-Type: nonsense",
                                        "Content-Type: text/plain",
                                        URLENCODED "; charset=latin1"};
    fixture fx;

    (void)state;
    start(&fx, NULL);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        check_refused(&fx, types[i], "a=1", 415, "unsupported_media_type", "form");
    fixture_free(&fx);
}

static void test_form__bad_boundary_is_400(void **state)
{
    char line[11000] = MULTIPART;
    fixture fx;

    (void)state;
    start(&fx, NULL);
    check_refused(&fx, "Content-Type: multipart/form-data", END, 400, "bad_form", "boundary");
    check_refused(&fx, "Content-Type: multipart/form-data; boundary=\"\"", END, 400, "bad_form",
                  "boundary");
    check_refused(&fx, "Content-Type: multipart/form-data; boundary=\"a\\\"b\"", END, 400,
                  "bad_form", "boundary");
    memset(line + strlen(line), 'b', 10000);
    check_refused(&fx, line, END, 400, "bad_form", "boundary");
    fixture_free(&fx);
}

static void test_form__unreadable_is_400_with_the_byte(void **state)
{
    fixture fx;

    (void)state;
    start(&fx, NULL);
    check_refused(&fx, MULTIPART, "", 400, "bad_form", "byte 0: it ends before");
    check_refused(&fx, MULTIPART, FIELD("a", "1"), 400, "bad_form", "byte 52: it ends before");
    check_refused(&fx, MULTIPART, "--b\r\n: x\r\n\r\n\r\n" END, 400, "bad_form",
                  "byte 5: not the name of a header field");
    check_refused(&fx, MULTIPART, "--b\r\nX: y\r\n\r\n\r\n" END, 400, "bad_form",
                  "byte 5: a part without Content-Disposition");
    check_refused(&fx, MULTIPART,
                  "--b\r\nContent-Disposition: form-data; filename=x\r\n\r\n\r\n" END, 400,
                  "bad_form", "byte 5: a part without a name");
    check_refused(&fx, URLENCODED, "a=1&b=%zz&c=%", 400, "bad_form", "byte ");
    check_refused(&fx, URLENCODED, "a=1&b=%f", 400, "bad_form", "byte ");
    check_refused(&fx, URLENCODED, "a=1&%ff=1", 400, "bad_form", "byte 4: ");
    check_refused(&fx, URLENCODED, "%00=1", 400, "bad_form", "byte 0: ");
    post_text(&fx, "/parts", URLENCODED, "aa=1&b=%zz&c=%");
    check_problem(&fx, 400, "bad_form", "byte 5: a field");
    post_text(&fx, "/stream", URLENCODED, "aa=1&b=%zz&c=%");
    check_problem(&fx, 400, "bad_form", "byte 8: a bad escape");
    fixture_free(&fx);
}

/* Collected fields are text; files, and what is streamed, are bytes. */
static void test_form__field_values_are_utf8(void **state)
{
    const char *const coded = "--b\r\nContent-Disposition: form-data; name=a\r\n"
                              "Content-Transfer-Encoding: base64\r\n\r\n/w==\r\n" END;
    fixture fx;

    (void)state;
    start(&fx, NULL);
    post_text(&fx, "/parts", MULTIPART, FIELD("a", "12\xff") END);
    check_problem(&fx, 400, "bad_form", "byte 51: the field \\\"a\\\" has");
    post(&fx, "/parts", MULTIPART,
         sac_str_n(FIELD("a", "1\0") END, sizeof FIELD("a", "1\0") END - 1), 0);
    check_problem(&fx, 400, "bad_form", "the field \\\"a\\\" has");
    post_text(&fx, "/parts", MULTIPART, coded);
    check_problem(&fx, 400, "bad_form", "the field \\\"a\\\" has");
    post_text(&fx, "/parts", URLENCODED, "a=%ff");
    check_problem(&fx, 400, "bad_form", "byte 0");
    CHECK_INT(post_text(&fx, "/parts", MULTIPART, FILE_PART("a", "x", "\xff") END), 200);
    CHECK_INT(post_text(&fx, "/stream", MULTIPART, FIELD("a", "\xff") END), 200);
    CHECK_STR(fx.reply.body, "a=\xff;");
    CHECK_INT(post_text(&fx, "/stream", URLENCODED, "a=%ff"), 200);
    CHECK_STR(fx.reply.body, "a=\xff;");
    fixture_free(&fx);
}

static void test_form__collected_parts_are_limited(void **state)
{
    const sac_app_config config = SAC_APP_CONFIG(.workers = 1, .max_params = 2);
    fixture fx;

    (void)state;
    start(&fx, &config);
    CHECK_INT(post_text(&fx, "/parts", URLENCODED, "a=1&b=2"), 200);
    post_text(&fx, "/parts", URLENCODED, "a=1&b=2&c=3");
    check_problem(&fx, 400, "too_many_parts", "at most 2 parts");
    CHECK_INT(post_text(&fx, "/parts", MULTIPART, FIELD("a", "1") FIELD("b", "2") END), 200);
    post_text(&fx, "/parts", MULTIPART, FIELD("a", "1") FIELD("b", "2") FIELD("c", "3") END);
    check_problem(&fx, 400, "too_many_parts", "at most 2 parts");
    fixture_free(&fx);
}

static void check_bomb(fixture *fx, const char *target, const char *type, sac_str body, int status,
                       const char *code)
{
    post(fx, target, type, body, 0);
    check_problem(fx, status, code, "");
    free((char *)body.p);
}

/* Each of them is refused when a small part of it has been read. */
static void test_form__bombs_are_refused(void **state)
{
    const sac_app_config config = SAC_APP_CONFIG(.workers = 1, .max_body = 64 << 20,
                                                 .max_memory = 70 << 20);
    fixture fx;

    (void)state;
    start(&fx, &config);
    for (int i = 0; i < 2; i++) {
        const char *const target = i ? "/stream" : "/parts";

        check_bomb(&fx, target, MULTIPART, repeated("", FIELD("a", ""), 500000), 400,
                   "too_many_parts");
        check_bomb(&fx, target, URLENCODED, repeated("", "a&", 2000000), 400, "too_many_parts");
        check_bomb(&fx, target, MULTIPART, repeated("--b\r\nX: ", "x", 20000000), 400, "bad_form");
        check_bomb(&fx, target, MULTIPART, repeated("--b\r\n", "X: y\r\n", 3000000), 400,
                   "bad_form");
        check_bomb(&fx, target, MULTIPART, repeated("", "x", 20000000), 400, "bad_form");
        check_bomb(&fx, target, MULTIPART, repeated(FIELD("a", ""), "--bb\r\n", 3000000), 400,
                   "bad_form");
        check_bomb(&fx, target, MULTIPART,
                   repeated("--b\r\nContent-Disposition: form-data; name=a\r\nContent-Type: "
                            "multipart/mixed; boundary=c\r\n\r\n",
                            "--c\r\n\r\n", 1000000),
                   400, "bad_form");
    }
    fixture_free(&fx);
}

static int streamed_anyway(void *self, sac_req *req)
{
    return stream_post(self, req);
}

/* What a view does with the other one's body. */
static void test_form__way_of_reading_fits_the_view(void **state)
{
    const sac_view_ops ops = SAC_VIEW_OPS(.name = "collected", .flags = SAC_INLINE,
                                          .post = streamed_anyway);
    fixture fx;

    (void)state;
    start(&fx, NULL);
    fixture_mount(&fx, "/collected", &ops, &plain);
    const char *const lines[] = {URLENCODED, NULL};
    const sac_loopback_request ask = SAC_LOOPBACK_REQUEST(.method = "PUT", .target = "/stream",
                                                          .headers = lines,
                                                          .body = sac_str_of("a=1"));

    CHECK_INT(fixture_ask(&fx, &ask), 500);
    CHECK(strstr(fx.log, "SAC_STREAM_BODY"));
    CHECK_INT(post_text(&fx, "/collected", URLENCODED, "a=1"), 200);
    CHECK_STR(fx.reply.body, "a=1;");
    fixture_free(&fx);
}

/* Every allocation fails once; then it is answered with an error, or as ever. */
static void check_torture(const char *target, const char *type, const char *body)
{
    int status = 0;

    for (long n = 0; status != 200; n++) {
        fault_alloc fault;
        sac_app_config config = SAC_APP_CONFIG(.workers = 1, .alloc = fault_alloc_init(&fault, -1));
        const char *const lines[] = {type, NULL};
        const sac_loopback_request ask = SAC_LOOPBACK_REQUEST(.method = "POST", .target = target,
                                                              .headers = lines,
                                                              .body = sac_str_of(body));
        fixture fx;

        CHECK(n < 200);
        fixture_new(&fx, &config);
        fixture_mount(&fx, "/parts", &parts_view, NULL);
        fixture_mount(&fx, "/fields", &fields_view, NULL);
        fixture_mount(&fx, "/getters", &getters_view, NULL);
        fixture_mount(&fx, "/stream", &stream_view, &plain);
        CHECK_INT(sac_loopback_new(fx.app, &fx.client, NULL), SAC_OK);
        fault.left = n;
        if (sac_loopback_send(fx.client, &ask, &fx.reply, NULL) == SAC_OK)
            status = fx.reply.status;
        CHECK(status == 0 || status == 200 || status == 500);
        fault.left = -1;
        fixture_free(&fx);
        CHECK_INT(fault.live, 0);
    }
}

static void test_form__survives_oom(void **state)
{
    static char big[20000], fields[20000];
    size_t n = 0;

    (void)state;
    for (int i = 0; i < 100; i++) {
        n += (size_t)snprintf(big + n, sizeof big - n, FIELD("a%d", "value %d"), i, i);
        snprintf(fields + strlen(fields), 100, "name%d=val%%20ue&", i);
    }
    snprintf(big + n, sizeof big - n,
             "--b\r\nContent-Disposition: form-data; name=a\r\n"
             "Content-Transfer-Encoding: base64\r\n\r\nVGVzdCAxMjM=\r\n--b--");
    check_torture("/parts", MULTIPART, big);
    check_torture("/parts", URLENCODED, fields);
    check_torture("/fields", MULTIPART, big);
    check_torture("/getters", MULTIPART, big);
    check_torture("/stream", MULTIPART, big);
    check_torture("/stream", URLENCODED, fields);
}

/* A request's memory bounds what is collected, too. */
static void test_form__beyond_the_requests_memory_is_413(void **state)
{
    const sac_app_config config = SAC_APP_CONFIG(.workers = 1, .max_memory = 100000,
                                                 .max_params = 100000);
    sac_str body = repeated("", "aa%20&", 10000);
    sac_str value = repeated("a=", "x", 500000);
    setting set = {.ops = &counter};
    fixture fx;

    (void)state;
    start(&fx, &config);
    fixture_mount(&fx, "/count", &stream_view, &set);
    post(&fx, "/parts", URLENCODED, body, 0);
    check_problem(&fx, 413, "body_too_large", "memory");
    post(&fx, "/count", URLENCODED, value, 0);
    check_problem(&fx, 413, "body_too_large", "memory");
    free((char *)body.p);
    free((char *)value.p);
    fixture_free(&fx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_form__urlencoded),
        cmocka_unit_test(test_form__multipart),
        cmocka_unit_test(test_form__getters),
        cmocka_unit_test(test_form__fields_leave_files_out),
        cmocka_unit_test(test_form__other_types_are_415),
        cmocka_unit_test(test_form__bad_boundary_is_400),
        cmocka_unit_test(test_form__unreadable_is_400_with_the_byte),
        cmocka_unit_test(test_form__field_values_are_utf8),
        cmocka_unit_test(test_form__collected_parts_are_limited),
        cmocka_unit_test(test_form__bombs_are_refused),
        cmocka_unit_test(test_form__way_of_reading_fits_the_view),
        cmocka_unit_test(test_form__survives_oom),
        cmocka_unit_test(test_form__beyond_the_requests_memory_is_413)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
