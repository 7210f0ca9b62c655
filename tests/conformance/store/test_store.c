/* SPDX-License-Identifier: MIT */
/* Every store does the same: each test runs over every kind of store. */
#include "stores.h"

#include <stdio.h>
#include <stdlib.h>

static store_case the_case;
static const store_kind *the_kind;
static seen got;

static int open_case(void **state)
{
    store_case_open(&the_case, the_kind, NULL);
    memset(&got, 0, sizeof got);
    *state = &the_case;
    return 0;
}

static int close_case(void **state)
{
    store_case_close(*state);
    return 0;
}

static sac_store *store_of(void **state)
{
    return ((store_case *)*state)->store;
}

static void insert_range(sac_store *store, const char *collection, int from, int to)
{
    int i;

    for (i = from; i <= to; i++)
        must_insert(store, collection, i, i * 10);
}

/* ---- reading ---- */

static void test_store__gives_back_what_was_inserted(void **state)
{
    sac_store *store = store_of(state);
    int64_t v = 0;

    must_insert(store, "a", 7, 42);
    CHECK_INT(get_v(store, "a", 7, &v), SAC_OK);
    CHECK_INT(v, 42);
    CHECK_INT(get_v(store, "a", 8, &v), SAC_ENOTFOUND);
    CHECK_INT(get_v(store, "b", 7, &v), SAC_ENOTFOUND);
    CHECK_INT(sac_store_check(store, NULL), SAC_OK);
}

static int fail_doc(void *self, const sac_view *view)
{
    (void)view;
    return *(int *)self;
}

static void test_store__get_returns_the_sinks_error(void **state)
{
    sac_store *store = store_of(state);
    int answer = SAC_EFORBIDDEN;
    const sac_sink sink = {.doc = fail_doc, .self = &answer};
    char raw[4];

    must_insert(store, "a", 1, 1);
    CHECK_INT(sac_store_get(store, "a", value_int(raw, 1), &sink, NULL), SAC_EFORBIDDEN);
    answer = 1;
    CHECK_INT(sac_store_get(store, "a", value_int(raw, 1), &sink, NULL), SAC_OK);
}

static void test_store__get_begins_with_the_collections_revision(void **state)
{
    sac_store *store = store_of(state);
    const sac_sink sink = seen_sink(&got);
    char raw[4];

    insert_range(store, "a", 1, 3);
    got.until = 99;
    CHECK_INT(sac_store_get(store, "a", value_int(raw, 1), &sink, NULL), SAC_OK);
    CHECK_INT(got.snapshot.revision, revision_of(store, "a"));
    CHECK_INT(got.snapshot.count, -1);
    CHECK_INT(got.begins, 1);
    if (the_kind->revisions)
        CHECK(got.revisions[0] < got.snapshot.revision);
    CHECK_INT(sac_store_get(store, "a", value_int(raw, 9), &sink, NULL), SAC_ENOTFOUND);
    CHECK_INT(got.begins, 1);
}

typedef struct typed_id {
    uint8_t type;
    const char *raw;
    size_t n;
} typed_id;

/* One of each type, in the order of BSON. */
static const typed_id mixed_ids[] = {
    {SAC_BSON_MINKEY, "", 0},
    {SAC_BSON_NULL, "", 0},
    {SAC_BSON_INT32, "\xff\xff\xff\xff", 4},
    {SAC_BSON_DOUBLE, "\0\0\0\0\0\0\xe0\x3f", 8}, /* 0.5 */
    {SAC_BSON_INT32, "\1\0\0\0", 4},
    {SAC_BSON_INT64, "\2\0\0\0\0\0\0\0", 8},
    {SAC_BSON_DOUBLE, "\0\0\0\0\0\0\4\x40", 8}, /* 2.5 */
    {SAC_BSON_STRING, "\1\0\0\0\0", 5},
    {SAC_BSON_STRING, "\2\0\0\0a\0", 6},
    {SAC_BSON_STRING, "\3\0\0\0a\0\0", 7}, /* "a\0" */
    {SAC_BSON_STRING, "\3\0\0\0ab\0", 7},
    {SAC_BSON_DOCUMENT, "\5\0\0\0\0", 5},
    {SAC_BSON_BINARY, "\1\0\0\0\0z", 6},
    {SAC_BSON_OBJECTID, "\1\2\3\4\5\6\7\x8\x9\xa\xb\xc", 12},
    {SAC_BSON_BOOL, "\0", 1},
    {SAC_BSON_BOOL, "\1", 1},
    {SAC_BSON_DATE, "\xff\xff\xff\xff\xff\xff\xff\xff", 8}, /* before 1970 */
    {SAC_BSON_DATE, "\0\0\0\0\0\0\0\0", 8},
    {SAC_BSON_TIMESTAMP, "\1\0\0\0\1\0\0\0", 8},
    {SAC_BSON_MAXKEY, "", 0},
};
#define N_MIXED (sizeof mixed_ids / sizeof *mixed_ids)

static sac_value mixed_id(size_t i)
{
    return (sac_value){mixed_ids[i].type, sac_str_n(mixed_ids[i].raw, mixed_ids[i].n)};
}

