/* SPDX-License-Identifier: MIT */

/*
 * LMDB and the query language beside servers that speak MongoDB's protocol: random
 * documents, filters, sorts, projections and updates must give the same. MongoDB is a
 * judge alone. Of what only imitates it two are asked, which share no code: where
 * neither answers as sacrum does, that is a difference; where one does, it is disputed,
 * and the number of these is printed. The seed is printed; SACRUM_TEST_SEED sets it,
 * SACRUM_TEST_CASES how many of each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <sacrum/json.h>
#include <sacrum/store/lmdb.h>

#include "random.h"
#include "store/mongo/driver.h"
#include "support/support.h"
#include "support/todos.h"

enum { DOCS = 120, MAX_SHOWN = 12, SERVERS = 2 };

typedef struct server {
    mongoc_client_t *client;
    mongoc_collection_t *docs;
} server;

typedef struct sides {
    server servers[SERVERS];
    size_t n;
    sac_store *here;
    char dir[64];
    random_source random;
    sac_str docs[DOCS];
    unsigned cases, differences, disputed;
} sides;

/* Documents in the order in which they came. */
typedef struct found {
    sac_str docs[DOCS + 1];
    size_t n;
    bool refused;
    char why[512];
} found;

static void found_free(found *f)
{
    while (f->n > 0)
        free((void *)(uintptr_t)f->docs[--f->n].p);
}

static int keep(void *self, const sac_view *view)
{
    found *f = self;
    char *copy = malloc(view->doc.n);

    assert_non_null(copy);
    memcpy(copy, view->doc.p, view->doc.n);
    f->docs[f->n++] = sac_str_n(copy, view->doc.n);
    return f->n > DOCS ? SAC_EINVAL : 0;
}

static void ask_here(sides *s, const sac_query *query, found *out)
{
    const sac_sink sink = {.doc = keep, .self = out};
    sac_cursor *cursor = NULL;
    sac_err err = {.code = 0};
    int rc = sac_store_find(s->here, query, NULL, &cursor, &err);

    *out = (found){.n = 0};
    if (rc == SAC_OK)
        rc = sac_cursor_pull(cursor, &sink, &err);
    sac_cursor_close(cursor);
    out->refused = rc < 0;
    snprintf(out->why, sizeof out->why, "%s", err.text);
}

static void add_part(bson_t *to, const char *key, sac_str doc)
{
    bson_t part;

    if (doc.n > 0 && sac__mongo_dress(&part, doc))
        BSON_APPEND_DOCUMENT(to, key, &part);
}

static void ask_there(const server *to, const sac_query *query, found *out)
{
    bson_t filter, options = BSON_INITIALIZER;
    mongoc_cursor_t *cursor;
    bson_error_t error;
    const bson_t *doc;

    *out = (found){.n = 0};
    assert_true(sac__mongo_dress(&filter, query->filter));
    add_part(&options, "sort", query->sort);
    add_part(&options, "projection", query->projection);
    cursor = mongoc_collection_find_with_opts(to->docs, &filter, &options, NULL);
    while (mongoc_cursor_next(cursor, &doc)) {
        const sac_view view = {.doc = sac__mongo_bytes(doc)};

        assert_int_equal(keep(out, &view), 0);
    }
    out->refused = mongoc_cursor_error(cursor, &error);
    if (out->refused)
        snprintf(out->why, sizeof out->why, "%.500s", error.message);
    mongoc_cursor_destroy(cursor);
    bson_destroy(&options);
}

static bool same_value(const sac_value *a, const sac_value *b);

/* Order of members aside. */
static bool same_doc(sac_str a, sac_str b)
{
    sac_bson_iter iter;
    size_t n = 0, m = 0;

    if (sac_bson_iter_init(&iter, b) != SAC_OK)
        return false;
    while (sac_bson_iter_next(&iter) == 1)
        m++;
    if (sac_bson_iter_init(&iter, a) != SAC_OK)
        return false;
    for (; sac_bson_iter_next(&iter) == 1; n++) {
        const sac_value other = sac_bson_get(b, iter.key);

        if (!same_value(&iter.value, &other))
            return false;
    }
    return n == m;
}

