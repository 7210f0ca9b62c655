/* SPDX-License-Identifier: MIT */
#include "core/alloc.h"
#include "core/clock.h"
#include "query/sort.h"
#include "store/mongo/mongo.h"

/* Documents that the server sends at once: what a list needs of memory does not grow with it. */
#define BATCH 1000

typedef struct cursor {
    const sac_alloc *alloc;
    sac__mongo *store;
    const sac_query *query;
    sac__mongo_held held;
    sac__sort sort; /* n 0: by `_id` */
    sac__buf last;  /* the document that was given last */
    int64_t given;  /* since the query began */
    int64_t gotten; /* since the server was asked */
    bool counted, by_offset, ended;
} cursor;

static int no_memory(sac_err *err)
{
    return sac_err_set(err, SAC_ENOMEM, "mongodb: no memory");
}

static int finish(sac_bson *made, sac_str *out, sac_err *err)
{
    const int rc = sac_bson_finish(made, out);

    return rc == SAC_OK ? rc : sac_err_set(err, rc, "mongodb: %s", sac_err_text(rc));
}

/* A query's filter in memory of `made`, which the caller ends. */
static int make_filter(sac__mongo *store, const sac_query *query, sac_value after, sac_str keys,
                       sac_bson *made, bson_t *out, sac_err *err)
{
    sac_str bytes;
    int rc;

    sac_bson_init(made, store->alloc, 0);
    rc = sac__mongo_filter(store, query, after, keys, made, err);
    if (rc == SAC_OK)
        rc = finish(made, &bytes, err);
    if (rc == SAC_OK && !sac__mongo_dress(out, bytes))
        rc = no_memory(err);
    return rc;
}

/* Whether an array stands in the way of a path: then a position says too little. */
static bool has_array(sac_str doc, sac_str path)
{
    while (path.n) {
        const char *dot = memchr(path.p, '.', path.n);
        const size_t n = dot ? (size_t)(dot - path.p) : path.n;
        const sac_value value = sac_bson_get(doc, sac_str_n(path.p, n));

        if (value.type == SAC_BSON_ARRAY)
            return true;
        if (value.type != SAC_BSON_DOCUMENT || !dot)
            return false;
        doc = value.raw;
        path = sac_str_n(dot + 1, path.n - n - 1);
    }
    return false;
}

static void note_arrays(cursor *self, sac_str doc)
{
    size_t i;

    for (i = 0; i < self->sort.n && !self->by_offset; i++)
        self->by_offset = has_array(doc, self->sort.fields[i].path);
}

/* Adds the inclusion of `_rev` to a projection that names what it shows. */
static void add_projection(sac_str projection, sac_bson *out)
{
    sac_bson_iter iter;
    bool shows = false;
    int64_t on = 0;

    if (sac_bson_iter_init(&iter, projection) != SAC_OK)
        return;
    sac_bson_begin_doc(out, sac_str_of("projection"));
    while (sac_bson_iter_next(&iter) == 1) {
        sac_bson_add_value(out, iter.key, iter.value);
        if (!sac_str_is(iter.key, "_id"))
            shows = sac_value_int(&iter.value, &on) && on != 0;
    }
    if (shows)
        sac_bson_add_int32(out, "_rev", 1);
    sac_bson_end(out);
}

static int make_opts(const cursor *self, int64_t skip, sac_bson *out, sac_err *err)
{
    const sac_query *query = self->query;
    const int64_t left = query->limit ? query->limit - self->given : 0;
    int rc;

    sac_bson_begin_doc(out, sac_str_of("sort"));
    rc = sac__mongo_sort(query, out, err);
    sac_bson_end(out);
    if (query->projection.n > 5)
        add_projection(query->projection, out);
    /* No server passes over so many in a call's time; some take no more. */
    if (skip)
        sac_bson_add_int64(out, "skip", skip < INT32_MAX ? skip : INT32_MAX);
    if (left)
        sac_bson_add_int64(out, "limit", left);
    sac_bson_add_int64(out, "batchSize", left && left < BATCH ? left + 1 : BATCH);
    sac_bson_add_int64(out, "maxTimeMS", sac__mongo_limit_ms(self->store));
    return rc;
}

