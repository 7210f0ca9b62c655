/* SPDX-License-Identifier: MIT */
#include "fixture.h"

typedef struct play {
    sac_str name;
    int rc;
    bool fails;
} play;

static int get(void *self, sac_req *req)
{
    play *p = self;

    p->rc = sac_reply_attachment(req, p->name);
    if (p->rc != SAC_OK)
        return p->rc;
    return p->fails ? sac_fail(req, SAC_ENOTFOUND, "gone") : sac_reply_text(req, 200, "bytes");
}

static const sac_view_ops view = SAC_VIEW_OPS(.name = "save", .flags = SAC_INLINE, .get = get);
static play now;

static void start(fixture *fx)
{
    now = (play){.rc = 0};
    fixture_new(fx, NULL);
    fixture_mount(fx, "/save", &view, &now);
}

static const struct {
    const char *name, *want;
} names[] = {
    {"report.csv", "attachment; filename=\"report.csv\""},
    {"a b;c=d,(e).txt", "attachment; filename=\"a b;c=d,(e).txt\""},
    {"say \"hi\".txt",
     "attachment; filename=\"say \\\"hi\\\".txt\"; filename*=UTF-8''say%20%22hi%22.txt"},
    {"100%41.txt", "attachment; filename=\"100%41.txt\"; filename*=UTF-8''100%2541.txt"},
    {"Übersicht €.csv", "attachment; filename=\"_bersicht _.csv\"; "
                        "filename*=UTF-8''%C3%9Cbersicht%20%E2%82%AC.csv"},
    {"\xf0\x9f\x98\x80.png", "attachment; filename=\"_.png\"; filename*=UTF-8''%F0%9F%98%80.png"},
    {"it's *!#$&+-^`|~é", "attachment; filename=\"it's *!#$&+-^`|~_\"; "
                          "filename*=UTF-8''it%27s%20%2A!#$&+-^`|~%C3%A9"},
    {"../../etc/passwd", "attachment; filename=\".._.._etc_passwd\""},
    {"C:\\Windows\\system.ini", "attachment; filename=\"C:_Windows_system.ini\""},
    {"a\r\nSet-Cookie: x=1", "attachment; filename=\"a__Set-Cookie: x=1\""},
    {"tab\tdel\x7f.txt", "attachment; filename=\"tab_del_.txt\""},
    {"\x1b[31m", "attachment; filename=\"_[31m\""},
    {"nel\xc2\x85.txt", "attachment; filename=\"nel_.txt\"; filename*=UTF-8''nel_.txt"},
    {"\xe2\x80\xaegnp.exe", "attachment; filename=\"_gnp.exe\"; filename*=UTF-8''_gnp.exe"},
    {"\xe2\x81\xa6x", "attachment; filename=\"_x\"; filename*=UTF-8''_x"},
    {"bad\xff\xc3(.txt", "attachment; filename=\"bad__(.txt\"; filename*=UTF-8''bad__%28.txt"},
    {"\xc3\xa9\xa9", "attachment; filename=\"__\"; filename*=UTF-8''%C3%A9_"},
    {"half\xe2\x82", "attachment; filename=\"half__\"; filename*=UTF-8''half__"},
    {"\xed\xa0\x80", "attachment; filename=\"___\"; filename*=UTF-8''___"},
    {".", "attachment; filename=\"_\""},
    {"..", "attachment; filename=\"__\""},
    {".hidden", "attachment; filename=\".hidden\""},
    {"", "attachment"},
};

static void test_reply_attachment__survives_naughty_names(void **state)
{
    fixture fx;

    (void)state;
    start(&fx);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        now.name = sac_str_of(names[i].name);
        CHECK_INT(fixture_get(&fx, "GET", "/save"), 200);
        CHECK_FIELD(&fx, "content-disposition", names[i].want);
        CHECK_STR(fx.reply.body, "bytes");
    }
    now.name = sac_str_n("nul\0.txt", 8);
    CHECK_INT(fixture_get(&fx, "GET", "/save"), 200);
    CHECK_FIELD(&fx, "content-disposition", "attachment; filename=\"nul_.txt\"");
    fixture_free(&fx);
}

/* Every byte, and every pair of them, ends in a field that a host can send. */
static void test_reply_attachment__is_always_a_clean_field(void **state)
{
    char pair[2];
    fixture fx;

    (void)state;
    start(&fx);
    for (int i = 0; i < 256 * 256; i += 7) {
        sac_str value;

        pair[0] = (char)(i >> 8);
        pair[1] = (char)i;
        now.name = sac_str_n(pair, 2);
        CHECK_INT(fixture_get(&fx, "GET", "/save"), 200);
        value = sac_loopback_header(&fx.reply, "content-disposition");
        CHECK(value.p && value.n >= sizeof "attachment; filename=\"xx\"" - 2);
        for (size_t k = 0; k < value.n; k++)
            CHECK(value.p[k] >= ' ' && value.p[k] < 0x7f);
    }
    fixture_free(&fx);
}

static void test_reply_attachment__has_a_limit(void **state)
{
    static char longest[20000];
    fixture fx;

    (void)state;
    start(&fx);
    memset(longest, 'a', sizeof longest);
    now.name = sac_str_n(longest, 10000);
    CHECK_INT(fixture_get(&fx, "GET", "/save"), 200);
    now.name = sac_str_n(longest, sizeof longest);
    CHECK(fixture_get(&fx, "GET", "/save") >= 400);
    CHECK_INT(now.rc, SAC_ELIMIT);
    fixture_free(&fx);
}

static void test_reply_attachment__is_not_of_a_problem(void **state)
{
    fixture fx;

    (void)state;
    start(&fx);
    now = (play){.name = sac_str_of("a.txt"), .fails = true};
    CHECK_INT(fixture_get(&fx, "GET", "/save"), 404);
    CHECK_NO_FIELD(&fx, "content-disposition");
    fixture_free(&fx);
}

static void test_reply_attachment__survives_oom(void **state)
{
    static char longest[4000];
    int status = 500;

    (void)state;
    memset(longest, 'a', sizeof longest);
    for (long n = 0; status != 200; n++) {
        fault_alloc fault;
        const sac_app_config config = SAC_APP_CONFIG(.workers = SAC_NO_WORKERS,
                                                     .alloc = fault_alloc_init(&fault, -1));
        const sac_loopback_request ask = SAC_LOOPBACK_REQUEST(.method = "GET", .target = "/save");
        sac_err err;
        fixture fx;

        CHECK(n < 100);
        now = (play){.name = sac_str_n(longest, sizeof longest)};
        fixture_new(&fx, &config);
        fixture_mount(&fx, "/save", &view, &now);
        CHECK_INT(sac_loopback_new(fx.app, &fx.client, NULL), SAC_OK);
        fault.left = n;
        status = sac_loopback_send(fx.client, &ask, &fx.reply, &err) == 0 ? fx.reply.status : 500;
        fault.left = -1;
        CHECK(status == 200 || status == 500);
        CHECK_INT(fixture_get(&fx, "GET", "/save"), 200);
        fixture_free(&fx);
        CHECK_INT(fault.live, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reply_attachment__survives_naughty_names),
        cmocka_unit_test(test_reply_attachment__is_always_a_clean_field),
        cmocka_unit_test(test_reply_attachment__has_a_limit),
        cmocka_unit_test(test_reply_attachment__is_not_of_a_problem),
        cmocka_unit_test(test_reply_attachment__survives_oom)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
