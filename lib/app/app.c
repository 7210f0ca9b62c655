/* SPDX-License-Identifier: MIT */
#include "app/state.h"

#include <sacrum/json.h>

#include "app/workers.h"
#include "core/alloc.h"
#include "core/table.h"
#include "http/url.h"
#include "store/store.h"

enum {
    BUILD_BLOCK = 4096,
    REQUEST_BLOCK = 16 * 1024,
    BLOCKS_KEPT = 512,
    MAX_WORKERS = 4096,
    MIN_SECRET = 16
};

int sac__app_check_size(size_t size, size_t known, const char *what, sac_err *err)
{
    if (size == 0)
        return sac_err_set(err, SAC_EINVAL, "%s: size is 0 (was it made with its macro?)", what);
    if (size > known)
        return sac__table_newer(what, size, known, err);
    return SAC_OK;
}

static int wrong(sac_err *err, const char *member, const char *why)
{
    return sac_err_set(err, SAC_EINVAL, "app config: %s %s", member, why);
}

static int check_names(const sac_app_config *config, sac_err *err)
{
    if (config->origin && !sac__origin_valid(sac_str_of(config->origin)))
        return wrong(err, "origin", "is not of the form https://host[:port]");
    for (size_t i = 0; config->hosts && config->hosts[i]; i++)
        if (!sac__host_valid(sac_str_of(config->hosts[i])))
            return wrong(err, "hosts", "holds something that is no host[:port]");
    if (config->secret && strlen(config->secret) < MIN_SECRET)
        return wrong(err, "secret", "is shorter than 16 bytes");
    if (config->problem_docs && !*config->problem_docs)
        return wrong(err, "problem_docs", "is empty");
    if (config->database && !*config->database)
        return wrong(err, "database", "is empty");
    if (config->database && !config->stores[0])
        return wrong(err, "stores", "is empty, so nothing opens the database");
    return SAC_OK;
}

static int check_config(const sac_app_config *config, sac_err *err)
{
    if (config->workers < SAC_NO_WORKERS || config->workers > MAX_WORKERS)
        return wrong(err, "workers", "is neither SAC_NO_WORKERS nor 0 to 4096");
    if (config->reads != SAC_READS_INLINE && config->reads != SAC_READS_ON_WORKERS)
        return wrong(err, "reads", "is neither of the two");
    if (config->max_depth > SAC_BSON_DEPTH)
        return wrong(err, "max_depth", "is above 100");
    if (config->max_memory > 0 && config->max_memory < REQUEST_BLOCK)
        return wrong(err, "max_memory", "is below 16 KiB");
    if (config->log_level < SAC_LOG_ERROR || config->log_level > SAC_LOG_DEBUG)
        return wrong(err, "log_level", "is none of the four");
    if (config->alloc && !config->alloc->resize)
        return wrong(err, "alloc", "has no resize");
    if (config->alloc &&
        sac__app_check_size(config->alloc->size, sizeof(sac_alloc), "sac_alloc", err))
        return config->alloc->size ? SAC_EVERSION : SAC_EINVAL;
    return check_names(config, err);
}

static void set_default(size_t *member, size_t value)
{
    if (*member == 0)
        *member = value;
}

static void set_defaults(sac_app_config *config)
{
    set_default(&config->max_jobs, 1024);
    set_default(&config->max_body, (size_t)1 << 20);
    set_default(&config->max_memory, (size_t)64 << 20);
    set_default(&config->max_target, 8192);
    set_default(&config->max_headers, 100);
    set_default(&config->max_params, 256);
    set_default(&config->max_keys, 10000);
    if (config->max_depth == 0)
        config->max_depth = 64;
    if (!config->alloc)
        config->alloc = sac_alloc_default();
}

static int read_config(const sac_app_config *config, sac_app_config *out, sac_err *err)
{
    int rc = sac__app_check_size(config->size, sizeof *config, "sac_app_config", err);

    if (rc != SAC_OK)
        return rc;
    memset(out, 0, sizeof *out);
    memcpy(out, config, config->size);
    rc = check_config(out, err);
    if (rc == SAC_OK)
        set_defaults(out);
    return rc;
}

static void free_core(sac__core *core)
{
    sac__router_free(core->router);
    sac__arena_close(core->build);
    sac__arena_cache_free(core->build_cache);
    sac__arena_cache_free(core->blocks);
    sac__alloc_free(core->alloc, core, sizeof *core);
}

