/* SPDX-License-Identifier: MIT */
#include "page/template/library.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/app.h"
#include "page/beneath.h"
#include "page/path.h"

/* A folder that is yet to be looked into, by its path beneath the library's. */
typedef struct pending {
    struct pending *next;
    char path[];
} pending;

typedef struct search {
    sac__library *lib;
    sac_app *app;
    size_t folder;
    pending *rest;
    sac_err *err;
} search;

static int no_memory(const search *s)
{
    return sac_err_set(s->err, SAC_ENOMEM, "templates: no memory");
}

static int unreadable(const search *s, const char *path)
{
    return sac_err_set(s->err, SAC_EIO, "templates: %s%s%s: %s", s->lib->folders[s->folder],
                       *path ? "/" : "", path, strerror(errno));
}

/* Puts a file in its place by name, unless a folder before has one of that name. */
static int add_entry(search *s, const char *path, size_t n_path)
{
    const size_t n = n_path - strlen(s->lib->ending);
    char *file = sac__app_get(s->app, n_path + 1), *name = sac__app_get(s->app, n + 1);
    const sac__library_entry entry = {
        .name = sac_str_n(name, n), .file = file, .folder = s->folder};
    sac__library_entry *at;
    size_t i = sac__library_count(s->lib);

    if (!file || !name)
        return no_memory(s);
    memcpy(file, path, n_path);
    memcpy(name, path, n);
    if (sac__library_find(s->lib, entry.name))
        return SAC_OK;
    sac__buf_add(&s->lib->entries, &entry, sizeof entry);
    if (s->lib->entries.error)
        return no_memory(s);
    for (at = sac__library_entries(s->lib); i > 0 && strcmp(at[i - 1].name.p, name) > 0; i--)
        at[i] = at[i - 1];
    at[i] = entry;
    return SAC_OK;
}

static int add_pending(search *s, const char *path, size_t n)
{
    pending *p = sac__app_get(s->app, sizeof *p + n + 1);

    if (!p)
        return no_memory(s);
    memcpy(p->path, path, n);
    p->next = s->rest;
    s->rest = p;
    return SAC_OK;
}

static bool ends_with(const char *name, const char *ending)
{
    const size_t n = strlen(name), m = strlen(ending);

    return n > m && strcmp(name + n - m, ending) == 0;
}

/* Links to folders are not followed: they may lead in a circle. */
static int look_at(search *s, int in, const char *folder, const char *name)
{
    char path[4096];
    struct stat st;
    int n;

    if (!sac__path_is_fit(sac_str_of(name)))
        return SAC_OK;
    n = snprintf(path, sizeof path, "%s%s%s", folder, *folder ? "/" : "", name);
    if (n < 0 || (size_t)n >= sizeof path)
        return sac_err_set(s->err, SAC_EIO, "templates: %s: a path that is too long",
                           s->lib->folders[s->folder]);
    if (fstatat(in, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return unreadable(s, path);
    if (S_ISDIR(st.st_mode))
        return add_pending(s, path, (size_t)n);
    if ((S_ISREG(st.st_mode) || S_ISLNK(st.st_mode)) && ends_with(name, s->lib->ending))
        return add_entry(s, path, (size_t)n);
    return SAC_OK;
}

static int look_into(search *s, const char *path)
{
    const int fd = sac__beneath_open(s->lib->fds[s->folder], *path ? path : ".");
    DIR *opened = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    int rc;

    if (!opened) {
        rc = unreadable(s, path);
        if (fd >= 0)
            close(fd);
        return rc;
    }
    rc = SAC_OK;
    for (errno = 0; rc == SAC_OK && (entry = readdir(opened)); errno = 0)
        rc = look_at(s, fd, path, entry->d_name);
    if (rc == SAC_OK && errno)
        rc = unreadable(s, path);
    closedir(opened);
    return rc;
}

static int search_folder(search *s)
{
    int rc = look_into(s, "");

    while (rc == SAC_OK && s->rest) {
        const pending *p = s->rest;

        s->rest = p->next;
        rc = look_into(s, p->path);
    }
    return rc;
}

int sac__library_search(sac__library *lib, sac_app *app, sac_err *err)
{
    search s = {.lib = lib, .app = app, .err = err};
    int rc = SAC_OK;

    for (; lib->folders[s.folder] && rc == SAC_OK; s.folder++) {
        const int fd = sac__beneath_open_folder(lib->folders[s.folder]);

        if (fd < 0)
            return unreadable(&s, "");
        lib->fds[lib->n_open++] = fd;
        rc = search_folder(&s);
    }
    return rc;
}
