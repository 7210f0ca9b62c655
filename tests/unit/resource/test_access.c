/* SPDX-License-Identifier: MIT */
#include "people.h"

/* Who may use a resource at all: access, scopes, restrict_to. */

#define NEEDS_TRANSACTIONS "the server has no transactions"

static const sac_field fields[] = {
    {.name = "title", .type = SAC_STRING},
    {.name = "team", .type = SAC_STRING},
    {.name = "locked", .type = SAC_BOOL},
    {.name = NULL},
};

#define NOTES(...)                                                                          \
    SAC_RESOURCE(.name = "notes", .fields = fields, .id_type = SAC_ID_STRING, .bulk = true, \
                 .clear = true, .remove_many = true, .modify_many = true, .upsert = true,   \
                 __VA_ARGS__)

static const sac_resource members = NOTES(.access = SAC_ACCESS_SIGNED_IN);
static const sac_resource shown = NOTES(.access = SAC_ACCESS_READ_ANYONE);
static const sac_resource open = NOTES(.access = SAC_ACCESS_ANYONE);
static const sac_resource scoped = NOTES(.access = SAC_ACCESS_SIGNED_IN, .read_scope = "read",
                                         .write_scope = "write");

/* Each method where it can be used, and where it needs nobody. */
typedef struct use {
    const char *method, *target, *json;
    int status;
} use;

static const use uses[] = {
    {"POST", "/api/notes", "{\"_id\":\"b\",\"title\":\"b\"}", 201},
    {"POST", "/api/notes", "[{\"_id\":\"c\"}]", 201},
    {"GET", "/api/notes", NULL, 200},
    {"HEAD", "/api/notes", NULL, 200},
    {"GET", "/api/notes?per_page=1", NULL, 200},
    {"GET", "/api/notes/b", NULL, 200},
    {"HEAD", "/api/notes/b", NULL, 200},
    {"PUT", "/api/notes/b", "{\"title\":\"x\"}", 200},
    {"PUT", "/api/notes/d", "{}", 201},
    {"PATCH", "/api/notes/b", "{\"title\":\"y\"}", 200},
    {"PATCH", "/api/notes?title=y", "{\"title\":\"z\"}", 200},
    {"DELETE", "/api/notes/b", NULL, 200},
    {"DELETE", "/api/notes?title=z", NULL, 200},
    {"DELETE", "/api/notes", NULL, 200},
};
enum { USES = sizeof uses / sizeof *uses };

/* Whether a use can be tried here. */
static bool works(const use *u)
{
    return !people_skips(u->method, u->target);
}

static bool reads(const use *u)
{
    return *u->method == 'G' || *u->method == 'H';
}

static void test_access__signed_in_is_401_for_strangers(void **state)
{
    todos t;

    (void)state;
    people_open(&t, &members);
    for (size_t i = 0; i < USES; i++) {
        CHECK_INT(people_ask(&t, NULL, uses[i].method, uses[i].target, uses[i].json), 401);
        if (*uses[i].method != 'H')
            CHECK(todos_problem(&t, "unauthorized"));
        CHECK_FIELD(&t, "www-authenticate", "Bearer");
        CHECK_FIELD(&t, "cache-control", "no-store");
    }
    for (size_t i = 0; i < USES; i++) {
        if (!works(&uses[i]))
            continue;
        CHECK_INT(people_ask(&t, "ann", uses[i].method, uses[i].target, uses[i].json),
                  uses[i].status);
        CHECK_FIELD(&t, "cache-control", "private, no-cache");
        CHECK_FIELD(&t, "vary",
                    reads(&uses[i]) ? "Accept, Cookie, Authorization" : "Cookie, Authorization");
    }
    todos_close(&t);
}

static void test_access__read_anyone_is_401_for_strangers_who_write(void **state)
{
    todos t;

    (void)state;
    people_open(&t, &shown);
    for (size_t i = 0; i < USES; i++)
        if (!reads(&uses[i]))
            CHECK_INT(people_ask(&t, NULL, uses[i].method, uses[i].target, uses[i].json), 401);
    for (size_t i = 0; i < USES; i++) {
        const char *user = reads(&uses[i]) ? NULL : "ann";

        if (!works(&uses[i]))
            continue;
        CHECK_INT(people_ask(&t, user, uses[i].method, uses[i].target, uses[i].json),
                  uses[i].status);
        CHECK_FIELD(&t, "cache-control", !user ? "no-cache" : "private, no-cache");
        if (!user)
            CHECK_FIELD(&t, "vary", "Accept");
    }
    todos_close(&t);
}

