/* SPDX-License-Identifier: MIT */
#include "auth/account/account.h"

#include <sacrum/csrf.h>

#include "app/identity/identity.h"
#include "app/page.h"
#include "json/encode.h"

static int no_memory(sac_req *req)
{
    return sac_fail(req, SAC_ENOMEM, "accounts: no memory for an answer");
}

/* A user has no URL. */
static int no_url(void *self, const sac__plan_field *field, sac_str doc, sac__buf *out)
{
    (void)self;
    (void)field;
    (void)doc;
    sac__buf_add_text(out, "null");
    return out->error;
}

static int add_user(const sac__accounts *accounts, const sac_identity *identity, sac__buf *out)
{
    const sac__json_encoding encoding = {.dialect = SAC_JSON_PLAIN,
                                         .flags = SAC_JSON_REPAIR,
                                         .plan = sac__schema_plan(accounts->shown),
                                         .compute = no_url};

    sac__buf_add_text(out, "{\"user\":");
    return sac__json_encode(&encoding, identity->user, out, NULL);
}

/* A token's bearer has no session, and needs no token against forgery. */
static bool has_session(const sac_identity *identity)
{
    return identity->scheme && strcmp(identity->scheme, "session") == 0;
}

int sac__account_show(const sac__accounts *accounts, sac_req *req, const sac_identity *identity)
{
    sac_str token = {NULL, 0};
    sac__buf out;
    int rc;

    sac__buf_init(&out, sac_req_allocator(req), SIZE_MAX);
    rc = add_user(accounts, identity, &out);
    if (rc == SAC_OK && has_session(identity)) {
        token = sac_csrf_token(req);
        if (!token.p)
            return no_memory(req);
        sac__buf_add_text(&out, ",\"csrf_token\":");
        sac__json_encode_str(&out, token);
    }
    sac__buf_add_char(&out, '}');
    if (rc == SAC_OK)
        rc = out.error;
    if (rc != SAC_OK)
        return sac_fail(req, rc, "accounts: %s", sac_err_text(rc));
    return sac_reply_static(req, 200, "application/json", sac__buf_str(&out));
}

int sac__account_go_on(const sac__accounts *accounts, sac_req *req)
{
    const sac_str prefix = sac__req_head(req)->prefix;
    const sac_str home = sac_req_printf(req, "%.*s%s", (int)prefix.n, prefix.n ? prefix.p : "",
                                        accounts->def.home);
    const sac_str to = home.p ? sac_req_next(req, home.p) : home;
    const int rc = to.p ? sac_reply_redirect(req, 303, to.p) : SAC_ENOMEM;

    return rc == SAC_OK ? rc : sac_fail(req, rc, "303: %s", sac_err_text(rc));
}

int sac__account_welcome(const sac__accounts *accounts, sac_req *req, const sac__user *user)
{
    sac_identity identity = SAC_IDENTITY(.scheme = sac__account_authenticator.name);
    int rc;

    if (sac__account_is_form(req))
        return sac__account_go_on(accounts, req);
    rc = sac__user_identity(accounts, req, user, &identity);
    if (rc != SAC_OK)
        return sac_fail(req, rc, "accounts: %s", sac_err_text(rc));
    return sac__account_show(accounts, req, &identity);
}

typedef struct page {
    const sac__account_form *form;
    int status;
    sac_str name;
    sac_str error; /* p NULL: none */
} page;

/* What was wrong with each field. */
static void add_errors(sac_req *req, sac_bson *data)
{
    const sac__problem_error *error = sac__req_errors(req)->first;

    sac_bson_begin_array(data, sac_str_of("errors"));
    for (; error; error = error->next) {
        sac_bson_begin_doc(data, sac_str_of(""));
        sac_bson_add_str(data, "field", error->field);
        sac_bson_add_str(data, "message", error->message);
        sac_bson_end(data);
    }
    sac_bson_end(data);
}

static int render(sac_req *req, const page *what)
{
    const sac_str next = sac_req_next(req, "");
    sac_str doc = {NULL, 0};
    sac_bson data;
    int rc;

    sac_bson_init(&data, sac_req_allocator(req), 0);
    sac_bson_add_str(&data, "title", sac_str_of(what->form->title));
    sac_bson_add_str(&data, "next", next);
    sac_bson_add_str(&data, "username", what->name);
    if (what->error.p) {
        sac_bson_add_str(&data, "error", what->error);
        add_errors(req, &data);
    }
    rc = next.p ? sac_bson_finish(&data, &doc) : SAC_ENOMEM;
    if (rc != SAC_OK)
        return no_memory(req);
    return sac__req_page(req, what->status, what->form->template_name, doc);
}

int sac__account_page(sac_req *req, const sac__account_form *form)
{
    const page blank = {.form = form, .status = 200, .name = sac_str_of("")};

    if (sac__app_has_page(sac_req_app(req), form->template_name))
        return render(req, &blank);
    if (sac_reply_header(req, "Allow", sac_str_of("POST, OPTIONS")) != SAC_OK)
        return no_memory(req);
    return sac_problem(req, "method_not_allowed", NULL);
}

int sac__account_again(sac_req *req, const sac__account_form *form, sac_str name, int rc)
{
    const sac_problem_info *problem;
    page again = {.form = form, .name = name.p ? name : sac_str_of("")};

    if (!sac__account_is_form(req) || !sac__app_has_page(sac_req_app(req), form->template_name))
        return rc;
    problem = sac_req_problem(req);
    if (!problem || problem->status >= 500)
        return rc;
    again.status = problem->status;
    again.error = problem->detail.p ? problem->detail : sac_str_of(problem->title);
    again.error = sac_req_dup(req, again.error);
    return render(req, &again);
}
