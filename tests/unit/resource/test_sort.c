/* SPDX-License-Identifier: MIT */
#include "lists.h"

static const sac_field place_fields[] = {
    {.name = "city", .type = SAC_STRING},
    {.name = NULL},
};
static const sac_field text_item = {.name = "", .type = SAC_STRING};

static const sac_field fields[] = {
    {.name = "name", .type = SAC_STRING},
    {.name = "n", .type = SAC_INT},
    {.name = "tags", .type = SAC_ARRAY, .items = &text_item},
    {.name = "place", .type = SAC_DOCUMENT, .fields = place_fields},
    {.name = NULL},
};

static const sac_resource things = SAC_RESOURCE(.name = "things", .fields = fields, .open = true,
                                                .id_type = SAC_ID_STRING);

static const char *const docs[] = {
    "{\"_id\":\"a\",\"name\":\"x\",\"n\":2,\"tags\":[\"b\"],\"place\":{\"city\":\"R\"},\"w\":5}",
    "{\"_id\":\"b\",\"name\":\"y\",\"n\":1,\"tags\":[\"a\",\"z\"],\"place\":{\"city\":\"O\"},\"w\":"
    "4}",
    "{\"_id\":\"c\",\"name\":\"x\",\"n\":1,\"tags\":[\"c\"],\"place\":{\"city\":\"R\"},\"w\":3}",
    "{\"_id\":\"d\",\"name\":\"z\",\"n\":null,\"tags\":[\"d\"],\"w\":2}",
    "{\"_id\":\"e\",\"name\":\"x\",\"tags\":[\"e\"],\"w\":1}",
    NULL,
};

static todos t;

static int open_things(void **state)
{
    (void)state;
    lists_open(&t, &things, docs);
    return 0;
}

static int close_things(void **state)
{
    (void)state;
    todos_close(&t);
    return 0;
}

static void test_sort__by_one_and_more_fields(void **state)
{
    (void)state;
    lists_gives(&t, "sort=name", "a c e b d");
    lists_gives(&t, "sort=-name", "d b e c a");
    lists_gives(&t, "sort=name,-n", "a c e b d");
    lists_gives(&t, "sort=n,name", "e d c b a");
    lists_gives(&t, "sort=place.city,-_id", "e d b c a");
    lists_gives(&t, "sort=-n,name,_id", "a c b e d");
    lists_gives(&t, "sort=tags", "b a c d e");
    lists_gives(&t, "sort=w", "e d c b a");
    lists_gives(&t, "sort=_id,name", "a b c d e");
    lists_gives(&t, "sort=-_id", "e d c b a");
}

static void test_sort__has_other_spellings(void **state)
{
    (void)state;
    lists_gives(&t, "sort_by=name&order=desc", "d b e c a");
    lists_gives(&t, "sort_by=name&order=asc", "a c e b d");
    lists_gives(&t, "sort_by=-name", "d b e c a");
    lists_gives(&t, "sort_by%5B%5D=n&sort_by%5B%5D=name&order%5B%5D=desc&order%5B%5D=asc",
                "a c b e d");
    lists_gives(&t, "sort_by[]=n&sort_by[]=name&order[]=desc", "a c b e d");
    lists_gives(&t, "sort[]=n&sort[]=-name", "d e b c a");
}

static void test_sort__refuses_what_it_cannot(void **state)
{
    static const char *const rows[][2] = {
        {"sort=", "sort: no field"},
        {"sort", "sort: no field"},
        {"sort=name,", "sort: no field"},
        {"sort=,name", "sort: no field"},
        {"sort=-", "sort: no field"},
        {"sort=$where", "sort: no field"},
        {"sort=name,name", "sort: a field is there twice"},
        {"sort=name,-name", "sort: a field is there twice"},
        {"sort=name&sort=n", "sort: may be given only once"},
        {"sort=name&sort_by=n", "sort_by: not together with sort"},
        {"order=asc", "order: only together with sort_by"},
        {"sort=name&order=asc", "order: only together with sort_by"},
        {"sort_by=name&order=up", "order: asc or desc"},
        {"sort_by=name&order[]=asc&order[]=asc", "order[]: only together with sort_by"},
        {"sort_by=name,n", "sort_by: one field"},
    };
    char many[1024] = "sort=f0";

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        lists_refuses(&t, rows[i][0], "bad_parameter", rows[i][1]);
    for (int i = 1; i < 33; i++)
        snprintf(many + strlen(many), sizeof many - strlen(many), ",f%d", i);
    lists_refuses(&t, many, "bad_parameter", "sort: too many fields");
}

static void test_sort__reaches_the_store_with_its_bounds(void **state)
{
    sac_resource resource = things;
    todos other;

    (void)state;
    resource.max_sort = 4096;
    resource.indexed_only = true;
    lists_open(&other, &resource, docs);
    lists_gives(&other, "sort=name,-n,-_id&per_page=2", "a c");
    assert_string_equal(the_list_store.sort, "{\"name\":1,\"n\":-1}");
    CHECK_INT(the_list_store.query.max_sort, 4096);
    CHECK(the_list_store.query.indexed);
    CHECK_INT(the_list_store.query.limit, 3);
    lists_gives(&other, "sort=name,-_id", "e c a b d");
    assert_string_equal(the_list_store.sort, "{\"name\":1,\"_id\":-1}");
    todos_close(&other);
}

