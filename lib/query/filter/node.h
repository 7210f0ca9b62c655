/* SPDX-License-Identifier: MIT */
#ifndef QUERY_FILTER_NODE_H
#define QUERY_FILTER_NODE_H

#include "core/arena.h"
#include "query/filter.h"
#include "query/filter/regex.h"
#include "query/path.h"

/* A filter as it is compiled: all in one arena, immutable afterwards. */

typedef enum sac__cond_op {
    SAC__COND_EQ,
    SAC__COND_GT,
    SAC__COND_GTE,
    SAC__COND_LT,
    SAC__COND_LTE,
    SAC__COND_IN,
    SAC__COND_EXISTS,
    SAC__COND_TYPE,
    SAC__COND_MOD,
    SAC__COND_REGEX,
    SAC__COND_SIZE,       /* from here on arrays are looked at whole */
    SAC__COND_ELEM_VALUE, /* an element meets a list of conditions */
    SAC__COND_ELEM_DOC,   /* a group takes an element */
    SAC__COND_NOT,        /* not all of a list */
    SAC__COND_NEVER
} sac__cond_op;

typedef struct sac__group sac__group;

/* What is asked of the values that a path leads to: one of them must meet it. */
typedef struct sac__cond {
    struct sac__cond *next; /* all of a list must hold */
    sac__cond_op op;
    uint8_t rank; /* EQ to LTE: of the value */
    bool plain;   /* EQ: equal values of its type have equal bytes */
    bool nan;     /* EQ to LTE: the value is NaN */
    const sac__path_part *rest;
    size_t n_rest; /* names behind the field's; of NOT none, its list has them */
    union {
        sac_value value; /* EQ to LTE */
        struct {
            const sac_value *v; /* ascending, each once */
            size_t n;
            sac__regex *regexes;
        } in;
        uint64_t types; /* sac__type_bit() */
        struct {
            int64_t divisor, remainder;
        } mod;
        sac__regex *regex;
        int64_t size;
        struct sac__cond *list; /* ELEM_VALUE, NOT */
        sac__group *group;      /* ELEM_DOC */
    } of;
} sac__cond;

/* The conditions on what stands under one name of a document. */
typedef struct sac__field {
    sac_str name;
    uint64_t head; /* the first 8 bytes of the name, 0 behind it */
    sac__cond *conds;
    bool if_missing; /* whether they hold where there is no such name */
} sac__field;

/* An $or or $nor. */
typedef struct sac__logic {
    struct sac__logic *next;
    sac__group *branches;
    bool nor;
} sac__logic;

enum { SAC__GROUP_FIELDS = 64 };

/* What is asked of one document: all of it. */
struct sac__group {
    sac__group *next; /* of the branches of an $or */
    sac__group *more; /* what does not fit in 64 fields */
    size_t n, cap;
    sac__field *fields;
    sac__logic *logics;
};

struct sac_filter {
    const sac_alloc *alloc;
    sac__arena_cache *cache;
    sac__arena *memory; /* of all that follows, and of this */
    uint32_t max_steps;
    sac__group group;
    const sac__clause *clauses;
    size_t n_clauses;
    bool all_clauses; /* there is nothing else in it */
};

static inline uint64_t sac__type_bit(uint8_t type)
{
    return (uint64_t)1 << (type == SAC_BSON_MINKEY ? 62 : type & 63);
}

/* What is known while a filter is compiled. */
typedef struct sac__compiler {
    sac_query_limits limits; /* without zeros */
    sac_filter *filter;
    sac_err *err;
    size_t nodes;
    unsigned depth;
    pcre2_general_context *general; /* of the filter's memory; made at the first pattern */
    size_t path_n;
    char path[1024]; /* dotted, from the root, without indexes; NUL behind it */
} sac__compiler;

/* Sets "<text>", or "<path>: <text>" where there is one; SAC_EINVAL. */
int sac__compiler_refuse(sac__compiler *c, const char *format, ...) SAC_PRINTF(2, 3);
int sac__compiler_nomem(sac__compiler *c);
/* Memory of the filter, zeroed. */
void *sac__compiler_get(sac__compiler *c, size_t n);
/* Counts a condition, operator or listed value. */
int sac__compiler_count(sac__compiler *c) SAC_MUST_USE;
/* Asks `allow`. */
int sac__compiler_ask(sac__compiler *c, const char *op) SAC_MUST_USE;
/* What stands one level deeper; after an error it is not left. */
int sac__compiler_enter(sac__compiler *c) SAC_MUST_USE;

/* Where conditions on a path go: a list, and the names behind the field's. */
typedef struct sac__place {
    sac__cond **list;
    const sac__path_part *rest;
    size_t n_rest;
} sac__place;

/* Adds what a document of conditions asks: the whole filter, a branch, of $elemMatch. */
int sac__compile_group(sac__compiler *c, sac_str doc, sac__group *group) SAC_MUST_USE;
/* Adds what a value asks of a path: operators, a regex or equality. */
int sac__compile_value(sac__compiler *c, const sac_value *value,
                       const sac__place *place) SAC_MUST_USE;

/* Whether the first name of a document begins with $ and it is no DBRef. */
bool sac__is_operators(const sac_value *value);

/* Arguments that are more than a value: each fills a condition. */
int sac__argument_in(sac__compiler *c, const char *op, const sac_value *value,
                     sac__cond *cond) SAC_MUST_USE;
int sac__argument_type(sac__compiler *c, const sac_value *value, sac__cond *cond) SAC_MUST_USE;
int sac__argument_mod(sac__compiler *c, const sac_value *value, sac__cond *cond) SAC_MUST_USE;
int sac__argument_size(sac__compiler *c, const sac_value *value, sac__cond *cond) SAC_MUST_USE;
/* Of a stored regex, or of a pattern with options. */
int sac__argument_regex(sac__compiler *c, const sac_value *value, sac__regex **out) SAC_MUST_USE;
int sac__argument_pattern(sac__compiler *c, sac_str pattern, sac_str options,
                          sac__regex **out) SAC_MUST_USE;

/* A number cut to an integer; false where it is none or does not fit. */
bool sac__number_truncate(const sac_value *value, int64_t *out);
/* False, null, undefined and 0 are not true. */
bool sac__value_truth(const sac_value *value);
bool sac__value_is_nan(const sac_value *value);

/* Finds the clauses of the compiled filter. */
int sac__clauses_find(sac__compiler *c) SAC_MUST_USE;

/* Tells each field what holds where it is missing. */
void sac__group_finish(const sac_filter *filter, sac__group *group);
/* 1, 0 or an error. */
int sac__group_match(const sac_filter *filter, const sac__group *group, sac_str doc) SAC_MUST_USE;
#endif
