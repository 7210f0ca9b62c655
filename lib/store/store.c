/* SPDX-License-Identifier: MIT */
#include "store/store.h"

#include <pthread.h>

#include "core/alloc.h"
#include "core/table.h"

struct sac_cursor {
    const sac_alloc *alloc;
    sac_cursor_ops ops;
    void *self;
};

#define COLLECTION_MAX 64

static bool name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
}

int sac__store_check_name(const char *name, sac_err *err)
{
    size_t n = 0;

    if (!name)
        return sac_err_set(err, SAC_EINVAL, "no collection");
    while (n <= COLLECTION_MAX && name_char(name[n]))
        n++;
    if (n == 0 || n > COLLECTION_MAX || name[n] || strncmp(name, "system.", 7) == 0)
        return sac_err_set(err, SAC_EINVAL,
                           "bad collection name: 1 to %d of A-Z a-z 0-9 _ . -, not system.*",
                           COLLECTION_MAX);
    return SAC_OK;
}

static int check_id(const sac_value *id, sac_err *err)
{
    switch (id->type) {
    case SAC_BSON_MISSING: return sac_err_set(err, SAC_EINVAL, "no _id");
    case SAC_BSON_ARRAY:
    case SAC_BSON_REGEX:
    case SAC_BSON_UNDEFINED:
        return sac_err_set(err, SAC_EINVAL, "_id is an array, a regex or undefined");
    default: return SAC_OK;
    }
}

int sac_store_accept(sac_str doc, sac_value *id, sac_err *err)
{
    sac_value found;
    int rc;

    if (doc.n > SAC_BSON_MAX)
        return sac_err_set(err, SAC_ETOOBIG, "document of %zu bytes: the limit is %zu", doc.n,
                           SAC_BSON_MAX);
    if (sac_bson_check(doc, err) != SAC_OK) {
        if (err)
            err->code = SAC_EINVAL;
        return SAC_EINVAL;
    }
    found = sac_bson_get(doc, sac_str_n("_id", 3));
    rc = check_id(&found, err);
    if (rc == SAC_OK)
        *id = found;
    return rc;
}

static int check_query_size(const sac_query *query, sac_err *err)
{
    if (query->size > sizeof *query)
        return sac__table_newer("sac_query", query->size, sizeof *query, err);
    if (query->size < sizeof *query)
        return sac_err_set(err, SAC_EINVAL, "sac_query without SAC_QUERY()");
    return SAC_OK;
}

int sac__store_check_query(const sac_query *query, sac_err *err)
{
    const int rc = check_query_size(query, err);

    if (rc != SAC_OK)
        return rc;
    if (query->skip < 0 || query->limit < 0)
        return sac_err_set(err, SAC_EINVAL, "negative skip or limit");
    return sac__store_check_name(query->collection, err);
}

void sac_store_close(sac_store *store)
{
    if (!store)
        return;
    store->ops.close(store->self);
    sac__alloc_free(store->alloc, store, sizeof *store);
}

/* get through find: passes on the one document, with the snapshot before it. */
typedef struct get_one {
    const sac_sink *sink;
    sac_snapshot snapshot;
    bool found;
} get_one;

static int get_begin(void *self, const sac_snapshot *snapshot)
{
    get_one *one = self;

    one->snapshot = *snapshot;
    return 0;
}

static int get_doc(void *self, const sac_view *view)
{
    get_one *one = self;
    int rc = 0;

    one->found = true;
    if (one->sink->begin)
        rc = one->sink->begin(one->sink->self, &one->snapshot);
    if (rc == 0)
        rc = one->sink->doc(one->sink->self, view);
    return rc ? rc : 1;
}

static int get_by_find(sac_store *store, const char *collection, sac_value id, const sac_sink *sink,
                       sac_err *err)
{
    const sac_query query = SAC_QUERY(.collection = collection, .from = id, .to = id, .limit = 1);
    get_one one = {.sink = sink};
    const sac_sink only = {.begin = get_begin, .doc = get_doc, .self = &one};
    sac_cursor *cursor = NULL;
    int rc = sac_store_find(store, &query, NULL, &cursor, err);

    if (rc != SAC_OK)
        return rc;
    rc = sac_cursor_pull(cursor, &only, err);
    sac_cursor_close(cursor);
    if (rc < 0)
        return rc;
    return one.found ? SAC_OK : sac_err_set(err, SAC_ENOTFOUND, "no such document");
}

