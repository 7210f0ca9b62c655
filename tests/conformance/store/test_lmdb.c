/* SPDX-License-Identifier: MIT */
/* What is LMDB's own: its URI, its file, several users of it, damage to it. */
#include "stores.h"

#include <fcntl.h>
#include <lmdb.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sacrum/store/lmdb.h>

static store_case the_case;
static seen got;

static int open_case(void **state)
{
    store_case_open(&the_case, store_kinds, NULL);
    memset(&got, 0, sizeof got);
    *state = &the_case;
    return 0;
}

static int close_case(void **state)
{
    store_case_close(*state);
    return 0;
}

static int open_uri(const char *uri, const sac_alloc *alloc, sac_store **out, sac_err *err)
{
    const sac_store_config config = SAC_STORE_CONFIG(.uri = uri, .alloc = alloc);

    return sac_lmdb(&config, out, err);
}

/* Opening must fail with a code and a text that holds `says`. */
static void check_refused(const char *uri, int code, const char *says)
{
    sac_store *store = NULL;
    sac_err err = {.code = 0};
    int rc = open_uri(uri, NULL, &store, &err);

    if (rc != code || !strstr(err.text, says))
        fail_msg("%s: %s \"%s\", want %s \"%s\"", uri, sac_err_name(rc), err.text,
                 sac_err_name(code), says);
    CHECK(store == NULL);
}

static void write_file(const char *path, const void *bytes, size_t n, mode_t mode)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

    CHECK(fd >= 0);
    CHECK_INT(write(fd, bytes, n), n);
    CHECK_INT(fchmod(fd, mode), 0);
    close(fd);
}

/* ---- opening ---- */

static void test_lmdb__refuses_bad_uris(void **state)
{
    (void)state;
    check_refused("mongodb://localhost", SAC_ENOTMINE, "");
    check_refused("lmdbx:a", SAC_ENOTMINE, "");
    check_refused("", SAC_ENOTMINE, "");
    check_refused(NULL, SAC_ENOTMINE, "");
    check_refused("lmdb:", SAC_EINVAL, "path");
    check_refused("lmdb:?map=1G", SAC_EINVAL, "path");
    check_refused("lmdb:/tmp/x%2", SAC_EINVAL, "%");
    check_refused("lmdb:/tmp/x%zz", SAC_EINVAL, "%");
    check_refused("lmdb:/tmp/x%00y", SAC_EINVAL, "%");
    check_refused("lmdb:/tmp/x?mop=1", SAC_EINVAL, "\"mop\"");
    check_refused("lmdb:/tmp/x?map", SAC_EINVAL, "\"map\"");
    check_refused("lmdb:/tmp/x?map=", SAC_EINVAL, "\"map\"");
    check_refused("lmdb:/tmp/x?map=12X", SAC_EINVAL, "\"map\"");
    check_refused("lmdb:/tmp/x?map=1GG", SAC_EINVAL, "\"map\"");
    check_refused("lmdb:/tmp/x?map=-1", SAC_EINVAL, "\"map\"");
    check_refused("lmdb:/tmp/x?map=1K", SAC_EINVAL, "\"map\"");
    check_refused("lmdb:/tmp/x?map=65T", SAC_EINVAL, "\"map\"");
    check_refused("lmdb:/tmp/x?map=18446744073709551617", SAC_EINVAL, "\"map\"");
    check_refused("lmdb:/tmp/x?readers=0", SAC_EINVAL, "\"readers\"");
    check_refused("lmdb:/tmp/x?readers=1K", SAC_EINVAL, "\"readers\"");
    check_refused("lmdb:/tmp/x?readers=65537", SAC_EINVAL, "\"readers\"");
    check_refused("lmdb:/tmp/x?map=1G&collections=4097", SAC_EINVAL, "\"collections\"");
    check_refused("lmdb:/tmp/x?ttl=86401", SAC_EINVAL, "\"ttl\"");
    check_refused("lmdb:/tmp/x?ttl=1m", SAC_EINVAL, "\"ttl\"");
    CHECK(access("/tmp/x", F_OK) != 0);
}

static void test_lmdb__decodes_the_path(void **state)
{
    store_case *test = *state;
    char uri[600];
    char path[300];
    sac_store *store = NULL;

    snprintf(uri, sizeof uri, "lmdb:%s/a%%20b%%3Fc%%25?map=1G&readers=8&collections=4",
             test->folder);
    snprintf(path, sizeof path, "%s/a b?c%%", test->folder);
    CHECK_INT(open_uri(uri, NULL, &store, NULL), SAC_OK);
    sac_store_close(store);
    CHECK_INT(access(path, F_OK), 0);
}

