/* SPDX-License-Identifier: MIT */
#ifndef APP_STATE_H
#define APP_STATE_H

#include <sacrum/identity.h>

#include "app/app.h"
#include "app/page.h"
#include "app/req.h"
#include "core/arena.h"
#include "core/log.h"

/* An app from within: what lib/app/ alone may see. */

typedef struct sac__core sac__core;
typedef struct sac__workers sac__workers;

/* Slots of middleware, read from its table once; a slot that is missing is NULL. */
typedef struct sac__middleware {
    sac_handler *before, *after, *teardown;
    void *self;
    const char *name;
    bool is_inline;
    struct sac__middleware *next;
} sac__middleware;

/* By the kind of a problem, or by status. */
typedef struct sac__on_error {
    const sac__problem_kind *kind; /* NULL: by status */
    int status;                    /* 0: any */
    sac_handler *fn;
    void *self;
    struct sac__on_error *next;
} sac__on_error;

/* An app, or one of its groups. */
struct sac_app {
    sac__core *core;
    sac_app *parent; /* NULL: the app itself */
    sac_app *next;   /* all of an app's groups, the newest first */
    sac_str prefix;  /* whole, NUL behind it; empty for the app itself */
    sac__middleware *first, *last;
    sac__on_error *errors;
    sac_handler *error_page; /* NULL: the parent's */
    void *error_page_self;
    const sac__coding *coding; /* NULL: the parent's */
    void *coding_self;
    const sac__middleware **around; /* sealed: outermost first, the parents' included */
    size_t n_around;
    bool is_inline;                             /* sealed: every one of them */
    int (*at_answer)(void *self, sac_req *req); /* NULL: nothing */
    void *at_answer_self;
};

/* One definition of a view's slot, and the one that `super` says is below it. */
typedef struct sac__slot {
    sac__super super;
    sac_handler *fn;
    unsigned flags; /* of the table in which it was found */
    const struct sac__slot *below;
} sac__slot;

typedef struct sac__wrap {
    sac_decorate *fn;
    void *self;
    unsigned row; /* of the table of decorators */
} sac__wrap;

/* What a mount does for one method. */
typedef struct sac__action {
    const sac__slot *slot; /* NULL: OPTIONS that the library answers */
    const sac__wrap *wraps;
    size_t n_wraps;
    bool is_inline; /* before it is sealed: of view and decorators; then with middleware */
    bool guarded;   /* some decorator is a SAC_GUARD, or sac__app_set_guarded() said so */
} sac__action;

enum { SAC__ACTION_OPTIONS = 5, SAC__ACTIONS = 6 };

typedef struct sac__field {
    sac_header header;
    struct sac__field *next;
} sac__field;

typedef struct sac__mount {
    const char *name;
    void *self;
    sac_app *group;
    sac__route *route;
    const sac_view_ops *ops;
    sac__action actions[SAC__ACTIONS]; /* GET POST PUT PATCH DELETE OPTIONS */
    const sac__slot *before, *after, *teardown;
    bool (*declines)(void *self, sac_req *req); /* what `instead` answers; NULL: nothing */
    struct sac__mount *instead;
    sac__field *options; /* further fields of the answer to OPTIONS */
    sac_str allow;
} sac__mount;

/* A way to know who asks, read from its table once. */
typedef struct sac__authenticator {
    const char *name;
    int (*identify)(void *self, sac_req *req, sac_identity *out);
    sac_str challenge; /* p NULL: none */
    bool last;         /* sac__app_authenticator_last() */
    void *self;
    struct sac__authenticator *next;
} sac__authenticator;

typedef struct sac__app_value {
    const void *key;
    void *value;
    struct sac__app_value *next;
} sac__app_value;

typedef struct sac__hook {
    int (*seal)(void *self, sac_app *app, sac_err *err);
    void (*free)(void *self);
    void *self;
    struct sac__hook *next;
} sac__hook;

struct sac__core {
    sac_app root;
    sac_app bare; /* a group without middleware, where none can run */
    sac_app *groups;
    const sac_alloc *alloc;
    sac_app_config config; /* defaults filled in */
    sac__log log;
    sac__arena_cache *build_cache;
    sac__arena *build; /* what lives as long as the app */
    sac__arena_cache *blocks;
    sac__router *router;
    sac__hook *at_seal, *at_seal_last, *at_stop, *at_free;
    sac__app_value *values;
    struct sac__told *told; /* schemas: input/bind.c */
    size_t n_told, cap_told;
    sac_store *store;
    sac__workers *workers;         /* NULL: SAC_NO_WORKERS */
    sac__page_render *render_page; /* NULL: there are no templates */
    sac__page_has *has_page;
    sac__authenticator *authenticators; /* in the order in which they are asked */
    const char *login_page;             /* NULL: there is none */
    bool identity_waits;
    struct sac__network *proxies; /* whose word on the client is taken */
    size_t n_proxies;
    bool local_proxy; /* and that of who comes by a socket of the file system */
    sac_oid_source oids;
    bool sealed, has_secret;
    uint8_t secret[32];
    sac__hash_key tag_key;
};

/* A member of a table of the program's: NULL or 0 past its size. */
#define SAC__SLOT(ops, type, member) (offsetof(type, member) < (ops)->size ? (ops)->member : 0)

/* lib/app/proxy.c: reads config.proxies. SAC_EINVAL, SAC_ENOMEM. */
int sac__proxies_read(sac__core *core, sac_err *err) SAC_MUST_USE;

/* lib/app/errors.c: the handler of the innermost group that has one; NULL: none. */
const sac__on_error *sac__app_error_handler(const sac_app *group, const sac__problem_kind *kind);

/* lib/app/view.c: reads a view's tables into a mount, in memory of the app. */
int sac__view_read(sac_app *app, const sac_view_ops *ops, unsigned inline_methods,
                   sac__mount *mount, sac_err *err) SAC_MUST_USE;
/* Whether workers are needed by some table of it, and whether that can be. */
int sac__view_check(const sac__core *core, const sac__mount *mount, sac_err *err) SAC_MUST_USE;
int sac__slot_run(const sac__slot *slot, void *self, sac_req *req);

/* The index in actions of a method's bit. */
size_t sac__action_of(unsigned method);

#endif
