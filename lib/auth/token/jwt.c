/* SPDX-License-Identifier: MIT */
#include "auth/token/jwt.h"

#include "core/alloc.h"
#include "core/base64url.h"
#include "core/table.h"
#include "json/decode.h"

/* RFC 7515 in its compact form, RFC 7519, and what RFC 8725 asks for. */

enum {
    LEEWAY = 30,
    MAX_LEEWAY = 86400,
    MAX_SIZE = 8192,
    SIZE_LIMIT = 1 << 20,
    MAX_KEYS = 32,
    MAX_DEPTH = 32,
    MAX_MEMBERS = 1000
};

/* A token as its parts, as they are sent. */
typedef struct compact {
    sac_str header, claims, signature;
    sac_str input; /* what is signed */
} compact;

static int refuse(sac_err *err, const char *why)
{
    return sac_err_set(err, SAC_EUNAUTHORIZED, "token: %s", why);
}

static int no_memory(sac_err *err)
{
    return sac_err_set(err, SAC_ENOMEM, "jwt: no memory");
}

static bool split(sac_str token, compact *out)
{
    const char *end = token.p + token.n;
    const char *first = memchr(token.p, '.', token.n);
    const char *second = first ? memchr(first + 1, '.', (size_t)(end - first - 1)) : NULL;

    if (!second || memchr(second + 1, '.', (size_t)(end - second - 1)))
        return false;
    out->header = sac_str_n(token.p, (size_t)(first - token.p));
    out->claims = sac_str_n(first + 1, (size_t)(second - first - 1));
    out->signature = sac_str_n(second + 1, (size_t)(end - second - 1));
    out->input = sac_str_n(token.p, (size_t)(second - token.p));
    return true;
}

/* A part that is JSON, as a document of `doc`, an initialised writer. */
static int read_part(sac_str part, char *scratch, sac_bson *doc, sac_str *out)
{
    /* Names with dots are common among claims. */
    const sac__json_decoding how = {.flags = SAC_JSON_KEY_RULES,
                                    .operators = true,
                                    .max_depth = MAX_DEPTH,
                                    .max_keys = MAX_MEMBERS};
    size_t n;
    int rc;

    if (!sac__base64url_parse(part, scratch, &n))
        return SAC_EUNAUTHORIZED;
    rc = sac__json_decode(&how, sac_str_n(scratch, n), doc, NULL);
    if (rc == SAC_OK)
        rc = sac_bson_finish(doc, out);
    return rc == SAC_OK || rc == SAC_ENOMEM ? rc : SAC_EUNAUTHORIZED;
}

static bool is_type(sac_str type)
{
    static const char *const types[] = {"JWT", "application/jwt", "at+jwt", "application/at+jwt"};

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (type.n == strlen(types[i]) && strncasecmp(type.p, types[i], type.n) == 0)
            return true;
    return false;
}

/* A member that is a string or absent; false when it is anything else. */
static bool get_text(sac_str doc, const char *name, sac_str *out)
{
    const sac_value value = sac_bson_get(doc, sac_str_of(name));

    *out = sac_str_of(NULL);
    return value.type == SAC_BSON_MISSING || sac_value_str(&value, out);
}

static int judge_header(sac_str header, sac_str *alg, sac_str *kid, sac_err *err)
{
    sac_str type;

    if (!get_text(header, "alg", alg) || !alg->p)
        return refuse(err, "it has no algorithm");
    if (!get_text(header, "kid", kid))
        return refuse(err, "the id of its key is no string");
    if (!get_text(header, "typ", &type) || (type.p && !is_type(type)))
        return refuse(err, "of another type");
    if (sac_bson_get(header, sac_str_of("crit")).type != SAC_BSON_MISSING)
        return refuse(err, "it has a critical extension");
    return SAC_OK;
}

