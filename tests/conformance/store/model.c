/* SPDX-License-Identifier: MIT */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>

#include <sacrum/json.h>

/* xorshift64*, Marsaglia and Vigna. */
size_t random_below(random_source *random, size_t n)
{
    random->state ^= random->state >> 12;
    random->state ^= random->state << 25;
    random->state ^= random->state >> 27;
    return (size_t)((random->state * UINT64_C(2685821657736338717)) >> 33) % n;
}

static bool one_in(model *of, size_t n)
{
    return random_below(&of->random, n) == 0;
}

/* ---- documents ---- */

static void add_text(model *of, sac_bson *out, const char *key)
{
    static const char *const texts[] = {"", "a", "ab", "b", "ba"};
    char text[700];
    size_t n;

    if (!of->long_texts || one_in(of, 2)) {
        sac_bson_add_str(out, key, sac_str_of(texts[random_below(&of->random, 5)]));
        return;
    }
    /* Alike for longer than a key is, or for almost so long. */
    n = 485 + random_below(&of->random, 40);
    memset(text, 'x', sizeof text);
    text[n] = (char)('a' + random_below(&of->random, 3));
    sac_bson_add_str(out, key, sac_str_n(text, n + random_below(&of->random, 3)));
}

static void add_doc(model *of, sac_bson *out, const char *key)
{
    sac_bson_begin_doc(out, sac_str_of(key));
    if (!one_in(of, 4))
        sac_bson_add_int32(out, "d", (int32_t)random_below(&of->random, 4));
    if (!one_in(of, 4))
        sac_bson_add_int32(out, "e", (int32_t)random_below(&of->random, 4));
    sac_bson_end(out);
}

static void add_rare(model *of, sac_bson *out, const char *key)
{
    static const char decimal[16] = {25, [14] = 0x3e, [15] = 0x30}; /* 2.5 */
    const sac_oid oid = {{(uint8_t)random_below(&of->random, 3)}};

    switch (random_below(&of->random, 8)) {
    case 0: sac_bson_add_value(out, sac_str_of(key), (sac_value){SAC_BSON_MINKEY, {"", 0}}); break;
    case 1: sac_bson_add_value(out, sac_str_of(key), (sac_value){SAC_BSON_MAXKEY, {"", 0}}); break;
    case 2: sac_bson_add_double(out, key, strtod("nan", NULL)); break;
    case 3: sac_bson_add_oid(out, key, &oid); break;
    case 4: sac_bson_add_date(out, key, (int64_t)random_below(&of->random, 3) - 1); break;
    case 5:
        sac_bson_add_value(out, sac_str_of(key),
                           (sac_value){SAC_BSON_DECIMAL128, sac_str_n(decimal, 16)});
        break;
    case 6: sac_bson_add_binary(out, key, 0, sac_str_of(one_in(of, 2) ? "x" : "yz")); break;
    default: add_doc(of, out, key); break;
    }
}

static void add_value(model *of, sac_bson *out, const char *key)
{
    switch (random_below(&of->random, 9)) {
    case 0:
    case 1:
    case 2: sac_bson_add_int32(out, key, (int32_t)random_below(&of->random, 8) - 2); break;
    case 3: sac_bson_add_double(out, key, (double)random_below(&of->random, 16) / 2 - 2); break;
    case 4:
    case 5: add_text(of, out, key); break;
    case 6: sac_bson_add_null(out, key); break;
    case 7: sac_bson_add_bool(out, key, one_in(of, 2)); break;
    default: add_rare(of, out, key); break;
    }
}

static void add_array(model *of, sac_bson *out, const char *key, bool docs)
{
    size_t n = random_below(&of->random, 4);

    sac_bson_begin_array(out, sac_str_of(key));
    for (; n > 0; n--)
        if (docs && !one_in(of, 4))
            add_doc(of, out, "");
        else
            add_value(of, out, "");
    sac_bson_end(out);
}

/* Of four types, as their order among each other is an order too. */
static void add_id(sac_bson *out, size_t i)
{
    char text[16];

    snprintf(text, sizeof text, "k%03zu", i * 7 % 1000);
    switch (i % 4) {
    case 0: sac_bson_add_int32(out, "_id", (int32_t)(i * 13 % 1000)); break;
    case 1: sac_bson_add_str(out, "_id", sac_str_of(text)); break;
    case 2: sac_bson_add_double(out, "_id", (double)i + 0.5); break;
    default: sac_bson_add_date(out, "_id", (int64_t)i); break;
    }
}

