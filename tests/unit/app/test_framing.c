/* SPDX-License-Identifier: MIT */
#include "raw_host.h"

/* What a host's parser let through, judged anew: whatever two servers could read in two ways. */

static int answer_host(void *self, sac_req *req)
{
    (void)self;
    return sac_reply_bytes(req, 200, "text/plain", sac_req_header(req, "host"));
}

static const sac_view_ops view = SAC_VIEW_OPS(.name = "view", .flags = SAC_INLINE,
                                              .get = answer_host, .post = answer_host);

enum { MAX_LINES = 4 };

typedef struct head_case {
    const char *name;
    const char *lines[MAX_LINES]; /* "name:value"; the value may have blanks around it */
    int64_t length;
    unsigned version;
    const char *problem; /* NULL: it is served */
} head_case;

static int ask(sac_app *app, const sac_head *head, const char *problem, bool *close)
{
    const sac_answer *answer;
    sac_exchange *exchange;
    raw_host host;
    size_t taken;
    int status;
    int rc;

    raw_init(&host);
    exchange = raw_open(&host, app);
    rc = sac_exchange_head(exchange, head);
    if (rc == SAC_OK && head->length != 0)
        CHECK_INT(sac_exchange_body(exchange, "abc", 3, &taken), SAC_OK);
    if (rc == SAC_OK)
        CHECK_INT(sac_exchange_end(exchange), SAC_OK);
    answer = raw_answer(&host, exchange);
    status = answer->status;
    *close = answer->close;
    if (problem && !contains(answer->bytes, problem))
        fail_msg("%.*s is not %s", (int)answer->bytes.n, answer->bytes.p, problem);
    raw_close(&host, exchange);
    raw_fini(&host);
    return status;
}

static void check_case(sac_app *app, const head_case *one)
{
    sac_header headers[MAX_LINES];
    size_t n = 0;
    bool close;
    int status;

    for (; n < MAX_LINES && one->lines[n]; n++) {
        const char *colon = strchr(one->lines[n], ':');

        headers[n] = (sac_header){sac_str_n(one->lines[n], (size_t)(colon - one->lines[n])),
                                  sac_str_of(colon + 1)};
    }
    const sac_head head = SAC_HEAD_INIT(.method = sac_str_of(one->length ? "POST" : "GET"),
                                        .target = sac_str_of("/x"), .headers = headers,
                                        .n_headers = n, .length = one->length,
                                        .version = one->version);
    status = ask(app, &head, one->problem, &close);
    if (status != (one->problem ? 400 : 200) || close != (one->problem != NULL))
        fail_msg("%s: %d, close %d", one->name, status, close);
}

static void check_cases(const head_case *cases, size_t n)
{
    fixture fx;

    fixture_new(&fx, NULL);
    fixture_mount(&fx, "/x", &view, NULL);
    CHECK_INT(sac_app_seal(fx.app, NULL), SAC_OK);
    for (size_t i = 0; i < n; i++)
        check_case(fx.app, &cases[i]);
    fixture_free(&fx);
}

#define LENGTH(text) "Content-Length:" text
#define CODING(text) "Transfer-Encoding:" text
#define BAD "\"bad_request\""

