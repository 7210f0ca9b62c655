/* SPDX-License-Identifier: MIT */
#include "resource/write/indexes.h"

#include <stdio.h>

#include "core/table.h"
#include "store/index.h"

enum { MAX_INDEXES = 64, MAX_PATH = 256 };

/* One index, with its name and keys in memory of the app. */
struct sac__declared {
    sac_index index;
    const sac__declared *next;
};

typedef struct reading {
    sac_app *app;
    sac__resource *resource;
    sac__declared **link;
    size_t n;
    sac_err *err;
} reading;

static int bad(const reading *r, const char *keys, const char *what)
{
    return sac_err_set(r->err, SAC_EINVAL, "resource %s: index %s: %s", r->resource->def.name, keys,
                       what);
}

static char *copy(const reading *r, const char *text)
{
    const size_t n = strlen(text) + 1;
    char *made = sac__app_get(r->app, n);

    if (made)
        memcpy(made, text, n);
    return made;
}

static int add(reading *r, const sac_index *index)
{
    sac__declared *made = sac__app_get(r->app, sizeof *made);
    char name[SAC__INDEX_NAME + 1];

    if (++r->n > MAX_INDEXES)
        return bad(r, index->keys, "more than 64 in all");
    if (index->name ? strlen(index->name) > SAC__INDEX_NAME
                    : sac__index_name(index->keys, name, NULL) != SAC_OK)
        return bad(r, index->keys, "its name is too long: give a shorter one");
    if (made) {
        *made = (sac__declared){.index = *index};
        made->index.keys = copy(r, index->keys);
        made->index.name = copy(r, index->name ? index->name : name);
    }
    if (!made || !made->index.keys || !made->index.name)
        return sac_err_set(r->err, SAC_ENOMEM, "resource: no memory");
    *r->link = made;
    r->link = (sac__declared **)&made->next;
    return SAC_OK;
}

static int read_plan(reading *r, const sac__plan *plan, const char *above, int depth);

/* A field that its table asks an index for; then what is in it. */
static int read_field(reading *r, const sac__plan_field *field, const char *above, int depth)
{
    const bool dot = *above != '\0';
    char path[MAX_PATH];
    sac_index index;
    int rc = SAC_OK;

    if ((size_t)snprintf(path, sizeof path, "%s%s%s", above, dot ? "." : "", field->name.p) >=
        sizeof path)
        return bad(r, field->name.p, "nested too deep");
    if (sac__schema_indexed(field, &index)) {
        index.keys = path;
        if (strpbrk(path, ",") || *path == '-')
            return bad(r, path, "no name for an index: it has a comma, or begins with -");
        rc = add(r, &index);
    }
    if (rc == SAC_OK && field->item)
        field = field->item;
    if (rc == SAC_OK && field->plan)
        rc = read_plan(r, field->plan, path, depth + 1);
    return rc;
}

static int read_plan(reading *r, const sac__plan *plan, const char *above, int depth)
{
    int rc = SAC_OK;

    for (size_t i = 0; rc == SAC_OK && i < plan->n; i++)
        rc = read_field(r, &plan->fields[i], above, depth);
    return rc;
}

static int read_table(reading *r)
{
    const sac_resource *def = &r->resource->def;
    const char *row = (const char *)def->indexes;
    int rc = SAC_OK;

    if (!row)
        return SAC_OK;
    if (def->index_size > sizeof(sac_index))
        return sac__table_newer("row of sac_index", def->index_size, sizeof(sac_index), r->err);
    if (def->index_size < offsetof(sac_index, unique))
        return bad(r, "?", "index_size is not set: use SAC_RESOURCE");
    for (;; row += def->index_size) {
        sac_index index = {.keys = NULL};

        memcpy(&index, row, def->index_size);
        if (rc != SAC_OK || !index.keys)
            return rc;
        rc = *index.keys ? add(r, &index) : bad(r, "?", "no keys");
    }
}

