/* SPDX-License-Identifier: MIT */
#include <sacrum/cors.h>

#include "app/app.h"
#include "app/req.h"
#include "auth/origins.h"
#include "core/table.h"
#include "http/method.h"
#include "http/token.h"

#define ALLOWED                                                                    \
    "Content-Type, Authorization, If-Match, If-None-Match, Prefer, X-CSRF-Token, " \
    "X-HTTP-Method-Override, X-Requested-With, Idempotency-Key"
#define EXPOSED                                                                               \
    "ETag, Link, Location, Content-Location, Retry-After, Accept-Patch, Preference-Applied, " \
    "X-Total-Count, X-Count-Strategy, X-Page, X-Per-Page, X-Total-Pages"

enum { DEFAULT_AGE = 600, MAX_LIST = 4096 };

typedef struct cors {
    sac__origins origins;
    bool any; /* "*" */
    bool credentials;
    sac_str allowed, exposed, max_age;
} cors;

static int set(sac_req *req, const char *name, sac_str value)
{
    return sac__headers_set_static(sac__req_reply_headers(req), sac_str_of(name), value);
}

static int set_common(const cors *c, sac_req *req, sac_str origin)
{
    int rc = set(req, "Access-Control-Allow-Origin", c->any ? sac_str_of("*") : origin);

    if (rc == SAC_OK && c->credentials)
        rc = set(req, "Access-Control-Allow-Credentials", sac_str_of("true"));
    return rc == SAC_OK ? set(req, "Access-Control-Expose-Headers", c->exposed) : rc;
}

/* Again behind the handler, which may have set a Vary of its own. */
static int add_headers(const cors *c, sac_req *req)
{
    const sac_str origin = sac_req_header(req, "origin");
    int rc = sac__headers_merge(sac__req_reply_headers(req), sac_str_of("Vary"),
                                sac_str_of("Origin"));

    if (rc == SAC_OK && (c->any || (origin.p && sac__origins_have(&c->origins, origin))))
        rc = set_common(c, req, origin);
    return rc;
}

static int answer_preflight(const cors *c, sac_req *req, unsigned methods)
{
    char text[64];
    sac__buf out;
    int rc;

    sac__buf_init_fixed(&out, text, sizeof text);
    sac__method_list(methods, &out);
    rc = sac_reply_header(req, "Access-Control-Allow-Methods", sac__buf_str(&out));
    if (rc == SAC_OK)
        rc = set(req, "Access-Control-Allow-Headers", c->allowed);
    if (rc == SAC_OK)
        rc = set(req, "Access-Control-Max-Age", c->max_age);
    return rc == SAC_OK ? sac_reply_empty(req, 204)
                        : sac_fail(req, SAC_ENOMEM, "no memory for CORS headers");
}

static int cors_before(void *self, sac_req *req)
{
    const cors *c = self;
    const sac_str origin = sac_req_header(req, "origin");
    unsigned methods;

    if (add_headers(c, req) != SAC_OK)
        return sac_fail(req, SAC_ENOMEM, "no memory for CORS headers");
    if (sac_req_method(req) != SAC_OPTIONS || !origin.p ||
        !sac_req_header(req, "access-control-request-method").p)
        return SAC_OK;
    methods = sac__app_methods_at(sac_req_app(req), sac__req_raw_path(req));
    if (methods == 0)
        return SAC_OK;
    if (!c->any && !sac__origins_have(&c->origins, origin))
        return sac_problem(req, "bad_origin", "pages of this origin may not use this server");
    return answer_preflight(c, req, methods);
}

static int cors_after(void *self, sac_req *req)
{
    return add_headers(self, req) == SAC_OK
               ? SAC_OK
               : sac_fail(req, SAC_ENOMEM, "no memory for CORS headers");
}

static const sac_middleware_ops cors_ops = SAC_MIDDLEWARE_OPS(.name = "cors", .flags = SAC_INLINE,
                                                              .before = cors_before,
                                                              .after = cors_after);

static int no_memory(sac_err *err)
{
    return sac_err_set(err, SAC_ENOMEM, "cors: no memory");
}

/* The usual names and the program's, as one list in memory of the app. */
static int join(sac_app *app, const char *usual, const char *const *more, sac_str *out,
                sac_err *err)
{
    size_t n = strlen(usual);
    char *text, *end;

    for (const char *const *name = more; name && *name; name++) {
        if (!sac__token_valid(sac_str_of(*name)))
            return sac_err_set(err, SAC_EINVAL, "cors: %.60s is no name of a header", *name);
        n += strlen(*name) + 2;
    }
    if (n > MAX_LIST)
        return sac_err_set(err, SAC_EINVAL, "cors: too many headers");
    text = sac__app_get(app, n + 1);
    if (!text)
        return no_memory(err);
    end = stpcpy(text, usual);
    for (const char *const *name = more; name && *name; name++)
        end = stpcpy(stpcpy(end, ", "), *name);
    *out = sac_str_n(text, n);
    return SAC_OK;
}

static int copy_origins(sac_app *app, const sac_cors *from, cors *to, sac_err *err)
{
    size_t n = 0;

    while (from->origins && from->origins[n])
        n++;
    if (n == 0)
        return sac_err_set(err, SAC_EINVAL, "cors: no origins");
    to->any = n == 1 && strcmp(from->origins[0], "*") == 0;
    if (to->any && from->credentials)
        return sac_err_set(err, SAC_EINVAL, "cors: \"*\" may not have credentials");
    if (to->any)
        return SAC_OK;
    return sac__origins_copy(app, "cors", from->origins, &to->origins, err);
}

static int copy_age(sac_app *app, unsigned seconds, cors *to, sac_err *err)
{
    char text[16];
    sac__buf out;

    sac__buf_init_fixed(&out, text, sizeof text - 1);
    sac__buf_add_int(&out, seconds ? (int64_t)seconds : DEFAULT_AGE);
    text[out.n] = '\0';
    to->max_age = sac__app_dup(app, text);
    return to->max_age.p ? SAC_OK : no_memory(err);
}

int sac_app_cors(sac_app *app, const sac_cors *config, sac_err *err)
{
    sac_cors known = {.size = 0};
    cors *c;
    int rc;

    if (config->size > sizeof known)
        return sac__table_newer("sac_cors", config->size, sizeof known, err);
    if (config->size < offsetof(sac_cors, credentials))
        return sac_err_set(err, SAC_EINVAL, "cors: not made with SAC_CORS");
    memcpy(&known, config, config->size);
    c = sac__app_get(app, sizeof *c);
    if (!c)
        return no_memory(err);
    c->credentials = known.credentials;
    rc = copy_origins(app, &known, c, err);
    if (rc == SAC_OK)
        rc = join(app, ALLOWED, known.headers, &c->allowed, err);
    if (rc == SAC_OK)
        rc = join(app, EXPOSED, known.expose, &c->exposed, err);
    if (rc == SAC_OK)
        rc = copy_age(app, known.max_age, c, err);
    return rc == SAC_OK ? sac_app_use(app, &cors_ops, c, err) : rc;
}