static void insert_mixed(sac_store *store)
{
    size_t i;

    for (i = 0; i < N_MIXED; i++) {
        const size_t at = i * 7 % N_MIXED; /* not in order; 7 and N_MIXED have no common factor */
        const sac_str doc = doc_value(mixed_id(at), (int64_t)at);

        CHECK_INT(sac_store_insert(store, "a", doc, NULL), SAC_OK);
        free((char *)doc.p);
    }
}

static void test_store__orders_ids_of_all_types(void **state)
{
    sac_store *store = store_of(state);
    sac_query query = SAC_QUERY(.collection = "a");
    size_t i;

    if (!the_kind->whole)
        skip();
    insert_mixed(store);
    CHECK_INT(seen_all(store, &query, &got), 0);
    CHECK_INT(got.n, N_MIXED);
    for (i = 0; i < N_MIXED; i++)
        CHECK_INT(got.vs[i], i);
    query.descending = true;
    CHECK_INT(seen_all(store, &query, &got), 0);
    CHECK_INT(got.n, N_MIXED);
    for (i = 0; i < N_MIXED; i++)
        CHECK_INT(got.vs[i], N_MIXED - 1 - i);
}

static void test_store__ranges_hold_between_all_types(void **state)
{
    sac_store *store = store_of(state);
    size_t a;
    size_t b;

    if (!the_kind->whole)
        skip();
    insert_mixed(store);
    for (a = 0; a < N_MIXED; a++)
        for (b = 0; b < N_MIXED; b++) {
            sac_query query = SAC_QUERY(.collection = "a", .from = mixed_id(a), .to = mixed_id(b));
            const size_t n = b >= a ? b - a + 1 : 0;
            int64_t count = -1;

            query.descending = (a + b) % 2;
            CHECK_INT(seen_all(store, &query, &got), 0);
            CHECK_INT(got.n, n);
            CHECK_INT(sac_store_count(store, &query, &count, NULL), SAC_OK);
            CHECK_INT(count, n);
            if (n)
                CHECK_INT(got.vs[0], query.descending ? b : a);
        }
}

static void test_store__numbers_are_one_id_whatever_their_type(void **state)
{
    sac_store *store = store_of(state);
    const sac_value as_double = {SAC_BSON_DOUBLE, sac_str_n("\0\0\0\0\0\0\xf0\x3f", 8)};
    const sac_str doc = doc_value(as_double, 2);
    const sac_sink sink = seen_sink(&got);

    must_insert(store, "a", 1, 1);
    CHECK_INT(sac_store_insert(store, "a", doc, NULL), SAC_EEXIST);
    CHECK_INT(sac_store_get(store, "a", as_double, &sink, NULL), SAC_OK);
    CHECK_INT(got.vs[0], 1);
    free((char *)doc.p);
}

/* What the store is to give for a query over ids 1..n, worked out one by one. */
static size_t expect(const sac_query *query, int from, int to, int after, int64_t *ids,
                     int64_t *count)
{
    size_t n = 0;
    int64_t all = 0;
    int i;

    for (i = query->descending ? 20 : 1; i >= 1 && i <= 20; i += query->descending ? -1 : 1) {
        if (i < from || i > to || (after && (query->descending ? i >= after : i <= after)))
            continue;
        if (all++ >= query->skip && (query->limit == 0 || (int64_t)n < query->limit))
            ids[n++] = i;
    }
    *count = all;
    return n;
}

static void check_query_over_20(sac_store *store, const sac_query *query, const int bounds[3])
{
    int64_t ids[20];
    int64_t want = 0;
    int64_t count = -1;
    const size_t n = expect(query, bounds[0], bounds[1], bounds[2], ids, &want);

    CHECK_INT(seen_all(store, query, &got), 0);
    CHECK_INT(got.n, n);
    assert_memory_equal(got.ids, ids, n * sizeof *ids);
    CHECK_INT(got.snapshot.count, query->count ? want : -1);
    CHECK_INT(sac_store_count(store, query, &count, NULL), SAC_OK);
    CHECK_INT(count, want);
}

static void test_store__queries_agree_with_a_model(void **state)
{
    sac_store *store = store_of(state);
    char raw[3][4];
    unsigned seed = 7;
    int i;

    insert_range(store, "a", 1, 20);
    for (i = 0; i < 3000; i++) {
        int at[6];
        sac_query query = SAC_QUERY(.collection = "a");
        int k;

        for (k = 0; k < 6; k++) {
            seed = seed * 1103515245 + 12345;
            at[k] = (int)(seed >> 16) % 23;
        }
        if (at[0])
            query.from = value_int(raw[0], at[0]);
        if (at[1])
            query.to = value_int(raw[1], at[1]);
        if (at[2])
            query.after = value_int(raw[2], at[2]);
        query.descending = at[3] % 2;
        query.count = at[3] % 3 == 0;
        query.skip = at[4] % 4;
        query.limit = at[5] % 6;
        got.stop = (size_t)(at[4] % 5);
        check_query_over_20(store, &query, (int[3]){at[0], at[1] ? at[1] : 99, at[2]});
    }
}

static void test_store__an_empty_collection_has_no_documents(void **state)
{
    sac_store *store = store_of(state);
    const sac_query query = SAC_QUERY(.collection = "never", .count = true);
    int64_t count = -1;

    CHECK_INT(seen_all(store, &query, &got), 0);
    CHECK_INT(got.n, 0);
    CHECK_INT(got.begins, 1);
    CHECK_INT(got.snapshot.count, 0);
    CHECK_INT(got.snapshot.revision, 0);
    CHECK_INT(sac_store_count(store, &query, &count, NULL), SAC_OK);
    CHECK_INT(count, 0);
    CHECK_INT(revision_of(store, "never"), 0);
}

