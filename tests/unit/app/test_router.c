/* SPDX-License-Identifier: MIT */
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/router/converter.h"
#include "app/router/router.h"

typedef struct fixture {
    sac__router *router;
    sac__arena_cache *cache;
    sac__arena *arena;
    sac__match match;
    sac_err err;
} fixture;

static int setup(void **state)
{
    fixture *f = calloc(1, sizeof *f);

    CHECK_INT(sac__router_new(NULL, &f->router), SAC_OK);
    CHECK_INT(sac__arena_cache_new(NULL, 4096, 4, &f->cache), SAC_OK);
    f->arena = sac__arena_open(f->cache, 1 << 20);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;

    sac__arena_close(f->arena);
    sac__arena_cache_free(f->cache);
    sac__router_free(f->router);
    free(f);
    return 0;
}

static int add(fixture *f, const char *pattern, const char *name, unsigned methods)
{
    sac__route *route = NULL;
    int rc = sac__router_add(f->router, pattern, name, NULL, &route, &f->err);

    if (rc == SAC_OK)
        route->methods = methods;
    return rc;
}

/* The name of the view that answers, or NULL. */
static const char *find(fixture *f, unsigned method, const char *path)
{
    CHECK_INT(sac__router_match(f->router, sac_str_of(path), method, f->arena, &f->match), SAC_OK);
    return f->match.route ? f->match.route->name : NULL;
}

#define CHECK_FINDS(f, path, name)                   \
    do {                                             \
        const char *found_ = find(f, SAC_GET, path); \
        CHECK(found_);                               \
        assert_string_equal(found_, name);           \
    } while (0)

static void test_router__finds_literals_and_root(void **state)
{
    fixture *f = *state;

    add(f, "/", "root", SAC_GET);
    add(f, "/api/todos", "todos", SAC_GET);
    add(f, "/api/notes", "notes", SAC_GET);
    CHECK_FINDS(f, "/", "root");
    CHECK_FINDS(f, "/api/todos", "todos");
    CHECK_FINDS(f, "/api/notes", "notes");
    CHECK(!find(f, SAC_GET, "/api"));
    CHECK(!find(f, SAC_GET, "/api/todos/x"));
    CHECK(!find(f, SAC_GET, "/API/todos"));
    CHECK(!find(f, SAC_GET, ""));
    CHECK(!find(f, SAC_GET, "api/todos"));
}

static void test_router__takes_one_slash_at_the_end(void **state)
{
    fixture *f = *state;

    add(f, "/a/b/", "b", SAC_GET);
    CHECK_FINDS(f, "/a/b", "b");
    CHECK_FINDS(f, "/a/b/", "b");
    CHECK(!find(f, SAC_GET, "/a/b//"));
    CHECK(!find(f, SAC_GET, "//a/b"));
    CHECK(!find(f, SAC_GET, "/a//b"));
}

static void test_router__captures_decoded_values(void **state)
{
    fixture *f = *state;

    add(f, "/shops/{shop}/books/{isbn}", "book", SAC_GET);
    CHECK_FINDS(f, "/shops/a%20b%2Fc/books/%C3%BC", "book");
    CHECK_STR(f->match.values[0], "a b/c");
    CHECK_STR(f->match.values[1], "\xc3\xbc");
    CHECK_STR(f->match.route->params[1], "isbn");
}

static void test_router__refuses_undecodable_paths(void **state)
{
    fixture *f = *state;

    add(f, "/x/{name}", "x", SAC_GET);
    CHECK(!find(f, SAC_GET, "/x/%"));
    CHECK(!find(f, SAC_GET, "/x/%zz"));
    CHECK(!find(f, SAC_GET, "/x/%00"));
    CHECK(!find(f, SAC_GET, "/x/%ff"));
    CHECK(!find(f, SAC_GET, "/x/"));
}

static void test_router__tries_typed_before_string_before_path(void **state)
{
    fixture *f = *state;

    add(f, "/v/{rest:path}", "path", SAC_GET);
    add(f, "/v/{s}", "string", SAC_GET);
    add(f, "/v/{i:int}", "int", SAC_GET);
    add(f, "/v/{o:objectid}", "objectid", SAC_GET);
    add(f, "/v/{u:uuid}", "uuid", SAC_GET);
    add(f, "/v/new", "literal", SAC_GET);
    CHECK_FINDS(f, "/v/new", "literal");
    CHECK_FINDS(f, "/v/12", "int");
    CHECK_FINDS(f, "/v/-9223372036854775808", "int");
    CHECK_FINDS(f, "/v/9223372036854775808", "string");
    CHECK_FINDS(f, "/v/012", "string");
    CHECK_FINDS(f, "/v/-0", "string");
    CHECK_FINDS(f, "/v/0", "int");
    CHECK_FINDS(f, "/v/5f1f2e3d4c5b6a7988776655", "objectid");
    CHECK_FINDS(f, "/v/5F1f2e3d4c5b6a7988776655", "string");
    CHECK_FINDS(f, "/v/123e4567-e89b-12d3-a456-426614174000", "uuid");
    CHECK_FINDS(f, "/v/abc", "string");
    CHECK_FINDS(f, "/v/a/b/c", "path");
    CHECK_STR(f->match.values[0], "a/b/c");
}

