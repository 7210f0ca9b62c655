/* SPDX-License-Identifier: MIT */
#include "core/clock.h"
#include "core/random.h"
#include "resource/params.h"
#include "resource/render.h"
#include "resource/write/indexes.h"

enum { UUID_SUBTYPE = 4, UUID_RAW = 4 + 1 + 16 };

/* One POST: of one document, or of an array. */
typedef struct creation {
    sac__ask ask;
    sac_write write;
    sac__bodies bodies;
    sac_value *ids;
    sac_str *docs;
    bool many;
    size_t refused; /* the first with an `_id` that only the server may give; bodies.n: none */
} creation;

static bool server_makes_ids(const sac__resource *resource)
{
    return resource->def.id_type == SAC_ID_OBJECTID || resource->def.id_type == SAC_ID_UUID;
}

static int no_memory(sac_req *req)
{
    return sac_fail(req, SAC_ENOMEM, "no memory for a document");
}

/* Random, as RFC 9562 §5.4 has it. */
static int make_uuid(char *raw)
{
    static const char head[] = {16, 0, 0, 0, UUID_SUBTYPE};

    memcpy(raw, head, sizeof head);
    raw += sizeof head;
    if (sac__random(raw, 16) != SAC_OK)
        return SAC_EIO;
    raw[6] = (char)((raw[6] & 0x0f) | 0x40);
    raw[8] = (char)((raw[8] & 0x3f) | 0x80);
    return SAC_OK;
}

static int make_id(const sac__ask *ask, sac_value *out)
{
    char *raw = sac_req_alloc(ask->req, UUID_RAW);
    sac_oid oid;

    if (!raw)
        return no_memory(ask->req);
    if (ask->resource->def.id_type == SAC_ID_UUID) {
        *out = (sac_value){SAC_BSON_BINARY, {raw, UUID_RAW}};
        return make_uuid(raw) == SAC_OK
                   ? SAC_OK
                   : sac_fail(ask->req, SAC_EIO, "the system gives no random bytes");
    }
    sac_req_oid(ask->req, &oid);
    memcpy(raw, oid.bytes, sizeof oid.bytes);
    *out = (sac_value){SAC_BSON_OBJECTID, {raw, sizeof oid.bytes}};
    return SAC_OK;
}

static int add_id_error(const creation *c, const char *prefix, const char *message)
{
    sac_req *req = c->ask.req;
    const sac_str field = sac_req_printf(req, "%s%s", prefix, c->ask.resource->id_key);

    if (!field.p || sac__problem_errors_add(sac__req_errors(req), sac__req_arena(req), field, "%s",
                                            message) != SAC_OK)
        return no_memory(req);
    return SAC_EVALIDATION;
}

/* 0, SAC_EVALIDATION with the field's error added, or an answered error. */
static int choose_id(creation *c, size_t i, const char *prefix)
{
    const sac__body *body = &c->bodies.v[i];
    const bool ours = server_makes_ids(c->ask.resource);

    if (body->id_misfit)
        return add_id_error(c, prefix, "is no id of this resource");
    if (!body->id.type && !ours)
        return add_id_error(c, prefix, "required");
    if (!body->id.type)
        return make_id(&c->ask, &c->ids[i]);
    c->ids[i] = body->id;
    if (ours && !c->ask.resource->def.client_ids && c->refused == c->bodies.n)
        c->refused = i;
    return SAC_OK;
}

