/* SPDX-License-Identifier: MIT */
#include "auth/account/account.h"

#include "core/clock.h"
#include "core/utf8.h"
#include "http/media.h"
#include "schema/fields.h"

enum { NAME_BYTES = 64 /* of a name without a pattern of its own */ };

bool sac__account_is_form(sac_req *req)
{
    sac__media media;

    return sac__media_parse(sac_req_header(req, "content-type"), &media) &&
           (sac__media_is(&media, "application/x-www-form-urlencoded") ||
            sac__media_is(&media, "multipart/form-data"));
}

/* Fields that forms have beside those of the table. */
static bool is_beside(const sac__schema *schema, sac_str name)
{
    static const char *const names[] = {"next", "csrf_token", "remember"};
    size_t hint = 0;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (sac_str_is(name, names[i]))
            return !sac__plan_shown(sac__schema_plan(schema), name, &hint);
    return false;
}

/* The form as the JSON text that a script would send. */
static int read_form(sac_req *req, const sac__schema *schema, sac_str *json)
{
    const sac__params *sent = NULL;
    sac__params own = {.n = 0};
    const sac__fields fields = {.schema = schema,
                                .params = &own,
                                .form = true,
                                .arena = sac__req_arena(req),
                                .errors = sac__req_errors(req)};
    int rc = sac__req_form_fields(req, &sent);

    if (rc != SAC_OK)
        return rc;
    own.v = sac_req_alloc(req, (sent->n + 1) * sizeof *own.v);
    if (!own.v)
        return sac_fail(req, SAC_ENOMEM, "form: no memory");
    for (size_t i = 0; i < sent->n; i++)
        if (!is_beside(schema, sent->v[i].name))
            own.v[own.n++] = sent->v[i];
    rc = sac__fields_json(&fields, json);
    return rc == SAC_OK ? rc : sac_fail(req, rc, "form: %s", sac_err_text(rc));
}

static int make(sac_req *req, const sac__making *making, sac_str json, sac_str *doc)
{
    const sac_app_config *config = sac__app_config(sac_req_app(req));
    const sac__schema_limits limits = {.max_depth = config->max_depth,
                                       .max_keys = config->max_keys};
    const sac_value no_id = {.type = SAC_BSON_MISSING};
    sac_err err = {.code = 0};
    sac__body body = {.misfits = NULL};
    int rc = sac__schema_decode(making->schema, &limits, json, false, making->arena, &body, &err);

    if (rc != SAC_OK)
        return sac__req_json_failed(req, rc, &err);
    *doc = body.doc;
    rc = sac__schema_create(making, &body, no_id, doc);
    if (rc == SAC_OK || rc == SAC_EVALIDATION)
        return rc;
    return rc == SAC_ETOOBIG ? sac_problem(req, "body_too_large", "the document is too large")
                             : sac_fail(req, rc, "body: %s", sac_err_text(rc));
}

int sac__account_read(sac__accounts *accounts, sac_req *req, const sac__schema *schema,
                      sac_str *doc)
{
    const sac__making making = {.schema = schema,
                                .arena = sac__req_arena(req),
                                .errors = sac__req_errors(req),
                                .prefix = "",
                                .oids = &accounts->oids,
                                .now = sac__clock_ms()};
    const bool form = sac__account_is_form(req);
    const size_t errors = sac__req_errors(req)->n;
    sac_str json = {NULL, 0};
    int rc;

    /* A password is in it, and in what is made of it. */
    sac__arena_wipe(making.arena);
    rc = form ? read_form(req, schema, &json) : sac__req_json_type(req);
    if (rc == SAC_OK)
        rc = make(req, &making, form ? json : sac_req_body(req), doc);
    return rc == SAC_OK && sac__req_errors(req)->n > errors ? SAC_EVALIDATION : rc;
}

static bool is_plain(sac_str name)
{
    for (size_t i = 0; i < name.n; i++)
        if ((unsigned char)name.p[i] <= ' ' || name.p[i] == 0x7f)
            return false;
    return true;
}

const char *sac__account_bad_name(const sac__accounts *accounts, sac_str name)
{
    if (name.n == 0)
        return "is empty";
    if (!sac__utf8_valid(name) || memchr(name.p, '\0', name.n))
        return "is no text";
    if (name.n > (accounts->def.name_pattern ? (size_t)SAC__ACCOUNT_NAME : (size_t)NAME_BYTES))
        return "is too long";
    return accounts->def.name_pattern || is_plain(name) ? NULL : "has blanks or control bytes";
}

static void redeem(void *self)
{
    sac_ticket_redeem(self);
}

int sac__account_hash(const sac__accounts *accounts, sac_req *req, sac__pool_job *job,
                      sac_handler *resume, void *self)
{
    sac_ticket *ticket = NULL;
    int rc = sac_req_park(req, resume, self, &ticket);

    if (rc != SAC_OK)
        return sac_problem(req, "internal", "a password cannot be hashed here");
    job->done = redeem;
    job->self = ticket;
    rc = sac__pool_submit(accounts->pool, job);
    if (rc != SAC_OK) {
        job->result = rc;
        sac_ticket_redeem(ticket);
    }
    return SAC_LATER;
}

int sac__account_hashed(sac_req *req, const sac__pool_job *job)
{
    const int rc = job->result == SAC_ECLOSED ? SAC_EUNAVAILABLE : job->result;

    if (rc == SAC_EUNAVAILABLE)
        return sac_fail(req, rc, "too many passwords are being verified");
    if (rc == SAC_ENOMEM || job->made == SAC_ENOMEM || job->made == SAC_EIO)
        return sac_fail(req, rc == SAC_ENOMEM ? rc : job->made, "a password cannot be hashed");
    return SAC_OK;
}
