/* SPDX-License-Identifier: MIT */
#include "query/filter/node.h"

/* Whether arrays as a whole can meet it: their elements' keys then tell nothing. */
static bool takes_arrays(const sac__cond *cond, uint8_t type)
{
    const bool ordered = cond->op != SAC__COND_EQ && cond->op != SAC__COND_IN;

    return type == SAC_BSON_ARRAY ||
           (ordered && (type == SAC_BSON_MINKEY || type == SAC_BSON_MAXKEY));
}

/* What a condition says to a planner, if anything. */
static bool to_clause(const sac__cond *cond, sac__clause *out)
{
    static const sac__clause_op ops[] = {
        [SAC__COND_EQ] = SAC__CLAUSE_EQ,   [SAC__COND_GT] = SAC__CLAUSE_GT,
        [SAC__COND_GTE] = SAC__CLAUSE_GTE, [SAC__COND_LT] = SAC__CLAUSE_LT,
        [SAC__COND_LTE] = SAC__CLAUSE_LTE, [SAC__COND_IN] = SAC__CLAUSE_IN,
    };
    const sac__path_part *first, *last;

    if (cond->op > SAC__COND_IN || (cond->op == SAC__COND_IN && cond->of.in.regexes))
        return false;
    first = cond->rest - 1; /* the field's name, before the rest */
    last = first + cond->n_rest;
    out->path = sac_str_n(first->name.p, (size_t)(last->name.p - first->name.p) + last->name.n);
    out->op = ops[cond->op];
    out->values = cond->op == SAC__COND_IN ? cond->of.in.v : &cond->of.value;
    out->n = cond->op == SAC__COND_IN ? cond->of.in.n : 1;
    for (size_t i = 0; i < out->n; i++)
        if (takes_arrays(cond, out->values[i].type))
            return false;
    return true;
}

static size_t gather_list(const sac__cond *list, sac__clause *out)
{
    sac__clause clause;
    size_t n = 0;

    for (; list; list = list->next) {
        if (!to_clause(list, &clause))
            continue;
        if (out)
            out[n] = clause;
        n++;
    }
    return n;
}

/* Counts, and writes where there is room. */
static size_t gather(const sac__group *group, sac__clause *out)
{
    size_t n = 0;

    for (; group; group = group->more)
        for (size_t i = 0; i < group->n; i++)
            n += gather_list(group->fields[i].conds, out ? out + n : NULL);
    return n;
}

/* Whether every condition is a clause. */
static bool says_all(const sac__group *group, size_t n_clauses)
{
    size_t n = 0;

    for (; group; group = group->more) {
        if (group->logics)
            return false;
        for (size_t i = 0; i < group->n; i++)
            for (const sac__cond *cond = group->fields[i].conds; cond; cond = cond->next)
                n++;
    }
    return n == n_clauses;
}

int sac__clauses_find(sac__compiler *c)
{
    const size_t n = gather(&c->filter->group, NULL);
    sac__clause *clauses = sac__compiler_get(c, n * sizeof *clauses);

    if (!clauses)
        return sac__compiler_nomem(c);
    c->filter->n_clauses = gather(&c->filter->group, clauses);
    c->filter->clauses = clauses;
    c->filter->all_clauses = says_all(&c->filter->group, n);
    return SAC_OK;
}