static int ask_server(cursor *self, const bson_t *filter, int64_t skip, sac_err *err)
{
    mongoc_collection_t *collection;
    sac_bson made;
    sac_str bytes;
    bson_t opts;
    int rc;

    sac_bson_init(&made, self->store->alloc, 0);
    rc = make_opts(self, skip, &made, err);
    if (rc == SAC_OK)
        rc = finish(&made, &bytes, err);
    if (rc == SAC_OK)
        rc = sac__mongo_take(self->store, &self->held.client, err);
    if (rc == SAC_OK && sac__mongo_dress(&opts, bytes)) {
        collection = sac__mongo_collection(self->store, self->held.client, self->query->collection);
        self->held.cursor = mongoc_collection_find_with_opts(collection, filter, &opts, NULL);
        mongoc_collection_destroy(collection);
    }
    sac_bson_fini(&made);
    return rc;
}

/* Where the document that was given last stands in the order; false: it does not say. */
static bool position(cursor *self, sac_bson *made, sac_value *after, sac_str *keys)
{
    const sac_str last = sac__buf_str(&self->last);

    *after = sac_bson_get(last, sac_str_of("_id"));
    *keys = sac_str_n(NULL, 0);
    if (self->by_offset || after->type == SAC_BSON_MISSING)
        return false;
    return self->sort.n == 0 || (sac_sort_keys(self->query->sort, last, made, NULL) == SAC_OK &&
                                 sac_bson_finish(made, keys) == SAC_OK);
}

/* Asks for what comes behind the documents that were given. */
static int open_cursor(cursor *self, sac_err *err)
{
    const sac_query *query = self->query;
    sac_value after = query->after;
    sac_str keys = query->after_keys;
    int64_t skip = query->skip;
    sac_bson made, place;
    bson_t filter;
    int rc;

    sac_bson_init(&place, self->store->alloc, 0);
    if (self->given && position(self, &place, &after, &keys)) {
        skip = 0;
    } else if (self->given) {
        after = query->after;
        keys = query->after_keys;
        skip += self->given;
    }
    rc = make_filter(self->store, query, after, keys, &made, &filter, err);
    if (rc == SAC_OK)
        rc = ask_server(self, &filter, skip, err);
    sac_bson_fini(&made);
    sac_bson_fini(&place);
    self->gotten = 0;
    return rc;
}

static int give(cursor *self, const bson_t *got, const sac_sink *sink, sac_err *err)
{
    sac_view view;
    int rc = sac__mongo_doc_read(sac__mongo_bytes(got), &self->last, &view, err);

    if (rc != SAC_OK)
        return rc;
    if (self->sort.n)
        note_arrays(self, view.doc);
    self->given++;
    self->gotten++;
    return sink->doc(sink->self, &view);
}

/* The documents that the server still has: 0 they ended, 2 it is to be asked anew. */
static int drain(cursor *self, const sac_sink *sink, bool again, sac_err *err)
{
    const bson_t *got;
    bson_error_t error;
    int rc = 0;

    while (rc == 0 && mongoc_cursor_next(self->held.cursor, &got))
        rc = give(self, got, sink, err);
    if (rc != 0 || !mongoc_cursor_error(self->held.cursor, &error))
        return rc;
    if ((sac__mongo_is_passing(&error) && (self->gotten > 0 || again)) ||
        (sac__mongo_is_timeout(&error) && self->gotten > 0))
        return 2;
    return sac__mongo_failed(&error, false, err);
}

/*
 * A cursor that broke is replaced by another that goes on behind the last
 * document; one that breaks before its first one, once.
 */
static int pull_documents(cursor *self, const sac_sink *sink, sac_err *err)
{
    const uint64_t begun = sac__clock_mono_ns();
    bool again = true;
    int rc;

    do {
        rc = self->held.cursor ? SAC_OK : open_cursor(self, err);
        if (rc != SAC_OK)
            return rc;
        rc = drain(self, sink, again && !sac__mongo_late(self->store, begun), err);
        if (rc == 2) {
            again = self->gotten > 0;
            sac__mongo_let_go(self->store, &self->held);
        }
    } while (rc == 2);
    self->ended = rc == 0;
    return rc;
}

static int begin(cursor *self, const sac_sink *sink, sac_err *err)
{
    sac_snapshot snapshot = {.count = -1};
    int rc = SAC_OK;

    if (!sink->begin)
        return SAC_OK;
    if (self->query->count && !self->counted)
        rc = sac__mongo_count(self->store, self->query, &snapshot.count, err);
    if (rc != SAC_OK)
        return rc;
    self->counted = true;
    return sink->begin(sink->self, &snapshot);
}

