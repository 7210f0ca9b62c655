/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_IDENTITY_H
#define SACRUM_IDENTITY_H

/**
 * Who asks: what a way of signing in (a session, a token, Basic, one of your
 * own) found out about the sender of a request, and the decorators that guard
 * views by it.
 */
#include <sacrum/app.h>
#include <sacrum/bson.h>
#include <sacrum/req.h>

SAC_BEGIN

/** Whoever asks. What it points to lives as long as the request. */
typedef struct sac_identity {
    size_t size;            /**< sizeof this struct: SAC_IDENTITY sets it. */
    sac_value id;           /**< `_id` of the user. */
    sac_str name;           /**< What they sign in with. */
    const sac_str *roles;
    size_t n_roles;
    const sac_str *scopes;  /**< What a token is limited to. */
    size_t n_scopes;
    bool scoped;            /**< `scopes` limit it; false: all that the user may do. */
    bool ambient;           /**< A browser sends it unasked (cookie, Basic): CSRF is judged. */
    const char *scheme;     /**< Name of the authenticator that knew them. */
    sac_str user;           /**< Their document, BSON, without secret fields; may be empty. */
} sac_identity;
#define SAC_IDENTITY(...) { .size = sizeof(sac_identity), __VA_ARGS__ }

/**
 * Who asks; NULL: nobody that is known. Found out at the first call.
 *
 * Where it cannot be found out (the store is away) it is NULL too, and the
 * request fails with that, whatever is answered.
 * Threads: the request's.
 */
SAC_API const sac_identity *sac_req_identity(sac_req *req);

/** Whether they have a role. `identity` may be NULL: false. */
SAC_API bool sac_identity_has_role(const sac_identity *identity, const char *role);
/** Whether they may do what a scope names: true where none limits them. NULL: false. */
SAC_API bool sac_identity_has_scope(const sac_identity *identity, const char *scope);

/** A way to know who asks. Written once as a static const table. */
typedef struct sac_authenticator_ops {
    size_t size;      /**< sizeof this struct: SAC_AUTHENTICATOR_OPS sets it. */
    const char *name; /**< Becomes sac_identity.scheme; never NULL. */
    unsigned flags;   /**< SAC_INLINE: `identify` does not wait. */
    /**
     * Look at the request's credentials: 1 and `out` filled in; 0 when it
     * carries none of this kind, then the next one is asked;
     * SAC_EUNAUTHORIZED when they are wrong: then nobody asks, and no other
     * kind is looked at; another error fails the request. Mandatory.
     */
    int (*identify)(void *self, sac_req *req, sac_identity *out);
    const char *challenge; /**< For WWW-Authenticate of a 401, as `Bearer`; NULL: none. */
} sac_authenticator_ops;
#define SAC_AUTHENTICATOR_OPS(...) { .size = sizeof(sac_authenticator_ops), __VA_ARGS__ }

/**
 * Add a way to know who asks; they are asked in the order of the calls, the
 * session last.
 * `ops` and `self` are borrowed and must outlive the app.
 * Errors: SAC_EINVAL, SAC_EVERSION, SAC_ENOMEM. Threads: build phase.
 */
SAC_API int sac_app_authenticator(sac_app *app, const sac_authenticator_ops *ops, void *self,
                                  sac_err *err) SAC_MUST_USE;

/*
 * The guards, as rows of a table of decorators. Answers under a guard are
 * `private` to caches and have `Vary: Cookie, Authorization`.
 *
 *     static const sac_decorator members_only[] = {
 *         SAC_LOGIN_REQUIRED, SAC_ROLE_REQUIRED("admin"), {.fn = NULL}};
 */

/** 401 and a problem document, unless somebody is signed in: for what scripts call. */
SAC_API sac_decorate sac_login_required;
/** 303 to the login page (sac_accounts.login) with `?next=`: for pages. */
SAC_API sac_decorate sac_login_required_page;
/** 401, or 403 without the role that `self` (a string) names. */
SAC_API sac_decorate sac_role_required;
/** 401, or 403 for a token without the scope that `self` (a string) names. */
SAC_API sac_decorate sac_scope_required;

#define SAC_LOGIN_REQUIRED {.fn = sac_login_required, .flags = SAC_INLINE | SAC_GUARD}
#define SAC_LOGIN_REQUIRED_PAGE {.fn = sac_login_required_page, .flags = SAC_INLINE | SAC_GUARD}
#define SAC_ROLE_REQUIRED(role)                                                \
    {.fn = sac_role_required, .self = (void *)(role), .flags = SAC_INLINE | SAC_GUARD}
#define SAC_SCOPE_REQUIRED(scope)                                              \
    {.fn = sac_scope_required, .self = (void *)(scope), .flags = SAC_INLINE | SAC_GUARD}

SAC_END

#endif
