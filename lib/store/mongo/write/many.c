/* SPDX-License-Identifier: MIT */
#include "core/clock.h"
#include "store/mongo/mongo.h"

/* Of MongoDB 4.4: from it on a transaction may also make a collection. */
#define WIRE_VERSION 9

int sac__mongo_has_transactions(sac__mongo_op *op)
{
    bson_error_t error;
    mongoc_server_description_t *server = mongoc_client_select_server(op->client, true, NULL,
                                                                      &error);
    sac_str hello;
    bool has;

    if (!server)
        return sac__mongo_failed(&error, false, &op->write->err);
    hello = sac__mongo_bytes(mongoc_server_description_hello_response(server));
    has = sac_bson_get_int(hello, "maxWireVersion", 0) >= WIRE_VERSION &&
          sac_bson_get_int(hello, "logicalSessionTimeoutMinutes", 0) > 0 &&
          (sac_bson_get_str(hello, "setName").p ||
           sac_str_is(sac_bson_get_str(hello, "msg"), "isdbgrid"));
    mongoc_server_description_destroy(server);
    return has;
}

static bool has_time(const sac__mongo_op *op)
{
    return sac__clock_mono_ns() - op->begun < (uint64_t)op->store->timeout_ms * 1000000;
}

/* SAC_OK, or an error; `transient` says that the whole may be run again. */
static int commit(sac__mongo_op *op)
{
    bson_error_t error;
    bson_t reply;
    bool done, again;

    do {
        done = mongoc_client_session_commit_transaction(op->session, &reply, &error);
        again = !done && mongoc_error_has_label(&reply, "UnknownTransactionCommitResult");
        op->transient = !done && mongoc_error_has_label(&reply, "TransientTransactionError");
        bson_destroy(&reply);
    } while (again && has_time(op));
    if (done)
        return SAC_OK;
    return again ? sac_err_set(&op->write->err, SAC_EUNKNOWN, "mongodb: %.120s", error.message)
                 : sac__mongo_failed(&error, true, &op->write->err);
}

/* Nothing of an aborted transaction stays: its outcome is known. */
static int aborted(sac__mongo_op *op, int rc)
{
    (void)mongoc_client_session_abort_transaction(op->session, NULL);
    return rc == SAC_EUNKNOWN ? sac_err_set(&op->write->err, SAC_EUNAVAILABLE, "%s",
                                            sac_err_text(SAC_EUNAVAILABLE))
                              : rc;
}

static int run_once(sac__mongo_op *op, const mongoc_transaction_opt_t *opts,
                    int (*body)(sac__mongo_op *op))
{
    bson_error_t error;
    int rc;

    op->transient = false;
    if (!mongoc_client_session_start_transaction(op->session, opts, &error))
        return sac__mongo_failed(&error, false, &op->write->err);
    rc = body(op);
    if (rc != SAC_OK)
        return aborted(op, rc);
    return commit(op);
}

int sac__mongo_transact(sac__mongo_op *op, int (*body)(sac__mongo_op *op))
{
    mongoc_transaction_opt_t *opts = mongoc_transaction_opts_new();
    bson_error_t error;
    int rc;

    mongoc_transaction_opts_set_max_commit_time_ms(opts, sac__mongo_limit_ms(op->store));
    op->session = mongoc_client_start_session(op->client, NULL, &error);
    if (op->session) {
        do
            rc = run_once(op, opts, body);
        while (rc != SAC_OK && op->transient && has_time(op));
        mongoc_client_session_destroy(op->session);
    } else {
        rc = sac__mongo_failed(&error, false, &op->write->err);
    }
    op->session = NULL;
    mongoc_transaction_opts_destroy(opts);
    return rc;
}

/* ---- each ---- */