static int cursor_pull(void *self, const sac_sink *sink, sac_err *err)
{
    cursor *pulled = self;
    int rc;

    if (pulled->ended)
        return 0;
    (void)sac__mongo_unpark(pulled->store, &pulled->held);
    rc = begin(pulled, sink, err);
    if (rc == 0 && pulled->query->limit && pulled->given >= pulled->query->limit)
        pulled->ended = true;
    else if (rc == 0)
        rc = pull_documents(pulled, sink, err);
    if (pulled->ended || rc < 0)
        sac__mongo_let_go(pulled->store, &pulled->held);
    else if (pulled->held.cursor)
        sac__mongo_park(pulled->store, &pulled->held);
    return rc;
}

static void cursor_close(void *self)
{
    cursor *closed = self;

    (void)sac__mongo_unpark(closed->store, &closed->held);
    sac__mongo_let_go(closed->store, &closed->held);
    sac__buf_fini(&closed->last);
    sac__alloc_free(closed->alloc, closed, sizeof *closed);
}

static const sac_cursor_ops cursor_ops = SAC_CURSOR_OPS(.pull = cursor_pull, .close = cursor_close);

static int refuse_unindexed(sac__mongo *store, const sac_query *query, sac_err *err)
{
    sac_explain how = {.scan = SAC_SCAN_ALL};
    const int rc = sac__mongo_explain(store, query, &how, err);

    if (rc == SAC_ENOSYS)
        return SAC_OK; /* a server that does not say */
    if (rc != SAC_OK || how.scan != SAC_SCAN_ALL)
        return rc;
    return sac_err_set(err, SAC_ENOINDEX, "no index helps with this query");
}

/* Whether a position can be read off what the projection leaves. */
static bool hides_position(const sac_query *query)
{
    return query->projection.n > 5 &&
           (query->sort.n > 5 || !sac_bson_get_bool(query->projection, "_id", true) ||
            sac_bson_get_int(query->projection, "_id", 1) == 0);
}

int sac__mongo_find(void *self, const sac_query *query, const sac_alloc *alloc,
                    const sac_cursor_ops **ops, void **out, sac_err *err)
{
    sac__mongo *store = self;
    cursor *made;
    int rc = sac__mongo_check_query(store, query, err);

    if (rc == SAC_OK && query->indexed)
        rc = refuse_unindexed(store, query, err);
    if (rc != SAC_OK)
        return rc;
    made = sac__alloc_zero(alloc, sizeof *made);
    if (!made)
        return no_memory(err);
    made->alloc = alloc;
    made->store = store;
    made->query = query;
    made->by_offset = hides_position(query);
    sac__buf_init(&made->last, store->alloc, SAC_BSON_MAX + SAC__MONGO_REV_BYTES);
    if (query->sort.n > 5)
        rc = sac__sort_init(&made->sort, query->sort, err);
    if (rc != SAC_OK) {
        cursor_close(made);
        return rc;
    }
    *ops = &cursor_ops;
    *out = made;
    return SAC_OK;
}

static int count_in(sac__mongo *store, const sac_query *query, const bson_t *filter, int64_t *count,
                    sac_err *err)
{
    mongoc_collection_t *collection;
    mongoc_client_t *client;
    bson_error_t error;
    sac_bson made;
    sac_str bytes;
    bson_t opts;
    const uint64_t begun = sac__clock_mono_ns();
    int64_t n = -1;
    int rc = sac__mongo_take(store, &client, err);

    if (rc != SAC_OK)
        return rc;
    sac_bson_init(&made, store->alloc, 0);
    sac_bson_add_int64(&made, "maxTimeMS", sac__mongo_limit_ms(store));
    rc = finish(&made, &bytes, err);
    if (rc == SAC_OK && sac__mongo_dress(&opts, bytes)) {
        collection = sac__mongo_collection(store, client, query->collection);
        n = mongoc_collection_count_documents(collection, filter, &opts, NULL, NULL, &error);
        if (n < 0 && sac__mongo_is_passing(&error) && !sac__mongo_late(store, begun))
            n = mongoc_collection_count_documents(collection, filter, &opts, NULL, NULL, &error);
        mongoc_collection_destroy(collection);
        rc = n < 0 ? sac__mongo_failed(&error, false, err) : SAC_OK;
    }
    sac_bson_fini(&made);
    sac__mongo_give(store, client);
    if (rc == SAC_OK)
        *count = n;
    return rc;
}

int sac__mongo_count(void *self, const sac_query *query, int64_t *count, sac_err *err)
{
    sac_bson made;
    bson_t filter;
    int rc = sac__mongo_check_query(self, query, err);

    if (rc != SAC_OK)
        return rc;
    rc = make_filter(self, query, query->after, query->after_keys, &made, &filter, err);
    if (rc == SAC_OK)
        rc = count_in(self, query, &filter, count, err);
    sac_bson_fini(&made);
    return rc;
}
