/* SPDX-License-Identifier: MIT */
#include "page/file.h"

#include <stdio.h>
#include <unistd.h>

#include "app/app.h"
#include "app/req.h"
#include "page/path.h"

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
    /* As every web server: relative links in the index want the slash. */
    return S_ISREG(file.st.st_mode) ? sac__path_redirect(req, 301, 0, "/") : sac__file_missing(req);
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
    if (!sac__path_is_fit_raw(raw) || !sac__path_is_fit(path))
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
static int mount(sac_app *app, const char *path, sac_folder *folder, sac_err *err)
{
    sac_err why = {.code = SAC_OK};
    char *root, *beneath;
    int rc;

    if (sac__path_patterns(app, path, &root, &beneath) != SAC_OK)
        return sac_err_set(err, SAC_ENOMEM, "static \"%s\": out of memory", path);
    rc = sac_app_mount(app, beneath, &static_ops, folder, err);
    if (rc != SAC_OK)
        return rc;
    rc = sac_app_mount(app, root, &static_ops, folder, &why);
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
