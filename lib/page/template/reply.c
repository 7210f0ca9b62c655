/* SPDX-License-Identifier: MIT */
#include "page/template/page.h"

#include <stdio.h>

#include <sacrum/cjson.h>

#include "app/app.h"
#include "app/req.h"
#include "core/alloc.h"
#include "http/precondition.h"
#include "page/template/escape.h"

static const char type[] = "text/html; charset=utf-8";

/* In memory of the request: nothing is freed. */
static int read_now(sac__page *page, sac_str name, const sac_template **out)
{
    sac_template *made = NULL;
    const int rc = sac__library_read(page->library, page->req, name, &made, &page->err);

    *out = made;
    return rc;
}

static int find(sac__page *page, sac_str name, const sac_template **out)
{
    const sac__library_entry *entry;

    if (page->library->debug)
        return read_now(page, name, out);
    entry = sac__library_find(page->library, name);
    *out = entry ? entry->made : NULL;
    return entry ? SAC_OK : SAC_ENOTFOUND;
}

/* Each file is read once a page, however often the partial is used. */
static const sac_template *find_now(sac__page *page, sac_str name)
{
    sac__page_partial *partial = page->partials;
    int rc;

    while (partial && !sac_str_eq(partial->name, name))
        partial = partial->next;
    if (partial)
        return partial->made;
    partial = sac_req_alloc(page->req, sizeof *partial);
    if (!partial) {
        page->partial_error = SAC_ENOMEM;
        return NULL;
    }
    *partial = (sac__page_partial){.name = name, .next = page->partials};
    rc = find(page, name, &partial->made);
    if (rc != SAC_OK && rc != SAC_ENOTFOUND)
        page->partial_error = rc;
    page->partials = partial;
    return partial->made;
}

static const sac_template *find_partial(void *self, sac_str name)
{
    sac__page *page = self;
    const sac__library_entry *entry;

    if (page->library->debug)
        return find_now(page, name);
    entry = sac__library_find(page->library, name);
    return entry ? entry->made : NULL;
}

static int render(sac__page *page, const char *name, sac_str data, sac__buf *out)
{
    const sac_rendering with = SAC_RENDERING(.data = data, .partial = find_partial,
                                             .partial_self = page);
    const sac__beside beside = {.name = sac__page_name, .url = sac__page_url, .self = page};
    const sac__render_to to = {.buf = out};
    const sac_template *t;
    int rc = find(page, sac_str_of(name), &t);

    if (rc == SAC_ENOTFOUND)
        return sac_err_set(&page->err, rc, "there is no template \"%s\"", name);
    if (rc == SAC_OK)
        rc = sac__template_render(t, &with, &beside, &to, &page->err);
    return rc == SAC_OK ? page->partial_error : rc;
}

/* What is wrong, for who writes the template. */
static int reply_reason(sac__page *page)
{
    static const char head[] = "<!DOCTYPE html>\n<meta charset=\"utf-8\">\n"
                               "<title>Template error</title>\n<h1>Template error</h1>\n<p>";
    const sac_str reason = sac_str_of(page->err.text);
    const size_t room = sizeof head + reason.n * SAC__ESCAPE_WORST + SAC__ESCAPE_SLACK + 8;
    char *text = sac_req_alloc(page->req, room), *end;

    if (!text)
        return sac_fail(page->req, SAC_ENOMEM, "page: out of memory");
    memcpy(text, head, sizeof head - 1);
    end = sac__html_escape(text + sizeof head - 1, reason);
    memcpy(end, "</p>\n", 5);
    return sac_reply_static(page->req, 500, type, sac_str_n(text, (size_t)(end + 5 - text)));
}

static int fail(sac__page *page, const char *name, int rc)
{
    if (page->failed)
        return rc;
    if (rc == SAC_ENOMEM)
        return sac_fail(page->req, rc, "template %s: out of memory", name);
    if (!page->library || !page->library->debug)
        return sac_problem(page->req, "internal", "template %s: %s", name, page->err.text);
    sac_req_log(page->req, SAC_LOG_ERROR, "template %s: %s", name, page->err.text);
    return reply_reason(page);
}

static bool is_set(sac_req *req, const char *name)
{
    const sac__headers *headers = sac__req_reply_headers(req);

    return sac__headers_count(headers->v, headers->n, name) > 0;
}

/* What the program has set stays. */
static int set_cache(const sac__page *page)
{
    if (is_set(page->req, "cache-control"))
        return SAC_OK;
    return sac_reply_header(page->req, "Cache-Control",
                            sac_str_of(page->personal ? "private, no-cache" : "no-cache"));
}

/* A tag over the bytes, where they are the same the next time: 304 to who has them. */
static int reply_tagged(const sac__page *page, sac_str text)
{
    sac_req *req = page->req;
    const uint64_t stamp = sac__hash_keyed(sac__app_tag_key(sac_req_app(req)), text.p, text.n);
    char tag[32];
    int rc;

    snprintf(tag, sizeof tag, "\"%016llx\"", (unsigned long long)stamp);
    rc = sac_reply_header(req, "ETag", sac_str_of(tag));
    if (rc != SAC_OK)
        return rc;
    switch (sac__etag_match_whole(sac_req_header(req, "if-none-match"), sac_str_of(tag))) {
    case SAC__ETAG_MATCH:
    case SAC__ETAG_ANY: return sac_reply_empty(req, 304);
    default: return sac_reply_static(req, 200, type, text);
    }
}

static bool is_tagged(const sac__page *page, int status)
{
    return status == 200 && !page->token && sac_req_method(page->req) & (SAC_GET | SAC_HEAD) &&
           !is_set(page->req, "etag");
}

int sac_reply_template(sac_req *req, int status, const char *name, sac_str data)
{
    const size_t most = sac__app_config(sac_req_app(req))->max_memory;
    sac__page page = {.req = req, .library = sac__library_of(sac_req_app(req))};
    sac__buf text;
    int rc;

    sac__buf_init(&text, sac_req_allocator(req),
                  most < SAC__TEMPLATE_MAX ? most : SAC__TEMPLATE_MAX);
    if (page.library)
        rc = render(&page, name, data, &text);
    else
        rc = sac_err_set(&page.err, SAC_ENOTFOUND, "the app has no templates");
    if (rc != SAC_OK)
        return fail(&page, name, rc);
    rc = set_cache(&page);
    if (rc != SAC_OK)
        return rc;
    if (is_tagged(&page, status))
        return reply_tagged(&page, sac__buf_str(&text));
    return sac_reply_static(req, status, type, sac__buf_str(&text));
}

int sac_reply_template_cjson(sac_req *req, int status, const char *name, const struct cJSON *tree)
{
    sac_err err = {.code = 0};
    sac_str data = {NULL, 0};
    const int rc = tree ? sac_cjson_bson(tree, sac_req_allocator(req), &data, &err) : SAC_OK;

    if (rc == SAC_ENOMEM)
        return sac_fail(req, rc, "template %s: out of memory", name);
    if (rc != SAC_OK)
        return sac_problem(req, "internal", "template %s: %s", name, err.text);
    return sac_reply_template(req, status, name, data);
}
