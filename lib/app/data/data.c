/* SPDX-License-Identifier: MIT */
#include "app/data/data.h"

#include <sacrum/json.h>

/* An answer that is out cannot tell of it any more. */
static int misused(sac_req *req, const char *call, const char *where)
{
    static const char text[] = "view %s: %s waits%s, so the view cannot be SAC_INLINE";

    if (req->stage >= SAC__STAGE_ANSWERED)
        sac_req_log(req, SAC_LOG_ERROR, text, sac__data_view(req), call, where);
    return sac_problem(req, "internal", text, sac__data_view(req), call, where);
}

int sac__data_may_wait(sac_req *req, const char *call)
{
    return sac__req_may_wait(req) ? SAC_OK : misused(req, call, "");
}

int sac__data_may_read(sac_req *req, const char *call)
{
    if (sac__app_reads_inline(req->group) || sac__req_may_wait(req))
        return SAC_OK;
    return misused(req, call, " where reads are SAC_READS_ON_WORKERS");
}

/* The store; without one the problem is set. */
static int get_store(sac_req *req, sac_store **out)
{
    if (!req->core->store)
        return sac_problem(req, "internal", "the app has no database");
    *out = req->core->store;
    return SAC_OK;
}

/* The same for a call of that name, which must be allowed here. */
static int begin_read(sac_req *req, const char *call, sac_store **out)
{
    const int rc = sac__data_may_read(req, call);

    return rc == SAC_OK ? get_store(req, out) : rc;
}

int sac__data_begin_write(sac_req *req, const char *call, sac_store **out)
{
    const int rc = sac__data_may_wait(req, call);

    return rc == SAC_OK ? get_store(req, out) : rc;
}

int sac__data_failed(sac_req *req, const char *collection, int rc, const sac_err *err)
{
    const char *why = err->text[0] ? err->text : sac_err_text(rc);

    if (rc == SAC_EEXIST)
        return sac_fail(req, rc, NULL);
    /* What a client reads names no collection. */
    if (sac_err_status(rc) < 500)
        return sac_fail(req, rc, "%s", why);
    return sac_fail(req, rc, "collection %s: %s", collection, why);
}

int sac__data_query(sac_req *req, const sac_query *query, sac_query *out)
{
    if (query->size > sizeof *out)
        return sac__req_newer(req, "sac_query", query->size, sizeof *out);
    if (query->size == 0) {
        (void)sac_problem(req, "internal", "view %s: a sac_query without SAC_QUERY()",
                          sac__data_view(req));
        return SAC_EINVAL;
    }
    *out = (sac_query){.size = 0};
    memcpy(out, query, query->size);
    out->size = sizeof *out;
    return SAC_OK;
}

int sac__data_find(sac_req *req, const sac_query *query, sac_cursor **out)
{
    sac_err err = {.code = 0};
    sac_store *store = NULL;
    int rc = get_store(req, &store);

    if (rc != SAC_OK)
        return rc;
    rc = sac_store_find(store, query, sac__arena_alloc(req->arena), out, &err);
    return rc == SAC_OK ? rc : sac__data_failed(req, query->collection, rc, &err);
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
    int rc = begin_read(req, "sac_req_find_one", &store);

    if (rc != SAC_OK)
        return rc;
    rc = sac_store_get(store, collection, id, &sink, &err);
    if (rc == SAC_ENOTFOUND)
        return rc;
    if (rc != SAC_OK)
        return sac__data_failed(req, collection, rc, &err);
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
    int rc = begin_read(req, "sac_req_count", &store);

    if (rc != SAC_OK)
        return rc;
    if (filter)
        rc = sac_json_decode(sac_str_of(filter), &options, sac__arena_alloc(req->arena),
                             &query.filter, &err);
    if (rc == SAC_OK)
        rc = sac_store_count(store, &query, &n, &err);
    if (rc != SAC_OK)
        return sac__data_failed(req, collection, rc, &err);
    *count = n;
    return SAC_OK;
}

/* The caller's sink, and what it returned. */
typedef struct watched {
    const sac_sink *sink;
    int rc;
} watched;

static int watch_begin(void *self, const sac_snapshot *snapshot)
{
    watched *w = self;

    w->rc = w->sink->begin(w->sink->self, snapshot);
    return w->rc;
}

static int watch_doc(void *self, const sac_view *view)
{
    watched *w = self;

    w->rc = w->sink->doc(w->sink->self, view);
    return w->rc;
}

