/* SPDX-License-Identifier: MIT */
#ifndef SCHEMA_MAKER_H
#define SCHEMA_MAKER_H

#include "core/buf.h"
#include "bson/members.h"
#include "schema/rule.h"

/* A document that is being made of a body and what is stored. */
typedef enum sac__maker_kind {
    SAC__MAKER_CREATE,
    SAC__MAKER_REPLACE,
    SAC__MAKER_MODIFY
} sac__maker_kind;

typedef struct sac__maker {
    const sac__making *making;
    const sac__body *body;
    sac__maker_kind kind;
    sac_bson out;
    sac__buf path; /* of the value at hand, behind the prefix */
    size_t base;   /* length of the prefix */
    size_t errors; /* that were there before */
    sac__matching matching;
    bool whole;    /* what is new is written part by part too, for the writer to see its depth */
    bool detached; /* inside an array whose length changes: indexes tell elements no more */
    int error;     /* of the making, not of the body */
} sac__maker;

/* A value and where it goes. */
typedef struct sac__slot {
    const sac__plan_field *field; /* NULL: undeclared */
    sac_str key;
    sac_value sent;
    sac_value stored; /* MISSING: nothing */
    bool fresh;       /* the document around it is new */
} sac__slot;

void sac__maker_open(sac__maker *m, sac__maker_kind kind, const sac__making *making,
                     const sac__body *body);
int sac__maker_close(sac__maker *m, sac_str *doc) SAC_MUST_USE;

/* Adds a field's error at the path at hand. */
void sac__maker_refuse(sac__maker *m, const char *text);

/* Goes one key down; the result is for going up again. */
size_t sac__maker_down(sac__maker *m, sac_str key);
void sac__maker_up(sac__maker *m, size_t at);

/* Judges one value, not what is in it; whether it is of its field's type. */
bool sac__maker_judge(sac__maker *m, const sac__plan_field *field, const sac_value *sent);

bool sac__maker_failed(const sac__maker *m);

/*
 * Writes one value: the stored bytes when it echoes them (then true), else
 * what was sent, judged.
 */
bool sac__maker_put(sac__maker *m, const sac__slot *slot);

/* Required members and, but in a PATCH, defaults of what `seen` does not mark. */
enum { SAC__SEEN = 1, SAC__KEPT = 2 };
void sac__maker_complete(sac__maker *m, const sac__plan *plan, const uint8_t *seen);

#endif
