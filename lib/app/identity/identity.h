/* SPDX-License-Identifier: MIT */
#ifndef APP_IDENTITY_IDENTITY_H
#define APP_IDENTITY_IDENTITY_H

#include <sacrum/identity.h>

/* Who asks, for the layers above lib/app. */

/* 0, `*out` NULL for nobody; an error with the problem set: return it. */
int sac__req_identify(sac_req *req, const sac_identity **out) SAC_MUST_USE;
/* Finds out anew at the next call: someone signed in or out. */
void sac__req_forget_identity(sac_req *req);
/* 401 with the challenges of the app's authenticators. */
int sac__req_refuse_stranger(sac_req *req);
/* 403 for a token without a scope (RFC 6750 §3.1). */
int sac__req_refuse_scope(sac_req *req, const char *scope);
/* Sets what every answer under a guard has: private, Vary. 0, or an error with the problem set. */
int sac__req_guarded(sac_req *req) SAC_MUST_USE;
/* Whether some decorator of the view's method is a SAC_GUARD, or a resource said so. */
bool sac__req_has_guard(const sac_req *req);

/*
 * As sac_app_authenticator(), but it is asked after all others: for what a
 * browser sends unasked. It is not asked where an Authorization field is of a
 * scheme that another one challenges for: then nobody asks.
 */
int sac__app_authenticator_last(sac_app *app, const sac_authenticator_ops *ops, void *self,
                                sac_err *err) SAC_MUST_USE;

/* The scheme of an Authorization field's value, or of a challenge. */
sac_str sac__identity_scheme(sac_str field);

/* Where sac_login_required_page leads to; borrowed. Build phase. */
void sac__app_set_login_page(sac_app *app, const char *path);
const char *sac__app_login_page(const sac_app *app); /* NULL: there is none */
/* Finding out who asks waits: no chain of the app stays on the host's thread. Until it is sealed. */
void sac__app_identity_waits(sac_app *app);

#endif
