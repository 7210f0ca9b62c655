/* SPDX-License-Identifier: MIT */

/*
 * bench-codec ROUNDS FOLDER: every way to encode and to decode each corpus, in
 * turn, ROUNDS times. Prints a line a round: job, corpus, way, µs of the
 * thread's CPU time for the whole corpus, bytes of its minified JSON. FOLDER
 * has the JSON files; `todo` is made.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "codec.h"
#include "data.h"
#include "json/decode.h"
#include "json/encode.h"

enum { TODOS = 10000 };

static void stop(const char *what)
{
    fprintf(stderr, "bench-codec: %s\n", what);
    exit(1);
}

static void *must(void *p)
{
    if (!p)
        stop("no memory");
    return p;
}

static double cpu_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* All documents in one piece, as a store or a reply has them. */
static void pack(corpus *c, const sac_bson *docs)
{
    char *at;

    for (size_t i = 0; i < c->n; i++)
        c->bson_size += docs[i].n;
    at = must(malloc(c->bson_size));
    for (size_t i = 0; i < c->n; i++) {
        memcpy(at, docs[i].p, docs[i].n);
        c->bson[i] = (piece){at, docs[i].n};
        at += docs[i].n;
    }
}

static void render(corpus *c)
{
    const sac__json_encoding plain = {.dialect = SAC_JSON_PLAIN};
    size_t *begins = must(calloc(c->n + 1, sizeof *begins));
    sac__buf all;

    sac__buf_init(&all, NULL, SIZE_MAX);
    for (size_t i = 0; i < c->n; i++) {
        if (sac__json_encode(&plain, sac_str_n(c->bson[i].p, c->bson[i].n), &all, NULL) != SAC_OK)
            stop("a document cannot be encoded");
        begins[i + 1] = all.n;
    }
    for (size_t i = 0; i < c->n; i++) {
        c->json[i] = (piece){all.p + begins[i], begins[i + 1] - begins[i]};
        c->largest = c->json[i].n > c->largest ? c->json[i].n : c->largest;
    }
    c->json_size = all.n;
    free(begins);
}

static void make_room(corpus *c, const char *name, size_t n)
{
    *c = (corpus){.name = name, .n = n};
    c->bson = must(calloc(n, sizeof *c->bson));
    c->json = must(calloc(n, sizeof *c->json));
}

static void make_todos(corpus *c)
{
    sac_bson *docs = must(calloc(TODOS, sizeof *docs));
    sac_str doc;

    make_room(c, "todo", TODOS);
    for (size_t i = 0; i < TODOS; i++) {
        sac_bson_init(&docs[i], NULL, 0);
        bench_doc(i, &docs[i]);
        if (sac_bson_finish(&docs[i], &doc) != SAC_OK)
            stop("no memory");
    }
    pack(c, docs);
    render(c);
    for (size_t i = 0; i < TODOS; i++)
        sac_bson_fini(&docs[i]);
    free(docs);
}

static char *read_whole(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    char *p;

    if (!f || fseek(f, 0, SEEK_END) != 0)
        stop(path);
    *n = (size_t)ftell(f);
    rewind(f);
    p = must(malloc(*n));
    if (fread(p, 1, *n, f) != *n)
        stop(path);
    fclose(f);
    return p;
}

static void load(corpus *c, const char *folder, const char *name, const char *file)
{
    const sac__json_decoding any = {.flags = 0};
    char path[4096];
    sac_bson doc;
    sac_str made;
    size_t n;
    char *text;

    snprintf(path, sizeof path, "%s/%s", folder, file);
    text = read_whole(path, &n);
    make_room(c, name, 1);
    sac_bson_init(&doc, NULL, 0);
    if (sac__json_decode(&any, sac_str_n(text, n), &doc, NULL) != SAC_OK ||
        sac_bson_finish(&doc, &made) != SAC_OK)
        stop(path);
    pack(c, &doc);
    render(c);
    sac_bson_fini(&doc);
    free(text);
}

/* Once to warm up, then as often as fills about 60 ms: µs for one pass. */
static double measure(const way *w, const corpus *c)
{
    void *prepared = w->prepare ? w->prepare(c) : NULL;
    double begin, one;
    int passes;

    begin = cpu_us();
    if (w->run(c, prepared) == 0)
        stop(w->name);
    one = cpu_us() - begin;
    passes = one < 60e3 ? (int)(60e3 / one) + 1 : 1;
    begin = cpu_us();
    for (int i = 0; i < passes; i++)
        (void)w->run(c, prepared);
    one = (cpu_us() - begin) / passes;
    if (w->finish)
        w->finish(c, prepared);
    return one;
}

static void run_all(const char *job, const way *const *all, const corpus *c)
{
    for (; *all; all++)
        for (const way *w = *all; w->name; w++)
            printf("%s %s %s %.3f %zu\n", job, c->name, w->name, measure(w, c), c->json_size);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static const way *const encoders[] = {sacrum_encoders,
                                          libbson_encoders,
                                          cjson_encoders,
#ifdef HAVE_YYJSON
                                          yyjson_encoders,
#endif
#ifdef HAVE_RAPIDJSON
                                          rapidjson_encoders,
#endif
                                          NULL};
    static const way *const decoders[] = {sacrum_decoders, libbson_decoders, cjson_decoders,
#ifdef HAVE_YYJSON
                                          yyjson_decoders,
#endif
                                          NULL};
    corpus corpora[4];

    if (argc != 3)
        return 2;
    make_todos(&corpora[0]);
    load(&corpora[1], argv[2], "twitter", "twitter.json");
    load(&corpora[2], argv[2], "citm", "citm_catalog.json");
    load(&corpora[3], argv[2], "canada", "canada.json");
    for (int round = 0; round < atoi(argv[1]); round++)
        for (int i = 0; i < 4; i++) {
            run_all("encode", encoders, &corpora[i]);
            run_all("decode", decoders, &corpora[i]);
        }
    return 0;
}
