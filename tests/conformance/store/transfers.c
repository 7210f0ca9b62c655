/* SPDX-License-Identifier: MIT */
#include "transfers.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/generate.h"

enum { BATCH = 1000 };

static void make_folder(transfer_case *test)
{
    char path[200];

    assert_true(mkdir(test->folder, 0700) == 0);
    snprintf(path, sizeof path, "%s/db", test->folder);
    assert_true(mkdir(path, 0700) == 0);
}

static void remove_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;

    while (dir && (entry = readdir(dir))) {
        char path[600];

        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (unlink(path) != 0)
            remove_folder(path);
    }
    if (dir)
        closedir(dir);
    rmdir(folder);
}

void transfer_case_open(transfer_case *test, const store_kind *kind)
{
    memset(test, 0, sizeof *test);
    store_case_open(&test->near, &store_kinds[0], NULL);
    store_case_open(&test->far, kind, NULL);
    snprintf(test->folder, sizeof test->folder, "%s/dump", test->near.folder);
    make_folder(test);
}

void transfer_case_shut(transfer_case *test)
{
    sac_store_close(test->near.store);
    sac_store_close(test->far.store);
    test->near.store = test->far.store = NULL;
}

void transfer_case_again(transfer_case *test)
{
    store_case_reopen(&test->near);
    store_case_reopen(&test->far);
}

