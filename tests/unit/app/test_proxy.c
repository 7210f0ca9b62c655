/* SPDX-License-Identifier: MIT */
#include "app/proxy.h"

#include "unit/auth/guarded.h"

static int tell(void *self, sac_req *req)
{
    const sac_str peer = sac_req_peer(req), origin = sac_req_origin(req);

    (void)self;
    return sac_reply_bytes(req, 200, "text/plain",
                           sac_req_printf(req, "%.*s %.*s", (int)peer.n, peer.p ? peer.p : "",
                                          (int)origin.n, origin.p ? origin.p : ""));
}

static const sac_view_ops view = SAC_VIEW_OPS(.name = "tell", .flags = SAC_INLINE, .get = tell);

static void serve(guarded *g, const char *const *proxies)
{
    static const char *const hosts[] = {"sacrum.example", NULL};
    const sac_app_config config = SAC_APP_CONFIG(.workers = SAC_NO_WORKERS, .hosts = hosts,
                                                 .proxies = proxies);

    guarded_new(g, &config);
    CHECK_INT(sac_app_mount(g->app, "/", &view, NULL, NULL), SAC_OK);
}

static void says(guarded *g, const char *peer, const char *const *lines, const char *want)
{
    const asking ask = {.method = "GET", .target = "/", .peer = peer, .lines = lines};

    CHECK_INT(guarded_ask(g, &ask), 200);
    if (!sac_str_is(g->answer->bytes, want))
        fail_msg("%s: %.*s, not %s", lines ? lines[1] : peer, (int)g->answer->bytes.n,
                 g->answer->bytes.p, want);
}

static void test_proxy__is_believed_by_its_address_alone(void **state)
{
    const char *const *const https = LINES("x-forwarded-for", "192.0.2.7", "x-forwarded-proto",
                                           "https");
    guarded g;

    (void)state;
    serve(&g, NULL);
    says(&g, "127.0.0.1", https, "127.0.0.1 http://sacrum.example");
    guarded_free(&g);
    serve(&g, LINES("127.0.0.1", "10.1.0.0/16", "2001:db8::/33"));
    says(&g, "127.0.0.1", https, "192.0.2.7 https://sacrum.example");
    says(&g, "::ffff:127.0.0.1", https, "192.0.2.7 https://sacrum.example");
    says(&g, "10.1.255.3", https, "192.0.2.7 https://sacrum.example");
    says(&g, "2001:db8:7fff::1", https, "192.0.2.7 https://sacrum.example");
    says(&g, "2001:db8:8000::1", https, "2001:db8:8000::1 http://sacrum.example");
    says(&g, "10.2.0.1", https, "10.2.0.1 http://sacrum.example");
    says(&g, "127.0.0.2", https, "127.0.0.2 http://sacrum.example");
    says(&g, "", https, " http://sacrum.example");
    says(&g, "127.0.0.1", NULL, "127.0.0.1 http://sacrum.example");
    guarded_free(&g);
    serve(&g, LINES("unix"));
    says(&g, "", https, "192.0.2.7 https://sacrum.example");
    says(&g, "127.0.0.1", https, "127.0.0.1 http://sacrum.example");
    guarded_free(&g);
}

