/* SPDX-License-Identifier: MIT */
#include "form_fixture.h"

static void test_form_stream__streamed_parts_are_limited(void **state)
{
    fixture fx;

    (void)state;
    start(&fx, NULL);
    CHECK_INT(post_text(&fx, "/small", MULTIPART,
                        FIELD("a", "1234567890") FIELD("b", "1234567890") FIELD("c", "12345") END),
              200);
    post_text(&fx, "/small", MULTIPART,
              FIELD("a", "1") FIELD("b", "2") FIELD("c", "3") FIELD("d", "4") END);
    check_problem(&fx, 400, "too_many_parts", "at most 3 parts");
    post_text(&fx, "/small", MULTIPART, FIELD("a", "1") FILE_PART("photo", "x", "12345678901") END);
    check_problem(&fx, 413, "body_too_large", "part \\\"photo\\\"");
    post_text(&fx, "/small", MULTIPART, FIELD("skip", "12345678901") END);
    check_problem(&fx, 413, "body_too_large", "part \\\"skip\\\"");
    post_text(&fx, "/small", MULTIPART,
              FIELD("a", "1234567890") FIELD("b", "1234567890") FIELD("c", "123456") END);
    check_problem(&fx, 413, "body_too_large", "part \\\"c\\\": the form has at most 25 bytes");
    post_text(&fx, "/small", MULTIPART,
              "--b\r\nX: 123456789 123456789 123456789 123456789 123456789 123456789 123456789 "
              "123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 "
              "123456789 123456789 123456789 123456789 123456789 123456789\r\n");
    check_problem(&fx, 400, "bad_form", "byte 205: the head of a part is too long");
    fixture_free(&fx);
}

static void test_form_stream__streamed_fields_are_limited(void **state)
{
    char name[250];
    fixture fx;

    (void)state;
    start(&fx, NULL);
    CHECK_INT(post_text(&fx, "/small", URLENCODED, "a=1234567890&b=%31234567890&c=12345"), 200);
    CHECK_STR(fx.reply.body, "a=1234567890;b=1234567890;c=12345;");
    post_text(&fx, "/small", URLENCODED, "a&b&c&d");
    check_problem(&fx, 400, "too_many_parts", "at most 3 parts");
    post_text(&fx, "/small", URLENCODED, "a=1&photo=12345678901");
    check_problem(&fx, 413, "body_too_large", "part \\\"photo\\\": a field has at most 10 bytes");
    post_text(&fx, "/small", URLENCODED, "a=1234567890&b=1234567890&c=123456");
    check_problem(&fx, 413, "body_too_large", "part \\\"c\\\": the form has at most 25 bytes");
    memset(name, 'n', 201);
    name[201] = '\0';
    post_text(&fx, "/small", URLENCODED, name);
    check_problem(&fx, 400, "bad_form", "byte 200: the name of a field is too long");
    fixture_free(&fx);
}

/* A long name is cut in messages, between two characters. */
static void test_form_stream__long_names_are_cut_in_messages(void **state)
{
    fixture fx;

    (void)state;
    start(&fx, NULL);
    post_text(&fx, "/small", MULTIPART,
              FIELD("0123456789012345678901234567890123456789012345678901234567\xe2\x82\xac!",
                    "12345678901") END);
    check_problem(&fx, 413, "body_too_large", "01234567\\\": a part");
    fixture_free(&fx);
}

static void test_form_stream__default_limits_are_the_apps(void **state)
{
    const sac_app_config config = SAC_APP_CONFIG(.workers = 1, .max_body = 50);
    fixture fx;

    (void)state;
    start(&fx, &config);
    CHECK_INT(post_text(&fx, "/stream", MULTIPART, FIELD("a", "1") FIELD("b", "2") END), 200);
    post_text(&fx, "/stream", MULTIPART,
              FIELD("a", "123456789 123456789 123456789 123456789 123456789 1") END);
    check_problem(&fx, 413, "body_too_large", "at most 50 bytes");
    fixture_free(&fx);
}

