/* SPDX-License-Identifier: MIT */
#include "app/declared.h"

#include <stdio.h>

#include "store/index.h"

enum { MAX_PATH = 256 };

static int failed(const sac__declaring *d, int rc, const char *keys, const char *what)
{
    return sac_err_set(d->err, rc, "%s%s%s: index %s: %s", d->whose, *d->name ? " " : "", d->name,
                       keys, what);
}

int sac__declared_wrong(const sac__declaring *d, const char *keys, const char *what)
{
    return failed(d, SAC_EINVAL, keys, what);
}

int sac__declared_add(sac__declaring *d, const sac_index *index)
{
    sac__declared *made = sac__app_get(d->app, sizeof *made);
    char name[SAC__INDEX_NAME + 1], what[48];

    if (++d->n > d->most) {
        snprintf(what, sizeof what, "more than %zu in all", d->most);
        return sac__declared_wrong(d, index->keys, what);
    }
    if (index->name ? strlen(index->name) > SAC__INDEX_NAME
                    : sac__index_name(index->keys, name, NULL) != SAC_OK)
        return sac__declared_wrong(d, index->keys, "its name is too long: give a shorter one");
    if (made) {
        *made = (sac__declared){.index = *index};
        made->index.keys = sac__app_dup(d->app, index->keys).p;
        made->index.name = sac__app_dup(d->app, index->name ? index->name : name).p;
    }
    if (!made || !made->index.keys || !made->index.name)
        return sac_err_set(d->err, SAC_ENOMEM, "%s: no memory", d->whose);
    *d->link = made;
    d->link = &made->next;
    return SAC_OK;
}

static int read_plan(sac__declaring *d, const sac__plan *plan, const char *above);

/* A field that its table asks an index for; then what is in it. */
static int read_field(sac__declaring *d, const sac__plan_field *field, const char *above)
{
    char path[MAX_PATH];
    sac_index index;
    int rc = SAC_OK;

    if ((size_t)snprintf(path, sizeof path, "%s%s%s", above, *above ? "." : "", field->name.p) >=
        sizeof path)
        return sac__declared_wrong(d, field->name.p, "nested too deep");
    if (sac__schema_indexed(field, &index)) {
        index.keys = path;
        if (strpbrk(path, ",") || *path == '-')
            return sac__declared_wrong(d, path,
                                       "no name for an index: it has a comma, or begins with -");
        rc = sac__declared_add(d, &index);
    }
    if (rc == SAC_OK && field->item)
        field = field->item;
    if (rc == SAC_OK && field->plan)
        rc = read_plan(d, field->plan, path);
    return rc;
}

static int read_plan(sac__declaring *d, const sac__plan *plan, const char *above)
{
    int rc = SAC_OK;

    for (size_t i = 0; rc == SAC_OK && i < plan->n; i++)
        rc = read_field(d, &plan->fields[i], above);
    return rc;
}

int sac__declared_plan(sac__declaring *d, const sac__plan *plan)
{
    return read_plan(d, plan, "");
}

int sac__declared_make(const sac__declaring *d, const sac__declared *first, sac_store *store,
                       const char *collection)
{
    sac_err why = {.code = 0};

    for (const sac__declared *at = first; at; at = at->next) {
        const int rc = sac_store_make_index(store, collection, &at->index, &why);

        if (rc != SAC_OK && rc != SAC_EUNAVAILABLE)
            return failed(d, rc, at->index.name, why.text);
    }
    return SAC_OK;
}
