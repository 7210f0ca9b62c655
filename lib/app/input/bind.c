/* SPDX-License-Identifier: MIT */
#include <sacrum/bind.h>

#include "app/exchange/exchange.h"
#include "core/clock.h"
#include "core/table.h"
#include "json/encode.h"
#include "schema/bind.h"
#include "schema/fields.h"

/* A schema that the app was told of. */
struct sac__told {
    const sac_schema *given; /* in order of these */
    const char *name;
    sac__schema *schema;
    const sac__binding *binding;
};

typedef struct sac__told told;

/* Where a schema is among those told, or where it would go. */
static size_t place_of(const sac__core *core, const sac_schema *given)
{
    size_t low = 0, high = core->n_told;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if ((uintptr_t)core->told[middle].given < (uintptr_t)given)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const told *find(const sac__core *core, const sac_schema *given)
{
    const size_t at = place_of(core, given);

    return at < core->n_told && core->told[at].given == given ? &core->told[at] : NULL;
}

static void free_told(void *self)
{
    sac__core *core = self;

    for (size_t i = 0; i < core->n_told; i++)
        sac__schema_free(core->told[i].schema);
    core->n_told = 0;
}

static int make_room(sac__core *core)
{
    const size_t cap = core->cap_told ? core->cap_told * 2 : 8;
    told *grown;

    if (core->n_told < core->cap_told)
        return SAC_OK;
    grown = sac__arena_resize(core->build, core->told, core->cap_told * sizeof *grown,
                              cap * sizeof *grown);
    if (!grown || (core->cap_told == 0 && sac__app_at_free(&core->root, free_told, core) != SAC_OK))
        return SAC_ENOMEM;
    core->told = grown;
    core->cap_told = cap;
    return SAC_OK;
}

/* The schema as this library knows it. */
static int read_schema(const sac_schema *given, sac_schema *out, sac_err *err)
{
    sac_err why;
    int rc;

    if (!given)
        return sac_err_set(err, SAC_EINVAL, "schema: none was given");
    rc = sac__app_check_size(given->size, sizeof *given, "sac_schema", err);
    if (rc != SAC_OK)
        return rc;
    *out = (sac_schema){.size = 0};
    memcpy(out, given, given->size);
    if (!out->name)
        return sac_err_set(err, SAC_EINVAL, "schema: it has no name");
    if (!out->fields)
        return sac_err_set(err, SAC_EINVAL, "schema %s: fields are not set", out->name);
    if (out->field_size <= sizeof(sac_field))
        return SAC_OK;
    rc = sac__table_newer("a row of sac_field", out->field_size, sizeof(sac_field), &why);
    return sac_err_set(err, rc, "schema %s: %s", out->name, why.text);
}

static int compile(const sac__core *core, const sac_schema *schema, told *out, sac_err *err)
{
    const sac__schema_config config = {.fields = schema->fields,
                                       .field_size = schema->field_size,
                                       .open = schema->open,
                                       .bare = true};
    sac_err why = {.code = 0};
    int rc = sac__schema_new(&config, core->alloc, &out->schema, &why);

    if (rc == SAC_OK) {
        rc = sac__binding_new(out->schema, schema->struct_size, &out->binding, &why);
        if (rc != SAC_OK)
            sac__schema_free(out->schema);
    }
    return rc ? sac_err_set(err, rc, "schema %s: %s", schema->name, why.text) : SAC_OK;
}

int sac_app_schema(sac_app *app, const sac_schema *schema, sac_err *err)
{
    sac__core *core = app->core;
    sac_schema known = {.size = 0};
    told made;
    size_t at;
    int rc = sac__app_building(app, "schema", err);

    if (rc == SAC_OK)
        rc = read_schema(schema, &known, err);
    if (rc != SAC_OK)
        return rc;
    if (find(core, schema))
        return sac_err_set(err, SAC_EEXIST, "schema %s: the app was told before", known.name);
    if (make_room(core) != SAC_OK)
        return sac_err_set(err, SAC_ENOMEM, "schema %s: no memory", known.name);
    made = (told){.given = schema, .name = known.name};
    rc = compile(core, &known, &made, err);
    if (rc != SAC_OK)
        return rc;
    at = place_of(core, schema);
    memmove(core->told + at + 1, core->told + at, (core->n_told - at) * sizeof made);
    core->told[at] = made;
    core->n_told++;
    return SAC_OK;
}

/* NULL, and the problem is set, of one that the app was not told of. */
static const told *get_told(sac_req *req, const sac_schema *schema)
{
    const char *name = schema ? SAC__SLOT(schema, sac_schema, name) : NULL;
    const told *t = schema ? find(req->core, schema) : NULL;

    if (!t)
        (void)sac_problem(req, "internal",
                          "schema %s: the app does not know it: call sac_app_schema() first",
                          name ? name : "without a name");
    return t;
}

static int failed(sac_req *req, const told *t, int rc, const sac_err *err)
{
    return sac_fail(req, rc, "schema %s: %s", t->name, err->text[0] ? err->text : sac_err_text(rc));
}

/* SAC_EVALIDATION has added its messages; other errors have set their problem. */
static int make_doc(sac_req *req, const told *t, sac_str json, sac_str *doc)
{
    const sac__schema_limits limits = {.max_depth = req->core->config.max_depth,
                                       .max_keys = req->core->config.max_keys};
    const sac__making making = {.schema = t->schema,
                                .arena = req->arena,
                                .errors = &req->errors,
                                .prefix = "",
                                .oids = &req->core->oids,
                                .now = sac__clock_ms()};
    const sac_value no_id = {.type = SAC_BSON_MISSING};
    sac_err err = {.code = 0};
    sac__body body = {.misfits = NULL};
    int rc = sac__schema_decode(t->schema, &limits, json, false, req->arena, &body, &err);

    if (rc != SAC_OK)
        return sac__req_json_failed(req, rc, &err);
    rc = sac__schema_create(&making, &body, no_id, doc);
    if (rc == SAC_OK || rc == SAC_EVALIDATION)
        return rc;
    return rc == SAC_ETOOBIG ? sac_problem(req, "body_too_large", "the document is too large")
                             : failed(req, t, rc, &err);
}

static int fill(sac_req *req, const told *t, sac_str doc, void *out)
{
    sac_err err = {.code = 0};
    const int rc = sac__binding_read(t->binding, doc, out, &err);

    return rc ? failed(req, t, rc, &err) : SAC_OK;
}

int sac_req_bind_body(sac_req *req, const sac_schema *schema, void *out)
{
    const told *t = get_told(req, schema);
    sac_str doc = {NULL, 0};
    int rc = t ? sac__req_json_type(req) : SAC_EIO;

    if (rc == SAC_OK)
        rc = make_doc(req, t, sac_req_body(req), &doc);
    if (rc == SAC_EVALIDATION)
        return sac__req_invalid(req);
    return rc ? rc : fill(req, t, doc, out);
}

/* A document of named texts; errors as make_doc(). */
static int read_fields(sac_req *req, const told *t, const sac__params *params, bool form,
                       sac_str *doc)
{
    const sac__fields fields = {.schema = t->schema,
                                .params = params,
                                .form = form,
                                .arena = req->arena,
                                .errors = &req->errors};
    const size_t errors = req->errors.n;
    sac_str json;
    int rc = sac__fields_json(&fields, &json);

    if (rc != SAC_OK)
        return sac_fail(req, rc, "schema %s: %s", t->name, sac_err_text(rc));
    rc = make_doc(req, t, json, doc);
    return rc == SAC_OK && req->errors.n > errors ? SAC_EVALIDATION : rc;
}

int sac_req_bind_form(sac_req *req, const sac_schema *schema, void *out)
{
    const told *t = get_told(req, schema);
    const sac__params *params = NULL;
    sac_str doc = {NULL, 0};
    int rc = t ? sac__req_form_fields(req, &params) : SAC_EIO;

    if (rc == SAC_OK)
        rc = read_fields(req, t, params, true, &doc);
    if (rc == SAC_EVALIDATION)
        return sac__req_invalid(req);
    return rc ? rc : fill(req, t, doc, out);
}

static int bad_query(sac_req *req)
{
    const sac__problem_error *first = req->errors.first;

    if (!first)
        return sac_problem(req, "bad_parameter", NULL);
    return sac_problem(req, "bad_parameter", "%.*s: %.*s", (int)first->field.n, first->field.p,
                       (int)first->message.n, first->message.p);
}

int sac_req_bind_query(sac_req *req, const sac_schema *schema, void *out)
{
    const told *t = get_told(req, schema);
    const sac__params *params = NULL;
    sac_str doc = {NULL, 0};
    int rc = t ? sac__req_params(req, &params) : SAC_EIO;

    if (rc == SAC_OK)
        rc = read_fields(req, t, params, false, &doc);
    if (rc == SAC_EVALIDATION)
        return bad_query(req);
    return rc ? rc : fill(req, t, doc, out);
}

int sac_req_bind_doc(sac_req *req, const sac_schema *schema, sac_str doc, void *out)
{
    const told *t = get_told(req, schema);
    sac_err err = {.code = 0};
    int rc;

    if (!t)
        return SAC_EIO;
    rc = sac__binding_read(t->binding, doc, NULL, &err);
    return rc ? failed(req, t, rc, &err) : fill(req, t, doc, out);
}

static int write_struct(sac_req *req, const told *t, const void *in, sac_str *doc)
{
    sac_err err = {.code = 0};
    sac_bson made;
    int rc;

    sac_bson_init(&made, sac__arena_alloc(req->arena), 0);
    rc = sac__binding_write(t->binding, in, &made, &err);
    if (rc == SAC_OK)
        rc = sac_bson_finish(&made, doc);
    if (rc == SAC_OK || rc == SAC_ENOMEM)
        return rc;
    return sac_problem(req, "internal", "schema %s: %s", t->name,
                       err.text[0] ? err.text : sac_err_text(rc));
}

int sac_req_struct_doc(sac_req *req, const sac_schema *schema, const void *in, sac_str *doc)
{
    const told *t = get_told(req, schema);

    return t ? write_struct(req, t, in, doc) : SAC_EIO;
}

int sac_reply_struct(sac_req *req, int status, const sac_schema *schema, const void *in)
{
    sac__json_encoding encoding = {.dialect = SAC_JSON_PLAIN};
    const told *t = get_told(req, schema);
    sac_str doc = {NULL, 0};
    sac_err err = {.code = 0};
    sac__buf out;
    int rc = t ? write_struct(req, t, in, &doc) : SAC_EIO;

    if (rc != SAC_OK)
        return rc;
    encoding.plan = sac__schema_plan(t->schema);
    sac__buf_init(&out, sac__arena_alloc(req->arena), req->core->config.max_memory);
    rc = sac__json_encode(&encoding, doc, &out, &err);
    if (rc == SAC_ENOMEM)
        return rc;
    if (rc != SAC_OK)
        return sac_problem(req, "internal", "schema %s: %s", t->name, err.text);
    return sac_reply_static(req, status, "application/json", sac__buf_str(&out));
}
