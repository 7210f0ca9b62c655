/* SPDX-License-Identifier: MIT */
#ifndef QUERY_UPDATE_TREE_H
#define QUERY_UPDATE_TREE_H

#include <sacrum/query.h>

#include "query/scratch.h"

/*
 * Dotted paths as a tree of names, each leaf with what is to be done there.
 * Children stand in the order in which MongoDB adds new fields: array indexes
 * by number, then names by bytes.
 */
typedef struct sac__tree_node {
    sac_str name;
    sac_str path;   /* from the root to here */
    uint32_t id;    /* 0 to n_nodes - 1 */
    bool numeric;   /* an array index, where it meets an array */
    uint32_t index; /* then: which; UINT32_MAX if it is larger */
    void *leaf;     /* NULL: there is more beneath */
    struct sac__tree_node **children;
    uint32_t n, cap;
} sac__tree_node;

typedef struct sac__tree {
    sac__scratch scratch;
    uint32_t n_nodes;
    sac__tree_node root;
} sac__tree;

int sac__tree_init(sac__tree *tree, const sac_alloc *alloc) SAC_MUST_USE;
void sac__tree_fini(sac__tree *tree);

/*
 * Adds a path, whose bytes must live as long. SAC_EINVAL naming the path: it
 * is malformed, or another one is the same or leads through it. SAC_ELIMIT for
 * more names than documents nest.
 */
int sac__tree_add(sac__tree *tree, sac_str path, void *leaf, sac_err *err) SAC_MUST_USE;

/* The child of a name, or of an array index, or NULL. */
const sac__tree_node *sac__tree_find(const sac__tree_node *node, sac_str name);
const sac__tree_node *sac__tree_at(const sac__tree_node *node, uint32_t index);

/* As much of a path as an error text has room for. */
sac_str sac__tree_shown(sac_str path);
#define SAC__SHOWN(path) (int)sac__tree_shown(path).n, (path).p

/* A copy of limits that may be NULL or of an older program; SAC_EVERSION. */
int sac__tree_limits(const sac_query_limits *given, sac_query_limits *out,
                     sac_err *err) SAC_MUST_USE;

/* Counts what a filter or an update holds. */
int sac__tree_count(const sac_query_limits *limits, size_t *n, size_t more,
                    sac_err *err) SAC_MUST_USE;

/* Asks limits.allow, if it is there, of an operator; the path without its indexes. */
int sac__tree_allow(const sac_query_limits *limits, const char *op, sac_str path,
                    const sac_alloc *alloc, sac_err *err) SAC_MUST_USE;

#endif
