/* SPDX-License-Identifier: MIT */
#ifndef SERVE_H
#define SERVE_H

#include <sacrum/sacrum.h>
#include <sacrum/transfer.h>

struct cJSON;

/* The program's exit status. */
enum { ALL_WELL = 0, FAILED = 1, MISUSED = 2 };

/* What the command line says; NULL: nothing. */
typedef struct options {
    const char *config, *database, *listen, *public, *origin;
    char *collections; /* a,b */
    bool resume, no_indexes;
} options;

/* A collection of the configuration. */
typedef struct collection {
    const char *path;
    sac_resource resource;
    const struct cJSON *source;
} collection;

/* A configuration file, with all the memory that it takes. */
typedef struct config {
    sac_app_config app;
    const char *listen, *public;
    sac_cors cors;
    collection *collections;
    size_t n_collections;
    struct cJSON *source;
    struct kept *kept;
} config;

/* Why not is on standard error. The config is to be freed in any case. */
int config_read(config *c, const char *file);
void config_free(config *c);

/* Commands; each gives the exit status. */
int serve_config(const options *o);
int serve_copy(const options *o, const char *from, const char *to);
int serve_dump(const options *o, const char *uri, const char *folder);
int serve_restore(const options *o, const char *folder, const char *uri);
int serve_check(const options *o, const char *uri);
int serve_indexes(const options *o, const char *uri);
int print_version(void);

/* The stores that are linked, for sac_app_config.stores. */
void known_stores(sac_store_opener *stores[8]);
/* Opens the one whose scheme it is; NULL, and why not on standard error. */
sac_store *open_store(const char *uri);
sac_log_fn print_log, print_warning;

/* Names of a store's collections, one behind the other with its NUL, ended by an empty one. */
char *names_of(sac_store *store);

/* How a transfer goes, on a terminal as a bar, else as a line for each collection. */
typedef struct progress {
    bool bar;
    const char *collection; /* the last one shown */
    bool verifying;
    double began, shown;
    int64_t before; /* what was there when it began */
} progress;
int progress_show(void *self, const sac_transfer_progress *now);
void progress_end(progress *p);
/* From now on SIGINT and SIGTERM stop a transfer at its next progress_show(). */
void progress_catch_signals(void);

#endif