static void test_store__an_empty_filter_is_all_and_no_other_is_ignored(void **state)
{
    sac_store *store = store_of(state);
    sac_query query = SAC_QUERY(.collection = "a", .filter = sac_str_n("\5\0\0\0\0", 5));
    const sac_str filter = doc_int(1, 10, 0);

    insert_range(store, "a", 1, 3);
    CHECK_INT(seen_all(store, &query, &got), 0);
    CHECK_INT(got.n, 3);
    query.filter = filter; /* {_id: 1, v: 10} */
    if (seen_all(store, &query, &got) == 0)
        CHECK_INT(got.n, 1);
    else
        CHECK_INT(seen_all(store, &query, &got), SAC_ENOSYS);
    free((char *)filter.p);
}

static void test_store__a_bound_may_be_longer_than_any_id(void **state)
{
    sac_store *store = store_of(state);
    static char raw[3000];
    static char text[2001];
    sac_query query = SAC_QUERY(.collection = "a");
    const sac_str below = doc_str("aaaa", 1);
    const sac_str above = doc_str("b", 2);

    memset(text, 'a', sizeof text - 1);
    CHECK_INT(sac_store_insert(store, "a", below, NULL), SAC_OK);
    CHECK_INT(sac_store_insert(store, "a", above, NULL), SAC_OK);
    query.from = value_str(raw, text);
    CHECK_INT(seen_all(store, &query, &got), 0);
    CHECK_INT(got.n, 1);
    CHECK_INT(got.vs[0], 2);
    query.to = query.from;
    query.from = (sac_value){.type = SAC_BSON_MISSING};
    CHECK_INT(seen_all(store, &query, &got), 0);
    CHECK_INT(got.n, 1);
    CHECK_INT(got.vs[0], 1);
    free((char *)below.p);
    free((char *)above.p);
}

/* ---- cursors ---- */

static void pull(sac_cursor *cursor, seen *into, size_t n, int want)
{
    const sac_sink sink = seen_sink(into);

    into->until = into->n + n;
    CHECK_INT(sac_cursor_pull(cursor, &sink, NULL), want);
}

static void walk_while_written(sac_store *store, bool descending)
{
    const sac_query query = SAC_QUERY(.collection = "a", .descending = descending);
    sac_cursor *cursor = NULL;
    size_t i;

    CHECK_INT(sac_store_find(store, &query, NULL, &cursor, NULL), SAC_OK);
    for (i = 0; i < 10; i++) {
        const int last = (int)(descending ? 100 - 2 * i : 2 + 2 * i);

        pull(cursor, &got, 1, 1);
        CHECK_INT(got.ids[i], last);
        CHECK_INT(remove_int(store, "a", last), SAC_OK);
        must_insert(store, "a", descending ? last + 1 : last - 1, 0); /* behind: not seen */
    }
    must_insert(store, "a", descending ? 79 : 23, 0); /* ahead: may be seen */
    must_insert(store, "other", 1, 1);
    pull(cursor, &got, 2, 1);
    CHECK_INT(got.ids[10], descending ? 80 : 22);
    if (the_kind->fresh || got.ids[11] % 2)
        CHECK_INT(got.ids[11], descending ? 79 : 23);
    else
        CHECK_INT(got.ids[11], descending ? 78 : 24);
    sac_cursor_close(cursor);
}

static void test_cursor__goes_on_behind_the_last_while_others_write(void **state)
{
    sac_store *store = store_of(state);
    int i;

    for (i = 1; i <= 50; i++)
        must_insert(store, "a", 2 * i, i);
    walk_while_written(store, false);
}

static void test_cursor__goes_on_behind_the_last_downwards_too(void **state)
{
    sac_store *store = store_of(state);
    int i;

    for (i = 1; i <= 50; i++)
        must_insert(store, "a", 2 * i, i);
    walk_while_written(store, true);
}

static void test_cursor__survives_clear_and_drop(void **state)
{
    sac_store *store = store_of(state);
    const sac_query query = SAC_QUERY(.collection = "a");
    sac_cursor *cursor = NULL;

    insert_range(store, "a", 1, 5);
    CHECK_INT(sac_store_find(store, &query, NULL, &cursor, NULL), SAC_OK);
    pull(cursor, &got, 2, 1);
    CHECK_INT(sac_store_drop(store, "a", NULL), SAC_OK);
    insert_range(store, "a", 2, 3);
    pull(cursor, &got, 9, 0);
    CHECK_INT(got.n, the_kind->fresh ? 3 : 5);
    CHECK_INT(got.ids[2], 3);
    pull(cursor, &got, 9, 0); /* the end stays the end */
    sac_cursor_close(cursor);
}

static void test_cursor__limit_and_skip_hold_over_pulls(void **state)
{
    sac_store *store = store_of(state);
    const sac_query query = SAC_QUERY(.collection = "a", .skip = 2, .limit = 5, .count = true);
    sac_cursor *cursor = NULL;

    insert_range(store, "a", 1, 20);
    CHECK_INT(sac_store_find(store, &query, NULL, &cursor, NULL), SAC_OK);
    pull(cursor, &got, 3, 1);
    CHECK_INT(got.snapshot.count, 20);
    CHECK_INT(got.ids[0], 3);
    pull(cursor, &got, 3, 0);
    CHECK_INT(got.n, 5);
    CHECK_INT(got.ids[4], 7);
    sac_cursor_close(cursor);
}

