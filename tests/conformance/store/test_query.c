/* SPDX-License-Identifier: MIT */
/* Queries over every store, beside a plain answer that is worked out one by one. */
#include "model.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "unit/query/queries.h"

static store_case the_case;
static const store_kind *the_kind;
static model docs;
static answer got;

static uint64_t seed_of_run(void)
{
    const char *given = getenv("SACRUM_SEED");

    return given ? strtoull(given, NULL, 10) : UINT64_C(20261122);
}

static int open_case(void **state)
{
    store_case_open(&the_case, the_kind, NULL);
    memset(&docs, 0, sizeof docs);
    memset(&got, 0, sizeof got);
    docs.random.state = seed_of_run();
    got.of = &docs;
    *state = &the_case;
    return 0;
}

static int close_case(void **state)
{
    model_close(&docs);
    store_case_close(*state);
    return 0;
}

static sac_store *store_of(void **state)
{
    return ((store_case *)*state)->store;
}

static void make_index(sac_store *store, const char *keys)
{
    const sac_index index = {.keys = keys};
    sac_err err = {.code = 0};

    if (sac_store_make_index(store, "a", &index, &err) != SAC_OK)
        fail_msg("index %s: %s", keys, err.text);
}

static void insert_json(sac_store *store, const char *json)
{
    const sac_str doc = bson_of(json);
    sac_err err = {.code = 0};

    if (sac_store_insert(store, "a", doc, &err) != SAC_OK)
        fail_msg("%s: %s", json, err.text);
    drop(doc);
}

static void fail_query(const sac_query *query, const char *what)
{
    print_error("SACRUM_SEED=%llu\n", (unsigned long long)seed_of_run());
    print_query(query);
    fail_msg("%s", what);
}

/* ---- against the model ---- */

static void check_places(const sac_query *query, const size_t *want, size_t n)
{
    size_t i;

    if (got.n != n) {
        print_error("%zu documents, want %zu\n", got.n, n);
        fail_query(query, "another number");
    }
    for (i = 0; i < n; i++)
        if (got.places[i] != want[i]) {
            print_error("at %zu document %zu, want %zu\n", i, got.places[i], want[i]);
            fail_query(query, "another order");
        }
    if (got.differs)
        fail_query(query, "a document is not as it was written");
}

static void check_answer(sac_store *store, const sac_query *query)
{
    size_t places[MODEL_MAX];
    const size_t all = model_answer(&docs, query, places);
    const size_t skip = query->skip < (int64_t)all ? (size_t)query->skip : all;
    const size_t left = all - skip;
    const size_t n = query->limit && query->limit < (int64_t)left ? (size_t)query->limit : left;
    sac_err err = {.code = 0};
    int64_t count = -1;

    if (answer_all(store, query, &got, &err) != SAC_OK)
        fail_query(query, err.text);
    check_places(query, places + skip, n);
    if (got.count != (query->count ? (int64_t)all : -1))
        fail_query(query, "another count in the snapshot");
    if (sac_store_count(store, query, &count, &err) != SAC_OK || count != (int64_t)all)
        fail_query(query, "another count");
}

/* From page to page by the last document of each: all of them once, in order. */
static void check_pages(sac_store *store, const sac_query *query)
{
    size_t places[MODEL_MAX];
    const size_t all = model_answer(&docs, query, places);
    sac_query page = *query;
    size_t n = 0;
    sac_bson writer;

    sac_bson_init(&writer, NULL, 0);
    page.skip = 0;
    page.limit = 3;
    page.count = false;
    for (;;) {
        sac_err err = {.code = 0};

        if (answer_all(store, &page, &got, &err) != SAC_OK)
            fail_query(&page, err.text);
        if (n + got.n > all)
            fail_query(&page, "pages give more");
        check_places(&page, places + n, all - n < 3 ? all - n : 3);
        n += got.n;
        if (got.n < 3)
            break;
        page.after = model_id(&docs, places[n - 1]);
        if (page.sort.n == 0)
            continue;
        sac_bson_fini(&writer);
        sac_bson_init(&writer, NULL, 0);
        CHECK_INT(sac_sort_keys(page.sort, docs.docs[places[n - 1]], &writer, NULL), SAC_OK);
        CHECK_INT(sac_bson_finish(&writer, &page.after_keys), SAC_OK);
    }
    CHECK_INT(n, all);
    sac_bson_fini(&writer);
}

