/* SPDX-License-Identifier: MIT */
/* A host program in C++20: tables as in C, members in the order of their declaration. */
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include <sacrum/host/loopback.h>
#include <sacrum/host/microhttpd.h>
#include <sacrum/sacrum.h>
#include <sacrum/store/lmdb.h>

namespace {

struct Greeter {
    std::string text;
};

int hello_get(void *self, sac_req *req)
{
    return sac_reply_text(req, 200, static_cast<Greeter *>(self)->text.c_str());
}
const sac_view_ops hello = SAC_VIEW_OPS(.name = "hello", .flags = SAC_INLINE, .get = hello_get);

const sac_field note_fields[] = {
    {.name = "text", .type = SAC_STRING, .required = true},
    {.name = nullptr},
};
const sac_resource notes = SAC_RESOURCE(.name = "notes", .fields = note_fields);

struct Free {
    void operator()(sac_app *app) const
    {
        sac_app_free(app);
    }
    void operator()(sac_loopback *client) const
    {
        sac_loopback_free(client);
    }
};

bool asked(sac_loopback *client, const char *method, const char *target, const char *json,
           int status, std::string_view text)
{
    sac_loopback_reply reply;

    if (sac_loopback_json(client, method, target, json, &reply) != SAC_OK)
        return false;
    const std::string_view body(reply.body.p, reply.body.n);
    return reply.status == status && body.find(text) != std::string_view::npos;
}

int run(const char *database, sac_err *err)
{
    const sac_app_config config = SAC_APP_CONFIG(.database = database, .stores = {sac_lmdb});
    const sac_microhttpd_config server_config = SAC_MICROHTTPD_CONFIG(.listen = "127.0.0.1:0");
    Greeter greeter{"a C++ program"};
    sac_app *made = nullptr;
    sac_microhttpd *server = nullptr;
    sac_loopback *opened = nullptr;

    if (sac_app_new(&config, &made, err) != SAC_OK)
        return 1;
    const std::unique_ptr<sac_app, Free> app(made);
    if (sac_app_mount(made, "/hello", &hello, &greeter, err) != SAC_OK ||
        sac_app_resource(made, "/notes", &notes, err) != SAC_OK ||
        sac_microhttpd_start(made, &server_config, &server, err) != SAC_OK)
        return 1;
    sac_microhttpd_stop(server);
    if (sac_loopback_new(made, &opened, err) != SAC_OK)
        return 1;
    const std::unique_ptr<sac_loopback, Free> client(opened);
    const bool right = asked(opened, "GET", "/hello", nullptr, 200, "a C++ program") &&
                       asked(opened, "POST", "/notes", R"({"text": "milk"})", 201, "milk");
    return right ? 0 : 1;
}

} // namespace

int main(int argc, char **argv)
{
    sac_err err = {};
    const int status = run(argc > 1 ? argv[1] : "lmdb:host.db", &err);

    if (status != 0)
        std::fprintf(stderr, "host: %s\n", err.text);
    return status;
}