static void test_framing__refuses_contradictions(void **state)
{
    static const head_case cases[] = {
        {"two lengths", {"Host:a", LENGTH("3"), LENGTH("5")}, 3, 11, BAD},
        {"the same length twice", {"Host:a", LENGTH("3"), LENGTH("3")}, 3, 11, BAD},
        {"a list of lengths", {"Host:a", LENGTH("3, 3")}, 3, 11, BAD},
        {"length and coding", {"Host:a", LENGTH("3"), CODING("chunked")}, -1, 11, BAD},
        {"coding and length", {"Host:a", CODING("chunked"), LENGTH("3")}, 3, 11, BAD},
        {"another length", {"Host:a", LENGTH("4")}, 3, 11, BAD},
        {"another length, of no HTTP/1", {LENGTH("4")}, 3, 0, BAD},
        {"a length unknown to the host", {"Host:a", LENGTH("3")}, -1, 11, BAD},
        {"a length that the host passed over", {"Host:a", LENGTH("3")}, 0, 11, BAD},
        {"a body without a field", {"Host:a"}, 3, 11, BAD},
        {"a chunked body without a field", {"Host:a"}, -1, 10, BAD},
        {"coding passed over", {"Host:a", CODING("chunked")}, 0, 11, BAD},
        {"coding in 1.0", {"Host:a", CODING("chunked")}, -1, 10, BAD},
        {"unknown coding", {"Host:a", CODING("gzip")}, -1, 11, BAD},
        {"list of codings", {"Host:a", CODING("gzip, chunked")}, -1, 11, BAD},
        {"coding twice", {"Host:a", CODING("chunked"), CODING("chunked")}, -1, 11, BAD},
        {"disguised coding", {"Host:a", CODING("xchunked")}, -1, 11, BAD},
        {"empty coding", {"Host:a", CODING("")}, -1, 11, BAD},
        {"empty length", {"Host:a", LENGTH("")}, 0, 11, BAD},
        {"negative length", {"Host:a", LENGTH("-3")}, 3, 11, BAD},
        {"length with a sign", {"Host:a", LENGTH("+3")}, 3, 11, BAD},
        {"length in hex", {"Host:a", LENGTH("0x3")}, 3, 11, BAD},
        {"length and a letter", {"Host:a", LENGTH("3a")}, 3, 11, BAD},
        {"length of 2^64 + 3", {"Host:a", LENGTH("18446744073709551619")}, 3, 11, BAD},
        {"no Host", {"X:1"}, 0, 11, "\"bad_host\""},
        {"no Host in 1.2", {"X:1"}, 0, 12, "\"bad_host\""},
        {"two Hosts", {"Host:a", "host:a"}, 0, 11, "\"bad_host\""},
        {"two Hosts in 1.0", {"Host:a", "host:a"}, 0, 10, "\"bad_host\""},
        {"two Hosts, of no HTTP/1", {"Host:a", "host:a"}, 0, 0, "\"bad_host\""},
    };

    (void)state;
    check_cases(cases, sizeof cases / sizeof *cases);
}

static void test_framing__takes_what_is_well_formed(void **state)
{
    static const head_case cases[] = {
        {"plain", {"Host:a"}, 0, 11, NULL},
        {"nothing, in 1.0", {NULL}, 0, 10, NULL},
        {"nothing, of no HTTP/1", {NULL}, 3, 0, NULL},
        {"chunked, of no HTTP/1", {NULL}, -1, 0, NULL},
        {"length", {"Host:a", LENGTH("3")}, 3, 11, NULL},
        {"length in 1.0", {LENGTH("3")}, 3, 10, NULL},
        {"length of zero", {"Host:a", LENGTH("0")}, 0, 11, NULL},
        {"leading zeros", {"Host:a", LENGTH("00003")}, 3, 11, NULL},
        {"blanks around a length", {"Host:a", LENGTH(" \t3\t ")}, 3, 11, NULL},
        {"coding", {"Host:a", CODING("chunked")}, -1, 11, NULL},
        {"coding in capitals", {"HOST:a", "TRANSFER-ENCODING:CHUNKED \t"}, -1, 11, NULL},
        {"tabs in a value", {"Host:a", "X:a\tb\tc\td\te\tf\tg"}, 0, 11, NULL},
        {"bytes beyond ASCII", {"Host:a", "X:\xe4\xff\x80\xa0 \xa0\xa1\xfe\x9f"}, 0, 11, NULL},
        {"names of odd letters", {"Host:a", "x!#$%&'*+-.^_`|~9:1"}, 0, 11, NULL},
        {"empty value", {"Host:a", "X:", "Y: "}, 0, 11, NULL},
    };

    (void)state;
    check_cases(cases, sizeof cases / sizeof *cases);
}

