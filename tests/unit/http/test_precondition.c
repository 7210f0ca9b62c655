/* SPDX-License-Identifier: MIT */
#include "http/precondition.h"

#include <time.h>

#include "support/support.h"

static sac__etag_match whole(const char *header, const char *etag)
{
    return sac__etag_match_whole(sac_str_of(header), sac_str_of(etag));
}

static sac__etag_match stamp(const char *header, const char *text)
{
    return sac__etag_match_stamp(sac_str_of(header), sac_str_of(text));
}

static void test_etag__whole_tags_compare_weakly(void **state)
{
    (void)state;
    CHECK_INT(whole(NULL, "\"a.b\""), SAC__ETAG_ABSENT);
    CHECK_INT(whole("\"a.b\"", "\"a.b\""), SAC__ETAG_MATCH);
    CHECK_INT(whole("W/\"a.b\"", "\"a.b\""), SAC__ETAG_MATCH);
    CHECK_INT(whole("\"a.b\"", "W/\"a.b\""), SAC__ETAG_MATCH);
    CHECK_INT(whole("\"a.c\"", "\"a.b\""), SAC__ETAG_NONE);
    CHECK_INT(whole("\"a.b-gzip\"", "\"a.b\""), SAC__ETAG_NONE);
    CHECK_INT(whole("\"x\" , ,W/\"y\",\"a.b\"", "\"a.b\""), SAC__ETAG_MATCH);
    CHECK_INT(whole("\"a,b\", \"c\"", "\"a,b\""), SAC__ETAG_MATCH);
    CHECK_INT(whole(" * ", "\"a.b\""), SAC__ETAG_ANY);
    CHECK_INT(whole("\"\"", "\"\""), SAC__ETAG_MATCH);
    CHECK_INT(whole("\"\"", NULL), SAC__ETAG_NONE);
    CHECK_INT(whole("\"\xc3\xa9\"", "\"\xc3\xa9\""), SAC__ETAG_MATCH);
}

static void test_etag__stamps_compare_strongly(void **state)
{
    (void)state;
    CHECK_INT(stamp(NULL, "a"), SAC__ETAG_ABSENT);
    CHECK_INT(stamp("\"a.b\"", "a"), SAC__ETAG_MATCH);
    CHECK_INT(stamp("\"a.other\"", "a"), SAC__ETAG_MATCH);
    CHECK_INT(stamp("\"a.b-gzip\"", "a"), SAC__ETAG_MATCH);
    CHECK_INT(stamp("\"a\"", "a"), SAC__ETAG_MATCH);
    CHECK_INT(stamp("W/\"a.b\"", "a"), SAC__ETAG_NONE);
    CHECK_INT(stamp("W/\"a.b\", \"a.c\"", "a"), SAC__ETAG_MATCH);
    CHECK_INT(stamp("\"ab.b\"", "a"), SAC__ETAG_NONE);
    CHECK_INT(stamp("\"a-gzip\"", "a"), SAC__ETAG_NONE);
    CHECK_INT(stamp("\".b\"", ""), SAC__ETAG_NONE);
    CHECK_INT(stamp("\"\"", NULL), SAC__ETAG_NONE);
    CHECK_INT(stamp("*", "a"), SAC__ETAG_ANY);
}

static void test_etag__malformed_lists_are_bad_wherever_they_break(void **state)
{
    static const char *const bad[] = {
        "",          " ",        ",",        "a",        "\"a",        "a\"",
        "\"",        "w/\"a\"",  "W/a",      "W/",       "W",          "\"a\" \"b\"",
        "\"a\"b",    "\"a\", *", "*, \"a\"", "**",       "\"a b\"",    "\"a\", b",
        "\"a\x7f\"", "\"a\n\"",  "W /\"a\"", "W/ \"a\"", "\"a\";\"b\""};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_INT(whole(bad[i], "\"a\""), SAC__ETAG_BAD);
        CHECK_INT(stamp(bad[i], "a"), SAC__ETAG_BAD);
    }
    CHECK_INT(sac__etag_match_whole(sac_str_n("\"a\0\"", 4), sac_str_of("\"a\"")), SAC__ETAG_BAD);
}

static void check_date(int64_t seconds, const char *text)
{
    char out[29];
    int64_t back = -1;

    sac__http_date_print(seconds, out);
    CHECK_STR(sac_str_n(out, 29), text);
    CHECK(sac__http_date_parse(sac_str_n(out, 29), &back));
    CHECK(back == seconds);
}

static void test_http_date__prints_the_fixed_form(void **state)
{
    char out[29];

    (void)state;
    check_date(784111777, "Sun, 06 Nov 1994 08:49:37 GMT");
    check_date(0, "Thu, 01 Jan 1970 00:00:00 GMT");
    check_date(-1, "Wed, 31 Dec 1969 23:59:59 GMT");
    check_date(951782400, "Tue, 29 Feb 2000 00:00:00 GMT");
    check_date(253402300799, "Fri, 31 Dec 9999 23:59:59 GMT");
    check_date(-62167219200, "Sat, 01 Jan 0000 00:00:00 GMT");
    sac__http_date_print(INT64_MAX, out);
    CHECK_STR(sac_str_n(out, 29), "Fri, 31 Dec 9999 23:59:59 GMT");
    sac__http_date_print(INT64_MIN, out);
    CHECK_STR(sac_str_n(out, 29), "Sat, 01 Jan 0000 00:00:00 GMT");
}