static void test_cursor__returns_the_sinks_error(void **state)
{
    sac_store *store = store_of(state);
    const sac_query query = SAC_QUERY(.collection = "a");
    sac_cursor *cursor = NULL;

    insert_range(store, "a", 1, 5);
    CHECK_INT(sac_store_find(store, &query, NULL, &cursor, NULL), SAC_OK);
    got.fail = SAC_ETOOBIG;
    pull(cursor, &got, 2, SAC_ETOOBIG);
    got.fail = 0;
    pull(cursor, &got, 9, 0);
    CHECK_INT(got.n, 5); /* none twice */
    sac_cursor_close(cursor);
}

static int begin_fails(void *self, const sac_snapshot *snapshot)
{
    (void)snapshot;
    return *(int *)self;
}

static void test_cursor__begin_may_stop_or_fail(void **state)
{
    sac_store *store = store_of(state);
    const sac_query query = SAC_QUERY(.collection = "a");
    int answer = SAC_EPRECONDITION;
    const sac_sink sink = {.begin = begin_fails, .doc = fail_doc, .self = &answer};
    sac_cursor *cursor = NULL;

    insert_range(store, "a", 1, 2);
    CHECK_INT(sac_store_find(store, &query, NULL, &cursor, NULL), SAC_OK);
    CHECK_INT(sac_cursor_pull(cursor, &sink, NULL), SAC_EPRECONDITION);
    answer = 1;
    CHECK_INT(sac_cursor_pull(cursor, &sink, NULL), 1);
    pull(cursor, &got, 9, 0);
    CHECK_INT(got.n, 2);
    sac_cursor_close(cursor);
}

static void test_cursor__snapshot_has_the_revision_of_what_it_sees(void **state)
{
    sac_store *store = store_of(state);
    const sac_query query = SAC_QUERY(.collection = "a", .count = true);

    insert_range(store, "a", 1, 4);
    CHECK_INT(seen_all(store, &query, &got), 0);
    CHECK_INT(got.snapshot.revision, revision_of(store, "a"));
    if (the_kind->revisions)
        CHECK_INT(got.snapshot.revision, got.revisions[3]);
    CHECK_INT(got.snapshot.count, 4);
}

/* ---- writing ---- */

static void test_write__a_taken_id_is_refused_and_nothing_changes(void **state)
{
    sac_store *store = store_of(state);
    const sac_str doc = doc_int(1, 2, 0);
    uint64_t before;
    int64_t v = 0;
    sac_err err = {.code = 0};

    must_insert(store, "a", 1, 1);
    before = revision_of(store, "a");
    CHECK_INT(sac_store_insert(store, "a", doc, &err), SAC_EEXIST);
    CHECK_INT(err.code, SAC_EEXIST);
    CHECK(err.text[0] != '\0');
    CHECK_INT(revision_of(store, "a"), before);
    CHECK_INT(get_v(store, "a", 1, &v), SAC_OK);
    CHECK_INT(v, 1);
    free((char *)doc.p);
}

static int insert_ids(sac_store *store, const int *ids, size_t n, sac_write *write)
{
    sac_str docs[16];
    size_t i;
    int rc;

    for (i = 0; i < n; i++)
        docs[i] = doc_int(ids[i], ids[i], 0);
    *write = (sac_write)SAC_WRITE(.kind = SAC_WRITE_INSERT, .collection = "a", .docs = docs,
                                  .n_docs = n);
    rc = sac_store_write(store, write, NULL);
    for (i = 0; i < n; i++)
        free((char *)docs[i].p);
    return rc;
}

static void test_write__several_go_in_all_or_none(void **state)
{
    sac_store *store = store_of(state);
    const sac_query query = SAC_QUERY(.collection = "a");
    sac_write write;
    int64_t count = -1;

    CHECK_INT(insert_ids(store, (int[]){1, 2, 3}, 3, &write), SAC_OK);
    CHECK_INT(write.changed, 3);
    if (the_kind->revisions)
        CHECK_INT(write.revision, revision_of(store, "a"));
    CHECK_INT(seen_all(store, &query, &got), 0);
    CHECK_INT(got.revisions[0], write.revision);
    CHECK_INT(got.revisions[2], write.revision);

    CHECK_INT(insert_ids(store, (int[]){4, 5, 2, 6}, 4, &write), SAC_EEXIST);
    CHECK_INT(write.failed, 2);
    CHECK_INT(write.changed, 0);
    CHECK_INT(insert_ids(store, (int[]){7, 8, 7}, 3, &write), SAC_EEXIST); /* among themselves */
    CHECK_INT(write.failed, 2);
    CHECK_INT(sac_store_count(store, &query, &count, NULL), SAC_OK);
    CHECK_INT(count, 3);
    if (the_kind->revisions)
        CHECK_INT(revision_of(store, "a"), got.revisions[0]);
}

static int count_names(void *self, const char *name)
{
    (void)name;
    ++*(int *)self;
    return 0;
}

static int n_collections(sac_store *store)
{
    int n = 0;

    CHECK_INT(sac_store_collections(store, count_names, &n, NULL), SAC_OK);
    return n;
}

