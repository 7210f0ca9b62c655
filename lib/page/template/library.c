/* SPDX-License-Identifier: MIT */
#include "page/template/library.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/app.h"
#include "app/page.h"
#include "app/req.h"
#include "core/alloc.h"
#include "page/beneath.h"
#include "page/path.h"

static const char key; /* of what the app keeps */

sac__library *sac__library_of(const sac_app *app)
{
    return sac__app_kept(app, &key);
}

static int compare_names(sac_str a, sac_str b)
{
    const size_t n = a.n < b.n ? a.n : b.n;
    const int order = n ? memcmp(a.p, b.p, n) : 0;

    return order ? order : (a.n > b.n) - (a.n < b.n);
}

const sac__library_entry *sac__library_find(const sac__library *lib, sac_str name)
{
    size_t low = 0, high = sac__library_count(lib);

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const sac__library_entry *entry = sac__library_entries(lib) + middle;
        const int order = compare_names(name, entry->name);

        if (order == 0)
            return entry;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

static int read_all(int fd, char *p, size_t n)
{
    while (n > 0) {
        const ssize_t got = read(fd, p, n);

        if (got <= 0 && (got == 0 || errno != EINTR))
            return SAC_EIO;
        if (got > 0) {
            p += got;
            n -= (size_t)got;
        }
    }
    return SAC_OK;
}

/* Compiles what is open; the place of an error is the file's. */
static int compile_open(int fd, const char *file, const sac_alloc *alloc, sac_template **out,
                        sac_err *err)
{
    sac_err why = {.code = 0};
    struct stat st;
    char *text;
    int rc;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return sac_err_set(err, SAC_EIO, "template %s: it is no file", file);
    if (st.st_size > SAC__TEMPLATE_MAX)
        return sac_err_set(err, SAC_ELIMIT, "template %s: more than 16 MiB", file);
    text = sac__alloc(alloc, (size_t)st.st_size);
    if (!text)
        return sac_err_set(err, SAC_ENOMEM, "template %s: no memory", file);
    rc = read_all(fd, text, (size_t)st.st_size);
    if (rc != SAC_OK)
        sac_err_set(err, rc, "template %s: it cannot be read", file);
    else if ((rc = sac__template_compile(sac_str_n(text, (size_t)st.st_size), true, alloc, out,
                                         &why)) != SAC_OK)
        sac_err_set(err, rc, "template %s, %s", file, why.text);
    else
        (*out)->file = file;
    sac__alloc_free(alloc, text, (size_t)st.st_size);
    return rc;
}

static int compile_entry(const sac__library *lib, sac__library_entry *entry, sac_err *err)
{
    const int fd = sac__beneath_open(lib->fds[entry->folder], entry->file);
    int rc;

    if (fd < 0)
        return sac_err_set(err, SAC_EIO, "template %s: it cannot be opened", entry->file);
    rc = compile_open(fd, entry->file, lib->alloc, &entry->made, err);
    close(fd);
    return rc;
}

int sac__library_read(const sac__library *lib, sac_req *req, sac_str name, sac_template **out,
                      sac_err *err)
{
    const sac_str file = sac_req_printf(req, "%.*s%s", (int)name.n, name.p, lib->ending);

    if (!file.p)
        return sac_err_set(err, SAC_ENOMEM, "template: no memory");
    if (name.n == 0 || memchr(name.p, '\0', name.n) || !sac__path_is_fit(file))
        return SAC_ENOTFOUND;
    for (size_t i = 0; i < lib->n_open; i++) {
        const int fd = sac__beneath_open(lib->fds[i], file.p);
        int rc;

        if (fd < 0)
            continue;
        rc = compile_open(fd, file.p, sac_req_allocator(req), out, err);
        close(fd);
        return rc;
    }
    return SAC_ENOTFOUND;
}

/* A partial that is missing renders as nothing: someone may want to know. */
static void tell_missing(const sac__library *lib, const sac__library_entry *entry)
{
    const sac__node *nodes = sac__template_nodes(entry->made);

    for (size_t i = 0; i < sac__template_count(entry->made); i++)
        if (nodes[i].kind == SAC__NODE_PARTIAL && !sac__library_find(lib, nodes[i].text))
            sac__logf(&lib->log, SAC_LOG_WARN, "template %s, line %u: there is no partial \"%.*s\"",
                      entry->file, nodes[i].row, (int)nodes[i].text.n, nodes[i].text.p);
}

static int load_entries(sac__library *lib, sac_err *err)
{
    sac__library_entry *entries = sac__library_entries(lib);
    const size_t n = sac__library_count(lib);
    int rc = SAC_OK;

    for (size_t i = 0; i < n && rc == SAC_OK; i++)
        rc = compile_entry(lib, &entries[i], err);
    for (size_t i = 0; i < n && rc == SAC_OK; i++)
        tell_missing(lib, &entries[i]);
    return rc;
}

static int load(void *self, sac_app *app, sac_err *err)
{
    sac__library *lib = self;
    int rc;

    sac__library_unload(lib); /* of a seal that failed */
    rc = sac__library_search(lib, app, err);
    if (rc == SAC_OK)
        rc = load_entries(lib, err);
    if (rc != SAC_OK)
        sac__library_unload(lib);
    return rc;
}

static void unload(void *self)
{
    sac__library_unload(self);
}

void sac__library_unload(sac__library *lib)
{
    for (size_t i = 0; i < sac__library_count(lib); i++)
        sac_template_free(sac__library_entries(lib)[i].made);
    sac__buf_fini(&lib->entries);
    sac__buf_init(&lib->entries, lib->alloc, SIZE_MAX);
    while (lib->n_open > 0)
        close(lib->fds[--lib->n_open]);
}

static int no_memory(sac_err *err)
{
    return sac_err_set(err, SAC_ENOMEM, "templates: no memory");
}

static int copy_folders(sac_app *app, const sac_templates *config, sac__library *lib, sac_err *err)
{
    const char **copies = sac__app_get(app, (SAC__LIBRARY_FOLDERS + 1) * sizeof *copies);
    size_t n = 0;

    if (!copies)
        return no_memory(err);
    for (; config->folders && config->folders[n]; n++) {
        if (n == SAC__LIBRARY_FOLDERS)
            return sac_err_set(err, SAC_EINVAL, "templates: folders: more than 16");
        copies[n] = sac__app_dup(app, config->folders[n]).p;
        if (!copies[n])
            return no_memory(err);
    }
    if (n == 0)
        return sac_err_set(err, SAC_EINVAL, "templates: folders: there is none");
    lib->folders = copies;
    return SAC_OK;
}

static int make(sac_app *app, const sac_templates *config, sac__library **out, sac_err *err)
{
    const sac_app_config *app_config = sac__app_config(app);
    const char *ending = config->ending ? config->ending : ".html";
    sac__library *lib = sac__app_get(app, sizeof *lib);
    int rc;

    if (!lib)
        return no_memory(err);
    if (*ending != '.' || !ending[1] || strchr(ending, '/'))
        return sac_err_set(err, SAC_EINVAL, "templates: ending: it is not of the form .html");
    rc = copy_folders(app, config, lib, err);
    if (rc != SAC_OK)
        return rc;
    lib->alloc = app_config->alloc;
    lib->log = (sac__log){
        .fn = app_config->log, .self = app_config->log_self, .level = app_config->log_level};
    lib->debug = config->debug;
    lib->ending = sac__app_dup(app, ending).p;
    sac__buf_init(&lib->entries, lib->alloc, SIZE_MAX);
    *out = lib;
    return lib->ending ? SAC_OK : no_memory(err);
}

int sac_app_templates(sac_app *app, const sac_templates *config, sac_err *err)
{
    sac_templates known = SAC_TEMPLATES(.folders = NULL);
    sac__library *lib = NULL;
    int rc;

    if (!app || !config)
        return sac_err_set(err, SAC_EINVAL, "templates: an app and a config");
    rc = sac__app_building(app, "templates", err);
    if (rc == SAC_OK)
        rc = sac__app_check_size(config->size, sizeof *config, "sac_templates", err);
    if (rc != SAC_OK)
        return rc;
    if (sac__library_of(app))
        return sac_err_set(err, SAC_EEXIST, "templates: the app has them already");
    memcpy(&known, config, config->size);
    rc = make(app, &known, &lib, err);
    if (rc != SAC_OK)
        return rc;
    rc = sac__app_at_free(app, unload, lib);
    if (rc == SAC_OK)
        rc = sac__app_at_seal(app, load, lib, NULL);
    if (rc == SAC_OK)
        rc = sac__app_keep(app, &key, lib);
    if (rc != SAC_OK)
        return no_memory(err);
    sac__app_set_page(app, sac_reply_template, sac_app_has_template);
    return SAC_OK;
}

bool sac_app_has_template(const sac_app *app, const char *name)
{
    const sac__library *lib = sac__library_of(app);

    return lib && sac__library_find(lib, sac_str_of(name));
}