/* The algorithm is the key's: what the token says may only agree. */
static int try_keys(const sac_jwt_verifier *v, const compact *parts, sac_str header,
                    sac_str signature, sac_err *err)
{
    sac_str alg, kid;
    bool tried = false;
    int rc = judge_header(header, &alg, &kid, err);

    if (rc != SAC_OK)
        return rc;
    for (size_t i = 0; i < v->n_keys; i++) {
        const sac__jwt_key *key = &v->keys[i];

        if (!sac__jwt_key_takes(key, alg) || (key->id.p && !(kid.p && sac_str_eq(kid, key->id))))
            continue;
        tried = true;
        rc = sac__jwt_key_verify(key, parts->input, signature);
        if (rc != SAC_EUNAUTHORIZED)
            return rc == SAC_OK ? rc : no_memory(err);
    }
    return refuse(err, tried ? "the signature is wrong" : "no key is for it");
}

static int check_signature(const sac_jwt_verifier *v, const compact *parts, char *scratch,
                           const sac_alloc *alloc, sac_err *err)
{
    sac_str header;
    sac_bson doc;
    size_t n;
    int rc;

    sac_bson_init(&doc, alloc, 0);
    rc = read_part(parts->header, scratch, &doc, &header);
    if (rc == SAC_ENOMEM)
        rc = no_memory(err);
    else if (rc != SAC_OK)
        rc = refuse(err, "its header is malformed");
    else if (!sac__base64url_parse(parts->signature, scratch, &n))
        rc = refuse(err, "its signature is malformed");
    else
        rc = try_keys(v, parts, header, sac_str_n(scratch, n), err);
    sac_bson_fini(&doc);
    return rc;
}

/* The claims, in memory of exactly their size. */
static int read_claims(const sac_jwt_verifier *v, const compact *parts, int64_t now, char *scratch,
                       sac_bson *doc, sac_str *out, sac_err *err)
{
    int rc = read_part(parts->claims, scratch, doc, out);
    char *p;

    if (rc == SAC_ENOMEM)
        return no_memory(err);
    if (rc != SAC_OK)
        return refuse(err, "its claims are malformed");
    rc = sac__jwt_judge(v, *out, now, err);
    if (rc != SAC_OK)
        return rc;
    p = sac__alloc_resize(doc->alloc, doc->p, doc->cap, out->n);
    if (!p)
        return no_memory(err);
    out->p = p;
    return SAC_OK;
}

int sac_jwt_verify(const sac_jwt_verifier *verifier, sac_str token, int64_t now, sac_str *claims,
                   const sac_alloc *alloc, sac_err *err)
{
    const size_t cap = token.n + 4;
    compact parts;
    sac_bson doc;
    sac_str out;
    char *scratch;
    int rc;

    if (token.n > verifier->max_size)
        return refuse(err, "too long");
    if (token.n == 0 || !split(token, &parts))
        return refuse(err, "not three parts");
    scratch = sac__alloc(alloc, cap);
    if (!scratch)
        return no_memory(err);
    sac_bson_init(&doc, alloc, 0);
    rc = check_signature(verifier, &parts, scratch, alloc, err);
    if (rc == SAC_OK)
        rc = read_claims(verifier, &parts, now, scratch, &doc, &out, err);
    sac__alloc_free(alloc, scratch, cap);
    if (rc == SAC_OK)
        *claims = out;
    else
        sac_bson_fini(&doc);
    return rc;
}

