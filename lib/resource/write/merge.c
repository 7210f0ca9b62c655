/* SPDX-License-Identifier: MIT */
#include "resource/write/merge.h"

#include "core/clock.h"

void sac__merge_read(sac__merge *merge, const sac__ask *ask, bool replaces)
{
    const sac__resource *resource = ask->resource;

    *merge = (sac__merge){.ask = ask, .replaces = replaces};
    if (ask->patch != SAC__PATCH_FIELDS)
        merge->body_rc = sac__patch_read(&merge->patch, ask, &merge->body_err);
    else
        merge->body_rc = sac__schema_decode(
            resource->schema, &resource->limits, sac_req_body(ask->req), !replaces,
            sac__req_arena(ask->req), &merge->body, &merge->body_err);
}

bool sac__merge_has_rev(const sac__merge *merge)
{
    return merge->ask->resource->def.show_rev && merge->ask->patch == SAC__PATCH_FIELDS &&
           merge->body_rc == SAC_OK && merge->body.rev.type;
}

static sac__making making_of(sac__merge *merge)
{
    merge->errors = (sac__problem_errors){.first = NULL};
    return (sac__making){.schema = merge->ask->resource->schema,
                         .arena = sac__req_arena(merge->ask->req),
                         .errors = &merge->errors,
                         .prefix = "",
                         .oids = &merge->ask->resource->oids,
                         .now = sac__clock_ms(),
                         .owner = merge->ask->access.owner,
                         .owner_free = merge->ask->access.owner_free};
}

static int refuse(sac__merge *merge, sac__unmerged why, sac_err *err)
{
    merge->why = why;
    return sac_err_set(err, SAC_ECONFLICT, "refused");
}

/* A body may carry the item's own `_id`, never another. */
static int check_id(sac__merge *merge, const sac_value *id)
{
    const sac__body *body = &merge->body;

    if (!body->id_misfit && (!body->id.type || sac_value_compare(&body->id, id) == 0))
        return SAC_OK;
    return sac__problem_errors_add(&merge->errors, sac__req_arena(merge->ask->req),
                                   sac_str_of(merge->ask->resource->id_key),
                                   "differs from that of the item");
}

static int refuse_body(sac__merge *merge, sac_err *err)
{
    if (merge->body_rc == SAC_EVALIDATION)
        return refuse(merge, SAC__UNMERGED_UNSEEN, err);
    if (merge->body_rc == SAC_EINVAL && merge->ask->patch != SAC__PATCH_FIELDS)
        return refuse(merge, SAC__UNMERGED_PATCH, err);
    return refuse(merge, SAC__UNMERGED_BODY, err);
}

/* Why a patch cannot be applied, by its code. */
static int refuse_patch(sac__merge *merge, int rc, sac_err *err)
{
    merge->result_rc = rc;
    switch (rc) {
    case SAC_ECONFLICT: return refuse(merge, SAC__UNMERGED_FAILED, err);
    case SAC_EINVAL: return refuse(merge, SAC__UNMERGED_PATCH, err);
    case SAC_ESYNTAX:
    case SAC_ELIMIT:
    case SAC_ETOOBIG: return refuse(merge, SAC__UNMERGED_RESULT, err);
    default: return sac_err_set(err, rc, "patching a document: %s", merge->body_err.text);
    }
}

static bool is_stale(const sac__merge *merge, uint64_t revision)
{
    int64_t rev;

    return merge->ask->resource->def.show_rev && merge->body.rev.type &&
           (!sac_value_int(&merge->body.rev, &rev) || rev != (int64_t)revision);
}

static int judge(sac__merge *merge, int rc, sac_err *err)
{
    if (rc == SAC_EINVAL)
        return refuse(merge, SAC__UNMERGED_OVERLAP, err);
    if (rc == SAC_EVALIDATION || (rc == SAC_OK && merge->errors.n > 0))
        return refuse(merge, SAC__UNMERGED_INVALID, err);
    return rc == SAC_OK ? rc : sac_err_set(err, rc, "merging a document");
}

