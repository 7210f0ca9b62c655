/* SPDX-License-Identifier: MIT */
#include "fixture.h"

/* What ran, in order, as letters. */
typedef struct trace {
    char text[128];
} trace;

static trace seen;

static void add(trace *t, const char *what)
{
    const size_t n = strlen(t->text);

    snprintf(t->text + n, sizeof t->text - n, "%s ", what);
}

static void start(fixture *fx, const sac_view_ops *ops, void *self)
{
    memset(&seen, 0, sizeof seen);
    fixture_new(fx, NULL);
    fixture_mount(fx, "/view", ops, self);
}

static int view_get(void *self, sac_req *req)
{
    add(self, "get");
    return sac_reply_text(req, 200, "got");
}

static int view_post(void *self, sac_req *req)
{
    add(self, "post");
    return sac_reply_text(req, 201, "posted");
}

static int bare_error(void *self, sac_req *req)
{
    (void)req;
    return *(const int *)self;
}

static int wrap_outer(void *self, sac_req *req, const sac_next *next)
{
    int rc;

    add(self, "(");
    rc = sac_next_run(next, req);
    add(self, ")");
    return rc;
}

static int wrap_inner(void *self, sac_req *req, const sac_next *next)
{
    int rc;

    add(self, "[");
    rc = sac_next_run(next, req);
    add(self, "]");
    return rc;
}

static int passing(void *self, sac_req *req, const sac_next *next)
{
    (void)self;
    return sac_next_run(next, req);
}

static int forgetful(void *self, sac_req *req, const sac_next *next)
{
    (void)self;
    (void)req;
    (void)next;
    return 0;
}

static void check_forgotten(const sac_decorator *rows, const char *method, const char *line)
{
    const sac_view_ops ops = SAC_VIEW_OPS(.name = "lost", .decorators = rows, .get = view_get,
                                          .post = view_post);
    fixture fx;

    start(&fx, &ops, &seen);
    CHECK_INT(fixture_get(&fx, method, "/view"), 500);
    CHECK(strstr(fx.log, line));
    CHECK(!contains(fx.reply.body, "lost"));
    assert_string_equal(seen.text, "");
    fixture_free(&fx);
}

/* By the row of its table, whatever rows are passed over for the method. */
static void test_decorator__that_forgets_is_named(void **state)
{
    const sac_decorator first[] = {{.fn = forgetful}, {.fn = passing}, {.fn = NULL}};
    const sac_decorator middle[] = {
        {.fn = passing}, {.fn = forgetful}, {.fn = passing}, {.fn = NULL}};
    const sac_decorator last[] = {
        {.fn = passing}, {.fn = passing}, {.fn = forgetful}, {.fn = NULL}};
    const sac_decorator filtered[] = {
        {.fn = passing, .methods = SAC_GET},   {.fn = passing, .methods = SAC_POST},
        {.fn = passing, .methods = SAC_GET},   {.fn = forgetful, .methods = SAC_POST},
        {.fn = forgetful, .methods = SAC_GET}, {.fn = NULL}};
    const char *const lines[] = {"view lost: decorator 0 neither ran the rest nor answered",
                                 "view lost: decorator 1 neither", "view lost: decorator 2 neither",
                                 "view lost: decorator 3 neither",
                                 "view lost: decorator 4 neither"};

    (void)state;
    check_forgotten(first, "GET", lines[0]);
    check_forgotten(middle, "GET", lines[1]);
    check_forgotten(last, "GET", lines[2]);
    check_forgotten(filtered, "POST", lines[3]);
    check_forgotten(filtered, "GET", lines[4]);
}

static int greedy(void *self, sac_req *req, const sac_next *next)
{
    const bool *silent = self;
    const int first = sac_next_run(next, req);
    const int second = sac_next_run(next, req);

    CHECK_INT(second, SAC_EINVAL);
    return *silent ? first : second;
}

static void test_decorator__runs_the_rest_once(void **state)
{
    bool silent;
    const sac_decorator rows[] = {{.fn = passing, .methods = SAC_POST},
                                  {.fn = passing},
                                  {.fn = greedy, .self = &silent},
                                  {.fn = passing},
                                  {.fn = NULL}};
    const sac_view_ops ops = SAC_VIEW_OPS(.name = "greedy", .decorators = rows, .get = view_get);
    fixture fx;

    (void)state;
    for (int i = 0; i < 2; i++) {
        silent = i == 1;
        start(&fx, &ops, &seen);
        CHECK_INT(fixture_get(&fx, "GET", "/view"), 500);
        CHECK(strstr(fx.log, "view greedy: decorator 2 ran the rest twice"));
        assert_string_equal(seen.text, "get ");
        fixture_free(&fx);
    }
}

static int no_bytes(void *self, sac_req *req, void *buf, size_t cap, size_t *n)
{
    (void)self;
    (void)req;
    (void)buf;
    (void)cap;
    (void)n;
    return 0;
}

static void count_close(void *self)
{
    *(int *)self += 1;
}

static const sac_stream_ops stream = SAC_STREAM_OPS(.pull = no_bytes, .close = count_close,
                                                    .flags = SAC_INLINE);

static int answer_and_run(void *self, sac_req *req, const sac_next *next)
{
    int rc = sac_reply_stream(req, 202, "text/plain", -1, &stream, self);

    CHECK_INT(rc, 0);
    rc = sac_next_run(next, req);
    CHECK_INT(sac_reply_status(req), rc ? 404 : 200);
    return 0;
}

