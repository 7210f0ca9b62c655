/* SPDX-License-Identifier: MIT */
#include "session/tagged.h"

#include <math.h>

#include "bson/wire.h"
#include "bson/writer.h"
#include "core/utf8.h"
#include "http/precondition.h"
#include "http/token.h"
#include "json/keys.h"
#include "json/number/numeral.h"
#include "json/text.h"

enum { UUID_SUBTYPE = 4, SECOND = 1000 };

typedef struct reader {
    const char *p, *end;
    sac_bson out;
    sac__arena *arena;
    char *text; /* where strings that had escapes go; as long as the JSON */
    size_t n_text;
    size_t n_members;
    unsigned depth;
    sac__keys keys;
} reader;

static int read_value(reader *r, sac_str key);

static bool take(reader *r, char c)
{
    const bool is = r->p < r->end && *r->p == c;

    r->p += is;
    return is;
}

static bool take_word(reader *r, const char *word)
{
    const size_t n = strlen(word);
    const bool is = (size_t)(r->end - r->p) >= n && memcmp(r->p, word, n) == 0;

    r->p += is ? n : 0;
    return is;
}

static bool take_unit(reader *r, uint32_t *unit)
{
    *unit = 0;
    if (r->end - r->p < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        const int digit = sac__token_hex(r->p[i]);

        if (digit < 0)
            return false;
        *unit = *unit << 4 | (uint32_t)digit;
    }
    r->p += 4;
    return true;
}

/* Behind `\u`. Half a pair is no text. */
static bool take_point(reader *r, uint32_t *point)
{
    uint32_t low;

    if (!take_unit(r, point) || (*point & 0xfc00) == 0xdc00)
        return false;
    if ((*point & 0xfc00) != 0xd800)
        return true;
    if (!take_word(r, "\\u") || !take_unit(r, &low) || (low & 0xfc00) != 0xdc00)
        return false;
    *point = 0x10000 + ((*point & 0x3ff) << 10 | (low & 0x3ff));
    return true;
}

