/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include <math.h>

#include <cjson/cJSON.h>

#include <sacrum/cjson.h>

typedef int act(sac_req *req);

static int run(void *self, sac_req *req)
{
    return (*(act **)self)(req);
}

static const sac_view_ops view = SAC_VIEW_OPS(.name = "act", .flags = SAC_INLINE, .get = run,
                                              .post = run);

static void start(fixture *fx, act **now, const sac_app_config *config)
{
    fixture_new(fx, config);
    fixture_mount(fx, "/act", &view, now);
}

static int send_n(fixture *fx, sac_str body)
{
    const char *const lines[] = {"Content-Type: application/json", NULL};
    const sac_loopback_request ask = SAC_LOOPBACK_REQUEST(.method = "POST", .target = "/act",
                                                          .headers = lines, .body = body);

    return fixture_ask(fx, &ask);
}

static int send(fixture *fx, const char *body)
{
    return send_n(fx, sac_str_of(body));
}

static int echo(sac_req *req)
{
    cJSON *tree = NULL;
    const int rc = sac_req_body_cjson(req, &tree);

    CHECK((rc == SAC_OK) == (tree != NULL));
    return rc ? rc : sac_reply_cjson(req, 200, tree);
}

static void test_tree__echoes_any_value(void **state)
{
    static const struct {
        const char *body, *answer;
    } cases[] = {
        {"{}", "{}"},
        {" [ ] ", "[]"},
        {"1", "1"},
        {"-0", "-0.0"},
        {"-0.0", "-0.0"},
        {"1.0", "1"},
        {"0.1", "0.1"},
        {"1e100", "1e100"},
        {"\"a\\u00e9\\n\\\"\"", "\"a\u00e9\\n\\\"\""},
        {"\"\"", "\"\""},
        {"true", "true"},
        {"false", "false"},
        {"null", "null"},
        {"[1,[2,{\"a\":[]}],null]", "[1,[2,{\"a\":[]}],null]"},
        {"{\"b\":1,\"a\":{\"\":1}}", NULL},
        {"{\"b\":1,\"a\":{\"c\":\"x\"},\"B\":2}", "{\"b\":1,\"a\":{\"c\":\"x\"},\"B\":2}"},
        {"[2147483648,9007199254740991,-9007199254740991]",
         "[2147483648,9007199254740991,-9007199254740991]"},
        {"[9007199254740992,9223372036854775807]",
         "[\"9007199254740992\",\"9223372036854775807\"]"},
        {"[{\"$oid\":\"507f1f77bcf86cd799439011\"}]", "[\"507f1f77bcf86cd799439011\"]"},
        {"[{\"$date\":\"2026-01-01T00:00:00Z\"}]", "[\"2026-01-01T00:00:00.000Z\"]"},
    };
    act *now = echo;
    fixture fx;

    (void)state;
    start(&fx, &now, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_INT(send(&fx, cases[i].body), cases[i].answer ? 200 : 400);
        if (cases[i].answer)
            CHECK_STR(fx.reply.body, cases[i].answer);
    }
    CHECK_INT(send(&fx, "1"), 200);
    CHECK_FIELD(&fx, "content-type", "application/json");
    fixture_free(&fx);
}

static void test_tree__a_body_is_read_as_strictly_as_any(void **state)
{
    static const struct {
        const char *body, *code;
    } cases[] = {
        {"", "bad_json"},
        {"{\"a\":1}x", "bad_json"},
        {"[1,]", "bad_json"},
        {"[1 2]", "bad_json"},
        {"nul", "bad_json"},
        {"'a'", "bad_json"},
        {"01", "bad_json"},
        {"\"\xff\"", "bad_json"},
        {"\xef\xbb\xbf{}", "bad_json"},
        {"1e999", "bad_json"},
        {"{\"a\":\"x\\u0000y\"}", "bad_json"},
        {"{\"a\":1,\"a\":2}", "bad_key"},
        {"[{\"__proto__\":1}]", "bad_key"},
        {"{\"a\\u0000\":1}", "bad_key"},
        {"[[[[1]]]]", "too_deep"},
        {"{\"a\":[[[1]]]}", "too_deep"},
        {"[1,2,3,4,5,6]", "too_many_keys"},
    };
    const sac_app_config config = SAC_APP_CONFIG(.workers = 1, .max_depth = 3, .max_keys = 5);
    const char *const lines[] = {"Content-Type: text/plain", NULL};
    const sac_loopback_request text = SAC_LOOPBACK_REQUEST(.method = "POST", .target = "/act",
                                                           .headers = lines,
                                                           .body = sac_str_of("{}"));
    act *now = echo;
    fixture fx;

    (void)state;
    start(&fx, &now, &config);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_INT(send(&fx, cases[i].body), 400);
        CHECK(contains(fx.reply.body, cases[i].code));
    }
    CHECK_INT(send(&fx, "[[[1]]]"), 200);
    CHECK_INT(fixture_ask(&fx, &text), 415);
    fixture_free(&fx);
}

