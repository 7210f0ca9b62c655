/* SPDX-License-Identifier: MIT */
#include <sacrum/page.h>

#include <errno.h>
#include <unistd.h>

#include "app/app.h"
#include "app/req.h"
#include "http/media.h"
#include "http/precondition.h"
#include "page/deflate.h"
#include "page/mime.h"

enum {
    SMALLEST = 1024,
    WHOLE = 256 * 1024 /* up to here a body is coded in memory, so that its length is known */
};

/* Of the tag of a coded variant: RFC 9110 §8.8.3 wants one of its own. */
static const char suffix[] = "-gzip\"";
static const size_t suffix_n = sizeof suffix - 1;

typedef struct gzip {
    int level;
} gzip;

/* Cuts the suffix off every tag of a list, in place; the bytes are the request's own. */
static size_t cut_suffixes(char *p, size_t n)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; kept++) {
        if (n - i >= suffix_n && memcmp(p + i, suffix, suffix_n) == 0)
            i += suffix_n - 1;
        p[kept] = p[i++];
    }
    return kept;
}

static bool has_suffix(sac_str list)
{
    return list.n > 0 && memmem(list.p, list.n, suffix, suffix_n);
}

static bool is_taken(const sac_req *req)
{
    const sac_head *head = sac__req_head(req);
    const int quality = sac__accept_coding(head->headers, head->n_headers, "gzip");

    return quality > 0 && quality >= sac__accept_coding(head->headers, head->n_headers, "identity");
}

static bool is_tags(sac_str name)
{
    return sac__header_is(name, "if-none-match") || sac__header_is(name, "if-match");
}

/* Views know nothing of the variants: they judge by the tags as they gave them. */
static void gzip_ask(void *self, sac_req *req)
{
    const sac_head *head = sac__req_head(req);
    const bool reads = sac_req_method(req) & (SAC_GET | SAC_HEAD);

    for (size_t i = 0; i < head->n_headers; i++) {
        sac_str *value = (sac_str *)(uintptr_t)&head->headers[i].value;
        const bool old = reads && sac__header_is(head->headers[i].name, "if-none-match");
        sac_str copy = {NULL, 0};

        if (!has_suffix(*value) || !is_tags(head->headers[i].name))
            continue;
        if (old) { /* the variant is only current for who would get it */
            sac_str *kept = is_taken(req) ? sac_req_alloc(req, sizeof *kept) : NULL;

            copy = sac_req_dup(req, *value);
            if (!kept || !copy.p || sac_req_set(req, self, kept) != SAC_OK)
                continue;
            *kept = copy;
        }
        value->n = cut_suffixes((char *)(uintptr_t)value->p, value->n);
    }
}

static sac_str coded_tag(sac_req *req, sac_str tag)
{
    return sac_req_printf(req, "%.*s%s", (int)tag.n - 1, tag.p, suffix);
}

static bool is_strong(sac_str tag)
{
    return tag.n >= 2 && tag.p[0] == '"';
}

/* 304: the tag of the variant that the client has. */
static int answer_unchanged(sac_req *req, const sac_str *asked, sac_str tag)
{
    sac__headers *headers = sac__req_reply_headers(req);
    sac_str coded;
    int rc = sac__headers_merge(headers, sac_str_of("Vary"), sac_str_of("Accept-Encoding"));

    if (rc != SAC_OK || !asked || !is_strong(tag))
        return rc;
    coded = coded_tag(req, tag);
    if (!coded.p)
        return SAC_ENOMEM;
    return sac__etag_match_whole(*asked, coded) == SAC__ETAG_MATCH
               ? sac__headers_set_static(headers, sac_str_of("ETag"), coded)
               : SAC_OK;
}

static int64_t length_of(const sac__reply *reply)
{
    return reply->kind == SAC__REPLY_BYTES ? (int64_t)reply->bytes.n : reply->length;
}

static bool is_fit(const sac__headers *headers, const sac__reply *reply)
{
    const sac_str type = sac__headers_get(headers->v, headers->n, "content-type");
    const int64_t length = length_of(reply);

    return reply->kind != SAC__REPLY_NONE && reply->status != 204 &&
           (length < 0 || length >= SMALLEST) && sac__mime_is_text(type) &&
           !sac__headers_count(headers->v, headers->n, "content-encoding") &&
           !sac__headers_has(headers, sac_str_of("Cache-Control"), sac_str_of("no-transform"));
}