/* Numbers by their value. */
static bool same_value(const sac_value *a, const sac_value *b)
{
    sac_str x, y;

    if (a->type == SAC_BSON_DOCUMENT && b->type == SAC_BSON_DOCUMENT && sac_value_doc(a, &x) &&
        sac_value_doc(b, &y))
        return same_doc(x, y);
    if (a->type == SAC_BSON_ARRAY && b->type == SAC_BSON_ARRAY && sac_value_doc(a, &x) &&
        sac_value_doc(b, &y))
        return same_doc(x, y);
    return (a->type == SAC_BSON_MISSING) == (b->type == SAC_BSON_MISSING) &&
           sac_value_compare(a, b) == 0;
}

static bool same_found(const found *a, const found *b)
{
    if (a->refused || b->refused)
        return a->refused == b->refused;
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (!same_doc(a->docs[i], b->docs[i]))
            return false;
    return true;
}

static int print_piece(void *self, const char *p, size_t n)
{
    (void)self;
    fwrite(p, 1, n, stdout);
    return 0;
}

static void print_doc(const char *name, sac_str doc)
{
    const sac_json_options relaxed = SAC_JSON_OPTIONS(.dialect = SAC_JSON_RELAXED);
    sac_err err;

    printf("# %s ", name);
    if (doc.n > 0 && sac_json_encode(doc, &relaxed, print_piece, NULL, &err) != SAC_OK)
        printf("(%s)", err.text);
    printf("\n");
}

static const sac_str *doc_of(const sides *s, sac_str answered)
{
    const int64_t id = sac_bson_get_int(answered, "_id", -1);

    return id >= 0 && id < DOCS ? &s->docs[id] : NULL;
}

static void print_side(const char *name, const found *f)
{
    printf("# %s: ", name);
    if (f->refused)
        printf("refused: %s", f->why);
    for (size_t i = 0; i < f->n; i++)
        printf("%lld ", (long long)sac_bson_get_int(f->docs[i], "_id", -1));
    printf("\n");
}

/* The first document that only one side has, or that is another. */
static void print_example(const sides *s, const found *a, const found *b)
{
    size_t i = 0;

    while (i < a->n && i < b->n && same_doc(a->docs[i], b->docs[i]))
        i++;
    if (i < a->n && doc_of(s, a->docs[i]))
        print_doc("of sacrum's", *doc_of(s, a->docs[i]));
    if (i < b->n && doc_of(s, b->docs[i]))
        print_doc("of theirs", *doc_of(s, b->docs[i]));
    if (i < a->n && i < b->n) {
        print_doc("sacrum's", a->docs[i]);
        print_doc("theirs", b->docs[i]);
    }
}

static void print_query(const sac_query *query)
{
    print_doc("filter", query->filter);
    if (query->sort.n > 0)
        print_doc("sort", query->sort);
    if (query->projection.n > 0)
        print_doc("projection", query->projection);
}

static void compare_query(sides *s, const sac_query *query)
{
    found here, there[SERVERS];
    size_t same = 0;

    ask_here(s, query, &here);
    for (size_t i = 0; i < s->n; i++) {
        ask_there(&s->servers[i], query, &there[i]);
        same += same_found(&here, &there[i]);
    }
    s->disputed += same > 0 && same < s->n;
    if (same == 0 && ++s->differences <= MAX_SHOWN) {
        print_query(query);
        print_side("sacrum", &here);
        for (size_t i = 0; i < s->n; i++) {
            print_side("theirs", &there[i]);
            print_example(s, &here, &there[i]);
        }
    }
    found_free(&here);
    for (size_t i = 0; i < s->n; i++)
        found_free(&there[i]);
}

static void release(sac_str bytes)
{
    free((void *)(uintptr_t)bytes.p);
}

static void insert_there(const server *to, sac_str bytes)
{
    bson_error_t error;
    bson_t doc;

    assert_true(sac__mongo_dress(&doc, bytes));
    if (!mongoc_collection_insert_one(to->docs, &doc, NULL, NULL, &error))
        fail_msg("%s", error.message);
}

static void fill(sides *s)
{
    sac_err err = {.code = 0};

    for (size_t i = 0; i < s->n; i++)
        (void)mongoc_collection_drop(s->servers[i].docs, NULL);
    CHECK_INT(sac_store_drop(s->here, "d", &err), SAC_OK);
    for (int i = 0; i < DOCS; i++) {
        release(s->docs[i]);
        s->docs[i] = random_doc(&s->random, i);
        CHECK_INT(sac_store_insert(s->here, "d", s->docs[i], &err), SAC_OK);
        for (size_t j = 0; j < s->n; j++)
            insert_there(&s->servers[j], s->docs[i]);
    }
}

