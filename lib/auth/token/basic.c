/* SPDX-License-Identifier: MIT */
#include "auth/account/account.h"

#include <pthread.h>
#include <stdio.h>

#include <sacrum/token.h>

#include "app/identity/identity.h"
#include "auth/token/credentials.h"
#include "auth/token/recent.h"
#include "core/clock.h"
#include "core/utf8.h"
#include "http/token.h"
#include "json/text.h"

/*
 * A password takes a quarter of a second to verify, so it is done before the
 * request's own work, as middleware that parks; the authenticator then says
 * what came of it, also where that is 429 or 503: a view that asks nobody is
 * not concerned, and all other middleware stands around the answer.
 */

enum {
    MAX_REALM = 64,
    MAX_TEXT = (SAC__ACCOUNT_NAME + 1 + SAC_PASSWORD_MAX + 2) / 3 * 4 /* in base64 */
};

typedef struct attempt attempt;

typedef struct basic {
    sac__accounts *accounts;
    sac__recent *recent;
    pthread_mutex_t lock;
    attempt *running; /* lock: those that the threads verify */
    sac_authenticator_ops ops;
} basic;

/* One request's credentials. */
struct attempt {
    basic *basic;
    sac_str name, password;
    sac__user user; /* doc.p NULL: nobody who may sign in */
    uint8_t digest[SAC__RECENT_DIGEST];
    sac__attempt counted;
    sac__pool_job job;
    sac_ticket *ticket;
    uint64_t wait;    /* nanoseconds until they are looked at; 0: they were */
    int result;       /* SAC_OK: they are right */
    attempt *next;    /* of those that run */
    attempt *waiting; /* others that wait for what comes of this one */
};

static const char kept;   /* its address: of an app's */
static const char result; /* its address: of a request's */

/* Base64 of `name:password`; the first colon is the one. False: it is none. */
static bool read_text(sac_req *req, sac_str text, attempt *a)
{
    char *bytes, *colon;
    size_t n;

    if (text.n > MAX_TEXT)
        return false;
    bytes = sac_req_alloc(req, text.n + 1);
    if (!bytes || !sac__text_parse_base64(text, bytes, &n))
        return false;
    colon = memchr(bytes, ':', n);
    if (!colon || !sac__utf8_valid(sac_str_n(bytes, n)) ||
        !sac__token_text(sac_str_n(bytes, n), ' '))
        return false;
    a->name = sac_str_n(bytes, (size_t)(colon - bytes));
    a->password = sac_str_n(colon + 1, n - a->name.n - 1);
    return a->name.n > 0 && a->name.n <= SAC__ACCOUNT_NAME && a->password.n <= SAC_PASSWORD_MAX;
}

static bool has_user(const attempt *a)
{
    return a->user.doc.p != NULL;
}

/* On a thread that hashes: whoever waits for the same goes on with it. */
static void done(void *self)
{
    attempt *a = self;
    basic *b = a->basic;
    attempt **link = &b->running, *waiting;
    sac_ticket *ticket = a->ticket;

    pthread_mutex_lock(&b->lock);
    while (*link != a)
        link = &(*link)->next;
    *link = a->next;
    waiting = a->waiting;
    pthread_mutex_unlock(&b->lock);
    if (a->job.result == SAC_OK && has_user(a))
        sac__recent_add(b->recent, a->digest, sac__clock_mono_ns());
    while (waiting) {
        attempt *next = waiting->waiting;
        sac_ticket *other = waiting->ticket;

        waiting->job.result = a->job.result;
        sac_ticket_redeem(other);
        waiting = next;
    }
    sac_ticket_redeem(ticket);
}

/* What the threads said. */
static int joined(void *self, sac_req *req)
{
    attempt *a = self;

    (void)req;
    if (a->job.result == SAC_OK && has_user(a))
        a->result = SAC_OK;
    return SAC_OK;
}

