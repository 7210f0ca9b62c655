/* SPDX-License-Identifier: MIT */
#include "shelf.h"

#include <sacrum/impl/store.h>
#include <sacrum/json.h>

#include "fuzz.h"

enum { DOCS = 5 };

static const struct {
    const char *collection, *json;
} shelf[DOCS] = {
    {"things", "{\"_id\":{\"$oid\":\"00112233445566778899aaaa\"},\"title\":\"one\",\"n\":1,"
               "\"place\":{\"city\":\"x\",\"street\":{\"name\":\"s\",\"code\":\"z\"}},"
               "\"tags\":[\"a\",\"b\"],\"pin\":\"secret\",\"gone\":[1,{\"a\":2}]}"},
    {"things", "{\"_id\":{\"$oid\":\"00112233445566778899aabb\"},\"title\":7,\"n\":\"?\","
               "\"x\":{\"$numberDouble\":\"NaN\"},\"place\":[{\"city\":1}],\"tags\":{},"
               "\"made\":{\"$date\":{\"$numberLong\":\"5\"}}}"},
    {"notes", "{\"_id\":\"a\",\"text\":\"x\",\"r\":{\"$regularExpression\":{\"pattern\":\"a\","
              "\"options\":\"i\"}},\"d\":{\"$numberDecimal\":\"1.10\"}}"},
    {"notes", "{\"_id\":\"b c\",\"_rev\":4,\"\":{\"a.b\":1,\"$set\":[{}]}}"},
    {"notes", "{\"_id\":{\"$numberDecimal\":\"1\"}}"},
};

typedef struct cursor {
    const sac_query *query;
    const sac_alloc *alloc;
    int at;
    int64_t passed;
} cursor;

static sac_str docs[DOCS];

static bool matches(const sac_query *query, int at)
{
    const sac_value id = sac_bson_get(docs[at], sac_str_of("_id"));
    const int way = query->descending ? -1 : 1;

    return strcmp(query->collection, shelf[at].collection) == 0 &&
           (!query->after.type || sac_value_compare(&id, &query->after) * way > 0) &&
           (!query->from.type || sac_value_compare(&id, &query->from) >= 0) &&
           (!query->to.type || sac_value_compare(&id, &query->to) <= 0);
}

static int pull(void *self, const sac_sink *sink, sac_err *err)
{
    cursor *c = self;
    sac_snapshot snapshot = {.revision = 9, .count = -1};
    int rc;

    (void)err;
    if (c->query->count && c->at == 0) {
        snapshot.count = 0;
        for (int i = 0; i < DOCS; i++)
            snapshot.count += matches(c->query, i);
    }
    rc = sink->begin ? sink->begin(sink->self, &snapshot) : 0;
    while (rc == 0 && c->at < DOCS) {
        const int i = c->query->descending ? DOCS - 1 - c->at : c->at;
        const sac_view view = {.doc = docs[i], .revision = 3};

        c->at++;
        if (!matches(c->query, i) || c->passed++ < c->query->skip)
            continue;
        if (c->query->limit && c->passed > c->query->skip + c->query->limit)
            break;
        rc = sink->doc(sink->self, &view);
    }
    return rc;
}

static void close_cursor(void *self)
{
    cursor *c = self;

    c->alloc->resize(c->alloc->self, c, sizeof *c, 0);
}

static const sac_cursor_ops cursor_ops = SAC_CURSOR_OPS(.pull = pull, .close = close_cursor);

static int find(void *self, const sac_query *query, const sac_alloc *alloc,
                const sac_cursor_ops **ops, void **out, sac_err *err)
{
    cursor *c;

    (void)self;
    if (!alloc)
        alloc = sac_alloc_default();
    c = alloc->resize(alloc->self, NULL, 0, sizeof *c);
    if (!c)
        return sac_err_set(err, SAC_ENOMEM, "shelf: no memory");
    *c = (cursor){.query = query, .alloc = alloc};
    *ops = &cursor_ops;
    *out = c;
    return SAC_OK;
}

/* The document of an id, or -1. */
static int place_of(const char *collection, sac_value id)
{
    const sac_query query = SAC_QUERY(.collection = collection, .from = id, .to = id);

    for (int i = 0; i < DOCS; i++)
        if (matches(&query, i))
            return i;
    return -1;
}

static int insert(sac_write *write)
{
    for (size_t i = 0; i < write->n_docs; i++) {
        HOLD(sac_bson_check(write->docs[i], NULL) == SAC_OK);
        write->failed = i;
        if (place_of(write->collection, sac_bson_get(write->docs[i], sac_str_of("_id"))) >= 0)
            return sac_err_set(&write->err, SAC_EEXIST, "shelf: there already");
    }
    write->changed = (int64_t)write->n_docs;
    return SAC_OK;
}

static int decide(sac_write *write)
{
    const int at = place_of(write->collection, write->id);
    const sac_view stored = {.doc = at < 0 ? (sac_str){NULL, 0} : docs[at], .revision = 3};
    sac_change change = {.kind = SAC_CHANGE_KEEP};
    sac_value id;
    int rc = write->decide(write->self, at < 0 ? NULL : &stored, &change, &write->err);

    if (rc == SAC_OK && change.kind == SAC_CHANGE_PUT) {
        rc = sac_store_accept(change.doc, &id, &write->err);
        HOLD(rc == SAC_OK && sac_value_compare(&id, &write->id) == 0);
    }
    write->changed = rc == SAC_OK && change.kind != SAC_CHANGE_KEEP;
    return rc;
}

static int submit(void *self, sac_write *write, sac_err *err)
{
    (void)self;
    (void)err;
    write->result = write->kind == SAC_WRITE_INSERT   ? insert(write)
                    : write->kind == SAC_WRITE_DECIDE ? decide(write)
                                                      : SAC_OK;
    write->revision = 10;
    write->done(write->self, write);
    return SAC_OK;
}

static void close_shelf(void *self)
{
    (void)self;
}

static const sac_store_ops ops = SAC_STORE_OPS(.name = "shelf", .find = find, .submit = submit,
                                               .close = close_shelf);

int fuzz_shelf(const sac_store_config *config, sac_store **out, sac_err *err)
{
    for (int i = 0; i < DOCS; i++)
        HOLD(docs[i].p ||
             sac_json_decode(sac_str_of(shelf[i].json), NULL, NULL, &docs[i], err) == SAC_OK);
    return sac_store_new(config->alloc, &ops, docs, out, err);
}
