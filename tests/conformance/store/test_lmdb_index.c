/* SPDX-License-Identifier: MIT */
/* Indexes as LMDB keeps them: building, several processes, kills, dates that expire, damage. */
#include "stores.h"

#include <lmdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "unit/query/queries.h"

static store_case the_case;

static int open_case(void **state)
{
    store_case_open(&the_case, store_kinds, "?ttl=1");
    *state = &the_case;
    return 0;
}

static void must_check(sac_store *store)
{
    sac_err err = {.code = 0};

    if (sac_store_check(store, &err) != SAC_OK)
        fail_msg("check: %s", err.text);
}

static int close_case(void **state)
{
    store_case *test = *state;

    if (test->store)
        must_check(test->store);
    store_case_close(test);
    return 0;
}

static sac_store *store_of(void **state)
{
    return ((store_case *)*state)->store;
}

static void sleep_ms(unsigned ms)
{
    const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

    nanosleep(&t, NULL);
}

static void must_make(sac_store *store, const sac_index *index)
{
    sac_err err = {.code = 0};

    if (sac_store_make_index(store, "a", index, &err) != SAC_OK)
        fail_msg("index %s: %s", index->keys, err.text);
}

static int insert_json(sac_store *store, const char *json, sac_err *err)
{
    const sac_str doc = bson_of(json);
    int rc = sac_store_insert(store, "a", doc, err);

    drop(doc);
    return rc;
}

static int64_t count_of(sac_store *store, const char *filter)
{
    const sac_str f = bson_of(filter);
    const sac_query query = SAC_QUERY(.collection = "a", .filter = f);
    int64_t n = -1;
    sac_err err = {.code = 0};

    if (sac_store_count(store, &query, &n, &err) != SAC_OK)
        fail_msg("%s: %s", filter, err.text);
    drop(f);
    return n;
}

static int name_is(void *self, const sac_index *index)
{
    return strcmp(self, index->name) == 0;
}

static bool has_index(sac_store *store, const char *name)
{
    const int rc = sac_store_indexes(store, "a", name_is, (char *)name, NULL);

    CHECK(rc >= 0);
    return rc > 0;
}

/* Documents with v = _id / 2 (unique: = _id), in writes of many. */
static void fill(sac_store *store, int32_t from, int32_t n, int64_t by, size_t pad)
{
    sac_str docs[500];
    int32_t done;
    size_t i;

    for (done = 0; done < n; done += 500) {
        sac_write write = SAC_WRITE(.kind = SAC_WRITE_INSERT, .collection = "a", .docs = docs,
                                    .n_docs = 500);

        for (i = 0; i < 500; i++) {
            const int32_t id = from + done + (int32_t)i;

            docs[i] = doc_int(id, id / by, pad);
        }
        CHECK_INT(sac_store_write(store, &write, NULL), SAC_OK);
        for (i = 0; i < 500; i++)
            free((char *)docs[i].p);
    }
}

/* ---- building ---- */

typedef struct beside {
    pthread_t thread;
    sac_store *store;
    atomic_bool stop;
    int errors;
    int writes;
} beside;

/* Inserts, changes and removes documents, those not yet indexed too. */
static void *write_beside(void *arg)
{
    beside *self = arg;
    int32_t i;

    for (i = 0; !atomic_load(&self->stop); i++) {
        const int32_t id = i * 7919 % 20000;
        const sac_str doc = doc_int(100000 + i, i, 0);

        self->errors += replace_int(self->store, "a", id, 500000 + i) != SAC_OK;
        self->errors += sac_store_insert(self->store, "a", doc, NULL) != SAC_OK;
        if (i % 3 == 0)
            self->errors += remove_int(self->store, "a", 100000 + i) != SAC_OK;
        free((char *)doc.p);
        self->writes++;
    }
    return NULL;
}

static void test_build__goes_on_beside_writes(void **state)
{
    const sac_index indexes[] = {
        {.keys = "v"}, {.keys = "-v,_id", .unique = true}, {.keys = "pad,v"}};
    beside writer = {.store = store_of(state)};
    sac_err err = {.code = 0};
    int rc = SAC_OK;
    size_t i;

    fill(store_of(state), 0, 20000, 2, 10);
    CHECK_INT(pthread_create(&writer.thread, NULL, write_beside, &writer), 0);
    for (i = 0; rc == SAC_OK && i < 3; i++)
        rc = sac_store_make_index(store_of(state), "a", &indexes[i], &err);
    atomic_store(&writer.stop, true);
    pthread_join(writer.thread, NULL);
    if (rc != SAC_OK)
        fail_msg("%s", err.text);
    CHECK_INT(writer.errors, 0);
    CHECK(writer.writes > 0);
}

