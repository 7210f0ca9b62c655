/* SPDX-License-Identifier: MIT */
#include "lists.h"

/* Ids i000, i001, …: in one bulk POST, so that setting up is one commit. */
static void fill(todos *t, int n)
{
    static char body[256 * 1024];
    size_t used = 0;

    for (int i = 0; i < n; i++)
        used += (size_t)snprintf(body + used, sizeof body - used,
                                 "%s{\"_id\":\"i%03d\",\"title\":\"t\"}", i ? "," : "[", i);
    snprintf(body + used, sizeof body - used, "]");
    if (n > 0)
        CHECK_INT(todos_ask(t, "POST", "/api/todos", body), 201);
}

static void open_filled(todos *t, const sac_resource *like, int n)
{
    sac_resource resource = *like;
    static sac_resource kept;

    resource.bulk = true;
    kept = resource;
    todos_open(t, &kept);
    fill(t, n);
}

static void test_list__is_a_plain_array(void **state)
{
    todos t;

    (void)state;
    open_filled(&t, &todo_resource, 0);
    CHECK_INT(todos_ask(&t, "GET", "/api/todos", NULL), 200);
    CHECK_STR(t.reply.body, "[]");
    fill(&t, 2);
    CHECK_INT(todos_ask(&t, "GET", "/api/todos", NULL), 200);
    CHECK_STR(t.reply.body, "[{\"_id\":\"i000\",\"title\":\"t\",\"completed\":false},"
                            "{\"_id\":\"i001\",\"title\":\"t\",\"completed\":false}]");
    assert_string_equal(todos_header(&t, "content-type"), "application/json");
    assert_string_equal(todos_header(&t, "cache-control"), "no-cache");
    assert_string_equal(todos_header(&t, "vary"), "Accept");
    CHECK(todos_header(&t, "link") == NULL && todos_header(&t, "x-total-count") == NULL);
    CHECK_INT(todos_ask(&t, "HEAD", "/api/todos", NULL), 200);
    CHECK_INT(t.reply.body.n, 0);
    todos_close(&t);
}

static void test_list__is_paged(void **state)
{
    todos t;

    (void)state;
    open_filled(&t, &todo_resource, 7);
    CHECK_INT(todos_ask(&t, "GET", "/api/todos?page=2&per_page=3", NULL), 200);
    assert_string_equal(lists_ids(&t), "i003 i004 i005");
    assert_string_equal(todos_header(&t, "x-page"), "2");
    assert_string_equal(todos_header(&t, "x-per-page"), "3");
    assert_string_equal(todos_header(&t, "x-total-count"), "7");
    assert_string_equal(todos_header(&t, "x-total-pages"), "3");
    assert_string_equal(todos_header(&t, "x-count-strategy"), "exact");
    assert_string_equal(lists_link(&t, "first"), "/api/todos?page=1&per_page=3");
    assert_string_equal(lists_link(&t, "prev"), "/api/todos?page=1&per_page=3");
    assert_string_equal(lists_link(&t, "last"), "/api/todos?page=3&per_page=3");
    CHECK_INT(todos_ask(&t, "GET", lists_link(&t, "next"), NULL), 200);
    assert_string_equal(lists_ids(&t), "i006");
    CHECK(lists_link(&t, "next") == NULL && lists_link(&t, "prev") == NULL);
    CHECK(todos_header(&t, "x-page") == NULL && todos_header(&t, "x-total-count") == NULL);
    todos_close(&t);
}

static void test_list__takes_limit_and_offset(void **state)
{
    todos t;

    (void)state;
    open_filled(&t, &todo_resource, 7);
    CHECK_INT(todos_ask(&t, "GET", "/api/todos?limit=2&offset=4", NULL), 200);
    assert_string_equal(lists_ids(&t), "i004 i005");
    assert_string_equal(lists_link(&t, "prev"), "/api/todos?offset=2&limit=2");
    assert_string_equal(lists_link(&t, "last"), "/api/todos?offset=6&limit=2");
    CHECK_INT(todos_ask(&t, "GET", "/api/todos?max_results=2", NULL), 200);
    assert_string_equal(lists_ids(&t), "i000 i001");
    CHECK_INT(todos_ask(&t, "GET", "/api/todos?page=1", NULL), 200);
    assert_string_equal(todos_header(&t, "x-per-page"), "25");
    todos_close(&t);
}

