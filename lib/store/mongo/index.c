/* SPDX-License-Identifier: MIT */
#include "core/clock.h"
#include "store/index.h"
#include "store/mongo/mongo.h"

/* "city,-name" as {city: 1, name: -1} */
static void add_keys(sac_bson *out, sac_str keys)
{
    while (keys.n > 0) {
        bool descending;
        const sac_str field = sac__index_field(&keys, &descending);
        char name[SAC__INDEX_FIELD + 1];

        snprintf(name, sizeof name, "%.*s", (int)field.n, field.p);
        sac_bson_add_int32(out, name, descending ? -1 : 1);
    }
}

/* {createIndexes: collection, indexes: [{key, name, …}]} */
static int make_command(const char *collection, const sac_index *index, sac_bson *out,
                        sac_str *command)
{
    sac_bson_add_str(out, "createIndexes", sac_str_of(collection));
    sac_bson_begin_array(out, sac_str_of("indexes"));
    sac_bson_begin_doc(out, sac_str_of("0"));
    sac_bson_begin_doc(out, sac_str_of("key"));
    add_keys(out, sac_str_of(index->keys));
    sac_bson_end(out);
    sac_bson_add_str(out, "name", sac_str_of(index->name));
    if (index->unique)
        sac_bson_add_bool(out, "unique", true);
    if (index->sparse)
        sac_bson_add_bool(out, "sparse", true);
    if (index->expires)
        sac_bson_add_int64(out, "expireAfterSeconds",
                           index->expires == SAC_EXPIRES_THEN ? 0 : index->expires);
    sac_bson_end(out);
    sac_bson_end(out);
    return sac_bson_finish(out, command);
}

static bool ping(const sac__mongo *store, mongoc_client_t *client)
{
    bson_t command = BSON_INITIALIZER;
    bool done;

    BSON_APPEND_INT32(&command, "ping", 1);
    done = mongoc_client_command_simple(client, store->database, &command, NULL, NULL, NULL);
    bson_destroy(&command);
    return done;
}

/*
 * Building may take longer than a message may: the server goes on when the
 * connection ends, and asked again it waits for the same build. So this ends
 * with the index, or when the server does not answer.
 */
static int build(const sac__mongo *store, mongoc_client_t *client, const bson_t *command,
                 sac_err *err)
{
    bson_error_t error;

    while (!mongoc_client_write_command_with_opts(client, store->database, command, NULL, NULL,
                                                  &error)) {
        if (error.domain != MONGOC_ERROR_STREAM || !ping(store, client))
            return sac__mongo_failed(&error, false, err);
    }
    return SAC_OK;
}

/* ---- listing ---- */

/* The keys as sac_index writes them; an error where it cannot. */
static void read_keys(sac_str key, sac__buf *out)
{
    sac_bson_iter iter;
    int64_t direction = 0;

    if (sac_bson_iter_init(&iter, key) != SAC_OK)
        out->error = SAC_ECORRUPT;
    while (!out->error && sac_bson_iter_next(&iter) == 1) {
        if (!sac_value_int(&iter.value, &direction) || (direction != 1 && direction != -1) ||
            memchr(iter.key.p, '$', iter.key.n) || memchr(iter.key.p, ',', iter.key.n)) {
            out->error = SAC_ENOSYS;
            return;
        }
        sac__buf_add_text(out, out->n ? (direction < 0 ? ",-" : ",") : (direction < 0 ? "-" : ""));
        sac__buf_add_str(out, iter.key);
    }
    sac__buf_add_char(out, '\0');
}

static bool is_plain(sac_str spec)
{
    static const char *const beyond[] = {"partialFilterExpression", "collation", "hidden",
                                         "wildcardProjection", "weights"};
    size_t i;

    for (i = 0; i < sizeof beyond / sizeof *beyond; i++)
        if (sac_bson_get(spec, sac_str_of(beyond[i])).type != SAC_BSON_MISSING)
            return false;
    return true;
}

static int64_t expiry_of(sac_str spec)
{
    const int64_t none = -2;
    const int64_t seconds = sac_bson_get_int(spec, "expireAfterSeconds", none);

    if (seconds < 0)
        return 0;
    return seconds == 0 ? SAC_EXPIRES_THEN : seconds;
}

