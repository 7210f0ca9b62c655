/* SPDX-License-Identifier: MIT */
#include "app/exchange/exchange.h"

/* One pull of the source; SAC_LATER when a ticket has the exchange. */
static int pull_source(sac_exchange *exchange, void *buf, size_t cap, size_t *n)
{
    sac_req *req = &exchange->req;
    int rc;

    for (;;) {
        req->may_park = true;
        rc = exchange->due ? sac__park_resume(req) : SAC_OK;
        if (rc == SAC_OK)
            rc = req->reply.pull(req->reply.self, req, buf, cap, n);
        if (rc != SAC_LATER)
            break;
        rc = sac__park_await(exchange);
        if (rc == SAC_LATER)
            return rc;
        if (rc != 1)
            return SAC_EIO;
        exchange->due = true;
    }
    sac__park_forsake(exchange);
    if (rc == 1)
        return *n > 0 && *n <= cap ? 1 : SAC_EIO;
    return rc > 0 ? SAC_EIO : rc;
}

static int pull_here(sac_exchange *exchange, void *buf, size_t cap, size_t *n)
{
    int rc;

    while (sac__park_mine(exchange)) {
        rc = pull_source(exchange, buf, cap, n);
        if (rc != SAC_LATER)
            return rc;
    }
    return SAC_LATER;
}

static int take_piped(sac_exchange *exchange, void *buf, size_t cap, size_t *n)
{
    sac__pipe *pipe = exchange->out;
    bool start = false;
    int rc = 1;

    pthread_mutex_lock(&exchange->lock);
    *n = sac__pipe_take(pipe, buf, cap);
    if (*n > 0) {
        start = !exchange->pumping && !pipe->ended && sac__pipe_used(pipe) <= SAC__PIPE_HALF;
        exchange->pumping = exchange->pumping || start;
    } else if (pipe->ended) {
        rc = pipe->error;
    } else {
        exchange->waiting = true;
        rc = SAC_LATER;
    }
    pthread_mutex_unlock(&exchange->lock);
    if (start)
        sac__exchange_push(exchange);
    return rc;
}

static void log_cut(sac_req *req, const char *why)
{
    sac_req_log(req, SAC_LOG_WARN, "view %s: the answer was cut: %s",
                req->mount ? req->mount->name : "-", why);
}

int sac__stream_pull(sac_exchange *exchange, void *buf, size_t cap, size_t *n)
{
    const sac_answer *answer = &exchange->answer;
    size_t got = 0;
    const char *why = NULL;
    int rc;

    if (!exchange->answered || answer->kind != SAC_ANSWER_STREAM || answer->head)
        return SAC_EINVAL;
    rc = exchange->out ? take_piped(exchange, buf, cap, &got) : pull_here(exchange, buf, cap, &got);
    exchange->streamed += rc == 1 ? got : 0;
    if (answer->length >= 0 && ((rc == 0 && exchange->streamed < (uint64_t)answer->length) ||
                                exchange->streamed > (uint64_t)answer->length)) {
        rc = SAC_EIO;
        why = "its length is not what was promised";
    }
    if (rc == 1)
        *n = got;
    else if (rc < 0)
        log_cut(&exchange->req, why ? why : sac_err_text(rc));
    return rc;
}

/* Reads from the source until the pipe is full or something else comes. */
static int fill(sac_exchange *exchange)
{
    sac__pipe *pipe = exchange->out;
    size_t room = 0;
    size_t got;
    char *to;
    int rc = 1;

    while (rc == 1) {
        pthread_mutex_lock(&exchange->lock);
        to = sac__pipe_room(pipe, &room);
        if (exchange->closed || room == 0)
            break; /* with the lock */
        pthread_mutex_unlock(&exchange->lock);
        got = 0;
        rc = pull_source(exchange, to, room, &got);
        if (rc != 1)
            return rc;
        pthread_mutex_lock(&exchange->lock);
        pipe->in += got;
        sac__exchange_wake(exchange);
        pthread_mutex_unlock(&exchange->lock);
    }
    return rc;
}

void sac__stream_pump(sac_exchange *exchange)
{
    sac_req *req = &exchange->req;
    const int rc = fill(exchange);
    bool gone;

    if (rc == SAC_LATER) {
        sac__exchange_release(exchange, true);
        return;
    }
    if (rc != 1) {
        sac__reply_drop(req);
        sac__dispatch_teardown(req);
        pthread_mutex_lock(&exchange->lock);
        exchange->out->ended = true;
        exchange->out->error = rc;
    }
    exchange->pumping = false;
    req->on_worker = false;
    atomic_store_explicit(&exchange->owner, SAC__OWNER_HOST, memory_order_release);
    gone = sac__exchange_let_go(exchange);
    pthread_mutex_unlock(&exchange->lock);
    if (!gone)
        sac__exchange_release(exchange, true);
}
