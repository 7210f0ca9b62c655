/* SPDX-License-Identifier: MIT */
#include <time.h>

#include "store/mongo/mongo.h"

static void add_filter(const sac__mongo_step *step, sac_bson *out)
{
    sac__mongo_by_id(out, step->id);
    sac_bson_begin_doc(out, sac_str_of("_rev"));
    if (step->rev.type == SAC_BSON_MISSING)
        sac_bson_add_bool(out, "$exists", false);
    else
        sac_bson_add_value(out, sac_str_of("$eq"), step->rev);
    sac_bson_end(out);
}

int sac__mongo_step_filter(const sac__mongo_step *step, sac_bson *out, sac_str *filter)
{
    add_filter(step, out);
    return sac_bson_finish(out, filter);
}

/* {update|delete: collection, updates|deletes: [{q: {_id, _rev}, u: doc | limit: 1}]} */
static void add_change(const sac__mongo_op *op, const sac__mongo_step *step, sac_bson *out)
{
    sac_bson_add_str(out, step->doc.n ? "update" : "delete", sac_str_of(op->write->collection));
    sac_bson_begin_array(out, sac_str_of(step->doc.n ? "updates" : "deletes"));
    sac_bson_begin_doc(out, sac_str_of("0"));
    sac_bson_begin_doc(out, sac_str_of("q"));
    add_filter(step, out);
    sac_bson_end(out);
    if (step->doc.n)
        sac_bson_add_doc(out, "u", step->doc);
    else
        sac_bson_add_int32(out, "limit", 1);
    sac_bson_end(out);
    sac_bson_end(out);
}

/* An error of the server, as the driver would say it. */
static void read_refusal(const sac_value *refused, bson_error_t *error)
{
    const sac_str text = sac_bson_get_str(refused->raw, "errmsg");

    bson_set_error(error, MONGOC_ERROR_SERVER, (uint32_t)sac_bson_get_int(refused->raw, "code", 0),
                   "%s", text.p ? text.p : "refused");
}

static int judge_error(sac__mongo_op *op, const bson_t *reply, const bson_error_t *error)
{
    const int rc = sac__mongo_failed(error, true, &op->write->err);

    op->passing = rc == SAC_EUNAVAILABLE && sac__mongo_is_passing(error);
    op->unsafe = error->domain == MONGOC_ERROR_WRITE_CONCERN;
    if (rc != SAC_EEXIST)
        return rc;
    sac__mongo_refused_by(reply, error, op->write->index);
    return strcmp(op->write->index, "_id_") == 0 ? 0 : rc;
}

/* 1 or 0 documents, by that field of the reply, or an error; SAC_EEXIST of `_id` is 0. */
static int judge_reply(sac__mongo_op *op, bool done, const char *field, const bson_t *reply,
                       bson_error_t *error)
{
    const sac_str said = sac__mongo_bytes(reply);
    const sac_value refused = sac_bson_path(said, sac_str_of("writeErrors.0"));
    int64_t n;

    if (!done)
        return judge_error(op, reply, error);
    if (refused.type == SAC_BSON_DOCUMENT) {
        read_refusal(&refused, error);
        return judge_error(op, reply, error);
    }
    n = sac_bson_check(said, NULL) == SAC_OK ? sac_bson_get_int(said, field, -1) : -1;
    if (n >= 0)
        return n > 0;
    return sac_err_set(&op->write->err, SAC_EUNKNOWN, "mongodb: a reply that is none");
}

/* By the driver: it sends large documents apart from the command. */
static int insert(sac__mongo_op *op, const sac__mongo_step *step)
{
    bson_error_t error;
    bson_t doc, opts, reply;
    bool done;
    int rc;

    if (!sac__mongo_dress(&doc, step->doc))
        return sac_err_set(&op->write->err, SAC_EINVAL, "mongodb: no document");
    sac__mongo_opts(op, &opts);
    BSON_APPEND_BOOL(&opts, "validate", false); /* sac_store_accept() did */
    done = mongoc_collection_insert_one(op->collection, &doc, &opts, &reply, &error);
    rc = judge_reply(op, done, "insertedCount", &reply, &error);
    bson_destroy(&reply);
    bson_destroy(&opts);
    return rc;
}

