/* SPDX-License-Identifier: MIT */
/* Dumps: what is in the files, damaged ones, those of MongoDB's own tools. */
#include "transfers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DOC = 25 }; /* bytes of {"_id": int32, "v": int64} */

static transfer_case the_case;

static int open_case(void **state)
{
    transfer_case_open(&the_case, &store_kinds[0]);
    *state = &the_case;
    return 0;
}

static int close_case(void **state)
{
    transfer_case_close(*state);
    return 0;
}

static int restore(transfer_case *test)
{
    return sac_store_restore(test->far.store, test->folder, "db", NULL, NULL, &test->err);
}

static void dump(transfer_case *test)
{
    must(sac_store_dump(test->near.store, test->folder, "db", NULL, NULL, &test->err), &test->err);
}

static sac_str must_read(const transfer_case *test, const char *name)
{
    const sac_str got = read_file(dump_path(test, name));

    assert_non_null(got.p);
    return got;
}

/* ---- the files ---- */

static void test_dump__is_written_as_mongodump_does(void **state)
{
    transfer_case *test = *state;
    sac_str bytes, metadata;
    struct stat st;

    fill(test->near.store, "a", 1, 2);
    make_indexes(test->near.store, "a");
    dump(test);
    bytes = must_read(test, "a.bson");
    metadata = must_read(test, "a.metadata.json");
    CHECK_INT(bytes.n, 2 * DOC);
    CHECK_INT(bytes.p[0], DOC);
    CHECK(strstr(metadata.p, "{\"options\":{},\"indexes\":[{\"v\":{\"$numberInt\":\"2\"},"
                             "\"key\":{\"_id\":{\"$numberInt\":\"1\"}},\"name\":\"_id_\"},"));
    CHECK(strstr(metadata.p,
                 "\"key\":{\"v\":{\"$numberInt\":\"1\"},\"pad\":{\"$numberInt\":\"-1\"}},"
                 "\"name\":\"v_1_pad_-1\"}"));
    CHECK(strstr(metadata.p, "\"name\":\"by v\",\"unique\":true,\"sparse\":true}"));
    CHECK(strstr(metadata.p, "\"expireAfterSeconds\":{\"$numberLong\":\"3600\"}}"));
    CHECK(strstr(metadata.p, "],\"collectionName\":\"a\",\"type\":\"collection\"}"));
    CHECK_INT(stat(dump_path(test, "a.bson"), &st), 0);
    CHECK_INT(st.st_mode & 0777, 0600);
    CHECK_INT(access(dump_path(test, "a.bson.part"), F_OK), -1);
    free((char *)bytes.p);
    free((char *)metadata.p);
}

static void test_dump__never_writes_over_a_file(void **state)
{
    transfer_case *test = *state;
    sac_str left;

    fill(test->near.store, "a", 1, 2);
    dump_file(test, "a.bson", sac_str_of("my own notes"));
    CHECK_INT(sac_store_dump(test->near.store, test->folder, "db", NULL, NULL, &test->err),
              SAC_EEXIST);
    left = must_read(test, "a.bson");
    CHECK_STR(left, "my own notes");
    free((char *)left.p);
}

static void test_dump__of_an_empty_collection_keeps_its_indexes(void **state)
{
    transfer_case *test = *state;
    sac_transferred done = {.documents = -1};

    make_indexes(test->near.store, "a");
    dump(test);
    must(sac_store_restore(test->far.store, test->folder, "db", NULL, &done, &test->err),
         &test->err);
    CHECK_INT(done.collections, 1);
    CHECK_INT(done.documents, 0);
    CHECK_INT(done.indexes, 3);
}