static void test_list__next_links_meet_every_item_once(void **state)
{
    static const char *const starts[] = {"/api/todos?per_page=2",
                                         "/api/todos?per_page=2&sort=-_id"};
    static const char *const wanted[] = {"i000 i001 i002 i003 i004 ", "i004 i003 i002 i001 i000 "};
    todos t;

    (void)state;
    open_filled(&t, &todo_resource, 5);
    for (int i = 0; i < 2; i++) {
        char seen[16384] = "", target[4096];
        const char *next = starts[i];

        for (int pages = 0; next && pages < 5; pages++) {
            snprintf(target, sizeof target, "%s", next);
            CHECK_INT(todos_ask(&t, "GET", target, NULL), 200);
            snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%s ", lists_ids(&t));
            next = lists_link(&t, "next");
        }
        assert_string_equal(seen, wanted[i]);
    }
    todos_close(&t);
}

static void test_list__past_the_end_is_empty(void **state)
{
    sac_resource resource = todo_resource;
    todos t;

    (void)state;
    resource.max_offset = SAC_NO_LIMIT;
    open_filled(&t, &resource, 3);
    CHECK_INT(todos_ask(&t, "GET", "/api/todos?page=9&per_page=2", NULL), 200);
    CHECK_STR(t.reply.body, "[]");
    assert_string_equal(lists_link(&t, "prev"), "/api/todos?page=2&per_page=2");
    CHECK(lists_link(&t, "next") == NULL);
    CHECK_INT(todos_ask(&t, "GET", "/api/todos?page=9999999999999999999999&per_page=7", NULL), 200);
    CHECK_STR(t.reply.body, "[]");
    todos_close(&t);
}

static void test_list__does_not_pass_over_too_many(void **state)
{
    sac_resource resource = todo_resource;
    todos t;

    (void)state;
    resource.max_offset = 4;
    open_filled(&t, &resource, 9);
    CHECK_INT(todos_ask(&t, "GET", "/api/todos?page=3&per_page=2", NULL), 200);
    assert_string_equal(lists_ids(&t), "i004 i005");
    CHECK(lists_link(&t, "last") == NULL);
    CHECK_INT(todos_ask(&t, "GET", "/api/todos?page=4&per_page=2", NULL), 400);
    CHECK(todos_problem(&t, "bad_parameter"));
    CHECK(todos_says(&t, "page: ") && todos_says(&t, "cursor") && todos_says(&t, "per_page"));
    CHECK_INT(todos_ask(&t, "GET", "/api/todos?offset=5&limit=1", NULL), 400);
    CHECK(todos_says(&t, "offset: "));
    CHECK_INT(todos_ask(&t, "GET", "/api/todos?page=3&per_page=2", NULL), 200);
    CHECK_INT(todos_ask(&t, "GET", lists_link(&t, "next"), NULL), 200);
    assert_string_equal(lists_ids(&t), "i006 i007");
    todos_close(&t);
}

static void test_list__caps_the_page(void **state)
{
    sac_resource resource = todo_resource;
    todos t;

    (void)state;
    resource.max_per_page = 3;
    open_filled(&t, &resource, 5);
    CHECK_INT(todos_ask(&t, "GET", "/api/todos?per_page=4", NULL), 400);
    CHECK(todos_problem(&t, "bad_parameter"));
    CHECK(todos_says(&t, "per_page") && todos_says(&t, "3"));
    CHECK_INT(todos_ask(&t, "GET", "/api/todos?per_page=4&envelope=1", NULL), 200);
    assert_string_equal(lists_ids(&t), "i000 i001 i002");
    CHECK(todos_says(&t, "\"per_page\":3"));
    CHECK_INT(todos_ask(&t, "GET", "/api/todos?page=1", NULL), 200);
    assert_string_equal(todos_header(&t, "x-per-page"), "3");
    todos_close(&t);
}

