/* SPDX-License-Identifier: MIT */
#ifndef HTTP_HEADERS_H
#define HTTP_HEADERS_H

#include <sacrum/err.h>
#include <sacrum/http.h>

#include "core/arena.h"

/* Case-insensitive equality of ASCII names. */
bool sac__header_is(sac_str name, const char *lower);

/* The first field's value under a name; p NULL when there is none. */
sac_str sac__headers_get(const sac_header *headers, size_t n, const char *name);
/* How many fields of that name there are. */
size_t sac__headers_count(const sac_header *headers, size_t n, const char *name);
/* Walks a comma-separated list value: true and the next member, blanks trimmed, quotes respected. */
bool sac__header_next(sac_str *rest, sac_str *member);

/* A response's fields, in an arena, in order. */
typedef struct sac__headers {
    sac__arena *arena;
    sac_header *v;
    size_t n, cap;
} sac__headers;

/*
 * Replaces the field of that name, or adds one. Copies both. SAC_EINVAL for a
 * name that is no token or a value with a control byte (CR, LF, NUL, …) or
 * outer blanks; SAC_ELIMIT past 128 fields or 16 KiB of one; SAC_ENOMEM.
 */
int sac__headers_set(sac__headers *headers, sac_str name, sac_str value) SAC_MUST_USE;
int sac__headers_add(sac__headers *headers, sac_str name, sac_str value) SAC_MUST_USE;
/* Whether some field of that name has this member, whatever its case. */
bool sac__headers_has(const sac__headers *headers, sac_str name, sac_str member);
/* Adds a member to a list-valued field (Vary, Allow) unless it is there. */
int sac__headers_merge(sac__headers *headers, sac_str name, sac_str member) SAC_MUST_USE;
void sac__headers_remove(sac__headers *headers, const char *name);
/* As set, for values that live as long as the arena and are known to be clean: no copy, no check. */
int sac__headers_set_static(sac__headers *headers, sac_str name, sac_str value) SAC_MUST_USE;

#endif
