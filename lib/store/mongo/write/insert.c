/* SPDX-License-Identifier: MIT */
#include "core/alloc.h"
#include "store/mongo/mongo.h"

static int insert_one(sac__mongo_op *op, uint64_t revision)
{
    sac_write *write = op->write;
    sac__mongo_step step = {.revision = revision};
    int rc;

    step.id = sac_bson_get(write->docs[0], sac_str_of("_id"));
    step.doc = sac__buf_str(&op->doc);
    rc = sac__mongo_step_do(op, &step);
    if (rc == 0) {
        memcpy(write->index, "_id_", sizeof "_id_");
        return sac_err_set(&write->err, SAC_EEXIST, "a document with this _id exists");
    }
    if (rc != 1)
        return rc;
    write->stamp = sac__mongo_stamp(write->docs[0], revision);
    return SAC_OK;
}

static void note_failed(sac_write *write, const bson_t *reply, const bson_error_t *error)
{
    const sac_value at = sac_bson_path(sac__mongo_bytes(reply), sac_str_of("writeErrors.0.index"));
    int64_t index = 0;

    if (sac_value_int(&at, &index) && index >= 0 && (size_t)index < write->n_docs)
        write->failed = (size_t)index;
    sac__mongo_refused_by(reply, error, write->index);
}

/* All of op->doc, in their order. */
static int insert_all(sac__mongo_op *op)
{
    sac_write *write = op->write;
    const size_t size = write->n_docs * (sizeof(bson_t) + sizeof(bson_t *));
    const size_t align = _Alignof(bson_t);
    bson_t *docs = bson_aligned_alloc(align, (size + align - 1) / align * align);
    const bson_t **list = (const bson_t **)(void *)(docs + write->n_docs);
    const char *at = op->doc.p;
    bson_error_t error;
    bson_t opts, reply;
    int rc = SAC_OK;
    size_t i;

    for (i = 0; i < write->n_docs; i++) {
        const size_t n = write->docs[i].n + SAC__MONGO_REV_BYTES;

        if (!sac__mongo_dress(&docs[i], sac_str_n(at, n)))
            rc = SAC_EINVAL;
        list[i] = &docs[i];
        at += n;
    }
    sac__mongo_opts(op, &opts);
    BSON_APPEND_BOOL(&opts, "validate", false); /* sac_store_accept() did */
    if (!mongoc_collection_insert_many(op->collection, list, write->n_docs, &opts, &reply,
                                       &error)) {
        rc = sac__mongo_failed(&error, true, &write->err);
        op->transient = mongoc_error_has_label(&reply, "TransientTransactionError");
        if (rc == SAC_EEXIST)
            note_failed(write, &reply, &error);
    }
    bson_destroy(&reply);
    bson_destroy(&opts);
    bson_free(docs);
    return rc;
}

/* {_rev: revision, _id: {$in: […]}}: no other write's documents are among them. */
static int filter_of_ours(const sac__mongo_op *op, uint64_t revision, sac_bson *out, sac_str *bytes)
{
    const sac_write *write = op->write;
    size_t i;

    sac_bson_begin_doc(out, sac_str_of("_id"));
    sac_bson_begin_array(out, sac_str_of("$in"));
    for (i = 0; i < write->n_docs; i++)
        sac_bson_add_value(out, sac_str_of("0"), sac_bson_get(write->docs[i], sac_str_of("_id")));
    sac_bson_end(out);
    sac_bson_end(out);
    sac_bson_add_int64(out, "_rev", (int64_t)revision);
    return sac_bson_finish(out, bytes);
}

/* What a failed insert without a transaction has put in is taken back, as far as can be. */
static bool take_back(sac__mongo_op *op, uint64_t revision)
{
    sac_err said = op->write->err;
    sac_bson made;
    sac_str bytes;
    int64_t n;
    bool done;

    sac_bson_init(&made, op->store->alloc, 2 * SAC_BSON_MAX);
    done = filter_of_ours(op, revision, &made, &bytes) == SAC_OK &&
           sac__mongo_remove_all(op, bytes, &n) == SAC_OK;
    sac_bson_fini(&made);
    op->write->err = said;
    return done;
}

static int insert_many(sac__mongo_op *op, uint64_t revision)
{
    sac_write *write = op->write;
    int rc = sac__mongo_has_transactions(op);

    if (rc < 0)
        return rc;
    if (rc == 1)
        return sac__mongo_transact(op, insert_all);
    rc = insert_all(op);
    if (rc != SAC_OK && rc != SAC_EUNAVAILABLE && !take_back(op, revision))
        sac__logf(&op->store->log, SAC_LOG_ERROR,
                  "mongodb: %s: a failed insert of %zu documents may have left some with _rev %llu",
                  write->collection, write->n_docs, (unsigned long long)revision);
    return rc;
}

int sac__mongo_insert(sac__mongo_op *op)
{
    sac_write *write = op->write;
    uint64_t revision = 0;
    size_t i;
    int rc = sac__mongo_raise(0, &revision, &write->err);

    for (i = 0; rc == SAC_OK && i < write->n_docs; i++) {
        rc = sac__mongo_doc_write(write->docs[i], revision, &op->doc, &write->err);
        if (rc != SAC_OK)
            write->failed = i;
    }
    if (rc == SAC_OK)
        rc = write->n_docs == 1 ? insert_one(op, revision) : insert_many(op, revision);
    if (rc != SAC_OK)
        return rc;
    write->revision = revision;
    write->changed = (int64_t)write->n_docs;
    return SAC_OK;
}
