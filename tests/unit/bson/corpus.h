/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_BSON_CORPUS_H
#define TESTS_UNIT_BSON_CORPUS_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include <cJSON.h>

#include "support/support.h"

typedef void corpus_fn(const char *file, const cJSON *row);

/* Exact-size memory, so that a read past the end is seen. */
static inline char *corpus_bytes(const char *hex, sac_str *out)
{
    const size_t n = strlen(hex) / 2;
    char *bytes = malloc(n ? n : 1);

    CHECK(bytes != NULL);
    for (size_t i = 0; i < n; i++) {
        unsigned byte;

        CHECK_INT(sscanf(hex + 2 * i, "%2x", &byte), 1);
        bytes[i] = (char)byte;
    }
    *out = sac_str_n(bytes, n);
    return bytes;
}

static inline const char *corpus_text(const cJSON *row, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(row, name);

    return cJSON_IsString(item) ? item->valuestring : NULL;
}

static inline int corpus_file(const char *dir, const char *name, const char *list, corpus_fn *fn)
{
    char path[4096 + 256 + 1];
    const cJSON *row;
    sac_str text;
    cJSON *file;
    int count = 0;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    text = read_file(path);
    CHECK(text.p != NULL);
    file = cJSON_ParseWithLength(text.p, text.n);
    CHECK(file != NULL);
    cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(file, list))
    {
        fn(name, row);
        count++;
    }
    cJSON_Delete(file);
    free((void *)(uintptr_t)text.p);
    return count;
}

/* Calls fn for each row of a list ("valid", …) in the files whose name begins so; how many. */
static inline int corpus_each(const char *beginning, const char *list, corpus_fn *fn)
{
    const char *path = suite_path("bson-corpus");
    const struct dirent *entry;
    char dir[4096];
    int count = 0;
    DIR *d;

    if (!path)
        skip();
    snprintf(dir, sizeof dir, "%s", path);
    d = opendir(dir);
    CHECK(d != NULL);
    while ((entry = readdir(d))) {
        if (strstr(entry->d_name, ".json") &&
            strncmp(entry->d_name, beginning, strlen(beginning)) == 0)
            count += corpus_file(dir, entry->d_name, list, fn);
    }
    closedir(d);
    return count;
}

#endif
