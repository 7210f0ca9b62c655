/* SPDX-License-Identifier: MIT */
#ifndef SESSION_CODEC_H
#define SESSION_CODEC_H

/* A signing of some keys, and memory for what is read and written with it. */
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>

#include <sacrum/json.h>

#include "json/encode.h"
#include "session/flask.h"
#include "session/sealed.h"

#define S(text) sac_str_of(text)
#define SALT S("cookie-session")

enum { NOW = 1700000000, MONTH = 31 * 86400, SIZE = 64 << 10 };

typedef struct codec {
    fault_alloc fault;
    sac__arena_cache *cache;
    sac__arena *arena;
    sac__signing *signing;
    sac__signed_rules rules;
} codec;

static inline void codec_open(codec *c, const sac_str *keys, size_t n)
{
    const sac_alloc *alloc = fault_alloc_init(&c->fault, -1);

    CHECK_INT(sac__arena_cache_new(alloc, 4096, 8, &c->cache), SAC_OK);
    c->arena = sac__arena_open(c->cache, SIZE_MAX);
    CHECK(c->arena != NULL);
    CHECK_INT(sac__signing_new(alloc, keys, n, SALT, &c->signing), SAC_OK);
    c->rules = (sac__signed_rules){.now = NOW, .max_age = MONTH, .max = SIZE};
}

static inline void codec_close(codec *c)
{
    sac__signing_free(c->signing);
    sac__arena_close(c->arena);
    sac__arena_cache_free(c->cache);
    CHECK_INT(c->fault.live, 0);
}

static inline int codec_read(codec *c, sac_str cookie, sac_str *doc)
{
    sac__signed got = {.issued = 0};
    const int rc = sac__signed_read(c->signing, cookie, &c->rules, c->arena, &got);

    *doc = got.doc;
    return rc;
}

/* Documents of JSON, in the arena. */
static inline sac_str codec_doc(codec *c, const char *json)
{
    const sac_json_options options = SAC_JSON_OPTIONS(.dialect = SAC_JSON_RELAXED);
    sac_str doc = {NULL, 0};
    sac_err err = {.code = 0};

    if (sac_json_decode(S(json), &options, sac__arena_alloc(c->arena), &doc, &err) != SAC_OK)
        fail_msg("%s: %s", json, err.text);
    return doc;
}

/* As Extended JSON, to be compared; in the arena. */
static inline const char *codec_text(codec *c, sac_str doc)
{
    const sac__json_encoding encoding = {.dialect = SAC_JSON_CANONICAL};
    sac__buf out;

    sac__buf_init(&out, sac__arena_alloc(c->arena), SIZE_MAX);
    CHECK_INT(sac__json_encode(&encoding, doc, &out, NULL), SAC_OK);
    sac__buf_add_char(&out, '\0');
    CHECK_INT(out.error, SAC_OK);
    return out.p;
}

#endif
