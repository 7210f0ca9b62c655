/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_AUTH_BEARERS_H
#define TESTS_UNIT_AUTH_BEARERS_H

#include <sacrum/token.h>

#include "members.h"

/* Beside members: views under guards, a resource with scopes, and requests with credentials. */

static inline int who_get(void *self, sac_req *req)
{
    const sac_identity *who = sac_req_identity(req);

    (void)self;
    return sac_reply_jsonf(req, 200, "{\"name\":\"%.*s\",\"scheme\":\"%s\",\"ambient\":%s}",
                           (int)who->name.n, who->name.p, who->scheme,
                           who->ambient ? "true" : "false");
}

static const sac_decorator bearers_members[] = {SAC_LOGIN_REQUIRED, {.fn = NULL}};
static const sac_decorator bearers_readers[] = {SAC_SCOPE_REQUIRED("notes:read"), {.fn = NULL}};
static const sac_view_ops bearers_private = SAC_VIEW_OPS(.name = "private",
                                                         .decorators = bearers_members,
                                                         .flags = SAC_INLINE, .get = who_get,
                                                         .post = who_get);
static const sac_view_ops bearers_read = SAC_VIEW_OPS(.name = "read", .decorators = bearers_readers,
                                                      .flags = SAC_INLINE, .get = who_get);
static const sac_resource bearers_notes = SAC_RESOURCE(.name = "notes", .fields = todo_fields,
                                                       .access = SAC_ACCESS_SIGNED_IN,
                                                       .read_scope = "notes:read",
                                                       .write_scope = "notes:write");

/* Between members_make() and members_serve(). */
static inline void bearers_mount(members *m)
{
    sac_err err = {.code = 0};

    if (sac_app_mount(m->t.app, "/private", &bearers_private, NULL, &err) != SAC_OK ||
        sac_app_mount(m->t.app, "/read", &bearers_read, NULL, &err) != SAC_OK ||
        sac_app_resource(m->t.app, "/api/notes", &bearers_notes, &err) != SAC_OK)
        fail_msg("%s", err.text);
}

/* A request with an Authorization field (NULL: none) and a cookie (NULL: none). */
static inline int bearers_ask_with(members *m, const char *method, const char *target,
                                   const char *json, const char *credentials, const char *cookie)
{
    static char field[40000];
    const char *headers[4] = {NULL};
    size_t n = 0;

    if (credentials) {
        CHECK(snprintf(field, sizeof field, "Authorization: %s", credentials) < (int)sizeof field);
        headers[n++] = field;
    }
    if (cookie)
        headers[n++] = cookie;
    if (json)
        headers[n++] = "Content-Type: application/json";
    return todos_ask_with(&m->t, method, target, json, headers);
}

static inline int bearers_ask(members *m, const char *method, const char *target, const char *json,
                              const char *credentials)
{
    return bearers_ask_with(m, method, target, json, credentials, NULL);
}

static inline int bearers_get(members *m, const char *target, const char *credentials)
{
    return bearers_ask(m, "GET", target, NULL, credentials);
}

/* A member of the last answer's JSON that is a string, in memory until the next four. */
static inline const char *bearers_member(members *m, const char *name)
{
    static char texts[4][512];
    static unsigned turn;
    char *to = texts[turn++ % 4];
    char key[64];
    const char *at;

    (void)snprintf(key, sizeof key, "\"%s\":\"", name);
    at = m->t.reply.body.n ? memmem(m->t.reply.body.p, m->t.reply.body.n, key, strlen(key)) : NULL;
    if (!at)
        return NULL;
    at += strlen(key);
    (void)snprintf(to, sizeof texts[0], "%.*s", (int)strcspn(at, "\""), at);
    return to;
}

#endif
