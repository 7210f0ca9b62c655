/* SPDX-License-Identifier: MIT */
#ifndef QUERY_UPDATE_OPS_H
#define QUERY_UPDATE_OPS_H

#include "query/update/condition.h"

/* What is read of an update while it is compiled. */
typedef struct sac__compiling {
    sac_update *update;
    sac__arena *arena;
    const sac_alloc *alloc;
    sac_query_limits limits;
    size_t n_nodes;
    sac_err *err;
} sac__compiling;

typedef struct sac__operator sac__operator;
typedef struct sac__push sac__push;

/* One operator on one path. */
typedef struct sac__leaf {
    const sac__operator *op;
    sac_str path;
    sac_value arg;
    unsigned depth;          /* how deep the values nest that it puts */
    const sac_value *values; /* $push, $addToSet, $pullAll */
    size_t n;
    const size_t *order;      /* $addToSet, $pullAll: of the values, by value */
    const sac__push *push;    /* $push with modifiers */
    sac__condition condition; /* $pull */
    size_t moved;             /* $rename: which */
    bool timestamp;           /* $currentDate */
} sac__leaf;

/* One application of an update. */
typedef struct sac__run {
    const sac_update *update;
    const sac_alloc *alloc;
    int64_t now;
    sac_bson out;
    bool *seen;             /* by the nodes' ids */
    const sac_value *moved; /* what each $rename found */
    bool in_array;
    bool changed;
    sac_err *err;
} sac__run;

struct sac__operator {
    const char *name;
    /* Reads leaf->arg; NULL: there is nothing to read. */
    int (*compile)(sac__compiling *c, sac__leaf *leaf);
    /* Writes what the value becomes, `old` MISSING where there is none. */
    int (*apply)(sac__run *run, const sac__leaf *leaf, sac_str key, const sac_value *old);
    bool creates; /* also where there is nothing */
};

int sac__update_invalid(sac__compiling *c, const sac__leaf *leaf, const char *what) SAC_MUST_USE;
int sac__update_conflict(sac__run *run, const sac__leaf *leaf, const char *what) SAC_MUST_USE;
int sac__update_no_memory(sac_err *err) SAC_MUST_USE;

/* Writes a value of that depth in place of `old`, and sees whether that is a change. */
int sac__update_put(sac__run *run, sac_str key, const sac_value *old, sac_value value,
                    unsigned depth) SAC_MUST_USE;
/* Keeps `old`, if there is one. */
int sac__update_keep(sac__run *run, sac_str key, const sac_value *old) SAC_MUST_USE;

/* Sees whether the element that was written at `start` is another than `old`. */
void sac__update_compare(sac__run *run, size_t start, const sac_value *old);

/* How deep a value nests: 0 of a scalar. SAC_ELIMIT past SAC_BSON_DEPTH, SAC_ECORRUPT. */
int sac__value_depth(const sac_value *value, unsigned *depth) SAC_MUST_USE;

/* Same type, same bytes. */
bool sac__value_same(const sac_value *a, const sac_value *b);

/* Sum or product of two numbers as MongoDB has it, as a value of `type` in `bytes`. */
typedef struct sac__sum {
    uint8_t type;
    char bytes[16];
} sac__sum;
/* False when an integer does not fit int64. */
bool sac__number_add(const sac_value *a, const sac_value *b, sac__sum *out);
bool sac__number_multiply(const sac_value *a, const sac_value *b, sac__sum *out);
/* Zero in the type of a number. */
void sac__number_zero(uint8_t type, sac__sum *out);
sac_value sac__number_value(const sac__sum *sum);

static inline bool sac__is_number(uint8_t type)
{
    return type == SAC_BSON_INT32 || type == SAC_BSON_INT64 || type == SAC_BSON_DOUBLE ||
           type == SAC_BSON_DECIMAL128;
}

/* An integer in a number of any type, as $slice and its like take it. */
bool sac__number_is_int(const sac_value *value, int64_t *out);

/* The slots of the operators' table. */
#define SAC__COMPILE(name) int name(sac__compiling *c, sac__leaf *leaf)
#define SAC__APPLY(name) \
    int name(sac__run *run, const sac__leaf *leaf, sac_str key, const sac_value *old)

SAC__COMPILE(sac__compile_put);
SAC__COMPILE(sac__compile_number);
SAC__COMPILE(sac__compile_date);
SAC__COMPILE(sac__compile_bit);
SAC__COMPILE(sac__compile_push);
SAC__COMPILE(sac__compile_add);
SAC__COMPILE(sac__compile_pop);
SAC__COMPILE(sac__compile_pull);
SAC__COMPILE(sac__compile_pull_all);

SAC__APPLY(sac__apply_set);
SAC__APPLY(sac__apply_keep);
SAC__APPLY(sac__apply_unset);
SAC__APPLY(sac__apply_inc);
SAC__APPLY(sac__apply_mul);
SAC__APPLY(sac__apply_min);
SAC__APPLY(sac__apply_max);
SAC__APPLY(sac__apply_date);
SAC__APPLY(sac__apply_bit);
SAC__APPLY(sac__apply_push);
SAC__APPLY(sac__apply_add);
SAC__APPLY(sac__apply_pop);
SAC__APPLY(sac__apply_pull);
SAC__APPLY(sac__apply_pull_all);
SAC__APPLY(sac__apply_rename_to);

#endif