int sac_store_get(sac_store *store, const char *collection, sac_value id, const sac_sink *sink,
                  sac_err *err)
{
    int rc = sac__store_check_name(collection, err);

    if (rc == SAC_OK)
        rc = check_id(&id, err);
    if (rc != SAC_OK)
        return rc;
    if (!store->ops.get)
        return get_by_find(store, collection, id, sink, err);
    return store->ops.get(store->self, collection, id, sink, SAC__STORE_ERR(err));
}

int sac_store_find(sac_store *store, const sac_query *query, const sac_alloc *alloc,
                   sac_cursor **out, sac_err *err)
{
    const sac_cursor_ops *ops = NULL;
    sac_cursor *cursor;
    int rc = sac__store_check_query(query, err);

    if (rc != SAC_OK)
        return rc;
    if (!alloc)
        alloc = store->alloc;
    cursor = sac__alloc_zero(alloc, sizeof *cursor);
    if (!cursor) {
        sac_err_set(err, SAC_ENOMEM, "no memory for a cursor");
        return SAC_ENOMEM;
    }
    cursor->alloc = alloc;
    rc = store->ops.find(store->self, query, alloc, &ops, &cursor->self, SAC__STORE_ERR(err));
    if (rc != SAC_OK) {
        sac__alloc_free(alloc, cursor, sizeof *cursor);
        return rc;
    }
    memcpy(&cursor->ops, ops, ops->size < sizeof cursor->ops ? ops->size : sizeof cursor->ops);
    *out = cursor;
    return SAC_OK;
}

int sac_cursor_pull(sac_cursor *cursor, const sac_sink *sink, sac_err *err)
{
    return cursor->ops.pull(cursor->self, sink, SAC__STORE_ERR(err));
}

void sac_cursor_close(sac_cursor *cursor)
{
    if (!cursor)
        return;
    cursor->ops.close(cursor->self);
    sac__alloc_free(cursor->alloc, cursor, sizeof *cursor);
}

static int count_doc(void *self, const sac_view *view)
{
    (void)view;
    ++*(int64_t *)self;
    return 0;
}

static int count_by_find(sac_store *store, const sac_query *query, int64_t *count, sac_err *err)
{
    int64_t n = 0;
    const sac_sink sink = {.doc = count_doc, .self = &n};
    sac_query all = *query;
    sac_cursor *cursor = NULL;
    int rc;

    all.skip = 0;
    all.limit = 0;
    all.count = false;
    rc = sac_store_find(store, &all, NULL, &cursor, err);
    if (rc != SAC_OK)
        return rc;
    rc = sac_cursor_pull(cursor, &sink, err);
    sac_cursor_close(cursor);
    if (rc < 0)
        return rc;
    *count = n;
    return SAC_OK;
}

int sac_store_count(sac_store *store, const sac_query *query, int64_t *count, sac_err *err)
{
    int rc = sac__store_check_query(query, err);

    if (rc != SAC_OK)
        return rc;
    if (!store->ops.count)
        return count_by_find(store, query, count, err);
    return store->ops.count(store->self, query, count, SAC__STORE_ERR(err));
}

int sac_store_revision(sac_store *store, const char *collection, uint64_t *revision, sac_err *err)
{
    int rc = sac__store_check_name(collection, err);

    if (rc != SAC_OK)
        return rc;
    if (store->ops.revision)
        return store->ops.revision(store->self, collection, revision, SAC__STORE_ERR(err));
    *revision = 0;
    return SAC_OK;
}

static int check_insert(sac_write *write, sac_err *err)
{
    sac_value id;
    size_t i;

    if (!write->docs || write->n_docs == 0)
        return sac_err_set(err, SAC_EINVAL, "nothing to insert");
    for (i = 0; i < write->n_docs; i++) {
        int rc = sac_store_accept(write->docs[i], &id, err);

        if (rc != SAC_OK) {
            write->failed = i;
            return rc;
        }
    }
    return SAC_OK;
}