static sac_str finish(sac_bson *doc)
{
    sac_str made;
    char *copy;

    assert_int_equal(sac_bson_finish(doc, &made), SAC_OK);
    copy = malloc(made.n);
    assert_non_null(copy);
    memcpy(copy, made.p, made.n);
    sac_bson_fini(doc);
    return sac_str_n(copy, made.n);
}

static sac_str make_doc(model *of, size_t i)
{
    sac_bson doc;

    sac_bson_init(&doc, NULL, 0);
    add_id(&doc, i);
    sac_bson_add_int32(&doc, "n", (int32_t)i);
    if (!one_in(of, 6))
        add_value(of, &doc, "a");
    if (!one_in(of, 6))
        add_value(of, &doc, "b");
    if (of->arrays && one_in(of, 2))
        add_array(of, &doc, "c", true);
    else if (!one_in(of, 5))
        add_doc(of, &doc, "c");
    if (of->arrays && !one_in(of, 4))
        add_array(of, &doc, "t", false);
    else if (!one_in(of, 3))
        add_value(of, &doc, "t");
    return finish(&doc);
}

void model_add(model *of, sac_store *store, const char *collection)
{
    sac_err err = {.code = 0};

    assert_true(of->n < MODEL_MAX);
    of->docs[of->n] = make_doc(of, of->n);
    of->gone[of->n] = false;
    if (sac_store_insert(store, collection, of->docs[of->n], &err) != SAC_OK)
        fail_msg("insert: %s", err.text);
    of->n++;
}

void model_open(model *of, sac_store *store, const char *collection, size_t n)
{
    sac_write write = SAC_WRITE(.kind = SAC_WRITE_INSERT, .collection = collection,
                                .docs = of->docs, .n_docs = n);
    sac_err err = {.code = 0};

    for (of->n = 0; of->n < n; of->n++) {
        of->docs[of->n] = make_doc(of, of->n);
        of->gone[of->n] = false;
    }
    if (n > 0 && sac_store_write(store, &write, &err) != SAC_OK)
        fail_msg("insert: %s", err.text);
}

void model_close(model *of)
{
    while (of->n > 0)
        free((void *)(uintptr_t)of->docs[--of->n].p);
}

sac_value model_id(const model *of, size_t i)
{
    return sac_bson_get(of->docs[i], sac_str_of("_id"));
}

void model_remove(model *of, sac_store *store, const char *collection, size_t i)
{
    if (of->gone[i])
        return;
    of->gone[i] = true;
    assert_int_equal(sac_store_remove(store, collection, model_id(of, i), NULL), SAC_OK);
}

/* ---- queries ---- */

static const char *const paths[] = {"a", "b", "c.d", "t", "_id", "c", "c.e"};
enum { PATHS = sizeof paths / sizeof *paths };

static void add_list(model *of, sac_bson *out, const char *op)
{
    size_t n = random_below(&of->random, 4);

    sac_bson_begin_array(out, sac_str_of(op));
    for (; n > 0; n--)
        add_value(of, out, "");
    sac_bson_end(out);
}

static void add_operator(model *of, sac_bson *out)
{
    static const char *const ops[] = {"$eq", "$gt", "$gte", "$lt", "$lte", "$in"};
    const size_t op = random_below(&of->random, 15);

    if (op > 11) {
        /* Of an array each may be met by another element. */
        sac_bson_add_int32(out, "$gte", (int32_t)random_below(&of->random, 5));
        sac_bson_add_int32(out, "$lt", (int32_t)random_below(&of->random, 5));
    } else if (op < 5) {
        add_value(of, out, ops[op]);
    } else if (op < 8) {
        add_list(of, out, ops[5]);
    } else if (op == 8) {
        add_value(of, out, "$ne");
    } else if (op == 9) {
        sac_bson_add_bool(out, "$exists", one_in(of, 2));
    } else {
        add_value(of, out, one_in(of, 2) ? "$gte" : "$lt");
    }
}

static void add_id_condition(model *of, sac_bson *out)
{
    static const char *const ops[] = {"$eq", "$gt", "$lte"};
    const size_t i = random_below(&of->random, of->n);

    sac_bson_begin_doc(out, sac_str_of("_id"));
    if (one_in(of, 3)) {
        sac_bson_begin_array(out, sac_str_of("$in"));
        for (size_t k = 0; k < 3; k++)
            sac_bson_add_value(out, sac_str_of(""), model_id(of, (i + k * 17) % of->n));
        sac_bson_end(out);
    } else {
        sac_bson_add_value(out, sac_str_of(ops[random_below(&of->random, 3)]), model_id(of, i));
    }
    sac_bson_end(out);
}