static void test_list__too_long_is_refused(void **state)
{
    sac_resource resource = todo_resource;
    todos t;

    (void)state;
    resource.max_list = 4;
    open_filled(&t, &resource, 5);
    CHECK_INT(todos_ask(&t, "GET", "/api/todos", NULL), 400);
    CHECK(todos_problem(&t, "list_too_long"));
    CHECK(todos_says(&t, "per_page"));
    CHECK_INT(todos_ask(&t, "GET", "/api/todos?per_page=100", NULL), 200);
    CHECK_INT(todos_ask(&t, "DELETE", "/api/todos/i004", NULL), 200);
    CHECK_INT(todos_ask(&t, "GET", "/api/todos", NULL), 200);
    todos_close(&t);
}

static void test_list__counts_as_asked(void **state)
{
    todos t;

    (void)state;
    open_filled(&t, &todo_resource, 3);
    CHECK_INT(todos_ask(&t, "GET", "/api/todos?per_page=2&count=none", NULL), 200);
    CHECK(todos_header(&t, "x-total-count") == NULL && lists_link(&t, "last") == NULL);
    CHECK(strstr(lists_link(&t, "next"), "count=none"));
    CHECK_INT(todos_ask(&t, "GET", "/api/todos?per_page=2&count=estimated", NULL), 200);
    assert_string_equal(todos_header(&t, "x-total-count"), "3");
    assert_string_equal(todos_header(&t, "x-count-strategy"), "estimated");
    CHECK_INT(todos_ask(&t, "GET", "/api/todos?count=exact", NULL), 200);
    assert_string_equal(todos_header(&t, "x-total-count"), "3");
    CHECK_INT(todos_ask(&t, "GET", "/api/todos?count=some", NULL), 400);
    todos_ask(&t, "GET", "/api/todos?per_page=2", NULL);
    {
        char target[8192];

        snprintf(target, sizeof target, "%s&count=exact", lists_link(&t, "next"));
        CHECK_INT(todos_ask(&t, "GET", target, NULL), 200);
        assert_string_equal(todos_header(&t, "x-total-count"), "3");
    }
    todos_close(&t);
}

static void test_list__is_wrapped_on_request(void **state)
{
    todos t;

    (void)state;
    open_filled(&t, &todo_resource, 3);
    CHECK_INT(todos_ask(&t, "GET", "/api/todos?envelope=1", NULL), 200);
    CHECK(todos_says(&t, "{\"items\":[{\"_id\":\"i000\""));
    CHECK(todos_says(&t, "],\"meta\":{\"total\":3},\"links\":{}}"));
    CHECK_INT(todos_ask(&t, "GET", "/api/todos?envelope=1&page=2&per_page=2", NULL), 200);
    CHECK(todos_says(&t, "\"meta\":{\"page\":2,\"per_page\":2,\"total\":3},\"links\":{\"first\":"
                         "\"/api/todos?envelope=1&page=1&per_page=2\",\"prev\":"));
    todos_close(&t);
}

static void test_list__is_wrapped_by_the_table(void **state)
{
    sac_resource resource = todo_resource;
    todos t;

    (void)state;
    resource.items_key = "todos";
    open_filled(&t, &resource, 1);
    CHECK_INT(todos_ask(&t, "GET", "/api/todos", NULL), 200);
    CHECK(todos_says(&t, "{\"todos\":[{\"_id\":\"i000\""));
    CHECK_INT(todos_ask(&t, "GET", "/api/todos?envelope=0", NULL), 200);
    CHECK(t.reply.body.p[0] == '[');
    todos_close(&t);
}

static void test_list__refuses_odd_parameters(void **state)
{
    static const char *const odd[] = {
        "page=abc",           "page=0",          "page=-1",    "page",
        "page=1.5",           "per_page=0",      "per_page=x", "page=1&page=2",
        "limit=1&per_page=2", "page=1&offset=1", "offset=-1",  "nothing=x",
        "where={\"x\":1}",    "where",           "q=x",        "fields=nothing",
        "expand=x",           "json=relaxed",    "envelope=2", "$where=1",
        "callback=x",         "sort=$where",     "sort=",      "n=x",
    };
    todos t;

    (void)state;
    open_filled(&t, &todo_resource, 1);
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        char target[128];

        snprintf(target, sizeof target, "/api/todos?%s", odd[i]);
        if (todos_ask(&t, "GET", target, NULL) != 400)
            fail_msg("%s: %d", target, t.reply.status);
        CHECK(todos_problem(&t, "bad_parameter"));
    }
    CHECK_INT(todos_ask(&t, "GET", "/api/todos?_=1&_=2&total_pages=1&total_entries=", NULL), 200);
    CHECK_INT(todos_ask(&t, "GET", "/api/todos?a%00b=1", NULL), 400);
    todos_close(&t);
}