static int check_each(const sac_write *write, sac_err *err)
{
    if (!write->decide)
        return sac_err_set(err, SAC_EINVAL, "no decide function");
    if (!write->query)
        return sac_err_set(err, SAC_EINVAL, "no query");
    if (write->max < 0)
        return sac_err_set(err, SAC_EINVAL, "negative max");
    return check_query_size(write->query, err);
}

static int check_write(sac_write *write, sac_err *err)
{
    int rc;

    if (write->size > sizeof *write)
        return sac__table_newer("sac_write", write->size, sizeof *write, err);
    if (write->size < sizeof *write)
        return sac_err_set(err, SAC_EINVAL, "sac_write without SAC_WRITE()");
    rc = sac__store_check_name(write->collection, err);
    if (rc != SAC_OK)
        return rc;
    switch (write->kind) {
    case SAC_WRITE_INSERT: return check_insert(write, err);
    case SAC_WRITE_DECIDE:
        return write->decide ? check_id(&write->id, err)
                             : sac_err_set(err, SAC_EINVAL, "no decide function");
    case SAC_WRITE_EACH: return check_each(write, err);
    case SAC_WRITE_CLEAR:
    case SAC_WRITE_DROP: return SAC_OK;
    default: return sac_err_set(err, SAC_EINVAL, "unknown kind of write");
    }
}

static int submit(sac_store *store, sac_write *write, sac_err *err)
{
    write->result = SAC_OK;
    write->err.code = SAC_OK;
    write->err.text[0] = '\0';
    write->revision = 0;
    write->stamp = 0;
    write->matched = 0;
    write->changed = 0;
    write->failed = 0;
    write->index[0] = '\0';
    write->next = NULL;
    return store->ops.submit(store->self, write, SAC__STORE_ERR(err));
}

int sac_store_submit(sac_store *store, sac_write *write, sac_err *err)
{
    int rc = check_write(write, err);

    if (rc == SAC_OK && !write->done)
        rc = sac_err_set(err, SAC_EINVAL, "no done function");
    return rc == SAC_OK ? submit(store, write, err) : rc;
}

/* A blocking write: a copy of the caller's, as `self` is for its decide. */
typedef struct waiting {
    sac_write write; /* first: done() gets its address */
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool done;
} waiting;

static void wake(void *self, sac_write *write)
{
    waiting *wait = (waiting *)write;

    (void)self;
    pthread_mutex_lock(&wait->lock);
    wait->done = true;
    pthread_cond_signal(&wait->cond);
    pthread_mutex_unlock(&wait->lock);
}

static void give_back(const sac_write *from, sac_write *to)
{
    to->result = from->result;
    to->err = from->err;
    to->revision = from->revision;
    to->stamp = from->stamp;
    to->matched = from->matched;
    to->changed = from->changed;
    to->failed = from->failed;
    memcpy(to->index, from->index, sizeof to->index);
}

int sac_store_write(sac_store *store, sac_write *write, sac_err *err)
{
    waiting wait = {.done = false};
    int rc = check_write(write, err);

    if (rc != SAC_OK)
        return rc;
    wait.write = *write;
    wait.write.done = wake;
    pthread_mutex_init(&wait.lock, NULL);
    pthread_cond_init(&wait.cond, NULL);
    rc = submit(store, &wait.write, err);
    if (rc == SAC_OK) {
        pthread_mutex_lock(&wait.lock);
        while (!wait.done)
            pthread_cond_wait(&wait.cond, &wait.lock);
        pthread_mutex_unlock(&wait.lock);
        give_back(&wait.write, write);
        rc = write->result;
        if (rc != SAC_OK && err)
            *err = write->err;
    }
    pthread_cond_destroy(&wait.cond);
    pthread_mutex_destroy(&wait.lock);
    return rc;
}

int sac_store_insert(sac_store *store, const char *collection, sac_str doc, sac_err *err)
{
    sac_write write = SAC_WRITE(.kind = SAC_WRITE_INSERT, .collection = collection, .docs = &doc,
                                .n_docs = 1);

    return sac_store_write(store, &write, err);
}