static void test_router__backtracks_out_of_a_literal(void **state)
{
    fixture *f = *state;

    add(f, "/a/b/c", "literal", SAC_GET);
    add(f, "/a/{x}/d", "param", SAC_GET);
    CHECK_FINDS(f, "/a/b/d", "param");
    CHECK_STR(f->match.values[0], "b");
}

static void test_router__tells_405_from_404_in_one_pass(void **state)
{
    fixture *f = *state;

    add(f, "/a/{x}", "one", SAC_GET | SAC_PUT);
    add(f, "/a/{x:int}", "two", SAC_POST);
    assert_string_equal(find(f, SAC_PUT, "/a/7"), "one");
    assert_string_equal(find(f, SAC_POST, "/a/7"), "two");
    assert_string_equal(find(f, SAC_HEAD, "/a/x"), "one");
    CHECK(!find(f, SAC_DELETE, "/a/7"));
    CHECK_INT(f->match.allowed, SAC_GET | SAC_HEAD | SAC_PUT | SAC_POST | SAC_OPTIONS);
    CHECK(!find(f, SAC_DELETE, "/b"));
    CHECK_INT(f->match.allowed, 0);
}

static void test_router__fence_keeps_catch_alls_out(void **state)
{
    fixture *f = *state;

    add(f, "/{path:path}", "pages", SAC_GET);
    add(f, "/api/todos", "todos", SAC_GET);
    CHECK_FINDS(f, "/api/other", "pages");
    CHECK_INT(sac__router_fence(f->router, "/api", &f->err), SAC_OK);
    CHECK(!find(f, SAC_GET, "/api/other"));
    CHECK(!find(f, SAC_GET, "/api"));
    CHECK(!find(f, SAC_GET, "/api/todos/x/y"));
    CHECK_FINDS(f, "/api/todos", "todos");
    CHECK_FINDS(f, "/apix", "pages");
}

static void test_router__refuses_bad_patterns_with_the_reason(void **state)
{
    static const struct {
        const char *pattern, *why;
    } cases[] = {
        {"", "slash"},          {"x", "slash"},         {"/a//b", "empty"},
        {"/{", "byte 1"},       {"/a{b}", "byte 2"},    {"/{}", "bad parameter"},
        {"/{1x}", "bad param"}, {"/{a:}", "bad param"}, {"/{a:nope}", "unknown kind"},
        {"/{a}/{a}", "twice"},  {"/a%20b", "byte 2"},   {"/{p:path}/x", "follow"},
        {"/a?b", "byte 2"},     {"/a b", "byte 2"},
    };
    fixture *f = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK_INT(add(f, cases[i].pattern, "bad", SAC_GET), SAC_EINVAL);
        CHECK(strstr(f->err.text, cases[i].why));
        CHECK(strstr(f->err.text, cases[i].pattern));
    }
    CHECK(!sac__router_first(f->router));
}

static void test_router__refuses_a_path_that_is_taken(void **state)
{
    fixture *f = *state;

    CHECK_INT(add(f, "/a/{x}", "first", SAC_GET), SAC_OK);
    CHECK_INT(add(f, "/a/{y}/", "second", SAC_GET), SAC_EEXIST);
    CHECK(strstr(f->err.text, "first"));
    CHECK_FINDS(f, "/a/1", "first");
}

static bool even(void *self, sac_str s)
{
    (void)self;
    return s.n > 0 && (s.p[s.n - 1] - '0') % 2 == 0;
}

static void test_router__asks_custom_converters(void **state)
{
    static const sac_converter kind = SAC_CONVERTER(.name = "even", .match = even);
    fixture *f = *state;

    CHECK_INT(sac__router_converter(f->router, &kind, &f->err), SAC_OK);
    CHECK_INT(sac__router_converter(f->router, &kind, &f->err), SAC_EEXIST);
    add(f, "/n/{n:even}", "even", SAC_GET);
    add(f, "/n/{n}", "odd", SAC_GET);
    CHECK_FINDS(f, "/n/14", "even");
    CHECK_FINDS(f, "/n/13", "odd");
}

static int url(fixture *f, char *out, size_t cap, const char *name, ...)
{
    va_list pairs;
    int rc;

    va_start(pairs, name);
    rc = sac__router_url(f->router, name, pairs, out, cap);
    va_end(pairs);
    return rc;
}

