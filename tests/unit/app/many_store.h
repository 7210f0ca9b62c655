/* SPDX-License-Identifier: MIT */
#ifndef APP_MANY_STORE_H
#define APP_MANY_STORE_H

#include "raw_host.h"

#include <stdatomic.h>

#include <sacrum/bson.h>
#include <sacrum/impl/store.h>

#include "core/alloc.h"

/* A store whose every collection holds the documents {_id: 0, name: "name 0"}, {_id: 1, …}, … */
typedef struct many {
    long n;
    long fail_at;        /* the read of this document fails; < 0: none */
    const char *damaged; /* given in place of that document, if set */
    atomic_int cursors;  /* open */
    atomic_long given;
    atomic_bool reading;            /* in a pull */
    atomic_size_t n_name, n_filter; /* of the query, as the last pull saw it */
} many;

typedef struct many_cursor {
    many *store;
    const sac_alloc *alloc;
    const sac_query *query;
    long at;
} many_cursor;

static many the_many;

/* One document in `p`, of 100 bytes. */
static inline sac_str many_doc(char *p, long i)
{
    const int n = snprintf(p + 24, 64, "name %ld", i);
    const uint32_t size = 24 + (uint32_t)n + 2, length = (uint32_t)n + 1;
    const int64_t id = i;

    memcpy(p, &size, 4);
    memcpy(p + 4, "\x12_id", 5);
    memcpy(p + 9, &id, 8);
    memcpy(p + 17, "\2x", 3);
    memcpy(p + 20, &length, 4);
    p[24 + n + 1] = '\0';
    return sac_str_n(p, size);
}

static inline int many_give(many *store, long i, const sac_sink *sink, sac_err *err)
{
    sac_view view = {.revision = (uint64_t)i + 1};
    char bytes[100];
    char *exact;
    int rc;

    if (i == store->fail_at && !store->damaged)
        return sac_err_set(err, SAC_EIO, "the disk is gone");
    view.doc = i == store->fail_at ? sac_str_of(store->damaged) : many_doc(bytes, i);
    /* In memory that is gone after the call. */
    exact = malloc(view.doc.n);
    CHECK(exact != NULL);
    memcpy(exact, view.doc.p, view.doc.n);
    view.doc.p = exact;
    atomic_fetch_add(&store->given, 1);
    rc = sink->doc(sink->self, &view);
    free(exact);
    return rc;
}

static inline int many_pull(void *self, const sac_sink *sink, sac_err *err)
{
    const sac_snapshot snapshot = {.revision = 1, .count = -1};
    many_cursor *cursor = self;
    many *store = cursor->store;
    const long end = cursor->query->limit ? (long)cursor->query->limit : store->n;
    int rc = sink->begin ? sink->begin(sink->self, &snapshot) : 0;

    atomic_store(&store->n_name, strcspn(cursor->query->collection, "x"));
    atomic_store(&store->n_filter, cursor->query->filter.n);
    if (cursor->query->from.raw.n > 0)
        CHECK(!memchr(cursor->query->filter.p, 'x', 5) && *cursor->query->from.raw.p == '\0');
    atomic_store(&store->reading, true);
    while (rc == 0 && cursor->at < end && cursor->at < store->n)
        rc = many_give(store, cursor->at++, sink, err);
    atomic_store(&store->reading, false);
    return rc;
}

static inline void many_close_cursor(void *self)
{
    many_cursor *cursor = self;

    atomic_fetch_sub(&cursor->store->cursors, 1);
    sac__alloc_free(cursor->alloc, cursor, sizeof *cursor);
}

static const sac_cursor_ops many_cursor_ops = SAC_CURSOR_OPS(.pull = many_pull,
                                                             .close = many_close_cursor);

static inline int many_find(void *self, const sac_query *query, const sac_alloc *alloc,
                            const sac_cursor_ops **ops, void **out, sac_err *err)
{
    many_cursor *cursor = sac__alloc_zero(alloc, sizeof *cursor);

    if (!cursor)
        return sac_err_set(err, SAC_ENOMEM, "no memory");
    *cursor = (many_cursor){.store = self, .alloc = alloc, .query = query};
    atomic_fetch_add(&cursor->store->cursors, 1);
    *ops = &many_cursor_ops;
    *out = cursor;
    return SAC_OK;
}

static inline int many_submit(void *self, sac_write *write, sac_err *err)
{
    (void)self;
    (void)write;
    return sac_err_set(err, SAC_ENOSYS, "read only");
}

static inline void many_close(void *self)
{
    CHECK_INT(atomic_load(&((many *)self)->cursors), 0);
}

static const sac_store_ops many_ops = SAC_STORE_OPS(.name = "many", .find = many_find,
                                                    .submit = many_submit, .close = many_close);

static inline int many_open(const sac_store_config *config, sac_store **out, sac_err *err)
{
    return sac_store_new(config->alloc, &many_ops, &the_many, out, err);
}

#endif
