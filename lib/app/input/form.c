/* SPDX-License-Identifier: MIT */
#include "app/input/form.h"

#include "app/exchange/exchange.h"
#include "core/utf8.h"
#include "http/media.h"
#include "http/token.h"

int sac__form_refuse(sac_req *req, sac__form_fault *fault, const char *problem, const char *format,
                     ...)
{
    va_list args;

    va_start(args, format);
    fault->detail = sac__arena_vprintf(req->arena, format, args);
    va_end(args);
    fault->problem = problem;
    return SAC_ESYNTAX;
}

int sac__form_failed(sac_req *req, sac__form_fault *fault, int rc, uint64_t at, const char *error)
{
    if (rc == SAC_ENOMEM && sac__arena_capped(req->arena))
        return sac__form_refuse(req, fault, "body_too_large",
                                "the form takes more memory than a request may have");
    if (rc == SAC_ENOMEM)
        return rc;
    return sac__form_refuse(req, fault, "bad_form", "byte %llu: %s", (unsigned long long)at,
                            error ? error : sac_err_text(rc));
}

sac_str sac__form_shown(sac_str name)
{
    enum { SHOWN = 60 };

    return name.n <= SHOWN ? name : sac_str_n(name.p, sac__utf8_bad(sac_str_n(name.p, SHOWN)));
}

int sac__form_type(sac_req *req, sac__form_fault *fault, sac_str *boundary)
{
    sac__media media;
    sac_str charset;

    if (!sac__media_parse(sac_req_header(req, "content-type"), &media))
        media.type = sac_str_of("");
    if (sac__media_is(&media, "multipart/form-data")) {
        *boundary = sac__media_param(&media, "boundary");
        if (!boundary->p)
            *boundary = sac_str_of("");
        return SAC_OK;
    }
    if (!sac__media_is(&media, "application/x-www-form-urlencoded"))
        return sac__form_refuse(req, fault, "unsupported_media_type",
                                "the body must be multipart/form-data or "
                                "application/x-www-form-urlencoded");
    charset = sac__media_param(&media, "charset");
    if (charset.p && !sac__token_same(charset, sac_str_of("utf-8")))
        return sac__form_refuse(req, fault, "unsupported_media_type",
                                "the form's charset must be UTF-8");
    *boundary = sac_str_n(NULL, 0);
    return SAC_OK;
}

static sac_form_part *add_part(sac_req *req, sac__form *form)
{
    enum { FIRST = 16 };
    const size_t cap = form->cap ? 2 * form->cap : FIRST;
    sac_form_part *v;

    if (form->n == form->cap) {
        v = sac__arena_resize(req->arena, form->v, form->cap * sizeof *v, cap * sizeof *v);
        if (!v)
            return NULL;
        form->v = v;
        form->cap = cap;
    }
    form->v[form->n] = (sac_form_part){.size = sizeof *form->v, .value = {"", 0}};
    return &form->v[form->n++];
}

static int too_many(sac_req *req, sac__form *form)
{
    return sac__form_refuse(req, &form->fault, "too_many_parts",
                            "a form has at most %zu parts here", req->core->config.max_params);
}

/* The begin of the field that cannot be decoded. */
static size_t bad_field(sac_req *req, sac_str body)
{
    size_t at = 0;
    sac__params one;

    while (at < body.n) {
        const char *end = memchr(body.p + at, '&', body.n - at);
        const size_t n = end ? (size_t)(end - body.p) - at : body.n - at;

        if (sac__params_parse(req->arena, sac_str_n(body.p + at, n), 1, &one) != SAC_OK)
            break;
        at += n + 1;
    }
    return at;
}

static int collect_fields(sac_req *req, sac__form *form)
{
    const sac_str body = sac_req_body(req);
    sac__params params;
    const int rc = sac__params_parse(req->arena, body, req->core->config.max_params, &params);

    if (rc == SAC_ELIMIT)
        return too_many(req, form);
    if (rc != SAC_OK)
        return sac__form_failed(req, &form->fault, rc, rc == SAC_ESYNTAX ? bad_field(req, body) : 0,
                                "a field with a bad escape, a NUL or bytes that are no UTF-8");
    for (size_t i = 0; i < params.n; i++) {
        sac_form_part *part = add_part(req, form);

        if (!part)
            return sac__form_failed(req, &form->fault, SAC_ENOMEM, 0, NULL);
        part->name = params.v[i].name;
        if (params.v[i].value.p)
            part->value = params.v[i].value;
    }
    return SAC_OK;
}

/* A part while it is collected. */
typedef struct collecting {
    sac__multipart mp;
    sac_form_part *part;
    bool coded;
    uint64_t at;     /* where its bytes begin */
    sac__buf *value; /* of one that was encoded: they are not in the body */
} collecting;

/* A copy, of which an absent one is absent. */
static bool copy(sac_req *req, sac_str from, sac_str *to)
{
    *to = from.p ? sac__arena_dup(req->arena, from) : from;
    return !from.p || to->p;
}

static int begin(sac_req *req, sac__form *form, collecting *now, const sac__part_head *head)
{
    if (form->n == req->core->config.max_params)
        return too_many(req, form);
    now->part = add_part(req, form);
    if (!now->part || !copy(req, head->name, &now->part->name) ||
        !copy(req, head->filename, &now->part->filename) ||
        !copy(req, head->type, &now->part->type))
        return sac__form_failed(req, &form->fault, SAC_ENOMEM, 0, NULL);
    now->at = now->mp.offset;
    now->coded = head->transfer != SAC__TRANSFER_NONE;
    if (now->coded)
        sac__buf_init(now->value, sac__arena_alloc(req->arena), SIZE_MAX);
    else
        now->part->value.p = req->body + now->at;
    return SAC_OK;
}

