/* SPDX-License-Identifier: MIT */
#include "served.h"

#include <sacrum/cors.h>
#include <sacrum/req.h>

#include "fuzz.h"
#include "shelf.h"
#include "table.h"

static const sac_resource things = SAC_RESOURCE(.name = "things", .fields = fuzz_table,
                                                .id_key = "id", .bulk = true, .client_ids = true,
                                                .show_rev = true, .max_list = 1, .max_bulk = 4);
static const sac_resource notes = SAC_RESOURCE(.name = "notes", .open = true,
                                               .id_type = SAC_ID_STRING, .upsert = true,
                                               .clear = true, .require_if_match = true,
                                               .items_key = "items");

static int echo(void *self, sac_req *req)
{
    int64_t n;
    sac_str doc;
    int rc = sac_req_query_int(req, "n", -3, 300, 1, &n);

    (void)self;
    (void)sac_req_cookie(req, "session");
    if (rc == SAC_OK && sac_req_method(req) == SAC_POST) {
        rc = sac_req_body_bson(req, &doc);
        return rc ? rc : sac_reply_bson(req, 200, doc);
    }
    if (rc == SAC_OK)
        rc = sac_reply_header(req, "x-name", sac_req_param(req, "name"));
    return rc ? rc : sac_reply_text(req, 200, "x");
}

static const sac_view_ops echoes = SAC_VIEW_OPS(.name = "echo", .flags = SAC_INLINE, .get = echo,
                                                .post = echo);

sac_loopback *fuzz_serve(void)
{
    static const char *const origins[] = {"https://front.example", NULL};
    const sac_app_config config = SAC_APP_CONFIG(.database = "shelf:", .stores = {fuzz_shelf},
                                                 .workers = SAC_NO_WORKERS,
                                                 .secret = "0123456789abcdef", .max_body = 3000,
                                                 .max_depth = 20);
    const sac_cors cors = SAC_CORS(.origins = origins, .credentials = true);
    sac_loopback *client = NULL;
    sac_app *app = NULL;

    HOLD(sac_app_new(&config, &app, NULL) == SAC_OK);
    HOLD(sac_app_resource(app, "/api/things", &things, NULL) == SAC_OK);
    HOLD(sac_app_resource(app, "/api/notes", &notes, NULL) == SAC_OK);
    HOLD(sac_app_mount(app, "/echo/{name}", &echoes, NULL, NULL) == SAC_OK);
    HOLD(sac_app_cors(app, &cors, NULL) == SAC_OK);
    HOLD(sac_loopback_new(app, &client, NULL) == SAC_OK);
    return client;
}
