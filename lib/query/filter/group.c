/* SPDX-License-Identifier: MIT */
#include "query/filter/node.h"

/* Adds a path to the one that leads here, without indexes: for `allow` and errors. */
static int push_path(sac__compiler *c, const sac__path_part *parts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const sac_str name = parts[i].name;
        const bool dot = c->path_n > 0;

        if (parts[i].index >= 0 && dot)
            continue;
        if (name.n + 2 > sizeof c->path - c->path_n)
            return sac_err_set(c->err, SAC_ELIMIT, "a path is too long: %.60s...", c->path);
        if (dot)
            c->path[c->path_n++] = '.';
        memcpy(c->path + c->path_n, name.p, name.n);
        c->path_n += name.n;
        c->path[c->path_n] = 0;
    }
    return SAC_OK;
}

static int copy_parts(sac__compiler *c, sac_str path, sac__path_part **out, size_t *n)
{
    sac__path_part parts[SAC__PATH_PARTS];
    const int rc = sac__path_split(path, parts, n);

    if (rc != SAC_OK)
        return sac_err_set(c->err, rc, "a path has too many names or indexes: %.60s", path.p);
    *out = sac__compiler_get(c, *n * sizeof parts[0]);
    if (!*out)
        return sac__compiler_nomem(c);
    memcpy(*out, parts, *n * sizeof parts[0]);
    return push_path(c, parts, *n);
}

static bool grow_fields(sac__compiler *c, sac__group *group)
{
    const size_t cap = group->cap ? group->cap * 2 : 4;
    sac__field *fields = sac__compiler_get(c, cap * sizeof *fields);

    if (!fields)
        return false;
    if (group->n > 0)
        memcpy(fields, group->fields, group->n * sizeof *fields);
    group->fields = fields;
    group->cap = cap;
    return true;
}

/* The field of a name, a new one where there is none yet; NULL without memory. */
static sac__field *get_field(sac__compiler *c, sac__group *group, sac_str name)
{
    sac__field *field;

    for (;; group = group->more) {
        for (size_t i = 0; i < group->n; i++)
            if (sac_str_eq(group->fields[i].name, name))
                return &group->fields[i];
        if (group->n < SAC__GROUP_FIELDS)
            break;
        if (!group->more)
            group->more = sac__compiler_get(c, sizeof *group);
        if (!group->more)
            return NULL;
    }
    if (group->n == group->cap && !grow_fields(c, group))
        return NULL;
    field = &group->fields[group->n++];
    field->name = name;
    memcpy(&field->head, name.p, name.n < sizeof field->head ? name.n : sizeof field->head);
    return field;
}

static int compile_field(sac__compiler *c, const sac_bson_iter *at, sac__group *group)
{
    const size_t path_n = c->path_n;
    sac__path_part *parts = NULL;
    sac__field *field;
    size_t n;
    int rc = copy_parts(c, at->key, &parts, &n);

    if (rc != SAC_OK || !parts)
        return rc;
    field = get_field(c, group, parts[0].name);
    if (!field)
        return sac__compiler_nomem(c);
    rc = sac__compile_value(
        c, &at->value, &(sac__place){.list = &field->conds, .rest = parts + 1, .n_rest = n - 1});
    c->path_n = path_n;
    c->path[path_n] = 0;
    return rc;
}

static int add_logic(sac__compiler *c, sac__group *group, bool nor, sac__logic **out)
{
    sac__logic *logic = sac__compiler_get(c, sizeof *logic);
    sac__logic **at = &group->logics;

    if (!logic)
        return sac__compiler_nomem(c);
    logic->nor = nor;
    while (*at)
        at = &(*at)->next;
    *at = *out = logic;
    return SAC_OK;
}

static int compile_branch(sac__compiler *c, sac_str doc, sac__logic *logic)
{
    sac__group **at = &logic->branches;
    sac__group *branch = sac__compiler_get(c, sizeof *branch);
    int rc;

    if (!branch)
        return sac__compiler_nomem(c);
    rc = sac__compile_group(c, doc, branch);
    if (rc != SAC_OK)
        return rc;
    sac__group_finish(c->filter, branch);
    while (*at)
        at = &(*at)->next;
    *at = branch;
    return SAC_OK;
}

/* What $and lists is asked of the document like all else. */
static int compile_list(sac__compiler *c, const sac_bson_iter *at, sac__group *group)
{
    const bool is_and = sac_str_is(at->key, "$and");
    sac__logic *logic = NULL;
    sac_bson_iter iter;
    int rc, n = 0;

    if (at->value.type != SAC_BSON_ARRAY)
        return sac__compiler_refuse(c, "%s must be an array", at->key.p);
    rc = sac_bson_iter_init(&iter, at->value.raw);
    if (rc == SAC_OK && !is_and)
        rc = add_logic(c, group, sac_str_is(at->key, "$nor"), &logic);
    if (rc != SAC_OK)
        return rc;
    while ((rc = sac_bson_iter_next(&iter)) == 1) {
        n++;
        if (iter.value.type != SAC_BSON_DOCUMENT)
            return sac__compiler_refuse(c, "%s must hold documents only", at->key.p);
        rc = logic ? compile_branch(c, iter.value.raw, logic)
                   : sac__compile_group(c, iter.value.raw, group);
        if (rc != SAC_OK)
            return rc;
    }
    return rc || n > 0 ? rc : sac__compiler_refuse(c, "%s must not be empty", at->key.p);
}

/* $and, $or, $nor and $comment; they stand on no path, also beneath $elemMatch. */
static int compile_logical(sac__compiler *c, const sac_bson_iter *at, sac__group *group)
{
    static const char *const names[] = {"$and", "$or", "$nor", "$comment"};
    const size_t path_n = c->path_n;
    size_t i = 0;
    int rc;

    while (i < 4 && !sac_str_is(at->key, names[i]))
        i++;
    if (i == 4)
        return sac__compiler_refuse(c, "unknown operator %.40s", at->key.p);
    c->path_n = 0;
    rc = sac__compiler_ask(c, names[i]);
    c->path_n = path_n;
    if (rc == SAC_OK)
        rc = sac__compiler_count(c);
    if (rc != SAC_OK || i == 3)
        return rc;
    return compile_list(c, at, group);
}

/* The names of a DBRef are fields, all others with a $ operators. */
static bool is_field(sac_str name)
{
    return name.n == 0 || name.p[0] != '$' || sac_str_is(name, "$ref") || sac_str_is(name, "$id") ||
           sac_str_is(name, "$db");
}

int sac__compile_group(sac__compiler *c, sac_str doc, sac__group *group)
{
    sac_bson_iter iter;
    int rc = sac__compiler_enter(c);

    if (rc == SAC_OK)
        rc = sac_bson_iter_init(&iter, doc);
    if (rc != SAC_OK)
        return rc;
    while ((rc = sac_bson_iter_next(&iter)) == 1) {
        rc = is_field(iter.key) ? compile_field(c, &iter, group) : compile_logical(c, &iter, group);
        if (rc != SAC_OK)
            return rc;
    }
    c->depth--;
    return rc;
}