/* Adds what was decided of one document to `bulk`. */
static int each_document(sac__mongo_op *op, sac_str raw, mongoc_bulk_operation_t *bulk)
{
    sac_write *write = op->write;
    sac__mongo_step step = {.exists = true};
    sac_change change;
    sac_view view;
    sac_bson made;
    sac_str bytes;
    bson_t filter, doc;
    int rc = sac__mongo_doc_read(raw, &op->seen, &view, &write->err);

    if (rc != SAC_OK)
        return rc;
    step.id = sac_bson_get(view.doc, sac_str_of("_id"));
    step.rev = sac_bson_get(raw, sac_str_of("_rev"));
    rc = sac__mongo_judge(op, &view, &change, &step);
    if (rc != SAC_OK || change.kind == SAC_CHANGE_KEEP)
        return rc;
    sac_bson_init(&made, op->store->alloc, 0);
    rc = sac__mongo_step_filter(&step, &made, &bytes);
    if (rc == SAC_OK && sac__mongo_dress(&filter, bytes)) {
        if (!step.doc.n)
            mongoc_bulk_operation_remove_one(bulk, &filter);
        else if (sac__mongo_dress(&doc, step.doc))
            mongoc_bulk_operation_replace_one(bulk, &filter, &doc, false);
        write->changed++;
        if (step.revision > write->revision)
            write->revision = step.revision;
    }
    sac_bson_fini(&made);
    return rc;
}

static int too_many(sac__mongo_op *op)
{
    return sac_err_set(&op->write->err, SAC_ELIMIT, "more than %lld documents are met",
                       (long long)op->write->max);
}

static int each_found(sac__mongo_op *op, mongoc_cursor_t *cursor, mongoc_bulk_operation_t *bulk)
{
    sac_write *write = op->write;
    const bson_t *got, *reply;
    bson_error_t error;
    int rc = SAC_OK;

    while (rc == SAC_OK && mongoc_cursor_next(cursor, &got)) {
        write->matched++;
        rc = write->max && write->matched > write->max
                 ? too_many(op)
                 : each_document(op, sac__mongo_bytes(got), bulk);
    }
    if (rc != SAC_OK || !mongoc_cursor_error_document(cursor, &error, &reply))
        return rc;
    op->transient = reply && mongoc_error_has_label(reply, "TransientTransactionError");
    return sac__mongo_failed(&error, false, &write->err);
}

static int execute(sac__mongo_op *op, mongoc_bulk_operation_t *bulk)
{
    sac_write *write = op->write;
    bson_error_t error;
    bson_t reply;
    int64_t n;
    int rc = SAC_OK;

    if (!write->changed)
        return SAC_OK;
    if (!mongoc_bulk_operation_execute(bulk, &reply, &error)) {
        rc = sac__mongo_failed(&error, true, &write->err);
        op->transient = mongoc_error_has_label(&reply, "TransientTransactionError");
        if (rc == SAC_EEXIST)
            sac__mongo_refused_by(&reply, &error, write->index);
    }
    n = sac_bson_get_int(sac__mongo_bytes(&reply), "nMatched", 0) +
        sac_bson_get_int(sac__mongo_bytes(&reply), "nRemoved", 0);
    bson_destroy(&reply);
    if (rc == SAC_OK && n != write->changed) {
        op->transient = true; /* a foreign program came between: from the start */
        rc = sac_err_set(&write->err, SAC_EUNAVAILABLE, "mongodb: others change these documents");
    }
    return rc;
}

static mongoc_cursor_t *find_each(sac__mongo_op *op, const bson_t *filter)
{
    mongoc_cursor_t *cursor;
    bson_t opts, sort;

    sac__mongo_opts(op, &opts);
    BSON_APPEND_DOCUMENT_BEGIN(&opts, "sort", &sort);
    BSON_APPEND_INT32(&sort, "_id", 1);
    bson_append_document_end(&opts, &sort);
    if (op->write->max)
        BSON_APPEND_INT64(&opts, "limit", op->write->max + 1);
    cursor = mongoc_collection_find_with_opts(op->collection, filter, &opts, NULL);
    bson_destroy(&opts);
    return cursor;
}