static void test_build__finds_duplicates_late(void **state)
{
    const sac_index index = {.keys = "v", .unique = true};
    sac_err err = {.code = 0};

    fill(store_of(state), 0, 3000, 1, 0);
    must_insert(store_of(state), "a", 9999, 2999);
    CHECK_INT(sac_store_make_index(store_of(state), "a", &index, &err), SAC_EEXIST);
    CHECK(strstr(err.text, "v_1"));
    CHECK(!has_index(store_of(state), "v_1"));
    CHECK_INT(replace_int(store_of(state), "a", 9999, 0), SAC_OK);
    CHECK_INT(remove_int(store_of(state), "a", 9999), SAC_OK);
    must_make(store_of(state), &index);
    CHECK_INT(replace_int(store_of(state), "a", 5, 6), SAC_EEXIST);
}

static void test_build__refuses_arrays_in_two_fields(void **state)
{
    const sac_index index = {.keys = "v,w"};
    sac_err err = {.code = 0};

    CHECK_INT(insert_json(store_of(state), "{'_id': 1, 'v': [1], 'w': [2]}", NULL), SAC_OK);
    CHECK_INT(sac_store_make_index(store_of(state), "a", &index, &err), SAC_EINVAL);
    CHECK(!has_index(store_of(state), "v_1_w_1"));
    CHECK_INT(remove_int(store_of(state), "a", 1), SAC_OK);
    must_make(store_of(state), &index);
    CHECK_INT(insert_json(store_of(state), "{'_id': 1, 'v': [1], 'w': [2]}", &err), SAC_EINVAL);
    CHECK(strstr(err.text, "v_1_w_1"));
    CHECK_INT(insert_json(store_of(state), "{'_id': 1, 'v': [1], 'w': 2}", NULL), SAC_OK);
    CHECK_INT(count_of(store_of(state), "{}"), 1);
}

static int build_until_killed(child *parent, void *arg)
{
    const sac_index indexes[] = {{.keys = "v", .unique = true}, {.keys = "-pad,v"}};
    store_case own = *(store_case *)arg;

    own.store = NULL;
    store_case_reopen(&own);
    child_tell(parent, 'r');
    for (;;) {
        if (sac_store_make_index(own.store, "a", &indexes[0], NULL) != SAC_OK ||
            sac_store_make_index(own.store, "a", &indexes[1], NULL) != SAC_OK ||
            sac_store_drop_index(own.store, "a", "v_1", NULL) != SAC_OK ||
            sac_store_drop_index(own.store, "a", "pad_-1_v_1", NULL) != SAC_OK)
            return 1;
    }
}

static void test_build__goes_on_after_a_kill(void **state)
{
    const sac_index indexes[] = {{.keys = "v", .unique = true}, {.keys = "-pad,v"}};
    store_case *test = *state;
    child other;
    int i;

    fill(test->store, 0, 8000, 1, 100);
    sac_store_close(test->store);
    test->store = NULL;
    for (i = 0; i < 8; i++) {
        child_begin(&other, build_until_killed, test);
        CHECK_INT(child_hear(&other), 'r');
        sleep_ms(3 + (unsigned)i * 17);
        CHECK_INT(kill(other.pid, SIGKILL), 0);
        CHECK_INT(child_end(&other), -SIGKILL);
        store_case_reopen(test);
        must_check(test->store);
        if (i % 3 == 0) {
            must_make(test->store, &indexes[0]);
            CHECK_INT(replace_int(test->store, "a", 5, 6), SAC_EEXIST);
            must_make(test->store, &indexes[1]);
            must_check(test->store);
        }
        CHECK_INT(count_of(test->store, "{}"), 8000);
        sac_store_close(test->store);
        test->store = NULL;
    }
    store_case_reopen(test);
    must_make(test->store, &indexes[0]);
    must_make(test->store, &indexes[1]);
}

/* ---- several processes ---- */

