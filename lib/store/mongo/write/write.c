/* SPDX-License-Identifier: MIT */
#include "core/alloc.h"
#include "core/clock.h"
#include "core/hash.h"
#include "store/mongo/mongo.h"

/*
 * Writes wait in one list, and threads take from it. Two writes of one
 * document, or of one collection where one of them is about all of it, keep
 * the order in which they came; others overtake each other.
 */
struct sac__mongo_entry {
    sac_write *write;
    uint64_t collection, document; /* digests; document 0: all of them */
    uint64_t since;
    struct sac__mongo_entry *next;
};

/* How far a thread looks for a write that need not wait for another. */
#define LOOK_AHEAD 64

static uint64_t digest_of(const sac_value *id)
{
    uint64_t digest;
    double number = 0;

    if (id->type == SAC_BSON_DECIMAL128)
        return 1; /* it may equal any number */
    if (sac_value_double(id, &number)) {
        number = number + 0.0; /* no negative zero */
        digest = sac__hash_quick(&number, sizeof number);
    } else {
        digest = sac__hash_quick(id->raw.p, id->raw.n) + id->type;
    }
    return digest > 1 ? digest : 2;
}

static sac__mongo_entry *entry_new(const sac__mongo *store, sac_write *write)
{
    sac__mongo_entry *made = sac__alloc_zero(store->alloc, sizeof *made);
    sac_value id = {.type = SAC_BSON_MISSING};

    if (!made)
        return NULL;
    if (write->kind == SAC_WRITE_DECIDE)
        id = write->id;
    else if (write->kind == SAC_WRITE_INSERT && write->n_docs == 1)
        id = sac_bson_get(write->docs[0], sac_str_of("_id"));
    made->write = write;
    made->since = sac__clock_mono_ns();
    made->collection = sac__hash_quick(write->collection, strlen(write->collection));
    made->document = id.type == SAC_BSON_MISSING ? 0 : digest_of(&id);
    return made;
}

static bool collide(const sac__mongo_entry *a, const sac__mongo_entry *b)
{
    if (a->collection != b->collection)
        return false;
    return !a->document || !b->document || a->document == 1 || b->document == 1 ||
           a->document == b->document;
}

/* Whether it must wait for one that runs, or for one of those before it. */
static bool must_wait(const sac__mongo *store, const sac__mongo_entry *entry)
{
    const sac__mongo_entry *at;
    unsigned i;

    for (i = 0; i < store->n_writers; i++)
        if (store->running[i] && collide(store->running[i], entry))
            return true;
    for (at = store->first; at != entry; at = at->next)
        if (collide(at, entry))
            return true;
    return false;
}

static sac__mongo_entry *pick(sac__mongo *store)
{
    sac__mongo_entry *before = NULL;
    sac__mongo_entry *entry = store->first;
    int looked = 0;

    while (entry && looked++ < LOOK_AHEAD && must_wait(store, entry)) {
        before = entry;
        entry = entry->next;
    }
    if (!entry || looked > LOOK_AHEAD)
        return NULL;
    *(before ? &before->next : &store->first) = entry->next;
    if (store->last == entry)
        store->last = before;
    return entry;
}

void sac__mongo_opts(const sac__mongo_op *op, bson_t *out)
{
    bson_init(out);
    BSON_APPEND_INT64(out, "maxTimeMS", sac__mongo_limit_ms(op->store));
    if (op->session)
        (void)mongoc_client_session_append(op->session, out, NULL);
}

static int run_kind(sac__mongo_op *op)
{
    switch (op->write->kind) {
    case SAC_WRITE_INSERT: return sac__mongo_insert(op);
    case SAC_WRITE_DECIDE: return sac__mongo_decide(op);
    case SAC_WRITE_EACH: return sac__mongo_each(op);
    case SAC_WRITE_CLEAR: return sac__mongo_clear(op);
    default: return sac__mongo_drop(op);
    }
}

