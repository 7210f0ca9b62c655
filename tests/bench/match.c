/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include <sacrum/json.h>
#include <sacrum/query.h>

#include "data.h"

/* What a filter takes for one of 10,000 different documents of about 560 bytes. */

enum { DOCS = 10000, ROUNDS = 50 };

typedef struct docs {
    sac_str v[DOCS];
    char *bytes;
} docs;

static const char *const filters[] = {
    "{}",
    "{\"completed\": false}",
    "{\"completed\": false, \"order\": {\"$lt\": 5000}}",
    "{\"order\": {\"$gte\": 1000, \"$lt\": 50000}, \"rating\": {\"$gt\": 10.5}}",
    "{\"due\": null, \"tags\": \"milk\"}",
    "{\"address.zip\": {\"$lt\": 5000}, \"completed\": true}",
    "{\"missing\": {\"$exists\": true}, \"title\": \"milk\"}",
    "{\"owner\": {\"$in\": [1, 2, 3]}, \"order\": {\"$in\": [1, 17, 4000, 81000]}}",
    "{\"$or\": [{\"order\": {\"$lt\": 100}}, {\"rating\": {\"$lt\": 1}}]}",
    "{\"tags\": {\"$elemMatch\": {\"$gt\": \"a\", \"$lt\": \"c\"}}}",
    "{\"title\": {\"$regex\": \"^milk\"}}",
    "{\"notes\": {\"$regex\": \"holiday.*train\", \"$options\": \"i\"}}",
};

static void make_docs(docs *d)
{
    size_t n = 0;

    d->bytes = malloc((size_t)DOCS * 1024);
    if (!d->bytes)
        exit(1);
    for (size_t i = 0; i < DOCS; i++) {
        sac_bson doc;
        sac_str bytes;

        sac_bson_init(&doc, NULL, 1024);
        bench_doc(i, &doc);
        if (sac_bson_finish(&doc, &bytes) != SAC_OK)
            exit(1);
        d->v[i] = sac_str_n(memcpy(d->bytes + n, bytes.p, bytes.n), bytes.n);
        n += bytes.n;
        sac_bson_fini(&doc);
    }
    printf("documents %d of %zu\n", DOCS, n / DOCS);
}

static void measure(const docs *d, const char *json)
{
    sac_filter *filter = NULL;
    sac_err err = {.code = 0};
    uint64_t best = UINT64_MAX;
    long matched = 0;
    sac_str bytes;

    if (sac_json_decode(sac_str_of(json), NULL, NULL, &bytes, &err) != SAC_OK ||
        sac_filter_new(bytes, NULL, NULL, &filter, &err) != SAC_OK) {
        fprintf(stderr, "%s: %s\n", json, err.text);
        exit(1);
    }
    for (int round = 0; round < ROUNDS; round++) {
        const uint64_t start = bench_now_ns();
        uint64_t took;

        matched = 0;
        for (size_t i = 0; i < DOCS; i++)
            matched += sac_filter_match(filter, d->v[i], NULL) == 1;
        took = bench_now_ns() - start;
        best = took < best ? took : best;
    }
    printf("filter %.1f %.1f %s\n", (double)best / DOCS, 100.0 * (double)matched / DOCS, json);
    sac_filter_free(filter);
    free((void *)(uintptr_t)bytes.p);
}

int main(void)
{
    static docs d;

    make_docs(&d);
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++)
        measure(&d, filters[i]);
    free(d.bytes);
    return 0;
}
