/* SPDX-License-Identifier: MIT */
#include "query/update/tree.h"

#define FIRST_CHILDREN 4
#define MAX_NODES 1000
#define MAX_SHOWN 80

int sac__tree_init(sac__tree *tree, const sac_alloc *alloc)
{
    tree->root = (sac__tree_node){.id = 0};
    tree->n_nodes = 1;
    return sac__scratch_open(&tree->scratch, alloc);
}

void sac__tree_fini(sac__tree *tree)
{
    sac__scratch_close(&tree->scratch);
}

static bool is_index(sac_str name)
{
    if (name.n == 0 || (name.p[0] == '0' && name.n > 1))
        return false;
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] < '0' || name.p[i] > '9')
            return false;
    }
    return true;
}

static uint32_t index_of(sac_str name)
{
    uint64_t index = 0;

    for (size_t i = 0; i < name.n; i++) {
        index = index * 10 + (uint64_t)(name.p[i] - '0');
        if (index >= UINT32_MAX)
            return UINT32_MAX;
    }
    return (uint32_t)index;
}

static int compare_bytes(sac_str a, sac_str b)
{
    const size_t n = a.n < b.n ? a.n : b.n;
    const int rc = n ? memcmp(a.p, b.p, n) : 0;

    return rc ? rc : (a.n > b.n) - (a.n < b.n);
}

static int compare(const sac__tree_node *node, sac_str name, bool numeric)
{
    if (node->numeric != numeric)
        return node->numeric ? -1 : 1;
    if (numeric && node->name.n != name.n)
        return node->name.n < name.n ? -1 : 1;
    return compare_bytes(node->name, name);
}

