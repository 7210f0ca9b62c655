/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "core/table.h"
#include "store/transfer/side.h"

enum { BATCH_DOCS = 1000, BATCH_BYTES = 4 << 20 };

/* Documents on their way, one behind the other. */
typedef struct batch {
    sac__buf bytes;
    size_t n;
    size_t ends[BATCH_DOCS];
} batch;

typedef struct transfer {
    const sac__side *from, *to;
    const sac_transfer *how;
    sac_transferred out;
    const char *collection;
    int64_t done, total;
    batch *batch;
    sac_err *err;
} transfer;

/* What a collection holds, whatever the order. */
typedef struct digest {
    int64_t documents;
    uint64_t sum;
} digest;

static int tell(const transfer *t, int64_t done, bool verifying)
{
    const sac_transfer_progress progress = {
        .collection = t->collection, .done = done, .total = t->total, .verifying = verifying};

    if (!t->how->progress || t->how->progress(t->how->self, &progress) == 0)
        return SAC_OK;
    return sac_err_set(t->err, SAC_ECLOSED, "stopped");
}

static int take(void *self, sac_str doc)
{
    batch *b = self;

    sac__buf_add_str(&b->bytes, doc);
    if (b->bytes.error)
        return b->bytes.error;
    b->ends[b->n++] = b->bytes.n;
    return b->n == BATCH_DOCS || b->bytes.n >= BATCH_BYTES;
}

static int write_batch(transfer *t)
{
    sac_str docs[BATCH_DOCS];
    size_t begin = 0;
    int rc;

    if (t->batch->n == 0)
        return SAC_OK;
    for (size_t i = 0; i < t->batch->n; i++) {
        docs[i] = sac_str_n(t->batch->bytes.p + begin, t->batch->ends[i] - begin);
        begin = t->batch->ends[i];
    }
    rc = t->to->ops->write(t->to->self, t->collection, docs, t->batch->n, t->err);
    if (rc != SAC_OK)
        return rc;
    t->done += (int64_t)t->batch->n;
    t->out.copied += (int64_t)t->batch->n;
    return tell(t, t->done, false);
}

static int copy_open(transfer *t)
{
    int more, rc;

    do {
        t->batch->n = 0;
        t->batch->bytes.n = 0;
        more = t->from->ops->pull(t->from->self, take, t->batch, t->err);
        if (t->batch->bytes.error)
            more = sac_err_set(t->err, t->batch->bytes.error, "no memory for a batch");
        rc = more < 0 ? more : write_batch(t);
    } while (rc == SAC_OK && more == 1);
    return rc;
}

static int copy_documents(transfer *t)
{
    sac__held held = {.documents = 0};
    int rc = t->to->ops->begin(t->to->self, t->collection, &held, t->err);

    if (rc == SAC_OK && held.any && !t->how->resume)
        rc = sac_err_set(t->err, SAC_EEXIST, "the target holds %lld documents",
                         (long long)held.documents);
    if (rc == SAC_OK)
        rc = t->from->ops->open(t->from->self, t->collection, &held, &t->total, t->err);
    if (rc != SAC_OK)
        return rc;
    t->done = held.documents;
    rc = tell(t, t->done, false);
    if (rc == SAC_OK)
        rc = copy_open(t);
    t->from->ops->close(t->from->self);
    return rc;
}

static void skip_index(transfer *t, const sac_index *index, const char *why)
{
    char line[512];
    const int n = snprintf(line, sizeof line, "%s: index %s is left out: %s", t->collection,
                           index->name ? index->name : "without a name", why);

    t->out.skipped++;
    if (t->how->log && n > 0)
        t->how->log(t->how->log_self, SAC_LOG_WARN, sac_str_of(line));
}

/* What the target cannot have is left out; what it fails to make is an error. */
static int copy_index(void *self, const sac_index *index)
{
    transfer *t = self;
    int rc;

    if (!index->keys) {
        skip_index(t, index, "its kind is not known");
        return SAC_OK;
    }
    rc = t->to->ops->make_index(t->to->self, t->collection, index, t->err);
    if (rc == SAC_EINVAL || rc == SAC_ENOSYS) {
        skip_index(t, index, t->err->text);
        return SAC_OK;
    }
    t->out.indexes += rc == SAC_OK;
    return rc;
}

static int digest_doc(void *self, sac_str doc)
{
    static const sac__hash_key key = {0x736163727563756d, 0x7472616e73666572};
    digest *sum = self;

    sum->documents++;
    sum->sum += sac__hash_keyed(&key, doc.p, doc.n);
    return sum->documents % BATCH_DOCS == 0;
}

static int digest_side(transfer *t, const sac__side *side, digest *sum)
{
    const sac__held none = {.documents = 0};
    int more, rc = side->ops->open(side->self, t->collection, &none, &t->total, t->err);

    *sum = (digest){.documents = 0};
    if (rc != SAC_OK)
        return rc;
    if (t->total < 0)
        t->total = t->done;
    do {
        more = side->ops->pull(side->self, digest_doc, sum, t->err);
        rc = more < 0 ? more : tell(t, sum->documents, true);
    } while (rc == SAC_OK && more == 1);
    side->ops->close(side->self);
    return rc;
}

static int verify(transfer *t)
{
    digest from, to;
    int rc = digest_side(t, t->from, &from);

    if (rc == SAC_OK)
        rc = digest_side(t, t->to, &to);
    if (rc != SAC_OK)
        return rc;
    if (from.documents != to.documents || from.sum != to.sum)
        return sac_err_set(t->err, SAC_ECONFLICT,
                           "the sides differ: %lld documents here, %lld there%s",
                           (long long)from.documents, (long long)to.documents,
                           from.documents == to.documents ? ", of other contents" : "");
    t->out.documents += from.documents;
    t->out.checksum += from.sum + sac__hash_quick(t->collection, strlen(t->collection));
    return SAC_OK;
}

