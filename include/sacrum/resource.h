/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_RESOURCE_H
#define SACRUM_RESOURCE_H

/**
 * A collection as a REST resource: list and item with their methods, as
 * docs/reference/http.md describes, from one table.
 */
#include <sacrum/app.h>
#include <sacrum/bson.h>
#include <sacrum/index.h>
#include <sacrum/schema.h>

SAC_BEGIN

typedef struct sac_resource_ops sac_resource_ops;

/**
 * The operations of a resource, each a handler. A NULL slot is looked up in
 * `super`, then it is the library's own operation; sac_super() runs what the
 * slot stands before. `self` of every slot is sac_resource.self.
 */
struct sac_resource_ops {
    size_t size;                   /**< sizeof this struct: SAC_RESOURCE_OPS sets it. */
    const sac_resource_ops *super; /**< Or NULL. */
    unsigned flags;                /**< SAC_INLINE: of the slots of this table. */
    sac_handler *list;             /**< GET of the list. */
    sac_handler *read;             /**< GET of an item. */
    sac_handler *create;           /**< POST: one document, or many. */
    sac_handler *replace;          /**< PUT */
    sac_handler *modify;           /**< PATCH */
    sac_handler *remove;           /**< DELETE of an item. */
    sac_handler *clear;            /**< DELETE of the list, with a filter or without. */
    sac_handler *modify_many;      /**< PATCH of the list, by filter. */
    /* Append only: a slot past `size` reads as NULL. */
};
#define SAC_RESOURCE_OPS(...) { .size = sizeof(sac_resource_ops), __VA_ARGS__ }

/** Type of `_id`: who makes it, and how a URL spells it. */
typedef enum sac_id_type {
    SAC_ID_OBJECTID = 0, /**< Made by the server. */
    SAC_ID_UUID,         /**< Made by the server. */
    SAC_ID_INT,          /**< Comes with the POST. */
    SAC_ID_STRING        /**< Comes with the POST: 1 to 256 bytes. */
} sac_id_type;

/** Who may use a resource. */
typedef enum sac_access {
    SAC_ACCESS_ANYONE = 0,
    SAC_ACCESS_READ_ANYONE, /**< GET is open; to write one must be signed in. */
    SAC_ACCESS_SIGNED_IN    /**< 401 for everybody else. */
} sac_access;

/**
 * Narrow what a request may meet: append members of a MongoDB filter to
 * `filter`; none: everything. It is ANDed to every call of the store that is
 * made for the request, reads, counts, tags and writes alike: what it leaves
 * out is 404, or not in the list. `writes`: for what the request changes; a
 * document that can be read and not written is 403.
 *
 * Errors: what sac_fail() returned.
 */
typedef int sac_restrict(void *self, sac_req *req, bool writes, sac_bson *filter);

/** All but `name` is optional; 0 stands for the default. */
typedef struct sac_resource {
    size_t size;             /**< sizeof this struct: SAC_RESOURCE sets it. */
    size_t field_size;       /**< sizeof a row of `fields`: set likewise. */
    size_t decorator_size;   /**< sizeof a row of `decorators`: set likewise. */
    size_t index_size;       /**< sizeof a row of `indexes`: set likewise. */
    const char *name;        /**< Name of the view and, without `collection`, of the collection. */
    const char *collection;
    const sac_field *fields; /**< NULL: an open table without rows. */
    bool open;               /**< Undeclared fields are taken and shown. */
    sac_id_type id_type;
    const char *id_key;      /**< What clients call `_id`, as "id". */
    bool client_ids;         /**< A POST may carry an `_id` that the server would make. */
    unsigned methods;        /**< What is served, of list and item; 0: all but DELETE of the list. */
    bool bulk;               /**< POST of an array. */
    bool clear;              /**< DELETE of the whole list; with modify_many, PATCH of it. */
    bool remove_many;        /**< DELETE of the list by filter. */
    bool modify_many;        /**< PATCH of the list by filter. */
    bool upsert;             /**< PUT of an absent item makes it. */
    bool require_if_match;   /**< Writes to an item need If-Match (or `_rev`), else 428. */
    bool show_rev;           /**< Show the revision as `_rev`, and take it as a precondition. */
    const char *items_key;   /**< Lists are wrapped: {"<items_key>": […], "meta", "links"}. */
    int64_t max_list;        /**< Longest list without paging; 0: 10,000; SAC_NO_LIMIT. */
    int64_t per_page;        /**< When a page is asked for without its size; 0: 25. */
    int64_t max_per_page;    /**< 0: 1,000. */
    int64_t max_bulk;        /**< 0: 1,000. */
    int64_t max_offset;      /**< How many documents a page may pass over; 0: 10,000;
                                  SAC_NO_LIMIT. */
    int64_t max_affected;    /**< Documents that one PATCH or DELETE by filter may meet; 0: 1,000. */
    size_t max_sort;         /**< Bytes that a sort without an index may take; 0: 32 MiB. */
    bool indexed_only;       /**< A list that no index helps with is 400 `not_indexed`. */
    bool regex;              /**< Filters may use regular expressions. */
    bool dialects;           /**< `?json=relaxed` and `canonical` are taken on GET. */
    bool pageable;           /**< Lists in PageableCollection's shape: [{"total_entries", …}, […]]. */
    const char *const *update_operators; /**< PATCH as application/vnd.sacrum.update+json with
                                  these ("$inc", …); ends with NULL. */
    const sac_index *indexes; /**< Besides those of the fields; ends with {.keys = NULL}. */
    const char *const *ignore_params; /**< Query parameters to ignore; ends with NULL. */
    const sac_decorator *decorators;  /**< Around every operation; ends with {.fn = NULL}. */
    const sac_resource_ops *ops;      /**< Operations of your own; NULL: the library's. */
    void *self;              /**< For the slots of ops, and for restrict_to. */
    sac_access access;       /**< With `owner`, ANYONE stands for SIGNED_IN. */
    const char *owner;       /**< Field that holds the `_id` of the user whose document it is: set
                                  by the server, read-only, and each meets their own alone. With
                                  READ_ANYONE all read, the owner writes. */
    const char *const *owner_roles; /**< Roles for which the owner makes no difference; ends with
                                  NULL; or NULL. */
    const char *read_scope;  /**< Scope that a token must have to read; NULL: none. */
    const char *write_scope; /**< Likewise to write. */
    sac_restrict *restrict_to; /**< Conditions of your own, beside the owner's, or in their place:
                                  where it is given, `owner` is set at creation and the conditions
                                  are this one's. */
} sac_resource;
#define SAC_RESOURCE(...)                                                      \
    { .size = sizeof(sac_resource), .field_size = sizeof(sac_field),           \
      .decorator_size = sizeof(sac_decorator), .index_size = sizeof(sac_index), __VA_ARGS__ }

enum {
    SAC_NO_LIMIT = -1 /**< For sac_resource.max_list. */
};

/**
 * Serve a collection: the list at `path`, its items beneath it. Unknown paths
 * beneath the parent of `path` (or the group) are 404, never a page.
 *
 * Ownership: `resource` and all in it is borrowed and must outlive the app.
 * Errors: SAC_EINVAL naming the field or member that is wrong; SAC_EEXIST if
 * the path is taken; SAC_EVERSION; SAC_ENOMEM. On error nothing is mounted.
 * Threads: build phase.
 */
SAC_API int sac_app_resource(sac_app *app, const char *path, const sac_resource *resource,
                             sac_err *err) SAC_MUST_USE;

SAC_END

#endif
