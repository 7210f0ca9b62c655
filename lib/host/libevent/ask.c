/* SPDX-License-Identifier: MIT */
#include "server.h"

#include <sys/socket.h>

enum { MAX_SPARE = 256, READ_AHEAD = 64 * 1024 };

static const sac_host_ops host_ops = SAC_HOST_OPS(.name = "libevent",
                                                  .wake = sac__libevent_wake_ask);

static ask *new_ask(sac_libevent *host)
{
    ask *a = host->spare;

    if (a) {
        host->spare = a->next;
        host->n_spare--;
    } else {
        a = host->alloc->resize(host->alloc->self, NULL, 0, sizeof *a);
        if (!a)
            return NULL;
    }
    *a = (ask){.host = host, .next = host->asks};
    if (a->next)
        a->next->prev = a;
    host->asks = a;
    return a;
}

/* Nothing of the app's is left; the evhttp request and its connection are. */
static void release(ask *a)
{
    sac_libevent *host = a->host;

    sac_exchange_close(a->exchange);
    sac__libevent_wake_forget(a); /* after close: then none comes any more */
    if (a->prev)
        a->prev->next = a->next;
    else
        host->asks = a->next;
    if (a->next)
        a->next->prev = a->prev;
    if (host->n_spare < MAX_SPARE) {
        a->next = host->spare;
        host->spare = a;
        host->n_spare++;
    } else {
        host->alloc->resize(host->alloc->self, a, sizeof *a, 0);
    }
    if (!host->asks && host->leaving)
        sac__libevent_stop_quiet(host);
}

/* Where a body ends with its connection, a reset tells that it did not end. */
static void reset(const ask *a)
{
    const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
    const evutil_socket_t fd = bufferevent_getfd(a->bev);

    if (!a->chunked && a->answer->length < 0 && fd >= 0)
        (void)connect(fd, &nowhere, sizeof nowhere);
}

void sac__libevent_ask_cut(ask *a)
{
    struct evhttp_connection *connection = evhttp_request_get_connection(a->request);

    if (a->state == ASK_CUTTING)
        reset(a);
    evhttp_connection_free(connection); /* and with it the request */
    release(a);
}

/* The answer is with the client's system: evhttp goes on with the connection. */
static void end(ask *a)
{
    struct evhttp_request *request = a->request;

    if (a->close &&
        evhttp_add_header(evhttp_request_get_output_headers(request), "Connection", "close") != 0) {
        sac__libevent_ask_cut(a);
        return;
    }
    if (a->brief)
        bufferevent_setwatermark(a->bev, EV_READ, 0, 0);
    release(a);
    request->chunked = 0; /* the request was: evhttp would end the answer as one */
    evhttp_send_reply_end(request);
}

/*
 * While an answer goes out nothing is read: its client could fill the memory,
 * and be cut by the timeout for reading. A brief one is gone at once, and costs
 * the system less when the next request is waited for already.
 */
static bool start_writing(ask *a)
{
    if (a->brief)
        bufferevent_setwatermark(a->bev, EV_READ, 0, READ_AHEAD);
    return bufferevent_enable(a->bev, a->brief ? EV_READ | EV_WRITE : EV_WRITE) == 0;
}

/* Goes on when the output was flushed, or at once when there is none. */
static void flush(ask *a)
{
    if (evbuffer_get_length(bufferevent_get_output(a->bev)) > 0) {
        if (!start_writing(a))
            sac__libevent_ask_cut(a);
    } else if (a->state == ASK_SENDING) {
        end(a);
    } else if (a->state == ASK_CUTTING) {
        sac__libevent_ask_cut(a);
    }
}

static void on_flushed(struct bufferevent *bev, void *self)
{
    ask *a = self;

    if (a->state < ASK_STREAMING || evbuffer_get_length(bufferevent_get_output(bev)) > 0)
        return;
    if (a->state == ASK_STREAMING && !sac__libevent_answer_more(a))
        a->state = ASK_CUTTING;
    flush(a);
}

