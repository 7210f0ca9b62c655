/* SPDX-License-Identifier: MIT */
#include <sacrum/page.h>

#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/app.h"
#include "app/req.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/hash.h"
#include "http/precondition.h"
#include "http/problem.h"
#include "page/beneath.h"
#include "page/mime.h"
#include "page/range.h"

typedef struct static_root {
    int fd;
} static_root;

/* An open regular file and what is told about it. */
typedef struct open_file {
    int fd;
    uint64_t size;
    int64_t mtime; /* seconds; never later than now */
    sac_str etag;
    sac_str path; /* for its type */
} open_file;

static int no_such_file(sac_req *req)
{
    return sac_fail(req, SAC_ENOTFOUND, "no such file");
}

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

/* Each segment is a plain name: not empty, no dot in front, no byte that some systems split at. */
static bool is_fit(sac_str path)
{
    for (size_t i = 0; i < path.n; i++) {
        const bool starts = i == 0 || path.p[i - 1] == '/';

        if ((unsigned char)path.p[i] < ' ' || path.p[i] == '\\' || path.p[i] == 0x7f ||
            (starts && (path.p[i] == '.' || path.p[i] == '/')))
            return false;
    }
    return true;
}

static int fail_open(sac_req *req)
{
    switch (errno) {
    case EMFILE:
    case ENFILE: return sac_fail(req, SAC_EUNAVAILABLE, "too many open files");
    case ENOMEM: return sac_fail(req, SAC_ENOMEM, "out of memory");
    case EIO: return sac_fail(req, SAC_EIO, "a static file cannot be read");
    default: return no_such_file(req);
    }
}

/* Opens a path and says what it is; on failure the problem is set. */
static int open_path(const static_root *root, sac_req *req, sac_str path, int *fd, struct stat *st)
{
    const int opened = sac__beneath_open(root->fd, path.p);

    if (opened < 0)
        return fail_open(req);
    if (fstat(opened, st) != 0) {
        close(opened);
        return sac_fail(req, SAC_EIO, "a static file cannot be read");
    }
    *fd = opened;
    return SAC_OK;
}

