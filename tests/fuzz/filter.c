/* SPDX-License-Identifier: MIT */
#include "bson/wire.h"
#include "fuzz.h"
#include "query/filter.h"
#include "query/path.h"
#include "query/sort.h"

enum { LONGEST = 4096 };

/* Takes a document off the front by its own length. */
static sac_str take_doc(sac_str *rest)
{
    sac_str doc;
    size_t n;

    if (rest->n < 5 || (n = sac__wire_get32(rest->p)) < 5 || n > rest->n)
        return sac_str_n(NULL, 0);
    doc = sac_str_n(rest->p, n);
    *rest = sac_str_n(rest->p + n, rest->n - n);
    return doc;
}

static bool meets(const sac__clause *clause, const sac_value *value)
{
    for (size_t i = 0; i < clause->n; i++) {
        const int order = sac_value_compare(value, &clause->values[i]);

        switch (clause->op) {
        case SAC__CLAUSE_GT:
            if (order > 0)
                return true;
            break;
        case SAC__CLAUSE_GTE:
            if (order >= 0)
                return true;
            break;
        case SAC__CLAUSE_LT:
            if (order < 0)
                return true;
            break;
        case SAC__CLAUSE_LTE:
            if (order <= 0)
                return true;
            break;
        default:
            if (order == 0)
                return true;
        }
    }
    return false;
}

/* Stops at a value, or an element of an array, that meets the clause. */
static int look(void *self, const sac_value *value)
{
    const sac__clause *clause = (const sac__clause *)self;
    sac_bson_iter iter;

    if (value->type != SAC_BSON_ARRAY || sac_bson_iter_init(&iter, value->raw) != SAC_OK)
        return meets(clause, value);
    while (sac_bson_iter_next(&iter) == 1)
        if (meets(clause, &iter.value))
            return 1;
    return 0;
}

/* What matches meets every clause: an index that goes by one leaves nothing out. */
static void check_clauses(const sac_filter *filter, sac_str doc)
{
    const sac__clause *clauses;
    const size_t n = sac__filter_clauses(filter, &clauses);

    for (size_t i = 0; i < n; i++) {
        sac__clause clause = clauses[i];

        HOLD(sac__path_each(doc, clause.path, look, &clause) == 1);
    }
}

/* {"<op>": [filter]} takes what the filter takes, or ($nor) all else. */
static void check_inside(const char *op, sac_str filter, sac_str doc, int want)
{
    sac_filter *compiled = NULL;
    sac_bson outer;
    sac_str bytes;
    int rc;

    sac_bson_init(&outer, NULL, 0);
    sac_bson_begin_array(&outer, sac_str_of(op));
    sac_bson_add_doc(&outer, "", filter);
    sac_bson_end(&outer);
    rc = sac_bson_finish(&outer, &bytes);
    if (rc == SAC_OK)
        rc = sac_filter_new(bytes, NULL, NULL, &compiled, NULL);
    HOLD(rc == SAC_OK || rc == SAC_ELIMIT);
    if (rc == SAC_OK)
        HOLD(sac_filter_match(compiled, doc, NULL) == want);
    sac_filter_free(compiled);
    sac_bson_fini(&outer);
}

static void sort_by(sac_str spec, sac_str doc)
{
    sac__sort sort;
    sac__buf key;

    if (sac__sort_init(&sort, spec, NULL) != SAC_OK)
        return;
    sac__buf_init(&key, NULL, (size_t)1 << 20);
    (void)!sac__sort_key(&sort, doc, &key);
    sac__buf_fini(&key);
}

/* A filter (also tried as a sort), and documents to match. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const sac_query_limits limits = SAC_QUERY_LIMITS(.max_steps = 1000);
    sac_str rest = sac_str_n(data, size);
    const sac_str filter = take_doc(&rest);
    sac_filter *compiled = NULL;
    sac_err err = {.code = 0};
    sac_str doc;

    if (size > LONGEST || sac_filter_new(filter, &limits, NULL, &compiled, &err) != SAC_OK) {
        HOLD(size > LONGEST || err.text[0] != 0);
        return 0;
    }
    while ((doc = take_doc(&rest)).p) {
        const bool sound = sac_bson_check(doc, NULL) == SAC_OK;
        const int rc = sac_filter_match(compiled, doc, NULL);

        HOLD(rc == 0 || rc == 1 || rc == SAC_ELIMIT || (rc == SAC_ECORRUPT && !sound));
        if (sound && rc == 1)
            check_clauses(compiled, doc);
        if (sound && rc >= 0 && filter.n > 0) {
            check_inside("$and", filter, doc, rc);
            check_inside("$nor", filter, doc, !rc);
        }
        sort_by(filter, doc);
    }
    sac_filter_free(compiled);
    return 0;
}
