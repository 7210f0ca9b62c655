/* SPDX-License-Identifier: MIT */
#ifndef AUTH_ACCOUNT_ACCOUNT_H
#define AUTH_ACCOUNT_ACCOUNT_H

#include <sacrum/account.h>

#include "app/declared.h"
#include "app/app.h"
#include "app/req.h"
#include "auth/guard/rate.h"
#include "auth/password/pool.h"
#include "schema/schema.h"

/* The accounts of an app, from within; what tokens and Basic need of them, too. */

enum { SAC__ACCOUNT_NAME = 256 /* bytes of a name, whatever its pattern says */ };

/* A form that a template may show. */
typedef struct sac__account_form {
    const char *template_name, *title;
} sac__account_form;

typedef struct sac__accounts {
    sac_app *app;
    sac_accounts def;     /* defaults filled in */
    sac__schema *shown;   /* a user as clients see it: `_id`, name, roles, fields */
    sac__schema *sign_up; /* a body: name, password, fields */
    sac__schema *login;   /* likewise: name, password, remember; others are passed over */
    sac__schema *change;  /* likewise: password, new_password */
    sac__declared *indexes;
    const char *login_path, *logout_path; /* whole */
    sac__account_form login_form, sign_up_form;
    sac__pool *pool;
    sac__rate *by_account, *by_address; /* wrong passwords */
    char dummy[SAC_PASSWORD_HASH];
    sac_oid_source oids;
} sac__accounts;

/* NULL: the app has none. Any time. */
sac__accounts *sac__accounts_of(const sac_app *app);

/* user.c: a stored user. */

typedef struct sac__user {
    sac_str doc; /* p NULL: there is none */
    sac_oid id;
    sac_str name;
    sac_str hash; /* p NULL: none that can be verified */
    int64_t version;
    bool disabled;
} sac__user;

/* Views of `doc`. SAC_ECORRUPT for one that is no user's. */
int sac__user_read(const sac__accounts *accounts, sac_str doc, sac__user *out) SAC_MUST_USE;

/* In memory of the request. SAC_ENOTFOUND sets no problem, other errors do. */
int sac__user_by_id(const sac__accounts *accounts, sac_req *req, const sac_oid *id,
                    sac__user *out) SAC_MUST_USE;
int sac__user_by_name(const sac__accounts *accounts, sac_req *req, sac_str name,
                      sac__user *out) SAC_MUST_USE;

/* Fills id, name, roles and user; SAC_ENOMEM, SAC_ECORRUPT. */
int sac__user_identity(const sac__accounts *accounts, sac_req *req, const sac__user *user,
                       sac_identity *out) SAC_MUST_USE;

/* A name as it is stored and compared: in lower case (ASCII), of what is longer the beginning. */
sac_str sac__user_lower(sac_str name, char out[SAC__ACCOUNT_NAME]);
/* The filter for a name. Memory of `alloc`. SAC_ETOOBIG. */
int sac__user_filter(const sac__accounts *accounts, sac_str name, const sac_alloc *alloc,
                     sac_str *out) SAC_MUST_USE;

/* What becomes of a stored user; p NULL and -1 leave a member as it is. */
typedef struct sac__user_change {
    const sac__accounts *accounts;
    const sac_alloc *alloc;
    sac_str seen; /* the hash that must be stored still, else SAC_ECONFLICT; p NULL: any */
    sac_str hash; /* the new one */
    int disabled;
    bool raise;      /* the version: every session ends */
    int64_t version; /* out: as it is then */
} sac__user_change;
/* For a write of the kind SAC_WRITE_DECIDE; `self` is the change. */
sac_decide sac__user_decide;

/* A new user's document: what it is made of, beside the body's fields. */
typedef struct sac__user_new {
    sac_oid id;
    sac_str name, hash;
    const char *const *roles;
    sac_str fields; /* a document; its name and password are left out */
} sac__user_new;
int sac__user_make(const sac__accounts *accounts, const sac__user_new *made, const sac_alloc *alloc,
                   sac_str *out) SAC_MUST_USE;

/* input.c */

bool sac__account_is_form(sac_req *req);
/*
 * The body, JSON or a form, by a schema. SAC_EVALIDATION: the messages are with
 * the request, and `doc` is what came; other errors have set their problem.
 */
int sac__account_read(sac__accounts *accounts, sac_req *req, const sac__schema *schema,
                      sac_str *doc) SAC_MUST_USE;
/* Why a name cannot be, beside its pattern; NULL: it can. */
const char *sac__account_bad_name(const sac__accounts *accounts, sac_str name);

/* Has the pool do a job of a request, which goes on at `resume`; job->self is the request's. */
int sac__account_hash(const sac__accounts *accounts, sac_req *req, sac__pool_job *job,
                      sac_handler *resume, void *self) SAC_MUST_USE;
/* 0; or what kept the pool from doing the job, with the problem set. */
int sac__account_hashed(sac_req *req, const sac__pool_job *job) SAC_MUST_USE;

/* throttle.c */

/* One attempt at a name, from the request's address. */
typedef struct sac__attempt {
    uint64_t account, address;
} sac__attempt;
/* 0, and the attempt is counted; or 429, with Retry-After. */
int sac__attempt_take(const sac__accounts *accounts, sac_req *req, sac_str name,
                      sac__attempt *out) SAC_MUST_USE;
/* The same by halves: the nanoseconds until there may be another, 0: it is counted; and the 429. */
uint64_t sac__attempt_try(const sac__accounts *accounts, sac_req *req, sac_str name,
                          sac__attempt *out) SAC_MUST_USE;
int sac__attempt_refuse(sac_req *req, uint64_t wait);
/* It was right: the account's count begins anew. */
void sac__attempt_right(const sac__accounts *accounts, const sac__attempt *attempt);
/* It was not looked at. */
void sac__attempt_give(const sac__accounts *accounts, const sac__attempt *attempt);

/* identify.c */

extern const sac_authenticator_ops sac__account_authenticator;
/* A new session. 0, or an error with the problem set. */
int sac__account_sign_in(const sac__accounts *accounts, sac_req *req, const sac__user *user,
                         bool permanent) SAC_MUST_USE;

/* answer.c */

/* Who signed in, and the CSRF token: JSON, or a form's 303. */
int sac__account_welcome(const sac__accounts *accounts, sac_req *req,
                         const sac__user *user) SAC_MUST_USE;
/* A form's 303 to where it leads. */
int sac__account_go_on(const sac__accounts *accounts, sac_req *req) SAC_MUST_USE;
/* The same of whoever asks, as JSON. */
int sac__account_show(const sac__accounts *accounts, sac_req *req,
                      const sac_identity *identity) SAC_MUST_USE;
/* The page of a form, without what was wrong. 405 without a template. */
int sac__account_page(sac_req *req, const sac__account_form *form) SAC_MUST_USE;
/*
 * A form that failed with `rc`, its problem being set: the page again with what was
 * wrong, where there is one. Else, and for JSON, it is left as it is.
 */
int sac__account_again(sac_req *req, const sac__account_form *form, sac_str name,
                       int rc) SAC_MUST_USE;

/* The views: login.c, sign_up.c, password.c, views.c */

extern const sac_view_ops sac__account_login, sac__account_logout, sac__account_sign_up,
    sac__account_me, sac__account_password;

#endif