static int quiet_begin(void *self, sac_req *req, const sac_form_part *part, int *fd)
{
    size_t *n = self;

    (void)req;
    (void)part;
    (void)fd;
    ++*n;
    return 0;
}

static const sac_form_ops quiet = SAC_FORM_OPS(.begin = quiet_begin, .max_parts = 1000000,
                                               .max_part = 1 << 30);

static int quiet_post(void *self, sac_req *req)
{
    const size_t before = sac__arena_used(sac__req_arena(req));
    size_t n = 0;
    const int rc = sac_req_stream_form(req, &quiet, &n);

    (void)self;
    CHECK(sac__arena_used(sac__req_arena(req)) - before < 40000);
    return rc ? rc : sac_reply_jsonf(req, 200, "%zu", n);
}

static const sac_view_ops quiet_view = SAC_VIEW_OPS(.name = "quiet", .flags = SAC_STREAM_BODY,
                                                    .post = quiet_post);

/* A streamed form takes the memory of one piece, however large it is. */
static void test_form_stream__streams_in_constant_memory(void **state)
{
    const struct {
        const char *type, *before, *each, *after, *want;
        size_t n;
    } bodies[] = {{MULTIPART, "--b\r\nContent-Disposition: form-data; name=f; filename=x\r\n\r\n",
                   "some\rbytes\r\n", "\r\n--b--\r\n", "1", 2000000},
                  {MULTIPART, "", FIELD("a", "1"), "--b--", "100000", 100000},
                  {MULTIPART, FIELD("a", ""), "--bb\r\n", "--b--", "1", 1000000},
                  {URLENCODED, "", "a=1&", "b", "500001", 500000}};
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    fixture_mount(&fx, "/quiet", &quiet_view, NULL);
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        sac_str body = repeated(bodies[i].before, bodies[i].each, bodies[i].n);
        const size_t after = strlen(bodies[i].after);
        char *p = realloc((char *)body.p, body.n + after);
        sac_str all = sac_str_n(p, body.n + after);

        CHECK(p != NULL);
        memcpy(p + body.n, bodies[i].after, after);
        post(&fx, "/quiet", bodies[i].type, all, 0);
        CHECK_STR(fx.reply.body, bodies[i].want);
        free((char *)all.p);
    }
    fixture_free(&fx);
}

static void check_file(const char *path, const char *want)
{
    const sac_str got = read_file(path);

    CHECK_STR(got, want);
    free((char *)got.p);
    unlink(path);
}

static void test_form_stream__part_goes_to_a_file(void **state)
{
    char path[] = "/tmp/sacrum-form-XXXXXX";
    setting set = {.ops = &taker, .open = path};
    fixture fx;

    (void)state;
    close(mkstemp(path));
    fixture_new(&fx, NULL);
    fixture_mount(&fx, "/file", &stream_view, &set);
    CHECK_INT(
        post(&fx, "/file", MULTIPART,
             sac_str_of(FIELD("a", "1") FILE_PART("f", "x", "123\r\n--b456") FIELD("b", "2") END),
             1),
        200);
    CHECK_STR(fx.reply.body, "a=1;f|x|text/plain=;b=2;");
    check_file(path, "123\r\n--b456");
    fixture_free(&fx);
}

static void test_form_stream__file_that_cannot_be_written(void **state)
{
    setting set = {.ops = &taker, .open = "/dev/full"};
    fixture fx;

    (void)state;
    if (access("/dev/full", W_OK) != 0)
        skip();
    fixture_new(&fx, NULL);
    fixture_mount(&fx, "/file", &stream_view, &set);
    post_text(&fx, "/file", MULTIPART, FIELD("a", "1") FILE_PART("photo", "x", "1") END);
    check_problem(&fx, 507, "storage_full", "no room");
    CHECK(strstr(fx.log, "form part \"photo\" cannot be written: No space left"));
    CHECK_INT(set.rc, SAC_EFULL);
    set.open = "/dev/null/none"; /* no file was opened: it goes to data */
    CHECK_INT(post_text(&fx, "/file", MULTIPART, FILE_PART("photo", "x", "1") END), 200);
    fixture_free(&fx);
}

