/* SPDX-License-Identifier: MIT */
#include "auth/account/account.h"

/* One sign-up, from its body to its answer. */
typedef struct sign_up {
    sac__accounts *accounts;
    sac_str name, fields;
    sac__pool_job job;
    sac__user_new made;
    sac_str doc;
    sac_write write;
} sign_up;

static int again(const sign_up *at, sac_req *req, int rc)
{
    return sac__account_again(req, &at->accounts->sign_up_form, at->name, rc);
}

static int add_error(sac_req *req, sac_str field, const char *text)
{
    const int rc = sac__problem_errors_add(sac__req_errors(req), sac__req_arena(req), field, "%s",
                                           text);

    return rc == SAC_OK ? rc : sac_fail(req, rc, "no memory for an error");
}

/* The field of the index that refused. */
static int duplicate(const sign_up *at, sac_req *req)
{
    const sac__declared *index = at->accounts->indexes;
    int rc = SAC_OK;

    while (index && strcmp(index->index.name, at->write.index) != 0)
        index = index->next;
    if (index)
        rc = add_error(req, sac_str_of(index->index.keys), "is taken");
    return rc == SAC_OK ? again(at, req, sac_problem(req, "duplicate", NULL)) : rc;
}

static int stored(void *self, sac_req *req)
{
    const sign_up *at = self;
    sac__user user;
    int rc = at->write.result;

    if (rc == SAC_EEXIST)
        return duplicate(at, req);
    if (rc == SAC_OK)
        rc = sac__user_read(at->accounts, at->doc, &user);
    if (rc != SAC_OK)
        return sac_fail(req, rc, "sign-up: %s",
                        at->write.err.text[0] ? at->write.err.text : sac_err_text(rc));
    rc = sac__account_sign_in(at->accounts, req, &user, false);
    return rc == SAC_OK ? sac__account_welcome(at->accounts, req, &user) : rc;
}

static int hashed(void *self, sac_req *req)
{
    sign_up *at = self;
    int rc = sac__account_hashed(req, &at->job);

    if (rc != SAC_OK)
        return again(at, req, rc);
    at->made = (sac__user_new){.name = at->name,
                               .hash = sac_str_of(at->job.out),
                               .roles = at->accounts->def.sign_up_roles,
                               .fields = at->fields};
    sac_req_oid(req, &at->made.id);
    rc = sac__user_make(at->accounts, &at->made, sac_req_allocator(req), &at->doc);
    if (rc != SAC_OK)
        return sac_fail(req, rc, "sign-up: %s", sac_err_text(rc));
    at->write = (sac_write)SAC_WRITE(.kind = SAC_WRITE_INSERT,
                                     .collection = at->accounts->def.collection, .docs = &at->doc,
                                     .n_docs = 1);
    return sac__req_submit(req, &at->write, stored, at);
}

/* What the table cannot say of name and password. */
static int check(const sign_up *at, sac_req *req, sac_str password)
{
    const char *bad_name = at->name.p ? sac__account_bad_name(at->accounts, at->name) : NULL;
    const char *bad_password = password.p ? sac__password_refused(password) : NULL;
    int rc = SAC_OK;

    if (bad_name)
        rc = add_error(req, sac_str_of(at->accounts->def.name_key), bad_name);
    if (bad_password && rc == SAC_OK)
        rc = add_error(req, sac_str_of("password"), bad_password);
    return rc == SAC_OK && sac__req_errors(req)->first ? SAC_EVALIDATION : rc;
}

/* A name that is taken is not worth a hash; the index has the last word. */
static int look_up(const sign_up *at, sac_req *req)
{
    sac__user user;
    int rc = sac__user_by_name(at->accounts, req, at->name, &user);

    if (rc == SAC_OK)
        rc = add_error(req, sac_str_of(at->accounts->def.name_key), "is taken");
    else
        return rc == SAC_ENOTFOUND ? SAC_OK : rc;
    return rc == SAC_OK ? again(at, req, sac_problem(req, "duplicate", NULL)) : rc;
}

static int sign_up_post(void *self, sac_req *req)
{
    sign_up *at = sac_req_alloc(req, sizeof *at);
    sac_str password = {NULL, 0};
    int rc;

    if (!at)
        return sac_fail(req, SAC_ENOMEM, "sign-up: no memory");
    *at = (sign_up){.accounts = self};
    rc = sac__account_read(at->accounts, req, at->accounts->sign_up, &at->fields);
    if (rc == SAC_OK || rc == SAC_EVALIDATION) {
        at->name = sac_bson_get_str(at->fields, at->accounts->def.name_key);
        password = sac_bson_get_str(at->fields, "password");
        rc = check(at, req, password);
    }
    if (rc == SAC_EVALIDATION)
        return again(at, req, sac__req_invalid(req));
    if (rc == SAC_OK)
        rc = look_up(at, req);
    if (rc != SAC_OK || sac_reply_status(req))
        return rc;
    at->job = (sac__pool_job){.fresh = password, .cost = at->accounts->def.cost};
    return sac__account_hash(at->accounts, req, &at->job, hashed, at);
}

static int sign_up_get(void *self, sac_req *req)
{
    const sac__accounts *accounts = self;

    return sac__account_page(req, &accounts->sign_up_form);
}

const sac_view_ops sac__account_sign_up = SAC_VIEW_OPS(.name = "sign_up", .get = sign_up_get,
                                                       .post = sign_up_post, .flags = SAC_INLINE);
