/* SPDX-License-Identifier: MIT */
#include "lists.h"

static const sac_field place_fields[] = {
    {.name = "city", .type = SAC_STRING, .searchable = true},
    {.name = "pin", .type = SAC_STRING, .secret = true},
    {.name = NULL},
};
static const sac_field item_fields[] = {
    {.name = "sku", .type = SAC_STRING},
    {.name = "qty", .type = SAC_INT},
    {.name = "made", .type = SAC_DATE},
    {.name = NULL},
};
static const sac_field lot_fields[] = {
    {.name = "sku", .type = SAC_STRING},
    {.name = "cost", .type = SAC_INT, .secret = true},
    {.name = NULL},
};
static const sac_field text_item = {.name = "", .type = SAC_STRING, .searchable = true};
static const sac_field doc_item = {.name = "", .type = SAC_DOCUMENT, .fields = item_fields};
static const sac_field lot_item = {
    .name = "", .type = SAC_DOCUMENT, .fields = lot_fields, .open = true};

static const sac_field nest_fields[] = {
    {.name = "inner", .type = SAC_DOCUMENT, .fields = place_fields},
    {.name = NULL},
};

static const sac_field fields[] = {
    {.name = "name", .type = SAC_STRING, .searchable = true},
    {.name = "done", .type = SAC_BOOL},
    {.name = "n", .type = SAC_INT},
    {.name = "big", .type = SAC_INT64},
    {.name = "ratio", .type = SAC_DOUBLE},
    {.name = "price", .type = SAC_DECIMAL},
    {.name = "due", .type = SAC_DATE},
    {.name = "owner", .type = SAC_OBJECTID},
    {.name = "key", .type = SAC_UUID},
    {.name = "tags", .type = SAC_ARRAY, .items = &text_item},
    {.name = "items", .type = SAC_ARRAY, .items = &doc_item},
    {.name = "lots", .type = SAC_ARRAY, .items = &lot_item},
    {.name = "place", .type = SAC_DOCUMENT, .fields = place_fields},
    {.name = "house", .type = SAC_DOCUMENT, .fields = place_fields, .open = true},
    {.name = "nest", .type = SAC_DOCUMENT, .fields = nest_fields},
    {.name = "note", .type = SAC_STRING, .unfiltered = true},
    {.name = "pw", .type = SAC_STRING, .secret = true},
    {.name = "free", .type = SAC_ANY},
    {.name = "order", .type = SAC_INT},
    {.name = "url", .type = SAC_STRING, .computed = SAC_COMPUTED_URL},
    {.name = NULL},
};

static const sac_resource things = SAC_RESOURCE(.name = "things", .fields = fields,
                                                .id_type = SAC_ID_STRING);

static const char *const docs[] = {
    "{\"_id\":\"a\",\"name\":\"Straße "
    "[1]\",\"done\":true,\"n\":1,\"big\":{\"$numberLong\":\"9007199254740993\"},"
    "\"ratio\":1.5,\"price\":{\"$numberDecimal\":\"1.10\"},\"due\":{\"$date\":\"2026-01-01T00:00:"
    "00Z\"},"
    "\"owner\":{\"$oid\":\"00112233445566778899aabb\"},\"tags\":[\"red\",\"blue\"],\"order\":3,"
    "\"key\":{\"$binary\":{\"base64\":\"ABEiM0RVZneImaq7zN3u/w==\",\"subType\":\"04\"}},"
    "\"place\":{\"city\":\"Oslo\",\"pin\":\"1234\"},\"note\":\"x\",\"pw\":\"p\",\"free\":5}",
    "{\"_id\":\"b\",\"name\":\"beta\",\"done\":false,\"n\":2,\"due\":{\"$date\":\"2026-02-01T10:00:"
    "00Z\"},"
    "\"tags\":[\"blue\"],\"items\":[{\"sku\":\"x\",\"qty\":5},{\"sku\":\"y\",\"qty\":1}],\"free\":"
    "\"5\"}",
    "{\"_id\":\"c\",\"name\":\"gamma "
    "ray\",\"n\":3,\"tags\":[],\"items\":[{\"sku\":\"x\",\"qty\":1}],"
    "\"lots\":[{\"sku\":\"q\",\"cost\":7,\"w\":1}],\"house\":{\"city\":\"Rome\",\"pin\":\"9\","
    "\"door\":\"z\"}}",
    NULL,
};