static void test_dump__cuts_off_what_is_no_whole_document(void **state)
{
    const sac_transfer resume = SAC_TRANSFER(.resume = true);
    transfer_case *test = *state;
    sac_transferred done = {.documents = 0};
    sac_str whole, again;
    char cut[500];

    fill(test->near.store, "a", 1, 2);
    dump(test);
    whole = must_read(test, "a.bson");
    memset(cut, 0x7f, sizeof cut); /* longer than what is to come, and no document */
    memcpy(cut, whole.p, DOC);
    dump_file(test, "a.bson.part", sac_str_n(cut, sizeof cut));
    unlink(dump_path(test, "a.bson"));
    must(sac_store_dump(test->near.store, test->folder, "db", &resume, &done, &test->err),
         &test->err);
    CHECK_INT(done.copied, 1);
    again = must_read(test, "a.bson");
    CHECK_INT(again.n, whole.n);
    CHECK(memcmp(again.p, whole.p, whole.n) == 0);
    free((char *)whole.p);
    free((char *)again.p);
}

static void test_dump__takes_no_lack_of_memory_for_its_end(void **state)
{
    transfer_case *test = *state;
    fault_alloc fault = {.left = -1};

    fill(test->near.store, "a", 1, 1500);
    dump(test);
    for (long n = 0; fault.left < 0; n++) { /* until it is not reached any more */
        const sac_transfer how = SAC_TRANSFER(.resume = true, .alloc = &fault.alloc);
        sac_transferred done = {.copied = 0};
        int rc;

        (void)fault_alloc_init(&fault, n);
        fault.once = true;
        rc = sac_store_dump(test->near.store, test->folder, "db", &how, &done, &test->err);
        CHECK(rc == SAC_OK || rc == SAC_ENOMEM);
        CHECK_INT(done.copied, 0);
    }
}

/* ---- damaged files ---- */

static void test_restore__names_the_byte_of_a_cut_file(void **state)
{
    transfer_case *test = *state;
    sac_str whole;

    fill(test->near.store, "a", 1, 3);
    dump(test);
    whole = must_read(test, "a.bson");
    for (size_t n = 0; n < whole.n; n++) {
        char where[40];

        dump_file(test, "a.bson", sac_str_n(whole.p, n));
        snprintf(where, sizeof where, "a.bson: byte %zu:", n / DOC * DOC);
        if (n % DOC == 0) {
            must(restore(test), &test->err);
            CHECK_INT(count_of(test->far.store, "a"), n / DOC);
        } else {
            CHECK_INT(restore(test), SAC_ECORRUPT);
            CHECK(strstr(test->err.text, where));
        }
        must(sac_store_drop(test->far.store, "a", &test->err), &test->err);
    }
    free((char *)whole.p);
}

static void test_restore__takes_no_damaged_document(void **state)
{
    transfer_case *test = *state;
    sac_str whole;

    fill(test->near.store, "a", 1, 2);
    dump(test);
    whole = must_read(test, "a.bson");
    for (size_t at = 0; at < whole.n; at++) {
        char *byte = (char *)whole.p + at;

        for (int flip = 1; flip < 256; flip *= 4) {
            int rc;

            *byte ^= (char)flip;
            dump_file(test, "a.bson", whole);
            *byte ^= (char)flip;
            rc = restore(test);
            CHECK(rc == SAC_OK || rc == SAC_ECORRUPT || rc == SAC_EINVAL || rc == SAC_EEXIST);
            must(sac_store_check(test->far.store, &test->err), &test->err);
            must(sac_store_drop(test->far.store, "a", &test->err), &test->err);
        }
    }
    free((char *)whole.p);
}

static void test_restore__names_the_byte_of_a_damaged_document(void **state)
{
    transfer_case *test = *state;
    sac_str whole;

    fill(test->near.store, "a", 1, 2);
    dump(test);
    whole = must_read(test, "a.bson");
    ((char *)whole.p)[DOC + 4] = 0x6f; /* a type that there is not */
    dump_file(test, "a.bson", whole);
    CHECK_INT(restore(test), SAC_ECORRUPT);
    CHECK(strstr(test->err.text, "a.bson: byte 25: "));
    free((char *)whole.p);
}

