/* SPDX-License-Identifier: MIT */
#ifndef SESSION_STORED_H
#define SESSION_STORED_H

#include "support/todos.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include <sacrum/session.h>

/* Sessions in a collection, and what may happen to them there meanwhile. */

static inline int view_read(void *self, sac_req *req)
{
    (void)self;
    return sac_reply_bson(req, 200, sac_session_doc(req));
}

static inline int view_none(void *self, sac_req *req)
{
    (void)self;
    return sac_reply_text(req, 200, "none");
}

static inline int set(sac_req *req, const char *key)
{
    const sac_str value = sac_req_query(req, key);

    return value.p ? sac_session_set_str(req, key, value) : SAC_OK;
}

/* ?a=…&b=…&user=…&without=… */
static inline int view_set(void *self, sac_req *req)
{
    const sac_str without = sac_req_query(req, "without");
    int rc = set(req, "a");

    (void)self;
    if (rc == SAC_OK)
        rc = set(req, "b");
    if (rc == SAC_OK)
        rc = set(req, "user");
    if (rc == SAC_OK && without.p)
        rc = sac_session_remove(req, sac_req_dup(req, without).p);
    if (rc == SAC_OK && sac_req_query(req, "permanent").p)
        rc = sac_session_set_permanent(req, true);
    return rc ? rc : sac_reply_text(req, 200, "set");
}

static inline int view_clear(void *self, sac_req *req)
{
    const int rc = sac_session_clear(req);

    (void)self;
    return rc ? rc : sac_reply_text(req, 200, "cleared");
}

/* As a login does it: another id, with ?fresh another content too. */
static inline int view_renew(void *self, sac_req *req)
{
    int rc = SAC_OK;

    (void)self;
    if (sac_req_query(req, "fresh").p)
        rc = sac_session_clear(req);
    if (rc == SAC_OK)
        rc = sac_session_renew(req);
    if (rc == SAC_OK)
        rc = set(req, "user");
    return rc ? rc : sac_reply_text(req, 200, "renewed");
}

static inline int view_end_all(void *self, sac_req *req)
{
    const char *key = sac_req_dup(req, sac_req_query(req, "key")).p;
    const int rc = sac_session_end_all(req, key, sac_req_str_value(req, sac_req_query(req, "is")));

    (void)self;
    return rc ? rc : sac_reply_text(req, 200, "ended");
}

/* A request during which another one of the same session takes place. */
static todos *meanwhile_of;
static char meanwhile[256], meanwhile_cookie[256];

static inline void do_meanwhile(void)
{
    const char *const lines[] = {meanwhile_cookie, NULL};
    const sac_loopback_request ask = SAC_LOOPBACK_REQUEST(.method = "GET", .target = meanwhile,
                                                          .headers = lines);
    sac_loopback *client = NULL;
    sac_loopback_reply reply;

    if (!*meanwhile)
        return;
    CHECK_INT(sac_loopback_new(meanwhile_of->app, &client, NULL), 0);
    CHECK_INT(sac_loopback_send(client, &ask, &reply, NULL), 0);
    CHECK_INT(reply.status, 200);
    sac_loopback_free(client);
}

static inline int view_slow(void *self, sac_req *req)
{
    (void)sac_session_doc(req);
    do_meanwhile();
    return view_set(self, req);
}

static inline int view_slow_renew(void *self, sac_req *req)
{
    (void)sac_session_doc(req);
    do_meanwhile();
    return view_renew(self, req);
}

#define VIEW(name_, flags_, get_)                                                         \
    static const sac_view_ops name_##_ops = SAC_VIEW_OPS(.name = #name_, .flags = flags_, \
                                                         .get = get_)
VIEW(read, SAC_INLINE, view_read);
VIEW(none, SAC_INLINE, view_none);
VIEW(set, SAC_INLINE, view_set);
VIEW(set_on_worker, 0, view_set);
VIEW(clear, SAC_INLINE, view_clear);
VIEW(renew, SAC_INLINE, view_renew);
VIEW(end_all, 0, view_end_all);
VIEW(slow, 0, view_slow);
VIEW(slow_renew, 0, view_slow_renew);