/* Whether they came to a verdict: a hash of a kind that is not taken is one, too. */
static bool is_judged(const sac__pool_job *job)
{
    return job->result == SAC_OK || job->result == SAC_EUNAUTHORIZED || job->result == SAC_EINVAL;
}

static int verified(void *self, sac_req *req)
{
    attempt *a = self;
    const int rc = joined(a, req);

    if (a->result == SAC_OK)
        sac__attempt_right(a->basic->accounts, &a->counted);
    else if (!is_judged(&a->job))
        sac__attempt_give(a->basic->accounts, &a->counted);
    return rc;
}

static int cannot_park(sac_req *req)
{
    return sac_problem(req, "internal", "a password cannot be verified here");
}

/* SAC_LATER where the same credentials are being verified; 0: they are not. */
static int join(attempt *a, sac_req *req)
{
    basic *b = a->basic;
    attempt *other;
    int rc = 0;

    pthread_mutex_lock(&b->lock);
    for (other = b->running; other; other = other->next)
        if (memcmp(other->digest, a->digest, sizeof a->digest) == 0)
            break;
    if (other && sac_req_park(req, joined, a, &a->ticket) != SAC_OK) {
        rc = SAC_EINVAL;
    } else if (other) {
        a->waiting = other->waiting;
        other->waiting = a;
        rc = SAC_LATER;
    }
    pthread_mutex_unlock(&b->lock);
    return rc == SAC_EINVAL ? cannot_park(req) : rc;
}

static int start(attempt *a, sac_req *req)
{
    basic *b = a->basic;
    int rc;

    a->job = (sac__pool_job){.password = a->password,
                             .hash = has_user(a) ? a->user.hash : sac_str_of(b->accounts->dummy),
                             .done = done,
                             .self = a};
    if (sac_req_park(req, verified, a, &a->ticket) != SAC_OK) {
        sac__attempt_give(b->accounts, &a->counted);
        return cannot_park(req);
    }
    pthread_mutex_lock(&b->lock);
    a->next = b->running;
    b->running = a;
    pthread_mutex_unlock(&b->lock);
    rc = sac__pool_submit(b->accounts->pool, &a->job);
    if (rc != SAC_OK) {
        a->job.result = rc;
        done(a);
    }
    return SAC_LATER;
}

/* Whoever there is not is verified too, against a hash that nothing has. */
static int find_user(attempt *a, sac_req *req)
{
    int rc = sac__user_by_name(a->basic->accounts, req, a->name, &a->user);

    if (rc == SAC_ENOTFOUND || (rc == SAC_OK && (a->user.disabled || !a->user.hash.p))) {
        a->user = (sac__user){.hash = a->name}; /* for the digest */
        rc = SAC_OK;
    }
    return rc;
}

static int basic_before(void *self, sac_req *req)
{
    basic *b = self;
    sac_str text;
    attempt *a;
    int rc = sac__credentials(req, "Basic", &text);

    if (rc != 1)
        return SAC_OK;
    a = sac_req_alloc(req, sizeof *a);
    if (!a)
        return sac_fail(req, SAC_ENOMEM, "basic: no memory");
    *a = (attempt){.basic = b, .result = SAC_EUNAUTHORIZED};
    /* A password is in it. */
    sac__arena_wipe(sac__req_arena(req));
    if (sac_req_set(req, &result, a) != SAC_OK)
        return sac_fail(req, SAC_ENOMEM, "basic: no memory");
    if (!read_text(req, text, a))
        return SAC_OK;
    rc = find_user(a, req);
    if (rc != SAC_OK)
        return rc;
    if (sac__recent_digest(b->recent, &a->user, a->password, a->digest) != SAC_OK)
        return sac_fail(req, SAC_ENOMEM, "basic: no memory");
    if (has_user(a) && sac__recent_has(b->recent, a->digest, sac__clock_mono_ns())) {
        a->result = SAC_OK;
        return SAC_OK;
    }
    rc = join(a, req);
    if (rc != SAC_OK)
        return rc;
    a->wait = sac__attempt_try(b->accounts, req, a->name, &a->counted);
    return a->wait > 0 ? SAC_OK : start(a, req);
}

