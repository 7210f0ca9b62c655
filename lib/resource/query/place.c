/* SPDX-License-Identifier: MIT */
#include "resource/query/place.h"

void sac__place_keep_id(sac__place *place, const sac_value *id, const sac__order *order)
{
    const size_t n = id->raw.n < sizeof place->id_raw ? id->raw.n : sizeof place->id_raw;

    memcpy(place->id_raw, id->raw.p, n);
    place->id = (sac_value){id->type, {place->id_raw, n}};
    place->keys = sac_str_n(NULL, 0);
    place->told = order->sort.n == 0;
}

int sac__place_keep(sac__place *place, sac_str doc, const sac__order *order, sac__arena *arena)
{
    const sac_value id = sac_bson_get(doc, sac_str_n("_id", 3));
    sac_bson keys;
    sac_str raw;
    int rc;

    sac__place_keep_id(place, &id, order);
    if (order->sort.n == 0 || !order->keyset)
        return SAC_OK;
    if (!place->keys_raw)
        place->keys_raw = sac__arena_bytes(arena, SAC__PLACE_KEYS);
    if (!place->keys_raw)
        return SAC_ENOMEM;
    sac_bson_init(&keys, sac__arena_alloc(arena), 0);
    rc = sac_sort_keys(order->sort, doc, &keys, NULL);
    if (rc == SAC_OK)
        rc = sac_bson_finish(&keys, &raw);
    place->told = rc == SAC_OK && raw.n <= SAC__PLACE_KEYS;
    if (place->told) {
        memcpy(place->keys_raw, raw.p, raw.n);
        place->keys = sac_str_n(place->keys_raw, raw.n);
    }
    sac_bson_fini(&keys);
    return rc;
}

int sac__place_compare(const sac__place *a, const sac__place *b, const sac__order *order)
{
    bool descending = order->descending;
    sac_bson_iter x, y, way;

    if (order->sort.n > 0 && sac_bson_iter_init(&x, a->keys) == SAC_OK &&
        sac_bson_iter_init(&y, b->keys) == SAC_OK &&
        sac_bson_iter_init(&way, order->sort) == SAC_OK)
        while (sac_bson_iter_next(&way) == 1) {
            int64_t sign = 1;
            int rc = 0;

            (void)sac_value_int(&way.value, &sign);
            descending = sign < 0;
            if (sac_str_is(way.key, "_id"))
                break;
            if (sac_bson_iter_next(&x) == 1 && sac_bson_iter_next(&y) == 1)
                rc = sac_value_compare(&x.value, &y.value);
            if (rc != 0)
                return descending ? -rc : rc;
        }
    return sac_value_compare(&a->id, &b->id) * (descending ? -1 : 1);
}