/* Every byte, in a name and at each place of a value. */
static void test_framing__checks_every_byte(void **state)
{
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    fixture_mount(&fx, "/x", &view, NULL);
    CHECK_INT(sac_app_seal(fx.app, NULL), SAC_OK);
    for (int c = 0; c < 256; c++) {
        const bool in_value = c == '\t' || (c >= ' ' && c != 0x7f);
        const bool in_name = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                             (c >= 'A' && c <= 'Z') || (c && strchr("!#$%&'*+-.^_`|~", c));
        char text[20] = "aaaaaaaaaaaaaaaaaaa";
        bool close;

        for (size_t at = 0; at < 19; at++) {
            const sac_header value = {sac_str_of("x"), sac_str_n(text, 19)};
            const sac_header name = {sac_str_n(text, 19), sac_str_of("x")};
            sac_head head = SAC_HEAD_INIT(.method = sac_str_of("GET"), .target = sac_str_of("/x"),
                                          .headers = &value, .n_headers = 1);

            text[at] = (char)c;
            CHECK_INT(ask(fx.app, &head, NULL, &close), in_value ? 200 : 400);
            CHECK_INT(close, !in_value);
            head.headers = &name;
            CHECK_INT(ask(fx.app, &head, NULL, &close), in_name ? 200 : 400);
            text[at] = 'a';
        }
    }
    const sac_header nameless = {sac_str_of(""), sac_str_of("x")};
    const sac_head head = SAC_HEAD_INIT(.method = sac_str_of("GET"), .target = sac_str_of("/x"),
                                        .headers = &nameless, .n_headers = 1);
    bool close;

    CHECK_INT(ask(fx.app, &head, BAD, &close), 400);
    fixture_free(&fx);
}

/* Fields that were not read may have framed the body otherwise. */
static void test_framing__closes_after_too_many_fields(void **state)
{
    const sac_app_config config = SAC_APP_CONFIG(.workers = 1, .max_headers = 2, .max_target = 10);
    const sac_header headers[] = {{sac_str_of("a"), sac_str_of("1")},
                                  {sac_str_of("Content-Length"), sac_str_of("3")},
                                  {sac_str_of("Content-Length"), sac_str_of("4")}};
    sac_head head = SAC_HEAD_INIT(.method = sac_str_of("GET"), .target = sac_str_of("/x"),
                                  .headers = headers, .n_headers = 3);
    bool close;
    fixture fx;

    (void)state;
    fixture_new(&fx, &config);
    fixture_mount(&fx, "/x", &view, NULL);
    CHECK_INT(sac_app_seal(fx.app, NULL), SAC_OK);
    CHECK_INT(ask(fx.app, &head, "headers_too_large", &close), 431);
    CHECK(close);
    head.n_headers = 1;
    head.target = sac_str_of("/far-too-long");
    CHECK_INT(ask(fx.app, &head, "uri_too_long", &close), 414);
    CHECK(!close);
    head.n_headers = 2;
    CHECK_INT(ask(fx.app, &head, "uri_too_long", &close), 414);
    CHECK(close);
    fixture_free(&fx);
}

/* A host of before the version was there: as if it were 0. */
static void test_framing__takes_an_older_head(void **state)
{
    sac_head head = SAC_HEAD_INIT(.method = sac_str_of("GET"), .target = sac_str_of("/x"),
                                  .version = 11);
    bool close;
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    fixture_mount(&fx, "/x", &view, NULL);
    CHECK_INT(sac_app_seal(fx.app, NULL), SAC_OK);
    CHECK_INT(ask(fx.app, &head, "bad_host", &close), 400);
    head.size = offsetof(sac_head, version);
    CHECK_INT(ask(fx.app, &head, NULL, &close), 200);
    CHECK(!close);
    fixture_free(&fx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_framing__refuses_contradictions),
        cmocka_unit_test(test_framing__takes_what_is_well_formed),
        cmocka_unit_test(test_framing__checks_every_byte),
        cmocka_unit_test(test_framing__closes_after_too_many_fields),
        cmocka_unit_test(test_framing__takes_an_older_head),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