static void add_indexes(sides *s)
{
    static const sac_index indexes[] = {{.keys = "n"},   {.keys = "s,-n"},   {.keys = "t"},
                                        {.keys = "l.p"}, {.keys = "o.p,-c"}, {.keys = "-c"}};
    sac_err err = {.code = 0};

    for (size_t i = 0; i < sizeof indexes / sizeof *indexes; i++)
        if (sac_store_make_index(s->here, "d", &indexes[i], &err) != SAC_OK)
            fail_msg("%s", err.text);
}

/* Whose word counts: of MongoDB alone, or of two that imitate it. */
static size_t find_servers(const char *uris[SERVERS])
{
    uris[0] = getenv("SACRUM_TEST_MONGODB_URI");
    if (uris[0])
        return 1;
    uris[0] = getenv("SACRUM_TEST_MONGODB_JAVA");
    uris[1] = getenv("SACRUM_TEST_MONGODB_FERRETDB");
    return uris[0] && uris[1] ? 2 : 0;
}

static void reach(server *to, const char *uri)
{
    char name[32];

    to->client = mongoc_client_new(uri);
    assert_non_null(to->client);
    snprintf(name, sizeof name, "differential_%ld", (long)getpid());
    to->docs = mongoc_client_get_collection(to->client, name, "d");
}

static int setup(void **state)
{
    static sides s;
    const char *uris[SERVERS];
    const char *seed = getenv("SACRUM_TEST_SEED"), *cases = getenv("SACRUM_TEST_CASES");
    char path[100];
    sac_store_config config = SAC_STORE_CONFIG(.uri = path);
    sac_err err;

    s = (sides){.dir = "/tmp/sacrum-diff-XXXXXX"};
    s.random.state = seed ? strtoull(seed, NULL, 10) : 20261122;
    s.cases = cases ? (unsigned)strtoul(cases, NULL, 10) : 2500;
    printf("# seed %llu, %u cases\n", (unsigned long long)s.random.state, s.cases);
    assert_non_null(mkdtemp(s.dir));
    snprintf(path, sizeof path, "lmdb:%s/d.db?map=1G", s.dir);
    CHECK_INT(sac_lmdb(&config, &s.here, &err), SAC_OK);
    s.n = find_servers(uris);
    for (size_t i = 0; i < s.n; i++)
        reach(&s.servers[i], uris[i]);
    *state = &s;
    return 0;
}

static int teardown(void **state)
{
    sides *s = *state;

    for (int i = 0; i < DOCS; i++)
        release(s->docs[i]);
    for (size_t i = 0; i < s->n; i++) {
        (void)mongoc_collection_drop(s->servers[i].docs, NULL);
        mongoc_collection_destroy(s->servers[i].docs);
        mongoc_client_destroy(s->servers[i].client);
    }
    sac_store_close(s->here);
    remove_dir(s->dir);
    return 0;
}

static void none_differ(const sides *s)
{
    printf("# %u cases, %u disputed\n", s->cases, s->disputed);
    if (s->differences > 0)
        fail_msg("%u of %u differ", s->differences, s->cases);
}

static void test_filters__give_the_same(void **state)
{
    sides *s = *state;
    static const char by_id[] = "\x0e\0\0\0\x10_id\0\x01\0\0\0";

    for (unsigned i = 0; i < s->cases; i++) {
        sac_query query = SAC_QUERY(.collection = "d", .sort = sac_str_n(by_id, sizeof by_id));

        if (i % 500 == 0)
            fill(s);
        if (i % 500 == 250)
            add_indexes(s);
        query.filter = random_filter(&s->random);
        compare_query(s, &query);
        release(query.filter);
    }
    none_differ(s);
}

static void test_sorts__give_the_same(void **state)
{
    sides *s = *state;

    for (unsigned i = 0; i < s->cases; i++) {
        sac_query query = SAC_QUERY(.collection = "d");

        if (i % 500 == 0)
            fill(s);
        if (i % 500 == 250)
            add_indexes(s);
        query.filter = random_filter(&s->random);
        query.sort = random_sort(&s->random);
        compare_query(s, &query);
        release(query.filter);
        release(query.sort);
    }
    none_differ(s);
}

