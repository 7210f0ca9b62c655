/* SPDX-License-Identifier: MIT */
#include "auth/account/account.h"

#include <stdio.h>
#include <unistd.h>

#include <sacrum/csrf.h>

#include "app/identity/identity.h"
#include "core/table.h"
#include "session/session.h"

enum {
    MAX_THREADS = 256,
    MAX_HASHING = 64,
    ATTEMPTS = 5,
    OF_AN_ADDRESS = 20, /* times as many */
    WINDOW = 300,
    MAX_TRIED = 16384, /* accounts and addresses that are remembered */
    MIN_PASSWORD = 8,
    MAX_INDEXES = 32
};

/* Neither blanks, Unicode's included, nor control bytes. */
static const char any_name[] = "\\A[^\\p{Z}\\p{C}]*\\z";
static const char key; /* of the accounts among what the app keeps */

sac__accounts *sac__accounts_of(const sac_app *app)
{
    return sac__app_kept(app, &key);
}

static int wrong(sac_err *err, const char *member, const char *why)
{
    return sac_err_set(err, SAC_EINVAL, "accounts: %s %s", member, why);
}

static int no_memory(sac_err *err)
{
    return sac_err_set(err, SAC_ENOMEM, "accounts: no memory");
}

static const char *or_else(const char *value, const char *fallback)
{
    return value ? value : fallback;
}

static void set_defaults(sac_accounts *def)
{
    const long cpus = sysconf(_SC_NPROCESSORS_ONLN);

    def->collection = or_else(def->collection, "users");
    def->name_key = or_else(def->name_key, "username");
    def->login_template = or_else(def->login_template, "login");
    def->sign_up_template = or_else(def->sign_up_template, "sign_up");
    def->home = or_else(def->home, "/");
    def->cost = def->cost ? def->cost : SAC_PASSWORD_COST;
    def->min_password = def->min_password ? def->min_password : MIN_PASSWORD;
    def->max_hashing = def->max_hashing ? def->max_hashing : MAX_HASHING;
    def->max_attempts = def->max_attempts ? def->max_attempts : ATTEMPTS;
    def->window = def->window ? def->window : WINDOW;
    if (def->threads == 0)
        def->threads = cpus > 3 ? (unsigned)cpus / 2 : 1;
    if (def->threads > MAX_THREADS)
        def->threads = MAX_THREADS;
}