/* What a client writes itself stands before what the proxies append. */
static void test_proxy__takes_the_last_word_that_is_no_proxys(void **state)
{
    static const struct {
        const char *sent, *peer;
    } cases[] = {
        {"6.6.6.6, 192.0.2.7", "192.0.2.7"},
        {"6.6.6.6,192.0.2.7 , 10.0.0.2,\t10.0.0.3", "192.0.2.7"},
        {"10.0.0.2, 10.0.0.3", "10.0.0.2"},
        {"10.0.0.2, 6.6.6.6, 10.0.0.3", "6.6.6.6"},
        {"192.0.2.7:4711", "192.0.2.7"},
        {"[2001:db8::1]:4711", "2001:db8::1"},
        {"2001:db8::1", "2001:db8::1"},
        {"[2001:db8::1]", "2001:db8::1"},
        {"unknown", "10.0.0.1"},
        {"192.0.2.7, unknown", "10.0.0.1"},
        {"192.0.2.7, unknown, 10.0.0.2", "10.0.0.2"},
        {"", "10.0.0.1"},
        {",", "10.0.0.1"},
        {"192.0.2.7,", "10.0.0.1"},
        {"1.2.3.4.5", "10.0.0.1"},
        {"[2001:db8::1", "10.0.0.1"},
        {"0x7f.1", "10.0.0.1"},
        {"1111111111111111111111111111111111111111111111111111111111111111", "10.0.0.1"},
    };
    guarded g;

    (void)state;
    serve(&g, LINES("10.0.0.0/8"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char want[128];

        snprintf(want, sizeof want, "%s http://sacrum.example", cases[i].peer);
        says(&g, "10.0.0.1", LINES("x-forwarded-for", cases[i].sent), want);
    }
    says(&g, "10.0.0.1", LINES("x-forwarded-for", "192.0.2.7", "x-forwarded-for", "10.0.0.9"),
         "192.0.2.7 http://sacrum.example");
    says(&g, "10.0.0.1", LINES("x-forwarded-for", "6.6.6.6", "x-forwarded-for", "192.0.2.7"),
         "192.0.2.7 http://sacrum.example");
    says(&g, "10.0.0.1", LINES("x-forwarded-proto", "http, HTTPS"),
         "10.0.0.1 https://sacrum.example");
    says(&g, "10.0.0.1", LINES("x-forwarded-proto", "https", "x-forwarded-proto", "http"),
         "10.0.0.1 http://sacrum.example");
    says(&g, "10.0.0.1", LINES("x-forwarded-proto", "gopher"), "10.0.0.1 http://sacrum.example");
    guarded_free(&g);
}

static void test_proxy__is_an_address_or_a_network(void **state)
{
    static const char *const bad[] = {
        "",           "proxy", "10.0.0.0/33",  "10.0.0.0/",   "::1/129",
        "10.0.0.0/x", "/8",    "10.0.0.0/8/8", "10.0.0.0/-1", "10.0.0.0/0008"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const sac_app_config config = SAC_APP_CONFIG(.proxies = LINES("::1", bad[i]));
        sac_app *app = NULL;
        sac_err err = {.code = 0};

        CHECK_INT(sac_app_new(&config, &app, &err), SAC_EINVAL);
        CHECK(strstr(err.text, "proxies") && !app);
    }
}

static void test_network__counts_bits(void **state)
{
    static const struct {
        const char *network, *address;
        bool has;
    } cases[] = {
        {"0.0.0.0/0", "255.1.2.3", true},        {"0.0.0.0/0", "2001:db8::1", false},
        {"::/0", "2001:db8::1", true},           {"192.0.2.128/25", "192.0.2.127", false},
        {"192.0.2.128/25", "192.0.2.128", true}, {"192.0.2.1/32", "192.0.2.1", true},
        {"192.0.2.1/32", "192.0.2.0", false},    {"192.0.2.1", "::ffff:192.0.2.1", true},
        {"fe80::/10", "fe80::1%eth0", true},     {"::1/128", "::1", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sac__network network;
        sac__address address;

        CHECK(sac__network_parse(sac_str_of(cases[i].network), &network));
        CHECK(sac__address_parse(sac_str_of(cases[i].address), &address));
        if (sac__network_has(&network, &address) != cases[i].has)
            fail_msg("%s %s", cases[i].network, cases[i].address);
    }
}

static int set_up(sac_app *app)
{
    return sac_app_mount(app, "/", &view, NULL, NULL);
}

static void test_proxy__survives_oom(void **state)
{
    int rc = SAC_ENOMEM;

    (void)state;
    for (long n = 0; rc != SAC_OK; n++) {
        fault_alloc fault;
        const sac_app_config config = SAC_APP_CONFIG(.workers = SAC_NO_WORKERS,
                                                     .proxies = LINES("10.0.0.0/8"),
                                                     .alloc = fault_alloc_init(&fault, n));
        sac_app *app = NULL;

        rc = sac_app_new(&config, &app, NULL);
        if (rc == SAC_OK)
            rc = set_up(app);
        CHECK(rc == SAC_OK || rc == SAC_ENOMEM);
        sac_app_free(app);
        CHECK_INT(fault.live, 0);
        CHECK(n < 200);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_proxy__is_believed_by_its_address_alone),
        cmocka_unit_test(test_proxy__takes_the_last_word_that_is_no_proxys),
        cmocka_unit_test(test_proxy__is_an_address_or_a_network),
        cmocka_unit_test(test_network__counts_bits),
        cmocka_unit_test(test_proxy__survives_oom),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
