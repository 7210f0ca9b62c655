/* SPDX-License-Identifier: MIT */
#include "core/clock.h"
#include "resource/params.h"
#include "resource/render.h"

/* Why `decide` refused; told when the write is over. */
typedef enum refusal {
    NOT_REFUSED,
    MISSING,
    MISSING_TAG, /* a precondition failed for want of an item */
    NEEDS_TAG,
    BAD_TAG,
    BAD_BODY,
    STALE,
    INVALID,
    OVERLAP
} refusal;

/* One PUT, PATCH or DELETE of an item. */
typedef struct change {
    sac__ask ask;
    sac_write write;
    unsigned method;
    sac_value id;
    int body_rc;
    sac_err body_err;
    sac__body body;
    /* Set by decide, which may run again. */
    refusal refused;
    sac__verdict verdict;
    sac__tag tag;
    bool made;
    sac__problem_errors errors;
    sac_str doc; /* what is stored afterwards; of a DELETE, nothing */
} change;

static sac__making making_of(change *c)
{
    return (sac__making){.schema = c->ask.resource->schema,
                         .arena = sac__req_arena(c->ask.req),
                         .errors = &c->errors,
                         .prefix = "",
                         .oids = &c->ask.resource->oids,
                         .now = sac__clock_ms()};
}

static bool same_id(const sac_value *a, const sac_value *b)
{
    return sac_value_compare(a, b) == 0;
}

/* A body may carry the item's own `_id`, never another. */
static int check_body_id(change *c)
{
    if (!c->body.id_misfit && (!c->body.id.type || same_id(&c->body.id, &c->id)))
        return SAC_OK;
    return sac__problem_errors_add(&c->errors, sac__req_arena(c->ask.req),
                                   sac_str_of(c->ask.resource->id_key),
                                   "differs from that of the item");
}

static int refuse(change *c, refusal why, sac_err *err)
{
    c->refused = why;
    return sac_err_set(err, SAC_ECONFLICT, "refused");
}

static int put(change *c, sac_str doc, sac_change *out)
{
    c->doc = doc;
    *out = (sac_change){.kind = SAC_CHANGE_PUT, .doc = doc};
    return SAC_OK;
}

static int make_missing(change *c, sac_change *out, sac_err *err)
{
    const bool rev = c->ask.resource->def.show_rev && c->body_rc == SAC_OK && c->body.rev.type;
    const sac__making making = making_of(c);
    sac_str doc = {NULL, 0};
    int rc;

    if (c->ask.resource->def.require_if_match && !c->ask.if_match.p && !c->ask.if_none_match.p &&
        !rev)
        return refuse(c, NEEDS_TAG, err);
    c->verdict = sac__tag_judge_missing(&c->ask);
    if (c->verdict != SAC__PASS)
        return refuse(c, MISSING_TAG, err);
    if (c->body_rc != SAC_OK)
        return refuse(c, BAD_BODY, err);
    if (rev)
        return refuse(c, STALE, err);
    rc = check_body_id(c);
    if (rc == SAC_OK)
        rc = sac__schema_create(&making, &c->body, c->id, &doc);
    if (rc == SAC_EVALIDATION || (rc == SAC_OK && c->errors.n > 0))
        return refuse(c, INVALID, err);
    if (rc != SAC_OK)
        return sac_err_set(err, rc, "making a document");
    c->made = true;
    return put(c, doc, out);
}

static bool is_stale(const change *c, uint64_t revision)
{
    int64_t rev;

    return c->ask.resource->def.show_rev && c->body.rev.type &&
           (!sac_value_int(&c->body.rev, &rev) || rev != (int64_t)revision);
}

static int merge(change *c, const sac_view *stored, sac_str *doc, sac_err *err)
{
    const sac__making making = making_of(c);
    int rc = check_body_id(c);

    if (rc != SAC_OK)
        return sac_err_set(err, rc, "no memory for an error");
    if (c->method == SAC_PUT)
        rc = sac__schema_replace(&making, &c->body, stored->doc, doc);
    else
        rc = sac__schema_modify(&making, &c->body, stored->doc, doc, &c->body_err);
    if (rc == SAC_EINVAL)
        return refuse(c, OVERLAP, err);
    if (rc == SAC_EVALIDATION || (rc == SAC_OK && c->errors.n > 0))
        return refuse(c, INVALID, err);
    return rc == SAC_OK ? rc : sac_err_set(err, rc, "merging a document");
}

static int change_stored(change *c, const sac_view *stored, sac_change *out, sac_err *err)
{
    sac_str doc = {NULL, 0};
    int rc;

    if (c->method == SAC_DELETE) {
        out->kind = SAC_CHANGE_REMOVE;
        return SAC_OK;
    }
    if (c->body_rc != SAC_OK)
        return refuse(c, BAD_BODY, err);
    if (is_stale(c, stored->revision))
        return refuse(c, STALE, err);
    rc = merge(c, stored, &doc, err);
    if (rc != SAC_OK)
        return rc;
    if (!sac_str_eq(doc, stored->doc))
        return put(c, doc, out);
    out->kind = SAC_CHANGE_KEEP;
    c->doc = doc;
    return SAC_OK;
}