static void test_access__of_an_open_resource_asks_nobody(void **state)
{
    todos t;

    (void)state;
    people_open(&t, &open);
    for (size_t i = 0; i < USES; i++)
        if (works(&uses[i]))
            CHECK_INT(people_ask(&t, "-", uses[i].method, uses[i].target, uses[i].json),
                      uses[i].status);
    todos_close(&t);
}

static void test_access__of_a_guarded_one_fails_with_the_authenticator(void **state)
{
    todos t;

    (void)state;
    people_open(&t, &members);
    for (size_t i = 0; i < USES; i++)
        CHECK_INT(people_ask(&t, "-", uses[i].method, uses[i].target, uses[i].json), 503);
    todos_close(&t);
}

static void test_access__is_judged_before_all_else(void **state)
{
    todos t;

    (void)state;
    people_open(&t, &scoped);
    CHECK_INT(people_ask_with(&t, NULL, "POST", "/api/notes", "<x>", "Content-Type: text/html"),
              401);
    CHECK_INT(people_ask_with(&t, "ann", "POST", "/api/notes", "<x>", "Content-Type: text/html"),
              415);
    CHECK_INT(
        people_ask_with(&t, "bot!read", "POST", "/api/notes", "<x>", "Content-Type: text/html"),
        403);
    CHECK_INT(people_ask(&t, NULL, "GET", "/api/notes?nothing=1", NULL), 401);
    CHECK_INT(people_ask_with(&t, NULL, "GET", "/api/notes", NULL, "Accept: image/png"), 401);
    CHECK_INT(people_ask_with(&t, "ann", "GET", "/api/notes", NULL, "Accept: image/png"), 406);
    CHECK_INT(people_ask(&t, NULL, "GET", "/api/notes/none", NULL), 401);
    CHECK_INT(people_ask(&t, NULL, "PUT", "/api/notes", NULL), 405);
    CHECK_INT(people_ask(&t, NULL, "OPTIONS", "/api/notes", NULL), 204);
    CHECK_INT(people_ask(&t, NULL, "OPTIONS", "/api/notes/a", NULL), 204);
    todos_close(&t);
}

static void test_access__of_tokens_is_limited_by_scopes(void **state)
{
    todos t;

    (void)state;
    people_open(&t, &scoped);
    for (size_t i = 0; i < USES; i++) {
        const use *u = &uses[i];

        CHECK_INT(people_ask(&t, NULL, u->method, u->target, u->json), 401);
        CHECK_INT(people_ask(&t, "bot!none", u->method, u->target, u->json), 403);
        CHECK_INT(
            people_ask(&t, reads(u) ? "bot!write" : "bot!read", u->method, u->target, u->json),
            403);
        if (works(u))
            CHECK_INT(
                people_ask(&t, i % 2 ? "ann" : "bot!write,read", u->method, u->target, u->json),
                u->status);
    }
    todos_close(&t);
}

/* Teams: the name of a user is that of their team; `n…` is refused, nobody sees what has none. */
static int by_team(void *self, sac_req *req, bool writes, sac_bson *filter)
{
    const sac_identity *who = sac_req_identity(req);
    int *calls = self;

    if (calls)
        calls[writes]++;
    if (who && sac_str_is(who->name, "nix"))
        return sac_fail(req, SAC_EFORBIDDEN, "no team");
    if (who && sac_str_is(who->name, "odd"))
        sac_bson_add_int32(filter, "$odd", 1);
    if (sac_identity_has_role(who, "admin"))
        return 0;
    if (who)
        sac_bson_add_str(filter, "team", who->name);
    else
        sac_bson_add_null(filter, "team");
    if (!writes)
        return 0;
    sac_bson_begin_doc(filter, sac_str_of("locked"));
    sac_bson_add_bool(filter, "$ne", true);
    sac_bson_end(filter);
    return 0;
}

static void fill_teams(todos *t)
{
    CHECK_INT(people_ask(t, "root+admin", "POST", "/api/notes",
                         "[{\"_id\":\"a\",\"team\":\"ann\",\"title\":\"x\"},"
                         "{\"_id\":\"b\",\"team\":\"bob\",\"title\":\"x\"},"
                         "{\"_id\":\"l\",\"team\":\"ann\",\"title\":\"x\",\"locked\":true},"
                         "{\"_id\":\"n\",\"title\":\"x\"}]"),
              201);
}