/* Opened before there is an index: writes while, and after, another process makes it. */
static int write_without_knowing(child *parent, void *arg)
{
    store_case own = *(store_case *)arg;
    int64_t v;

    own.store = NULL;
    store_case_reopen(&own);
    if (get_v(own.store, "a", 1, &v) != SAC_OK)
        return 1;
    child_tell(parent, 'r');
    child_hear(parent);
    if (replace_int(own.store, "a", 1, 2) != SAC_EEXIST)
        return 2;
    if (replace_int(own.store, "a", 1, 700) != SAC_OK || remove_int(own.store, "a", 3) != SAC_OK)
        return 3;
    if (sac_store_drop_index(own.store, "a", "v_1", NULL) != SAC_OK)
        return 4;
    if (replace_int(own.store, "a", 1, 2) != SAC_OK)
        return 5;
    sac_store_close(own.store);
    return 0;
}

static void test_processes__agree_on_indexes(void **state)
{
    const sac_index index = {.keys = "v", .unique = true};
    const sac_index more = {.keys = "pad"};
    store_case *test = *state;
    child other;

    fill(test->store, 0, 500, 1, 0);
    sac_store_close(test->store);
    test->store = NULL;
    child_begin(&other, write_without_knowing, test);
    CHECK_INT(child_hear(&other), 'r');
    store_case_reopen(test);
    must_make(test->store, &index);
    must_make(test->store, &more);
    child_tell(&other, 'g');
    CHECK_INT(child_end(&other), 0);
    CHECK(!has_index(test->store, "v_1"));
    CHECK(has_index(test->store, "pad_1"));
    CHECK_INT(count_of(test->store, "{'v': 2}"), 2);
}

static int make_at_once(child *parent, void *arg)
{
    const sac_index index = {.keys = "v", .unique = true};
    store_case own = *(store_case *)arg;
    int rc;

    own.store = NULL;
    store_case_reopen(&own);
    child_tell(parent, 'r');
    child_hear(parent);
    rc = sac_store_make_index(own.store, "a", &index, NULL);
    sac_store_close(own.store);
    return rc == SAC_OK ? 0 : 1;
}

static void test_processes__make_one_index_at_once(void **state)
{
    store_case *test = *state;
    child others[3];
    int i;

    fill(test->store, 0, 20000, 1, 0);
    sac_store_close(test->store);
    test->store = NULL;
    for (i = 0; i < 3; i++) {
        child_begin(&others[i], make_at_once, test);
        CHECK_INT(child_hear(&others[i]), 'r');
    }
    for (i = 0; i < 3; i++)
        child_tell(&others[i], 'g');
    for (i = 0; i < 3; i++)
        CHECK_INT(child_end(&others[i]), 0);
    store_case_reopen(test);
    CHECK(has_index(test->store, "v_1"));
}

/* ---- long keys ---- */

static void test_keys__past_what_lmdb_takes_are_told_apart(void **state)
{
    const sac_index index = {.keys = "s,-t", .unique = true};
    char text[1200];
    char json[1400];
    int i;

    must_make(store_of(state), &index);
    memset(text, 'x', sizeof text);
    text[1000] = '\0';
    for (i = 0; i < 5; i++) {
        text[999] = (char)('a' + i);
        snprintf(json, sizeof json, "{'_id': %d, 's': '%s', 't': [%d, 7]}", i, text, i);
        CHECK_INT(insert_json(store_of(state), json, NULL), SAC_OK);
        snprintf(json, sizeof json, "{'_id': 9, 's': '%s', 't': 7}", text);
        CHECK_INT(insert_json(store_of(state), json, NULL), SAC_EEXIST);
    }
    CHECK_INT(count_of(store_of(state), "{}"), 5);
    CHECK_INT(remove_int(store_of(state), "a", 4), SAC_OK);
    CHECK_INT(insert_json(store_of(state), json, NULL), SAC_OK);
}

static void test_keys__a_document_with_too_many_is_refused(void **state)
{
    const sac_index index = {.keys = "l,s"};
    char *json = malloc(1 << 20);
    sac_err err = {.code = 0};
    size_t n;
    int i;

    assert_non_null(json);
    must_make(store_of(state), &index);
    n = (size_t)sprintf(json, "{'_id': 1, 's': '%0200000d', 'l': [0", 0);
    for (i = 1; i < 400; i++)
        n += (size_t)sprintf(json + n, ",%d", i);
    strcpy(json + n, "]}");
    CHECK_INT(insert_json(store_of(state), json, &err), SAC_ELIMIT);
    CHECK(strstr(err.text, "l_1_s_1"));
    CHECK_INT(count_of(store_of(state), "{}"), 0);
    free(json);
}

