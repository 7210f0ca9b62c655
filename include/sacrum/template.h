/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_TEMPLATE_H
#define SACRUM_TEMPLATE_H

/**
 * Mustache templates (the specification's core, whole, and its lambdas as far
 * as they are the library's), rendered from BSON documents.
 *
 * In an app's templates these names stand beside the data's own, which win:
 * - `user`: the document of whoever is signed in, with `id`; empty for nobody
 * - `session`: the session
 * - `flashes`: its messages, each with `category` and `message`
 * - `csrf_token`: the session's token
 * - `request`: `path`, `method`, `origin`
 * - `{{#url_for}}note id={{_id}}{{/url_for}}`: the path of a view, escaped
 * - `{{#json}}notes{{/json}}`: the value of that name as JSON (the plain
 *   dialect), fit for a `<script>` element
 * - `{{#raw}}…{{/raw}}`: what is inside, as it stands: for a client's own
 *   templates
 */
#include <sacrum/alloc.h>
#include <sacrum/req.h>

SAC_BEGIN

/* Templates by themselves. */

/** A compiled template. */
typedef struct sac_template sac_template;

/**
 * Compile a template. The text is copied.
 * Errors: SAC_ESYNTAX with line and reason in `err`, its offset in `pos`;
 * SAC_ELIMIT for sections nested deeper than 64; SAC_ENOMEM.
 * Threads: any.
 */
SAC_API int sac_template_new(sac_str text, const sac_alloc *alloc, sac_template **out,
                             sac_err *err) SAC_MUST_USE;
/** NULL is a no-op. */
SAC_API void sac_template_free(sac_template *template_);

/** Where partials come from: the one of that name, or NULL: it renders as nothing. */
typedef const sac_template *sac_partial(void *self, sac_str name);

/**
 * Render a template with a BSON document. `write` gets the text in pieces; an
 * error of it ends the rendering and is returned. `partial` may be NULL.
 * Errors: SAC_ELIMIT for partials nested deeper than 64 or more than 16 MiB of
 * text; SAC_ECORRUPT; SAC_ENOMEM.
 * Threads: any; one template may be rendered by many at a time.
 */
SAC_API int sac_template_render(const sac_template *template_, sac_str data, sac_partial *partial,
                                void *partial_self, int (*write)(void *self, sac_str text),
                                void *self, sac_err *err) SAC_MUST_USE;

/* Templates of an app. */

/** Copied, with what it points to. */
typedef struct sac_templates {
    size_t size; /**< sizeof this struct: SAC_TEMPLATES sets it. */
    const char *const *folders; /**< Looked into in this order; ends with NULL. */
    const char *ending;         /**< Of the files' names: ".html". */
    bool debug; /**< A file that changed is read again; what is wrong with one is shown. */
} sac_templates;
#define SAC_TEMPLATES(...) { .size = sizeof(sac_templates), __VA_ARGS__ }

/**
 * Give an app templates: every file of the folders and of those in them that
 * ends so is compiled when the app is sealed; "mail/welcome" is the name of
 * mail/welcome.html. A partial's name is the same.
 *
 * Errors: SAC_EINVAL, SAC_EEXIST for a second call, SAC_ENOMEM; at the seal
 * SAC_EIO naming the folder, SAC_ESYNTAX naming file and line.
 * Threads: build phase.
 */
SAC_API int sac_app_templates(sac_app *app, const sac_templates *config, sac_err *err) SAC_MUST_USE;

/** Whether there is one of that name. Threads: any, once sealed. */
SAC_API bool sac_app_has_template(const sac_app *app, const char *name);

/**
 * Answer with a template, as text/html; charset=utf-8. `data` may be empty.
 * Errors: as the other sac_reply_ calls; a template that there is not is 500.
 * Threads: the request's.
 */
SAC_API int sac_reply_template(sac_req *req, int status, const char *name,
                               sac_str data) SAC_MUST_USE;

SAC_END

#endif