static int closed_begin(void *self, sac_req *req, const sac_form_part *part, int *fd)
{
    (void)req;
    (void)part;
    *fd = *(int *)self;
    return 0;
}

static const sac_form_ops closed_ops = SAC_FORM_OPS(.begin = closed_begin);

static int closed_post(void *self, sac_req *req)
{
    return sac_req_stream_form(req, &closed_ops, self);
}

static void test_form_stream__file_that_is_not_open_is_500(void **state)
{
    const sac_view_ops ops = SAC_VIEW_OPS(.name = "closed", .flags = SAC_STREAM_BODY,
                                          .post = closed_post);
    int fd = open("/dev/null", O_RDONLY);
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    fixture_mount(&fx, "/closed", &ops, &fd);
    post_text(&fx, "/closed", MULTIPART, FILE_PART("photo", "x", "1") END);
    check_problem(&fx, 500, "internal", "");
    CHECK(strstr(fx.log, "form part \"photo\" cannot be written"));
    CHECK(!contains(fx.reply.body, "photo"));
    close(fd);
    fixture_free(&fx);
}

static void test_form_stream__slots_that_fail_end_it(void **state)
{
    const char *const bodies[] = {FIELD("a", "1") FIELD("b", "2") END, "a=1&b=2"};
    setting set = {.ops = &taker};
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    fixture_mount(&fx, "/stream", &stream_view, &set);
    for (int i = 0; i < 2; i++)
        for (set.fail_at = 1; set.fail_at <= 6; set.fail_at++) {
            CHECK_INT(post_text(&fx, "/stream", i ? URLENCODED : MULTIPART, bodies[i]), 409);
            CHECK_INT(set.rc, SAC_ECONFLICT);
        }
    CHECK_INT(post_text(&fx, "/stream", URLENCODED, bodies[1]), 200);
    fixture_free(&fx);
}

static void test_form_stream__part_is_passed_over(void **state)
{
    fixture fx;

    (void)state;
    start(&fx, NULL);
    CHECK_INT(post_text(&fx, "/stream", MULTIPART, FIELD("skip", "1") FIELD("b", "2") END), 200);
    CHECK_STR(fx.reply.body, "skip=;b=2;");
    CHECK_INT(post_text(&fx, "/stream", URLENCODED, "skip=1&b=2"), 200);
    CHECK_STR(fx.reply.body, "skip=;b=2;");
    CHECK_INT(post_text(&fx, "/stream", URLENCODED, "two=1"), 400);
    CHECK_INT(plain.rc, SAC_EINVAL);
    fixture_free(&fx);
}

/* A slot that is not set, or that the program's table is too short for, is not called. */
static void test_form_stream__table_may_lack_slots(void **state)
{
    sac_form_ops ops = SAC_FORM_OPS(.begin = take_begin);
    setting set = {.ops = &ops};
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    fixture_mount(&fx, "/stream", &stream_view, &set);
    CHECK_INT(post_text(&fx, "/stream", URLENCODED, "a=1&b=2"), 200);
    CHECK_STR(fx.reply.body, "a=b=");
    ops = taker;
    ops.size = offsetof(sac_form_ops, end);
    CHECK_INT(post_text(&fx, "/stream", URLENCODED, "a=1&b=2"), 200);
    CHECK_STR(fx.reply.body, "a=1b=2");
    ops.size = sizeof ops + 1;
    CHECK_INT(post_text(&fx, "/stream", URLENCODED, "a=1&b=2"), 500);
    CHECK_INT(set.rc, SAC_EVERSION);
    ops.size = 0;
    CHECK_INT(post_text(&fx, "/stream", URLENCODED, "a=1&b=2"), 500);
    ops = (sac_form_ops)SAC_FORM_OPS(.data = take_data);
    CHECK_INT(post_text(&fx, "/stream", URLENCODED, "a=1&b=2"), 500);
    CHECK(strstr(fx.log, "without begin"));
    fixture_free(&fx);
}

