/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "people.h"

/* Documents that belong to who made them. ann is aaa…, bob is bbb…. */

#define ANN "aaaaaaaaaaaaaaaaaaaaaaaa"
#define BOB "bbbbbbbbbbbbbbbbbbbbbbbb"
#define NEEDS_TRANSACTIONS "the server has no transactions"
#define JSON_PATCH "Content-Type: application/json-patch+json"
#define MERGE_PATCH "Content-Type: application/merge-patch+json"
#define UPDATE "Content-Type: application/vnd.sacrum.update+json"

static const sac_field fields[] = {
    {.name = "title", .type = SAC_STRING},
    {.name = "n", .type = SAC_INT},
    {.name = "slug", .type = SAC_STRING, .unique = true, .sparse = true},
    {.name = NULL},
};
static const sac_field fields_with_owner[] = {
    {.name = "title", .type = SAC_STRING},
    {.name = "n", .type = SAC_INT},
    {.name = "owner", .type = SAC_OBJECTID},
    {.name = "by", .type = SAC_STRING},
    {.name = NULL},
};
static const char *const admins[] = {"admin", "support", NULL};
static const char *const operators[] = {"$set", "$unset", "$rename", "$inc", NULL};

#define NOTES(...)                                                                           \
    SAC_RESOURCE(.name = "notes", .id_type = SAC_ID_STRING, .bulk = true, .clear = true,     \
                 .remove_many = true, .modify_many = true, .upsert = true, .owner = "owner", \
                 .owner_roles = admins, .update_operators = operators, __VA_ARGS__)

static const sac_resource notes = NOTES(.fields = fields);
static const sac_resource declared = NOTES(.fields = fields_with_owner);
static const sac_resource untyped = NOTES(.fields = NULL);
static const sac_resource read_by_all = NOTES(.fields = fields, .access = SAC_ACCESS_READ_ANYONE);

/* a is ann's, b is bob's. */
static void fill(todos *t)
{
    CHECK_INT(people_ask(t, "eve+admin", "DELETE", "/api/notes", NULL), 200);
    CHECK_INT(people_ask(t, "ann", "POST", "/api/notes", "{\"_id\":\"a\",\"title\":\"x\",\"n\":1}"),
              201);
    CHECK_INT(people_ask(t, "bob", "POST", "/api/notes", "{\"_id\":\"b\",\"title\":\"x\",\"n\":1}"),
              201);
}

static void open_filled(todos *t, const sac_resource *resource)
{
    people_open(t, resource);
    fill(t);
}

/* Every operation on what is ann's: what each of four is answered. */
typedef struct row {
    const char *method, *target, *json, *line;
    int owner, other, admin;
    const char *owner_says, *other_says, *admin_says; /* NULL: not looked at */
} row;

static const row rows[] = {
    {"GET", "/api/notes/a", NULL, NULL, 200, 404, 200, NULL, NULL, NULL},
    {"HEAD", "/api/notes/a", NULL, NULL, 200, 404, 200, NULL, NULL, NULL},
    {"GET", "/api/notes/a", NULL, "If-None-Match: *", 304, 404, 304, NULL, NULL, NULL},
    {"GET", "/api/notes/a", NULL, "If-Match: \"0.0\"", 412, 404, 412, NULL, NULL, NULL},
    {"GET", "/api/notes?n=1", NULL, NULL, 200, 200, 200, "[{\"_id\":\"a\"", "[{\"_id\":\"b\"",
     "},{"},
    {"GET", "/api/notes?_id=a", NULL, NULL, 200, 200, 200, "\"a\"", "[]", "\"a\""},
    {"GET", "/api/notes?_id[ne]=b", NULL, NULL, 200, 200, 200, "\"a\"", "[]", "\"a\""},
    {"GET", "/api/notes?envelope=1", NULL, NULL, 200, 200, 200, "\"total\":1", "\"total\":1",
     "\"total\":2"},
    {"GET", "/api/notes?where={\"$or\":[{\"_id\":\"a\"},{\"n\":9}]}", NULL, NULL, 200, 200, 200,
     "\"a\"", "[]", "\"a\""},
    {"GET", "/api/notes?sort=-n&per_page=1&page=2", NULL, NULL, 200, 200, 200, "[]", "[]", "_id"},
    {"POST", "/api/notes", "{\"_id\":\"new\"}", NULL, 201, 201, 201, NULL, NULL, NULL},
    {"POST", "/api/notes", "[{\"_id\":\"n1\"},{\"_id\":\"n2\"}]", NULL, 201, 201, 201, NULL, NULL,
     NULL},
    {"POST", "/api/notes", "{\"_id\":\"a\"}", NULL, 409, 409, 409, "\"exists\"", "\"exists\"",
     "\"exists\""},
    {"POST", "/api/notes", "[{\"_id\":\"n1\"},{\"_id\":\"a\"}]", NULL, 409, 409, 409, "\"exists\"",
     "\"exists\"", "\"exists\""},
    {"PUT", "/api/notes/a", "{\"title\":\"y\"}", NULL, 200, 404, 200, NULL, NULL, NULL},
    {"PUT", "/api/notes/a", "{\"title\":\"y\"}", "If-None-Match: *", 412, 404, 412, NULL, NULL,
     NULL},
    {"PUT", "/api/notes/a", "{\"n\":\"bad\"}", NULL, 422, 404, 422, NULL, NULL, NULL},
    {"PUT", "/api/notes/new", "{\"title\":\"y\"}", NULL, 201, 201, 201, NULL, NULL, NULL},
    {"PATCH", "/api/notes/a", "{\"title\":\"y\"}", NULL, 200, 404, 200, NULL, NULL, NULL},
    {"PATCH", "/api/notes/a", "{\"title\":\"y\"}", "If-Match: \"0.0\"", 412, 404, 412, NULL, NULL,
     NULL},
    {"PATCH", "/api/notes/a", "{\"title\":null}", MERGE_PATCH, 200, 404, 200, NULL, NULL, NULL},
    {"PATCH", "/api/notes/a", "[{\"op\":\"test\",\"path\":\"/n\",\"value\":1}]", JSON_PATCH, 200,
     404, 200, NULL, NULL, NULL},
    {"PATCH", "/api/notes/a", "[{\"op\":\"test\",\"path\":\"/n\",\"value\":2}]", JSON_PATCH, 409,
     404, 409, NULL, NULL, NULL},
    {"PATCH", "/api/notes/a", "{\"$inc\":{\"n\":1}}", UPDATE, 200, 404, 200, NULL, NULL, NULL},
    {"PATCH", "/api/notes?n=1", "{\"title\":\"y\"}", NULL, 200, 200, 200, "\"modified\":1",
     "\"modified\":1", "\"modified\":2"},
    {"PATCH", "/api/notes?_id=a", "{\"title\":\"y\"}", NULL, 200, 200, 200, "\"matched\":1",
     "\"matched\":0", "\"matched\":1"},
    {"PATCH", "/api/notes", "{\"title\":\"y\"}", NULL, 200, 200, 200, "\"matched\":1",
     "\"matched\":1", "\"matched\":2"},
    {"DELETE", "/api/notes/a", NULL, NULL, 200, 404, 200, NULL, NULL, NULL},
    {"DELETE", "/api/notes/a", NULL, "Prefer: return=minimal", 204, 404, 204, NULL, NULL, NULL},
    {"DELETE", "/api/notes?n=1", NULL, NULL, 200, 200, 200, "\"deleted\":1", "\"deleted\":1",
     "\"deleted\":2"},
    {"DELETE", "/api/notes?_id=a", NULL, NULL, 200, 200, 200, "\"deleted\":1", "\"deleted\":0",
     "\"deleted\":1"},
    {"DELETE", "/api/notes", NULL, NULL, 200, 200, 200, "\"deleted\":1", "\"deleted\":1",
     "\"deleted\":2"},
};
enum { ROWS = sizeof rows / sizeof *rows };

