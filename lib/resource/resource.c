/* SPDX-License-Identifier: MIT */
#include "resource/resource.h"
#include "core/table.h"

#include "resource/access/declare.h"
#include "resource/ask.h"
#include "resource/cursor.h"
#include "resource/write/indexes.h"

enum {
    DEFAULT_LIST = 10000,
    DEFAULT_PAGE = 25,
    DEFAULT_MAX_PAGE = 1000,
    DEFAULT_BULK = 1000,
    DEFAULT_OFFSET = 10000,
    DEFAULT_AFFECTED = 1000
};

#define ALL_METHODS (SAC_GET | SAC_POST | SAC_PUT | SAC_PATCH | SAC_DELETE)

bool sac__resource_owns(const sac__resource *resource, const sac_value *id)
{
    sac_str text;
    uint8_t subtype;

    switch (resource->def.id_type) {
    case SAC_ID_UUID: return sac_value_binary(id, &subtype, &text) && subtype == 4 && text.n == 16;
    case SAC_ID_INT: return id->type == SAC_BSON_INT32 || id->type == SAC_BSON_INT64;
    case SAC_ID_STRING: return sac_value_str(id, &text) && text.n >= 1 && text.n <= 256;
    default: return id->type == SAC_BSON_OBJECTID;
    }
}

static bool is_index(sac_str name)
{
    size_t i = 0;

    while (i < name.n && name.p[i] >= '0' && name.p[i] <= '9')
        i++;
    return name.n > 0 && i == name.n;
}

bool sac__resource_shows(const sac__resource *resource, sac_str path)
{
    const sac__plan *plan = sac__schema_plan(resource->schema);
    const sac__plan_field *field = NULL;
    const char *end = path.p + path.n;

    for (const char *at = path.p; at <= end;) {
        const char *dot = memchr(at, '.', (size_t)(end - at));
        const sac_str name = sac_str_n(at, (size_t)((dot ? dot : end) - at));
        size_t hint = 0;

        at = (dot ? dot : end) + 1;
        if (field && field->item && is_index(name)) {
            field = field->item;
            continue;
        }
        if (field)
            plan = field->item ? field->item->plan : field->plan;
        if (!plan)
            return true;
        field = sac__plan_shown(plan, name, &hint);
        if (!field || field->flags & SAC__PLAN_HIDDEN)
            return !field && plan->open;
    }
    return true;
}

/* The least and the greatest id of each type, as sac_value_compare() has them. */
static void set_bounds(sac__resource *resource)
{
    static const char oid_from[12] = {0};
    static const char uuid_from[21] = {16, 0, 0, 0, 4};
    static const char int_from[8] = {0, 0, 0, 0, 0, 0, 0, '\x80'};
    static const char string_from[5] = {1};
    static const char oid_to[12] = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff";
    static const char uuid_to[21] = "\x10\0\0\0\x04"
                                    "\xff\xff\xff\xff\xff\xff\xff\xff"
                                    "\xff\xff\xff\xff\xff\xff\xff\xff";
    static const char int_to[8] = "\xff\xff\xff\xff\xff\xff\xff\x7f";
    /* No UTF-8 text comes behind the byte 0xff. */
    static const char string_to[6] = "\x02\0\0\0\xff";

    switch (resource->def.id_type) {
    case SAC_ID_UUID:
        resource->from = (sac_value){SAC_BSON_BINARY, {uuid_from, sizeof uuid_from}};
        resource->to = (sac_value){SAC_BSON_BINARY, {uuid_to, sizeof uuid_to}};
        break;
    case SAC_ID_INT:
        resource->from = (sac_value){SAC_BSON_INT64, {int_from, sizeof int_from}};
        resource->to = (sac_value){SAC_BSON_INT64, {int_to, sizeof int_to}};
        break;
    case SAC_ID_STRING:
        resource->from = (sac_value){SAC_BSON_STRING, {string_from, sizeof string_from}};
        resource->to = (sac_value){SAC_BSON_STRING, {string_to, sizeof string_to}};
        break;
    default:
        resource->from = (sac_value){SAC_BSON_OBJECTID, {oid_from, sizeof oid_from}};
        resource->to = (sac_value){SAC_BSON_OBJECTID, {oid_to, sizeof oid_to}};
    }
}

static int run_list(void *self, sac_req *req)
{
    return sac__ops_run(self, SAC__OP_LIST, req);
}

static int run_read(void *self, sac_req *req)
{
    return sac__ops_run(self, SAC__OP_READ, req);
}

static int run_create(void *self, sac_req *req)
{
    return sac__ops_run(self, SAC__OP_CREATE, req);
}

