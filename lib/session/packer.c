/* SPDX-License-Identifier: MIT */
#include "session/packer.h"

#include "core/zip.h"

int sac__packer_init(sac__packer *packer, const sac_alloc *alloc)
{
    packer->alloc = alloc;
    packer->begun = false;
    return pthread_mutex_init(&packer->lock, NULL) == 0 ? SAC_OK : SAC_ENOMEM;
}

void sac__packer_fini(sac__packer *packer)
{
    if (packer->begun)
        (void)deflateEnd(&packer->kept);
    pthread_mutex_destroy(&packer->lock);
}

/* Less than `room` bytes into `to`: 1, or 0. */
static int deflate_all(z_stream *z, sac_str in, size_t room, char *to, size_t *n)
{
    z->next_in = (Bytef *)(uintptr_t)in.p;
    z->avail_in = (uInt)in.n;
    z->next_out = (Bytef *)to;
    z->avail_out = (uInt)room;
    if (deflate(z, Z_FINISH) != Z_STREAM_END)
        return 0;
    *n = room - z->avail_out;
    return *n < room;
}

static int pack_anew(const sac__packer *packer, sac_str in, size_t room, char *to, size_t *n)
{
    z_stream z = sac__zip_stream(packer->alloc);
    int rc;

    if (deflateInit(&z, Z_DEFAULT_COMPRESSION) != Z_OK)
        return SAC_ENOMEM;
    rc = deflate_all(&z, in, room, to, n);
    (void)deflateEnd(&z);
    return rc;
}

static int pack_kept(sac__packer *packer, sac_str in, size_t room, char *to, size_t *n)
{
    if (!packer->begun) {
        packer->kept = sac__zip_stream(packer->alloc);
        if (deflateInit(&packer->kept, Z_DEFAULT_COMPRESSION) != Z_OK)
            return SAC_ENOMEM;
        packer->begun = true;
    }
    (void)deflateReset(&packer->kept);
    return deflate_all(&packer->kept, in, room, to, n);
}

int sac__packer_pack(sac__packer *packer, sac_str in, size_t room, sac__arena *arena, sac_str *out)
{
    char *to = sac__arena_bytes(arena, room + 1);
    size_t n = 0;
    int rc;

    if (!to || in.n > UINT32_MAX || room > UINT32_MAX)
        return SAC_ENOMEM;
    if (pthread_mutex_trylock(&packer->lock) == 0) {
        rc = pack_kept(packer, in, room, to, &n);
        pthread_mutex_unlock(&packer->lock);
    } else {
        rc = pack_anew(packer, in, room, to, &n);
    }
    if (rc == 1)
        *out = sac_str_n(to, n);
    return rc;
}

/* Room for more; past the maximum by one byte, so that what is too long is seen. */
static int grow(z_stream *z, size_t max, sac__arena *arena, char **to, size_t *cap)
{
    enum { FIRST = 1024 };
    size_t more = *cap ? *cap * 4 : FIRST;
    char *moved;

    if (*cap > max)
        return SAC_ELIMIT;
    if (more > max)
        more = max + 1;
    moved = sac__arena_resize(arena, *to, *cap, more);
    if (!moved)
        return SAC_ENOMEM;
    z->next_out = (Bytef *)moved + *cap;
    z->avail_out = (uInt)(more - *cap);
    *to = moved;
    *cap = more;
    return SAC_OK;
}

static int inflate_all(z_stream *z, size_t max, sac__arena *arena, sac_str *out)
{
    char *to = NULL;
    size_t cap = 0;
    int rc, state;

    do {
        rc = grow(z, max, arena, &to, &cap);
        if (rc != SAC_OK)
            return rc;
        state = inflate(z, Z_FINISH);
    } while (state == Z_BUF_ERROR && z->avail_out == 0);
    if (state == Z_MEM_ERROR)
        return SAC_ENOMEM;
    if (state != Z_STREAM_END || z->avail_in > 0)
        return SAC_ESYNTAX;
    *out = sac_str_n(to, cap - z->avail_out);
    return out->n <= max ? SAC_OK : SAC_ELIMIT;
}

int sac__packer_unpack(const sac__packer *packer, sac_str in, size_t max, sac__arena *arena,
                       sac_str *out)
{
    z_stream z = sac__zip_stream(packer->alloc);
    sac_str got = {NULL, 0};
    int rc;

    if (in.n > UINT32_MAX || max >= UINT32_MAX)
        return SAC_ELIMIT;
    z.next_in = (Bytef *)(uintptr_t)in.p;
    z.avail_in = (uInt)in.n;
    if (inflateInit(&z) != Z_OK)
        return SAC_ENOMEM;
    rc = inflate_all(&z, max, arena, &got);
    (void)inflateEnd(&z);
    if (rc == SAC_OK)
        *out = got;
    return rc;
}
