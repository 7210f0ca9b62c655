/* SPDX-License-Identifier: MIT */
#include "page/file.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "app/app.h"
#include "app/page.h"
#include "app/req.h"
#include "core/buf.h"
#include "http/method.h"
#include "page/coded.h"
#include "page/path.h"

enum { MAX_FOLDERS = 16, MAX_DATA = 16 << 20 };

static const char index_name[] = "index.html";
static const char for_ever[] = "public, max-age=31536000, immutable";

typedef struct front {
    sac_front def;
    const char *path;
    sac_folder *folders[MAX_FOLDERS];
    size_t n_folders;
    const char *cache; /* Cache-Control of files */
    sac_view_ops page;
} front;

typedef enum what {
    NOTHING, /* 404 */
    FAILED,
    FILE_ITSELF,
    TO_SLASH, /* a folder with an index of its own, without its slash */
    TO_INDEX,
    OTHER_METHODS, /* a route has this path, but for others */
    PAGE
} what;

/* What a request is for. */
typedef struct found {
    what what;
    int rc;
    sac__file file;
    const sac_folder *folder;
} found;

static bool ends_in_slash(sac_str s)
{
    return s.n > 0 && s.p[s.n - 1] == '/';
}

/* The index, or a coded variant of it: it is the page's alone, so that no guard is passed by. */
static bool is_index_file(sac_str path)
{
    return sac_str_is(path, index_name) || sac_str_is(path, "index.html.br") ||
           sac_str_is(path, "index.html.gz");
}

static bool looks_like_file(sac_str path)
{
    for (size_t i = path.n; i > 0 && path.p[i - 1] != '/'; i--)
        if (path.p[i - 1] == '.')
            return true;
    return false;
}

/* A page, where nothing else has this path. */
static what judge_missing(const front *f, sac_req *req, sac_str path)
{
    if (sac__req_passed_methods(req))
        return OTHER_METHODS;
    return f->def.single_page && !looks_like_file(path) ? PAGE : NOTHING;
}

static int open_in(const sac_folder *folder, found *out)
{
    int rc = sac__file_try(folder, &out->file);

    if (rc == SAC_OK && !S_ISREG(out->file.st.st_mode) && !S_ISDIR(out->file.st.st_mode)) {
        close(out->file.fd);
        out->file.fd = -1;
        rc = SAC_ENOTFOUND;
    }
    return rc;
}

/* The index of the folder that is open. */
static int open_folders_index(const sac_folder *folder, sac_req *req, found *out)
{
    const sac_str path = out->file.path;
    int rc;

    close(out->file.fd);
    out->file = (sac__file){
        .fd = -1, .path = sac_req_printf(req, "%.*s/%s", (int)path.n, path.p, index_name)};
    if (!out->file.path.p)
        return SAC_ENOMEM;
    rc = open_in(folder, out);
    if (rc == SAC_OK && S_ISREG(out->file.st.st_mode))
        return SAC_OK;
    if (rc == SAC_OK)
        close(out->file.fd);
    out->file = (sac__file){.fd = -1, .path = path};
    return rc == SAC_OK ? SAC_ENOTFOUND : rc;
}

/* SAC_ENOTFOUND: no folder has it. */
static int look_into(const front *f, sac_req *req, bool slash, found *out)
{
    int rc = SAC_ENOTFOUND;

    for (size_t i = 0; i < f->n_folders && rc == SAC_ENOTFOUND; i++) {
        out->folder = f->folders[i];
        rc = open_in(out->folder, out);
        if (rc != SAC_OK)
            continue;
        out->what = FILE_ITSELF;
        if (S_ISDIR(out->file.st.st_mode)) {
            rc = open_folders_index(out->folder, req, out);
            out->what = slash ? FILE_ITSELF : TO_SLASH;
        } else if (slash) {
            close(out->file.fd);
            rc = SAC_ENOTFOUND;
        }
    }
    return rc;
}

static void look(const front *f, sac_req *req, found *out)
{
    const sac_str raw = sac__req_raw_path(req);
    sac_str path = sac_req_param(req, "path");
    const bool slash = ends_in_slash(raw);

    *out = (found){.what = NOTHING, .file.fd = -1};
    if (ends_in_slash(path))
        path.n--;
    if (!sac__path_is_fit_raw(raw) || !sac__path_is_fit(path))
        return;
    if (is_index_file(path)) {
        if (sac_str_is(path, index_name) && !slash)
            out->what = f->def.index ? TO_INDEX : PAGE;
        return;
    }
    out->file.path = sac_req_dup(req, path);
    out->rc = out->file.path.p ? look_into(f, req, slash, out) : SAC_ENOMEM;
    if (out->rc == SAC_ENOTFOUND)
        out->what = judge_missing(f, req, path);
    else if (out->rc != SAC_OK)
        out->what = FAILED;
}

