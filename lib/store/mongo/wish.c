/* SPDX-License-Identifier: MIT */
#include "core/alloc.h"
#include "store/mongo/mongo.h"

/*
 * An index that was asked for while the server could not be reached. It is made
 * before the next write to its collection, so that what is unique stays so.
 */
struct sac__mongo_wish {
    sac__mongo_wish *next;
    size_t size; /* of this and the texts behind it */
    sac_index index;
    const char *collection;
};

static char *add_text(char *at, const char *text, const char **out)
{
    const size_t n = strlen(text) + 1;

    memcpy(at, text, n);
    *out = at;
    return at + n;
}

int sac__mongo_wish_add(sac__mongo *store, const char *collection, const sac_index *index,
                        sac_err *err)
{
    const size_t size = sizeof(sac__mongo_wish) + strlen(collection) + strlen(index->keys) +
                        strlen(index->name) + 3;
    sac__mongo_wish *made = sac__alloc_zero(store->alloc, size);
    char *at = (char *)(made + 1);

    if (!made)
        return sac_err_set(err, SAC_ENOMEM, "mongodb: no memory for an index");
    made->size = size;
    made->index = *index;
    at = add_text(at, collection, &made->collection);
    at = add_text(at, index->keys, &made->index.keys);
    (void)add_text(at, index->name, &made->index.name);
    pthread_mutex_lock(&store->wishing);
    made->next = store->wishes;
    store->wishes = made;
    atomic_store(&store->wished, true);
    pthread_mutex_unlock(&store->wishing);
    return SAC_EUNAVAILABLE; /* as `err` says */
}

static void forget(sac__mongo *store, sac__mongo_wish **at)
{
    sac__mongo_wish *gone = *at;

    *at = gone->next;
    sac__alloc_free(store->alloc, gone, gone->size);
}

/* With `wishing` held: others that write there wait for the index too. */
static int grant(sac__mongo *store, const char *collection, sac_err *err)
{
    sac__mongo_wish **at = &store->wishes;
    int rc = SAC_OK;

    while (*at && rc != SAC_EUNAVAILABLE) {
        sac__mongo_wish *wish = *at;

        if (strcmp(wish->collection, collection) != 0) {
            at = &wish->next;
            continue;
        }
        rc = sac__mongo_build_index(store, collection, &wish->index, err);
        if (rc == SAC_EUNAVAILABLE)
            return rc;
        if (rc != SAC_OK)
            sac__logf(&store->log, SAC_LOG_ERROR,
                      "mongodb: collection %s: index %s is not made: %s", collection,
                      wish->index.name, err->text);
        forget(store, at);
    }
    return SAC_OK;
}

int sac__mongo_wishes_grant(sac__mongo *store, const char *collection, sac_err *err)
{
    int rc;

    if (!atomic_load(&store->wished))
        return SAC_OK;
    pthread_mutex_lock(&store->wishing);
    rc = grant(store, collection, err);
    atomic_store(&store->wished, store->wishes != NULL);
    pthread_mutex_unlock(&store->wishing);
    return rc;
}

void sac__mongo_wishes_free(sac__mongo *store)
{
    while (store->wishes)
        forget(store, &store->wishes);
}