static void test_restore__refuses_files_it_cannot_read(void **state)
{
    transfer_case *test = *state;
    static const struct {
        const char *file, *said;
    } bad[] = {
        {"a.bson.part", "a.bson.part: the dump was stopped"},
        {"a.bson.gz", "a.bson.gz: compressed"},
        {"what is this.bson", "bad collection name"},
        {"system.buckets.t.bson", "bad collection name"},
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        dump_file(test, bad[i].file, sac_str_of(""));
        CHECK_INT(restore(test), SAC_EINVAL);
        CHECK(strstr(test->err.text, bad[i].said));
        unlink(dump_path(test, bad[i].file));
    }
    dump_file(test, "system.views.bson", sac_str_of("?"));
    dump_file(test, "prelude.json", sac_str_of("?"));
    must(restore(test), &test->err);
    CHECK_INT(mkdir(dump_path(test, "a.bson"), 0700), 0);
    CHECK_INT(restore(test), SAC_EIO);
    rmdir(dump_path(test, "a.bson"));
    CHECK_INT(symlink("/etc/hostname", dump_path(test, "a.bson")), 0);
    CHECK_INT(restore(test), SAC_EIO);
}

/* ---- metadata ---- */

typedef struct heard {
    int lines;
    char last[300];
} heard;

static void hear(void *self, sac_log_level level, sac_str line)
{
    heard *h = self;

    assert_int_equal(level, SAC_LOG_WARN);
    h->lines++;
    snprintf(h->last, sizeof h->last, "%.*s", (int)line.n, line.p);
}

static int restore_metadata(transfer_case *test, const char *json, sac_transferred *done, heard *h)
{
    const sac_transfer how = SAC_TRANSFER(.log = hear, .log_self = h);

    dump_file(test, "a.bson", sac_str_of(""));
    dump_file(test, "a.metadata.json", sac_str_of(json));
    return sac_store_restore(test->far.store, test->folder, "db", &how, done, &test->err);
}

static void test_restore__leaves_out_indexes_it_does_not_have(void **state)
{
    static const char *const others[] = {
        "{\"key\":{\"a\":\"2dsphere\"},\"name\":\"x\"}",
        "{\"key\":{\"_fts\":\"text\",\"_ftsx\":1},\"name\":\"x\",\"weights\":{\"a\":1}}",
        "{\"key\":{\"a\":\"hashed\"},\"name\":\"x\"}",
        "{\"key\":{\"a\":1},\"name\":\"x\",\"partialFilterExpression\":{\"a\":{\"$gt\":5}}}",
        "{\"key\":{\"a\":1},\"name\":\"x\",\"collation\":{\"locale\":\"de\"}}",
        "{\"key\":{\"a\":1},\"name\":\"x\",\"hidden\":true}",
        "{\"key\":{\"$**\":1},\"name\":\"x\"}",
        "{\"key\":{\"a\":0},\"name\":\"x\"}",
        "{\"key\":{\"a\":{\"$numberDouble\":\"NaN\"}},\"name\":\"x\"}",
        "{\"key\":{\"a,b\":1},\"name\":\"x\"}",
        "{\"key\":{\"-a\":1},\"name\":\"x\"}",
        "{\"key\":{\"a..b\":1},\"name\":\"x\"}",
        "{\"key\":{\"\":1},\"name\":\"x\"}",
        "{\"key\":{},\"name\":\"x\"}",
        "{\"key\":7,\"name\":\"x\"}",
        "{\"name\":\"x\"}",
        "{\"key\":{\"a\":1},\"name\":7}",
        "{\"key\":{\"a\":1},\"name\":\"x\\u0000y\"}",
        "{\"key\":{\"a\":1},\"name\":\"x\",\"expireAfterSeconds\":-1}",
        "{\"key\":{\"a\":1},\"name\":\"x\",\"expireAfterSeconds\":1e300}",
        "{\"key\":{\"a\":1},\"name\":\"x\",\"expireAfterSeconds\":{\"$numberDouble\":\"NaN\"}}",
        "{\"key\":{\"a\":1,\"b\":1},\"name\":\"x\",\"expireAfterSeconds\":5}",
        "{}",
    };
    transfer_case *test = *state;
    char json[400];

    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        sac_transferred done = {.skipped = -1};
        heard h = {.lines = 0};

        snprintf(json, sizeof json, "{\"indexes\":[%s]}", others[i]);
        must(restore_metadata(test, json, &done, &h), &test->err);
        if (done.skipped != 1 || done.indexes != 0 || h.lines != 1)
            fail_msg("%s: %s", others[i], h.last);
        CHECK_INT(strncmp(h.last, "a: index ", 9), 0);
    }
}

