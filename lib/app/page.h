/* SPDX-License-Identifier: MIT */
#ifndef APP_PAGE_H
#define APP_PAGE_H

#include <sacrum/app.h>
#include <sacrum/req.h>

/*
 * Pages made of templates, for the layers between lib/app and lib/page, which
 * alone knows templates: it says here how one is rendered.
 */

/* As sac_reply_template() and sac_app_has_template(). */
typedef int sac__page_render(sac_req *req, int status, const char *name, sac_str data);
typedef bool sac__page_has(const sac_app *app, const char *name);

/* sac_app_templates() calls it. Build phase. */
void sac__app_set_page(sac_app *app, sac__page_render *render, sac__page_has *has);

/* Whether there is a template of that name; false without templates. Once sealed. */
bool sac__app_has_page(const sac_app *app, const char *name);
/* Answers with it: only when sac__app_has_page() is true. */
int sac__req_page(sac_req *req, int status, const char *name, sac_str data) SAC_MUST_USE;

#endif
