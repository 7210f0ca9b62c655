/* SPDX-License-Identifier: MIT */
#include "stores.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sacrum/store/lmdb.h>

#if HAVE_MONGO
#include <sacrum/store/mongo.h>

#include "store/mongo/driver.h"
#endif

const store_kind store_kinds[] = {
    {.name = "lmdb",
     .open = sac_lmdb,
     .uri = "lmdb:%s",
     .revisions = true,
     .fresh = true,
     .ordered = true,
     .transactions = true,
     .whole = true,
     .max_doc = SAC_BSON_MAX},
#if HAVE_MONGO
    {.name = "mongodb",
     .open = sac_mongo,
     .env = "SACRUM_TEST_MONGODB_URI",
     .whole = true,
     .max_doc = SAC_BSON_MAX - 14},
    {.name = "mongo-java-server",
     .open = sac_mongo,
     .env = "SACRUM_TEST_MONGODB_JAVA",
     .whole = true,
     .max_doc = SAC_BSON_MAX - 14},
    {.name = "ferretdb",
     .open = sac_mongo,
     .env = "SACRUM_TEST_MONGODB_FERRETDB",
     .max_doc = SAC_BSON_MAX - 14},
#endif
    {.name = NULL},
};

static const store_kind *missing;

static void test_server__is_there(void **state)
{
    (void)state;
    print_message("%s names no server\n", missing->env);
    skip();
}

/* One store a run, as TAP has one plan: SACRUM_TEST_STORE names it, else LMDB. */
int stores_run(const store_kind **kind, const struct CMUnitTest *tests, size_t n)
{
    static const struct CMUnitTest none[] = {cmocka_unit_test(test_server__is_there)};
    const char *wanted = getenv("SACRUM_TEST_STORE");

    *kind = store_kinds;
    while (wanted && (*kind)->name && strcmp((*kind)->name, wanted) != 0)
        ++*kind;
    assert_non_null((*kind)->name);
    missing = (*kind)->env && !getenv((*kind)->env) ? *kind : NULL;
    return _cmocka_run_group_tests((*kind)->name, missing ? none : tests, missing ? 1 : n, NULL,
                                   NULL);
}

void store_case_reopen(store_case *test)
{
    const sac_store_config config = SAC_STORE_CONFIG(.uri = test->uri);
    sac_err err = {.code = 0};

    sac_store_close(test->store);
    test->store = NULL;
    if (test->kind->open(&config, &test->store, &err) != SAC_OK)
        fail_msg("%s: %s", test->uri, err.text);
}

/* A server's URI with a database of the case's own in it. */
static void name_database(store_case *test, const char *parameters)
{
    static unsigned number;
    const char *base = getenv(test->kind->env);
    const char *authority = strstr(base, "://");
    size_t n;

    assert_non_null(authority);
    n = (size_t)(authority + 3 - base) + strcspn(authority + 3, "/?");
    snprintf(test->path, sizeof test->path, "sacrum_test_%ld_%u", (long)getpid(), number++);
    snprintf(test->uri, sizeof test->uri, "%.*s/%s%s%s", (int)n, base, test->path,
             strchr(base, '?') ? strchr(base, '?') : "?", parameters ? parameters : "");
}

#if HAVE_MONGO
static void drop_database(const store_case *test)
{
    mongoc_client_t *client;
    mongoc_database_t *database;

    mongoc_init(); /* this program may have a copy of the driver of its own */
    client = mongoc_client_new(test->uri);
    assert_non_null(client);
    database = mongoc_client_get_database(client, test->path);
    mongoc_database_drop(database, NULL);
    mongoc_database_destroy(database);
    mongoc_client_destroy(client);
}
#endif