/* The collection before what went wrong, unless a file's name says it. */
static int name_collection(const transfer *t, int rc)
{
    const size_t n = strlen(t->collection);
    sac_err said = *t->err;

    if (strncmp(said.text, t->collection, n) == 0 && said.text[n] == '.')
        return rc;
    said.text[sizeof said.text - 1 - (n < 64 ? n : 64) - 2] = '\0';
    (void)sac_err_set(t->err, rc, "%.64s: %s", t->collection, said.text);
    t->err->pos = said.pos;
    return rc;
}

static int copy_collection(transfer *t)
{
    int rc = copy_documents(t);

    if (rc == SAC_OK && !t->how->no_indexes)
        rc = t->from->ops->indexes(t->from->self, t->collection, copy_index, t, t->err);
    if (rc == SAC_OK)
        rc = t->to->ops->end(t->to->self, t->collection, t->err);
    if (rc == SAC_OK)
        rc = verify(t);
    t->out.collections += rc == SAC_OK;
    return rc == SAC_OK ? rc : name_collection(t, rc);
}

static int add_name(void *self, const char *name)
{
    sac__buf *names = self;

    sac__buf_add(names, name, strlen(name) + 1);
    return names->error;
}

static int copy_named(transfer *t)
{
    int rc = SAC_OK;

    for (size_t i = 0; rc == SAC_OK && t->how->collections[i]; i++) {
        t->collection = t->how->collections[i];
        rc = copy_collection(t);
    }
    return rc;
}

static int copy_all(transfer *t)
{
    sac__buf names;
    int rc;

    if (t->how->collections)
        return copy_named(t);
    sac__buf_init(&names, t->how->alloc, 1 << 20);
    rc = t->from->ops->collections(t->from->self, add_name, &names, t->err);
    if (names.error)
        rc = sac_err_set(t->err, names.error, "names of collections");
    for (size_t at = 0; rc == SAC_OK && at < names.n; at += strlen(names.p + at) + 1) {
        t->collection = names.p + at;
        rc = copy_collection(t);
    }
    sac__buf_fini(&names);
    return rc;
}

int sac__transfer_run(const sac__side *from, const sac__side *to, const sac_transfer *how,
                      sac_transferred *out, sac_err *err)
{
    const sac_transfer plain = SAC_TRANSFER(.resume = false);
    sac_err said = {.code = 0};
    transfer t = {.from = from, .to = to, .how = how ? how : &plain, .err = &said};
    int rc;

    if (t.how->size > sizeof *how)
        return sac__table_newer("sac_transfer", t.how->size, sizeof *how, err);
    if (t.how->size < sizeof *how)
        return sac_err_set(err, SAC_EINVAL, "sac_transfer without SAC_TRANSFER()");
    t.batch = sac__alloc(t.how->alloc, sizeof *t.batch);
    if (!t.batch)
        return sac_err_set(err, SAC_ENOMEM, "no memory for a batch");
    sac__buf_init(&t.batch->bytes, t.how->alloc, BATCH_BYTES + SAC_BSON_MAX);
    rc = copy_all(&t);
    sac__buf_fini(&t.batch->bytes);
    sac__alloc_free(t.how->alloc, t.batch, sizeof *t.batch);
    if (rc == SAC_OK && out)
        *out = t.out;
    if (rc != SAC_OK && err)
        *err = said;
    return rc;
}

int sac_store_copy(sac_store *from, sac_store *to, const sac_transfer *how, sac_transferred *out,
                   sac_err *err)
{
    const sac_alloc *alloc = how ? how->alloc : NULL;
    sac__store_side source, target;
    const sac__side sides[2] = {sac__store_side_init(&source, from, alloc),
                                sac__store_side_init(&target, to, alloc)};
    const int rc = sac__transfer_run(&sides[0], &sides[1], how, out, err);

    sac__store_side_fini(&source);
    sac__store_side_fini(&target);
    return rc;
}

int sac_store_dump(sac_store *from, const char *folder, const char *database,
                   const sac_transfer *how, sac_transferred *out, sac_err *err)
{
    const sac_alloc *alloc = how ? how->alloc : NULL;
    sac__store_side source;
    sac__dump_side dump;
    const sac__side store = sac__store_side_init(&source, from, alloc);
    sac__side target;
    int rc = sac__dump_side_init(&dump, folder, database, true, alloc, &target, err);

    if (rc == SAC_OK) {
        rc = sac__transfer_run(&store, &target, how, out, err);
        sac__dump_side_fini(&dump);
    }
    sac__store_side_fini(&source);
    return rc;
}

int sac_store_restore(sac_store *to, const char *folder, const char *database,
                      const sac_transfer *how, sac_transferred *out, sac_err *err)
{
    const sac_alloc *alloc = how ? how->alloc : NULL;
    sac__store_side target;
    sac__dump_side dump;
    const sac__side store = sac__store_side_init(&target, to, alloc);
    sac__side source;
    int rc = sac__dump_side_init(&dump, folder, database, false, alloc, &source, err);

    if (rc == SAC_OK) {
        rc = sac__transfer_run(&source, &store, how, out, err);
        sac__dump_side_fini(&dump);
    }
    sac__store_side_fini(&target);
    return rc;
}