static void test_write__a_refused_insert_makes_no_collection(void **state)
{
    sac_store *store = store_of(state);
    sac_write write;

    CHECK_INT(insert_ids(store, (int[]){1, 1}, 2, &write), SAC_EEXIST);
    if (the_kind->transactions)
        CHECK_INT(n_collections(store), 0);
    CHECK_INT(revision_of(store, "a"), 0);
}

/* What a test's decide says, and what it was shown. */
typedef struct decision {
    sac_change change;
    int rc;
    int calls;
    bool saw;
    int64_t v;
    uint64_t revision;
} decision;

static int decide(void *self, const sac_view *stored, sac_change *change, sac_err *err)
{
    decision *made = self;

    made->calls++;
    made->saw = stored != NULL;
    if (stored) {
        made->v = doc_v(stored->doc);
        made->revision = stored->revision;
    }
    *change = made->change;
    return made->rc ? sac_err_set(err, made->rc, "decided so") : SAC_OK;
}

static int run_decide(sac_store *store, int32_t id, decision *made, sac_write *write)
{
    char raw[4];

    *write = (sac_write)SAC_WRITE(.kind = SAC_WRITE_DECIDE, .collection = "a",
                                  .id = value_int(raw, id), .decide = decide, .self = made);
    made->calls = 0;
    return sac_store_write(store, write, NULL);
}

static void test_decide__puts_keeps_and_removes(void **state)
{
    sac_store *store = store_of(state);
    const sac_str one = doc_int(1, 1, 0);
    const sac_str two = doc_int(1, 2, 0);
    decision made = {.change = {.kind = SAC_CHANGE_PUT, .doc = one}};
    sac_write write;
    uint64_t first;
    int64_t v = 0;

    CHECK_INT(run_decide(store, 1, &made, &write), SAC_OK); /* nothing stored: inserts */
    CHECK(!made.saw);
    CHECK_INT(write.changed, 1);
    first = write.revision;
    CHECK(first > 0);

    made.change = (sac_change){.kind = SAC_CHANGE_KEEP};
    CHECK_INT(run_decide(store, 1, &made, &write), SAC_OK);
    CHECK(made.saw);
    CHECK_INT(made.v, 1);
    CHECK_INT(made.revision, first);
    CHECK_INT(write.changed, 0);
    CHECK_INT(write.revision, first);

    made.change = (sac_change){.kind = SAC_CHANGE_PUT, .doc = two};
    CHECK_INT(run_decide(store, 1, &made, &write), SAC_OK);
    CHECK(write.revision > first);
    CHECK_INT(get_v(store, "a", 1, &v), SAC_OK);
    CHECK_INT(v, 2);

    made.change = (sac_change){.kind = SAC_CHANGE_REMOVE};
    CHECK_INT(run_decide(store, 1, &made, &write), SAC_OK);
    CHECK_INT(write.changed, 1);
    if (the_kind->revisions)
        CHECK_INT(write.revision, revision_of(store, "a"));
    CHECK_INT(run_decide(store, 1, &made, &write), SAC_OK); /* nothing there: nothing done */
    CHECK(!made.saw);
    CHECK_INT(write.changed, 0);
    CHECK_INT(write.revision, 0);
    free((char *)one.p);
    free((char *)two.p);
}

static void test_decide__an_error_refuses_this_write(void **state)
{
    sac_store *store = store_of(state);
    decision made = {.rc = SAC_EPRECONDITION};
    sac_write write;
    uint64_t before;

    must_insert(store, "a", 1, 1);
    before = revision_of(store, "a");
    CHECK_INT(run_decide(store, 1, &made, &write), SAC_EPRECONDITION);
    CHECK_INT(write.result, SAC_EPRECONDITION);
    assert_string_equal(write.err.text, "decided so");
    CHECK_INT(revision_of(store, "a"), before);
}

static void test_decide__what_changes_nothing_raises_nothing(void **state)
{
    sac_store *store = store_of(state);
    const sac_str same = doc_int(1, 1, 0);
    decision made = {.change = {.kind = SAC_CHANGE_PUT, .doc = same}};
    sac_write write;
    uint64_t before;

    must_insert(store, "a", 1, 1);
    before = revision_of(store, "a");
    CHECK_INT(run_decide(store, 1, &made, &write), SAC_OK);
    CHECK_INT(write.changed, 0);
    CHECK_INT(write.revision, made.revision);
    if (the_kind->revisions)
        CHECK_INT(write.revision, before);
    CHECK_INT(revision_of(store, "a"), before);
    made.change.kind = SAC_CHANGE_REMOVE;
    CHECK_INT(run_decide(store, 9, &made, &write), SAC_OK);
    CHECK_INT(revision_of(store, "a"), before);
    free((char *)same.p);
}

static void test_decide__keeps_the_id(void **state)
{
    sac_store *store = store_of(state);
    const sac_str other = doc_int(2, 1, 0);
    decision made = {.change = {.kind = SAC_CHANGE_PUT, .doc = other}};
    sac_write write;
    int64_t v;

    CHECK_INT(run_decide(store, 1, &made, &write), SAC_EINVAL);
    must_insert(store, "a", 1, 1);
    CHECK_INT(run_decide(store, 1, &made, &write), SAC_EINVAL);
    made.change.doc = sac_str_n("\5\0\0\0\0", 5);
    CHECK_INT(run_decide(store, 1, &made, &write), SAC_EINVAL); /* no _id */
    made.change.doc = sac_str_n("\6\0\0\0\0", 5);
    CHECK_INT(run_decide(store, 1, &made, &write), SAC_EINVAL); /* no document */
    CHECK_INT(get_v(store, "a", 2, &v), SAC_ENOTFOUND);
    free((char *)other.p);
}