/* What follows a form is read for the sake of the connection, but not for ever. */
static void test_form_stream__epilogue_ends_somewhere(void **state)
{
    sac_str body = repeated(FIELD("a", "1") END, "x", 1000000);
    fixture fx;

    (void)state;
    start(&fx, NULL);
    CHECK_INT(post(&fx, "/stream", MULTIPART, sac_str_n(body.p, 60000), 0), 200);
    CHECK_NO_FIELD(&fx, "connection");
    CHECK_INT(post(&fx, "/stream", MULTIPART, body, 0), 200);
    CHECK_STR(fx.reply.body, "a=1;");
    CHECK_FIELD(&fx, "connection", "close");
    free((char *)body.p);
    fixture_free(&fx);
}

static sac_exchange *begin_upload(raw_host *host, sac_app *app, const char *type, int64_t length)
{
    const sac_header fields[] = {{sac_str_of("Host"), sac_str_of("localhost")},
                                 {sac_str_of("Content-Type"), sac_str_of(type)}};
    const sac_head head = SAC_HEAD_INIT(.method = sac_str_of("POST"),
                                        .target = sac_str_of("/stream"), .headers = fields,
                                        .n_headers = 2, .length = length);
    sac_exchange *exchange = raw_open(host, app);

    CHECK_INT(sac_exchange_head(exchange, &head), 0);
    return exchange;
}

/* However far it came, the view hears of it, and nothing is left behind. */
static void test_form_stream__client_that_leaves(void **state)
{
    static const struct {
        const char *type, *body;
    } forms[] = {{"multipart/form-data; boundary=b",
                  FIELD("a", "1") FILE_PART("f", "x", "123") FIELD("b", "2") END},
                 {"application/x-www-form-urlencoded", "a=1&b=%e2%82%ac&c=3"}};
    setting set = {.ops = &taker};
    raw_host host;
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    fixture_mount(&fx, "/stream", &stream_view, &set);
    CHECK_INT(sac_app_seal(fx.app, NULL), SAC_OK);
    raw_init(&host);
    for (size_t i = 0; i < 2; i++)
        for (size_t n = 0; n < strlen(forms[i].body); n += 3) {
            const int64_t length = (int64_t)strlen(forms[i].body);
            sac_exchange *exchange = begin_upload(&host, fx.app, forms[i].type, length);
            size_t taken;

            CHECK_INT(sac_exchange_body(exchange, forms[i].body, n, &taken), 0);
            CHECK_INT(taken, n);
            /* Gone in one way: the body is at its end too early; or in the other. */
            if (n % 2 == 0) {
                CHECK_INT(sac_exchange_end(exchange), 0);
                CHECK_INT(raw_answer(&host, exchange)->status, 500);
                CHECK_INT(set.rc, SAC_ECLOSED);
            }
            sac_exchange_close(exchange);
        }
    fixture_free(&fx);
    raw_fini(&host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_form_stream__streamed_parts_are_limited),
        cmocka_unit_test(test_form_stream__streamed_fields_are_limited),
        cmocka_unit_test(test_form_stream__long_names_are_cut_in_messages),
        cmocka_unit_test(test_form_stream__default_limits_are_the_apps),
        cmocka_unit_test(test_form_stream__streams_in_constant_memory),
        cmocka_unit_test(test_form_stream__part_goes_to_a_file),
        cmocka_unit_test(test_form_stream__file_that_cannot_be_written),
        cmocka_unit_test(test_form_stream__file_that_is_not_open_is_500),
        cmocka_unit_test(test_form_stream__slots_that_fail_end_it),
        cmocka_unit_test(test_form_stream__part_is_passed_over),
        cmocka_unit_test(test_form_stream__table_may_lack_slots),
        cmocka_unit_test(test_form_stream__epilogue_ends_somewhere),
        cmocka_unit_test(test_form_stream__client_that_leaves)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
