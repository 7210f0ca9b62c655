/* SPDX-License-Identifier: MIT */
#include <sacrum/csrf.h>

#include "app/app.h"
#include "app/req.h"
#include "http/token.h"

enum { FIELDS = 5 };

typedef struct secure_headers {
    sac_header v[FIELDS];
    size_t n;
    sac_str hsts; /* p NULL: not sent */
} secure_headers;

static const char default_policy[] = "default-src 'self'; object-src 'none'; base-uri 'self'; "
                                     "frame-ancestors 'self'; form-action 'self'";

static int set_missing(sac_req *req, sac_str name, sac_str value)
{
    sac__headers *headers = sac__req_reply_headers(req);

    for (size_t i = 0; i < headers->n; i++)
        if (sac__token_same(headers->v[i].name, name))
            return SAC_OK;
    return sac__headers_set_static(headers, name, value);
}

/* Browsers take no notice of Strict-Transport-Security that came without TLS (RFC 6797 §8.1). */
static bool is_secure(const sac_req *req)
{
    const char *origin = sac__app_config(sac_req_app(req))->origin;

    return sac__req_head(req)->secure || (origin && strncmp(origin, "https:", 6) == 0);
}

static int add_headers(void *self, sac_req *req)
{
    const secure_headers *s = self;
    int rc = SAC_OK;

    for (size_t i = 0; i < s->n && rc == SAC_OK; i++)
        rc = set_missing(req, s->v[i].name, s->v[i].value);
    if (rc == SAC_OK && s->hsts.p && is_secure(req))
        rc = set_missing(req, sac_str_of("Strict-Transport-Security"), s->hsts);
    return rc;
}

static int no_memory(sac_err *err)
{
    return sac_err_set(err, SAC_ENOMEM, "secure headers: no memory");
}

static int add_field(sac_app *app, secure_headers *s, const char *name, const char *value,
                     sac_err *err)
{
    enum { MAX_VALUE = 8192 };
    const sac_str text = sac_str_of(value);
    const sac_str copy = sac__app_dup(app, value);

    if (text.n == 0)
        return SAC_OK;
    if (!sac__token_text(text, ' ') || sac__token_trim(text).n != text.n || text.n > MAX_VALUE)
        return sac_err_set(err, SAC_EINVAL, "secure headers: what stands for %s is no value", name);
    if (!copy.p)
        return no_memory(err);
    s->v[s->n++] = (sac_header){sac_str_of(name), copy};
    return SAC_OK;
}

static int add_hsts(sac_app *app, secure_headers *s, const sac_secure_headers *config, sac_err *err)
{
    char text[80];
    sac__buf out;

    if (config->hsts < 0)
        return sac_err_set(err, SAC_EINVAL, "secure headers: hsts is below 0");
    if (config->hsts == 0)
        return SAC_OK;
    sac__buf_init_fixed(&out, text, sizeof text);
    sac__buf_printf(&out, "max-age=%lld%s", (long long)config->hsts,
                    config->hsts_subdomains ? "; includeSubDomains" : "");
    sac__buf_add_char(&out, '\0');
    s->hsts = sac__app_dup(app, text);
    return s->hsts.p ? SAC_OK : no_memory(err);
}

static int add_all(sac_app *app, secure_headers *s, const sac_secure_headers *config, sac_err *err)
{
    const struct {
        const char *name, *value, *fallback;
    } fields[FIELDS] = {
        {"Content-Security-Policy", config->content_security_policy, default_policy},
        {"Referrer-Policy", config->referrer_policy, "strict-origin-when-cross-origin"},
        {"X-Frame-Options", config->frame_options, "SAMEORIGIN"},
        {"Cross-Origin-Opener-Policy", config->opener_policy, "same-origin"},
        {"Permissions-Policy", config->permissions_policy, ""},
    };
    int rc = SAC_OK;

    for (size_t i = 0; i < FIELDS && rc == SAC_OK; i++)
        rc = add_field(app, s, fields[i].name,
                       fields[i].value ? fields[i].value : fields[i].fallback, err);
    return rc == SAC_OK ? add_hsts(app, s, config, err) : rc;
}

int sac_app_secure_headers(sac_app *app, const sac_secure_headers *config, sac_err *err)
{
    sac_secure_headers known = {.size = 0};
    secure_headers *s;
    int rc = sac__app_building(app, "secure headers", err);

    if (rc == SAC_OK && config)
        rc = sac__app_check_size(config->size, sizeof known, "sac_secure_headers", err);
    if (rc != SAC_OK)
        return rc;
    if (config)
        memcpy(&known, config, config->size);
    s = sac__app_get(app, sizeof *s);
    if (!s)
        return no_memory(err);
    rc = add_all(app, s, &known, err);
    if (rc == SAC_OK)
        sac__app_at_answer(app, add_headers, s);
    return rc;
}
