/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include "support/things.h"

static memory_store memory;

static int open_memory(const sac_store_config *config, sac_store **out, sac_err *err)
{
    static const char *const docs[] = {"{\"_id\":1,\"n\":1}", "{\"_id\":2,\"n\":2,\"s\":\"x\"}",
                                       NULL};

    return memory_open(&memory, config->alloc, docs, out, err);
}

typedef int act(sac_req *req);

static int post(void *self, sac_req *req)
{
    act *const *of = self;

    return (*of)(req);
}

static const sac_view_ops blocking_view = SAC_VIEW_OPS(.name = "out", .post = post);
static const sac_view_ops inline_view = SAC_VIEW_OPS(.name = "in", .post = post,
                                                     .flags = SAC_INLINE);
static const sac_app_config config = SAC_APP_CONFIG(.database = "memory:", .stores = {open_memory},
                                                    .workers = 2);

static int send(fixture *fx, const char *path)
{
    return fixture_get(fx, "POST", path);
}

static void start(fixture *fx, act **of, const sac_app_config *with)
{
    fixture_new(fx, with);
    fixture_mount(fx, "/in", &inline_view, of);
    fixture_mount(fx, "/out", &blocking_view, of);
}

static int update(sac_req *req, int64_t id, const char *text)
{
    const int rc = sac_req_update(req, "things", sac_req_int_value(req, id), text);

    CHECK(rc != SAC_ENOTFOUND || sac_reply_status(req) == 0);
    return rc ? rc : sac_reply_empty(req, 204);
}

static int increments(sac_req *req)
{
    return update(req, 2,
                  "{\"$inc\": {\"n\": {\"$numberLong\": \"5\"}}, \"$set\": {\"a.b\": true}}");
}

static int increments_text(sac_req *req)
{
    return update(req, 2, "{\"$inc\": {\"s\": 5}}");
}

static int increments_nothing(sac_req *req)
{
    return update(req, 7, "{\"$inc\": {\"n\": 5}}");
}

static int misspells(sac_req *req)
{
    return update(req, 2, "{\"$inc\": {\"n\": 5}");
}

static void test_req_update__changes_a_document(void **state)
{
    act *of = increments;
    fixture fx;

    (void)state;
    start(&fx, &of, &config);
    CHECK_INT(send(&fx, "/out"), 204);
    CHECK(memory_is(&memory, 1,
                    "{\"_id\":2,\"n\":{\"$numberLong\":\"7\"},\"s\":\"x\",\"a\":{\"b\":true}}"));
    fixture_free(&fx);
}

static bool body_has(const fixture *fx, const char *text)
{
    return memmem(fx->reply.body.p, fx->reply.body.n, text, strlen(text)) != NULL;
}

static void test_req_update__answers_for_errors(void **state)
{
    act *of = increments_text;
    fixture fx;

    (void)state;
    start(&fx, &of, &config);
    CHECK_INT(send(&fx, "/out"), 409);
    CHECK(body_has(&fx, "$inc of 's': the stored value is no number"));
    of = increments_nothing;
    CHECK_INT(send(&fx, "/out"), 404);
    of = misspells;
    CHECK_INT(send(&fx, "/out"), 400);
    memory.refuse = SAC_EUNAVAILABLE;
    of = increments;
    CHECK_INT(send(&fx, "/out"), 503);
    fixture_free(&fx);
}

static const char from_two[] = "\x0e\0\0\0\x10_id\0\2\0\0\0"; /* {"_id": 2} */

static int updates_many(sac_req *req)
{
    static const char bytes[] = "\x17\0\0\0\3$set\0\x0c\0\0\0\x10n\0\5\0\0\0\0"; /* n: 5 */
    const sac_query query = SAC_QUERY(.collection = "things");
    sac_affected affected = {0};
    int rc = sac_req_update_many(req, &query, sac_str_n(bytes, sizeof bytes), &affected);

    if (rc == SAC_OK)
        rc = sac_req_update_many(req, &query, sac_str_n(bytes, sizeof bytes), NULL);
    CHECK(rc != SAC_OK || (affected.matched == 2 && affected.changed == 2));
    return rc ? rc : sac_reply_empty(req, 204);
}

static int removes_many(sac_req *req)
{
    const sac_query query = SAC_QUERY(.collection = "things",
                                      .filter = sac_str_n(from_two, sizeof from_two));
    sac_affected affected = {0};
    const int rc = sac_req_remove_many(req, &query, &affected);

    CHECK(rc != SAC_OK || (affected.matched == 1 && affected.changed == 1));
    return rc ? rc : sac_reply_empty(req, 204);
}

static int forgets_the_macro(sac_req *req)
{
    const sac_query query = {.collection = "things"};

    return sac_req_remove_many(req, &query, NULL);
}

static void test_req_many__change_all_of_a_query(void **state)
{
    act *of = updates_many;
    fixture fx;

    (void)state;
    start(&fx, &of, &config);
    CHECK_INT(send(&fx, "/out"), 204);
    CHECK(memory_is(&memory, 0, "{\"_id\":1,\"n\":5}"));
    of = removes_many;
    CHECK_INT(send(&fx, "/out"), 204);
    CHECK(memory_is(&memory, 0, "{\"_id\":1,\"n\":5}"));
    CHECK(memory_is(&memory, 1, NULL));
    of = forgets_the_macro;
    CHECK_INT(send(&fx, "/out"), 500);
    memory.refuse = SAC_EFULL;
    of = updates_many;
    CHECK_INT(send(&fx, "/out"), 507);
    of = removes_many;
    CHECK_INT(send(&fx, "/out"), 507);
    fixture_free(&fx);
}

static void test_req_updates__are_not_for_inline_views(void **state)
{
    const struct {
        act *act;
        const char *name;
    } calls[] = {{increments, "sac_req_update"},
                 {updates_many, "sac_req_update_many"},
                 {removes_many, "sac_req_remove_many"}};
    char want[100];
    act *of;
    fixture fx;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        of = calls[i].act;
        start(&fx, &of, &config);
        CHECK_INT(send(&fx, "/in"), 500);
        snprintf(want, sizeof want, "view in: %s waits, so the view cannot be SAC_INLINE",
                 calls[i].name);
        CHECK(strstr(fx.log, want) != NULL);
        fixture_free(&fx);
    }
}

static void test_req_updates__without_a_store_are_500(void **state)
{
    static const sac_app_config none = SAC_APP_CONFIG(.workers = 2);
    act *const acts[] = {increments, updates_many, removes_many};
    act *of;
    fixture fx;

    (void)state;
    for (int i = 0; i < 3; i++) {
        of = acts[i];
        start(&fx, &of, &none);
        CHECK_INT(send(&fx, "/out"), 500);
        CHECK(strstr(fx.log, "no database") != NULL);
        fixture_free(&fx);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_req_update__changes_a_document),
        cmocka_unit_test(test_req_update__answers_for_errors),
        cmocka_unit_test(test_req_many__change_all_of_a_query),
        cmocka_unit_test(test_req_updates__are_not_for_inline_views),
        cmocka_unit_test(test_req_updates__without_a_store_are_500),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
