/* SPDX-License-Identifier: MIT */
#include "page/file.h"

#include <errno.h>
#include <inttypes.h>
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

int sac__file_missing(sac_req *req)
{
    return sac_fail(req, SAC_ENOTFOUND, "no such file");
}

bool sac__file_is_fit(sac_str path)
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
    case EIO: return sac_fail(req, SAC_EIO, "a file cannot be read");
    default: return sac__file_missing(req);
    }
}

int sac__file_open(const sac_folder *folder, sac_req *req, sac__file *file)
{
    file->fd = sac__beneath_open(folder->fd, file->path.p);
    if (file->fd < 0)
        return fail_open(req);
    if (fstat(file->fd, &file->st) == 0)
        return SAC_OK;
    close(file->fd);
    return sac_fail(req, SAC_EIO, "a file cannot be read");
}

static int describe(sac_req *req, sac__file *file)
{
    const struct stat *st = &file->st;
    const int64_t now = sac__clock_ms() / 1000;
    const uint64_t state[] = {(uint64_t)st->st_dev, (uint64_t)st->st_ino, (uint64_t)st->st_size,
                              (uint64_t)st->st_mtim.tv_sec, (uint64_t)st->st_mtim.tv_nsec};

    file->size = (uint64_t)st->st_size;
    file->mtime = st->st_mtim.tv_sec < now ? st->st_mtim.tv_sec : now;
    file->etag = sac_req_printf(req, "\"%016" PRIx64 "\"", sac__hash_quick(state, sizeof state));
    return file->etag.p ? SAC_OK : sac_fail(req, SAC_ENOMEM, "out of memory");
}

static int headers_set(sac_req *req, const char *name, sac_str value)
{
    return sac__headers_set_static(sac__req_reply_headers(req), sac_str_of(name), value);
}

static int set_headers(sac_req *req, const sac__file *file)
{
    const sac__headers *headers = sac__req_reply_headers(req);
    char *date = sac_req_alloc(req, 29);
    int rc = date ? SAC_OK : SAC_ENOMEM;

    if (rc == SAC_OK) {
        sac__http_date_print(file->mtime, date);
        rc = headers_set(req, "Last-Modified", sac_str_n(date, 29));
    }
    if (rc == SAC_OK)
        rc = headers_set(req, "ETag", file->etag);
    if (rc == SAC_OK && !sac__headers_count(headers->v, headers->n, "cache-control"))
        rc = headers_set(req, "Cache-Control", sac_str_of("no-cache"));
    if (rc == SAC_OK)
        rc = headers_set(req, "Accept-Ranges", sac_str_of("bytes"));
    if (rc == SAC_OK)
        rc = headers_set(req, "X-Content-Type-Options", sac_str_of("nosniff"));
    return rc == SAC_OK ? rc : sac_fail(req, rc, "headers of a file");
}

/* The ETag has no dot: all of it is the stamp. */
static sac_str stamp_of(const sac__file *file)
{
    return sac_str_n(file->etag.p + 1, file->etag.n - 2);
}

static bool is_date(sac_req *req, const char *name, int64_t *seconds)
{
    return sac__http_date_parse(sac_req_header(req, name), seconds);
}

/* RFC 9110 §13.2.2: 412, 304 or 0 to go on. A date counts only where its tag is not sent. */
static int judge(sac_req *req, const sac__file *file)
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

static bool wants_range(sac_req *req, const sac__file *file)
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
static int refuse_range(sac_req *req, const sac__file *file)
{
    const char *docs = sac__app_config(sac_req_app(req))->problem_docs;
    const sac_str all = sac_req_printf(req, "bytes */%" PRIu64, file->size);
    sac__buf body;
    int rc = all.p ? headers_set(req, "Content-Range", all) : SAC_ENOMEM;

    sac__headers_remove(sac__req_reply_headers(req), "content-disposition");
    sac__buf_init(&body, sac_req_allocator(req), 4096);
    sac__problem_print(&body, sac__problem_kind_of("range_not_satisfiable"), docs,
                       sac_str_of("the range begins behind the end of the file"), NULL);
    if (rc == SAC_OK)
        rc = body.error;
    return rc == SAC_OK
               ? sac_reply_static(req, 416, "application/problem+json", sac__buf_str(&body))
               : sac_fail(req, rc, "headers of a file");
}

static const char *type_of(const sac__file *file)
{
    return file->type ? file->type : sac__mime_type(file->path);
}

static int reply_part(sac_req *req, sac__file *file, uint64_t offset, uint64_t length)
{
    const sac_str part = sac_req_printf(req, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, offset,
                                        offset + length - 1, file->size);
    const int rc = part.p ? headers_set(req, "Content-Range", part) : SAC_ENOMEM;
    const int fd = file->fd;

    if (rc != SAC_OK)
        return sac_fail(req, rc, "headers of a file");
    file->fd = -1;
    return sac_reply_file(req, 206, type_of(file), fd, offset, length);
}

static int reply_whole(sac_req *req, sac__file *file)
{
    const int fd = file->fd;

    file->fd = -1;
    return sac_reply_file(req, 200, type_of(file), fd, 0, file->size);
}

static int answer(sac_req *req, sac__file *file)
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

int sac__file_serve(sac_req *req, sac__file *file)
{
    const bool read = sac_req_method(req) & (SAC_GET | SAC_HEAD);
    int rc = describe(req, file);

    if (rc == SAC_OK && read)
        rc = set_headers(req, file);
    if (rc == SAC_OK)
        rc = read ? answer(req, file) : reply_whole(req, file);
    if (file->fd >= 0)
        close(file->fd);
    return rc;
}

static void close_folder(void *self)
{
    const sac_folder *folder = self;

    close(folder->fd);
}

int sac__folder_open(sac_app *app, const char *what, const char *folder, sac_folder **out,
                     sac_err *err)
{
    sac_folder *made = sac__app_get(app, sizeof *made);

    if (!made)
        return sac_err_set(err, SAC_ENOMEM, "%s: out of memory", what);
    made->fd = sac__beneath_open_folder(folder);
    if (made->fd < 0)
        return sac_err_set(err, SAC_EIO, "%s: folder %s: %s", what, folder, strerror(errno));
    if (sac__app_at_free(app, close_folder, made) != SAC_OK) {
        close(made->fd);
        return sac_err_set(err, SAC_ENOMEM, "%s: out of memory", what);
    }
    *out = made;
    return SAC_OK;
}

int sac_app_folder(sac_app *app, const char *folder, const sac_folder **out, sac_err *err)
{
    sac_folder *made = NULL;
    int rc;

    if (!app || !folder)
        return sac_err_set(err, SAC_EINVAL, "folder: there is no path");
    rc = sac__app_building(app, "folder", err);
    if (rc == SAC_OK)
        rc = sac__folder_open(app, "folder", folder, &made, err);
    if (rc == SAC_OK)
        *out = made;
    return rc;
}

int sac_reply_file_in(sac_req *req, const sac_folder *folder, sac_str path, const char *type)
{
    sac__file file = {.fd = -1, .type = type};
    int rc;

    if (!sac__file_is_fit(path))
        return sac__file_missing(req);
    file.path = sac__arena_dup(sac__req_arena(req), path);
    if (!file.path.p)
        return sac_fail(req, SAC_ENOMEM, "out of memory");
    rc = sac__file_open(folder, req, &file);
    if (rc != SAC_OK)
        return rc;
    if (S_ISREG(file.st.st_mode))
        return sac__file_serve(req, &file);
    close(file.fd);
    return sac__file_missing(req);
}
