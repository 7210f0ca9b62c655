/* SPDX-License-Identifier: MIT */
#include "lists.h"

static const sac_field fields[] = {
    {.name = "n", .type = SAC_INT},
    {.name = "title", .type = SAC_STRING, .searchable = true},
    {.name = NULL},
};

static const sac_resource plain = SAC_RESOURCE(.name = "things", .fields = fields, .regex = true,
                                               .id_type = SAC_ID_STRING);
static const sac_resource paged = SAC_RESOURCE(.name = "things", .fields = fields, .pageable = true,
                                               .max_per_page = 50, .max_offset = 8,
                                               .id_type = SAC_ID_STRING);

static todos t;

static void open_numbered(const sac_resource *resource, int n, uint64_t revision)
{
    the_list_store = (list_store){.n = n, .revision = revision, .why = ""};
    lists_serve(&t, resource);
}

static int open_ten(void **state)
{
    (void)state;
    open_numbered(&plain, 10, 7);
    return 0;
}

static int open_pageable(void **state)
{
    (void)state;
    open_numbered(&paged, 10, 7);
    return 0;
}

static int open_unrevised(void **state)
{
    (void)state;
    open_numbered(&plain, 10, 0);
    return 0;
}

static int close_things(void **state)
{
    (void)state;
    todos_close(&t);
    return 0;
}

static void says(const char *query, const char *text)
{
    if (lists_ask(&t, query) != 200 || !todos_says(&t, text))
        fail_msg("%s: %d %.*s", query, t.reply.status, (int)t.reply.body.n, t.reply.body.p);
}

static void test_pageable__has_its_shape(void **state)
{
    (void)state;
    says("page=2&per_page=4",
         "[{\"total_entries\":10,\"page\":2,\"per_page\":4,\"total_pages\":3},[{\"_id\":\"0004\"");
    assert_string_equal(lists_ids(&t), "0004 0005 0006 0007");
    CHECK(todos_says(&t, "}]]"));
    assert_string_equal(todos_header(&t, "x-total-count"), "10");
    says("", "[{\"total_entries\":10},[{\"_id\":\"0000\"");
    says("sort_by=n&order=desc", "[{\"total_entries\":10},[{\"_id\":\"0009\"");
    says("per_page=4&n[gt]=6",
         "[{\"total_entries\":3,\"page\":1,\"per_page\":4,\"total_pages\":1},[");
    says("n=77&page=1", "[{\"total_entries\":0,\"page\":1,\"per_page\":25,\"total_pages\":0},[]]");
    says("page=1&per_page=4&count=none", "[{\"page\":1,\"per_page\":4},[");
    says("page=1&per_page=99", "\"per_page\":50,");
    says("envelope=0&page=2&per_page=8", "[{\"_id\":\"0008\"");
    says("envelope=1&page=2&per_page=8", "{\"items\":[{\"_id\":\"0008\"");
}

static void test_pageable__a_page_past_the_end_is_the_last_one(void **state)
{
    (void)state;
    says("page=9&per_page=4",
         "[{\"total_entries\":10,\"page\":3,\"per_page\":4,\"total_pages\":3},[{\"_id\":\"0008\"");
    assert_string_equal(lists_ids(&t), "0008 0009");
    assert_string_equal(todos_header(&t, "x-page"), "3");
    CHECK(!lists_link(&t, "next") && strstr(lists_link(&t, "prev"), "page=2"));
    says("page=99999999999999999999&per_page=4", "\"page\":3,");
    says("n=77&page=9", "[{\"total_entries\":0,\"page\":1,\"per_page\":25,\"total_pages\":0},[]]");
    lists_refuses(&t, "page=99&per_page=1", "bad_parameter", "page: passes over more than 8");
    lists_refuses(&t, "page=99&per_page=1&count=none", "bad_parameter", "page: ");
    CHECK_INT(lists_ask(&t, "page=7&per_page=1"), 200);
    /* Behind a cursor there are no numbers. */
    lists_gives(&t, "per_page=4", "0000 0001 0002 0003");
    CHECK_INT(todos_ask(&t, "GET", lists_link(&t, "next"), NULL), 200);
    CHECK(todos_says(&t, "[{\"per_page\":4},[{\"_id\":\"0004\""));
}

static void test_list__links_repeat_what_was_asked(void **state)
{
    (void)state;
    CHECK_INT(lists_ask(&t, "where={\"n\":{\"$gt\":1}}&n[ne]=4&q=t&sort=-n&fields=n,title&_=5&"
                            "total_pages=9&page=2&per_page=2&count=estimated&envelope=1"),
              200);
    assert_string_equal(
        lists_link(&t, "first"),
        "/api/todos?where=%7B%22n%22%3A%7B%22%24gt%22%3A1%7D%7D&n%5Bne%5D=4&q=t&sort=-n&"
        "fields=n%2Ctitle&count=estimated&envelope=1&page=1&per_page=2");
    assert_string_equal(lists_ids(&t), "0007 0006");
    assert_string_equal(todos_header(&t, "x-count-strategy"), "exact");
    CHECK_INT(todos_ask(&t, "GET", lists_link(&t, "next"), NULL), 200);
    assert_string_equal(lists_ids(&t), "0005 0003");
    CHECK_INT(lists_ask(&t, "per_page=2&count=estimated"), 200);
    assert_string_equal(todos_header(&t, "x-count-strategy"), "estimated");
    CHECK_INT(lists_ask(&t, "per_page=2&count=exact"), 200);
    CHECK(!strstr(lists_link(&t, "next"), "count"));
}

