/* SPDX-License-Identifier: MIT */
#ifndef APP_EXCHANGE_EXCHANGE_H
#define APP_EXCHANGE_EXCHANGE_H

#include <pthread.h>
#include <stdatomic.h>

#include "app/exchange/pipe.h"
#include "app/state.h"
#include "app/workers.h"

/*
 * One request from within. At any moment one party owns it: the host's thread,
 * a worker, or the ticket of a park. Only the owner touches it; the others may
 * touch what the lock guards.
 */

typedef enum sac__stage {
    SAC__STAGE_HEAD, /* not begun */
    SAC__STAGE_BEFORE,
    SAC__STAGE_VIEW_BEFORE,
    SAC__STAGE_HANDLER,
    SAC__STAGE_VIEW_AFTER,
    SAC__STAGE_AFTER,
    SAC__STAGE_ANSWERED, /* the answer is there; teardown is to come */
    SAC__STAGE_DONE
} sac__stage;

typedef struct sac__kept {
    const void *key;
    void *value;
    struct sac__kept *next;
} sac__kept;

struct sac_next {
    unsigned index; /* of the decorator that holds it */
};

/* What was found out about who asks. */
typedef struct sac__who {
    enum { SAC__WHO_UNASKED = 0, SAC__WHO_ASKING, SAC__WHO_ASKED } state;
    bool guarded;                             /* what is answered is theirs alone */
    bool asked_before;                        /* and forgotten since */
    const sac_identity *identity;             /* NULL: nobody */
    const struct sac__authenticator *refused; /* by whom, for its challenge; NULL: by none */
    const sac__problem_kind *problem;         /* why it could not be found out; NULL: it could */
    sac_str detail;
    int error;
} sac__who;

struct sac_req {
    sac__core *core;
    sac__arena *arena;
    sac_head head;
    unsigned method; /* 0: none of ours */
    sac__target target;
    sac_str path; /* decoded */
    sac__match match;
    const sac__mount *mount; /* NULL: there is no such route */
    const sac__action *action;
    const sac_app *group;
    const char *early; /* problem found before a view was; NULL: none */
    const char *early_detail;
    bool early_guarded; /* it is about the body of what is guarded: strangers get 401 */
    sac_str host;       /* p NULL: none was sent */

    const sac__params *params; /* NULL: not read yet */
    sac__params params_memory;
    int params_error;
    char *body;
    size_t n_body, cap_body, read_body;
    struct sac__form *form; /* NULL: not read yet */
    sac__kept *kept;
    struct sac__converted *converted; /* of each parameter; NULL: none asked for */

    sac__headers headers; /* of the answer */
    sac__reply reply;
    const sac__problem_kind *problem;
    sac_problem_info info; /* what was last told of it */
    sac_str detail;
    bool detail_public; /* of a problem of 500 or more: logged and replaced */
    sac__problem_errors errors;
    bool out_of_memory; /* a getter had to say "absent" for want of it */
    sac__who who;

    sac__stage stage;
    size_t began;        /* middleware whose before was begun */
    size_t index;        /* of the middleware that runs */
    unsigned next_index; /* decorators that ran their next */
    bool view_began;
    bool in_error_handler;
    const sac_app *errors_of; /* a group whose middleware is passed over; NULL: `group` */
    bool may_park;
    bool parked; /* a ticket was taken in this step */
    bool on_worker;
    bool is_inline;
    const sac__super *super;

    sac_handler *resume; /* of the park */
    void *resume_self;
    const sac__super *resume_super;
};

typedef enum sac__owner { SAC__OWNER_HOST, SAC__OWNER_WORKER, SAC__OWNER_TICKET } sac__owner;

typedef enum sac__park {
    SAC__PARK_NONE,
    SAC__PARK_OUT,      /* the ticket is out */
    SAC__PARK_REDEEMED, /* before the park was known */
    SAC__PARK_FORSAKEN  /* it was answered without waiting for the ticket */
} sac__park;

struct sac_ticket {
    sac_exchange *exchange;
};

struct sac_exchange {
    sac_req req; /* first: one is cast to the other */
    void (*wake)(void *self);
    void *host;
    atomic_uint holders; /* the host, a job, a ticket: the last one frees it */
    atomic_int owner;    /* changed under the lock */
    pthread_mutex_t lock;
    bool shared;    /* someone else than the host may have held it */
    bool closed;    /* lock: the host has let go */
    bool waiting;   /* lock: the host was told SAC_LATER */
    bool due;       /* the owner runs `resume` first */
    sac__park park; /* lock */
    bool park_on_worker;
    sac_ticket ticket;
    sac__job job;

