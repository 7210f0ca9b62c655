/* SPDX-License-Identifier: MIT */
#include "resource/params.h"
#include "resource/render.h"

/* One GET of an item: all is done in the store's callback, on the document in place. */
typedef struct reading {
    sac__ask ask;
    sac_value id;
    sac__tag tag;
    sac__verdict verdict;
    bool foreign;
    sac__buf body;
    sac_err err;
} reading;

static int read_doc(void *self, const sac_view *view)
{
    reading *r = self;
    const sac_value id = sac_bson_get(view->doc, sac_str_n("_id", 3));
    sac__render render;
    int rc;

    r->foreign = !sac__resource_owns(r->ask.resource, &id);
    if (r->foreign)
        return SAC_OK;
    rc = sac__access_sees(&r->ask.access, view->doc, &r->err);
    r->foreign = rc == 0;
    if (rc != 1)
        return rc;
    sac__tag_print(&r->tag, sac__tag_stamp(r->ask.resource, sac__view_stamp(view), &r->id),
                   r->ask.variant);
    r->verdict = sac__tag_judge(&r->ask, &r->tag);
    if (r->verdict != SAC__PASS)
        return SAC_OK;
    sac__render_init(&render, &r->ask);
    (void)sac__buf_room(&r->body, view->doc.n + view->doc.n / 2);
    return sac__render_doc(&render, view->doc, view->revision, &r->body, &r->err);
}

static int not_found(sac_req *req)
{
    return sac_fail(req, SAC_ENOTFOUND, "there is no such item");
}

static int run(reading *r)
{
    const sac__resource *resource = r->ask.resource;
    const sac_sink sink = {.doc = read_doc, .self = r};
    int rc;

    sac__render_buf(r->ask.req, &r->body);
    rc = sac_store_get(resource->store, resource->def.collection, r->id, &sink, &r->err);
    if (rc == SAC_ENOTFOUND || (rc == SAC_OK && r->foreign))
        return not_found(r->ask.req);
    if (rc == SAC_ECORRUPT || r->body.error)
        return sac__render_failed(r->ask.req, rc, &r->err);
    if (rc != SAC_OK)
        return sac__ask_failed(r->ask.req, rc, &r->err);
    if (r->verdict != SAC__PASS)
        return sac__tag_refuse(&r->ask, r->verdict, &r->tag);
    rc = sac__tag_header(&r->ask, &r->tag);
    if (rc != SAC_OK)
        return rc;
    return sac_reply_static(r->ask.req, 200, sac__ask_type(&r->ask), sac__buf_str(&r->body));
}

int sac__resource_read(void *self, sac_req *req)
{
    sac__resource *resource = self;
    reading r;
    int rc;

    r.verdict = SAC__PASS;
    r.foreign = false;
    r.err.code = 0;
    r.err.text[0] = '\0';
    rc = sac__ask_init_read(&r.ask, resource, req);
    if (rc == SAC_OK)
        rc = sac__params_item(&r.ask);
    if (rc != SAC_OK)
        return rc;
    if (!sac__schema_id_parse(resource->schema, sac_req_param(req, "id"), sac__req_arena(req),
                              &r.id))
        return not_found(req);
    return run(&r);
}