static todos t;

static int open_things(void **state)
{
    static sac_resource resource;

    (void)state;
    resource = things;
    resource.regex = true;
    lists_open(&t, &resource, docs);
    return 0;
}

static int open_plain(void **state)
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

static void test_flat__compares_by_the_declared_type(void **state)
{
    (void)state;
    lists_gives(&t, "done=true", "a");
    lists_gives(&t, "done=false", "b");
    lists_gives(&t, "n=2", "b");
    lists_gives(&t, "n=2.0", "b");
    lists_gives(&t, "n[ne]=2", "a c");
    lists_gives(&t, "n[gt]=1&n[lte]=3", "b c");
    lists_gives(&t, "n[gte]=2&n[lt]=3", "b");
    lists_gives(&t, "big=9007199254740993", "a");
    lists_gives(&t, "ratio[gt]=1", "a");
    lists_gives(&t, "price=1.1", "a");
    lists_gives(&t, "due=2026-01-01", "a");
    lists_gives(&t, "due[gte]=2026-01-02", "b");
    lists_gives(&t, "due[gt]=2026-02-01T11:59:59%2B02:00", "b");
    lists_gives(&t, "owner=00112233445566778899aabb", "a");
    lists_gives(&t, "key=00112233-4455-6677-8899-aabbccddeeff", "a");
    lists_gives(&t, "name=beta", "b");
    lists_gives(&t, "name=", "");
    lists_gives(&t, "_id=c", "c");
    lists_gives(&t, "_id[gt]=a", "b c");
}

static void test_flat__takes_lists(void **state)
{
    (void)state;
    lists_gives(&t, "n[in][]=1&n[in][]=3", "a c");
    lists_gives(&t, "n[]=1&n[]=3", "a c");
    lists_gives(&t, "n[in]=1&n[in]=2", "a b");
    lists_gives(&t, "n[in]=1", "a");
    lists_gives(&t, "n[nin][]=1&n[nin][]=3", "b");
    lists_gives(&t, "tags=blue", "a b");
    lists_gives(&t, "tags[]=red&tags[]=none", "a");
    lists_gives(&t, "n[]=1&n[]=3&done=true", "a");
    lists_refuses(&t, "n[in][]=1&n[in][]=x", "bad_parameter", "n[in][]: must be an integer");
}

static void test_flat__goes_down_by_dots(void **state)
{
    (void)state;
    lists_gives(&t, "place.city=Oslo", "a");
    lists_gives(&t, "items.qty[gte]=5", "b");
    lists_gives(&t, "items.0.qty=1", "c");
    lists_gives(&t, "tags.0=blue", "b");
    lists_gives(&t, "house.door=z", "c");
    lists_gives(&t, "lots.w=1", "");
    lists_gives(&t, "free=5", "b");
    lists_gives(&t, "name[exists]=1&items[exists]=false", "a");
}

static void test_flat__reserved_names_are_filters_with_an_operator(void **state)
{
    (void)state;
    lists_gives(&t, "order[eq]=3", "a");
    lists_refuses(&t, "order=3", "bad_parameter", "order: only together with sort_by");
}

