/* SPDX-License-Identifier: MIT */
/* A host program in C++11: without designated initialisers, tables are made by functions. */
#include <cstdio>
#include <string>

#include <sacrum/host/loopback.h>
#include <sacrum/host/microhttpd.h>
#include <sacrum/sacrum.h>
#include <sacrum/store/lmdb.h>

static int hello_get(void *, sac_req *req)
{
    return sac_reply_text(req, 200, "a C++ program");
}

static sac_view_ops make_hello()
{
    sac_view_ops ops = {};

    ops.size = sizeof ops;
    ops.decorator_size = sizeof(sac_decorator);
    ops.name = "hello";
    ops.flags = SAC_INLINE;
    ops.get = hello_get;
    return ops;
}

static sac_field make_string(const char *name, bool required)
{
    sac_field field = {};

    field.name = name;
    field.type = SAC_STRING;
    field.required = required;
    return field;
}

static sac_resource make_notes(const sac_field *fields)
{
    sac_resource resource = {};

    resource.size = sizeof resource;
    resource.field_size = sizeof(sac_field);
    resource.decorator_size = sizeof(sac_decorator);
    resource.name = "notes";
    resource.fields = fields;
    return resource;
}

static const sac_view_ops hello = make_hello();
static const sac_field note_fields[] = {make_string("text", true), sac_field()};
static const sac_resource notes = make_notes(note_fields);

static bool asked(sac_loopback *client, const char *method, const char *target, const char *json,
                  int status, const char *text)
{
    sac_loopback_reply reply;

    return sac_loopback_json(client, method, target, json, &reply) == SAC_OK &&
           reply.status == status &&
           std::string(reply.body.p, reply.body.n).find(text) != std::string::npos;
}

static bool run(sac_app *app, sac_err *err)
{
    sac_microhttpd_config config = {};
    sac_microhttpd *server = nullptr;
    sac_loopback *client = nullptr;

    config.size = sizeof config;
    config.listen = "127.0.0.1:0";
    if (sac_app_mount(app, "/hello", &hello, nullptr, err) != SAC_OK ||
        sac_app_resource(app, "/notes", &notes, err) != SAC_OK ||
        sac_microhttpd_start(app, &config, &server, err) != SAC_OK)
        return false;
    sac_microhttpd_stop(server);
    if (sac_loopback_new(app, &client, err) != SAC_OK)
        return false;
    const bool right = asked(client, "GET", "/hello", nullptr, 200, "a C++ program") &&
                       asked(client, "POST", "/notes", "{\"text\": \"milk\"}", 201, "milk");
    sac_loopback_free(client);
    return right;
}

int main(int argc, char **argv)
{
    sac_app_config config = {};
    sac_app *app = nullptr;
    sac_err err = {};

    config.size = sizeof config;
    config.database = argc > 1 ? argv[1] : "lmdb:host.db";
    config.stores[0] = sac_lmdb;
    const bool right = sac_app_new(&config, &app, &err) == SAC_OK && run(app, &err);
    sac_app_free(app);
    if (!right)
        std::fprintf(stderr, "host: %s\n", err.text);
    return right ? 0 : 1;
}
