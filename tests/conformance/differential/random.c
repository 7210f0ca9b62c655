/* SPDX-License-Identifier: MIT */
#include "random.h"

#include "support/support.h"

#define PICK(random, of) (of)[random_below(random, sizeof(of) / sizeof *(of))]

/* splitmix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014. */
unsigned random_below(random_source *random, unsigned n)
{
    uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (unsigned)((z ^ (z >> 31)) % n);
}

static bool once_in(random_source *random, unsigned n)
{
    return random_below(random, n) == 0;
}

static sac_str finish(sac_bson *doc)
{
    sac_str out;

    CHECK_INT(sac_bson_finish(doc, &out), SAC_OK);
    return out;
}

static void add_number(random_source *random, sac_bson *out, const char *key)
{
    static const int32_t ints[] = {-3, 0, 1, 2, 3, 5, 10};
    static const double doubles[] = {-0.5, 0.25, 1.5, 2.0, 3.25, 10.0};

    switch (random_below(random, 5)) {
    case 0: sac_bson_add_int64(out, key, PICK(random, ints)); break;
    case 1: sac_bson_add_int64(out, key, INT64_C(1000000000000)); break;
    case 2: sac_bson_add_double(out, key, PICK(random, doubles)); break;
    default: sac_bson_add_int32(out, key, PICK(random, ints));
    }
}

static void add_text(random_source *random, sac_bson *out, const char *key)
{
    static const char *const texts[] = {"",  "a", "b",  "ab",       "abc",
                                        "A", "2", "10", "\xc3\xa9", "zeta"};

    sac_bson_add_str(out, key, sac_str_of(PICK(random, texts)));
}

