/* SPDX-License-Identifier: MIT */
#include "http/part.h"

#include "core/utf8.h"
#include "http/token.h"
#include "json/text.h"

/* A parameter of Content-Disposition, not decoded yet. */
typedef struct param {
    sac_str name;
    sac_str raw; /* without its quotes; p NULL: not met yet */
    bool quoted;
    bool escapes; /* a backslash in it escapes */
} param;

static bool is_escape(sac_str s, size_t i)
{
    return s.p[i] == '\\' && i + 1 < s.n && (s.p[i + 1] == '"' || s.p[i + 1] == '\\');
}

/* The bytes up to the quote that ends a parameter; 0: there is none. */
static size_t quoted_length(sac_str s, bool escapes)
{
    size_t end = 1;
    size_t next;

    while (end < s.n && s.p[end] != '"')
        end += escapes && is_escape(s, end) ? 2 : 1;
    if (end >= s.n)
        return 0;
    next = end + 1;
    while (next < s.n && (s.p[next] == ' ' || s.p[next] == '\t'))
        next++;
    return next == s.n || s.p[next] == ';' ? end : 0;
}

static sac_str behind(sac_str s, size_t n)
{
    return sac_str_n(s.p + n, s.n - n);
}

/*
 * Cuts a value off. Browsers write a quote in it as %22 and leave a backslash
 * alone, which may then be the last byte; others, and once they too, escape by
 * backslash. What cannot be read the one way is read the other.
 */
static bool take_value(sac_str *rest, param *out)
{
    const char *end;
    size_t n;

    out->quoted = rest->n > 0 && *rest->p == '"';
    out->escapes = true;
    if (!out->quoted) {
        end = rest->n ? memchr(rest->p, ';', rest->n) : NULL;
        n = end ? (size_t)(end - rest->p) : rest->n;
        out->raw = sac__token_trim(sac_str_n(rest->p, n));
        *rest = behind(*rest, n);
        return out->raw.n > 0 && !memchr(out->raw.p, '"', out->raw.n);
    }
    n = quoted_length(*rest, true);
    if (n == 0) {
        out->escapes = false;
        n = quoted_length(*rest, false);
    }
    if (n == 0)
        return false;
    out->raw = sac_str_n(rest->p + 1, n - 1);
    *rest = behind(*rest, n + 1);
    return true;
}

/* Cuts `; name=value` off; 0 at the end, -1 for anything else. */
static int next_param(sac_str *rest, param *out)
{
    const char *equals;
    size_t n;

    *rest = sac__token_trim(*rest);
    while (rest->n > 0 && *rest->p == ';')
        *rest = sac__token_trim(behind(*rest, 1));
    if (rest->n == 0)
        return 0;
    equals = memchr(rest->p, '=', rest->n);
    if (!equals)
        return -1;
    n = (size_t)(equals - rest->p);
    out->name = sac__token_trim(sac_str_n(rest->p, n));
    *rest = sac__token_trim(behind(*rest, n + 1));
    return sac__token_valid(out->name) && take_value(rest, out) ? 1 : -1;
}

/* The byte that "%XX" at the front stands for, or -1. */
static int percent_byte(sac_str s)
{
    const int high = s.n >= 3 && *s.p == '%' ? sac__token_hex(s.p[1]) : -1;
    const int low = high >= 0 ? sac__token_hex(s.p[2]) : -1;

    return low < 0 ? -1 : high * 16 + low;
}

/* Decodes in place: of the percent escapes those that browsers write (WHATWG HTML §4.10.21.8). */
static sac_str unquote(const param *from)
{
    char *const out = (char *)from->raw.p;
    const sac_str s = from->raw;
    size_t n = 0;

    if (!from->quoted)
        return s;
    for (size_t i = 0; i < s.n; i++) {
        const int byte = percent_byte(behind(s, i));

        if (byte == '"' || byte == '\r' || byte == '\n') {
            out[n++] = (char)byte;
            i += 2;
        } else {
            i += from->escapes && is_escape(s, i);
            out[n++] = s.p[i];
        }
    }
    return sac_str_n(out, n);
}

