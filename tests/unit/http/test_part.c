/* SPDX-License-Identifier: MIT */
#include "multipart_run.h"

/* Heads, each as the lines of one part. */
static void check_head(const char *lines, const char *want)
{
    char body[1000], text[1000];

    snprintf(body, sizeof body, "--b\r\n%s\r\n\r\n1\r\n--b--", lines);
    snprintf(text, sizeof text, "[%s:1]", want);
    check_read(body, text);
}

#define DISPOSITION "Content-Disposition: form-data; "

static void test_part__heads_as_clients_write_them(void **state)
{
    (void)state;
    check_head(DISPOSITION "name=\"a b;c=d\"", "a b;c=d");
    check_head("CONTENT-DISPOSITION:Form-Data;NAME=a", "a");
    check_head(DISPOSITION "name=\"\"", "");
    check_head(DISPOSITION "name=a; filename=\"\"\r\nContent-Type: application/octet-stream",
               "a||application/octet-stream");
    check_head(DISPOSITION "filename=x; ; name = a ;", "a|x");
    check_head(DISPOSITION "name=a; filename=\"f\xc3\xbc\xe2\x82\xac.txt\"",
               "a|f\xc3\xbc\xe2\x82\xac.txt");
    check_head(DISPOSITION "name=a; size=3; x*=y; filename=\"f\"", "a|f");
    check_head(DISPOSITION "\r\n name=a;\r\n\tfilename=\"f\"\r\nX: \xc3\xbc", "a|f");
    check_head("Content-Transfer-Encoding: binary\r\n" DISPOSITION "name=a\r\nContent-Type:", "a|");
}

static void test_part__quotes_as_browsers_write_them(void **state)
{
    (void)state;
    check_head(DISPOSITION "name=\"a%22b%0D%0Ac%0d%0a%%41%2\"", "a\"b\r\nc\r\n%%41%2");
    check_head(DISPOSITION "name=a%22", "a%22");
    check_head(DISPOSITION "name=\"a\\\"b\\\\c\\d\"", "a\"b\\c\\d");
    /* A backslash that is the last byte, and no escape. */
    check_head(DISPOSITION "name=\"a\\\"", "a\\");
    check_head(DISPOSITION "name=\"a\\\"; filename=\"b\\\"", "a\\|");
    check_head(DISPOSITION "name=\"a\\\\\"; filename=\"b\"", "a\\|b");
}

static void test_part__filename_has_no_path(void **state)
{
    (void)state;
    check_head(DISPOSITION "name=a; filename=\"../../etc/passwd\"", "a|passwd");
    check_head(DISPOSITION "name=a; filename=\"C:\\dir\\file.txt\"", "a|file.txt");
    check_head(DISPOSITION "name=a; filename=\"\\\\host\\x.txt\"", "a|x.txt");
    check_head(DISPOSITION "name=a; filename=\"a/b\\c/d\"", "a|d");
    check_head(DISPOSITION "name=a; filename=\"dir/\"", "a|");
    check_head(DISPOSITION "name=a; filename=\"..\"", "a|");
    check_head(DISPOSITION "name=a; filename=\"x/.\"", "a|");
    check_head(DISPOSITION "name=a; filename=\"...\"", "a|...");
    check_head(DISPOSITION "name=\"../a\"", "../a");
}

static void check_coded(const char *transfer, const char *data, const char *want)
{
    char body[1000], text[1000];

    snprintf(body, sizeof body,
             "--b\r\nContent-Transfer-Encoding: %s\r\n" HEAD "%s\r\n--b\r\n" HEAD
             "=41QUI=\r\n--b--",
             transfer, data);
    snprintf(text, sizeof text, "[a:%s][a:=41QUI=]", want);
    check_read(body, text);
}

static void test_part__transfer_encodings_are_undone(void **state)
{
    (void)state;
    check_coded("base64", "VGVzdCAxMjM=", "Test 123");
    check_coded("Base64", " VG\r\n\r\nVz\tdCAx\r", "Test 1");
    check_coded("base64", "", "");
    check_coded("base64", "QQ==", "A");
    check_coded("base64", "QUI=\r\n", "AB");
    check_coded("base64", "+/+/", "\xfb\xff\xbf");
    check_coded("quoted-printable", "foo=3Dbar=c3=BC=\r\n=\n=", "foo=bar\xc3\xbc");
    check_coded("quoted-printable", "a\r\n--b=\r\n--\r", "a\r\n--b--\r");
    check_coded("quoted-printable", "x=\r", "x");
    check_coded("8bit", "=41QUI=", "=41QUI=");
    check_coded("7BIT", "=41QUI=", "=41QUI=");
    check_coded("binary", "=41QUI=", "=41QUI=");
    check_coded("", "=41QUI=", "=41QUI=");
}