void transfer_case_empty(transfer_case *test)
{
    static const char *const names[] = {"a", "b", "b.c", "todos"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        must(sac_store_drop(test->far.store, names[i], &test->err), &test->err);
}

void transfer_case_no_dump(transfer_case *test)
{
    remove_folder(test->folder);
    make_folder(test);
}

void transfer_case_close(transfer_case *test)
{
    remove_folder(test->folder);
    store_case_close(&test->near);
    store_case_close(&test->far);
}

const char *dump_path(const transfer_case *test, const char *name)
{
    static char path[400];

    snprintf(path, sizeof path, "%s/db/%s", test->folder, name);
    return path;
}

void dump_file(const transfer_case *test, const char *name, sac_str bytes)
{
    FILE *file = fopen(dump_path(test, name), "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes.p, 1, bytes.n, file), bytes.n);
    assert_int_equal(fclose(file), 0);
}

void must(int rc, const sac_err *err)
{
    if (rc != SAC_OK)
        fail_msg("%d: %s", rc, err->text);
}

static void insert_all(sac_store *store, const char *collection, sac_str *docs, size_t n)
{
    sac_err err = {.code = 0};
    sac_write write = SAC_WRITE(.kind = SAC_WRITE_INSERT, .collection = collection, .docs = docs,
                                .n_docs = n);

    if (n > 0)
        must(sac_store_write(store, &write, &err), &err);
    while (n > 0)
        free((char *)docs[--n].p);
}

static void fill_docs(sac_store *store, const char *collection, int from, int to, size_t pad)
{
    sac_str docs[BATCH];
    size_t n = 0;

    for (int i = from; i <= to; i++) {
        docs[n++] = doc_int(i, (int64_t)i * 10, pad);
        if (n == BATCH || i == to) {
            insert_all(store, collection, docs, n);
            n = 0;
        }
    }
}

void fill(sac_store *store, const char *collection, int from, int to)
{
    fill_docs(store, collection, from, to, 0);
}

void fill_pad(sac_store *store, const char *collection, int n, size_t pad)
{
    fill_docs(store, collection, 1, n, pad);
}

/* An id of its own of one of six types. */
static void add_id(sac_bson *doc, int i)
{
    const uint8_t bytes[12] = {(uint8_t)(i >> 8), (uint8_t)i};
    char text[32];
    sac_oid oid;

    memcpy(&oid, bytes, sizeof bytes);
    snprintf(text, sizeof text, "id-%d-\xc3\xbc", i);
    switch (i % 6) {
    case 0: sac_bson_add_int32(doc, "_id", i); break;
    case 1: sac_bson_add_str(doc, "_id", sac_str_of(text)); break;
    case 2: sac_bson_add_oid(doc, "_id", &oid); break;
    case 3: sac_bson_add_date(doc, "_id", i - 1000); break;
    case 4: sac_bson_add_double(doc, "_id", i + 0.5); break;
    default: sac_bson_add_binary(doc, "_id", 0, sac_str_n((const char *)bytes, 12)); break;
    }
}

static void add_values(sac_bson *doc, int i)
{
    static const char decimal[16] = {1, [14] = 0x40, 0x30}, regex[] = "^a\0i", when[8] = {1, 2, 3};

    sac_bson_add_null(doc, "null");
    sac_bson_add_bool(doc, "bool", i % 2);
    sac_bson_add_int64(doc, "int64", (int64_t)i << 40);
    sac_bson_add_value(doc, sac_str_of("decimal"),
                       (sac_value){SAC_BSON_DECIMAL128, sac_str_n(decimal, 16)});
    sac_bson_add_value(doc, sac_str_of("regex"), (sac_value){SAC_BSON_REGEX, sac_str_n(regex, 5)});
    sac_bson_add_value(doc, sac_str_of("when"),
                       (sac_value){SAC_BSON_TIMESTAMP, sac_str_n(when, 8)});
    sac_bson_begin_array(doc, sac_str_of("array"));
    sac_bson_add_double(doc, "0", i / 3.0);
    sac_bson_begin_doc(doc, sac_str_of("1"));
    sac_bson_add_date(doc, "date", -i);
    sac_bson_end(doc);
    sac_bson_end(doc);
}

void fill_types(sac_store *store, const char *collection, int n, bool every)
{
    static char space[GENERATE_MAX];
    sac_str docs[BATCH];

    assert_true(n <= BATCH);
    for (int i = 0; i < n; i++) {
        sac_bson doc;
        sac_str made;
        char *copy;

        sac_bson_init(&doc, NULL, 0);
        add_id(&doc, i);
        add_values(&doc, i);
        if (every)
            sac_bson_add_doc(&doc, "of", generate_doc(GENERATE_SEED, (uint64_t)i, true, space));
        assert_int_equal(sac_bson_finish(&doc, &made), SAC_OK);
        copy = malloc(made.n);
        assert_non_null(copy);
        memcpy(copy, made.p, made.n);
        docs[i] = sac_str_n(copy, made.n);
        sac_bson_fini(&doc);
    }
    insert_all(store, collection, docs, (size_t)n);
}

void make_indexes(sac_store *store, const char *collection)
{
    static const sac_index indexes[] = {
        {.keys = "v,-pad"},
        {.keys = "v", .name = "by v", .unique = true, .sparse = true},
        {.keys = "until", .name = "gone", .expires = 3600},
    };
    sac_err err = {.code = 0};

    for (size_t i = 0; i < sizeof indexes / sizeof *indexes; i++)
        must(sac_store_make_index(store, collection, &indexes[i], &err), &err);
}

int64_t count_of(sac_store *store, const char *collection)
{
    const sac_query query = SAC_QUERY(.collection = collection);
    sac_err err = {.code = 0};
    int64_t n = -1;

    must(sac_store_count(store, &query, &n, &err), &err);
    return n;
}

typedef struct all {
    char *p;
    size_t n, cap;
} all;

static int add_doc(void *self, const sac_view *view)
{
    all *to = self;

    if (to->n + view->doc.n > to->cap) {
        to->cap = 2 * (to->n + view->doc.n);
        to->p = realloc(to->p, to->cap);
        assert_non_null(to->p);
    }
    memcpy(to->p + to->n, view->doc.p, view->doc.n);
    to->n += view->doc.n;
    return 0;
}

static all all_of(sac_store *store, const char *collection)
{
    const sac_query query = SAC_QUERY(.collection = collection);
    all got = {.n = 0};
    const sac_sink sink = {.doc = add_doc, .self = &got};
    sac_err err = {.code = 0};
    sac_cursor *cursor = NULL;

    must(sac_store_find(store, &query, NULL, &cursor, &err), &err);
    must(sac_cursor_pull(cursor, &sink, &err), &err);
    sac_cursor_close(cursor);
    return got;
}

void check_same(sac_store *a, sac_store *b, const char *collection)
{
    all one = all_of(a, collection), other = all_of(b, collection);

    CHECK_INT(one.n, other.n);
    CHECK(one.n == 0 || memcmp(one.p, other.p, one.n) == 0);
    free(one.p);
    free(other.p);
}

static void *peak_resize(void *self, void *p, size_t old, size_t n)
{
    peak_alloc *peak = self;

    peak->now += n - old;
    if (peak->now > peak->most)
        peak->most = peak->now;
    if (n == 0) {
        free(p);
        return NULL;
    }
    return realloc(p, n);
}

const sac_alloc *peak_alloc_init(peak_alloc *peak)
{
    *peak = (peak_alloc){.alloc = SAC_ALLOC(.resize = peak_resize, .self = peak)};
    return &peak->alloc;
}