static void check_row(todos *t, const char *user, size_t i, int status, const char *says)
{
    const row *r = &rows[i];
    int got;

    if (people_skips(r->method, r->target))
        return;
    got = people_ask_with(t, user, r->method, r->target, r->json, r->line);
    if (got != status || (says && !todos_says(t, says)))
        fail_msg("%zu %s %s %s: %d \"%.*s\"", i, user ? user : "nobody", r->method, r->target, got,
                 (int)t->reply.body.n, t->reply.body.p);
}

/* What bob did to ann's left no trace. */
static void check_untouched(todos *t, size_t i)
{
    CHECK_INT(people_ask(t, "ann", "GET", "/api/notes/a", NULL), 200);
    if (!sac_str_is(t->reply.body, "{\"_id\":\"a\",\"title\":\"x\",\"n\":1}"))
        fail_msg("%zu %s %s: \"%.*s\"", i, rows[i].method, rows[i].target, (int)t->reply.body.n,
                 t->reply.body.p);
}

static void test_owner__meets_their_own_in_every_operation(void **state)
{
    todos t;

    (void)state;
    people_open(&t, &notes);
    for (size_t i = 0; i < ROWS; i++) {
        const row *r = &rows[i];

        fill(&t);
        check_row(&t, NULL, i, 401, NULL);
        check_row(&t, "bob", i, r->other, r->other_says);
        check_untouched(&t, i);
        fill(&t);
        check_row(&t, "ann", i, r->owner, r->owner_says);
        CHECK_INT(people_ask(&t, "bob", "GET", "/api/notes/b", NULL), 200);
        fill(&t);
        check_row(&t, "eve+admin", i, r->admin, r->admin_says);
    }
    todos_close(&t);
}

static void test_owner__is_missing_to_others_as_if_there_was_nothing(void **state)
{
    char foreign[512];
    todos t;

    (void)state;
    open_filled(&t, &notes);
    CHECK_INT(people_ask(&t, "bob", "GET", "/api/notes/a", NULL), 404);
    snprintf(foreign, sizeof foreign, "%.*s", (int)t.reply.body.n, t.reply.body.p);
    CHECK_INT(people_ask(&t, "bob", "GET", "/api/notes/none", NULL), 404);
    CHECK_STR(t.reply.body, foreign);
    CHECK(!todos_header(&t, "etag"));
    todos_close(&t);
}

static void test_owner__is_never_shown_unless_declared(void **state)
{
    static const sac_resource *const both[] = {&notes, &untyped};
    static const char *const targets[] = {
        "/api/notes?owner=" ANN,   "/api/notes?owner[exists]=true",
        "/api/notes?sort=owner",   "/api/notes?where={\"owner\":{\"$exists\":true}}",
        "/api/notes?sort=owner.x", "/api/notes?where={\"owner\":{\"$oid\":\"" ANN "\"}}",
        "/api/notes?fields=owner"};
    todos t;

    (void)state;
    for (size_t k = 0; k < 2; k++) {
        open_filled(&t, both[k]);
        CHECK_INT(people_ask(&t, "ann", "GET", "/api/notes/a", NULL), 200);
        CHECK(!todos_says(&t, "owner") && !todos_says(&t, ANN));
        CHECK_INT(people_ask(&t, "eve+admin", "GET", "/api/notes", NULL), 200);
        CHECK(!todos_says(&t, "owner") && todos_says(&t, "\"b\""));
        for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
            CHECK_INT(people_ask(&t, "eve+admin", "GET", targets[i], NULL), 400);
            CHECK_INT(people_ask(&t, "ann", "GET", targets[i], NULL), 400);
        }
        todos_close(&t);
    }
}