/* A whole file, small enough; p NULL when it cannot be had. */
static sac_str read_whole(sac_req *req, const sac__reply *reply)
{
    const size_t n = (size_t)reply->length;
    char *p = sac__arena_bytes(sac__req_arena(req), n);
    size_t at = 0;

    while (p && at < n) {
        const ssize_t got = pread(reply->fd, p + at, n - at, (off_t)(reply->offset + at));

        if (got > 0)
            at += (size_t)got;
        else if (got == 0 || errno != EINTR)
            return sac_str_of(NULL);
    }
    return sac_str_n(p, p ? n : 0);
}

/* In memory, where that makes it smaller. */
static bool code_whole(sac_req *req, const gzip *g, sac__reply *reply)
{
    const sac_alloc *alloc = sac_app_allocator(sac_req_app(req));
    const sac_str in = reply->kind == SAC__REPLY_FILE ? read_whole(req, reply) : reply->bytes;
    char *out = in.p ? sac__arena_bytes(sac__req_arena(req), in.n) : NULL;
    size_t n;

    if (!out || !sac__deflate_bytes(alloc, g->level, in, out, in.n - 1, &n))
        return false;
    if (reply->kind == SAC__REPLY_FILE)
        close(reply->fd);
    *reply = (sac__reply){
        .kind = SAC__REPLY_BYTES, .status = reply->status, .bytes = sac_str_n(out, n), .fd = -1};
    return true;
}

static bool code(sac_req *req, const gzip *g, sac__reply *reply)
{
    const int64_t length = length_of(reply);

    if (reply->kind != SAC__REPLY_STREAM && length <= WHOLE)
        return code_whole(req, g, reply);
    return sac__deflate_reply(req, g->level, reply) == SAC_OK;
}

/* Where memory ends, the answer goes out as it is. */
static void code_and_say(sac_req *req, const gzip *g, sac__reply *reply, sac_str tag)
{
    sac__headers *headers = sac__req_reply_headers(req);
    const sac_str coded = is_strong(tag) ? coded_tag(req, tag) : tag;

    if ((tag.p && !coded.p) || sac__headers_set_static(headers, sac_str_of("Content-Encoding"),
                                                       sac_str_of("gzip")) != SAC_OK)
        return;
    if (!code(req, g, reply)) {
        sac__headers_remove(headers, "content-encoding");
        return;
    }
    sac__headers_remove(headers, "accept-ranges");
    if (coded.p) /* in the place of what is there: it cannot fail */
        (void)!sac__headers_set_static(headers, sac_str_of("ETag"), coded);
}

static int gzip_answer(void *self, sac_req *req)
{
    sac__reply *reply = sac__req_reply(req);
    sac__headers *headers = sac__req_reply_headers(req);
    const sac_str tag = sac__headers_get(headers->v, headers->n, "etag");
    int rc;

    if (reply->status == 304)
        return tag.p ? answer_unchanged(req, sac_req_get(req, self), tag) : SAC_OK;
    if (!is_fit(headers, reply))
        return SAC_OK;
    rc = sac__headers_merge(headers, sac_str_of("Vary"), sac_str_of("Accept-Encoding"));
    if (rc == SAC_OK && reply->status != 206 && is_taken(req))
        code_and_say(req, self, reply, tag);
    return rc;
}

static const sac__coding coding = {.ask = gzip_ask, .answer = gzip_answer};

int sac_app_gzip(sac_app *app, int level, sac_err *err)
{
    int rc = sac__app_building(app, "gzip", err);
    gzip *made;

    if (rc != SAC_OK)
        return rc;
    if (level < 0 || level > 9)
        return sac_err_set(err, SAC_EINVAL, "gzip: a level of 1 to 9, or 0");
    made = sac__app_get(app, sizeof *made);
    if (!made)
        return sac_err_set(err, SAC_ENOMEM, "gzip: no memory");
    made->level = level ? level : 1;
    return sac__app_set_coding(app, &coding, made, err);
}