#ifdef SANITIZED_THREADS
enum { FEWER = 10 };
#else
enum { FEWER = 1 };
#endif

static void check_queries(sac_store *store, int n)
{
    int i;

    for (i = 0; i < n / FEWER; i++) {
        asked query;

        model_query(&docs, "a", &query);
        got.stop = random_below(&docs.random, 4);
        check_answer(store, &query.query);
        if (i % 4 == 0)
            check_pages(store, &query.query);
        asked_free(&query);
    }
}

static void test_query__agrees_with_a_model(void **state)
{
    docs.arrays = true;
    model_open(&docs, store_of(state), "a", 120);
    check_queries(store_of(state), 400);
}

static const char *const index_sets[][8] = {
    {"a", "b", "c.d", NULL},
    {"-a", "b,-a", "c.d,a", "t", NULL},
    {"a,b,t", "-a,-b", "a,-b", "t,b", NULL},
    {"b,a,c.d", "c", "c.d,-c", "a,_id", "_id,b", NULL},
};

static void make_set(sac_store *store, const char *const *keys)
{
    for (; *keys; keys++)
        make_index(store, *keys);
}

static void each_set(sac_store *store, size_t n, int queries)
{
    size_t i;

    for (i = 0; i < sizeof index_sets / sizeof *index_sets; i++) {
        model_open(&docs, store, "a", n);
        make_set(store, index_sets[i]);
        check_queries(store, queries);
        model_close(&docs);
        CHECK_INT(sac_store_drop(store, "a", NULL), SAC_OK);
    }
}

static void test_query__agrees_with_a_model_by_indexes(void **state)
{
    each_set(store_of(state), 120, 250);
}

static void make_unmixed(sac_store *store)
{
    /* Of the fields of one index no two may have arrays in one document. */
    static const char *const keys[] = {"t", "a,t,b", "-c.d", "c.d,c.e", "-c.e,a", "b,c", NULL};

    make_set(store, keys);
}

static void test_query__agrees_with_a_model_by_indexes_of_arrays(void **state)
{
    docs.arrays = true;
    model_open(&docs, store_of(state), "a", 120);
    make_unmixed(store_of(state));
    check_queries(store_of(state), 600);
}

static void test_query__agrees_with_a_model_where_keys_are_cut(void **state)
{
    docs.long_texts = true;
    each_set(store_of(state), 80, 150);
}

static void test_query__agrees_with_a_model_by_sparse_indexes(void **state)
{
    static const char *const keys[] = {"a", "c.d,b", "-b", NULL};
    size_t i;

    docs.arrays = true;
    model_open(&docs, store_of(state), "a", 100);
    for (i = 0; keys[i]; i++) {
        const sac_index index = {.keys = keys[i], .sparse = true};

        CHECK_INT(sac_store_make_index(store_of(state), "a", &index, NULL), SAC_OK);
    }
    check_queries(store_of(state), 300);
}

/* ---- beside writes ---- */

/* Some go, some come, and now and then an index does. */
static void disturb(sac_store *store)
{
    static const char *const keys[] = {"a", "b", "t", "a,b"};
    static const char *const names[] = {"a_1", "b_1", "t_1", "a_1_b_1"};
    const size_t i = random_below(&docs.random, 4);

    switch (random_below(&docs.random, 8)) {
    case 0:
    case 1: model_remove(&docs, store, "a", random_below(&docs.random, docs.n)); break;
    case 2:
        if (docs.n < MODEL_MAX)
            model_add(&docs, store, "a");
        break;
    case 3:
        if (sac_store_drop_index(store, "a", names[i], NULL) != SAC_OK)
            make_index(store, keys[i]);
        break;
    default: break;
    }
}

static void check_given(const sac_query *query, const bool *before, size_t n_before)
{
    size_t places[MODEL_MAX];
    bool given[MODEL_MAX] = {false};
    size_t all;
    size_t i;

    for (i = 0; i < got.n; i++) {
        if (given[got.places[i]])
            fail_query(query, "a document twice");
        given[got.places[i]] = true;
        if (i > 0 &&
            model_compare(query, docs.docs[got.places[i - 1]], docs.docs[got.places[i]]) >= 0)
            fail_query(query, "out of order");
    }
    all = model_answer(&docs, query, places);
    for (i = 0; i < all; i++)
        if (places[i] < n_before && before[places[i]] && !given[places[i]])
            fail_query(query, "a document that was there all the time is missing");
}