static void test_projections__give_the_same(void **state)
{
    sides *s = *state;
    static const char all[] = "\x05\0\0\0";

    for (unsigned i = 0; i < s->cases / 20; i++) {
        sac_query query = SAC_QUERY(.collection = "d", .filter = sac_str_n(all, sizeof all));

        if (i % 20 == 0)
            fill(s);
        query.projection = random_projection(&s->random);
        compare_query(s, &query);
        release(query.projection);
    }
    none_differ(s);
}

static void update_there(const server *to, sac_str doc, sac_str update, found *out)
{
    const sac_value id = sac_bson_get(doc, sac_str_of("_id"));
    sac_query query = SAC_QUERY(.collection = "d");
    bson_t selector, change;
    bson_error_t error;
    sac_bson by_id;

    sac_bson_init(&by_id, NULL, 0);
    sac_bson_add_value(&by_id, sac_str_of("_id"), id);
    CHECK_INT(sac_bson_finish(&by_id, &query.filter), SAC_OK);
    assert_true(sac__mongo_dress(&selector, query.filter) && sac__mongo_dress(&change, update));
    *out = (found){.n = 0};
    if (mongoc_collection_update_one(to->docs, &selector, &change, NULL, NULL, &error)) {
        ask_there(to, &query, out);
    } else {
        out->refused = true;
        snprintf(out->why, sizeof out->why, "%.500s", error.message);
    }
    sac_bson_fini(&by_id);
}

static void update_here(sac_str doc, sac_str update, found *out)
{
    sac_err err = {.code = 0};
    sac_update *made = NULL;
    int rc = sac_update_new(update, NULL, NULL, &made, &err);

    *out = (found){.n = 0};
    if (rc == SAC_OK)
        rc = sac_update_apply(made, doc, 0, NULL, &out->docs[0], &err);
    sac_update_free(made);
    out->refused = rc != SAC_OK;
    out->n = rc == SAC_OK;
    snprintf(out->why, sizeof out->why, "%s", err.text);
}

static void print_updated(const char *name, const found *f)
{
    if (f->refused)
        printf("# %s: refused: %s\n", name, f->why);
    else
        print_doc(name, f->docs[0]);
}

static void compare_update(sides *s, sac_str doc, sac_str update)
{
    found here, there[SERVERS];
    size_t same = 0;

    update_here(doc, update, &here);
    for (size_t i = 0; i < s->n; i++) {
        update_there(&s->servers[i], doc, update, &there[i]);
        same += same_found(&here, &there[i]);
    }
    s->disputed += same > 0 && same < s->n;
    if (same == 0 && ++s->differences <= MAX_SHOWN) {
        print_doc("update", update);
        print_doc("of", doc);
        print_updated("sacrum", &here);
        for (size_t i = 0; i < s->n; i++)
            print_updated("theirs", &there[i]);
    }
    found_free(&here);
    for (size_t i = 0; i < s->n; i++)
        found_free(&there[i]);
}

static void test_updates__give_the_same(void **state)
{
    sides *s = *state;

    for (unsigned i = 0; i < s->cases; i++) {
        const sac_str update = random_update(&s->random);

        if (i % DOCS == 0)
            fill(s);
        compare_update(s, s->docs[i % DOCS], update);
        release(update);
    }
    none_differ(s);
}

static void test_server__is_there(void **state)
{
    (void)state;
    print_message("needs MongoDB, or two servers that imitate it\n");
    skip();
}

#define SIDES_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const char *uris[SERVERS];
    const struct CMUnitTest none[] = {cmocka_unit_test(test_server__is_there)};
    const struct CMUnitTest tests[] = {
        SIDES_TEST(test_filters__give_the_same),
        SIDES_TEST(test_sorts__give_the_same),
        SIDES_TEST(test_projections__give_the_same),
        SIDES_TEST(test_updates__give_the_same),
    };
    int failed;

    if (find_servers(uris) == 0)
        return cmocka_run_group_tests(none, NULL, NULL);
    mongoc_init();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    mongoc_cleanup();
    return failed;
}