void store_case_open(store_case *test, const store_kind *kind, const char *parameters)
{
    const char *tmp = getenv("TMPDIR");
    size_t n;

    memset(test, 0, sizeof *test);
    test->kind = kind;
    if (!kind->uri) {
        name_database(test, parameters);
        store_case_reopen(test);
        return;
    }
    snprintf(test->folder, sizeof test->folder, "%.90s/sacrum-store-XXXXXX", tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(test->folder));
    snprintf(test->path, sizeof test->path, "%s/test.db", test->folder);
    snprintf(test->uri, sizeof test->uri, kind->uri, test->path);
    n = strlen(test->uri);
    snprintf(test->uri + n, sizeof test->uri - n, "%s", parameters ? parameters : "");
    store_case_reopen(test);
}

void store_case_close(store_case *test)
{
    char path[sizeof test->folder + 300];
    const struct dirent *entry;
    DIR *folder;

    sac_store_close(test->store);
    test->store = NULL;
#if HAVE_MONGO
    if (!test->kind->uri) {
        drop_database(test);
        return;
    }
#endif
    folder = opendir(test->folder);
    while (folder && (entry = readdir(folder))) {
        snprintf(path, sizeof path, "%s/%s", test->folder, entry->d_name);
        unlink(path);
    }
    closedir(folder);
    rmdir(test->folder);
}

void child_begin(child *made, int (*fn)(child *self, void *arg), void *arg)
{
    int down[2];
    int up[2];

    assert_int_equal(pipe(down), 0);
    assert_int_equal(pipe(up), 0);
    made->pid = fork();
    assert_true(made->pid >= 0);
    if (made->pid == 0) {
        child self = {.pid = 0, .to = up[1], .from = down[0]};

        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves none behind */
        close(up[0]);
        close(down[1]);
        _exit(fn(&self, arg));
    }
    close(up[1]);
    close(down[0]);
    made->to = down[1];
    made->from = up[0];
}

void child_tell(child *other, char c)
{
    assert_int_equal(write(other->to, &c, 1), 1);
}

char child_hear(child *other)
{
    char c = '\0';

    return read(other->from, &c, 1) == 1 ? c : '\0';
}

