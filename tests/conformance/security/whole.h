/* SPDX-License-Identifier: MIT */
#ifndef CONFORMANCE_WHOLE_H
#define CONFORMANCE_WHOLE_H

#include "host/hosts.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <sacrum/account.h>
#include <sacrum/cors.h>
#include <sacrum/csrf.h>
#include <sacrum/limit.h>
#include <sacrum/page.h>
#include <sacrum/resource.h>
#include <sacrum/session.h>
#include <sacrum/template.h>
#include <sacrum/token.h>

/*
 * An app with everything on, over LMDB, on one host. Accounts: anna and bert,
 * members, and root, an admin; their passwords are PASSWORD. Notes and
 * what is in the drawer belong to their owners; a shelf is read by anybody.
 */
#define PASSWORD "correct horse"
#define FRONT "https://front.example" /* an origin that may send, and is let in by CORS */

typedef struct whole {
    /* May be changed between begin and serve. */
    sac_app_config config;
    sac_sessions sessions;
    sac_accounts accounts;
    sac_secure_headers headers;
    sac_limit limit;

    char folder[96], database[160];
    sac_app *app;
    const host *on;
    void *open;
    pthread_mutex_t lock;
    size_t n_log;
    char log[1 << 16]; /* all that was logged */
} whole;

void whole_begin(whole *w, const host *on);
void whole_serve(whole *w);
void whole_close(whole *w);
bool whole_logged(whole *w, const char *text);
/* A file in a folder of the app: "public", "templates" or "private". */
void whole_write(const whole *w, const char *folder, const char *name, const char *text);

/* A browser with a jar for the session's cookie alone. */
typedef struct browser {
    whole *whole;
    char cookie[4200]; /* "session=…"; empty: none */
    char set[4400];    /* the last answer's Set-Cookie; empty: none */
    char id[40], etag[128], token[128];
    host_reply reply;
} browser;

void browser_open(browser *b, whole *w);
/* Header lines end with NULL; a body is JSON unless a line gives a Content-Type. */
int browse(browser *b, const char *method, const char *target, const char *body,
           const char *const *lines);
/* As it was asked before, on the cookie that it has. */
int get(browser *b, const char *target);
int post(browser *b, const char *target, const char *json);
/* Signs in with PASSWORD; keeps the token. */
void sign_in(browser *b, const char *name);
/* Posts a document and keeps its `_id` and tag. */
void make(browser *b, const char *list, const char *json);
/* A path with the kept id behind it. */
const char *item(const browser *b, const char *list);

sac_str field(const browser *b, const char *name);
bool has_field(const browser *b, const char *name, const char *text);
bool says(const browser *b, const char *text);
bool problem(const browser *b, const char *code);
/* The string member of that name in the last answer; false: there is none. */
bool member(const browser *b, const char *name, char *out, size_t cap);

/* Each case runs on every host, on an app of its own. */
int whole_setup(void **state);
int whole_teardown(void **state);
/* The same before it is served: for cases with another config. */
int whole_setup_unserved(void **state);
#define CASE(name)                                                      \
    {                                                                   \
#name, test_security__##name, whole_setup, whole_teardown, NULL \
    }
#define UNSERVED(name)                                                           \
    {                                                                            \
#name, test_security__##name, whole_setup_unserved, whole_teardown, NULL \
    }

#endif
