/* SPDX-License-Identifier: MIT */
#ifndef RESOURCE_RESOURCE_H
#define RESOURCE_RESOURCE_H

#include <sacrum/resource.h>

#include "app/app.h"
#include "app/declared.h"
#include "app/req.h"
#include "core/hash.h"
#include "schema/schema.h"

enum { SAC__DIALECTS = 3 };

/* What clients can ask for, each with a slot in sac_resource_ops. */
typedef enum sac__op {
    SAC__OP_LIST,
    SAC__OP_READ,
    SAC__OP_CREATE,
    SAC__OP_REPLACE,
    SAC__OP_MODIFY,
    SAC__OP_REMOVE,
    SAC__OP_CLEAR,
    SAC__OP_MODIFY_MANY,
    SAC__OPS
} sac__op;

typedef struct sac__frame sac__frame;

typedef struct sac__resource {
    sac_resource def; /* the host program's, defaults filled in */
    sac_str path;     /* of the list, percent-encoded, without the host's prefix */
    const char *id_key;
    sac__schema *schema;
    sac__schema_limits limits;
    sac_view_ops list_view, item_view;
    const sac__frame *frames[SAC__OPS]; /* the program's slots, outermost first; NULL: none */
    bool waits[SAC__OPS];               /* one of them may wait */
    bool guarded;                       /* it matters to some request who makes it */
    bool personal;                      /* and to every GET: what is answered is theirs alone */
    const sac__declared *indexes;
    sac_oid_source oids;
    bool shows_url;
    sac_value from, to; /* where ids of the resource's type lie */
    /* From here on set when the app is sealed. */
    sac_store *store;
    const sac__hash_key *tag_key;
    uint64_t variants[SAC__DIALECTS];
    bool has_cursors;
    uint8_t cursor_key[32];
    sac__hash_key nonce_key;
} sac__resource;

/* Whether a stored `_id` is one of the resource's: documents with others are not part of it. */
bool sac__resource_owns(const sac__resource *resource, const sac_value *id);

/* Whether a client may see what a dotted path of its leads to; what it says of arrays holds for
 * their elements. */
bool sac__resource_shows(const sac__resource *resource, sac_str path);

/* Reads the program's tables into `frames` and `waits`: SAC_EVERSION, SAC_EINVAL, SAC_ENOMEM. */
int sac__ops_read(sac_app *app, sac__resource *resource, sac_err *err) SAC_MUST_USE;
/* Runs the program's slot or the library's operation. */
int sac__ops_run(sac__resource *resource, sac__op op, sac_req *req);

/* The library's operations; `self` is the sac__resource. */
sac_handler sac__resource_list;
sac_handler sac__resource_read;
sac_handler sac__resource_create;
sac_handler sac__resource_replace;
sac_handler sac__resource_modify;
sac_handler sac__resource_remove;
sac_handler sac__resource_clear;
sac_handler sac__resource_modify_many;

#endif
