/* SPDX-License-Identifier: MIT */
/* docs/reference/security.md, of what belongs to somebody: rows 7, 41, 42, 43, 44. */
#include "whole.h"

/* Anna's note is on `anna`, and her id; bert is signed in. */
static void open_both(void **state, browser *anna, browser *bert)
{
    browser_open(anna, *state);
    browser_open(bert, *state);
    sign_in(anna, "anna");
    sign_in(bert, "bert");
    make(anna, "/api/notes", "{\"title\":\"hers\",\"pin\":\"1234\",\"stars\":3}");
}

static void user_id(browser *b, char *out, size_t cap)
{
    CHECK_INT(get(b, "/me"), 200);
    CHECK(member(b, "_id", out, cap) || member(b, "id", out, cap));
}

/* What bert is told of a note, with its id taken out. */
static void ask_of(browser *b, const char *method, const char *id, const char *body,
                   const char *const *lines, char *out, size_t cap)
{
    char target[100];

    snprintf(target, sizeof target, "/api/notes/%s", id);
    (void)browse(b, method, target, body, lines);
    snprintf(out, cap, "%d %.*s", b->reply.status, (int)b->reply.body.n, b->reply.body.p);
}

static void test_security__row07_a_foreign_item_is_as_one_that_is_not_there(void **state)
{
    static const char none[] = "0123456789abcdef01234567";
    static const struct {
        const char *method, *body;
        const char *lines[2];
    } rows[] = {
        {"GET", NULL, {NULL}},
        {"HEAD", NULL, {NULL}},
        {"PUT", "{\"title\":\"his\"}", {NULL}},
        {"PATCH", "{\"title\":\"his\"}", {NULL}},
        {"PATCH", "{\"title\":", {NULL}},
        {"PATCH",
         "[{\"op\":\"remove\",\"path\":\"/text\"}]",
         {"Content-Type: application/json-patch+json"}},
        {"PATCH", "{\"$inc\":{\"stars\":1}}", {"Content-Type: application/vnd.sacrum.update+json"}},
        {"DELETE", NULL, {NULL}},
        {"PUT", "{\"title\":\"his\"}", {"If-Match: \"wrong\""}},
        {"PUT", "{\"title\":\"his\"}", {"If-None-Match: *"}},
        {"DELETE", NULL, {"If-Match: *"}},
        {"GET", NULL, {"If-None-Match: *"}},
    };
    browser anna, bert;
    char hers[2048], missing[2048], line[160];

    open_both(state, &anna, &bert);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ask_of(&bert, rows[i].method, anna.id, rows[i].body, rows[i].lines, hers, sizeof hers);
        ask_of(&bert, rows[i].method, none, rows[i].body, rows[i].lines, missing, sizeof missing);
        if (strncmp(hers, "404", 3) != 0 || strcmp(hers, missing) != 0)
            fail_msg("%s %s: %s / %s", rows[i].method, rows[i].body, hers, missing);
    }
    snprintf(line, sizeof line, "If-None-Match: %s", anna.etag);
    ask_of(&bert, "GET", anna.id, NULL, (const char *const[]){line, NULL}, hers, sizeof hers);
    CHECK(strncmp(hers, "404", 3) == 0);
    CHECK_INT(get(&anna, item(&anna, "/api/notes")), 200);
    CHECK(says(&anna, "hers") && says(&anna, "\"stars\":3"));
}

static void test_security__row07_lists_and_counts_hold_ones_own(void **state)
{
    static const char *const targets[] = {
        "/api/notes",
        "/api/notes?title=hers",
        "/api/notes?q=hers",
        "/api/notes?where=%7B%22$or%22:%5B%7B%22title%22:%22hers%22%7D,%7B%22stars%22:3%7D%5D%7D",
        "/api/notes?where=%7B%22$nor%22:%5B%7B%22title%22:%22x%22%7D%5D%7D",
        "/api/notes?sort=title&fields=title",
    };
    browser anna, bert;

    open_both(state, &anna, &bert);
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        CHECK_INT(get(&bert, targets[i]), 200);
        CHECK_STR(bert.reply.body, "[]");
        CHECK_INT(get(&anna, targets[i]), 200);
        CHECK(says(&anna, "hers"));
    }
    CHECK_INT(get(&bert, "/api/notes?page=1&count=exact"), 200);
    CHECK_STR(field(&bert, "X-Total-Count"), "0");
    CHECK_INT(get(&bert, "/api/notes?page=1&count=estimated"), 200);
    CHECK_STR(field(&bert, "X-Total-Count"), "0");
}