static void test_tree__bodies_may_be_as_deep_as_documents(void **state)
{
    const sac_app_config config = SAC_APP_CONFIG(.workers = 1, .max_depth = 100);
    char body[800];
    act *now = echo;
    fixture fx;

    (void)state;
    start(&fx, &now, &config);
    for (int n = 98; n <= 102; n++) {
        const sac_str deep = sac_str_n(body, (size_t)n * 2);

        memset(body, '[', (size_t)n);
        memset(body + n, ']', (size_t)n);
        CHECK_INT(send_n(&fx, deep), n < 100 ? 200 : 400);
        CHECK(n < 100 || contains(fx.reply.body, "too_deep"));
    }
    for (int n = 99; n <= 101; n++) {
        size_t at = 0;

        for (int i = 1; i < n; i++)
            at += (size_t)sprintf(body + at, "{\"a\":");
        at += (size_t)sprintf(body + at, "{}");
        memset(body + at, '}', (size_t)n - 1);
        CHECK_INT(send_n(&fx, sac_str_n(body, at + (size_t)n - 1)), n <= 100 ? 200 : 400);
        CHECK(n <= 100 || contains(fx.reply.body, "too_deep"));
    }
    fixture_free(&fx);
}

/* What the next request answers with, and what comes of it. */
static cJSON *answer;
static int result;

static int reply(sac_req *req)
{
    result = sac_reply_cjson(req, 200, answer);
    return result;
}

static cJSON *node(int type)
{
    cJSON *made = cJSON_CreateNull();

    CHECK(made != NULL);
    made->type = type;
    return made;
}

static void check_refused(fixture *fx, int rc, const char *text)
{
    fx->log[0] = '\0';
    CHECK_INT(fixture_get(fx, "GET", "/act"), 500);
    CHECK_INT(result, rc);
    if (!strstr(fx->log, text))
        print_error("%s\n", fx->log);
    CHECK(strstr(fx->log, text) != NULL);
    CHECK(!contains(fx->reply.body, text));
}

static void test_tree__answers_with_whatever_is_json(void **state)
{
    static const double numbers[] = {NAN,  INFINITY, -INFINITY, 9007199254740991, 9007199254740992,
                                     1e21, -1.5,     5e-324};
    act *now = reply;
    fixture fx;

    (void)state;
    start(&fx, &now, NULL);
    answer = cJSON_CreateDoubleArray(numbers, 8);
    CHECK_INT(fixture_get(&fx, "GET", "/act"), 200);
    CHECK_STR(fx.reply.body, "[null,null,null,9007199254740991,9007199254740992.0,1e21,-1.5,"
                             "5e-324]");
    cJSON_Delete(answer);
    answer = cJSON_CreateObject();
    CHECK(cJSON_AddRawToObject(answer, "raw", " {\"a\": [1,2]} ") != NULL);
    CHECK(cJSON_AddItemReferenceToObject(answer, "again", answer->child));
    CHECK(cJSON_AddItemToObjectCS(answer, "a/\"", cJSON_CreateStringReference("</x>")));
    CHECK(cJSON_AddStringToObject(answer, "", "") != NULL);
    CHECK_INT(fixture_get(&fx, "GET", "/act"), 200);
    CHECK_STR(fx.reply.body, "{\"raw\": {\"a\": [1,2]} ,\"again\": {\"a\": [1,2]} ,"
                             "\"a/\\\"\":\"</x>\",\"\":\"\"}");
    cJSON_Delete(answer);
    fixture_free(&fx);
}

