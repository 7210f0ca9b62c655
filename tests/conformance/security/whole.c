/* SPDX-License-Identifier: MIT */
#include "whole.h"

#include <fcntl.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sacrum/form.h>
#include <sacrum/store/lmdb.h>
#if HAVE_MONGO
#include <sacrum/store/mongo.h>
#endif

static const char *const keys[] = {"a key of sixteen bytes and more", NULL};
static const char *const members[] = {"member", NULL};
static const char *const admins[] = {"admin", NULL};
static const char *const fronts[] = {FRONT, NULL};

static const sac_field user_fields[] = {
    {.name = "email", .type = SAC_STRING},
    {.name = "level", .type = SAC_INT, .read_only = true},
    {.name = "answer", .type = SAC_STRING, .secret = true},
    {.name = NULL},
};

static const sac_field note_fields[] = {
    {.name = "title", .type = SAC_STRING, .required = true, .searchable = true},
    {.name = "text", .type = SAC_STRING, .fallback = "\"\""},
    {.name = "stars", .type = SAC_INT},
    {.name = "likes", .type = SAC_INT, .read_only = true, .fallback = "0"},
    {.name = "pin", .type = SAC_STRING, .secret = true},
    {.name = NULL},
};

static const char *const operators[] = {"$set", "$unset", "$inc", "$rename", "$push", NULL};
static const sac_resource notes = SAC_RESOURCE(.name = "notes", .fields = note_fields,
                                               .owner = "owner", .access = SAC_ACCESS_SIGNED_IN,
                                               .bulk = true, .clear = true, .remove_many = true,
                                               .modify_many = true, .dialects = true,
                                               .update_operators = operators);
static const sac_resource shelf = SAC_RESOURCE(.name = "shelf", .fields = note_fields,
                                               .owner = "owner", .access = SAC_ACCESS_READ_ANYONE,
                                               .upsert = true, .id_type = SAC_ID_STRING);

static const sac_resource drawer = SAC_RESOURCE(.name = "drawer", .fields = note_fields,
                                                .owner = "owner", .access = SAC_ACCESS_SIGNED_IN,
                                                .upsert = true, .id_type = SAC_ID_STRING,
                                                .read_scope = "read", .write_scope = "write");

static int next_get(void *self, sac_req *req)
{
    const sac_str next = sac_req_next(req, "/home");

    (void)self;
    return next.p ? sac_reply_redirect(req, 303, next.p) : sac_fail(req, SAC_ENOMEM, "next");
}
static const sac_view_ops next_view = SAC_VIEW_OPS(.name = "next", .flags = SAC_INLINE,
                                                   .get = next_get);

/* Sets what a client says as a field of the answer: 400 where that cannot be. */
static int header_post(void *self, sac_req *req)
{
    const sac_str name = sac_req_dup(req, sac_req_form(req, "name"));
    const sac_str value = sac_req_form(req, "value");
    const int rc = name.p && value.p ? sac_reply_header(req, name.p, value) : SAC_EINVAL;

    (void)self;
    return rc == SAC_OK ? sac_reply_text(req, 200, "set") : sac_fail(req, rc, "no field");
}
static const sac_view_ops header_view = SAC_VIEW_OPS(.name = "header", .flags = SAC_INLINE,
                                                     .post = header_post);

static int cookie_get(void *self, sac_req *req)
{
    const sac_str name = sac_req_dup(req, sac_req_query(req, "name"));
    const sac_str value = sac_req_cookie(req, name.p);

    (void)self;
    return sac_reply_bytes(req, 200, "text/plain", value.p ? value : sac_str_of("(none)"));
}
static const sac_view_ops cookie_view = SAC_VIEW_OPS(.name = "cookie", .flags = SAC_INLINE,
                                                     .get = cookie_get);