static int show_index(sac_str spec, int (*index)(void *self, const sac_index *index), void *self)
{
    const sac_str name = sac_bson_get_str(spec, "name");
    const sac_value key = sac_bson_get(spec, sac_str_of("key"));
    sac_index shown = {.name = name.p}; /* NUL behind it */
    char text[1024];
    sac__buf keys;

    if (!name.p || key.type != SAC_BSON_DOCUMENT || sac_str_is(name, "_id_"))
        return SAC_OK;
    sac__buf_init_fixed(&keys, text, sizeof text);
    read_keys(key.raw, &keys);
    if (!keys.error && is_plain(spec))
        shown.keys = text;
    shown.unique = sac_bson_get_bool(spec, "unique", false);
    shown.sparse = sac_bson_get_bool(spec, "sparse", false);
    shown.expires = expiry_of(spec);
    return index(self, &shown);
}

int sac__mongo_indexes(void *self, const char *collection,
                       int (*index)(void *self, const sac_index *index), void *index_self,
                       sac_err *err)
{
    sac__mongo *store = self;
    mongoc_client_t *client;
    mongoc_collection_t *of;
    mongoc_cursor_t *cursor;
    bson_error_t error;
    const bson_t *got;
    int rc = sac__mongo_take(store, &client, err);

    if (rc != SAC_OK)
        return rc;
    of = sac__mongo_collection(store, client, collection);
    cursor = mongoc_collection_find_indexes_with_opts(of, NULL);
    while (rc == 0 && mongoc_cursor_next(cursor, &got))
        rc = show_index(sac__mongo_bytes(got), index, index_self);
    if (rc == 0 && mongoc_cursor_error(cursor, &error)) {
        rc = sac__mongo_failed(&error, false, err);
        rc = rc == SAC_ENOTFOUND ? SAC_OK : rc; /* no such collection */
    }
    mongoc_cursor_destroy(cursor);
    mongoc_collection_destroy(of);
    sac__mongo_give(store, client);
    return rc < 0 ? rc : SAC_OK;
}

/* ---- making and dropping ---- */

/* Not every server refuses what MongoDB refuses: what is there is looked at first. */
typedef struct likeness {
    const char *name;
    const char *keys; /* NULL: the name alone is looked for */
    bool found, differs;
} likeness;

static int compare_index(void *self, const sac_index *index)
{
    likeness *like = self;
    const bool name = strcmp(index->name, like->name) == 0;
    const bool keys = like->keys && index->keys && strcmp(index->keys, like->keys) == 0;

    like->found = like->found || name;
    like->differs = like->differs || (like->keys && name != keys);
    return 0;
}

static int compare_with_others(sac__mongo *store, const char *collection, const sac_index *index,
                               sac_err *err)
{
    likeness like = {.name = index->name, .keys = index->keys};
    const int rc = sac__mongo_indexes(store, collection, compare_index, &like, err);

    if (rc != SAC_OK || !like.differs)
        return rc;
    return sac_err_set(err, SAC_ECONFLICT, "index %s: another one has its name or its fields",
                       index->name);
}

static int must_be_there(sac__mongo *store, const char *collection, const char *name, sac_err *err)
{
    likeness like = {.name = name};
    const int rc = sac__mongo_indexes(store, collection, compare_index, &like, err);

    if (rc != SAC_OK || like.found)
        return rc;
    return sac_err_set(err, SAC_ENOTFOUND, "no index %s", name);
}

int sac__mongo_build_index(sac__mongo *store, const char *collection, const sac_index *index,
                           sac_err *err)
{
    mongoc_client_t *client;
    sac_bson made;
    sac_str bytes;
    bson_t command;
    int rc;

    rc = compare_with_others(store, collection, index, err);
    if (rc != SAC_OK)
        return rc;
    sac_bson_init(&made, store->alloc, 0);
    rc = make_command(collection, index, &made, &bytes);
    if (rc != SAC_OK)
        (void)sac_err_set(err, rc, "mongodb: index %s: %s", index->name, sac_err_text(rc));
    if (rc == SAC_OK)
        rc = sac__mongo_take(store, &client, err);
    if (rc == SAC_OK) {
        rc = sac__mongo_dress(&command, bytes) ? build(store, client, &command, err) : SAC_EINVAL;
        sac__mongo_give(store, client);
    }
    sac_bson_fini(&made);
    return rc;
}

int sac__mongo_make_index(void *self, const char *collection, const sac_index *index, sac_err *err)
{
    const int rc = sac__mongo_build_index(self, collection, index, err);

    return rc == SAC_EUNAVAILABLE ? sac__mongo_wish_add(self, collection, index, err) : rc;
}

