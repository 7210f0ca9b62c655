/* SPDX-License-Identifier: MIT */
#include "resource/access/access.h"

#include "app/identity/identity.h"
#include "bson/members.h"
#include "schema/rule.h"

static bool is_write(const sac_req *req)
{
    return !(sac_req_method(req) & (SAC_GET | SAC_HEAD));
}

/* Reads are open to all where only writes are guarded. */
static bool matters(const sac__resource *resource, const sac_req *req)
{
    return resource->personal || is_write(req);
}

int sac__access_check(const sac__resource *resource, sac_req *req)
{
    const sac_resource *def = &resource->def;
    const char *scope = is_write(req) ? def->write_scope : def->read_scope;
    const sac_identity *who = NULL;
    int rc;

    if (!matters(resource, req))
        return SAC_OK;
    rc = sac__req_guarded(req);
    if (rc == SAC_OK)
        rc = sac__req_identify(req, &who);
    if (rc != SAC_OK)
        return rc;
    if (!who && (def->access == SAC_ACCESS_SIGNED_IN ||
                 (def->access == SAC_ACCESS_READ_ANYONE && is_write(req))))
        return sac__req_refuse_stranger(req);
    if (who && scope && !sac_identity_has_scope(who, scope))
        return sac__req_refuse_scope(req, scope);
    return SAC_OK;
}

static int no_memory(sac_req *req)
{
    return sac_fail(req, SAC_ENOMEM, "no memory for a condition");
}

/* Compiles a condition; an empty one says nothing. */
static int compile(const sac__resource *resource, sac_req *req, sac_bson *condition, sac_str *doc,
                   sac_filter **filter)
{
    sac_str made;
    sac_err err = {.code = 0};
    int rc;

    if (sac_bson_finish(condition, &made) != SAC_OK)
        return no_memory(req);
    if (sac__members_count(made) == 0)
        return SAC_OK;
    rc = sac_filter_new(made, NULL, sac__arena_alloc(sac__req_arena(req)), filter, &err);
    if (rc == SAC_ENOMEM)
        return no_memory(req);
    if (rc != SAC_OK)
        return sac_problem(req, "internal", "resource %s: restrict_to: %s", resource->def.name,
                           err.text);
    *doc = made;
    return SAC_OK;
}

static int ask_program(const sac__resource *resource, sac_req *req, bool writes, sac_str *doc,
                       sac_filter **filter)
{
    sac_bson condition;
    int rc;

    sac_bson_init(&condition, sac__arena_alloc(sac__req_arena(req)), 0);
    rc = resource->def.restrict_to(resource->def.self, req, writes, &condition);
    if (rc != SAC_OK)
        return rc < 0 ? rc : SAC_EIO;
    return compile(resource, req, &condition, doc, filter);
}

static bool has_role_of(const sac_identity *who, const char *const *roles)
{
    for (; roles && *roles; roles++)
        if (sac_identity_has_role(who, *roles))
            return true;
    return false;
}

/* Ids that stand for themselves: null would be met by what has no owner. */
static bool is_id(const sac_value *id)
{
    return id->type == SAC_BSON_OBJECTID || id->type == SAC_BSON_STRING ||
           id->type == SAC_BSON_INT32 || id->type == SAC_BSON_INT64 || id->type == SAC_BSON_BINARY;
}

static int read_owner(sac__access *access, const sac__resource *resource, sac_req *req)
{
    const sac__plan_field *field = sac__schema_owner(resource->schema);
    const sac_identity *who = access->who;

    if (!is_id(&who->id) || !sac__rule_fits((sac_type)field->type, &who->id))
        return sac_problem(req, "internal",
                           "resource %s: owner: the _id of a user that %s knew has another type",
                           resource->def.name, who->scheme);
    access->owner = who->id;
    /* What they do not see they cannot say. */
    access->owner_free = has_role_of(who, resource->def.owner_roles) &&
                         !(field->flags & SAC__PLAN_HIDDEN);
    return SAC_OK;
}

/* Each meets their own; where all may read, each changes their own. */
static int restrict_to_own(sac__access *access, const sac__resource *resource, sac_req *req)
{
    const bool all_read = resource->def.access == SAC_ACCESS_READ_ANYONE;
    sac_bson condition;

    sac_bson_init(&condition, sac__arena_alloc(sac__req_arena(req)), 0);
    sac_bson_add_value(&condition, sac_str_of(resource->def.owner), access->who->id);
    return all_read ? compile(resource, req, &condition, &access->changes, &access->changes_filter)
                    : compile(resource, req, &condition, &access->sees, &access->sees_filter);
}

static int restrict_by_program(sac__access *access, const sac__resource *resource, sac_req *req)
{
    int rc = ask_program(resource, req, false, &access->sees, &access->sees_filter);

    if (rc == SAC_OK && is_write(req))
        rc = ask_program(resource, req, true, &access->changes, &access->changes_filter);
    return rc;
}

int sac__access_read(sac__access *access, const sac__resource *resource, sac_req *req)
{
    const sac_resource *def = &resource->def;
    int rc = SAC_OK;

    if (!matters(resource, req))
        return SAC_OK;
    rc = sac__req_identify(req, &access->who);
    if (rc == SAC_OK && def->owner && access->who)
        rc = read_owner(access, resource, req);
    if (rc != SAC_OK)
        return rc;
    if (def->restrict_to)
        return restrict_by_program(access, resource, req);
    if (def->owner && !access->who) /* signed out since */
        return sac__req_refuse_stranger(req);
    if (def->owner && !has_role_of(access->who, def->owner_roles))
        return restrict_to_own(access, resource, req);
    return SAC_OK;
}

static int meets(const sac_filter *filter, sac_str doc, sac_err *err)
{
    return filter ? sac_filter_match(filter, doc, err) : 1;
}

int sac__access_sees(const sac__access *access, sac_str doc, sac_err *err)
{
    return meets(access->sees_filter, doc, err);
}

int sac__access_changes(const sac__access *access, sac_str doc, sac_err *err)
{
    return meets(access->changes_filter, doc, err);
}

/* Of names in whatever order. */
static uint64_t hash_names(const sac__hash_key *key, const sac_str *names, size_t n)
{
    uint64_t sum = n;

    for (size_t i = 0; i < n; i++)
        sum += sac__hash_keyed(key, names[i].n > 0 ? names[i].p : "", names[i].n);
    return sum;
}

uint64_t sac__access_mix(const sac__access *access, const sac__hash_key *key, uint64_t variant)
{
    const sac_identity *who = access->who;
    uint64_t words[6] = {variant};

    if (who) {
        words[1] = 1 + who->id.type;
        words[2] = sac__hash_keyed(key, who->id.raw.n > 0 ? who->id.raw.p : "", who->id.raw.n);
        words[3] = hash_names(key, who->roles, who->n_roles);
        words[4] = who->scoped;
        words[5] = who->scoped ? hash_names(key, who->scopes, who->n_scopes) : 0;
    }
    return sac__hash_keyed(key, words, sizeof words);
}
