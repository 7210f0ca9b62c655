/* SPDX-License-Identifier: MIT */
#ifndef LIBEVENT_SERVER_H
#define LIBEVENT_SERVER_H

#include <pthread.h>
#include <string.h>
#include <time.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_struct.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/http_struct.h>

#include <sacrum/host/libevent.h>
#include <sacrum/impl/host.h>

/* Bytes of a body on their way, at most; before and behind them what makes a chunk of them. */
enum { PIECE = 64 * 1024, CHUNK_HEAD = 8, CHUNK_END = 7 };

typedef struct ask ask;
typedef struct ask_list {
    ask *first, *last;
} ask_list;

enum { ASK_BODY, ASK_WAITING, ASK_STREAMING, ASK_SENDING, ASK_CUTTING };

/*
 * One request, until its answer was flushed. In the meantime the connection's
 * bufferevent calls us alone, and does not read: evhttp gets it back with
 * evhttp_send_reply_end(), or frees it.
 */
struct ask {
    ask *next, *prev; /* of host->asks; also of host->spare */
    ask *next_woken, *prev_woken;
    bool woken; /* host->lock: in a list of woken ones */
    sac_libevent *host;
    struct evhttp_request *request;
    struct bufferevent *bev;
    sac_exchange *exchange;
    const sac_answer *answer;
    uint64_t sent; /* of a file */
    int state;
    bool close; /* the connection ends after the answer */
    bool http_1_0;
    bool chunked; /* the answer */
    bool brief;   /* so is this */
};

struct sac_libevent {
    sac_app *app;
    const sac_alloc *alloc;
    struct evhttp *http;
    sac_libevent_config config;
    char *prefix; /* "" for none */
    size_t prefix_n;

    struct event_base *base; /* NULL until it is known */
    struct event *on_wake, *on_stop;
    int wake_from, wake_to; /* one eventfd, or a pipe */
    pthread_mutex_t lock;
    ask_list woken; /* lock */

    ask *asks;  /* all in flight */
    ask *spare; /* to be used again */
    size_t n_spare;
    sac_header *fields; /* of the request that is begun just now */
    size_t fields_cap;
    char *target;
    size_t target_cap;

    time_t date_of;
    char date[32];
    bool leaving, aborting;
    void (*done)(void *arg);
    void *done_arg;
    char piece[CHUNK_HEAD + PIECE + CHUNK_END];
};

/* wake.c: what other threads tell the loop. */
int sac__libevent_wake_init(sac_libevent *host);
void sac__libevent_wake_fini(sac_libevent *host);
void sac__libevent_wake_ask(void *self);
void sac__libevent_wake_forget(ask *a);
void sac__libevent_wake_read(evutil_socket_t fd, short what, void *self);

/* head.c: whether a target is under the prefix, and the request's head. */
bool sac__libevent_head_is_ours(const sac_libevent *host, const char *uri);
/* False when memory ends. `*problem`: what it is refused with, or NULL. */
bool sac__libevent_head_read(sac_libevent *host, ask *a, sac_head *head, const char **problem);

/* ask.c: a request's life. */
void sac__libevent_ask_begin(sac_libevent *host, struct evhttp_request *request);
void sac__libevent_ask_advance(ask *a);
void sac__libevent_ask_abort(ask *a); /* 503 for who waits; a stream is cut */
void sac__libevent_ask_cut(ask *a);   /* with its connection */

/* answer.c: false when it cannot be sent. */
bool sac__libevent_answer_send(ask *a, const sac_answer *answer);
bool sac__libevent_answer_more(ask *a);
bool sac__libevent_answer_unavailable(ask *a);
/* By evhttp alone, for a request that never became an ask. */
void sac__libevent_answer_plainly(struct evhttp_request *request);

/* server.c */
void sac__libevent_host_free(sac_libevent *host);

/* detach.c */
void sac__libevent_stop_timer(evutil_socket_t fd, short what, void *self);
/* The last request in flight has ended. */
void sac__libevent_stop_quiet(sac_libevent *host);

#endif
