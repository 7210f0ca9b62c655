/* SPDX-License-Identifier: MIT */
#include "auth/account/account.h"

/* A row of the plan that is shown, or NULL. */
static const sac__plan_field *shown(const sac__plan *plan, sac_str key, size_t *hint)
{
    const sac__plan_field *field = sac__plan_stored(plan, key, hint);

    return field && !(field->flags & SAC__PLAN_HIDDEN) ? field : NULL;
}

static int copy_members(const sac__plan *plan, sac_str doc, sac_bson *out, int depth);

/* Elements that are documents, and what is in them. */
static int copy_items(const sac__plan_field *item, sac_str array, sac_bson *out, int depth)
{
    sac_bson_iter iter;
    sac_str inner;
    int rc = sac_bson_iter_init(&iter, array);

    while (rc == SAC_OK && (rc = sac_bson_iter_next(&iter)) == 1) {
        rc = SAC_OK;
        if (!item->plan || iter.value.type != SAC_BSON_DOCUMENT ||
            !sac_value_doc(&iter.value, &inner)) {
            sac_bson_add_value(out, iter.key, iter.value);
            continue;
        }
        sac_bson_begin_doc(out, iter.key);
        rc = copy_members(item->plan, inner, out, depth + 1);
        sac_bson_end(out);
    }
    return rc;
}

static int copy_member(const sac__plan_field *field, const sac_bson_iter *at, sac_bson *out,
                       int depth)
{
    sac_str inner = {NULL, 0};
    int rc = SAC_OK;

    if (field && field->plan && at->value.type == SAC_BSON_DOCUMENT &&
        sac_value_doc(&at->value, &inner)) {
        sac_bson_begin_doc(out, at->key);
        rc = copy_members(field->plan, inner, out, depth + 1);
        sac_bson_end(out);
    } else if (field && field->item && at->value.type == SAC_BSON_ARRAY &&
               sac_value_doc(&at->value, &inner)) {
        sac_bson_begin_array(out, at->key);
        rc = copy_items(field->item, inner, out, depth + 1);
        sac_bson_end(out);
    } else {
        sac_bson_add_value(out, at->key, at->value);
    }
    return rc;
}

/* What a plan shows of a document, into one that is open. Tables nest at most 32 deep. */
static int copy_members(const sac__plan *plan, sac_str doc, sac_bson *out, int depth)
{
    sac_bson_iter iter;
    size_t hint = 0;
    int rc = depth < SAC_BSON_DEPTH ? sac_bson_iter_init(&iter, doc) : SAC_ECORRUPT;

    while (rc == SAC_OK && (rc = sac_bson_iter_next(&iter)) == 1) {
        const sac__plan_field *declared = sac__plan_stored(plan, iter.key, &hint);

        rc = SAC_OK;
        if (declared ? declared->flags & SAC__PLAN_HIDDEN : !plan->open)
            continue;
        rc = copy_member(shown(plan, iter.key, &hint), &iter, out, depth);
    }
    return rc;
}

int sac__user_read(const sac__accounts *accounts, sac_str doc, sac__user *out)
{
    const sac_value id = sac_bson_get(doc, sac_str_of("_id"));

    *out = (sac__user){.doc = doc,
                       .name = sac_bson_get_str(doc, accounts->def.name_key),
                       .hash = sac_bson_get_str(doc, "password"),
                       .version = sac_bson_get_int(doc, "version", 0),
                       .disabled = sac_bson_get_bool(doc, "disabled", false)};
    if (out->hash.p && !sac__password_taken(out->hash))
        out->hash = sac_str_of(NULL);
    return out->name.p && sac_value_oid(&id, &out->id) ? SAC_OK : SAC_ECORRUPT;
}

static int read_found(const sac__accounts *accounts, sac_req *req, sac_str doc, sac__user *out)
{
    const int rc = sac__user_read(accounts, doc, out);

    return rc == SAC_OK ? rc : sac_fail(req, rc, "accounts: a stored document is no user's");
}

int sac__user_by_id(const sac__accounts *accounts, sac_req *req, const sac_oid *id, sac__user *out)
{
    sac_str doc = {NULL, 0};
    const int rc = sac_req_find_one(req, accounts->def.collection, sac_req_oid_value(req, id),
                                    &doc);

    return rc == SAC_OK ? read_found(accounts, req, doc, out) : rc;
}

sac_str sac__user_lower(sac_str name, char out[SAC__ACCOUNT_NAME])
{
    size_t n = 0;

    for (; n < name.n && n < SAC__ACCOUNT_NAME; n++) {
        out[n] = name.p[n];
        if (out[n] >= 'A' && out[n] <= 'Z')
            out[n] = (char)(out[n] - 'A' + 'a');
    }
    return sac_str_n(out, n);
}

int sac__user_filter(const sac__accounts *accounts, sac_str name, const sac_alloc *alloc,
                     sac_str *out)
{
    char text[SAC__ACCOUNT_NAME];
    sac_bson filter;

    if (name.n > sizeof text)
        return SAC_ETOOBIG;
    sac_bson_init(&filter, alloc, 0);
    sac_bson_begin_doc(&filter, sac_str_of(accounts->def.name_key));
    sac_bson_add_str(&filter, "$eq", sac__user_lower(name, text));
    sac_bson_end(&filter);
    return sac_bson_finish(&filter, out);
}