static void test_tree__a_malformed_tree_is_500_and_named(void **state)
{
    static const int types[] = {cJSON_Invalid, 3,         cJSON_Number | cJSON_String,
                                cJSON_String,  cJSON_Raw, 1 << 9};
    static const char *const raws[] = {"", "{", "{\"a\":1}}", "nan", "1 2", "\xff"};
    cJSON *object;
    act *now = reply;
    fixture fx;

    (void)state;
    start(&fx, &now, NULL);
    answer = NULL;
    check_refused(&fx, SAC_EINVAL, "reply: tree: there is none");
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        answer = cJSON_CreateObject();
        CHECK(cJSON_AddItemToObject(answer, "bad", node(types[i])));
        check_refused(&fx, SAC_EINVAL, " at \"bad\"");
        cJSON_Delete(answer);
    }
    for (size_t i = 0; i < sizeof raws / sizeof *raws; i++) {
        answer = cJSON_CreateArray();
        CHECK(cJSON_AddItemToArray(answer, cJSON_CreateRaw(raws[i])));
        check_refused(&fx, SAC_EINVAL, "reply: tree: ");
        cJSON_Delete(answer);
    }
    object = answer = cJSON_CreateObject();
    CHECK(cJSON_AddNullToObject(object, "a") != NULL);
    free(object->child->string);
    object->child->string = NULL;
    check_refused(&fx, SAC_EINVAL, "tree: no name");
    object->child->string = strdup("\xff");
    check_refused(&fx, SAC_EINVAL, "tree: a name that is not UTF-8");
    cJSON_Delete(answer);
    answer = cJSON_CreateString("\xc3");
    check_refused(&fx, SAC_EINVAL, "tree: not UTF-8");
    cJSON_Delete(answer);
    fixture_free(&fx);
}

static cJSON *tower(int levels, cJSON *top)
{
    for (int i = 0; i < levels; i++) {
        cJSON *array = cJSON_CreateArray();

        CHECK(cJSON_AddItemToArray(array, top));
        top = array;
    }
    return top;
}

static void test_tree__circles_and_towers_end(void **state)
{
    const sac_app_config config = SAC_APP_CONFIG(.workers = 1, .max_memory = 1 << 20);
    cJSON *child;
    act *now = reply;
    fixture fx;

    (void)state;
    start(&fx, &now, &config);
    answer = tower(100, cJSON_CreateNull());
    CHECK_INT(fixture_get(&fx, "GET", "/act"), 200);
    answer = tower(1, answer);
    check_refused(&fx, SAC_ELIMIT, "tree: nested too deep");
    cJSON_Delete(answer);
    answer = tower(50, cJSON_CreateRaw("[[[1]]]"));
    CHECK_INT(fixture_get(&fx, "GET", "/act"), 200);
    answer = tower(48, answer);
    CHECK_INT(fixture_get(&fx, "GET", "/act"), 500);
    answer = tower(2, answer);
    check_refused(&fx, SAC_ELIMIT, "tree: nested too deep");
    cJSON_Delete(answer);
    answer = cJSON_CreateArray();
    answer->child = answer;
    check_refused(&fx, SAC_ELIMIT, "tree: nested too deep");
    answer->child = child = cJSON_CreateNull();
    child->next = child;
    CHECK_INT(fixture_get(&fx, "GET", "/act"), 500);
    CHECK(result == SAC_ENOMEM || result == SAC_ETOOBIG);
    child->next = NULL;
    child->prev = child;
    cJSON_Delete(answer);
    fixture_free(&fx);
}

static sac_str decode(const char *json)
{
    sac_str doc = {NULL, 0};

    CHECK_INT(sac_json_decode(sac_str_of(json), NULL, NULL, &doc, NULL), SAC_OK);
    return doc;
}