static bool begins_with(const char *keys, const char *field)
{
    const size_t n = strlen(field);

    return strncmp(keys, field, n) == 0 && (keys[n] == '\0' || keys[n] == ',');
}

/* That nobody's list reads through everybody's documents. */
static int read_owner(reading *r, const sac__declared *first)
{
    const sac_index index = {.keys = r->resource->def.owner};

    if (!index.keys)
        return SAC_OK;
    for (; first; first = first->next)
        if (begins_with(first->index.keys + (*first->index.keys == '-'), index.keys))
            return SAC_OK;
    return add(r, &index);
}

int sac__indexes_read(sac_app *app, sac__resource *resource, sac_err *err)
{
    sac__declared *first = NULL;
    reading r = {.app = app, .resource = resource, .link = &first, .err = err};
    int rc = read_plan(&r, sac__schema_plan(resource->schema), "", 1);

    if (rc == SAC_OK)
        rc = read_table(&r);
    if (rc == SAC_OK)
        rc = read_owner(&r, first);
    resource->indexes = first;
    return rc;
}

int sac__indexes_make(const sac__resource *resource, sac_err *err)
{
    sac_err why = {.code = 0};
    int rc = SAC_OK;

    for (const sac__declared *at = resource->indexes; rc == SAC_OK && at; at = at->next) {
        rc = sac_store_make_index(resource->store, resource->def.collection, &at->index, &why);
        if (rc == SAC_EUNAVAILABLE)
            rc = SAC_OK;
        if (rc != SAC_OK)
            return sac_err_set(err, rc, "resource %s: index %s: %s", resource->def.name,
                               at->index.name, why.text);
    }
    return rc;
}

static const sac__declared *find(const sac__resource *resource, const char *name)
{
    const sac__declared *at = resource->indexes;

    while (at && strcmp(at->index.name, name) != 0)
        at = at->next;
    return at;
}

/* The next field that a client is told of: whose it is goes without saying. False: no more. */
static bool next_field(const sac__resource *resource, sac_str *keys, sac_str *field)
{
    bool descending;

    while (keys->n > 0) {
        *field = sac__index_field(keys, &descending);
        if (!resource->def.owner || !sac_str_is(*field, resource->def.owner))
            return true;
    }
    return false;
}

/* How many fields a client is told of; 0 where it may not see one of them. */
static size_t count_shown(const sac__resource *resource, sac_str keys)
{
    sac_str field;
    size_t n = 0;

    for (; next_field(resource, &keys, &field); n++)
        if (!sac__resource_shows(resource, field))
            return 0;
    return n;
}

static int exists(const sac__ask *ask)
{
    return sac_problem(ask->req, "exists",
                       "an item with this %s exists; to change it, send PUT or PATCH to its own "
                       "URL (a Backbone model does so when its idAttribute is \"%s\")",
                       ask->resource->id_key, ask->resource->id_key);
}

/* The fields that a client may see, by the names that it knows. */
static int add_fields(const sac__ask *ask, sac_str keys, const char *prefix)
{
    const size_t n = count_shown(ask->resource, keys);
    const char *message = n > 1 ? "taken, together with the others" : "is taken";
    sac_str field;

    while (n > 0 && next_field(ask->resource, &keys, &field)) {
        const sac_str path = sac_req_printf(ask->req, "%s%.*s", prefix, (int)field.n, field.p);

        if (!path.p || sac__problem_errors_add(sac__req_errors(ask->req), sac__req_arena(ask->req),
                                               path, "%s", message) != SAC_OK)
            return sac_fail(ask->req, SAC_ENOMEM, "no memory for an error");
    }
    return SAC_OK;
}

int sac__indexes_refused(const sac__ask *ask, const char *index, const char *prefix)
{
    const sac__declared *declared = find(ask->resource, index);
    int rc = SAC_OK;

    if (!*index || strcmp(index, "_id_") == 0)
        return exists(ask);
    if (declared)
        rc = add_fields(ask, sac_str_of(declared->index.keys), prefix);
    return rc == SAC_OK ? sac_problem(ask->req, "duplicate", NULL) : rc;
}