static int session_get(void *self, sac_req *req)
{
    (void)self;
    return sac_reply_bson(req, 200, sac_session_doc(req));
}
static int session_post(void *self, sac_req *req)
{
    int64_t n = 0;
    int rc = sac_session_set_str(req, "kept", sac_str_of("by the visitor"));

    (void)self;
    (void)sac_session_int(req, "n", &n);
    if (rc == SAC_OK)
        rc = sac_session_set_int(req, "n", n + 1);
    return rc == SAC_OK ? sac_reply_json(req, 200, sac_str_of("{}")) : rc;
}
static const sac_view_ops session_view = SAC_VIEW_OPS(.name = "session", .flags = SAC_INLINE,
                                                      .get = session_get, .post = session_post);

static int upload_post(void *self, sac_req *req)
{
    const sac_form_part *file = sac_req_form_file(req, "file");
    const sac_str none = {"(none)", 6};

    (void)self;
    return sac_reply_bytes(req, 200, "text/plain", file ? file->filename : none);
}
static const sac_view_ops upload_view = SAC_VIEW_OPS(.name = "upload", .flags = SAC_INLINE,
                                                     .post = upload_post);

static int log_get(void *self, sac_req *req)
{
    const sac_str what = sac_req_param(req, "what");

    (void)self;
    sac_req_log(req, SAC_LOG_INFO, "it says %.*s", (int)what.n, what.p);
    return sac_fail(req, SAC_EIO, "%.*s is broken", (int)what.n, what.p);
}
static const sac_view_ops log_view = SAC_VIEW_OPS(.name = "log", .flags = SAC_INLINE,
                                                  .get = log_get);

static int site_get(void *self, sac_req *req)
{
    const sac_str origin = sac_req_origin(req);

    (void)self;
    return sac_reply_bytes(req, 200, "text/plain", origin.p ? origin : sac_str_of("(none)"));
}
static const sac_view_ops site_view = SAC_VIEW_OPS(.name = "site", .flags = SAC_INLINE,
                                                   .get = site_get);

/* A document as it is stored, for tests to look at. */
static int raw_get(void *self, sac_req *req)
{
    char collection[32];
    const sac_str name = sac_req_param(req, "collection");
    sac_str doc = {NULL, 0};
    sac_oid id;
    int rc;

    (void)self;
    snprintf(collection, sizeof collection, "%.*s", (int)name.n, name.p);
    if (!sac_req_param_oid(req, "id", &id))
        return sac_fail(req, SAC_ENOTFOUND, "no id");
    rc = sac_req_find_one(req, collection, sac_req_oid_value(req, &id), &doc);
    return rc == SAC_OK ? sac_reply_bson(req, 200, doc) : sac_fail(req, rc, "not there");
}
static const sac_view_ops raw_view = SAC_VIEW_OPS(.name = "raw", .get = raw_get);

static const sac_decorator page_guard[] = {SAC_LOGIN_REQUIRED_PAGE, {.fn = NULL}};
static const sac_decorator admin_guard[] = {SAC_ROLE_REQUIRED("admin"), {.fn = NULL}};

static int hello_get(void *self, sac_req *req)
{
    (void)self;
    return sac_reply_text(req, 200, "hello");
}
static const sac_view_ops paged = SAC_VIEW_OPS(.name = "paged", .flags = SAC_INLINE,
                                               .decorators = page_guard, .get = hello_get,
                                               .post = hello_get);
static const sac_view_ops ruled = SAC_VIEW_OPS(.name = "ruled", .flags = SAC_INLINE,
                                               .decorators = admin_guard, .get = hello_get,
                                               .post = hello_get);

static int greet_data(void *self, sac_req *req, sac_bson *data)
{
    const sac_str who = sac_req_query(req, "who");

    (void)self;
    sac_bson_add_str(data, "who", who.p ? who : sac_str_of("nobody"));
    return SAC_OK;
}

static const sac_page greet = SAC_PAGE(.name = "greet", .data = greet_data);

static void collect_log(void *self, sac_log_level level, sac_str line)
{
    whole *w = self;

    (void)level;
    pthread_mutex_lock(&w->lock);
    if (w->n_log + line.n + 2 < sizeof w->log) {
        memcpy(w->log + w->n_log, line.p, line.n);
        w->n_log += line.n;
        w->log[w->n_log++] = '\n';
    }
    pthread_mutex_unlock(&w->lock);
}