/* Behind the backslash. */
static bool take_escape(reader *r)
{
    static const char letters[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
    const char *letter;
    uint32_t point;

    if (r->p == r->end)
        return false;
    if (*r->p == 'u') {
        r->p++;
        if (!take_point(r, &point))
            return false;
        r->n_text += sac__utf8_put(r->text + r->n_text, point);
        return true;
    }
    letter = *r->p ? strchr(letters, *r->p) : NULL;
    if (!letter)
        return false;
    r->text[r->n_text++] = bytes[letter - letters];
    r->p++;
    return true;
}

/* Goes to the next byte that is not itself in a string. */
static const char *skip_plain(const char *p, const char *end)
{
    while (p < end && (unsigned char)*p >= ' ' && *p != '"' && *p != '\\')
        p++;
    return p;
}

static int read_escaped(reader *r, const char *begin, sac_str *out)
{
    size_t at;

    if (!r->text)
        r->text = sac__arena_bytes(r->arena, (size_t)(r->end - begin) + 4);
    if (!r->text)
        return SAC_ENOMEM;
    at = r->n_text;
    for (;;) {
        const char *run = begin ? begin : r->p;

        r->p = skip_plain(r->p, r->end);
        memcpy(r->text + r->n_text, run, (size_t)(r->p - run));
        r->n_text += (size_t)(r->p - run);
        begin = NULL;
        if (take(r, '"'))
            break;
        if (!take(r, '\\') || !take_escape(r))
            return SAC_ESYNTAX;
    }
    *out = sac_str_n(r->text + at, r->n_text - at);
    return SAC_OK;
}

/* Behind the first quote. What it gives lives as long as the reader. */
static int read_text(reader *r, sac_str *out)
{
    const char *begin = r->p;

    r->p = skip_plain(r->p, r->end);
    if (r->p < r->end && *r->p == '\\')
        return read_escaped(r, begin, out);
    if (!take(r, '"'))
        return SAC_ESYNTAX;
    *out = sac_str_n(begin, (size_t)(r->p - 1 - begin));
    return SAC_OK;
}

static char *element(reader *r, uint8_t type, sac_str key, size_t n)
{
    return sac__bson_element(&r->out, type, key, n);
}

static int read_str(reader *r, sac_str key)
{
    sac_str text = {NULL, 0};
    int rc = read_text(r, &text);
    char *to;

    if (rc != SAC_OK)
        return rc;
    to = element(r, SAC_BSON_STRING, key, 5 + text.n);
    if (!to)
        return r->out.error;
    sac__wire_put32(to, (uint32_t)text.n + 1);
    if (text.n > 0)
        memcpy(to + 4, text.p, text.n);
    to[4 + text.n] = 0;
    return SAC_OK;
}

static int add_binary(reader *r, sac_str key, uint8_t subtype, sac_str bytes)
{
    char *to = element(r, SAC_BSON_BINARY, key, 5 + bytes.n);

    if (!to)
        return r->out.error;
    sac__wire_put32(to, (uint32_t)bytes.n);
    to[4] = (char)subtype;
    if (bytes.n > 0)
        memcpy(to + 5, bytes.p, bytes.n);
    return SAC_OK;
}

static int add_word(reader *r, uint8_t type, sac_str key, uint64_t word)
{
    char *to = element(r, type, key, type == SAC_BSON_INT32 ? 4 : 8);

    if (to && type == SAC_BSON_INT32)
        sac__wire_put32(to, (uint32_t)word);
    else if (to)
        sac__wire_put64(to, word);
    return r->out.error;
}

static int add_double(reader *r, sac_str key, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    return add_word(r, SAC_BSON_DOUBLE, key, bits);
}

static int read_int(reader *r, sac_str key, const sac__numeral *numeral)
{
    int64_t n;

    if (numeral->negative && numeral->digits == 0)
        return SAC_ESYNTAX;
    if (sac__numeral_int(numeral, &n) == SAC__NUMERAL_INT)
        return add_word(r, n == (int32_t)n ? SAC_BSON_INT32 : SAC_BSON_INT64, key, (uint64_t)n);
    return sac__python_is_big(numeral->text)
               ? add_binary(r, key, SAC__TAGGED_INTEGER, numeral->text)
               : SAC_ELIMIT;
}

static int read_number(reader *r, sac_str key)
{
    sac__numeral numeral;
    const char *end = sac__numeral_scan(r->p, r->end, &numeral);
    double value;

    if (!end)
        return SAC_ESYNTAX;
    r->p = end;
    if (numeral.plain)
        return read_int(r, key, &numeral);
    return sac__numeral_double(&numeral, &value) ? add_double(r, key, value) : SAC_ESYNTAX;
}

static int read_bytes(reader *r, sac_str key, sac_str text)
{
    char *bytes = sac__arena_bytes(r->arena, text.n / 4 * 3 + 1);
    size_t n;

    if (!bytes)
        return SAC_ENOMEM;
    if (!sac__text_parse_base64(text, bytes, &n))
        return SAC_ESYNTAX;
    return add_binary(r, key, 0, sac_str_n(bytes, n));
}

static int read_uuid(reader *r, sac_str key, sac_str text)
{
    uint8_t bytes[16];

    if (text.n != 32 || !sac__text_parse_hex(text, bytes))
        return SAC_ESYNTAX;
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] >= 'A' && text.p[i] <= 'F')
            return SAC_ESYNTAX;
    return add_binary(r, key, UUID_SUBTYPE, sac_str_n(bytes, sizeof bytes));
}

static int read_date(reader *r, sac_str key, sac_str text)
{
    char again[29];
    int64_t seconds;

    if (!sac__http_date_parse(text, &seconds))
        return SAC_ESYNTAX;
    sac__http_date_print(seconds, again);
    if (!sac_str_eq(text, sac_str_n(again, sizeof again)))
        return SAC_ESYNTAX;
    return add_word(r, SAC_BSON_DATE, key, (uint64_t)(seconds * SECOND));
}

