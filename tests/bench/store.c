/* SPDX-License-Identifier: MIT */

/*
 * Reads through the store interface beside bare LMDB on the same file, one
 * thread, round by round:
 *
 *   bench-store FOLDER DOCUMENTS ROUNDS
 *
 * prints per round a line a figure: operations a second of CPU.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <lmdb.h>

#include <sacrum/json.h>
#include <sacrum/store/lmdb.h>

#include "data.h"

enum {
    GETS = 200000,
    BATCH = 10000,
    PAGE = 25,
    PAGES_MAX = 10000,
    PAGES_SEEN = 200,
    KEY = 13,
    HEAD = 16
};

static volatile uint64_t sum; /* so that what is read is read */

static void die(const char *what)
{
    fprintf(stderr, "bench-store: %s\n", what);
    exit(1);
}

/* Of this thread: what others do on the machine counts less. */
static uint64_t cpu_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static uint64_t read_all(const void *p, size_t n)
{
    const char *at = p;
    uint64_t word, all = 0;

    for (; n >= sizeof word; n -= sizeof word, at += sizeof word) {
        memcpy(&word, at, sizeof word);
        all += word;
    }
    return all;
}

/* The same sequence in every loop: 64 bits, Marsaglia's xorshift. */
static uint64_t next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void print_rate(const char *name, uint64_t n, uint64_t begin)
{
    printf("%s %.0f\n", name, (double)n * 1e9 / (double)(cpu_ns() - begin));
    fflush(stdout);
}

static sac_str json(const char *text)
{
    const sac_json_options relaxed = SAC_JSON_OPTIONS(.dialect = SAC_JSON_RELAXED);
    sac_err err = {.code = 0};
    sac_str doc;

    if (sac_json_decode(sac_str_of(text), &relaxed, NULL, &doc, &err) != SAC_OK)
        die(err.text);
    return doc;
}

/* ---- bare LMDB ---- */

typedef struct bare {
    MDB_env *env;
    MDB_dbi docs;
} bare;

static void bare_open(bare *b, const char *path)
{
    MDB_txn *txn;

    if (mdb_env_create(&b->env) || mdb_env_set_mapsize(b->env, (size_t)1 << 40) ||
        mdb_env_set_maxdbs(b->env, 16) ||
        mdb_env_open(b->env, path, MDB_NOSUBDIR | MDB_NOTLS, 0600) ||
        mdb_txn_begin(b->env, NULL, MDB_RDONLY, &txn) || mdb_dbi_open(txn, "c:docs", 0, &b->docs) ||
        mdb_txn_commit(txn))
        die("bare LMDB");
}

static void bare_gets(const bare *b, uint64_t docs)
{
    uint64_t state = 1, i, begin;
    MDB_txn *txn;

    if (mdb_txn_begin(b->env, NULL, MDB_RDONLY, &txn))
        die("begin");
    mdb_txn_reset(txn);
    begin = cpu_ns();
    for (i = 0; i < GETS; i++) {
        char key[KEY] = {0x48};
        MDB_val k = {sizeof key, key}, v;
        sac_oid oid;

        bench_id(next(&state) % docs, &oid);
        memcpy(key + 1, oid.bytes, sizeof oid.bytes);
        if (mdb_txn_renew(txn) || mdb_get(txn, b->docs, &k, &v))
            die("get");
        sum += read_all(v.mv_data, v.mv_size);
        mdb_txn_reset(txn);
    }
    print_rate("bare-get", GETS, begin);
    mdb_txn_abort(txn);
}

/* Without a name only to warm the memory. */
static void bare_scan(const bare *b, const char *name, uint64_t docs)
{
    uint64_t n = 0, begin = cpu_ns();
    MDB_cursor *cursor = NULL;
    MDB_val k, v;
    MDB_txn *txn;

    if (mdb_txn_begin(b->env, NULL, MDB_RDONLY, &txn) || mdb_cursor_open(txn, b->docs, &cursor))
        die("begin");
    for (; mdb_cursor_get(cursor, &k, &v, MDB_NEXT) == 0; n++)
        sum += read_all(v.mv_data, v.mv_size);
    if (n != docs)
        die("scan");
    mdb_cursor_close(cursor);
    mdb_txn_abort(txn);
    if (name)
        print_rate(name, n, begin);
}

/* ---- the store ---- */