static void test_restrict_to__narrows_what_is_met(void **state)
{
    static const sac_resource teams = NOTES(.restrict_to = by_team);
    todos t;

    (void)state;
    people_open(&t, &teams);
    fill_teams(&t);
    CHECK_INT(people_ask(&t, "ann", "GET", "/api/notes?per_page=5", NULL), 200);
    CHECK(!todos_says(&t, "\"b\"") && !todos_says(&t, "\"n\""));
    CHECK_FIELD(&t, "x-total-count", "2");
    CHECK_FIELD(&t, "cache-control", "private, no-cache");
    CHECK_INT(people_ask(&t, NULL, "GET", "/api/notes", NULL), 200);
    CHECK(todos_says(&t, "\"n\"") && !todos_says(&t, "\"a\""));
    CHECK_INT(people_ask(&t, "root+admin", "GET", "/api/notes?per_page=5", NULL), 200);
    CHECK_FIELD(&t, "x-total-count", "4");
    CHECK_INT(people_ask(&t, "ann", "GET", "/api/notes/l", NULL), 200);
    CHECK_INT(people_ask(&t, "bob", "GET", "/api/notes/l", NULL), 404);
    CHECK_INT(people_ask(&t, NULL, "GET", "/api/notes/l", NULL), 404);
    todos_close(&t);
}

static void test_restrict_to__tells_what_is_unseen_from_what_is_locked(void **state)
{
    static const char *const kinds[] = {"Content-Type: application/json",
                                        "Content-Type: application/merge-patch+json"};
    static const sac_resource teams = NOTES(.restrict_to = by_team);
    todos t;

    (void)state;
    people_open(&t, &teams);
    fill_teams(&t);
    for (size_t i = 0; i < 2; i++) {
        const char *body = "{\"title\":\"y\"}";

        CHECK_INT(people_ask_with(&t, "ann", "PATCH", "/api/notes/l", body, kinds[i]), 403);
        CHECK(todos_problem(&t, "forbidden"));
        CHECK_INT(people_ask_with(&t, "ann", "PATCH", "/api/notes/b", body, kinds[i]), 404);
        CHECK_INT(people_ask_with(&t, "ann", "PATCH", "/api/notes/a", body, kinds[i]), 200);
    }
    CHECK_INT(people_ask(&t, "ann", "PUT", "/api/notes/l", "{}"), 403);
    CHECK_INT(people_ask(&t, "ann", "PUT", "/api/notes/b", "{}"), 404);
    CHECK_INT(people_ask(&t, "ann", "DELETE", "/api/notes/l", NULL), 403);
    CHECK_INT(people_ask(&t, "ann", "DELETE", "/api/notes/b", NULL), 404);
    /* Before preconditions and the body. */
    CHECK_INT(people_ask_with(&t, "ann", "DELETE", "/api/notes/l", NULL, "If-Match: \"0.0\""), 403);
    CHECK_INT(people_ask(&t, "ann", "PATCH", "/api/notes/l", "{"), 403);
    todos_close(&t);
}

static void test_restrict_to__leaves_out_of_bulk_what_is_locked(void **state)
{
    static const sac_resource teams = NOTES(.restrict_to = by_team);
    todos t;

    (void)state;
    todos_needs_lmdb(NEEDS_TRANSACTIONS);
    people_open(&t, &teams);
    fill_teams(&t);
    CHECK_INT(people_ask(&t, "ann", "PATCH", "/api/notes?title=x", "{\"title\":\"y\"}"), 200);
    CHECK_STR(t.reply.body, "{\"matched\":1,\"modified\":1}");
    CHECK_INT(people_ask(&t, "ann", "DELETE", "/api/notes", NULL), 200);
    CHECK_STR(t.reply.body, "{\"deleted\":1}");
    CHECK_INT(people_ask(&t, "root+admin", "GET", "/api/notes?per_page=9", NULL), 200);
    CHECK_FIELD(&t, "x-total-count", "3");
    CHECK_INT(people_ask(&t, "root+admin", "DELETE", "/api/notes?team=bob", NULL), 200);
    CHECK_STR(t.reply.body, "{\"deleted\":1}");
    todos_close(&t);
}

static void test_restrict_to__is_asked_once_for_each_kind(void **state)
{
    int calls[2] = {0};
    const sac_resource teams = NOTES(.restrict_to = by_team, .self = calls);
    todos t;

    (void)state;
    people_open(&t, &teams);
    CHECK_INT(people_ask(&t, "ann", "GET", "/api/notes?per_page=1", NULL), 200);
    CHECK_INT(calls[0], 1);
    CHECK_INT(calls[1], 0);
    CHECK_INT(people_ask(&t, "ann", "PATCH", "/api/notes/a", "{}"), 404);
    CHECK_INT(calls[0], 2);
    CHECK_INT(calls[1], 1);
    todos_close(&t);
}

