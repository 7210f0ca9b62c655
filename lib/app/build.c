/* SPDX-License-Identifier: MIT */
#include "app/state.h"

#include "http/method.h"

int sac__app_building(const sac_app *app, const char *what, sac_err *err)
{
    if (!app->core->sealed)
        return SAC_OK;
    return sac_err_set(err, SAC_EINVAL, "%s: the app is sealed", what);
}

static int no_memory(sac_err *err, const char *what)
{
    return sac_err_set(err, SAC_ENOMEM, "%s: no memory", what);
}

const char *sac__app_path(sac_app *app, const char *path)
{
    const sac_str prefix = app->prefix;
    const bool own = prefix.n > 0 && strcmp(path, "/") == 0;

    return sac__arena_printf(app->core->build, "%s%s", prefix.p, own ? "" : path).p;
}

static bool is_prefix(const char *prefix)
{
    const size_t n = prefix ? strlen(prefix) : 0;

    return n > 1 && prefix[0] == '/' && prefix[n - 1] != '/' && !strstr(prefix, "//");
}

int sac_app_group(sac_app *app, const char *prefix, sac_app **group, sac_err *err)
{
    sac_app *made;
    const char *path;
    int rc = sac__app_building(app, "group", err);

    if (rc != SAC_OK)
        return rc;
    if (!is_prefix(prefix))
        return sac_err_set(err, SAC_EINVAL,
                           "group: a prefix begins with one '/' and ends with "
                           "none");
    made = sac__app_get(app, sizeof *made);
    path = sac__app_path(app, prefix);
    if (!made || !path)
        return no_memory(err, "group");
    made->core = app->core;
    made->parent = app;
    made->prefix = sac_str_of(path);
    made->next = app->core->groups;
    app->core->groups = made;
    *group = made;
    return SAC_OK;
}

/* HEAD where GET is, OPTIONS everywhere. */
static unsigned methods_of(const sac__mount *mount)
{
    static const unsigned bits[] = {SAC_GET | SAC_HEAD, SAC_POST, SAC_PUT, SAC_PATCH, SAC_DELETE};
    unsigned methods = SAC_OPTIONS;

    for (size_t i = 0; i < SAC__ACTION_OPTIONS; i++)
        if (mount->actions[i].slot)
            methods |= bits[i];
    return methods;
}

static sac_str allow_of(sac_app *app, unsigned methods)
{
    char text[64];
    sac__buf out;

    sac__buf_init_fixed(&out, text, sizeof text);
    sac__method_list(methods, &out);
    return sac__arena_dup(app->core->build, sac__buf_str(&out));
}

int sac__app_mount(sac_app *app, const char *path, const sac_view_ops *ops, void *self,
                   unsigned inline_methods, sac_err *err)
{
    sac__mount *mount;
    const char *full;
    int rc = sac__app_building(app, "mount", err);

    if (rc != SAC_OK)
        return rc;
    if (!path || path[0] != '/' || !ops)
        return sac_err_set(err, SAC_EINVAL, "mount: a view and a path that begins with '/'");
    mount = sac__app_get(app, sizeof *mount);
    full = sac__app_path(app, path);
    if (!mount || !full)
        return no_memory(err, "mount");
    rc = sac__view_read(app, ops, inline_methods, mount, err);
    if (rc != SAC_OK)
        return rc;
    mount->self = self;
    mount->group = app;
    mount->allow = allow_of(app, methods_of(mount));
    if (!mount->allow.p)
        return no_memory(err, "mount");
    rc = sac__router_add(app->core->router, full, mount->name, mount, &mount->route, err);
    if (rc == SAC_OK)
        mount->route->methods = methods_of(mount);
    return rc;
}

void sac__app_unmount(sac_app *app, const void *self)
{
    const sac__route *route = sac__router_first(app->core->router);

    while (route) {
        const sac__mount *mount = route->target;

        route = route->next;
        if (mount->self == self)
            sac__router_remove(app->core->router, mount->route);
    }
}

void sac__app_set_waiting(sac_app *app, const void *self, unsigned methods)
{
    for (const sac__route *route = sac__router_first(app->core->router); route;
         route = route->next) {
        sac__mount *mount = route->target;

        for (unsigned method = 1; mount->self == self && method <= methods; method <<= 1)
            if (methods & method)
                mount->actions[sac__action_of(method)].is_inline = false;
    }
}

void sac__app_set_guarded(sac_app *app, const void *self, unsigned methods)
{
    for (const sac__route *route = sac__router_first(app->core->router); route;
         route = route->next) {
        sac__mount *mount = route->target;

        for (unsigned method = 1; mount->self == self && method <= methods; method <<= 1)
            if (methods & method)
                mount->actions[sac__action_of(method)].guarded = true;
    }
}

int sac__app_set_instead(sac_app *app, void *self, const sac_view_ops *ops,
                         bool (*declines)(void *self, sac_req *req), sac_err *err)
{
    for (const sac__route *route = sac__router_first(app->core->router); route;
         route = route->next) {
        sac__mount *mount = route->target;
        sac__mount *made;
        int rc;

        if (mount->self != self)
            continue;
        made = sac__app_get(app, sizeof *made);
        if (!made)
            return no_memory(err, "mount");
        rc = sac__view_read(mount->group, ops, 0, made, err);
        if (rc != SAC_OK)
            return rc;
        made->self = self;
        made->group = mount->group;
        made->route = mount->route;
        made->allow = mount->allow;
        mount->instead = made;
        mount->declines = declines;
    }
    return SAC_OK;
}