static void add_scalar(random_source *random, sac_bson *out, const char *key)
{
    static const sac_oid oid = {{0x5f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};

    switch (random_below(random, 10)) {
    case 0: sac_bson_add_bool(out, key, once_in(random, 2)); break;
    case 1: sac_bson_add_null(out, key); break;
    case 2: sac_bson_add_date(out, key, INT64_C(1704067200000) + random_below(random, 2)); break;
    case 3: sac_bson_add_oid(out, key, &oid); break;
    case 4:
    case 5:
    case 6: add_text(random, out, key); break;
    default: add_number(random, out, key);
    }
}

static void add_part(random_source *random, sac_bson *out, const char *key)
{
    sac_bson_begin_doc(out, sac_str_of(key));
    if (!once_in(random, 6))
        add_number(random, out, "p");
    if (!once_in(random, 6))
        add_text(random, out, "q");
    sac_bson_end(out);
}

/* No arrays in arrays: FerretDB takes none. */
static void add_array(random_source *random, sac_bson *out, const char *key)
{
    sac_bson_begin_array(out, sac_str_of(key));
    for (unsigned n = random_below(random, 4); n > 0; n--) {
        if (!once_in(random, 4)) {
            add_scalar(random, out, "");
            continue;
        }
        sac_bson_begin_doc(out, sac_str_of(""));
        add_scalar(random, out, "x");
        if (once_in(random, 2))
            add_scalar(random, out, "y");
        sac_bson_end(out);
    }
    sac_bson_end(out);
}

static void add_any(random_source *random, sac_bson *out, const char *key, int depth)
{
    static const char *const names[] = {"x", "y", "z"};

    if (depth < 2 && once_in(random, 6)) {
        add_array(random, out, key);
    } else if (depth < 2 && once_in(random, 6)) {
        /* Never empty: to mongo-java-server `{}` is met by anything. */
        sac_bson_begin_doc(out, sac_str_of(key));
        add_scalar(random, out, names[random_below(random, 2)]);
        if (once_in(random, 2))
            add_any(random, out, names[2], depth + 1);
        sac_bson_end(out);
    } else {
        add_scalar(random, out, key);
    }
}

static void add_parts(random_source *random, sac_bson *out, const char *key)
{
    sac_bson_begin_array(out, sac_str_of(key));
    for (unsigned n = random_below(random, 4); n > 0; n--)
        add_part(random, out, "");
    sac_bson_end(out);
}

static void add_texts(random_source *random, sac_bson *out, const char *key)
{
    sac_bson_begin_array(out, sac_str_of(key));
    for (unsigned n = random_below(random, 4); n > 0; n--)
        add_text(random, out, "");
    sac_bson_end(out);
}

sac_str random_doc(random_source *random, int32_t id)
{
    sac_bson doc;

    sac_bson_init(&doc, NULL, 0);
    sac_bson_add_int32(&doc, "_id", id);
    if (!once_in(random, 3))
        add_any(random, &doc, "a", 0);
    if (!once_in(random, 3))
        add_any(random, &doc, "b", 0);
    if (!once_in(random, 3))
        add_scalar(random, &doc, "c");
    if (!once_in(random, 4))
        add_number(random, &doc, "n");
    if (!once_in(random, 4))
        add_text(random, &doc, "s");
    if (!once_in(random, 3))
        add_texts(random, &doc, "t");
    if (!once_in(random, 3))
        add_parts(random, &doc, "l");
    if (!once_in(random, 3))
        add_part(random, &doc, "o");
    return finish(&doc);
}

static const char *random_path(random_source *random)
{
    static const char *const paths[] = {"a",   "b",   "c",   "n",     "s",   "t",   "l",      "o",
                                        "o.p", "o.q", "l.p", "l.q",   "t.0", "a.x", "b.y",    "a.0",
                                        "n",   "s",   "c",   "l.0.p", "l.1", "b.x", "missing"};

    return PICK(random, paths);
}

/*
 * Through an array both imitations answer about null, what is missing and what is not
 * there otherwise than MongoDB does (its own tests: core/query/null_query_semantics.js):
 * they look at elements that are no documents, and not at the documents of an array
 * when a name is a number. There only what is there is asked for.
 */
static bool leads_through_array(const char *path)
{
    return strchr(path, '.') && strchr("ablt", *path);
}

static void add_something(random_source *random, sac_bson *out, const char *key)
{
    if (once_in(random, 2))
        add_number(random, out, key);
    else
        add_text(random, out, key);
}

static void add_list(random_source *random, sac_bson *out, const char *op, bool through)
{
    sac_bson_begin_array(out, sac_str_of(op));
    for (unsigned n = 1 + random_below(random, 3); n > 0; n--) {
        if (through)
            add_something(random, out, "");
        else
            add_any(random, out, "", 1);
    }
    sac_bson_end(out);
}

static void add_type(random_source *random, sac_bson *out)
{
    static const char *const types[] = {"double", "string", "object", "array", "bool",
                                        "date",   "null",   "int",    "long",  "number"};

    sac_bson_add_str(out, "$type", sac_str_of(PICK(random, types)));
}

static void add_regex(random_source *random, sac_bson *out)
{
    static const char *const patterns[] = {"^a", "b$", "^ab?c?$", "e", "\xc3\xa9", "^$", "[0-9]"};

    sac_bson_add_str(out, "$regex", sac_str_of(PICK(random, patterns)));
    if (once_in(random, 3))
        sac_bson_add_str(out, "$options", sac_str_of("i"));
}

static void add_element_match(random_source *random, sac_bson *out)
{
    sac_bson_begin_doc(out, sac_str_of("$elemMatch"));
    if (once_in(random, 2)) {
        sac_bson_begin_doc(out, sac_str_of("p"));
        add_number(random, out, "$gte");
        sac_bson_end(out);
        if (once_in(random, 2))
            add_text(random, out, "q");
    } else {
        add_number(random, out, "$gte");
        add_number(random, out, "$lt");
    }
    sac_bson_end(out);
}

/* Not by 3: neither imitation knows the remainder of 1000000000000. */
static void add_mod(random_source *random, sac_bson *out)
{
    sac_bson_begin_array(out, sac_str_of("$mod"));
    sac_bson_add_int32(out, "", once_in(random, 2) ? 2 : 4);
    sac_bson_add_int32(out, "", (int32_t)random_below(random, 3));
    sac_bson_end(out);
}

static const char *const comparisons[] = {"$gt", "$gte", "$lt", "$lte"};

/* Of a path that leads through an array. */
static void add_plain_operator(random_source *random, sac_bson *out)
{
    switch (random_below(random, 6)) {
    case 0: add_something(random, out, "$eq"); break;
    case 1: add_list(random, out, "$in", true); break;
    case 2: sac_bson_add_bool(out, "$exists", true); break;
    case 3: add_regex(random, out); break;
    default: add_something(random, out, PICK(random, comparisons));
    }
}

static void add_operator(random_source *random, sac_bson *out, int depth)
{
    switch (random_below(random, 12)) {
    case 0: add_any(random, out, "$eq", 1); break;
    case 1: add_any(random, out, "$ne", 1); break;
    case 2:
    case 3: add_scalar(random, out, PICK(random, comparisons)); break;
    case 4: add_list(random, out, "$in", false); break;
    case 5: add_list(random, out, "$nin", false); break;
    case 6: sac_bson_add_bool(out, "$exists", once_in(random, 2)); break;
    case 7: add_type(random, out); break;
    case 8: add_list(random, out, "$all", true); break; /* of documents neither takes it */
    case 9: sac_bson_add_int32(out, "$size", (int32_t)random_below(random, 4)); break;
    case 10:
        if (once_in(random, 2))
            add_element_match(random, out);
        else
            add_mod(random, out);
        break;
    default:
        if (depth > 0 || once_in(random, 2)) {
            add_regex(random, out);
        } else {
            sac_bson_begin_doc(out, sac_str_of("$not"));
            add_operator(random, out, depth + 1);
            sac_bson_end(out);
        }
    }
}

static void add_condition(random_source *random, sac_bson *out)
{
    const char *path = random_path(random);

    if (leads_through_array(path)) {
        sac_bson_begin_doc(out, sac_str_of(path));
        add_plain_operator(random, out);
        sac_bson_end(out);
        return;
    }
    if (once_in(random, 4)) {
        add_any(random, out, path, 1);
        return;
    }
    sac_bson_begin_doc(out, sac_str_of(path));
    add_operator(random, out, 0);
    sac_bson_end(out);
}

static void add_filter(random_source *random, sac_bson *out, int depth)
{
    static const char *const logical[] = {"$and", "$or", "$nor"};

    add_condition(random, out);
    if (depth > 1 || !once_in(random, 3))
        return;
    sac_bson_begin_array(out, sac_str_of(PICK(random, logical)));
    for (unsigned n = 1 + random_below(random, 3); n > 0; n--) {
        sac_bson_begin_doc(out, sac_str_of(""));
        add_filter(random, out, depth + 1);
        sac_bson_end(out);
    }
    sac_bson_end(out);
}

sac_str random_filter(random_source *random)
{
    sac_bson doc;

    sac_bson_init(&doc, NULL, 0);
    add_filter(random, &doc, 0);
    return finish(&doc);
}

sac_str random_sort(random_source *random)
{
    static const char *const paths[] = {"n", "s", "c", "o.p", "o.q"};
    const unsigned first = random_below(random, 5);
    sac_bson doc;

    sac_bson_init(&doc, NULL, 0);
    sac_bson_add_int32(&doc, paths[first], once_in(random, 2) ? 1 : -1);
    if (once_in(random, 2))
        sac_bson_add_int32(&doc, paths[(first + 1 + random_below(random, 4)) % 5],
                           once_in(random, 2) ? 1 : -1);
    sac_bson_add_int32(&doc, "_id", once_in(random, 2) ? 1 : -1);
    return finish(&doc);
}

sac_str random_projection(random_source *random)
{
    static const char *const paths[] = {"a", "b", "c", "n", "t", "l.p", "o.q", "a.x", "missing"};
    const int32_t show = once_in(random, 2);
    const unsigned first = random_below(random, 9);
    sac_bson doc;

    sac_bson_init(&doc, NULL, 0);
    sac_bson_add_int32(&doc, paths[first], show);
    if (once_in(random, 2))
        sac_bson_add_int32(&doc, paths[(first + 1 + random_below(random, 8)) % 9], show);
    if (once_in(random, 3))
        sac_bson_add_int32(&doc, "_id", 0);
    return finish(&doc);
}

static const char *update_path(random_source *random)
{
    static const char *const paths[] = {"a", "b",   "c",   "n",   "s",   "t",     "o.p",
                                        "o", "o.q", "new", "t.0", "t.5", "l.0.p", "new.deep"};

    return PICK(random, paths);
}

static void add_push(random_source *random, sac_bson *out)
{
    sac_bson_begin_doc(out, sac_str_of("t"));
    sac_bson_begin_array(out, sac_str_of("$each"));
    for (unsigned n = random_below(random, 3); n > 0; n--)
        add_text(random, out, "");
    sac_bson_end(out);
    if (once_in(random, 2))
        sac_bson_add_int32(out, "$slice", (int32_t)random_below(random, 7) - 3);
    if (once_in(random, 2))
        sac_bson_add_int32(out, "$sort", once_in(random, 2) ? 1 : -1);
    if (once_in(random, 3))
        sac_bson_add_int32(out, "$position", (int32_t)random_below(random, 3));
    sac_bson_end(out);
}

static void add_pull(random_source *random, sac_bson *out)
{
    switch (random_below(random, 3)) {
    case 0: add_text(random, out, "t"); break;
    case 1:
        sac_bson_begin_doc(out, sac_str_of("l"));
        add_number(random, out, "p");
        sac_bson_end(out);
        break;
    default:
        sac_bson_begin_doc(out, sac_str_of("t"));
        add_text(random, out, once_in(random, 2) ? "$gte" : "$lt");
        sac_bson_end(out);
    }
}

static void add_to_set(random_source *random, sac_bson *out)
{
    if (once_in(random, 2)) {
        add_text(random, out, "t");
        return;
    }
    sac_bson_begin_doc(out, sac_str_of("t"));
    sac_bson_begin_array(out, sac_str_of("$each"));
    for (unsigned n = random_below(random, 4); n > 0; n--)
        add_text(random, out, "");
    sac_bson_end(out);
    sac_bson_end(out);
}

static void add_rename(random_source *random, sac_bson *out)
{
    static const char *const to[] = {"fresh", "deep.fresh"};

    sac_bson_add_str(out, once_in(random, 2) ? "c" : "n", sac_str_of(PICK(random, to)));
}

static void add_pull_all(random_source *random, sac_bson *out)
{
    sac_bson_begin_array(out, sac_str_of("t"));
    add_text(random, out, "");
    add_text(random, out, "");
    sac_bson_end(out);
}

static void add_bit(random_source *random, sac_bson *out)
{
    static const char *const ops[] = {"and", "or", "xor"};

    sac_bson_begin_doc(out, sac_str_of("n"));
    sac_bson_add_int32(out, PICK(random, ops), (int32_t)random_below(random, 16));
    sac_bson_end(out);
}

static const char *const update_operators[] = {"$set", "$unset",   "$inc",  "$mul",      "$min",
                                               "$max", "$push",    "$pull", "$addToSet", "$rename",
                                               "$pop", "$pullAll", "$bit"};

static void add_update(random_source *random, sac_bson *out, unsigned op)
{
    sac_bson_begin_doc(out, sac_str_of(update_operators[op]));
    switch (op) {
    case 0: add_any(random, out, update_path(random), 1); break;
    case 1: sac_bson_add_str(out, update_path(random), sac_str_of("")); break;
    case 2:
    case 3: add_number(random, out, once_in(random, 2) ? "n" : "o.p"); break;
    case 4:
    case 5: add_scalar(random, out, once_in(random, 2) ? "n" : "c"); break;
    case 6: add_push(random, out); break;
    case 7: add_pull(random, out); break;
    case 8: add_to_set(random, out); break;
    case 9: add_rename(random, out); break;
    case 10: sac_bson_add_int32(out, "t", once_in(random, 2) ? 1 : -1); break;
    case 11: add_pull_all(random, out); break;
    default: add_bit(random, out);
    }
    sac_bson_end(out);
}

sac_str random_update(random_source *random)
{
    const unsigned n = sizeof update_operators / sizeof *update_operators;
    const unsigned first = random_below(random, n);
    sac_bson doc;

    sac_bson_init(&doc, NULL, 0);
    add_update(random, &doc, first);
    /* $bit comes last, and alone: mongo-java-server has none. */
    if (first != n - 1 && once_in(random, 3))
        add_update(random, &doc, (first + 1 + random_below(random, n - 2)) % (n - 1));
    return finish(&doc);
}
