/* SPDX-License-Identifier: MIT */
#ifndef PAGE_TEMPLATE_LIBRARY_H
#define PAGE_TEMPLATE_LIBRARY_H

#include "core/log.h"
#include "page/template/template.h"

/* The templates of an app. */

enum { SAC__LIBRARY_FOLDERS = 16 };

typedef struct sac__library_entry {
    sac_str name;       /* mail/welcome, NUL behind it */
    const char *file;   /* mail/welcome.html */
    size_t folder;      /* the first one that has it */
    sac_template *made; /* NULL while it is being loaded */
} sac__library_entry;

typedef struct sac__library {
    const sac_alloc *alloc;
    sac__log log;
    const char *const *folders;    /* with NULL behind them */
    int fds[SAC__LIBRARY_FOLDERS]; /* of as many folders as are open */
    size_t n_open;
    const char *ending;
    bool debug;
    sac__buf entries; /* of sac__library_entry, by name */
} sac__library;

static inline sac__library_entry *sac__library_entries(const sac__library *lib)
{
    return (sac__library_entry *)(void *)lib->entries.p;
}

static inline size_t sac__library_count(const sac__library *lib)
{
    return lib->entries.n / sizeof(sac__library_entry);
}

/* NULL: there is none of that name. */
const sac__library_entry *sac__library_find(const sac__library *lib, sac_str name);

/* Opens the folders and finds the files in them. On failure some may be left open. */
int sac__library_search(sac__library *lib, sac_app *app, sac_err *err) SAC_MUST_USE;
/* Forgets what was found and compiled, and closes the folders. */
void sac__library_unload(sac__library *lib);

/*
 * Compiles a template from its file as it is now, in memory of the request.
 * SAC_ENOTFOUND, and nothing in `err`: there is none.
 */
int sac__library_read(const sac__library *lib, sac_req *req, sac_str name, sac_template **out,
                      sac_err *err) SAC_MUST_USE;

/* That of an app; NULL: it has none. */
sac__library *sac__library_of(const sac_app *app);

#endif