static int end(sac_req *req, sac__form *form, const collecting *now)
{
    const sac_form_part *part = now->part;
    const sac_str name = sac__form_shown(part->name);
    const size_t bad = sac__utf8_bad(part->value);
    const uint64_t at = now->coded ? now->at : now->at + bad;

    if (part->filename.p)
        return SAC_OK;
    if (bad == part->value.n && (bad == 0 || !memchr(part->value.p, 0, bad)))
        return SAC_OK;
    return sac__form_refuse(req, &form->fault, "bad_form",
                            "byte %llu: the field \"%.*s\" has a NUL or bytes that are no UTF-8",
                            (unsigned long long)at, (int)name.n, name.p);
}

static int collect_event(sac_req *req, sac__form *form, collecting *now,
                         const sac__multipart_event *event)
{
    switch (event->kind) {
    case SAC__MULTIPART_BEGIN: return begin(req, form, now, &event->part);
    case SAC__MULTIPART_DATA:
        if (!now->coded) {
            now->part->value.n += event->data.n;
            return SAC_OK;
        }
        sac__buf_add_str(now->value, event->data);
        if (now->value->error)
            return sac__form_failed(req, &form->fault, now->value->error, 0, NULL);
        now->part->value = sac__buf_str(now->value);
        return SAC_OK;
    default: return end(req, form, now);
    }
}

static int collect_parts(sac_req *req, sac__form *form, sac_str boundary)
{
    sac_str in = sac_req_body(req);
    sac__buf value;
    collecting now = {.value = &value};
    sac__multipart_event event;
    int rc;

    if (sac__multipart_init(&now.mp, sac__arena_alloc(req->arena), boundary, SAC__FORM_MAX_HEAD) !=
        SAC_OK)
        return sac__form_refuse(req, &form->fault, "bad_form",
                                "Content-Type has no valid boundary");
    while ((rc = sac__multipart_next(&now.mp, &in, &event)) == 1) {
        rc = collect_event(req, form, &now, &event);
        if (rc != SAC_OK)
            return rc;
    }
    if (rc == SAC_OK)
        rc = sac__multipart_end(&now.mp);
    return rc == SAC_OK ? rc
                        : sac__form_failed(req, &form->fault, rc, now.mp.error_at, now.mp.error);
}

static int collect(sac_req *req, sac__form *form)
{
    sac_str boundary = {NULL, 0};
    int rc;

    if (sac__exchange_of(req)->body)
        return sac__form_refuse(req, &form->fault, "internal",
                                "a view with SAC_STREAM_BODY reads its form as it comes");
    rc = sac__form_type(req, &form->fault, &boundary);
    if (rc != SAC_OK)
        return rc;
    return boundary.p ? collect_parts(req, form, boundary) : collect_fields(req, form);
}

/* Reads the form once; what came of it stays. NULL when there is no memory to say so. */
static sac__form *read_form(sac_req *req)
{
    sac__form *form = req->form;

    if (!form) {
        form = sac__arena_get_zero(req->arena, sizeof *form);
        if (form)
            form->rc = collect(req, form);
        if (!form || form->rc == SAC_ENOMEM)
            req->out_of_memory = true;
        req->form = form;
    }
    return form;
}

static const sac__form *readable(sac_req *req)
{
    const sac__form *form = read_form(req);

    return form && form->rc == SAC_OK ? form : NULL;
}

int sac__form_answer(sac_req *req, int rc, const sac__form_fault *fault)
{
    if (!fault->problem)
        return sac_fail(req, rc, "form: %s", sac_err_text(rc));
    return sac_problem(req, fault->problem, "%.*s", (int)fault->detail.n,
                       fault->detail.p ? fault->detail.p : "");
}

int sac_req_read_form(sac_req *req)
{
    const sac__form_fault none = {.problem = NULL};
    const sac__form *form = read_form(req);

    if (form && form->rc == SAC_OK)
        return SAC_OK;
    return sac__form_answer(req, SAC_ENOMEM, form ? &form->fault : &none);
}

sac_str sac_req_form_at(sac_req *req, const char *name, size_t i)
{
    const sac__form *form = readable(req);
    const sac_str wanted = sac_str_of(name);

    for (size_t k = 0; form && k < form->n; k++)
        if (!form->v[k].filename.p && sac_str_eq(form->v[k].name, wanted) && i-- == 0)
            return form->v[k].value;
    return sac_str_n(NULL, 0);
}

sac_str sac_req_form(sac_req *req, const char *name)
{
    return sac_req_form_at(req, name, 0);
}

const sac_form_part *sac_req_form_part(sac_req *req, size_t i)
{
    const sac__form *form = readable(req);

    return form && i < form->n ? &form->v[i] : NULL;
}

const sac_form_part *sac_req_form_file(sac_req *req, const char *name)
{
    const sac__form *form = readable(req);
    const sac_str wanted = sac_str_of(name);

    for (size_t k = 0; form && k < form->n; k++)
        if (form->v[k].filename.p && sac_str_eq(form->v[k].name, wanted))
            return &form->v[k];
    return NULL;
}

int sac__req_form_fields(sac_req *req, const sac__params **out)
{
    const int rc = sac_req_read_form(req);
    sac__form *form = req->form;

    if (rc != SAC_OK)
        return rc;
    if (!form->fields.v) {
        sac__param *v = sac__arena_get(req->arena, (form->n + 1) * sizeof *v);

        if (!v)
            return sac_fail(req, SAC_ENOMEM, "form: no memory");
        for (size_t i = 0; i < form->n; i++)
            if (!form->v[i].filename.p)
                v[form->fields.n++] = (sac__param){form->v[i].name, form->v[i].value};
        form->fields.v = v;
    }
    *out = &form->fields;
    return SAC_OK;
}