static void pull_disturbed(sac_store *store, const sac_query *query)
{
    const sac_sink sink = answer_sink(&got);
    bool before[MODEL_MAX];
    const size_t n_before = docs.n;
    sac_cursor *cursor = NULL;
    sac_err err = {.code = 0};
    size_t i;
    int rc;

    for (i = 0; i < docs.n; i++)
        before[i] = !docs.gone[i];
    CHECK_INT(sac_store_find(store, query, NULL, &cursor, &err), SAC_OK);
    got.n = 0;
    do {
        const size_t had = got.n;

        got.until = got.n + 1 + random_below(&docs.random, 3);
        rc = sac_cursor_pull(cursor, &sink, &err);
        for (i = had; i < got.n; i++)
            CHECK(!docs.gone[got.places[i]]);
        disturb(store);
    } while (rc == 1);
    sac_cursor_close(cursor);
    if (rc != SAC_OK)
        fail_query(query, err.text);
    check_given(query, before, n_before);
}

static void test_cursor__holds_its_order_while_others_write(void **state)
{
    sac_store *store = store_of(state);
    int i;

    model_open(&docs, store, "a", 150);
    make_index(store, "a");
    make_index(store, "a,b");
    for (i = 0; i < 60; i++) {
        asked query;

        model_query(&docs, "a", &query);
        query.query.skip = 0;
        query.query.limit = 0;
        pull_disturbed(store, &query.query);
        asked_free(&query);
    }
    CHECK_INT(sac_store_check(store, NULL), SAC_OK);
}

/* ---- one by one ---- */

typedef struct texts {
    char p[2000];
    size_t n;
} texts;

/* A document as the plain JSON that stands for it, a blank behind it. */
static int add_json(void *self, const char *p, size_t n)
{
    texts *to = self;

    CHECK(to->n + n + 2 < sizeof to->p);
    memcpy(to->p + to->n, p, n);
    to->n += n;
    to->p[to->n] = '\0';
    return SAC_OK;
}

static int add_shown(void *self, const sac_view *view)
{
    CHECK_INT(sac_json_encode(view->doc, NULL, add_json, self, NULL), SAC_OK);
    return add_json(self, " ", 1);
}

typedef struct words {
    const char *filter;
    const char *sort;
    const char *projection;
} words;

/* What a query shows, as JSON, one document behind the other. */
static const char *shown(sac_store *store, words by)
{
    static texts to;
    const sac_sink sink = {.doc = add_shown, .self = &to};
    const sac_str filter = bson_of(by.filter ? by.filter : "{}");
    const sac_str sort = bson_of(by.sort ? by.sort : "{}");
    const sac_str projection = bson_of(by.projection ? by.projection : "{'_id': 1}");
    const sac_query query = SAC_QUERY(.collection = "a", .filter = filter, .sort = sort,
                                      .projection = projection);
    sac_cursor *cursor = NULL;
    sac_err err = {.code = 0};

    to.n = 0;
    to.p[0] = '\0';
    if (sac_store_find(store, &query, NULL, &cursor, &err) != SAC_OK ||
        sac_cursor_pull(cursor, &sink, &err) != SAC_OK)
        fail_msg("%s", err.text);
    sac_cursor_close(cursor);
    drop(filter);
    drop(sort);
    drop(projection);
    return to.p;
}

static void check_shown(sac_store *store, words by, const char *want)
{
    assert_string_equal(shown(store, by), want);
}

static void insert_five(sac_store *store)
{
    insert_json(store, "{'_id': 1, 'city': 'Rome', 'n': 3}");
    insert_json(store, "{'_id': 2, 'city': 'Bern', 'n': 3}");
    insert_json(store, "{'_id': 3, 'n': 1}");
    insert_json(store, "{'_id': 4, 'city': null, 'n': 2}");
    insert_json(store, "{'_id': 5, 'city': ['Oslo', 'Bern'], 'n': 2}");
}