/* Follows `next` to the end, two at a time. */
static void walk(const char *start, const char *want, bool by_cursor)
{
    char seen[16384] = "", target[4096];
    const char *next = start;

    for (int pages = 0; next && pages < 6; pages++) {
        snprintf(target, sizeof target, "%s", next);
        CHECK_INT(todos_ask(&t, "GET", target, NULL), 200);
        snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%s ", lists_ids(&t));
        next = lists_link(&t, "next");
        CHECK(!next || !!strstr(next, "cursor=") == by_cursor);
    }
    assert_string_equal(seen, want);
}

static void test_sort__next_links_meet_every_item_once(void **state)
{
    (void)state;
    walk("/api/todos?per_page=2&sort=name", "a c e b d ", true);
    walk("/api/todos?per_page=2&sort=-name", "d b e c a ", true);
    walk("/api/todos?per_page=2&sort=n,name", "e d c b a ", true);
    walk("/api/todos?per_page=2&sort=place.city", "d e b a c ", true);
    walk("/api/todos?per_page=2&sort=name,-_id", "e c a b d ", true);
    walk("/api/todos?per_page=2&sort=tags", "b a c d e ", false);
    walk("/api/todos?per_page=2&sort=w", "e d c b a ", false);
    walk("/api/todos?limit=2&offset=1&sort=w", "d c b a ", false);
    walk("/api/todos?per_page=2&sort=name&name[ne]=y", "a c e d ", true);
}

static void test_sort__long_values_are_paged_by_number(void **state)
{
    static char texts[5][3000];
    static const char *json[6];
    todos other;
    char target[4096];

    (void)state;
    for (int i = 0; i < 5; i++) {
        snprintf(texts[i], sizeof texts[i], "{\"_id\":\"%d\",\"name\":\"%c%02000d\"}", i, 'a' + i,
                 0);
        if (i == 1)
            snprintf(texts[i], sizeof texts[i], "{\"_id\":\"1\",\"name\":\"b\"}");
        json[i] = texts[i];
    }
    lists_open(&other, &things, json);
    lists_gives(&other, "per_page=1&sort=name", "0");
    assert_string_equal(lists_link(&other, "next"), "/api/todos?sort=name&page=2&per_page=1");
    lists_gives(&other, "page=2&per_page=1&sort=name", "1");
    snprintf(target, sizeof target, "%s", lists_link(&other, "next"));
    CHECK(strstr(target, "cursor="));
    CHECK_INT(todos_ask(&other, "GET", target, NULL), 200);
    assert_string_equal(lists_ids(&other), "2");
    snprintf(target, sizeof target, "%s", lists_link(&other, "next"));
    assert_string_equal(target, "/api/todos?sort=name&offset=3&limit=1");
    CHECK_INT(todos_ask(&other, "GET", target, NULL), 200);
    assert_string_equal(lists_ids(&other), "3");
    todos_close(&other);
}

static int count_items(const todos *from)
{
    const char *p = from->reply.body.p, *end = p + from->reply.body.n;
    int n = 0;

    for (; (p = memmem(p, (size_t)(end - p), "\"_id\"", 5)); p += 5)
        n++;
    return n;
}

static void test_sort__large_pages_go_on_where_the_chunk_ends(void **state)
{
    static const char *const orders[] = {"", "&sort=-n", "&sort=title,-n", "&sort=w"};
    static sac_resource resource;
    char query[64];
    todos other;

    (void)state;
    resource = things;
    resource.max_per_page = 1900;
    the_list_store = (list_store){.n = LIST_DOCS, .revision = 7};
    lists_serve(&other, &resource);
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        snprintf(query, sizeof query, "per_page=1900&page=1%s", orders[i]);
        CHECK_INT(lists_ask(&other, query), 200);
        CHECK_INT(count_items(&other), 1900);
        CHECK(other.reply.body.p[other.reply.body.n - 1] == ']');
        CHECK(lists_link(&other, "next") != NULL);
    }
    todos_close(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sort__by_one_and_more_fields, open_things,
                                        close_things),
        cmocka_unit_test_setup_teardown(test_sort__has_other_spellings, open_things, close_things),
        cmocka_unit_test_setup_teardown(test_sort__refuses_what_it_cannot, open_things,
                                        close_things),
        cmocka_unit_test(test_sort__reaches_the_store_with_its_bounds),
        cmocka_unit_test_setup_teardown(test_sort__next_links_meet_every_item_once, open_things,
                                        close_things),
        cmocka_unit_test(test_sort__long_values_are_paged_by_number),
        cmocka_unit_test(test_sort__large_pages_go_on_where_the_chunk_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
