/* SPDX-License-Identifier: MIT */
#include "store/mongo/mongo.h"

/* Races that a write may lose before it gives up (wire.md of the project: 16). */
#define TRIES 16

static int judge_put(sac__mongo_op *op, const sac_view *stored, sac_change *change,
                     sac__mongo_step *step)
{
    sac_err *err = &op->write->err;
    sac_value id;
    int rc = sac_store_accept(change->doc, &id, err);

    if (rc != SAC_OK)
        return rc;
    if (sac_value_compare(&id, &step->id) != 0)
        return sac_err_set(err, SAC_EINVAL, "the document has another _id");
    if (stored && sac_str_eq(stored->doc, change->doc)) {
        change->kind = SAC_CHANGE_KEEP;
        return SAC_OK;
    }
    op->doc.n = 0;
    rc = sac__mongo_raise(stored ? stored->revision : 0, &step->revision, err);
    if (rc == SAC_OK)
        rc = sac__mongo_doc_write(change->doc, step->revision, &op->doc, err);
    step->doc = sac__buf_str(&op->doc);
    return rc;
}

int sac__mongo_judge(sac__mongo_op *op, const sac_view *stored, sac_change *change,
                     sac__mongo_step *step)
{
    sac_write *write = op->write;
    int rc;

    *change = (sac_change){.kind = SAC_CHANGE_KEEP};
    step->doc = sac_str_n(NULL, 0);
    step->revision = 0;
    rc = write->decide(write->self, stored, change, &write->err);
    if (rc != SAC_OK)
        return rc;
    if (change->kind == SAC_CHANGE_PUT)
        return judge_put(op, stored, change, step);
    if (change->kind == SAC_CHANGE_REMOVE && !stored)
        change->kind = SAC_CHANGE_KEEP;
    return SAC_OK;
}

static int once(sac__mongo_op *op, const sac_view *stored, sac__mongo_step *step)
{
    sac_write *write = op->write;
    sac_change change;
    int rc = sac__mongo_judge(op, stored, &change, step);

    if (rc != SAC_OK)
        return rc;
    if (change.kind == SAC_CHANGE_KEEP) {
        write->revision = stored ? stored->revision : 0;
        write->stamp = stored ? stored->stamp : 0;
        return 1;
    }
    rc = sac__mongo_step_do(op, step);
    if (rc == 1) {
        write->changed = 1;
        write->revision = step->revision;
        write->stamp = step->doc.n ? sac__mongo_stamp(change.doc, step->revision) : 0;
    }
    return rc;
}

/* The attempt before this one was done after all, whatever was said of it. */
static int was_done(sac__mongo_op *op, const sac_view *view)
{
    op->write->changed = 1;
    op->write->revision = view->revision;
    op->write->stamp = view->stamp;
    return 1;
}

/* 1: done, 0: another was faster. */
static int try_once(sac__mongo_op *op)
{
    sac_write *write = op->write;
    sac__mongo_step step = {.id = write->id};
    sac_view view;
    sac_str raw;
    bson_t reply;
    int rc = sac__mongo_look(op->store, op->client, write->collection, write->id, true, &reply,
                             &raw, &write->err);

    step.exists = rc == SAC_OK;
    if (rc == SAC_OK) {
        step.rev = sac_bson_get(raw, sac_str_of("_rev"));
        rc = sac__mongo_doc_read(raw, &op->seen, &view, &write->err);
    }
    if (rc == SAC_OK && op->attempted && view.revision == op->attempted)
        rc = was_done(op, &view);
    else if (rc == SAC_OK || rc == SAC_ENOTFOUND)
        rc = once(op, step.exists ? &view : NULL, &step);
    bson_destroy(&reply);
    return rc;
}

int sac__mongo_decide(sac__mongo_op *op)
{
    int rc = 0;
    int tries;

    for (tries = 0; tries < TRIES && rc == 0; tries++)
        rc = try_once(op);
    if (rc == 0)
        return sac_err_set(&op->write->err, SAC_EUNAVAILABLE,
                           "mongodb: %d others were faster in changing this document", TRIES);
    return rc == 1 ? SAC_OK : rc;
}
