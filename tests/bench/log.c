/* SPDX-License-Identifier: MIT */

/*
 * What a log in front of LMDB would give, at its best:
 *
 *   bench-log FOLDER SECONDS
 *
 * prints a line a figure, documents per second with N of them a commit:
 * log-N, appends to a preallocated file, one fdatasync a commit; both-N, the
 * same and an LMDB transaction that is not synced (a log that is never
 * truncated, so a bound from above); lmdb-N, a durable LMDB transaction.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lmdb.h>

#include <sacrum/bson.h>

#include "data.h"

enum { LOG_SIZE = 64 << 20, MAX_COMMIT = 32 };

typedef struct place {
    int fd;
    off_t at;
    MDB_env *env;
    MDB_dbi docs;
    uint64_t next;
} place;

static void die(const char *what)
{
    fprintf(stderr, "bench-log: %s\n", what);
    exit(1);
}

/* Written once whole, so that appends change no metadata of the file system. */
static int open_log(const char *folder)
{
    static const char block[1 << 16];
    char path[4096];
    int fd;

    snprintf(path, sizeof path, "%s/log", folder);
    fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (fd < 0)
        die("open");
    for (off_t at = 0; at < LOG_SIZE; at += (off_t)sizeof block)
        if (pwrite(fd, block, sizeof block, at) != sizeof block)
            die("pwrite");
    if (fsync(fd) != 0)
        die("fsync");
    return fd;
}

static void open_lmdb(place *in, const char *folder, unsigned flags)
{
    char path[4096];
    MDB_txn *txn;

    snprintf(path, sizeof path, "%s/%s", folder, flags ? "unsynced" : "synced");
    if (mdb_env_create(&in->env) || mdb_env_set_mapsize(in->env, (size_t)1 << 36) ||
        mdb_env_set_maxdbs(in->env, 4) ||
        mdb_env_open(in->env, path, MDB_NOSUBDIR | MDB_NOTLS | flags, 0600) ||
        mdb_txn_begin(in->env, NULL, 0, &txn) || mdb_dbi_open(txn, "docs", MDB_CREATE, &in->docs) ||
        mdb_txn_commit(txn))
        die("lmdb");
}

static void append(place *in, const sac_str *docs, int n)
{
    static char block[MAX_COMMIT * 1024];
    size_t size = 0;

    for (int i = 0; i < n; i++) {
        memcpy(block + size, docs[i].p, docs[i].n);
        size += docs[i].n;
    }
    if (in->at + (off_t)size > LOG_SIZE)
        in->at = 0;
    if (pwrite(in->fd, block, size, in->at) != (ssize_t)size || fdatasync(in->fd) != 0)
        die("append");
    in->at += (off_t)size;
}

static void put(place *in, const sac_str *docs, int n)
{
    MDB_txn *txn;

    if (mdb_txn_begin(in->env, NULL, 0, &txn))
        die("lmdb");
    for (int i = 0; i < n; i++) {
        MDB_val key = {12, (void *)(docs[i].p + 4 + 1 + 4)}; /* the ObjectId behind "_id" */
        MDB_val value = {docs[i].n, (void *)docs[i].p};

        if (mdb_put(txn, in->docs, &key, &value, 0))
            die("lmdb");
    }
    if (mdb_txn_commit(txn))
        die("lmdb");
}

static double run(place *in, int n, uint64_t span)
{
    const uint64_t begin = bench_now_ns();
    uint64_t done = 0;
    sac_bson writers[MAX_COMMIT];
    sac_str docs[MAX_COMMIT];

    for (; bench_now_ns() < begin + span; done += (uint64_t)n) {
        for (int i = 0; i < n; i++) {
            sac_bson_init(&writers[i], NULL, 0);
            bench_doc(in->next++, &writers[i]);
            if (sac_bson_finish(&writers[i], &docs[i]) != SAC_OK || docs[i].n > 1024)
                die("document");
        }
        if (in->fd >= 0)
            append(in, docs, n);
        if (in->env)
            put(in, docs, n);
        for (int i = 0; i < n; i++)
            sac_bson_fini(&writers[i]);
    }
    return (double)done * 1e9 / (double)(bench_now_ns() - begin);
}

int main(int argc, char **argv)
{
    const char *folder = argc > 1 ? argv[1] : ".";
    const uint64_t span = argc > 2 ? strtoull(argv[2], NULL, 10) * 1000000000 : 0;
    place log = {.fd = open_log(folder)}, both = {.fd = log.fd}, lmdb = {.fd = -1};

    open_lmdb(&both, folder, MDB_NOSYNC);
    open_lmdb(&lmdb, folder, 0);
    for (int n = 1; n <= MAX_COMMIT; n *= 32) {
        printf("log-%d %.0f\n", n, run(&log, n, span));
        printf("both-%d %.0f\n", n, run(&both, n, span));
        printf("lmdb-%d %.0f\n", n, run(&lmdb, n, span));
    }
    mdb_env_close(both.env);
    mdb_env_close(lmdb.env);
    close(log.fd);
    return 0;
}