static const struct {
    const char *path;
    const sac_view_ops *ops;
} views[] = {{"/read", &read_ops},
             {"/none", &none_ops},
             {"/set", &set_ops},
             {"/set-on-worker", &set_on_worker_ops},
             {"/clear", &clear_ops},
             {"/renew", &renew_ops},
             {"/end", &end_all_ops},
             {"/slow", &slow_ops},
             {"/slow-renew", &slow_renew_ops}};

typedef struct client {
    todos t;
    char cookie[256];
    int n_set;
} client;

static inline void open_with(client *c, const sac_sessions *config)
{
    sac_err err = {.code = 0};

    memset(c, 0, sizeof *c);
    todos_begin(&c->t);
    todos_make(&c->t);
    if (sac_app_sessions(c->t.app, config, &err) != SAC_OK)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < sizeof views / sizeof *views; i++)
        CHECK_INT(sac_app_mount(c->t.app, views[i].path, views[i].ops, NULL, &err), SAC_OK);
    todos_serve(&c->t);
    meanwhile_of = &c->t;
    meanwhile[0] = '\0';
}

static inline void open_client(client *c)
{
    const sac_sessions config = SAC_SESSIONS(.kind = SAC_SESSION_STORED);

    open_with(c, &config);
}

static inline void close_client(client *c)
{
    todos_close(&c->t);
}

static inline int get(client *c, const char *target)
{
    const int status = c->cookie[0] ? todos_ask_with(&c->t, "GET", target, NULL, WITH(c->cookie))
                                    : todos_ask(&c->t, "GET", target, NULL);
    const char *set_cookie = todos_header(&c->t, "set-cookie");

    c->n_set = set_cookie != NULL;
    if (!set_cookie)
        return status;
    c->cookie[0] = '\0';
    if (!strstr(set_cookie, "Max-Age=0"))
        snprintf(c->cookie, sizeof c->cookie, "Cookie: %.*s", (int)strcspn(set_cookie, ";"),
                 set_cookie);
    return status;
}

static inline void check_body(client *c, const char *json)
{
    CHECK_STR(c->t.reply.body, json);
}

static inline int64_t count(client *c)
{
    const sac_query all = SAC_QUERY(.collection = "sessions");
    int64_t n = -1;

    CHECK_INT(sac_store_count(sac_app_store(c->t.app), &all, &n, NULL), SAC_OK);
    return n;
}

/* The one stored document, a copy to be freed. */
static inline int copy_doc(void *self, const sac_view *view)
{
    sac_str *out = self;
    char *copy = malloc(view->doc.n);

    memcpy(copy, view->doc.p, view->doc.n);
    *out = sac_str_n(copy, view->doc.n);
    return 1;
}

static inline sac_str stored(client *c)
{
    const sac_query all = SAC_QUERY(.collection = "sessions");
    sac_str doc = {NULL, 0};
    const sac_sink sink = {.doc = copy_doc, .self = &doc};
    sac_cursor *cursor = NULL;

    CHECK_INT(sac_store_find(sac_app_store(c->t.app), &all, NULL, &cursor, NULL), SAC_OK);
    CHECK(sac_cursor_pull(cursor, &sink, NULL) >= 0);
    sac_cursor_close(cursor);
    return doc;
}

/* Sets a date of the one stored session, so many seconds from now. */
static inline void shift(client *c, const char *field, int64_t seconds)
{
    const sac_str old = stored(c);
    sac_bson update;
    sac_str doc = {NULL, 0};

    sac_bson_init(&update, NULL, 0);
    sac_bson_begin_doc(&update, sac_str_of("$set"));
    sac_bson_add_date(&update, field, (time(NULL) + seconds) * 1000);
    sac_bson_end(&update);
    CHECK_INT(sac_bson_finish(&update, &doc), SAC_OK);
    CHECK_INT(sac_store_update(sac_app_store(c->t.app), "sessions",
                               sac_bson_get(old, sac_str_of("_id")), doc, NULL),
              SAC_OK);
    sac_bson_fini(&update);
    free((void *)(uintptr_t)old.p);
}

static inline int64_t stored_date(client *c, const char *field)
{
    const sac_str doc = stored(c);
    const sac_value value = sac_bson_get(doc, sac_str_of(field));
    int64_t ms = 0;

    CHECK(sac_value_date(&value, &ms));
    free((void *)(uintptr_t)doc.p);
    return ms / 1000 - time(NULL);
}

#endif
