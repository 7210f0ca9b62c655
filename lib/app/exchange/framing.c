/* SPDX-License-Identifier: MIT */
#include "app/exchange/exchange.h"

#include "http/token.h"

/* Tabs are legal, and so rare that they may cost a second look. */
static bool is_value(sac_str value)
{
    if (sac__token_text(value, ' '))
        return true;
    for (size_t i = 0; i < value.n; i++) {
        const unsigned char c = (unsigned char)value.p[i];

        if ((c < ' ' && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

/* What the app itself looks at, found in one pass. */
typedef struct fields {
    size_t n_hosts, n_lengths, n_codings;
    sac_str length, coding;
    bool bad;
} fields;

static void read_field(sac_req *req, const sac_header *header, fields *found, sac_str *encoding)
{
    found->bad = found->bad || !sac__token_valid(header->name) || !is_value(header->value);
    switch (header->name.n) {
    case 4:
        if (sac__header_is(header->name, "host")) {
            found->n_hosts++;
            req->host = header->value;
        }
        break;
    case 14:
        if (sac__header_is(header->name, "content-length")) {
            found->n_lengths++;
            found->length = header->value;
        }
        break;
    case 16:
        if (sac__header_is(header->name, "content-encoding"))
            *encoding = header->value;
        break;
    case 17:
        if (sac__header_is(header->name, "transfer-encoding")) {
            found->n_codings++;
            found->coding = header->value;
        }
        break;
    default: break;
    }
}

static bool read_length(sac_str text, int64_t *length)
{
    int64_t n = 0;

    for (size_t i = 0; i < text.n; i++) {
        const char digit = text.p[i];

        if (digit < '0' || digit > '9' || n > (INT64_MAX - 9) / 10)
            return false;
        n = n * 10 + (digit - '0');
    }
    *length = n;
    return text.n > 0;
}

/*
 * The body's framing, read anew (RFC 9112 §6.3): parsers of servers take the
 * first of two lengths and forgive a length beside a transfer coding, which is
 * how requests are smuggled past a proxy that reads them otherwise.
 */
static bool is_framed(const sac_head *head, const fields *found)
{
    int64_t length;

    if (found->n_lengths + found->n_codings > 1)
        return false;
    if (found->n_codings)
        return head->version != 10 && head->length == -1 &&
               sac__token_same(found->coding, sac_str_of("chunked"));
    if (found->n_lengths)
        return read_length(found->length, &length) && length == head->length;
    return head->version == 0 || head->length == 0;
}

const char *sac__framing_read(sac_req *req, sac_str *encoding)
{
    const unsigned version = req->head.version;
    fields found = {.bad = false};

    *encoding = sac_str_n(NULL, 0);
    for (size_t i = 0; i < req->head.n_headers; i++)
        read_field(req, &req->head.headers[i], &found, encoding);
    if (found.bad || !is_framed(&req->head, &found))
        return "bad_request";
    if (found.n_hosts > 1 || (found.n_hosts == 0 && version != 0 && version != 10))
        return "bad_host";
    return NULL;
}