bool whole_logged(whole *w, const char *text)
{
    bool found;

    pthread_mutex_lock(&w->lock);
    found = memmem(w->log, w->n_log, text, strlen(text));
    pthread_mutex_unlock(&w->lock);
    return found;
}

static const char *path_of(const whole *w, const char *folder, const char *name)
{
    static char path[400];

    snprintf(path, sizeof path, "%s/%s%s%s", w->folder, folder, *name ? "/" : "", name);
    return path;
}

void whole_write(const whole *w, const char *folder, const char *name, const char *text)
{
    const int fd = open(path_of(w, folder, name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

    CHECK(fd >= 0);
    CHECK_INT(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void make_folders(whole *w)
{
    static const char *const folders[] = {"public", "public/.git", "public/sub", "templates",
                                          "private"};
    const char *tmp = getenv("TMPDIR");

    snprintf(w->folder, sizeof w->folder, "%.60s/sacrum-whole-XXXXXX", tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(w->folder));
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        CHECK_INT(mkdir(path_of(w, folders[i], ""), 0700), 0);
    whole_write(w, "public", "index.html", "<h1>front</h1>");
    whole_write(w, "public", "app.js", "var app = 1;");
    whole_write(w, "public", ".env", "SECRET");
    whole_write(w, "public/.git", "config", "SECRET");
    whole_write(w, "private", "secret.txt", "SECRET");
    CHECK_INT(symlink("../private/secret.txt", path_of(w, "public", "out.txt")), 0);
    CHECK_INT(symlink("/etc", path_of(w, "public", "etc")), 0);
    whole_write(w, "templates", "login.html",
                "<title>Log in</title><p>{{error}}</p><input name=username value=\"{{name}}\">"
                "<input type=hidden name=csrf_token value=\"{{csrf_token}}\">");
    whole_write(w, "templates", "greet.html",
                "<p>Hello {{who}}</p><script>var who = {{#json}}who{{/json}};</script>");
    whole_write(w, "templates", "error.html", "<h1>{{status}} {{title}}</h1><p>{{detail}}</p>");
}

/* A MongoDB-compatible server, where one is asked for. */
static void use_server(whole *w)
{
#if HAVE_MONGO
    static atomic_int number;
    const char *server = getenv("SACRUM_TEST_RESOURCES");

    if (!server)
        return;
    snprintf(w->database, sizeof w->database, "%swhole_%ld_%d", server, (long)getpid(), ++number);
    w->config.stores[0] = sac_mongo;
#else
    (void)w;
#endif
}

void whole_begin(whole *w, const host *on)
{
    memset(w, 0, sizeof *w);
    w->on = on;
    pthread_mutex_init(&w->lock, NULL);
    make_folders(w);
    snprintf(w->database, sizeof w->database, "lmdb:%s/private/whole.db", w->folder);
    w->config = (sac_app_config)SAC_APP_CONFIG(.database = w->database, .stores = {sac_lmdb},
                                               .workers = 2, .secret = "a secret of the whole app",
                                               .log = collect_log, .log_self = w,
                                               .log_level = SAC_LOG_DEBUG);
    use_server(w);
    w->sessions = (sac_sessions)SAC_SESSIONS(.keys = keys);
    w->accounts = (sac_accounts)SAC_ACCOUNTS(.fields = user_fields, .login = "/login",
                                             .logout = "/logout", .sign_up = "/sign-up",
                                             .me = "/me", .password = "/password", .home = "/",
                                             .sign_up_roles = members, .cost = 4,
                                             .max_attempts = 50, .login_template = "login");
    w->headers = (sac_secure_headers)SAC_SECURE_HEADERS(.hsts = 86400);
    w->limit = (sac_limit)SAC_LIMIT(.requests = 100000, .by = SAC_LIMIT_BY_ADDRESS);
}

static const struct {
    const char *path;
    const sac_view_ops *view;
} mounts[] = {
    {"/next", &next_view},      {"/header", &header_view},
    {"/cookie", &cookie_view},  {"/session", &session_view},
    {"/upload", &upload_view},  {"/site", &site_view},
    {"/log/{what}", &log_view}, {"/paged", &paged},
    {"/ruled", &ruled},         {"/raw/{collection}/{id:objectid}", &raw_view},
};

static int mount_all(whole *w, sac_err *err)
{
    const char *const folders[] = {path_of(w, "public", ""), NULL};
    const sac_front front = SAC_FRONT(.folders = folders, .single_page = true);
    int rc = sac_app_resource(w->app, "/api/notes", &notes, err);

    if (rc == SAC_OK)
        rc = sac_app_resource(w->app, "/api/shelf", &shelf, err);
    if (rc == SAC_OK)
        rc = sac_app_resource(w->app, "/api/drawer", &drawer, err);
    for (size_t i = 0; i < sizeof mounts / sizeof *mounts && rc == SAC_OK; i++)
        rc = sac_app_mount(w->app, mounts[i].path, mounts[i].view, NULL, err);
    if (rc == SAC_OK)
        rc = sac_app_page(w->app, "/greet", &greet, err);
    return rc == SAC_OK ? sac_app_front(w->app, "/", &front, err) : rc;
}

static int set_up(whole *w, sac_err *err)
{
    const char *const folders[] = {path_of(w, "templates", ""), NULL};
    const sac_templates templates = SAC_TEMPLATES(.folders = folders);
    const sac_cors cors = SAC_CORS(.origins = fronts, .credentials = true);
    const sac_csrf csrf = SAC_CSRF(.origins = fronts);
    const sac_tokens tokens = SAC_TOKENS(.path = "/tokens");
    int rc = sac_app_secure_headers(w->app, &w->headers, err);

    if (rc == SAC_OK)
        rc = sac_app_cors(w->app, &cors, err);
    if (rc == SAC_OK)
        rc = sac_app_limit(w->app, &w->limit, err);
    if (rc == SAC_OK)
        rc = sac_app_csrf(w->app, &csrf, err);
    if (rc == SAC_OK)
        rc = sac_app_templates(w->app, &templates, err);
    if (rc == SAC_OK)
        rc = sac_app_sessions(w->app, &w->sessions, err);
    if (rc == SAC_OK)
        rc = sac_app_accounts(w->app, &w->accounts, err);
    if (rc == SAC_OK)
        rc = sac_app_tokens(w->app, &tokens, err);
    if (rc == SAC_OK)
        rc = sac_app_basic(w->app, NULL, false, err);
    if (rc == SAC_OK)
        rc = sac_app_error_pages(w->app, NULL, err);
    if (rc == SAC_OK)
        rc = sac_app_gzip(w->app, 0, err);
    return rc == SAC_OK ? mount_all(w, err) : rc;
}

void whole_serve(whole *w)
{
    static const char *const names[] = {"anna", "bert", "root"};
    sac_err err = {.code = 0};
    int rc = sac_app_new(&w->config, &w->app, &err);

    if (rc == SAC_OK)
        rc = set_up(w, &err);
    if (rc == SAC_OK)
        rc = sac_app_seal(w->app, &err);
    for (size_t i = 0; i < 3 && rc == SAC_OK; i++)
        rc = sac_account_add(w->app, sac_str_of(names[i]), sac_str_of(PASSWORD),
                             i == 2 ? admins : members, NULL, &err);
    if (rc != SAC_OK)
        fail_msg("%s", err.text);
    w->open = w->on->open(w->app);
}

static void remove_folder(const char *folder)
{
    char command[200];

    /* The folder is one that mkdtemp() named. */
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    CHECK_INT(system(command), 0);
}

void whole_close(whole *w)
{
    if (w->open)
        w->on->close(w->open);
    sac_app_free(w->app);
    pthread_mutex_destroy(&w->lock);
    remove_folder(w->folder);
}

int whole_setup_unserved(void **state)
{
    whole *w = malloc(sizeof *w);

    CHECK(w != NULL);
    whole_begin(w, *state);
    *state = w;
    return 0;
}

int whole_setup(void **state)
{
    whole_setup_unserved(state);
    whole_serve(*state);
    return 0;
}

int whole_teardown(void **state)
{
    whole_close(*state);
    free(*state);
    return 0;
}
