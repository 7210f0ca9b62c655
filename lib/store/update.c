/* SPDX-License-Identifier: MIT */
#include "store/store.h"

#include "core/alloc.h"
#include "core/clock.h"

/* What an update made of documents: it lives until the write is done. */
typedef struct made {
    struct made *next;
    sac_str doc;
} made;

typedef struct updating {
    const sac_alloc *alloc;
    sac_update *update;
    int64_t now;
    made *made;
    bool one; /* there must be a document */
} updating;

static void free_made(updating *u)
{
    made *next;

    for (; u->made; u->made = next) {
        next = u->made->next;
        sac__alloc_free(u->alloc, (void *)(uintptr_t)u->made->doc.p, u->made->doc.n);
        sac__alloc_free(u->alloc, u->made, sizeof *u->made);
    }
}

static int decide_update(void *self, const sac_view *stored, sac_change *change, sac_err *err)
{
    updating *u = self;
    made *m;
    int rc;

    if (!stored)
        return u->one ? sac_err_set(err, SAC_ENOTFOUND, "no such document") : SAC_OK;
    if (u->one) /* or this is another try */
        free_made(u);
    m = sac__alloc(u->alloc, sizeof *m);
    if (!m)
        return sac_err_set(err, SAC_ENOMEM, "no memory for an update");
    rc = sac_update_apply(u->update, stored->doc, u->now, u->alloc, &m->doc, err);
    if (rc != SAC_OK) {
        sac__alloc_free(u->alloc, m, sizeof *m);
        return rc;
    }
    m->next = u->made;
    u->made = m;
    if (sac_str_eq(m->doc, stored->doc))
        return SAC_OK;
    change->kind = SAC_CHANGE_PUT;
    change->doc = m->doc;
    return SAC_OK;
}

static int run(sac_store *store, sac_write *write, sac_str update, sac_err *err)
{
    updating u = {
        .alloc = store->alloc, .now = sac__clock_ms(), .one = write->kind == SAC_WRITE_DECIDE};
    int rc = sac_update_new(update, NULL, u.alloc, &u.update, err);

    if (rc != SAC_OK)
        return rc;
    write->decide = decide_update;
    write->self = &u;
    rc = sac_store_write(store, write, err);
    free_made(&u);
    sac_update_free(u.update);
    return rc;
}

int sac_store_update(sac_store *store, const char *collection, sac_value id, sac_str update,
                     sac_err *err)
{
    sac_write write = SAC_WRITE(.kind = SAC_WRITE_DECIDE, .collection = collection, .id = id);

    return run(store, &write, update, err);
}

static void tell(const sac_write *write, sac_affected *affected)
{
    if (affected)
        *affected = (sac_affected){.matched = write->matched, .changed = write->changed};
}

int sac_store_update_many(sac_store *store, const sac_query *query, sac_str update,
                          sac_affected *affected, sac_err *err)
{
    sac_write write = SAC_WRITE(.kind = SAC_WRITE_EACH, .collection = query->collection,
                                .query = query);
    const int rc = run(store, &write, update, err);

    if (rc == SAC_OK)
        tell(&write, affected);
    return rc;
}

static int decide_remove(void *self, const sac_view *stored, sac_change *change, sac_err *err)
{
    (void)self;
    (void)err;
    if (stored)
        change->kind = SAC_CHANGE_REMOVE;
    return SAC_OK;
}

int sac_store_remove_many(sac_store *store, const sac_query *query, sac_affected *affected,
                          sac_err *err)
{
    sac_write write = SAC_WRITE(.kind = SAC_WRITE_EACH, .collection = query->collection,
                                .query = query, .decide = decide_remove);
    const int rc = sac_store_write(store, &write, err);

    if (rc == SAC_OK)
        tell(&write, affected);
    return rc;
}
