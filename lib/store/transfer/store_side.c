/* SPDX-License-Identifier: MIT */
#include "store/transfer/side.h"

static int side_collections(void *self, int (*name)(void *to, const char *name), void *to,
                            sac_err *err)
{
    const sac__store_side *side = self;

    return sac_store_collections(side->store, name, to, err);
}

static void side_close(void *self)
{
    sac__store_side *side = self;

    sac_cursor_close(side->cursor);
    side->cursor = NULL;
}

static int side_open(void *self, const char *collection, const sac__held *behind, int64_t *total,
                     sac_err *err)
{
    sac__store_side *side = self;
    int rc;

    side->query = (sac_query)SAC_QUERY(.collection = collection);
    rc = sac_store_count(side->store, &side->query, total, err);
    if (rc != SAC_OK)
        return rc;
    side->query.after = behind->last;
    return sac_store_find(side->store, &side->query, side->alloc, &side->cursor, err);
}

/* Hands on what a sink of the store's gets. */
typedef struct hand_on {
    int (*doc)(void *to, sac_str doc);
    void *to;
} hand_on;

static int hand_on_view(void *self, const sac_view *view)
{
    const hand_on *on = self;

    return on->doc(on->to, view->doc);
}

static int side_pull(void *self, int (*doc)(void *to, sac_str doc), void *to, sac_err *err)
{
    const sac__store_side *side = self;
    hand_on on = {.doc = doc, .to = to};
    const sac_sink sink = {.doc = hand_on_view, .self = &on};

    return sac_cursor_pull(side->cursor, &sink, err);
}

static int side_indexes(void *self, const char *collection,
                        int (*index)(void *to, const sac_index *index), void *to, sac_err *err)
{
    const sac__store_side *side = self;

    return sac_store_indexes(side->store, collection, index, to, err);
}

static int keep_id(void *self, const sac_view *view)
{
    sac__buf *last = self;
    const sac_value id = sac_bson_get(view->doc, sac_str_n("_id", 3));

    last->n = 0;
    sac__buf_add_char(last, (char)id.type);
    sac__buf_add_str(last, id.raw);
    return last->error;
}

static int side_begin(void *self, const char *collection, sac__held *held, sac_err *err)
{
    sac__store_side *side = self;
    const sac_query all = SAC_QUERY(.collection = collection);
    const sac_query greatest = SAC_QUERY(.collection = collection, .descending = true, .limit = 1);
    const sac_sink sink = {.doc = keep_id, .self = &side->last};
    sac_cursor *cursor;
    int rc = sac_store_count(side->store, &all, &held->documents, err);

    held->any = rc == SAC_OK && held->documents > 0;
    if (!held->any)
        return rc;
    rc = sac_store_find(side->store, &greatest, side->alloc, &cursor, err);
    if (rc != SAC_OK)
        return rc;
    rc = sac_cursor_pull(cursor, &sink, err);
    sac_cursor_close(cursor);
    if (side->last.error)
        return sac_err_set(err, side->last.error, "no memory for an _id");
    if (rc < 0)
        return rc;
    if (side->last.n > 0)
        held->last = (sac_value){(uint8_t)side->last.p[0],
                                 sac_str_n(side->last.p + 1, side->last.n - 1)};
    return SAC_OK;
}

static int side_write(void *self, const char *collection, const sac_str *docs, size_t n,
                      sac_err *err)
{
    const sac__store_side *side = self;
    sac_write write = SAC_WRITE(.kind = SAC_WRITE_INSERT, .collection = collection, .docs = docs,
                                .n_docs = n);

    return sac_store_write(side->store, &write, err);
}

static int side_make_index(void *self, const char *collection, const sac_index *index, sac_err *err)
{
    const sac__store_side *side = self;

    return sac_store_make_index(side->store, collection, index, err);
}

static int side_end(void *self, const char *collection, sac_err *err)
{
    (void)self;
    (void)collection;
    (void)err;
    return SAC_OK;
}

static const sac__side_ops side_ops = {
    .collections = side_collections,
    .open = side_open,
    .pull = side_pull,
    .close = side_close,
    .indexes = side_indexes,
    .begin = side_begin,
    .write = side_write,
    .make_index = side_make_index,
    .end = side_end,
};

sac__side sac__store_side_init(sac__store_side *side, sac_store *store, const sac_alloc *alloc)
{
    *side = (sac__store_side){.store = store, .alloc = alloc};
    sac__buf_init(&side->last, alloc, SAC_BSON_MAX);
    return (sac__side){.ops = &side_ops, .self = side};
}

void sac__store_side_fini(sac__store_side *side)
{
    side_close(side);
    sac__buf_fini(&side->last);
}