/* By a command of ours: the driver's calls put no maxTimeMS into an update. */
static int change(sac__mongo_op *op, const sac__mongo_step *step)
{
    bson_error_t error;
    bson_t command, reply;
    sac_bson made;
    sac_str bytes;
    bool done;
    int rc;

    sac_bson_init(&made, op->store->alloc, 2 * SAC_BSON_MAX);
    add_change(op, step, &made);
    sac_bson_add_int64(&made, "maxTimeMS", sac__mongo_limit_ms(op->store));
    rc = sac_bson_finish(&made, &bytes);
    if (rc == SAC_OK && sac__mongo_dress(&command, bytes)) {
        done = mongoc_client_write_command_with_opts(op->client, op->store->database, &command,
                                                     NULL, &reply, &error);
        rc = judge_reply(op, done, "n", &reply, &error);
        bson_destroy(&reply);
    } else {
        rc = sac_err_set(&op->write->err, SAC_ENOMEM, "mongodb: no memory");
    }
    sac_bson_fini(&made);
    return rc;
}

static int attempt(sac__mongo_op *op, const sac__mongo_step *step)
{
    op->passing = false;
    op->unsafe = false;
    op->attempted = step->revision;
    return step->exists ? change(op, step) : insert(op, step);
}

/*
 * What became of an attempt whose answer was lost: 1 it was done, 0 the
 * document is as it was, SAC_EUNKNOWN. The revision of the attempt is its own
 * alone, so it is known by it.
 */
static int look_again(sac__mongo_op *op, const sac__mongo_step *step)
{
    sac_err err = {.code = 0};
    sac_value rev = {.type = SAC_BSON_MISSING};
    int64_t revision = -1;
    sac_str raw;
    bson_t reply;
    int rc = sac__mongo_look(op->store, op->client, op->write->collection, step->id, true, &reply,
                             &raw, &err);
    const bool there = rc == SAC_OK;

    if (there)
        rev = sac_bson_get(raw, sac_str_of("_rev"));
    if (rc != SAC_OK && rc != SAC_ENOTFOUND)
        rc = SAC_EUNKNOWN;
    else if (step->doc.n > 0
                 ? there && sac_value_int(&rev, &revision) && (uint64_t)revision == step->revision
                 : !there)
        rc = 1;
    else if (there == step->exists && rev.type == step->rev.type &&
             (rev.type == SAC_BSON_MISSING || sac_value_compare(&rev, &step->rev) == 0))
        rc = 0;
    else
        rc = SAC_EUNKNOWN;
    bson_destroy(&reply);
    return rc;
}

/* The server changes its role, or has just done so: nothing was done, and soon it can be. */
static void wait_a_little(void)
{
    const struct timespec pause = {.tv_nsec = 50000000};

    nanosleep(&pause, NULL);
}

/* After an attempt whose answer was lost. */
static int settle(sac__mongo_op *op, const sac__mongo_step *step)
{
    const sac_err lost = op->write->err;
    int rc = look_again(op, step);

    if (rc == 0) {
        rc = attempt(op, step);
        if (rc == 0) /* the lost one came late, or someone else */
            rc = look_again(op, step);
    }
    if (rc != 0 && rc != SAC_EUNKNOWN)
        return rc;
    return sac_err_set(&op->write->err, SAC_EUNKNOWN, "%s", lost.text);
}

int sac__mongo_step_do(sac__mongo_op *op, const sac__mongo_step *step)
{
    int rc = attempt(op, step);

    while (op->passing && !sac__mongo_late(op->store, op->begun)) {
        wait_a_little();
        rc = attempt(op, step);
    }
    if (rc == SAC_EUNKNOWN && !op->unsafe && !sac__mongo_late(op->store, op->begun))
        rc = settle(op, step);
    return rc;
}