static void test_security__row07_writes_of_many_meet_ones_own(void **state)
{
    browser anna, bert;

    open_both(state, &anna, &bert);
    make(&bert, "/api/notes", "{\"title\":\"his\",\"stars\":1}");
    if (browse(&bert, "PATCH", "/api/notes?stars%5Bgte%5D=0", "{\"text\":\"changed\"}", NULL) ==
        501) {
        CHECK(problem(&bert, "no_transactions"));
        skip();
    }
    CHECK_INT(bert.reply.status, 200);
    CHECK(says(&bert, "\"modified\":1"));
    CHECK_INT(browse(&bert, "DELETE", "/api/notes?stars%5Bgte%5D=0", NULL, NULL), 200);
    CHECK(says(&bert, "\"deleted\":1"));
    make(&bert, "/api/notes", "{\"title\":\"his\"}");
    CHECK_INT(browse(&bert, "DELETE", "/api/notes", NULL, NULL), 200);
    CHECK(says(&bert, "\"deleted\":1"));
    CHECK_INT(get(&anna, item(&anna, "/api/notes")), 200);
    CHECK(!says(&anna, "changed"));
}

static void test_security__row07_the_owner_is_set_by_the_server(void **state)
{
    browser anna, bert;
    char id[40], json[160];

    open_both(state, &anna, &bert);
    user_id(&anna, id, sizeof id);
    snprintf(json, sizeof json, "{\"title\":\"forged\",\"owner\":\"%s\"}", id);
    CHECK_INT(post(&bert, "/api/notes", json), 422);
    make(&bert, "/api/notes", "{\"title\":\"forged\"}");
    CHECK_INT(browse(&bert, "PATCH", item(&bert, "/api/notes"), json, NULL), 422);
    CHECK_INT(get(&anna, "/api/notes"), 200);
    CHECK(!says(&anna, "forged"));
}

static void test_security__row07_strangers_get_nothing(void **state)
{
    browser anna, bert, nobody;

    open_both(state, &anna, &bert);
    browser_open(&nobody, *state);
    CHECK_INT(get(&nobody, "/api/notes"), 401);
    CHECK_INT(get(&nobody, item(&anna, "/api/notes")), 401);
    CHECK_INT(post(&nobody, "/api/notes", "{\"title\":\"x\"}"), 401);
    CHECK_INT(browse(&nobody, "DELETE", "/api/notes", NULL, NULL), 401);
    CHECK(!says(&nobody, "hers"));
    CHECK_INT(get(&nobody, "/api/shelf"), 200);
    CHECK_INT(post(&nobody, "/api/shelf", "{\"_id\":\"a\",\"title\":\"x\"}"), 401);
    CHECK_INT(browse(&nobody, "PUT", "/api/shelf/a", "{\"title\":\"x\"}", NULL), 401);
}

static void test_security__row41_a_tag_of_one_user_is_not_the_nexts(void **state)
{
    static const char *const lists[] = {"/api/notes", "/api/notes?sort=title", "/me", "/api/shelf"};
    browser anna, bert;
    char line[160];

    open_both(state, &anna, &bert);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const sac_str tag = get(&anna, lists[i]) == 200 ? field(&anna, "ETag") : sac_str_of(NULL);

        CHECK_INT(anna.reply.status, 200);
        CHECK(has_field(&anna, "Vary", "Cookie") || i == 3);
        CHECK(has_field(&anna, "Cache-Control", "private") ||
              has_field(&anna, "Cache-Control", "no-store") || i == 3);
        if (!tag.p)
            continue;
        snprintf(line, sizeof line, "If-None-Match: %.*s", (int)tag.n, tag.p);
        CHECK_INT(browse(&anna, "GET", lists[i], NULL, (const char *const[]){line, NULL}), 304);
        CHECK_INT(browse(&bert, "GET", lists[i], NULL, (const char *const[]){line, NULL}),
                  i == 3 ? 304 : 200);
        CHECK(!says(&bert, "hers"));
    }
}

