/* SPDX-License-Identifier: MIT */
#include "../members.h"

static int next_get(void *self, sac_req *req)
{
    const sac_str next = sac_req_next(req, "FALLBACK");

    (void)self;
    return sac_reply_bytes(req, 200, "text/plain", next);
}

static const sac_view_ops next_view = SAC_VIEW_OPS(.name = "next", .get = next_get,
                                                   .post = next_get, .flags = SAC_INLINE);

static void open_next(members *m)
{
    sac_err err = {.code = 0};
    sac_app *api;

    members_begin(m);
    members_make(m);
    CHECK_INT(sac_app_mount(m->t.app, "/next", &next_view, NULL, &err), SAC_OK);
    CHECK_INT(sac_app_group(m->t.app, "/api", &api, &err), SAC_OK);
    CHECK_INT(sac_app_resource(api, "/todos", &todo_resource, &err), SAC_OK);
    todos_serve(&m->t);
}

typedef struct row {
    const char *sent;  /* as it stands in the query */
    const char *taken; /* NULL: it is not */
} row;

static const row rows[] = {
    {"/", "/"},
    {"/notes", "/notes"},
    {"/notes/7?a=b%26c=d%23top", "/notes/7?a=b&c=d#top"},
    {"%2Fnotes%3Fq%3D1", "/notes?q=1"},
    {"/notes//x", "/notes//x"},
    {"/a:b@c", "/a:b@c"},
    {"/caf%C3%A9", "/caf%C3%A9"},
    {"/caf%25C3%25A9", "/caf%C3%A9"},
    {"/a%20b", "/a%20b"},
    {"/a+b", "/a%20b"},
    {"/%253Cscript%253E", "/%3Cscript%3E"},
    {"/%3Cscript%3E", "/%3Cscript%3E"},
    {"/apiary", "/apiary"},
    {"/logins", "/logins"},
    {"/...", "/..."},
    {"/.well-known", "/.well-known"},
    {"/x?u=//evil.com", "/x?u=//evil.com"},
    {"/x?u=https://evil.com/../..", "/x?u=https://evil.com/../.."},
    {"/%252F%252Fevil.com", "/%2F%2Fevil.com"},
    {"/%255Cevil.com", "/%5Cevil.com"},
    /* Another host, by any spelling. */
    {"//evil.com", NULL},
    {"///evil.com", NULL},
    {"%2F%2Fevil.com", NULL},
    {"/%2Fevil.com", NULL},
    {"/%5Cevil.com", NULL},
    {"/%5C/evil.com", NULL},
    {"%5C%5Cevil.com", NULL},
    {"%5C%5C%5Cgithub.com", NULL},
    {"/x%5C..%5C%5Cevil.com", NULL},
    {"https://evil.com", NULL},
    {"HTTPS:evil.com", NULL},
    {"http:/evil.com", NULL},
    {"javascript:alert(1)", NULL},
    {"data:text/html,x", NULL},
    {"evil.com", NULL},
    {"@evil.com", NULL},
    {".evil.com", NULL},
    {"", NULL},
    {"%20//evil.com", NULL},
    {"%20/notes", NULL},
    {"?x=//evil.com", NULL},
    {"%23/notes", NULL},
    /* Bytes that browsers drop. */
    {"/%09/evil.com", NULL},
    {"/%0A/evil.com", NULL},
    {"/%0D/evil.com", NULL},
    {"%09//evil.com", NULL},
    {"/notes%0D%0ASet-Cookie:x=y", NULL},
    {"/notes%7F", NULL},
    {"/%01notes", NULL},
    {"/notes?a=%09b", NULL},
    /* Dots that lead elsewhere. */
    {"/../evil", NULL},
    {"/..//evil.com", NULL},
    {"/.//evil.com", NULL},
    {"/x/..//evil.com", NULL},
    {"/x/%252e%252e//evil.com", NULL},
    {"/x/%252E./login", NULL},
    {"/.%252e/login", NULL},
    {"/./logout", NULL},
    /* What is no page. */
    {"/login", NULL},
    {"/login/", NULL},
    {"/login?next=/x", NULL},
    {"/login%23x", NULL},
    {"/%256Cogin", NULL},
    {"/logout", NULL},
    {"/logout/?x", NULL},
    {"/l%256Fgout", NULL},
    {"/api", NULL},
    {"/api/", NULL},
    {"/api/todos", NULL},
    {"/api/todos?where=x", NULL},
    {"/api/nothing", NULL},
    {"/%2561pi/todos", NULL},
    {"/notes%25", NULL},
    {"/notes%25zz", NULL},
    {"/notes%2500", NULL},
    {"/%25ff", NULL},
};

static void check(members *m, const row *r, const char *target)
{
    const char *want = r->taken ? r->taken : "FALLBACK";

    if (m->t.reply.body.n != strlen(want) || memcmp(m->t.reply.body.p, want, strlen(want)) != 0)
        fail_msg("%s: %.*s, not %s", target, (int)m->t.reply.body.n, m->t.reply.body.p, want);
}

static void test_next__of_a_query_is_a_page_of_this_site(void **state)
{
    char target[256];
    members m;

    (void)state;
    open_next(&m);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(target, sizeof target, "/next?next=%s", rows[i].sent);
        CHECK_INT(members_get(&m, target), 200);
        check(&m, &rows[i], target);
    }
    members_get(&m, "/next");
    CHECK_STR(m.t.reply.body, "FALLBACK");
    members_get(&m, "/next?next");
    CHECK_STR(m.t.reply.body, "FALLBACK");
    members_get(&m, "/next?next=/one&next=//two");
    CHECK_STR(m.t.reply.body, "/one");
    members_get(&m, "/next?next=//one&next=/two");
    CHECK_STR(m.t.reply.body, "FALLBACK");
    members_close(&m);
}

static void test_next__of_a_form_is_judged_alike(void **state)
{
    char body[256];
    members m;

    (void)state;
    open_next(&m);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(body, sizeof body, "next=%s", rows[i].sent);
        CHECK_INT(members_form(&m, "/next", body), 200);
        check(&m, &rows[i], body);
    }
    /* The form's own word counts. */
    CHECK_INT(members_form(&m, "/next?next=/query", "next=/form"), 200);
    CHECK_STR(m.t.reply.body, "/form");
    CHECK_INT(members_form(&m, "/next?next=/query", "x=y"), 200);
    CHECK_STR(m.t.reply.body, "/query");
    members_close(&m);
}

static void test_next__has_a_bound(void **state)
{
    char body[5000] = "next=/";
    members m;

    (void)state;
    open_next(&m);
    memset(body + 6, 'a', 4095);
    CHECK_INT(members_form(&m, "/next", body), 200);
    CHECK_INT(m.t.reply.body.n, 4096);
    memset(body + 6, 'a', 4096);
    CHECK_INT(members_form(&m, "/next", body), 200);
    CHECK_STR(m.t.reply.body, "FALLBACK");
    members_close(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_next__of_a_query_is_a_page_of_this_site),
        cmocka_unit_test(test_next__of_a_form_is_judged_alike),
        cmocka_unit_test(test_next__has_a_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
