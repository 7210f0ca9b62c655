/* SPDX-License-Identifier: MIT */
#ifndef TESTS_THINGS_H
#define TESTS_THINGS_H

#include <stdlib.h>

#include <sacrum/impl/store.h>
#include <sacrum/json.h>

#include "support.h"

/*
 * A store of a few documents in memory, all in the collection "things". It
 * writes by id and by query, all or none; what is decided is looked at only
 * when all have been, as the contract of `decide` allows.
 */
enum { MEMORY_DOCS = 8 };

typedef struct memory_store {
    sac_str docs[MEMORY_DOCS]; /* p NULL: none */
    int refuse;                /* what submit answers with */
    int runs;                  /* how often a document is shown to decide; 0: once */
    sac_store *store;
} memory_store;

static inline void memory_free(sac_str *doc)
{
    free((void *)(uintptr_t)doc->p);
    *doc = sac_str_n(NULL, 0);
}

static inline sac_str memory_copy(sac_str doc)
{
    char *p = malloc(doc.n);

    memcpy(p, doc.p, doc.n);
    return sac_str_n(p, doc.n);
}

static inline bool memory_has(const memory_store *m, int i, const sac_query *query)
{
    sac_filter *filter = NULL;
    sac_value id;
    int rc = 1;

    if (!m->docs[i].p)
        return false;
    id = sac_bson_get(m->docs[i], sac_str_of("_id"));
    if ((query->from.type && sac_value_compare(&id, &query->from) < 0) ||
        (query->to.type && sac_value_compare(&id, &query->to) > 0))
        return false;
    if (query->filter.n > 0) {
        CHECK_INT(sac_filter_new(query->filter, NULL, NULL, &filter, NULL), SAC_OK);
        rc = sac_filter_match(filter, m->docs[i], NULL);
        sac_filter_free(filter);
    }
    return rc == 1;
}

typedef struct memory_cursor {
    const memory_store *of;
    const sac_query *query;
    int at;
} memory_cursor;

static inline int memory_pull(void *self, const sac_sink *sink, sac_err *err)
{
    memory_cursor *c = self;
    const sac_snapshot snapshot = {.revision = 1, .count = -1};
    int rc = sink->begin ? sink->begin(sink->self, &snapshot) : 0;

    (void)err;
    for (; rc == 0 && c->at < MEMORY_DOCS; c->at++) {
        const sac_view view = {.doc = c->of->docs[c->at], .revision = 1};

        if (memory_has(c->of, c->at, c->query))
            rc = sink->doc(sink->self, &view);
    }
    return rc;
}

static inline int memory_find(void *self, const sac_query *query, const sac_alloc *alloc,
                              const sac_cursor_ops **ops, void **out, sac_err *err)
{
    static const sac_cursor_ops cursor_ops = SAC_CURSOR_OPS(.pull = memory_pull, .close = free);
    memory_cursor *c = calloc(1, sizeof *c);

    (void)alloc;
    (void)err;
    *c = (memory_cursor){.of = self, .query = query};
    *ops = &cursor_ops;
    *out = c;
    return SAC_OK;
}

/* Shows a document, as often as it is to be, and keeps what is decided. */
static inline int memory_show(const memory_store *m, sac_write *write, int i, sac_change *change)
{
    const sac_view view = {.doc = i < 0 ? sac_str_n(NULL, 0) : m->docs[i], .revision = 1};
    int rc = SAC_OK;

    for (int run = 0; rc == SAC_OK && (run == 0 || run < m->runs); run++) {
        *change = (sac_change){.kind = SAC_CHANGE_KEEP};
        rc = write->decide(write->self, i < 0 ? NULL : &view, change, &write->err);
    }
    return rc;
}

static inline void memory_apply(memory_store *m, sac_write *write, int i, const sac_change *change)
{
    sac_value id;
    sac_str doc;

    if (change->kind == SAC_CHANGE_KEEP)
        return;
    write->changed++;
    doc = change->kind == SAC_CHANGE_PUT ? memory_copy(change->doc) : sac_str_n(NULL, 0);
    if (doc.p)
        CHECK_INT(sac_store_accept(doc, &id, NULL), SAC_OK);
    memory_free(&m->docs[i]);
    m->docs[i] = doc;
}

static inline int memory_write(memory_store *m, sac_write *write)
{
    const sac_query one = SAC_QUERY(.from = write->id, .to = write->id);
    const sac_query *query = write->kind == SAC_WRITE_EACH ? write->query : &one;
    sac_change changes[MEMORY_DOCS] = {{.kind = SAC_CHANGE_KEEP}};
    int rc = SAC_OK;

    for (int i = 0; i < MEMORY_DOCS && rc == SAC_OK; i++) {
        if (memory_has(m, i, query)) {
            write->matched++;
            rc = memory_show(m, write, i, &changes[i]);
        }
    }
    if (rc == SAC_OK && write->kind == SAC_WRITE_DECIDE && write->matched == 0)
        rc = memory_show(m, write, -1, &changes[0]);
    for (int i = 0; i < MEMORY_DOCS && rc == SAC_OK; i++)
        memory_apply(m, write, i, &changes[i]);
    return rc;
}

static inline int memory_submit(void *self, sac_write *write, sac_err *err)
{
    memory_store *m = self;

    if (m->refuse)
        return sac_err_set(err, m->refuse, "refused");
    assert_string_equal(write->collection, "things");
    write->result = memory_write(m, write);
    write->revision = 2;
    write->done(write->self, write);
    return SAC_OK;
}

static inline void memory_close(void *self)
{
    memory_store *m = self;

    for (int i = 0; i < MEMORY_DOCS; i++)
        memory_free(&m->docs[i]);
}

/* Opens it with documents in Extended JSON; NULL ends them. Memory of `m` until it is closed. */
static inline int memory_open(memory_store *m, const sac_alloc *alloc, const char *const *docs,
                              sac_store **out, sac_err *err)
{
    static const sac_store_ops ops = SAC_STORE_OPS(.name = "memory", .find = memory_find,
                                                   .submit = memory_submit, .close = memory_close);

    *m = (memory_store){.refuse = 0};
    for (int i = 0; docs[i]; i++)
        CHECK_INT(sac_json_decode(sac_str_of(docs[i]), NULL, NULL, &m->docs[i], NULL), SAC_OK);
    return sac_store_new(alloc, &ops, m, out, err);
}

/* Whether document i is this, or with NULL gone. */
static inline bool memory_is(const memory_store *m, int i, const char *json)
{
    sac_str doc;
    bool same;

    if (!json)
        return m->docs[i].p == NULL;
    CHECK_INT(sac_json_decode(sac_str_of(json), NULL, NULL, &doc, NULL), SAC_OK);
    same = sac_str_eq(doc, m->docs[i]);
    memory_free(&doc);
    return same;
}

#endif