static void test_restrict_to__may_refuse_and_may_be_wrong(void **state)
{
    static const sac_resource teams = NOTES(.restrict_to = by_team);
    todos t;

    (void)state;
    people_open(&t, &teams);
    for (size_t i = 0; i < USES; i++) {
        CHECK_INT(people_ask(&t, "nix", uses[i].method, uses[i].target, uses[i].json), 403);
        CHECK_INT(people_ask(&t, "odd", uses[i].method, uses[i].target, uses[i].json), 500);
        CHECK(strstr(t.log, "restrict_to"));
        CHECK(!todos_says(&t, "$odd"));
    }
    todos_close(&t);
}

/* It counts for none of the client's conditions, and no client's lifts it. */
static void test_restrict_to__stands_beside_any_filter(void **state)
{
    static const sac_resource teams = NOTES(.restrict_to = by_team);
    char target[4096] = "/api/notes?where={\"$or\":[{\"team\":\"bob\"}";
    todos t;

    (void)state;
    people_open(&t, &teams);
    fill_teams(&t);
    CHECK_INT(people_ask(&t, "ann", "GET", "/api/notes?team=bob", NULL), 200);
    CHECK_STR(t.reply.body, "[]");
    CHECK_INT(
        people_ask(&t, "ann", "GET", "/api/notes?where={\"$nor\":[{\"team\":\"ann\"}]}", NULL),
        200);
    CHECK_STR(t.reply.body, "[]");
    for (int i = 0; i < 97; i++)
        strcat(target, ",{\"team\":\"bob\"}");
    strcat(target, "]}");
    CHECK_INT(people_ask(&t, "ann", "GET", target, NULL), 200);
    CHECK_STR(t.reply.body, "[]");
    CHECK_INT(people_ask(&t, "root+admin", "GET", target, NULL), 200);
    CHECK(todos_says(&t, "\"b\""));
    todos_close(&t);
}

/* A tag of a list stands for no more than what is in it. */
static void test_restrict_to__tags_lists_by_their_bytes(void **state)
{
    static const sac_resource teams = NOTES(.restrict_to = by_team);
    char line[128];
    todos t;

    (void)state;
    people_open(&t, &teams);
    fill_teams(&t);
    CHECK_INT(people_ask(&t, "ann", "GET", "/api/notes", NULL), 200);
    snprintf(line, sizeof line, "If-None-Match: %s", todos_header(&t, "etag"));
    CHECK_INT(people_ask(&t, "bob", "PATCH", "/api/notes/b", "{\"title\":\"z\"}"), 200);
    CHECK_INT(people_ask_with(&t, "ann", "GET", "/api/notes", NULL, line), 304);
    CHECK_FIELD(&t, "cache-control", "private, no-cache");
    CHECK_INT(people_ask_with(&t, "bob", "GET", "/api/notes", NULL, line), 200);
    CHECK_INT(people_ask(&t, "ann", "PATCH", "/api/notes/a", "{\"title\":\"z\"}"), 200);
    CHECK_INT(people_ask_with(&t, "ann", "GET", "/api/notes", NULL, line), 200);
    todos_close(&t);
}

/* Row 41: what a browser kept for one user is not the next one's. */
static void test_tags__are_of_one_principal(void **state)
{
    static const char *const targets[] = {"/api/notes", "/api/notes/a", "/api/notes?per_page=2"};
    static const char *const others[] = {"bob", "ann+staff", "ann!read"};
    char line[128];
    todos t;

    (void)state;
    people_open(&t, &members);
    CHECK_INT(people_ask(&t, "ann", "POST", "/api/notes", "{\"_id\":\"a\"}"), 201);
    for (size_t i = 0; i < 3; i++) {
        CHECK_INT(people_ask(&t, "ann", "GET", targets[i], NULL), 200);
        snprintf(line, sizeof line, "If-None-Match: %s", todos_header(&t, "etag"));
        CHECK_INT(people_ask_with(&t, "ann", "GET", targets[i], NULL, line), 304);
        for (size_t k = 0; k < 3; k++)
            CHECK_INT(people_ask_with(&t, others[k], "GET", targets[i], NULL, line), 200);
    }
    CHECK_INT(people_ask(&t, "ann+a,b", "GET", "/api/notes/a", NULL), 200);
    snprintf(line, sizeof line, "If-None-Match: %s", todos_header(&t, "etag"));
    CHECK_INT(people_ask_with(&t, "ann+b,a", "GET", "/api/notes/a", NULL, line), 304);
    /* As a precondition of a write it stands for the state alone. */
    snprintf(line, sizeof line, "If-Match: %s", todos_header(&t, "etag"));
    CHECK_INT(people_ask_with(&t, "bob", "PATCH", "/api/notes/a", "{\"title\":\"x\"}", line), 200);
    snprintf(line, sizeof line, "If-None-Match: %s", todos_header(&t, "etag"));
    CHECK_INT(people_ask_with(&t, "bob", "GET", "/api/notes/a", NULL, line), 304);
    todos_close(&t);
}