static bool is_reserved(const char *name)
{
    static const char *const names[] = {"_id", "password", "roles", "version", "disabled"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static int check(const sac_accounts *def, sac_err *err)
{
    if (def->cost < 4 || def->cost > 31)
        return wrong(err, "cost", "is not 4 to 31");
    if (!*def->name_key || strpbrk(def->name_key, ".$,") || *def->name_key == '-' ||
        is_reserved(def->name_key) || strcmp(def->name_key, "remember") == 0)
        return wrong(err, "name_key", "cannot be this");
    if (def->min_password > SAC_PASSWORD_BCRYPT)
        return wrong(err, "min_password", "is above 72");
    if (def->home[0] != '/')
        return wrong(err, "home", "does not begin with '/'");
    return SAC_OK;
}

static int read_config(const sac_accounts *given, sac_accounts *out, sac_err *err)
{
    int rc = sac__app_check_size(given->size, sizeof *given, "sac_accounts", err);

    if (rc != SAC_OK)
        return rc;
    *out = (sac_accounts){.size = 0};
    memcpy(out, given, given->size);
    if (out->fields && out->field_size < offsetof(sac_field, required))
        return wrong(err, "field_size", "is not set: use SAC_ACCOUNTS");
    if (out->fields && out->field_size > sizeof(sac_field))
        return sac__table_newer("a row of sac_field", out->field_size, sizeof(sac_field), err);
    set_defaults(out);
    return check(out, err);
}

/* The library's rows and the program's, in memory of the app; ends with {.name = NULL}. */
static int join_rows(const sac__accounts *accounts, const sac_field *first, size_t n_first,
                     const sac_field **out, sac_err *err)
{
    const char *row = (const char *)accounts->def.fields;
    const size_t step = accounts->def.field_size;
    size_t n = 0;
    sac_field *rows;

    while (row && ((const sac_field *)(row + n * step))->name)
        n++;
    rows = sac__app_get(accounts->app, (n_first + n + 1) * sizeof *rows);
    if (!rows)
        return no_memory(err);
    memcpy(rows, first, n_first * sizeof *rows);
    for (size_t i = 0; i < n; i++) {
        memcpy(&rows[n_first + i], row + i * step, step);
        if (is_reserved(rows[n_first + i].name) ||
            strcmp(rows[n_first + i].name, accounts->def.name_key) == 0)
            return sac_err_set(err, SAC_EINVAL, "accounts: field %s is the library's",
                               rows[n_first + i].name);
    }
    *out = rows;
    return SAC_OK;
}

static int compile(const sac__accounts *accounts, const sac__schema_config *config,
                   sac__schema **out, sac_err *err)
{
    sac_err why = {.code = 0};
    const int rc = sac__schema_new(config, sac__app_config(accounts->app)->alloc, out, &why);

    return rc ? sac_err_set(err, rc, "accounts: %s", why.text) : SAC_OK;
}

static int make_shown(sac__accounts *accounts, sac_err *err)
{
    static const sac_field role = {.name = "", .type = SAC_STRING};
    const sac_field own[] = {
        {.name = accounts->def.name_key, .type = SAC_STRING, .unique = true, .sparse = true},
        {.name = "roles", .type = SAC_ARRAY, .items = &role}};
    sac__schema_config config = {.field_size = sizeof(sac_field), .id_type = SAC_OBJECTID};
    const int rc = join_rows(accounts, own, 2, &config.fields, err);

    return rc ? rc : compile(accounts, &config, &accounts->shown, err);
}

static int make_sign_up(sac__accounts *accounts, sac_err *err)
{
    const sac_accounts *def = &accounts->def;
    const sac_field own[] = {{.name = def->name_key,
                              .type = SAC_STRING,
                              .required = true,
                              .pattern = or_else(def->name_pattern, any_name)},
                             {.name = "password",
                              .type = SAC_STRING,
                              .required = true,
                              .secret = true,
                              .min_length = def->min_password}};
    sac__schema_config config = {.field_size = sizeof(sac_field), .bare = true};
    const int rc = join_rows(accounts, own, 2, &config.fields, err);

    return rc ? rc : compile(accounts, &config, &accounts->sign_up, err);
}

/* Nothing but strings, so that no value of another type comes near the store. */
static int make_bodies(sac__accounts *accounts, sac_err *err)
{
    const sac_field login[] = {
        {.name = accounts->def.name_key, .type = SAC_STRING, .required = true},
        {.name = "password", .type = SAC_STRING, .required = true},
        {.name = "remember", .type = SAC_BOOL},
        {.name = NULL}};
    const sac_field change[] = {{.name = "password", .type = SAC_STRING, .required = true},
                                {.name = "new_password",
                                 .type = SAC_STRING,
                                 .required = true,
                                 .min_length = accounts->def.min_password},
                                {.name = NULL}};
    sac__schema_config config = {
        .fields = login, .field_size = sizeof(sac_field), .open = true, .bare = true};
    int rc = compile(accounts, &config, &accounts->login, err);

    config.fields = change;
    return rc ? rc : compile(accounts, &config, &accounts->change, err);
}

static sac__declaring declaring(sac__accounts *accounts, sac_err *err)
{
    const sac__declaring d = {.app = accounts->app,
                              .whose = "accounts",
                              .name = "",
                              .most = MAX_INDEXES,
                              .link = &accounts->indexes,
                              .err = err};

    return d;
}

static void free_accounts(void *self)
{
    sac__accounts *accounts = self;

    sac__pool_free(accounts->pool);
    sac__rate_free(accounts->by_account);
    sac__rate_free(accounts->by_address);
    sac__schema_free(accounts->shown);
    sac__schema_free(accounts->sign_up);
    sac__schema_free(accounts->login);
    sac__schema_free(accounts->change);
}

static void stop(void *self)
{
    const sac__accounts *accounts = self;

    sac__pool_stop(accounts->pool);
}

static int seal(void *self, sac_app *app, sac_err *err)
{
    sac__accounts *accounts = self;
    const sac__declaring d = declaring(accounts, err);
    sac_store *store = sac_app_store(app);
    int rc;

    if (!store)
        return sac_err_set(err, SAC_EINVAL, "accounts: the app has no database");
    if (!sac__app_reads_inline(app)) {
        sac__app_set_waiting(app, accounts, SAC_GET | SAC_POST);
        sac__app_identity_waits(app);
    }
    rc = sac__declared_make(&d, accounts->indexes, store, accounts->def.collection);
    if (rc == SAC_OK && !accounts->pool)
        rc = sac__pool_new(sac__app_config(app)->alloc, accounts->def.threads,
                           accounts->def.max_hashing, &accounts->pool, err);
    return rc;
}

static int make_rates(sac__accounts *accounts, sac_err *err)
{
    const sac_alloc *alloc = sac__app_config(accounts->app)->alloc;
    sac__rate_config config = {.requests = accounts->def.max_attempts,
                               .seconds = accounts->def.window,
                               .max_keys = MAX_TRIED};
    int rc = sac__rate_new(&config, alloc, &accounts->by_account, err);

    config.requests *= OF_AN_ADDRESS;
    return rc ? rc : sac__rate_new(&config, alloc, &accounts->by_address, err);
}

static int fill(sac__accounts *accounts, sac_err *err)
{
    sac__declaring d = declaring(accounts, err);
    int rc = make_shown(accounts, err);

    if (rc == SAC_OK)
        rc = make_sign_up(accounts, err);
    if (rc == SAC_OK)
        rc = make_bodies(accounts, err);
    if (rc == SAC_OK)
        rc = sac__declared_plan(&d, sac__schema_plan(accounts->shown));
    if (rc == SAC_OK)
        rc = make_rates(accounts, err);
    if (rc == SAC_OK)
        rc = sac__password_dummy(accounts->def.cost, accounts->dummy, err);
    if (rc == SAC_OK && sac_oid_source_init(&accounts->oids) != SAC_OK)
        rc = sac_err_set(err, SAC_EIO, "accounts: no random bytes");
    return rc;
}

static int mount_all(sac_app *app, sac__accounts *accounts, sac_err *err)
{
    const sac_accounts *def = &accounts->def;
    const struct {
        const char *path;
        const sac_view_ops *ops;
    } rows[] = {{def->login, &sac__account_login},
                {def->logout, &sac__account_logout},
                {def->sign_up, &sac__account_sign_up},
                {def->me, &sac__account_me},
                {def->password, &sac__account_password}};
    int rc = SAC_OK;

    for (size_t i = 0; rc == SAC_OK && i < sizeof rows / sizeof *rows; i++)
        if (rows[i].path)
            rc = sac__app_mount(app, rows[i].path, rows[i].ops, accounts, SAC_GET | SAC_POST, err);
    return rc;
}

static int set_paths(sac_app *app, sac__accounts *accounts, sac_err *err)
{
    const sac_accounts *def = &accounts->def;

    accounts->login_form = (sac__account_form){def->login_template, "Sign in"};
    accounts->sign_up_form = (sac__account_form){def->sign_up_template, "Sign up"};
    accounts->login_path = def->login ? sac__app_path(app, def->login) : NULL;
    accounts->logout_path = def->logout ? sac__app_path(app, def->logout) : NULL;
    if ((def->login && !accounts->login_path) || (def->logout && !accounts->logout_path))
        return no_memory(err);
    if (accounts->login_path)
        sac__app_set_login_page(app, accounts->login_path);
    return SAC_OK;
}

/* What an app has of the accounts, from here on for good. */
static int join(sac_app *app, sac__accounts *accounts, sac_err *err)
{
    int rc = sac__app_at_free(app, free_accounts, accounts);

    if (rc != SAC_OK) {
        free_accounts(accounts);
        return no_memory(err);
    }
    if (sac__app_at_stop(app, stop, accounts) != SAC_OK)
        return no_memory(err);
    rc = mount_all(app, accounts, err);
    if (rc == SAC_OK)
        rc = sac__app_authenticator_last(app, &sac__account_authenticator, accounts, err);
    if (rc == SAC_OK)
        rc = sac__app_at_seal(app, seal, accounts, err);
    if (rc == SAC_OK)
        rc = set_paths(app, accounts, err);
    if (rc == SAC_OK && sac__app_keep(app, &key, accounts) != SAC_OK)
        rc = no_memory(err);
    if (rc != SAC_OK)
        sac__app_unmount(app, accounts);
    return rc;
}

int sac_app_accounts(sac_app *app, const sac_accounts *given, sac_err *err)
{
    const sac_accounts none = SAC_ACCOUNTS(.collection = NULL);
    sac__accounts *accounts;
    sac_accounts def;
    int rc = sac__app_building(app, "accounts", err);

    if (rc == SAC_OK)
        rc = read_config(given ? given : &none, &def, err);
    if (rc != SAC_OK)
        return rc;
    if (sac__accounts_of(app))
        return sac_err_set(err, SAC_EEXIST, "accounts: the app has them");
    if (!sac__app_has_sessions(app))
        return sac_err_set(err, SAC_EINVAL, "accounts: sac_app_sessions() comes before");
    /* Whatever asks who asks is judged, wherever the views stand. */
    rc = sac_app_csrf(sac__app_root(app), NULL, err);
    if (rc != SAC_OK && rc != SAC_EEXIST)
        return rc;
    accounts = sac__app_get(app, sizeof *accounts);
    if (!accounts)
        return no_memory(err);
    accounts->app = app;
    accounts->def = def;
    rc = fill(accounts, err);
    if (rc != SAC_OK) {
        free_accounts(accounts);
        return rc;
    }
    return join(app, accounts, err);
}
