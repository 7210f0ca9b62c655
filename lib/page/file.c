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
#include "page/path.h"
#include "page/range.h"

enum { IN_MEMORY = 64 * 1024 };

int sac__file_missing(sac_req *req)
{
    return sac_fail(req, SAC_ENOTFOUND, "no such file");
}

static int code_of(int reason)
{
    switch (reason) {
    case EMFILE:
    case ENFILE: return SAC_EUNAVAILABLE;
    case ENOMEM: return SAC_ENOMEM;
    case EIO: return SAC_EIO;
    default: return SAC_ENOTFOUND;
    }
}

int sac__file_try(const sac_folder *folder, sac__file *file)
{
    file->fd = sac__beneath_open(folder->fd, file->path.p);
    if (file->fd < 0)
        return code_of(errno);
    if (fstat(file->fd, &file->st) == 0)
        return SAC_OK;
    close(file->fd);
    file->fd = -1;
    return SAC_EIO;
}

int sac__file_fail(sac_req *req, int rc)
{
    switch (rc) {
    case SAC_EUNAVAILABLE: return sac_fail(req, rc, "too many open files");
    case SAC_ENOMEM: return sac_fail(req, rc, "out of memory");
    case SAC_EIO: return sac_fail(req, rc, "a file cannot be read");
    default: return sac__file_missing(req);
    }
}

int sac__file_open(const sac_folder *folder, sac_req *req, sac__file *file)
{
    const int rc = sac__file_try(folder, file);

    return rc == SAC_OK ? rc : sac__file_fail(req, rc);
}

uint64_t sac__file_state(const struct stat *st)
{
    const uint64_t state[] = {(uint64_t)st->st_dev, (uint64_t)st->st_ino, (uint64_t)st->st_size,
                              (uint64_t)st->st_mtim.tv_sec, (uint64_t)st->st_mtim.tv_nsec};

    return sac__hash_quick(state, sizeof state);
}

/* The stamp is the file's own, whatever variant of it is sent. */
static int describe(sac_req *req, sac__file *file)
{
    const struct stat *st = &file->st;
    const int64_t now = sac__clock_ms() / 1000;
    const uint64_t state = sac__file_state(st);

    file->size = (uint64_t)st->st_size;
    file->mtime = st->st_mtim.tv_sec < now ? st->st_mtim.tv_sec : now;
    file->etag = file->coding ? sac_req_printf(req, "\"%016" PRIx64 ".%08x-%s\"", file->state,
                                               (unsigned)state, file->coding)
                              : sac_req_printf(req, "\"%016" PRIx64 "\"", state);
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
        rc = headers_set(req, "Cache-Control", sac_str_of(file->cache ? file->cache : "no-cache"));
    if (rc == SAC_OK && file->varies)
        rc = sac__headers_merge(sac__req_reply_headers(req), sac_str_of("Vary"),
                                sac_str_of("Accept-Encoding"));
    if (rc == SAC_OK)
        rc = headers_set(req, "Accept-Ranges", sac_str_of("bytes"));
    if (rc == SAC_OK)
        rc = headers_set(req, "X-Content-Type-Options", sac_str_of("nosniff"));
    return rc == SAC_OK ? rc : sac_fail(req, rc, "headers of a file");
}

/* Up to the dot before a variant; else all of the tag. */
static sac_str stamp_of(const sac__file *file)
{
    const size_t n = file->etag.n - 2;
    const char *dot = memchr(file->etag.p + 1, '.', n);

    return sac_str_n(file->etag.p + 1, dot ? (size_t)(dot - file->etag.p) - 1 : n);
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

/* Of the body that is sent: neither 304 nor a problem has it. */
static int set_coding(sac_req *req, const sac__file *file)
{
    return file->coding ? headers_set(req, "Content-Encoding", sac_str_of(file->coding)) : SAC_OK;
}

/*
 * Small ones go out of memory: head and body are then one write, and the
 * descriptor is not held while the client reads.
 */
static char *read_small(sac_req *req, const sac__file *file, uint64_t offset, uint64_t length)
{
    const bool small = length <= IN_MEMORY && sac_req_method(req) != SAC_HEAD;
    char *p = small ? sac__arena_bytes(sac__req_arena(req), length) : NULL;
    size_t at = 0;

    while (p && at < length) {
        const ssize_t n = pread(file->fd, p + at, length - at, (off_t)(offset + at));

        if (n > 0)
            at += (size_t)n;
        else if (n == 0 || errno != EINTR)
            return NULL;
    }
    return p;
}

static int send_bytes(sac_req *req, int status, sac__file *file, uint64_t offset, uint64_t length)
{
    const char *p = read_small(req, file, offset, length);
    const int fd = file->fd;
    const int rc = set_coding(req, file);

    if (rc != SAC_OK)
        return sac_fail(req, rc, "headers of a file");
    if (p)
        return sac_reply_static(req, status, type_of(file), sac_str_n(p, length));
    file->fd = -1;
    return sac_reply_file(req, status, type_of(file), fd, offset, length);
}

static int reply_part(sac_req *req, sac__file *file, uint64_t offset, uint64_t length)
{
    const sac_str part = sac_req_printf(req, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, offset,
                                        offset + length - 1, file->size);
    const int rc = part.p ? headers_set(req, "Content-Range", part) : SAC_ENOMEM;

    return rc == SAC_OK ? send_bytes(req, 206, file, offset, length)
                        : sac_fail(req, rc, "headers of a file");
}

static int reply_whole(sac_req *req, sac__file *file)
{
    return send_bytes(req, 200, file, 0, file->size);
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
    file->fd = -1;
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

    if (!sac__path_is_fit(path))
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
