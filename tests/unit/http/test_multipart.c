/* SPDX-License-Identifier: MIT */
#include "multipart_run.h"

#include <dirent.h>
#include <time.h>

static void test_multipart__parts_in_order(void **state)
{
    (void)state;
    check_read("--b\r\n" HEAD "1\r\n--b\r\nContent-Type: text/x\r\n"
               "content-disposition:form-data;name=\"f\" ; filename=\"x.txt\"\r\n\r\n22\r\n--b--",
               "[a:1][f|x.txt|text/x:22]");
    check_read("--b\r\n" HEAD "\r\n--b\r\n" HEAD "\r\n--b--\r\n", "[a:][a:]");
    check_read("--b--", "");
    check_read("--b--\r\n", "");
    check_read("\r\n--b--\r\n", "");
}

static void test_multipart__preamble_and_epilogue_are_passed_over(void **state)
{
    (void)state;
    check_read("hello\r\n--bb\r\n\r\r\n--b \t\r\n" HEAD "x\r\n--b--\r\n--b\r\nrest", "[a:x]");
    check_read("\r\n\r\n--b\r\n" HEAD "x\r\n--b-- trailing", "[a:x]");
}

/* The CRLF behind a head is the one before the delimiter where there is no other. */
static void test_multipart__part_without_any_body(void **state)
{
    (void)state;
    check_read("--b\r\n" HEAD "--b\r\n" HEAD "--b--", "[a:][a:]");
    check_read("--b\r\n" HEAD "--c\r\n--b--", "[a:--c]");
    check_read("--b\r\n" HEAD "--bb\r\n--b--", "[a:--bb]");
    check_read("--b\r\n" HEAD "\r\n\r\n--b--", "[a:\r\n]");
}

static void test_multipart__almost_a_delimiter_is_data(void **state)
{
    static const char *const data[] = {
        "\r\n--",        "\r\n--c",       "\r\n--bb",   "\r\n--b-",        "\r\n--b-x",
        "\r\n--b x",     "\r\n--b\r",     "\r\n--b\rx", "\r\n--b \r\r",    "\n--b",
        "\r--b",         "\r\n-b",        "\r\r\n",     "\r\n\r\n\r\n--",  "--b--",
        "\r\n--b\r\r\n", "\r\n--b- -",    "\r\n --b--", "\r\n--b -- \r\n", "\r\n--b\n",
        "\r\n--B--",     "\r\n--b\t\t\tx"};
    char body[256], want[256];

    (void)state;
    for (size_t i = 0; i < sizeof data / sizeof *data; i++) {
        snprintf(body, sizeof body, "--b\r\n" HEAD ".%s\r\n--b--\r\n", data[i]);
        snprintf(want, sizeof want, "[a:.%s]", data[i]);
        check_read(body, want);
    }
    check_read("--b\r\n" HEAD ".\r\n--b\r\r\n--b--", "[a:.\r\n--b\r]");
}

static void test_multipart__blanks_behind_a_delimiter(void **state)
{
    char body[400], want[400];

    (void)state;
    check_read("--b \t \r\n" HEAD "1\r\n--b\t\r\n" HEAD "2\r\n--b-- \t\r\n", "[a:1][a:2]");
    /* So many are none any more. */
    snprintf(body, sizeof body, "--b\r\n" HEAD "1\r\n--b%200s\r\n--b--", "");
    snprintf(want, sizeof want, "[a:1\r\n--b%200s]", "");
    check_read(body, want);
}