/* What the store refuses on its own account. */
static void test_list__needs_an_index_where_it_is_told_to(void **state)
{
    static const sac_field fields[] = {{.name = "title", .type = SAC_STRING, .indexed = true},
                                       {.name = "n", .type = SAC_INT},
                                       {.name = NULL}};
    static const sac_resource indexed = SAC_RESOURCE(.name = "todos", .fields = fields,
                                                     .id_type = SAC_ID_STRING, .indexed_only = true,
                                                     .max_sort = 1024);
    sac_resource resource = indexed;
    todos t;

    (void)state;
    todos_needs_lmdb("the server does not explain");
    open_filled(&t, &resource, 200);
    CHECK_INT(todos_ask(&t, "GET", "/api/todos?n=1", NULL), 400);
    CHECK(todos_problem(&t, "not_indexed"));
    CHECK_INT(todos_ask(&t, "GET", "/api/todos?sort=n", NULL), 400);
    CHECK(todos_problem(&t, "not_indexed"));
    CHECK_INT(todos_ask(&t, "GET", "/api/todos?title=t", NULL), 200);
    CHECK_INT(todos_ask(&t, "GET", "/api/todos?sort=-title&per_page=3", NULL), 200);
    assert_string_equal(lists_ids(&t), "i199 i198 i197");
    CHECK_INT(todos_ask(&t, "GET", lists_link(&t, "next"), NULL), 200);
    assert_string_equal(lists_ids(&t), "i196 i195 i194");
    CHECK_INT(todos_ask(&t, "GET", "/api/todos?_id[gt]=i100&per_page=1", NULL), 200);
    todos_close(&t);
    resource = indexed;
    resource.indexed_only = false;
    open_filled(&t, &resource, 200);
    CHECK_INT(todos_ask(&t, "GET", "/api/todos?sort=n", NULL), 400);
    CHECK(todos_problem(&t, "sort_too_large"));
    CHECK_INT(todos_ask(&t, "GET", "/api/todos?sort=n&per_page=3", NULL), 200);
    CHECK_INT(todos_ask(&t, "GET", "/api/todos?sort=title", NULL), 200);
    todos_close(&t);
}

static void test_list__ignores_what_it_is_told_to(void **state)
{
    static const char *const ignored[] = {"utm_source", "page", NULL};
    sac_resource resource = todo_resource;
    todos t;

    (void)state;
    resource.ignore_params = ignored;
    open_filled(&t, &resource, 1);
    CHECK_INT(todos_ask(&t, "GET", "/api/todos?utm_source=x&page=nonsense", NULL), 200);
    CHECK_INT(todos_ask(&t, "GET", "/api/todos/i000?utm_source=x", NULL), 200);
    todos_close(&t);
}

