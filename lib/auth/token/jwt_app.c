/* SPDX-License-Identifier: MIT */
#include "auth/token/jwt.h"

#include <string.h>

#include "app/app.h"
#include "app/identity/identity.h"
#include "app/req.h"
#include "auth/token/credentials.h"
#include "auth/token/secret.h"

enum { MAX_SUBJECT = 256 };

typedef struct jwt_app {
    sac_jwt_verifier *verifier;
    const char *roles, *scopes; /* names of claims */
} jwt_app;

static const char kept; /* its address */

/* Two dots, and not one of ours. */
static bool is_jwt(sac_str token)
{
    size_t dots = 0;

    for (size_t i = 0; i < token.n; i++)
        dots += token.p[i] == '.';
    return dots == 2 && !sac__secret_begins(token);
}

static int refuse(sac_req *req, const char *why)
{
    sac_req_log(req, SAC_LOG_DEBUG, "%s", why);
    return SAC_EUNAUTHORIZED;
}

static int no_memory(sac_req *req)
{
    return sac_fail(req, SAC_ENOMEM, "jwt: no memory");
}

static int read_words(sac_req *req, sac_str claims, const char *name, const sac_str **words,
                      size_t *n)
{
    const int rc = sac__jwt_words(claims, name, sac_req_allocator(req), words, n);

    if (rc == SAC_EUNAUTHORIZED)
        return refuse(req, "token: roles or scopes that are no words");
    if (rc == SAC_ENOTFOUND) {
        *n = 0;
        return SAC_OK;
    }
    return rc == SAC_OK ? rc : no_memory(req);
}

/* Whoever it is may do what its scopes name, if there are any: they come from elsewhere. */
static int fill(const jwt_app *j, sac_req *req, sac_str claims, sac_identity *out)
{
    const sac_value sub = sac_bson_get(claims, sac_str_of("sub"));
    int rc;

    if (!sac_value_str(&sub, &out->name) || out->name.n == 0 || out->name.n > MAX_SUBJECT)
        return refuse(req, "token: it has no subject");
    out->id = sub;
    out->user = claims;
    out->scoped = true;
    rc = read_words(req, claims, j->roles, &out->roles, &out->n_roles);
    return rc == SAC_OK ? read_words(req, claims, j->scopes, &out->scopes, &out->n_scopes) : rc;
}

static int identify(void *self, sac_req *req, sac_identity *out)
{
    const jwt_app *j = self;
    sac_err err = {.code = 0};
    sac_str token, claims;
    int rc = sac__credentials(req, "Bearer", &token);

    if (rc != 1)
        return rc;
    if (!is_jwt(token))
        return 0;
    rc = sac_jwt_verify(j->verifier, token, sac_req_now(req) / 1000, &claims,
                        sac_req_allocator(req), &err);
    if (rc == SAC_EUNAUTHORIZED)
        return refuse(req, err.text);
    if (rc != SAC_OK)
        return no_memory(req);
    rc = fill(j, req, claims, out);
    return rc == SAC_OK ? 1 : rc;
}

static const sac_authenticator_ops jwt_ops = SAC_AUTHENTICATOR_OPS(.name = "jwt",
                                                                   .flags = SAC_INLINE,
                                                                   .identify = identify,
                                                                   .challenge = "Bearer");

static void free_verifier(void *self)
{
    sac_jwt_verifier_free(self);
}

int sac_app_jwt(sac_app *app, const sac_jwt *jwt, sac_err *err)
{
    sac_jwt known = {.size = 0};
    sac_jwt_verifier *verifier;
    jwt_app *j;
    int rc = sac__app_building(app, "jwt", err);

    if (rc == SAC_OK && sac__app_kept(app, &kept))
        rc = sac_err_set(err, SAC_EEXIST, "jwt: the app takes them; one verifier has all the keys");
    if (rc == SAC_OK)
        rc = sac_jwt_verifier_new(jwt, sac__app_config(app)->alloc, &verifier, err);
    if (rc != SAC_OK)
        return rc;
    memcpy(&known, jwt, jwt->size);
    if (sac__app_at_free(app, free_verifier, verifier) != SAC_OK) {
        sac_jwt_verifier_free(verifier);
        return sac_err_set(err, SAC_ENOMEM, "jwt: no memory");
    }
    j = sac__app_get(app, sizeof *j);
    if (j)
        *j = (jwt_app){.verifier = verifier,
                       .roles = sac__app_dup(app, known.roles ? known.roles : "roles").p,
                       .scopes = sac__app_dup(app, known.scopes ? known.scopes : "scope").p};
    if (!j || !j->roles || !j->scopes || sac__app_keep(app, &kept, j) != SAC_OK)
        return sac_err_set(err, SAC_ENOMEM, "jwt: no memory");
    return sac_app_authenticator(app, &jwt_ops, j, err);
}