int child_end(child *made)
{
    int status = 0;

    close(made->to);
    close(made->from);
    assert_int_equal(waitpid(made->pid, &status, 0), made->pid);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

sac_value value_int(char raw[4], int32_t n)
{
    const uint32_t u = (uint32_t)n;
    int i;

    for (i = 0; i < 4; i++)
        raw[i] = (char)(u >> 8 * i);
    return (sac_value){SAC_BSON_INT32, sac_str_n(raw, 4)};
}

sac_value value_str(char *raw, const char *text)
{
    const size_t n = strlen(text) + 1;

    value_int(raw, (int32_t)n);
    memcpy(raw + 4, text, n);
    return (sac_value){SAC_BSON_STRING, sac_str_n(raw, 4 + n)};
}

static sac_str doc_of(sac_value id, int64_t v, size_t pad)
{
    sac_bson doc;
    sac_str made;
    char *copy;
    char *spaces = malloc(pad + 1);

    assert_non_null(spaces);
    memset(spaces, ' ', pad + 1);
    sac_bson_init(&doc, NULL, 0);
    sac_bson_add_value(&doc, sac_str_of("_id"), id);
    sac_bson_add_int64(&doc, "v", v);
    if (pad)
        sac_bson_add_str(&doc, "pad", sac_str_n(spaces, pad));
    assert_int_equal(sac_bson_finish(&doc, &made), SAC_OK);
    copy = malloc(made.n);
    assert_non_null(copy);
    memcpy(copy, made.p, made.n);
    sac_bson_fini(&doc);
    free(spaces);
    return sac_str_n(copy, made.n);
}

sac_str doc_int(int32_t id, int64_t v, size_t pad)
{
    char raw[4];

    return doc_of(value_int(raw, id), v, pad);
}

sac_str doc_str(const char *id, int64_t v)
{
    char *raw = malloc(strlen(id) + 5);
    sac_str doc;

    assert_non_null(raw);
    doc = doc_of(value_str(raw, id), v, 0);
    free(raw);
    return doc;
}

sac_str doc_value(sac_value id, int64_t v)
{
    return doc_of(id, v, 0);
}

static int64_t int_at(sac_str doc, const char *key)
{
    const sac_value value = sac_bson_get(doc, sac_str_of(key));
    int64_t n = INT64_MIN;

    return sac_value_int(&value, &n) ? n : INT64_MIN;
}

int64_t doc_v(sac_str doc)
{
    return int_at(doc, "v");
}

int64_t doc_id(sac_str doc)
{
    return int_at(doc, "_id");
}

void must_insert_pad(sac_store *store, const char *collection, int32_t id, int64_t v, size_t pad)
{
    const sac_str doc = doc_int(id, v, pad);
    sac_err err = {.code = 0};

    if (sac_store_insert(store, collection, doc, &err) != SAC_OK)
        fail_msg("insert %d: %s", id, err.text);
    free((char *)doc.p);
}

void must_insert(sac_store *store, const char *collection, int32_t id, int64_t v)
{
    must_insert_pad(store, collection, id, v, 0);
}

static int take_v(void *self, const sac_view *view)
{
    *(int64_t *)self = doc_v(view->doc);
    return 0;
}

int get_v(sac_store *store, const char *collection, int32_t id, int64_t *v)
{
    const sac_sink sink = {.doc = take_v, .self = v};
    char raw[4];

    return sac_store_get(store, collection, value_int(raw, id), &sink, NULL);
}

int remove_int(sac_store *store, const char *collection, int32_t id)
{
    char raw[4];

    return sac_store_remove(store, collection, value_int(raw, id), NULL);
}

int replace_int(sac_store *store, const char *collection, int32_t id, int64_t v)
{
    const sac_str doc = doc_int(id, v, 0);
    int rc = sac_store_replace(store, collection, doc, NULL);

    free((char *)doc.p);
    return rc;
}

uint64_t revision_of(sac_store *store, const char *collection)
{
    uint64_t revision = UINT64_MAX;

    assert_int_equal(sac_store_revision(store, collection, &revision, NULL), SAC_OK);
    return revision;
}

static int seen_begin(void *self, const sac_snapshot *snapshot)
{
    seen *into = self;

    if (into->begins++ == 0)
        into->snapshot = *snapshot;
    return 0;
}

static int seen_doc(void *self, const sac_view *view)
{
    seen *into = self;

    assert_true(into->n < 4096);
    into->ids[into->n] = doc_id(view->doc);
    into->vs[into->n] = doc_v(view->doc);
    into->revisions[into->n++] = view->revision;
    if (into->n != into->until)
        return 0;
    return into->fail ? into->fail : 1;
}

sac_sink seen_sink(seen *into)
{
    return (sac_sink){.begin = seen_begin, .doc = seen_doc, .self = into};
}

int seen_all(sac_store *store, const sac_query *query, seen *into)
{
    const sac_sink sink = seen_sink(into);
    sac_cursor *cursor = NULL;
    int rc = sac_store_find(store, query, NULL, &cursor, NULL);

    if (rc != SAC_OK)
        return rc;
    into->n = 0;
    into->begins = 0;
    do {
        into->until = into->n + into->stop;
        rc = sac_cursor_pull(cursor, &sink, NULL);
    } while (rc == 1);
    sac_cursor_close(cursor);
    return rc;
}

static int add_one(void *self, const sac_view *stored, sac_change *change, sac_err *err)
{
    sac_str *doc = self;

    (void)err;
    free((char *)doc->p);
    *doc = doc_int(1, (stored ? doc_v(stored->doc) : 0) + 1, 0);
    change->kind = SAC_CHANGE_PUT;
    change->doc = *doc;
    return SAC_OK;
}

int count_one_more(sac_store *store)
{
    sac_str doc = {NULL, 0};
    char raw[4];
    sac_write write = SAC_WRITE(.kind = SAC_WRITE_DECIDE, .collection = "a",
                                .id = value_int(raw, 1), .decide = add_one, .self = &doc);
    const int rc = sac_store_write(store, &write, NULL);

    free((char *)doc.p);
    return rc;
}