static void test_security__row41_a_compressed_answer_is_no_exception(void **state)
{
    static const char *const coded[] = {"Accept-Encoding: gzip", NULL};
    browser anna, bert;
    char json[2200], line[160];
    sac_str tag;

    open_both(state, &anna, &bert);
    memset(json, 'x', sizeof json);
    memcpy(json, "{\"title\":\"", 10);
    strcpy(json + sizeof json - 3, "\"}");
    make(&anna, "/api/notes", json);
    CHECK_INT(browse(&anna, "GET", "/api/notes", NULL, coded), 200);
    CHECK_STR(field(&anna, "Content-Encoding"), "gzip");
    CHECK(has_field(&anna, "Vary", "Accept-Encoding") && has_field(&anna, "Vary", "Cookie"));
    tag = field(&anna, "ETag");
    assert_non_null(tag.p);
    snprintf(line, sizeof line, "If-None-Match: %.*s", (int)tag.n, tag.p);
    CHECK_INT(browse(&anna, "GET", "/api/notes", NULL,
                     (const char *const[]){line, "Accept-Encoding: gzip", NULL}),
              304);
    CHECK_INT(browse(&anna, "GET", "/api/notes", NULL, (const char *const[]){line, NULL}), 200);
    CHECK(!field(&anna, "Content-Encoding").p && says(&anna, "xxx"));
    CHECK_INT(browse(&bert, "GET", "/api/notes", NULL,
                     (const char *const[]){line, "Accept-Encoding: gzip", NULL}),
              200);
    CHECK_STR(bert.reply.body, "[]");
}

static void test_security__row41_an_empty_list_has_a_tag_of_its_own(void **state)
{
    browser anna, bert, root;
    char line[160];
    sac_str tag;

    open_both(state, &anna, &bert);
    browser_open(&root, *state);
    sign_in(&root, "root");
    CHECK_INT(get(&bert, "/api/notes"), 200);
    tag = field(&bert, "ETag");
    assert_non_null(tag.p);
    snprintf(line, sizeof line, "If-None-Match: %.*s", (int)tag.n, tag.p);
    CHECK_INT(browse(&root, "GET", "/api/notes", NULL, (const char *const[]){line, NULL}), 200);
}

static void test_security__row42_others_writes_leave_no_trace(void **state)
{
    browser anna, bert;
    char line[160];
    sac_str tag;

    open_both(state, &anna, &bert);
    make(&bert, "/api/notes", "{\"title\":\"his\"}");
    CHECK_INT(get(&bert, "/api/notes"), 200);
    tag = field(&bert, "ETag");
    assert_non_null(tag.p);
    snprintf(line, sizeof line, "If-None-Match: %.*s", (int)tag.n, tag.p);
    for (int i = 0; i < 3; i++)
        make(&anna, "/api/notes", "{\"title\":\"more\"}");
    CHECK_INT(browse(&bert, "GET", "/api/notes", NULL, (const char *const[]){line, NULL}), 304);
}