static void test_list__cursors_are_bound(void **state)
{
    static const char *const bad[] = {"", "x", "AAAA", "%00",
                                      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
    static const sac_resource others = SAC_RESOURCE(.name = "others", .collection = "todos",
                                                    .id_type = SAC_ID_STRING, .open = true);
    char target[2048], cursor[1024];
    sac_err err;
    todos t;

    (void)state;
    todos_begin(&t);
    todos_make(&t);
    CHECK_INT(sac_app_resource(t.app, "/api/todos", &todo_resource, &err), 0);
    CHECK_INT(sac_app_resource(t.app, "/api/other", &others, &err), 0);
    todos_serve(&t);
    for (int i = 0; i < 3; i++) {
        snprintf(target, sizeof target, "{\"_id\":\"%d\",\"title\":\"x\"}", i);
        CHECK_INT(todos_ask(&t, "POST", "/api/todos", target), 201);
    }
    todos_ask(&t, "GET", "/api/todos?per_page=1", NULL);
    snprintf(cursor, sizeof cursor, "%s", strstr(lists_link(&t, "next"), "cursor="));
    *strchr(cursor, '&') = '\0';
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(target, sizeof target, "/api/todos?cursor=%s", bad[i]);
        CHECK_INT(todos_ask(&t, "GET", target, NULL), 400);
        CHECK(todos_problem(&t, i == 3 ? "bad_parameter" : "bad_cursor") || i == 3);
    }
    snprintf(target, sizeof target, "/api/other?%s", cursor);
    CHECK_INT(todos_ask(&t, "GET", target, NULL), 400);
    CHECK(todos_problem(&t, "bad_cursor"));
    snprintf(target, sizeof target, "/api/todos?%s&sort=-_id", cursor);
    CHECK_INT(todos_ask(&t, "GET", target, NULL), 400);
    CHECK(todos_problem(&t, "cursor_mismatch"));
    /* What PageableCollection adds counts for nothing; the size may change. */
    snprintf(target, sizeof target, "/api/todos?%s&page=77&offset=x&per_page=2", cursor);
    CHECK_INT(todos_ask(&t, "GET", target, NULL), 200);
    assert_string_equal(lists_ids(&t), "1 2");
    for (size_t i = 8; i < strlen(cursor); i += 5) {
        char changed[1024];

        snprintf(changed, sizeof changed, "%s", cursor);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        snprintf(target, sizeof target, "/api/todos?%s", changed);
        CHECK_INT(todos_ask(&t, "GET", target, NULL), 400);
        CHECK(todos_problem(&t, "bad_cursor"));
    }
    todos_close(&t);
}

static void test_list__has_a_tag(void **state)
{
    static const char *const targets[] = {"/api/todos",
                                          "/api/todos?page=1",
                                          "/api/todos?sort=-_id",
                                          "/api/todos?page=2&per_page=2",
                                          "/api/todos?envelope=1",
                                          "/api/todos?page=1&per_page=2"};
    char tags[6][64], line[512];
    todos t;

    (void)state;
    open_filled(&t, &todo_resource, 3);
    for (int i = 0; i < 6; i++) {
        CHECK_INT(todos_ask(&t, "GET", targets[i], NULL), 200);
        snprintf(tags[i], sizeof tags[i], "%s", todos_header(&t, "etag"));
        for (int k = 0; k < i; k++)
            CHECK(strcmp(tags[i], tags[k]) != 0);
        snprintf(line, sizeof line, "If-None-Match: W/%s", tags[i]);
        CHECK_INT(todos_ask_with(&t, "GET", targets[i], NULL, WITH(line)), 304);
        CHECK_INT(t.reply.body.n, 0);
        assert_string_equal(todos_header(&t, "etag"), tags[i]);
        assert_string_equal(todos_header(&t, "cache-control"), "no-cache");
    }
    CHECK_INT(todos_ask(&t, "PATCH", "/api/todos/i001", "{\"title\":\"new\"}"), 200);
    snprintf(line, sizeof line, "If-None-Match: %s", tags[0]);
    CHECK_INT(todos_ask_with(&t, "GET", "/api/todos", NULL, WITH(line)), 200);
    snprintf(line, sizeof line, "If-Match: %s", tags[0]);
    CHECK_INT(todos_ask_with(&t, "GET", "/api/todos", NULL, WITH(line)), 412);
    todos_close(&t);
}

static void test_list__is_cleared_where_enabled(void **state)
{
    sac_resource resource = todo_resource;
    todos t;

    (void)state;
    resource.clear = true;
    open_filled(&t, &resource, 3);
    CHECK_INT(todos_ask_with(&t, "DELETE", "/api/todos", NULL, WITH("If-Match: *")), 400);
    CHECK(todos_problem(&t, "precondition_unsupported"));
    CHECK_INT(todos_ask(&t, "DELETE", "/api/todos", NULL), 200);
    CHECK_STR(t.reply.body, "{\"deleted\":3}");
    CHECK_INT(todos_ask(&t, "GET", "/api/todos", NULL), 200);
    CHECK_STR(t.reply.body, "[]");
    CHECK_INT(todos_ask_with(&t, "DELETE", "/api/todos", NULL, WITH("Prefer: return=minimal")),
              204);
    todos_close(&t);
}