static void test_part__bad_transfer_encodings_are_refused(void **state)
{
    static const struct {
        const char *transfer, *data;
        size_t at;
    } bad[] = {{"base64", "QUI", 3},
               {"base64", "Q", 1},
               {"base64", "Q===", 1},
               {"base64", "QQ=", 3},
               {"base64", "QUI==", 4},
               {"base64", "=", 0},
               {"base64", "QQ==Q", 4},
               {"base64", "QUJD\r\n-", 6},
               {"base64", "QUJD\r\n--x", 6},
               {"quoted-printable", "abc=4", 5},
               {"quoted-printable", "abc=xx", 4},
               {"quoted-printable", "abc=4x", 5},
               {"quoted-printable", "abc=\rx", 5},
               {"quoted-printable", "abc=\r\r\n", 5}};
    char body[1000], before[200];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(before, sizeof before, "--b\r\nContent-Transfer-Encoding: %s\r\n" HEAD,
                 bad[i].transfer);
        snprintf(body, sizeof body, "%s%s\r\n--b--", before, bad[i].data);
        check_refused(body, strlen(before) + bad[i].at,
                      "bytes that are not in the part's Content-Transfer-Encoding");
    }
    check_refused("--b\r\nContent-Transfer-Encoding: x-uuencode\r\n" HEAD "1\r\n--b--", 5,
                  "an unknown Content-Transfer-Encoding");
}

/* What is decoded comes in pieces of a buffer of the parser. */
static void test_part__long_encoded_part(void **state)
{
    char *body = filled("--b\r\nContent-Transfer-Encoding: base64\r\n" HEAD, 3000, "QUJD\r\n",
                        "--b--");
    char *want = filled("[a:", 3000, "ABC", "]");

    (void)state;
    for (size_t piece = 0; piece < 3000; piece = piece * 7 + 1) {
        outcome got = run(S(body), "b", 0, piece);

        CHECK_STR(sac__buf_str(&got.text), want);
        sac__buf_fini(&got.text);
    }
    free(body);
    free(want);
}

static void test_part__extended_filename_is_second(void **state)
{
    (void)state;
    check_head(DISPOSITION "name=a; filename*=UTF-8''%e2%82%ac%20r", "a|\xe2\x82\xac r");
    check_head(DISPOSITION "name=a; filename*=utf-8'en'x%2F..%2Fy", "a|y");
    check_head(DISPOSITION "name=a; filename*=utf-8''y; filename=x", "a|x");
    check_head(DISPOSITION "name=a; filename*=latin1''y; filename=x", "a|x");
}

static void test_part__bad_heads_are_refused(void **state)
{
    static const struct {
        const char *lines, *error;
    } bad[] = {
        {"X: y", "a part without Content-Disposition"},
        {DISPOSITION "filename=x", "a part without a name"},
        {DISPOSITION "name*=utf-8''x", "a part without a name"},
        {"Content-Disposition: form-data", "a part without a name"},
        {"Content-Disposition:", "a part whose Content-Disposition is not form-data"},
        {"Content-Disposition: attachment; name=a",
         "a part whose Content-Disposition is not form-data"},
        {"Content-Disposition: form-data name=a",
         "a part whose Content-Disposition is not form-data"},
        {DISPOSITION "name=a; NAME=b", "a part with two names"},
        {DISPOSITION "name=a; filename=b; filename=c", "a part with two names"},
        {DISPOSITION "name=a\r\n" DISPOSITION "name=b", "a header field of a part is there twice"},
        {DISPOSITION "name=a\r\nContent-Type: a/b\r\ncontent-type: c/d",
         "a header field of a part is there twice"},
        {DISPOSITION "name", "a malformed Content-Disposition"},
        {DISPOSITION "name=", "a malformed Content-Disposition"},
        {DISPOSITION "=a", "a malformed Content-Disposition"},
        {DISPOSITION "na me=a", "a malformed Content-Disposition"},
        {DISPOSITION "name=\"a", "a malformed Content-Disposition"},
        {DISPOSITION "name=\"a\"b", "a malformed Content-Disposition"},
        {DISPOSITION "name=\"a\"b\"", "a malformed Content-Disposition"},
        {DISPOSITION "name=a\"b", "a malformed Content-Disposition"},
        {DISPOSITION "name=\"\xff\"", "the head of a part is no UTF-8"},
        {DISPOSITION "name=\"a\"; filename=\"\xfc.txt\"", "the head of a part is no UTF-8"},
        {DISPOSITION "name=a; filename*=x", "a filename* that is not in UTF-8"},
        {DISPOSITION "name=a; filename*=utf-8'x", "a filename* that is not in UTF-8"},
        {DISPOSITION "name=a; filename*=iso-8859-1''x", "a filename* that is not in UTF-8"},
        {DISPOSITION "name=a; filename*=utf-8''%ff", "a filename* that is not in UTF-8"},
        {DISPOSITION "name=a; filename*=utf-8''%00", "a filename* that is not in UTF-8"},
        {DISPOSITION "name=a; filename*=utf-8''%4", "a filename* that is not in UTF-8"},
    };
    char body[1000];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(body, sizeof body, "--b\r\n%s\r\n\r\n1\r\n--b--", bad[i].lines);
        check_refused(body, 5, bad[i].error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_part__heads_as_clients_write_them),
        cmocka_unit_test(test_part__quotes_as_browsers_write_them),
        cmocka_unit_test(test_part__filename_has_no_path),
        cmocka_unit_test(test_part__transfer_encodings_are_undone),
        cmocka_unit_test(test_part__bad_transfer_encodings_are_refused),
        cmocka_unit_test(test_part__long_encoded_part),
        cmocka_unit_test(test_part__extended_filename_is_second),
        cmocka_unit_test(test_part__bad_heads_are_refused)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