static void check_five(sac_store *store)
{
    check_shown(store, (words){.filter = "{'city': 'Bern'}"}, "{\"_id\":2} {\"_id\":5} ");
    check_shown(store, (words){.filter = "{'city': null}"}, "{\"_id\":3} {\"_id\":4} ");
    check_shown(store, (words){.filter = "{'n': {'$gt': 1, '$lt': 3}}", .projection = "{'n': 1}"},
                "{\"_id\":4,\"n\":2} {\"_id\":5,\"n\":2} ");
    check_shown(store, (words){.sort = "{'n': -1}"},
                "{\"_id\":2} {\"_id\":1} {\"_id\":5} {\"_id\":4} {\"_id\":3} ");
    check_shown(store, (words){.sort = "{'n': -1, '_id': 1}"},
                "{\"_id\":1} {\"_id\":2} {\"_id\":4} {\"_id\":5} {\"_id\":3} ");
    check_shown(store, (words){.sort = "{'city': 1}", .filter = "{'city': {'$exists': true}}"},
                "{\"_id\":4} {\"_id\":2} {\"_id\":5} {\"_id\":1} ");
    check_shown(store, (words){.filter = "{'city': {'$in': []}}"}, "");
    check_shown(store, (words){.filter = "{'_id': {'$in': [5, 1, 9, 1]}}"},
                "{\"_id\":1} {\"_id\":5} ");
    check_shown(store, (words){.filter = "{'_id': {'$gte': 4}}", .projection = "{'city': 0}"},
                "{\"_id\":4,\"n\":2} {\"_id\":5,\"n\":2} ");
}

static void test_query__finds_what_it_says(void **state)
{
    sac_store *store = store_of(state);

    insert_five(store);
    check_five(store);
    make_index(store, "city");
    make_index(store, "n");
    make_index(store, "-n,city");
    check_five(store);
}

static void check_refused_at_find(sac_store *store, const sac_query *query, int code)
{
    sac_cursor *cursor = NULL;
    sac_err err = {.code = 0};

    CHECK_INT(sac_store_find(store, query, NULL, &cursor, &err), code);
    CHECK(cursor == NULL);
    CHECK(err.text[0] != '\0');
}

static void test_query__refuses_what_it_cannot_read(void **state)
{
    sac_store *store = store_of(state);
    const sac_str bad_filter = bson_of("{'n': {'$near': 1}}");
    const sac_str bad_sort = bson_of("{'n': 2}");
    const sac_str sort = bson_of("{'n': 1, 'city': -1}");
    const sac_str bad_projection = bson_of("{'n': 1, 'city': 0}");
    char raw[4];
    sac_query query = SAC_QUERY(.collection = "a", .filter = bad_filter);

    insert_five(store);
    check_refused_at_find(store, &query, SAC_EINVAL);
    query.filter = sac_str_n("\6\0\0\0\0", 5);
    check_refused_at_find(store, &query, SAC_ECORRUPT);
    query.filter = sac_str_n(NULL, 0);
    query.sort = bad_sort;
    check_refused_at_find(store, &query, SAC_EINVAL);
    query.sort = sort;
    query.projection = bad_projection;
    check_refused_at_find(store, &query, SAC_EINVAL);
    query.projection = sac_str_n(NULL, 0);
    query.after = value_int(raw, 1); /* without the values that go with it */
    check_refused_at_find(store, &query, SAC_EINVAL);
    query.after_keys = sac_str_n("\x0c\0\0\0\x10"
                                 "0\0\1\0\0\0",
                                 11);
    check_refused_at_find(store, &query, SAC_EINVAL);
    drop(bad_filter);
    drop(bad_sort);
    drop(sort);
    drop(bad_projection);
}

static void test_query__a_sort_in_memory_has_its_limit(void **state)
{
    sac_store *store = store_of(state);
    const sac_str sort = bson_of("{'v': -1}");
    sac_query query = SAC_QUERY(.collection = "a", .sort = sort, .max_sort = 4096);
    static seen into;
    const sac_sink sink = seen_sink(&into);
    sac_cursor *cursor = NULL;
    sac_err err = {.code = 0};
    int i;

    for (i = 0; i < 400; i++)
        must_insert(store, "a", i, i % 7);
    CHECK_INT(sac_store_find(store, &query, NULL, &cursor, NULL), SAC_OK);
    CHECK_INT(sac_cursor_pull(cursor, &sink, &err), SAC_ELIMIT);
    CHECK(strstr(err.text, "limit"));
    sac_cursor_close(cursor);
    query.limit = 5; /* so many are kept */
    CHECK_INT(seen_all(store, &query, &into), SAC_OK);
    CHECK_INT(into.n, 5);
    CHECK_INT(into.vs[0], 6);
    CHECK_INT(into.ids[0], 398);
    make_index(store, "v");
    query.limit = 0;
    CHECK_INT(seen_all(store, &query, &into), SAC_OK);
    CHECK_INT(into.n, 400);
    drop(sort);
}

