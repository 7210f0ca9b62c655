/* SPDX-License-Identifier: MIT */

/*
 * A MethodView of one's own. The same table stands at /api/tags and at
 * /api/tags/{tag}; its decorators stand in it, for all methods or for one.
 */
#include "notes.h"

static int count_by(sac_req *req, const char *field, ways **out)
{
    sac_bson filter;
    sac_str bytes;
    int rc;

    sac_bson_init(&filter, sac_req_allocator(req), 0);
    rc = add_visible(NULL, req, false, &filter);
    if (rc == SAC_OK)
        rc = sac_bson_finish(&filter, &bytes);
    return rc == SAC_OK ? count_where(req, bytes, field, out) : rc;
}

/* {"items": [{"tag", "count"}, …]}: for the view, and for the page that carries them along. */
static int add_items(sac_req *req, sac_bson *doc)
{
    ways *tags;
    const int rc = count_by(req, "tags", &tags);

    if (rc != SAC_OK)
        return rc;
    sac_bson_begin_array(doc, sac_str_of("items"));
    for (size_t i = 0; i < tags->n; i++) {
        sac_bson_begin_doc(doc, sac_str_of(""));
        sac_bson_add_value(doc, sac_str_of("tag"), tags->of[i].key);
        sac_bson_add_int64(doc, "count", tags->of[i].count);
        sac_bson_end(doc);
    }
    sac_bson_end(doc);
    return SAC_OK;
}

int add_tags(void *self, sac_req *req, sac_bson *data)
{
    int rc;

    (void)self;
    sac_bson_begin_doc(data, sac_str_of("tags"));
    rc = add_items(req, data);
    sac_bson_end(data);
    return rc;
}

static int reply_doc(sac_req *req, sac_bson *doc)
{
    sac_str bytes;
    const int rc = sac_bson_finish(doc, &bytes);

    return rc == SAC_OK ? sac_reply_bson(req, 200, bytes) : rc;
}

static int get_tags(void *self, sac_req *req)
{
    sac_bson doc;
    int rc;

    (void)self;
    sac_bson_init(&doc, sac_req_allocator(req), 0);
    rc = add_items(req, &doc);
    return rc == SAC_OK ? reply_doc(req, &doc) : rc;
}

/* My notes that have a tag, and what takes it from them. */
static int make_pull(sac_req *req, sac_str tag, sac_str *filter, sac_str *update)
{
    sac_bson mine, pull;
    int rc;

    sac_bson_init(&mine, sac_req_allocator(req), 0);
    sac_bson_add_str(&mine, "tags", tag);
    sac_bson_init(&pull, sac_req_allocator(req), 0);
    sac_bson_begin_doc(&pull, sac_str_of("$pull"));
    sac_bson_add_str(&pull, "tags", tag);
    sac_bson_end(&pull);
    rc = add_visible(NULL, req, true, &mine);
    if (rc == SAC_OK)
        rc = sac_bson_finish(&mine, filter);
    return rc == SAC_OK ? sac_bson_finish(&pull, update) : rc;
}

/*
 * DELETE /api/tags/{tag}: takes it from each of my notes. One after the other: that needs no
 * transaction, which not every MongoDB has, and half of it does no harm.
 */
static int remove_tag(void *self, sac_req *req)
{
    const sac_str tag = sac_req_param(req, "tag");
    sac_store *store = sac_app_store(sac_req_app(req));
    sac_str filter, update;
    int64_t changed = 0;
    ways *ids;
    int rc;

    (void)self;
    if (!tag.p)
        return sac_fail(req, SAC_EMETHOD, "which tag?");
    rc = make_pull(req, tag, &filter, &update);
    while (rc == SAC_OK && (rc = count_where(req, filter, "_id", &ids)) == SAC_OK && ids->n > 0)
        for (size_t i = 0; i < ids->n && rc == SAC_OK; i++) {
            rc = sac_store_update(store, "notes", ids->of[i].key, update, NULL);
            changed += rc == SAC_OK;
            if (rc == SAC_ENOTFOUND) /* deleted meanwhile */
                rc = SAC_OK;
        }
    return rc == SAC_OK ? sac_reply_jsonf(req, 200, "{\"notes\": %lld}", (long long)changed)
                        : sac_fail(req, rc, "the tag stays in some notes");
}

static const sac_decorator tag_guards[] = {
    SAC_LOGIN_REQUIRED,
    {.fn = sac_role_required,
     .self = (void *)"member",
     .methods = SAC_DELETE,
     .flags = SAC_INLINE | SAC_GUARD},
    {.fn = NULL},
};

const sac_view_ops tags_view = SAC_VIEW_OPS(.name = "tags", .decorators = tag_guards,
                                            .get = get_tags, .del = remove_tag);

/* GET /api/people: who shares notes with me. */

static int add_person(sac_req *req, sac_bson *doc, const way *owner)
{
    sac_str user;
    const int rc = sac_req_find_one(req, "users", owner->key, &user);

    if (rc != SAC_OK)
        return rc == SAC_ENOTFOUND ? SAC_OK : rc;
    sac_bson_begin_doc(doc, sac_str_of(""));
    sac_bson_add_value(doc, sac_str_of("_id"), owner->key);
    sac_bson_add_str(doc, "username", sac_bson_get_str(user, "username"));
    sac_bson_add_int64(doc, "count", owner->count);
    sac_bson_end(doc);
    return SAC_OK;
}

static int get_people(void *self, sac_req *req)
{
    const sac_identity *me = sac_req_identity(req);
    ways *owners;
    sac_bson doc;
    int rc = count_by(req, "owner", &owners);

    (void)self;
    if (rc != SAC_OK)
        return rc;
    sac_bson_init(&doc, sac_req_allocator(req), 0);
    sac_bson_begin_array(&doc, sac_str_of("items"));
    for (size_t i = 0; i < owners->n && rc == SAC_OK; i++)
        if (sac_value_compare(&owners->of[i].key, &me->id) != 0)
            rc = add_person(req, &doc, &owners->of[i]);
    sac_bson_end(&doc);
    return rc == SAC_OK ? reply_doc(req, &doc) : rc;
}

static const sac_decorator people_guards[] = {SAC_LOGIN_REQUIRED, {.fn = NULL}};

const sac_view_ops people_view = SAC_VIEW_OPS(.name = "people", .decorators = people_guards,
                                              .get = get_people);
