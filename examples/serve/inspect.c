/* SPDX-License-Identifier: MIT */
/* check and indexes. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "serve.h"

static int print_count(sac_store *store, const char *name, sac_err *err)
{
    const sac_query all = SAC_QUERY(.collection = name);
    int64_t n = 0;
    const int rc = sac_store_count(store, &all, &n, err);

    if (rc == SAC_OK)
        printf("%s: %" PRId64 " documents\n", name, n);
    return rc;
}

static int print_index(void *self, const sac_index *index)
{
    const char *of = self;

    printf("%s: %s", of, index->name ? index->name : "(no name)");
    if (index->keys)
        printf(": %s%s%s", index->keys, index->unique ? ", unique" : "",
               index->sparse ? ", sparse" : "");
    else
        printf(": of a kind that sacrum does not make");
    if (index->expires)
        printf(", expires %" PRId64 " s later",
               index->expires == SAC_EXPIRES_THEN ? 0 : index->expires);
    putchar('\n');
    return 0;
}

static int print_indexes(sac_store *store, const char *name, sac_err *err)
{
    return sac_store_indexes(store, name, print_index, (void *)(uintptr_t)name, err);
}

static int for_each(sac_store *store, int (*print)(sac_store *, const char *, sac_err *),
                    sac_err *err)
{
    char *names = names_of(store);
    int rc = names ? SAC_OK : SAC_EIO;

    for (const char *name = names; rc == SAC_OK && *name; name += strlen(name) + 1)
        rc = print(store, name, err);
    free(names);
    return rc;
}

static int conclude(sac_store *store, int rc, const sac_err *err)
{
    sac_store_close(store);
    if (rc != SAC_OK && *err->text)
        fprintf(stderr, "serve: %s\n", err->text);
    return rc == SAC_OK ? ALL_WELL : FAILED;
}

int serve_check(const options *o, const char *uri)
{
    sac_store *store = open_store(uri);
    sac_err err = {.code = 0};
    int rc;

    (void)o;
    if (!store)
        return FAILED;
    rc = for_each(store, print_count, &err);
    if (rc == SAC_OK)
        rc = sac_store_check(store, &err);
    if (rc == SAC_OK)
        puts("All documents are sound.");
    return conclude(store, rc, &err);
}

int serve_indexes(const options *o, const char *uri)
{
    sac_store *store = open_store(uri);
    sac_err err = {.code = 0};

    (void)o;
    if (!store)
        return FAILED;
    return conclude(store, for_each(store, print_indexes, &err), &err);
}
