/* SPDX-License-Identifier: MIT */

/*
 * Durable inserts per second, interleaved in rounds on one disk:
 *
 *   bench-insert FOLDER SECONDS
 *
 * prints a line a figure: fdatasync (overwrites of 4 KiB), bare-1 (an LMDB
 * commit of the same two puts), bare-32 (32 of them a commit), sacrum-1, -32
 * and -64 (clients); of replacing documents bare-update-32 and update-32.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lmdb.h>

#include <sacrum/store/lmdb.h>

#include "data.h"

static uint64_t span_ns;
static uint64_t deadline;
static atomic_ullong counter;

static void die(const char *what)
{
    fprintf(stderr, "bench-insert: %s\n", what);
    exit(1);
}

static uint64_t begin_span(void)
{
    const uint64_t now = bench_now_ns();

    deadline = now + span_ns;
    return now;
}

static double per_second(uint64_t n, uint64_t begin)
{
    return (double)n * 1e9 / (double)(bench_now_ns() - begin);
}

static double run_fdatasync(const char *folder)
{
    uint64_t begin = begin_span(), n = 0;
    char path[4096], block[4096] = {0};
    int fd;

    snprintf(path, sizeof path, "%s/sync", folder);
    fd = open(path, O_RDWR | O_CREAT, 0600);
    if (fd < 0)
        die("open");
    for (; bench_now_ns() < deadline; n++) {
        memcpy(block, &n, sizeof n);
        if (pwrite(fd, block, sizeof block, 0) != sizeof block || fdatasync(fd) != 0)
            die("fdatasync");
    }
    close(fd);
    return per_second(n, begin);
}

static sac_str make_doc(sac_bson *writer)
{
    sac_str doc;

    sac_bson_init(writer, NULL, 0);
    bench_doc(atomic_fetch_add(&counter, 1), writer);
    if (sac_bson_finish(writer, &doc) != SAC_OK)
        die("no memory");
    return doc;
}

enum { BATCH = 1000, KEPT = 20 * BATCH }; /* documents that are replaced again and again */

/* Another document under the id of one of the first. */
static sac_str make_update(sac_bson *writer)
{
    const uint64_t i = atomic_fetch_add(&counter, 1);
    sac_str doc;
    sac_oid oid;

    sac_bson_init(writer, NULL, 0);
    bench_doc(i, writer);
    if (sac_bson_finish(writer, &doc) != SAC_OK)
        die("no memory");
    bench_id(i * 7919 % KEPT, &oid);
    memcpy(writer->p + 4 + 1 + 4, oid.bytes, sizeof oid.bytes);
    return doc;
}

/* The document behind 16 bytes; of an update after a look at the one before. */
static int bare_put(MDB_txn *txn, MDB_dbi docs, bool update)
{
    char value[4096] = {0}, key[13] = {7};
    sac_bson writer;
    sac_str doc = update ? make_update(&writer) : make_doc(&writer);
    MDB_val k = {sizeof key, key}, v = {doc.n + 16, value}, before;
    int rc = 0;

    memcpy(key + 1, doc.p + 4 + 1 + 4, 12); /* the ObjectId behind "_id" */
    memcpy(value + 16, doc.p, doc.n);
    if (update)
        rc = mdb_get(txn, docs, &k, &before);
    if (rc == 0 || rc == MDB_NOTFOUND)
        rc = mdb_put(txn, docs, &k, &v, update ? 0 : MDB_NOOVERWRITE);
    sac_bson_fini(&writer);
    return rc;
}

/* One commit: the documents, and the catalog's record. */
static void bare_commit(MDB_env *env, const MDB_dbi dbis[2], int docs, bool update)
{
    char record[64] = {0};
    MDB_val k = {4, (void *)"docs"}, v = {sizeof record, record};
    MDB_txn *txn;

    if (mdb_txn_begin(env, NULL, 0, &txn))
        die("lmdb");
    for (int i = 0; i < docs; i++)
        if (bare_put(txn, dbis[0], update))
            die("lmdb");
    if (mdb_put(txn, dbis[1], &k, &v, 0) || mdb_txn_commit(txn))
        die("lmdb");
}

