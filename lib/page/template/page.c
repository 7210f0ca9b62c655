/* SPDX-License-Identifier: MIT */
#include <sacrum/page.h>
#include <sacrum/template.h>

#include "app/app.h"
#include "app/page.h"

typedef struct page {
    sac_page def;
    sac_view_ops ops;
} page;

static int page_get(void *self, sac_req *req)
{
    const page *p = self;
    sac_str doc = {NULL, 0};
    sac_bson data;
    int rc = SAC_OK;

    sac_bson_init(&data, sac_req_allocator(req), 0);
    if (p->def.data) {
        rc = p->def.data(p->def.self, req, &data);
        if (rc == SAC_OK && (rc = sac_bson_finish(&data, &doc)) != SAC_OK)
            rc = sac_problem(req, "internal", "page %s: its data: %s", p->def.name,
                             sac_err_text(rc));
    }
    return rc == SAC_OK ? sac_reply_template(req, 200, p->def.name, doc) : rc;
}

static int check(void *self, sac_app *app, sac_err *err)
{
    const page *p = self;

    if (sac_app_has_template(app, p->def.name))
        return SAC_OK;
    return sac_err_set(err, SAC_ENOTFOUND, "page \"%s\": there is no template of that name",
                       p->def.name);
}

/* Behind the hooks that there are: templates may be given to the app after the page. */
static int check_later(void *self, sac_app *app, sac_err *err)
{
    return sac__app_at_seal(app, check, self, err);
}

int sac_app_page(sac_app *app, const char *path, const sac_page *def, sac_err *err)
{
    page *p;
    int rc;

    if (!app || !def)
        return sac_err_set(err, SAC_EINVAL, "page: an app and a page");
    rc = sac__app_check_size(def->size, sizeof *def, "sac_page", err);
    if (rc != SAC_OK)
        return rc;
    p = sac__app_get(app, sizeof *p);
    if (!p)
        return sac_err_set(err, SAC_ENOMEM, "page: no memory");
    memcpy(&p->def, def, def->size);
    if (!p->def.name || !*p->def.name)
        return sac_err_set(err, SAC_EINVAL, "page: it names no template");
    /* Who adds the data may wait. */
    p->ops = (sac_view_ops)SAC_VIEW_OPS(.name = p->def.name, .decorators = p->def.decorators,
                                        .flags = p->def.data ? 0 : SAC_INLINE, .get = page_get);
    p->ops.decorator_size = p->def.decorator_size;
    rc = sac_app_mount(app, path, &p->ops, p, err);
    if (rc == SAC_OK && (rc = sac__app_at_seal(app, check_later, p, err)) != SAC_OK)
        sac__app_unmount(app, p);
    return rc;
}