static void test_write__replace_and_remove_need_a_document(void **state)
{
    sac_store *store = store_of(state);
    int64_t v = 0;

    CHECK_INT(replace_int(store, "a", 1, 2), SAC_ENOTFOUND);
    CHECK_INT(remove_int(store, "a", 1), SAC_ENOTFOUND);
    must_insert(store, "a", 1, 1);
    CHECK_INT(replace_int(store, "a", 1, 2), SAC_OK);
    CHECK_INT(get_v(store, "a", 1, &v), SAC_OK);
    CHECK_INT(v, 2);
    CHECK_INT(remove_int(store, "a", 1), SAC_OK);
    CHECK_INT(get_v(store, "a", 1, &v), SAC_ENOTFOUND);
    CHECK_INT(remove_int(store, "a", 1), SAC_ENOTFOUND);
}

static void test_write__clear_leaves_the_collection_drop_does_not(void **state)
{
    sac_store *store = store_of(state);
    const sac_query query = SAC_QUERY(.collection = "a");
    sac_write clear = SAC_WRITE(.kind = SAC_WRITE_CLEAR, .collection = "a");
    int64_t count = -1;

    insert_range(store, "a", 1, 5);
    insert_range(store, "b", 1, 1);
    CHECK_INT(sac_store_write(store, &clear, NULL), SAC_OK);
    CHECK_INT(clear.changed, 5);
    CHECK_INT(clear.revision, revision_of(store, "a"));
    CHECK_INT(sac_store_count(store, &query, &count, NULL), SAC_OK);
    CHECK_INT(count, 0);
    CHECK_INT(n_collections(store), 2);
    CHECK_INT(sac_store_write(store, &clear, NULL), SAC_OK); /* nothing left: nothing raised */
    CHECK_INT(clear.changed, 0);
    CHECK_INT(clear.revision, revision_of(store, "a"));
    insert_range(store, "a", 1, 1);

    CHECK_INT(sac_store_drop(store, "a", NULL), SAC_OK);
    CHECK_INT(n_collections(store), 1);
    CHECK_INT(sac_store_drop(store, "a", NULL), SAC_OK);
    CHECK_INT(sac_store_drop(store, "never", NULL), SAC_OK);
    insert_range(store, "a", 3, 4);
    CHECK_INT(sac_store_count(store, &query, &count, NULL), SAC_OK);
    CHECK_INT(count, 2);
    CHECK_INT(n_collections(store), 2);
}

static void test_write__revisions_never_restart(void **state)
{
    sac_store *store = store_of(state);
    uint64_t last;
    int64_t v;

    if (!the_kind->revisions)
        skip(); /* collections have none */
    must_insert(store, "a", 1, 1);
    must_insert(store, "b", 1, 1);
    last = revision_of(store, "b");
    CHECK(last > revision_of(store, "a"));
    CHECK_INT(replace_int(store, "a", 1, 2), SAC_OK);
    CHECK(revision_of(store, "a") > last);
    last = revision_of(store, "a");
    CHECK_INT(sac_store_drop(store, "a", NULL), SAC_OK);
    CHECK(revision_of(store, "a") > last);
    last = revision_of(store, "a");
    must_insert(store, "a", 1, 1);
    CHECK(revision_of(store, "a") > last);
    last = revision_of(store, "a");
    CHECK_INT(sac_store_drop(store, "a", NULL), SAC_OK);
    CHECK_INT(sac_store_drop(store, "b", NULL), SAC_OK);

    store_case_reopen(*state);
    store = store_of(state);
    CHECK(revision_of(store, "a") > last);
    last = revision_of(store, "b");
    CHECK_INT(get_v(store, "a", 1, &v), SAC_ENOTFOUND);
    must_insert(store, "c", 1, 1);
    CHECK(revision_of(store, "c") > last);
}

static void test_store__is_the_same_when_opened_again(void **state)
{
    sac_store *store = store_of(state);
    uint8_t secret[32];
    uint8_t again[32];
    uint64_t revision;
    int64_t v = 0;

    insert_range(store, "a", 1, 10);
    insert_range(store, "b", 1, 1);
    revision = revision_of(store, "a");
    CHECK_INT(sac_store_secret(store, secret, NULL), SAC_OK);
    store_case_reopen(*state);
    store = store_of(state);
    CHECK_INT(sac_store_secret(store, again, NULL), SAC_OK);
    assert_memory_equal(secret, again, sizeof secret);
    CHECK_INT(revision_of(store, "a"), revision);
    CHECK_INT(get_v(store, "a", 10, &v), SAC_OK);
    CHECK_INT(v, 100);
    CHECK_INT(n_collections(store), 2);
    CHECK_INT(sac_store_check(store, NULL), SAC_OK);
}

/* ---- arguments ---- */

