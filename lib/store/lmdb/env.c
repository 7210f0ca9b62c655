/* SPDX-License-Identifier: MIT */
#include "store/lmdb/env.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bson/wire.h"
#include "core/alloc.h"
#include "core/random.h"
#include "store/lmdb/catalog.h"
#include "store/lmdb/writer.h"

#define LABEL_MAX 80
/* Places for indexes: each costs a transaction some 60 bytes to set up. */
#define SLOTS_A_COLLECTION 3
#define SLOTS_MORE 64
#define MAP_LEAST ((size_t)1 << 30)
/* LMDB's first two pages begin with 16 bytes and this; what follows is in one sector. */
#define MAGIC_AT 16
#define MAGIC 0xBEEFC0DE
#define HEAD 24

/* The open files of this process: the one global, as LMDB forbids to open one twice. */
static pthread_mutex_t open_lock = PTHREAD_MUTEX_INITIALIZER;
static sac__lmdb_env *open_files;

static int fail_limit(const sac__lmdb_env *env, int rc, sac_err *err)
{
    switch (rc) {
    case MDB_MAP_FULL:
        return sac_err_set(err, SAC_EFULL, "%s: full: its map of %zu MiB is used up (map=)",
                           env->label, env->map >> 20);
    case MDB_READERS_FULL:
        return sac_err_set(err, SAC_EUNAVAILABLE, "%s: %u readers at once (readers=)", env->label,
                           env->max_readers);
    case MDB_DBS_FULL:
        return sac_err_set(err, SAC_ELIMIT,
                           "%s: more than %u collections or %u indexes (collections=)", env->label,
                           env->max_collections, env->max_slots);
    case MDB_TXN_FULL:
        return sac_err_set(err, SAC_ETOOBIG, "%s: too much for one commit", env->label);
    default: /* MDB_MAP_RESIZED */
        return sac_err_set(err, SAC_EUNAVAILABLE,
                           "%s: another process has outgrown this one's map (map=)", env->label);
    }
}

int sac__lmdb_fail(const sac__lmdb_env *env, int rc, sac_err *err)
{
    switch (rc) {
    case MDB_MAP_FULL:
    case MDB_READERS_FULL:
    case MDB_DBS_FULL:
    case MDB_TXN_FULL:
    case MDB_MAP_RESIZED: return fail_limit(env, rc, err);
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return sac_err_set(err, SAC_EFULL, "%s: %s", env->label, strerror(rc));
    case ENOMEM: return sac_err_set(err, SAC_ENOMEM, "%s: no memory", env->label);
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_INCOMPATIBLE:
        return sac_err_set(err, SAC_ECORRUPT, "%s: %s", env->label, mdb_strerror(rc));
    case MDB_VERSION_MISMATCH:
        return sac_err_set(err, SAC_EVERSION, "%s: made by another version of LMDB", env->label);
    case MDB_PANIC:
        return sac_err_set(err, SAC_EIO, "%s: an earlier write failed half way: open it again",
                           env->label);
    default: return sac_err_set(err, SAC_EIO, "%s: %s", env->label, mdb_strerror(rc));
    }
}

static int fail_open(const char *label, const char *path, sac_err *err)
{
    const int e = errno;

    if ((e == EACCES || e == EPERM || e == EROFS) &&
        faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0)
        return sac_err_set(err, SAC_EIO, "%s: read-only", label);
    if (e == ENOENT || e == ENOTDIR)
        return sac_err_set(err, SAC_EIO, "%s: its folder does not exist", label);
    return sac_err_set(err, SAC_EIO, "%s: %s", label, strerror(e));
}

enum head { HEAD_NONE, HEAD_LMDB, HEAD_OTHER };

static enum head head_at(int fd, off_t at)
{
    static const char zeros[HEAD];
    char head[HEAD] = "";
    const ssize_t n = pread(fd, head, sizeof head, at);

    if (n >= 0 && memcmp(head, zeros, sizeof head) == 0)
        return HEAD_NONE;
    return n == HEAD && sac__wire_get32(head + MAGIC_AT) == MAGIC ? HEAD_LMDB : HEAD_OTHER;
}

/*
 * Whether the making of the file was cut off, by the loss of power or a full
 * disk: it has room for LMDB's two heads and nothing else, and lacks one.
 */
