/* SPDX-License-Identifier: MIT */
#ifndef TESTS_FAULTS_SCENARIO_H
#define TESTS_FAULTS_SCENARIO_H

/*
 * A list of steps on one collection, made from a seed, and a model of what each
 * of them does. A document is {_id, g, v, tags, pad}, all of it given by `_id`
 * and `v`, so that one that is half written shows.
 */
#include "../store/stores.h"

#define IDS 40
#define GROUPS 4
#define INDEXES 3
#define STEPS_MAX 400

typedef enum step_kind {
    STEP_INSERT, /* of `id` */
    STEP_PAIR,   /* of `id` and the one behind it, all or none */
    STEP_PUT,
    STEP_REMOVE,
    STEP_EACH,        /* every document whose `g` is `id` gets `v` */
    STEP_REMOVE_EACH, /* … goes */
    STEP_MAKE,        /* of index number `id` */
    STEP_DROP
} step_kind;

typedef struct step {
    step_kind kind;
    int id;
    int32_t v;
    /* What it is written with. */
    sac_write write;
    sac_query query;
    sac_str docs[IDS];
    sac_str pair[2];
    sac_str filter;
    char raw[4];
} step;

/* What the documents have in `v`, -1 where there is none. */
typedef struct contents {
    int32_t v[IDS];
} contents;

void contents_init(contents *empty);
/* What the step does to it, or SAC_EEXIST. */
int contents_apply(contents *to, const step *from);

void steps_make(step *steps, int n, unsigned seed);
void steps_free(step *steps, int n);
bool step_is_index(const step *of);
/* A write of the collection, to submit; its documents live until step_free(). */
sac_write *step_write(step *of);
int step_run(sac_store *store, step *of, sac_err *err);

int scenario_open(const char *path, sac_store **out, sac_err *err);
/*
 * Looks at every document, by `_id` and by its fields: NULL, or what is wrong.
 * `found` is what is there.
 */
const char *scenario_look(sac_store *store, contents *found);
/* Whether the index is whole and used; -1 where it cannot be told. */
int scenario_index(sac_store *store, int number);

unsigned scenario_roll(unsigned *seed);
sac_str scenario_doc(const char *field, int32_t value); /* free() its bytes */
void scenario_signals(void); /* in a child: those that cmocka takes end it */
/* The number in the environment, or `otherwise`. */
long scenario_number(const char *name, long otherwise);

#endif
