/* SPDX-License-Identifier: MIT */
#include "schema/rule.h"

#include "core/alloc.h"
#include "core/hash.h"
#include "core/utf8.h"

#define MEMORY_BLOCK 4096
#define PATH_MAX_BYTES 120

typedef struct level {
    const struct level *parent;
    const char *name; /* NULL: an array's items */
} level;

typedef struct compiler {
    sac__schema *schema;
    const sac__schema_config *config;
    sac_err *err;
} compiler;

static void print_path(sac__buf *out, const level *at)
{
    const level *up[SAC__RULE_DEPTH + 2];
    int n = 0;

    for (; at && n < SAC__RULE_DEPTH + 2; at = at->parent)
        up[n++] = at;
    while (n-- > 0) {
        if (!up[n]->name) {
            sac__buf_add_text(out, "[]");
            continue;
        }
        if (out->n > 0)
            sac__buf_add_char(out, '.');
        sac__buf_add_text(out, up[n]->name);
    }
}

static int refuse(const compiler *c, const level *at, int code, const char *why)
{
    char text[PATH_MAX_BYTES];
    sac__buf path;

    sac__buf_init_fixed(&path, text, sizeof text);
    print_path(&path, at);
    return sac_err_set(c->err, code, "field \"%.*s\": %s", (int)path.n, path.p, why);
}

static const char *bad_key(sac_str name)
{
    if (name.n == 0)
        return "empty";
    if (name.p[0] == '$' || memchr(name.p, '.', name.n))
        return "a dot or a leading $";
    if (sac_str_is(name, "__proto__"))
        return "not allowed";
    return sac__utf8_valid(name) ? NULL : "not UTF-8";
}

static int check_name(const compiler *c, const level *at, const sac__plan_field *fields, size_t n)
{
    const sac_str name = fields[n].name;
    const char *bad = bad_key(name);

    if (!bad && !at->parent && !c->schema->bare) {
        if (sac_str_is(name, "_id") || sac_str_is(name, "_rev") ||
            sac_str_eq(name, c->schema->id_key))
            bad = "is the resource's own";
    }
    for (size_t i = 0; i < n && !bad; i++)
        if (sac_str_eq(fields[i].name, name))
            bad = "declared twice";
    if (bad) {
        sac_err why;

        (void)sac_err_set(&why, SAC_EINVAL, "name: %s", bad);
        return refuse(c, at, SAC_EINVAL, why.text);
    }
    return SAC_OK;
}

/* The i-th row of a table whose rows may be of an older, shorter kind. */
static sac_field row_at(const compiler *c, const sac_field *rows, size_t i)
{
    const size_t size = c->config->field_size;
    sac_field row = {.name = NULL};

    memcpy(&row, (const char *)rows + i * size, size < sizeof row ? size : sizeof row);
    return row;
}

static int build_plan(const compiler *c, const level *parent, const sac_field *rows, bool open,
                      sac__plan *plan);
static int build_field(const compiler *c, const level *at, const sac_field *row,
                       sac__plan_field *field);

static unsigned depth_of(const level *at)
{
    unsigned depth = 0;

    for (; at; at = at->parent)
        depth++;
    return depth;
}

static int build_inside(const compiler *c, const level *at, const sac_field *row,
                        sac__plan_field *field)
{
    const level item = {.parent = at};
    sac__plan_field *element;
    sac__plan *plan;
    int rc = SAC_OK;

    if ((row->fields || row->items) && depth_of(at) >= SAC__RULE_DEPTH)
        return refuse(c, at, SAC_EINVAL, "nested too deep");
    if (row->fields && row->type == SAC_DOCUMENT) {
        plan = sac__arena_get_zero(c->schema->memory, sizeof *plan);
        field->plan = plan;
        rc = plan ? build_plan(c, at, row->fields, row->open, plan) : SAC_ENOMEM;
    } else if (row->items && row->type == SAC_ARRAY) {
        const sac_field items = row_at(c, row->items, 0);

        element = sac__arena_get_zero(c->schema->memory, sizeof *element);
        field->item = element;
        rc = element ? build_field(c, &item, &items, element) : SAC_ENOMEM;
    }
    return rc;
}

/* All of a field but its name. */
static int build_field(const compiler *c, const level *at, const sac_field *row,
                       sac__plan_field *field)
{
    sac__rule *rule = sac__arena_get_zero(c->schema->memory, sizeof *rule);
    sac_err why = {.code = 0};
    int rc;

    if (!rule)
        return SAC_ENOMEM;
    rule->row = *row;
    rule->computed = (int)row->computed;
    field->schema = rule;
    field->type = (uint8_t)row->type;
    field->flags = (uint8_t)((row->secret ? SAC__PLAN_HIDDEN : 0) |
                             (row->computed ? SAC__PLAN_COMPUTED : 0));
    if (row->computed && (at->parent || c->schema->bare))
        return refuse(c, at, SAC_EINVAL, "computed: only in the resource's own table");
    rc = build_inside(c, at, row, field);
    if (rc != SAC_OK)
        return rc;
    rc = sac__rule_compile(c->schema, field, rule, !at->name, &why);
    if (rc == SAC_EINVAL)
        return refuse(c, at, rc, why.text);
    return rc;
}

