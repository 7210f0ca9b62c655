/* SPDX-License-Identifier: MIT */
/*
 * CPU of this process for reads from a MongoDB: through the store, and by a
 * bare driver loop that runs the same command and drops the reply. Then the
 * memory of a list of 1,000,000 documents.
 *   bench-mongo URI [DOCUMENTS]
 * It prints lines "NAME SACRUM BARE" in microseconds, then "rss BEFORE AFTER"
 * in KiB.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <mongoc/mongoc.h>

#include <sacrum/store/mongo.h>

enum { GETS = 4000, LISTS = 40, PER_LIST = 1000, BATCH = 1000 };

typedef struct bench {
    sac_store *store;
    mongoc_client_t *client;
    mongoc_collection_t *collection;
    const char *database;
    int documents;
} bench;

static double cpu_us(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static long rss_anon(void)
{
    char line[128];
    long kib = -1;
    FILE *status = fopen("/proc/self/status", "r");

    while (status && fgets(line, sizeof line, status))
        if (sscanf(line, "RssAnon: %ld", &kib) == 1)
            break;
    if (status)
        fclose(status);
    return kib;
}

static void die(const char *why)
{
    fprintf(stderr, "bench-mongo: %s\n", why);
    exit(1);
}

static void fill(bench *b)
{
    static sac_str docs[BATCH];
    static sac_bson made[BATCH];
    sac_err err = {.code = 0};
    int i, k;

    for (i = 0; i < b->documents; i += BATCH) {
        sac_write write = SAC_WRITE(.kind = SAC_WRITE_INSERT, .collection = "bench", .docs = docs,
                                    .n_docs = BATCH);

        for (k = 0; k < BATCH; k++) {
            sac_bson_init(&made[k], NULL, 0);
            sac_bson_add_int32(&made[k], "_id", i + k);
            sac_bson_add_str(&made[k], "title",
                             sac_str_of("a document of the usual size, more or less"));
            sac_bson_add_bool(&made[k], "completed", k % 2);
            sac_bson_add_int64(&made[k], "order", k);
            if (sac_bson_finish(&made[k], &docs[k]) != SAC_OK)
                die("no memory");
        }
        if (sac_store_write(b->store, &write, &err) != SAC_OK)
            die(err.text);
        for (k = 0; k < BATCH; k++)
            sac_bson_fini(&made[k]);
    }
}

static int drop_doc(void *self, const sac_view *view)
{
    *(size_t *)self += view->doc.n;
    return 0;
}

static sac_value id_of(char raw[4], int32_t n)
{
    memcpy(raw, &n, 4); /* little-endian machines */
    return (sac_value){SAC_BSON_INT32, sac_str_n(raw, 4)};
}

static double sacrum_gets(bench *b)
{
    size_t bytes = 0;
    const sac_sink sink = {.doc = drop_doc, .self = &bytes};
    const double begun = cpu_us();
    char raw[4];
    int i;

    for (i = 0; i < GETS; i++)
        if (sac_store_get(b->store, "bench", id_of(raw, i * 7 % b->documents), &sink, NULL) !=
            SAC_OK)
            die("get");
    return (cpu_us() - begun) / GETS;
}

static double bare_gets(bench *b)
{
    const double begun = cpu_us();
    int i;

    for (i = 0; i < GETS; i++) {
        bson_t *command = BCON_NEW("find", "bench", "filter", "{", "_id",
                                   BCON_INT32(i * 7 % b->documents), "}", "limit", BCON_INT32(1),
                                   "singleBatch", BCON_BOOL(true), "maxTimeMS", BCON_INT64(4000));
        bson_error_t error;
        bson_t reply;

        if (!mongoc_client_read_command_with_opts(b->client, b->database, command, NULL, NULL,
                                                  &reply, &error))
            die(error.message);
        bson_destroy(&reply);
        bson_destroy(command);
    }
    return (cpu_us() - begun) / GETS;
}

static void sacrum_list(bench *b, int limit)
{
    size_t bytes = 0;
    const sac_sink sink = {.doc = drop_doc, .self = &bytes};
    const sac_query query = SAC_QUERY(.collection = "bench", .limit = limit);
    sac_cursor *cursor = NULL;

    if (sac_store_find(b->store, &query, NULL, &cursor, NULL) != SAC_OK ||
        sac_cursor_pull(cursor, &sink, NULL) != 0)
        die("list");
    sac_cursor_close(cursor);
}

static void bare_list(bench *b)
{
    bson_t filter = BSON_INITIALIZER;
    bson_t *opts = BCON_NEW("sort", "{", "_id", BCON_INT32(1), "}", "limit", BCON_INT64(PER_LIST),
                            "batchSize", BCON_INT64(PER_LIST + 1), "maxTimeMS", BCON_INT64(4000));
    mongoc_cursor_t *cursor = mongoc_collection_find_with_opts(b->collection, &filter, opts, NULL);
    const bson_t *doc;
    int n = 0;

    while (mongoc_cursor_next(cursor, &doc))
        n++;
    if (n != PER_LIST)
        die("bare list");
    mongoc_cursor_destroy(cursor);
    bson_destroy(opts);
    bson_destroy(&filter);
}

static double lists(bench *b, bool bare)
{
    const double begun = cpu_us();
    int i;

    for (i = 0; i < LISTS; i++)
        if (bare)
            bare_list(b);
        else
            sacrum_list(b, PER_LIST);
    return (cpu_us() - begun) / LISTS;
}

static void run(bench *b)
{
    long before;

    (void)sacrum_gets(b);
    (void)bare_gets(b);
    printf("get %.1f %.1f\n", sacrum_gets(b), bare_gets(b));
    printf("list %.1f %.1f\n", lists(b, false), lists(b, true));
    before = rss_anon();
    sacrum_list(b, 0);
    printf("rss %ld %ld\n", before, rss_anon());
}

int main(int argc, char **argv)
{
    char uri[512];
    bench b = {.database = "sacrum_bench", .documents = argc > 2 ? atoi(argv[2]) : 1000000};
    const sac_store_config config = SAC_STORE_CONFIG(.uri = uri);
    sac_err err = {.code = 0};

    if (argc < 2)
        die("URI [DOCUMENTS]");
    snprintf(uri, sizeof uri, "%.*s/%s", (int)strcspn(argv[1] + 10, "/?") + 10, argv[1],
             b.database);
    if (sac_mongo(&config, &b.store, &err) != SAC_OK)
        die(err.text);
    b.client = mongoc_client_new(uri);
    b.collection = mongoc_client_get_collection(b.client, b.database, "bench");
    if (sac_store_drop(b.store, "bench", &err) != SAC_OK)
        die(err.text);
    fill(&b);
    run(&b);
    (void)sac_store_drop(b.store, "bench", &err);
    mongoc_collection_destroy(b.collection);
    mongoc_client_destroy(b.client);
    sac_store_close(b.store);
    return 0;
}
