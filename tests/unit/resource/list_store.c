/* SPDX-License-Identifier: MIT */
#include "list_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sacrum/impl/store.h>
#include <sacrum/json.h>

#include "support/support.h"

list_store the_list_store;

typedef struct cursor {
    list_store *store;
    const sac_query *query;
    const sac_alloc *alloc;
    int order[LIST_DOCS]; /* of documents that match */
    int n, at;
} cursor;

/* A document's place: the values that it sorts by, then its id. */
typedef struct place {
    sac_bson keys;
    sac_str raw; /* empty: by id alone */
    sac_value id;
} place;

static void make_place(const sac_query *query, sac_str doc, place *out)
{
    *out = (place){.id = sac_bson_get(doc, sac_str_of("_id"))};
    sac_bson_init(&out->keys, NULL, 0);
    if (query->sort.n == 0)
        return;
    CHECK_INT(sac_sort_keys(query->sort, doc, &out->keys, NULL), 0);
    CHECK_INT(sac_bson_finish(&out->keys, &out->raw), 0);
}

static int compare_keys(const sac_query *query, const place *a, const place *b, bool *descending)
{
    sac_bson_iter way, x, y;

    CHECK_INT(sac_bson_iter_init(&way, query->sort), 0);
    CHECK_INT(sac_bson_iter_init(&x, a->raw), 0);
    CHECK_INT(sac_bson_iter_init(&y, b->raw), 0);
    while (sac_bson_iter_next(&way) == 1) {
        int64_t sign = 0;
        int rc;

        CHECK(sac_value_int(&way.value, &sign) && (sign == 1 || sign == -1));
        *descending = sign < 0;
        if (sac_str_is(way.key, "_id"))
            break;
        CHECK(sac_bson_iter_next(&x) == 1 && sac_bson_iter_next(&y) == 1);
        rc = sac_value_compare(&x.value, &y.value);
        if (rc != 0)
            return *descending ? -rc : rc;
    }
    return 0;
}

static int compare(const sac_query *query, const place *a, const place *b)
{
    bool descending = query->descending;
    int rc = query->sort.n > 0 ? compare_keys(query, a, b, &descending) : 0;

    if (rc == 0)
        rc = sac_value_compare(&a->id, &b->id) * (descending ? -1 : 1);
    return rc;
}

static bool is_behind(const sac_query *query, const place *at)
{
    const place after = {.raw = query->after_keys, .id = query->after};

    return !query->after.type || compare(query, at, &after) > 0;
}

static bool is_in(const sac_query *query, const sac_filter *filter, sac_str doc)
{
    const sac_value id = sac_bson_get(doc, sac_str_of("_id"));
    sac_err err;

    if ((query->from.type && sac_value_compare(&id, &query->from) < 0) ||
        (query->to.type && sac_value_compare(&id, &query->to) > 0))
        return false;
    return !filter || sac_filter_match(filter, doc, &err) == 1;
}

/* Puts a document where it belongs among those before it. */
static void insert(cursor *c, int doc, const place *at)
{
    int i = c->n++;

    for (; i > 0; i--) {
        place other;
        int rc;

        make_place(c->query, c->store->docs[c->order[i - 1]], &other);
        rc = compare(c->query, &other, at);
        sac_bson_fini(&other.keys);
        if (rc < 0)
            break;
        c->order[i] = c->order[i - 1];
    }
    c->order[i] = doc;
}

static int add_text(void *self, const char *p, size_t n)
{
    char *text = self;
    const size_t used = strlen(text);

    CHECK(used + n < LIST_TEXT);
    memcpy(text + used, p, n);
    text[used + n] = '\0';
    return 0;
}

static void note(char out[LIST_TEXT], sac_str doc)
{
    static const sac_json_options options = SAC_JSON_OPTIONS(.dialect = SAC_JSON_RELAXED);
    sac_err err;

    out[0] = '\0';
    if (doc.n > 0)
        CHECK_INT(sac_json_encode(doc, &options, add_text, out, &err), 0);
}

