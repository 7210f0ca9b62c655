/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bson/wire.h"
#include "core/alloc.h"
#include "store/transfer/side.h"

enum { NAME = SAC__DUMP_NAME, MAX_METADATA = 1 << 20 };

#define DATA ".bson"
#define PART ".bson.part"
#define METADATA ".metadata.json"

static int io_failed(const char *what, const char *name, sac_err *err)
{
    const bool full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;
    const int code = full ? SAC_EFULL : SAC_EIO;

    return sac_err_set(err, code, "%s: cannot %s: %s", name, what, strerror(errno));
}

static void name_of(char out[NAME], const char *collection, const char *suffix)
{
    snprintf(out, NAME, "%.200s%s", collection, suffix);
}

static void close_file(sac__dump_side *side)
{
    if (side->file >= 0)
        close(side->file);
    side->file = -1;
}

static int open_file(sac__dump_side *side, const char *collection, const char *suffix, int flags,
                     sac_err *err)
{
    close_file(side);
    name_of(side->name, collection, suffix);
    side->file = openat(side->folder, side->name, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
    side->at = 0;
    return side->file >= 0 ? SAC_OK : io_failed("open", side->name, err);
}

static int corrupt(const sac__dump_side *side, const char *why, sac_err *err)
{
    return sac_err_set(err, SAC_ECORRUPT, "%s: byte %llu: %s", side->name,
                       (unsigned long long)side->at, why);
}

/* All of `n` bytes at `at`: 1, 0 at the end of the file, or an error (a part only is one). */
static int read_at(const sac__dump_side *side, uint64_t at, char *p, size_t n, sac_err *err)
{
    size_t got = 0;

    while (got < n) {
        const ssize_t step = pread(side->file, p + got, n - got, (off_t)(at + got));

        if (step < 0 && errno == EINTR)
            continue;
        if (step < 0)
            return io_failed("read", side->name, err);
        if (step == 0)
            break;
        got += (size_t)step;
    }
    if (got == n)
        return 1;
    return got == 0 ? 0 : corrupt(side, "the file ends inside a document", err);
}

/* The next document of the file to side->doc: 1, 0 at the end, or an error. */
static int next_doc(sac__dump_side *side, sac_err *err)
{
    char head[4];
    sac_err why;
    uint32_t size;
    int rc = read_at(side, side->at, head, sizeof head, err);

    if (rc != 1)
        return rc;
    size = sac__wire_get32(head);
    if (size < 5 || size > SAC_BSON_MAX)
        return corrupt(side, "no document's length", err);
    side->doc.n = 0;
    if (!sac__buf_room(&side->doc, size))
        return sac_err_set(err, SAC_ENOMEM, "%s: no memory for a document", side->name);
    rc = read_at(side, side->at, side->doc.p, size, err);
    if (rc != 1)
        return rc < 0 ? rc : corrupt(side, "the file ends inside a document", err);
    side->doc.n = size;
    if (sac_bson_check(sac__buf_str(&side->doc), &why) != SAC_OK)
        return corrupt(side, why.text, err);
    side->at += size;
    return 1;
}

static bool ends_with(const char *name, const char *suffix)
{
    const size_t n = strlen(name), m = strlen(suffix);

    return n > m && strcmp(name + n - m, suffix) == 0;
}

/* A file of the folder: 1 with its name cut to that of its collection, 0 for no collection's. */
static int collection_of(char *name, sac_err *err)
{
    if (ends_with(name, PART))
        return sac_err_set(err, SAC_EINVAL, "%.100s: the dump was stopped: finish it first", name);
    if (ends_with(name, DATA ".gz"))
        return sac_err_set(err, SAC_EINVAL, "%.100s: compressed dumps are not read", name);
    if (!ends_with(name, DATA) || strcmp(name, "system.views" DATA) == 0 ||
        strcmp(name, "system.profile" DATA) == 0)
        return 0;
    name[strlen(name) - strlen(DATA)] = '\0';
    return 1;
}

static int dump_collections(void *self, int (*name)(void *to, const char *name), void *to,
                            sac_err *err)
{
    const sac__dump_side *side = self;
    const int fd = openat(side->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    int rc = SAC_OK;

    if (!folder) {
        if (fd >= 0)
            close(fd);
        return io_failed("read", "the folder", err);
    }
    while (rc == SAC_OK && (entry = readdir(folder))) {
        const int found = collection_of(entry->d_name, err);

        rc = found == 1 ? name(to, entry->d_name) : found;
    }
    closedir(folder);
    return rc;
}

static int skip_docs(sac__dump_side *side, int64_t n, sac_err *err)
{
    int rc = 1;

    for (; rc == 1 && n > 0; n--)
        rc = next_doc(side, err);
    return rc < 0 ? rc : SAC_OK;
}

static int dump_open(void *self, const char *collection, const sac__held *behind, int64_t *total,
                     sac_err *err)
{
    sac__dump_side *side = self;
    int rc = open_file(side, collection, DATA, O_RDONLY, err);

    *total = -1;
    return rc == SAC_OK ? skip_docs(side, behind->documents, err) : rc;
}

static int dump_pull(void *self, int (*doc)(void *to, sac_str doc), void *to, sac_err *err)
{
    sac__dump_side *side = self;
    int rc, given = 0;

    while (given == 0) {
        rc = next_doc(side, err);
        if (rc != 1)
            return rc;
        given = doc(to, sac__buf_str(&side->doc));
    }
    return given;
}

static void dump_close(void *self)
{
    close_file(self);
}

static int read_whole(const sac__dump_side *side, const char *name, sac__buf *out, sac_err *err)
{
    const int fd = openat(side->folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t step = 1;
    char piece[4096];

    if (fd < 0)
        return errno == ENOENT ? SAC_OK : io_failed("open", name, err);
    while (step > 0 && !out->error) {
        step = read(fd, piece, sizeof piece);
        if (step > 0)
            sac__buf_add(out, piece, (size_t)step);
    }
    close(fd);
    if (step < 0)
        return io_failed("read", name, err);
    return out->error ? sac_err_set(err, out->error, "%s: too large", name) : SAC_OK;
}

static int dump_indexes(void *self, const char *collection,
                        int (*index)(void *to, const sac_index *index), void *to, sac_err *err)
{
    const sac__dump_side *side = self;
    char name[NAME];
    sac__buf text;
    int rc;

    name_of(name, collection, METADATA);
    sac__buf_init(&text, side->alloc, MAX_METADATA);
    rc = read_whole(side, name, &text, err);
    if (rc == SAC_OK && text.n > 0)
        rc = sac__metadata_read(name, sac__buf_str(&text), index, to, side->alloc, err);
    sac__buf_fini(&text);
    return rc;
}

static bool exists(const sac__dump_side *side, const char *collection, const char *suffix)
{
    char name[NAME];

    name_of(name, collection, suffix);
    return faccessat(side->folder, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Counts what is there; a part that was cut off in a document ends before it. */
static int count_docs(sac__dump_side *side, sac__held *held, sac_err *err)
{
    uint64_t last = 0, end = 0;
    int rc;

    while ((rc = next_doc(side, err)) == 1) {
        held->documents++;
        last = end;
        end = side->at;
    }
    held->any = rc != 0 || held->documents > 0;
    side->at = last;
    if (rc == SAC_ECORRUPT)
        rc = SAC_OK;
    if (rc == SAC_OK && held->documents > 0)
        rc = next_doc(side, err) == 1 ? SAC_OK : SAC_EIO;
    side->at = end;
    if (rc != SAC_OK)
        return rc;
    if (held->documents > 0)
        held->last = sac_bson_get(sac__buf_str(&side->doc), sac_str_n("_id", 3));
    return SAC_OK;
}

static int rename_file(const sac__dump_side *side, const char *collection, const char *from,
                       const char *to, sac_err *err)
{
    char old[NAME], new[NAME];

    name_of(old, collection, from);
    name_of(new, collection, to);
    return renameat(side->folder, old, side->folder, new) == 0 ? SAC_OK
                                                               : io_failed("rename", old, err);
}

static int dump_begin(void *self, const char *collection, sac__held *held, sac_err *err)
{
    sac__dump_side *side = self;
    const char *found = exists(side, collection, DATA) ? DATA : PART;
    int rc = SAC_OK;

    side->keys.n = 0;
    side->at = 0;
    if (!exists(side, collection, found))
        return SAC_OK;
    rc = open_file(side, collection, found, O_RDONLY, err);
    if (rc == SAC_OK)
        rc = count_docs(side, held, err);
    close_file(side);
    return rc;
}

/* The part, open at its end; a finished file becomes a part again. */
static int open_part(sac__dump_side *side, const char *collection, sac_err *err)
{
    const uint64_t end = side->at;
    int rc = SAC_OK;

    if (side->file >= 0)
        return SAC_OK;
    if (exists(side, collection, DATA))
        rc = rename_file(side, collection, DATA, PART, err);
    if (rc == SAC_OK)
        rc = open_file(side, collection, PART, O_RDWR | O_CREAT, err);
    if (rc == SAC_OK && ftruncate(side->file, (off_t)end) != 0)
        rc = io_failed("cut", side->name, err);
    side->at = end;
    return rc;
}

static int add_bytes(sac__dump_side *side, sac_str bytes, sac_err *err)
{
    while (bytes.n > 0) {
        const ssize_t step = pwrite(side->file, bytes.p, bytes.n, (off_t)side->at);

        if (step < 0 && errno != EINTR)
            return io_failed("write", side->name, err);
        if (step > 0) {
            side->at += (uint64_t)step;
            bytes = sac_str_n(bytes.p + step, bytes.n - (size_t)step);
        }
    }
    return SAC_OK;
}

static int dump_write(void *self, const char *collection, const sac_str *docs, size_t n,
                      sac_err *err)
{
    sac__dump_side *side = self;
    int rc = open_part(side, collection, err);

    for (size_t i = 0; rc == SAC_OK && i < n; i++) {
        sac_str bytes = docs[i];

        while (i + 1 < n && docs[i + 1].p == bytes.p + bytes.n)
            bytes.n += docs[++i].n;
        rc = add_bytes(side, bytes, err);
    }
    return rc;
}

static int dump_make_index(void *self, const char *collection, const sac_index *index, sac_err *err)
{
    sac__dump_side *side = self;

    sac__metadata_add(&side->keys, index);
    return side->keys.error ? sac_err_set(err, side->keys.error, "%s: its indexes", collection)
                            : SAC_OK;
}

/* What is open is whole: on disk, then under its name. */
static int finish(sac__dump_side *side, const char *collection, const char *part, const char *whole,
                  sac_err *err)
{
    if (fsync(side->file) != 0)
        return io_failed("sync", side->name, err);
    close_file(side);
    return rename_file(side, collection, part, whole, err);
}

static int write_metadata(sac__dump_side *side, const char *collection, sac_err *err)
{
    sac__buf text;
    int rc;

    sac__buf_init(&text, side->alloc, MAX_METADATA);
    sac__metadata_write(&side->keys, collection, &text);
    rc = text.error
             ? sac_err_set(err, text.error, "%s: its indexes", collection)
             : open_file(side, collection, METADATA ".part", O_RDWR | O_CREAT | O_TRUNC, err);
    if (rc == SAC_OK)
        rc = add_bytes(side, sac__buf_str(&text), err);
    if (rc == SAC_OK)
        rc = finish(side, collection, METADATA ".part", METADATA, err);
    sac__buf_fini(&text);
    return rc;
}

static int dump_end(void *self, const char *collection, sac_err *err)
{
    sac__dump_side *side = self;
    int rc = open_part(side, collection, err);

    if (rc == SAC_OK)
        rc = finish(side, collection, PART, DATA, err);
    if (rc == SAC_OK)
        rc = write_metadata(side, collection, err);
    if (rc == SAC_OK && fsync(side->folder) != 0)
        rc = io_failed("sync", "the folder", err);
    return rc;
}

static const sac__side_ops dump_ops = {
    .collections = dump_collections,
    .open = dump_open,
    .pull = dump_pull,
    .close = dump_close,
    .indexes = dump_indexes,
    .begin = dump_begin,
    .write = dump_write,
    .make_index = dump_make_index,
    .end = dump_end,
};

static bool make_folder(const char *folder)
{
    return mkdir(folder, 0700) == 0 || errno == EEXIST;
}

int sac__dump_side_init(sac__dump_side *side, const char *folder, const char *database, bool make,
                        const sac_alloc *alloc, sac__side *out, sac_err *err)
{
    char path[4096];
    const int n = snprintf(path, sizeof path, "%s/%s", folder, database);

    if (n < 0 || (size_t)n >= sizeof path || strchr(database, '/') || *database == '.' ||
        !*database)
        return sac_err_set(err, SAC_EINVAL, "bad name of a database or folder");
    if (make && (!make_folder(folder) || !make_folder(path)))
        return io_failed("make", path, err);
    *side = (sac__dump_side){.alloc = alloc, .file = -1};
    side->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (side->folder < 0)
        return io_failed("open", path, err);
    sac__buf_init(&side->doc, alloc, SAC_BSON_MAX);
    sac__buf_init(&side->keys, alloc, MAX_METADATA);
    *out = (sac__side){.ops = &dump_ops, .self = side};
    return SAC_OK;
}

void sac__dump_side_fini(sac__dump_side *side)
{
    close_file(side);
    close(side->folder);
    sac__buf_fini(&side->doc);
    sac__buf_fini(&side->keys);
}
