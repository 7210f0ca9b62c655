/* SPDX-License-Identifier: MIT */
#include <sacrum/limit.h>

#include <sacrum/impl/host.h>

#include "app/app.h"
#include "app/identity/identity.h"
#include "app/req.h"
#include "auth/guard/rate.h"
#include "core/clock.h"

enum {
    SECONDS = 60,
    METHODS = SAC_GET | SAC_HEAD | SAC_POST | SAC_PUT | SAC_PATCH | SAC_DELETE | SAC_OPTIONS
};

typedef struct limit {
    unsigned methods; /* 0: all but OPTIONS */
    sac_limit_by by;
    sac__rate *rate;
} limit;

static bool is_counted(const limit *l, unsigned method)
{
    if (l->methods == 0)
        return method != SAC_OPTIONS;
    return l->methods & (method == SAC_HEAD ? SAC_GET | SAC_HEAD : method);
}

static int key_of(const limit *l, sac_req *req, uint64_t *key)
{
    const sac_str peer = sac_req_peer(req);
    const sac_identity *identity = NULL;
    const int rc = l->by == SAC_LIMIT_BY_USER ? sac__req_identify(req, &identity) : SAC_OK;

    if (rc == SAC_OK && identity && identity->id.raw.n > 0)
        *key = sac__rate_key(l->rate, identity->id.raw, sac_str_of(NULL));
    else if (rc == SAC_OK)
        *key = sac__rate_key(l->rate, sac_str_of(NULL), peer.p ? peer : sac_str_of(""));
    return rc;
}

static int refuse(sac_req *req, uint64_t wait)
{
    const uint64_t second = 1000000000;
    const unsigned long long seconds = wait / second + (wait % second > 0);
    const sac_str after = sac_req_printf(req, "%llu", seconds);

    if (!after.p || sac_reply_header(req, "Retry-After", after) != SAC_OK)
        return sac_fail(req, SAC_ENOMEM, "limit: no memory");
    return sac_problem(req, "too_many_requests", "the next one in %llu s", seconds);
}

static int limit_before(void *self, sac_req *req)
{
    const limit *l = self;
    uint64_t key = 0;
    uint64_t wait;
    int rc;

    if (!is_counted(l, sac_req_method(req)))
        return SAC_OK;
    rc = key_of(l, req, &key);
    if (rc != SAC_OK)
        return rc;
    wait = sac__rate_take(l->rate, key, sac__clock_mono_ns());
    return wait == 0 ? SAC_OK : refuse(req, wait);
}

static const sac_middleware_ops limit_ops = SAC_MIDDLEWARE_OPS(.name = "limit", .flags = SAC_INLINE,
                                                               .before = limit_before);

static void free_rate(void *self)
{
    sac__rate_free(self);
}

static int check(const sac_limit *config, sac_err *err)
{
    if (config->requests == 0)
        return sac_err_set(err, SAC_EINVAL, "limit: requests is 0");
    if (config->methods & ~(unsigned)METHODS)
        return sac_err_set(err, SAC_EINVAL, "limit: methods has a bit that is none");
    if (config->by != SAC_LIMIT_BY_USER && config->by != SAC_LIMIT_BY_ADDRESS)
        return sac_err_set(err, SAC_EINVAL, "limit: by is none of its values");
    return SAC_OK;
}

static int make_rate(sac_app *app, const sac_limit *config, sac__rate **out, sac_err *err)
{
    const sac__rate_config rate = {.requests = config->requests,
                                   .seconds = config->seconds ? config->seconds : SECONDS,
                                   .burst = config->burst,
                                   .max_keys = config->max_keys ? config->max_keys
                                                                : SAC__RATE_KEYS};
    const int rc = sac__rate_new(&rate, sac_app_allocator(app), out, err);

    if (rc != SAC_OK)
        return rc;
    if (sac__app_at_free(app, free_rate, *out) == SAC_OK)
        return SAC_OK;
    sac__rate_free(*out);
    return sac_err_set(err, SAC_ENOMEM, "limit: no memory");
}

int sac_app_limit(sac_app *app, const sac_limit *config, sac_err *err)
{
    sac_limit known = {.size = 0};
    limit *l;
    int rc = sac__app_building(app, "limit", err);

    if (rc == SAC_OK)
        rc = sac__app_check_size(config->size, sizeof known, "sac_limit", err);
    if (rc != SAC_OK)
        return rc;
    memcpy(&known, config, config->size);
    rc = check(&known, err);
    if (rc != SAC_OK)
        return rc;
    l = sac__app_get(app, sizeof *l);
    if (!l)
        return sac_err_set(err, SAC_ENOMEM, "limit: no memory");
    *l = (limit){.methods = known.methods, .by = known.by};
    rc = make_rate(app, &known, &l->rate, err);
    return rc == SAC_OK ? sac_app_use(app, &limit_ops, l, err) : rc;
}