/* At most `limit` documents, where that is not 0. */
static int find(sac_req *req, const char *call, const sac_query *query, int64_t limit,
                const sac_sink *sink)
{
    watched w = {.sink = sink};
    const sac_sink watching = {
        .begin = sink->begin ? watch_begin : NULL, .doc = watch_doc, .self = &w};
    sac_err err = {.code = 0};
    sac_cursor *cursor = NULL;
    sac_query whole;
    int rc = sac__data_may_read(req, call);

    if (rc == SAC_OK)
        rc = sac__data_query(req, query, &whole);
    if (rc != SAC_OK)
        return rc;
    whole.limit = limit ? limit : whole.limit;
    rc = sac__data_find(req, &whole, &cursor);
    if (rc != SAC_OK)
        return rc;
    rc = sac_cursor_pull(cursor, &watching, &err);
    sac_cursor_close(cursor);
    if (w.rc < 0)
        return w.rc;
    return rc < 0 ? sac__data_failed(req, whole.collection, rc, &err) : SAC_OK;
}

int sac_req_find_first(sac_req *req, const sac_query *query, sac_str *doc)
{
    copy to = {.arena = req->arena};
    const sac_sink sink = {.doc = copy_doc, .self = &to};
    const int rc = find(req, "sac_req_find_first", query, 1, &sink);

    if (rc == SAC_ENOMEM)
        return sac_fail(req, rc, "no memory for a document");
    if (rc != SAC_OK)
        return rc;
    if (!to.doc.p)
        return SAC_ENOTFOUND;
    *doc = to.doc;
    return SAC_OK;
}

int sac_req_find(sac_req *req, const sac_query *query, const sac_sink *sink)
{
    return find(req, "sac_req_find", query, 0, sink);
}

int sac__data_end_write(sac_req *req, const char *collection, int rc, const sac_err *err)
{
    return rc == SAC_OK || rc == SAC_ENOTFOUND ? rc : sac__data_failed(req, collection, rc, err);
}

static int do_write(sac_req *req, const char *call, sac_write *write)
{
    sac_err err = {.code = 0};
    sac_store *store = NULL;
    int rc = sac__data_begin_write(req, call, &store);

    if (rc != SAC_OK)
        return rc;
    rc = sac_store_write(store, write, &err);
    return sac__data_end_write(req, write->collection, rc, &err);
}

int sac_req_write(sac_req *req, sac_write *write)
{
    return do_write(req, "sac_req_write", write);
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
    rc = do_write(req, "sac_req_insert", &write);
    if (rc == SAC_OK && id && (given.type == SAC_BSON_MISSING || sac_value_oid(&given, &made)))
        *id = made;
    return rc;
}

int sac_req_insert_many(sac_req *req, const char *collection, const sac_str *docs, size_t n,
                        size_t *failed)
{
    sac_write write = SAC_WRITE(.kind = SAC_WRITE_INSERT, .collection = collection, .docs = docs,
                                .n_docs = n);
    int rc;

    if (n == 0)
        return sac__data_may_wait(req, "sac_req_insert_many");
    rc = do_write(req, "sac_req_insert_many", &write);
    if (rc == SAC_EEXIST && failed)
        *failed = write.failed;
    return rc;
}

int sac_req_replace(sac_req *req, const char *collection, sac_str doc)
{
    sac_err err = {.code = 0};
    sac_store *store = NULL;
    int rc = sac__data_begin_write(req, "sac_req_replace", &store);

    if (rc != SAC_OK)
        return rc;
    rc = sac_store_replace(store, collection, doc, &err);
    return sac__data_end_write(req, collection, rc, &err);
}

int sac_req_remove(sac_req *req, const char *collection, sac_value id)
{
    sac_err err = {.code = 0};
    sac_store *store = NULL;
    int rc = sac__data_begin_write(req, "sac_req_remove", &store);

    if (rc != SAC_OK)
        return rc;
    rc = sac_store_remove(store, collection, id, &err);
    return sac__data_end_write(req, collection, rc, &err);
}

int sac_req_decide(sac_req *req, const char *collection, sac_value id, sac_decide *decide,
                   void *self, uint64_t *revision)
{
    sac_write write = SAC_WRITE(.kind = SAC_WRITE_DECIDE, .collection = collection, .id = id,
                                .decide = decide, .self = self);
    const int rc = do_write(req, "sac_req_decide", &write);

    if (rc == SAC_OK && revision)
        *revision = write.revision;
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
