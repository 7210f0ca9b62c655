/* SPDX-License-Identifier: MIT */
#include "notes.h"

/* What a note may hold: validation, defaults, search and indexes are in the table. */

static const char *const audiences[] = {"member", "team", NULL};
static const sac_field audience = {.name = "role", .type = SAC_STRING, .one_of = audiences};

static const sac_field tag = {
    .name = "tag", .type = SAC_STRING, .min_length = 1, .max_length = 30, .pattern = "^[^,]+$"};

static const sac_field fields[] = {
    {.name = "title",
     .type = SAC_STRING,
     .required = true,
     .min_length = 1,
     .max_length = 200,
     .indexed = true,
     .searchable = true},
    {.name = "body", .type = SAC_STRING, .max_length = 100000, .searchable = true},
    {.name = "tags", .type = SAC_ARRAY, .items = &tag, .max_length = 20, .indexed = true},
    {.name = "shared", .type = SAC_ARRAY, .items = &audience, .max_length = 2, .indexed = true},
    {.name = "owner", .type = SAC_OBJECTID, .read_only = true, .indexed = true},
    {.name = "edited", .type = SAC_DATE, .fallback = "now()", .indexed = true},
    {.name = NULL},
};

/*
 * Whose notes: one's own, and to read those that are shared with a role of
 * one's own. The store asks for no others, whatever the request is.
 */
int add_visible(void *self, sac_req *req, bool writes, sac_bson *filter)
{
    const sac_identity *me = sac_req_identity(req);
    const sac_str owner = sac_str_of("owner");

    (void)self;
    if (!me)
        return sac_fail(req, SAC_EUNAUTHORIZED, "notes belong to somebody");
    if (writes) {
        sac_bson_add_value(filter, owner, me->id);
        return SAC_OK;
    }
    sac_bson_begin_array(filter, sac_str_of("$or"));
    sac_bson_begin_doc(filter, sac_str_of(""));
    sac_bson_add_value(filter, owner, me->id);
    sac_bson_end(filter);
    sac_bson_begin_doc(filter, sac_str_of(""));
    sac_bson_begin_doc(filter, sac_str_of("shared"));
    sac_bson_begin_array(filter, sac_str_of("$in"));
    for (size_t i = 0; i < me->n_roles; i++)
        sac_bson_add_str(filter, "", me->roles[i]);
    for (int open = 0; open < 4; open++) /* $in, shared, its document, $or */
        sac_bson_end(filter);
    return SAC_OK;
}

const sac_resource notes = SAC_RESOURCE(.name = "notes", .fields = fields, .owner = "owner",
                                        .access = SAC_ACCESS_SIGNED_IN, .restrict_to = add_visible,
                                        .show_rev = true);
