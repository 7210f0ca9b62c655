/* SPDX-License-Identifier: MIT */
#include "app/state.h"

enum { MAX_SUPERS = 16, MAX_DECORATORS = 64 };

/* The slots of a view's table by number, so that they are read alike. */
enum { SLOT_BEFORE = 5, SLOT_AFTER, SLOT_TEARDOWN, SLOTS };

#define SLOT(ops, member) SAC__SLOT(ops, sac_view_ops, member)

static sac_handler *slot_of(const sac_view_ops *ops, int which)
{
    switch (which) {
    case 0: return SLOT(ops, get);
    case 1: return SLOT(ops, post);
    case 2: return SLOT(ops, put);
    case 3: return SLOT(ops, patch);
    case 4: return SLOT(ops, del);
    case SLOT_BEFORE: return SLOT(ops, before);
    case SLOT_AFTER: return SLOT(ops, after);
    default: return SLOT(ops, teardown);
    }
}

static const unsigned method_of[SAC__ACTIONS] = {SAC_GET | SAC_HEAD, SAC_POST,   SAC_PUT,
                                                 SAC_PATCH,          SAC_DELETE, SAC_OPTIONS};

size_t sac__action_of(unsigned method)
{
    for (size_t i = 0; i < SAC__ACTIONS; i++)
        if (method & method_of[i])
            return i;
    return SAC__ACTION_OPTIONS;
}

static int run_below(const sac__super *super, void *self, sac_req *req)
{
    const sac__slot *slot = (const sac__slot *)super;

    return slot->below ? sac__slot_run(slot->below, self, req) : SAC_EMETHOD;
}

int sac__slot_run(const sac__slot *slot, void *self, sac_req *req)
{
    const sac__super *old = sac__req_set_super(req, &slot->super);
    const int rc = slot->fn(self, req);

    sac__req_set_super(req, old);
    return rc;
}

/* All definitions of one slot, the outermost first. */
static int read_slot(sac_app *app, const sac_view_ops *ops, int which, const sac__slot **out)
{
    const sac__slot **link = out;
    sac__slot *slot;

    *out = NULL;
    for (; ops; ops = SLOT(ops, super)) {
        if (!slot_of(ops, which))
            continue;
        slot = sac__app_get(app, sizeof *slot);
        if (!slot)
            return SAC_ENOMEM;
        slot->super.run = run_below;
        slot->fn = slot_of(ops, which);
        slot->flags = SLOT(ops, flags);
        *link = slot;
        link = &slot->below;
    }
    return SAC_OK;
}

static int check_tables(const sac_view_ops *ops, sac_err *err)
{
    int rc = SAC_OK;

    for (int depth = 0; ops && rc == SAC_OK; depth++) {
        if (depth == MAX_SUPERS)
            return sac_err_set(err, SAC_EINVAL, "view: more than %d supers", MAX_SUPERS);
        rc = sac__app_check_size(ops->size, sizeof *ops, "sac_view_ops", err);
        if (rc != SAC_OK)
            return rc;
        if (!SLOT(ops, name) || !*ops->name)
            return sac_err_set(err, SAC_EINVAL, "view: a table has no name");
        if (SLOT(ops, decorators)) {
            if (ops->decorator_size < offsetof(sac_decorator, methods))
                return sac_err_set(err, SAC_EINVAL, "view %s: decorator_size", ops->name);
            rc = sac__app_check_size(ops->decorator_size, sizeof(sac_decorator),
                                     "row of sac_decorator", err);
        }
        ops = SLOT(ops, super);
    }
    return rc;
}

typedef struct decorators {
    const sac_view_ops *ops; /* the table that has them; NULL: none */
    size_t n;
} decorators;

static const sac_decorator *row_of(const decorators *all, size_t i)
{
    return (const sac_decorator *)((const char *)all->ops->decorators +
                                   i * all->ops->decorator_size);
}

static unsigned row_methods(const decorators *all, size_t i)
{
    const bool known = all->ops->decorator_size >= offsetof(sac_decorator, flags);

    return known ? row_of(all, i)->methods : 0;
}

static bool row_inline(const decorators *all, size_t i)
{
    const bool known = all->ops->decorator_size >= sizeof(sac_decorator);

    return known && row_of(all, i)->flags & SAC_INLINE;
}

static bool row_guards(const decorators *all, size_t i)
{
    const bool known = all->ops->decorator_size >= sizeof(sac_decorator);

    return known && row_of(all, i)->flags & SAC_GUARD;
}