/* The config as this library knows it. */
static int read_config(const sac_jwt *given, sac_jwt *out, sac_err *err)
{
    memset(out, 0, sizeof *out);
    if (given->size > sizeof *out)
        return sac__table_newer("sac_jwt", given->size, sizeof *out, err);
    if (given->size < offsetof(sac_jwt, issuer) || given->key_size == 0)
        return sac_err_set(err, SAC_EINVAL, "jwt: not made with SAC_JWT");
    if (given->key_size > sizeof(sac_jwt_key))
        return sac__table_newer("sac_jwt_key", given->key_size, sizeof(sac_jwt_key), err);
    memcpy(out, given, given->size);
    if (!out->keys || !out->keys->algorithm)
        return sac_err_set(err, SAC_EINVAL, "jwt: keys: there are none");
    if (out->leeway > MAX_LEEWAY)
        return sac_err_set(err, SAC_EINVAL, "jwt: leeway: more than a day");
    if (out->max_size > SIZE_LIMIT)
        return sac_err_set(err, SAC_EINVAL, "jwt: max_size: more than 1 MiB");
    return SAC_OK;
}

static int copy_text(const char *text, const sac_alloc *alloc, sac_str *out, sac_err *err)
{
    const size_t n = text ? strlen(text) : 0;
    char *copy = text ? sac__alloc(alloc, n) : NULL;

    if (!text)
        return SAC_OK;
    if (!copy)
        return no_memory(err);
    memcpy(copy, text, n);
    *out = sac_str_n(copy, n);
    return SAC_OK;
}

static const sac_jwt_key *key_at(const sac_jwt *config, size_t i)
{
    return (const sac_jwt_key *)(const void *)((const char *)config->keys + i * config->key_size);
}

static int copy_keys(sac_jwt_verifier *v, const sac_jwt *config, sac_err *err)
{
    size_t n = 0;

    while (n <= MAX_KEYS && key_at(config, n)->algorithm)
        n++;
    if (n > MAX_KEYS)
        return sac_err_set(err, SAC_EINVAL, "jwt: keys: more than %d", MAX_KEYS);
    v->keys = sac__alloc_zero(v->alloc, n * sizeof *v->keys);
    if (!v->keys)
        return no_memory(err);
    for (v->n_keys = n; n > 0; n--) {
        sac_jwt_key key = {.algorithm = 0};
        int rc;

        memcpy(&key, key_at(config, n - 1), config->key_size);
        rc = sac__jwt_key_init(&v->keys[n - 1], &key, v->alloc, err);
        if (rc != SAC_OK)
            return rc;
    }
    return SAC_OK;
}

int sac_jwt_verifier_new(const sac_jwt *config, const sac_alloc *alloc, sac_jwt_verifier **out,
                         sac_err *err)
{
    sac_jwt known;
    sac_jwt_verifier *v;
    int rc = read_config(config, &known, err);

    if (rc != SAC_OK)
        return rc;
    v = sac__alloc_zero(alloc, sizeof *v);
    if (!v)
        return no_memory(err);
    v->alloc = alloc;
    v->leeway = (double)(known.leeway > 0 ? known.leeway : known.leeway < 0 ? 0 : LEEWAY);
    v->needs_no_expiry = known.needs_no_expiry;
    v->max_size = known.max_size ? known.max_size : MAX_SIZE;
    rc = copy_keys(v, &known, err);
    if (rc == SAC_OK)
        rc = copy_text(known.issuer, alloc, &v->issuer, err);
    if (rc == SAC_OK)
        rc = copy_text(known.audience, alloc, &v->audience, err);
    if (rc == SAC_OK)
        *out = v;
    else
        sac_jwt_verifier_free(v);
    return rc;
}

void sac_jwt_verifier_free(sac_jwt_verifier *verifier)
{
    if (!verifier)
        return;
    for (size_t i = 0; i < verifier->n_keys; i++)
        sac__jwt_key_fini(&verifier->keys[i], verifier->alloc);
    sac__alloc_free(verifier->alloc, verifier->keys, verifier->n_keys * sizeof *verifier->keys);
    sac__alloc_free(verifier->alloc, (char *)(uintptr_t)verifier->issuer.p, verifier->issuer.n);
    sac__alloc_free(verifier->alloc, (char *)(uintptr_t)verifier->audience.p, verifier->audience.n);
    sac__alloc_free(verifier->alloc, verifier, sizeof *verifier);
}