static void add_condition(model *of, sac_bson *out, const char *path)
{
    if (strcmp(path, "_id") == 0) {
        add_id_condition(of, out);
    } else if (path[0] == 'c' && !one_in(of, 3)) {
        sac_bson_add_int32(out, path, (int32_t)random_below(&of->random, 4));
    } else if (one_in(of, 3)) {
        add_value(of, out, path);
    } else {
        sac_bson_begin_doc(out, sac_str_of(path));
        add_operator(of, out);
        sac_bson_end(out);
    }
}

static void add_filter(model *of, sac_bson *out)
{
    bool used[PATHS] = {false};
    size_t n = random_below(&of->random, 4);

    while (n-- > 0) {
        const size_t path = one_in(of, 3) ? 2 + 4 * random_below(&of->random, 2)
                                          : random_below(&of->random, PATHS);

        if (used[path])
            continue;
        used[path] = true;
        add_condition(of, out, paths[path]);
    }
    if (!one_in(of, 6))
        return;
    /* Two conditions on one field, and what no plan can use. */
    sac_bson_begin_array(out, sac_str_of(one_in(of, 2) ? "$and" : "$or"));
    for (n = 2; n > 0; n--) {
        sac_bson_begin_doc(out, sac_str_of(""));
        add_condition(of, out, paths[random_below(&of->random, 4)]);
        sac_bson_end(out);
    }
    sac_bson_end(out);
}

static void add_sort(model *of, sac_bson *out)
{
    const size_t n = random_below(&of->random, 4);
    const size_t first = random_below(&of->random, 5);

    for (size_t i = 0; i < n; i++)
        sac_bson_add_int32(out, paths[(first + i) % 5], one_in(of, 2) ? 1 : -1);
}

static sac_value bound_of(model *of)
{
    const sac_value none = {.type = SAC_BSON_MISSING};

    return one_in(of, 5) ? model_id(of, random_below(&of->random, of->n)) : none;
}

void model_query(model *of, const char *collection, asked *out)
{
    sac_query query = SAC_QUERY(.collection = collection);
    sac_bson filter;
    sac_bson sort;

    sac_bson_init(&filter, NULL, 0);
    add_filter(of, &filter);
    sac_bson_init(&sort, NULL, 0);
    add_sort(of, &sort);
    out->filter = finish(&filter);
    out->sort = finish(&sort);
    query.filter = one_in(of, 8) ? sac_str_n(NULL, 0) : out->filter;
    query.sort = one_in(of, 3) ? sac_str_n(NULL, 0) : out->sort;
    query.from = bound_of(of);
    query.to = bound_of(of);
    query.descending = one_in(of, 2);
    query.count = one_in(of, 2);
    query.skip = one_in(of, 3) ? (int64_t)random_below(&of->random, 5) : 0;
    query.limit = one_in(of, 2) ? (int64_t)random_below(&of->random, 9) : 0;
    out->query = query;
}

void asked_free(asked *query)
{
    free((void *)(uintptr_t)query->filter.p);
    free((void *)(uintptr_t)query->sort.p);
}

/* ---- the plain answer ---- */

static bool is_plain(const sac_query *query)
{
    return query->sort.n <= 5;
}

static sac_str keys_of(sac_str sort, sac_str doc, sac_bson *out)
{
    sac_str keys;

    sac_bson_init(out, NULL, 0);
    assert_int_equal(sac_sort_keys(sort, doc, out, NULL), SAC_OK);
    assert_int_equal(sac_bson_finish(out, &keys), SAC_OK);
    return keys;
}

static int compare_ids(sac_str a, sac_str b)
{
    const sac_value x = sac_bson_get(a, sac_str_of("_id"));
    const sac_value y = sac_bson_get(b, sac_str_of("_id"));

    return sac_value_compare(&x, &y);
}

/* The keys are without `_id`, wherever it stands in the sort. */
static int compare_keys(sac_str sort, sac_str x, sac_str y, int ids)
{
    sac_bson_iter field;
    sac_bson_iter i;
    sac_bson_iter k;
    int direction = 1;
    int order = 0;

    assert_int_equal(sac_bson_iter_init(&field, sort), SAC_OK);
    assert_int_equal(sac_bson_iter_init(&i, x), SAC_OK);
    assert_int_equal(sac_bson_iter_init(&k, y), SAC_OK);
    while (order == 0 && sac_bson_iter_next(&field) == 1) {
        int64_t sign = 0;

        assert_true(sac_value_int(&field.value, &sign));
        direction = (int)sign;
        if (sac_str_is(field.key, "_id"))
            return ids * direction;
        assert_int_equal(sac_bson_iter_next(&i), 1);
        assert_int_equal(sac_bson_iter_next(&k), 1);
        order = sac_value_compare(&i.value, &k.value) * direction;
    }
    return order ? order : ids * direction;
}