static void test_flat__refuses_what_does_not_fit(void **state)
{
    static const struct {
        const char *query, *says;
    } rows[] = {
        {"done=yes", "done: must be true or false"},
        {"done", "done: must be"},
        {"n=x", "n: must be an integer"},
        {"n=", "n: must be an integer"},
        {"n=1.5", "n: must be an integer"},
        {"n=1%202", "n: must be an integer"},
        {"n=0x10", "n: must be an integer"},
        {"n={}", "n: must be an integer"},
        {"n[gt]=1]", "n[gt]: must be an integer"},
        {"ratio=NaN", "ratio: must be a number"},
        {"ratio=1e999", "ratio: must be a number"},
        {"price=x", "price: must be a decimal"},
        {"due=tomorrow", "due: must be a date"},
        {"due=2026-01-01T00:00:00", "due: must be a date"},
        {"owner=1", "owner: must be an ObjectId"},
        {"key=1", "key: must be a UUID"},
        {"place=x", "place: must be an object"},
        {"items=x", "items: must be an object"},
        {"n[exists]=x", "n[exists]: must be true or false"},
        {"n[eq][]=1", "takes one value"},
        {"n=1&n=2", "n: may be given only once"},
        {"n=1&n[eq]=2", "may be given only once"},
        {"n[gt]=1&n[gt]=1", "may be given only once"},
        {"n[gt=1", "n[gt: brackets hold one operator"},
        {"n[gt]x=1", "brackets hold"},
        {"n[gt][lt]=1", "brackets hold"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        lists_refuses(&t, rows[i].query, "bad_parameter", rows[i].says);
    lists_refuses(&t, "n[foo]=1", "bad_operator", "foo");
    lists_refuses(&t, "n[$gt]=1", "bad_operator", "$gt");
    lists_refuses(&t, "n[where]=1", "bad_operator", "where");
}

static void test_filter__hidden_fields_do_not_exist(void **state)
{
    static const char *const names[] = {
        "pw",
        "note",
        "url",
        "nothing",
        "place.pin",
        "place.nothing",
        "lots.cost",
        "lots.0.cost",
        "lots.0.0.cost",
        "house.pin",
        "house.0.pin",
        "name.x",
        "items.x",
        "items.0.x",
        "$where",
        "",
        ".name",
        "name.",
        "place..city",
        "_rev",
        "id",
        "tags.x",
        "n.0",
        "place.0.pin",
        "items.$.sku",
        "a.$where",
    };
    char query[256];

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(query, sizeof query, "%s=1", names[i]);
        lists_refuses(&t, query, "bad_parameter", "unknown parameter");
        if (names[i][0] == '$')
            continue;
        snprintf(query, sizeof query, "where={\"%s\":1}", names[i]);
        lists_refuses(&t, query, "bad_parameter", "where: ");
        snprintf(query, sizeof query,
                 "where={\"$or\":[{\"n\":1},{\"$nor\":[{\"%s\":{\"$gt\":\"\"}}]}]}", names[i]);
        lists_refuses(&t, query, "bad_parameter", "where: ");
        snprintf(query, sizeof query, "sort=%s", names[i]);
        lists_refuses(&t, query, "bad_parameter", "sort: ");
    }
    CHECK_INT(the_list_store.finds, 0);
}

static void test_filter__nothing_with_a_secret_is_compared_whole(void **state)
{
    static const char *const queries[] = {
        "where={\"place\":{\"city\":\"Oslo\"}}",
        "where={\"place\":{\"$gt\":{\"city\":\"Oslo\"}}}",
        "where={\"place\":{\"$in\":[{\"city\":\"Oslo\"}]}}",
        "where={\"place\":{\"$not\":{\"$eq\":{}}}}",
        "where={\"lots\":[]}",
        "where={\"lots\":{\"$elemMatch\":{\"$gt\":{}}}}",
        "where={\"lots\":{\"$all\":[{\"sku\":\"q\"}]}}",
        "where={\"lots.0\":{\"sku\":\"q\"}}",
        "where={\"$and\":[{\"house\":{\"$ne\":{}}}]}",
        "where={\"nest\":{\"inner\":{}}}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++)
        lists_refuses(&t, queries[i], "bad_parameter", "compared as a whole");
    lists_refuses(&t, "sort=place", "bad_parameter", "sort: no field");
    lists_refuses(&t, "sort=lots", "bad_parameter", "sort: no field");
    lists_gives(&t, "where={\"place\":null}", "b c");
    lists_gives(&t, "where={\"lots\":{\"$size\":1}}", "c");
    lists_gives(&t, "where={\"lots\":{\"$elemMatch\":{\"sku\":\"q\",\"w\":1}}}", "c");
    lists_refuses(&t, "where={\"lots\":{\"$elemMatch\":{\"cost\":7}}}", "bad_parameter",
                  "\\\"cost\\\"");
    lists_refuses(&t, "where={\"lots\":{\"$elemMatch\":{\"$or\":[{\"cost\":7}]}}}", "bad_parameter",
                  "cost");
    lists_refuses(&t, "where={\"lots\":{\"$all\":[{\"$elemMatch\":{\"cost\":7}}]}}",
                  "bad_parameter", "cost");
    lists_refuses(&t, "where={\"lots\":{\"$not\":{\"$elemMatch\":{\"0.cost\":7}}}}",
                  "bad_parameter", "cost");
}

static void test_where__is_a_mongodb_filter(void **state)
{
    static const char *const rows[][2] = {
        {"{}", "a b c"},
        {"{\"n\":{\"$gt\":1},\"done\":false}", "b"},
        {"{\"$or\":[{\"n\":1},{\"n\":3}]}", "a c"},
        {"{\"$nor\":[{\"n\":1},{\"n\":3}]}", "b"},
        {"{\"n\":{\"$not\":{\"$gt\":1}}}", "a"},
        {"{\"n\":{\"$in\":[1,2]}}", "a b"},
        {"{\"n\":{\"$mod\":[2,1]}}", "a c"},
        {"{\"tags\":{\"$all\":[\"red\",\"blue\"]}}", "a"},
        {"{\"tags\":[\"blue\"]}", "b"},
        {"{\"tags\":{\"$size\":0}}", "c"},
        {"{\"items\":{\"$elemMatch\":{\"sku\":\"x\",\"qty\":5}}}", "b"},
        {"{\"items\":{\"$elemMatch\":{\"$or\":[{\"qty\":5}]}}}", "b"},
        {"{\"items\":{\"sku\":\"x\",\"qty\":1}}", "c"},
        {"{\"free\":{\"$type\":\"string\"}}", "b"},
        {"{\"due\":\"2026-01-01\"}", "a"},
        {"{\"due\":{\"$gte\":\"2026-01-02T00:00:00Z\"}}", "b"},
        {"{\"due\":{\"$date\":\"2026-01-01T00:00:00Z\"}}", "a"},
        {"{\"due\":null}", "c"},
        {"{\"owner\":\"00112233445566778899aabb\"}", "a"},
        {"{\"owner\":{\"$in\":[\"00112233445566778899aabb\",null]}}", "a b c"},
        {"{\"big\":\"9007199254740993\"}", "a"},
        {"{\"price\":{\"$lt\":1.2}}", "a"},
        {"{\"free\":5}", "a"},
        {"{\"free\":\"5\"}", "b"},
        {"{\"place.city\":\"Oslo\"}", "a"},
        {"{\"_id\":{\"$in\":[\"a\",\"c\"]}}", "a c"},
        {"{\"name\":{\"$regex\":\"^b\"}}", "b"},
        {"{\"name\":{\"$regex\":\"^B\",\"$options\":\"i\"}}", "b"},
        {"{\"name\":{\"$regularExpression\":{\"pattern\":\"^b\",\"options\":\"\"}}}", "b"},
        {"{\"name\":{\"$not\":{\"$regex\":\"^b\"}}}", "a c"},
    };
    char query[512];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(query, sizeof query, "where=%s", rows[i][0]);
        lists_gives(&t, query, rows[i][1]);
    }
    lists_gives(&t, "where={\"n\":{\"$gt\":1}}&done=false&q=bet", "b");
    lists_gives(&t, "name[regex]=ray$", "c");
}

static void test_where__refuses_what_is_no_filter(void **state)
{
    static const char *const bad[] = {
        "",
        "x",
        "[]",
        "1",
        "{",
        "{\"n\":}",
        "{\"n\":1,\"n\":2}",
        "{\"n\":{\"$gt\":1,\"x\":2}}",
        "{\"n\":\"x\"}",
        "{\"n\":{\"$in\":1}}",
        "{\"n\":{\"$in\":[\"x\"]}}",
        "{\"due\":\"soon\"}",
        "{\"$and\":{}}",
        "{\"$and\":[1]}",
        "{\"$and\":[]}",
        "{\"n\":{\"$mod\":[0,1]}}",
        "{\"tags\":{\"$size\":-1}}",
        "{\"n\":{\"$not\":1}}",
        "{\"n\":{\"$not\":{}}}",
        "{\"items\":{\"$elemMatch\":1}}",
        "{\"name\":{\"$regex\":\"(\"}}",
        "{\"name\":{\"$options\":\"i\"}}",
        "{\"place.city\":{\"x\":1}}",
        "{\"free\":{\"a\":{\"$gt\":1}}}",
        "{\"free\":{\"a.b\":1}}",
        "{\"n\":{\"$type\":\"what\"}}",
    };
    static const char *const operators[] = {
        "{\"$where\":\"1\"}",
        "{\"n\":{\"$where\":\"1\"}}",
        "{\"$expr\":{\"$eq\":[1,1]}}",
        "{\"$or\":[{\"$text\":{\"$search\":\"x\"}}]}",
        "{\"n\":{\"$not\":{\"$function\":1}}}",
        "{\"items\":{\"$elemMatch\":{\"qty\":{\"$near\":1}}}}",
        "{\"$comment\":\"x\"}",
        "{\"n\":{\"$and\":[]}}",
        "{\"$jsonSchema\":{}}",
        "{\"n\":{\"$gt\":1,\"$x\":1}}",
        "{\"tags\":{\"$all\":[{\"$x\":1}]}}",
    };
    char query[512];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(query, sizeof query, "where=%s", bad[i]);
        lists_refuses(&t, query, "bad_parameter", "");
    }
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        snprintf(query, sizeof query, "where=%s", operators[i]);
        lists_refuses(&t, query, "bad_operator", "$");
    }
    lists_refuses(&t, "where={}&where={}", "bad_parameter", "where: may be given only once");
    CHECK_INT(the_list_store.finds, 0);
}