static int find_decorators(const sac_view_ops *ops, decorators *out, sac_err *err)
{
    *out = (decorators){NULL, 0};
    while (ops && !SLOT(ops, decorators))
        ops = SLOT(ops, super);
    if (!ops)
        return SAC_OK;
    out->ops = ops;
    while (row_of(out, out->n)->fn)
        if (++out->n > MAX_DECORATORS)
            return sac_err_set(err, SAC_EINVAL,
                               "view %s: more than %d decorators (is the last "
                               "row {.fn = NULL}?)",
                               ops->name, MAX_DECORATORS);
    return SAC_OK;
}

/* The decorators of one method; true in *all_inline when none of them waits. */
static int read_wraps(sac_app *app, const decorators *all, unsigned methods, sac__action *action,
                      bool *all_inline)
{
    sac__wrap *wraps = all->n ? sac__app_get(app, all->n * sizeof *wraps) : NULL;

    if (all->n && !wraps)
        return SAC_ENOMEM;
    for (size_t i = 0; i < all->n; i++) {
        if (row_methods(all, i) && !(row_methods(all, i) & methods))
            continue;
        wraps[action->n_wraps++] = (sac__wrap){
            .fn = row_of(all, i)->fn, .self = row_of(all, i)->self, .row = (unsigned)i};
        *all_inline = *all_inline && row_inline(all, i);
        action->guarded = action->guarded || row_guards(all, i);
    }
    action->wraps = wraps;
    return SAC_OK;
}

static bool slot_inline(const sac__slot *slot)
{
    for (; slot; slot = slot->below)
        if (!(slot->flags & SAC_INLINE))
            return false;
    return true;
}

static int read_actions(sac_app *app, const sac_view_ops *ops, unsigned inline_methods,
                        sac__mount *mount, const decorators *all)
{
    const bool around = slot_inline(mount->before) && slot_inline(mount->after) &&
                        slot_inline(mount->teardown);

    for (size_t i = 0; i < SAC__ACTION_OPTIONS; i++) {
        sac__action *action = &mount->actions[i];

        if (read_slot(app, ops, (int)i, &action->slot) != SAC_OK)
            return SAC_ENOMEM;
        if (!action->slot)
            continue;
        action->is_inline = around && (inline_methods & method_of[i] || slot_inline(action->slot));
        if (read_wraps(app, all, method_of[i], action, &action->is_inline) != SAC_OK)
            return SAC_ENOMEM;
    }
    mount->actions[SAC__ACTION_OPTIONS].is_inline = true;
    return SAC_OK;
}

int sac__view_read(sac_app *app, const sac_view_ops *ops, unsigned inline_methods,
                   sac__mount *mount, sac_err *err)
{
    decorators all;
    int rc = check_tables(ops, err);

    if (rc == SAC_OK)
        rc = find_decorators(ops, &all, err);
    if (rc != SAC_OK)
        return rc;
    mount->name = ops->name;
    mount->ops = ops;
    if (read_slot(app, ops, SLOT_BEFORE, &mount->before) != SAC_OK ||
        read_slot(app, ops, SLOT_AFTER, &mount->after) != SAC_OK ||
        read_slot(app, ops, SLOT_TEARDOWN, &mount->teardown) != SAC_OK ||
        read_actions(app, ops, inline_methods, mount, &all) != SAC_OK)
        return sac_err_set(err, SAC_ENOMEM, "view %s: no memory", ops->name);
    for (size_t i = 0; i < SAC__ACTION_OPTIONS; i++)
        if (mount->actions[i].slot)
            return SAC_OK;
    return sac_err_set(err, SAC_EINVAL, "view %s: it has no handler", ops->name);
}

int sac__view_check(const sac__core *core, const sac__mount *mount, sac_err *err)
{
    const sac_view_ops *ops;

    for (ops = mount->ops; ops; ops = SLOT(ops, super)) {
        if (!(SLOT(ops, flags) & SAC_STREAM_BODY))
            continue;
        if (SLOT(ops, flags) & SAC_INLINE)
            return sac_err_set(err, SAC_EINVAL,
                               "view %s: SAC_STREAM_BODY waits, so it cannot be "
                               "SAC_INLINE",
                               mount->name);
        if (core->config.workers == SAC_NO_WORKERS)
            return sac_err_set(err, SAC_EINVAL, "view %s: SAC_STREAM_BODY needs workers",
                               mount->name);
    }
    return SAC_OK;
}