static void test_cursor__is_of_one_filter_search_and_order(void **state)
{
    static const char *const others[] = {
        "n[gt]=2&q=t&sort=-n",
        "n[gt]=1&sort=-n",
        "n[gt]=1&q=t&sort=n",
        "n[gt]=1&q=t&sort=-n,title",
        "n[gt]=1&q=t",
        "q=t&sort=-n",
        "n[gt]=1&q=t&q2=1&sort=-n",
        "where={\"n\":{\"$gt\":1}}&sort=-n",
        "",
    };
    char cursor[2048], query[4096];

    (void)state;
    CHECK_INT(lists_ask(&t, "n[gt]=1&q=t&sort=-n&per_page=2"), 200);
    snprintf(cursor, sizeof cursor, "%s", strstr(lists_link(&t, "next"), "cursor="));
    *strchr(cursor, '&') = '\0';
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        snprintf(query, sizeof query, "%s&%s", others[i], cursor);
        if (strstr(others[i], "q2"))
            lists_refuses(&t, query, "bad_parameter", "q2");
        else
            lists_refuses(&t, query, "cursor_mismatch", "cursor: ");
    }
    /* However it is written, and however much of it is shown. */
    snprintf(query, sizeof query, "sort_by=n&order=desc&q=t&per_page=3&fields=n&n[gt]=1&%s",
             cursor);
    lists_gives(&t, query, "0007 0006 0005");
}

static void test_list__too_long_is_of_what_is_filtered(void **state)
{
    sac_resource resource = plain;

    (void)state;
    resource.max_list = 4;
    open_numbered(&resource, 10, 7);
    lists_refuses(&t, "", "list_too_long", "per_page");
    lists_refuses(&t, "n[lt]=5", "list_too_long", "per_page");
    lists_gives(&t, "n[lt]=4", "0000 0001 0002 0003");
    todos_close(&t);
}

