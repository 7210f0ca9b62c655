/* SPDX-License-Identifier: MIT */
#include "auth/token/credentials.h"

#include "app/identity/identity.h"
#include "app/req.h"
#include "http/token.h"

int sac__credentials(sac_req *req, const char *scheme, sac_str *out)
{
    const sac_head *head = sac__req_head(req);
    const sac_str field = sac_req_header(req, "authorization");
    const sac_str sent = sac__identity_scheme(field);

    if (!field.p || !sac__token_same(sent, sac_str_of(scheme)))
        return 0;
    if (sac__headers_count(head->headers, head->n_headers, "authorization") > 1)
        return SAC_EUNAUTHORIZED;
    *out = sac__token_trim(sac_str_n(field.p + sent.n, field.n - sent.n));
    return 1;
}