/* Rows 6, 7 and 44: the owner is the server's to say, in whatever body. */
static void test_owner__cannot_be_sent(void **state)
{
    static const struct {
        const char *method, *target, *json, *line;
        int status;
    } sends[] = {
        {"POST", "/api/notes", "{\"_id\":\"c\",\"owner\":\"" BOB "\"}", NULL, 422},
        {"POST", "/api/notes", "{\"_id\":\"c\",\"owner\":null}", NULL, 422},
        {"POST", "/api/notes", "{\"_id\":\"c\",\"owner\":{\"$oid\":\"" BOB "\"}}", NULL, 422},
        {"POST", "/api/notes", "{\"_id\":\"c\",\"owner\":[\"" ANN "\"]}", NULL, 422},
        {"POST", "/api/notes", "[{\"_id\":\"c\"},{\"_id\":\"d\",\"owner\":\"" BOB "\"}]", NULL,
         422},
        {"POST", "/api/notes", "{\"_id\":\"c\",\"owner\":\"" ANN "\"}", NULL, 201},
        {"PUT", "/api/notes/d", "{\"owner\":\"" BOB "\"}", NULL, 422},
        {"PUT", "/api/notes/d", "{\"owner\":\"" ANN "\"}", NULL, 201},
        {"PUT", "/api/notes/a", "{\"owner\":\"" BOB "\"}", NULL, 422},
        {"PUT", "/api/notes/a", "{\"owner\":\"" ANN "\"}", NULL, 200},
        {"PUT", "/api/notes/a", "{\"owner\":null}", NULL, 422},
        {"PUT", "/api/notes/a", "{\"title\":\"x\"}", NULL, 200},
        {"PATCH", "/api/notes/a", "{\"owner\":\"" BOB "\"}", NULL, 422},
        {"PATCH", "/api/notes/a", "{\"owner\":\"" ANN "\"}", NULL, 200},
        {"PATCH", "/api/notes/a", "{\"owner\":null}", NULL, 422},
        {"PATCH", "/api/notes/a", "{\"owner.x\":1}", NULL, 422},
        {"PATCH", "/api/notes/a", "{\"owner\":\"" BOB "\"}", MERGE_PATCH, 422},
        {"PATCH", "/api/notes/a", "[{\"op\":\"add\",\"path\":\"/owner\",\"value\":\"" BOB "\"}]",
         JSON_PATCH, 422},
        {"PATCH", "/api/notes/a", "{\"$set\":{\"owner\":\"" BOB "\"}}", UPDATE, 422},
        {"PATCH", "/api/notes/a", "{\"$rename\":{\"title\":\"owner\"}}", UPDATE, 422},
        {"PATCH", "/api/notes?_id=a", "{\"owner\":\"" BOB "\"}", NULL, 422},
        {"PATCH", "/api/notes", "{\"owner\":\"" BOB "\"}", MERGE_PATCH, 422},
    };
    static const sac_resource *const all[] = {&notes, &untyped, &declared};
    todos t;

    (void)state;
    for (size_t k = 0; k < 3; k++) {
        open_filled(&t, all[k]);
        for (size_t i = 0; i < sizeof sends / sizeof *sends; i++) {
            const int got = people_ask_with(&t, "ann", sends[i].method, sends[i].target,
                                            sends[i].json, sends[i].line);

            if (got != sends[i].status && !people_skips(sends[i].method, sends[i].target))
                fail_msg("%zu %s %s: %d \"%.*s\"", k, sends[i].method, sends[i].json, got,
                         (int)t.reply.body.n, t.reply.body.p);
        }
        CHECK_INT(people_ask(&t, "bob", "GET", "/api/notes?per_page=9", NULL), 200);
        CHECK_FIELD(&t, "x-total-count", "1");
        CHECK_INT(people_ask(&t, "ann", "GET", "/api/notes?per_page=9", NULL), 200);
        CHECK_FIELD(&t, "x-total-count", "3");
        todos_close(&t);
    }
}

/* A patch's paths do not lead to an owner that is not shown. */
static void test_owner__cannot_be_read_by_patches(void **state)
{
    static const char *const patches[] = {
        "[{\"op\":\"copy\",\"from\":\"/owner\",\"path\":\"/title\"}]",
        "[{\"op\":\"move\",\"from\":\"/owner\",\"path\":\"/title\"}]",
        "[{\"op\":\"test\",\"path\":\"/owner\",\"value\":\"" ANN "\"}]",
        "[{\"op\":\"remove\",\"path\":\"/owner\"}]"};
    todos t;

    (void)state;
    open_filled(&t, &notes);
    for (size_t i = 0; i < sizeof patches / sizeof *patches; i++)
        CHECK_INT(people_ask_with(&t, "ann", "PATCH", "/api/notes/a", patches[i], JSON_PATCH), 409);
    CHECK_INT(people_ask_with(&t, "ann", "PATCH", "/api/notes/a",
                              "{\"$rename\":{\"owner\":\"title\"}}", UPDATE),
              422);
    CHECK_INT(
        people_ask_with(&t, "ann", "PATCH", "/api/notes/a", "{\"$unset\":{\"owner\":1}}", UPDATE),
        422);
    CHECK_INT(people_ask(&t, "ann", "GET", "/api/notes/a", NULL), 200);
    todos_close(&t);
}