static bool has_precondition(const change *c)
{
    return c->ask.if_match.p || (c->method != SAC_DELETE && c->body_rc == SAC_OK &&
                                 c->ask.resource->def.show_rev && c->body.rev.type);
}

/* The order of checks of wire.md §4, from the item's existence on. */
static int decide(void *self, const sac_view *stored, sac_change *out, sac_err *err)
{
    change *c = self;
    const sac__resource *resource = c->ask.resource;
    sac_value id = {SAC_BSON_MISSING, {NULL, 0}};

    c->refused = NOT_REFUSED;
    c->verdict = SAC__PASS;
    c->made = false;
    c->errors = (sac__problem_errors){.first = NULL};
    if (stored)
        id = sac_bson_get(stored->doc, sac_str_n("_id", 3));
    if (!stored && c->method == SAC_PUT && resource->def.upsert)
        return make_missing(c, out, err);
    if (!stored || !sac__resource_owns(resource, &id))
        return refuse(c, MISSING, err);
    sac__tag_print(&c->tag, sac__tag_stamp(resource, stored->revision, &c->id), c->ask.variant);
    if (resource->def.require_if_match && !has_precondition(c))
        return refuse(c, NEEDS_TAG, err);
    c->verdict = sac__tag_judge(&c->ask, &c->tag);
    if (c->verdict != SAC__PASS)
        return refuse(c, BAD_TAG, err);
    return change_stored(c, stored, out, err);
}

static int stale(const change *c)
{
    const int rc = c->tag.text[0] ? sac__tag_header(&c->ask, &c->tag) : SAC_OK;

    return rc != SAC_OK
               ? rc
               : sac_problem(c->ask.req, "stale_revision", "the item is no longer at this _rev");
}

static int answer_refusal(change *c)
{
    sac_req *req = c->ask.req;

    /* A commit that failed took back what the refusal was about. */
    if (c->write.result != SAC_ECONFLICT)
        return sac__ask_failed(req, c->write.result, &c->write.err);
    switch (c->refused) {
    case MISSING: return sac_fail(req, SAC_ENOTFOUND, "there is no such item");
    case MISSING_TAG: return sac__tag_refuse(&c->ask, c->verdict, NULL);
    case BAD_TAG: return sac__tag_refuse(&c->ask, c->verdict, &c->tag);
    case NEEDS_TAG:
        return sac_problem(req, "precondition_required", "send the item's ETag as If-Match");
    case BAD_BODY: return sac__ask_bad_body(&c->ask, c->body_rc, &c->body_err);
    case OVERLAP: return sac_problem(req, "bad_key", "%s", c->body_err.text);
    case STALE: return stale(c);
    case INVALID: *sac__req_errors(req) = c->errors; return sac__req_invalid(req);
    default: return sac__ask_failed(req, c->write.result, &c->write.err);
    }
}

static int set_fields(change *c, sac_str path)
{
    int rc;

    sac__tag_print(&c->tag, sac__tag_stamp(c->ask.resource, c->write.revision, &c->id),
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
        sac__tag_print(&c->tag, sac__tag_stamp(c->ask.resource, c->write.revision, &c->id),
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

/* A body that cannot be read is an error only after the item's own state: decide says it. */
static void read_body(change *c)
{
    const sac__resource *resource = c->ask.resource;

    c->body_rc = sac__schema_decode(resource->schema, &resource->limits, sac_req_body(c->ask.req),
                                    c->method == SAC_PATCH, sac__req_arena(c->ask.req), &c->body,
                                    &c->body_err);
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
        read_body(c);
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

/* DELETE of the whole list. */
typedef struct clearing {
    sac__ask ask;
    sac_write write;
} clearing;

static int cleared(void *self, sac_req *req)
{
    clearing *c = self;
    int rc;

    if (c->write.result != SAC_OK)
        return sac__ask_failed(req, c->write.result, &c->write.err);
    if (!c->ask.minimal)
        return sac_reply_jsonf(req, 200, "{\"deleted\":%lld}", (long long)c->write.changed);
    rc = sac__ask_applied(&c->ask);
    return rc == SAC_OK ? sac_reply_empty(req, 204) : rc;
}

int sac__resource_clear(void *self, sac_req *req)
{
    clearing *c = sac__arena_get_zero(sac__req_arena(req), sizeof *c);
    int rc;

    if (!c)
        return sac_fail(req, SAC_ENOMEM, "no memory for a change");
    rc = sac__ask_init(&c->ask, self, req);
    if (rc == SAC_OK)
        rc = sac__params_other(&c->ask);
    if (rc == SAC_OK && (c->ask.if_match.p || c->ask.if_none_match.p))
        rc = sac_problem(req, "precondition_unsupported", "a list takes no preconditions");
    if (rc != SAC_OK)
        return rc;
    c->write = (sac_write)SAC_WRITE(.kind = SAC_WRITE_CLEAR,
                                    .collection = c->ask.resource->def.collection);
    return sac__req_submit(req, &c->write, cleared, c);
}
