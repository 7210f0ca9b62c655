/* SPDX-License-Identifier: MIT */
#include "page/template/page.h"

#include <sacrum/csrf.h>
#include <sacrum/session.h>

#include "app/identity/identity.h"
#include "app/req.h"
#include "http/url.h"

static const sac_value missing = {.type = SAC_BSON_MISSING};

static int finish(sac_bson *doc, sac_value *out)
{
    sac_str bytes;
    const int rc = sac_bson_finish(doc, &bytes);

    if (rc == SAC_OK)
        *out = (sac_value){SAC_BSON_DOCUMENT, bytes};
    return rc;
}

/* Their document, with what they are known by. */
static int get_user(sac__page *page, sac_value *out)
{
    const sac_identity *identity = NULL;
    sac_bson_iter iter;
    sac_bson doc;
    int rc = sac__req_identify(page->req, &identity);

    page->personal = true;
    page->failed = rc != SAC_OK;
    if (rc != SAC_OK || !identity)
        return rc;
    sac_bson_init(&doc, sac_req_allocator(page->req), 0);
    sac_bson_add_value(&doc, sac_str_of("id"), identity->id);
    if (identity->name.p && !sac_bson_get(identity->user, sac_str_of("name")).type)
        sac_bson_add_str(&doc, "name", identity->name);
    if (identity->user.n == 0)
        return finish(&doc, out);
    rc = sac_bson_iter_init(&iter, identity->user);
    while (rc == SAC_OK && (rc = sac_bson_iter_next(&iter)) == 1) {
        if (!sac_str_is(iter.key, "id"))
            sac_bson_add_value(&doc, iter.key, iter.value);
        rc = SAC_OK;
    }
    return rc == SAC_OK ? finish(&doc, out) : rc;
}

/* Without what is the library's own: the token's secret would be of use to who reads the page. */
static int get_session(sac__page *page, sac_value *out)
{
    const sac_str all = sac_session_doc(page->req);
    sac_bson_iter iter;
    sac_bson doc;
    int rc;

    page->personal = true;
    if (all.n == 0)
        return SAC_OK;
    sac_bson_init(&doc, sac_req_allocator(page->req), 0);
    rc = sac_bson_iter_init(&iter, all);
    while (rc == SAC_OK && (rc = sac_bson_iter_next(&iter)) == 1) {
        if (iter.key.n == 0 || *iter.key.p != '_')
            sac_bson_add_value(&doc, iter.key, iter.value);
        rc = SAC_OK;
    }
    return rc == SAC_OK ? finish(&doc, out) : rc;
}

static int get_flashes(sac__page *page, sac_value *out)
{
    const sac_str all = sac_flashes(page->req);

    page->personal = true;
    if (all.n > 0)
        *out = (sac_value){SAC_BSON_ARRAY, all};
    return SAC_OK;
}

static int get_token(sac__page *page, sac_value *out)
{
    const sac_str token = sac_csrf_token(page->req);

    page->personal = page->token = true;
    if (!token.p)
        return SAC_OK;
    *out = sac_req_str_value(page->req, token);
    return out->type ? SAC_OK : SAC_ENOMEM;
}

static int get_request(sac__page *page, sac_value *out)
{
    const sac_str origin = sac_req_origin(page->req);
    sac_bson doc;

    sac_bson_init(&doc, sac_req_allocator(page->req), 0);
    sac_bson_add_str(&doc, "path", sac_req_path(page->req));
    sac_bson_add_str(&doc, "method", sac__req_head(page->req)->method);
    if (origin.p)
        sac_bson_add_str(&doc, "origin", origin);
    return finish(&doc, out);
}

static const struct {
    const char *name;
    int (*get)(sac__page *page, sac_value *out);
} names[SAC__PAGE_NAMES] = {{"user", get_user},
                            {"session", get_session},
                            {"flashes", get_flashes},
                            {"csrf_token", get_token},
                            {"request", get_request}};

