/* SPDX-License-Identifier: MIT */
#include "core/log.h"

#include "core/utf8.h"
#include "support/support.h"

typedef struct sink {
    char line[2048];
    size_t n;
    int calls;
    sac_log_level level;
} sink;

static void keep(void *self, sac_log_level level, sac_str line)
{
    sink *s = self;

    CHECK(line.n < sizeof s->line);
    memcpy(s->line, line.p, line.n);
    s->n = line.n;
    s->level = level;
    s->calls++;
}

static void test_log__writes_one_line(void **state)
{
    sink s = {.calls = 0};
    const sac__log log = {keep, &s, SAC_LOG_DEBUG};

    (void)state;
    sac__logf(&log, SAC_LOG_WARN, "%s has %d", "todos", 3);
    CHECK_STR(sac_str_n(s.line, s.n), "todos has 3");
    CHECK_INT(s.level, SAC_LOG_WARN);
    CHECK_INT(s.calls, 1);
}

static void test_log__drops_what_is_above_its_level(void **state)
{
    sink s = {.calls = 0};
    const sac__log log = {keep, &s, SAC_LOG_WARN};
    const sac__log none = {NULL, NULL, SAC_LOG_DEBUG};

    (void)state;
    sac__logf(&log, SAC_LOG_INFO, "no");
    sac__logf(&none, SAC_LOG_ERROR, "no");
    sac__logf(NULL, SAC_LOG_ERROR, "no");
    CHECK_INT(s.calls, 0);
    sac__logf(&log, SAC_LOG_ERROR, "yes");
    CHECK_INT(s.calls, 1);
}

static void test_log__escapes_controls_and_bad_utf8(void **state)
{
    sink s = {.calls = 0};
    const sac__log log = {keep, &s, SAC_LOG_DEBUG};

    (void)state;
    sac__logf(&log, SAC_LOG_INFO, "a\r\nb\x1b[0m\x7f \xc3\xa4 \xff\xfe \xc2\x9b \xe2\x82.");
    CHECK_STR(sac_str_n(s.line, s.n),
              "a\\x0d\\x0ab\\x1b[0m\\x7f \xc3\xa4 \\xff\\xfe \\xc2\\x9b \\xe2\\x82.");
}

static void test_log__line_ends_at_one_kib(void **state)
{
    sink s = {.calls = 0};
    const sac__log log = {keep, &s, SAC_LOG_DEBUG};
    char text[3000];

    (void)state;
    for (int pad = 0; pad < 4; pad++) {
        memset(text, 'x', sizeof text);
        for (size_t i = (size_t)pad; i + 4 < sizeof text; i += 4)
            memcpy(text + i, "\xf0\x9f\x92\xa9", 4);
        text[sizeof text - 1] = '\0';
        sac__logf(&log, SAC_LOG_INFO, "%s", text);
        CHECK(s.n <= 1024 && s.n > 1020);
        CHECK(sac__utf8_valid(sac_str_n(s.line, s.n)));
        CHECK(memchr(s.line, '\\', s.n) == NULL);
    }
    memset(text, 1, sizeof text - 1);
    sac__logf(&log, SAC_LOG_INFO, "%s", text);
    CHECK_INT(s.n, 1024);
    CHECK(memcmp(s.line + 1020, "\\x01", 4) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log__writes_one_line),
        cmocka_unit_test(test_log__drops_what_is_above_its_level),
        cmocka_unit_test(test_log__escapes_controls_and_bad_utf8),
        cmocka_unit_test(test_log__line_ends_at_one_kib),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
