/* SPDX-License-Identifier: MIT */
#include "app/exchange/exchange.h"

struct sac__converted {
    bool made;
    int rc;
    void *value;
};

static int fail_param(sac_req *req, const char *name, int rc)
{
    if (sac_err_status(rc) < 500)
        return sac_fail(req, rc, "parameter %s: %s", name, sac_err_text(rc));
    return sac_fail(req, rc, "view %s: parameter %s: %s", req->mount->name, name, sac_err_text(rc));
}

static int convert(sac_req *req, const char *name, size_t i, struct sac__converted *out)
{
    const sac_converter *converter = sac__route_converter(req->match.route, i);
    const sac__reply_kind before = req->reply.kind;

    out->made = true;
    out->rc = converter->convert(converter->self, req, req->match.values[i], &out->value);
    if (out->rc > 0)
        out->rc = SAC_EIO;
    /* It may have found better words. */
    if (out->rc < 0 && (req->reply.kind != SAC__REPLY_PROBLEM || before == SAC__REPLY_PROBLEM))
        fail_param(req, name, out->rc);
    return out->rc;
}

static int refuse(sac_req *req, const char *name, const char *why)
{
    (void)sac_problem(req, "internal", "view %s: parameter %s %s",
                      req->mount ? req->mount->name : "-", name, why);
    return SAC_EINVAL;
}

int sac_req_param_value(sac_req *req, const char *name, void **value)
{
    const sac__route *route = req->match.route;
    const sac_converter *converter;
    struct sac__converted *one;
    size_t i = 0;
    int rc;

    while (route && i < route->n_params && !sac_str_is(route->params[i], name))
        i++;
    if (!route || i == route->n_params)
        return refuse(req, name, "is none of its path");
    converter = sac__route_converter(route, i);
    if (!SAC__SLOT(converter, sac_converter, convert))
        return refuse(req, name, "is of a kind without values");
    if (!req->converted)
        req->converted = sac__arena_get_zero(req->arena, route->n_params * sizeof *one);
    if (!req->converted)
        return fail_param(req, name, SAC_ENOMEM);
    one = &req->converted[i];
    if (!one->made)
        rc = convert(req, name, i, one);
    else
        rc = one->rc == SAC_OK ? SAC_OK : fail_param(req, name, one->rc);
    if (rc == SAC_OK)
        *value = one->value;
    return rc;
}