static int make_doc(creation *c, size_t i)
{
    sac_req *req = c->ask.req;
    const sac_str prefix = c->many ? sac_req_printf(req, "%zu.", i) : sac_str_of("");
    const sac__making making = {.schema = c->ask.resource->schema,
                                .arena = sac__req_arena(req),
                                .errors = sac__req_errors(req),
                                .prefix = prefix.p,
                                .oids = &c->ask.resource->oids,
                                .now = sac__clock_ms(),
                                .owner = c->ask.access.owner,
                                .owner_free = c->ask.access.owner_free};
    int made, rc;

    if (!prefix.p)
        return no_memory(req);
    rc = choose_id(c, i, prefix.p);
    if (rc != SAC_OK && rc != SAC_EVALIDATION)
        return rc;
    made = sac__schema_create(&making, &c->bodies.v[i], c->ids[i], &c->docs[i]);
    if (made == SAC_OK || made == SAC_EVALIDATION)
        return made == SAC_OK ? rc : made;
    return made == SAC_ETOOBIG ? sac_problem(req, "body_too_large", "the document is too large")
                               : sac_fail(req, made, "making a document");
}

static int make_docs(creation *c)
{
    sac_req *req = c->ask.req;
    bool valid = true;

    c->refused = c->bodies.n;
    c->ids = sac__arena_get_zero(sac__req_arena(req), c->bodies.n * sizeof *c->ids);
    c->docs = sac__arena_get_zero(sac__req_arena(req), c->bodies.n * sizeof *c->docs);
    if (!c->ids || !c->docs)
        return no_memory(req);
    for (size_t i = 0; i < c->bodies.n; i++) {
        const int rc = make_doc(c, i);

        if (rc != SAC_OK && rc != SAC_EVALIDATION)
            return rc;
        valid = valid && rc == SAC_OK;
    }
    return valid ? SAC_OK : sac__req_invalid(req);
}

static bool is_array(sac_str json)
{
    size_t i = 0;

    while (i < json.n && (json.p[i] == ' ' || (json.p[i] >= '\t' && json.p[i] <= '\r')))
        i++;
    return i < json.n && json.p[i] == '[';
}

static int read_body(creation *c)
{
    const sac__resource *resource = c->ask.resource;
    sac__arena *arena = sac__req_arena(c->ask.req);
    const sac_str json = sac_req_body(c->ask.req);
    sac_err err = {.code = 0};
    int rc;

    c->many = resource->def.bulk && is_array(json);
    if (c->many) {
        c->bodies.max = (size_t)resource->def.max_bulk;
        rc = sac__schema_decode_many(resource->schema, &resource->limits, json, arena, &c->bodies,
                                     &err);
        if (rc == SAC_ETOOBIG)
            return sac_problem(c->ask.req, "not_an_object", "%s", err.text);
    } else {
        c->bodies = (sac__bodies){.v = sac__arena_get_zero(arena, sizeof(sac__body)), .n = 1};
        if (!c->bodies.v)
            return no_memory(c->ask.req);
        rc = sac__schema_decode(resource->schema, &resource->limits, json, false, arena,
                                c->bodies.v, &err);
    }
    return rc == SAC_OK ? rc : sac__ask_bad_body(&c->ask, rc, &err);
}

static int render(creation *c, sac__buf *out, sac_err *err)
{
    sac__render render;
    int rc = SAC_OK;

    sac__render_init(&render, &c->ask);
    if (c->many)
        sac__buf_add_char(out, '[');
    for (size_t i = 0; rc == SAC_OK && i < c->bodies.n; i++) {
        if (i > 0)
            sac__buf_add_char(out, ',');
        rc = c->ask.minimal ? sac__render_id(&render, &c->ids[i], out, err)
                            : sac__render_doc(&render, c->docs[i], c->write.revision, out, err);
    }
    if (c->many)
        sac__buf_add_char(out, ']');
    return rc == SAC_OK ? out->error : rc;
}

static int set_fields(const creation *c)
{
    const sac_str location = c->many ? sac_str_of("") : sac__render_path(&c->ask, &c->ids[0]);
    sac__tag tag;
    int rc = SAC_OK;

    if (!location.p)
        return no_memory(c->ask.req);
    if (!c->many) {
        sac__tag_print(&tag,
                       sac__tag_stamp(c->ask.resource, sac__write_stamp(&c->write), &c->ids[0]),
                       c->ask.variant);
        rc = sac__ask_header(&c->ask, "Location", location);
        if (rc == SAC_OK)
            rc = sac__tag_header(&c->ask, &tag);
    }
    if (rc == SAC_OK && c->ask.minimal)
        rc = sac__ask_applied(&c->ask);
    return rc;
}