static void test_multipart__boundary_is_checked(void **state)
{
    static const char *const bad[] = {"",     "a b ",     "a\tb",   "a;b",
                                      "a\"b", "\xc3\xa9", "a\r\nb", "a*b"};
    char long_one[72];
    sac__multipart mp;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_INT(sac__multipart_init(&mp, NULL, S(bad[i]), 100), SAC_EINVAL);
    CHECK_INT(sac__multipart_init(&mp, NULL, sac_str_n("a\0b", 3), 100), SAC_EINVAL);
    CHECK_INT(sac__multipart_init(&mp, NULL, sac_str_n(NULL, 0), 100), SAC_EINVAL);
    memset(long_one, 'x', sizeof long_one);
    CHECK_INT(sac__multipart_init(&mp, NULL, sac_str_n(long_one, 71), 100), SAC_EINVAL);
    CHECK_INT(sac__multipart_init(&mp, NULL, sac_str_n(long_one, 70), 100), SAC_OK);
    CHECK_INT(sac__multipart_init(&mp, NULL, S("'()+_,-./:=? aZ09"), 100), SAC_OK);
}

static void test_multipart__longest_boundary(void **state)
{
    char boundary[71], body[1000], want[1000];
    outcome got;

    (void)state;
    memset(boundary, '-', 70);
    boundary[70] = '\0';
    snprintf(body, sizeof body, "--%s\r\n" HEAD "1\r\n--%.69s\r\n%s\r\n--%s%60s\r--\r\n--%s--",
             boundary, boundary, boundary, boundary, "", boundary);
    snprintf(want, sizeof want, "[a:1\r\n--%.69s\r\n%s\r\n--%s%60s\r--]", boundary, boundary,
             boundary, "");
    got = run_split(S(body), boundary);
    CHECK_INT(got.rc, SAC_OK);
    CHECK_STR(sac__buf_str(&got.text), want);
    sac__buf_fini(&got.text);
}

static void test_multipart__truncated_is_refused(void **state)
{
    static const char end[] = "it ends before its closing delimiter";
    const char *const body = "x\r\n--b\r\n" HEAD "12\r\n--b\r\n" HEAD "2\r\n--b--\r\nend";
    const size_t closed = (size_t)(strstr(body, "--b--") - body) + 5;

    (void)state;
    for (size_t n = 0; n <= strlen(body); n++) {
        outcome got = run(sac_str_n(body, n), "b", n / 2, 0);

        CHECK_INT(got.rc, n < closed ? SAC_ESYNTAX : SAC_OK);
        if (n < closed) {
            CHECK_STR(S(got.error), end);
            CHECK_INT(got.error_at, n);
        }
        sac__buf_fini(&got.text);
    }
}

static void test_multipart__malformed_is_refused_where_it_is(void **state)
{
    static const char name[] = "not the name of a header field";
    static const char cr[] = "a CR without LF in the head of a part";

    (void)state;
    check_refused("--b\r\n: form-data\r\n\r\n\r\n--b--", 5, name);
    check_refused("--b\r\nA B: c\r\n\r\n\r\n--b--", 6, name);
    check_refused("--b\r\nA\r\n\r\n\r\n--b--", 6, name);
    check_refused("--b\r\nA<: b\r\n\r\n\r\n--b--", 6, name);
    check_refused("--b\r\n A: b\r\n\r\n\r\n--b--", 5, name);
    check_refused("--b\r\n--b--\r\n\r\n--b--", 10, name);
    check_refused("--b\r\nA: b\n\r\n\r\n--b--", 9, "a control byte in a header field");
    check_refused("--b\r\nA: b\x7f\r\n\r\n\r\n--b--", 9, "a control byte in a header field");
    check_refused("--b\r\nA: b\rc\r\n\r\n\r\n--b--", 10, cr);
    check_refused("--b\r\nA: b\r\n\rc\r\n\r\n--b--", 12, cr);
    check_refused("preamble\r\n--b--\r\n", 14, "a closing delimiter without a part before it");
    check_refused("--b\r\n\r\n\r\n--b--", 5, "a part without Content-Disposition");
}

static void check_limit(char *body, uint64_t at)
{
    const sac_str text = S(body);

    for (size_t piece = 1; piece <= text.n; piece *= 100) {
        outcome got = run_limited(text, "b", 0, piece, 1000);

        CHECK_INT(got.rc, SAC_ELIMIT);
        CHECK_INT(got.error_at, at);
        CHECK(got.most <= 1000);
        sac__buf_fini(&got.text);
    }
    free(body);
}

