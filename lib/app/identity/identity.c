/* SPDX-License-Identifier: MIT */
#include "app/identity/identity.h"

#include "app/exchange/exchange.h"
#include "http/token.h"

#define SLOT(ops, member) SAC__SLOT(ops, sac_authenticator_ops, member)

/* Behind all others, but for those that come last. */
static void insert(sac__core *core, sac__authenticator *made)
{
    sac__authenticator **link = &core->authenticators;

    while (*link && (made->last || !(*link)->last))
        link = &(*link)->next;
    made->next = *link;
    *link = made;
}

static int add(sac_app *app, const sac_authenticator_ops *ops, void *self, bool last, sac_err *err)
{
    sac__core *core = app->core;
    sac__authenticator *made;
    int rc = sac__app_building(app, "authenticator", err);

    if (rc == SAC_OK)
        rc = sac__app_check_size(ops->size, sizeof *ops, "sac_authenticator_ops", err);
    if (rc != SAC_OK)
        return rc;
    if (!SLOT(ops, name) || !*ops->name)
        return sac_err_set(err, SAC_EINVAL, "authenticator: it has no name");
    if (!SLOT(ops, identify))
        return sac_err_set(err, SAC_EINVAL, "authenticator %s: it has no identify", ops->name);
    made = sac__app_get(app, sizeof *made);
    if (!made)
        return sac_err_set(err, SAC_ENOMEM, "authenticator: no memory");
    *made = (sac__authenticator){.name = ops->name,
                                 .identify = ops->identify,
                                 .challenge = sac_str_of(SLOT(ops, challenge)),
                                 .last = last,
                                 .self = self};
    insert(core, made);
    if (!(ops->flags & SAC_INLINE))
        core->identity_waits = true;
    return SAC_OK;
}

int sac_app_authenticator(sac_app *app, const sac_authenticator_ops *ops, void *self, sac_err *err)
{
    return add(app, ops, self, false, err);
}

int sac__app_authenticator_last(sac_app *app, const sac_authenticator_ops *ops, void *self,
                                sac_err *err)
{
    return add(app, ops, self, true, err);
}

void sac__app_set_login_page(sac_app *app, const char *path)
{
    app->core->login_page = path;
}

const char *sac__app_login_page(const sac_app *app)
{
    return app->core->login_page;
}

void sac__app_identity_waits(sac_app *app)
{
    app->core->identity_waits = true;
}

/* An authenticator may have said why it refuses; the answer is the guard's. */
static void drop_refusal(sac_req *req)
{
    if (req->reply.kind != SAC__REPLY_PROBLEM)
        return;
    sac__reply_drop(req);
    req->problem = NULL;
}

static int keep_failure(sac_req *req, const sac__authenticator *authenticator, int rc)
{
    if (req->reply.kind != SAC__REPLY_PROBLEM)
        (void)sac_fail(req, rc, "who asks: %s: %s", authenticator->name, sac_err_text(rc));
    req->who.error = rc;
    req->who.problem = req->problem;
    req->who.detail = req->detail;
    return rc;
}

sac_str sac__identity_scheme(sac_str field)
{
    const char *blank = field.n > 0 ? memchr(field.p, ' ', field.n) : NULL;

    return blank ? sac_str_n(field.p, (size_t)(blank - field.p)) : field;
}

/* Whose scheme the Authorization field is of, by its challenge. */
static const sac__authenticator *claims(const sac_req *req)
{
    const sac__authenticator *authenticator = req->core->authenticators;
    const sac_str sent = sac__identity_scheme(sac_req_header(req, "authorization"));

    if (!sent.p)
        return NULL;
    while (authenticator && !sac__token_same(sac__identity_scheme(authenticator->challenge), sent))
        authenticator = authenticator->next;
    return authenticator;
}

static int ask_all(sac_req *req)
{
    const sac__authenticator *authenticator = req->core->authenticators;
    sac_identity *found = authenticator ? sac__arena_get(req->arena, sizeof *found) : NULL;
    int rc = 0;

    if (authenticator && !found)
        return keep_failure(req, authenticator, SAC_ENOMEM);
    for (; authenticator && rc == 0; authenticator = authenticator->next) {
        if (authenticator->last && claims(req))
            break;
        *found = (sac_identity)SAC_IDENTITY(.scheme = authenticator->name);
        rc = authenticator->identify(authenticator->self, req, found);
        if (rc < 0 && rc != SAC_EUNAUTHORIZED)
            return keep_failure(req, authenticator, rc);
    }
    if (rc == SAC_EUNAUTHORIZED)
        drop_refusal(req);
    req->who.refused = rc > 0 ? NULL : claims(req);
    req->who.identity = rc > 0 ? found : NULL;
    return SAC_OK;
}

int sac__req_identify(sac_req *req, const sac_identity **out)
{
    sac__who *who = &req->who;
    int rc = SAC_OK;

    if (who->state == SAC__WHO_UNASKED) {
        who->state = SAC__WHO_ASKING;
        rc = ask_all(req);
        who->state = SAC__WHO_ASKED;
    } else if (who->problem) {
        sac__fail_again(req, who->problem, who->detail);
        rc = who->error;
    }
    if (rc == SAC_OK)
        *out = who->identity;
    return rc;
}

const sac_identity *sac_req_identity(sac_req *req)
{
    const sac_identity *identity = NULL;

    /* What failed is kept: the request fails with it. */
    return sac__req_identify(req, &identity) == SAC_OK ? identity : NULL;
}

void sac__req_forget_identity(sac_req *req)
{
    req->who = (sac__who){.guarded = req->who.guarded, .asked_before = true};
}

static bool is_listed(const sac_str *list, size_t n, const char *wanted)
{
    for (size_t i = 0; i < n; i++)
        if (sac_str_is(list[i], wanted))
            return true;
    return false;
}

bool sac_identity_has_role(const sac_identity *identity, const char *role)
{
    return identity && is_listed(identity->roles, identity->n_roles, role);
}

bool sac_identity_has_scope(const sac_identity *identity, const char *scope)
{
    return identity &&
           (!identity->scoped || is_listed(identity->scopes, identity->n_scopes, scope));
}

int sac__req_guarded(sac_req *req)
{
    req->who.guarded = true;
    return SAC_OK;
}

bool sac__req_has_guard(const sac_req *req)
{
    return req->action ? req->action->guarded : req->early_guarded;
}

int sac__identity_finish(sac_req *req)
{
    const bool guarded = req->who.guarded || sac__req_has_guard(req);
    const sac_str cache = sac_str_of("Cache-Control");
    int rc;

    if (!guarded && req->who.state == SAC__WHO_UNASKED && !req->who.asked_before)
        return SAC_OK;
    rc = sac__headers_merge(&req->headers, sac_str_of("Vary"), sac_str_of("Cookie, Authorization"));
    if (rc == SAC_OK && guarded &&
        !sac__headers_has(&req->headers, cache, sac_str_of("no-store")) &&
        !sac__headers_has(&req->headers, cache, sac_str_of("private")))
        rc = sac__headers_set_static(&req->headers, cache, sac_str_of("private, no-cache"));
    return rc;
}
