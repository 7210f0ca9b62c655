/* SPDX-License-Identifier: MIT */
#include "resource/params.h"
#include "resource/write/indexes.h"
#include "resource/write/merge.h"

/* Why `decide` refused; told when the write is over. */
typedef enum refusal {
    NOT_REFUSED,
    MISSING,
    FORBIDDEN,
    MISSING_TAG, /* a precondition failed for want of an item */
    NEEDS_TAG,
    BAD_TAG,
    UNMERGED
} refusal;

/* One PUT, PATCH or DELETE of an item. */
typedef struct change {
    sac__ask ask;
    sac_write write;
    unsigned method;
    sac_value id;
    sac__merge merge;
    /* Set by decide, which may run again. */
    refusal refused;
    sac__verdict verdict;
    sac__tag tag;
    bool tagged; /* something is stored */
    bool made;
    sac_str doc; /* what is stored afterwards; of a DELETE, nothing */
} change;

static int refuse(change *c, refusal why, sac_err *err)
{
    c->refused = why;
    return sac_err_set(err, SAC_ECONFLICT, "refused");
}

/* A body that makes no document: it says why. */
static int refuse_unmerged(change *c, int rc)
{
    if (rc == SAC_ECONFLICT)
        c->refused = UNMERGED;
    return rc;
}

static int put(change *c, sac_str doc, sac_change *out)
{
    c->doc = doc;
    *out = (sac_change){.kind = SAC_CHANGE_PUT, .doc = doc};
    return SAC_OK;
}

static bool has_rev(const change *c)
{
    return c->method != SAC_DELETE && sac__merge_has_rev(&c->merge);
}

static int make_missing(change *c, sac_change *out, sac_err *err)
{
    sac_str doc;
    int rc;

    if (c->ask.resource->def.require_if_match && !c->ask.if_match.p && !c->ask.if_none_match.p &&
        !has_rev(c))
        return refuse(c, NEEDS_TAG, err);
    c->verdict = sac__tag_judge_missing(&c->ask);
    if (c->verdict != SAC__PASS)
        return refuse(c, MISSING_TAG, err);
    rc = sac__merge_new(&c->merge, c->id, &doc, err);
    if (rc != SAC_OK)
        return refuse_unmerged(c, rc);
    c->made = true;
    return put(c, doc, out);
}

static int change_stored(change *c, const sac_view *stored, sac_change *out, sac_err *err)
{
    sac_str doc;
    int rc;

    if (c->method == SAC_DELETE) {
        out->kind = SAC_CHANGE_REMOVE;
        return SAC_OK;
    }
    rc = sac__merge_stored(&c->merge, stored, &doc, err);
    if (rc != SAC_OK)
        return refuse_unmerged(c, rc);
    if (!sac_str_eq(doc, stored->doc))
        return put(c, doc, out);
    out->kind = SAC_CHANGE_KEEP;
    c->doc = doc;
    return SAC_OK;
}

/* Whose it is: what they do not see is not there. */
static int judge_access(change *c, const sac_view *stored, sac_err *err)
{
    int rc = sac__access_sees(&c->ask.access, stored->doc, err);

    if (rc == 0)
        return refuse(c, MISSING, err);
    if (rc == 1)
        rc = sac__access_changes(&c->ask.access, stored->doc, err);
    if (rc == 0)
        return refuse(c, FORBIDDEN, err);
    return rc == 1 ? SAC_OK : rc;
}

/* The order of checks of wire.md §4, from the item's existence on. */
static int decide(void *self, const sac_view *stored, sac_change *out, sac_err *err)
{
    change *c = self;
    const sac__resource *resource = c->ask.resource;
    sac_value id = {SAC_BSON_MISSING, {NULL, 0}};
    int rc;

    c->refused = NOT_REFUSED;
    c->verdict = SAC__PASS;
    c->tagged = false;
    c->made = false;
    if (stored)
        id = sac_bson_get(stored->doc, sac_str_n("_id", 3));
    if (!stored && c->method == SAC_PUT && resource->def.upsert)
        return make_missing(c, out, err);
    if (!stored || !sac__resource_owns(resource, &id))
        return refuse(c, MISSING, err);
    rc = judge_access(c, stored, err);
    if (rc != SAC_OK)
        return rc;
    sac__tag_print(&c->tag, sac__tag_stamp(resource, sac__view_stamp(stored), &c->id),
                   c->ask.variant);
    c->tagged = true;
    if (resource->def.require_if_match && !c->ask.if_match.p && !has_rev(c))
        return refuse(c, NEEDS_TAG, err);
    c->verdict = sac__tag_judge(&c->ask, &c->tag);
    if (c->verdict != SAC__PASS)
        return refuse(c, BAD_TAG, err);
    return change_stored(c, stored, out, err);
}