static int read_all(cursor *c, sac_err *err)
{
    const sac_query *query = c->query;
    sac_filter *filter = NULL;
    int rc = SAC_OK;

    if (query->filter.n > 0)
        rc = sac_filter_new(query->filter, NULL, c->alloc, &filter, err);
    for (int i = 0; i < c->store->n_docs && rc == SAC_OK; i++) {
        place at;

        if (!is_in(query, filter, c->store->docs[i]))
            continue;
        make_place(query, c->store->docs[i], &at);
        if (is_behind(query, &at))
            insert(c, i, &at);
        sac_bson_fini(&at.keys);
    }
    sac_filter_free(filter);
    return rc;
}

static int pull(void *self, const sac_sink *sink, sac_err *err)
{
    cursor *c = self;
    const sac_query *query = c->query;
    const sac_snapshot snapshot = {.revision = c->store->revision,
                                   .count = query->count && c->at == 0 ? c->n : -1};
    int rc = sink->begin ? sink->begin(sink->self, &snapshot) : 0;

    if (rc == 0 && c->store->pull_fails)
        return sac_err_set(err, c->store->pull_fails, "%s", c->store->why);
    if (rc == 0 && c->at == 0)
        c->at = query->skip < c->n ? (int)query->skip : c->n;
    while (rc == 0 && c->at < c->n && (query->limit == 0 || c->at < query->skip + query->limit)) {
        const sac_str doc = c->store->docs[c->order[c->at++]];
        const sac_view view = {.doc = doc, .revision = c->store->revision};

        c->store->given++;
        rc = sink->doc(sink->self, &view);
    }
    return rc;
}

static void close_cursor(void *self)
{
    cursor *c = self;

    c->store->open--;
    c->alloc->resize(c->alloc->self, c, sizeof *c, 0);
}

static const sac_cursor_ops cursor_ops = SAC_CURSOR_OPS(.pull = pull, .close = close_cursor);

static int find(void *self, const sac_query *query, const sac_alloc *alloc,
                const sac_cursor_ops **ops, void **out, sac_err *err)
{
    list_store *store = self;
    cursor *c;
    int rc;

    if (!alloc)
        alloc = sac_alloc_default();
    store->finds++;
    store->query = *query;
    note(store->filter, query->filter);
    note(store->sort, query->sort);
    if (store->find_fails)
        return sac_err_set(err, store->find_fails, "%s", store->why);
    c = alloc->resize(alloc->self, NULL, 0, sizeof *c);
    if (!c)
        return sac_err_set(err, SAC_ENOMEM, "no memory");
    *c = (cursor){.store = store, .query = query, .alloc = alloc};
    rc = read_all(c, err);
    if (rc != SAC_OK) {
        alloc->resize(alloc->self, c, sizeof *c, 0);
        return rc;
    }
    store->open++;
    *ops = &cursor_ops;
    *out = c;
    return SAC_OK;
}

static int submit(void *self, sac_write *write, sac_err *err)
{
    (void)self;
    (void)write;
    return sac_err_set(err, SAC_ENOSYS, "read only");
}

static int make_index(void *self, const char *collection, const sac_index *index, sac_err *err)
{
    list_store *store = self;

    (void)collection;
    (void)index;
    store->indexes++;
    return store->index_fails ? sac_err_set(err, store->index_fails, "%s", store->why) : SAC_OK;
}

static void close_store(void *self)
{
    list_store *store = self;

    CHECK_INT(store->open, 0);
    for (int i = 0; i < store->n_docs; i++)
        free((void *)(uintptr_t)store->docs[i].p);
    store->n_docs = 0;
}

static const sac_store_ops ops = SAC_STORE_OPS(.name = "memory", .find = find, .submit = submit,
                                               .make_index = make_index, .close = close_store);

int list_store_open(const sac_store_config *config, sac_store **out, sac_err *err)
{
    list_store *store = &the_list_store;
    char numbered[1024];

    store->n_docs = 0;
    while (store->json ? store->json[store->n_docs] != NULL : store->n_docs < store->n) {
        const char *json = numbered;

        CHECK(store->n_docs < LIST_DOCS);
        snprintf(numbered, sizeof numbered, "{\"_id\":\"%04d\",\"n\":%d,\"title\":\"t%0*d\"}",
                 store->n_docs, store->n_docs, store->long_titles, 0);
        if (store->json)
            json = store->json[store->n_docs];
        if (sac_json_decode(sac_str_of(json), NULL, NULL, &store->docs[store->n_docs], err) != 0)
            fail_msg("%s: %s", json, err->text);
        store->n_docs++;
    }
    return sac_store_new(config->alloc, &ops, store, out, err);
}