/* Of a PUT, of fields that are set, or of a patch. */
static int make(sac__merge *merge, const sac__making *making, const sac_view *stored, sac_str *doc)
{
    if (merge->replaces)
        return sac__schema_replace(making, &merge->body, stored->doc, doc);
    if (merge->ask->patch == SAC__PATCH_FIELDS)
        return sac__schema_modify(making, &merge->body, stored->doc, doc, &merge->body_err);
    return sac__schema_patched(making, &merge->body, stored->doc, doc);
}

int sac__merge_stored(sac__merge *merge, const sac_view *stored, sac_str *doc, sac_err *err)
{
    const sac__making making = making_of(merge);
    const sac_value id = sac_bson_get(stored->doc, sac_str_n("_id", 3));
    int rc = SAC_OK;

    if (merge->body_rc != SAC_OK)
        return refuse_body(merge, err);
    if (merge->ask->patch != SAC__PATCH_FIELDS)
        rc = sac__patch_apply(&merge->patch, &making, stored, &merge->body, &merge->body_err);
    if (rc != SAC_OK)
        return refuse_patch(merge, rc, err);
    if (is_stale(merge, stored->revision))
        return refuse(merge, SAC__UNMERGED_STALE, err);
    rc = check_id(merge, &id);
    if (rc == SAC_OK)
        rc = make(merge, &making, stored, doc);
    return judge(merge, rc, err);
}

int sac__merge_new(sac__merge *merge, sac_value id, sac_str *doc, sac_err *err)
{
    const sac__making making = making_of(merge);
    int rc;

    if (merge->body_rc != SAC_OK)
        return refuse_body(merge, err);
    if (sac__merge_has_rev(merge))
        return refuse(merge, SAC__UNMERGED_STALE, err);
    rc = check_id(merge, &id);
    if (rc == SAC_OK)
        rc = sac__schema_create(&making, &merge->body, id, doc);
    return judge(merge, rc, err);
}

static int stale(const sac__merge *merge, const sac__tag *tag)
{
    const int rc = tag ? sac__tag_header(merge->ask, tag) : SAC_OK;

    return rc != SAC_OK ? rc
                        : sac_problem(merge->ask->req, "stale_revision",
                                      "the item is no longer at this _rev");
}

/* To its client it is a field that does not exist. */
static int unseen(const sac__merge *merge)
{
    sac_req *req = merge->ask->req;

    if (sac__problem_errors_add(sac__req_errors(req), sac__req_arena(req), merge->patch.unseen,
                                "unknown field") != SAC_OK)
        return sac_fail(req, SAC_ENOMEM, "no memory for an error");
    return sac__req_invalid(req);
}

int sac__merge_refused(sac__merge *merge, const sac__tag *tag)
{
    sac_req *req = merge->ask->req;
    const char *text = merge->body_err.text;

    switch (merge->why) {
    case SAC__UNMERGED_BODY: return sac__ask_bad_body(merge->ask, merge->body_rc, &merge->body_err);
    case SAC__UNMERGED_RESULT:
        return sac__ask_bad_body(merge->ask, merge->result_rc, &merge->body_err);
    case SAC__UNMERGED_STALE: return stale(merge, tag);
    case SAC__UNMERGED_OVERLAP: return sac_problem(req, "bad_key", "%s", text);
    case SAC__UNMERGED_PATCH:
        return sac_problem(req, merge->patch.bad_operator ? "bad_operator" : "bad_patch", "%s",
                           text);
    case SAC__UNMERGED_FAILED: return sac_problem(req, "patch_failed", "%s", text);
    case SAC__UNMERGED_UNSEEN: return unseen(merge);
    default: break;
    }
    *sac__req_errors(req) = merge->errors;
    return sac__req_invalid(req);
}
