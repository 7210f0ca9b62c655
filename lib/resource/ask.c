/* SPDX-License-Identifier: MIT */
#include "resource/ask.h"

#include <strings.h>

#include "http/media.h"
#include "http/precondition.h"

#define JSON "application/json"

static int no_memory(sac_req *req)
{
    return sac_fail(req, SAC_ENOMEM, "no memory for a request");
}

int sac__ask_header(const sac__ask *ask, const char *name, sac_str value)
{
    const int rc = sac__headers_set_static(sac__req_reply_headers(ask->req), sac_str_of(name),
                                           value);

    return rc == SAC_OK ? rc : no_memory(ask->req);
}

int sac__ask_applied(const sac__ask *ask)
{
    return sac__ask_header(ask, "Preference-Applied", sac_str_of("return=minimal"));
}

const char *sac__ask_type(const sac__ask *ask)
{
    static const char *const types[SAC__DIALECTS] = {JSON, JSON "; dialect=relaxed",
                                                     JSON "; dialect=canonical"};

    return types[ask->dialect];
}

/* Several fields of one name are one list (RFC 9110 §5.3). */
static bool take(sac__ask *ask, sac_str *field, sac_str value)
{
    if (field->p)
        *field = sac_req_printf(ask->req, "%.*s, %.*s", (int)field->n, field->p, (int)value.n,
                                value.p);
    else
        *field = value.p ? value : sac_str_of("");
    return field->p != NULL;
}

static sac_str *field_of(sac__ask *ask, sac_str name)
{
    switch (name.n) {
    case 6:
        if (sac__header_is(name, "accept"))
            return &ask->accept;
        return sac__header_is(name, "prefer") ? &ask->prefer : NULL;
    case 8: return sac__header_is(name, "if-match") ? &ask->if_match : NULL;
    case 12: return sac__header_is(name, "content-type") ? &ask->content_type : NULL;
    case 13:
        if (sac__header_is(name, "if-none-match"))
            return &ask->if_none_match;
        return sac__header_is(name, "content-range") ? &ask->content_range : NULL;
    default: return NULL;
    }
}

static int read_fields(sac__ask *ask)
{
    const sac_head *head = sac__req_head(ask->req);

    for (size_t i = 0; i < head->n_headers; i++) {
        sac_str *field = field_of(ask, head->headers[i].name);

        if (field && !take(ask, field, head->headers[i].value))
            return no_memory(ask->req);
    }
    return SAC_OK;
}

static bool dialect_of(sac_str name, sac_json_dialect *out)
{
    static const char *const names[SAC__DIALECTS] = {"plain", "relaxed", "canonical"};

    for (int i = 0; i < SAC__DIALECTS; i++) {
        if (sac_str_is(name, names[i])) {
            *out = (sac_json_dialect)i;
            return true;
        }
    }
    return false;
}

/* What browsers' libraries send needs no parsing: nothing behind it can outweigh it. */
static bool is_plain_accept(sac_str accept)
{
    const size_t n = strlen(JSON);

    if (!accept.p || sac_str_is(accept, "*/*"))
        return true;
    return accept.n >= n && memcmp(accept.p, JSON, n) == 0 && (accept.n == n || accept.p[n] == ',');
}

static int choose_dialect(sac__ask *ask)
{
    sac__media range = {.type = {NULL, 0}};
    sac_str name;

    if (is_plain_accept(ask->accept))
        return SAC_OK;
    if (sac__accept_quality(ask->accept, JSON, &range.params) == 0)
        return sac_problem(ask->req, "not_acceptable", "this resource answers " JSON);
    name = sac__media_param(&range, "dialect");
    if (name.p && !dialect_of(name, &ask->dialect))
        return sac_problem(ask->req, "not_acceptable",
                           "the dialects are plain, relaxed and canonical");
    return SAC_OK;
}

/* A computed URL is part of the bytes, and so of the variant. */
static int read_origin(sac__ask *ask)
{
    const sac_str prefix = sac__req_head(ask->req)->prefix;
    sac_str text;

    ask->origin = sac_req_origin(ask->req);
    text = sac_req_printf(ask->req, "%016llx %.*s %.*s", (unsigned long long)ask->variant,
                          (int)ask->origin.n, ask->origin.n ? ask->origin.p : "", (int)prefix.n,
                          prefix.n ? prefix.p : "");
    if (!text.p)
        return no_memory(ask->req);
    ask->variant = sac__hash_keyed(ask->resource->tag_key, text.p, text.n);
    return SAC_OK;
}

static int make_variant(sac__ask *ask)
{
    ask->variant = ask->resource->variants[ask->dialect];
    if (ask->resource->personal)
        ask->variant = sac__access_mix(&ask->access, ask->resource->tag_key, ask->variant);
    return ask->resource->shows_url ? read_origin(ask) : SAC_OK;
}

int sac__ask_dialect(sac__ask *ask, sac_str name, bool *known)
{
    *known = dialect_of(name, &ask->dialect);
    return *known ? make_variant(ask) : SAC_OK;
}

int sac__ask_init(sac__ask *ask, sac__resource *resource, sac_req *req)
{
    sac_str value;
    int rc = SAC_OK;

    *ask = (sac__ask){.resource = resource, .req = req};
    if (resource->guarded)
        rc = sac__access_read(&ask->access, resource, req);
    if (rc == SAC_OK)
        rc = read_fields(ask);
    if (rc == SAC_OK)
        rc = choose_dialect(ask);
    if (rc != SAC_OK)
        return rc;
    ask->minimal = ask->prefer.p && sac__prefer_get(ask->prefer, "return", &value) &&
                   sac_str_is(value, "minimal");
    return make_variant(ask);
}