/* ---- limits ---- */

static void test_index__there_are_64_at_most(void **state)
{
    sac_store *store = store_of(state);
    char keys[10];
    const sac_index index = {.keys = keys};
    int i;

    must_insert(store, "a", 1, 1);
    for (i = 0; i < 64; i++) {
        snprintf(keys, sizeof keys, "f%d", i);
        must_make(store, &index);
    }
    strcpy(keys, "f64");
    CHECK_INT(sac_store_make_index(store, "a", &index, NULL), SAC_ELIMIT);
    CHECK_INT(insert_json(store, "{'_id': 2, 'f1': [1, 2], 'f63': 'x'}", NULL), SAC_OK);
    CHECK_INT(sac_store_drop_index(store, "a", "f63_1", NULL), SAC_OK);
    must_make(store, &index);
}

static void test_index__its_place_is_used_again(void **state)
{
    const sac_index index = {.keys = "v"};
    store_case *test = *state;
    char name[8];
    int i;

    sac_store_close(test->store);
    test->store = NULL;
    strcat(test->uri, "&collections=2"); /* 3 * 2 + 64 indexes */
    store_case_reopen(test);
    for (i = 0; i < 60; i++) {
        snprintf(name, sizeof name, i % 2 ? "b" : "a");
        must_insert(test->store, name, 1, i);
        CHECK_INT(sac_store_make_index(test->store, name, &index, NULL), SAC_OK);
        if (i % 3 == 0)
            CHECK_INT(sac_store_drop_index(test->store, name, "v_1", NULL), SAC_OK);
        CHECK_INT(sac_store_drop(test->store, name, NULL), SAC_OK);
    }
    for (i = 0; i < 64; i++) {
        char keys[8];
        const sac_index other = {.keys = keys};

        snprintf(keys, sizeof keys, "f%d", i);
        CHECK_INT(sac_store_make_index(test->store, "a", &other, NULL), SAC_OK);
        if (i < 6)
            CHECK_INT(sac_store_make_index(test->store, "b", &other, NULL), SAC_OK);
    }
    CHECK_INT(sac_store_make_index(test->store, "b", &index, NULL), SAC_ELIMIT);
}

static void test_index__a_full_map_leaves_nothing_half_written(void **state)
{
    const sac_index indexes[] = {{.keys = "pad"}, {.keys = "v,pad", .unique = true}};
    store_case *test = *state;
    int64_t n;
    int rc = SAC_OK;
    int32_t i;

    sac_store_close(test->store);
    test->store = NULL;
    strcat(test->uri, "&map=256K");
    store_case_reopen(test);
    must_make(test->store, &indexes[0]);
    must_make(test->store, &indexes[1]);
    for (i = 0; rc == SAC_OK; i++) {
        const sac_str doc = doc_int(i, i * 7, 100 + (size_t)i % 300);

        rc = sac_store_insert(test->store, "a", doc, NULL);
        free((char *)doc.p);
    }
    CHECK_INT(rc, SAC_EFULL);
    n = count_of(test->store, "{}");
    CHECK_INT(n, i - 1);
    must_check(test->store);
    for (i = 0; i < 10; i++)
        (void)replace_int(test->store, "a", i, 1000000 + i);
    must_check(test->store);
    CHECK_INT(sac_store_drop_index(test->store, "a", "pad_1", NULL), SAC_OK);
    CHECK_INT(remove_int(test->store, "a", 20), SAC_OK);
}

static void test_build__a_full_map_ends_it(void **state)
{
    const sac_index index = {.keys = "pad,v"};
    store_case *test = *state;
    sac_err err = {.code = 0};

    sac_store_close(test->store);
    test->store = NULL;
    strcat(test->uri, "&map=1M");
    store_case_reopen(test);
    fill(test->store, 0, 1500, 1, 300);
    CHECK_INT(sac_store_make_index(test->store, "a", &index, &err), SAC_EFULL);
    CHECK(!has_index(test->store, "pad_1_v_1"));
    CHECK_INT(count_of(test->store, "{}"), 1500);
    CHECK_INT(remove_int(test->store, "a", 20), SAC_OK);
}