static void test_tree__of_a_document_says_what_plain_json_says(void **state)
{
    const sac_str doc = decode(
        "{\"oid\":{\"$oid\":\"507f1f77bcf86cd799439011\"},\"date\":{\"$date\":"
        "{\"$numberLong\":\"1\"}},\"far\":{\"$date\":{\"$numberLong\":\"-99999999999999\"}},"
        "\"dec\":{\"$numberDecimal\":\"0.10\"},\"bin\":{\"$binary\":{\"base64\":\"AQI=\","
        "\"subType\":\"80\"}},\"uuid\":{\"$uuid\":\"123e4567-e89b-12d3-a456-426614174000\"},"
        "\"nan\":{\"$numberDouble\":\"NaN\"},\"big\":{\"$numberLong\":\"-9007199254740993\"},"
        "\"int\":-7,\"long\":{\"$numberLong\":\"5\"},\"half\":0.5,"
        "\"re\":{\"$regularExpression\":{\"pattern\":\"a+\\\"\",\"options\":\"ix\"}},"
        "\"ts\":{\"$timestamp\":{\"t\":4294967295,\"i\":2}},\"code\":{\"$code\":\"f()\"},"
        "\"scoped\":{\"$code\":\"g\",\"$scope\":{\"x\":[1]}},\"sym\":{\"$symbol\":\"s\"},"
        "\"ptr\":{\"$dbPointer\":{\"$ref\":\"c\",\"$id\":{\"$oid\":\"507f1f77bcf86cd799439011\"}}},"
        "\"min\":{\"$minKey\":1},\"max\":{\"$maxKey\":1},\"undef\":{\"$undefined\":true},"
        "\"arr\":[[],{},true,null,\"\\u00e9\"]}");
    cJSON *tree = NULL;
    char *text;

    (void)state;
    CHECK_INT(sac_cjson_of(doc, &tree, NULL), SAC_OK);
    text = cJSON_PrintUnformatted(tree);
    CHECK_STR(
        sac_str_of(text),
        "{\"oid\":\"507f1f77bcf86cd799439011\",\"date\":\"1970-01-01T00:00:00.001Z\","
        "\"far\":{\"$date\":{\"$numberLong\":\"-99999999999999\"}},\"dec\":\"0.10\","
        "\"bin\":\"AQI=\",\"uuid\":\"123e4567-e89b-12d3-a456-426614174000\",\"nan\":null,"
        "\"big\":\"-9007199254740993\",\"int\":-7,\"long\":5,\"half\":0.5,"
        "\"re\":{\"$regularExpression\":{\"pattern\":\"a+\\\"\",\"options\":\"ix\"}},"
        "\"ts\":{\"$timestamp\":{\"t\":4294967295,\"i\":2}},\"code\":{\"$code\":\"f()\"},"
        "\"scoped\":{\"$code\":\"g\",\"$scope\":{\"x\":[1]}},\"sym\":{\"$symbol\":\"s\"},"
        "\"ptr\":{\"$dbPointer\":{\"$ref\":\"c\",\"$id\":{\"$oid\":\"507f1f77bcf86cd799439011\"}}},"
        "\"min\":{\"$minKey\":1},\"max\":{\"$maxKey\":1},\"undef\":{\"$undefined\":true},"
        "\"arr\":[[],{},true,null,\"\u00e9\"]}");
    cJSON_free(text);
    cJSON_Delete(tree);
    free((void *)(uintptr_t)doc.p);
}

static void test_tree__of_a_document_that_is_none(void **state)
{
    const sac_str doc = decode("{\"a\":{\"b\":\"x\\u0000y\"}}");
    cJSON *tree = NULL;
    sac_err err = {.code = 0};
    sac_bson made;
    sac_str bytes;

    (void)state;
    CHECK_INT(sac_cjson_of(doc, &tree, &err), SAC_EINVAL);
    CHECK_STR(sac_str_of(err.text), "a string with a NUL, which a tree cannot hold");
    CHECK_INT(sac_cjson_of(sac_str_n(doc.p, doc.n - 1), &tree, &err), SAC_ECORRUPT);
    CHECK_INT(sac_cjson_of(sac_str_of(NULL), &tree, &err), SAC_ECORRUPT);
    free((void *)(uintptr_t)doc.p);
    sac_bson_init(&made, NULL, 0);
    sac_bson_add_str(&made, "a", sac_str_of("\xff"));
    CHECK_INT(sac_bson_finish(&made, &bytes), SAC_OK);
    CHECK_INT(sac_cjson_of(bytes, &tree, &err), SAC_ECORRUPT);
    sac_bson_fini(&made);
    CHECK(!tree);
    /* Of duplicate keys the first is shown. */
    sac_bson_init(&made, NULL, 0);
    sac_bson_add_int32(&made, "a", 1);
    sac_bson_add_int32(&made, "b", 2);
    sac_bson_add_int32(&made, "a", 3);
    CHECK_INT(sac_bson_finish(&made, &bytes), SAC_OK);
    CHECK_INT(sac_cjson_of(bytes, &tree, &err), SAC_OK);
    CHECK_INT(cJSON_GetArraySize(tree), 2);
    CHECK_INT(cJSON_GetObjectItem(tree, "a")->valueint, 1);
    cJSON_Delete(tree);
    sac_bson_fini(&made);
}