static int run_replace(void *self, sac_req *req)
{
    return sac__ops_run(self, SAC__OP_REPLACE, req);
}

static int run_modify(void *self, sac_req *req)
{
    return sac__ops_run(self, SAC__OP_MODIFY, req);
}

static int run_remove(void *self, sac_req *req)
{
    return sac__ops_run(self, SAC__OP_REMOVE, req);
}

static int run_clear(void *self, sac_req *req)
{
    return sac__ops_run(self, SAC__OP_CLEAR, req);
}

static int run_modify_many(void *self, sac_req *req)
{
    return sac__ops_run(self, SAC__OP_MODIFY_MANY, req);
}

/* Which slot of a view answers a method, where it is served. */
static sac_handler *serve(const sac__resource *resource, unsigned method, sac_handler *handler)
{
    return resource->def.methods & method ? handler : NULL;
}

static sac_view_ops view_of(const sac__resource *resource)
{
    return (sac_view_ops){.size = sizeof(sac_view_ops),
                          .decorator_size = resource->def.decorator_size,
                          .name = resource->def.name,
                          .decorators = resource->def.decorators};
}

static void make_views(sac__resource *resource)
{
    const sac_resource *def = &resource->def;
    const bool clear = def->clear || def->remove_many || resource->frames[SAC__OP_CLEAR];
    const bool modify = def->modify_many || resource->frames[SAC__OP_MODIFY_MANY];

    resource->list_view = view_of(resource);
    resource->list_view.get = serve(resource, SAC_GET, run_list);
    resource->list_view.post = serve(resource, SAC_POST, run_create);
    resource->list_view.patch = modify ? serve(resource, SAC_PATCH, run_modify_many) : NULL;
    resource->list_view.del = clear ? serve(resource, SAC_DELETE, run_clear) : NULL;
    resource->item_view = view_of(resource);
    resource->item_view.get = serve(resource, SAC_GET, run_read);
    resource->item_view.put = serve(resource, SAC_PUT, run_replace);
    resource->item_view.patch = serve(resource, SAC_PATCH, run_modify);
    resource->item_view.del = serve(resource, SAC_DELETE, run_remove);
}

/* The library's writes park. */
static unsigned inline_methods(const sac__resource *resource, bool reads, bool list)
{
    static const struct {
        unsigned methods;
        sac__op list, item;
    } rows[] = {{SAC_GET | SAC_HEAD, SAC__OP_LIST, SAC__OP_READ},
                {SAC_POST, SAC__OP_CREATE, SAC__OP_CREATE},
                {SAC_PUT, SAC__OP_REPLACE, SAC__OP_REPLACE},
                {SAC_PATCH, SAC__OP_MODIFY_MANY, SAC__OP_MODIFY},
                {SAC_DELETE, SAC__OP_CLEAR, SAC__OP_REMOVE}};
    unsigned methods = SAC_OPTIONS;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if ((reads || !(rows[i].methods & SAC_GET)) &&
            !resource->waits[list ? rows[i].list : rows[i].item])
            methods |= rows[i].methods;
    return methods;
}

static int seal(void *self, sac_app *app, sac_err *err)
{
    sac__resource *resource = self;
    const uint8_t *secret = sac__app_secret(app);

    resource->store = sac_app_store(app);
    if (!resource->store)
        return sac_err_set(err, SAC_EINVAL, "resource %s: the app has no database",
                           resource->def.name);
    if (!sac__app_reads_inline(app))
        sac__app_set_waiting(app, resource, SAC_GET);
    resource->tag_key = sac__app_tag_key(app);
    for (int i = 0; i < SAC__DIALECTS; i++)
        resource->variants[i] = sac__tag_variant(resource, (sac_json_dialect)i);
    resource->has_cursors = secret != NULL;
    if (secret && sac__cursor_init(resource, secret, err) != SAC_OK)
        return SAC_ENOMEM;
    return sac__indexes_make(resource, err);
}

static void free_resource(void *self)
{
    sac__resource *resource = self;

    sac__schema_free(resource->schema);
}

static int bad(const sac__resource *resource, sac_err *err, const char *what)
{
    return sac_err_set(err, SAC_EINVAL, "resource %s: %s",
                       resource->def.name ? resource->def.name : "?", what);
}

static bool is_collection(const char *name)
{
    const size_t n = strlen(name);

    return n >= 1 && n <= 64 && strncmp(name, "system.", 7) != 0 &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-") == n;
}