static void close_found(void *self)
{
    found *out = self;

    if (out->file.fd >= 0)
        close(out->file.fd);
    out->file.fd = -1;
}

/* Looks before the chain is chosen: files are served without what is around the pages. */
static bool is_page(void *self, sac_req *req)
{
    found *out = sac_req_alloc(req, sizeof *out);

    if (!out)
        return false;
    look(self, req, out);
    if (out->what == PAGE)
        return true;
    if (sac_req_set(req, self, out) == SAC_OK && sac_req_defer(req, close_found, out) == SAC_OK)
        return false;
    close_found(out);
    out->rc = SAC_ENOMEM;
    out->what = FAILED;
    return false;
}

static bool is_beneath(sac_str path, const char *folder)
{
    size_t n = strlen(folder);

    while (n > 0 && folder[n - 1] == '/')
        n--;
    return path.n > n && path.p[n] == '/' && memcmp(path.p, folder, n) == 0;
}

static const char *cache_of(const front *f, sac_str path)
{
    for (const char *const *folder = f->def.immutable; folder && *folder; folder++)
        if (is_beneath(path, *folder))
            return for_ever;
    return f->cache;
}

static int refuse_method(sac_req *req)
{
    char text[64];
    sac__buf list;
    int rc;

    sac__buf_init_fixed(&list, text, sizeof text);
    sac__method_list(sac__req_passed_methods(req), &list);
    rc = sac_reply_header(req, "Allow", sac__buf_str(&list));
    return rc == SAC_OK ? sac_problem(req, "method_not_allowed", NULL)
                        : sac_fail(req, rc, "out of memory");
}

static int serve(sac_req *req, const sac_folder *folder, sac__file *file)
{
    const int rc = sac__coded_choose(folder, req, file);

    if (rc == SAC_OK)
        return sac__file_serve(req, file);
    close(file->fd);
    file->fd = -1;
    return sac__file_fail(req, rc);
}

static int file_get(void *self, sac_req *req)
{
    const front *f = self;
    found *out = sac_req_get(req, f);

    if (!out)
        return sac_fail(req, SAC_ENOMEM, "out of memory");
    switch (out->what) {
    case FILE_ITSELF:
        out->file.cache = cache_of(f, out->file.path);
        return serve(req, out->folder, &out->file);
    case FAILED: return sac__file_fail(req, out->rc);
    /* As every web server: relative links in the index want the slash. */
    case TO_SLASH: return sac__path_redirect(req, 301, 0, "/");
    case TO_INDEX: return sac__path_redirect(req, 302, sizeof index_name - 1, "");
    case OTHER_METHODS: return refuse_method(req);
    default: return sac__file_missing(req);
    }
}

static const sac_view_ops files = SAC_VIEW_OPS(.name = "static", .flags = SAC_INLINE,
                                               .get = file_get);

static int reply_template(const front *f, sac_req *req)
{
    const sac__headers *headers = sac__req_reply_headers(req);
    sac_bson data;
    sac_str doc;
    int rc = SAC_OK;

    if (!sac__headers_count(headers->v, headers->n, "cache-control"))
        rc = sac_reply_header(req, "Cache-Control", sac_str_of("no-cache"));
    sac_bson_init(&data, sac_req_allocator(req), MAX_DATA);
    if (rc == SAC_OK && f->def.data)
        rc = f->def.data(f->def.self, req, &data);
    if (rc == SAC_OK)
        rc = sac_bson_finish(&data, &doc);
    return rc == SAC_OK ? sac__req_page(req, 200, f->def.index, doc) : rc;
}

static int reply_index_file(const front *f, sac_req *req)
{
    sac__file file = {.fd = -1, .path = sac_str_of(index_name)};
    int rc = SAC_ENOTFOUND;

    for (size_t i = 0; i < f->n_folders && rc == SAC_ENOTFOUND; i++) {
        rc = sac__file_try(f->folders[i], &file);
        if (rc == SAC_OK && S_ISREG(file.st.st_mode))
            return serve(req, f->folders[i], &file);
        if (rc == SAC_OK) {
            close(file.fd);
            rc = SAC_ENOTFOUND;
        }
    }
    return sac__file_fail(req, rc);
}

static int page_get(void *self, sac_req *req)
{
    const front *f = self;
    const bool at_root = !sac_req_param(req, "path").p;

    if (at_root && !ends_in_slash(sac__req_raw_path(req)))
        return sac__path_redirect(req, 301, 0, "/");
    return f->def.index ? reply_template(f, req) : reply_index_file(f, req);
}