static void test_restore__reads_old_and_odd_metadata(void **state)
{
    static const struct {
        const char *json;
        int indexes;
    } odd[] = {
        {"{\"indexes\":[{\"v\":2,\"key\":{\"_id\":1},\"name\":\"_id_\",\"ns\":\"d.a\"}]}", 0},
        {"{\"indexes\":[{\"v\":1,\"key\":{\"a\":1.0,\"b\":{\"$numberLong\":\"-1\"}},"
         "\"name\":\"n\",\"unique\":1,\"background\":true,\"ns\":\"d.a\"}]}",
         1},
        {"{\"indexes\":[{\"key\":{\"a.b\":1},\"expireAfterSeconds\":0}]}", 1},
        {"{\"indexes\":[]}", 0},
        {"{\"indexes\":{}}", 0},
        {"{\"indexes\":7}", 0},
        {"{\"indexes\":[7,null,\"x\"]}", 0},
        {"{}", 0},
        {"", 0},
    };
    transfer_case *test = *state;

    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        sac_transferred done = {.skipped = -1};
        heard h = {.lines = 0};

        must(restore_metadata(test, odd[i].json, &done, &h), &test->err);
        CHECK_INT(done.indexes, odd[i].indexes);
        CHECK_INT(done.skipped, 0);
    }
}

static void test_restore__refuses_broken_metadata_at_every_byte(void **state)
{
    transfer_case *test = *state;
    heard h = {.lines = 0};
    char deep[2100];
    sac_str whole;

    make_indexes(test->near.store, "a");
    dump(test);
    whole = must_read(test, "a.metadata.json");
    for (size_t n = 1; n + 2 < whole.n; n++) {
        char *cut = strndup(whole.p, n);

        CHECK_INT(restore_metadata(test, cut, NULL, &h), SAC_ECORRUPT);
        CHECK_INT(strncmp(test->err.text, "a.metadata.json: ", 17), 0);
        free(cut);
    }
    for (size_t n = 0; n < whole.n; n++) {
        char *changed = strndup(whole.p, whole.n);
        int rc;

        changed[n] = (char)(changed[n] ^ 1);
        rc = restore_metadata(test, changed, NULL, &h);
        CHECK(rc == SAC_OK || rc == SAC_ECORRUPT || rc == SAC_ECONFLICT);
        must(sac_store_drop(test->far.store, "a", &test->err), &test->err);
        free(changed);
    }
    memset(deep, '[', sizeof deep);
    memcpy(deep, "{\"a\":", 5);
    deep[sizeof deep - 1] = '\0';
    CHECK_INT(restore_metadata(test, deep, NULL, &h), SAC_ECORRUPT);
    free((char *)whole.p);
}

static void test_restore__refuses_metadata_without_an_end(void **state)
{
    transfer_case *test = *state;
    const size_t n = (1 << 20) + 1;
    char *large = malloc(n + 1);
    heard h = {.lines = 0};

    assert_non_null(large);
    memset(large, ' ', n);
    large[n] = '\0';
    CHECK_INT(restore_metadata(test, large, NULL, &h), SAC_ETOOBIG);
    CHECK(strstr(test->err.text, "a.metadata.json: too large"));
    free(large);
}

/* ---- MongoDB's own tools ---- */

