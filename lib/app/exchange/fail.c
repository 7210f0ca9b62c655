/* SPDX-License-Identifier: MIT */
#include "app/exchange/exchange.h"

#include "core/table.h"
#include "http/problem.h"

#define LITERAL(text)          \
    {                          \
        text, sizeof(text) - 1 \
    }

static const char problem_type[] = "application/problem+json";

static const sac_header bare_fields[] = {
    {LITERAL("Content-Type"), LITERAL("application/problem+json")},
    {LITERAL("Cache-Control"), LITERAL("no-cache")},
    {LITERAL("X-Content-Type-Options"), LITERAL("nosniff")}};

sac_str sac__fail_bare(const sac_header **fields, size_t *n)
{
    *fields = bare_fields;
    *n = sizeof bare_fields / sizeof *bare_fields;
    return sac_str_of("{\"type\":\"about:blank\",\"title\":\"Internal error\",\"status\":500,"
                      "\"code\":\"internal\"}");
}

/* The code that a handler returns for a problem. */
static int code_of(const sac__problem_kind *kind)
{
    static const int codes[] = {
        SAC_EINVAL,  SAC_EUNAUTHORIZED,  SAC_EFORBIDDEN,   SAC_ENOTFOUND,
        SAC_EMETHOD, SAC_ENOTACCEPTABLE, SAC_ECONFLICT,    SAC_EPRECONDITION,
        SAC_ETOOBIG, SAC_EMEDIATYPE,     SAC_EVALIDATION,  SAC_EREQUIRED,
        SAC_EIO,     SAC_ENOSYS,         SAC_EUNAVAILABLE, SAC_EFULL};

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (sac_err_status(codes[i]) == kind->status)
            return codes[i];
    return SAC_ELIMIT;
}

static const sac__problem_kind *kind_of(int code)
{
    const int status = code < 0 ? sac_err_status(code) : 500;
    const sac__problem_kind *kind = sac__problem_kind_for_status(status);

    if (code == SAC_ECONFLICT)
        kind = sac__problem_kind_of("conflict");
    else if (code == SAC_EUNKNOWN)
        kind = sac__problem_kind_of("unknown_outcome");
    return kind ? kind : sac__problem_kind_of("internal");
}

static void set_problem(sac_req *req, const sac__problem_kind *kind, sac_str detail)
{
    if (req->stage >= SAC__STAGE_ANSWERED)
        return;
    sac__reply_drop(req);
    req->reply.kind = SAC__REPLY_PROBLEM;
    req->reply.status = kind->status;
    req->problem = kind;
    req->detail = detail;
    req->detail_public = false;
}

int sac_fail(sac_req *req, int code, const char *format, ...)
{
    sac_str detail = {NULL, 0};
    va_list args;

    if (format) {
        va_start(args, format);
        detail = sac__arena_vprintf(req->arena, format, args);
        va_end(args);
    }
    set_problem(req, kind_of(code), detail);
    return code < 0 ? code : SAC_EIO;
}

int sac_problem(sac_req *req, const char *problem, const char *format, ...)
{
    const sac__problem_kind *kind = sac__problem_kind_of(problem);
    sac_str detail = {NULL, 0};
    va_list args;

    if (!kind)
        kind = sac__problem_kind_of("internal");
    if (format) {
        va_start(args, format);
        detail = sac__arena_vprintf(req->arena, format, args);
        va_end(args);
    }
    set_problem(req, kind, detail);
    return code_of(kind);
}

int sac__req_invalid(sac_req *req)
{
    return sac_problem(req, "validation", NULL);
}

int sac_fail_field(sac_req *req, const char *field, const char *format, ...)
{
    sac_str message;
    va_list args;

    va_start(args, format);
    message = sac__arena_vprintf(req->arena, format, args);
    va_end(args);
    if (!message.p || sac__problem_errors_add(&req->errors, req->arena, sac_str_of(field), "%s",
                                              message.p) != SAC_OK)
        req->out_of_memory = true;
    return sac__req_invalid(req);
}

sac__problem_errors *sac__req_errors(sac_req *req)
{
    return &req->errors;
}

int sac__req_newer(sac_req *req, const char *what, size_t size, size_t known)
{
    sac_err err = {.code = 0};
    const int rc = sac__table_newer(what, size, known, &err);

    (void)sac_problem(req, "internal", "view %s: %s", req->mount ? req->mount->name : "-",
                      err.text);
    return rc;
}

void sac__fail_again(sac_req *req, const sac__problem_kind *kind, sac_str detail)
{
    set_problem(req, kind, detail);
}

void sac__fail_slot(sac_req *req, int rc, const char *who)
{
    if (sac_err_status(rc) < 500)
        (void)sac_fail(req, rc, "%s", sac_err_text(rc));
    else
        (void)sac_fail(req, rc, "view %s: %s: %s", req->mount ? req->mount->name : "-", who,
                       sac_err_text(rc));
}