static int answer_refusal(change *c)
{
    sac_req *req = c->ask.req;

    if (c->write.result == SAC_EEXIST)
        return sac__indexes_refused(&c->ask, c->write.index, "");
    /* A commit that failed took back what the refusal was about. */
    if (c->write.result != SAC_ECONFLICT)
        return sac__ask_failed(req, c->write.result, &c->write.err);
    switch (c->refused) {
    case MISSING: return sac_fail(req, SAC_ENOTFOUND, "there is no such item");
    case FORBIDDEN: return sac_problem(req, "forbidden", NULL);
    case MISSING_TAG: return sac__tag_refuse(&c->ask, c->verdict, NULL);
    case BAD_TAG: return sac__tag_refuse(&c->ask, c->verdict, &c->tag);
    case NEEDS_TAG:
        return sac_problem(req, "precondition_required", "send the item's ETag as If-Match");
    case UNMERGED: return sac__merge_refused(&c->merge, c->tagged ? &c->tag : NULL);
    default: return sac__ask_failed(req, c->write.result, &c->write.err);
    }
}

static int set_fields(change *c, sac_str path)
{
    int rc;

    sac__tag_print(&c->tag, sac__tag_stamp(c->ask.resource, sac__write_stamp(&c->write), &c->id),
                   c->ask.variant);
    rc = sac__ask_header(&c->ask, c->made ? "Location" : "Content-Location", path);
    if (rc == SAC_OK)
        rc = sac__tag_header(&c->ask, &c->tag);
    return rc;
}

static int answer_minimal(change *c)
{
    int rc = sac__ask_applied(&c->ask);

    if (rc != SAC_OK)
        return rc;
    if (c->method == SAC_PATCH) {
        sac__tag_print(&c->tag,
                       sac__tag_stamp(c->ask.resource, sac__write_stamp(&c->write), &c->id),
                       c->ask.variant);
        rc = sac__tag_header(&c->ask, &c->tag);
    }
    return rc == SAC_OK ? sac_reply_empty(c->ask.req, 204) : rc;
}

static int answer_doc(change *c)
{
    sac_req *req = c->ask.req;
    const sac_str path = sac__render_path(&c->ask, &c->id);
    sac_err err = {.code = 0};
    sac__render render;
    sac__buf out;
    int rc;

    if (!path.p)
        return sac_fail(req, SAC_ENOMEM, "no memory for a path");
    sac__render_init(&render, &c->ask);
    sac__render_buf(req, &out);
    if (c->made && c->ask.minimal)
        rc = sac__render_id(&render, &c->id, &out, &err);
    else
        rc = sac__render_doc(&render, c->doc, c->write.revision, &out, &err);
    if (rc != SAC_OK)
        return sac__render_failed(req, rc, &err);
    rc = set_fields(c, path);
    if (rc == SAC_OK && c->ask.minimal)
        rc = sac__ask_applied(&c->ask);
    return rc == SAC_OK ? sac_reply_static(req, c->made ? 201 : 200, sac__ask_type(&c->ask),
                                           sac__buf_str(&out))
                        : rc;
}

static int changed(void *self, sac_req *req)
{
    change *c = self;

    if (c->write.result != SAC_OK)
        return answer_refusal(c);
    if (c->ask.minimal && !c->made)
        return answer_minimal(c);
    return c->method == SAC_DELETE ? sac_reply_json(req, 200, sac_str_of("{}")) : answer_doc(c);
}

static int submit(change *c)
{
    c->write = (sac_write)SAC_WRITE(.kind = SAC_WRITE_DECIDE,
                                    .collection = c->ask.resource->def.collection, .id = c->id,
                                    .decide = decide);
    c->write.self = c;
    return sac__req_submit(c->ask.req, &c->write, changed, c);
}

static int start(sac__resource *resource, sac_req *req, unsigned method)
{
    change *c = sac__arena_get_zero(sac__req_arena(req), sizeof *c);
    int rc;

    if (!c)
        return sac_fail(req, SAC_ENOMEM, "no memory for a change");
    c->method = method;
    rc = sac__ask_init(&c->ask, resource, req);
    if (rc == SAC_OK && method != SAC_DELETE)
        rc = sac__ask_body_type(&c->ask, method == SAC_PATCH);
    if (rc == SAC_OK)
        rc = sac__params_other(&c->ask);
    if (rc != SAC_OK)
        return rc;
    if (!sac__schema_id_parse(resource->schema, sac_req_param(req, "id"), sac__req_arena(req),
                              &c->id))
        return sac_fail(req, SAC_ENOTFOUND, "there is no such item");
    if (method != SAC_DELETE)
        sac__merge_read(&c->merge, &c->ask, method == SAC_PUT);
    return submit(c);
}

int sac__resource_replace(void *self, sac_req *req)
{
    return start(self, req, SAC_PUT);
}

int sac__resource_modify(void *self, sac_req *req)
{
    return start(self, req, SAC_PATCH);
}

int sac__resource_remove(void *self, sac_req *req)
{
    return start(self, req, SAC_DELETE);
}