static bool is_unmade(int fd, off_t size)
{
    const off_t page = sysconf(_SC_PAGESIZE);
    const enum head first = head_at(fd, 0);
    const enum head second = head_at(fd, page);

    return size <= 2 * page && first != HEAD_OTHER && second != HEAD_OTHER &&
           (first == HEAD_NONE || second == HEAD_NONE);
}

/* LMDB's own check comes after it has made its lock file: this one makes nothing. */
static int check_head(const char *label, int fd, off_t size, sac_err *err)
{
    if (size == 0)
        return SAC_OK;
    if (is_unmade(fd, size))
        return ftruncate(fd, 0) == 0 ? SAC_OK
                                     : sac_err_set(err, SAC_EIO, "%s: %s", label, strerror(errno));
    if (head_at(fd, 0) != HEAD_LMDB)
        return sac_err_set(err, SAC_ECORRUPT, "%s: not a database", label);
    return SAC_OK;
}

static int check_file(const char *label, int fd, struct stat *st, sac_err *err)
{
    if (fstat(fd, st) != 0)
        return sac_err_set(err, SAC_EIO, "%s: %s", label, strerror(errno));
    if (!S_ISREG(st->st_mode))
        return sac_err_set(err, SAC_EIO, "%s: not a file", label);
    if (geteuid() != 0 && st->st_uid != geteuid())
        return sac_err_set(err, SAC_EIO, "%s: belongs to another user", label);
    return check_head(label, fd, st->st_size, err);
}

/* Others that open the file wait until it is given back: it may be half made. */
static void take_file(int fd)
{
    while (flock(fd, LOCK_EX) != 0 && errno == EINTR)
        ;
}

static void give_file(int fd)
{
    (void)flock(fd, LOCK_UN); /* a child of fork() may have the descriptor too */
    close(fd);
}

/* Make the file where there is none, see whether it may be ours, and which it is; take it. */
static int probe(const char *label, const char *path, int *out, struct stat *st, sac_err *err)
{
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
    int rc;

    if (fd < 0)
        return fail_open(label, path, err);
    take_file(fd);
    rc = check_file(label, fd, st, err);
    if (rc == SAC_OK)
        *out = fd;
    else
        give_file(fd);
    return rc;
}

static int try_map(sac__lmdb_env *env)
{
    int rc = mdb_env_create(&env->mdb);

    if (rc)
        return rc;
    rc = mdb_env_set_mapsize(env->mdb, env->map);
    if (rc == 0)
        rc = mdb_env_set_maxreaders(env->mdb, env->max_readers);
    if (rc == 0)
        rc = mdb_env_set_maxdbs(env->mdb, env->max_collections + env->max_slots + 1);
    if (rc == 0)
        rc = mdb_env_open(env->mdb, env->path, MDB_NOSUBDIR | MDB_NOTLS, 0600);
    if (rc == 0) /* of a new file: before there are more pages, see is_unmade() */
        rc = mdb_env_sync(env->mdb, 1);
    if (rc) {
        mdb_env_close(env->mdb);
        env->mdb = NULL;
    }
    return rc;
}

/* EINVAL: what valgrind says to a map that it has no room for. */
static bool no_room(int rc)
{
    return rc == ENOMEM || rc == EINVAL;
}

static int open_map(sac__lmdb_env *env, bool map_given, sac_err *err)
{
    int rc = try_map(env);
    int dead;

    while (no_room(rc) && !map_given && env->map > MAP_LEAST) {
        env->map /= 2;
        rc = try_map(env);
    }
    if (no_room(rc))
        return sac_err_set(err, SAC_ENOMEM, "%s: no address space for a map of %zu MiB (map=)",
                           env->label, env->map >> 20);
    if (rc)
        return sac__lmdb_fail(env, rc, err);
    rc = mdb_reader_check(env->mdb, &dead);
    return rc ? sac__lmdb_fail(env, rc, err) : SAC_OK;
}

static int readers_init(sac__lmdb_env *env, sac_err *err)
{
    env->readers = sac__alloc_zero(NULL, env->max_readers * sizeof *env->readers);
    return env->readers ? SAC_OK : sac__lmdb_fail(env, ENOMEM, err);
}

