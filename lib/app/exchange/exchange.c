/* SPDX-License-Identifier: MIT */
#include "app/exchange/exchange.h"

void sac__exchange_wake(sac_exchange *exchange)
{
    if (!exchange->waiting)
        return;
    exchange->waiting = false;
    exchange->wake(exchange->host);
}

static void work(sac__job *job);

/* Gives the exchange to the workers; false when too many requests wait already. */
static bool push(sac_exchange *exchange, bool bounded)
{
    sac__workers *workers = exchange->req.core->workers;

    if (!exchange->shared)
        exchange->shared = true;
    exchange->job.run = work;
    atomic_fetch_add_explicit(&exchange->holders, 1, memory_order_relaxed);
    atomic_store_explicit(&exchange->owner, SAC__OWNER_WORKER, memory_order_release);
    if (!bounded) {
        sac__workers_push(workers, &exchange->job);
        return true;
    }
    if (sac__workers_try(workers, &exchange->job))
        return true;
    atomic_fetch_sub_explicit(&exchange->holders, 1, memory_order_relaxed);
    atomic_store_explicit(&exchange->owner, SAC__OWNER_HOST, memory_order_relaxed);
    return false;
}

void sac__exchange_push(sac_exchange *exchange)
{
    (void)push(exchange, false);
}

static void end_request(sac_exchange *exchange)
{
    sac_req *req = &exchange->req;

    sac__reply_drop(req);
    sac__dispatch_teardown(req);
    sac__pipe_free(req->core->alloc, exchange->out);
    if (exchange->body) {
        sac__pipe_free(req->core->alloc, exchange->body);
        pthread_cond_destroy(&exchange->cond);
    }
    pthread_mutex_destroy(&exchange->lock);
    sac__arena_close(req->arena);
}

/* Whether something is left to run that may wait. */
static bool may_wait(const sac_exchange *exchange)
{
    const sac_req *req = &exchange->req;
    const bool torn = req->stage == SAC__STAGE_HEAD || req->stage == SAC__STAGE_DONE;

    return (!torn && !req->is_inline) ||
           (req->reply.kind == SAC__REPLY_STREAM && !req->reply.is_inline);
}

void sac__exchange_release(sac_exchange *exchange, bool on_worker)
{
    if (atomic_fetch_sub_explicit(&exchange->holders, 1, memory_order_acq_rel) != 1)
        return;
    exchange->closed = true;
    if (!on_worker && exchange->req.core->workers && may_wait(exchange))
        sac__exchange_push(exchange);
    else
        end_request(exchange);
}

bool sac__exchange_let_go(sac_exchange *exchange)
{
    if (exchange->closed)
        return false;
    atomic_fetch_sub_explicit(&exchange->holders, 1, memory_order_release);
    sac__exchange_wake(exchange);
    return true;
}

/* The worker is done with it: the host owns it again. */
static void hand_back(sac_exchange *exchange)
{
    bool gone;

    pthread_mutex_lock(&exchange->lock);
    exchange->body_done = true;
    exchange->req.on_worker = false;
    atomic_store_explicit(&exchange->owner, SAC__OWNER_HOST, memory_order_release);
    gone = sac__exchange_let_go(exchange);
    pthread_mutex_unlock(&exchange->lock);
    if (!gone)
        sac__exchange_release(exchange, true);
}

static void publish(sac_exchange *exchange)
{
    pthread_mutex_lock(&exchange->lock);
    exchange->published = true;
    exchange->pumping = true;
    exchange->body_done = true;
    sac__exchange_wake(exchange);
    pthread_mutex_unlock(&exchange->lock);
}

/* Runs the chain; false when a ticket has it now. */
static bool run(sac_exchange *exchange)
{
    if (sac__dispatch(&exchange->req) == SAC_LATER)
        return false;
    sac__reply_answer(exchange);
    return true;
}

static void work(sac__job *job)
{
    sac_exchange *exchange = (sac_exchange *)((char *)job - offsetof(sac_exchange, job));
    bool closed;

    pthread_mutex_lock(&exchange->lock);
    closed = exchange->closed;
    pthread_mutex_unlock(&exchange->lock);
    exchange->req.on_worker = true;
    if (!closed && exchange->answered) {
        sac__stream_pump(exchange);
    } else if (closed || !run(exchange)) {
        sac__exchange_release(exchange, true);
    } else if (exchange->out) {
        publish(exchange);
        sac__stream_pump(exchange);
    } else {
        hand_back(exchange);
    }
}

