/* SPDX-License-Identifier: MIT */
#include "auth/token/jwt.h"

#include <math.h>

#include "core/alloc.h"

/* RFC 7519 §4.1, and RFC 8725 §3.8 to §3.10. */

static int refuse(sac_err *err, const char *why)
{
    return sac_err_set(err, SAC_EUNAUTHORIZED, "token: %s", why);
}

/* A NumericDate: 1 and seconds since 1970, maybe with a fraction; 0: there is none; -1: no number. */
static int read_time(sac_str claims, const char *name, double *out)
{
    const sac_value value = sac_bson_get(claims, sac_str_of(name));

    if (value.type == SAC_BSON_MISSING)
        return 0;
    return sac_value_double(&value, out) && isfinite(*out) ? 1 : -1;
}

static int judge_times(const sac_jwt_verifier *v, sac_str claims, double now, sac_err *err)
{
    double exp = 0, nbf = 0, iat = 0;
    const int has_exp = read_time(claims, "exp", &exp);
    const int has_nbf = read_time(claims, "nbf", &nbf);
    const int has_iat = read_time(claims, "iat", &iat);

    if (has_exp < 0 || has_nbf < 0 || has_iat < 0)
        return refuse(err, "a time that is no number");
    if (!has_exp && !v->needs_no_expiry)
        return refuse(err, "it never expires");
    if (has_exp && now >= exp + v->leeway)
        return refuse(err, "expired");
    if (has_nbf && now + v->leeway < nbf)
        return refuse(err, "not valid yet");
    if (has_iat && now + v->leeway < iat)
        return refuse(err, "made in the future");
    return SAC_OK;
}

static bool is_text(sac_value value, sac_str text)
{
    sac_str s;

    return sac_value_str(&value, &s) && sac_str_eq(s, text);
}

/* 1: among them; 0: not; -1: something in it is no string. */
static int is_among(sac_str array, sac_str text)
{
    sac_bson_iter iter;
    int found = 0;

    if (sac_bson_iter_init(&iter, array) != SAC_OK)
        return -1;
    while (sac_bson_iter_next(&iter) == 1) {
        if (iter.value.type != SAC_BSON_STRING)
            return -1;
        if (is_text(iter.value, text))
            found = 1;
    }
    return found;
}

static bool is_for(sac_value aud, sac_str audience)
{
    sac_str array;

    if (aud.type == SAC_BSON_ARRAY && sac_value_doc(&aud, &array))
        return is_among(array, audience) == 1;
    return is_text(aud, audience);
}

int sac__jwt_judge(const sac_jwt_verifier *verifier, sac_str claims, int64_t now, sac_err *err)
{
    const sac_value iss = sac_bson_get(claims, sac_str_of("iss"));
    const sac_value aud = sac_bson_get(claims, sac_str_of("aud"));
    const sac_value sub = sac_bson_get(claims, sac_str_of("sub"));
    const int rc = judge_times(verifier, claims, (double)now, err);

    if (rc != SAC_OK)
        return rc;
    if (verifier->issuer.p && !is_text(iss, verifier->issuer))
        return refuse(err, "of another issuer");
    if (!verifier->audience.p && aud.type != SAC_BSON_MISSING)
        return refuse(err, "it names an audience, and none is set");
    if (verifier->audience.p && !is_for(aud, verifier->audience))
        return refuse(err, "for another audience");
    if (sub.type != SAC_BSON_MISSING && sub.type != SAC_BSON_STRING)
        return refuse(err, "its subject is no string");
    return SAC_OK;
}

/* Counts, and keeps where there is a place for it. */
static int take_words(sac_str text, sac_str *words, size_t *n)
{
    const char *p = text.p, *end = text.p + text.n;

    for (*n = 0; p < end;) {
        const char *blank = memchr(p, ' ', (size_t)(end - p));
        const char *stop = blank ? blank : end;

        if (stop > p) {
            if (words)
                words[*n] = sac_str_n(p, (size_t)(stop - p));
            ++*n;
        }
        p = blank ? blank + 1 : end;
    }
    return SAC_OK;
}

static int take_elements(sac_str array, sac_str *words, size_t *n)
{
    sac_bson_iter iter;

    if (sac_bson_iter_init(&iter, array) != SAC_OK)
        return SAC_EUNAUTHORIZED;
    for (*n = 0; sac_bson_iter_next(&iter) == 1; ++*n) {
        sac_str word;

        if (!sac_value_str(&iter.value, &word))
            return SAC_EUNAUTHORIZED;
        if (words)
            words[*n] = word;
    }
    return SAC_OK;
}

int sac__jwt_words(sac_str claims, const char *name, const sac_alloc *alloc, const sac_str **words,
                   size_t *n)
{
    int (*take)(sac_str from, sac_str * words, size_t * n) = take_words;
    sac_value value = sac_bson_get(claims, sac_str_of(name));
    sac_str from;
    sac_str *list;
    int rc;

    if (value.type == SAC_BSON_MISSING)
        value = sac_bson_path(claims, sac_str_of(name));
    if (value.type == SAC_BSON_MISSING)
        return SAC_ENOTFOUND;
    if (value.type == SAC_BSON_ARRAY && sac_value_doc(&value, &from))
        take = take_elements;
    else if (!sac_value_str(&value, &from))
        return SAC_EUNAUTHORIZED;
    rc = take(from, NULL, n);
    if (rc != SAC_OK)
        return rc;
    list = sac__alloc(alloc, *n * sizeof *list);
    if (!list)
        return SAC_ENOMEM;
    *words = list;
    return take(from, list, n);
}