int sac__user_by_name(const sac__accounts *accounts, sac_req *req, sac_str name, sac__user *out)
{
    sac_query query = SAC_QUERY(.collection = accounts->def.collection);
    sac_str doc = {NULL, 0};
    int rc;

    if (name.n == 0 || name.n > SAC__ACCOUNT_NAME)
        return SAC_ENOTFOUND;
    rc = sac__user_filter(accounts, name, sac_req_allocator(req), &query.filter);
    if (rc != SAC_OK)
        return sac_fail(req, rc, "accounts: %s", sac_err_text(rc));
    rc = sac_req_find_first(req, &query, &doc);
    return rc == SAC_OK ? read_found(accounts, req, doc, out) : rc;
}

/* The strings of the array `roles`. */
static int read_roles(sac_req *req, sac_str doc, sac_identity *out)
{
    const sac_value roles = sac_bson_get(doc, sac_str_of("roles"));
    sac_bson_iter iter;
    sac_str array = {NULL, 0};
    sac_str *v;
    size_t n = 0;
    int rc;

    if (roles.type != SAC_BSON_ARRAY || !sac_value_doc(&roles, &array))
        return SAC_OK;
    rc = sac_bson_iter_init(&iter, array);
    while (rc == SAC_OK && sac_bson_iter_next(&iter) == 1)
        n++;
    v = sac_req_alloc(req, (n + 1) * sizeof *v);
    if (!v)
        return SAC_ENOMEM;
    out->roles = v;
    rc = rc == SAC_OK ? sac_bson_iter_init(&iter, array) : rc;
    while (rc == SAC_OK && out->n_roles < n && sac_bson_iter_next(&iter) == 1)
        if (sac_value_str(&iter.value, &v[out->n_roles]))
            out->n_roles++;
    return rc;
}

int sac__user_identity(const sac__accounts *accounts, sac_req *req, const sac__user *user,
                       sac_identity *out)
{
    sac_bson doc;
    int rc;

    out->id = sac_bson_get(user->doc, sac_str_of("_id"));
    out->name = user->name;
    rc = read_roles(req, user->doc, out);
    sac_bson_init(&doc, sac_req_allocator(req), 0);
    if (rc == SAC_OK)
        rc = copy_members(sac__schema_plan(accounts->shown), user->doc, &doc, 1);
    return rc == SAC_OK ? sac_bson_finish(&doc, &out->user) : rc;
}

static bool is_one_of(sac_str key, const char *const *names)
{
    for (; *names; names++)
        if (sac_str_is(key, *names))
            return true;
    return false;
}

/* Every member but the named ones. */
static int copy_others(sac_str doc, const char *const *names, sac_bson *out)
{
    sac_bson_iter iter;
    int rc = sac_bson_iter_init(&iter, doc);

    while (rc == SAC_OK && (rc = sac_bson_iter_next(&iter)) == 1) {
        rc = SAC_OK;
        if (!is_one_of(iter.key, names))
            sac_bson_add_value(out, iter.key, iter.value);
    }
    return rc;
}

int sac__user_decide(void *self, const sac_view *stored, sac_change *change, sac_err *err)
{
    static const char *const changed[] = {"password", "version", "disabled", NULL};
    sac__user_change *to = self;
    sac__user user;
    sac_bson doc;
    int rc;

    if (!stored)
        return sac_err_set(err, SAC_ENOTFOUND, "accounts: there is no such user");
    rc = sac__user_read(to->accounts, stored->doc, &user);
    if (rc != SAC_OK)
        return sac_err_set(err, rc, "accounts: a stored document is no user's");
    if (to->seen.p && !(user.hash.p && sac_str_eq(user.hash, to->seen)))
        return sac_err_set(err, SAC_ECONFLICT, "accounts: the password was changed meanwhile");
    to->version = user.version + (to->raise ? 1 : 0);
    sac_bson_init(&doc, to->alloc, 0);
    rc = copy_others(stored->doc, changed, &doc);
    if (to->hash.p)
        sac_bson_add_str(&doc, "password", to->hash);
    else
        sac_bson_add_value(&doc, sac_str_of("password"),
                           sac_bson_get(stored->doc, sac_str_of("password")));
    sac_bson_add_int64(&doc, "version", to->version);
    sac_bson_add_bool(&doc, "disabled", to->disabled < 0 ? user.disabled : to->disabled);
    if (rc == SAC_OK)
        rc = sac_bson_finish(&doc, &change->doc);
    change->kind = SAC_CHANGE_PUT;
    return rc == SAC_OK ? rc : sac_err_set(err, rc, "accounts: %s", sac_err_text(rc));
}

int sac__user_make(const sac__accounts *accounts, const sac__user_new *made, const sac_alloc *alloc,
                   sac_str *out)
{
    const char *const names[] = {
        "_id", accounts->def.name_key, "password", "roles", "version", "disabled", NULL};
    char text[SAC__ACCOUNT_NAME];
    int rc = SAC_OK;
    sac_bson doc;

    sac_bson_init(&doc, alloc, 0);
    sac_bson_add_oid(&doc, "_id", &made->id);
    sac_bson_add_str(&doc, accounts->def.name_key, sac__user_lower(made->name, text));
    sac_bson_add_str(&doc, "password", made->hash);
    sac_bson_begin_array(&doc, sac_str_of("roles"));
    for (const char *const *role = made->roles; role && *role; role++)
        sac_bson_add_str(&doc, "", sac_str_of(*role));
    sac_bson_end(&doc);
    sac_bson_add_int64(&doc, "version", 0);
    sac_bson_add_bool(&doc, "disabled", false);
    if (made->fields.p)
        rc = copy_others(made->fields, names, &doc);
    return rc == SAC_OK ? sac_bson_finish(&doc, out) : rc;
}
