/* SPDX-License-Identifier: MIT */
#include "resource/render.h"

#include "bson/wire.h"

enum { MAX_ID_TEXT = 300 };

void sac__render_buf(sac_req *req, sac__buf *out)
{
    const sac_app_config *config = sac__app_config(sac_req_app(req));

    sac__buf_init(out, sac__arena_alloc(sac__req_arena(req)), config->max_memory);
}

static void add_path(const sac__ask *ask, const sac_value *id, sac__buf *out)
{
    char text[MAX_ID_TEXT];
    sac__buf printed;

    sac__buf_init_fixed(&printed, text, sizeof text);
    sac__schema_id_print(id, &printed);
    if (printed.error && !out->error)
        out->error = printed.error;
    sac__buf_add_str(out, sac__req_head(ask->req)->prefix);
    sac__buf_add_str(out, ask->resource->path);
    sac__buf_add_char(out, '/');
    sac__url_encode(out, sac__buf_str(&printed));
}

sac_str sac__render_path(const sac__ask *ask, const sac_value *id)
{
    sac__buf out;

    sac__render_buf(ask->req, &out);
    add_path(ask, id, &out);
    sac__buf_add_char(&out, '\0');
    return out.error ? sac_str_n(NULL, 0) : sac_str_n(out.p, out.n - 1);
}

static int compute_url(const sac__render *render, sac__buf *out)
{
    const sac_value id = sac_bson_get(render->doc, sac_str_n("_id", 3));
    char text[MAX_ID_TEXT * 3];
    sac__buf path;

    sac__buf_init_fixed(&path, text, sizeof text);
    add_path(render->ask, &id, &path);
    if (path.error)
        return path.error;
    /* Neither part has a byte that JSON escapes: an origin is checked, a path is encoded. */
    sac__buf_add_char(out, '"');
    sac__buf_add_str(out, render->ask->origin);
    sac__buf_add_str(out, sac__buf_str(&path));
    sac__buf_add_char(out, '"');
    return out->error;
}

static int compute(void *self, const sac__plan_field *field, sac_str doc, sac__buf *out)
{
    const sac__render *render = self;
    char raw[8];
    sac_value revision = {SAC_BSON_INT64, {raw, sizeof raw}};

    (void)doc;
    if (sac__schema_computed(field) == SAC_COMPUTED_URL)
        return compute_url(render, out);
    sac__wire_put64(raw, render->revision);
    return sac__json_encode_value(&render->encoding, &revision, out, NULL);
}

void sac__render_init(sac__render *render, const sac__ask *ask)
{
    *render = (sac__render){
        .encoding = {.dialect = ask->dialect,
                     .plan = ask->plan ? ask->plan : sac__schema_plan(ask->resource->schema),
                     .compute = compute,
                     .self = render},
        .ask = ask};
}

int sac__render_doc(sac__render *render, sac_str doc, uint64_t revision, sac__buf *out,
                    sac_err *err)
{
    render->doc = doc;
    render->revision = revision;
    return sac__json_encode(&render->encoding, doc, out, err);
}

int sac__render_id(const sac__render *render, const sac_value *id, sac__buf *out, sac_err *err)
{
    int rc;

    sac__buf_add_char(out, '{');
    sac__json_encode_str(out, sac_str_of(render->ask->resource->id_key));
    sac__buf_add_char(out, ':');
    rc = sac__json_encode_value(&render->encoding, id, out, err);
    sac__buf_add_char(out, '}');
    return rc != SAC_OK ? rc : out->error;
}

int sac__render_failed(sac_req *req, int code, const sac_err *err)
{
    if (code == SAC_ENOMEM || code == SAC_ETOOBIG)
        return sac_fail(req, SAC_ENOMEM, "no memory for an answer");
    return sac_fail(req, SAC_ECORRUPT, "a stored document cannot be encoded: %s", err->text);
}