/* Why there is no tool to be run; NULL: there is. */
static const char *tool_missing(const char *tool)
{
    const char *folder = getenv("SACRUM_TEST_SERVERS");
    static char path[500];

    if (!getenv("SACRUM_TEST_MONGODB_JAVA") && !getenv("SACRUM_TEST_MONGODB_URI"))
        return "no server: SACRUM_TEST_MONGODB_JAVA, SACRUM_TEST_MONGODB_URI";
    snprintf(path, sizeof path, "%s/%s", folder ? folder : "build-tests/servers", tool);
    return access(path, X_OK) == 0 ? NULL : path;
}

static void run_tool(const char *tool, const char *uri, const char *folder, const char *last)
{
    const char *servers = getenv("SACRUM_TEST_SERVERS");
    char path[500], of[600];
    const pid_t pid = fork();
    int status = 0;

    assert_true(pid >= 0);
    if (pid == 0) {
        snprintf(path, sizeof path, "%s/%s", servers ? servers : "build-tests/servers", tool);
        snprintf(of, sizeof of, "--uri=%s", uri);
        execl(path, tool, "--quiet", of, folder, last, (char *)NULL);
        _exit(127);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    CHECK_INT(status, 0);
}

static const store_kind *server_kind(void)
{
    const store_kind *kind = store_kinds;

    while (kind->name && (!kind->env || !getenv(kind->env) || !kind->whole))
        kind++;
    return kind->name ? kind : NULL;
}

static void test_tools__read_our_dump_and_we_read_theirs(void **state)
{
    transfer_case *test = *state;
    const store_kind *kind = server_kind();
    const char *missing = tool_missing("mongorestore");
    sac_transferred done = {.documents = 0};
    store_case server;
    char option[400], folder[400];

    if (!kind || missing || tool_missing("mongodump")) {
        print_message("%s\n", missing ? missing : "no MongoDB store or no mongodump");
        skip();
    }
    fill(test->near.store, "a", 1, 1200);
    fill_types(test->near.store, "b.c", 300, false);
    make_indexes(test->near.store, "a");
    dump(test);

    store_case_open(&server, kind, NULL);
    snprintf(option, sizeof option, "--nsInclude=%s.*", server.path);
    snprintf(folder, sizeof folder, "%s/%s", test->folder, server.path);
    CHECK_INT(rename(dump_path(test, ""), folder), 0);
    run_tool("mongorestore", getenv(kind->env), option, test->folder);
    check_same(test->near.store, server.store, "a");
    check_same(test->near.store, server.store, "b.c");

    snprintf(option, sizeof option, "--out=%s/theirs", test->near.folder);
    run_tool("mongodump", server.uri, option, NULL);
    snprintf(folder, sizeof folder, "%s/theirs", test->near.folder);
    must(sac_store_restore(test->far.store, folder, server.path, NULL, &done, &test->err),
         &test->err);
    CHECK_INT(done.documents, 1500);
    CHECK_INT(done.indexes, 3);
    check_same(test->near.store, test->far.store, "a");
    check_same(test->near.store, test->far.store, "b.c");
    snprintf(test->folder, sizeof test->folder, "%s/theirs", test->near.folder);
    store_case_close(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define EACH(test) cmocka_unit_test_setup_teardown(test, open_case, close_case)
        EACH(test_dump__is_written_as_mongodump_does),
        EACH(test_dump__never_writes_over_a_file),
        EACH(test_dump__of_an_empty_collection_keeps_its_indexes),
        EACH(test_dump__cuts_off_what_is_no_whole_document),
        EACH(test_dump__takes_no_lack_of_memory_for_its_end),
        EACH(test_restore__names_the_byte_of_a_cut_file),
        EACH(test_restore__takes_no_damaged_document),
        EACH(test_restore__names_the_byte_of_a_damaged_document),
        EACH(test_restore__refuses_files_it_cannot_read),
        EACH(test_restore__leaves_out_indexes_it_does_not_have),
        EACH(test_restore__reads_old_and_odd_metadata),
        EACH(test_restore__refuses_broken_metadata_at_every_byte),
        EACH(test_restore__refuses_metadata_without_an_end),
        EACH(test_tools__read_our_dump_and_we_read_theirs),
    };

    return cmocka_run_group_tests_name("dump", tests, NULL, NULL);
}