static int collect(void *self, const char *p, size_t n)
{
    sac_str *out = self;

    memcpy((char *)(uintptr_t)out->p + out->n, p, n);
    out->n += n;
    return 0;
}

static sac_str canonical(sac_str doc, char *text, size_t cap)
{
    const sac_json_options options = SAC_JSON_OPTIONS(.dialect = SAC_JSON_CANONICAL,
                                                      .max_size = cap);
    sac_str out = {text, 0};

    CHECK_INT(sac_json_encode(doc, &options, collect, &out, NULL), SAC_OK);
    return out;
}

static void test_tree__becomes_a_document(void **state)
{
    cJSON *tree = cJSON_Parse("{\"i\":1,\"l\":2147483648,\"n\":-2147483649,\"m\":-2147483648,"
                              "\"d\":0.5,\"z\":-0.0,\"h\":1e19,\"e\":9223372036854775807,"
                              "\"s\":\"x\",\"t\":true,\"f\":false,\"0\":null,"
                              "\"a\":[1,{\"b\":[]}],\"o\":{}}");
    fault_alloc fault;
    char text[1000];
    sac_str doc;

    (void)state;
    CHECK(tree != NULL);
    CHECK(cJSON_AddRawToObject(tree, "r", "{\"$oid\":\"507f1f77bcf86cd799439011\"}") != NULL);
    CHECK_INT(sac_cjson_bson(tree, fault_alloc_init(&fault, -1), &doc, NULL), SAC_OK);
    CHECK_INT(sac_bson_check(doc, NULL), SAC_OK);
    CHECK_STR(canonical(doc, text, sizeof text),
              "{\"i\":{\"$numberInt\":\"1\"},\"l\":{\"$numberLong\":\"2147483648\"},"
              "\"n\":{\"$numberLong\":\"-2147483649\"},\"m\":{\"$numberInt\":\"-2147483648\"},"
              "\"d\":{\"$numberDouble\":\"0.5\"},\"z\":{\"$numberDouble\":\"-0.0\"},"
              "\"h\":{\"$numberDouble\":\"1.0E+19\"},"
              "\"e\":{\"$numberDouble\":\"9.223372036854776E+18\"},\"s\":\"x\",\"t\":true,"
              "\"f\":false,\"0\":null,\"a\":[{\"$numberInt\":\"1\"},{\"b\":[]}],\"o\":{},"
              "\"r\":{\"$oid\":\"507f1f77bcf86cd799439011\"}}");
    CHECK(fault.alloc.resize(fault.alloc.self, (void *)(uintptr_t)doc.p, doc.n, 0) == NULL);
    CHECK_INT(fault.live, 0);
    cJSON_Delete(tree);
}

static void check_no_document(const cJSON *tree, int rc, const char *text)
{
    sac_err err = {.code = 0};
    sac_str doc = {NULL, 0};

    CHECK_INT(sac_cjson_bson(tree, NULL, &doc, &err), rc);
    CHECK_STR(sac_str_of(err.text), text);
    CHECK(!doc.p);
}

static void test_tree__that_no_document_can_hold(void **state)
{
    cJSON *tree = cJSON_CreateObject();
    cJSON *array = cJSON_CreateArray();
    cJSON *child;
    sac_str doc;

    (void)state;
    check_no_document(NULL, SAC_EINVAL, "tree: not an object");
    check_no_document(array, SAC_EINVAL, "tree: not an object");
    cJSON_Delete(array);
    CHECK(cJSON_AddItemToObject(tree, "a", node(0)));
    child = tree->child;
    check_no_document(tree, SAC_EINVAL, "tree: a node of no type at \"a\"");
    child->type = cJSON_String;
    check_no_document(tree, SAC_EINVAL, "tree: a string without a value at \"a\"");
    child->valuestring = strdup("\xff");
    check_no_document(tree, SAC_EINVAL, "tree: not UTF-8 at \"a\"");
    child->type = cJSON_Raw;
    strcpy(child->valuestring, "{");
    CHECK_INT(sac_cjson_bson(tree, NULL, &doc, NULL), SAC_EINVAL);
    child->type = cJSON_Object;
    child->child = child; /* a circle */
    check_no_document(tree, SAC_ELIMIT, "tree: nested too deep at \"a\"");
    child->child = NULL;
    child->next = child;
    check_no_document(tree, SAC_ETOOBIG, "tree: too large at \"a\"");
    child->next = NULL;
    free(child->string);
    child->string = NULL;
    check_no_document(tree, SAC_EINVAL, "tree: no name");
    cJSON_Delete(tree);
    tree = cJSON_CreateObject();
    CHECK(cJSON_AddItemToObject(tree, "a", tower(99, cJSON_CreateNull())));
    CHECK_INT(sac_cjson_bson(tree, NULL, &doc, NULL), SAC_OK);
    free((void *)(uintptr_t)doc.p);
    cJSON_Delete(tree);
    tree = cJSON_CreateObject();
    CHECK(cJSON_AddItemToObject(tree, "a", tower(100, cJSON_CreateNull())));
    check_no_document(tree, SAC_ELIMIT, "tree: nested too deep");
    cJSON_Delete(tree);
}