static void test_owner__is_shown_and_filtered_by_where_it_is_declared(void **state)
{
    todos t;

    (void)state;
    people_open(&t, &declared);
    CHECK_INT(people_ask(&t, "ann", "POST", "/api/notes", "{\"_id\":\"a\",\"title\":\"x\"}"), 201);
    CHECK_STR(t.reply.body, "{\"_id\":\"a\",\"title\":\"x\",\"owner\":\"" ANN "\"}");
    CHECK_INT(people_ask(&t, "ann", "PUT", "/api/notes/a", "{\"title\":\"y\"}"), 200);
    CHECK(todos_says(&t, "\"owner\":\"" ANN "\""));
    CHECK_INT(people_ask(&t, "ann", "GET", "/api/notes?owner=" ANN, NULL), 200);
    CHECK(todos_says(&t, "\"a\""));
    CHECK_INT(people_ask(&t, "bob", "GET", "/api/notes?owner=" ANN, NULL), 200);
    CHECK_STR(t.reply.body, "[]");
    CHECK_INT(people_ask(&t, "ann", "PATCH", "/api/notes/a", "{\"owner\":\"" BOB "\"}"), 422);
    CHECK(todos_says(&t, "{\"owner\":[\"read only\"]}"));
    CHECK_INT(people_ask(&t, "ann", "POST", "/api/notes",
                         "[{\"_id\":\"c\"},{\"_id\":\"d\",\"owner\":\"" BOB "\"}]"),
              422);
    CHECK(todos_says(&t, "{\"1.owner\":[\"read only\"]}"));
    todos_close(&t);
}

static void test_owner_roles__may_say_whose_it_is(void **state)
{
    todos t;

    (void)state;
    people_open(&t, &declared);
    CHECK_INT(people_ask(&t, "eve+x,support", "POST", "/api/notes",
                         "[{\"_id\":\"a\",\"owner\":\"" ANN "\"},{\"_id\":\"r\"}]"),
              201);
    CHECK_INT(people_ask(&t, "ann", "GET", "/api/notes/a", NULL), 200);
    CHECK_INT(people_ask(&t, "ann", "GET", "/api/notes/r", NULL), 404);
    CHECK_INT(people_ask(&t, "eve", "GET", "/api/notes/r", NULL), 200);
    CHECK_INT(people_ask(&t, "eve+admin", "PATCH", "/api/notes/a", "{\"owner\":\"" BOB "\"}"), 200);
    CHECK_INT(people_ask(&t, "ann", "GET", "/api/notes/a", NULL), 404);
    CHECK_INT(people_ask(&t, "bob", "GET", "/api/notes/a", NULL), 200);
    CHECK_INT(people_ask(&t, "eve+admin", "PUT", "/api/notes/a", "{}"), 200);
    CHECK(todos_says(&t, BOB));
    CHECK_INT(people_ask(&t, "eve+admin", "PATCH", "/api/notes/a", "{\"owner\":null}"), 422);
    CHECK_INT(people_ask(&t, "eve+admin", "PATCH", "/api/notes/a", "{\"owner\":\"x\"}"), 422);
    CHECK_INT(
        people_ask_with(&t, "eve+admin", "PATCH", "/api/notes/a", "{\"owner\":null}", MERGE_PATCH),
        200);
    CHECK(todos_says(&t, BOB));
    CHECK_INT(people_ask(&t, "eve+admin", "PUT", "/api/notes/a", "{\"owner\":\"" ANN "\"}"), 200);
    CHECK_INT(people_ask(&t, "ann", "GET", "/api/notes/a", NULL), 200);
    todos_close(&t);
}

static void test_owner_roles__keep_the_owner_that_they_do_not_see(void **state)
{
    todos t;

    (void)state;
    open_filled(&t, &notes);
    CHECK_INT(people_ask(&t, "eve+admin", "PUT", "/api/notes/a", "{\"title\":\"z\"}"), 200);
    CHECK_INT(people_ask(&t, "eve+admin", "PUT", "/api/notes/a", "{\"owner\":\"" BOB "\"}"), 422);
    CHECK_INT(people_ask(&t, "eve+admin", "PUT", "/api/notes/a", "{\"owner\":\"" ANN "\"}"), 422);
    CHECK_INT(people_ask(&t, "ann", "GET", "/api/notes/a", NULL), 200);
    CHECK(todos_says(&t, "\"z\""));
    todos_close(&t);
}

static void test_owner__of_what_all_may_read_is_403_to_others_who_write(void **state)
{
    todos t;

    (void)state;
    open_filled(&t, &read_by_all);
    CHECK_INT(people_ask(&t, NULL, "GET", "/api/notes?per_page=9", NULL), 200);
    CHECK_FIELD(&t, "x-total-count", "2");
    CHECK_FIELD(&t, "cache-control", "no-cache");
    CHECK_INT(people_ask(&t, NULL, "GET", "/api/notes/a", NULL), 200);
    CHECK_INT(people_ask(&t, "bob", "GET", "/api/notes/a", NULL), 200);
    CHECK(!todos_says(&t, "owner"));
    CHECK_INT(people_ask(&t, NULL, "DELETE", "/api/notes/a", NULL), 401);
    CHECK_INT(people_ask(&t, "bob", "DELETE", "/api/notes/a", NULL), 403);
    CHECK_INT(people_ask(&t, "bob", "PUT", "/api/notes/a", "{}"), 403);
    CHECK_INT(people_ask(&t, "bob", "PATCH", "/api/notes/a", "{"), 403);
    CHECK_INT(people_ask_with(&t, "bob", "PATCH", "/api/notes/a", "{}", "If-Match: \"0.0\""), 403);
    CHECK_INT(people_ask(&t, "bob", "DELETE", "/api/notes/none", NULL), 404);
    CHECK_INT(people_ask(&t, "ann", "PATCH", "/api/notes/a", "{\"n\":2}"), 200);
    CHECK_INT(people_ask(&t, "eve+admin", "DELETE", "/api/notes/a", NULL), 200);
    todos_close(&t);
}