static int decide_replace(void *self, const sac_view *stored, sac_change *change, sac_err *err)
{
    if (!stored)
        return sac_err_set(err, SAC_ENOTFOUND, "no such document");
    change->kind = SAC_CHANGE_PUT;
    change->doc = *(const sac_str *)self;
    return SAC_OK;
}

int sac_store_replace(sac_store *store, const char *collection, sac_str doc, sac_err *err)
{
    sac_write write = SAC_WRITE(.kind = SAC_WRITE_DECIDE, .collection = collection,
                                .decide = decide_replace, .self = &doc);
    int rc = sac_store_accept(doc, &write.id, err);

    return rc == SAC_OK ? sac_store_write(store, &write, err) : rc;
}

static int decide_remove(void *self, const sac_view *stored, sac_change *change, sac_err *err)
{
    (void)self;
    if (!stored)
        return sac_err_set(err, SAC_ENOTFOUND, "no such document");
    change->kind = SAC_CHANGE_REMOVE;
    return SAC_OK;
}

int sac_store_remove(sac_store *store, const char *collection, sac_value id, sac_err *err)
{
    sac_write write = SAC_WRITE(.kind = SAC_WRITE_DECIDE, .collection = collection, .id = id,
                                .decide = decide_remove);

    return sac_store_write(store, &write, err);
}

int sac_store_drop(sac_store *store, const char *collection, sac_err *err)
{
    sac_write write = SAC_WRITE(.kind = SAC_WRITE_DROP, .collection = collection);

    return sac_store_write(store, &write, err);
}

int sac_store_collections(sac_store *store, int (*name)(void *self, const char *name), void *self,
                          sac_err *err)
{
    if (!store->ops.collections)
        return sac_err_set(err, SAC_ENOSYS, "%s: does not list its collections", store->ops.name);
    return store->ops.collections(store->self, name, self, SAC__STORE_ERR(err));
}

typedef struct check_all {
    sac_store *store;
    sac_err *err;
} check_all;

static int check_doc(void *self, const sac_view *view)
{
    return sac_bson_check(view->doc, self);
}

static int check_one(void *self, const char *name)
{
    const check_all *all = self;
    const sac_query query = SAC_QUERY(.collection = name);
    const sac_sink sink = {.doc = check_doc, .self = all->err};
    sac_cursor *cursor = NULL;
    int rc = sac_store_find(all->store, &query, NULL, &cursor, all->err);

    if (rc != SAC_OK)
        return rc;
    rc = sac_cursor_pull(cursor, &sink, all->err);
    sac_cursor_close(cursor);
    return rc;
}

int sac_store_check(sac_store *store, sac_err *err)
{
    check_all all = {.store = store, .err = err};

    if (store->ops.check)
        return store->ops.check(store->self, SAC__STORE_ERR(err));
    return sac_store_collections(store, check_one, &all, err);
}

int sac_store_secret(sac_store *store, uint8_t out[32], sac_err *err)
{
    if (!store->ops.secret)
        return sac_err_set(err, SAC_ENOSYS, "%s: keeps no secret", store->ops.name);
    return store->ops.secret(store->self, out, SAC__STORE_ERR(err));
}

static const char *missing_slot(const sac_store_ops *ops)
{
    if (!ops->name)
        return "name";
    if (!ops->find)
        return "find";
    if (!ops->submit)
        return "submit";
    return ops->close ? NULL : "close";
}

int sac_store_new(const sac_alloc *alloc, const sac_store_ops *ops, void *self, sac_store **out,
                  sac_err *err)
{
    sac_store *store;
    const char *missing;

    if (ops->size > sizeof *ops)
        return sac__table_newer("sac_store_ops", ops->size, sizeof *ops, err);
    if (!alloc)
        alloc = sac_alloc_default();
    store = sac__alloc_zero(alloc, sizeof *store);
    if (!store)
        return sac_err_set(err, SAC_ENOMEM, "no memory for a store");
    store->alloc = alloc;
    store->self = self;
    memcpy(&store->ops, ops, ops->size);
    missing = missing_slot(&store->ops);
    if (missing) {
        sac__alloc_free(alloc, store, sizeof *store);
        return sac_err_set(err, SAC_EINVAL, "store table without %s", missing);
    }
    *out = store;
    return SAC_OK;
}