static int add_vary(sac_req *req)
{
    const sac_str name = sac_str_n("Vary", 4), value = sac_str_n("Accept", 6);
    sac__headers *headers = sac__req_reply_headers(req);

    if (!sac__headers_get(headers->v, headers->n, "vary").p)
        return sac__headers_set_static(headers, name, value);
    return sac__headers_merge(headers, name, value);
}

int sac__ask_init_read(sac__ask *ask, sac__resource *resource, sac_req *req)
{
    sac__headers *headers = sac__req_reply_headers(req);

    if (add_vary(req) != SAC_OK || sac__headers_set_static(headers, sac_str_n("Cache-Control", 13),
                                                           sac_str_n("no-cache", 8)) != SAC_OK)
        return no_memory(req);
    return sac__ask_init(ask, resource, req);
}

static bool ends_in(sac_str s, const char *end)
{
    const size_t n = strlen(end);

    return s.n > n && strncasecmp(s.p + s.n - n, end, n) == 0;
}

static bool is_utf8(const sac__media *media)
{
    const sac_str charset = sac__media_param(media, "charset");

    return !charset.p || (charset.n == 5 && strncasecmp(charset.p, "utf-8", 5) == 0);
}

static const struct {
    const char *type;
    sac__patch_kind kind;
} patches[] = {{JSON, SAC__PATCH_FIELDS},
               {"application/merge-patch+json", SAC__PATCH_MERGE},
               {"application/json-patch+json", SAC__PATCH_JSON},
               {"application/vnd.sacrum.update+json", SAC__PATCH_UPDATE}};

const char *sac__ask_patch_types(const sac__resource *resource)
{
    return resource->def.update_operators
               ? JSON ", application/merge-patch+json, application/json-patch+json, "
                      "application/vnd.sacrum.update+json"
               : JSON ", application/merge-patch+json, application/json-patch+json";
}

static bool read_patch_type(sac__ask *ask, const sac__media *media)
{
    const size_t n = ask->resource->def.update_operators ? 4 : 3;

    for (size_t i = 0; i < n; i++) {
        if (sac__media_is(media, patches[i].type)) {
            ask->patch = patches[i].kind;
            return true;
        }
    }
    return false;
}

static bool read_type(sac__ask *ask, bool patch, sac__media *media)
{
    if (!ask->content_type.p || !sac__media_parse(ask->content_type, media))
        return false;
    if (patch)
        return read_patch_type(ask, media);
    return sac__media_is(media, JSON) || ends_in(media->type, "+json");
}

int sac__ask_body_type(sac__ask *ask, bool patch)
{
    const char *types = patch ? sac__ask_patch_types(ask->resource) : JSON;
    sac__media media;

    if (patch && sac__ask_header(ask, "Accept-Patch", sac_str_of(types)) != SAC_OK)
        return SAC_ENOMEM;
    if (sac_req_method(ask->req) == SAC_PUT && ask->content_range.p)
        return sac_problem(ask->req, "bad_request", "PUT of a part is not supported");
    if (!ask->content_type.p && sac_req_body(ask->req).n == 0)
        return SAC_OK;
    if (!read_type(ask, patch, &media))
        return sac_problem(ask->req, "unsupported_media_type", "the body must be %s%s",
                           patch ? "one of " : "", types);
    if (!is_utf8(&media))
        return sac_problem(ask->req, "unsupported_media_type", "the body must be UTF-8");
    return SAC_OK;
}

static bool begins_with(const char *text, const char *begin)
{
    return strncmp(text, begin, strlen(begin)) == 0;
}

int sac__ask_bad_body(const sac__ask *ask, int code, const sac_err *err)
{
    switch (code) {
    case SAC_ESYNTAX:
        return sac_problem(ask->req, begins_with(err->text, "bad key") ? "bad_key" : "bad_json",
                           "%s", err->text);
    case SAC_ELIMIT:
        return sac_problem(ask->req, strstr(err->text, "keys") ? "too_many_keys" : "too_deep", "%s",
                           err->text);
    case SAC_EINVAL: return sac_problem(ask->req, "not_an_object", "%s", err->text);
    case SAC_ETOOBIG: return sac_problem(ask->req, "body_too_large", "%s", err->text);
    case SAC_ENOMEM: return no_memory(ask->req);
    default: return sac_fail(ask->req, code, "reading a body: %s", err->text);
    }
}

int sac__ask_failed(sac_req *req, int code, const sac_err *err)
{
    switch (code) {
    case SAC_ECLOSED:
    case SAC_EUNAVAILABLE:
        if (sac_reply_header(req, "Retry-After", sac_str_of("1")) != SAC_OK)
            return no_memory(req);
        return sac_fail(req, SAC_EUNAVAILABLE, "%s", err->text);
    case SAC_ELIMIT: return sac_problem(req, "too_deep", "%s", err->text);
    case SAC_EUNKNOWN:
    case SAC_ETOOBIG:
    case SAC_EFULL:
    case SAC_ENOSYS:
    case SAC_ENOMEM:
    case SAC_EIO:
    case SAC_ECORRUPT: return sac_fail(req, code, "%s", err->text);
    default: return sac_fail(req, SAC_EIO, "%s: %s", sac_err_name(code), err->text);
    }
}