static void test_owner__changes_their_own_alone_of_what_all_may_read(void **state)
{
    todos t;

    (void)state;
    todos_needs_lmdb(NEEDS_TRANSACTIONS);
    open_filled(&t, &read_by_all);
    CHECK_INT(people_ask(&t, "bob", "DELETE", "/api/notes", NULL), 200);
    CHECK_STR(t.reply.body, "{\"deleted\":1}");
    CHECK_INT(people_ask(&t, "bob", "PATCH", "/api/notes?n=1", "{\"n\":2}"), 200);
    CHECK_STR(t.reply.body, "{\"matched\":0,\"modified\":0}");
    todos_close(&t);
}

/* An id that the server would make is no way to ask whether there is one. */
static void test_owner__of_a_taken_id_is_not_told(void **state)
{
    static const sac_resource made = SAC_RESOURCE(.name = "notes", .fields = fields,
                                                  .owner = "owner");
    char body[128], taken[25];
    todos t;

    (void)state;
    people_open(&t, &made);
    CHECK_INT(people_ask(&t, "ann", "POST", "/api/notes", "{}"), 201);
    snprintf(taken, sizeof taken, "%.24s", strstr(todos_header(&t, "location"), "notes/") + 6);
    snprintf(body, sizeof body, "{\"_id\":\"%s\"}", taken);
    CHECK_INT(people_ask(&t, "ann", "POST", "/api/notes", body), 409);
    CHECK_INT(people_ask(&t, "bob", "POST", "/api/notes", body), 422);
    CHECK_INT(people_ask(&t, "bob", "POST", "/api/notes", "{\"_id\":\"" BOB "\"}"), 422);
    todos_close(&t);
}

static void test_owner__makes_no_difference_to_unique(void **state)
{
    todos t;

    (void)state;
    open_filled(&t, &notes);
    CHECK_INT(people_ask(&t, "ann", "PATCH", "/api/notes/a", "{\"slug\":\"s\"}"), 200);
    CHECK_INT(people_ask(&t, "bob", "PATCH", "/api/notes/b", "{\"slug\":\"s\"}"), 409);
    CHECK(todos_problem(&t, "duplicate"));
    CHECK(!todos_says(&t, ANN));
    todos_close(&t);
}

static void test_owner__may_be_part_of_what_is_unique(void **state)
{
    static const sac_index indexes[] = {{.keys = "owner,title", .unique = true}, {.keys = NULL}};
    static const sac_resource titled = NOTES(.fields = fields, .indexes = indexes);
    todos t;

    (void)state;
    open_filled(&t, &titled);
    CHECK_INT(people_ask(&t, "ann", "POST", "/api/notes", "{\"_id\":\"c\",\"title\":\"x\"}"), 409);
    CHECK(todos_problem(&t, "duplicate"));
    CHECK(todos_says(&t, "{\"title\":[\"is taken\"]}"));
    todos_close(&t);
}

/* Rows 41 and 42. */
static void test_owner__lists_have_tags_of_what_is_in_them(void **state)
{
    char line[128];
    todos t;

    (void)state;
    open_filled(&t, &notes);
    CHECK_INT(people_ask(&t, "ann", "GET", "/api/notes", NULL), 200);
    snprintf(line, sizeof line, "If-None-Match: %s", todos_header(&t, "etag"));
    CHECK_INT(people_ask(&t, "bob", "POST", "/api/notes", "{\"_id\":\"c\"}"), 201);
    CHECK_INT(people_ask(&t, "bob", "DELETE", "/api/notes/b", NULL), 200);
    CHECK_INT(people_ask_with(&t, "ann", "GET", "/api/notes", NULL, line), 304);
    CHECK_INT(people_ask_with(&t, "bob", "GET", "/api/notes", NULL, line), 200);
    CHECK_INT(people_ask_with(&t, "eve+admin", "GET", "/api/notes", NULL, line), 200);
    CHECK_INT(people_ask_with(&t, NULL, "GET", "/api/notes", NULL, line), 401);
    CHECK_INT(people_ask(&t, "ann", "POST", "/api/notes", "{\"_id\":\"d\"}"), 201);
    CHECK_INT(people_ask_with(&t, "ann", "GET", "/api/notes", NULL, line), 200);
    todos_close(&t);
}

/* Two empty lists have the same bytes, but are two users' representations. */
static void test_owner__empty_lists_share_no_tag(void **state)
{
    char line[128];
    todos t;

    (void)state;
    people_open(&t, &notes);
    CHECK_INT(people_ask(&t, "ann", "GET", "/api/notes", NULL), 200);
    CHECK_STR(t.reply.body, "[]");
    snprintf(line, sizeof line, "If-None-Match: %s", todos_header(&t, "etag"));
    CHECK_INT(people_ask_with(&t, "bob", "GET", "/api/notes", NULL, line), 200);
    CHECK_INT(people_ask_with(&t, "ann", "GET", "/api/notes", NULL, line), 304);
    todos_close(&t);
}