static void test_store__refuses_bad_collection_names(void **state)
{
    static const char *const bad[] = {
        "",
        "a b",
        "a/b",
        "a$b",
        "system.users",
        "\xc3\xa9",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", /* 65 */
    };
    static const char *const good[] = {
        "a",
        "A-b_c.9",
        "system",
        "systems.x",
        ".",
        "x",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", /* 64 */
    };
    sac_store *store = store_of(state);
    const sac_str doc = doc_int(1, 1, 0);
    int64_t v;
    size_t i;

    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        const sac_query query = SAC_QUERY(.collection = bad[i]);
        uint64_t revision;

        CHECK_INT(sac_store_insert(store, bad[i], doc, NULL), SAC_EINVAL);
        CHECK_INT(get_v(store, bad[i], 1, &v), SAC_EINVAL);
        CHECK_INT(seen_all(store, &query, &got), SAC_EINVAL);
        CHECK_INT(sac_store_count(store, &query, &v, NULL), SAC_EINVAL);
        CHECK_INT(sac_store_revision(store, bad[i], &revision, NULL), SAC_EINVAL);
        CHECK_INT(sac_store_drop(store, bad[i], NULL), SAC_EINVAL);
    }
    CHECK_INT(get_v(store, NULL, 1, &v), SAC_EINVAL);
    for (i = 0; i < sizeof good / sizeof *good; i++)
        if (the_kind->whole || good[i][0] != '.')
            CHECK_INT(sac_store_insert(store, good[i], doc, NULL), SAC_OK);
    free((char *)doc.p);
}

static void test_store__refuses_documents_that_are_none(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
    } bad[] = {
        {"", 0},
        {"\5\0\0\0", 4},
        {"\5\0\0\0\0", 5},                                        /* no _id */
        {"\x0f\0\0\0\x10_id\0\1\0\0\0\0", 14},                    /* lying length */
        {"\x0e\0\0\0\x10_id\0\1\0\0\0\1", 14},                    /* no end */
        {"\x0f\0\0\0\4_id\0\5\0\0\0\0\0", 15},                    /* an array */
        {"\x0a\0\0\0\6_id\0\0", 10},                              /* undefined */
        {"\x0e\0\0\0\x0b_id\0a\0i\0\0", 14},                      /* a regex */
        {"\x17\0\0\0\x10_id\0\1\0\0\0\2s\0\2\0\0\0\xff\0\0", 24}, /* length again */
        {"\x18\0\0\0\x10_id\0\1\0\0\0\2s\0\2\0\0\0\xff\0\0", 24}, /* no UTF-8 */
        {"\x12\0\0\0\x10_id\0\1\0\0\0\x08"
         "b\0\7\0",
         18}, /* no boolean */
    };
    static const char good[] = "\x0e\0\0\0\x10_id\0\1\0\0\0";
    sac_store *store = store_of(state);
    size_t i;

    for (i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_INT(sac_store_insert(store, "a", sac_str_n(bad[i].bytes, bad[i].n), NULL),
                  SAC_EINVAL);
    CHECK_INT(sac_store_insert(store, "a", sac_str_n(good, 14), NULL), SAC_OK);
}

static void test_store__a_document_may_have_16_mib_and_no_byte_more(void **state)
{
    sac_store *store = store_of(state);
    const sac_str small = doc_int(1, 1, 1);
    const size_t over = the_kind->max_doc - small.n + 1;
    const sac_str most = doc_int(1, 1, over);
    char *more = calloc(1, SAC_BSON_MAX + 1);
    int64_t v = 0;

    CHECK_INT(most.n, the_kind->max_doc);
    assert_non_null(more);
    memcpy(more, most.p, most.n);
    more[0] = 1; /* 16 MiB + 1 */
    CHECK_INT(sac_store_insert(store, "a", sac_str_n(more, SAC_BSON_MAX + 1), NULL), SAC_ETOOBIG);
    CHECK_INT(sac_store_insert(store, "a", most, NULL), SAC_OK);
    CHECK_INT(get_v(store, "a", 1, &v), SAC_OK);
    CHECK_INT(v, 1);
    CHECK_INT(sac_store_check(store, NULL), SAC_OK);
    free((char *)small.p);
    free((char *)most.p);
    free(more);
}

static void test_store__an_id_that_is_too_long_is_refused_not_cut(void **state)
{
    sac_store *store = store_of(state);
    static char text[20001];
    static char raw[20006];
    decision made = {.change = {.kind = SAC_CHANGE_KEEP}};
    sac_write write = SAC_WRITE(.kind = SAC_WRITE_DECIDE, .collection = "a", .decide = decide,
                                .self = &made);
    const sac_sink sink = seen_sink(&got);
    sac_err err = {.code = 0};
    sac_str doc;
    int rc;

    memset(text, 'x', 256);
    text[256] = '\0';
    doc = doc_str(text, 1);
    CHECK_INT(sac_store_insert(store, "a", doc, NULL), SAC_OK); /* wire.md: 256 at most */
    free((char *)doc.p);
    memset(text, 'x', 20000);
    doc = doc_str(text, 1);
    rc = sac_store_insert(store, "a", doc, &err);
    free((char *)doc.p);
    if (rc == SAC_OK)
        return; /* a store without such a limit */
    CHECK_INT(rc, SAC_ELIMIT);
    CHECK(err.text[0] != '\0');
    write.id = value_str(raw, text);
    CHECK_INT(sac_store_write(store, &write, NULL), SAC_ELIMIT);
    CHECK_INT(made.calls, 0);
    CHECK_INT(sac_store_get(store, "a", write.id, &sink, NULL), SAC_ENOTFOUND);
}