int model_compare(const sac_query *query, sac_str a, sac_str b)
{
    const int ids = compare_ids(a, b);
    sac_bson x;
    sac_bson y;
    int order;

    if (is_plain(query))
        return query->descending ? -ids : ids;
    order = compare_keys(query->sort, keys_of(query->sort, a, &x), keys_of(query->sort, b, &y),
                         ids);
    sac_bson_fini(&x);
    sac_bson_fini(&y);
    return order;
}

static bool within(const sac_query *query, sac_str doc)
{
    const sac_value id = sac_bson_get(doc, sac_str_of("_id"));

    return (query->from.type == SAC_BSON_MISSING || sac_value_compare(&id, &query->from) >= 0) &&
           (query->to.type == SAC_BSON_MISSING || sac_value_compare(&id, &query->to) <= 0);
}

static bool behind(const model *of, const sac_query *query, sac_str doc)
{
    size_t i;

    for (i = 0; query->after.type != SAC_BSON_MISSING && i < of->n; i++) {
        const sac_value id = model_id(of, i);

        if (sac_value_compare(&id, &query->after) == 0)
            return model_compare(query, doc, of->docs[i]) > 0;
    }
    return true;
}

static void put(const model *of, const sac_query *query, size_t *places, size_t n, size_t i)
{
    while (n > 0 && model_compare(query, of->docs[places[n - 1]], of->docs[i]) > 0) {
        places[n] = places[n - 1];
        n--;
    }
    places[n] = i;
}

size_t model_answer(const model *of, const sac_query *query, size_t places[MODEL_MAX])
{
    sac_filter *filter = NULL;
    sac_err err = {.code = 0};
    size_t n = 0;
    size_t i;

    if (query->filter.n > 0 && sac_filter_new(query->filter, NULL, NULL, &filter, &err) != SAC_OK)
        fail_msg("filter: %s", err.text);
    for (i = 0; i < of->n; i++)
        if (!of->gone[i] && within(query, of->docs[i]) && behind(of, query, of->docs[i]) &&
            (!filter || sac_filter_match(filter, of->docs[i], NULL) == 1))
            put(of, query, places, n++, i);
    sac_filter_free(filter);
    return n;
}

/* ---- the store's answer ---- */

static int answer_begin(void *self, const sac_snapshot *snapshot)
{
    answer *into = self;

    if (into->n == 0)
        into->count = snapshot->count;
    return 0;
}

static int answer_doc(void *self, const sac_view *view)
{
    answer *into = self;
    const int64_t place = sac_bson_get_int(view->doc, "n", -1);

    assert_true(place >= 0 && (size_t)place < into->of->n);
    assert_true(into->n < 2 * MODEL_MAX);
    into->differs = into->differs || !sac_str_eq(view->doc, into->of->docs[place]);
    into->places[into->n++] = (size_t)place;
    return into->n == into->until;
}

sac_sink answer_sink(answer *into)
{
    return (sac_sink){.begin = answer_begin, .doc = answer_doc, .self = into};
}

int answer_all(sac_store *store, const sac_query *query, answer *into, sac_err *err)
{
    const sac_sink sink = answer_sink(into);
    sac_cursor *cursor = NULL;
    int rc = sac_store_find(store, query, NULL, &cursor, err);

    if (rc != SAC_OK)
        return rc;
    into->n = 0;
    into->differs = false;
    do {
        into->until = into->n + into->stop;
        rc = sac_cursor_pull(cursor, &sink, err);
    } while (rc == 1);
    sac_cursor_close(cursor);
    return rc;
}

typedef struct text {
    char p[4096];
    size_t n;
} text;

static int add_bytes(void *self, const char *p, size_t n)
{
    text *to = self;

    if (to->n + n < sizeof to->p) {
        memcpy(to->p + to->n, p, n);
        to->n += n;
    }
    return SAC_OK;
}

static void print_bson(const char *name, sac_str doc)
{
    const sac_json_options options = SAC_JSON_OPTIONS(.dialect = SAC_JSON_RELAXED);
    text json = {.n = 0};

    if (doc.n > 0 && sac_json_encode(doc, &options, add_bytes, &json, NULL) == SAC_OK)
        print_error("%s %.*s\n", name, (int)json.n, json.p);
}

void print_query(const sac_query *query)
{
    print_bson("filter", query->filter);
    print_bson("sort", query->sort);
    print_bson("after", query->after_keys);
    print_error("from %d to %d after %d descending %d skip %lld limit %lld\n", query->from.type,
                query->to.type, query->after.type, query->descending, (long long)query->skip,
                (long long)query->limit);
}
