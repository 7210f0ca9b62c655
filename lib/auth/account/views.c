/* SPDX-License-Identifier: MIT */
#include "auth/account/account.h"

#include "app/identity/identity.h"

static int logout_post(void *self, sac_req *req)
{
    const sac__accounts *accounts = self;
    const int rc = sac_sign_out(req);

    if (rc != SAC_OK)
        return rc;
    return sac__account_is_form(req) ? sac__account_go_on(accounts, req)
                                     : sac_reply_json(req, 200, sac_str_of("{}"));
}

const sac_view_ops sac__account_logout = SAC_VIEW_OPS(.name = "logout", .post = logout_post,
                                                      .flags = SAC_INLINE);

static int me_get(void *self, sac_req *req)
{
    const sac__accounts *accounts = self;
    const sac_identity *identity = NULL;
    int rc = sac__req_guarded(req);

    if (rc == SAC_OK)
        rc = sac__req_identify(req, &identity);
    if (rc != SAC_OK)
        return rc;
    return identity ? sac__account_show(accounts, req, identity) : sac__req_refuse_stranger(req);
}

const sac_view_ops sac__account_me = SAC_VIEW_OPS(.name = "me", .get = me_get, .flags = SAC_INLINE);
