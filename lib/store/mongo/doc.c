/* SPDX-License-Identifier: MIT */
#include <time.h>

#include <xxhash.h>

#include "bson/wire.h"
#include "core/random.h"
#include "store/mongo/mongo.h"

#define REV "_rev"

uint64_t sac__mongo_stamp(sac_str doc, uint64_t revision)
{
    const uint64_t stamp = XXH3_64bits_withSeed(doc.p, doc.n, revision);

    return stamp ? stamp : 1;
}

/* Where the element `_rev` begins and ends; n 0 where there is none. */
static int find_rev(sac_str doc, sac_str *element, uint64_t *revision)
{
    sac_bson_iter iter;
    int64_t number = 0;
    int rc = sac_bson_iter_init(&iter, doc);

    *element = sac_str_n(doc.p + doc.n - 1, 0);
    *revision = 0;
    if (rc != SAC_OK)
        return rc;
    while ((rc = sac_bson_iter_next(&iter)) == 1) {
        if (!sac_str_is(iter.key, REV))
            continue;
        *element = sac_str_n(iter.key.p - 1, 1 + sizeof REV + iter.value.raw.n);
        if (sac_value_int(&iter.value, &number) && number > 0)
            *revision = (uint64_t)number;
    }
    return rc;
}

static int damaged(sac_err *err)
{
    return sac_err_set(err, SAC_ECORRUPT, "mongodb: a document that is none");
}

int sac__mongo_doc_read(sac_str bytes, sac__buf *to, sac_view *view, sac_err *err)
{
    sac_str rev;
    uint64_t revision;
    size_t before;

    if (find_rev(bytes, &rev, &revision) != SAC_OK)
        return damaged(err);
    before = (size_t)(rev.p - bytes.p);
    to->n = 0;
    sac__buf_add(to, bytes.p, before);
    sac__buf_add(to, rev.p + rev.n, bytes.n - before - rev.n);
    if (to->error)
        return sac_err_set(err, to->error, "mongodb: no memory for a document");
    sac__wire_put32(to->p, (uint32_t)to->n);
    view->doc = sac__buf_str(to);
    view->revision = revision;
    view->stamp = sac__mongo_stamp(view->doc, revision);
    return SAC_OK;
}

int sac__mongo_doc_write(sac_str doc, uint64_t revision, sac__buf *to, sac_err *err)
{
    const size_t n = doc.n + SAC__MONGO_REV_BYTES;
    char tail[SAC__MONGO_REV_BYTES + 1] = {SAC_BSON_INT64};
    sac_str rev;
    uint64_t old;

    if (n > SAC_BSON_MAX)
        return sac_err_set(err, SAC_ETOOBIG, "document of %zu bytes: with _rev the limit is %zu",
                           doc.n, SAC_BSON_MAX - SAC__MONGO_REV_BYTES);
    if (find_rev(doc, &rev, &old) != SAC_OK)
        return damaged(err);
    if (rev.n)
        return sac_err_set(err, SAC_EINVAL, "a field _rev: that name is the store's own");
    memcpy(tail + 1, REV, sizeof REV);
    sac__wire_put64(tail + 1 + sizeof REV, revision);
    sac__buf_add(to, doc.p, doc.n - 1);
    sac__buf_add(to, tail, sizeof tail);
    if (to->error)
        return sac_err_set(err, to->error, "mongodb: no memory for a document");
    sac__wire_put32(to->p + to->n - n, (uint32_t)n);
    return SAC_OK;
}

/*
 * Microseconds since 1970 with random low bits: a document that is made anew
 * does not have the revision of one that was removed, and two that are written
 * at one time from the same state can be told apart. It stays below 2^53.
 */
int sac__mongo_raise(uint64_t revision, uint64_t *out, sac_err *err)
{
    struct timespec now;
    uint64_t raised;
    uint16_t low;

    if (sac__random(&low, sizeof low) != SAC_OK)
        return sac_err_set(err, SAC_EIO, "mongodb: no random bytes");
    low &= 1023;
    clock_gettime(CLOCK_REALTIME, &now);
    raised = ((uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000) & ~(uint64_t)1023;
    raised += low;
    *out = raised > revision ? raised : revision + 1 + low;
    return SAC_OK;
}