static void next_target(const todos *t, char *out, size_t cap)
{
    const sac_str link = sac_loopback_header(&t->reply, "link");
    const char *end = memmem(link.p, link.n, ">; rel=\"next\"", 13);
    const char *begin = end;

    CHECK(end != NULL);
    while (begin > link.p && begin[-1] != '<')
        begin--;
    CHECK((size_t)(end - begin) < cap);
    snprintf(out, cap, "%.*s", (int)(end - begin), begin);
}

static void test_owner__is_part_of_a_cursor(void **state)
{
    char next[512];
    todos t;

    (void)state;
    people_open(&t, &notes);
    for (int i = 0; i < 6; i++) {
        char body[64];

        snprintf(body, sizeof body, "{\"_id\":\"%d\",\"n\":1}", i);
        CHECK_INT(people_ask(&t, i % 2 ? "bob" : "ann", "POST", "/api/notes", body), 201);
    }
    CHECK_INT(people_ask(&t, "ann", "GET", "/api/notes?per_page=2", NULL), 200);
    CHECK(todos_says(&t, "\"0\"") && todos_says(&t, "\"2\"") && !todos_says(&t, "\"1\""));
    next_target(&t, next, sizeof next);
    CHECK_INT(people_ask(&t, "bob", "GET", next, NULL), 400);
    CHECK(todos_problem(&t, "cursor_mismatch"));
    CHECK_INT(people_ask(&t, "eve+admin", "GET", next, NULL), 400);
    CHECK_INT(people_ask(&t, NULL, "GET", next, NULL), 401);
    CHECK_INT(people_ask(&t, "ann", "GET", next, NULL), 200);
    CHECK(todos_says(&t, "\"4\"") && !todos_says(&t, "\"3\""));
    todos_close(&t);
}

/* A list that is longer than its first chunk passes over the documents of others to its end. */
static void test_owner__of_long_lists(void **state)
{
    enum { MANY = 60, TEXT = 8000 };
    char *body = malloc(TEXT + 64);
    size_t n = 0;
    todos t;

    (void)state;
    people_open(&t, &notes);
    for (int i = 0; i < MANY; i++) {
        const int at = snprintf(body, 64, "{\"_id\":\"%02d\",\"title\":\"", i);

        memset(body + at, i % 3 ? 'o' : 'm', TEXT);
        snprintf(body + at + TEXT, 8, "\"}");
        CHECK_INT(people_ask(&t, i % 3 ? "bob" : "ann", "POST", "/api/notes", body), 201);
    }
    free(body);
    CHECK_INT(people_ask(&t, "bob", "GET", "/api/notes", NULL), 200);
    CHECK(!todos_header(&t, "etag"));
    CHECK(!todos_says(&t, "mmm"));
    for (const char *at = t.reply.body.p;
         (at = memmem(at, (size_t)(t.reply.body.p + t.reply.body.n - at), "_id", 3)); at++)
        n++;
    CHECK_INT(n, MANY - MANY / 3);
    CHECK_INT(people_ask(&t, "bob", "GET", "/api/notes?per_page=50&sort=-title", NULL), 200);
    CHECK(!todos_says(&t, "mmm"));
    CHECK_FIELD(&t, "x-total-count", "40");
    todos_close(&t);
}

/* The lists of each are read from an index, also where all that is asked has one. */
static void test_owner__has_an_index(void **state)
{
    static const sac_resource careful = NOTES(.fields = fields, .indexed_only = true);
    todos t;

    (void)state;
    todos_needs_lmdb("the server does not explain");
    open_filled(&t, &careful);
    CHECK_INT(people_ask(&t, "ann", "GET", "/api/notes?n=1", NULL), 200);
    CHECK_INT(people_ask(&t, "eve+admin", "GET", "/api/notes?n=1", NULL), 400);
    CHECK(todos_problem(&t, "not_indexed"));
    todos_close(&t);
}

static void test_owner__clears_no_more_than_a_filter_may_meet(void **state)
{
    static const sac_resource few = NOTES(.fields = fields, .max_affected = 2);
    todos t;

    (void)state;
    todos_needs_lmdb(NEEDS_TRANSACTIONS);
    open_filled(&t, &few);
    CHECK_INT(people_ask(&t, "ann", "POST", "/api/notes",
                         "[{\"_id\":\"1\",\"n\":1},{\"_id\":\"2\",\"n\":1},{\"_id\":\"3\"}]"),
              201);
    CHECK_INT(people_ask(&t, "ann", "DELETE", "/api/notes?n=1", NULL), 400);
    CHECK_INT(people_ask_with(&t, "ann", "DELETE", "/api/notes", NULL,
                              "Prefer: handling=strict, max-affected=1"),
              400);
    CHECK_INT(people_ask(&t, "ann", "DELETE", "/api/notes", NULL), 400);
    CHECK(todos_problem(&t, "too_many_affected"));
    CHECK_INT(people_ask(&t, "ann", "DELETE", "/api/notes/1", NULL), 200);
    CHECK_INT(people_ask(&t, "ann", "DELETE", "/api/notes/2", NULL), 200);
    CHECK_INT(people_ask(&t, "ann", "DELETE", "/api/notes", NULL), 200);
    CHECK_STR(t.reply.body, "{\"deleted\":2}");
    CHECK_INT(people_ask(&t, "bob", "GET", "/api/notes/b", NULL), 200);
    todos_close(&t);
}

static int all_of_team(void *self, sac_req *req, bool writes, sac_bson *filter)
{
    (void)self;
    if (writes && !sac_identity_has_role(sac_req_identity(req), "admin"))
        sac_bson_add_value(filter, sac_str_of("owner"), sac_req_identity(req)->id);
    return 0;
}