static void test_tree__to_bson_survives_oom(void **state)
{
    cJSON *tree = cJSON_CreateObject();
    fault_alloc fault;
    sac_str doc = {NULL, 0};
    int rc = SAC_ENOMEM;

    (void)state;
    for (int i = 0; i < 50; i++)
        CHECK(cJSON_AddRawToObject(tree, "raw", "{\"a\\n\":[\"x\\ny\"]}") != NULL);
    for (long n = 0; rc != SAC_OK; n++) {
        rc = sac_cjson_bson(tree, fault_alloc_init(&fault, n), &doc, NULL);
        CHECK(rc == SAC_OK || (rc == SAC_ENOMEM && !doc.p && fault.live == 0));
        CHECK(n < 1000);
    }
    CHECK_INT(fault.live, 1);
    free((void *)(uintptr_t)doc.p);
    cJSON_Delete(tree);
}

/* cJSON's own memory, of which `left` more blocks are given. */
static long left;

static void *limited(size_t n)
{
    return left-- > 0 ? malloc(n) : NULL;
}

static void test_tree__of_a_document_survives_oom(void **state)
{
    cJSON_Hooks hooks = {.malloc_fn = limited, .free_fn = free};
    const sac_str doc = decode("{\"a\":[1,\"x\",{\"b\":{\"$oid\":\"507f1f77bcf86cd799439011\"}}],"
                               "\"c\":{\"$minKey\":1},\"d\":null}");
    cJSON *tree = NULL;
    int rc = SAC_ENOMEM;

    (void)state;
    cJSON_InitHooks(&hooks);
    for (long n = 0; rc != SAC_OK; n++) {
        left = n;
        rc = sac_cjson_of(doc, &tree, NULL);
        CHECK(rc == SAC_OK || (rc == SAC_ENOMEM && !tree));
        CHECK(n < 1000);
    }
    cJSON_Delete(tree);
    cJSON_InitHooks(NULL);
    free((void *)(uintptr_t)doc.p);
}

static void test_tree__of_a_body_survives_oom(void **state)
{
    cJSON_Hooks hooks = {.malloc_fn = limited, .free_fn = free};
    act *now = echo;
    int status = 0;
    fixture fx;

    (void)state;
    start(&fx, &now, NULL);
    cJSON_InitHooks(&hooks);
    for (long n = 0; status != 200; n++) {
        left = n;
        status = send(&fx, "{\"a\":[1,\"x\",{\"b\":9007199254740993}]}");
        CHECK(status == 200 || status == 500);
        CHECK(n < 1000);
    }
    cJSON_InitHooks(NULL);
    fixture_free(&fx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree__echoes_any_value),
        cmocka_unit_test(test_tree__a_body_is_read_as_strictly_as_any),
        cmocka_unit_test(test_tree__bodies_may_be_as_deep_as_documents),
        cmocka_unit_test(test_tree__answers_with_whatever_is_json),
        cmocka_unit_test(test_tree__a_malformed_tree_is_500_and_named),
        cmocka_unit_test(test_tree__circles_and_towers_end),
        cmocka_unit_test(test_tree__of_a_document_says_what_plain_json_says),
        cmocka_unit_test(test_tree__of_a_document_that_is_none),
        cmocka_unit_test(test_tree__becomes_a_document),
        cmocka_unit_test(test_tree__that_no_document_can_hold),
        cmocka_unit_test(test_tree__to_bson_survives_oom),
        cmocka_unit_test(test_tree__of_a_document_survives_oom),
        cmocka_unit_test(test_tree__of_a_body_survives_oom),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