static void test_security__row42_a_cursor_says_nothing_and_is_its_users(void **state)
{
    browser anna, bert;
    char next[1024];
    sac_str link;

    open_both(state, &anna, &bert);
    make(&anna, "/api/notes", "{\"title\":\"abracadabra\"}");
    make(&anna, "/api/notes", "{\"title\":\"zzz\"}");
    CHECK_INT(get(&anna, "/api/notes?sort=title&per_page=1"), 200);
    link = field(&anna, "Link");
    assert_non_null(link.p);
    snprintf(next, sizeof next, "%.*s", (int)link.n, link.p);
    CHECK(strstr(next, "cursor=") && !strstr(next, "abra") && !strstr(next, "YWJyY"));
    *strstr(next, ">; rel=\"next\"") = '\0';
    memmove(next, strrchr(next, '<') + 1, strlen(strrchr(next, '<')));
    CHECK_INT(get(&anna, next), 200);
    CHECK(says(&anna, "hers"));
    (void)get(&bert, next);
    CHECK(bert.reply.status == 400 || bert.reply.status == 200);
    CHECK(!says(&bert, "hers") && !says(&bert, "zzz"));
}

/* Two apps with one document: who knows one's tags knows nothing of the other's. */
static void test_security__row42_stamps_are_keyed(void **state)
{
    static whole other;
    whole *w = *state;
    browser one, two;

    whole_begin(&other, w->on);
    other.config.secret = "another secret, as long";
    whole_serve(&other);
    browser_open(&one, w);
    browser_open(&two, &other);
    sign_in(&one, "anna");
    sign_in(&two, "anna");
    make(&one, "/api/shelf", "{\"_id\":\"a\",\"title\":\"same\",\"pin\":\"1\"}");
    make(&two, "/api/shelf", "{\"_id\":\"a\",\"title\":\"same\",\"pin\":\"1\"}");
    CHECK(strlen(one.etag) > 10 && strcmp(one.etag, two.etag) != 0);
    CHECK(strncmp(one.etag, two.etag, 6) != 0);
    whole_close(&other);
}

static void test_security__row43_what_is_not_seen_is_kept(void **state)
{
    browser anna;

    browser_open(&anna, *state);
    sign_in(&anna, "anna");
    make(&anna, "/api/notes", "{\"title\":\"one\",\"pin\":\"1234\"}");
    CHECK_INT(browse(&anna, "PUT", item(&anna, "/api/notes"), "{\"title\":\"two\"}", NULL), 200);
    CHECK_INT(get(&anna, item(&anna, "/raw/notes")), 200);
    CHECK(says(&anna, "\"pin\":\"1234\"") && says(&anna, "\"title\":\"two\"") &&
          says(&anna, "\"owner\":"));
    CHECK_INT(browse(&anna, "PUT", item(&anna, "/api/notes"),
                     "{\"title\":\"three\",\"pin\":\"5678\"}", NULL),
              200);
    CHECK_INT(get(&anna, item(&anna, "/raw/notes")), 200);
    CHECK(says(&anna, "\"pin\":\"5678\""));
}

static void test_security__row44_an_upsert_passes_the_same_rules(void **state)
{
    static const char *const foreign[] = {"Origin: https://evil.example", NULL};
    browser anna, bert;
    char id[40], json[160];

    open_both(state, &anna, &bert);
    make(&anna, "/api/shelf", "{\"_id\":\"hers\",\"title\":\"hers\"}");
    CHECK_INT(browse(&bert, "PUT", "/api/shelf/hers", "{\"title\":\"his\"}", NULL), 403);
    CHECK_INT(browse(&bert, "PATCH", "/api/shelf/hers", "{\"title\":\"his\"}", NULL), 403);
    CHECK_INT(browse(&bert, "DELETE", "/api/shelf/hers", NULL, NULL), 403);
    CHECK_INT(browse(&bert, "PUT", "/api/shelf/new", "{\"title\":\"x\"}", foreign), 403);
    CHECK(problem(&bert, "csrf"));
    CHECK_INT(browse(&bert, "PUT", "/api/shelf/new", "{\"title\":\"x\",\"likes\":9}", NULL), 422);
    CHECK_INT(browse(&bert, "PUT", "/api/shelf/new", "{\"title\":\"x\",\"nothing\":9}", NULL), 422);
    user_id(&anna, id, sizeof id);
    snprintf(json, sizeof json, "{\"title\":\"x\",\"owner\":\"%s\"}", id);
    CHECK_INT(browse(&bert, "PUT", "/api/shelf/new", json, NULL), 422);
    CHECK_INT(get(&bert, "/api/shelf/new"), 404);
    CHECK_INT(browse(&bert, "PUT", "/api/shelf/new", "{\"title\":\"his\"}", NULL), 201);
    CHECK_INT(browse(&anna, "PUT", "/api/shelf/new", "{\"title\":\"hers\"}", NULL), 403);
    CHECK_INT(get(&anna, "/api/shelf/hers"), 200);
    CHECK(says(&anna, "\"title\":\"hers\""));
}

