/* SPDX-License-Identifier: MIT */
#include "auth/account/account.h"

#include "app/identity/identity.h"

/* One change of a password, from its body to its answer. */
typedef struct change {
    sac__accounts *accounts;
    bool permanent;
    sac__attempt attempt;
    sac__user user;
    sac__pool_job job;
    sac__user_change decide;
    sac_write write;
} change;

/* The version ends them too; where sessions are stored they are taken out of the store. */
static void end_others(const change *at, sac_req *req)
{
    char hex[24];

    if (!sac__req_may_wait(req))
        return;
    sac_oid_hex(&at->user.id, hex);
    if (sac_session_end_all(req, "_user_id", sac_req_str_value(req, sac_str_n(hex, sizeof hex))) !=
        SAC_OK)
        sac_req_log(req, SAC_LOG_DEBUG, "sessions end by their version alone");
}

static int stored(void *self, sac_req *req)
{
    change *at = self;
    const int result = at->write.result;
    int rc;

    if (result == SAC_ECONFLICT)
        return sac_fail(req, result, "the password was changed meanwhile");
    if (result == SAC_ENOTFOUND)
        return sac__req_refuse_stranger(req);
    if (result != SAC_OK)
        return sac_fail(req, result, "password: %s", at->write.err.text);
    at->user.version = at->decide.version;
    rc = sac__account_sign_in(at->accounts, req, &at->user, at->permanent);
    if (rc != SAC_OK)
        return rc;
    end_others(at, req);
    return sac__account_welcome(at->accounts, req, &at->user);
}

static int verified(void *self, sac_req *req)
{
    change *at = self;
    const int rc = sac__account_hashed(req, &at->job);

    if (rc != SAC_OK) {
        sac__attempt_give(at->accounts, &at->attempt);
        return rc;
    }
    if (at->job.result != SAC_OK)
        return sac_problem(req, "bad_credentials", "the present password is another one");
    sac__attempt_right(at->accounts, &at->attempt);
    at->decide = (sac__user_change){.accounts = at->accounts,
                                    .alloc = sac_req_allocator(req),
                                    .seen = at->user.hash,
                                    .hash = sac_str_of(at->job.out),
                                    .disabled = -1,
                                    .raise = true};
    at->write = (sac_write)SAC_WRITE(.kind = SAC_WRITE_DECIDE,
                                     .collection = at->accounts->def.collection,
                                     .id = sac_req_oid_value(req, &at->user.id),
                                     .decide = sac__user_decide, .self = &at->decide);
    return sac__req_submit(req, &at->write, stored, at);
}

static int read_body(const change *at, sac_req *req, sac_str *password, sac_str *fresh)
{
    const char *refused = NULL;
    sac_str doc = {NULL, 0};
    int rc = sac__account_read(at->accounts, req, at->accounts->change, &doc);

    if (rc != SAC_OK && rc != SAC_EVALIDATION)
        return rc;
    *password = sac_bson_get_str(doc, "password");
    *fresh = sac_bson_get_str(doc, "new_password");
    if (fresh->p && (refused = sac__password_refused(*fresh)))
        return sac_fail_field(req, "new_password", "%s", refused);
    return rc == SAC_EVALIDATION ? sac__req_invalid(req) : rc;
}

/* Whoever came by a session; a token's bearer has no password to change. */
static int find_user(change *at, sac_req *req)
{
    const sac_identity *identity = NULL;
    int rc = sac__req_guarded(req);
    sac_oid id;

    if (rc == SAC_OK)
        rc = sac__req_identify(req, &identity);
    if (rc != SAC_OK)
        return rc;
    if (!identity)
        return sac__req_refuse_stranger(req);
    if (strcmp(identity->scheme, sac__account_authenticator.name) != 0 ||
        !sac_value_oid(&identity->id, &id))
        return sac_problem(req, "forbidden", "a password is changed in a session alone");
    rc = sac__user_by_id(at->accounts, req, &id, &at->user);
    if (rc == SAC_ENOTFOUND || (rc == SAC_OK && !at->user.hash.p))
        return sac__req_refuse_stranger(req);
    return rc;
}

static int password_post(void *self, sac_req *req)
{
    change *at = sac_req_alloc(req, sizeof *at);
    sac_str password = {NULL, 0};
    sac_str fresh = {NULL, 0};
    int rc;

    if (!at)
        return sac_fail(req, SAC_ENOMEM, "password: no memory");
    *at = (change){.accounts = self};
    rc = find_user(at, req);
    if (rc == SAC_OK)
        rc = read_body(at, req, &password, &fresh);
    if (rc == SAC_OK)
        rc = sac__attempt_take(at->accounts, req, at->user.name, &at->attempt);
    if (rc != SAC_OK)
        return rc;
    at->permanent = sac_session_bool(req, "_permanent");
    at->job = (sac__pool_job){.password = password,
                              .hash = at->user.hash,
                              .fresh = fresh,
                              .cost = at->accounts->def.cost};
    return sac__account_hash(at->accounts, req, &at->job, verified, at);
}

const sac_view_ops sac__account_password = SAC_VIEW_OPS(.name = "password", .post = password_post,
                                                        .flags = SAC_INLINE);