/* The last answer is the one. */
static void test_decorator__may_answer_and_run_the_rest(void **state)
{
    int closed = 0, code = SAC_ENOTFOUND;
    const sac_decorator rows[] = {{.fn = answer_and_run, .self = &closed}, {.fn = NULL}};
    const sac_view_ops ops = SAC_VIEW_OPS(.name = "both", .decorators = rows, .get = view_get);
    const sac_view_ops fails = SAC_VIEW_OPS(.name = "fails", .decorators = rows, .get = bare_error);
    fixture fx;

    (void)state;
    start(&fx, &ops, &seen);
    fixture_mount(&fx, "/fails", &fails, &code);
    CHECK_INT(fixture_get(&fx, "GET", "/view"), 200);
    CHECK_STR(fx.reply.body, "got");
    CHECK_INT(closed, 1);
    CHECK_INT(fixture_get(&fx, "GET", "/fails"), 404); /* the error was not taken back */
    CHECK_INT(closed, 2);
    fixture_free(&fx);
}

static int stop(void *self, sac_req *req, const sac_next *next)
{
    (void)self;
    (void)next;
    return sac_fail(req, SAC_EFORBIDDEN, "not you");
}

/* For the methods of its row, HEAD being GET; others pass. */
static void test_decorator__stands_around_its_methods(void **state)
{
    const sac_decorator rows[] = {{.fn = stop, .methods = SAC_POST},
                                  {.fn = wrap_inner, .self = &seen, .methods = SAC_GET},
                                  {.fn = NULL}};
    const sac_view_ops ops = SAC_VIEW_OPS(.name = "some", .decorators = rows, .get = view_get,
                                          .post = view_post);
    fixture fx;

    (void)state;
    start(&fx, &ops, &seen);
    CHECK_INT(fixture_get(&fx, "GET", "/view"), 200);
    CHECK_INT(fixture_get(&fx, "HEAD", "/view"), 200);
    CHECK_INT(fixture_get(&fx, "POST", "/view"), 403);
    CHECK_INT(fixture_get(&fx, "OPTIONS", "/view"), 204);
    assert_string_equal(seen.text, "[ get ] [ get ] ");
    fixture_free(&fx);
}

static void test_decorator__table_without_an_end_is_refused(void **state)
{
    sac_decorator rows[70];
    const sac_view_ops ops = SAC_VIEW_OPS(.name = "endless", .decorators = rows, .get = view_get);
    sac_err err = {.code = 0};
    fixture fx;

    (void)state;
    for (size_t i = 0; i < 70; i++)
        rows[i] = (sac_decorator){.fn = passing};
    fixture_new(&fx, NULL);
    CHECK_INT(sac_app_mount(fx.app, "/x", &ops, NULL, &err), SAC_EINVAL);
    CHECK(strstr(err.text, "view endless: more than 64 decorators"));
    fixture_free(&fx);
}

static int rescue(void *self, sac_req *req, const sac_next *next)
{
    (void)self;
    CHECK_INT(sac_next_run(next, req), SAC_ENOTFOUND);
    CHECK_INT(sac_reply_status(req), 404);
    return sac_reply_text(req, 200, "rescued");
}

static int change_head(void *self, sac_req *req, const sac_next *next)
{
    int rc = sac_next_run(next, req);

    (void)self;
    CHECK_INT(sac_reply_status(req), 200);
    if (rc == 0)
        rc = sac_reply_set_status(req, 202);
    return rc ? rc : sac_reply_header(req, "X-Changed", sac_str_of("yes"));
}

static void test_decorator__may_answer_instead(void **state)
{
    const sac_decorator rows[] = {{.fn = change_head}, {.fn = rescue}, {.fn = NULL}};
    const sac_view_ops ops = SAC_VIEW_OPS(.name = "r", .decorators = rows, .get = bare_error);
    int code = SAC_ENOTFOUND;
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    fixture_mount(&fx, "/r", &ops, &code);
    CHECK_INT(fixture_get(&fx, "GET", "/r"), 202);
    CHECK_STR(fx.reply.body, "rescued");
    CHECK_FIELD(&fx, "x-changed", "yes");
    fixture_free(&fx);
}

/* A row of an older program: it has neither methods nor flags. */
typedef struct old_row {
    sac_decorate *fn;
    void *self;
} old_row;

static void test_decorator__is_stepped_by_its_size(void **state)
{
    static trace t;
    const old_row rows[] = {{wrap_outer, &t}, {wrap_inner, &t}, {NULL, NULL}};
    const sac_view_ops ops = {.size = sizeof ops,
                              .decorator_size = sizeof(old_row),
                              .name = "old",
                              .decorators = (const sac_decorator *)(const void *)rows,
                              .get = view_get};
    fixture fx;

    (void)state;
    memset(&t, 0, sizeof t);
    fixture_new(&fx, NULL);
    fixture_mount(&fx, "/old", &ops, &t);
    CHECK_INT(fixture_get(&fx, "GET", "/old"), 200);
    assert_string_equal(t.text, "( [ get ] ) ");
    fixture_free(&fx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decorator__that_forgets_is_named),
        cmocka_unit_test(test_decorator__runs_the_rest_once),
        cmocka_unit_test(test_decorator__may_answer_and_run_the_rest),
        cmocka_unit_test(test_decorator__stands_around_its_methods),
        cmocka_unit_test(test_decorator__table_without_an_end_is_refused),
        cmocka_unit_test(test_decorator__may_answer_instead),
        cmocka_unit_test(test_decorator__is_stepped_by_its_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