/* ---- writes by query ---- */

typedef struct each {
    int64_t to;
    int calls;
    int fail_at;
    sac_str made;
} each;

/* v becomes `to`, or goes up by 1000 where that is 0; remove where it is -1. */
static int change_each(void *self, const sac_view *stored, sac_change *change, sac_err *err)
{
    each *of = self;
    const int64_t v = doc_v(stored->doc);

    if (++of->calls == of->fail_at)
        return sac_err_set(err, SAC_EPRECONDITION, "not this one");
    if (of->to < 0) {
        change->kind = SAC_CHANGE_REMOVE;
        return SAC_OK;
    }
    if (v % 10 == 9)
        return SAC_OK;
    free((char *)of->made.p);
    of->made = doc_int((int32_t)doc_id(stored->doc), of->to ? of->to : v + 1000, 0);
    change->kind = SAC_CHANGE_PUT;
    change->doc = of->made;
    return SAC_OK;
}

static int run_each(sac_store *store, const char *filter, int64_t max, each *of, sac_write *out)
{
    const sac_str f = bson_of(filter);
    const sac_query query = SAC_QUERY(.collection = "a", .filter = f);
    int rc;

    *out = (sac_write)SAC_WRITE(.kind = SAC_WRITE_EACH, .collection = "a", .query = &query,
                                .max = max, .decide = change_each, .self = of);
    rc = sac_store_write(store, out, NULL);
    free((char *)of->made.p);
    drop(f);
    return rc;
}

static void test_each__changes_all_or_none(void **state)
{
    const sac_index index = {.keys = "v", .unique = true};
    sac_store *store = store_of(state);
    uint64_t revision;
    sac_write write;

    fill(store, 0, 500, 1, 0);
    must_make(store, &index);
    revision = revision_of(store, "a");
    CHECK_INT(run_each(store, "{'v': {'$lt': 100}}", 0, &(each){.to = 0}, &write), SAC_OK);
    CHECK_INT(write.matched, 100);
    CHECK_INT(write.changed, 90);
    CHECK_INT(write.revision, revision + 1);
    CHECK_INT(revision_of(store, "a"), revision + 1);
    CHECK_INT(count_of(store, "{'v': {'$gte': 1000}}"), 90);

    CHECK_INT(run_each(store, "{'v': {'$gte': 1000}}", 0, &(each){.to = 5000}, &write), SAC_EEXIST);
    assert_string_equal(write.index, "v_1");
    CHECK_INT(run_each(store, "{'v': {'$gte': 1000}}", 89, &(each){.to = 0}, &write), SAC_ELIMIT);
    CHECK_INT(run_each(store, "{'v': {'$gte': 1000}}", 0, &(each){.fail_at = 50}, &write),
              SAC_EPRECONDITION);
    CHECK_INT(write.changed, 0);
    CHECK_INT(run_each(store, "{'$nonsense': 1}", 0, &(each){.to = 0}, &write), SAC_EINVAL);
    CHECK_INT(revision_of(store, "a"), revision + 1);
    CHECK_INT(count_of(store, "{'v': {'$gte': 1000, '$lt': 1100}}"), 90);

    CHECK_INT(run_each(store, "{'v': {'$gte': 1000}}", 90, &(each){.to = -1}, &write), SAC_OK);
    CHECK_INT(write.changed, 90);
    CHECK_INT(run_each(store, "{'v': {'$gte': 1000}}", 1, &(each){.to = -1}, &write), SAC_OK);
    CHECK_INT(write.matched, 0);
    CHECK_INT(count_of(store, "{}"), 410);
    CHECK_INT(revision_of(store, "a"), revision + 2);
}