int sac_app_new(const sac_app_config *config, sac_app **out, sac_err *err)
{
    const sac_app_config none = SAC_APP_CONFIG(.database = NULL);
    sac_app_config full;
    sac__core *core;
    int rc = read_config(config ? config : &none, &full, err);

    if (rc != SAC_OK)
        return rc;
    core = sac__alloc_zero(full.alloc, sizeof *core);
    if (!core)
        return sac_err_set(err, SAC_ENOMEM, "app: no memory");
    core->alloc = full.alloc;
    core->config = full;
    core->log = (sac__log){.fn = full.log, .self = full.log_self, .level = full.log_level};
    core->root = (sac_app){.core = core, .prefix = sac_str_of("")};
    core->bare = (sac_app){.core = core, .prefix = sac_str_of(""), .is_inline = true};
    rc = sac_oid_source_init(&core->oids);
    if (rc == SAC_OK)
        rc = sac__arena_cache_new(full.alloc, BUILD_BLOCK, 0, &core->build_cache);
    if (rc == SAC_OK)
        rc = sac__arena_cache_new(full.alloc, REQUEST_BLOCK, BLOCKS_KEPT, &core->blocks);
    if (rc == SAC_OK)
        rc = sac__router_new(full.alloc, &core->router);
    if (rc == SAC_OK && !(core->build = sac__arena_open(core->build_cache, SIZE_MAX)))
        rc = SAC_ENOMEM;
    if (rc != SAC_OK)
        (void)sac_err_set(err, rc, "app: %s", sac_err_text(rc));
    else
        rc = sac__proxies_read(core, err);
    if (rc != SAC_OK) {
        free_core(core);
        return rc;
    }
    *out = &core->root;
    return SAC_OK;
}

void sac_app_free(sac_app *app)
{
    sac__core *core;

    if (!app || app->parent)
        return;
    core = app->core;
    for (const sac__hook *hook = core->at_stop; hook; hook = hook->next)
        hook->free(hook->self);
    /* The last writes end requests whose client left, which may need a worker for it. */
    sac__workers_drain(core->workers);
    sac_store_close(core->store);
    sac__workers_free(core->workers);
    for (const sac__hook *hook = core->at_free; hook; hook = hook->next)
        hook->free(hook->self);
    free_core(core);
}

const sac_app_config *sac__app_config(const sac_app *app)
{
    return &app->core->config;
}

void *sac__app_get(sac_app *app, size_t n)
{
    return sac__arena_get_zero(app->core->build, n);
}

sac_str sac__app_dup(sac_app *app, const char *text)
{
    return sac__arena_dup(app->core->build, sac_str_of(text));
}

sac_app *sac__app_root(sac_app *app)
{
    return &app->core->root;
}

static sac__app_value *find_value(const sac_app *app, const void *key)
{
    sac__app_value *found = app->core->values;

    while (found && found->key != key)
        found = found->next;
    return found;
}

int sac__app_keep(sac_app *app, const void *key, void *value)
{
    sac__app_value *kept = find_value(app, key);

    if (!kept) {
        kept = sac__app_get(app, sizeof *kept);
        if (!kept)
            return SAC_ENOMEM;
        *kept = (sac__app_value){.key = key, .next = app->core->values};
        app->core->values = kept;
    }
    kept->value = value;
    return SAC_OK;
}

void *sac__app_kept(const sac_app *app, const void *key)
{
    const sac__app_value *kept = find_value(app, key);

    return kept ? kept->value : NULL;
}

bool sac__app_reads_inline(const sac_app *app)
{
    const sac__core *core = app->core;

    return core->config.reads == SAC_READS_INLINE && !(core->store && core->store->ops.waits);
}

const uint8_t *sac__app_secret(const sac_app *app)
{
    return app->core->has_secret ? app->core->secret : NULL;
}

const sac__hash_key *sac__app_tag_key(const sac_app *app)
{
    return &app->core->tag_key;
}

unsigned sac__app_methods_at(const sac_app *app, sac_str path)
{
    sac__arena *arena = sac__arena_open(app->core->blocks, app->core->config.max_memory);
    unsigned allowed = 0;
    sac__match match;

    /* No route has method 0: what is allowed comes back instead. */
    if (arena && sac__router_match(app->core->router, path, 0, arena, &match) == SAC_OK)
        allowed = match.route ? match.route->methods : match.allowed;
    sac__arena_close(arena);
    return allowed;
}

sac_store *sac_app_store(const sac_app *app)
{
    return app->core->store;
}

int sac_app_url_for(const sac_app *app, char *out, size_t cap, const char *view, ...)
{
    va_list pairs;
    int rc;

    va_start(pairs, view);
    rc = sac__router_url(app->core->router, view, pairs, out, cap);
    va_end(pairs);
    return rc;
}