/* Decodes UTF-8'language'text in place; false when it is none, or no UTF-8. */
static bool decode_extended(const param *from, sac_str *out)
{
    static const char charset[] = "utf-8'";
    const size_t n_charset = sizeof charset - 1;
    sac_str s = from->raw;
    char *to = (char *)s.p;
    const char *quote;

    if (s.n < n_charset || !sac__token_same(sac_str_n(s.p, n_charset), sac_str_of(charset)))
        return false;
    quote = memchr(s.p + n_charset, '\'', s.n - n_charset);
    if (!quote)
        return false;
    s = behind(s, (size_t)(quote + 1 - s.p));
    out->p = to;
    while (s.n > 0) {
        const int byte = percent_byte(s);

        if (*s.p == '%' && byte <= 0)
            return false;
        *to = *s.p;
        if (byte > 0)
            *to = (char)byte;
        to++;
        s = behind(s, byte > 0 ? 3 : 1);
    }
    out->n = (size_t)(to - out->p);
    return sac__utf8_valid(*out);
}

static sac_str without_path(sac_str name)
{
    size_t n = name.n;

    while (n > 0 && name.p[n - 1] != '/' && name.p[n - 1] != '\\')
        n--;
    name = behind(name, n);
    if (sac_str_is(name, ".") || sac_str_is(name, ".."))
        name.n = 0;
    return name;
}

static const char *read_filename(const param *plain, const param *extended, sac_str *out)
{
    sac_str name = {NULL, 0};

    if (plain->raw.p)
        name = unquote(plain);
    else if (extended->raw.p && !decode_extended(extended, &name))
        return "a filename* that is not in UTF-8";
    *out = name.p ? without_path(name) : name;
    return NULL;
}

/* The value of Content-Disposition. */
static const char *read_disposition(sac_str value, sac__part_head *out)
{
    enum { NAME, FILENAME, EXTENDED, KINDS };
    static const char *const names[KINDS] = {"name", "filename", "filename*"};
    const char *end = value.n ? memchr(value.p, ';', value.n) : NULL;
    const size_t n = end ? (size_t)(end - value.p) : value.n;
    param found[KINDS] = {{.raw = {NULL, 0}}};
    param each;
    int rc;

    if (!sac__token_same(sac__token_trim(sac_str_n(value.p, n)), sac_str_of("form-data")))
        return "a part whose Content-Disposition is not form-data";
    value = behind(value, n);
    while ((rc = next_param(&value, &each)) == 1)
        for (int i = 0; i < KINDS; i++) {
            if (!sac__token_same(each.name, sac_str_of(names[i])))
                continue;
            if (found[i].raw.p)
                return "a part with two names";
            found[i] = each;
        }
    if (rc < 0)
        return "a malformed Content-Disposition";
    if (!found[NAME].raw.p)
        return "a part without a name";
    out->name = unquote(&found[NAME]);
    return read_filename(&found[FILENAME], &found[EXTENDED], &out->filename);
}

static const char *read_transfer(sac_str value, sac__transfer_kind *out)
{
    static const struct {
        const char *name;
        sac__transfer_kind kind;
    } known[] = {{"", SAC__TRANSFER_NONE},         {"7bit", SAC__TRANSFER_NONE},
                 {"8bit", SAC__TRANSFER_NONE},     {"binary", SAC__TRANSFER_NONE},
                 {"base64", SAC__TRANSFER_BASE64}, {"quoted-printable", SAC__TRANSFER_QUOTED}};

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (sac__token_same(value, sac_str_of(known[i].name))) {
            *out = known[i].kind;
            return NULL;
        }
    return "an unknown Content-Transfer-Encoding";
}

enum { DISPOSITION, TYPE, TRANSFER, FIELDS };