static int describe(sac_req *req, const struct stat *st, open_file *out)
{
    const int64_t now = sac__clock_ms() / 1000;
    const uint64_t state[] = {(uint64_t)st->st_dev, (uint64_t)st->st_ino, (uint64_t)st->st_size,
                              (uint64_t)st->st_mtim.tv_sec, (uint64_t)st->st_mtim.tv_nsec};

    out->size = (uint64_t)st->st_size;
    out->mtime = st->st_mtim.tv_sec < now ? st->st_mtim.tv_sec : now;
    out->etag = sac_req_printf(req, "\"%016" PRIx64 "\"", sac__hash_quick(state, sizeof state));
    return out->etag.p ? SAC_OK : sac_fail(req, SAC_ENOMEM, "out of memory");
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

static int headers_set(sac_req *req, const char *name, sac_str value)
{
    return sac__headers_set_static(sac__req_reply_headers(req), sac_str_of(name), value);
}

static int set_headers(sac_req *req, const open_file *file)
{
    char *date = sac_req_alloc(req, 29);
    int rc = date ? SAC_OK : SAC_ENOMEM;

    if (rc == SAC_OK) {
        sac__http_date_print(file->mtime, date);
        rc = headers_set(req, "Last-Modified", sac_str_n(date, 29));
    }
    if (rc == SAC_OK)
        rc = headers_set(req, "ETag", file->etag);
    if (rc == SAC_OK)
        rc = headers_set(req, "Cache-Control", sac_str_of("no-cache"));
    if (rc == SAC_OK)
        rc = headers_set(req, "Accept-Ranges", sac_str_of("bytes"));
    if (rc == SAC_OK)
        rc = headers_set(req, "X-Content-Type-Options", sac_str_of("nosniff"));
    return rc == SAC_OK ? rc : sac_fail(req, rc, "headers of a static file");
}

/* The ETag has no dot: all of it is the stamp. */
static sac_str stamp_of(const open_file *file)
{
    return sac_str_n(file->etag.p + 1, file->etag.n - 2);
}

static bool is_date(sac_req *req, const char *name, int64_t *seconds)
{
    return sac__http_date_parse(sac_req_header(req, name), seconds);
}

/* RFC 9110 §13.2.2: 412, 304 or 0 to go on. A date counts only where its tag is not sent. */
static int judge(sac_req *req, const open_file *file)
{
    const sac__etag_match must = sac__etag_match_stamp(sac_req_header(req, "if-match"),
                                                       stamp_of(file));
    const sac__etag_match old = sac__etag_match_whole(sac_req_header(req, "if-none-match"),
                                                      file->etag);
    int64_t date;

    if (must == SAC__ETAG_NONE || must == SAC__ETAG_BAD)
        return 412;
    if (must == SAC__ETAG_ABSENT && is_date(req, "if-unmodified-since", &date) &&
        file->mtime > date)
        return 412;
    if (old == SAC__ETAG_MATCH || old == SAC__ETAG_ANY)
        return 304;
    return old == SAC__ETAG_ABSENT && is_date(req, "if-modified-since", &date) &&
                   file->mtime <= date
               ? 304
               : 0;
}

static bool wants_range(sac_req *req, const open_file *file)
{
    const sac_str condition = sac_req_header(req, "if-range");
    int64_t date;

    if (sac_req_method(req) != SAC_GET)
        return false;
    if (!condition.p || sac_str_eq(condition, file->etag))
        return true;
    return sac__http_date_parse(condition, &date) && date == file->mtime;
}

/* Not by sac_problem(), which takes Content-Range for a field of the body that is dropped. */
static int refuse_range(sac_req *req, const open_file *file)
{
    const char *docs = sac__app_config(sac_req_app(req))->problem_docs;
    const sac_str all = sac_req_printf(req, "bytes */%" PRIu64, file->size);
    sac__buf body;
    int rc = all.p ? headers_set(req, "Content-Range", all) : SAC_ENOMEM;

    sac__buf_init(&body, sac_req_allocator(req), 4096);
    sac__problem_print(&body, sac__problem_kind_of("range_not_satisfiable"), docs,
                       sac_str_of("the range begins behind the end of the file"), NULL);
    if (rc == SAC_OK)
        rc = body.error;
    return rc == SAC_OK
               ? sac_reply_static(req, 416, "application/problem+json", sac__buf_str(&body))
               : sac_fail(req, rc, "headers of a static file");
}

static int reply_part(sac_req *req, open_file *file, uint64_t offset, uint64_t length)
{
    const sac_str part = sac_req_printf(req, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, offset,
                                        offset + length - 1, file->size);
    const int rc = part.p ? headers_set(req, "Content-Range", part) : SAC_ENOMEM;
    const int fd = file->fd;

    if (rc != SAC_OK)
        return sac_fail(req, rc, "headers of a static file");
    file->fd = -1;
    return sac_reply_file(req, 206, sac__mime_type(file->path), fd, offset, length);
}

static int reply_whole(sac_req *req, open_file *file)
{
    const int fd = file->fd;

    file->fd = -1;
    return sac_reply_file(req, 200, sac__mime_type(file->path), fd, 0, file->size);
}

static int answer(sac_req *req, open_file *file)
{
    const int verdict = judge(req, file);
    uint64_t offset = 0, length = 0;
    sac__range range = SAC__RANGE_NONE;

    if (verdict == 304)
        return sac_reply_empty(req, 304);
    if (verdict == 412)
        return sac_fail(req, SAC_EPRECONDITION, "the file is another by now");
    if (wants_range(req, file))
        range = sac__range_parse(sac_req_header(req, "range"), file->size, &offset, &length);
    if (range == SAC__RANGE_OUTSIDE)
        return refuse_range(req, file);
    return range == SAC__RANGE_PART ? reply_part(req, file, offset, length)
                                    : reply_whole(req, file);
}

static int serve(sac_req *req, open_file *file, const struct stat *st)
{
    int rc = describe(req, st, file);

    if (rc == SAC_OK)
        rc = set_headers(req, file);
    if (rc == SAC_OK)
        rc = answer(req, file);
    if (file->fd >= 0)
        close(file->fd);
    return rc;
}

/* The index of a folder, at the folder's path with a slash behind it. */
static int serve_index(const static_root *root, sac_req *req, sac_str path)
{
    const sac_str raw = sac__req_raw_path(req);
    open_file file = {
        .fd = -1,
        .path = sac_req_printf(req, "%.*s%sindex.html", (int)path.n, path.p, path.n ? "/" : "")};
    struct stat st = {0};
    int rc;

    if (!file.path.p)
        return sac_fail(req, SAC_ENOMEM, "out of memory");
    rc = open_path(root, req, file.path, &file.fd, &st);
    if (rc != SAC_OK)
        return rc;
    if (S_ISREG(st.st_mode) && raw.p[raw.n - 1] == '/')
        return serve(req, &file, &st);
    close(file.fd);
    return S_ISREG(st.st_mode) ? redirect_to_slash(req) : no_such_file(req);
}

static int static_get(void *self, sac_req *req)
{
    const static_root *root = self;
    const sac_str raw = sac__req_raw_path(req);
    const bool slash = raw.n > 0 && raw.p[raw.n - 1] == '/';
    sac_str path = sac_req_param(req, "path");
    open_file file = {.fd = -1};
    struct stat st = {0};
    int rc;

    if (path.n > 0 && path.p[path.n - 1] == '/')
        path.n--;
    if (raw.n == 0 || !is_fit_raw(raw) || !is_fit(path))
        return no_such_file(req);
    if (path.n == 0)
        return serve_index(root, req, sac_str_of(""));
    path = sac__arena_dup(sac__req_arena(req), path);
    if (!path.p)
        return sac_fail(req, SAC_ENOMEM, "out of memory");
    file.path = path;
    rc = open_path(root, req, path, &file.fd, &st);
    if (rc != SAC_OK)
        return rc;
    if (S_ISREG(st.st_mode) && !slash)
        return serve(req, &file, &st);
    close(file.fd);
    return S_ISDIR(st.st_mode) ? serve_index(root, req, path) : no_such_file(req);
}

static const sac_view_ops static_ops = SAC_VIEW_OPS(.name = "static", .flags = SAC_INLINE,
                                                    .get = static_get);

static void root_close(void *self)
{
    const static_root *root = self;

    close(root->fd);
}

/* The files beneath `path`, and `path` itself where no page of the program's own stands there. */
static int mount(sac_app *app, const char *path, static_root *root, sac_err *err)
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
    static_root *root;

    if (!app || !path || *path != '/' || !folder)
        return sac_err_set(err, SAC_EINVAL,
                           "a static folder needs a path that starts with a slash");
    root = sac__app_get(app, sizeof *root);
    if (!root)
        return sac_err_set(err, SAC_ENOMEM, "static \"%s\": out of memory", path);
    root->fd = sac__beneath_open_folder(folder);
    if (root->fd < 0)
        return sac_err_set(err, SAC_EIO, "static \"%s\": folder %s: %s", path, folder,
                           strerror(errno));
    if (sac__app_at_free(app, root_close, root) != SAC_OK) {
        close(root->fd);
        return sac_err_set(err, SAC_ENOMEM, "static \"%s\": out of memory", path);
    }
    return mount(app, path, root, err);
}