/* With conditions of the program's own the owner is kept, and makes no others. */
static void test_owner__with_restrict_to_is_set_alone(void **state)
{
    static const sac_resource shared = NOTES(.fields = fields, .restrict_to = all_of_team);
    todos t;

    (void)state;
    people_open(&t, &shared);
    CHECK_INT(people_ask(&t, NULL, "GET", "/api/notes", NULL), 401);
    CHECK_INT(people_ask(&t, "ann", "POST", "/api/notes", "{\"_id\":\"a\"}"), 201);
    CHECK_INT(people_ask(&t, "bob", "GET", "/api/notes/a", NULL), 200);
    CHECK_INT(people_ask(&t, "bob", "PATCH", "/api/notes/a", "{\"n\":1}"), 403);
    CHECK_INT(people_ask(&t, "ann", "PATCH", "/api/notes/a", "{\"n\":1}"), 200);
    /* Whose another's is cannot be found out by sending it. */
    CHECK_INT(people_ask(&t, "bob", "POST", "/api/notes", "{\"_id\":\"b\"}"), 201);
    todos_close(&t);
}

static void test_owner__of_another_type_than_its_field_is_the_server_s_fault(void **state)
{
    todos t;

    (void)state;
    open_filled(&t, &declared);
    CHECK_INT(people_ask(&t, "zoe", "GET", "/api/notes", NULL), 500);
    CHECK(strstr(t.log, "owner"));
    todos_close(&t);
    people_open(&t, &notes);
    CHECK_INT(people_ask(&t, "zoe", "POST", "/api/notes", "{\"_id\":\"z\"}"), 201);
    CHECK_INT(people_ask(&t, "zoe", "GET", "/api/notes/z", NULL), 200);
    CHECK_INT(people_ask(&t, "ann", "GET", "/api/notes/z", NULL), 404);
    todos_close(&t);
}

static void refuse(const sac_resource *resource, const char *says)
{
    sac_err err = {.code = 0};
    todos t;

    todos_begin(&t);
    todos_make(&t);
    CHECK_INT(sac_app_resource(t.app, "/api/notes", resource, &err), SAC_EINVAL);
    if (!strstr(err.text, says))
        fail_msg("%s", err.text);
    todos_close(&t);
}

static void test_owner__is_refused_when_it_is_wrong(void **state)
{
    static const sac_field number[] = {{.name = "owner", .type = SAC_INT}, {.name = NULL}};
    static const sac_field made[] = {
        {.name = "owner", .type = SAC_OBJECTID, .fallback = "objectid()"}, {.name = NULL}};
    sac_resource resource = notes;

    (void)state;
    resource.owner = "a.b";
    refuse(&resource, "owner");
    resource.owner = "";
    refuse(&resource, "owner");
    resource.owner = "_id";
    refuse(&resource, "owner");
    resource.owner = NULL;
    refuse(&resource, "owner_roles");
    resource = notes;
    resource.fields = number;
    refuse(&resource, "owner: its field");
    resource.fields = made;
    refuse(&resource, "fallback");
    resource = notes;
    resource.id_key = "owner";
    refuse(&resource, "owner");
}

/* Ann writes while an admin gives her document away and takes it back. */
typedef struct racer {
    pthread_t thread;
    sac_app *app;
    const char *user, *body;
    atomic_int *stop;
    int done, refused, others;
} racer;

static void *write_own(void *self)
{
    racer *r = self;
    const char *const headers[] = {"Content-Type: application/json", r->user, NULL};
    const sac_loopback_request ask = SAC_LOOPBACK_REQUEST(.method = "PATCH",
                                                          .target = "/api/notes/a",
                                                          .headers = headers,
                                                          .body = sac_str_of(r->body));
    sac_loopback *client = NULL;
    sac_loopback_reply reply;
    sac_err err;

    if (sac_loopback_new(r->app, &client, &err) != SAC_OK)
        return NULL;
    while (!atomic_load(r->stop)) {
        if (sac_loopback_send(client, &ask, &reply, &err) != SAC_OK)
            break;
        r->done += reply.status == 200;
        r->refused += reply.status == 404;
        r->others += reply.status != 200 && reply.status != 404;
    }
    sac_loopback_free(client);
    return NULL;
}

/* Check and write are one step: what `by` says was written by who owned it then. */
static void test_owner__is_judged_in_the_write_itself(void **state)
{
    enum { TURNS = 60 };
    static const char *const turns[] = {"{\"owner\":\"" ANN "\",\"by\":\"\"}",
                                        "{\"owner\":\"" BOB "\",\"by\":\"\"}"};
    atomic_int stop = 0;
    racer racers[2] = {{.user = "X-User: ann", .body = "{\"by\":\"ann\"}"},
                       {.user = "X-User: bob", .body = "{\"by\":\"bob\"}"}};
    todos t;

    (void)state;
    people_open(&t, &declared);
    CHECK_INT(people_ask(&t, "ann", "POST", "/api/notes", "{\"_id\":\"a\"}"), 201);
    for (int i = 0; i < 2; i++) {
        racers[i].app = t.app;
        racers[i].stop = &stop;
        CHECK_INT(pthread_create(&racers[i].thread, NULL, write_own, &racers[i]), 0);
    }
    for (int i = 0; i < TURNS; i++) {
        const bool ann = i % 2 == 0;

        CHECK_INT(people_ask(&t, "eve+admin", "PATCH", "/api/notes/a", turns[i % 2]), 200);
        for (int k = 0; k < 3; k++) {
            CHECK_INT(people_ask(&t, "eve+admin", "GET", "/api/notes/a", NULL), 200);
            CHECK(todos_says(&t, ann ? ANN : BOB));
            CHECK(!todos_says(&t, ann ? "\"bob\"" : "\"ann\""));
        }
    }
    atomic_store(&stop, 1);
    for (int i = 0; i < 2; i++) {
        pthread_join(racers[i].thread, NULL);
        CHECK_INT(racers[i].others, 0);
        CHECK(racers[i].done > 0 && racers[i].refused > 0);
    }
    todos_close(&t);
}