static void test_http_date__agrees_with_strftime(void **state)
{
    (void)state;
    for (int64_t t = -5000000000; t < 9000000000; t += 7777777) {
        const time_t seconds = (time_t)t;
        struct tm tm;
        char want[40];

        CHECK(gmtime_r(&seconds, &tm));
        strftime(want, sizeof want, "%a, %d %b %Y %H:%M:%S GMT", &tm);
        check_date(t, want);
    }
}

static int64_t parse(const char *text)
{
    int64_t seconds = -1;

    return sac__http_date_parse(sac_str_of(text), &seconds) ? seconds : INT64_MIN;
}

static void test_http_date__reads_the_old_forms(void **state)
{
    (void)state;
    CHECK(parse("Sunday, 06-Nov-94 08:49:37 GMT") == 784111777);
    CHECK(parse("Sun Nov  6 08:49:37 1994") == 784111777);
    CHECK(parse("Wed Nov 16 08:49:37 1994") == 784111777 + 10 * 86400);
    CHECK(parse("Saturday, 01-Jan-00 00:00:00 GMT") == 946684800);
    CHECK(parse("Thursday, 01-Jan-70 00:00:00 GMT") == 0 ||
          parse("Thursday, 01-Jan-70 00:00:00 GMT") == 3155760000);
    CHECK(parse("Sat, 30 Jun 2012 23:59:60 GMT") == 1341100800);
}

static void test_http_date__refuses_everything_else(void **state)
{
    static const char *const bad[] = {"",
                                      "Sun",
                                      "Sun, ",
                                      "1994-11-06T08:49:37Z",
                                      "Sun, 06 Nov 1994 08:49:37",
                                      "Sun, 06 Nov 1994 08:49:37 UTC",
                                      "Sun, 06 Nov 1994 08:49:37 GMT ",
                                      " Sun, 06 Nov 1994 08:49:37 GMT",
                                      "sun, 06 Nov 1994 08:49:37 GMT",
                                      "Sun, 06 nov 1994 08:49:37 GMT",
                                      "Sun, 31 Nov 1994 08:49:37 GMT",
                                      "Sun, 29 Feb 1900 08:49:37 GMT",
                                      "Sun, 00 Nov 1994 08:49:37 GMT",
                                      "Sun, 06 Nov 1994 24:00:00 GMT",
                                      "Sun, 06 Nov 1994 08:60:37 GMT",
                                      "Sun, 06 Nov 1994 08:49:61 GMT",
                                      "Sun, 6 Nov 1994 08:49:37 GMT",
                                      "Sun, -6 Nov 1994 08:49:37 GMT",
                                      "Sunday, 06 Nov 1994 08:49:37 GMT",
                                      "Sun, 06-Nov-94 08:49:37 GMT",
                                      "Sunday, 06-Nov-1994 08:49:37 GMT",
                                      "Sun Nov 6 08:49:37 1994",
                                      "Sun Nov    08:49:37 1994",
                                      "Foo, 06 Nov 1994 08:49:37 GMT"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(parse(bad[i]) == INT64_MIN);
    CHECK(!sac__http_date_parse(sac_str_n(NULL, 0), &(int64_t){0}));
    CHECK(!sac__http_date_parse(sac_str_n("Sun, 06 Nov 1994 08:49:37 GM\0", 29), &(int64_t){0}));
}

static void test_prefer__finds_a_preference(void **state)
{
    const sac_str header = sac_str_of(
        "respond-async, Return=minimal; foo=\"a,b\" , handling = \"strict\",max-affected=5, "
        "return=representation, wait=\"a\\\"\"");
    sac_str value;

    (void)state;
    CHECK(sac__prefer_get(header, "return", &value));
    CHECK_STR(value, "minimal");
    CHECK(sac__prefer_get(header, "handling", &value));
    CHECK_STR(value, "strict");
    CHECK(sac__prefer_get(header, "max-affected", &value));
    CHECK_STR(value, "5");
    CHECK(sac__prefer_get(header, "respond-async", &value));
    CHECK(value.p && value.n == 0);
    CHECK(!sac__prefer_get(header, "foo", &value));
    CHECK(!sac__prefer_get(header, "b", &value));
    CHECK(!sac__prefer_get(sac_str_n(NULL, 0), "return", &value));
    CHECK(!sac__prefer_get(sac_str_of(";;, ,;return=minimal x"), "x", &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_etag__whole_tags_compare_weakly),
        cmocka_unit_test(test_etag__stamps_compare_strongly),
        cmocka_unit_test(test_etag__malformed_lists_are_bad_wherever_they_break),
        cmocka_unit_test(test_http_date__prints_the_fixed_form),
        cmocka_unit_test(test_http_date__agrees_with_strftime),
        cmocka_unit_test(test_http_date__reads_the_old_forms),
        cmocka_unit_test(test_http_date__refuses_everything_else),
        cmocka_unit_test(test_prefer__finds_a_preference),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
