/* SPDX-License-Identifier: MIT */
#include "app/exchange/exchange.h"

int sac__app_set_coding(sac_app *app, const sac__coding *coding, void *self, sac_err *err)
{
    if (app->coding)
        return sac_err_set(err, SAC_EEXIST, "content coding: there is one");
    app->coding = coding;
    app->coding_self = self;
    return SAC_OK;
}

static const sac_app *coder_of(const sac_req *req)
{
    const sac_app *group = req->errors_of ? req->errors_of : req->group;

    while (group && !group->coding)
        group = group->parent;
    return group;
}

void sac__coding_ask(sac_req *req)
{
    const sac_app *group = coder_of(req);

    if (group)
        group->coding->ask(group->coding_self, req);
}

int sac__coding_answer(sac_req *req)
{
    const sac_app *group = coder_of(req);

    return group ? group->coding->answer(group->coding_self, req) : SAC_OK;
}
