/* SPDX-License-Identifier: MIT */
#include "app/page.h"

#include "app/state.h"

void sac__app_set_page(sac_app *app, sac__page_render *render, sac__page_has *has)
{
    app->core->render_page = render;
    app->core->has_page = has;
}

bool sac__app_has_page(const sac_app *app, const char *name)
{
    return app->core->has_page && app->core->has_page(app, name);
}

int sac__req_page(sac_req *req, int status, const char *name, sac_str data)
{
    return sac_req_app(req)->core->render_page(req, status, name, data);
}
