/* SPDX-License-Identifier: MIT */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <sacrum/impl/store.h>

struct sac_store {
    const sac_alloc *alloc;
    sac_store_ops ops; /* filled up with NULL where the caller's table is shorter */
    void *self;
};

/* `err` is never NULL behind the wrappers: a slot writes to this one instead. */
#define SAC__STORE_ERR(err) ((err) ? (err) : &(sac_err){.code = 0})

/* What every call asks of a collection's name, and of a query. */
int sac__store_check_name(const char *name, sac_err *err) SAC_MUST_USE;
int sac__store_check_query(const sac_query *query, sac_err *err) SAC_MUST_USE;

#endif