static void test_router__builds_urls_by_view_name(void **state)
{
    fixture *f = *state;
    char out[64];

    add(f, "/", "root", SAC_GET);
    add(f, "/api/todos", "todos", SAC_GET);
    add(f, "/api/todos/{id:int}", "todos", SAC_GET);
    CHECK_INT(url(f, out, sizeof out, "root", (char *)NULL), SAC_OK);
    assert_string_equal(out, "/");
    CHECK_INT(url(f, out, sizeof out, "todos", (char *)NULL), SAC_OK);
    assert_string_equal(out, "/api/todos");
    CHECK_INT(url(f, out, sizeof out, "todos", "q", "a b", "id", "7", (char *)NULL), SAC_OK);
    assert_string_equal(out, "/api/todos/7?q=a%20b");
    CHECK_INT(url(f, out, sizeof out, "todos", "id", "x", (char *)NULL), SAC_EINVAL);
    CHECK_INT(url(f, out, sizeof out, "nope", (char *)NULL), SAC_ENOTFOUND);
    CHECK_INT(url(f, out, 5, "todos", (char *)NULL), SAC_ETOOBIG);
}

static void test_router__finds_each_of_a_thousand(void **state)
{
    fixture *f = *state;
    char pattern[64], path[64];

    for (int i = 0; i < 1000; i++) {
        snprintf(pattern, sizeof pattern, "/api/v%d/c%d/{id:int}", i % 7, i);
        CHECK_INT(add(f, pattern, "v", SAC_GET), SAC_OK);
    }
    for (int i = 0; i < 1000; i++) {
        snprintf(path, sizeof path, "/api/v%d/c%d/%d", i % 7, i, i);
        snprintf(pattern, sizeof pattern, "/api/v%d/c%d/{id:int}", i % 7, i);
        CHECK(find(f, SAC_GET, path));
        CHECK_STR(f->match.route->pattern, pattern);
    }
}

static void test_router__bounds_the_depth_of_a_path(void **state)
{
    fixture *f = *state;
    char path[4096];

    add(f, "/{rest:path}", "all", SAC_GET);
    for (size_t i = 0; i + 1 < sizeof path; i += 2)
        memcpy(path + i, "/a", 2);
    CHECK_INT(
        sac__router_match(f->router, sac_str_n(path, sizeof path), SAC_GET, f->arena, &f->match),
        SAC_OK);
    CHECK(!f->match.route);
}

/* Then a path is not one that matches nothing. */
static void test_router__says_when_memory_ends(void **state)
{
    static const char *const paths[] = {"/a/%61", "/rest/a/%61", "/a/b/%61"};
    fixture *f = *state;
    sac__arena *full = sac__arena_open(f->cache, 4096);

    CHECK(full);
    while (sac__arena_bytes(full, 1))
        continue;
    CHECK_INT(add(f, "/a/{x}", "a", SAC_GET), SAC_OK);
    CHECK_INT(add(f, "/rest/{x:path}", "rest", SAC_GET), SAC_OK);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        CHECK_INT(sac__router_match(f->router, sac_str_of(paths[i]), SAC_GET, full, &f->match),
                  SAC_ENOMEM);
        CHECK(!f->match.route);
    }
    CHECK_INT(sac__router_match(f->router, sac_str_of("/a/b"), SAC_GET, full, &f->match), SAC_OK);
    CHECK(f->match.route);
    sac__arena_close(full);
}

static void test_router__survives_oom(void **state)
{
    fault_alloc fault;
    int rc = SAC_ENOMEM;

    (void)state;
    for (long n = 0; rc != SAC_OK; n++) {
        const sac_alloc *alloc = fault_alloc_init(&fault, n);
        sac__router *router = NULL;
        sac__route *route = NULL;

        CHECK(n < 100);
        rc = sac__router_new(alloc, &router);
        for (int i = 0; i < 9 && rc == SAC_OK; i++) {
            char pattern[32];

            snprintf(pattern, sizeof pattern, "/a/%d/{x:int}", i);
            rc = sac__router_add(router, pattern, "v", NULL, &route, NULL);
        }
        if (rc == SAC_OK)
            rc = sac__router_fence(router, "/b/c", NULL);
        sac__router_free(router);
        CHECK_INT(fault.live, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_router__finds_literals_and_root, setup, teardown),
        cmocka_unit_test_setup_teardown(test_router__takes_one_slash_at_the_end, setup, teardown),
        cmocka_unit_test_setup_teardown(test_router__captures_decoded_values, setup, teardown),
        cmocka_unit_test_setup_teardown(test_router__refuses_undecodable_paths, setup, teardown),
        cmocka_unit_test_setup_teardown(test_router__tries_typed_before_string_before_path, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_router__backtracks_out_of_a_literal, setup, teardown),
        cmocka_unit_test_setup_teardown(test_router__tells_405_from_404_in_one_pass, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_router__fence_keeps_catch_alls_out, setup, teardown),
        cmocka_unit_test_setup_teardown(test_router__refuses_bad_patterns_with_the_reason, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_router__refuses_a_path_that_is_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(test_router__asks_custom_converters, setup, teardown),
        cmocka_unit_test_setup_teardown(test_router__builds_urls_by_view_name, setup, teardown),
        cmocka_unit_test_setup_teardown(test_router__finds_each_of_a_thousand, setup, teardown),
        cmocka_unit_test_setup_teardown(test_router__bounds_the_depth_of_a_path, setup, teardown),
        cmocka_unit_test_setup_teardown(test_router__says_when_memory_ends, setup, teardown),
        cmocka_unit_test(test_router__survives_oom),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
