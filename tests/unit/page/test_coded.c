/* SPDX-License-Identifier: MIT */
#include "fixture.h"

static const char *folders[2];

static int setup(void **state)
{
    const sac_app_config config = SAC_APP_CONFIG(.workers = SAC_NO_WORKERS);
    const sac_front front = SAC_FRONT(.folders = folders);
    sac_err err = {.code = 0};

    (void)state;
    make_tree();
    write_file("public/app.js.br", "br of app.js", MTIME);
    write_file("public/app.js.gz", "gzip of app.js", MTIME + 1);
    write_file("public/old.js", "new text", MTIME);
    write_file("public/old.js.gz", "of an older text", MTIME - 1);
    write_file("public/one.css", "a{}", MTIME);
    write_file("public/one.css.gz", "gzip of one.css", MTIME);
    write_file("public/none.js", "text", MTIME);
    write_file("public/none.js.br", "", MTIME);
    write_file("public/pic.png", "png", MTIME);
    write_file("public/pic.png.gz", "gzip of png", MTIME);
    write_file("public/odd.txt", "odd", MTIME);
    write_file("public/index.html.br", "br of index", MTIME);
    CHECK_INT(mkdir(in_top("public/odd.txt.gz"), 0700) +
                  symlink("../secret", in_top("public/odd.txt.br")),
              0);
    folders[0] = strdup(in_top("public"));
    return sac_app_new(&config, &app, &err) || sac_app_front(app, "/", &front, &err) ||
           sac_app_seal(app, &err);
}

static int teardown(void **state)
{
    (void)state;
    sac_app_free(app);
    free((void *)folders[0]);
    return remove_tree();
}

static void test_coded__is_sent_to_who_takes_it(void **state)
{
    static const struct {
        const char *accept, *coding, *body;
    } cases[] = {{"gzip, deflate, br", "br", "br of app.js"},
                 {"gzip", "gzip", "gzip of app.js"},
                 {"x-gzip", "gzip", "gzip of app.js"},
                 {"GZIP", "gzip", "gzip of app.js"},
                 {"br;q=0.5, gzip;q=0.8", "gzip", "gzip of app.js"},
                 {"br;q=0.5, gzip;q=0.5", "br", "br of app.js"},
                 {"br;q=0, gzip", "gzip", "gzip of app.js"},
                 {"*", "br", "br of app.js"},
                 {"*;q=0.1, br;q=0", "gzip", "gzip of app.js"},
                 {"identity;q=0.5, gzip", "gzip", "gzip of app.js"},
                 {"gzip;q=0.001", "gzip", "gzip of app.js"},
                 {"gzip;q=0", "", "0123456789"},
                 {"gzip;q=0.0, br;q=0.000", "", "0123456789"},
                 {"identity, gzip;q=0.5", "", "0123456789"},
                 {"identity", "", "0123456789"},
                 {"*;q=0", "", "0123456789"},
                 {"deflate, zstd", "", "0123456789"},
                 {"", "", "0123456789"},
                 {"gzip;q=x", "", "0123456789"},
                 {"gzipped, brr", "", "0123456789"}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_INT(get_with("/app.js", "Accept-Encoding", cases[i].accept), 200);
        check_body(cases[i].body);
        assert_string_equal(header("content-encoding"), cases[i].coding);
        assert_string_equal(header("content-type"), "text/javascript; charset=utf-8");
        assert_string_equal(header("vary"), "Accept-Encoding");
    }
    CHECK_INT(get("/app.js"), 200);
    check_body("0123456789");
    assert_string_equal(header("vary"), "Accept-Encoding");
}

static void test_coded__reads_every_field_of_that_name(void **state)
{
    const sac_header two[] = {{{"Accept-Encoding", 15}, {"deflate", 7}},
                              {{"accept-encoding", 15}, {"br", 2}}};

    (void)state;
    CHECK_INT(send(app, "GET", "/app.js", two, 2), 200);
    check_body("br of app.js");
}

static void test_coded__is_left_alone_where_it_is_not_good(void **state)
{
    static const char *const targets[] = {"/old.js", "/none.js", "/pic.png", "/odd.txt"};
    static const char *const bodies[] = {"new text", "text", "png", "odd"};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        CHECK_INT(get_with(targets[i], "Accept-Encoding", "gzip, br"), 200);
        check_body(bodies[i]);
        assert_string_equal(header("content-encoding"), "");
    }
    CHECK_INT(get_with("/pic.png", "Accept-Encoding", "gzip"), 200);
    assert_string_equal(header("vary"), "");
    CHECK_INT(get_with("/one.css", "Accept-Encoding", "br, gzip"), 200);
    check_body("gzip of one.css");
    CHECK_INT(get_with("/", "Accept-Encoding", "br, gzip"), 200);
    check_body("br of index");
    assert_string_equal(header("content-type"), "text/html; charset=utf-8");
}

