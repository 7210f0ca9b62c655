/* SPDX-License-Identifier: MIT */
/* copy, dump and restore. */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "serve.h"

enum { MAX_NAMES = 256 };

/* "a,b" as a list; the text is cut up. */
static const char *const *list_of(char *text, const char *list[MAX_NAMES + 1])
{
    size_t n = 0;

    if (!text)
        return NULL;
    for (char *rest = text, *name; n < MAX_NAMES && (name = strsep(&rest, ",")) != NULL;)
        list[n++] = name;
    list[n] = NULL;
    return list;
}

static int conclude(int rc, progress *p, const sac_transferred *done, const sac_err *err)
{
    progress_end(p);
    if (rc != SAC_OK) {
        fprintf(stderr, "serve: %s%s\n", err->text,
                rc == SAC_ECLOSED || rc == SAC_EEXIST ? "; --resume goes on where it ended" : "");
        return FAILED;
    }
    printf("serve: %" PRId64 " collections, %" PRId64 " documents (%" PRId64 " written now), "
           "%" PRId64 " indexes",
           done->collections, done->documents, done->copied, done->indexes);
    if (done->skipped)
        printf(" (%" PRId64 " left out)", done->skipped);
    printf(", checksum %016" PRIx64 "\n", done->checksum);
    return ALL_WELL;
}

/* One of the three: from a store or a folder to a store or a folder. */
typedef struct work {
    sac_store *from, *to;
    const char *folder, *database;
} work;

static int run(const options *o, const work *w)
{
    const char *list[MAX_NAMES + 1];
    progress shown = {.bar = isatty(STDERR_FILENO)};
    const sac_transfer how = SAC_TRANSFER(.resume = o->resume, .no_indexes = o->no_indexes,
                                          .collections = list_of(o->collections, list),
                                          .progress = progress_show, .self = &shown,
                                          .log = print_warning);
    sac_transferred done = {.documents = 0};
    sac_err err = {.code = 0};
    int rc;

    progress_catch_signals();
    if (w->from && w->to)
        rc = sac_store_copy(w->from, w->to, &how, &done, &err);
    else if (w->from)
        rc = sac_store_dump(w->from, w->folder, w->database, &how, &done, &err);
    else
        rc = sac_store_restore(w->to, w->folder, w->database, &how, &done, &err);
    return conclude(rc, &shown, &done, &err);
}

int serve_copy(const options *o, const char *from, const char *to)
{
    work w = {.from = open_store(from)};
    int status = FAILED;

    w.to = w.from ? open_store(to) : NULL;
    if (w.to)
        status = run(o, &w);
    sac_store_close(w.from);
    sac_store_close(w.to);
    return status;
}

/* A name for the dump: the database's of mongodb://HOST/NAME?…, the file's of lmdb:FILE. */
static void name_dump(const char *uri, char *out, size_t cap)
{
    const size_t n = strcspn(uri, "?");
    size_t begin = n, end;

    while (begin > 0 && !strchr("/:", uri[begin - 1]))
        begin--;
    end = begin + strcspn(uri + begin, ".?");
    snprintf(out, cap, "%.*s", (int)(end - begin), uri + begin);
    if (!*out)
        snprintf(out, cap, "sacrum");
}

int serve_dump(const options *o, const char *uri, const char *folder)
{
    char name[256];
    work w = {.from = open_store(uri), .folder = folder, .database = o->database};
    int status;

    if (!w.from)
        return FAILED;
    name_dump(uri, name, sizeof name);
    if (!w.database)
        w.database = name;
    status = run(o, &w);
    if (status == ALL_WELL)
        printf("serve: in %s/%s\n", folder, w.database);
    sac_store_close(w.from);
    return status;
}

/* The only folder in a folder. */
static bool find_database(const char *folder, char *out, size_t cap)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    int found = 0;

    while (dir && (entry = readdir(dir)))
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.' && found++ == 0)
            snprintf(out, cap, "%s", entry->d_name);
    if (dir)
        closedir(dir);
    if (found != 1)
        fprintf(stderr, "serve: %s holds %s: name one with --database\n", folder,
                found ? "several databases" : "no database's folder");
    return found == 1;
}

int serve_restore(const options *o, const char *folder, const char *uri)
{
    char name[256];
    work w = {.folder = folder, .database = o->database};
    int status;

    if (!w.database && !find_database(folder, name, sizeof name))
        return FAILED;
    if (!w.database)
        w.database = name;
    w.to = open_store(uri);
    if (!w.to)
        return FAILED;
    status = run(o, &w);
    sac_store_close(w.to);
    return status;
}