typedef struct use {
    const char *method, *target, *json;
    int status;
} use;

/* Every allocation of one request fails once: it never does more than it should have. */
static void survive(const sac_resource *resource, const char *user, const use *u)
{
    fault_alloc fault;
    int got = 0;
    sac_err err;
    todos t;

    fault_alloc_init(&fault, -1);
    todos_begin(&t);
    t.config.alloc = &fault.alloc;
    todos_make(&t);
    CHECK_INT(sac_app_authenticator(t.app, &people, NULL, &err), SAC_OK);
    CHECK_INT(sac_app_resource(t.app, "/api/notes", resource, &err), SAC_OK);
    todos_serve(&t);
    for (long n = 0; got != u->status; n++) {
        char who[32];
        const char *const headers[] = {"Content-Type: application/json", who, NULL};
        const sac_loopback_request ask = SAC_LOOPBACK_REQUEST(.method = u->method,
                                                              .target = u->target,
                                                              .headers = headers,
                                                              .body = sac_str_of(u->json));
        int rc;

        CHECK(n < 500);
        fill(&t);
        snprintf(who, sizeof who, "X-User: %s", user);
        fault.left = n;
        fault.once = true;
        rc = sac_loopback_send(t.client, &ask, &t.reply, &err);
        fault.left = -1;
        CHECK(rc == 0 || rc == SAC_ENOMEM);
        got = rc == 0 && !t.reply.cut ? t.reply.status : 500;
        if (got != u->status && got != 500 && got != 503)
            fail_msg("%s %s: %d after %ld", u->method, u->target, got, n);
        CHECK_INT(people_ask(&t, "bob", "GET", "/api/notes/b", NULL), 200);
    }
    todos_close(&t);
    CHECK_INT(fault.live, 0);
}

static void test_owner__survives_oom(void **state)
{
    static const sac_resource shared = NOTES(.fields = fields, .restrict_to = all_of_team);
    static const struct {
        const sac_resource *resource;
        const char *user;
        use use;
    } runs[] = {
        {&notes, "ann", {"GET", "/api/notes/a", NULL, 200}},
        {&notes, "bob", {"GET", "/api/notes/a", NULL, 404}},
        {&notes, "ann", {"GET", "/api/notes?n=1", NULL, 200}},
        {&notes, "ann", {"POST", "/api/notes", "{\"_id\":\"n\",\"owner\":\"" BOB "\"}", 422}},
        {&notes, "ann+admin", {"PATCH", "/api/notes/a", "{\"n\":2}", 200}},
        {&notes, "bob", {"PUT", "/api/notes/a", "{\"n\":2}", 404}},
        {&notes, "ann", {"DELETE", "/api/notes", NULL, 200}},
        {&read_by_all, "bob", {"DELETE", "/api/notes/a", NULL, 403}},
        {&shared, "bob", {"PATCH", "/api/notes/a", "{\"n\":2}", 403}},
        {&shared, "ann", {"DELETE", "/api/notes?n=1", NULL, 200}},
    };

    (void)state;
    todos_needs_lmdb("allocations of the store are counted");
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++)
        survive(runs[i].resource, runs[i].user, &runs[i].use);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_owner__meets_their_own_in_every_operation),
        cmocka_unit_test(test_owner__is_missing_to_others_as_if_there_was_nothing),
        cmocka_unit_test(test_owner__is_never_shown_unless_declared),
        cmocka_unit_test(test_owner__cannot_be_sent),
        cmocka_unit_test(test_owner__cannot_be_read_by_patches),
        cmocka_unit_test(test_owner__is_shown_and_filtered_by_where_it_is_declared),
        cmocka_unit_test(test_owner_roles__may_say_whose_it_is),
        cmocka_unit_test(test_owner_roles__keep_the_owner_that_they_do_not_see),
        cmocka_unit_test(test_owner__of_what_all_may_read_is_403_to_others_who_write),
        cmocka_unit_test(test_owner__changes_their_own_alone_of_what_all_may_read),
        cmocka_unit_test(test_owner__of_a_taken_id_is_not_told),
        cmocka_unit_test(test_owner__makes_no_difference_to_unique),
        cmocka_unit_test(test_owner__may_be_part_of_what_is_unique),
        cmocka_unit_test(test_owner__lists_have_tags_of_what_is_in_them),
        cmocka_unit_test(test_owner__empty_lists_share_no_tag),
        cmocka_unit_test(test_owner__is_part_of_a_cursor),
        cmocka_unit_test(test_owner__of_long_lists),
        cmocka_unit_test(test_owner__has_an_index),
        cmocka_unit_test(test_owner__clears_no_more_than_a_filter_may_meet),
        cmocka_unit_test(test_owner__with_restrict_to_is_set_alone),
        cmocka_unit_test(test_owner__of_another_type_than_its_field_is_the_server_s_fault),
        cmocka_unit_test(test_owner__is_refused_when_it_is_wrong),
        cmocka_unit_test(test_owner__is_judged_in_the_write_itself),
        cmocka_unit_test(test_owner__survives_oom),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