static double run_bare(const char *folder, int docs_a_commit, bool update)
{
    uint64_t begin, n = 0;
    char path[4096];
    MDB_dbi dbis[2];
    MDB_env *env;
    MDB_txn *txn;

    snprintf(path, sizeof path, "%s/bare-%d-%d", folder, docs_a_commit, update);
    if (mdb_env_create(&env) || mdb_env_set_mapsize(env, (size_t)1 << 36) ||
        mdb_env_set_maxdbs(env, 4) || mdb_env_open(env, path, MDB_NOSUBDIR | MDB_NOTLS, 0600) ||
        mdb_txn_begin(env, NULL, 0, &txn) || mdb_dbi_open(txn, "docs", MDB_CREATE, &dbis[0]) ||
        mdb_dbi_open(txn, "catalog", MDB_CREATE, &dbis[1]) || mdb_txn_commit(txn))
        die("lmdb");
    if (update) {
        atomic_store(&counter, 0);
        bare_commit(env, dbis, KEPT, false);
    }
    for (begin = begin_span(); bench_now_ns() < deadline; n += (uint64_t)docs_a_commit)
        bare_commit(env, dbis, docs_a_commit, update);
    mdb_env_close(env);
    return per_second(n, begin);
}

typedef struct client {
    pthread_t thread;
    sac_store *store;
    uint64_t n;
    bool update;
} client;

static void *insert_until(void *self)
{
    client *c = self;
    sac_err err;

    for (; bench_now_ns() < deadline; c->n++) {
        sac_bson writer;

        int rc = c->update ? sac_store_replace(c->store, "docs", make_update(&writer), &err)
                           : sac_store_insert(c->store, "docs", make_doc(&writer), &err);

        if (rc != SAC_OK)
            die(err.text);
        sac_bson_fini(&writer);
    }
    return NULL;
}

static void insert_kept(sac_store *store)
{
    sac_err err;

    atomic_store(&counter, 0);
    for (int i = 0; i < KEPT; i += BATCH) {
        static sac_bson writers[BATCH];
        static sac_str docs[BATCH];
        sac_write write = SAC_WRITE(.kind = SAC_WRITE_INSERT, .collection = "docs", .docs = docs,
                                    .n_docs = BATCH);

        for (int k = 0; k < BATCH; k++)
            docs[k] = make_doc(&writers[k]);
        if (sac_store_write(store, &write, &err) != SAC_OK)
            die(err.text);
        for (int k = 0; k < BATCH; k++)
            sac_bson_fini(&writers[k]);
    }
}

static double run_sacrum(const char *folder, int clients, bool update)
{
    client *all = calloc((size_t)clients, sizeof *all);
    sac_store_config config = SAC_STORE_CONFIG(.uri = NULL);
    sac_store *store = NULL;
    uint64_t begin, n = 0;
    char uri[4200];
    sac_err err;

    snprintf(uri, sizeof uri, "lmdb:%s/sacrum-%d", folder, update);
    config.uri = uri;
    if (!all || sac_lmdb(&config, &store, &err) != SAC_OK)
        die(all ? err.text : "no memory");
    if (update)
        insert_kept(store);
    begin = begin_span();
    for (int i = 0; i < clients; i++) {
        all[i].store = store;
        all[i].update = update;
        pthread_create(&all[i].thread, NULL, insert_until, &all[i]);
    }
    for (int i = 0; i < clients; i++) {
        pthread_join(all[i].thread, NULL);
        n += all[i].n;
    }
    free(all);
    sac_store_close(store);
    return per_second(n, begin);
}

int main(int argc, char **argv)
{
    const char *folder = argc > 1 ? argv[1] : ".";

    span_ns = argc > 2 ? strtoull(argv[2], NULL, 10) * 1000000000 : 0;
    printf("fdatasync %.0f\n", run_fdatasync(folder));
    printf("bare-1 %.0f\n", run_bare(folder, 1, false));
    printf("bare-32 %.0f\n", run_bare(folder, 32, false));
    printf("sacrum-1 %.0f\n", run_sacrum(folder, 1, false));
    printf("sacrum-32 %.0f\n", run_sacrum(folder, 32, false));
    printf("sacrum-64 %.0f\n", run_sacrum(folder, 64, false));
    printf("bare-update-32 %.0f\n", run_bare(folder, 32, true));
    printf("update-32 %.0f\n", run_sacrum(folder, 32, true));
    return 0;
}
