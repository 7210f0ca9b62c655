/* SPDX-License-Identifier: MIT */
#include "app/exchange/exchange.h"

#include "core/buf.h"
#include "core/utf8.h"

static bool is_dots(sac_str name)
{
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] != '.')
            return false;
    return name.n > 0;
}

/* Bytes of the character at the beginning; 0: it is no UTF-8. */
static size_t char_size(sac_str s)
{
    for (size_t n = 1; n <= 4 && n <= s.n; n++)
        if (sac__utf8_valid(sac_str_n(s.p, n)))
            return n;
    return 0;
}

/* C1 controls, U+202A to U+202E, U+2066 to U+2069: what no name shows as it is. */
static bool is_invisible(const char *p, size_t n)
{
    const unsigned char *c = (const unsigned char *)p;

    if (n == 2)
        return c[0] == 0xc2 && c[1] < 0xa0;
    return n == 3 && c[0] == 0xe2 &&
           ((c[1] == 0x80 && c[2] >= 0xaa && c[2] <= 0xae) ||
            (c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9));
}

static bool is_unfit(const char *p, size_t n)
{
    if (n == 1)
        return (unsigned char)*p < ' ' || *p == 0x7f || *p == '/' || *p == '\\';
    return n == 0 || is_invisible(p, n);
}

/* RFC 8187 §3.2.1: attr-char. */
static bool is_attr_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("!#$&+-.^_`|~", c));
}

/* For old clients: what is not ASCII is `_`. */
static void add_plain(sac__buf *out, const char *p, size_t n)
{
    if (n > 1) {
        sac__buf_add_char(out, '_');
        return;
    }
    if (*p == '"')
        sac__buf_add_char(out, '\\');
    sac__buf_add_char(out, *p);
}

static void add_encoded(sac__buf *out, const char *p, size_t n)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < n; i++) {
        const unsigned char c = (unsigned char)p[i];

        if (is_attr_char(p[i])) {
            sac__buf_add_char(out, p[i]);
        } else {
            sac__buf_add_char(out, '%');
            sac__buf_add_char(out, digits[c >> 4]);
            sac__buf_add_char(out, digits[c & 15]);
        }
    }
}

typedef void adder(sac__buf *out, const char *p, size_t n);

static void add_name(sac__buf *out, sac_str name, adder *add)
{
    const bool dots = is_dots(name);
    size_t n;

    for (size_t i = 0; i < name.n; i += n ? n : 1) {
        n = char_size(sac_str_n(name.p + i, name.n - i));
        if (dots || is_unfit(name.p + i, n))
            add(out, "_", 1);
        else
            add(out, name.p + i, n);
    }
}

/* Clients differ in what a quote, or a percent sign, in a quoted name means. */
static bool needs_encoding(sac_str name)
{
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] & 0x80 || name.p[i] == '"' || name.p[i] == '%')
            return true;
    return false;
}

static void print(sac__buf *out, sac_str filename)
{
    sac__buf_add_text(out, "attachment");
    if (filename.n == 0)
        return;
    sac__buf_add_text(out, "; filename=\"");
    add_name(out, filename, add_plain);
    sac__buf_add_char(out, '"');
    if (!needs_encoding(filename))
        return;
    sac__buf_add_text(out, "; filename*=UTF-8''");
    add_name(out, filename, add_encoded);
}

int sac_reply_attachment(sac_req *req, sac_str filename)
{
    enum { MAX_VALUE = 16 * 1024 };
    sac__buf value;

    sac__buf_init(&value, sac__arena_alloc(req->arena), MAX_VALUE);
    print(&value, filename);
    if (value.error)
        return value.error == SAC_ETOOBIG ? SAC_ELIMIT : value.error;
    return sac_reply_header(req, "Content-Disposition", sac__buf_str(&value));
}