/* What ` di` holds is itself, unless it would stand for something else in BSON. */
static int read_dict(reader *r, sac_str key, const sac_value *held)
{
    const sac_value holder = *held;
    sac_bson_iter inner;
    sac__tag tag;

    if (!sac__tag_holds(SAC__TAG_DICT, held) || sac_bson_iter_init(&inner, held->raw) != SAC_OK ||
        sac_bson_iter_next(&inner) != 1)
        return SAC_ESYNTAX;
    inner.key.n -= 2;
    tag = sac__tag_of(inner.key);
    sac_bson_begin_doc(&r->out, key);
    if (tag == SAC__TAG_NONE || sac__tag_holds(tag, &inner.value))
        sac_bson_add_value(&r->out, sac_str_of(" di"), holder);
    else
        sac_bson_add_value(&r->out, inner.key, inner.value);
    sac_bson_end(&r->out);
    return r->out.error;
}

/* A document of one key, which begins at `element` as such, may be a tag and its value. */
static int read_tag(reader *r, sac_str key, size_t at, size_t doc_at)
{
    const sac_str doc = sac_str_n(r->out.p + doc_at, r->out.n - doc_at);
    sac_bson_iter one;
    sac__tag tag;
    sac_str copy, text = {NULL, 0};

    if (sac_bson_iter_init(&one, doc) != SAC_OK || sac_bson_iter_next(&one) != 1)
        return SAC_ECORRUPT;
    tag = sac__tag_of(one.key);
    if (tag == SAC__TAG_NONE)
        return SAC_OK;
    if (tag == SAC__TAG_TUPLE || tag == SAC__TAG_MARKUP)
        return sac__tag_holds(tag, &one.value) ? SAC_OK : SAC_ESYNTAX;
    copy = sac__arena_dup(r->arena, one.value.raw);
    if (!copy.p)
        return SAC_ENOMEM;
    one.value.raw = copy;
    sac__bson_undo(&r->out, at);
    if (tag == SAC__TAG_DICT)
        return read_dict(r, key, &one.value);
    if (!sac_value_str(&one.value, &text))
        return SAC_ESYNTAX;
    switch (tag) {
    case SAC__TAG_BYTES: return read_bytes(r, key, text);
    case SAC__TAG_UUID: return read_uuid(r, key, text);
    default: return read_date(r, key, text);
    }
}

static int count_member(reader *r)
{
    return ++r->n_members <= SAC__TAGGED_KEYS ? SAC_OK : SAC_ELIMIT;
}

static int read_member(reader *r, sac__key_level *level)
{
    sac_str key = {NULL, 0};
    int rc = count_member(r);

    if (rc != SAC_OK)
        return rc;
    if (!take(r, '"'))
        return SAC_ESYNTAX;
    rc = read_text(r, &key);
    if (rc != SAC_OK)
        return rc;
    rc = sac__keys_add(&r->keys, level, key);
    if (rc != 1)
        return rc == 0 ? SAC_ESYNTAX : rc;
    return take(r, ':') ? read_value(r, key) : SAC_ESYNTAX;
}

/* Behind the brace, to the other one; how many there were. */
static int read_members(reader *r, size_t *n)
{
    sac__key_level level;
    int rc = SAC_OK;

    *n = 0;
    if (take(r, '}'))
        return rc;
    sac__keys_begin(&r->keys, &level);
    do {
        rc = read_member(r, &level);
        ++*n;
    } while (rc == SAC_OK && take(r, ','));
    sac__keys_end(&r->keys, &level);
    return rc != SAC_OK || take(r, '}') ? rc : SAC_ESYNTAX;
}

static int read_document(reader *r, sac_str key)
{
    const size_t at = r->out.n;
    size_t doc_at, n;
    int rc;

    sac_bson_begin_doc(&r->out, key);
    if (r->out.error)
        return r->out.error;
    doc_at = r->out.start[r->out.depth];
    rc = read_members(r, &n);
    if (rc != SAC_OK)
        return rc;
    sac_bson_end(&r->out);
    if (r->out.error)
        return r->out.error;
    return n == 1 ? read_tag(r, key, at, doc_at) : SAC_OK;
}

static int read_array(reader *r, sac_str key)
{
    int rc = SAC_OK;

    sac_bson_begin_array(&r->out, key);
    if (r->out.error)
        return r->out.error;
    if (!take(r, ']')) {
        do {
            rc = count_member(r);
            if (rc == SAC_OK)
                rc = read_value(r, sac_str_of(""));
        } while (rc == SAC_OK && take(r, ','));
        if (rc == SAC_OK && !take(r, ']'))
            rc = SAC_ESYNTAX;
    }
    sac_bson_end(&r->out);
    return rc == SAC_OK ? r->out.error : rc;
}

