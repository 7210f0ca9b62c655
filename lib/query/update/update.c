/* SPDX-License-Identifier: MIT */
#include "query/update/update.h"

#include "core/alloc.h"

static const sac__operator operators[] = {
    {"$set", sac__compile_put, sac__apply_set, true},
    {"$setOnInsert", sac__compile_put, sac__apply_keep, false},
    {"$unset", NULL, sac__apply_unset, false},
    {"$inc", sac__compile_number, sac__apply_inc, true},
    {"$mul", sac__compile_number, sac__apply_mul, true},
    {"$min", sac__compile_put, sac__apply_min, true},
    {"$max", sac__compile_put, sac__apply_max, true},
    {"$currentDate", sac__compile_date, sac__apply_date, true},
    {"$bit", sac__compile_bit, sac__apply_bit, true},
    {"$push", sac__compile_push, sac__apply_push, true},
    {"$addToSet", sac__compile_add, sac__apply_add, true},
    {"$pop", sac__compile_pop, sac__apply_pop, false},
    {"$pull", sac__compile_pull, sac__apply_pull, false},
    {"$pullAll", sac__compile_pull_all, sac__apply_pull_all, false},
};

/* The two ends of a $rename; which of them create is seen when it is applied. */
static const sac__operator rename_from = {"$rename", NULL, sac__apply_unset, false};
static const sac__operator rename_to = {"$rename", NULL, sac__apply_rename_to, true};

int sac__update_invalid(sac__compiling *c, const sac__leaf *leaf, const char *what)
{
    return sac_err_set(c->err, SAC_EINVAL, "%s of '%.*s': %s", leaf->op->name,
                       SAC__SHOWN(leaf->path), what);
}

int sac__update_no_memory(sac_err *err)
{
    return sac_err_set(err, SAC_ENOMEM, "no memory for an update");
}

static sac__leaf *new_leaf(sac__compiling *c, const sac__operator *op, sac_str path)
{
    sac__leaf *leaf = sac__arena_get_zero(c->arena, sizeof *leaf);

    if (leaf) {
        leaf->op = op;
        leaf->path = path;
    }
    return leaf;
}

/* Puts a leaf on its path, if its operator may be there. */
static int place(sac__compiling *c, sac__leaf *leaf)
{
    int rc = sac__tree_count(&c->limits, &c->n_nodes, 1, c->err);

    if (rc == SAC_OK)
        rc = sac__tree_add(&c->update->tree, leaf->path, leaf, c->err);
    if (rc == SAC_OK)
        rc = sac__tree_allow(&c->limits, leaf->op->name, leaf->path, c->alloc, c->err);
    return rc;
}

static int read_rename(sac__compiling *c, sac_str path, const sac_value *arg)
{
    sac_update *update = c->update;
    sac__rename *rename = sac__arena_get_zero(c->arena, sizeof *rename);
    sac__leaf *from = new_leaf(c, &rename_from, path);
    sac__leaf *to = new_leaf(c, &rename_to, path);
    int rc;

    if (!rename || !from || !to)
        return sac__update_no_memory(c->err);
    if (!sac_value_str(arg, &to->path))
        return sac__update_invalid(c, from, "the new name is no string");
    rename->from = path;
    rename->to = to->path;
    to->moved = update->n_renames++;
    rename->next = update->renames;
    update->renames = rename;
    rc = place(c, from);
    return rc == SAC_OK ? place(c, to) : rc;
}

static int read_path(sac__compiling *c, const sac__operator *op, sac_str path, const sac_value *arg)
{
    sac__leaf *leaf;
    int rc;

    if (op == &rename_from)
        return read_rename(c, path, arg);
    leaf = new_leaf(c, op, path);
    if (!leaf)
        return sac__update_no_memory(c->err);
    leaf->arg = *arg;
    rc = place(c, leaf);
    return rc == SAC_OK && op->compile ? op->compile(c, leaf) : rc;
}

static const sac__operator *find_operator(sac_str name)
{
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        if (sac_str_is(name, operators[i].name))
            return &operators[i];
    }
    return sac_str_is(name, rename_from.name) ? &rename_from : NULL;
}

static int read_operator(sac__compiling *c, sac_str name, const sac_value *arg)
{
    const sac__operator *op = find_operator(name);
    sac_bson_iter paths;
    int rc;

    if (!op && (name.n == 0 || name.p[0] != '$'))
        return sac_err_set(c->err, SAC_EINVAL,
                           "an update consists of operators, '%.*s' is none; whole documents are "
                           "replaced by other means",
                           SAC__SHOWN(name));
    if (!op)
        return sac_err_set(c->err, SAC_EINVAL, "unknown update operator %.*s", SAC__SHOWN(name));
    if (arg->type != SAC_BSON_DOCUMENT)
        return sac_err_set(c->err, SAC_EINVAL, "%s needs a document of paths", op->name);
    rc = sac_bson_iter_init(&paths, arg->raw);
    while (rc == SAC_OK && (rc = sac_bson_iter_next(&paths)) == 1)
        rc = read_path(c, op, paths.key, &paths.value);
    return rc;
}

static int compile(sac__compiling *c, sac_str given)
{
    sac_bson_iter iter;
    bool any = false;
    int rc = sac_bson_check(given, c->err);

    if (rc == SAC_OK)
        rc = sac_bson_iter_init(&iter, given);
    if (rc == SAC_OK)
        rc = sac__tree_count(&c->limits, &c->n_nodes, 0, c->err);
    while (rc == SAC_OK && (rc = sac_bson_iter_next(&iter)) == 1) {
        any = true;
        rc = read_operator(c, iter.key, &iter.value);
    }
    if (rc == SAC_OK && !any)
        rc = sac_err_set(c->err, SAC_EINVAL, "the update is empty");
    return rc;
}

static void free_filters(const sac__tree_node *node)
{
    const sac__leaf *leaf = node->leaf;

    if (leaf)
        sac_filter_free(leaf->condition.filter);
    for (uint32_t i = 0; i < node->n; i++)
        free_filters(node->children[i]);
}

void sac_update_free(sac_update *update)
{
    if (!update)
        return;
    free_filters(&update->tree.root);
    sac__tree_fini(&update->tree);
    sac__alloc_free(update->alloc, update, sizeof *update);
}

int sac_update_new(sac_str given, const sac_query_limits *limits, const sac_alloc *alloc,
                   sac_update **out, sac_err *err)
{
    sac__compiling c = {.alloc = alloc, .err = err};
    int rc = sac__tree_limits(limits, &c.limits, err);

    if (rc != SAC_OK)
        return rc;
    c.update = sac__alloc_zero(alloc, sizeof *c.update);
    if (!c.update)
        return sac__update_no_memory(err);
    c.update->alloc = alloc;
    if (sac__tree_init(&c.update->tree, alloc) != SAC_OK) {
        sac__alloc_free(alloc, c.update, sizeof *c.update);
        return sac__update_no_memory(err);
    }
    c.arena = c.update->tree.scratch.arena;
    rc = compile(&c, given);
    if (rc != SAC_OK) {
        sac_update_free(c.update);
        return rc;
    }
    *out = c.update;
    return SAC_OK;
}
