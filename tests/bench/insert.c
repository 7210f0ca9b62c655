/* SPDX-License-Identifier: MIT */

/*
 * Durable inserts per second, interleaved in rounds on one disk:
 *
 *   bench-insert FOLDER SECONDS
 *
 * prints a line a figure: fdatasync (overwrites of 4 KiB), bare-1 (an LMDB
 * commit of the same two puts), sacrum-1 and sacrum-64 (clients).
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

static uint64_t deadline;
static atomic_ullong counter;

static void die(const char *what)
{
    fprintf(stderr, "bench-insert: %s\n", what);
    exit(1);
}

static double per_second(uint64_t n, uint64_t begin)
{
    return (double)n * 1e9 / (double)(bench_now_ns() - begin);
}

static double run_fdatasync(const char *folder)
{
    uint64_t begin = bench_now_ns(), n = 0;
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

/* The puts of one insert: the document behind 16 bytes, and the catalog's record. */
static void bare_insert(MDB_env *env, MDB_dbi docs, MDB_dbi catalog)
{
    char value[4096] = {0}, record[64] = {0}, key[13] = {7};
    sac_bson writer;
    sac_str doc = make_doc(&writer);
    MDB_val k = {sizeof key, key}, v = {doc.n + 16, value};
    MDB_val ck = {4, (void *)"docs"}, cv = {sizeof record, record};
    MDB_txn *txn;

    memcpy(key + 1, doc.p + 4 + 1 + 4, 12); /* the ObjectId behind "_id" */
    memcpy(value + 16, doc.p, doc.n);
    if (mdb_txn_begin(env, NULL, 0, &txn) || mdb_put(txn, docs, &k, &v, MDB_NOOVERWRITE) ||
        mdb_put(txn, catalog, &ck, &cv, 0) || mdb_txn_commit(txn))
        die("lmdb");
    sac_bson_fini(&writer);
}

static double run_bare(const char *folder)
{
    uint64_t begin, n = 0;
    char path[4096];
    MDB_dbi docs, catalog;
    MDB_env *env;
    MDB_txn *txn;

    snprintf(path, sizeof path, "%s/bare", folder);
    if (mdb_env_create(&env) || mdb_env_set_mapsize(env, (size_t)1 << 36) ||
        mdb_env_set_maxdbs(env, 4) || mdb_env_open(env, path, MDB_NOSUBDIR | MDB_NOTLS, 0600) ||
        mdb_txn_begin(env, NULL, 0, &txn) || mdb_dbi_open(txn, "docs", MDB_CREATE, &docs) ||
        mdb_dbi_open(txn, "catalog", MDB_CREATE, &catalog) || mdb_txn_commit(txn))
        die("lmdb");
    for (begin = bench_now_ns(); bench_now_ns() < deadline; n++)
        bare_insert(env, docs, catalog);
    mdb_env_close(env);
    return per_second(n, begin);
}

typedef struct client {
    pthread_t thread;
    sac_store *store;
    uint64_t n;
} client;

static void *insert_until(void *self)
{
    client *c = self;
    sac_err err;

    for (; bench_now_ns() < deadline; c->n++) {
        sac_bson writer;

        if (sac_store_insert(c->store, "docs", make_doc(&writer), &err) != SAC_OK)
            die(err.text);
        sac_bson_fini(&writer);
    }
    return NULL;
}

static double run_sacrum(const char *folder, int clients)
{
    client *all = calloc((size_t)clients, sizeof *all);
    sac_store_config config = SAC_STORE_CONFIG(.uri = NULL);
    sac_store *store = NULL;
    uint64_t begin, n = 0;
    char uri[4200];
    sac_err err;

    snprintf(uri, sizeof uri, "lmdb:%s/sacrum", folder);
    config.uri = uri;
    if (!all || sac_lmdb(&config, &store, &err) != SAC_OK)
        die(all ? err.text : "no memory");
    begin = bench_now_ns();
    for (int i = 0; i < clients; i++) {
        all[i].store = store;
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
    uint64_t span = argc > 2 ? strtoull(argv[2], NULL, 10) * 1000000000 : 0;
    const char *folder = argc > 1 ? argv[1] : ".";

    deadline = bench_now_ns() + span;
    printf("fdatasync %.0f\n", run_fdatasync(folder));
    deadline = bench_now_ns() + span;
    printf("bare-1 %.0f\n", run_bare(folder));
    deadline = bench_now_ns() + span;
    printf("sacrum-1 %.0f\n", run_sacrum(folder, 1));
    deadline = bench_now_ns() + span;
    printf("sacrum-64 %.0f\n", run_sacrum(folder, 64));
    return 0;
}