static int read_nested(reader *r, sac_str key, bool array)
{
    int rc;

    if (++r->depth >= SAC_BSON_DEPTH)
        return SAC_ELIMIT;
    rc = array ? read_array(r, key) : read_document(r, key);
    r->depth--;
    return rc;
}

static int read_bool(reader *r, sac_str key, bool value)
{
    char *to = element(r, SAC_BSON_BOOL, key, 1);

    if (to)
        *to = (char)value;
    return r->out.error;
}

static int read_word(reader *r, sac_str key)
{
    if (take_word(r, "null"))
        return element(r, SAC_BSON_NULL, key, 0) ? SAC_OK : r->out.error;
    if (take_word(r, "true"))
        return read_bool(r, key, true);
    if (take_word(r, "false"))
        return read_bool(r, key, false);
    if (take_word(r, "NaN"))
        return add_double(r, key, (double)NAN);
    if (take_word(r, "Infinity"))
        return add_double(r, key, (double)INFINITY);
    return take_word(r, "-Infinity") ? add_double(r, key, (double)-INFINITY) : read_number(r, key);
}

static int read_value(reader *r, sac_str key)
{
    if (take(r, '"'))
        return read_str(r, key);
    if (take(r, '{'))
        return read_nested(r, key, false);
    if (take(r, '['))
        return read_nested(r, key, true);
    return read_word(r, key);
}

/* The session itself is a dict; one that looks like a tag comes as ` di`. */
static int unwrap(sac__arena *arena, sac_str doc, sac_str *out)
{
    sac_bson_iter iter, inner;
    sac_bson made;

    if (sac_bson_iter_init(&iter, doc) != SAC_OK || sac_bson_iter_next(&iter) != 1)
        return SAC_ECORRUPT;
    if (sac__tag_of(iter.key) == SAC__TAG_NONE) {
        *out = doc;
        return SAC_OK;
    }
    if (sac__tag_of(iter.key) != SAC__TAG_DICT || !sac__tag_holds(SAC__TAG_DICT, &iter.value) ||
        sac_bson_iter_init(&inner, iter.value.raw) != SAC_OK || sac_bson_iter_next(&inner) != 1)
        return SAC_ESYNTAX;
    sac_bson_init(&made, sac__arena_alloc(arena), 0);
    sac_bson_add_value(&made, sac_str_n(inner.key.p, inner.key.n - 2), inner.value);
    return sac_bson_finish(&made, out);
}

int sac__tagged_read(sac_str json, sac__arena *arena, sac_str *doc)
{
    reader r = {.p = json.p, .end = json.p + json.n, .arena = arena};
    sac_str made = {NULL, 0};
    size_t n;
    int rc;

    if (!sac__utf8_valid(json) || !take(&r, '{'))
        return SAC_ESYNTAX;
    sac__keys_init(&r.keys, sac__arena_alloc(arena));
    sac_bson_init(&r.out, sac__arena_alloc(arena), 0);
    rc = read_members(&r, &n);
    if (rc == SAC_OK && r.p != r.end)
        rc = SAC_ESYNTAX;
    if (rc == SAC_OK)
        rc = sac_bson_finish(&r.out, &made);
    if (rc == SAC_EINVAL) /* NUL in a key */
        rc = SAC_ESYNTAX;
    if (rc != SAC_OK)
        return rc;
    if (n == 1)
        return unwrap(arena, made, doc);
    *doc = made;
    return SAC_OK;
}

int sac__tagged_normal(const sac_value *value, sac__arena *arena, size_t max, sac_value *out)
{
    sac_str doc = {NULL, 0};
    sac__buf json;
    int rc;

    sac__buf_init(&json, sac__arena_alloc(arena), max);
    sac__buf_add_text(&json, "{\"\":");
    rc = sac__tagged_write_value(value, arena, &json);
    sac__buf_add_char(&json, '}');
    if (rc == SAC_OK)
        rc = json.error;
    if (rc == SAC_OK)
        rc = sac__tagged_read(sac__buf_str(&json), arena, &doc);
    if (rc == SAC_OK)
        *out = sac_bson_get(doc, sac_str_of(""));
    return rc;
}
