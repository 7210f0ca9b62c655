/* SPDX-License-Identifier: MIT */
#include <sacrum/page.h>

#include <stdio.h>

#include "app/app.h"
#include "app/page.h"
#include "app/req.h"
#include "core/buf.h"
#include "http/media.h"

enum { MAX_NAME = 100, MAX_PAGE = 64 * 1024 };

typedef struct pages {
    char name[MAX_NAME + 1];
} pages;

/* A browser that loads a page, and no script's request. */
static bool is_navigation(sac_req *req)
{
    const sac_str accept = sac_req_header(req, "accept");
    const sac_str mode = sac_req_header(req, "sec-fetch-mode");
    sac_str params;

    if (sac_req_header(req, "x-requested-with").p || (mode.p && !sac_str_is(mode, "navigate")))
        return false;
    return sac__accept_quality(accept, "text/html", &params) >
           sac__accept_quality(accept, "application/json", &params);
}

static int print_data(sac_req *req, const sac_problem_info *info, sac_str *doc)
{
    sac_bson data;

    sac_bson_init(&data, sac_req_allocator(req), MAX_PAGE);
    sac_bson_add_int32(&data, "status", info->status);
    sac_bson_add_str(&data, "code", sac_str_of(info->code));
    sac_bson_add_str(&data, "title", sac_str_of(info->title));
    sac_bson_add_str(&data, "detail", info->detail.p ? info->detail : sac_str_of(""));
    return sac_bson_finish(&data, doc);
}

static int reply_template(sac_req *req, const sac_problem_info *info, const char *name)
{
    sac_str doc;
    int rc = print_data(req, info, &doc);

    if (rc == SAC_OK)
        rc = sac__req_page(req, info->status, name, doc);
    if (rc != SAC_OK)
        sac_req_log(req, SAC_LOG_ERROR, "the error page %s failed: %s", name, sac_err_text(rc));
    return rc;
}

static void add_escaped(sac__buf *out, sac_str text)
{
    for (size_t i = 0; i < text.n; i++)
        switch (text.p[i]) {
        case '<': sac__buf_add_text(out, "&lt;"); break;
        case '>': sac__buf_add_text(out, "&gt;"); break;
        case '&': sac__buf_add_text(out, "&amp;"); break;
        case '"': sac__buf_add_text(out, "&quot;"); break;
        case '\'': sac__buf_add_text(out, "&#39;"); break;
        default: sac__buf_add_char(out, text.p[i]);
        }
}

static int reply_plain(sac_req *req, const sac_problem_info *info)
{
    sac__buf out;

    sac__buf_init(&out, sac_req_allocator(req), MAX_PAGE);
    sac__buf_printf(&out,
                    "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
                    "<meta name=\"viewport\" content=\"width=device-width\">\n"
                    "<title>%s</title>\n<h1>%s</h1>\n<p>",
                    info->title, info->title);
    add_escaped(&out, info->detail);
    sac__buf_printf(&out, "</p>\n<p>Status %d</p>\n</html>\n", info->status);
    return out.error ? out.error
                     : sac_reply_static(req, info->status, "text/html; charset=utf-8",
                                        sac__buf_str(&out));
}

/* Where neither a template nor the page can be made, the library's document goes out. */
static int error_page(void *self, sac_req *req)
{
    const pages *p = self;
    const sac_app *app = sac_req_app(req);
    sac_problem_info info;
    char name[MAX_NAME + 1];

    if (sac__app_fenced(app, sac__req_raw_path(req), sac__req_arena(req))) /* it is the API's */
        return SAC_OK;
    if (sac__headers_merge(sac__req_reply_headers(req), sac_str_of("Vary"), sac_str_of("Accept")) !=
        SAC_OK)
        return SAC_ENOMEM;
    if (!is_navigation(req))
        return SAC_OK;
    info = *sac_req_problem(req);
    snprintf(name, sizeof name, "error_%d", info.status);
    if (sac__app_has_page(app, name) && reply_template(req, &info, name) == SAC_OK)
        return SAC_OK;
    if (sac__app_has_page(app, p->name) && reply_template(req, &info, p->name) == SAC_OK)
        return SAC_OK;
    return reply_plain(req, &info);
}

int sac_app_error_pages(sac_app *app, const char *name, sac_err *err)
{
    const sac_str wanted = sac_str_of(name ? name : "error");
    pages *made;
    int rc = sac__app_building(app, "error pages", err);

    if (rc != SAC_OK)
        return rc;
    if (wanted.n == 0 || wanted.n > MAX_NAME)
        return sac_err_set(err, SAC_EINVAL, "error pages: a name of 1 to 100 bytes");
    made = sac__app_get(app, sizeof *made);
    if (!made)
        return sac_err_set(err, SAC_ENOMEM, "error pages: no memory");
    memcpy(made->name, wanted.p, wanted.n);
    return sac__app_set_error_page(app, error_page, made, err);
}