/* Marks made in a transaction that is taken back are taken back too. */
static void test_each__takes_back_marks_of_indexes(void **state)
{
    const sac_index index = {.keys = "v", .unique = true};
    const sac_str docs[] = {bson_of("{'_id': 1, 'v': [1, 2]}"), bson_of("{'_id': 2, 'v': [2]}")};
    sac_write write = SAC_WRITE(.kind = SAC_WRITE_INSERT, .collection = "a", .docs = docs,
                                .n_docs = 2);

    must_make(store_of(state), &index);
    CHECK_INT(sac_store_write(store_of(state), &write, NULL), SAC_EEXIST);
    CHECK_INT(insert_json(store_of(state), "{'_id': 3, 'v': [3, 4]}", NULL), SAC_OK);
    CHECK_INT(count_of(store_of(state), "{'v': 4}"), 1);
    store_case_reopen(*state);
    CHECK_INT(count_of(store_of(state), "{'v': 3}"), 1);
    drop(docs[0]);
    drop(docs[1]);
}

/* ---- expiry ---- */

static void insert_at(sac_store *store, int id, const char *field, int64_t seconds)
{
    char json[200];

    snprintf(json, sizeof json, "{'_id': %d, '%s': {'$date': {'$numberLong': '%lld'}}}", id, field,
             ((long long)time(NULL) + (long long)seconds) * 1000);
    CHECK_INT(insert_json(store, json, NULL), SAC_OK);
}

static int64_t wait_for_count(sac_store *store, int64_t want)
{
    int i;

    for (i = 0; i < 100 && count_of(store, "{}") != want; i++)
        sleep_ms(50);
    return count_of(store, "{}");
}

static void test_ttl__removes_what_is_over(void **state)
{
    const sac_index hour = {.keys = "hour", .expires = 3600};
    const sac_index then = {.keys = "-then", .expires = SAC_EXPIRES_THEN};
    sac_store *store = store_of(state);
    char json[300];
    uint64_t revision;

    must_make(store, &hour);
    must_make(store, &then);
    insert_at(store, 1, "hour", -7200);
    insert_at(store, 2, "hour", -1800);
    insert_at(store, 3, "then", -10);
    insert_at(store, 4, "then", 3600);
    snprintf(json, sizeof json,
             "{'_id': 5, 'hour': [{'$date': {'$numberLong': '%lld'}}, "
             "{'$date': {'$numberLong': '%lld'}}]}",
             (long long)time(NULL) * 1000, ((long long)time(NULL) - 9000) * 1000);
    CHECK_INT(insert_json(store, json, NULL), SAC_OK);
    CHECK_INT(insert_json(store, "{'_id': 6, 'hour': 5, 'then': null}", NULL), SAC_OK);
    CHECK_INT(insert_json(store, "{'_id': 7, 'hour': 'x', 'then': []}", NULL), SAC_OK);
    revision = revision_of(store, "a");
    CHECK_INT(wait_for_count(store, 4), 4);
    CHECK_INT(count_of(store, "{'_id': {'$in': [2, 4, 6, 7]}}"), 4);
    CHECK(revision_of(store, "a") > revision);
}

static void test_ttl__takes_thousands_in_pieces(void **state)
{
    const sac_index then = {.keys = "d", .expires = SAC_EXPIRES_THEN};
    sac_store *store = store_of(state);
    char json[100];
    sac_str docs[500];
    int id = 0;
    int i;
    int k;

    for (k = 0; k < 10; k++) {
        sac_write write = SAC_WRITE(.kind = SAC_WRITE_INSERT, .collection = "a", .docs = docs,
                                    .n_docs = 500);

        for (i = 0; i < 500; i++, id++) {
            snprintf(json, sizeof json, "{'_id': %d, 'd': {'$date': {'$numberLong': '%d'}}}", id,
                     id);
            docs[i] = bson_of(json);
        }
        CHECK_INT(sac_store_write(store, &write, NULL), SAC_OK);
        for (i = 0; i < 500; i++)
            drop(docs[i]);
    }
    insert_at(store, 9999, "d", 100);
    must_make(store, &then);
    CHECK_INT(wait_for_count(store, 1), 1);
}

static int sweep_until_killed(child *parent, void *arg)
{
    store_case own = *(store_case *)arg;

    own.store = NULL;
    store_case_reopen(&own);
    child_tell(parent, 'r');
    sleep_ms(60000);
    return 1;
}