static void test_list__leaves_out_other_types_of_id(void **state)
{
    static const sac_resource numbers = SAC_RESOURCE(.name = "numbers", .collection = "todos",
                                                     .id_type = SAC_ID_INT, .open = true);
    sac_err err;
    todos t;

    (void)state;
    todos_begin(&t);
    todos_make(&t);
    CHECK_INT(sac_app_resource(t.app, "/api/todos", &todo_resource, &err), 0);
    CHECK_INT(sac_app_resource(t.app, "/api/numbers", &numbers, &err), 0);
    todos_serve(&t);
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", "{\"_id\":\"7\",\"title\":\"x\"}"), 201);
    CHECK_INT(todos_ask(&t, "POST", "/api/numbers", "{\"_id\":7}"), 201);
    CHECK_INT(todos_ask(&t, "GET", "/api/numbers?page=1", NULL), 200);
    CHECK_STR(t.reply.body, "[{\"_id\":7}]");
    assert_string_equal(todos_header(&t, "x-total-count"), "1");
    CHECK_INT(todos_ask(&t, "GET", "/api/todos?page=1", NULL), 200);
    assert_string_equal(lists_ids(&t), "7");
    assert_string_equal(todos_header(&t, "x-total-count"), "1");
    todos_close(&t);
}

static void test_list__leaves_out_integral_doubles(void **state)
{
    static const sac_resource numbers = SAC_RESOURCE(.name = "numbers", .collection = "todos",
                                                     .id_type = SAC_ID_INT, .upsert = true);
    sac_str raw;
    sac_bson doc;
    sac_err err;
    todos t;

    (void)state;
    todos_open(&t, &numbers);
    sac_bson_init(&doc, NULL, 0);
    sac_bson_add_double(&doc, "_id", 5.0);
    CHECK_INT(sac_bson_finish(&doc, &raw), 0);
    CHECK_INT(sac_store_insert(sac_app_store(t.app), "todos", raw, &err), 0);
    sac_bson_fini(&doc);
    CHECK_INT(todos_ask(&t, "GET", "/api/todos", NULL), 200);
    CHECK_STR(t.reply.body, "[]");
    CHECK_INT(todos_ask(&t, "GET", "/api/todos?per_page=5", NULL), 200);
    CHECK_STR(t.reply.body, "[]");
    CHECK_INT(todos_ask(&t, "GET", "/api/todos/5", NULL), 404);
    CHECK_INT(todos_ask(&t, "PUT", "/api/todos/5", "{}"), 404);
    CHECK_INT(todos_ask(&t, "DELETE", "/api/todos/5", NULL), 404);
    todos_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list__is_a_plain_array),
        cmocka_unit_test(test_list__is_paged),
        cmocka_unit_test(test_list__takes_limit_and_offset),
        cmocka_unit_test(test_list__next_links_meet_every_item_once),
        cmocka_unit_test(test_list__past_the_end_is_empty),
        cmocka_unit_test(test_list__does_not_pass_over_too_many),
        cmocka_unit_test(test_list__caps_the_page),
        cmocka_unit_test(test_list__too_long_is_refused),
        cmocka_unit_test(test_list__counts_as_asked),
        cmocka_unit_test(test_list__is_wrapped_on_request),
        cmocka_unit_test(test_list__is_wrapped_by_the_table),
        cmocka_unit_test(test_list__refuses_odd_parameters),
        cmocka_unit_test(test_list__needs_an_index_where_it_is_told_to),
        cmocka_unit_test(test_list__ignores_what_it_is_told_to),
        cmocka_unit_test(test_list__cursors_are_bound),
        cmocka_unit_test(test_list__has_a_tag),
        cmocka_unit_test(test_list__is_cleared_where_enabled),
        cmocka_unit_test(test_list__leaves_out_other_types_of_id),
        cmocka_unit_test(test_list__leaves_out_integral_doubles),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
