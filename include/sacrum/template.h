/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_TEMPLATE_H
#define SACRUM_TEMPLATE_H

/**
 * Mustache templates (the specification's core, whole, and its lambdas as far
 * as they are the library's), rendered from BSON documents.
 *
 * In an app's templates these names stand beside the data's own, which win:
 * - `user`: the document of whoever is signed in, with `id` and `name`; empty
 *   for nobody
 * - `session`: the session, without what is the library's own in it
 * - `flashes`: its messages, each with `category` and `message`
 * - `csrf_token`: the session's token
 * - `request`: `path`, `method`, `origin`
 *
 * And these sections are the library's, whatever is in the data:
 * - `{{#url_for}}note id={{_id}}{{/url_for}}`: the path of a view, escaped
 * - `{{#json}}notes{{/json}}`: the value of that name as JSON (the plain
 *   dialect), fit for a `<script>` element; `null` when there is none
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

/** What a template is rendered with; all is optional. */
typedef struct sac_rendering {
    size_t size;          /**< sizeof this struct: SAC_RENDERING sets it. */
    sac_str data;         /**< A document; empty: {}. */
    sac_value value;      /**< In place of `data`: a value of any type, which is `{{.}}`. */
    sac_partial *partial; /**< NULL: there are no partials. */
    void *partial_self;
} sac_rendering;
#define SAC_RENDERING(...) { .size = sizeof(sac_rendering), __VA_ARGS__ }

/**
 * Render a template. `write` gets the text in pieces; an error of it ends the
 * rendering and is returned.
 * Errors: SAC_ELIMIT for partials nested deeper than 64, more than 16 MiB of
 * text or 2^22 tags gone through; SAC_ECORRUPT; SAC_ENOMEM; SAC_EVERSION.
 * Threads: any; one template may be rendered by many at a time.
 */
SAC_API int sac_template_render(const sac_template *template_, const sac_rendering *with,
                                int (*write)(void *self, sac_str text), void *self,
                                sac_err *err) SAC_MUST_USE;

/* Templates of an app. */

/** Copied, with what it points to. */
typedef struct sac_templates {
    size_t size; /**< sizeof this struct: SAC_TEMPLATES sets it. */
    const char *const *folders; /**< Looked into in this order; ends with NULL. */
    const char *ending;         /**< Of the files' names; NULL: ".html". */
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
 * The answer has `Cache-Control: no-cache` (`private` where the template looked
 * at who asks or at the session) unless one is set, and one of 200 to a GET a
 * tag over its bytes, with 304 to who has them.
 * Errors: as the other sac_reply_ calls; a template that there is not, or that
 * fails, is 500.
 * Threads: the request's.
 */
SAC_API int sac_reply_template(sac_req *req, int status, const char *name,
                               sac_str data) SAC_MUST_USE;

SAC_END

#endif