/* Conditions that say nothing to an index hold all the same. */
static void test_query__an_index_answers_its_part_only(void **state)
{
    static const char *const none[] = {
        "{'city': {'$all': ['Bern', ['Bern']]}}", "{'city': {'$eq': 'Bern', '$type': 'int'}}",
        "{'city': {'$in': ['Bern', 'Rome'], '$size': 1}}",
        "{'city': 'Bern', '$nor': [{'n': 3}, {'n': 2}]}", "{'city': 'Rome', '$and': [{'n': 1}]}"};
    sac_store *store = store_of(state);
    sac_query query = SAC_QUERY(.collection = "a");
    int64_t count = -1;
    static seen into;
    size_t i;

    insert_five(store);
    CHECK_INT(sac_store_remove(store, "a", value_int((char[4]){0}, 5), NULL),
              SAC_OK); /* no arrays */
    make_index(store, "city");
    for (i = 0; i < sizeof none / sizeof *none; i++) {
        query.filter = bson_of(none[i]);
        CHECK_INT(seen_all(store, &query, &into), SAC_OK);
        CHECK_INT(into.n, 0);
        CHECK_INT(sac_store_count(store, &query, &count, NULL), SAC_OK);
        CHECK_INT(count, 0);
        drop(query.filter);
    }
}

static void test_query__asks_for_an_index(void **state)
{
    sac_store *store = store_of(state);
    const sac_str filter = bson_of("{'n': 3}");
    const sac_str other = bson_of("{'city': 'Bern', '$or': [{'n': 3}]}");
    const sac_str sort = bson_of("{'n': 1}");
    sac_query query = SAC_QUERY(.collection = "a", .indexed = true);
    static seen into;

    insert_five(store);
    CHECK_INT(seen_all(store, &query, &into), SAC_OK); /* all, by _id */
    query.filter = filter;
    check_refused_at_find(store, &query, SAC_ENOINDEX);
    query.filter = sac_str_n(NULL, 0);
    query.sort = sort;
    check_refused_at_find(store, &query, SAC_ENOINDEX);
    make_index(store, "n");
    CHECK_INT(seen_all(store, &query, &into), SAC_OK);
    query.filter = filter;
    CHECK_INT(seen_all(store, &query, &into), SAC_OK);
    query.sort = sac_str_n(NULL, 0);
    query.filter = other;
    check_refused_at_find(store, &query, SAC_ENOINDEX);
    drop(filter);
    drop(other);
    drop(sort);
}

static void test_query__a_regex_has_its_steps(void **state)
{
    sac_store *store = store_of(state);
    const sac_str filter = bson_of("{'city': {'$regex': '(a+)+$'}}");
    const sac_query query = SAC_QUERY(.collection = "a", .filter = filter);
    int64_t count;

    insert_json(store,
                "{'_id': 1, 'n': 0, 'city': 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab'}");
    CHECK_INT(answer_all(store, &query, &got, NULL), SAC_ELIMIT);
    CHECK_INT(sac_store_count(store, &query, &count, NULL), SAC_ELIMIT);
    drop(filter);
}

/* ---- memory ---- */

static int find_with(sac_store *store, const sac_query *query, const sac_alloc *alloc)
{
    const sac_sink sink = answer_sink(&got);
    sac_cursor *cursor = NULL;
    int rc = sac_store_find(store, query, alloc, &cursor, NULL);

    got.n = 0;
    got.until = 0;
    if (rc != SAC_OK)
        return rc;
    rc = sac_cursor_pull(cursor, &sink, NULL);
    sac_cursor_close(cursor);
    return rc;
}

static void check_survives(sac_store *store, const sac_query *query)
{
    fault_alloc fault;
    const sac_alloc *alloc = fault_alloc_init(&fault, -1);
    long n = 0;
    int rc;

    while ((fault_alloc_init(&fault, n), rc = find_with(store, query, alloc)) != SAC_OK) {
        CHECK_INT(rc, SAC_ENOMEM);
        CHECK_INT(fault.live, 0);
        CHECK(++n < 1000);
    }
    CHECK(n > 0);
    CHECK_INT(fault.live, 0);
}

