/* SPDX-License-Identifier: MIT */
#include <sacrum/form.h>

#include <math.h>
#include <stdio.h>

#include "app/exchange/exchange.h"
#include "json/decode.h"
#include "json/number/numeral.h"
#include "schema/fields.h"

static const char a_date[] = "a date like 2026-01-31 or 2026-01-31T12:00:00Z";
static const char an_oid[] = "an ObjectId of 24 hex digits";

/* One text that came with a request. */
typedef struct text {
    sac_req *req;
    const char *name;
    bool form;     /* of a form, else of the query */
    sac_str value; /* p NULL: a query parameter without `=` */
} text;

static int fetch_field(text *t)
{
    const int rc = sac_req_read_form(t->req);

    if (rc != SAC_OK)
        return rc;
    t->value = sac_req_form(t->req, t->name);
    return t->value.n > 0;
}

/* 1 there is one, 0 there is none, or an error whose problem is set. */
static int fetch(text *t)
{
    const sac__params *params;
    const sac__param *param;
    int rc;

    if (t->form)
        return fetch_field(t);
    rc = sac__req_params(t->req, &params);
    if (rc != SAC_OK)
        return rc;
    param = sac__params_get(params, t->name);
    if (!param)
        return 0;
    t->value = param->value;
    return 1;
}

static int refuse(const text *t, const char *want)
{
    return t->form ? sac_fail_field(t->req, t->name, "must be %s", want)
                   : sac_problem(t->req, "bad_parameter", "%s is not %s", t->name, want);
}

static int refuse_absent(const text *t)
{
    return t->form ? sac_fail_field(t->req, t->name, "required")
                   : sac_problem(t->req, "bad_parameter", "%s is missing", t->name);
}

static int get_int(text *t, int64_t min, int64_t max, int64_t fallback, int64_t *out)
{
    const int rc = fetch(t);
    int64_t value = fallback;
    char want[80];

    if (rc < 0)
        return rc;
    if (rc == 1 && (!sac__json_parse_int(t->value, &value) || value < min || value > max)) {
        snprintf(want, sizeof want, "an integer from %lld to %lld", (long long)min, (long long)max);
        return refuse(t, want);
    }
    *out = value;
    return SAC_OK;
}

static bool parse_double(sac_str s, double *out)
{
    const char *end = s.p + s.n;
    sac__numeral numeral;

    return s.n > 0 && sac__numeral_scan(s.p, end, &numeral) == end &&
           sac__numeral_double(&numeral, out);
}

static int refuse_double(const text *t, double min, double max)
{
    char low[SAC__NUMERAL_MAX + 1] = "", high[SAC__NUMERAL_MAX + 1] = "", want[120];

    if (isfinite(min))
        *sac__numeral_print_double(low, min, false) = '\0';
    if (isfinite(max))
        *sac__numeral_print_double(high, max, false) = '\0';
    if (*low && *high)
        snprintf(want, sizeof want, "a number from %s to %s", low, high);
    else
        snprintf(want, sizeof want, "a number%s%s%s", *low || *high ? " of " : "",
                 *low ? low : high, *low ? " or more" : (*high ? " or less" : ""));
    return refuse(t, want);
}

static int get_double(text *t, double min, double max, double fallback, double *out)
{
    const int rc = fetch(t);
    double value = fallback;

    if (rc < 0)
        return rc;
    if (rc == 1 && (!parse_double(t->value, &value) || value < min || value > max))
        return refuse_double(t, min, max);
    *out = value;
    return SAC_OK;
}

static int get_date(text *t, int64_t fallback, int64_t *ms)
{
    const int rc = fetch(t);
    int64_t value = fallback;

    if (rc < 0)
        return rc;
    if (rc == 1 && !sac__json_parse_date(t->value, &value))
        return refuse(t, a_date);
    *ms = value;
    return SAC_OK;
}

static int get_oid(text *t, sac_oid *out)
{
    const int rc = fetch(t);

    if (rc < 0)
        return rc;
    if (rc == 0)
        return refuse_absent(t);
    return sac_oid_parse(t->value, false, out) ? SAC_OK : refuse(t, an_oid);
}

bool sac_req_param_int(const sac_req *req, const char *name, int64_t *out)
{
    return sac__json_parse_int(sac_req_param(req, name), out);
}

bool sac_req_param_oid(const sac_req *req, const char *name, sac_oid *out)
{
    return sac_oid_parse(sac_req_param(req, name), false, out);
}

bool sac_req_param_uuid(const sac_req *req, const char *name, uint8_t out[16])
{
    return sac__json_parse_uuid(sac_req_param(req, name), out);
}

int sac_req_query_int(sac_req *req, const char *name, int64_t min, int64_t max, int64_t fallback,
                      int64_t *out)
{
    text t = {.req = req, .name = name};

    return get_int(&t, min, max, fallback, out);
}

int sac_req_query_double(sac_req *req, const char *name, double min, double max, double fallback,
                         double *out)
{
    text t = {.req = req, .name = name};

    return get_double(&t, min, max, fallback, out);
}

int sac_req_query_bool(sac_req *req, const char *name, bool fallback, bool *out)
{
    text t = {.req = req, .name = name};
    const int rc = fetch(&t);

    if (rc < 0)
        return rc;
    if (rc == 0)
        *out = fallback;
    else if (!t.value.p || sac_str_is(t.value, "true") || sac_str_is(t.value, "1"))
        *out = true;
    else if (sac_str_is(t.value, "false") || sac_str_is(t.value, "0"))
        *out = false;
    else
        return refuse(&t, "true, 1, false or 0");
    return SAC_OK;
}

int sac_req_query_date(sac_req *req, const char *name, int64_t fallback, int64_t *ms)
{
    text t = {.req = req, .name = name};

    return get_date(&t, fallback, ms);
}

int sac_req_query_oid(sac_req *req, const char *name, sac_oid *out)
{
    text t = {.req = req, .name = name};

    return get_oid(&t, out);
}

int sac_req_form_int(sac_req *req, const char *name, int64_t min, int64_t max, int64_t fallback,
                     int64_t *out)
{
    text t = {.req = req, .name = name, .form = true};

    return get_int(&t, min, max, fallback, out);
}

int sac_req_form_double(sac_req *req, const char *name, double min, double max, double fallback,
                        double *out)
{
    text t = {.req = req, .name = name, .form = true};

    return get_double(&t, min, max, fallback, out);
}

int sac_req_form_bool(sac_req *req, const char *name, bool *out)
{
    text t = {.req = req, .name = name, .form = true};
    const int rc = fetch(&t);
    bool value = false;

    if (rc < 0)
        return rc;
    if (rc == 1 && !sac__fields_bool(t.value, &value))
        return refuse(&t, "true, on, 1, false, off or 0");
    *out = value;
    return SAC_OK;
}

int sac_req_form_date(sac_req *req, const char *name, int64_t fallback, int64_t *ms)
{
    text t = {.req = req, .name = name, .form = true};

    return get_date(&t, fallback, ms);
}

int sac_req_form_oid(sac_req *req, const char *name, sac_oid *out)
{
    text t = {.req = req, .name = name, .form = true};

    return get_oid(&t, out);
}
