/* SPDX-License-Identifier: MIT */
#include "app/state.h"

#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "app/workers.h"
#include "core/random.h"

static size_t count_around(const sac_app *group)
{
    size_t n = 0;

    for (; group; group = group->parent)
        for (const sac__middleware *mw = group->first; mw; mw = mw->next)
            n++;
    return n;
}

static size_t collect_around(const sac_app *group, const sac__middleware **out)
{
    size_t n = group->parent ? collect_around(group->parent, out) : 0;

    for (const sac__middleware *mw = group->first; mw; mw = mw->next)
        out[n++] = mw;
    return n;
}

static int seal_group(sac_app *group, sac_err *err)
{
    const size_t n = count_around(group);

    group->around = sac__app_get(group, (n + 1) * sizeof(void *));
    if (!group->around)
        return sac_err_set(err, SAC_ENOMEM, "app: no memory");
    group->n_around = collect_around(group, group->around);
    group->is_inline = true;
    for (size_t i = 0; i < n; i++)
        group->is_inline = group->is_inline && group->around[i]->is_inline;
    return SAC_OK;
}

static int check_views(const sac__core *core, sac_err *err)
{
    int rc = SAC_OK;

    for (const sac__route *route = sac__router_first(core->router); route && rc == SAC_OK;
         route = route->next)
        rc = sac__view_check(core, route->target, err);
    return rc;
}

static int seal_groups(sac__core *core, sac_err *err)
{
    int rc = seal_group(&core->root, err);

    for (sac_app *group = core->groups; group && rc == SAC_OK; group = group->next)
        rc = seal_group(group, err);
    return rc;
}

static void seal_mount(sac__mount *mount)
{
    for (; mount; mount = mount->instead)
        for (size_t i = 0; i < SAC__ACTIONS; i++)
            mount->actions[i].is_inline = mount->actions[i].is_inline && mount->group->is_inline;
}

/* Which chains stay on the host's thread is settled here, once. */
static void seal_chains(sac__core *core)
{
    if (core->identity_waits) { /* anything may ask who asks */
        core->root.is_inline = false;
        for (sac_app *group = core->groups; group; group = group->next)
            group->is_inline = false;
    }
    for (const sac__route *route = sac__router_first(core->router); route; route = route->next)
        seal_mount(route->target);
}

/* The store's lines obey the app's level too. */
static void log_store(void *self, sac_log_level level, sac_str line)
{
    const sac__core *core = self;

    if (level <= core->config.log_level)
        core->config.log(core->config.log_self, level, line);
}

static int open_store(sac__core *core, sac_store **out, sac_err *err)
{
    const sac_app_config *config = &core->config;
    const sac_store_config ask = SAC_STORE_CONFIG(.uri = config->database, .alloc = config->alloc,
                                                  .log = config->log ? log_store : NULL,
                                                  .log_self = core);
    const size_t n = sizeof config->stores / sizeof *config->stores;
    int rc = SAC_ENOTMINE;

    if (!config->database)
        return SAC_OK;
    for (size_t i = 0; i < n && config->stores[i] && rc == SAC_ENOTMINE; i++)
        rc = config->stores[i](&ask, out, err);
    if (rc == SAC_ENOTMINE)
        return sac_err_set(err, SAC_EINVAL, "database %.*s: no opener in stores knows this scheme",
                           (int)strcspn(config->database, ":/"), config->database);
    return rc;
}

static bool derive(const void *key, size_t n, const char *label, uint8_t out[32])
{
    unsigned size = 0;

    return HMAC(EVP_sha256(), key, (int)n, (const unsigned char *)label, strlen(label), out,
                &size) &&
           size == 32;
}

static int derive_secret(sac__core *core, const void *key, size_t n)
{
    uint8_t tags[32];

    if (n > INT32_MAX || !derive(key, n, "sacrum 1: secret", core->secret) ||
        !derive(key, n, "sacrum 1: tags", tags))
        return SAC_EIO;
    memcpy(&core->tag_key, tags, sizeof core->tag_key);
    core->has_secret = true;
    return SAC_OK;
}

static int seal_secret(sac__core *core, sac_err *err)
{
    uint8_t kept[32];
    int rc = SAC_ENOSYS;

    if (core->config.secret)
        rc = derive_secret(core, core->config.secret, strlen(core->config.secret));
    else if (core->store)
        rc = sac_store_secret(core->store, kept, err);
    if (rc == SAC_OK && !core->config.secret)
        rc = derive_secret(core, kept, sizeof kept);
    if (rc != SAC_ENOSYS)
        return rc == SAC_OK ? rc : sac_err_set(err, rc, "app: no secret: %s", sac_err_text(rc));
    /* Tags then hold as long as this app does. */
    rc = sac__random(&core->tag_key, sizeof core->tag_key);
    return rc == SAC_OK ? rc : sac_err_set(err, rc, "app: no random bytes");
}

static int seal_hooks(sac__core *core, sac_err *err)
{
    int rc = SAC_OK;

    for (const sac__hook *hook = core->at_seal; hook && rc == SAC_OK; hook = hook->next)
        rc = hook->seal(hook->self, &core->root, err);
    return rc;
}

static int start_workers(sac__core *core, sac_err *err)
{
    const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    int n = core->config.workers;

    if (n == SAC_NO_WORKERS)
        return SAC_OK;
    if (n == 0)
        n = cpus > 0 && cpus < 1024 ? 2 * (int)cpus : 2;
    return sac__workers_new(core->alloc, (unsigned)n, core->config.max_jobs, &core->workers, err);
}

int sac_app_seal(sac_app *app, sac_err *err)
{
    sac__core *core = app->core;
    int rc;

    if (core->sealed)
        return SAC_OK;
    rc = check_views(core, err);
    if (rc == SAC_OK)
        rc = seal_groups(core, err);
    if (rc == SAC_OK)
        rc = open_store(core, &core->store, err);
    if (rc == SAC_OK)
        rc = seal_secret(core, err);
    if (rc == SAC_OK)
        rc = seal_hooks(core, err);
    if (rc == SAC_OK)
        rc = start_workers(core, err);
    if (rc != SAC_OK) {
        sac_store_close(core->store);
        core->store = NULL;
        core->has_secret = false;
        return rc;
    }
    seal_chains(core);
    core->sealed = true;
    return SAC_OK;
}