static void readers_fini(sac__lmdb_env *env)
{
    unsigned i;

    if (!env->readers)
        return;
    for (i = 0; i < env->max_readers; i++)
        mdb_txn_abort(env->readers[i].txn);
    sac__alloc_free(NULL, env->readers, env->max_readers * sizeof *env->readers);
}

/* The tag, new with each change, keeps a slow pop from taking a stack that came back. */
static uint64_t retagged(uint64_t head, uint32_t top)
{
    return ((head >> 32) + 1) << 32 | top;
}

static sac__lmdb_reader *pop(sac__lmdb_env *env)
{
    uint64_t head = atomic_load_explicit(&env->idle, memory_order_acquire);

    for (;;) {
        const uint32_t top = (uint32_t)head;
        sac__lmdb_reader *reader;
        unsigned below;

        if (top == 0)
            return NULL;
        reader = &env->readers[top - 1];
        below = atomic_load_explicit(&reader->below, memory_order_relaxed);
        if (atomic_compare_exchange_weak_explicit(&env->idle, &head, retagged(head, below),
                                                  memory_order_acquire, memory_order_acquire))
            return reader;
    }
}

static void push(sac__lmdb_env *env, sac__lmdb_reader *reader)
{
    const uint32_t index = (uint32_t)(reader - env->readers) + 1;
    uint64_t head = atomic_load_explicit(&env->idle, memory_order_relaxed);

    do
        atomic_store_explicit(&reader->below, (uint32_t)head, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&env->idle, &head, retagged(head, index),
                                                  memory_order_release, memory_order_relaxed));
}

static int begin_new(sac__lmdb_env *env, MDB_txn **txn)
{
    int rc = mdb_txn_begin(env->mdb, NULL, MDB_RDONLY, txn);
    int dead = 0;

    if (rc == MDB_READERS_FULL && mdb_reader_check(env->mdb, &dead) == 0 && dead > 0)
        rc = mdb_txn_begin(env->mdb, NULL, MDB_RDONLY, txn);
    return rc;
}

/* A place that was never used; NULL when all are. */
static sac__lmdb_reader *take_place(sac__lmdb_env *env)
{
    unsigned n = atomic_load(&env->n_readers);

    do {
        if (n >= env->max_readers)
            return NULL;
    } while (!atomic_compare_exchange_weak(&env->n_readers, &n, n + 1));
    return &env->readers[n];
}

int sac__lmdb_reader_begin(sac__lmdb_env *env, sac__lmdb_reader **out, sac_err *err)
{
    sac__lmdb_reader *reader = pop(env);
    int rc;

    if (!reader)
        reader = take_place(env);
    if (!reader)
        return sac__lmdb_fail(env, MDB_READERS_FULL, err);
    rc = reader->txn ? mdb_txn_renew(reader->txn) : begin_new(env, &reader->txn);
    if (rc) {
        push(env, reader);
        return sac__lmdb_fail(env, rc, err);
    }
    *out = reader;
    return SAC_OK;
}

void sac__lmdb_reader_end(sac__lmdb_env *env, sac__lmdb_reader *reader)
{
    mdb_txn_reset(reader->txn);
    push(env, reader);
}

int sac__lmdb_reader_commit(sac__lmdb_env *env, sac__lmdb_reader *reader)
{
    const int rc = mdb_txn_commit(reader->txn);

    reader->txn = NULL;
    push(env, reader);
    return rc;
}

static void env_free(sac__lmdb_env *env)
{
    sac__lmdb_writer_stop(env);
    readers_fini(env);
    sac__lmdb_catalog_close(env);
    if (env->mdb)
        mdb_env_close(env->mdb);
    pthread_cond_destroy(&env->drained);
    pthread_cond_destroy(&env->work);
    pthread_cond_destroy(&env->built);
    pthread_mutex_destroy(&env->lock);
    pthread_mutex_destroy(&env->dbi_lock);
    pthread_mutex_destroy(&env->sets_lock);
    sac__alloc_free(NULL, env->path, env->path_size);
    sac__alloc_free(NULL, env, sizeof *env);
}

/* Waits on it take their end by the clock that is never set. */
static void init_cond(pthread_cond_t *cond)
{
    pthread_condattr_t how;

    pthread_condattr_init(&how);
    pthread_condattr_setclock(&how, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &how);
    pthread_condattr_destroy(&how);
}