static void test_ttl__goes_on_after_a_kill(void **state)
{
    const sac_index then = {.keys = "d", .expires = SAC_EXPIRES_THEN};
    store_case *test = *state;
    child other;
    int i;

    must_make(test->store, &then);
    for (i = 0; i < 200; i++)
        insert_at(test->store, i, "d", 1 + i % 4);
    sac_store_close(test->store);
    test->store = NULL;
    child_begin(&other, sweep_until_killed, test);
    CHECK_INT(child_hear(&other), 'r');
    sleep_ms(2500);
    CHECK_INT(kill(other.pid, SIGKILL), 0);
    CHECK_INT(child_end(&other), -SIGKILL);
    store_case_reopen(test);
    must_check(test->store);
    CHECK_INT(wait_for_count(test->store, 0), 0);
}

/* ---- damage ---- */

static void with_index(const store_case *test, void (*fn)(MDB_txn *txn, MDB_dbi dbi))
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;

    CHECK_INT(mdb_env_create(&env), 0);
    CHECK_INT(mdb_env_set_mapsize(env, 16 << 20), 0);
    CHECK_INT(mdb_env_set_maxdbs(env, 4), 0);
    CHECK_INT(mdb_env_open(env, test->path, MDB_NOSUBDIR, 0600), 0);
    CHECK_INT(mdb_txn_begin(env, NULL, 0, &txn), 0);
    CHECK_INT(mdb_dbi_open(txn, "i:0", MDB_DUPSORT, &dbi), 0);
    fn(txn, dbi);
    CHECK_INT(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

static void lose_entry(MDB_txn *txn, MDB_dbi dbi)
{
    MDB_cursor *cursor;
    MDB_val key;
    MDB_val data;

    CHECK_INT(mdb_cursor_open(txn, dbi, &cursor), 0);
    CHECK_INT(mdb_cursor_get(cursor, &key, &data, MDB_FIRST), 0);
    CHECK_INT(mdb_cursor_del(cursor, 0), 0);
    mdb_cursor_close(cursor);
}

static void add_entry(MDB_txn *txn, MDB_dbi dbi)
{
    MDB_val key = {3, (char[]){"\x7f!"}};
    MDB_val id = {3, (char[]){"\x7f?"}};

    CHECK_INT(mdb_put(txn, dbi, &key, &id, 0), 0);
}

static void test_check__finds_entries_lost_and_added(void **state)
{
    static void (*const damages[])(MDB_txn *, MDB_dbi) = {lose_entry, add_entry};
    const sac_index index = {.keys = "v"};
    store_case *test = *state;
    size_t i;

    fill(test->store, 0, 1000, 2, 0);
    for (i = 0; i < 2; i++) {
        sac_err err = {.code = 0};

        must_make(test->store, &index);
        sac_store_close(test->store);
        test->store = NULL;
        with_index(test, damages[i]);
        store_case_reopen(test);
        CHECK_INT(sac_store_check(test->store, &err), SAC_ECORRUPT);
        CHECK(strstr(err.text, "v_1"));
        CHECK(strstr(err.text, i == 0 ? "document 0 " : "key 7f3f"));
        CHECK_INT(sac_store_drop_index(test->store, "a", "v_1", NULL), SAC_OK);
        must_check(test->store);
    }
}

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, open_case, close_case)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        STORE_TEST(test_build__goes_on_beside_writes),
        STORE_TEST(test_build__finds_duplicates_late),
        STORE_TEST(test_build__refuses_arrays_in_two_fields),
        STORE_TEST(test_build__goes_on_after_a_kill),
        STORE_TEST(test_processes__agree_on_indexes),
        STORE_TEST(test_processes__make_one_index_at_once),
        STORE_TEST(test_keys__past_what_lmdb_takes_are_told_apart),
        STORE_TEST(test_keys__a_document_with_too_many_is_refused),
        STORE_TEST(test_index__there_are_64_at_most),
        STORE_TEST(test_index__its_place_is_used_again),
        STORE_TEST(test_index__a_full_map_leaves_nothing_half_written),
        STORE_TEST(test_build__a_full_map_ends_it),
        STORE_TEST(test_each__changes_all_or_none),
        STORE_TEST(test_each__takes_back_marks_of_indexes),
        STORE_TEST(test_ttl__removes_what_is_over),
        STORE_TEST(test_ttl__takes_thousands_in_pieces),
        STORE_TEST(test_ttl__goes_on_after_a_kill),
        STORE_TEST(test_check__finds_entries_lost_and_added),
    };

    return cmocka_run_group_tests_name("lmdb", tests, NULL, NULL);
}
