/* SPDX-License-Identifier: MIT */
#include "notes.h"

#include <stdlib.h>

static int count_value(ways *found, sac_value value)
{
    size_t i = 0;

    while (i < found->n && sac_value_compare(&found->of[i].key, &value) != 0)
        i++;
    if (i == sizeof found->of / sizeof *found->of)
        return SAC_OK;
    if (i == found->n) { /* what a sink is shown is gone after it */
        value.raw = sac_req_dup(found->req, value.raw);
        if (!value.raw.p)
            return SAC_ENOMEM;
        found->of[found->n++] = (way){.key = value};
    }
    found->of[i].count++;
    return SAC_OK;
}

static int count_note(void *self, const sac_view *note)
{
    ways *found = self;
    const sac_value value = sac_bson_get(note->doc, found->field);
    sac_bson_iter item;
    sac_str list;
    int rc;

    if (value.type == SAC_BSON_MISSING)
        return SAC_OK;
    if (value.type != SAC_BSON_ARRAY || !sac_value_doc(&value, &list))
        return count_value(found, value);
    rc = sac_bson_iter_init(&item, list);
    while (rc == SAC_OK && (rc = sac_bson_iter_next(&item)) == 1)
        rc = count_value(found, item.value);
    return rc;
}

static int by_key(const void *a, const void *b)
{
    return sac_value_compare(&((const way *)a)->key, &((const way *)b)->key);
}

int count_where(sac_req *req, sac_str filter, const char *field, ways **out)
{
    const sac_query query = SAC_QUERY(.collection = "notes", .filter = filter);
    ways *found = sac_req_alloc(req, sizeof *found);
    const sac_sink sink = {.doc = count_note, .self = found};
    int rc;

    if (!found)
        return SAC_ENOMEM;
    found->req = req;
    found->field = sac_str_of(field);
    found->n = 0;
    rc = sac_req_find(req, &query, &sink);
    if (rc != SAC_OK)
        return rc;
    qsort(found->of, found->n, sizeof *found->of, by_key);
    *out = found;
    return SAC_OK;
}