/* The same on the host's thread, which goes on for as long as it owns it. */
static void run_here(sac_exchange *exchange)
{
    while (!exchange->answered && sac__park_mine(exchange))
        if (run(exchange)) {
            exchange->body_done = true;
            if (exchange->out) {
                publish(exchange);
                sac__exchange_push(exchange);
            }
            return;
        }
}

static void begin(sac_exchange *exchange)
{
    sac_req *req = &exchange->req;

    exchange->began = true;
    if (!req->is_inline && req->core->workers && !push(exchange, true)) {
        sac__head_refuse(req, "unavailable", "the queue for workers is full");
        if (!req->is_inline) { /* its middleware may wait: it is passed over */
            req->errors_of = req->group;
            req->group = &req->core->bare;
        }
        req->is_inline = true;
    }
    if (req->is_inline || !req->core->workers)
        run_here(exchange);
}

static int refuse(sac_exchange *exchange, const char *problem)
{
    sac__head_refuse(&exchange->req, problem, NULL);
    begin(exchange);
    return 1;
}

int sac_exchange_open(sac_app *app, const sac_host_ops *ops, void *self, sac_exchange **out)
{
    sac__core *core = app->core;
    sac_exchange *exchange;
    sac__arena *arena;

    if (!core->sealed || ops->size == 0 || !SAC__SLOT(ops, sac_host_ops, wake))
        return SAC_EINVAL;
    if (ops->size > sizeof *ops)
        return SAC_EVERSION;
    arena = sac__arena_open(core->blocks, core->config.max_memory);
    exchange = arena ? sac__arena_get_zero(arena, sizeof *exchange) : NULL;
    if (!exchange || pthread_mutex_init(&exchange->lock, NULL) != 0) {
        sac__arena_close(arena);
        return SAC_ENOMEM;
    }
    exchange->wake = ops->wake;
    exchange->host = self;
    exchange->req.core = core;
    exchange->req.group = &core->root;
    exchange->req.arena = arena;
    exchange->req.path = exchange->req.target.path = sac_str_of("");
    exchange->req.headers.arena = arena;
    exchange->req.reply.fd = -1;
    atomic_init(&exchange->holders, 1);
    atomic_init(&exchange->owner, SAC__OWNER_HOST);
    *out = exchange;
    return SAC_OK;
}

/* The handler reads the body while it comes. */
static int begin_streamed(sac_exchange *exchange)
{
    exchange->body = sac__pipe_new(exchange->req.core->alloc);
    if (exchange->body && pthread_cond_init(&exchange->cond, NULL) != 0) {
        sac__pipe_free(exchange->req.core->alloc, exchange->body);
        exchange->body = NULL;
    }
    if (!exchange->body)
        return refuse(exchange, "internal");
    begin(exchange);
    return exchange->req.early ? 1 : 0;
}

int sac_exchange_head(sac_exchange *exchange, const sac_head *head)
{
    sac_req *req = &exchange->req;
    int rc;

    if (exchange->got_head)
        return SAC_EINVAL;
    rc = sac__head_read(req, head);
    if (rc < 0)
        return rc;
    exchange->got_head = true;
    if (rc == 1) {
        begin(exchange);
        return 1;
    }
    if (req->head.length != 0 && req->action->slot && req->action->slot->flags & SAC_STREAM_BODY)
        return begin_streamed(exchange);
    return SAC_OK;
}

int sac_exchange_refuse(sac_exchange *exchange, const sac_head *head, const char *problem)
{
    int rc = SAC_OK;

    if (exchange->got_head)
        return SAC_EINVAL;
    if (head)
        rc = sac__head_read(&exchange->req, head);
    if (rc < 0)
        return rc;
    exchange->got_head = true;
    exchange->misread = true;
    (void)refuse(exchange, problem);
    return SAC_OK;
}