static void test_filter__patterns_are_switched_on(void **state)
{
    static const char *const off[] = {
        "name[regex]=a",
        "where={\"name\":{\"$regex\":\"a\"}}",
        "where={\"name\":{\"$not\":{\"$regex\":\"a\"}}}",
        "where={\"name\":{\"$regularExpression\":{\"pattern\":\"a\",\"options\":\"\"}}}",
        "where={\"name\":{\"$in\":[{\"$regularExpression\":{\"pattern\":\"a\",\"options\":\"\"}}]}"
        "}",
        "where={\"$or\":[{\"name\":{\"$not\":{\"$regularExpression\":{\"pattern\":\"a\","
        "\"options\":\"\"}}}}]}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof off / sizeof *off; i++)
        lists_refuses(&t, off[i], "bad_operator", "regex");
}

static void test_filter__is_bounded(void **state)
{
    static char query[200 * 1024];
    size_t used;

    (void)state;
    used = (size_t)sprintf(query, "where={\"n\":{\"$in\":[0");
    for (int i = 0; i < 120; i++)
        used += (size_t)sprintf(query + used, ",%d", i);
    strcpy(query + used, "]}}");
    lists_refuses(&t, query, "bad_parameter", "");
    used = (size_t)sprintf(query, "n[]=0");
    for (int i = 0; i < 120; i++)
        used += (size_t)sprintf(query + used, "&n[]=%d", i);
    lists_refuses(&t, query, "bad_parameter", "");
    used = (size_t)sprintf(query, "where=");
    for (int i = 0; i < 21; i++)
        used += (size_t)sprintf(query + used, "{\"$and\":[");
    used += (size_t)sprintf(query + used, "{}");
    for (int i = 0; i < 21; i++)
        used += (size_t)sprintf(query + used, "]}");
    lists_refuses(&t, query, "bad_parameter", "");
    used = (size_t)sprintf(query, "where=");
    for (int i = 0; i < 1000; i++)
        used += (size_t)sprintf(query + used, "{\"n\":");
    lists_refuses(&t, query, "bad_parameter", "where: ");
    CHECK_INT(the_list_store.finds, 0);
}

static void test_search__words_are_parts_of_fields(void **state)
{
    (void)state;
    lists_gives(&t, "q=ETA", "b");
    lists_gives(&t, "q=stra%C3%9Fe", "a");
    lists_gives(&t, "q=STRA%C3%9FE", "a");
    lists_gives(&t, "q=oslo", "a");
    lists_gives(&t, "q=rome", "c");
    lists_gives(&t, "q=red", "a");
    lists_gives(&t, "q=gam+ray", "c");
    lists_gives(&t, "q=ray++gam", "c");
    lists_gives(&t, "q=beta+ray", "");
    lists_gives(&t, "q=[1]", "a");
    lists_gives(&t, "q=.*", "");
    lists_gives(&t, "q=1234", "");
    lists_gives(&t, "q=", "a b c");
    lists_gives(&t, "q=++", "a b c");
    lists_gives(&t, "q=a+b+c+d+e+f+g+h", "");
    lists_refuses(&t, "q=a+b+c+d+e+f+g+h+i", "bad_parameter", "q: at most 8 words");
    lists_refuses(&t, "q=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                  "bad_parameter", "q: at most 8 words of 64 bytes");
}

static void test_search__needs_a_searchable_field(void **state)
{
    todos other;

    (void)state;
    lists_open(&other, &todo_resource, NULL);
    lists_refuses(&other, "q=x", "bad_parameter", "q: unknown parameter");
    todos_close(&other);
}

static void test_filter__the_id_has_the_name_that_clients_use(void **state)
{
    static const sac_resource renamed = SAC_RESOURCE(.name = "things", .id_key = "id");
    static const char *const some[] = {
        "{\"_id\":{\"$oid\":\"00112233445566778899aabb\"},\"x\":\"1\"}",
        "{\"_id\":{\"$oid\":\"00112233445566778899aabc\"},\"x\":1}", NULL};
    todos other;

    (void)state;
    lists_open(&other, &renamed, some);
    CHECK_INT(lists_ask(&other, "id=00112233445566778899aabc"), 200);
    CHECK_STR(other.reply.body, "[{\"id\":\"00112233445566778899aabc\",\"x\":1}]");
    CHECK_INT(lists_ask(&other, "where={\"id\":{\"$gt\":\"00112233445566778899aabb\"}}"), 200);
    CHECK(todos_says(&other, "aabc") && !todos_says(&other, "aabb"));
    lists_refuses(&other, "_id=00112233445566778899aabc", "bad_parameter", "unknown");
    lists_refuses(&other, "where={\"_id\":1}", "bad_parameter", "where: ");
    lists_refuses(&other, "id=7", "bad_parameter", "id: must be an ObjectId");
    /* An undeclared field: a text is a string, JSON says what it says. */
    CHECK_INT(lists_ask(&other, "x=1"), 200);
    CHECK(todos_says(&other, "aabb") && !todos_says(&other, "aabc"));
    CHECK_INT(lists_ask(&other, "where={\"x\":1}"), 200);
    CHECK(todos_says(&other, "aabc") && !todos_says(&other, "aabb"));
    CHECK_INT(lists_ask(&other, "sort=-id"), 200);
    CHECK(the_list_store.query.descending && the_list_store.sort[0] == '\0');
    todos_close(&other);
}

static void test_filter__reaches_the_store_whole(void **state)
{
    (void)state;
    lists_gives(&t, "where={\"n\":{\"$gt\":0}}&done=true&q=1", "a");
    assert_string_equal(the_list_store.filter,
                        "{\"$and\":[{\"n\":{\"$gt\":0}},{\"done\":{\"$eq\":true}},"
                        "{\"$or\":[{\"name\":{\"$regex\":\"1\",\"$options\":\"i\"}},"
                        "{\"tags\":{\"$regex\":\"1\",\"$options\":\"i\"}},"
                        "{\"place.city\":{\"$regex\":\"1\",\"$options\":\"i\"}},"
                        "{\"house.city\":{\"$regex\":\"1\",\"$options\":\"i\"}},"
                        "{\"nest.inner.city\":{\"$regex\":\"1\",\"$options\":\"i\"}}]}]}");
    CHECK(the_list_store.query.from.type == SAC_BSON_STRING);
    CHECK(the_list_store.query.count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_flat__compares_by_the_declared_type, open_things,
                                        close_things),
        cmocka_unit_test_setup_teardown(test_flat__takes_lists, open_things, close_things),
        cmocka_unit_test_setup_teardown(test_flat__goes_down_by_dots, open_things, close_things),
        cmocka_unit_test_setup_teardown(test_flat__reserved_names_are_filters_with_an_operator,
                                        open_things, close_things),
        cmocka_unit_test_setup_teardown(test_flat__refuses_what_does_not_fit, open_things,
                                        close_things),
        cmocka_unit_test_setup_teardown(test_filter__hidden_fields_do_not_exist, open_things,
                                        close_things),
        cmocka_unit_test_setup_teardown(test_filter__nothing_with_a_secret_is_compared_whole,
                                        open_things, close_things),
        cmocka_unit_test_setup_teardown(test_where__is_a_mongodb_filter, open_things, close_things),
        cmocka_unit_test_setup_teardown(test_where__refuses_what_is_no_filter, open_things,
                                        close_things),
        cmocka_unit_test_setup_teardown(test_filter__patterns_are_switched_on, open_plain,
                                        close_things),
        cmocka_unit_test_setup_teardown(test_filter__is_bounded, open_things, close_things),
        cmocka_unit_test_setup_teardown(test_search__words_are_parts_of_fields, open_things,
                                        close_things),
        cmocka_unit_test(test_search__needs_a_searchable_field),
        cmocka_unit_test(test_filter__the_id_has_the_name_that_clients_use),
        cmocka_unit_test_setup_teardown(test_filter__reaches_the_store_whole, open_things,
                                        close_things),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
