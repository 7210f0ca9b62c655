/* SPDX-License-Identifier: MIT */
#include "app/exchange/exchange.h"

#include <sacrum/json.h>

/* The store; without one the problem is set. */
static int get_store(sac_req *req, sac_store **out)
{
    if (!req->core->store)
        return sac_problem(req, "internal", "the app has no database");
    *out = req->core->store;
    return SAC_OK;
}

static int fail_store(sac_req *req, const char *collection, int rc, const sac_err *err)
{
    if (rc == SAC_EEXIST)
        return sac_fail(req, rc, NULL);
    return sac_fail(req, rc, "collection %s: %s", collection, err->text);
}

typedef struct copy {
    sac__arena *arena;
    sac_str doc;
} copy;

static int copy_doc(void *self, const sac_view *view)
{
    copy *to = self;

    to->doc = sac__arena_dup(to->arena, view->doc);
    return to->doc.p ? SAC_OK : SAC_ENOMEM;
}

int sac_req_find_one(sac_req *req, const char *collection, sac_value id, sac_str *doc)
{
    copy to = {.arena = req->arena};
    const sac_sink sink = {.doc = copy_doc, .self = &to};
    sac_err err = {.code = 0};
    sac_store *store = NULL;
    int rc = get_store(req, &store);

    if (rc != SAC_OK)
        return rc;
    rc = sac_store_get(store, collection, id, &sink, &err);
    if (rc == SAC_ENOTFOUND)
        return rc;
    if (rc != SAC_OK)
        return fail_store(req, collection, rc, &err);
    *doc = to.doc;
    return SAC_OK;
}

int sac_req_count(sac_req *req, const char *collection, const char *filter, int64_t *count)
{
    const sac_json_options options = SAC_JSON_OPTIONS(.dialect = SAC_JSON_PLAIN);
    sac_query query = SAC_QUERY(.collection = collection);
    sac_err err = {.code = 0};
    sac_store *store = NULL;
    int64_t n = 0;
    int rc = get_store(req, &store);

    if (rc != SAC_OK)
        return rc;
    if (filter)
        rc = sac_json_decode(sac_str_of(filter), &options, sac__arena_alloc(req->arena),
                             &query.filter, &err);
    if (rc == SAC_OK)
        rc = sac_store_count(store, &query, &n, &err);
    if (rc != SAC_OK)
        return fail_store(req, collection, rc, &err);
    *count = n;
    return SAC_OK;
}

int sac_req_write(sac_req *req, sac_write *write)
{
    sac_err err = {.code = 0};
    sac_store *store = NULL;
    int rc = get_store(req, &store);

    if (rc != SAC_OK)
        return rc;
    rc = sac_store_write(store, write, &err);
    return rc == SAC_OK || rc == SAC_ENOTFOUND ? rc : fail_store(req, write->collection, rc, &err);
}

/* The document with a new `_id` as its first member. */
static int add_id(sac_req *req, sac_str doc, sac_oid *id, sac_str *out)
{
    sac_bson made;
    sac_bson_iter iter;
    int rc = sac_bson_iter_init(&iter, doc);

    if (rc != SAC_OK)
        return rc;
    sac_req_oid(req, id);
    sac_bson_init(&made, sac__arena_alloc(req->arena), 0);
    sac_bson_add_oid(&made, "_id", id);
    while ((rc = sac_bson_iter_next(&iter)) == 1)
        sac_bson_add_value(&made, iter.key, iter.value);
    return rc == SAC_OK ? sac_bson_finish(&made, out) : rc;
}

int sac_req_insert(sac_req *req, const char *collection, sac_str doc, sac_oid *id)
{
    const sac_value given = sac_bson_get(doc, sac_str_of("_id"));
    sac_write write = SAC_WRITE(.kind = SAC_WRITE_INSERT, .collection = collection, .n_docs = 1);
    sac_oid made;
    int rc = SAC_OK;

    if (given.type == SAC_BSON_MISSING)
        rc = add_id(req, doc, &made, &doc);
    if (rc != SAC_OK)
        return sac_fail(req, rc, "insert into %s: %s", collection, sac_err_text(rc));
    write.docs = &doc;
    rc = sac_req_write(req, &write);
    if (rc == SAC_OK && id && (given.type == SAC_BSON_MISSING || sac_value_oid(&given, &made)))
        *id = made;
    return rc;
}

/* Stands in the write's place for `self` while it is on its way. */
typedef struct parked {
    sac_decide *decide;
    void *self;
    sac_ticket *ticket;
} parked;

static int decide(void *self, const sac_view *stored, sac_change *change, sac_err *err)
{
    parked *park = self;

    return park->decide(park->self, stored, change, err);
}

static void give_back(parked *park, sac_write *write)
{
    write->decide = park->decide;
    write->self = park->self;
    sac_ticket_redeem(park->ticket);
}

static void done(void *self, sac_write *write)
{
    give_back(self, write);
}

static int submit(sac_req *req, sac_store *store, sac_write *write, sac_handler *resume, void *self)
{
    parked *park = sac__arena_get(req->arena, sizeof *park);
    int rc;

    if (!park)
        return sac_fail(req, SAC_ENOMEM, "write: no memory");
    *park = (parked){.decide = write->decide, .self = write->self};
    rc = sac_req_park(req, resume, self, &park->ticket);
    if (rc != SAC_OK)
        return sac_problem(req, "internal", "a write cannot be submitted here");
    write->decide = write->decide ? decide : NULL;
    write->self = park;
    write->done = done;
    rc = sac_store_submit(store, write, &write->err);
    if (rc != SAC_OK) {
        write->result = rc;
        give_back(park, write);
    }
    return SAC_LATER;
}

int sac__req_submit(sac_req *req, sac_write *write, sac_handler *resume, void *self)
{
    sac_store *store = NULL;
    int rc = get_store(req, &store);

    if (rc != SAC_OK)
        return rc;
    if (!sac__req_may_wait(req))
        return submit(req, store, write, resume, self);
    write->done = NULL;
    rc = sac_store_write(store, write, &write->err);
    write->result = rc;
    return resume(self, req);
}