int sac__page_name(void *self, sac_str key, sac_value *out)
{
    sac__page *page = self;
    int rc = SAC_OK;
    size_t i = 0;

    while (i < SAC__PAGE_NAMES && !sac_str_is(key, names[i].name))
        i++;
    if (i == SAC__PAGE_NAMES)
        return SAC_OK;
    if (!page->known[i]) {
        page->values[i] = missing;
        rc = names[i].get(page, &page->values[i]);
    }
    page->known[i] = rc == SAC_OK;
    if (rc == SAC_OK)
        *out = page->values[i];
    return rc;
}

/* The next of the words. */
static bool next_word(sac_str *rest, sac_str *word)
{
    static const char blanks[] = " \t\r\n\v\f";
    size_t n = 0;

    while (rest->n > 0 && memchr(blanks, *rest->p, sizeof blanks - 1))
        *rest = sac_str_n(rest->p + 1, rest->n - 1);
    while (n < rest->n && !memchr(blanks, rest->p[n], sizeof blanks - 1))
        n++;
    *word = sac_str_n(rest->p, n);
    *rest = sac_str_n(rest->p + n, rest->n - n);
    return n > 0;
}

/* What a percent-encoded piece of a word stands for. */
static int decode(sac__page *page, sac_str piece, const char **out)
{
    sac__arena *arena = sac__req_arena(page->req);
    sac_str plain;
    int rc = sac__url_decode(arena, piece, false, &plain);

    if (rc != SAC_OK)
        return rc;
    *out = sac__arena_dup(arena, plain).p;
    return *out ? SAC_OK : SAC_ENOMEM;
}

enum { MAX_WORDS = 32 }; /* of names and values */

/* Of `name=value`; the pairs end with NULL, however many there are. */
static int read_pairs(sac__page *page, sac_str rest, const char *pairs[MAX_WORDS], sac_err *err)
{
    size_t n = 0;
    sac_str word;

    while (next_word(&rest, &word)) {
        const char *sign = memchr(word.p, '=', word.n);
        const size_t before = sign ? (size_t)(sign - word.p) : 0;
        int rc;

        if (before == 0 || n == MAX_WORDS)
            return sac_err_set(err, SAC_EINVAL, "url_for: %s",
                               before ? "more than 16 parameters" : "it is a view and name=value");
        rc = decode(page, sac_str_n(word.p, before), &pairs[n]);
        if (rc == SAC_OK)
            rc = decode(page, sac_str_n(sign + 1, word.n - before - 1), &pairs[n + 1]);
        if (rc != SAC_OK)
            return sac_err_set(err, rc, "url_for: a value that no path can hold");
        n += 2;
    }
    return SAC_OK;
}

int sac__page_url(void *self, sac_str words, sac__buf *out, sac_err *err)
{
    sac__page *page = self;
    const char *view, *p[MAX_WORDS] = {NULL};
    sac_str word, url;
    int rc;

    if (!next_word(&words, &word))
        return sac_err_set(err, SAC_EINVAL, "url_for: it names no view");
    rc = decode(page, word, &view);
    if (rc != SAC_OK)
        return sac_err_set(err, rc, "url_for: a view that there is not");
    rc = read_pairs(page, words, p, err);
    if (rc != SAC_OK)
        return rc;
    /* It stops at the first that is NULL. */
    url = sac_req_url_for(page->req, view, p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8],
                          p[9], p[10], p[11], p[12], p[13], p[14], p[15], p[16], p[17], p[18],
                          p[19], p[20], p[21], p[22], p[23], p[24], p[25], p[26], p[27], p[28],
                          p[29], p[30], p[31], (char *)NULL);
    if (!url.p)
        return sac_err_set(err, SAC_EINVAL, "url_for: no view \"%s\" has a path for these values",
                           view);
    sac__buf_add_str(out, url);
    return out->error;
}
