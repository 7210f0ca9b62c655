/* SPDX-License-Identifier: MIT */
#include "resource/write/patch.h"

#include "json/decode.h"
#include "query/patch.h"

/* Whether an update of the client's may name an operator; then whether it sees the path. */
static int allow(void *self, const char *op, sac_str path)
{
    sac__patch *patch = self;
    const sac__resource *resource = patch->ask->resource;
    const char *const *allowed = resource->def.update_operators;

    if (path.n > 0 && !sac__resource_shows(resource, path)) {
        patch->unseen = sac_req_dup(patch->ask->req, path);
        return 1;
    }
    while (allowed && *allowed && strcmp(*allowed, op) != 0)
        allowed++;
    patch->bad_operator = !allowed || !*allowed;
    return patch->bad_operator;
}

/* JSON to BSON of whatever types its text says; paths and operators are keys in it. */
static int decode(const sac__ask *ask, sac_str json, sac_str *doc, sac_err *err)
{
    const sac__schema_limits *limits = &ask->resource->limits;
    const sac__json_decoding decoding = {.flags = SAC_JSON_KEY_RULES,
                                         .max_depth = limits->max_depth + 1,
                                         .max_keys = limits->max_keys,
                                         .operators = true};
    sac_bson out;
    int rc;

    sac_bson_init(&out, sac__arena_alloc(sac__req_arena(ask->req)), 0);
    rc = sac__json_decode(&decoding, json, &out, err);
    return rc == SAC_OK ? sac_bson_finish(&out, doc) : rc;
}

/* The codec reads objects: an array stands in one. */
static int read_operations(sac__patch *patch, sac_str json, sac_err *err)
{
    sac_value value;
    sac__buf text;
    sac_str doc;
    int rc;

    sac__render_buf(patch->ask->req, &text);
    sac__buf_add_text(&text, "{\"v\":");
    sac__buf_add_str(&text, json);
    sac__buf_add_char(&text, '}');
    if (text.error)
        return sac_err_set(err, text.error, "no memory for a patch");
    rc = decode(patch->ask, sac__buf_str(&text), &doc, err);
    if (rc != SAC_OK)
        return rc;
    value = sac_bson_get(doc, sac_str_of("v"));
    if (value.type != SAC_BSON_ARRAY)
        return sac_err_set(err, SAC_EINVAL, "a JSON Patch is an array of operations");
    patch->doc = value.raw;
    return SAC_OK;
}

static int read_update(sac__patch *patch, sac_str json, sac_err *err)
{
    const sac_query_limits limits = SAC_QUERY_LIMITS(.allow = allow, .self = patch);
    int rc = decode(patch->ask, json, &patch->doc, err);

    if (rc != SAC_OK)
        return rc;
    rc = sac_update_new(patch->doc, &limits, sac__arena_alloc(sac__req_arena(patch->ask->req)),
                        &patch->update, err);
    return rc != SAC_OK && patch->unseen.p ? SAC_EVALIDATION : rc;
}

int sac__patch_read(sac__patch *patch, const sac__ask *ask, sac_err *err)
{
    const sac_str json = sac_req_body(ask->req);

    *patch = (sac__patch){.ask = ask};
    switch (ask->patch) {
    case SAC__PATCH_MERGE: return decode(ask, json, &patch->doc, err);
    case SAC__PATCH_JSON: return read_operations(patch, json, err);
    case SAC__PATCH_UPDATE: return read_update(patch, json, err);
    default: return SAC_OK;
    }
}

/*
 * The document as the client sees it. An update works on exact types; the
 * others on what the client's dialect says, which is what it compares with.
 */
static int see(const sac__patch *patch, const sac_view *stored, sac_str *doc, sac_err *err)
{
    sac__render render;
    sac__buf text;
    int rc;

    sac__render_init(&render, patch->ask);
    if (patch->ask->patch == SAC__PATCH_UPDATE)
        render.encoding.dialect = SAC_JSON_CANONICAL;
    sac__render_buf(patch->ask->req, &text);
    rc = sac__render_doc(&render, stored->doc, stored->revision, &text, err);
    if (rc != SAC_OK)
        return rc;
    return sac_json_decode(sac__buf_str(&text), NULL,
                           sac__arena_alloc(sac__req_arena(patch->ask->req)), doc, err);
}

/* Of what the client does not see nothing is in `seen`: a JSON Patch finds no path to it. */
static int patch_seen(const sac__patch *patch, int64_t now, sac_str seen, sac_str *patched,
                      sac_err *err)
{
    const sac_alloc *alloc = sac__arena_alloc(sac__req_arena(patch->ask->req));

    switch (patch->ask->patch) {
    case SAC__PATCH_MERGE: return sac__merge_patch(seen, patch->doc, alloc, patched, err);
    case SAC__PATCH_UPDATE: return sac_update_apply(patch->update, seen, now, alloc, patched, err);
    default: return sac__json_patch(seen, patch->doc, NULL, alloc, patched, err);
    }
}

/* A document of any types as a body: by the table's types. */
static int read_again(const sac__patch *patch, sac_str doc, sac__body *body, sac_err *err)
{
    const sac__json_encoding encoding = {.dialect = SAC_JSON_CANONICAL};
    const sac__resource *resource = patch->ask->resource;
    sac__buf text;
    int rc;

    sac__render_buf(patch->ask->req, &text);
    rc = sac__json_encode(&encoding, doc, &text, err);
    if (rc != SAC_OK)
        return rc;
    return sac__schema_decode(resource->schema, &resource->limits, sac__buf_str(&text), false,
                              sac__req_arena(patch->ask->req), body, err);
}

int sac__patch_apply(const sac__patch *patch, const sac__making *making, const sac_view *stored,
                     sac__body *body, sac_err *err)
{
    sac_str seen, patched;
    int rc = see(patch, stored, &seen, err);

    if (rc == SAC_OK)
        rc = patch_seen(patch, making->now, seen, &patched, err);
    return rc == SAC_OK ? read_again(patch, patched, body, err) : rc;
}
