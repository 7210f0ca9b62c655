/* SPDX-License-Identifier: MIT */
#include "page/file.h"

#include <stdio.h>
#include <unistd.h>

#include "app/app.h"
#include "app/req.h"

static bool contains_any_case(sac_str s, const char *lower)
{
    const size_t n = strlen(lower);

    for (size_t i = 0; i + n <= s.n; i++)
        if (sac__header_is(sac_str_n(s.p + i, n), lower))
            return true;
    return false;
}

/* An escaped slash would be one more level than the URL shows. */
static bool is_fit_raw(sac_str raw)
{
    return !contains_any_case(raw, "//") && !contains_any_case(raw, "%2f");
}

/* As every web server: relative links in the index want the slash. */
static int redirect_to_slash(sac_req *req)
{
    const sac_head *head = sac__req_head(req);
    const sac_str raw = sac__req_raw_path(req);
    const char *query = memchr(head->target.p, '?', head->target.n);
    const size_t n = query ? head->target.n - (size_t)(query - head->target.p) : 0;
    const sac_str to = sac_req_printf(req, "%.*s%.*s/%.*s", (int)head->prefix.n,
                                      head->prefix.n ? head->prefix.p : "", (int)raw.n, raw.p,
                                      (int)n, n ? query : "");

    return to.p ? sac_reply_redirect(req, 301, to.p) : sac_fail(req, SAC_ENOMEM, "out of memory");
}

/* The index of a folder, at the folder's path with a slash behind it. */
static int serve_index(const sac_folder *root, sac_req *req, sac_str path)
{
    const sac_str raw = sac__req_raw_path(req);
    sac__file file = {
        .fd = -1,
        .path = sac_req_printf(req, "%.*s%sindex.html", (int)path.n, path.p, path.n ? "/" : "")};
    int rc;

    if (!file.path.p)
        return sac_fail(req, SAC_ENOMEM, "out of memory");
    rc = sac__file_open(root, req, &file);
    if (rc != SAC_OK)
        return rc;
    if (S_ISREG(file.st.st_mode) && raw.p[raw.n - 1] == '/')
        return sac__file_serve(req, &file);
    close(file.fd);
    return S_ISREG(file.st.st_mode) ? redirect_to_slash(req) : sac__file_missing(req);
}

static int static_get(void *self, sac_req *req)
{
    const sac_folder *root = self;
    const sac_str raw = sac__req_raw_path(req);
    const bool slash = raw.n > 0 && raw.p[raw.n - 1] == '/';
    sac_str path = sac_req_param(req, "path");
    sac__file file = {.fd = -1};
    int rc;

    if (path.n > 0 && path.p[path.n - 1] == '/')
        path.n--;
    if (raw.n == 0 || !is_fit_raw(raw) || !sac__file_is_fit(path))
        return sac__file_missing(req);
    if (path.n == 0)
        return serve_index(root, req, sac_str_of(""));
    file.path = sac__arena_dup(sac__req_arena(req), path);
    if (!file.path.p)
        return sac_fail(req, SAC_ENOMEM, "out of memory");
    rc = sac__file_open(root, req, &file);
    if (rc != SAC_OK)
        return rc;
    if (S_ISREG(file.st.st_mode) && !slash)
        return sac__file_serve(req, &file);
    close(file.fd);
    return S_ISDIR(file.st.st_mode) ? serve_index(root, req, path) : sac__file_missing(req);
}

static const sac_view_ops static_ops = SAC_VIEW_OPS(.name = "static", .flags = SAC_INLINE,
                                                    .get = static_get);

/* The files beneath `path`, and `path` itself where no page of the program's own stands there. */
static int mount(sac_app *app, const char *path, sac_folder *root, sac_err *err)
{
    static const char beneath[] = "/{path:path}";
    size_t n = strlen(path);
    char *pattern = sac__app_get(app, n + sizeof beneath + 1);
    sac_err why = {.code = SAC_OK};
    int rc;

    if (!pattern)
        return sac_err_set(err, SAC_ENOMEM, "static \"%s\": out of memory", path);
    while (n > 0 && path[n - 1] == '/')
        n--;
    memcpy(pattern, path, n);
    memcpy(pattern + n, beneath, sizeof beneath);
    rc = sac_app_mount(app, pattern, &static_ops, root, err);
    if (rc != SAC_OK)
        return rc;
    pattern[n ? n : 1] = '\0';
    rc = sac_app_mount(app, pattern, &static_ops, root, &why);
    if (rc == SAC_OK || rc == SAC_EEXIST)
        return SAC_OK;
    return sac_err_set(err, rc, "%s", why.text);
}

int sac_app_static(sac_app *app, const char *path, const char *folder, sac_err *err)
{
    sac_folder *root = NULL;
    char what[64];
    int rc;

    if (!app || !path || *path != '/' || !folder)
        return sac_err_set(err, SAC_EINVAL,
                           "a static folder needs a path that starts with a slash");
    snprintf(what, sizeof what, "static \"%s\"", path);
    rc = sac__folder_open(app, what, folder, &root, err);
    return rc == SAC_OK ? mount(app, path, root, err) : rc;
}