static int check_limits(const sac__resource *resource, sac_err *err)
{
    const sac_resource *def = &resource->def;

    if (def->max_list < SAC_NO_LIMIT)
        return bad(resource, err, "max_list is negative");
    if (def->max_per_page < 1 || def->per_page < 1 || def->per_page > def->max_per_page)
        return bad(resource, err, "per_page must be from 1 to max_per_page");
    if (def->max_bulk < 1)
        return bad(resource, err, "max_bulk is negative");
    if (def->max_affected < 1)
        return bad(resource, err, "max_affected is negative");
    if (def->max_offset < SAC_NO_LIMIT)
        return bad(resource, err, "max_offset is negative");
    return SAC_OK;
}

static int check(const sac__resource *resource, sac_err *err)
{
    const sac_resource *def = &resource->def;

    if (!def->name || !*def->name)
        return bad(resource, err, "it has no name");
    if (!is_collection(def->collection))
        return bad(resource, err, "its collection must have 1 to 64 of A-Z a-z 0-9 _ . -");
    if (def->fields && def->field_size < offsetof(sac_field, required))
        return bad(resource, err, "field_size is not set: use SAC_RESOURCE");
    if (def->field_size > sizeof(sac_field))
        return sac__table_newer("row of sac_field", def->field_size, sizeof(sac_field), err);
    if ((unsigned)def->id_type > SAC_ID_STRING)
        return bad(resource, err, "unknown id_type");
    if (def->id_key && !*def->id_key)
        return bad(resource, err, "id_key is empty");
    if (def->items_key && !*def->items_key)
        return bad(resource, err, "items_key is empty");
    if (def->items_key && def->pageable)
        return bad(resource, err, "pageable: not with items_key");
    return check_limits(resource, err);
}

static void fill_defaults(sac__resource *resource)
{
    sac_resource *def = &resource->def;

    if (!def->collection)
        def->collection = def->name ? def->name : "";
    if (!def->methods)
        def->methods = ALL_METHODS;
    if (!def->fields)
        def->open = true;
    if (!def->max_list)
        def->max_list = DEFAULT_LIST;
    if (!def->max_per_page)
        def->max_per_page = DEFAULT_MAX_PAGE;
    if (!def->per_page)
        def->per_page = def->max_per_page < DEFAULT_PAGE ? def->max_per_page : DEFAULT_PAGE;
    if (!def->max_bulk)
        def->max_bulk = DEFAULT_BULK;
    if (!def->max_affected)
        def->max_affected = DEFAULT_AFFECTED;
    if (!def->max_offset)
        def->max_offset = DEFAULT_OFFSET;
    resource->id_key = def->id_key ? def->id_key : "_id";
}

static int copy(sac__resource *resource, const sac_resource *def, sac_err *err)
{
    if (def->size > sizeof *def)
        return sac__table_newer("sac_resource", def->size, sizeof *def, err);
    if (def->size < offsetof(sac_resource, collection))
        return sac_err_set(err, SAC_EINVAL, "resource: not made with SAC_RESOURCE");
    memcpy(&resource->def, def, def->size);
    fill_defaults(resource);
    return check(resource, err);
}

static int make_schema(sac__resource *resource, const sac_app_config *app, sac_err *err)
{
    static const sac_type types[] = {[SAC_ID_OBJECTID] = SAC_OBJECTID,
                                     [SAC_ID_UUID] = SAC_UUID,
                                     [SAC_ID_INT] = SAC_INT64,
                                     [SAC_ID_STRING] = SAC_STRING};
    const sac__schema_config config = {.fields = resource->def.fields,
                                       .field_size = resource->def.field_size,
                                       .open = resource->def.open,
                                       .owner = resource->def.owner,
                                       .id_type = types[resource->def.id_type],
                                       .id_key = resource->def.id_key,
                                       .rev = resource->def.show_rev};
    const sac__plan *plan;
    int rc = sac__schema_new(&config, app->alloc, &resource->schema, err);

    if (rc != SAC_OK)
        return rc;
    plan = sac__schema_plan(resource->schema);
    for (size_t i = 0; i < plan->n; i++)
        if ((plan->fields[i].flags & SAC__PLAN_COMPUTED) &&
            sac__schema_computed(&plan->fields[i]) == SAC_COMPUTED_URL)
            resource->shows_url = true;
    resource->limits = (sac__schema_limits){.max_depth = app->max_depth, .max_keys = app->max_keys};
    return SAC_OK;
}