static size_t count_rows(const compiler *c, const sac_field *rows)
{
    size_t n = 0;

    while (rows && n < UINT16_MAX && row_at(c, rows, n).name)
        n++;
    return n;
}

static sac_str name_of(const char *name)
{
    return sac_str_n(name, strlen(name));
}

static int build_plan(const compiler *c, const level *parent, const sac_field *rows, bool open,
                      sac__plan *plan)
{
    const size_t n = count_rows(c, rows);
    sac__plan_field *fields = sac__arena_get_zero(c->schema->memory, (n + 1) * sizeof *fields);
    int rc = SAC_OK;

    if (!fields)
        return SAC_ENOMEM;
    if (n > UINT16_MAX - 8)
        return sac_err_set(c->err, SAC_EINVAL, "fields: too many rows");
    plan->fields = fields;
    plan->n = n;
    plan->open = open;
    for (size_t i = 0; i < n && rc == SAC_OK; i++) {
        const sac_field row = row_at(c, rows, i);
        const level at = {.parent = parent, .name = row.name};

        fields[i].name = fields[i].shown = name_of(row.name);
        rc = check_name(c, &at, fields, i);
        if (rc == SAC_OK)
            rc = build_field(c, &at, &row, &fields[i]);
        plan->computed |= (fields[i].flags & SAC__PLAN_COMPUTED) != 0;
    }
    if (rc == SAC_OK)
        rc = sac__plan_index(plan, sac__arena_alloc(c->schema->memory), c->err);
    return rc;
}

/* Rows that the resource adds to its table. */
static int own_field(const compiler *c, const char *name, sac_type type, unsigned flags,
                     sac__plan_field *field)
{
    sac__rule *rule = sac__arena_get_zero(c->schema->memory, sizeof *rule);

    if (!rule)
        return SAC_ENOMEM;
    rule->row = (sac_field){.name = name, .type = type};
    rule->computed = flags & SAC__PLAN_COMPUTED ? SAC__COMPUTED_REV : SAC_NOT_COMPUTED;
    *field = (sac__plan_field){.name = name_of(name),
                               .shown = name_of(name),
                               .type = (uint8_t)type,
                               .flags = (uint8_t)flags,
                               .schema = rule};
    return SAC_OK;
}

/* `read`: for the decoder, which has to let `_rev` through where it is shown. */
static int build_top(const compiler *c, const sac__plan *declared, bool read, sac__plan *plan)
{
    sac__plan_field *fields = sac__arena_get_zero(c->schema->memory,
                                                  (declared->n + 2) * sizeof *fields);
    const unsigned hide = read ? SAC__PLAN_COMPUTED : SAC__PLAN_HIDDEN;
    const unsigned show = read ? 0 : SAC__PLAN_COMPUTED;
    size_t n = 1;
    int rc;

    if (!fields)
        return SAC_ENOMEM;
    rc = own_field(c, "_id", c->schema->id_type, 0, &fields[0]);
    fields[0].shown = c->schema->id_key;
    if (rc == SAC_OK && (c->config->rev || c->config->open))
        rc = own_field(c, "_rev", SAC_INT64, c->config->rev ? show : hide, &fields[n++]);
    if (declared->n > 0)
        memcpy(fields + n, declared->fields, declared->n * sizeof *fields);
    n += declared->n;
    *plan = (sac__plan){.fields = fields, .n = n, .open = declared->open};
    for (size_t i = 0; i < n; i++)
        plan->computed |= (fields[i].flags & SAC__PLAN_COMPUTED) != 0;
    return rc ? rc : sac__plan_index(plan, sac__arena_alloc(c->schema->memory), c->err);
}

static void print_plan(sac__buf *out, const sac__plan *plan);

static void print_field(sac__buf *out, const sac__plan_field *field)
{
    sac__buf_printf(out, "%u %u %d %d ", (unsigned)field->type, (unsigned)field->flags,
                    sac__schema_computed(field), sac__schema_searchable(field));
    if (field->plan)
        print_plan(out, field->plan);
    if (field->item)
        print_field(out, field->item);
}

/* Lengths stand before names, so that no two tables have one text. */
static void print_plan(sac__buf *out, const sac__plan *plan)
{
    sac__buf_printf(out, "{%d ", plan->open);
    for (size_t i = 0; i < plan->n; i++) {
        const sac__plan_field *field = &plan->fields[i];

        sac__buf_printf(out, "%lu:%lu:", (unsigned long)field->name.n,
                        (unsigned long)field->shown.n);
        sac__buf_add_str(out, field->name);
        sac__buf_add_str(out, field->shown);
        print_field(out, field);
    }
    sac__buf_add_char(out, '}');
}

