/* SPDX-License-Identifier: MIT */
#ifndef APP_APP_H
#define APP_APP_H

#include <sacrum/app.h>

#include "app/router/router.h"
#include "core/hash.h"

/* What the layers above lib/app may do with an app. */

/* The config with every default filled in. */
const sac_app_config *sac__app_config(const sac_app *app);

/* Whether reads run on the host's thread: once the store is open, it has a say in this too. */
bool sac__app_reads_inline(const sac_app *app);

/* These methods of what is mounted with this `self` do wait. Until it is sealed. */
void sac__app_set_waiting(sac_app *app, const void *self, unsigned methods);

/* These methods of what is mounted with this `self` are as under a SAC_GUARD. Until it is sealed. */
void sac__app_set_guarded(sac_app *app, const void *self, unsigned methods);

/* SAC_EINVAL once an app is sealed: `what` cannot be done any more. */
int sac__app_building(const sac_app *app, const char *what, sac_err *err) SAC_MUST_USE;

/* SAC_EVERSION for a table of a newer library, SAC_EINVAL for one without its macro. */
int sac__app_check_size(size_t size, size_t known, const char *what, sac_err *err) SAC_MUST_USE;

/* Full path of `path` in this group, in memory of the app; NULL when it ends. */
const char *sac__app_path(sac_app *app, const char *path);

/* Memory until sac_app_free(), zeroed; NULL when it ends. Build phase. */
void *sac__app_get(sac_app *app, size_t n);

/* A copy of a text, NUL behind it; p NULL when memory ends. Build phase. */
sac_str sac__app_dup(sac_app *app, const char *text);

/* The app of a group; of an app itself. */
sac_app *sac__app_root(sac_app *app);

/* Keeps what a layer above has for the app, under an address of its own; as sac_req_set(). */
int sac__app_keep(sac_app *app, const void *key, void *value) SAC_MUST_USE;
void *sac__app_kept(const sac_app *app, const void *key); /* NULL: nothing is. Any time. */

/* Middleware of the whole app, before all that it has by now. */
int sac__app_use_first(sac_app *app, const sac_middleware_ops *ops, void *self,
                       sac_err *err) SAC_MUST_USE;

/* Runs `fn` in sac_app_seal(), the store being open; in the order of the calls. */
int sac__app_at_seal(sac_app *app, int (*fn)(void *self, sac_app *app, sac_err *err), void *self,
                     sac_err *err) SAC_MUST_USE;

/* The app or group that a group is of; NULL: it is the app. Any time. */
const sac_app *sac__app_parent(const sac_app *app);

/* Runs `fn` on every answer of an app or group before it goes: of nested ones the innermost. */
void sac__app_at_answer(sac_app *app, int (*fn)(void *self, sac_req *req), void *self);

/* Runs `fn` in sac_app_free(). */
int sac__app_at_free(sac_app *app, void (*fn)(void *self), void *self) SAC_MUST_USE;
/* The same while workers and store are still there: what redeems tickets ends in it. */
int sac__app_at_stop(sac_app *app, void (*fn)(void *self), void *self) SAC_MUST_USE;

/*
 * Mounts a view of the library's own: the methods in `inline_methods` do not
 * wait (they park), whatever the table's flags say.
 */
int sac__app_mount(sac_app *app, const char *path, const sac_view_ops *ops, void *self,
                   unsigned inline_methods, sac_err *err) SAC_MUST_USE;

/*
 * Of GET and HEAD, what is mounted with this `self` leaves to the view `ops`
 * what `declines` says: asked before anything runs, on the host's thread.
 */
int sac__app_set_instead(sac_app *app, void *self, const sac_view_ops *ops,
                         bool (*declines)(void *self, sac_req *req), sac_err *err) SAC_MUST_USE;

/* What is tried for a problem that no handler of the program's answers. Inline. SAC_EEXIST. */
int sac__app_set_error_page(sac_app *app, sac_handler *handler, void *self,
                            sac_err *err) SAC_MUST_USE;

/* A content coding of answers: of an app or a group, the innermost one's. */
typedef struct sac__coding {
    void (*ask)(void *self, sac_req *req);   /* once the view is known */
    int (*answer)(void *self, sac_req *req); /* when all else has run; not of a bare 500 */
} sac__coding;
int sac__app_set_coding(sac_app *app, const sac__coding *coding, void *self,
                        sac_err *err) SAC_MUST_USE; /* SAC_EEXIST */

/* Takes every mount with this `self` back: what one call mounts, it mounts whole or not. */
void sac__app_unmount(sac_app *app, const void *self);

/* Everything unknown beneath this path is 404, never a catch-all's. */
int sac__app_fence(sac_app *app, const char *path, sac_err *err) SAC_MUST_USE;

/* Whether a raw path is beneath one. */
bool sac__app_fenced(const sac_app *app, sac_str path, sac__arena *arena);

/* A further field of the answers to OPTIONS of a mounted path; the value is borrowed. */
int sac__app_set_options(sac_app *app, const char *path, const char *name,
                         const char *value) SAC_MUST_USE;

/* Valid once sealed: 32 bytes derived from the app's secret or the store's, and a key of them for tags. */
const uint8_t *sac__app_secret(const sac_app *app); /* NULL: the app has none */
const sac__hash_key *sac__app_tag_key(const sac_app *app);

/* Methods of all routes at a raw path, for preflights; 0: none. */
unsigned sac__app_methods_at(const sac_app *app, sac_str path);

#endif