typedef struct taking {
    uint64_t n;
    uint64_t stop; /* after so many of a pull; 0: never */
    sac_sink sink;
} taking;

/* The checksum has read them all. */
static int take(void *self, const sac_view *view)
{
    taking *t = self;

    sum += view->doc.n;
    return ++t->n == t->stop;
}

static taking *taking_begin(taking *t, int (*doc)(void *self, const sac_view *view))
{
    *t = (taking){.sink = {.doc = doc, .self = t}};
    return t;
}

static void store_gets(sac_store *store, uint64_t docs)
{
    uint64_t state = 1, i, begin = cpu_ns();
    taking t;
    sac_err err;

    taking_begin(&t, take);
    for (i = 0; i < GETS; i++) {
        sac_oid oid;

        bench_id(next(&state) % docs, &oid);
        if (sac_store_get(store, "docs",
                          (sac_value){SAC_BSON_OBJECTID, sac_str_n((char *)oid.bytes, 12)}, &t.sink,
                          &err) != SAC_OK)
            die(err.text);
    }
    print_rate("get", GETS, begin);
}

static uint64_t find(sac_store *store, const sac_query *query)
{
    sac_cursor *cursor = NULL;
    sac_err err;
    taking t;

    taking_begin(&t, take);
    if (sac_store_find(store, query, NULL, &cursor, &err) != SAC_OK ||
        sac_cursor_pull(cursor, &t.sink, &err) < 0)
        die(err.text);
    sac_cursor_close(cursor);
    return t.n;
}

static void store_scan(sac_store *store, const char *name, const char *filter, uint64_t docs)
{
    const sac_str f = json(filter);
    const sac_query query = SAC_QUERY(.collection = "docs", .filter = f);
    uint64_t begin = cpu_ns();

    (void)find(store, &query);
    print_rate(name, docs, begin);
    free((void *)(uintptr_t)f.p);
}

static void store_count(sac_store *store, const char *name, const char *filter)
{
    const sac_str f = json(filter);
    const sac_query query = SAC_QUERY(.collection = "docs", .filter = f);
    uint64_t begin = cpu_ns();
    int64_t n = 0;

    if (sac_store_count(store, &query, &n, NULL) != SAC_OK)
        die("count");
    print_rate(name, (uint64_t)n, begin);
    free((void *)(uintptr_t)f.p);
}

/* Through an index, by a value that half of the documents have. */
static void store_hits(sac_store *store)
{
    const sac_str f = json("{\"completed\": true}");
    const sac_query query = SAC_QUERY(.collection = "docs", .filter = f);
    uint64_t begin = cpu_ns();

    print_rate("hit", find(store, &query), begin);
    free((void *)(uintptr_t)f.p);
}

/* Through an index, by values that one document or a few have: queries. */
static void store_equal(sac_store *store)
{
    sac_str f = json("{\"order\": 77777}");
    const sac_query query = SAC_QUERY(.collection = "docs", .filter = f);
    char *place = (char *)(uintptr_t)f.p + 4 + 1 + sizeof "order";
    uint64_t state = 1, i, begin = cpu_ns();

    for (i = 0; i < GETS / 4; i++) {
        const uint32_t order = (uint32_t)(next(&state) % 100000);

        for (int b = 0; b < 4; b++)
            place[b] = (char)(order >> 8 * b);
        (void)find(store, &query);
    }
    print_rate("equal", i, begin);
    free((void *)(uintptr_t)f.p);
}

static int keep_doc(void *self, const sac_view *view)
{
    sac_str *last = self;

    if (view->doc.n > 4096)
        die("a large document");
    memcpy((void *)(uintptr_t)last->p, view->doc.p, view->doc.n);
    last->n = view->doc.n;
    return 0;
}

static double page(sac_store *store, sac_query *query, sac_str *last)
{
    const sac_sink sink = {.doc = keep_doc, .self = last};
    uint64_t begin = cpu_ns();
    sac_cursor *cursor = NULL;
    sac_err err;
    double took;

    if (sac_store_find(store, query, NULL, &cursor, &err) != SAC_OK ||
        sac_cursor_pull(cursor, &sink, &err) < 0)
        die(err.text);
    sac_cursor_close(cursor);
    took = (double)(cpu_ns() - begin) / 1e3;
    query->after = sac_bson_get(*last, sac_str_of("_id"));
    return took;
}