static void test_query__find_survives_oom(void **state)
{
    sac_store *store = store_of(state);
    const sac_str filter = bson_of("{'a': {'$in': [1, 2, 'a', null]}, 'b': {'$gte': 0}}");
    const sac_str sort = bson_of("{'b': -1, 'a': 1}");
    const sac_str projection = bson_of("{'n': 1, 'c': 1, 'a': 1}");
    sac_query query = SAC_QUERY(.collection = "a", .filter = filter);

    model_open(&docs, store, "a", 60);
    check_survives(store, &query);
    query.sort = sort;
    query.projection = projection;
    check_survives(store, &query);
    make_index(store, "a,b");
    check_survives(store, &query);
    query.sort = sac_str_n(NULL, 0);
    check_survives(store, &query);
    make_index(store, "b,-a");
    query.sort = sort;
    query.filter = sac_str_n(NULL, 0);
    check_survives(store, &query);
    drop(filter);
    drop(sort);
    drop(projection);
}

/* ---- threads ---- */

enum { READERS = 2, ROUNDS = 150 };

typedef struct reading {
    pthread_t thread;
    sac_store *store;
    sac_str filter;
    sac_str sort;
    int failed;
} reading;

typedef struct ascending {
    int64_t last;
    bool broken;
    size_t n;
} ascending;

static int see_ascending(void *self, const sac_view *view)
{
    ascending *to = self;
    const int64_t n = sac_bson_get_int(view->doc, "v", -1);

    to->broken = to->broken || n < to->last;
    to->last = n;
    return ++to->n % 16 == 0;
}

static void *read_on(void *arg)
{
    reading *self = arg;
    int i;

    for (i = 0; i < ROUNDS; i++) {
        ascending to = {.last = -1};
        const sac_sink sink = {.doc = see_ascending, .self = &to};
        const sac_query query = SAC_QUERY(.collection = "a", .filter = self->filter,
                                          .sort = self->sort);
        sac_cursor *cursor = NULL;
        int rc = sac_store_find(self->store, &query, NULL, &cursor, NULL);

        while (rc == SAC_OK && (rc = sac_cursor_pull(cursor, &sink, NULL)) == 1)
            rc = SAC_OK;
        sac_cursor_close(cursor);
        self->failed += rc != SAC_OK || to.broken;
    }
    return NULL;
}

static void test_query__runs_beside_writes(void **state)
{
    sac_store *store = store_of(state);
    reading readers[READERS];
    int i;

    make_index(store, "v");
    for (i = 0; i < 100; i++)
        must_insert(store, "a", i, i % 10);
    for (i = 0; i < READERS; i++) {
        readers[i] = (reading){
            .store = store, .filter = bson_of("{'v': {'$gte': 2}}"), .sort = bson_of("{'v': 1}")};
        CHECK_INT(pthread_create(&readers[i].thread, NULL, read_on, &readers[i]), 0);
    }
    for (i = 100; i < 160; i++) {
        must_insert(store, "a", i, i % 10);
        CHECK_INT(remove_int(store, "a", i - 100), SAC_OK);
    }
    for (i = 0; i < READERS; i++) {
        pthread_join(readers[i].thread, NULL);
        CHECK_INT(readers[i].failed, 0);
        drop(readers[i].filter);
        drop(readers[i].sort);
    }
}

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, open_case, close_case)

static const struct CMUnitTest tests[] = {
    STORE_TEST(test_query__finds_what_it_says),
    STORE_TEST(test_query__refuses_what_it_cannot_read),
    STORE_TEST(test_query__a_sort_in_memory_has_its_limit),
    STORE_TEST(test_query__an_index_answers_its_part_only),
    STORE_TEST(test_query__asks_for_an_index),
    STORE_TEST(test_query__a_regex_has_its_steps),
    STORE_TEST(test_query__find_survives_oom),
    STORE_TEST(test_query__agrees_with_a_model),
    STORE_TEST(test_query__agrees_with_a_model_by_indexes),
    STORE_TEST(test_query__agrees_with_a_model_by_indexes_of_arrays),
    STORE_TEST(test_query__agrees_with_a_model_where_keys_are_cut),
    STORE_TEST(test_query__agrees_with_a_model_by_sparse_indexes),
    STORE_TEST(test_cursor__holds_its_order_while_others_write),
    STORE_TEST(test_query__runs_beside_writes),
};

int main(void)
{
    return stores_run(&the_kind, tests, sizeof tests / sizeof *tests) != 0;
}
