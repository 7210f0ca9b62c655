/* SPDX-License-Identifier: MIT */
#ifndef BENCH_CODEC_H
#define BENCH_CODEC_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Documents as BSON and as plain minified JSON, text by text in one piece of memory. */
typedef struct piece {
    const char *p;
    size_t n;
} piece;

typedef struct corpus {
    const char *name;
    piece *bson, *json;
    size_t n;
    size_t bson_size, json_size; /* of all */
    size_t largest;              /* text */
} corpus;

/*
 * A way to do one job on a whole corpus. `prepare` makes what is not measured
 * (trees that are there already); both may be NULL. `run` returns a number of
 * bytes, so that nothing is optimised away.
 */
typedef struct way {
    const char *name;
    void *(*prepare)(const corpus *c);
    size_t (*run)(const corpus *c, void *prepared);
    void (*finish)(const corpus *c, void *prepared);
} way;

extern const way sacrum_encoders[], libbson_encoders[], cjson_encoders[], yyjson_encoders[];
extern const way rapidjson_encoders[];
extern const way sacrum_decoders[], libbson_decoders[], cjson_decoders[], yyjson_decoders[];

#ifdef __cplusplus
}
#endif

#endif