/* Where a name stands, or would stand. */
static uint32_t place_of(const sac__tree_node *node, sac_str name, bool numeric)
{
    uint32_t low = 0;
    uint32_t high = node->n;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;

        if (compare(node->children[middle], name, numeric) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const sac__tree_node *sac__tree_find(const sac__tree_node *node, sac_str name)
{
    const uint32_t at = place_of(node, name, is_index(name));

    return at < node->n && sac_str_eq(node->children[at]->name, name) ? node->children[at] : NULL;
}

const sac__tree_node *sac__tree_at(const sac__tree_node *node, uint32_t index)
{
    uint32_t low = 0;
    uint32_t high = node->n;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        const sac__tree_node *child = node->children[middle];

        if (child->numeric && child->index == index)
            return child;
        if (child->numeric && child->index < index)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static int no_memory(sac_err *err)
{
    return sac_err_set(err, SAC_ENOMEM, "no memory for a path");
}

static int insert(sac__tree *tree, sac__tree_node *node, uint32_t at, sac__tree_node *child)
{
    const uint32_t cap = node->cap ? node->cap * 2 : FIRST_CHILDREN;
    sac__tree_node **grown;

    if (node->n == node->cap) {
        grown = sac__arena_resize(tree->scratch.arena, node->children,
                                  node->cap * sizeof *node->children, cap * sizeof *grown);
        if (!grown)
            return SAC_ENOMEM;
        node->children = grown;
        node->cap = cap;
    }
    memmove(node->children + at + 1, node->children + at, (node->n - at) * sizeof *node->children);
    node->children[at] = child;
    node->n++;
    return SAC_OK;
}

/* The child of a name, made where there is none. */
static int enter(sac__tree *tree, sac__tree_node *node, sac_str name, sac_str path,
                 sac__tree_node **out)
{
    const bool numeric = is_index(name);
    const uint32_t at = place_of(node, name, numeric);
    sac__tree_node *child;

    if (at < node->n && sac_str_eq(node->children[at]->name, name)) {
        *out = node->children[at];
        return SAC_OK;
    }
    child = sac__arena_get_zero(tree->scratch.arena, sizeof *child);
    if (!child || insert(tree, node, at, child) != SAC_OK)
        return SAC_ENOMEM;
    child->name = name;
    child->path = path;
    child->id = tree->n_nodes++;
    child->numeric = numeric;
    child->index = numeric ? index_of(name) : 0;
    *out = child;
    return SAC_OK;
}

/* References of drivers are stored under such names: {"$ref", "$id", "$db"}. */
static bool is_reference(sac_str name)
{
    return sac_str_is(name, "$ref") || sac_str_is(name, "$id") || sac_str_is(name, "$db");
}

static int check_name(sac_str name, sac_str path, bool first, sac_err *err)
{
    if (name.n == 0)
        return sac_err_set(err, SAC_EINVAL, "'%.*s' has an empty name in it", SAC__SHOWN(path));
    if (memchr(name.p, 0, name.n))
        return sac_err_set(err, SAC_EINVAL, "'%.*s' has a NUL in it", SAC__SHOWN(path));
    if (name.p[0] != '$' || (is_reference(name) && !first))
        return SAC_OK;
    if (name.n == 1 || name.p[1] == '[')
        return sac_err_set(err, SAC_EINVAL, "'%.*s': the positional $ is not supported",
                           SAC__SHOWN(path));
    return sac_err_set(err, SAC_EINVAL, "'%.*s': no name may begin with $", SAC__SHOWN(path));
}

int sac__tree_add(sac__tree *tree, sac_str path, void *leaf, sac_err *err)
{
    sac__tree_node *node = &tree->root;
    size_t at = 0;

    for (int depth = 1;; depth++) {
        const char *dot = path.n > at ? memchr(path.p + at, '.', path.n - at) : NULL;
        const size_t end = dot ? (size_t)(dot - path.p) : path.n;
        const sac_str name = sac_str_n(path.p + at, end - at);
        int rc = check_name(name, path, at == 0, err);

        if (rc == SAC_OK && depth >= SAC_BSON_DEPTH)
            rc = sac_err_set(err, SAC_ELIMIT, "'%.*s' has too many names", SAC__SHOWN(path));
        if (rc != SAC_OK)
            return rc;
        if (enter(tree, node, name, sac_str_n(path.p, end), &node) != SAC_OK)
            return no_memory(err);
        if (node->leaf || (end == path.n && node->n > 0))
            return sac_err_set(err, SAC_EINVAL, "'%.*s' is in conflict with another path at '%.*s'",
                               SAC__SHOWN(path), SAC__SHOWN(node->path));
        if (end == path.n)
            break;
        at = end + 1;
    }
    node->leaf = leaf;
    return SAC_OK;
}

sac_str sac__tree_shown(sac_str path)
{
    size_t n = path.n < MAX_SHOWN ? path.n : MAX_SHOWN;

    if (n < path.n) {
        while (n > 0 && ((unsigned char)path.p[n] & 0xc0) == 0x80)
            n--;
    }
    return sac_str_n(path.p, n);
}

int sac__tree_limits(const sac_query_limits *given, sac_query_limits *out, sac_err *err)
{
    *out = (sac_query_limits){.size = sizeof *out};
    if (!given)
        return SAC_OK;
    if (given->size > sizeof *out)
        return sac_err_set(err, SAC_EVERSION, "sac_query_limits of a newer library");
    memcpy(out, given, given->size);
    out->size = sizeof *out;
    return SAC_OK;
}

int sac__tree_count(const sac_query_limits *limits, size_t *n, size_t more, sac_err *err)
{
    const size_t max = limits->max_nodes ? limits->max_nodes : MAX_NODES;

    if (more > max || *n > max - more)
        return sac_err_set(err, SAC_ELIMIT, "more than %zu conditions, operators and values", max);
    *n += more;
    return SAC_OK;
}

/* Joins the names that are no array indexes. `out` has room for the path. */
static sac_str without_indexes(sac_str path, char *out)
{
    size_t n = 0;

    for (size_t at = 0; at < path.n;) {
        const char *dot = memchr(path.p + at, '.', path.n - at);
        const size_t end = dot ? (size_t)(dot - path.p) : path.n;
        const sac_str name = sac_str_n(path.p + at, end - at);

        if (!is_index(name) || at == 0) {
            if (n > 0)
                out[n++] = '.';
            memcpy(out + n, name.p, name.n);
            n += name.n;
        }
        at = end + 1;
    }
    return sac_str_n(out, n);
}

int sac__tree_allow(const sac_query_limits *limits, const char *op, sac_str path,
                    const sac_alloc *alloc, sac_err *err)
{
    char local[256];
    char *names = local;
    int rc;

    if (!limits->allow)
        return SAC_OK;
    if (path.n > sizeof local)
        names = sac__alloc(alloc, path.n);
    if (!names)
        return no_memory(err);
    rc = limits->allow(limits->self, op, without_indexes(path, names));
    if (names != local)
        sac__alloc_free(alloc, names, path.n);
    if (rc == 0)
        return SAC_OK;
    return sac_err_set(err, SAC_EINVAL, "%s is not allowed on '%.*s'", op, SAC__SHOWN(path));
}
