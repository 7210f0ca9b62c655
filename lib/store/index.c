/* SPDX-License-Identifier: MIT */
#include "store/index.h"

#include "core/buf.h"
#include "core/utf8.h"
#include "store/store.h"

#define EXPIRES_MAX INT32_MAX

/* Names with dots between, none of them empty or with $ in front. */
static bool is_path(sac_str field)
{
    bool first = true;
    size_t i;

    for (i = 0; i < field.n; i++) {
        if (first && (field.p[i] == '.' || field.p[i] == '$'))
            return false;
        first = field.p[i] == '.';
    }
    return !first && field.n <= SAC__INDEX_FIELD && sac__utf8_valid(field);
}

static int bad_field(sac_str field, const char *what, sac_err *err)
{
    return sac_err_set(err, SAC_EINVAL, "index: field \"%.*s\": %s",
                       field.n < 80 ? (int)field.n : 80, field.p, what);
}

/* How often the keys have a field, in either direction. */
static int count_field(sac_str keys, sac_str field)
{
    bool descending;
    int n = 0;

    while (keys.n > 0)
        n += sac_str_eq(sac__index_field(&keys, &descending), field);
    return n;
}

static int check_keys(const char *keys, size_t *fields, sac_err *err)
{
    const sac_str all = sac_str_of(keys);
    sac_str rest = all;
    bool descending;

    *fields = 0;
    if (all.n == 0 || all.n > SAC__INDEX_KEYS || all.p[all.n - 1] == ',')
        return sac_err_set(err, SAC_EINVAL, "index: keys of 1 to %d bytes, as \"city,-name\"",
                           SAC__INDEX_KEYS);
    while (rest.n > 0) {
        const sac_str field = sac__index_field(&rest, &descending);

        if (!is_path(field))
            return bad_field(field, "no path", err);
        if (count_field(all, field) > 1)
            return bad_field(field, "twice", err);
        if (++*fields > SAC__INDEX_FIELDS)
            return sac_err_set(err, SAC_EINVAL, "index: more than %d fields", SAC__INDEX_FIELDS);
    }
    if (*fields == 1 && count_field(all, sac_str_n("_id", 3)) == 1)
        return sac_err_set(err, SAC_EINVAL, "index: _id has one of its own");
    return SAC_OK;
}

static int check_index(const sac_index *index, sac_err *err)
{
    size_t fields;
    int rc;

    if (!index->keys)
        return sac_err_set(err, SAC_EINVAL, "index without keys");
    rc = check_keys(index->keys, &fields, err);
    if (rc != SAC_OK)
        return rc;
    if (index->expires < SAC_EXPIRES_THEN || index->expires > EXPIRES_MAX)
        return sac_err_set(err, SAC_EINVAL, "index: expires after 1 to %d seconds", EXPIRES_MAX);
    if (index->expires != 0 && fields != 1)
        return sac_err_set(err, SAC_EINVAL, "index: only one of a single field expires");
    return SAC_OK;
}

static int check_name(const char *name, sac_err *err)
{
    const size_t n = strlen(name);

    if (n == 0 || n > SAC__INDEX_NAME || !sac__utf8_valid(sac_str_n(name, n)))
        return sac_err_set(err, SAC_EINVAL, "index: a name of 1 to %d bytes", SAC__INDEX_NAME);
    return strcmp(name, "_id_") == 0 ? sac_err_set(err, SAC_EINVAL, "index: _id_ is taken")
                                     : SAC_OK;
}

int sac__index_name(const char *keys, char name[SAC__INDEX_NAME + 1], sac_err *err)
{
    sac_str rest = sac_str_of(keys);
    bool descending;
    sac__buf out;

    sac__buf_init_fixed(&out, name, SAC__INDEX_NAME + 1);
    while (rest.n > 0) {
        if (out.n > 0)
            sac__buf_add_char(&out, '_');
        sac__buf_add_str(&out, sac__index_field(&rest, &descending));
        sac__buf_add_text(&out, descending ? "_-1" : "_1");
    }
    sac__buf_add_char(&out, '\0');
    if (out.error)
        return sac_err_set(err, SAC_EINVAL, "index: its fields make a name of more than %d bytes",
                           SAC__INDEX_NAME);
    return SAC_OK;
}

int sac_store_make_index(sac_store *store, const char *collection, const sac_index *index,
                         sac_err *err)
{
    char name[SAC__INDEX_NAME + 1];
    sac_index made;
    int rc = sac__store_check_name(collection, err);

    if (rc == SAC_OK)
        rc = check_index(index, err);
    if (rc == SAC_OK)
        rc = index->name ? check_name(index->name, err) : sac__index_name(index->keys, name, err);
    if (rc != SAC_OK)
        return rc;
    if (!store->ops.make_index)
        return sac_err_set(err, SAC_ENOSYS, "%s: has no indexes", store->ops.name);
    made = *index;
    if (!made.name)
        made.name = name;
    return store->ops.make_index(store->self, collection, &made, SAC__STORE_ERR(err));
}

int sac_store_drop_index(sac_store *store, const char *collection, const char *name, sac_err *err)
{
    int rc = sac__store_check_name(collection, err);

    if (rc == SAC_OK)
        rc = check_name(name, err);
    if (rc != SAC_OK)
        return rc;
    if (!store->ops.drop_index)
        return sac_err_set(err, SAC_ENOSYS, "%s: has no indexes", store->ops.name);
    return store->ops.drop_index(store->self, collection, name, SAC__STORE_ERR(err));
}

int sac_store_indexes(sac_store *store, const char *collection,
                      int (*index)(void *self, const sac_index *index), void *self, sac_err *err)
{
    int rc = sac__store_check_name(collection, err);

    if (rc != SAC_OK || !store->ops.indexes)
        return rc;
    return store->ops.indexes(store->self, collection, index, self, SAC__STORE_ERR(err));
}

int sac_store_explain(sac_store *store, const sac_query *query, sac_explain *out, sac_err *err)
{
    sac_explain made = {.scan = SAC_SCAN_ALL};
    int rc = sac__store_check_query(query, err);

    if (rc != SAC_OK)
        return rc;
    if (!store->ops.explain)
        return sac_err_set(err, SAC_ENOSYS, "%s: does not explain", store->ops.name);
    rc = store->ops.explain(store->self, query, &made, SAC__STORE_ERR(err));
    if (rc == SAC_OK)
        *out = made;
    return rc;
}
