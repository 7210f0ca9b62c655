/* SPDX-License-Identifier: MIT */
#include "resource/access/access.h"
#include "core/table.h"

enum { MAX_SUPERS = 16 };

static const size_t offsets[SAC__OPS] = {
    [SAC__OP_LIST] = offsetof(sac_resource_ops, list),
    [SAC__OP_READ] = offsetof(sac_resource_ops, read),
    [SAC__OP_CREATE] = offsetof(sac_resource_ops, create),
    [SAC__OP_REPLACE] = offsetof(sac_resource_ops, replace),
    [SAC__OP_MODIFY] = offsetof(sac_resource_ops, modify),
    [SAC__OP_REMOVE] = offsetof(sac_resource_ops, remove),
    [SAC__OP_CLEAR] = offsetof(sac_resource_ops, clear),
    [SAC__OP_MODIFY_MANY] = offsetof(sac_resource_ops, modify_many),
};

static sac_handler *const library[SAC__OPS] = {
    [SAC__OP_LIST] = sac__resource_list,     [SAC__OP_READ] = sac__resource_read,
    [SAC__OP_CREATE] = sac__resource_create, [SAC__OP_REPLACE] = sac__resource_replace,
    [SAC__OP_MODIFY] = sac__resource_modify, [SAC__OP_REMOVE] = sac__resource_remove,
    [SAC__OP_CLEAR] = sac__resource_clear,   [SAC__OP_MODIFY_MANY] = sac__resource_modify_many,
};

/* A slot past the size of the program's table reads as NULL. */
static sac_handler *slot_of(const sac_resource_ops *ops, sac__op op)
{
    sac_handler *slot = NULL;

    if (offsets[op] + sizeof slot <= ops->size)
        memcpy(&slot, (const char *)ops + offsets[op], sizeof slot);
    return slot;
}

static int check(const sac_resource_ops *ops, sac_err *err)
{
    for (int depth = 0; ops; ops = ops->super) {
        if (++depth > MAX_SUPERS)
            return sac_err_set(err, SAC_EINVAL, "ops: more than %d supers", MAX_SUPERS);
        if (ops->size > sizeof *ops)
            return sac__table_newer("sac_resource_ops", ops->size, sizeof *ops, err);
        if (ops->size < offsetof(sac_resource_ops, list))
            return sac_err_set(err, SAC_EINVAL, "ops: not made with SAC_RESOURCE_OPS");
    }
    return SAC_OK;
}

/* One program's slot; sac_super() runs what is beneath it. */
struct sac__frame {
    sac__super base;
    sac__resource *resource;
    sac__op op;
    sac_handler *fn;
    const sac__frame *beneath; /* NULL: the library's operation */
};

static int run_frame(sac__resource *resource, sac__op op, const sac__frame *frame, sac_req *req)
{
    const sac__super *outer;
    int rc;

    if (!frame)
        return library[op](resource, req);
    outer = sac__req_set_super(req, &frame->base);
    rc = frame->fn(resource->def.self, req);
    (void)sac__req_set_super(req, outer);
    return rc;
}

static int run_super(const sac__super *super, void *self, sac_req *req)
{
    const sac__frame *frame = (const sac__frame *)super;

    (void)self;
    return run_frame(frame->resource, frame->op, frame->beneath, req);
}

static int read_op(sac_app *app, sac__resource *resource, sac__op op)
{
    const sac__frame **link = &resource->frames[op];

    resource->waits[op] = false;
    for (const sac_resource_ops *ops = resource->def.ops; ops; ops = ops->super) {
        sac_handler *fn = slot_of(ops, op);
        sac__frame *frame = fn ? sac__app_get(app, sizeof *frame) : NULL;

        if (!fn)
            continue;
        if (!frame)
            return SAC_ENOMEM;
        *frame = (sac__frame){.base = {run_super}, .resource = resource, .op = op, .fn = fn};
        *link = frame;
        link = &frame->beneath;
        resource->waits[op] = resource->waits[op] || !(ops->flags & SAC_INLINE);
    }
    return SAC_OK;
}

int sac__ops_read(sac_app *app, sac__resource *resource, sac_err *err)
{
    int rc = check(resource->def.ops, err);

    for (int op = 0; op < SAC__OPS && rc == SAC_OK; op++)
        if (read_op(app, resource, (sac__op)op) != SAC_OK)
            rc = sac_err_set(err, SAC_ENOMEM, "resource: no memory");
    return rc;
}

int sac__ops_run(sac__resource *resource, sac__op op, sac_req *req)
{
    const int rc = resource->guarded ? sac__access_check(resource, req) : SAC_OK;

    if (rc != SAC_OK)
        return rc;
    return run_frame(resource, op, resource->frames[op], req);
}