/* Beneath which path all that is unknown is no page: the group's, else that above the list's. */
static int add_fence(sac_app *app, const char *path, sac_err *err)
{
    const char *group = sac__app_path(app, "/");
    const char *slash = strrchr(path, '/');
    char *parent;

    if (!group)
        return sac_err_set(err, SAC_ENOMEM, "resource: no memory");
    if (strcmp(group, "/") != 0)
        return sac__app_fence(app, "/", err);
    if (slash == path)
        return sac__app_fence(app, path, err);
    parent = sac__app_get(app, (size_t)(slash - path) + 1);
    if (!parent)
        return sac_err_set(err, SAC_ENOMEM, "resource: no memory");
    memcpy(parent, path, (size_t)(slash - path));
    return sac__app_fence(app, parent, err);
}

/* `path` without the slash at its end, and the item's behind it, in memory of the app. */
static int make_paths(sac_app *app, const char *path, char **list, char **item, sac_err *err)
{
    static const char id[] = "/{id}";
    size_t n = path ? strlen(path) : 0;

    while (n > 1 && path[n - 1] == '/')
        n--;
    if (n < 2 || path[0] != '/' || strpbrk(path, "{}")) {
        sac_err_set(err, SAC_EINVAL,
                    "resource: a path begins with '/', has a name and no parameters");
        return SAC_EINVAL;
    }
    *list = sac__app_get(app, n + 1);
    *item = sac__app_get(app, n + sizeof id);
    if (!*list || !*item) {
        sac_err_set(err, SAC_ENOMEM, "resource: no memory");
        return SAC_ENOMEM;
    }
    memcpy(*list, path, n);
    memcpy(*item, path, n);
    memcpy(*item + n, id, sizeof id);
    return SAC_OK;
}

/* The list's path as URLs have it. */
static int encode_path(sac_app *app, const char *path, sac_str *out, sac_err *err)
{
    const size_t cap = path ? strlen(path) * 3 : 0;
    char *text = path ? sac__app_get(app, cap) : NULL;
    sac__buf encoded;

    if (!text)
        return sac_err_set(err, SAC_ENOMEM, "resource: no memory");
    sac__buf_init_fixed(&encoded, text, cap);
    while (*path) {
        const size_t n = strcspn(path + 1, "/");

        sac__buf_add_char(&encoded, '/');
        sac__url_encode(&encoded, sac_str_n(path + 1, n));
        path += n + 1;
    }
    *out = sac__buf_str(&encoded);
    return SAC_OK;
}

static int mount(sac_app *app, sac__resource *resource, const char *path, sac_err *err)
{
    const bool reads = sac__app_reads_inline(app);
    char *list = NULL, *item = NULL;
    int rc = make_paths(app, path, &list, &item, err);

    if (rc != SAC_OK)
        return rc;
    rc = encode_path(app, sac__app_path(app, list), &resource->path, err);
    if (rc != SAC_OK)
        return rc;
    rc = sac__app_mount(app, list, &resource->list_view, resource,
                        inline_methods(resource, reads, true), err);
    if (rc == SAC_OK)
        rc = sac__app_mount(app, item, &resource->item_view, resource,
                            inline_methods(resource, reads, false), err);
    if (rc == SAC_OK && (resource->def.methods & SAC_PATCH))
        rc = sac__app_set_options(app, item, "Accept-Patch", sac__ask_patch_types(resource));
    if (rc == SAC_OK && resource->list_view.patch)
        rc = sac__app_set_options(app, list, "Accept-Patch", sac__ask_patch_types(resource));
    sac__access_guard(app, resource);
    return rc == SAC_OK ? add_fence(app, list, err) : rc;
}

int sac_app_resource(sac_app *app, const char *path, const sac_resource *def, sac_err *err)
{
    sac__resource *resource = sac__app_get(app, sizeof *resource);
    int rc;

    if (!resource)
        return sac_err_set(err, SAC_ENOMEM, "resource: no memory");
    rc = copy(resource, def, err);
    if (rc == SAC_OK)
        rc = sac__ops_read(app, resource, err);
    if (rc == SAC_OK)
        rc = sac_oid_source_init(&resource->oids);
    if (rc == SAC_OK)
        rc = sac__access_declare(app, resource, err);
    if (rc == SAC_OK)
        rc = make_schema(resource, sac__app_config(app), err);
    if (rc != SAC_OK)
        return rc;
    if (sac__app_at_free(app, free_resource, resource) != SAC_OK) {
        sac__schema_free(resource->schema);
        return sac_err_set(err, SAC_ENOMEM, "resource: no memory");
    }
    set_bounds(resource);
    make_views(resource);
    rc = sac__indexes_read(app, resource, err);
    if (rc == SAC_OK)
        rc = mount(app, resource, path, err);
    if (rc == SAC_OK)
        rc = sac__app_at_seal(app, seal, resource, err);
    if (rc != SAC_OK)
        sac__app_unmount(app, resource);
    return rc;
}
