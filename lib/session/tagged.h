/* SPDX-License-Identifier: MIT */
#ifndef SESSION_TAGGED_H
#define SESSION_TAGGED_H

#include <sacrum/bson.h>

#include "core/arena.h"
#include "core/buf.h"

/*
 * The JSON of Flask's sessions, in which a document of one key that begins with
 * a blank is a tag: bytes ` b`, UUID ` u`, datetime ` d`, tuple ` t`, Markup
 * ` m`, a dict that looks like a tag ` di`. In BSON the first three are values
 * of their own; the others stay documents as they are in the JSON, but for
 * dicts that could be nothing else there. An integer beyond int64 is a binary
 * of subtype SAC__TAGGED_INTEGER with its decimal digits.
 */
enum {
    SAC__TAGGED_INTEGER = 0x80,
    SAC__TAGGED_INTEGER_DIGITS = 4300, /* as many as Python reads */
    SAC__TAGGED_KEYS = 10000
};

/*
 * Reads what Flask writes, and no other form of it; keys in any order, text
 * beyond ASCII escaped or not. SAC_ESYNTAX; SAC_ELIMIT for depth and number of
 * members; SAC_ENOMEM. `doc` is in the arena.
 */
int sac__tagged_read(sac_str json, sac__arena *arena, sac_str *doc) SAC_MUST_USE;

/*
 * Writes a document, or one value, as Python's json.dumps() does for Flask:
 * sorted keys, no blanks, ASCII. ObjectIds become their hex text, dates lose
 * their milliseconds. SAC_EINVAL for a type or value that has no such form,
 * SAC_ELIMIT for depth, SAC_ECORRUPT; the error of `out`.
 */
int sac__tagged_write(sac_str doc, sac__arena *arena, sac__buf *out) SAC_MUST_USE;
int sac__tagged_write_value(const sac_value *value, sac__arena *arena, sac__buf *out) SAC_MUST_USE;

/* What sac__tagged_write_value() and reading that give back, as the one member of a document. */
int sac__tagged_normal(const sac_value *value, sac__arena *arena, size_t max,
                       sac_value *out) SAC_MUST_USE;

/* python.c: one value's text. */

/* repr() of a float; at most 32 bytes, returns their end. */
char *sac__python_float(char *p, double value);
/* With its quotes. SAC_EINVAL for what is no UTF-8. */
int sac__python_str(sac_str s, sac__buf *out) SAC_MUST_USE;
/* Whether it is an integer as Python prints it that int64 does not hold. */
bool sac__python_is_big(sac_str digits);

typedef enum sac__tag {
    SAC__TAG_NONE,
    SAC__TAG_DICT,
    SAC__TAG_TUPLE,
    SAC__TAG_BYTES,
    SAC__TAG_MARKUP,
    SAC__TAG_UUID,
    SAC__TAG_DATE
} sac__tag;

/* What a key stands for where it is the only one of its document. */
sac__tag sac__tag_of(sac_str key);
/* Whether {key: value} of BSON stands for a tag's value, and not for itself. */
bool sac__tag_holds(sac__tag tag, const sac_value *value);

#endif