static int each_body(sac__mongo_op *op)
{
    static const sac_value none = {.type = SAC_BSON_MISSING};
    mongoc_bulk_operation_t *bulk;
    mongoc_cursor_t *cursor;
    sac_bson made;
    sac_str bytes;
    bson_t filter, opts;
    int rc;

    op->write->matched = 0;
    op->write->changed = 0;
    op->write->revision = 0;
    sac_bson_init(&made, op->store->alloc, 0);
    rc = sac__mongo_filter(op->store, op->write->query, none, sac_str_n(NULL, 0), &made,
                           &op->write->err);
    if (rc == SAC_OK)
        rc = sac_bson_finish(&made, &bytes);
    if (rc == SAC_OK && sac__mongo_dress(&filter, bytes)) {
        bson_init(&opts);
        (void)mongoc_client_session_append(op->session, &opts, NULL);
        bulk = mongoc_collection_create_bulk_operation_with_opts(op->collection, &opts);
        cursor = find_each(op, &filter);
        rc = each_found(op, cursor, bulk);
        if (rc == SAC_OK)
            rc = execute(op, bulk);
        mongoc_cursor_destroy(cursor);
        mongoc_bulk_operation_destroy(bulk);
        bson_destroy(&opts);
    }
    sac_bson_fini(&made);
    return rc;
}

int sac__mongo_each(sac__mongo_op *op)
{
    const int rc = sac__mongo_has_transactions(op);

    if (rc < 0)
        return rc;
    if (rc == 0)
        return sac_err_set(&op->write->err, SAC_ENOSYS,
                           "no_transactions: this MongoDB has none, so a write of many documents "
                           "cannot be all or none");
    return sac__mongo_transact(op, each_body);
}

/* ---- whole collections ---- */

/* {delete: collection, deletes: [{q: filter, limit: 0}], maxTimeMS: n} */
static int make_delete(const sac__mongo_op *op, sac_str filter, sac_bson *out, sac_str *command)
{
    sac_bson_add_str(out, "delete", sac_str_of(op->write->collection));
    sac_bson_begin_array(out, sac_str_of("deletes"));
    sac_bson_begin_doc(out, sac_str_of("0"));
    sac_bson_add_doc(out, "q", filter);
    sac_bson_add_int32(out, "limit", 0);
    sac_bson_end(out);
    sac_bson_end(out);
    sac_bson_add_int64(out, "maxTimeMS", sac__mongo_limit_ms(op->store));
    return sac_bson_finish(out, command);
}

int sac__mongo_remove_all(sac__mongo_op *op, sac_str filter, int64_t *n)
{
    bson_error_t error;
    bson_t command, reply;
    sac_bson made;
    sac_str bytes;
    int rc;

    sac_bson_init(&made, op->store->alloc, 3 * SAC_BSON_MAX);
    rc = make_delete(op, filter, &made, &bytes);
    if (rc == SAC_OK && sac__mongo_dress(&command, bytes)) {
        if (mongoc_client_write_command_with_opts(op->client, op->store->database, &command, NULL,
                                                  &reply, &error))
            *n = sac_bson_get_int(sac__mongo_bytes(&reply), "n", 0);
        else
            rc = sac__mongo_failed(&error, true, &op->write->err);
        bson_destroy(&reply);
    }
    sac_bson_fini(&made);
    return rc;
}

int sac__mongo_clear(sac__mongo_op *op)
{
    return sac__mongo_remove_all(op, sac_str_n("\5\0\0\0\0", 5), &op->write->changed);
}

int sac__mongo_drop(sac__mongo_op *op)
{
    bson_error_t error;
    bson_t command = BSON_INITIALIZER;
    int rc;

    BSON_APPEND_UTF8(&command, "drop", op->write->collection);
    BSON_APPEND_INT64(&command, "maxTimeMS", sac__mongo_limit_ms(op->store));
    if (mongoc_client_write_command_with_opts(op->client, op->store->database, &command, NULL, NULL,
                                              &error)) {
        op->write->changed = 1;
        rc = SAC_OK;
    } else {
        rc = sac__mongo_failed(&error, true, &op->write->err);
    }
    bson_destroy(&command);
    /* Some servers give no code. */
    return rc == SAC_ENOTFOUND || strstr(op->write->err.text, "ns not found") ? SAC_OK : rc;
}