static sac__lmdb_env *env_alloc(const sac__lmdb_uri *uri, const struct stat *st)
{
    sac__lmdb_env *env = sac__alloc_zero(NULL, sizeof *env);

    if (!env)
        return NULL;
    env->path = sac__alloc(NULL, uri->path_size);
    if (!env->path) {
        sac__alloc_free(NULL, env, sizeof *env);
        return NULL;
    }
    memcpy(env->path, uri->path, uri->path_size);
    env->path_size = uri->path_size;
    env->label = uri->path_size > LABEL_MAX ? env->path + uri->path_size - LABEL_MAX : env->path;
    env->dev = st->st_dev;
    env->ino = st->st_ino;
    env->refs = 1;
    env->map = uri->map;
    env->max_readers = uri->readers;
    env->max_collections = uri->collections;
    env->ttl = uri->ttl;
    env->max_slots = SLOTS_A_COLLECTION * uri->collections + SLOTS_MORE;
    pthread_mutex_init(&env->lock, NULL);
    pthread_mutex_init(&env->dbi_lock, NULL);
    pthread_mutex_init(&env->sets_lock, NULL);
    init_cond(&env->work);
    init_cond(&env->built);
    pthread_cond_init(&env->drained, NULL);
    return env;
}

static int env_new(const sac__lmdb_uri *uri, const struct stat *st, sac__lmdb_env **out,
                   sac_err *err)
{
    sac__lmdb_env *env = env_alloc(uri, st);
    int rc;

    if (!env) {
        sac_err_set(err, SAC_ENOMEM, "lmdb: no memory");
        return SAC_ENOMEM;
    }
    rc = sac__random(&env->owner, sizeof env->owner);
    if (rc == SAC_OK)
        rc = open_map(env, uri->map_given, err);
    else
        (void)sac_err_set(err, rc, "%s: no random bytes", env->label);
    if (rc == SAC_OK)
        rc = sac__lmdb_catalog_open(env, err);
    if (rc == SAC_OK)
        rc = readers_init(env, err);
    if (rc == SAC_OK)
        rc = sac__lmdb_writer_start(env, err);
    if (rc != SAC_OK) {
        env_free(env);
        return rc;
    }
    *out = env;
    return SAC_OK;
}

static sac__lmdb_env *find_open(const struct stat *st)
{
    sac__lmdb_env *env = open_files;

    while (env && (env->dev != st->st_dev || env->ino != st->st_ino))
        env = env->next;
    return env;
}

static int open_probed(const sac__lmdb_uri *uri, const struct stat *st, sac__lmdb_env **out,
                       sac_err *err)
{
    sac__lmdb_env *env = find_open(st);
    int rc;

    if (env) {
        env->refs++;
    } else {
        rc = env_new(uri, st, &env, err);
        if (rc != SAC_OK)
            return rc;
        env->next = open_files;
        open_files = env;
    }
    *out = env;
    return SAC_OK;
}

static int open_locked(const sac__lmdb_uri *uri, sac__lmdb_env **out, sac_err *err)
{
    const char *label = uri->path_size > LABEL_MAX ? uri->path + uri->path_size - LABEL_MAX
                                                   : uri->path;
    struct stat st = {.st_size = 0};
    int fd = -1;
    int rc = probe(label, uri->path, &fd, &st, err);

    if (rc != SAC_OK)
        return rc;
    rc = open_probed(uri, &st, out, err);
    give_file(fd);
    return rc;
}

int sac__lmdb_env_open(const sac__lmdb_uri *uri, sac__lmdb_env **out, sac_err *err)
{
    int rc;

    pthread_mutex_lock(&open_lock);
    rc = open_locked(uri, out, err);
    pthread_mutex_unlock(&open_lock);
    return rc;
}

void sac__lmdb_env_close(sac__lmdb_env *env)
{
    sac__lmdb_env **at = &open_files;

    sac__lmdb_writer_drain(env);
    pthread_mutex_lock(&open_lock);
    if (--env->refs == 0) {
        while (*at != env)
            at = &(*at)->next;
        *at = env->next;
        env_free(env);
    }
    pthread_mutex_unlock(&open_lock);
}