static void test_security__row44_an_upsert_finds_nothing_foreign(void **state)
{
    browser anna, bert;

    open_both(state, &anna, &bert);
    CHECK_INT(browse(&anna, "PUT", "/api/drawer/k", "{\"title\":\"hers\",\"pin\":\"1\"}", NULL),
              201);
    (void)browse(&bert, "PUT", "/api/drawer/k", "{\"title\":\"his\"}", NULL);
    CHECK(bert.reply.status == 404 || bert.reply.status == 409);
    CHECK(!says(&bert, "hers"));
    CHECK_INT(post(&bert, "/api/drawer", "{\"_id\":\"k\",\"title\":\"his\"}"), 409);
    CHECK_INT(get(&bert, "/api/drawer/k"), 404);
    CHECK_INT(browse(&bert, "DELETE", "/api/drawer/k", NULL, NULL), 404);
    CHECK_INT(get(&anna, "/api/drawer/k"), 200);
    CHECK(says(&anna, "\"title\":\"hers\""));
}

static void test_security__row44_parts_of_a_batch_pass_the_same_rules(void **state)
{
    static const char *const foreign[] = {"Sec-Fetch-Site: cross-site", NULL};
    browser anna, bert;
    char id[40], json[256];

    open_both(state, &anna, &bert);
    user_id(&anna, id, sizeof id);
    CHECK_INT(browse(&bert, "POST", "/api/notes", "[{\"title\":\"a\"}]", foreign), 403);
    CHECK(problem(&bert, "csrf"));
    snprintf(json, sizeof json, "[{\"title\":\"a\"},{\"title\":\"b\",\"owner\":\"%s\"}]", id);
    CHECK_INT(post(&bert, "/api/notes", json), 422);
    CHECK(says(&bert, "1.owner"));
    CHECK_INT(post(&bert, "/api/notes", "[{\"title\":\"a\"},{\"title\":\"b\",\"likes\":1}]"), 422);
    CHECK(says(&bert, "1.likes"));
    CHECK_INT(get(&bert, "/api/notes"), 200);
    CHECK_STR(bert.reply.body, "[]"); /* all or nothing */
    CHECK_INT(post(&bert, "/api/notes", "[{\"title\":\"a\"},{\"title\":\"b\"}]"), 201);
    CHECK_INT(get(&anna, "/api/notes"), 200);
    CHECK(!says(&anna, "\"a\"") && !says(&anna, "\"b\""));
}

static const struct CMUnitTest cases[] = {
    CASE(row07_a_foreign_item_is_as_one_that_is_not_there),
    CASE(row07_lists_and_counts_hold_ones_own),
    CASE(row07_writes_of_many_meet_ones_own),
    CASE(row07_the_owner_is_set_by_the_server),
    CASE(row07_strangers_get_nothing),
    CASE(row41_a_tag_of_one_user_is_not_the_nexts),
    CASE(row41_a_compressed_answer_is_no_exception),
    CASE(row41_an_empty_list_has_a_tag_of_its_own),
    CASE(row42_others_writes_leave_no_trace),
    CASE(row42_a_cursor_says_nothing_and_is_its_users),
    CASE(row42_stamps_are_keyed),
    CASE(row43_what_is_not_seen_is_kept),
    CASE(row44_an_upsert_passes_the_same_rules),
    CASE(row44_an_upsert_finds_nothing_foreign),
    CASE(row44_parts_of_a_batch_pass_the_same_rules),
};

int main(void)
{
    return run_on_hosts(cases, sizeof cases / sizeof *cases);
}