static void test_multipart__long_heads_are_refused_early(void **state)
{
    (void)state;
    check_limit(filled("--b\r\nA: ", 2000000, "x", ""), 1005);
    check_limit(filled("--b\r\n", 2000000, "x", ""), 1005);
    check_limit(filled("--b\r\n", 500000, "A:\r\n", ""), 5 + 1000 / 3 * 4 + 1);
    check_limit(filled("--b\r\nA:\r\n", 500000, "\t\r\n", ""), 9 + 498 * 3 + 2);
}

static void test_multipart__long_preamble_is_refused_early(void **state)
{
    char *body = filled("", 1000, "x", "\r\n--b\r\n" HEAD "1\r\n--b--");

    (void)state;
    for (size_t piece = 0; piece < 3; piece++) {
        outcome got = run_limited(S(body), "b", 0, piece, 1000);

        CHECK_INT(got.rc, SAC_OK);
        sac__buf_fini(&got.text);
    }
    free(body);
    check_limit(filled("", 1001, "x", "\r\n--b\r\n" HEAD "1\r\n--b--"), 1000);
    check_limit(filled("", 2000000, "\r\n--", ""), 1000);
}

static void count(sac__multipart *mp, sac_str in, size_t *parts, size_t *bytes)
{
    sac__multipart_event event;
    int rc;

    while ((rc = sac__multipart_next(mp, &in, &event)) == 1) {
        *parts += event.kind == SAC__MULTIPART_BEGIN;
        *bytes += event.kind == SAC__MULTIPART_DATA ? event.data.n : 0;
    }
    CHECK_INT(rc, 0);
}

/* Seconds of CPU for a part of n times `with`. */
static double cost(const char *boundary, const char *with, size_t n, size_t piece)
{
    char before[200];
    char *body;
    size_t parts = 0, bytes = 0;
    sac__multipart mp;
    clock_t start;
    sac_str text;

    snprintf(before, sizeof before, "--%s\r\n" HEAD ".", boundary);
    body = filled(before, n, with, "");
    text = S(body);
    CHECK_INT(sac__multipart_init(&mp, NULL, S(boundary), 1000), SAC_OK);
    start = clock();
    for (size_t at = 0; at < text.n; at += piece)
        count(&mp, sac_str_n(text.p + at, piece < text.n - at ? piece : text.n - at), &parts,
              &bytes);
    start = clock() - start;
    CHECK_INT(parts, 1);
    CHECK(bytes <= 1 + n * strlen(with) && bytes + 100 + strlen(with) > n * strlen(with));
    sac__multipart_fini(&mp);
    free(body);
    return (double)start / CLOCKS_PER_SEC;
}

/* Data that looks like the delimiter everywhere costs no more than so much a byte. */
static void test_multipart__hostile_data_costs_linear_time(void **state)
{
    static const char *const data[] = {"\r",
                                       "\r\n",
                                       "\r\n--",
                                       "-",
                                       "\r\n------------------------",
                                       "\r\n---------------------------x\r\n"};
    const size_t pieces[] = {1, 61, 1 << 20};

    (void)state;
    for (size_t i = 0; i < sizeof data / sizeof *data; i++)
        for (size_t j = 0; j < 3; j++) {
            const size_t n = ((size_t)1 << 18) / strlen(data[i]);
            const double small = cost("---------------------------", data[i], n, pieces[j]);
            const double large = cost("---------------------------", data[i], 8 * n, pieces[j]);

            /* Quadratic would be 64 times as much. */
            if (large > 24 * small + 0.1)
                fail_msg("%zu, pieces of %zu: %f and %f s", i, pieces[j], small, large);
        }
}