int sac__mongo_drop_index(void *self, const char *collection, const char *name, sac_err *err)
{
    sac__mongo *store = self;
    mongoc_client_t *client;
    bson_error_t error;
    bson_t command;
    int rc = must_be_there(store, collection, name, err);

    if (rc == SAC_OK)
        rc = sac__mongo_take(store, &client, err);
    if (rc != SAC_OK)
        return rc;
    bson_init(&command);
    BSON_APPEND_UTF8(&command, "dropIndexes", collection);
    BSON_APPEND_UTF8(&command, "index", name);
    BSON_APPEND_INT64(&command, "maxTimeMS", sac__mongo_limit_ms(store));
    if (!mongoc_client_write_command_with_opts(client, store->database, &command, NULL, NULL,
                                               &error))
        rc = sac__mongo_failed(&error, true, err);
    bson_destroy(&command);
    sac__mongo_give(store, client);
    return rc;
}

/* ---- explain ---- */

static void read_stage(sac_str plan, sac_explain *out)
{
    const sac_str stage = sac_bson_get_str(plan, "stage");
    const sac_str name = sac_bson_get_str(plan, "indexName");

    if (sac_str_is(stage, "SORT"))
        out->sorts = true;
    if (sac_str_is(stage, "IDHACK") || sac_str_is(stage, "EXPRESS_IXSCAN") ||
        sac_str_is(stage, "CLUSTERED_IXSCAN"))
        out->scan = SAC_SCAN_IDS;
    if (!name.p)
        return;
    out->scan = sac_str_is(name, "_id_") ? SAC_SCAN_IDS : SAC_SCAN_INDEX;
    if (out->scan == SAC_SCAN_INDEX)
        snprintf(out->index, sizeof out->index, "%.*s", (int)name.n, name.p);
}

/* Every stage of a plan, whatever the server calls the members that hold them. */
static void read_plan(sac_str plan, sac_explain *out, int depth)
{
    sac_bson_iter iter;

    read_stage(plan, out);
    if (depth == 0 || sac_bson_iter_init(&iter, plan) != SAC_OK)
        return;
    while (sac_bson_iter_next(&iter) == 1)
        if ((iter.value.type == SAC_BSON_DOCUMENT || iter.value.type == SAC_BSON_ARRAY) &&
            !sac_str_is(iter.key, "indexBounds") && !sac_str_is(iter.key, "filter"))
            read_plan(iter.value.raw, out, depth - 1);
}

static int make_explain(sac__mongo *store, const sac_query *query, sac_bson *out, sac_str *command,
                        sac_err *err)
{
    int rc;

    sac_bson_begin_doc(out, sac_str_of("explain"));
    sac_bson_add_str(out, "find", sac_str_of(query->collection));
    sac_bson_begin_doc(out, sac_str_of("filter"));
    rc = sac__mongo_filter(store, query, query->after, query->after_keys, out, err);
    sac_bson_end(out);
    sac_bson_begin_doc(out, sac_str_of("sort"));
    if (rc == SAC_OK)
        rc = sac__mongo_sort(query, out, err);
    sac_bson_end(out);
    sac_bson_end(out);
    sac_bson_add_str(out, "verbosity", sac_str_of("queryPlanner"));
    sac_bson_add_int64(out, "maxTimeMS", sac__mongo_limit_ms(store));
    if (rc == SAC_OK)
        rc = sac_bson_finish(out, command);
    return rc;
}

static int run_explain(sac__mongo *store, const bson_t *command, sac_explain *out, sac_err *err)
{
    mongoc_client_t *client;
    bson_error_t error;
    bson_t reply;
    sac_value plan;
    int rc = sac__mongo_take(store, &client, err);

    if (rc != SAC_OK)
        return rc;
    if (!mongoc_client_read_command_with_opts(client, store->database, command, NULL, NULL, &reply,
                                              &error))
        rc = sac__mongo_failed(&error, false, err);
    sac__mongo_give(store, client);
    plan = sac_bson_path(sac__mongo_bytes(&reply), sac_str_of("queryPlanner.winningPlan"));
    if (rc == SAC_OK && plan.type == SAC_BSON_DOCUMENT)
        read_plan(plan.raw, out, 20);
    else if (rc == SAC_OK)
        rc = sac_err_set(err, SAC_ENOSYS, "mongodb: this server does not say how it answers");
    bson_destroy(&reply);
    return rc;
}

int sac__mongo_explain(void *self, const sac_query *query, sac_explain *out, sac_err *err)
{
    sac__mongo *store = self;
    sac_bson made;
    sac_str bytes;
    bson_t command;
    int rc = sac__mongo_check_query(store, query, err);

    if (rc != SAC_OK)
        return rc;
    sac_bson_init(&made, store->alloc, 0);
    rc = make_explain(store, query, &made, &bytes, err);
    if (rc == SAC_OK && sac__mongo_dress(&command, bytes))
        rc = run_explain(store, &command, out, err);
    sac_bson_fini(&made);
    return rc;
}
