/* SPDX-License-Identifier: MIT */
#ifndef RESOURCE_PEOPLE_H
#define RESOURCE_PEOPLE_H

#include <stdlib.h>

#include <sacrum/bson.h>
#include <sacrum/identity.h>

#include "support/todos.h"

/*
 * Who asks is what `X-User` says: a name, then `+` and roles, then `!` and
 * scopes, each behind a comma: `ann`, `root+admin`, `bot!read,write`. The
 * `_id` of a user is the first letter of the name, 24 times. `-` breaks.
 */

#define CHECK_FIELD(t, name, text) CHECK_STR(sac_str_of(todos_header(t, name)), text)

enum { PEOPLE_NAMES = 4 };

static inline size_t people_split(sac_req *req, sac_str text, const sac_str **out)
{
    sac_str *names = sac_req_alloc(req, PEOPLE_NAMES * sizeof *names);
    size_t n = 0;

    for (const char *at = text.p; names && n < PEOPLE_NAMES && at < text.p + text.n; n++) {
        const size_t left = (size_t)(text.p + text.n - at);
        const char *comma = memchr(at, ',', left);

        names[n] = sac_str_n(at, comma ? (size_t)(comma - at) : left);
        at += names[n].n + 1;
    }
    *out = names;
    return names ? n : 0;
}

/* Takes what is behind `mark` off the end. */
static inline sac_str people_cut(sac_str *text, char mark)
{
    const char *at = memchr(text->p, mark, text->n);
    const sac_str rest = at ? sac_str_n(at + 1, (size_t)(text->p + text->n - at - 1))
                            : sac_str_n("", 0);

    if (at)
        text->n = (size_t)(at - text->p);
    return rest;
}

static inline int people_identify(void *self, sac_req *req, sac_identity *out)
{
    sac_str user = sac_req_header(req, "x-user");
    char hex[25];
    sac_str scopes, roles;
    sac_oid oid;

    (void)self;
    if (!user.p || user.n == 0)
        return 0;
    if (user.p[0] == '-')
        return SAC_EUNAVAILABLE;
    out->scoped = memchr(user.p, '!', user.n) != NULL;
    scopes = people_cut(&user, '!');
    roles = people_cut(&user, '+');
    memset(hex, user.p[0], 24);
    hex[24] = '\0';
    if (!sac_oid_parse(sac_str_of(hex), true, &oid))
        out->id = sac_req_str_value(req, user); /* no letter of a to f */
    else
        out->id = sac_req_oid_value(req, &oid);
    out->name = user;
    out->n_roles = people_split(req, roles, &out->roles);
    out->n_scopes = people_split(req, scopes, &out->scopes);
    return out->id.type ? 1 : SAC_ENOMEM;
}

static const sac_authenticator_ops people = SAC_AUTHENTICATOR_OPS(.name = "people",
                                                                  .flags = SAC_INLINE,
                                                                  .identify = people_identify,
                                                                  .challenge = "Bearer");

static inline void people_mount(todos *t, const sac_resource *resource)
{
    sac_err err = {.code = 0};

    todos_begin(t);
    todos_make(t);
    if (sac_app_authenticator(t->app, &people, NULL, &err) != SAC_OK ||
        sac_app_resource(t->app, "/api/notes", resource, &err) != SAC_OK)
        fail_msg("%s", err.text);
}

static inline void people_open(todos *t, const sac_resource *resource)
{
    people_mount(t, resource);
    todos_serve(t);
}

/* A request of a user (NULL: nobody), with a header line more (or NULL). */
static inline int people_ask_with(todos *t, const char *user, const char *method,
                                  const char *target, const char *json, const char *line)
{
    const char *headers[4] = {NULL};
    char who[64];
    size_t n = 0;

    snprintf(who, sizeof who, "X-User: %s", user ? user : "");
    if (user)
        headers[n++] = who;
    if (line)
        headers[n++] = line;
    if (json && !(line && strncmp(line, "Content-Type", 12) == 0))
        headers[n++] = "Content-Type: application/json";
    return todos_ask_with(t, method, target, json, headers);
}

/* Writes by filter need transactions, which the other store's server has not. */
static inline bool people_skips(const char *method, const char *target)
{
    return getenv("SACRUM_TEST_RESOURCES") && (*method == 'D' || strcmp(method, "PATCH") == 0) &&
           !strstr(target, "/notes/");
}

static inline int people_ask(todos *t, const char *user, const char *method, const char *target,
                             const char *json)
{
    return people_ask_with(t, user, method, target, json, NULL);
}

#endif
