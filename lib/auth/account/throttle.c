/* SPDX-License-Identifier: MIT */
#include "auth/account/account.h"

#include "core/clock.h"

enum { NANOSECONDS = 1000000000 };

int sac__attempt_refuse(sac_req *req, uint64_t wait)
{
    const uint64_t seconds = wait / NANOSECONDS + (wait % NANOSECONDS != 0);
    const sac_str text = sac_req_printf(req, "%llu", (unsigned long long)seconds);
    const int rc = text.p ? sac_reply_header(req, "Retry-After", text) : SAC_ENOMEM;

    if (rc != SAC_OK)
        return sac_fail(req, rc, "429: %s", sac_err_text(rc));
    return sac_problem(req, "too_many_requests", "too many wrong passwords");
}

uint64_t sac__attempt_try(const sac__accounts *accounts, sac_req *req, sac_str name,
                          sac__attempt *out)
{
    const uint64_t now = sac__clock_mono_ns();
    const sac_str peer = sac_req_peer(req);
    char text[SAC__ACCOUNT_NAME];
    uint64_t wait;

    out->address = sac__rate_key(accounts->by_address, sac_str_of(NULL), peer);
    out->account = sac__rate_key(accounts->by_account, sac__user_lower(name, text), peer);
    wait = sac__rate_take(accounts->by_address, out->address, now);
    if (wait > 0)
        return wait;
    wait = sac__rate_take(accounts->by_account, out->account, now);
    if (wait > 0)
        sac__rate_give(accounts->by_address, out->address);
    return wait;
}

int sac__attempt_take(const sac__accounts *accounts, sac_req *req, sac_str name, sac__attempt *out)
{
    const uint64_t wait = sac__attempt_try(accounts, req, name, out);

    return wait > 0 ? sac__attempt_refuse(req, wait) : SAC_OK;
}

void sac__attempt_right(const sac__accounts *accounts, const sac__attempt *attempt)
{
    sac__rate_forget(accounts->by_account, attempt->account);
    sac__rate_give(accounts->by_address, attempt->address);
}

void sac__attempt_give(const sac__accounts *accounts, const sac__attempt *attempt)
{
    sac__rate_give(accounts->by_account, attempt->account);
    sac__rate_give(accounts->by_address, attempt->address);
}
