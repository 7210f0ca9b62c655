/* SPDX-License-Identifier: MIT */
#include "page/deflate.h"

#include <errno.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/zip.h"

enum {
    GZIP = 16,         /* added to the window's bits: with a gzip head */
    STREAM_BITS = 14,  /* of a stream's window: it then takes about 130 KiB */
    STREAM_MEMORY = 7, /* of its hash table */
    LEAST_BITS = 9,
    SPARE = 64, /* zlib marks a flush again and again where there is no room for it */
    IN = 16 * 1024
};

static int start(z_stream *z, const sac_alloc *alloc, int level, int bits, int memory)
{
    *z = sac__zip_stream(alloc);
    return deflateInit2(z, level, Z_DEFLATED, bits + GZIP, memory, Z_DEFAULT_STRATEGY) == Z_OK
               ? SAC_OK
               : SAC_ENOMEM;
}

bool sac__deflate_bytes(const sac_alloc *alloc, int level, sac_str in, char *out, size_t cap,
                        size_t *n)
{
    int bits = LEAST_BITS, rc;
    z_stream z;

    /* A small window and table: clearing large ones costs more than a small body itself. */
    while (bits < STREAM_BITS && in.n > (size_t)1 << bits)
        bits++;
    if (in.n > UINT_MAX || cap > UINT_MAX || start(&z, alloc, level, bits, bits - 7) != SAC_OK)
        return false;
    z.next_in = (Bytef *)(uintptr_t)in.p;
    z.avail_in = (uInt)in.n;
    z.next_out = (Bytef *)out;
    z.avail_out = (uInt)cap;
    rc = deflate(&z, Z_FINISH);
    *n = cap - z.avail_out;
    (void)deflateEnd(&z);
    return rc == Z_STREAM_END;
}

/* A reply's body as a gzip stream. */
typedef struct coder {
    const sac_alloc *alloc;
    sac__reply from;
    uint64_t taken; /* of a file or of bytes */
    int level;
    bool started, ended, done;
    z_stream z;
    char *in;
    size_t spare_at, spare_n;
    char spare[SPARE]; /* what zlib wrote when there was hardly room */
} coder;

static int read_file(coder *c, size_t *n)
{
    const uint64_t left = (uint64_t)c->from.length - c->taken;
    ssize_t got;

    if (left == 0)
        return 0;
    do
        got = pread(c->from.fd, c->in, left < IN ? (size_t)left : IN,
                    (off_t)(c->from.offset + c->taken));
    while (got < 0 && errno == EINTR);
    if (got <= 0) /* it has become shorter than it was */
        return SAC_EIO;
    c->taken += (uint64_t)got;
    *n = (size_t)got;
    return 1;
}

static int read_bytes(coder *c, size_t *n)
{
    const size_t left = c->from.bytes.n - (size_t)c->taken;

    *n = left < IN ? left : IN;
    memcpy(c->in, c->from.bytes.p + c->taken, *n);
    c->taken += *n;
    return *n > 0;
}

static int read_more(coder *c, sac_req *req, size_t *n)
{
    switch (c->from.kind) {
    case SAC__REPLY_FILE: return read_file(c, n);
    case SAC__REPLY_BYTES: return read_bytes(c, n);
    default: return c->from.pull(c->from.self, req, c->in, IN, n);
    }
}

/* Of a stream each piece goes out whole: who waits for it sees it. */
static int flush_of(const coder *c)
{
    if (c->ended)
        return Z_FINISH;
    return c->from.kind == SAC__REPLY_STREAM ? Z_SYNC_FLUSH : Z_NO_FLUSH;
}

static int begin(coder *c)
{
    if (!c->in)
        c->in = sac__alloc(c->alloc, IN);
    if (!c->in || start(&c->z, c->alloc, c->level, STREAM_BITS, STREAM_MEMORY) != SAC_OK)
        return SAC_ENOMEM;
    c->z.avail_out = 1; /* it is not full */
    c->started = true;
    return SAC_OK;
}

/* What zlib has to say of what it got. */
static size_t drain(coder *c, void *buf, size_t cap)
{
    c->z.next_out = buf;
    c->z.avail_out = cap < UINT_MAX ? (uInt)cap : UINT_MAX;
    c->done = deflate(&c->z, flush_of(c)) == Z_STREAM_END;
    return (size_t)((char *)c->z.next_out - (char *)buf);
}

static size_t take_spare(coder *c, void *buf, size_t cap)
{
    const size_t left = c->spare_n - c->spare_at, n = left < cap ? left : cap;

    memcpy(buf, c->spare + c->spare_at, n);
    c->spare_at += n;
    return n;
}

/* Whether zlib had no room for all that it has to say. */
static bool is_full(const coder *c)
{
    return c->started && c->z.avail_out == 0;
}

/* The next bytes of the source go to zlib: 0, also at the end, SAC_LATER or an error. */
static int feed(coder *c, sac_req *req)
{
    size_t got = 0;
    const int rc = read_more(c, req, &got);

    if (rc < 0 || rc == SAC_LATER)
        return rc;
    if (got > IN || (rc == 1 && got == 0))
        return SAC_EIO;
    c->ended = rc == 0;
    c->z.next_in = (Bytef *)c->in;
    c->z.avail_in = rc == 0 ? 0 : (uInt)got;
    return SAC_OK;
}

static int pull(void *self, sac_req *req, void *buf, size_t cap, size_t *n)
{
    coder *c = self;
    int rc = SAC_OK;

    *n = take_spare(c, buf, cap);
    if (!c->started)
        rc = begin(c);
    while (rc == SAC_OK && *n == 0 && !c->done) {
        if (!is_full(c) && !c->ended)
            rc = feed(c, req);
        if (rc == SAC_OK && cap >= SPARE) {
            *n = drain(c, buf, cap);
        } else if (rc == SAC_OK) {
            c->spare_n = drain(c, c->spare, SPARE);
            c->spare_at = 0;
            *n = take_spare(c, buf, cap);
        }
    }
    return rc != SAC_OK ? rc : *n > 0;
}

static void close_coder(void *self)
{
    coder *c = self;

    if (c->started)
        (void)deflateEnd(&c->z);
    sac__alloc_free(c->alloc, c->in, IN);
    if (c->from.kind == SAC__REPLY_FILE)
        close(c->from.fd);
    else if (c->from.kind == SAC__REPLY_STREAM && c->from.close)
        c->from.close(c->from.self);
}

int sac__deflate_reply(sac_req *req, int level, sac__reply *reply)
{
    coder *c = sac__arena_get_zero(sac__req_arena(req), sizeof *c);

    if (!c)
        return SAC_ENOMEM;
    c->alloc = sac_app_allocator(sac_req_app(req));
    c->from = *reply;
    c->level = level;
    *reply = (sac__reply){.kind = SAC__REPLY_STREAM,
                          .status = c->from.status,
                          .fd = -1,
                          .length = -1,
                          .pull = pull,
                          .close = close_coder,
                          .self = c,
                          .is_inline = c->from.kind != SAC__REPLY_STREAM || c->from.is_inline};
    return SAC_OK;
}
