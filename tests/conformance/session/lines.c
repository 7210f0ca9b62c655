/* SPDX-License-Identifier: MIT */

/*
 * An app with sessions that is driven by lines: `method target cookie body`,
 * tabs between, `-` for none. It answers with `status set-cookie body`. Keys
 * are its arguments, the newest first.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sacrum/host/loopback.h>
#include <sacrum/req.h>
#include <sacrum/session.h>

static int put(void *self, const char *p, size_t n)
{
    sac_bson *out = self;

    if (out->n + n > out->cap) {
        out->cap = 2 * (out->n + n);
        out->p = realloc(out->p, out->cap);
    }
    if (!out->p)
        return SAC_ENOMEM;
    memcpy(out->p + out->n, p, n);
    out->n += n;
    return 0;
}

static int answer(sac_req *req, sac_str doc)
{
    const sac_json_options options = SAC_JSON_OPTIONS(.dialect = SAC_JSON_CANONICAL);
    sac_bson text = {.p = NULL};
    int rc = sac_json_encode(doc, &options, put, &text, NULL);

    if (rc == 0)
        rc = sac_reply_json(req, 200, sac_str_n(text.p, text.n));
    free(text.p);
    return rc;
}

static int read_all(void *self, sac_req *req)
{
    (void)self;
    return answer(req, sac_session_doc(req));
}

/* Has it written again as it is. */
static int write_again(void *self, sac_req *req)
{
    int rc = sac_session_set_bool(req, "~", true);

    (void)self;
    if (rc == 0)
        rc = sac_session_remove(req, "~");
    return rc ? rc : answer(req, sac_session_doc(req));
}

/* A new one of the members of the body, in Extended JSON. */
static int write_body(void *self, sac_req *req)
{
    const sac_json_options options = SAC_JSON_OPTIONS(.dialect = SAC_JSON_RELAXED);
    sac_str doc = {NULL, 0};
    sac_bson_iter iter;
    int rc = sac_json_decode(sac_req_body(req), &options, sac_req_allocator(req), &doc, NULL);

    (void)self;
    if (rc == 0)
        rc = sac_session_clear(req);
    if (rc == 0)
        rc = sac_bson_iter_init(&iter, doc);
    while (rc == 0 && (rc = sac_bson_iter_next(&iter)) == 1)
        rc = sac_session_set(req, sac_req_dup(req, iter.key).p, iter.value);
    return rc ? rc : answer(req, sac_session_doc(req));
}

static int flash(void *self, sac_req *req)
{
    const int rc = sac_flash(req, "warning", sac_str_of("caf\xc3\xa9"));

    (void)self;
    return rc ? rc : answer(req, sac_session_doc(req));
}

static int flashes(void *self, sac_req *req)
{
    (void)self;
    return answer(req, sac_flashes(req));
}

#define VIEW(name_, ...)                                                                       \
    static const sac_view_ops name_##_view = SAC_VIEW_OPS(.name = #name_, .flags = SAC_INLINE, \
                                                          __VA_ARGS__)
VIEW(session, .get = read_all, .put = write_body, .patch = write_again);
VIEW(flash, .post = flash, .get = flashes);

static sac_app *make_app(const char *const *keys)
{
    const sac_app_config config = SAC_APP_CONFIG(.workers = SAC_NO_WORKERS);
    const sac_sessions sessions = SAC_SESSIONS(.keys = keys, .max_cookie = 16 * 1024);
    sac_app *app = NULL;
    sac_err err = {.code = 0};

    if (sac_app_new(&config, &app, &err) == 0 && sac_app_sessions(app, &sessions, &err) == 0 &&
        sac_app_mount(app, "/session", &session_view, NULL, &err) == 0 &&
        sac_app_mount(app, "/flash", &flash_view, NULL, &err) == 0)
        return app;
    fprintf(stderr, "%s\n", err.text);
    exit(1);
}

static void ask(sac_loopback *client, char *fields[4])
{
    static char cookie[20000];
    const char *headers[] = {"Content-Type: application/json", NULL, NULL};
    sac_loopback_request request = SAC_LOOPBACK_REQUEST(.method = fields[0], .target = fields[1],
                                                        .headers = headers);
    sac_loopback_reply reply;
    sac_str set;

    snprintf(cookie, sizeof cookie, "Cookie: session=%s", fields[2]);
    if (strcmp(fields[2], "-") != 0)
        headers[1] = cookie;
    if (strcmp(fields[3], "-") != 0)
        request.body = sac_str_of(fields[3]);
    if (sac_loopback_send(client, &request, &reply, NULL) != 0)
        exit(1);
    set = sac_loopback_header(&reply, "set-cookie");
    printf("%d\t%.*s\t%.*s\n", reply.status, set.p ? (int)set.n : 1, set.p ? set.p : "-",
           (int)reply.body.n, reply.body.p);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static char line[1 << 20];
    sac_app *app;
    sac_loopback *client = NULL;

    (void)argc;
    app = make_app((const char *const *)(argv + 1));
    if (sac_loopback_new(app, &client, NULL) != 0)
        return 1;
    while (fgets(line, sizeof line, stdin)) {
        char *fields[4], *rest = line;
        int n = 0;

        line[strcspn(line, "\n")] = '\0';
        while (n < 4 && (fields[n] = strsep(&rest, "\t")) != NULL)
            n++;
        if (n != 4)
            return 1;
        ask(client, fields);
    }
    sac_loopback_free(client);
    sac_app_free(app);
    return 0;
}
