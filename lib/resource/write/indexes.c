/* SPDX-License-Identifier: MIT */
#include "resource/write/indexes.h"

#include "app/declared.h"
#include "core/table.h"
#include "store/index.h"

enum { MAX_INDEXES = 64 };

static sac__declaring declaring(sac_app *app, const sac__resource *resource, sac_err *err)
{
    const sac__declaring d = {.app = app,
                              .whose = "resource",
                              .name = resource->def.name,
                              .most = MAX_INDEXES,
                              .err = err};

    return d;
}

static int read_table(sac__declaring *d, const sac_resource *def)
{
    const char *row = (const char *)def->indexes;
    int rc = SAC_OK;

    if (!row)
        return SAC_OK;
    if (def->index_size > sizeof(sac_index))
        return sac__table_newer("row of sac_index", def->index_size, sizeof(sac_index), d->err);
    if (def->index_size < offsetof(sac_index, unique))
        return sac__declared_wrong(d, "?", "index_size is not set: use SAC_RESOURCE");
    for (;; row += def->index_size) {
        sac_index index = {.keys = NULL};

        memcpy(&index, row, def->index_size);
        if (rc != SAC_OK || !index.keys)
            return rc;
        rc = *index.keys ? sac__declared_add(d, &index) : sac__declared_wrong(d, "?", "no keys");
    }
}

static bool begins_with(const char *keys, const char *field)
{
    const size_t n = strlen(field);

    return strncmp(keys, field, n) == 0 && (keys[n] == '\0' || keys[n] == ',');
}

/* That nobody's list reads through everybody's documents. */
static int read_owner(sac__declaring *d, const char *owner, const sac__declared *first)
{
    const sac_index index = {.keys = owner};

    if (!index.keys)
        return SAC_OK;
    for (; first; first = first->next)
        if (begins_with(first->index.keys + (*first->index.keys == '-'), index.keys))
            return SAC_OK;
    return sac__declared_add(d, &index);
}

int sac__indexes_read(sac_app *app, sac__resource *resource, sac_err *err)
{
    sac__declaring d = declaring(app, resource, err);
    sac__declared *first = NULL;
    int rc;

    d.link = &first;
    rc = sac__declared_plan(&d, sac__schema_plan(resource->schema));
    if (rc == SAC_OK)
        rc = read_table(&d, &resource->def);
    if (rc == SAC_OK)
        rc = read_owner(&d, resource->def.owner, first);
    resource->indexes = first;
    return rc;
}

int sac__indexes_make(const sac__resource *resource, sac_err *err)
{
    const sac__declaring d = declaring(NULL, resource, err);

    return sac__declared_make(&d, resource->indexes, resource->store, resource->def.collection);
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