static void test_lmdb__makes_files_for_their_owner_alone(void **state)
{
    const store_case *test = *state;
    char lock[200];
    struct stat st;

    CHECK_INT(stat(test->path, &st), 0);
    CHECK_INT(st.st_mode & 0777, 0600);
    snprintf(lock, sizeof lock, "%s-lock", test->path);
    CHECK_INT(stat(lock, &st), 0);
    CHECK_INT(st.st_mode & 0777, 0600);
}

static void test_lmdb__refuses_files_that_are_not_its_own(void **state)
{
    const store_case *test = *state;
    static const char zeros[20000];
    char path[200];
    char lock[210];
    char uri[220];

    snprintf(path, sizeof path, "%s/foreign", test->folder);
    snprintf(lock, sizeof lock, "%s-lock", path);
    snprintf(uri, sizeof uri, "lmdb:%s", path);
    write_file(path, "hello", 5, 0600);
    check_refused(uri, SAC_ECORRUPT, "foreign");
    write_file(path, zeros, sizeof zeros, 0600);
    check_refused(uri, SAC_ECORRUPT, "foreign");
    CHECK(access(lock, F_OK) != 0); /* leaves no trace beside it */
    snprintf(uri, sizeof uri, "lmdb:%s", test->folder);
    check_refused(uri, SAC_EIO, test->folder);
    check_refused("lmdb:/dev/null", SAC_EIO, "/dev/null");
    check_refused("lmdb:/nonexistent/x.db", SAC_EIO, "folder");
}

