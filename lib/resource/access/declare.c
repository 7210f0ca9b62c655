/* SPDX-License-Identifier: MIT */
#include "resource/access/declare.h"

#include "schema/rule.h"

#define WRITES (SAC_POST | SAC_PUT | SAC_PATCH | SAC_DELETE)

static int bad(const sac__resource *resource, sac_err *err, const char *member, const char *why)
{
    return sac_err_set(err, SAC_EINVAL, "resource %s: %s: %s", resource->def.name, member, why);
}

static int check_owner(const sac__resource *resource, sac_err *err)
{
    const char *owner = resource->def.owner;

    if (!*owner || *owner == '$' || strchr(owner, '.'))
        return bad(resource, err, "owner", "a name without dots and without a leading $");
    if (strcmp(owner, "_id") == 0 || strcmp(owner, "_rev") == 0 ||
        strcmp(owner, resource->id_key) == 0)
        return bad(resource, err, "owner", "is the resource's own field");
    return SAC_OK;
}

static const sac_field *row_at(const sac_resource *def, size_t i)
{
    return (const sac_field *)((const char *)def->fields + i * def->field_size);
}

static int check_row(const sac__resource *resource, const sac_field *row, sac_err *err)
{
    if (row->type != SAC_OBJECTID && row->type != SAC_STRING && row->type != SAC_ANY)
        return bad(resource, err, "owner", "its field is neither objectid nor string nor any");
    if (row->fallback)
        return bad(resource, err, "owner", "its field has a fallback");
    return SAC_OK;
}

/* The program's rows, that of the owner made the server's; what is not there is added, unseen. */
static int add_row(sac_app *app, sac__resource *resource, sac_err *err)
{
    sac_resource *def = &resource->def;
    sac_field owner = {.name = def->owner, .type = SAC_ANY, .secret = true, .unfiltered = true};
    const size_t size = def->field_size;
    size_t n = 0, at;
    char *rows;
    int rc;

    if (size < offsetof(sac_field, one_of) || size > sizeof owner)
        return bad(resource, err, "owner", "field_size is not set: use SAC_RESOURCE");
    while (def->fields && row_at(def, n)->name)
        n++;
    for (at = 0; at < n && strcmp(row_at(def, at)->name, def->owner) != 0;)
        at++;
    if (at < n)
        memcpy(&owner, row_at(def, at), size);
    rc = check_row(resource, &owner, err);
    if (rc != SAC_OK)
        return rc;
    owner.read_only = true;
    owner.required = false;
    rows = sac__app_get(app, (n + 2) * size);
    if (!rows)
        return sac_err_set(err, SAC_ENOMEM, "resource: no memory");
    if (n > 0)
        memcpy(rows, def->fields, n * size);
    memcpy(rows + at * size, &owner, size);
    def->fields = (const sac_field *)rows;
    return SAC_OK;
}

/* Whether one of the program's decorators refuses strangers who GET. */
static bool has_guard(const sac_resource *def)
{
    const char *row = (const char *)def->decorators;
    sac_decorator decorator;

    if (!row || def->decorator_size != sizeof decorator)
        return false;
    for (;; row += def->decorator_size) {
        memcpy(&decorator, row, sizeof decorator);
        if (!decorator.fn)
            return false;
        if (decorator.flags & SAC_GUARD && (!decorator.methods || decorator.methods & SAC_GET))
            return true;
    }
}

int sac__access_declare(sac_app *app, sac__resource *resource, sac_err *err)
{
    sac_resource *def = &resource->def;
    int rc = SAC_OK;

    if ((unsigned)def->access > SAC_ACCESS_SIGNED_IN)
        return bad(resource, err, "access", "is none of the three");
    if (def->owner_roles && !def->owner)
        return bad(resource, err, "owner_roles", "without owner");
    if (def->owner)
        rc = check_owner(resource, err);
    if (rc == SAC_OK && def->owner)
        rc = add_row(app, resource, err);
    if (rc != SAC_OK)
        return rc;
    if (def->owner && def->access == SAC_ACCESS_ANYONE)
        def->access = SAC_ACCESS_SIGNED_IN;
    resource->personal = def->access == SAC_ACCESS_SIGNED_IN || def->restrict_to ||
                         def->read_scope || has_guard(def);
    resource->guarded = resource->personal || def->access != SAC_ACCESS_ANYONE || def->write_scope;
    return SAC_OK;
}

void sac__access_guard(sac_app *app, const sac__resource *resource)
{
    if (resource->def.access == SAC_ACCESS_SIGNED_IN)
        sac__app_set_guarded(app, resource, SAC_GET | WRITES);
    else if (resource->def.access == SAC_ACCESS_READ_ANYONE)
        sac__app_set_guarded(app, resource, WRITES);
}
