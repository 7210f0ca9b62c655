/* SPDX-License-Identifier: MIT */
#ifndef SESSION_SESSION_H
#define SESSION_SESSION_H

#include <sacrum/session.h>

/*
 * What the layers above may do with a session: its keys that begin with `_`
 * are theirs. `_user_id`, `_version`, `_csrf`; here: `_permanent`, `_flashes`.
 * Reading is sac_session_get() & co.
 */

/* Whether sac_app_sessions() was called; of the app or any of its groups. Any time. */
bool sac__app_has_sessions(const sac_app *app);

/* Why the session cannot be read, though it may be there; the request fails with it. 0: it can. */
int sac__session_error(sac_req *req);

/* As sac_session_set() and sac_session_remove(), for any key. */
int sac__session_set(sac_req *req, const char *key, sac_value value) SAC_MUST_USE;
int sac__session_remove(sac_req *req, const char *key) SAC_MUST_USE;

#endif
