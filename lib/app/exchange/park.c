/* SPDX-License-Identifier: MIT */
#include "app/exchange/exchange.h"

int sac_req_park(sac_req *req, sac_handler *resume, void *self, sac_ticket **out)
{
    sac_exchange *exchange = sac__exchange_of(req);
    bool taken;

    /* A stream's pull is simply called again. */
    if (!req->may_park || (!resume && req->stage != SAC__STAGE_ANSWERED))
        return SAC_EINVAL;
    pthread_mutex_lock(&exchange->lock);
    taken = exchange->park != SAC__PARK_NONE;
    if (!taken)
        exchange->park = SAC__PARK_OUT;
    pthread_mutex_unlock(&exchange->lock);
    if (taken)
        return SAC_EINVAL;
    atomic_fetch_add_explicit(&exchange->holders, 1, memory_order_relaxed);
    if (!exchange->shared)
        exchange->shared = true;
    req->parked = true;
    req->resume = resume;
    req->resume_self = self;
    req->resume_super = req->super;
    exchange->ticket.exchange = exchange;
    *out = &exchange->ticket;
    return SAC_OK;
}

void sac_ticket_redeem(sac_ticket *ticket)
{
    sac_exchange *exchange = ticket->exchange;
    bool push = false;
    bool gone = false;

    pthread_mutex_lock(&exchange->lock);
    if (exchange->park == SAC__PARK_FORSAKEN) {
        exchange->park = SAC__PARK_NONE;
    } else if (atomic_load_explicit(&exchange->owner, memory_order_relaxed) != SAC__OWNER_TICKET) {
        exchange->park = SAC__PARK_REDEEMED;
    } else {
        exchange->park = SAC__PARK_NONE;
        push = exchange->park_on_worker && !exchange->closed;
        atomic_store_explicit(&exchange->owner, push ? SAC__OWNER_WORKER : SAC__OWNER_HOST,
                              memory_order_release);
    }
    if (!push)
        gone = sac__exchange_let_go(exchange);
    pthread_mutex_unlock(&exchange->lock);
    if (push)
        sac__exchange_push(exchange);
    if (!gone)
        sac__exchange_release(exchange, false);
}

int sac__park_await(sac_exchange *exchange)
{
    sac_req *req = &exchange->req;
    int rc = SAC_EINVAL;

    if (!req->parked)
        return rc;
    req->parked = false;
    pthread_mutex_lock(&exchange->lock);
    if (exchange->park == SAC__PARK_REDEEMED) {
        exchange->park = SAC__PARK_NONE;
        rc = 1;
    } else {
        exchange->due = true;
        exchange->park_on_worker = req->on_worker;
        req->on_worker = false;
        atomic_store_explicit(&exchange->owner, SAC__OWNER_TICKET, memory_order_release);
        rc = SAC_LATER;
    }
    pthread_mutex_unlock(&exchange->lock);
    return rc;
}

void sac__park_forsake(sac_exchange *exchange)
{
    if (!exchange->req.parked)
        return;
    exchange->req.parked = false;
    pthread_mutex_lock(&exchange->lock);
    exchange->park = exchange->park == SAC__PARK_OUT ? SAC__PARK_FORSAKEN : SAC__PARK_NONE;
    pthread_mutex_unlock(&exchange->lock);
}

int sac__park_resume(sac_req *req)
{
    const sac__super *old = req->super;
    sac_handler *resume = req->resume;
    int rc;

    sac__exchange_of(req)->due = false;
    if (!resume)
        return SAC_OK;
    req->super = req->resume_super;
    rc = resume(req->resume_self, req);
    req->super = old;
    return rc;
}

bool sac__park_mine(sac_exchange *exchange)
{
    bool mine = atomic_load_explicit(&exchange->owner, memory_order_acquire) == SAC__OWNER_HOST;

    if (mine)
        return true;
    pthread_mutex_lock(&exchange->lock);
    mine = atomic_load_explicit(&exchange->owner, memory_order_relaxed) == SAC__OWNER_HOST;
    if (!mine)
        exchange->waiting = true;
    pthread_mutex_unlock(&exchange->lock);
    return mine;
}
