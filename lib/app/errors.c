/* SPDX-License-Identifier: MIT */
#include "app/state.h"

static int add(sac_app *app, const sac__on_error *like, sac_err *err)
{
    const char *code = like->kind ? like->kind->code : "status";
    sac__on_error *made;

    for (made = app->errors; made; made = made->next)
        if (made->kind == like->kind && made->status == like->status)
            return sac_err_set(err, SAC_EEXIST, "error handler: %s %d has one", code, like->status);
    made = sac__app_get(app, sizeof *made);
    if (!made)
        return sac_err_set(err, SAC_ENOMEM, "error handler: no memory");
    *made = *like;
    made->next = app->errors;
    app->errors = made;
    return SAC_OK;
}

int sac_app_on_error(sac_app *app, int status, sac_handler *handler, void *self, sac_err *err)
{
    const sac__on_error like = {.status = status, .fn = handler, .self = self};
    const int rc = sac__app_building(app, "error handler", err);

    if (rc != SAC_OK)
        return rc;
    if (!handler || (status != 0 && (status < 400 || status > 599)))
        return sac_err_set(err, SAC_EINVAL,
                           "error handler: a handler, and 0 or a status of 400 "
                           "to 599");
    return add(app, &like, err);
}

int sac_app_on_problem(sac_app *app, const char *code, sac_handler *handler, void *self,
                       sac_err *err)
{
    const sac__problem_kind *kind = code ? sac__problem_kind_of(code) : NULL;
    const int rc = sac__app_building(app, "error handler", err);

    if (rc != SAC_OK)
        return rc;
    if (!handler || !kind)
        return sac_err_set(err, SAC_EINVAL, "error handler: a handler, and a code: there is no %s",
                           code ? code : "(null)");
    const sac__on_error like = {.kind = kind, .status = kind->status, .fn = handler, .self = self};

    return add(app, &like, err);
}

int sac__app_set_error_page(sac_app *app, sac_handler *handler, void *self, sac_err *err)
{
    if (app->error_page)
        return sac_err_set(err, SAC_EEXIST, "error pages: there are some");
    app->error_page = handler;
    app->error_page_self = self;
    return SAC_OK;
}

/* How well a handler fits: 0 not at all, then any status, this one, this code. */
static int fit(const sac__on_error *on, const sac__problem_kind *kind)
{
    if (on->kind)
        return on->kind == kind ? 3 : 0;
    if (on->status == 0)
        return 1;
    return on->status == kind->status ? 2 : 0;
}

const sac__on_error *sac__app_error_handler(const sac_app *group, const sac__problem_kind *kind)
{
    const sac__on_error *best = NULL;

    for (; group && !best; group = group->parent)
        for (const sac__on_error *on = group->errors; on; on = on->next)
            if (fit(on, kind) > (best ? fit(best, kind) : 0))
                best = on;
    return best;
}
