/* SPDX-License-Identifier: MIT */
#include "auth/account/account.h"

#include "app/identity/identity.h"
#include "session/session.h"

static int no_accounts(sac_req *req)
{
    return sac_problem(req, "internal", "the app has no accounts: sac_app_accounts()");
}

/* The session is of nobody any more; where it is written already, the next request clears it. */
static int forget(sac_req *req)
{
    const int rc = sac_session_clear(req);

    return rc == SAC_EINVAL ? SAC_OK : rc;
}

static int identify(void *self, sac_req *req, sac_identity *out)
{
    const sac__accounts *accounts = self;
    const sac_str id = sac_session_str(req, "_user_id");
    int64_t version = 0;
    sac__user user;
    sac_oid oid;
    int rc;

    rc = sac__session_error(req);
    if (rc != SAC_OK || !id.p)
        return rc;
    if (!sac_oid_parse(id, true, &oid))
        return forget(req);
    rc = sac__user_by_id(accounts, req, &oid, &user);
    if (rc == SAC_ENOTFOUND)
        return forget(req);
    if (rc != SAC_OK)
        return rc;
    /* Of another program that shares the session and knows no versions: the first one. */
    (void)sac_session_int(req, "_version", &version);
    if (user.disabled || version != user.version)
        return forget(req);
    rc = sac__user_identity(accounts, req, &user, out);
    out->ambient = true;
    return rc == SAC_OK ? 1 : rc;
}

const sac_authenticator_ops sac__account_authenticator =
    SAC_AUTHENTICATOR_OPS(.name = "session", .flags = SAC_INLINE, .identify = identify);

static int begin_session(sac_req *req, const sac__user *user, bool permanent)
{
    char hex[24];
    int rc = sac_session_clear(req);

    sac_oid_hex(&user->id, hex);
    if (rc == SAC_OK)
        rc = sac_session_renew(req);
    if (rc == SAC_OK)
        rc = sac__session_set(req, "_user_id", sac_req_str_value(req, sac_str_n(hex, sizeof hex)));
    if (rc == SAC_OK)
        rc = sac__session_set(req, "_version", sac_req_int_value(req, user->version));
    if (rc == SAC_OK)
        rc = sac_session_set_permanent(req, permanent);
    return rc;
}

int sac__account_sign_in(const sac__accounts *accounts, sac_req *req, const sac__user *user,
                         bool permanent)
{
    const int rc = begin_session(req, user, permanent || accounts->def.permanent);

    sac__req_forget_identity(req);
    return rc == SAC_OK ? rc : sac_fail(req, rc, "sign in: %s", sac_err_text(rc));
}

int sac_sign_in(sac_req *req, sac_value user, bool permanent)
{
    const sac__accounts *accounts = sac__accounts_of(sac_req_app(req));
    sac__user found;
    sac_oid id;
    int rc;

    if (!accounts)
        return no_accounts(req);
    if (!sac_value_oid(&user, &id))
        return SAC_ENOTFOUND;
    rc = sac__user_by_id(accounts, req, &id, &found);
    if (rc != SAC_OK)
        return rc;
    if (found.disabled)
        return sac_fail(req, SAC_EFORBIDDEN, "this account is disabled");
    return sac__account_sign_in(accounts, req, &found, permanent);
}

int sac_sign_out(sac_req *req)
{
    const int rc = sac_session_clear(req);

    sac__req_forget_identity(req);
    return rc == SAC_OK ? rc : sac_fail(req, rc, "sign out: %s", sac_err_text(rc));
}