static const sac_middleware_ops basic_middleware = SAC_MIDDLEWARE_OPS(.name = "basic",
                                                                      .flags = SAC_INLINE,
                                                                      .before = basic_before);

static int identify(void *self, sac_req *req, sac_identity *out)
{
    const basic *b = self;
    const attempt *a = sac_req_get(req, &result);
    sac_str text;
    int rc = sac__credentials(req, "Basic", &text);

    if (rc != 1)
        return rc;
    if (!a)
        return SAC_EUNAUTHORIZED;
    if (a->wait > 0)
        return sac__attempt_refuse(req, a->wait);
    rc = sac__account_hashed(req, &a->job);
    if (rc != SAC_OK)
        return rc;
    if (a->result != SAC_OK)
        return SAC_EUNAUTHORIZED;
    rc = sac__user_identity(b->accounts, req, &a->user, out);
    out->ambient = true;
    return rc == SAC_OK ? 1 : rc;
}

static void free_basic(void *self)
{
    basic *b = self;

    sac__recent_free(b->recent);
    pthread_mutex_destroy(&b->lock);
}

static int no_memory(sac_err *err)
{
    return sac_err_set(err, SAC_ENOMEM, "basic: no memory");
}

static int set_challenge(sac_app *app, basic *b, const char *realm, sac_err *err)
{
    const size_t size = MAX_REALM + 40;
    char *text = sac__app_get(app, size);

    if (!text)
        return no_memory(err);
    (void)snprintf(text, size, "Basic realm=\"%s\", charset=\"UTF-8\"", realm);
    b->ops.challenge = text;
    return SAC_OK;
}

static int make(sac_app *app, basic **out, sac_err *err)
{
    basic *b = sac__app_get(app, sizeof *b);
    int rc;

    if (!b)
        return no_memory(err);
    *b = (basic){.accounts = sac__accounts_of(app)};
    rc = sac__recent_new(sac__app_config(app)->alloc, &b->recent);
    if (rc != SAC_OK)
        return sac_err_set(err, rc, "basic: %s", sac_err_text(rc));
    if (pthread_mutex_init(&b->lock, NULL) != 0) {
        sac__recent_free(b->recent);
        return no_memory(err);
    }
    if (sac__app_at_free(app, free_basic, b) != SAC_OK) {
        free_basic(b);
        return no_memory(err);
    }
    *out = b;
    return SAC_OK;
}

int sac_app_basic(sac_app *app, const char *realm, bool challenge, sac_err *err)
{
    const char *name = realm ? realm : "api";
    basic *b = NULL;
    int rc = sac__app_building(app, "basic", err);

    if (rc != SAC_OK)
        return rc;
    if (sac__app_kept(app, &kept))
        return sac_err_set(err, SAC_EEXIST, "basic: the app takes it");
    if (!sac__accounts_of(app))
        return sac_err_set(err, SAC_EINVAL, "basic: sac_app_accounts() comes before");
    if (strlen(name) > MAX_REALM || strpbrk(name, "\"\\") ||
        !sac__token_text(sac_str_of(name), ' '))
        return sac_err_set(err, SAC_EINVAL, "basic: realm cannot be this");
    rc = make(app, &b, err);
    if (rc != SAC_OK)
        return rc;
    b->ops = (sac_authenticator_ops)SAC_AUTHENTICATOR_OPS(.name = "basic", .flags = SAC_INLINE,
                                                          .identify = identify);
    if (challenge)
        rc = set_challenge(app, b, name, err);
    if (rc == SAC_OK)
        rc = sac__app_use_first(app, &basic_middleware, b, err);
    if (rc == SAC_OK)
        rc = sac_app_authenticator(app, &b->ops, b, err);
    if (rc == SAC_OK && sac__app_keep(app, &kept, b) != SAC_OK)
        rc = no_memory(err);
    return rc;
}