static void never(void *self, sac_write *write)
{
    (void)self;
    (void)write;
    fail_msg("done of a write that was not taken");
}

static void test_submit__refuses_malformed_writes_at_once(void **state)
{
    sac_store *store = store_of(state);
    const sac_str doc = doc_int(1, 1, 0);
    const sac_str docs[2] = {doc, {"x", 1}};
    sac_write write = SAC_WRITE(.kind = SAC_WRITE_INSERT, .collection = "a", .done = never);
    sac_value array = {SAC_BSON_ARRAY, sac_str_n("\5\0\0\0\0", 5)};

    CHECK_INT(sac_store_submit(store, &write, NULL), SAC_EINVAL); /* no documents */
    write.docs = docs;
    write.n_docs = 2;
    CHECK_INT(sac_store_submit(store, &write, NULL), SAC_EINVAL);
    CHECK_INT(write.failed, 1);
    write.n_docs = 1;
    write.done = NULL;
    CHECK_INT(sac_store_submit(store, &write, NULL), SAC_EINVAL);
    write.done = never;
    write.kind = (sac_write_kind)99;
    CHECK_INT(sac_store_submit(store, &write, NULL), SAC_EINVAL);
    write.kind = SAC_WRITE_DECIDE;
    write.id = array;
    CHECK_INT(sac_store_submit(store, &write, NULL), SAC_EINVAL); /* no decide */
    write.decide = decide;
    CHECK_INT(sac_store_submit(store, &write, NULL), SAC_EINVAL); /* an array as _id */
    write.kind = SAC_WRITE_CLEAR;
    write.size = 1;
    CHECK_INT(sac_store_submit(store, &write, NULL), SAC_EINVAL);
    write.size = sizeof write + 8;
    CHECK_INT(sac_store_submit(store, &write, NULL), SAC_EVERSION);
    free((char *)doc.p);
}

static void test_store__refuses_malformed_queries(void **state)
{
    sac_store *store = store_of(state);
    sac_query query = SAC_QUERY(.collection = "a", .skip = -1);

    CHECK_INT(seen_all(store, &query, &got), SAC_EINVAL);
    query.skip = 0;
    query.limit = -1;
    CHECK_INT(seen_all(store, &query, &got), SAC_EINVAL);
    query.limit = 0;
    query.size = 0;
    CHECK_INT(seen_all(store, &query, &got), SAC_EINVAL);
    query.size = sizeof query + 8;
    CHECK_INT(seen_all(store, &query, &got), SAC_EVERSION);
}

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, open_case, close_case)

static const struct CMUnitTest tests[] = {
    STORE_TEST(test_store__gives_back_what_was_inserted),
    STORE_TEST(test_store__get_returns_the_sinks_error),
    STORE_TEST(test_store__get_begins_with_the_collections_revision),
    STORE_TEST(test_store__orders_ids_of_all_types),
    STORE_TEST(test_store__ranges_hold_between_all_types),
    STORE_TEST(test_store__numbers_are_one_id_whatever_their_type),
    STORE_TEST(test_store__queries_agree_with_a_model),
    STORE_TEST(test_store__an_empty_collection_has_no_documents),
    STORE_TEST(test_store__an_empty_filter_is_all_and_no_other_is_ignored),
    STORE_TEST(test_store__a_bound_may_be_longer_than_any_id),
    STORE_TEST(test_cursor__goes_on_behind_the_last_while_others_write),
    STORE_TEST(test_cursor__goes_on_behind_the_last_downwards_too),
    STORE_TEST(test_cursor__survives_clear_and_drop),
    STORE_TEST(test_cursor__limit_and_skip_hold_over_pulls),
    STORE_TEST(test_cursor__returns_the_sinks_error),
    STORE_TEST(test_cursor__begin_may_stop_or_fail),
    STORE_TEST(test_cursor__snapshot_has_the_revision_of_what_it_sees),
    STORE_TEST(test_write__a_taken_id_is_refused_and_nothing_changes),
    STORE_TEST(test_write__several_go_in_all_or_none),
    STORE_TEST(test_write__a_refused_insert_makes_no_collection),
    STORE_TEST(test_decide__puts_keeps_and_removes),
    STORE_TEST(test_decide__an_error_refuses_this_write),
    STORE_TEST(test_decide__what_changes_nothing_raises_nothing),
    STORE_TEST(test_decide__keeps_the_id),
    STORE_TEST(test_write__replace_and_remove_need_a_document),
    STORE_TEST(test_write__clear_leaves_the_collection_drop_does_not),
    STORE_TEST(test_write__revisions_never_restart),
    STORE_TEST(test_store__is_the_same_when_opened_again),
    STORE_TEST(test_store__refuses_bad_collection_names),
    STORE_TEST(test_store__refuses_documents_that_are_none),
    STORE_TEST(test_store__a_document_may_have_16_mib_and_no_byte_more),
    STORE_TEST(test_store__an_id_that_is_too_long_is_refused_not_cut),
    STORE_TEST(test_submit__refuses_malformed_writes_at_once),
    STORE_TEST(test_store__refuses_malformed_queries),
};

int main(void)
{
    return stores_run(&the_kind, tests, sizeof tests / sizeof *tests) != 0;
}