static int run(sac__mongo *store, sac_write *write, uint64_t since)
{
    sac__mongo_op op = {.store = store, .write = write, .begun = since};
    int rc = sac__mongo_wishes_grant(store, write->collection, &write->err);

    if (rc == SAC_OK)
        rc = sac__mongo_take(store, &op.client, &write->err);
    if (rc != SAC_OK)
        return rc;
    op.collection = sac__mongo_collection(store, op.client, write->collection);
    sac__buf_init(&op.doc, store->alloc, (size_t)1 << 40);
    sac__buf_init(&op.seen, store->alloc, SAC_BSON_MAX + SAC__MONGO_REV_BYTES);
    rc = run_kind(&op);
    sac__buf_fini(&op.seen);
    sac__buf_fini(&op.doc);
    mongoc_collection_destroy(op.collection);
    sac__mongo_give(store, op.client);
    return rc;
}

static void do_entry(sac__mongo *store, const sac__mongo_entry *entry)
{
    const uint64_t patience = (uint64_t)sac__mongo_step_ms(store) * 1000000;
    sac_write *write = entry->write;

    if (sac__clock_mono_ns() - entry->since > patience)
        write->result = sac_err_set(&write->err, SAC_EUNAVAILABLE,
                                    "mongodb: too many writes wait for the server");
    else
        write->result = run(store, write, entry->since);
    if (write->result != SAC_OK) {
        write->revision = 0;
        write->stamp = 0;
        write->changed = 0;
    }
    write->done(write->self, write);
}

static void *writer_main(void *self)
{
    sac__mongo *store = self;
    sac__mongo_entry *entry;
    unsigned me = 0;

    pthread_mutex_lock(&store->queue);
    while (me < store->n_writers && !pthread_equal(store->writers[me], pthread_self()))
        me++;
    for (;;) {
        while (!(entry = pick(store)) && !(store->draining && !store->first))
            pthread_cond_wait(&store->work, &store->queue);
        if (!entry)
            break;
        store->running[me] = entry;
        pthread_mutex_unlock(&store->queue);
        do_entry(store, entry);
        pthread_mutex_lock(&store->queue);
        store->running[me] = NULL;
        sac__alloc_free(store->alloc, entry, sizeof *entry);
        if (store->first || store->draining)
            pthread_cond_broadcast(&store->work);
    }
    pthread_mutex_unlock(&store->queue);
    return NULL;
}

int sac__mongo_writers_start(sac__mongo *store, sac_err *err)
{
    const unsigned n = store->clients < SAC__MONGO_WRITERS ? store->clients : SAC__MONGO_WRITERS;
    int rc = SAC_OK;

    pthread_mutex_init(&store->queue, NULL);
    pthread_cond_init(&store->work, NULL);
    pthread_mutex_lock(&store->queue);
    while (rc == SAC_OK && store->n_writers < n) {
        rc = sac__mongo_thread(&store->writers[store->n_writers], writer_main, store, err);
        if (rc == SAC_OK)
            store->n_writers++;
    }
    pthread_mutex_unlock(&store->queue);
    return rc;
}

void sac__mongo_writers_stop(sac__mongo *store)
{
    unsigned i;

    pthread_mutex_lock(&store->queue);
    store->draining = true;
    pthread_cond_broadcast(&store->work);
    pthread_mutex_unlock(&store->queue);
    for (i = 0; i < store->n_writers; i++)
        pthread_join(store->writers[i], NULL);
    pthread_cond_destroy(&store->work);
    pthread_mutex_destroy(&store->queue);
}

int sac__mongo_submit(void *self, sac_write *write, sac_err *err)
{
    sac__mongo *store = self;
    sac__mongo_entry *entry;

    if (write->kind == SAC_WRITE_EACH) {
        const int rc = sac__mongo_check_query(store, write->query, err);

        if (rc != SAC_OK)
            return rc;
    }
    entry = entry_new(store, write);
    if (!entry)
        return sac_err_set(err, SAC_ENOMEM, "mongodb: no memory for a write");
    pthread_mutex_lock(&store->queue);
    *(store->last ? &store->last->next : &store->first) = entry;
    store->last = entry;
    pthread_cond_signal(&store->work);
    pthread_mutex_unlock(&store->queue);
    return SAC_OK;
}