/* What a client may read of a failure of the server. */
static sac_str public_detail(sac_req *req, const char *id)
{
    if (strcmp(req->problem->code, "unknown_outcome") == 0)
        return sac_str_of("whether it was done is not known");
    switch (req->problem->status) {
    case 501: return sac_str_of("this is not implemented here");
    case 503: return sac_str_of("try again later");
    case 507: return sac_str_of("there is no room to store this");
    default: return sac__arena_printf(req->arena, "error %s", id);
    }
}

void sac__fail_log(sac_req *req)
{
    const int status = req->problem->status;
    char id[25] = "";
    sac_oid oid;

    if (status < 500 || req->detail_public)
        return;
    sac_req_oid(req, &oid);
    sac_oid_hex(&oid, id);
    /* A client's unknown method is no news. */
    if (status != 501 || !req->early)
        sac_req_log(req, status == 500 ? SAC_LOG_ERROR : SAC_LOG_WARN, "%d, error %s: %.*s", status,
                    id, (int)req->detail.n, req->detail.p ? req->detail.p : "");
    req->detail = public_detail(req, id);
    req->detail_public = true;
}

static bool is_by_field(const sac__problem_kind *kind)
{
    return kind->status == 400 || kind->status == 409 || kind->status == 422;
}

const sac_problem_info *sac_req_problem(sac_req *req)
{
    const sac__problem_kind *kind = req->problem;
    const bool is_public = kind && (kind->status < 500 || req->detail_public);
    size_t n = 0;

    if (!kind)
        return NULL;
    while (sac_req_problem_field(req, n, NULL, NULL))
        n++;
    req->info = (sac_problem_info){.size = sizeof req->info,
                                   .status = kind->status,
                                   .code = kind->code,
                                   .title = kind->title,
                                   .detail = is_public ? req->detail : sac_str_of(NULL),
                                   .n_errors = n};
    return &req->info;
}

bool sac_req_problem_field(const sac_req *req, size_t i, sac_str *field, sac_str *message)
{
    const sac__problem_error *error = NULL;

    if (req->problem && is_by_field(req->problem))
        error = req->errors.first;
    while (error && i-- > 0)
        error = error->next;
    if (error && field)
        *field = error->field;
    if (error && message)
        *message = error->message;
    return error != NULL;
}

/* A problem keeps the fields that were set, but for those that described another body. */
static int tidy_fields(sac_req *req)
{
    static const char *const gone[] = {"content-encoding", "content-range", "content-disposition",
                                       "last-modified", "accept-ranges"};
    sac__headers *headers = &req->headers;
    const sac_str cache = sac_str_of("Cache-Control");
    int rc = SAC_OK;

    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++)
        sac__headers_remove(headers, gone[i]);
    if (!sac__headers_has(headers, cache, sac_str_of("no-store")))
        rc = sac__headers_set_static(headers, cache, sac_str_of("no-cache"));
    if (rc == SAC_OK && req->reply.status == 503 &&
        sac__headers_count(headers->v, headers->n, "retry-after") == 0)
        rc = sac__headers_set_static(headers, sac_str_of("Retry-After"), sac_str_of("1"));
    return rc;
}

static void run_handler(sac_req *req, sac_handler *fn, void *self)
{
    const sac__problem_kind *kind = req->problem;
    int rc;

    req->in_error_handler = true;
    req->may_park = false;
    rc = fn(self, req);
    req->may_park = true;
    req->in_error_handler = false;
    if (rc != SAC_OK)
        (void)sac_problem(req, "internal", "view %s: the error handler of %s failed: %s",
                          req->mount ? req->mount->name : "-", kind->code,
                          sac_err_text(rc < 0 ? rc : SAC_EIO));
}

void sac__fail_handle(sac_req *req)
{
    const sac_app *group = req->errors_of ? req->errors_of : req->group;
    const sac__on_error *on = sac__app_error_handler(group, req->problem);

    if (on)
        run_handler(req, on->fn, on->self);
    while (group && !group->error_page)
        group = group->parent;
    if (!group || req->reply.kind != SAC__REPLY_PROBLEM)
        return;
    sac__fail_log(req);
    if (tidy_fields(req) == SAC_OK)
        run_handler(req, group->error_page, group->error_page_self);
}

void sac__fail_print(sac_req *req)
{
    const sac__problem_kind *kind = req->problem;
    sac__buf out;

    sac__fail_log(req);
    sac__buf_init(&out, sac__arena_alloc(req->arena), SIZE_MAX);
    sac__problem_print(&out, kind, req->core->config.problem_docs, req->detail,
                       is_by_field(kind) ? &req->errors : NULL);
    req->reply.kind = SAC__REPLY_BYTES;
    req->reply.bytes = sac__buf_str(&out);
    if (out.error || tidy_fields(req) != SAC_OK ||
        sac__headers_set_static(&req->headers, sac_str_of("Content-Type"),
                                sac_str_of(problem_type)) != SAC_OK)
        sac__exchange_of(req)->bare = true;
}