/* The values of the fields that mean something; p NULL: it is not there. */
static const char *read_fields(char *lines, size_t n, sac_str values[FIELDS])
{
    static const char *const names[FIELDS] = {"content-disposition", "content-type",
                                              "content-transfer-encoding"};

    for (size_t at = 0; at < n;) {
        const char *const line = lines + at;
        const size_t length = (size_t)((const char *)memchr(line, '\n', n - at) - line);
        const size_t colon = (size_t)((const char *)memchr(line, ':', length) - line);

        for (int i = 0; i < FIELDS; i++) {
            if (!sac__token_same(sac_str_n(line, colon), sac_str_of(names[i])))
                continue;
            if (values[i].p)
                return "a header field of a part is there twice";
            values[i] = sac__token_trim(sac_str_n(line + colon + 1, length - colon - 1));
        }
        at += length + 1;
    }
    return values[DISPOSITION].p ? NULL : "a part without Content-Disposition";
}

const char *sac__part_head_parse(char *lines, size_t n, sac__part_head *out)
{
    sac_str values[FIELDS] = {{NULL, 0}};
    sac__part_head head = {.name = {NULL, 0}};
    const char *error = NULL;

    if (!sac__utf8_valid(sac_str_n(lines, n)))
        return "the head of a part is no UTF-8";
    error = read_fields(lines, n, values);
    if (!error)
        error = read_transfer(values[TRANSFER], &head.transfer);
    if (!error)
        error = read_disposition(values[DISPOSITION], &head);
    if (error)
        return error;
    head.type = values[TYPE];
    *out = head;
    return NULL;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* How much padding fills the group up: one digit alone stands for nothing. */
static unsigned padding(const sac__transfer *transfer)
{
    return transfer->n_bits == 4 ? 2 : transfer->n_bits == 2 ? 1 : 0;
}

/* -1: the byte may not stand there; else how many it wrote. */
static int decode_base64(sac__transfer *transfer, char c, char *out)
{
    const int digit = sac__text_base64_digit(c);

    if (is_space(c))
        return 0;
    if (c == '=' && transfer->n_last < padding(transfer)) {
        transfer->n_last++;
        return 0;
    }
    if (digit < 0 || transfer->n_last > 0)
        return -1;
    transfer->bits = (transfer->bits << 6 | (unsigned)digit) & 0xfff;
    transfer->n_bits += 6;
    if (transfer->n_bits < 8)
        return 0;
    transfer->n_bits -= 8;
    *out = (char)(transfer->bits >> transfer->n_bits & 0xff);
    return 1;
}

static int decode_quoted(sac__transfer *transfer, char c, char *out)
{
    const int digit = sac__token_hex(c);

    switch (transfer->n_last) {
    case 0:
        *out = c;
        transfer->n_last = c == '=';
        return c != '=';
    case 1:
        if (c != '\r' && c != '\n' && digit < 0)
            return -1;
        transfer->n_last = c == '\n' ? 0 : 2;
        transfer->digit = c;
        return 0;
    default:
        if (transfer->digit == '\r' ? c != '\n' : digit < 0)
            return -1;
        transfer->n_last = 0;
        *out = (char)(sac__token_hex(transfer->digit) * 16 + digit);
        return c != '\n'; /* a line that was broken goes on */
    }
}

size_t sac__transfer_decode(sac__transfer *transfer, sac_str *in, char *out, size_t cap)
{
    size_t used = 0;
    size_t n = 0;
    int wrote = 0;

    while (n < in->n && used < cap && wrote >= 0) {
        wrote = transfer->kind == SAC__TRANSFER_BASE64
                    ? decode_base64(transfer, in->p[n], out + used)
                    : decode_quoted(transfer, in->p[n], out + used);
        if (wrote >= 0) {
            n++;
            used += (size_t)wrote;
        }
    }
    *in = behind(*in, n);
    return used;
}

bool sac__transfer_whole(const sac__transfer *transfer)
{
    if (transfer->kind == SAC__TRANSFER_BASE64)
        return transfer->n_bits == 0 ||
               (transfer->n_last > 0 && transfer->n_last == padding(transfer));
    return transfer->n_last < 2 || transfer->digit == '\r';
}
