/* SPDX-License-Identifier: MIT */
#include "auth/account/account.h"

#include "app/identity/identity.h"

/* One sign-in, from its body to its answer. */
typedef struct login {
    sac__accounts *accounts;
    sac_str name;
    bool remember;
    sac__attempt attempt;
    sac__user user; /* doc.p NULL: nobody who may sign in */
    sac__pool_job job;
    sac__user_change change;
    sac_write write;
} login;

static int again(const login *at, sac_req *req, int rc)
{
    return sac__account_again(req, &at->accounts->login_form, at->name, rc);
}

/* The same for an unknown name, a wrong password and a disabled account. */
static int refuse(const login *at, sac_req *req)
{
    (void)sac__req_refuse_stranger(req);
    return again(at, req, sac_problem(req, "bad_credentials", "wrong name or password"));
}

static int finish(login *at, sac_req *req)
{
    const int rc = sac__account_sign_in(at->accounts, req, &at->user, at->remember);

    return rc == SAC_OK ? sac__account_welcome(at->accounts, req, &at->user) : rc;
}

/* That a new hash could not be stored is no reason to turn anybody away. */
static int saved(void *self, sac_req *req)
{
    login *at = self;

    if (at->write.result != SAC_OK)
        sac_req_log(req, SAC_LOG_WARN, "a password's new hash is not stored: %s",
                    at->write.err.text);
    return finish(at, req);
}

static int save(login *at, sac_req *req)
{
    at->change = (sac__user_change){.accounts = at->accounts,
                                    .alloc = sac_req_allocator(req),
                                    .seen = at->user.hash,
                                    .hash = sac_str_of(at->job.out),
                                    .disabled = -1};
    at->write = (sac_write)SAC_WRITE(.kind = SAC_WRITE_DECIDE,
                                     .collection = at->accounts->def.collection,
                                     .id = sac_req_oid_value(req, &at->user.id),
                                     .decide = sac__user_decide, .self = &at->change);
    return sac__req_submit(req, &at->write, saved, at);
}

static int verified(void *self, sac_req *req)
{
    login *at = self;
    const int rc = sac__account_hashed(req, &at->job);

    if (rc != SAC_OK) {
        sac__attempt_give(at->accounts, &at->attempt);
        return again(at, req, rc);
    }
    if (at->job.result != SAC_OK || !at->user.doc.p)
        return refuse(at, req);
    sac__attempt_right(at->accounts, &at->attempt);
    return at->job.made == SAC_OK ? save(at, req) : finish(at, req);
}

/* Whoever there is not is verified too, against a hash that nothing has. */
static int verify(login *at, sac_req *req, sac_str password)
{
    int rc = sac__user_by_name(at->accounts, req, at->name, &at->user);

    if (rc == SAC_OK && (at->user.disabled || !at->user.hash.p))
        at->user.doc.p = NULL;
    if (rc != SAC_OK && rc != SAC_ENOTFOUND) {
        sac__attempt_give(at->accounts, &at->attempt);
        return rc;
    }
    at->job = (sac__pool_job){.password = password,
                              .hash = at->user.doc.p ? at->user.hash
                                                     : sac_str_of(at->accounts->dummy),
                              .fresh = password,
                              .renew = true,
                              .cost = at->accounts->def.cost};
    return sac__account_hash(at->accounts, req, &at->job, verified, at);
}

static int login_post(void *self, sac_req *req)
{
    login *at = sac_req_alloc(req, sizeof *at);
    sac_str doc = {NULL, 0};
    int rc;

    if (!at)
        return sac_fail(req, SAC_ENOMEM, "login: no memory");
    *at = (login){.accounts = self};
    rc = sac__account_read(at->accounts, req, at->accounts->login, &doc);
    if (rc == SAC_OK || rc == SAC_EVALIDATION)
        at->name = sac_bson_get_str(doc, at->accounts->def.name_key);
    if (rc == SAC_EVALIDATION)
        return again(at, req, sac__req_invalid(req));
    if (rc != SAC_OK)
        return rc;
    at->remember = sac_bson_get_bool(doc, "remember", false);
    rc = sac__attempt_take(at->accounts, req, at->name, &at->attempt);
    if (rc != SAC_OK)
        return again(at, req, rc);
    return verify(at, req, sac_bson_get_str(doc, "password"));
}

static int login_get(void *self, sac_req *req)
{
    const sac__accounts *accounts = self;

    return sac__account_page(req, &accounts->login_form);
}

const sac_view_ops sac__account_login = SAC_VIEW_OPS(.name = "login", .get = login_get,
                                                     .post = login_post, .flags = SAC_INLINE);
