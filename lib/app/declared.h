/* SPDX-License-Identifier: MIT */
#ifndef APP_DECLARED_H
#define APP_DECLARED_H

#include "app/app.h"
#include "schema/schema.h"

/* Indexes that a collection is declared with: by the rows of its table, and by name. */

typedef struct sac__declared {
    sac_index index; /* name and keys in memory of the app */
    struct sac__declared *next;
} sac__declared;

typedef struct sac__declaring {
    sac_app *app;
    const char *whose; /* "resource", "accounts", and */
    const char *name;  /* its name or "": before the texts of errors */
    size_t most, n;
    sac__declared **link; /* where the next one goes */
    sac_err *err;
} sac__declaring;

/* SAC_EINVAL naming the keys and what is wrong with them. */
int sac__declared_wrong(const sac__declaring *d, const char *keys, const char *what);

/* One index; without a name it gets MongoDB's. SAC_EINVAL, SAC_ENOMEM. */
int sac__declared_add(sac__declaring *d, const sac_index *index) SAC_MUST_USE;

/* Those that the rows of a table ask for, of members and elements too; tables nest at most 32 deep. */
int sac__declared_plan(sac__declaring *d, const sac__plan *plan) SAC_MUST_USE;

/*
 * Makes them in the store. One that cannot be reached makes them when it can:
 * that is no error.
 */
int sac__declared_make(const sac__declaring *d, const sac__declared *first, sac_store *store,
                       const char *collection) SAC_MUST_USE;

#endif
