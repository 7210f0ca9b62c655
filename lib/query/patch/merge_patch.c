/* SPDX-License-Identifier: MIT */
#include "query/patch.h"

#include "bson/wire.h"
#include "bson/writer.h"
#include "query/scratch.h"
#include "bson/members.h"

/* RFC 7396, section 2, on both documents at once. */
typedef struct merging {
    sac__scratch scratch;
    sac_bson out;
    bool changed;
} merging;

static int merge_docs(merging *m, sac_str doc, sac_str patch);

/* What a patch's value makes of a stored one (MISSING: of none). */
static int merge_value(merging *m, sac_str key, sac_value stored, sac_value patch)
{
    static const char empty[5] = {5, 0, 0, 0, 0};
    int rc;

    if (patch.type != SAC_BSON_DOCUMENT) {
        if (stored.type != patch.type || !sac_str_eq(stored.raw, patch.raw))
            m->changed = true;
        sac_bson_add_value(&m->out, key, patch);
        return SAC_OK;
    }
    if (stored.type != SAC_BSON_DOCUMENT) {
        m->changed = true;
        stored.raw = sac_str_n(empty, sizeof empty);
    }
    sac_bson_begin_doc(&m->out, key);
    if (m->out.error)
        return m->out.error;
    rc = merge_docs(m, stored.raw, patch.raw);
    sac_bson_end(&m->out);
    return rc;
}

static int merge_stored(merging *m, sac_str doc, const sac__members *patch)
{
    sac_bson_iter iter;
    sac__member *given;
    int rc = sac_bson_iter_init(&iter, doc);

    while (rc == SAC_OK && !m->out.error && (rc = sac_bson_iter_next(&iter)) == 1) {
        rc = SAC_OK;
        given = sac__members_find(patch, iter.key);
        if (!given || given->used) {
            sac_bson_add_value(&m->out, iter.key, iter.value);
            continue;
        }
        given->used = true;
        if (given->value.type == SAC_BSON_NULL)
            m->changed = true;
        else
            rc = merge_value(m, iter.key, iter.value, given->value);
    }
    return rc;
}

static int add_others(merging *m, const sac__members *patch)
{
    const sac_value missing = {.type = SAC_BSON_MISSING};
    int rc = SAC_OK;

    for (size_t i = 0; i < patch->n && rc == SAC_OK; i++) {
        const sac__member *given = &patch->v[i];

        if (given->used || given->value.type == SAC_BSON_NULL ||
            sac__members_find(patch, given->key) != given)
            continue;
        m->changed = true;
        rc = merge_value(m, given->key, missing, given->value);
    }
    return rc;
}

/* Goes as deep as the patch does, which `out` bounds. */
static int merge_docs(merging *m, sac_str doc, sac_str patch)
{
    sac__members members;
    int rc = sac__members_read(&members, patch, m->scratch.arena);

    if (rc == SAC_OK)
        rc = merge_stored(m, doc, &members);
    return rc == SAC_OK ? add_others(m, &members) : rc;
}

static int merge(merging *m, sac_str doc, sac_str patch, const sac_alloc *alloc, sac_str *out)
{
    sac_str made;
    int rc;

    if (!sac__wire_is_doc(doc) || !sac__wire_is_doc(patch))
        return SAC_ECORRUPT;
    if (!sac__bson_reserve(&m->out, doc.n + patch.n))
        return m->out.error;
    rc = merge_docs(m, doc, patch);
    if (m->out.error)
        return m->out.error;
    if (rc == SAC_OK)
        rc = sac_bson_finish(&m->out, &made);
    if (rc != SAC_OK)
        return rc;
    if (!m->changed)
        memcpy(m->out.p, doc.p, made.n = doc.n);
    return sac__block_give(alloc, &m->out.p, &m->out.cap, made.n, out);
}

int sac__merge_patch(sac_str doc, sac_str patch, const sac_alloc *alloc, sac_str *out, sac_err *err)
{
    merging m = {.changed = false};
    int rc = sac__scratch_open(&m.scratch, alloc);

    if (rc == SAC_OK) {
        sac_bson_init(&m.out, alloc, 0);
        rc = merge(&m, doc, patch, alloc, out);
        sac_bson_fini(&m.out);
        sac__scratch_close(&m.scratch);
    }
    return rc == SAC_OK ? rc : sac_err_set(err, rc, "merge patch: %s", sac_err_text(rc));
}
