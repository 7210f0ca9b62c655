/* SPDX-License-Identifier: MIT */
#ifndef PAGE_TEMPLATES_H
#define PAGE_TEMPLATES_H

#include "fixture.h"

#include <sacrum/json.h>
#include <sacrum/template.h>

/* Templates of an app, over the loopback of fixture.h. */

/* What the views answer with. */
static const char *shown = "page";
static const char *data_json = "{}";
static int shown_status = 200;

static char logged[8192];

static inline void keep_line(void *self, sac_log_level level, sac_str line)
{
    const size_t n = strlen(logged);

    (void)self;
    (void)level;
    snprintf(logged + n, sizeof logged - n, "%.*s\n", (int)line.n, line.p);
}

static inline int show(void *self, sac_req *req)
{
    const sac_json_options options = SAC_JSON_OPTIONS(.dialect = SAC_JSON_PLAIN);
    sac_str doc;

    (void)self;
    if (sac_json_decode(sac_str_of(data_json), &options, sac_req_allocator(req), &doc, NULL))
        return SAC_ENOMEM;
    return sac_reply_template(req, shown_status, shown, doc);
}

static const sac_view_ops show_ops = SAC_VIEW_OPS(.name = "show", .flags = SAC_INLINE, .get = show,
                                                  .post = show);
static const sac_view_ops note_ops = SAC_VIEW_OPS(.name = "note", .flags = SAC_INLINE, .get = show);
static const sac_view_ops page_ops = SAC_VIEW_OPS(.name = "number", .flags = SAC_INLINE,
                                                  .get = show);

static inline void put_file(const char *name, const char *text)
{
    write_file(name, text, MTIME);
}

static inline void make_templates(void)
{
    CHECK(mkdtemp(top) != NULL);
    CHECK_INT(mkdir(in_top("first"), 0700) + mkdir(in_top("second"), 0700) +
                  mkdir(in_top("first/mail"), 0700) + mkdir(in_top("first/.hidden"), 0700) +
                  mkdir(in_top("first/folder.html"), 0700) +
                  mkfifo(in_top("first/pipe.html"), 0600) + symlink(".", in_top("first/circle")) +
                  symlink("page.html", in_top("first/linked.html")),
              0);
    put_file("secret.html", "secret");
    put_file("first/page.html", "<p>{{a}}</p>\n");
    put_file("first/both.html", "first");
    put_file("second/both.html", "second");
    put_file("second/only.html", "{{> mail/welcome}}{{>none}}!");
    put_file("first/mail/welcome.html", "Hello {{a}}");
    put_file("first/.hidden/x.html", "hidden");
    put_file("first/.x.html", "hidden");
    put_file("first/page.txt", "{{#text");
}

static inline sac_app *make_app(const sac_templates *templates)
{
    const sac_app_config config = SAC_APP_CONFIG(.workers = SAC_NO_WORKERS,
                                                 .secret = "0123456789abcdef",
                                                 .origin = "http://example.org", .log = keep_line,
                                                 .log_level = SAC_LOG_WARN);
    sac_app *made = NULL;
    sac_err err = {.text = ""};

    logged[0] = '\0';
    CHECK_INT(sac_app_new(&config, &made, &err), SAC_OK);
    CHECK_INT(sac_app_templates(made, templates, &err), SAC_OK);
    CHECK_INT(sac_app_mount(made, "/show", &show_ops, NULL, &err), SAC_OK);
    CHECK_INT(sac_app_mount(made, "/notes/{id}", &note_ops, NULL, &err), SAC_OK);
    CHECK_INT(sac_app_mount(made, "/numbers/{n:int}", &page_ops, NULL, &err), SAC_OK);
    return made;
}

static const char *folders[3];

static inline sac_templates both_folders(bool debug)
{
    static char first[4096], second[4096];

    snprintf(first, sizeof first, "%s", in_top("first"));
    snprintf(second, sizeof second, "%s", in_top("second"));
    folders[0] = first;
    folders[1] = second;
    return (sac_templates)SAC_TEMPLATES(.folders = folders, .ending = ".html", .debug = debug);
}

static inline void seal(sac_app *made)
{
    sac_err err = {.text = ""};

    if (sac_app_seal(made, &err) != SAC_OK)
        print_error("%s\n", err.text);
    CHECK_INT(err.code, 0);
}

static inline int setup(void **state)
{
    sac_templates templates;

    (void)state;
    make_templates();
    templates = both_folders(false);
    app = make_app(&templates);
    seal(app);
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    sac_app_free(app);
    return remove_tree();
}

static inline int get_shown(sac_app *from, const char *name, const char *json)
{
    shown = name;
    data_json = json;
    return send(from, "GET", "/show", NULL, 0);
}

static inline bool shows(const char *part)
{
    return memmem(reply.body, reply.n, part, strlen(part)) != NULL;
}

/* A template of its own, in debug mode: read when it is asked for. */
static inline int get_text(sac_app *from, const char *text, const char *json)
{
    put_file("first/page.html", text);
    return get_shown(from, "page", json);
}

static inline sac_app *make_debug(void)
{
    const sac_templates templates = both_folders(true);
    sac_app *made = make_app(&templates);

    seal(made);
    return made;
}

static inline void put_page_back(sac_app *debug)
{
    put_file("first/page.html", "<p>{{a}}</p>\n");
    sac_app_free(debug);
}

static inline void check_text(sac_app *debug, const char *text, const char *json, const char *want)
{
    const int status = get_text(debug, text, json);

    if (status != 200)
        print_error("%s\n%.*s\n", text, (int)reply.n, reply.body);
    CHECK_INT(status, 200);
    check_body(want);
}

#endif