    bool got_head, began, got_end;
    bool misread; /* where the next request begins is not known */
    uint64_t body_given;
    sac__pipe *body;     /* lock; of a streamed body; NULL: it is collected */
    bool body_done;      /* lock: what reads it has answered */
    pthread_cond_t cond; /* the reader of `body` waits on it */

    sac__pipe *out;    /* lock; of a stream that a worker drains */
    bool pumping;      /* lock: a job or a ticket goes on with it */
    bool published;    /* lock: the answer may be taken though a worker pumps */
    uint64_t streamed; /* bytes of a stream that the host got */

    bool bare; /* there was no memory for the answer */
    bool answered;
    sac_answer answer;
};

static inline sac_exchange *sac__exchange_of(sac_req *req)
{
    return (sac_exchange *)req;
}

/* exchange.c */

/* Drops one hold; the last one ends the request, on a worker if something may wait. */
void sac__exchange_release(sac_exchange *exchange, bool on_worker);
/*
 * With the lock held: drops one hold, that is not the last since the host's is
 * there, and wakes the host. False, and nothing happened, if the host is gone.
 */
bool sac__exchange_let_go(sac_exchange *exchange);
/* With the lock held: tells the host, if it waits, to ask again. */
void sac__exchange_wake(sac_exchange *exchange);
/* Gives the exchange to the workers, with a hold of its own. */
void sac__exchange_push(sac_exchange *exchange);

/* lib/app/coding.c */

/* Readies the request's fields for what codes its answer; and codes it. */
void sac__coding_ask(sac_req *req);
int sac__coding_answer(sac_req *req) SAC_MUST_USE;

/* park.c */

/*
 * A slot said SAC_LATER. 1: its ticket is redeemed already, run what resumes.
 * SAC_LATER: the ticket owns the exchange now. SAC_EINVAL: it took no ticket.
 */
int sac__park_await(sac_exchange *exchange) SAC_MUST_USE;
/* Something else than SAC_LATER came: a ticket that is out is not waited for. */
void sac__park_forsake(sac_exchange *exchange);
/* Runs what was to run once the ticket was redeemed. */
int sac__park_resume(sac_req *req) SAC_MUST_USE;
/* Whether the host's thread owns the exchange; else it is woken when it does. */
bool sac__park_mine(sac_exchange *exchange);

/* dispatch.c */

/* Runs the chain as far as it goes. SAC_OK: there is an answer. SAC_LATER: a ticket has it. */
int sac__dispatch(sac_req *req) SAC_MUST_USE;
/* Runs the teardowns of a chain that was begun, once. */
void sac__dispatch_teardown(sac_req *req);

/* head.c: 0, or 1: the request is refused, see `early`. SAC_EVERSION. */
int sac__head_read(sac_req *req, const sac_head *head) SAC_MUST_USE;
/* No view answers this request. */
void sac__head_refuse(sac_req *req, const char *problem, const char *detail);

/* lib/app/proxy.c: the client's address and scheme, where a proxy of ours tells them. */
void sac__proxy_read(sac_req *req);

/* framing.c */

/*
 * Reads the head's fields, once they are kept: Host into `req->host`. NULL, or
 * the problem for which it is refused, its connection with it.
 */
const char *sac__framing_read(sac_req *req, sac_str *encoding) SAC_MUST_USE;

/* reply.c */

/* Closes what a reply holds; there is none afterwards. */
void sac__reply_drop(sac_req *req);
/* Makes the host's answer. */
void sac__reply_answer(sac_exchange *exchange);

/* fail.c */

/* Logs a problem that is the server's, once; its text is not shown then. */
void sac__fail_log(sac_req *req);
/* The program's own word on a problem that is the reply, in place of its document. */
void sac__fail_handle(sac_req *req);
/* Makes the bytes of a problem that is the reply. */
void sac__fail_print(sac_req *req);
/* What a slot that returned `rc` without a fitting reply failed with. */
void sac__fail_slot(sac_req *req, int rc, const char *who);
/* Fails as before, whatever was answered since. */
void sac__fail_again(sac_req *req, const sac__problem_kind *kind, sac_str detail);
/* Of the last resort, without memory: its bytes, and the fields of any problem. */
sac_str sac__fail_bare(const sac_header **fields, size_t *n);

/* stream.c */

int sac__stream_pull(sac_exchange *exchange, void *buf, size_t cap, size_t *n) SAC_MUST_USE;
/* A worker that owns and holds the exchange drains its stream. */
void sac__stream_pump(sac_exchange *exchange);

/* lib/app/identity/identity.c */

/* Sets what answers have that depend on who asks. */
int sac__identity_finish(sac_req *req) SAC_MUST_USE;

#endif
