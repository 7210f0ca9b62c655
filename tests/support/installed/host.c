/* SPDX-License-Identifier: MIT */
/*
 * A host program outside of the tree: a view and a resource, asked through the
 * loopback client and the server started once, on the database argv[1].
 */
#include <stdio.h>
#include <string.h>

#include <sacrum/host/loopback.h>
#include <sacrum/host/microhttpd.h>
#include <sacrum/sacrum.h>
#include <sacrum/store/lmdb.h>

static int hello_get(void *self, sac_req *req)
{
    return sac_reply_text(req, 200, (const char *)self);
}
static const sac_view_ops hello = SAC_VIEW_OPS(.name = "hello", .flags = SAC_INLINE,
                                               .get = hello_get);

static const sac_field note_fields[] = {
    {.name = "text", .type = SAC_STRING, .required = true},
    {.name = NULL},
};
static const sac_resource notes = SAC_RESOURCE(.name = "notes", .fields = note_fields);

static int ends(const sac_loopback_reply *reply, int status, const char *text)
{
    const size_t n = strlen(text);

    if (reply->status == status && reply->body.n >= n &&
        memcmp(reply->body.p + reply->body.n - n, text, n) == 0)
        return 0;
    fprintf(stderr, "%d: %.*s\n", reply->status, (int)reply->body.n, reply->body.p);
    return SAC_EINVAL;
}

static int ask(sac_app *app, sac_err *err)
{
    sac_loopback *client = NULL;
    sac_loopback_reply reply;
    int rc = sac_loopback_new(app, &client, err);

    if (rc == 0)
        rc = sac_loopback_json(client, "GET", "/hello", NULL, &reply);
    if (rc == 0)
        rc = ends(&reply, 200, "a C program");
    if (rc == 0)
        rc = sac_loopback_json(client, "POST", "/notes", "{\"text\": \"milk\"}", &reply);
    if (rc == 0)
        rc = ends(&reply, 201, "\"text\":\"milk\"}");
    sac_loopback_free(client);
    return rc;
}

static int serve(sac_app *app, sac_err *err)
{
    const sac_microhttpd_config config = SAC_MICROHTTPD_CONFIG(.listen = "127.0.0.1:0");
    sac_microhttpd *server = NULL;
    const int rc = sac_microhttpd_start(app, &config, &server, err);

    sac_microhttpd_stop(server);
    return rc;
}

int main(int argc, char **argv)
{
    const sac_app_config config = SAC_APP_CONFIG(.database = argc > 1 ? argv[1] : "lmdb:host.db",
                                                 .stores = {sac_lmdb});
    sac_app *app = NULL;
    sac_err err = {.code = 0};
    int rc = sac_app_new(&config, &app, &err);

    if (rc == 0)
        rc = sac_app_mount(app, "/hello", &hello, (void *)"a C program", &err);
    if (rc == 0)
        rc = sac_app_resource(app, "/notes", &notes, &err);
    if (rc == 0)
        rc = serve(app, &err);
    if (rc == 0)
        rc = ask(app, &err);
    sac_app_free(app);
    if (rc != 0)
        fprintf(stderr, "host: %d %s\n", rc, err.text);
    return rc == 0 ? 0 : 1;
}