/* Which document of several it was stands before its fields. */
static int refused(const creation *c)
{
    const sac_str prefix = c->many ? sac_req_printf(c->ask.req, "%zu.", c->write.failed)
                                   : sac_str_of("");

    return prefix.p ? sac__indexes_refused(&c->ask, c->write.index, prefix.p)
                    : no_memory(c->ask.req);
}

static int created(void *self, sac_req *req)
{
    creation *c = self;
    sac_err err = {.code = 0};
    sac__buf out;
    int rc = c->write.result;

    if (rc == SAC_EEXIST)
        return refused(c);
    if (rc != SAC_OK)
        return sac__ask_failed(req, rc, &c->write.err);
    sac__render_buf(req, &out);
    rc = render(c, &out, &err);
    if (rc != SAC_OK)
        return sac__render_failed(req, rc, &err);
    rc = set_fields(c);
    return rc == SAC_OK ? sac_reply_static(req, 201, sac__ask_type(&c->ask), sac__buf_str(&out))
                        : rc;
}

static int insert(creation *c)
{
    c->write = (sac_write)SAC_WRITE(.kind = SAC_WRITE_INSERT,
                                    .collection = c->ask.resource->def.collection, .docs = c->docs,
                                    .n_docs = c->bodies.n);
    return sac__req_submit(c->ask.req, &c->write, created, c);
}

static int look(void *self, const sac_view *stored, sac_change *change, sac_err *err)
{
    const creation *c = self;
    int rc = stored ? 1 : 0;

    change->kind = SAC_CHANGE_KEEP;
    if (stored)
        rc = sac__access_sees(&c->ask.access, stored->doc, err);
    return rc == 1 ? sac_err_set(err, SAC_EEXIST, "exists") : rc;
}

static int looked(void *self, sac_req *req)
{
    creation *c = self;
    const sac_str prefix = c->many ? sac_req_printf(req, "%zu.", c->refused) : sac_str_of("");
    int rc = c->write.result;

    if (rc == SAC_EEXIST)
        return sac__indexes_refused(&c->ask, "_id_", "");
    if (rc != SAC_OK)
        return sac__ask_failed(req, rc, &c->write.err);
    if (!prefix.p)
        return no_memory(req);
    rc = add_id_error(c, prefix.p, "is made by the server");
    return rc == SAC_EVALIDATION ? sac__req_invalid(req) : rc;
}

/* An id that the client may not choose: taken, it is a mistaken update, and said so. */
static int refuse_id(creation *c)
{
    c->write = (sac_write)SAC_WRITE(.kind = SAC_WRITE_DECIDE,
                                    .collection = c->ask.resource->def.collection,
                                    .id = c->ids[c->refused], .decide = look);
    c->write.self = c;
    return sac__req_submit(c->ask.req, &c->write, looked, c);
}

int sac__resource_create(void *self, sac_req *req)
{
    creation *c = sac__arena_get_zero(sac__req_arena(req), sizeof *c);
    int rc;

    if (!c)
        return no_memory(req);
    rc = sac__ask_init(&c->ask, self, req);
    if (rc == SAC_OK)
        rc = sac__ask_body_type(&c->ask, false);
    if (rc == SAC_OK)
        rc = sac__params_other(&c->ask);
    if (rc == SAC_OK && (c->ask.if_match.p || c->ask.if_none_match.p))
        rc = sac_problem(req, "precondition_unsupported", "a list takes no preconditions");
    if (rc == SAC_OK)
        rc = read_body(c);
    if (rc == SAC_OK)
        rc = make_docs(c);
    if (rc != SAC_OK)
        return rc;
    return c->refused < c->bodies.n ? refuse_id(c) : insert(c);
}
