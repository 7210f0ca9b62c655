/* SPDX-License-Identifier: MIT */
#include "app/data/data.h"

#include <sacrum/json.h>

int sac_req_update(sac_req *req, const char *collection, sac_value id, const char *update)
{
    const sac_json_options options = SAC_JSON_OPTIONS(.dialect = SAC_JSON_RELAXED);
    sac_err err = {.code = 0};
    sac_store *store = NULL;
    sac_str bytes;
    int rc = sac__data_begin_write(req, "sac_req_update", &store);

    if (rc != SAC_OK)
        return rc;
    rc = sac_json_decode(sac_str_of(update), &options, sac__arena_alloc(req->arena), &bytes, &err);
    if (rc == SAC_OK)
        rc = sac_store_update(store, collection, id, bytes, &err);
    return sac__data_end_write(req, collection, rc, &err);
}

int sac_req_update_many(sac_req *req, const sac_query *query, sac_str update,
                        sac_affected *affected)
{
    sac_err err = {.code = 0};
    sac_store *store = NULL;
    sac_query whole;
    int rc = sac__data_begin_write(req, "sac_req_update_many", &store);

    if (rc == SAC_OK)
        rc = sac__data_query(req, query, &whole);
    if (rc != SAC_OK)
        return rc;
    rc = sac_store_update_many(store, &whole, update, affected, &err);
    return sac__data_end_write(req, whole.collection, rc, &err);
}

int sac_req_remove_many(sac_req *req, const sac_query *query, sac_affected *affected)
{
    sac_err err = {.code = 0};
    sac_store *store = NULL;
    sac_query whole;
    int rc = sac__data_begin_write(req, "sac_req_remove_many", &store);

    if (rc == SAC_OK)
        rc = sac__data_query(req, query, &whole);
    if (rc != SAC_OK)
        return rc;
    rc = sac_store_remove_many(store, &whole, affected, &err);
    return sac__data_end_write(req, whole.collection, rc, &err);
}