static void make_foreign_lmdb(const char *path, const char *name)
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    MDB_val key = {1, (char[]){"k"}};
    MDB_val data = {1, (char[]){"v"}};

    CHECK_INT(mdb_env_create(&env), 0);
    CHECK_INT(mdb_env_set_maxdbs(env, 4), 0);
    CHECK_INT(mdb_env_open(env, path, MDB_NOSUBDIR, 0600), 0);
    CHECK_INT(mdb_txn_begin(env, NULL, 0, &txn), 0);
    CHECK_INT(mdb_dbi_open(txn, name, name ? MDB_CREATE : 0, &dbi), 0);
    CHECK_INT(mdb_put(txn, dbi, &key, &data, 0), 0);
    CHECK_INT(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

static void test_lmdb__refuses_another_programs_lmdb(void **state)
{
    const store_case *test = *state;
    static const char *const names[] = {NULL, "users", "sacrum"};
    char path[200];
    char uri[220];
    size_t i;

    for (i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/foreign%zu", test->folder, i);
        snprintf(uri, sizeof uri, "lmdb:%s", path);
        make_foreign_lmdb(path, names[i]);
        check_refused(uri, SAC_ECORRUPT, "foreign");
    }
}

static int open_as_nobody(child *self, void *arg)
{
    const store_case *test = arg;
    sac_store *store = NULL;
    sac_err err = {.code = 0};

    (void)self;
    if (setgid(65534) != 0 || setuid(65534) != 0)
        return 50;
    if (open_uri(test->uri, NULL, &store, &err) != SAC_EIO)
        return 1;
    return strstr(err.text, "read-only") ? 2 : strstr(err.text, "another user") ? 3 : 4;
}

static int end_as_nobody(store_case *test)
{
    child other;

    child_begin(&other, open_as_nobody, test);
    return child_end(&other);
}

static void test_lmdb__refuses_read_only_files_and_other_owners(void **state)
{
    store_case *test = *state;

    sac_store_close(test->store);
    test->store = NULL;
    if (geteuid() != 0)
        skip();
    CHECK_INT(chmod(test->folder, 0777), 0);
    CHECK_INT(chmod(test->path, 0666), 0);
    CHECK_INT(end_as_nobody(test), 3);
    CHECK_INT(chmod(test->path, 0644), 0);
    CHECK_INT(end_as_nobody(test), 2);
    CHECK_INT(chmod(test->path, 0600), 0);
    CHECK_INT(end_as_nobody(test), 4);
}

static void test_lmdb__a_newer_format_is_refused(void **state)
{
    store_case *test = *state;
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    MDB_val key = {1, (char[]){"m"}};
    MDB_val data;
    char head[56];

    sac_store_close(test->store);
    test->store = NULL;
    CHECK_INT(mdb_env_create(&env), 0);
    CHECK_INT(mdb_env_set_mapsize(env, 16 << 20), 0);
    CHECK_INT(mdb_env_set_maxdbs(env, 4), 0);
    CHECK_INT(mdb_env_open(env, test->path, MDB_NOSUBDIR, 0600), 0);
    CHECK_INT(mdb_txn_begin(env, NULL, 0, &txn), 0);
    CHECK_INT(mdb_dbi_open(txn, "sacrum", 0, &dbi), 0);
    CHECK_INT(mdb_get(txn, dbi, &key, &data), 0);
    CHECK_INT(data.mv_size, sizeof head);
    memcpy(head, data.mv_data, sizeof head);
    head[0] = 2;
    data.mv_data = head;
    CHECK_INT(mdb_put(txn, dbi, &key, &data, 0), 0);
    CHECK_INT(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
    check_refused(test->uri, SAC_EVERSION, "newer");
}

static int open_with_little_space(child *self, void *arg)
{
    const store_case *test = arg;
    struct rlimit limit;
    sac_store *store = NULL;
    sac_err err;
    char uri[600];
    unsigned long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");

    (void)self;
    if (!statm || fscanf(statm, "%lu", &pages) != 1)
        return 50;
    fclose(statm);
    limit.rlim_cur = limit.rlim_max = pages * 4096 + ((rlim_t)6 << 30);
    if (setrlimit(RLIMIT_AS, &limit) != 0)
        return 50;
    snprintf(uri, sizeof uri, "%s?map=64G", test->uri);
    if (open_uri(uri, NULL, &store, &err) != SAC_ENOMEM || !strstr(err.text, "map="))
        return 1;
    if (open_uri(test->uri, NULL, &store, &err) != SAC_OK)
        return 2;
    sac_store_close(store);
    return 0;
}

static void test_lmdb__takes_less_address_space_where_there_is_less(void **state)
{
    store_case *test = *state;
    child other;

    sac_store_close(test->store);
    test->store = NULL;
    child_begin(&other, open_with_little_space, test);
    CHECK_INT(child_end(&other), 0);
}

static void test_lmdb__open_survives_oom(void **state)
{
    store_case *test = *state;
    sac_store *store = NULL;
    fault_alloc fault;
    long n = 0;

    sac_store_close(test->store);
    test->store = NULL;
    while (open_uri(test->uri, fault_alloc_init(&fault, n), &store, NULL) != SAC_OK) {
        CHECK(store == NULL);
        CHECK_INT(fault.live, 0);
        CHECK(++n < 100);
    }
    CHECK(n > 0);
    sac_store_close(store);
    CHECK_INT(fault.live, 0);
}

static void test_lmdb__find_and_check_survive_oom(void **state)
{
    store_case *test = *state;
    const sac_query query = SAC_QUERY(.collection = "a");
    sac_cursor *cursor = NULL;
    sac_store *store = NULL;
    fault_alloc fault;
    fault_alloc fault_store;
    long n = 0;

    must_insert(test->store, "a", 1, 1);
    while (sac_store_find(test->store, &query, fault_alloc_init(&fault, n), &cursor, NULL)) {
        CHECK(cursor == NULL);
        CHECK_INT(fault.live, 0);
        CHECK(++n < 100);
    }
    CHECK_INT(n, 2);
    sac_cursor_close(cursor);
    CHECK_INT(fault.live, 0);

    fault_alloc_init(&fault_store, -1);
    CHECK_INT(open_uri(test->uri, &fault_store.alloc, &store, NULL), SAC_OK);
    n = 0;
    do
        fault_store.left = n++;
    while (sac_store_check(store, NULL) == SAC_ENOMEM && n < 100);
    CHECK_INT(n, 2);
    fault_store.left = -1;
    CHECK_INT(sac_store_check(store, NULL), SAC_OK);
    sac_store_close(store);
    CHECK_INT(fault_store.live, 0);
}

/* ---- several users of one file ---- */

static void test_lmdb__one_file_opened_twice_is_one(void **state)
{
    store_case *test = *state;
    sac_store *again = NULL;
    char path[300];
    int64_t v = 0;
    char uri[310];

    snprintf(path, sizeof path, "%s/link.db", test->folder);
    CHECK_INT(symlink(test->path, path), 0);
    snprintf(uri, sizeof uri, "lmdb:%s", path);
    CHECK_INT(open_uri(uri, NULL, &again, NULL), SAC_OK);
    must_insert(test->store, "a", 1, 5);
    CHECK_INT(get_v(again, "a", 1, &v), SAC_OK);
    CHECK_INT(v, 5);
    sac_store_close(test->store);
    test->store = NULL;
    must_insert(again, "b", 1, 6);
    CHECK_INT(get_v(again, "b", 1, &v), SAC_OK);
    sac_store_close(again);
    store_case_reopen(test);
    CHECK_INT(get_v(test->store, "b", 1, &v), SAC_OK);
}

typedef struct counted {
    sac_write write;
    sac_str doc;
    int *order;
    int at;
} counted;

static void count_done(void *self, sac_write *write)
{
    counted *one = self;

    (void)write;
    one->at = __atomic_add_fetch(one->order, 1, __ATOMIC_SEQ_CST);
}

static void test_lmdb__closing_one_of_two_answers_its_writes(void **state)
{
    store_case *test = *state;
    sac_store *again = NULL;
    counted many[50];
    int order = 0;
    int64_t v;
    int i;

    CHECK_INT(open_uri(test->uri, NULL, &again, NULL), SAC_OK);
    for (i = 0; i < 50; i++) {
        many[i].order = &order;
        many[i].doc = doc_int(i, i, 10);
        many[i].write = (sac_write)SAC_WRITE(.kind = SAC_WRITE_INSERT, .collection = "a",
                                             .docs = &many[i].doc, .n_docs = 1, .done = count_done,
                                             .self = &many[i]);
        CHECK_INT(sac_store_submit(again, &many[i].write, NULL), SAC_OK);
    }
    sac_store_close(again);
    CHECK_INT(order, 50);
    for (i = 0; i < 50; i++)
        free((char *)many[i].doc.p);
    CHECK_INT(get_v(test->store, "a", 49, &v), SAC_OK);
}

static int other_process(child *parent, void *arg)
{
    const store_case *test = arg;
    sac_store *store = NULL;
    sac_str doc = doc_int(1, 100, 0);
    int64_t v = 0;
    int rc = 1;

    if (open_uri(test->uri, NULL, &store, NULL) != SAC_OK)
        return 10;
    child_tell(parent, 'o');
    child_hear(parent); /* the parent has opened it too */
    if (sac_store_insert(store, "made", doc, NULL) != SAC_OK)
        return 11;
    child_tell(parent, 'i');
    child_hear(parent); /* the parent has made "mine", dropped "made" and made it again */
    if (get_v(store, "mine", 1, &v) == SAC_OK && v == 7 &&
        get_v(store, "made", 1, &v) == SAC_ENOTFOUND && get_v(store, "made", 2, &v) == SAC_OK)
        rc = sac_store_insert(store, "made", doc, NULL) == SAC_OK ? 0 : 2;
    if (rc == 0 && sac_store_drop(store, "mine", NULL) != SAC_OK)
        rc = 3;
    sac_store_close(store);
    free((char *)doc.p);
    return rc;
}

static void test_lmdb__sees_what_other_processes_make_and_drop(void **state)
{
    store_case *test = *state;
    child other;
    uint64_t revision;
    int64_t v = 0;

    sac_store_close(test->store);
    test->store = NULL;
    child_begin(&other, other_process, test);
    CHECK_INT(child_hear(&other), 'o');
    store_case_reopen(test);
    CHECK_INT(get_v(test->store, "made", 1, &v), SAC_ENOTFOUND);
    child_tell(&other, 'x');
    CHECK_INT(child_hear(&other), 'i');
    CHECK_INT(get_v(test->store, "made", 1, &v), SAC_OK);
    CHECK_INT(v, 100);
    revision = revision_of(test->store, "made");
    must_insert(test->store, "mine", 1, 7);
    CHECK(revision_of(test->store, "mine") > revision);
    CHECK_INT(sac_store_drop(test->store, "made", NULL), SAC_OK);
    must_insert(test->store, "made", 2, 2);
    revision = revision_of(test->store, "made");
    child_tell(&other, 'x');
    CHECK_INT(child_end(&other), 0);
    CHECK_INT(get_v(test->store, "made", 1, &v), SAC_OK);
    CHECK(revision_of(test->store, "made") > revision);
    CHECK_INT(get_v(test->store, "mine", 1, &v), SAC_ENOTFOUND);
    must_insert(test->store, "mine", 1, 8); /* a handle from before the drop */
    CHECK_INT(get_v(test->store, "mine", 1, &v), SAC_OK);
    CHECK_INT(v, 8);
    CHECK_INT(sac_store_check(test->store, NULL), SAC_OK);
}

#define MADE 60

static int make_many(child *parent, void *arg)
{
    const store_case *test = arg;
    const sac_str doc = doc_int(1, 7, 0);
    sac_store *store = NULL;
    char name[16];
    int i;

    if (open_uri(test->uri, NULL, &store, NULL) != SAC_OK)
        return 10;
    child_tell(parent, 'o');
    child_hear(parent);
    for (i = 0; i < MADE; i++) {
        snprintf(name, sizeof name, "theirs%d", i);
        if (sac_store_insert(store, name, doc, NULL) != SAC_OK)
            return 11;
    }
    sac_store_close(store);
    free((char *)doc.p);
    return 0;
}

/* Opens each of the other process's collections as soon as it is there. */
static void *read_theirs(void *arg)
{
    sac_store *store = arg;
    char name[16];
    int64_t v;
    int i;

    for (i = 0; i < MADE; i++) {
        snprintf(name, sizeof name, "theirs%d", i);
        while (get_v(store, name, 1, &v) != SAC_OK)
            sched_yield();
    }
    return NULL;
}

static void check_made(sac_store *store)
{
    const sac_query queries[2] = {SAC_QUERY(.collection = "mine0"),
                                  SAC_QUERY(.collection = "theirs0")};
    char name[16];
    int64_t v = 0;
    int i;

    for (i = 0; i < MADE; i++) {
        snprintf(name, sizeof name, "mine%d", i);
        CHECK_INT(get_v(store, name, 1, &v), SAC_OK);
        CHECK_INT(v, i);
        snprintf(name, sizeof name, "theirs%d", i);
        CHECK_INT(get_v(store, name, 1, &v), SAC_OK);
        CHECK_INT(v, 7);
    }
    for (i = 0; i < 2; i++) {
        CHECK_INT(sac_store_count(store, &queries[i], &v, NULL), SAC_OK);
        CHECK_INT(v, 1);
    }
}

static void test_lmdb__collections_made_at_once_are_not_mixed_up(void **state)
{
    store_case *test = *state;
    pthread_t reader;
    child other;
    char name[16];
    int i;

    sac_store_close(test->store);
    test->store = NULL;
    child_begin(&other, make_many, test);
    CHECK_INT(child_hear(&other), 'o');
    store_case_reopen(test);
    CHECK_INT(pthread_create(&reader, NULL, read_theirs, test->store), 0);
    child_tell(&other, 'g');
    for (i = 0; i < MADE; i++) {
        snprintf(name, sizeof name, "mine%d", i);
        must_insert(test->store, name, 1, i);
    }
    pthread_join(reader, NULL);
    CHECK_INT(child_end(&other), 0);
    check_made(test->store);
    store_case_reopen(test);
    check_made(test->store);
}

static void test_lmdb__says_when_there_are_too_many_collections(void **state)
{
    store_case *test = *state;
    const sac_str doc = doc_int(1, 1, 0);
    sac_err err = {.code = 0};
    int64_t v;

    sac_store_close(test->store);
    test->store = NULL;
    strcat(test->uri, "?collections=2");
    store_case_reopen(test);
    must_insert(test->store, "a", 1, 1);
    must_insert(test->store, "b", 1, 1);
    CHECK_INT(sac_store_insert(test->store, "c", doc, &err), SAC_ELIMIT);
    CHECK(strstr(err.text, "collections="));
    must_insert(test->store, "b", 2, 1);
    CHECK_INT(get_v(test->store, "c", 1, &v), SAC_ENOTFOUND);
    sac_store_close(test->store);
    test->store = NULL;
    check_refused(strcat(strtok(test->uri, "?"), "?collections=1"), SAC_ELIMIT, "collections=");
    free((char *)doc.p);
}

/* Reads inside a sink: each level holds a reader. */
typedef struct nested {
    sac_store *store;
    int depth;
    int deepest;
    int rc;
} nested;

static int get_again(void *self, const sac_view *view)
{
    nested *deep = self;
    const sac_sink sink = {.doc = get_again, .self = deep};
    char raw[4];
    int rc;

    (void)view;
    if (++deep->depth > deep->deepest)
        deep->deepest = deep->depth;
    if (deep->depth < 10) {
        rc = sac_store_get(deep->store, "a", value_int(raw, 1), &sink, NULL);
        if (rc != SAC_OK)
            deep->rc = rc;
    }
    deep->depth--;
    return 0;
}

static void test_lmdb__says_when_too_many_read_at_once(void **state)
{
    store_case *test = *state;
    nested deep = {.depth = 0};
    const sac_sink sink = {.doc = get_again, .self = &deep};
    char raw[4];
    int64_t v;
    int i;

    sac_store_close(test->store);
    test->store = NULL;
    strcat(test->uri, "?readers=4");
    store_case_reopen(test);
    deep.store = test->store;
    must_insert(test->store, "a", 1, 1);
    for (i = 0; i < 3; i++) {
        CHECK_INT(sac_store_get(test->store, "a", value_int(raw, 1), &sink, NULL), SAC_OK);
        CHECK_INT(deep.rc, SAC_EUNAVAILABLE);
        CHECK_INT(deep.deepest, 4);
    }
    CHECK_INT(get_v(test->store, "a", 1, &v), SAC_OK);
}

static int die_reading(void *self, const sac_view *view)
{
    (void)view;
    child_tell(self, 'r');
    pause();
    return 0;
}

static int reader_process(child *parent, void *arg)
{
    const store_case *test = arg;
    const sac_sink sink = {.doc = die_reading, .self = parent};
    sac_store *store = NULL;
    char raw[4];

    if (open_uri(test->uri, NULL, &store, NULL) != SAC_OK)
        return 10;
    return sac_store_get(store, "a", value_int(raw, 1), &sink, NULL);
}

static void test_lmdb__a_killed_reader_gives_its_place_back(void **state)
{
    store_case *test = *state;
    char lock[200];
    child other;
    int64_t v;

    sac_store_close(test->store);
    test->store = NULL;
    snprintf(lock, sizeof lock, "%s-lock", test->path);
    CHECK_INT(unlink(lock), 0); /* a table of readers never shrinks */
    strcat(test->uri, "?readers=1");
    store_case_reopen(test);
    must_insert(test->store, "a", 1, 1);
    sac_store_close(test->store);
    test->store = NULL;
    child_begin(&other, reader_process, test);
    CHECK_INT(child_hear(&other), 'r');
    store_case_reopen(test);
    CHECK_INT(get_v(test->store, "a", 1, &v), SAC_EUNAVAILABLE);
    CHECK_INT(kill(other.pid, SIGKILL), 0);
    CHECK_INT(child_end(&other), -SIGKILL);
    CHECK_INT(get_v(test->store, "a", 1, &v), SAC_OK);
}

/* ---- damage and fullness ---- */

/* Where in the file the bytes stand, or -1. */
static long find_in_file(const char *path, const char *bytes, size_t n)
{
    const sac_str file = read_file(path);
    const char *at = memmem(file.p, file.n, bytes, n);
    const long offset = at ? (long)(at - file.p) : -1;

    free((char *)file.p);
    return offset;
}

static void flip(const char *path, long offset)
{
    const int fd = open(path, O_RDWR);
    char c;

    CHECK(fd >= 0);
    CHECK_INT(pread(fd, &c, 1, offset), 1);
    c ^= 1;
    CHECK_INT(pwrite(fd, &c, 1, offset), 1);
    close(fd);
}

static int keep(void *self, const sac_view *stored, sac_change *change, sac_err *err)
{
    (void)stored;
    (void)err;
    ++*(int *)self;
    change->kind = SAC_CHANGE_REMOVE;
    return 0;
}

static void check_damaged(store_case *test)
{
    const sac_query query = SAC_QUERY(.collection = "a");
    sac_err err = {.code = 0};
    char raw[4];
    int calls = 0;
    sac_write write = SAC_WRITE(.kind = SAC_WRITE_DECIDE, .collection = "a",
                                .id = value_int(raw, 2), .decide = keep, .self = &calls);
    int64_t v;

    CHECK_INT(get_v(test->store, "a", 2, &v), SAC_ECORRUPT);
    CHECK_INT(seen_all(test->store, &query, &got), SAC_ECORRUPT);
    CHECK_INT(got.n, 1);
    CHECK_INT(sac_store_write(test->store, &write, NULL), SAC_ECORRUPT);
    CHECK_INT(calls, 0);
    CHECK_INT(sac_store_check(test->store, &err), SAC_ECORRUPT);
    if (!strstr(err.text, "a: document 2 "))
        fail_msg("%s", err.text);
    CHECK_INT(get_v(test->store, "a", 1, &v), SAC_OK);
    CHECK_INT(get_v(test->store, "a", 3, &v), SAC_OK);
}

static void test_lmdb__a_flipped_byte_is_an_error_and_no_crash(void **state)
{
    store_case *test = *state;
    static const size_t pads[] = {20, 9000}; /* within the leaf, on pages of its own */
    long at;
    size_t i;

    for (i = 0; i < 2; i++) {
        sac_str doc = doc_int(2, 0x1122334455667788, pads[i]);

        must_insert(test->store, "a", 1, 1);
        CHECK_INT(sac_store_insert(test->store, "a", doc, NULL), SAC_OK);
        must_insert(test->store, "a", 3, 3);
        sac_store_close(test->store);
        test->store = NULL;
        at = find_in_file(test->path, doc.p + 14, doc.n - 14);
        CHECK(at > 0);
        flip(test->path, at + 5);
        store_case_reopen(test);
        check_damaged(test);
        free((char *)doc.p);
        CHECK_INT(sac_store_drop(test->store, "a", NULL), SAC_OK);
    }
}

static void test_lmdb__a_flipped_revision_is_an_error_too(void **state)
{
    store_case *test = *state;
    sac_str doc = doc_int(2, 0x1122334455667788, 20);
    int64_t v;
    long at;

    CHECK_INT(sac_store_insert(test->store, "a", doc, NULL), SAC_OK);
    sac_store_close(test->store);
    test->store = NULL;
    at = find_in_file(test->path, doc.p, doc.n);
    CHECK(at > 16);
    flip(test->path, at - 7);
    store_case_reopen(test);
    CHECK_INT(get_v(test->store, "a", 2, &v), SAC_ECORRUPT);
    free((char *)doc.p);
}

static void test_lmdb__check_finds_a_document_in_the_wrong_place(void **state)
{
    store_case *test = *state;
    static const char key[] = {0x20, (char)0xc0, 0x5e}; /* rank of numbers, high bytes of 123.0 */
    int64_t v;
    long at;

    must_insert(test->store, "a", 123, 1);
    CHECK_INT(sac_store_check(test->store, NULL), SAC_OK);
    sac_store_close(test->store);
    test->store = NULL;
    at = find_in_file(test->path, key, sizeof key);
    CHECK(at > 0);
    flip(test->path, at + 3);
    store_case_reopen(test);
    CHECK_INT(get_v(test->store, "a", 123, &v), SAC_ENOTFOUND);
    CHECK_INT(sac_store_check(test->store, NULL), SAC_ECORRUPT);
}

static int fill(sac_store *store, int from, int n, size_t pad, sac_err *err)
{
    int i;
    int rc = SAC_OK;

    for (i = from; rc == SAC_OK && i < from + n; i++) {
        const sac_str doc = doc_int(i, i, pad);

        rc = sac_store_insert(store, "a", doc, err);
        free((char *)doc.p);
    }
    return rc == SAC_OK ? 0 : i - 1;
}

static void test_lmdb__a_full_map_is_an_error_and_room_helps(void **state)
{
    store_case *test = *state;
    sac_err err = {.code = 0};
    int64_t count = 0;
    const sac_query query = SAC_QUERY(.collection = "a");
    int64_t v;
    int failed;
    int i;

    sac_store_close(test->store);
    test->store = NULL;
    strcat(test->uri, "?map=1M");
    store_case_reopen(test);
    failed = fill(test->store, 1, 2000, 1500, &err);
    CHECK(failed > 100);
    CHECK_INT(err.code, SAC_EFULL);
    CHECK(strstr(err.text, "map="));
    CHECK_INT(sac_store_count(test->store, &query, &count, NULL), SAC_OK);
    CHECK_INT(count, failed - 1);
    CHECK_INT(get_v(test->store, "a", failed - 1, &v), SAC_OK);
    CHECK_INT(get_v(test->store, "a", failed, &v), SAC_ENOTFOUND);
    for (i = 1; i <= 50; i++)
        CHECK_INT(remove_int(test->store, "a", i), SAC_OK);
    CHECK_INT(fill(test->store, 5000, 20, 1500, &err), 0);
    CHECK_INT(sac_store_check(test->store, NULL), SAC_OK);
}

static void test_lmdb__one_write_too_large_for_the_map_fails_alone(void **state)
{
    store_case *test = *state;
    counted many[40];
    int order = 0;
    int i;

    sac_store_close(test->store);
    test->store = NULL;
    strcat(test->uri, "?map=1M");
    store_case_reopen(test);
    for (i = 0; i < 40; i++) {
        many[i].order = &order;
        many[i].doc = doc_int(i, i, i == 20 ? 3 << 20 : 10);
        many[i].write = (sac_write)SAC_WRITE(.kind = SAC_WRITE_INSERT, .collection = "a",
                                             .docs = &many[i].doc, .n_docs = 1, .done = count_done,
                                             .self = &many[i]);
        CHECK_INT(sac_store_submit(test->store, &many[i].write, NULL), SAC_OK);
    }
    store_case_reopen(test); /* closing answers them all */
    for (i = 0; i < 40; i++) {
        int64_t v;

        CHECK_INT(many[i].write.result, i == 20 ? SAC_EFULL : SAC_OK);
        CHECK_INT(many[i].at, i + 1);
        CHECK_INT(get_v(test->store, "a", i, &v), i == 20 ? SAC_ENOTFOUND : SAC_OK);
        free((char *)many[i].doc.p);
    }
}

static int fill_the_disk(child *parent, void *arg)
{
    const store_case *test = arg;
    struct rlimit limit = {.rlim_cur = 600 << 10, .rlim_max = RLIM_INFINITY};
    sac_store *store = NULL;
    sac_err err = {.code = 0};
    int64_t v;
    int failed;

    (void)parent;
    signal(SIGXFSZ, SIG_IGN);
    if (open_uri(test->uri, NULL, &store, NULL) != SAC_OK || setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return 50;
    failed = fill(store, 1, 2000, 1500, &err);
    if (failed < 50 || err.code != SAC_EFULL || !strstr(err.text, "test.db"))
        return 1;
    if (get_v(store, "a", failed - 1, &v) != SAC_OK || get_v(store, "a", failed, &v) == SAC_OK)
        return 2;
    if (sac_store_check(store, NULL) != SAC_OK)
        return 3;
    limit.rlim_cur = RLIM_INFINITY;
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0 || fill(store, failed, 100, 1500, &err) != 0)
        return 4;
    sac_store_close(store);
    return failed > 255 ? 255 : 0;
}

static void test_lmdb__a_full_disk_is_an_error_and_space_helps(void **state)
{
    store_case *test = *state;
    child other;

    sac_store_close(test->store);
    test->store = NULL;
    child_begin(&other, fill_the_disk, test);
    CHECK_INT(child_end(&other), 0);
    store_case_reopen(test);
    CHECK_INT(sac_store_check(test->store, NULL), SAC_OK);
}

static void test_lmdb__stalled_cursors_hold_no_pages(void **state)
{
    store_case *test = *state;
    const sac_query query = SAC_QUERY(.collection = "a");
    sac_cursor *cursors[200];
    struct stat before;
    struct stat after;
    int i;
    int round;

    for (i = 0; i < 100; i++)
        must_insert_pad(test->store, "a", i, i, 1000);
    for (i = 0; i < 200; i++) {
        const sac_sink sink = seen_sink(&got);

        CHECK_INT(sac_store_find(test->store, &query, NULL, &cursors[i], NULL), SAC_OK);
        got.n = 0;
        got.until = 1 + (size_t)i % 50;
        CHECK_INT(sac_cursor_pull(cursors[i], &sink, NULL), 1);
    }
    for (round = 0; round < 4; round++) {
        for (i = 0; i < 100; i++)
            CHECK_INT(replace_int(test->store, "a", i, round), SAC_OK);
        if (round == 0)
            CHECK_INT(stat(test->path, &before), 0);
    }
    CHECK_INT(stat(test->path, &after), 0);
    CHECK(after.st_size <= before.st_size + (64 << 10));
    for (i = 0; i < 200; i++) {
        const sac_sink sink = seen_sink(&got);

        got.n = 0;
        got.until = 999;
        CHECK_INT(sac_cursor_pull(cursors[i], &sink, NULL), 0);
        CHECK_INT(got.n, 99 - i % 50);
        sac_cursor_close(cursors[i]);
    }
}

#define LMDB_TEST(name) cmocka_unit_test_setup_teardown(name, open_case, close_case)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        LMDB_TEST(test_lmdb__refuses_bad_uris),
        LMDB_TEST(test_lmdb__decodes_the_path),
        LMDB_TEST(test_lmdb__makes_files_for_their_owner_alone),
        LMDB_TEST(test_lmdb__refuses_files_that_are_not_its_own),
        LMDB_TEST(test_lmdb__refuses_another_programs_lmdb),
        LMDB_TEST(test_lmdb__refuses_read_only_files_and_other_owners),
        LMDB_TEST(test_lmdb__a_newer_format_is_refused),
        LMDB_TEST(test_lmdb__takes_less_address_space_where_there_is_less),
        LMDB_TEST(test_lmdb__open_survives_oom),
        LMDB_TEST(test_lmdb__find_and_check_survive_oom),
        LMDB_TEST(test_lmdb__one_file_opened_twice_is_one),
        LMDB_TEST(test_lmdb__closing_one_of_two_answers_its_writes),
        LMDB_TEST(test_lmdb__sees_what_other_processes_make_and_drop),
        LMDB_TEST(test_lmdb__collections_made_at_once_are_not_mixed_up),
        LMDB_TEST(test_lmdb__says_when_there_are_too_many_collections),
        LMDB_TEST(test_lmdb__says_when_too_many_read_at_once),
        LMDB_TEST(test_lmdb__a_killed_reader_gives_its_place_back),
        LMDB_TEST(test_lmdb__a_flipped_byte_is_an_error_and_no_crash),
        LMDB_TEST(test_lmdb__a_flipped_revision_is_an_error_too),
        LMDB_TEST(test_lmdb__check_finds_a_document_in_the_wrong_place),
        LMDB_TEST(test_lmdb__a_full_map_is_an_error_and_room_helps),
        LMDB_TEST(test_lmdb__one_write_too_large_for_the_map_fails_alone),
        LMDB_TEST(test_lmdb__a_full_disk_is_an_error_and_space_helps),
        LMDB_TEST(test_lmdb__stalled_cursors_hold_no_pages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
