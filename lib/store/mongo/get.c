/* SPDX-License-Identifier: MIT */
#include "core/clock.h"
#include "store/mongo/mongo.h"

/* {find: collection, filter: {_id: id}, limit: 1, singleBatch: true, maxTimeMS: n} */
static int make_command(const sac__mongo *store, const char *collection, sac_value id,
                        sac_bson *out, sac_str *command)
{
    sac_bson_add_str(out, "find", sac_str_of(collection));
    sac_bson_begin_doc(out, sac_str_of("filter"));
    sac__mongo_by_id(out, id);
    sac_bson_end(out);
    sac_bson_add_int32(out, "limit", 1);
    sac_bson_add_bool(out, "singleBatch", true);
    sac_bson_add_int64(out, "maxTimeMS", sac__mongo_limit_ms(store));
    return sac_bson_finish(out, command);
}

/* The first document of a reply's batch. */
static int first_of(const bson_t *reply, sac_str *out, sac_err *err)
{
    const sac_value batch = sac_bson_path(sac__mongo_bytes(reply), sac_str_of("cursor.firstBatch"));
    sac_bson_iter iter;
    int rc;

    if (batch.type != SAC_BSON_ARRAY || sac_bson_iter_init(&iter, batch.raw) != SAC_OK)
        return sac_err_set(err, SAC_EIO, "mongodb: a reply that is none");
    rc = sac_bson_iter_next(&iter);
    if (rc == 0)
        return sac_err_set(err, SAC_ENOTFOUND, "no such document");
    if (rc != 1 || iter.value.type != SAC_BSON_DOCUMENT)
        return sac_err_set(err, SAC_EIO, "mongodb: a reply that is none");
    *out = iter.value.raw;
    return SAC_OK;
}

static int run(sac__mongo *store, mongoc_client_t *client, const bson_t *command, bool primary,
               bson_t *reply, sac_err *err)
{
    mongoc_read_prefs_t *prefs = primary ? mongoc_read_prefs_new(MONGOC_READ_PRIMARY) : NULL;
    const uint64_t begun = sac__clock_mono_ns();
    bson_error_t error;
    bool done = mongoc_client_read_command_with_opts(client, store->database, command, prefs, NULL,
                                                     reply, &error);

    if (!done && sac__mongo_is_passing(&error) && !sac__mongo_late(store, begun)) {
        bson_destroy(reply);
        done = mongoc_client_read_command_with_opts(client, store->database, command, prefs, NULL,
                                                    reply, &error);
    }
    mongoc_read_prefs_destroy(prefs);
    return done ? SAC_OK : sac__mongo_failed(&error, false, err);
}

int sac__mongo_look(sac__mongo *store, mongoc_client_t *client, const char *collection,
                    sac_value id, bool primary, bson_t *reply, sac_str *raw, sac_err *err)
{
    sac_bson made;
    sac_str bytes;
    bson_t command;
    int rc;

    sac_bson_init(&made, store->alloc, 0);
    rc = make_command(store, collection, id, &made, &bytes);
    if (rc != SAC_OK || !sac__mongo_dress(&command, bytes)) {
        bson_init(reply);
        sac_bson_fini(&made);
        return sac_err_set(err, SAC_ENOMEM, "mongodb: no memory");
    }
    rc = run(store, client, &command, primary, reply, err);
    sac_bson_fini(&made);
    return rc == SAC_OK ? first_of(reply, raw, err) : rc;
}

static int show(sac_str raw, sac__buf *to, const sac_sink *sink, sac_err *err)
{
    const sac_snapshot snapshot = {.count = -1};
    sac_view view;
    int rc = sac__mongo_doc_read(raw, to, &view, err);

    if (rc == SAC_OK && sink->begin)
        rc = sink->begin(sink->self, &snapshot);
    if (rc == SAC_OK)
        rc = sink->doc(sink->self, &view);
    return rc < 0 ? rc : SAC_OK;
}

int sac__mongo_get(void *self, const char *collection, sac_value id, const sac_sink *sink,
                   sac_err *err)
{
    sac__mongo *store = self;
    mongoc_client_t *client;
    sac__buf copy;
    sac_str raw;
    bson_t reply;
    int rc = sac__mongo_take(store, &client, err);

    if (rc != SAC_OK)
        return rc;
    rc = sac__mongo_look(store, client, collection, id, false, &reply, &raw, err);
    sac__mongo_give(store, client);
    sac__buf_init(&copy, store->alloc, SAC_BSON_MAX + SAC__MONGO_REV_BYTES);
    if (rc == SAC_OK)
        rc = show(raw, &copy, sink, err);
    sac__buf_fini(&copy);
    bson_destroy(&reply);
    return rc;
}
