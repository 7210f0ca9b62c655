/* SPDX-License-Identifier: MIT */
/* A host program with a libevent loop of its own: an app is attached to its server. */
#include <stdio.h>

#include <event2/event.h>
#include <event2/http.h>

#include <sacrum/host/libevent.h>
#include <sacrum/sacrum.h>

static int hello_get(void *self, sac_req *req)
{
    (void)self;
    return sac_reply_text(req, 200, "hello");
}
static const sac_view_ops hello = SAC_VIEW_OPS(.name = "hello", .get = hello_get);

static void over(void *arg)
{
    event_base_loopexit(arg, NULL);
}

static int attach(sac_app *app, struct event_base *base, struct evhttp *http, sac_err *err)
{
    const sac_libevent_config config = SAC_LIBEVENT_CONFIG(.prefix = "/api");
    sac_libevent *host = NULL;
    const int rc = sac_libevent_attach(app, http, &config, &host, err);

    if (rc == 0) {
        sac_libevent_detach(host, over, base);
        event_base_loop(base, EVLOOP_NO_EXIT_ON_EMPTY);
    }
    return rc;
}

int main(void)
{
    const sac_app_config config = SAC_APP_CONFIG(.workers = 1);
    struct event_base *base = event_base_new();
    struct evhttp *http = base ? evhttp_new(base) : NULL;
    sac_app *app = NULL;
    sac_err err = {.code = 0};
    int rc = http ? sac_app_new(&config, &app, &err) : SAC_ENOMEM;

    if (rc == 0)
        rc = sac_app_mount(app, "/hello", &hello, NULL, &err);
    if (rc == 0)
        rc = attach(app, base, http, &err);
    sac_app_free(app);
    if (http)
        evhttp_free(http);
    if (base)
        event_base_free(base);
    if (rc != 0)
        fprintf(stderr, "events: %d %s\n", rc, err.text);
    return rc == 0 ? 0 : 1;
}
