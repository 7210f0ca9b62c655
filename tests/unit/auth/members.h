/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_AUTH_MEMBERS_H
#define TESTS_UNIT_AUTH_MEMBERS_H

#include <sacrum/account.h>

#include "support/todos.h"

/* An app with accounts, and browsers that keep its cookie. */
typedef struct members {
    todos t;
    sac_accounts accounts; /* may be changed between members_begin() and members_make() */
    sac_sessions sessions;
    char cookie[4200]; /* "Cookie: …", empty: none */
    char token[256];   /* of the last answer that had one */
} members;

static const sac_field member_fields[] = {
    {.name = "email", .type = SAC_STRING, .unique = true, .sparse = true, .max_length = 100},
    {.name = "age", .type = SAC_INT, .min = "1"},
    {.name = "pin", .type = SAC_STRING, .secret = true},
    {.name = "level", .type = SAC_INT, .read_only = true},
    {.name = NULL},
};

static inline void members_begin(members *m)
{
    *m = (members){.cookie = ""};
    todos_begin(&m->t);
    m->accounts = (sac_accounts)SAC_ACCOUNTS(.fields = member_fields, .login = "/login",
                                             .logout = "/logout", .sign_up = "/sign_up",
                                             .me = "/me", .password = "/password", .cost = 4,
                                             .threads = 1);
    m->sessions = (sac_sessions)SAC_SESSIONS(.kind = SAC_SESSION_SIGNED);
    m->t.config.secret = "sixteen bytes or more of it";
}

static inline int hello_get(void *self, sac_req *req)
{
    const sac_identity *who = sac_req_identity(req);

    (void)self;
    if (!who)
        return sac_reply_text(req, 200, "nobody");
    return sac_reply_jsonf(
        req, 200, "{\"name\":\"%.*s\",\"admin\":%s,\"ambient\":%s}", (int)who->name.n, who->name.p,
        sac_identity_has_role(who, "admin") ? "true" : "false", who->ambient ? "true" : "false");
}

static inline void members_make(members *m)
{
    static const sac_view_ops hello = SAC_VIEW_OPS(.name = "hello", .get = hello_get,
                                                   .flags = SAC_INLINE);
    sac_err err = {.code = 0};

    todos_make(&m->t);
    if (sac_app_sessions(m->t.app, &m->sessions, &err) != SAC_OK ||
        sac_app_accounts(m->t.app, &m->accounts, &err) != SAC_OK ||
        sac_app_mount(m->t.app, "/hello", &hello, NULL, &err) != SAC_OK)
        fail_msg("%s", err.text);
}

/* `ann` with the password "correct horse", and the role "admin". */
static inline void members_serve(members *m)
{
    static const char *const roles[] = {"admin", NULL};
    sac_err err = {.code = 0};

    todos_serve(&m->t);
    if (sac_account_add(m->t.app, sac_str_of("Ann"), sac_str_of("correct horse"), roles, NULL,
                        &err) != SAC_OK)
        fail_msg("%s", err.text);
}

static inline void members_open(members *m)
{
    members_begin(m);
    members_make(m);
    members_serve(m);
}

/* The same with sessions of a kind, and without workers or with two. */
static inline void members_open_with(members *m, sac_session_kind kind, bool workers)
{
    members_begin(m);
    m->t.config.workers = workers ? 2 : SAC_NO_WORKERS;
    m->sessions.kind = kind;
    members_make(m);
    members_serve(m);
}

static inline void members_close(members *m)
{
    todos_close(&m->t);
}

static inline void members_keep_cookie(members *m)
{
    const char *set = todos_header(&m->t, "set-cookie");

    if (!set)
        return;
    if (strstr(set, "Max-Age=0"))
        m->cookie[0] = '\0';
    else
        snprintf(m->cookie, sizeof m->cookie, "Cookie: %.*s", (int)strcspn(set, ";"), set);
}

static inline void members_keep_token(members *m)
{
    static const char name[] = "\"csrf_token\":\"";
    const char *at = m->t.reply.body.n
                         ? memmem(m->t.reply.body.p, m->t.reply.body.n, name, sizeof name - 1)
                         : NULL;

    if (at)
        snprintf(m->token, sizeof m->token, "%.*s", (int)strcspn(at + sizeof name - 1, "\""),
                 at + sizeof name - 1);
}

/* A request of the browser: with its cookie, from this site. `type` NULL: no body. */
static inline int members_send(members *m, const char *method, const char *target, const char *type,
                               const char *body)
{
    char content_type[128];
    const char *headers[4] = {"Sec-Fetch-Site: same-origin", NULL};
    size_t n = 1;
    int status;

    if (type) {
        snprintf(content_type, sizeof content_type, "Content-Type: %s", type);
        headers[n++] = content_type;
    }
    if (m->cookie[0])
        headers[n++] = m->cookie;
    status = todos_ask_with(&m->t, method, target, body, headers);
    members_keep_cookie(m);
    members_keep_token(m);
    return status;
}

static inline int members_get(members *m, const char *target)
{
    return members_send(m, "GET", target, NULL, NULL);
}

static inline int members_json(members *m, const char *target, const char *json)
{
    return members_send(m, "POST", target, "application/json", json);
}

static inline int members_form(members *m, const char *target, const char *form)
{
    return members_send(m, "POST", target, "application/x-www-form-urlencoded", form);
}

#define RIGHT "{\"username\":\"ann\",\"password\":\"correct horse\"}"
#define WRONG "{\"username\":\"ann\",\"password\":\"wrong horse\"}"

static inline void members_login(members *m)
{
    CHECK_INT(members_json(m, "/login", RIGHT), 200);
}

/* Who the browser is: their name, or "nobody". */
static inline bool members_is(members *m, const char *name)
{
    char text[64];

    CHECK_INT(members_get(m, "/hello"), 200);
    snprintf(text, sizeof text, "\"name\":\"%s\"", name);
    return todos_says(&m->t, strcmp(name, "nobody") == 0 ? name : text);
}

#endif