static int give_streamed(sac_exchange *exchange, const void *p, size_t n, size_t *taken)
{
    int rc = SAC_OK;

    pthread_mutex_lock(&exchange->lock);
    if (exchange->body_done) {
        rc = 1;
    } else {
        *taken = sac__pipe_put(exchange->body, p, n);
        exchange->body_given += *taken;
        if (*taken > 0)
            pthread_cond_signal(&exchange->cond);
        if (*taken < n) {
            exchange->waiting = true;
            rc = SAC_LATER;
        }
    }
    pthread_mutex_unlock(&exchange->lock);
    return rc;
}

/* A collected body grows by doubling, so that a declared length alone takes nothing. */
static int make_room(sac_exchange *exchange, size_t need)
{
    enum { FIRST = 4096 };
    sac_req *req = &exchange->req;
    size_t cap = req->cap_body ? 2 * req->cap_body : FIRST;
    char *body;

    if (need <= req->cap_body)
        return SAC_OK;
    if (cap < need)
        cap = need;
    if (req->head.length > 0 && cap > (uint64_t)req->head.length)
        cap = (size_t)req->head.length;
    body = sac__arena_resize(req->arena, req->body, req->cap_body, cap);
    if (!body)
        return SAC_ENOMEM;
    req->body = body;
    req->cap_body = cap;
    return SAC_OK;
}

int sac_exchange_body(sac_exchange *exchange, const void *p, size_t n, size_t *taken)
{
    sac_req *req = &exchange->req;

    *taken = 0;
    if (!exchange->got_head)
        return SAC_EINVAL;
    if (exchange->body)
        return give_streamed(exchange, p, n, taken);
    if (exchange->began)
        return 1;
    if (n == 0)
        return SAC_OK;
    if (req->head.length >= 0 && n > (uint64_t)req->head.length - req->n_body)
        return refuse(exchange, "bad_request");
    if (n > req->core->config.max_body - req->n_body)
        return refuse(exchange, "body_too_large");
    if (make_room(exchange, req->n_body + n) != SAC_OK)
        return refuse(exchange, sac__arena_capped(req->arena) ? "body_too_large" : "internal");
    memcpy(req->body + req->n_body, p, n);
    req->n_body += n;
    *taken = n;
    return SAC_OK;
}

int sac_exchange_end(sac_exchange *exchange)
{
    sac_req *req = &exchange->req;

    if (!exchange->got_head)
        return SAC_EINVAL;
    if (exchange->body) {
        pthread_mutex_lock(&exchange->lock);
        exchange->body->ended = true;
        if (req->head.length > 0 && exchange->body_given != (uint64_t)req->head.length)
            exchange->body->error = SAC_ECLOSED;
        pthread_cond_signal(&exchange->cond);
        pthread_mutex_unlock(&exchange->lock);
        return SAC_OK;
    }
    if (exchange->began)
        return SAC_OK;
    if (req->head.length > 0 && req->n_body < (uint64_t)req->head.length) {
        (void)refuse(exchange, "bad_request");
    } else {
        exchange->got_end = true;
        begin(exchange);
    }
    return SAC_OK;
}

int sac_exchange_answer(sac_exchange *exchange, const sac_answer **out)
{
    bool published;

    if (!exchange->began)
        return SAC_EINVAL;
    if (!sac__park_mine(exchange)) {
        pthread_mutex_lock(&exchange->lock);
        published = exchange->published;
        if (published)
            exchange->waiting = false;
        pthread_mutex_unlock(&exchange->lock);
        if (!published)
            return SAC_LATER;
    } else if (!exchange->answered) {
        run_here(exchange);
        if (!exchange->answered)
            return SAC_LATER;
    }
    *out = &exchange->answer;
    return SAC_OK;
}

int sac_exchange_pull(sac_exchange *exchange, void *buf, size_t cap, size_t *n)
{
    return cap == 0 ? SAC_EINVAL : sac__stream_pull(exchange, buf, cap, n);
}

void sac_exchange_close(sac_exchange *exchange)
{
    if (!exchange)
        return;
    if (exchange->shared) {
        pthread_mutex_lock(&exchange->lock);
        exchange->closed = true;
        exchange->waiting = false;
        if (exchange->body)
            pthread_cond_signal(&exchange->cond);
        pthread_mutex_unlock(&exchange->lock);
    }
    sac__exchange_release(exchange, false);
}