/* Pages by the last document of each: the least µs that one took among the first and the last. */
static void store_pages(sac_store *store, const char *name, const char *sort, uint64_t docs)
{
    const int pages = docs / PAGE < PAGES_MAX ? (int)(docs / PAGE) : PAGES_MAX;
    static char bytes[4096];
    const sac_str s = json(sort);
    sac_query query = SAC_QUERY(.collection = "docs", .sort = s, .limit = PAGE);
    sac_str last = {bytes, 0};
    double first = 1e9, end = 1e9;
    sac_bson keys;

    sac_bson_init(&keys, NULL, 0);
    for (int i = 0; i < pages; i++) {
        const double took = page(store, &query, &last);

        if (i < PAGES_SEEN && took < first)
            first = took;
        if (i >= pages - PAGES_SEEN && took < end)
            end = took;
        sac_bson_fini(&keys);
        sac_bson_init(&keys, NULL, 0);
        if (sac_sort_keys(s, last, &keys, NULL) != SAC_OK ||
            sac_bson_finish(&keys, &query.after_keys) != SAC_OK)
            die("keys");
    }
    printf("%s-first %.2f\n%s-last %.2f\n", name, first, name, end);
    sac_bson_fini(&keys);
    free((void *)(uintptr_t)s.p);
}

/* ---- the data ---- */

static void insert_batch(sac_store *store, uint64_t from, size_t n)
{
    static sac_bson writers[BATCH];
    static sac_str docs[BATCH];
    sac_write write = SAC_WRITE(.kind = SAC_WRITE_INSERT, .collection = "docs", .docs = docs,
                                .n_docs = n);
    sac_err err;

    for (size_t i = 0; i < n; i++) {
        sac_bson_init(&writers[i], NULL, 0);
        bench_doc(from + i, &writers[i]);
        if (sac_bson_finish(&writers[i], &docs[i]) != SAC_OK)
            die("no memory");
    }
    if (sac_store_write(store, &write, &err) != SAC_OK)
        die(err.text);
    for (size_t i = 0; i < n; i++)
        sac_bson_fini(&writers[i]);
}

static sac_store *open_store(const char *path)
{
    sac_store_config config = SAC_STORE_CONFIG(.uri = NULL);
    sac_store *store = NULL;
    char uri[4200];
    sac_err err;

    snprintf(uri, sizeof uri, "lmdb:%s", path);
    config.uri = uri;
    if (sac_lmdb(&config, &store, &err) != SAC_OK)
        die(err.text);
    return store;
}

static void load(const char *path, uint64_t docs)
{
    static const sac_index indexes[] = {
        {.keys = "order"}, {.keys = "created"}, {.keys = "completed"}};
    sac_store *store = open_store(path);
    sac_err err;

    for (uint64_t i = 0; i < docs; i += BATCH)
        insert_batch(store, i, docs - i < BATCH ? (size_t)(docs - i) : BATCH);
    for (size_t i = 0; i < sizeof indexes / sizeof *indexes; i++)
        if (sac_store_make_index(store, "docs", &indexes[i], &err) != SAC_OK)
            die(err.text);
    sac_store_close(store);
}

static void run(const char *path, uint64_t docs)
{
    sac_store *store;
    bare b;

    bare_open(&b, path);
    bare_scan(&b, NULL, docs);
    bare_gets(&b, docs);
    bare_scan(&b, "bare-scan", docs);
    mdb_env_close(b.env);
    store = open_store(path);
    store_gets(store, docs);
    store_scan(store, "scan", "{}", docs);
    store_scan(store, "filter", "{\"views\": {\"$gte\": 0}, \"rating\": {\"$gt\": 1000}}", docs);
    store_scan(store, "filter-some", "{\"views\": {\"$gte\": 0}, \"rating\": {\"$gt\": 90}}", docs);
    store_equal(store);
    store_hits(store);
    store_count(store, "count", "{\"completed\": true}");
    store_pages(store, "page-id", "{\"_id\": 1}", docs);
    store_pages(store, "page-index", "{\"created\": -1}", docs);
    sac_store_close(store);
}

int main(int argc, char **argv)
{
    const uint64_t docs = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
    const long rounds = argc > 3 ? strtol(argv[3], NULL, 10) : 1;
    char path[4096];

    if (docs < 1000)
        return 2;
    snprintf(path, sizeof path, "%s/store", argv[1]);
    load(path, docs);
    for (long i = 0; i < rounds; i++)
        run(path, docs);
    return 0;
}