static void test_multipart__million_parts_take_no_memory(void **state)
{
    char *body = filled("", 200000, "--b\r\n" HEAD "\r\n", "--b--");
    size_t parts = 0, bytes = 0;
    fault_alloc fault;
    sac__multipart mp;

    (void)state;
    CHECK_INT(sac__multipart_init(&mp, fault_alloc_init(&fault, -1), S("b"), 1000), SAC_OK);
    count(&mp, S(body), &parts, &bytes);
    CHECK_INT(sac__multipart_end(&mp), SAC_OK);
    CHECK_INT(parts, 200000);
    CHECK_INT(bytes, 0);
    CHECK_INT(fault.live, 1);
    CHECK(fault.calls < 5);
    sac__multipart_fini(&mp);
    sac__multipart_fini(NULL);
    CHECK_INT(fault.live, 0);
    free(body);
}

static void test_multipart__survives_oom(void **state)
{
    const char *const body = "--b\r\nContent-Type: text/plain; charset=utf-8; something=long; "
                             "another=one\r\nX-Long-Name: and a value that needs more\r\n" HEAD
                             "1\r\n--b--";
    int rc = SAC_ENOMEM;

    (void)state;
    for (long n = 0; rc != SAC_OK; n++) {
        sac__multipart_event event;
        fault_alloc fault;
        sac__multipart mp;
        sac_str in = S(body);

        CHECK_INT(sac__multipart_init(&mp, fault_alloc_init(&fault, n), S("b"), 1000), SAC_OK);
        do
            rc = sac__multipart_next(&mp, &in, &event);
        while (rc == 1);
        if (rc == 0)
            rc = sac__multipart_end(&mp);
        CHECK(rc == SAC_OK ? n == 2 : rc == SAC_ENOMEM && mp.error);
        sac__multipart_fini(&mp);
        CHECK_INT(fault.live, 0);
    }
}

/* The suite. */

static int digit64(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) : -1;
}

static void add_base64(sac__buf *out, const char *line)
{
    unsigned bits = 0, n = 0;

    for (; digit64(*line) >= 0; line++) {
        bits = bits << 6 | (unsigned)digit64(*line);
        n += 6;
        if (n >= 8) {
            n -= 8;
            sac__buf_add_char(out, (char)(bits >> n & 0xff));
        }
    }
}

/* The value behind a key, without quotes; p NULL if the line is another one. */
static sac_str yaml_value(const char *line, const char *key)
{
    sac_str value;

    line += strspn(line, " -");
    if (strncmp(line, key, strlen(key)) != 0 || line[strlen(key)] != ':')
        return sac_str_of(NULL);
    line += strlen(key) + 1;
    line += strspn(line, " ");
    value = sac_str_n(line, strcspn(line, "\r\n"));
    if (value.n >= 2 && (*value.p == '"' || *value.p == '\'') && value.p[value.n - 1] == *value.p)
        value = sac_str_n(value.p + 1, value.n - 2);
    return value;
}

typedef struct wanted {
    char boundary[80];
    long error; /* -1: none */
    sac__buf text;
    sac_str name, filename, type;
    bool in_data;
} wanted;

static void read_yaml_line(wanted *want, const char *line)
{
    if (yaml_value(line, "boundary").p) {
        snprintf(want->boundary, sizeof want->boundary, "%.*s", (int)yaml_value(line, "boundary").n,
                 yaml_value(line, "boundary").p);
    } else if (yaml_value(line, "error").p) {
        want->error = atol(yaml_value(line, "error").p);
    } else if (yaml_value(line, "name").p) {
        if (want->in_data)
            sac__buf_add_char(&want->text, ']');
        want->in_data = false;
        want->name = yaml_value(line, "name");
        want->filename = want->type = sac_str_of(NULL);
    } else if (yaml_value(line, "file_name").p) {
        want->filename = yaml_value(line, "file_name");
    } else if (yaml_value(line, "content_type").p) {
        want->type = yaml_value(line, "content_type");
    } else if (yaml_value(line, "data").p) {
        want->in_data = true;
        /* Of fields the suite tells no type, or the default one. */
        add_part(&want->text, want->name, want->filename,
                 want->filename.p ? want->type : sac_str_of(NULL));
    } else if (want->in_data) {
        add_base64(&want->text, line + strspn(line, " "));
    }
}