static const sac_decorator guarded[] = {
    {.fn = sac_login_required, .methods = SAC_GET, .flags = SAC_INLINE | SAC_GUARD}, {.fn = NULL}};

static void test_tags__are_of_one_principal_under_a_decorator_too(void **state)
{
    static const sac_resource decorated = NOTES(.decorators = guarded);
    char line[128];
    todos t;

    (void)state;
    people_open(&t, &decorated);
    CHECK_INT(people_ask(&t, NULL, "POST", "/api/notes", "{\"_id\":\"a\"}"), 201);
    CHECK_INT(people_ask(&t, NULL, "GET", "/api/notes/a", NULL), 401);
    CHECK_INT(people_ask(&t, "ann", "GET", "/api/notes/a", NULL), 200);
    CHECK_FIELD(&t, "cache-control", "private, no-cache");
    snprintf(line, sizeof line, "If-None-Match: %s", todos_header(&t, "etag"));
    CHECK_INT(people_ask_with(&t, "bob", "GET", "/api/notes/a", NULL, line), 200);
    CHECK_INT(people_ask_with(&t, "ann", "GET", "/api/notes/a", NULL, line), 304);
    todos_close(&t);
}

static int own_list(void *self, sac_req *req)
{
    return sac_super(self, req);
}

/* Operations of the program's stand behind the access too. */
static void test_access__stands_before_operations_of_your_own(void **state)
{
    static const sac_resource_ops ops = SAC_RESOURCE_OPS(.flags = SAC_INLINE, .list = own_list);
    static const sac_resource own = NOTES(.ops = &ops, .access = SAC_ACCESS_SIGNED_IN);
    todos t;

    (void)state;
    people_open(&t, &own);
    CHECK_INT(people_ask(&t, NULL, "GET", "/api/notes", NULL), 401);
    CHECK_INT(people_ask(&t, "ann", "GET", "/api/notes", NULL), 200);
    todos_close(&t);
}

static void test_access__is_refused_when_it_is_wrong(void **state)
{
    sac_resource resource = open;
    sac_err err;
    todos t;

    (void)state;
    todos_begin(&t);
    todos_make(&t);
    resource.access = (sac_access)3;
    CHECK_INT(sac_app_resource(t.app, "/api/notes", &resource, &err), SAC_EINVAL);
    CHECK(strstr(err.text, "access"));
    todos_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_access__signed_in_is_401_for_strangers),
        cmocka_unit_test(test_access__read_anyone_is_401_for_strangers_who_write),
        cmocka_unit_test(test_access__of_an_open_resource_asks_nobody),
        cmocka_unit_test(test_access__of_a_guarded_one_fails_with_the_authenticator),
        cmocka_unit_test(test_access__is_judged_before_all_else),
        cmocka_unit_test(test_access__of_tokens_is_limited_by_scopes),
        cmocka_unit_test(test_restrict_to__narrows_what_is_met),
        cmocka_unit_test(test_restrict_to__tells_what_is_unseen_from_what_is_locked),
        cmocka_unit_test(test_restrict_to__leaves_out_of_bulk_what_is_locked),
        cmocka_unit_test(test_restrict_to__is_asked_once_for_each_kind),
        cmocka_unit_test(test_restrict_to__may_refuse_and_may_be_wrong),
        cmocka_unit_test(test_restrict_to__stands_beside_any_filter),
        cmocka_unit_test(test_restrict_to__tags_lists_by_their_bytes),
        cmocka_unit_test(test_tags__are_of_one_principal),
        cmocka_unit_test(test_tags__are_of_one_principal_under_a_decorator_too),
        cmocka_unit_test(test_access__stands_before_operations_of_your_own),
        cmocka_unit_test(test_access__is_refused_when_it_is_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