static void get_tag(const char *accept, char tag[64])
{
    CHECK_INT(get_with("/app.js", "Accept-Encoding", accept), 200);
    snprintf(tag, 64, "%s", header("etag"));
}

static int ask(const char *accept, const char *name, const char *value)
{
    const sac_header fields[] = {{{"Accept-Encoding", 15}, sac_str_of(accept)},
                                 {sac_str_of(name), sac_str_of(value)}};

    return send(app, "GET", "/app.js", fields, 2);
}

static void test_coded__variants_have_tags_of_their_own(void **state)
{
    char plain[64], br[64], gzip[64];

    (void)state;
    get_tag("identity", plain);
    get_tag("br", br);
    get_tag("gzip", gzip);
    CHECK(strcmp(plain, br) != 0 && strcmp(plain, gzip) != 0 && strcmp(br, gzip) != 0);
    CHECK_INT(ask("br", "If-None-Match", br), 304);
    assert_string_equal(header("etag"), br);
    assert_string_equal(header("vary"), "Accept-Encoding");
    assert_string_equal(header("content-encoding"), "");
    CHECK_INT(ask("br", "If-None-Match", plain), 200);
    CHECK_INT(ask("gzip", "If-None-Match", br), 200);
    CHECK_INT(ask("identity", "If-None-Match", gzip), 200);
    CHECK_INT(ask("br", "If-Match", plain), 200); /* by the stamp: the same file */
    CHECK_INT(ask("identity", "If-Match", gzip), 200);
    CHECK_INT(ask("gzip", "If-Match", "\"x\""), 412);
    assert_string_equal(header("content-encoding"), "");
}

static void test_coded__variants_are_dated_by_themselves(void **state)
{
    (void)state;
    CHECK_INT(get_with("/app.js", "Accept-Encoding", "gzip"), 200);
    assert_string_equal(header("last-modified"), "Tue, 14 Nov 2023 22:13:21 GMT");
    CHECK_INT(ask("gzip", "If-Modified-Since", "Tue, 14 Nov 2023 22:13:20 GMT"), 200);
    CHECK_INT(ask("gzip", "If-Modified-Since", "Tue, 14 Nov 2023 22:13:21 GMT"), 304);
}

static void test_coded__ranges_are_of_the_coded_bytes(void **state)
{
    const sac_header head[] = {{{"Accept-Encoding", 15}, {"br", 2}}};
    char plain[64], br[64];
    sac_header fields[] = {{{"Accept-Encoding", 15}, {"br", 2}},
                           {{"Range", 5}, {"bytes=0-1", 9}},
                           {{"If-Range", 8}, {NULL, 0}}};

    (void)state;
    get_tag("identity", plain);
    get_tag("br", br);
    CHECK_INT(ask("br", "Range", "bytes=3-"), 206);
    check_body("of app.js");
    assert_string_equal(header("content-range"), "bytes 3-11/12");
    assert_string_equal(header("content-encoding"), "br");
    assert_string_equal(header("etag"), br);
    CHECK_INT(ask("br", "Range", "bytes=12-"), 416);
    assert_string_equal(header("content-range"), "bytes */12");
    assert_string_equal(header("content-encoding"), "");
    fields[2].value = sac_str_of(br);
    CHECK_INT(send(app, "GET", "/app.js", fields, 3), 206);
    fields[2].value = sac_str_of(plain);
    CHECK_INT(send(app, "GET", "/app.js", fields, 3), 200);
    CHECK_INT(send(app, "HEAD", "/app.js", head, 1), 200);
    CHECK_INT(reply.length, 12);
    assert_string_equal(header("content-encoding"), "br");
}

static void test_coded__leaks_no_descriptor(void **state)
{
    const int before = dup(0);
    int after;

    close(before);
    test_coded__is_sent_to_who_takes_it(state);
    test_coded__is_left_alone_where_it_is_not_good(state);
    test_coded__variants_have_tags_of_their_own(state);
    test_coded__ranges_are_of_the_coded_bytes(state);
    after = dup(0);
    close(after);
    CHECK_INT(before, after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_coded__is_sent_to_who_takes_it),
        cmocka_unit_test(test_coded__reads_every_field_of_that_name),
        cmocka_unit_test(test_coded__is_left_alone_where_it_is_not_good),
        cmocka_unit_test(test_coded__variants_have_tags_of_their_own),
        cmocka_unit_test(test_coded__variants_are_dated_by_themselves),
        cmocka_unit_test(test_coded__ranges_are_of_the_coded_bytes),
        cmocka_unit_test(test_coded__leaks_no_descriptor),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
