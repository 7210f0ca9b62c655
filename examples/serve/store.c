/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#if HAVE_LMDB
#include <sacrum/store/lmdb.h>
#endif
#if HAVE_MONGO
#include <sacrum/store/mongo.h>
#endif

#include "serve.h"

void known_stores(sac_store_opener *stores[8])
{
    int n = 0;

#if HAVE_LMDB
    stores[n++] = sac_lmdb;
#endif
#if HAVE_MONGO
    stores[n++] = sac_mongo;
#endif
    stores[n] = NULL;
}

void print_log(void *self, sac_log_level level, sac_str line)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};

    (void)self;
    fprintf(stderr, "serve: %s: %.*s\n", names[level], (int)line.n, line.p);
}

void print_warning(void *self, sac_log_level level, sac_str line)
{
    if (level <= SAC_LOG_WARN)
        print_log(self, level, line);
}

sac_store *open_store(const char *uri)
{
    const sac_store_config how = SAC_STORE_CONFIG(.uri = uri, .log = print_warning);
    sac_store_opener *stores[8];
    sac_store *store = NULL;
    sac_err err = {.code = 0};
    int rc = SAC_ENOTMINE;

    known_stores(stores);
    for (int i = 0; rc == SAC_ENOTMINE && stores[i]; i++)
        rc = stores[i](&how, &store, &err);
    if (rc == SAC_ENOTMINE) /* the URI is not shown: it may hold a password */
        fprintf(stderr, "serve: a database is lmdb:FILE%s\n",
                HAVE_MONGO ? " or mongodb://HOST/NAME" : "");
    else if (rc != SAC_OK)
        fprintf(stderr, "serve: %s\n", err.text);
    return rc == SAC_OK ? store : NULL;
}

typedef struct names {
    char *p;
    size_t n;
} names;

static int add_name(void *self, const char *name)
{
    names *to = self;
    const size_t n = strlen(name) + 1;
    char *p = realloc(to->p, to->n + n + 1);

    if (!p)
        return SAC_ENOMEM;
    to->p = p;
    memcpy(p + to->n, name, n);
    to->n += n;
    p[to->n] = '\0';
    return SAC_OK;
}

char *names_of(sac_store *store)
{
    names all = {calloc(1, 1), 0};
    sac_err err = {.code = 0};

    if (all.p && sac_store_collections(store, add_name, &all, &err) == SAC_OK)
        return all.p;
    fprintf(stderr, "serve: %s\n", err.text);
    free(all.p);
    return NULL;
}
