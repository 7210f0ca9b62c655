/* SPDX-License-Identifier: MIT */
#ifndef READER_H
#define READER_H

/* JSON into structs, by tables; what is wrong is told with file, line and path. */
#include <stddef.h>

#include <cjson/cJSON.h>

#include <sacrum/str.h>

enum { MAX_STEPS = 64 };

/* Memory that is freed at the end. */
typedef struct kept kept;
void *keep(kept **all, size_t n); /* zeroed; the program ends when there is none */
void keep_free(kept *all);

/* Where in the tree: a member, or an element of an array (key NULL). */
typedef struct step {
    const char *key;
    int index;
} step;

typedef struct reader {
    kept **kept;
    const char *file, *text;
    step steps[MAX_STEPS];
    size_t n_steps;
} reader;

/* 0, or -1: what is wrong has been told. `to` is what the member's offset says. */
typedef int read_fn(reader *r, const cJSON *value, void *to);

typedef struct member {
    const char *name;
    read_fn *read;
    size_t offset;
} member;

/* Every member of an object by a table that ends with {.name = NULL}; others are errors. */
int read_members(reader *r, const cJSON *object, const member *table, void *to);
/* One member, or element, of what is being read. */
int read_member(reader *r, const cJSON *value, read_fn *read, void *to);

read_fn read_bool, read_int, read_int64, read_uint32, read_size, read_string, read_strings;

/* A value as JSON text. */
int read_text(reader *r, const cJSON *value, const char **to);

/* One of the names, as its index. */
int read_name(reader *r, const cJSON *value, const char *const *names, int *to);

/* Tells what is wrong with what is being read: -1. */
int wrong(const reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The line in which a path's value is, or that of the last step that can be found. */
int line_of(const char *text, const step *steps, size_t n);

/* Parts of a configuration. */
read_fn read_fields, read_indexes;

#endif