/* The client has left, or takes nothing for longer than evhttp_set_timeout(). */
static void on_event(struct bufferevent *bev, short what, void *self)
{
    /* That nothing more comes from it is no reason, as long as it can be written to. */
    if (what & BEV_EVENT_READING && event_pending(&bev->ev_write, EV_WRITE, NULL))
        return;
    if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR | BEV_EVENT_TIMEOUT))
        sac__libevent_ask_cut(self);
}

/* SAC_OK when the app has the whole body, or wants no more of it. */
static int feed(ask *a)
{
    struct evbuffer *in = evhttp_request_get_input_buffer(a->request);
    struct evbuffer_iovec piece;
    int rc = SAC_OK;

    while (rc == SAC_OK && evbuffer_get_length(in) > 0) {
        size_t taken = 0;

        (void)evbuffer_peek(in, -1, NULL, &piece, 1);
        rc = sac_exchange_body(a->exchange, piece.iov_base, piece.iov_len, &taken);
        evbuffer_drain(in, taken);
    }
    return rc == SAC_OK ? sac_exchange_end(a->exchange) : rc == 1 ? SAC_OK : rc;
}

/* SAC_LATER, or an error for which the connection is cut. */
static int advance(ask *a)
{
    const sac_answer *answer;
    int rc = SAC_OK;

    if (a->state == ASK_BODY) {
        rc = feed(a);
        if (rc != SAC_OK)
            return rc;
        a->state = ASK_WAITING;
    }
    if (a->state == ASK_WAITING) {
        rc = sac_exchange_answer(a->exchange, &answer);
        if (rc == SAC_OK && !sac__libevent_answer_send(a, answer))
            rc = SAC_ENOMEM;
    } else if (a->state == ASK_STREAMING &&
               evbuffer_get_length(bufferevent_get_output(a->bev)) == 0 &&
               !sac__libevent_answer_more(a)) {
        a->state = ASK_CUTTING;
    }
    return rc;
}

void sac__libevent_ask_advance(ask *a)
{
    const int rc = advance(a);

    if (rc == SAC_OK)
        flush(a);
    else if (rc != SAC_LATER)
        sac__libevent_ask_cut(a);
}

void sac__libevent_ask_abort(ask *a)
{
    if (a->state == ASK_STREAMING || a->state == ASK_CUTTING) {
        sac__libevent_ask_cut(a);
    } else if (a->state != ASK_SENDING) {
        sac_exchange_close(a->exchange);
        a->exchange = NULL;
        if (sac__libevent_answer_unavailable(a))
            flush(a);
        else
            sac__libevent_ask_cut(a);
    }
}

/* `exchange` was opened; SAC_OK to go on with the body. */
static int give_head(ask *a)
{
    const char *problem;
    sac_head head;
    int rc;

    if (!sac__libevent_head_read(a->host, a, &head, &problem))
        return SAC_ENOMEM;
    rc = problem ? sac_exchange_refuse(a->exchange, &head, problem)
                 : sac_exchange_head(a->exchange, &head);
    if (rc < 0)
        return rc;
    a->state = problem || rc == 1 ? ASK_WAITING : ASK_BODY;
    a->close = a->close || problem;
    return SAC_OK;
}

void sac__libevent_ask_begin(sac_libevent *host, struct evhttp_request *request)
{
    ask *a = new_ask(host);

    if (!a) {
        sac__libevent_answer_plainly(request);
        return;
    }
    a->request = request;
    /* The absolute form is for every server, and no reason to close: RFC 9112 §3.2.2. */
    request->flags &= ~EVHTTP_PROXY_REQUEST;
    a->bev = evhttp_connection_get_bufferevent(evhttp_request_get_connection(request));
    if (sac_exchange_open(host->app, &host_ops, a, &a->exchange) != SAC_OK ||
        give_head(a) != SAC_OK) {
        release(a);
        sac__libevent_answer_plainly(request);
        return;
    }
    bufferevent_setcb(a->bev, NULL, on_flushed, on_event, a);
    sac__libevent_ask_advance(a);
}