static int wrong(const front *f, sac_err *err, const char *why)
{
    return sac_err_set(err, SAC_EINVAL, "front \"%s\": %s", f->path, why);
}

static int check(const front *f, sac_err *err)
{
    size_t n = 0;

    while (f->def.folders && n <= MAX_FOLDERS && f->def.folders[n])
        n++;
    if (n == 0 || n > MAX_FOLDERS)
        return wrong(f, err, "folders: 1 to 16, and NULL behind them");
    if (f->def.index && !*f->def.index)
        return wrong(f, err, "index: it is empty");
    if (f->def.data && !f->def.index)
        return wrong(f, err, "data: without index there is no template for it");
    if (f->def.max_age < 0 || f->def.max_age > INT32_MAX)
        return wrong(f, err, "max_age: 0 to 2147483647 seconds");
    for (const char *const *folder = f->def.immutable; folder && *folder; folder++)
        if (!**folder || !sac__path_is_fit(sac_str_of(*folder)))
            return wrong(f, err, "immutable: names of folders");
    return SAC_OK;
}

/* Reads what was given into memory of the app. */
static int read_front(sac_app *app, const char *path, const sac_front *def, front *f, sac_err *err)
{
    enum { CACHE = 40 };
    char *cache = sac__app_get(app, CACHE);

    f->path = sac__app_dup(app, path).p;
    if (!cache || !f->path)
        return sac_err_set(err, SAC_ENOMEM, "front \"%s\": out of memory", path);
    memcpy(&f->def, def, def->size);
    snprintf(cache, CACHE, "public, max-age=%" PRId64, f->def.max_age);
    f->cache = f->def.max_age ? cache : NULL;
    f->page = (sac_view_ops)SAC_VIEW_OPS(.name = f->def.index ? f->def.index : "index",
                                         .decorators = f->def.decorators,
                                         .flags = f->def.data ? 0 : SAC_INLINE, .get = page_get);
    f->page.decorator_size = f->def.decorator_size;
    return check(f, err);
}

static int open_folders(sac_app *app, front *f, sac_err *err)
{
    char who[64];
    int rc = SAC_OK;

    snprintf(who, sizeof who, "front \"%s\"", f->path);
    for (const char *const *folder = f->def.folders; *folder && rc == SAC_OK; folder++) {
        rc = sac__folder_open(app, who, *folder, &f->folders[f->n_folders], err);
        f->n_folders += rc == SAC_OK;
    }
    return rc;
}

static int check_template(void *self, sac_app *app, sac_err *err)
{
    const front *f = self;

    if (sac__app_has_page(app, f->def.index))
        return SAC_OK;
    return sac_err_set(err, SAC_ENOTFOUND, "front \"%s\": there is no template \"%s\"", f->path,
                       f->def.index);
}

/* Behind the hooks that there are: templates may be given to the app after the front. */
static int check_template_later(void *self, sac_app *app, sac_err *err)
{
    return sac__app_at_seal(app, check_template, self, err);
}

static int mount(sac_app *app, front *f, sac_err *err)
{
    char *root, *beneath;
    int rc;

    if (sac__path_patterns(app, f->path, &root, &beneath) != SAC_OK)
        return sac_err_set(err, SAC_ENOMEM, "front \"%s\": out of memory", f->path);
    rc = sac_app_mount(app, beneath, &files, f, err);
    if (rc == SAC_OK)
        rc = sac__app_set_instead(app, f, &f->page, is_page, err);
    if (rc == SAC_OK)
        rc = sac_app_mount(app, root, &f->page, f, err);
    if (rc == SAC_OK && f->def.index)
        rc = sac__app_at_seal(app, check_template_later, f, err);
    if (rc != SAC_OK)
        sac__app_unmount(app, f);
    return rc;
}

int sac_app_front(sac_app *app, const char *path, const sac_front *def, sac_err *err)
{
    front *f;
    int rc;

    if (!app || !path || *path != '/' || !def)
        return sac_err_set(err, SAC_EINVAL, "a front needs a path that starts with a slash");
    rc = sac__app_building(app, "front", err);
    if (rc == SAC_OK)
        rc = sac__app_check_size(def->size, sizeof *def, "sac_front", err);
    if (rc != SAC_OK)
        return rc;
    f = sac__app_get(app, sizeof *f);
    if (!f)
        return sac_err_set(err, SAC_ENOMEM, "front \"%s\": out of memory", path);
    rc = read_front(app, path, def, f, err);
    if (rc == SAC_OK)
        rc = open_folders(app, f, err);
    return rc == SAC_OK ? mount(app, f, err) : rc;
}