static int take_fingerprint(sac__schema *schema)
{
    sac__buf text;

    sac__buf_init(&text, schema->alloc, SAC_BSON_MAX);
    print_plan(&text, &schema->shown);
    if (text.error) {
        sac__buf_fini(&text);
        return SAC_ENOMEM;
    }
    schema->fingerprint = sac__hash_quick(text.p, text.n);
    sac__buf_fini(&text);
    return SAC_OK;
}

static int check_config(const sac__schema_config *config, sac_err *err)
{
    const sac_str key = sac_str_of(config->id_key);

    if (config->fields &&
        config->field_size < offsetof(sac_field, type) + sizeof config->fields->type)
        return sac_err_set(err, SAC_EINVAL, "field_size: not set");
    if (config->bare)
        return SAC_OK;
    if (config->id_type != SAC_OBJECTID && config->id_type != SAC_UUID &&
        config->id_type != SAC_INT64 && config->id_type != SAC_STRING)
        return sac_err_set(err, SAC_EINVAL, "id_type: not a type of ids");
    if (config->id_key && (bad_key(key) || sac_str_is(key, "_rev")))
        return sac_err_set(err, SAC_EINVAL, "id_key: not a name for `_id`");
    return SAC_OK;
}

static int open_memory(sac__schema *schema)
{
    int rc = sac__arena_cache_new(schema->alloc, MEMORY_BLOCK, 0, &schema->cache);

    if (rc != SAC_OK)
        return rc;
    schema->memory = sac__arena_open(schema->cache, SIZE_MAX);
    if (schema->memory)
        schema->general = sac__pattern_memory(sac__arena_alloc(schema->memory));
    return schema->general ? SAC_OK : SAC_ENOMEM;
}

static void find_owner(sac__schema *schema, const char *name)
{
    size_t hint = 0;

    if (name)
        schema->owner = sac__plan_stored(&schema->shown, sac_str_of(name), &hint);
}

static int build(sac__schema *schema, const sac__schema_config *config, sac_err *err)
{
    const compiler c = {.schema = schema, .config = config, .err = err};
    sac__plan declared = {.n = 0};
    int rc;

    schema->id_key = sac__arena_dup(schema->memory,
                                    sac_str_of(config->id_key ? config->id_key : "_id"));
    if (!schema->id_key.p)
        return SAC_ENOMEM;
    rc = build_plan(&c, NULL, config->fields, config->open, &declared);
    if (rc == SAC_OK && config->bare) {
        schema->shown = schema->read = declared;
        return take_fingerprint(schema);
    }
    if (rc == SAC_OK)
        rc = build_top(&c, &declared, false, &schema->shown);
    if (rc == SAC_OK)
        rc = build_top(&c, &declared, true, &schema->read);
    if (rc == SAC_OK)
        find_owner(schema, config->owner);
    return rc ? rc : take_fingerprint(schema);
}

int sac__schema_new(const sac__schema_config *config, const sac_alloc *alloc, sac__schema **out,
                    sac_err *err)
{
    sac__schema *schema;
    int rc = check_config(config, err);

    if (rc != SAC_OK)
        return rc;
    schema = sac__alloc_zero(alloc, sizeof *schema);
    if (!schema)
        return sac_err_set(err, SAC_ENOMEM, "schema: no memory");
    schema->alloc = alloc;
    schema->id_type = config->id_type;
    schema->rev = config->rev;
    schema->bare = config->bare;
    rc = open_memory(schema);
    if (rc == SAC_OK)
        rc = build(schema, config, err);
    if (rc != SAC_OK) {
        sac__schema_free(schema);
        return rc == SAC_ENOMEM ? sac_err_set(err, rc, "schema: no memory") : rc;
    }
    *out = schema;
    return SAC_OK;
}

void sac__schema_free(sac__schema *schema)
{
    if (!schema)
        return;
    sac__arena_close(schema->memory);
    sac__arena_cache_free(schema->cache);
    sac__alloc_free(schema->alloc, schema, sizeof *schema);
}

const sac__plan *sac__schema_plan(const sac__schema *schema)
{
    return &schema->shown;
}

const sac__plan_field *sac__schema_owner(const sac__schema *schema)
{
    return schema->owner;
}

int sac__schema_computed(const sac__plan_field *field)
{
    const sac__rule *rule = sac__rule_of(field);

    return rule ? rule->computed : SAC_NOT_COMPUTED;
}

bool sac__schema_filterable(const sac__plan_field *field)
{
    return !(field->flags & (SAC__PLAN_HIDDEN | SAC__PLAN_COMPUTED)) &&
           !sac__rule_of(field)->row.unfiltered;
}

bool sac__schema_searchable(const sac__plan_field *field)
{
    return sac__rule_of(field)->row.searchable;
}

bool sac__schema_indexed(const sac__plan_field *field, sac_index *out)
{
    const sac__rule *rule = sac__rule_of(field);

    if (!rule || !(rule->row.indexed || rule->row.unique || rule->row.expires))
        return false;
    *out = (sac_index){
        .unique = rule->row.unique, .sparse = rule->row.sparse, .expires = rule->row.expires};
    return true;
}

uint64_t sac__schema_fingerprint(const sac__schema *schema)
{
    return schema->fingerprint;
}