static void read_yaml(wanted *want, const char *yaml)
{
    *want = (wanted){.error = -1};
    sac__buf_init(&want->text, NULL, SIZE_MAX);
    while (*yaml) {
        read_yaml_line(want, yaml);
        yaml += strcspn(yaml, "\n");
        yaml += *yaml == '\n';
    }
    if (want->in_data)
        sac__buf_add_char(&want->text, ']');
}

/* What parts look like without the types of fields. */
static void drop_field_types(sac__buf *text)
{
    static const char type[] = "|text/plain; charset=\"UTF-8\":";
    char *at;

    sac__buf_add_char(text, '\0');
    while (text->p && (at = strstr(text->p, type)) && text->error == 0) {
        memmove(at, at + sizeof type - 2, strlen(at) - (sizeof type - 2) + 1);
        text->n -= sizeof type - 2;
    }
    text->n--;
}

static void check_case(const char *folder, const char *name)
{
    /* A first line that is not the delimiter is preamble here, and an error there. */
    static const char *const elsewhere[] = {"bad_initial_boundary", "empty_message_with_bad_end"};
    char path[4096];
    bool same_place = true;
    sac_str body, yaml;
    outcome got;
    wanted want;

    snprintf(path, sizeof path, "%s/%s.http", folder, name);
    body = read_file(path);
    snprintf(path, sizeof path, "%s/%s.yaml", folder, name);
    yaml = read_file(path);
    CHECK(body.p && yaml.p);
    read_yaml(&want, yaml.p);
    got = run_split(body, want.boundary);
    for (size_t i = 0; i < 2; i++)
        same_place = same_place && strcmp(name, elsewhere[i]) != 0;
    if (want.error >= 0) {
        if (got.rc != SAC_ESYNTAX || (same_place && got.error_at != (uint64_t)want.error))
            fail_msg("%s: %d at %llu", name, got.rc, (unsigned long long)got.error_at);
    } else {
        drop_field_types(&got.text);
        if (got.rc != SAC_OK || !sac_str_eq(sac__buf_str(&got.text), sac__buf_str(&want.text)))
            fail_msg("%s: %d, %s: %.*s", name, got.rc, got.error ? got.error : "", (int)got.text.n,
                     got.text.p);
    }
    sac__buf_fini(&got.text);
    sac__buf_fini(&want.text);
    free((char *)body.p);
    free((char *)yaml.p);
}

static void test_multipart__suite(void **state)
{
    const char *const folder = suite_path("multipart");
    struct dirent *entry;
    int n = 0;
    DIR *dir;

    (void)state;
    if (!folder)
        skip();
    dir = opendir(folder);
    CHECK(dir != NULL);
    while ((entry = readdir(dir))) {
        char *dot = strrchr(entry->d_name, '.');

        if (!dot || strcmp(dot, ".http") != 0)
            continue;
        *dot = '\0';
        check_case(folder, entry->d_name);
        n++;
    }
    closedir(dir);
    CHECK(n >= 19);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_multipart__parts_in_order),
        cmocka_unit_test(test_multipart__preamble_and_epilogue_are_passed_over),
        cmocka_unit_test(test_multipart__part_without_any_body),
        cmocka_unit_test(test_multipart__almost_a_delimiter_is_data),
        cmocka_unit_test(test_multipart__blanks_behind_a_delimiter),
        cmocka_unit_test(test_multipart__boundary_is_checked),
        cmocka_unit_test(test_multipart__longest_boundary),
        cmocka_unit_test(test_multipart__truncated_is_refused),
        cmocka_unit_test(test_multipart__malformed_is_refused_where_it_is),
        cmocka_unit_test(test_multipart__long_heads_are_refused_early),
        cmocka_unit_test(test_multipart__long_preamble_is_refused_early),
        cmocka_unit_test(test_multipart__hostile_data_costs_linear_time),
        cmocka_unit_test(test_multipart__million_parts_take_no_memory),
        cmocka_unit_test(test_multipart__survives_oom),
        cmocka_unit_test(test_multipart__suite)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
