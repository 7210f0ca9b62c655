/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>
#include <unistd.h>

#include <sacrum/template.h>

#include "../members.h"

static void put(const members *m, const char *name, const char *text)
{
    char path[128];
    FILE *file;

    snprintf(path, sizeof path, "%s/pages/%s", m->t.dir, name);
    file = fopen(path, "w");
    CHECK(file != NULL);
    fputs(text, file);
    fclose(file);
}

static void open_pages(members *m)
{
    char folder[64];
    const char *const folders[] = {folder, NULL};
    const sac_templates templates = SAC_TEMPLATES(.folders = folders);
    static const char page[] = "<h1>{{title}}</h1>[{{error}}][{{username}}][{{next}}]"
                               "{{#errors}}({{field}} {{message}}){{/errors}}";
    sac_err err = {.code = 0};

    members_begin(m);
    snprintf(folder, sizeof folder, "%s/pages", m->t.dir);
    CHECK_INT(mkdir(folder, 0700), 0);
    put(m, "login.html", page);
    put(m, "sign_up.html", page);
    members_make(m);
    if (sac_app_templates(m->t.app, &templates, &err) != SAC_OK)
        fail_msg("%s", err.text);
    members_serve(m);
}

static void close_pages(members *m)
{
    char path[128];

    snprintf(path, sizeof path, "%s/pages", m->t.dir);
    remove_dir(path);
    members_close(m);
}

static void test_page__shows_the_form(void **state)
{
    members m;

    (void)state;
    open_pages(&m);
    CHECK_INT(members_get(&m, "/login?next=/notes%3Fa=1"), 200);
    CHECK_STR(m.t.reply.body, "<h1>Sign in</h1>[][][/notes?a=1]");
    assert_string_equal(todos_header(&m.t, "content-type"), "text/html; charset=utf-8");
    CHECK_INT(members_get(&m, "/login?next=//evil.com"), 200);
    CHECK_STR(m.t.reply.body, "<h1>Sign in</h1>[][][]");
    CHECK_INT(members_get(&m, "/sign_up"), 200);
    CHECK_STR(m.t.reply.body, "<h1>Sign up</h1>[][][]");
    close_pages(&m);
}

static void test_page__comes_again_with_what_was_wrong(void **state)
{
    members m;

    (void)state;
    open_pages(&m);
    CHECK_INT(members_form(&m, "/login", "username=%3Cann%3E&password=S3cret&next=/notes"), 401);
    CHECK_STR(m.t.reply.body, "<h1>Sign in</h1>[wrong name or password][&lt;ann&gt;][/notes]");
    assert_string_equal(todos_header(&m.t, "content-type"), "text/html; charset=utf-8");
    CHECK_INT(members_form(&m, "/login", "username=ann"), 422);
    CHECK_STR(m.t.reply.body, "<h1>Sign in</h1>[Validation failed][ann][](password required)");
    /* A script gets no page. */
    CHECK_INT(members_json(&m, "/login", WRONG), 401);
    CHECK(todos_problem(&m.t, "bad_credentials"));
    CHECK_INT(members_form(&m, "/login", "username=ann&password=correct+horse"), 303);
    close_pages(&m);
}

static void test_page__of_a_sign_up_says_what_is_wrong(void **state)
{
    members m;

    (void)state;
    open_pages(&m);
    CHECK_INT(members_form(&m, "/sign_up", "username=bob&password=S3&age=0"), 422);
    CHECK(todos_says(&m.t, "[Validation failed][bob]"));
    CHECK(todos_says(&m.t, "(password "));
    CHECK(todos_says(&m.t, "(age "));
    CHECK(!todos_says(&m.t, "S3"));
    CHECK_INT(members_form(&m, "/sign_up", "username=ann&password=battery+staple"), 409);
    CHECK(todos_says(&m.t, "(username is taken)"));
    close_pages(&m);
}

static void test_page__of_a_throttled_form_is_429(void **state)
{
    members m;

    (void)state;
    open_pages(&m);
    for (int i = 0; i < 5; i++)
        CHECK_INT(members_form(&m, "/login", "username=ann&password=x"), 401);
    CHECK_INT(members_form(&m, "/login", "username=ann&password=x"), 429);
    CHECK(todos_says(&m.t, "[too many wrong passwords][ann]"));
    CHECK(todos_header(&m.t, "retry-after") != NULL);
    close_pages(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_page__shows_the_form),
        cmocka_unit_test(test_page__comes_again_with_what_was_wrong),
        cmocka_unit_test(test_page__of_a_sign_up_says_what_is_wrong),
        cmocka_unit_test(test_page__of_a_throttled_form_is_429),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