int sac_app_mount(sac_app *app, const char *path, const sac_view_ops *ops, void *self, sac_err *err)
{
    return sac__app_mount(app, path, ops, self, 0, err);
}

int sac__app_set_options(sac_app *app, const char *path, const char *name, const char *value)
{
    const char *full = sac__app_path(app, path);
    sac__field *field = sac__app_get(app, sizeof *field);
    const sac__route *route = sac__router_first(app->core->router);
    sac__mount *mount;

    if (!full || !field)
        return SAC_ENOMEM;
    while (route && !sac_str_is(route->pattern, full))
        route = route->next;
    if (!route)
        return SAC_ENOTFOUND;
    mount = route->target;
    field->header = (sac_header){.name = sac_str_of(name), .value = sac_str_of(value)};
    field->next = mount->options;
    mount->options = field;
    return SAC_OK;
}

#define SLOT(ops, member) SAC__SLOT(ops, sac_middleware_ops, member)

static int make_middleware(sac_app *app, const sac_middleware_ops *ops, void *self,
                           sac__middleware **out, sac_err *err)
{
    sac__middleware *made;
    int rc = sac__app_building(app, "middleware", err);

    if (rc == SAC_OK)
        rc = sac__app_check_size(ops->size, sizeof *ops, "sac_middleware_ops", err);
    if (rc != SAC_OK)
        return rc;
    if (!SLOT(ops, name) || !*ops->name)
        return sac_err_set(err, SAC_EINVAL, "middleware: it has no name");
    made = sac__app_get(app, sizeof *made);
    if (!made)
        return no_memory(err, "middleware");
    *made = (sac__middleware){.before = SLOT(ops, before),
                              .after = SLOT(ops, after),
                              .teardown = SLOT(ops, teardown),
                              .self = self,
                              .name = ops->name};
    made->is_inline = SLOT(ops, flags) & SAC_INLINE ||
                      (!made->before && !made->after && !made->teardown);
    *out = made;
    return SAC_OK;
}

int sac_app_use(sac_app *app, const sac_middleware_ops *ops, void *self, sac_err *err)
{
    sac__middleware *made = NULL;
    const int rc = make_middleware(app, ops, self, &made, err);

    if (rc != SAC_OK)
        return rc;
    if (app->last)
        app->last->next = made;
    else
        app->first = made;
    app->last = made;
    return SAC_OK;
}

int sac__app_use_first(sac_app *app, const sac_middleware_ops *ops, void *self, sac_err *err)
{
    sac_app *root = &app->core->root;
    sac__middleware *made = NULL;
    const int rc = make_middleware(root, ops, self, &made, err);

    if (rc != SAC_OK)
        return rc;
    made->next = root->first;
    root->first = made;
    if (!root->last)
        root->last = made;
    return SAC_OK;
}

const sac_app *sac__app_parent(const sac_app *app)
{
    return app->parent;
}

void sac__app_at_answer(sac_app *app, int (*fn)(void *self, sac_req *req), void *self)
{
    app->at_answer = fn;
    app->at_answer_self = self;
}

static bool is_kind(const char *name)
{
    return name && *name && name[strspn(name, "abcdefghijklmnopqrstuvwxyz")] == '\0';
}

int sac_app_converter(sac_app *app, const sac_converter *converter, sac_err *err)
{
    int rc = sac__app_building(app, "converter", err);

    if (rc == SAC_OK)
        rc = sac__app_check_size(converter->size, sizeof *converter, "sac_converter", err);
    if (rc != SAC_OK)
        return rc;
    if (converter->size < offsetof(sac_converter, convert) || !is_kind(converter->name) ||
        !converter->match)
        return sac_err_set(err, SAC_EINVAL, "converter: a name in lower-case letters, and match");
    return sac__router_converter(app->core->router, converter, err);
}

int sac__app_fence(sac_app *app, const char *path, sac_err *err)
{
    const char *full = sac__app_path(app, path);

    return full ? sac__router_fence(app->core->router, full, err) : no_memory(err, "fence");
}

int sac__app_at_seal(sac_app *app, int (*fn)(void *self, sac_app *app, sac_err *err), void *self,
                     sac_err *err)
{
    sac__core *core = app->core;
    sac__hook *hook = sac__app_get(app, sizeof *hook);

    if (!hook)
        return no_memory(err, "app");
    *hook = (sac__hook){.seal = fn, .self = self};
    if (core->at_seal_last)
        core->at_seal_last->next = hook;
    else
        core->at_seal = hook;
    core->at_seal_last = hook;
    return SAC_OK;
}

bool sac__app_fenced(const sac_app *app, sac_str path, sac__arena *arena)
{
    return sac__router_fenced(app->core->router, path, arena);
}

static int add_end(sac_app *app, sac__hook **first, void (*fn)(void *self), void *self)
{
    sac__hook *hook = sac__app_get(app, sizeof *hook);

    if (!hook)
        return SAC_ENOMEM;
    *hook = (sac__hook){.free = fn, .self = self, .next = *first};
    *first = hook;
    return SAC_OK;
}

int sac__app_at_free(sac_app *app, void (*fn)(void *self), void *self)
{
    return add_end(app, &app->core->at_free, fn, self);
}

int sac__app_at_stop(sac_app *app, void (*fn)(void *self), void *self)
{
    return add_end(app, &app->core->at_stop, fn, self);
}
