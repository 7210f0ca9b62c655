/* SPDX-License-Identifier: MIT */
#include "app/exchange/exchange.h"

#include <sacrum/json.h>

#include "http/media.h"
#include "http/token.h"
#include "json/decode.h"

sac_str sac_req_body(const sac_req *req)
{
    return sac_str_n(req->body ? req->body : "", req->n_body);
}

static bool is_json(const sac__media *media)
{
    static const char suffix[] = "+json";
    const size_t n = sizeof suffix - 1;
    const sac_str type = media->type;

    return sac__media_is(media, "application/json") ||
           (type.n > n && sac__token_same(sac_str_n(type.p + type.n - n, n), sac_str_of(suffix)));
}

int sac__req_json_type(sac_req *req)
{
    sac__media media;
    sac_str charset;

    if (!sac__media_parse(sac_req_header(req, "content-type"), &media) || !is_json(&media))
        return sac_problem(req, "unsupported_media_type", "the body must be application/json");
    charset = sac__media_param(&media, "charset");
    if (charset.p && !sac__token_same(charset, sac_str_of("utf-8")))
        return sac_problem(req, "unsupported_media_type", "the body's charset must be UTF-8");
    return SAC_OK;
}

int sac__req_json_failed(sac_req *req, int rc, const sac_err *err)
{
    static const char bad_key[] = "bad key";

    switch (rc) {
    case SAC_ESYNTAX:
        return sac_problem(req,
                           strncmp(err->text, bad_key, sizeof bad_key - 1) ? "bad_json" : "bad_key",
                           "%s", err->text);
    case SAC_EINVAL: return sac_problem(req, "not_an_object", "%s", err->text);
    case SAC_ELIMIT:
        return sac_problem(req, strstr(err->text, "keys") ? "too_many_keys" : "too_deep", "%s",
                           err->text);
    case SAC_ETOOBIG: return sac_problem(req, "body_too_large", "%s", err->text);
    default: return sac_fail(req, rc, "body: %s", err->text);
    }
}

int sac_req_body_bson(sac_req *req, sac_str *doc)
{
    const sac__json_decoding decoding = {.flags = SAC_JSON_KEY_RULES,
                                         .max_depth = req->core->config.max_depth,
                                         .max_keys = req->core->config.max_keys};
    sac_err err = {.code = 0};
    sac_bson made;
    int rc = sac__req_json_type(req);

    if (rc != SAC_OK)
        return rc;
    sac_bson_init(&made, sac__arena_alloc(req->arena), 0);
    rc = sac__json_decode(&decoding, sac_req_body(req), &made, &err);
    if (rc == SAC_OK)
        rc = sac_bson_finish(&made, doc);
    return rc == SAC_OK ? rc : sac__req_json_failed(req, rc, &err);
}

static int read_collected(sac_req *req, void *buf, size_t cap, size_t *n)
{
    const size_t left = req->n_body - req->read_body;

    if (left == 0)
        return 0;
    *n = left < cap ? left : cap;
    memcpy(buf, req->body + req->read_body, *n);
    req->read_body += *n;
    return 1;
}

int sac_req_read(sac_req *req, void *buf, size_t cap, size_t *n)
{
    sac_exchange *exchange = sac__exchange_of(req);
    sac__pipe *pipe = exchange->body;
    size_t got;
    int rc;

    if (cap == 0)
        return SAC_EINVAL;
    if (!pipe)
        return read_collected(req, buf, cap, n);
    pthread_mutex_lock(&exchange->lock);
    while (sac__pipe_used(pipe) == 0 && !pipe->ended && !exchange->closed && !exchange->body_done)
        pthread_cond_wait(&exchange->cond, &exchange->lock);
    got = exchange->closed ? 0 : sac__pipe_take(pipe, buf, cap);
    if (got > 0)
        rc = 1;
    else
        rc = !pipe->ended || exchange->closed ? SAC_ECLOSED : pipe->error;
    if (got > 0 && sac__pipe_used(pipe) <= SAC__PIPE_HALF)
        sac__exchange_wake(exchange);
    pthread_mutex_unlock(&exchange->lock);
    if (rc == 1)
        *n = got;
    return rc;
}
