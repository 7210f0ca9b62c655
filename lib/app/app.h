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

/* SAC_EINVAL once an app is sealed: `what` cannot be done any more. */
int sac__app_building(const sac_app *app, const char *what, sac_err *err) SAC_MUST_USE;

/* SAC_EVERSION for a table of a newer library, SAC_EINVAL for one without its macro. */
int sac__app_check_size(size_t size, size_t known, const char *what, sac_err *err) SAC_MUST_USE;

/* Full path of `path` in this group, in memory of the app; NULL when it ends. */
const char *sac__app_path(sac_app *app, const char *path);

/* Memory until sac_app_free(), zeroed; NULL when it ends. Build phase. */
void *sac__app_get(sac_app *app, size_t n);

/* Runs `fn` in sac_app_seal(), the store being open; in the order of the calls. */
int sac__app_at_seal(sac_app *app, int (*fn)(void *self, sac_app *app, sac_err *err), void *self,
                     sac_err *err) SAC_MUST_USE;

/* Runs `fn` in sac_app_free(). */
int sac__app_at_free(sac_app *app, void (*fn)(void *self), void *self) SAC_MUST_USE;

/*
 * Mounts a view of the library's own: the methods in `inline_methods` do not
 * wait (they park), whatever the table's flags say.
 */
int sac__app_mount(sac_app *app, const char *path, const sac_view_ops *ops, void *self,
                   unsigned inline_methods, sac_err *err) SAC_MUST_USE;

/* Takes every mount with this `self` back: what one call mounts, it mounts whole or not. */
void sac__app_unmount(sac_app *app, const void *self);

/* Everything unknown beneath this path is 404, never a catch-all's. */
int sac__app_fence(sac_app *app, const char *path, sac_err *err) SAC_MUST_USE;

/* A further field of the answers to OPTIONS of a mounted path; the value is borrowed. */
int sac__app_set_options(sac_app *app, const char *path, const char *name,
                         const char *value) SAC_MUST_USE;

/* Valid once sealed: 32 bytes derived from the app's secret or the store's, and a key of them for tags. */
const uint8_t *sac__app_secret(const sac_app *app); /* NULL: the app has none */
const sac__hash_key *sac__app_tag_key(const sac_app *app);

/* Methods of all routes at a raw path, for preflights; 0: none. */
unsigned sac__app_methods_at(const sac_app *app, sac_str path);

#endif