static void test_list__says_what_the_store_cannot(void **state)
{
    static const struct {
        int code;
        const char *query, *why, *problem, *says;
    } rows[] = {
        {SAC_ENOINDEX, "n=1", "no", "not_indexed", "index"},
        {SAC_ELIMIT, "sort=n", "the sort takes too much", "sort_too_large", "sort"},
        {SAC_ELIMIT, "title[regex]=x", "a pattern takes too many steps", "bad_parameter", "steps"},
        {SAC_ELIMIT, "title[regex]=x&sort=n", "a pattern takes too many steps", "bad_parameter",
         "steps"},
        {SAC_ELIMIT, "title[regex]=x&sort=n", "the sort takes too much", "sort_too_large", "sort"},
        {SAC_EINVAL, "n=1", "a reason", "bad_parameter", "a reason"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        the_list_store.why = rows[i].why;
        the_list_store.find_fails = rows[i].code;
        lists_refuses(&t, rows[i].query, rows[i].problem, rows[i].says);
        the_list_store.find_fails = 0;
        the_list_store.pull_fails = rows[i].code;
        lists_refuses(&t, rows[i].query, rows[i].problem, rows[i].says);
        the_list_store.pull_fails = 0;
    }
    the_list_store.pull_fails = SAC_EUNAVAILABLE;
    CHECK_INT(lists_ask(&t, "n=1"), 503);
    the_list_store.pull_fails = SAC_EIO;
    CHECK_INT(lists_ask(&t, "n=1"), 500);
    CHECK(!todos_says(&t, "a reason"));
}

static void test_tag__of_a_store_without_revisions_is_a_digest(void **state)
{
    static const char *const queries[] = {"", "page=1&per_page=3", "n[gt]=3", "n[gte]=4",
                                          "fields=n"};
    char tags[5][64], line[400];

    (void)state;
    for (int i = 0; i < 5; i++) {
        CHECK_INT(lists_ask(&t, queries[i]), 200);
        snprintf(tags[i], sizeof tags[i], "%s", todos_header(&t, "etag"));
        for (int k = 0; k < i; k++)
            CHECK(strcmp(tags[i], tags[k]) != 0);
        snprintf(line, sizeof line, "If-None-Match: %s", tags[i]);
        {
            char target[128];

            snprintf(target, sizeof target, "/api/todos?%s", queries[i]);
            CHECK_INT(todos_ask_with(&t, "GET", target, NULL, WITH(line)), 304);
            CHECK_INT(t.reply.body.n, 0);
            assert_string_equal(todos_header(&t, "etag"), tags[i]);
        }
    }
    snprintf(line, sizeof line, "If-Match: %s", tags[0]);
    CHECK_INT(todos_ask_with(&t, "GET", "/api/todos?n=1", NULL, WITH(line)), 412);
    CHECK_INT(todos_ask_with(&t, "GET", "/api/todos", NULL, WITH("If-None-Match: x")), 400);
    todos_close(&t);
    /* Another document: another digest, also where only the count shows it. */
    open_numbered(&plain, 11, 0);
    CHECK_INT(lists_ask(&t, ""), 200);
    CHECK(strcmp(todos_header(&t, "etag"), tags[0]) != 0);
    CHECK_INT(lists_ask(&t, "page=1&per_page=3"), 200);
    CHECK(strcmp(todos_header(&t, "etag"), tags[1]) != 0);
}

static void test_tag__is_left_out_of_what_is_not_held(void **state)
{
    static sac_resource resource;

    (void)state;
    resource = plain;
    resource.max_per_page = LIST_DOCS;
    open_numbered(&resource, LIST_DOCS, 0);
    CHECK_INT(lists_ask(&t, ""), 200);
    CHECK(t.reply.body.n > 64 * 1024 && todos_header(&t, "etag") != NULL);
    CHECK(todos_header(&t, "content-length") != NULL);
    CHECK_INT(lists_ask(&t, "page=1&per_page=2000"), 200);
    CHECK(todos_header(&t, "etag") != NULL);
    todos_close(&t);
    the_list_store = (list_store){.n = LIST_DOCS, .long_titles = 200};
    lists_serve(&t, &resource);
    CHECK_INT(lists_ask(&t, ""), 200);
    CHECK(t.reply.body.n > 256 * 1024 && !todos_header(&t, "etag"));
    CHECK_INT(lists_ask(&t, "page=1&per_page=2000&sort=n"), 200);
    CHECK(t.reply.body.n > 256 * 1024 && !todos_header(&t, "etag"));
    CHECK(t.reply.body.p[t.reply.body.n - 1] == ']');
    todos_close(&t);
}

static void test_params__many_and_long_ones_are_refused(void **state)
{
    static char query[220 * 1024];
    size_t used = 0;

    (void)state;
    for (int i = 0; i < 10000; i++)
        used += (size_t)sprintf(query + used, "n%d=1&", i);
    CHECK(lists_ask(&t, query) >= 400 && t.reply.status < 500);
    used = 0;
    for (int i = 0; i < 500; i++)
        used += (size_t)sprintf(query + used, "n[ne]=%d&", i);
    CHECK(lists_ask(&t, query) >= 400 && t.reply.status < 500);
    used = (size_t)sprintf(query, "title=");
    memset(query + used, 'a', 100 * 1024);
    query[used + 100 * 1024] = '\0';
    CHECK(lists_ask(&t, query) >= 200 && t.reply.status < 500);
    used = 0;
    for (int i = 0; i < 1000; i++)
        used += (size_t)sprintf(query + used, "a.");
    strcpy(query + used, "b=1");
    lists_refuses(&t, query, "bad_parameter", "unknown parameter");
    CHECK_INT(the_list_store.finds <= 1, 1);
}

/* Each is asked for: a store that is away keeps them in mind. */
static void test_indexes__are_all_wished_for_while_the_store_is_away(void **state)
{
    static const sac_field rows[] = {{.name = "n", .type = SAC_INT, .indexed = true},
                                     {.name = "title", .type = SAC_STRING, .unique = true},
                                     {.name = NULL}};
    static const sac_resource two = SAC_RESOURCE(.name = "things", .fields = rows,
                                                 .id_type = SAC_ID_STRING);

    (void)state;
    the_list_store = (list_store){.index_fails = SAC_EUNAVAILABLE, .why = "away"};
    lists_serve(&t, &two);
    CHECK_INT(the_list_store.indexes, 2);
    todos_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_indexes__are_all_wished_for_while_the_store_is_away),
        cmocka_unit_test_setup_teardown(test_pageable__has_its_shape, open_pageable, close_things),
        cmocka_unit_test_setup_teardown(test_pageable__a_page_past_the_end_is_the_last_one,
                                        open_pageable, close_things),
        cmocka_unit_test_setup_teardown(test_list__links_repeat_what_was_asked, open_ten,
                                        close_things),
        cmocka_unit_test_setup_teardown(test_cursor__is_of_one_filter_search_and_order, open_ten,
                                        close_things),
        cmocka_unit_test(test_list__too_long_is_of_what_is_filtered),
        cmocka_unit_test_setup_teardown(test_list__says_what_the_store_cannot, open_ten,
                                        close_things),
        cmocka_unit_test_setup_teardown(test_tag__of_a_store_without_revisions_is_a_digest,
                                        open_unrevised, close_things),
        cmocka_unit_test(test_tag__is_left_out_of_what_is_not_held),
        cmocka_unit_test_setup_teardown(test_params__many_and_long_ones_are_refused, open_ten,
                                        close_things),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
