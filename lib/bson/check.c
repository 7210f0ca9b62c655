/* SPDX-License-Identifier: MIT */
#include "bson/wire.h"
#include "core/utf8.h"

/* The documents that are open, innermost last: no recursion on the input. */
typedef struct walk {
    sac_bson_iter open[SAC_BSON_DEPTH];
    int depth;
    const char *bad; /* where it went wrong */
} walk;

static int enter(walk *w, sac_str doc)
{
    w->bad = doc.p;
    if (w->depth == SAC_BSON_DEPTH)
        return SAC_ELIMIT;
    if (sac_bson_iter_init(&w->open[w->depth], doc) != SAC_OK)
        return SAC_ECORRUPT;
    w->depth++;
    return SAC_OK;
}

static int check_utf8(walk *w, sac_str text)
{
    const size_t bad = sac__utf8_bad(text);

    if (bad == text.n)
        return SAC_OK;
    w->bad = text.p + bad;
    return SAC_ECORRUPT;
}

/* The text of a dbpointer: a string with an ObjectId behind it. */
static sac_str dbpointer_text(sac_str raw)
{
    return sac_str_n(raw.p + 4, raw.n - 5 - sizeof(sac_oid));
}

static int check_value(walk *w, const sac_value *value)
{
    int rc;

    switch (value->type) {
    case SAC_BSON_STRING:
    case SAC_BSON_CODE:
    case SAC_BSON_SYMBOL: return check_utf8(w, sac__wire_text(value->raw));
    case SAC_BSON_REGEX: return check_utf8(w, value->raw); /* NULs are UTF-8 too */
    case SAC_BSON_DBPOINTER: return check_utf8(w, dbpointer_text(value->raw));
    case SAC_BSON_DOCUMENT:
    case SAC_BSON_ARRAY: return enter(w, value->raw);
    case SAC_BSON_CODE_W_SCOPE:
        rc = check_utf8(w, sac__wire_code(value->raw));
        return rc ? rc : enter(w, sac__wire_scope(value->raw));
    default: return SAC_OK;
    }
}

/* The next element of the innermost document: 1, or 0 when all are done. */
static int step(walk *w)
{
    sac_bson_iter *iter = &w->open[w->depth - 1];
    int rc = sac_bson_iter_next(iter);

    if (rc < 0) {
        w->bad = iter->p;
        return rc;
    }
    if (rc == 0)
        return --w->depth > 0;
    rc = check_utf8(w, iter->key);
    if (rc == SAC_OK)
        rc = check_value(w, &iter->value);
    return rc ? rc : 1;
}

int sac_bson_check(sac_str doc, sac_err *err)
{
    walk w;
    int rc;

    w.depth = 0;
    rc = enter(&w, doc);
    while (rc >= 0 && (rc = step(&w)) > 0)
        continue;
    if (rc == SAC_OK)
        return SAC_OK;
    sac_err_set(err, rc, rc == SAC_ELIMIT ? "document is nested too deep" : "document is damaged");
    if (err)
        err->pos = doc.n ? (size_t)(w.bad - doc.p) : 0;
    return rc;
}
