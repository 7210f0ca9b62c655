/* SPDX-License-Identifier: MIT */
#include "bson/writer.h"
#include "core/alloc.h"
#include "core/utf8.h"
#include "json/decoder/decoder.h"
#include "json/decoder/scan.h"
#include "json/text.h"

#define KEY_BLOCK 1024

struct sac__key_block {
    struct sac__key_block *next;
    size_t n, cap;
    char bytes[];
};

void sac__decoder_init(sac__decoder *d, const sac__json_decoding *how, sac_str json,
                       const sac_alloc *alloc)
{
    const unsigned depth = how->max_depth;

    d->how = how;
    d->begin = d->p = json.p;
    d->end = json.p + sac__utf8_bad(json);
    d->last = json.p + json.n;
    d->max_depth = depth && depth < SAC_BSON_DEPTH ? depth : SAC_BSON_DEPTH;
    d->members = how->max_keys ? how->max_keys : SIZE_MAX;
    d->code = SAC_OK;
    d->key_blocks = NULL;
    d->bad = NULL;
    d->why = NULL;
    sac__buf_init(&d->text, alloc, SIZE_MAX / 4);
    sac__buf_init(&d->raw, alloc, SIZE_MAX / 4);
    sac__buf_init(&d->path, alloc, SIZE_MAX / 4);
    sac__keys_init(&d->keys, alloc);
}

void sac__decoder_fini(sac__decoder *d)
{
    while (d->key_blocks) {
        sac__key_block *block = d->key_blocks;

        d->key_blocks = block->next;
        sac__alloc_free(d->keys.alloc, block, sizeof *block + block->cap);
    }
    sac__buf_fini(&d->text);
    sac__buf_fini(&d->raw);
    sac__buf_fini(&d->path);
}

int sac__decoder_fail(sac__decoder *d, int code, const char *at, const char *why)
{
    d->bad = at;
    d->why = why;
    return code;
}

sac__cursor sac__decoder_quit(sac__decoder *d, int code)
{
    d->code = code;
    return (sac__cursor){NULL, NULL};
}

sac__cursor sac__decoder_stop(sac__decoder *d, int code, const char *at, const char *why)
{
    return sac__decoder_quit(d, sac__decoder_fail(d, code, at, why));
}

char *sac__decoder_open(sac__decoder *d, sac_bson *out, size_t n)
{
    d->out = out;
    if (!sac__bson_reserve(out, n + SAC__DECODER_ROOM)) {
        d->code = out->error;
        return NULL;
    }
    d->base = out->p;
    d->limit = out->p + out->cap - SAC__DECODER_ROOM;
    return out->p + out->n;
}

int sac__decoder_close(sac__decoder *d, const char *w)
{
    return sac__bson_extend(d->out, w);
}

char *sac__decoder_more(sac__decoder *d, char *w, size_t n)
{
    d->out->n = (size_t)(w - d->base);
    return sac__decoder_open(d, d->out, n);
}

/* Lines and columns count from 1; columns are characters, not bytes. */
int sac__decoder_report(const sac__decoder *d, int code, sac_err *err)
{
    size_t line = 1, column = 1;

    if (code == SAC_OK || !err)
        return code;
    if (!d->bad)
        return sac_err_set(err, code, "JSON: %s", sac_err_text(code));
    for (const char *p = d->begin; p < d->bad; p++) {
        if (*p == '\n') {
            line++;
            column = 1;
        } else {
            column += ((unsigned char)*p & 0xc0) != 0x80;
        }
    }
    sac_err_set(err, code, "%s at line %zu, column %zu", d->why, line, column);
    err->pos = (size_t)(d->bad - d->begin);
    return code;
}

void sac__lex_blanks(sac__decoder *d)
{
    d->p = sac__scan_blanks(d->p, d->end);
}

char sac__lex_peek(sac__decoder *d)
{
    sac__lex_blanks(d);
    if (d->p == d->end)
        return '\0';
    return *d->p;
}

bool sac__lex_take(sac__decoder *d, char c)
{
    if (sac__lex_peek(d) != c || d->p == d->end)
        return false;
    d->p++;
    return true;
}

/* Four hex digits behind \u; -1 where they are not. */
static int32_t read_unit(const char *p, const char *end)
{
    uint8_t bytes[2];

    if (end - p < 6 || p[0] != '\\' || p[1] != 'u' ||
        !sac__text_parse_hex(sac_str_n(p + 2, 4), bytes))
        return -1;
    return bytes[0] << 8 | bytes[1];
}

/* The code point of an escape \u…, of both halves of a pair. */
static int32_t read_point(const char *p, const char *end, size_t *length)
{
    const int32_t unit = read_unit(p, end);
    int32_t low;

    *length = 6;
    if (unit < 0xd800 || unit > 0xdfff)
        return unit;
    if (unit > 0xdbff)
        return -1;
    low = read_unit(p + 6, end);
    if (low < 0xdc00 || low > 0xdfff)
        return -1;
    *length = 12;
    return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
}

static size_t utf8_size(int32_t point)
{
    return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
}

/* What a letter stands for behind a backslash, 0 where it must not be there. */
static char meaning(char letter)
{
    switch (letter) {
    case '"':
    case '\\':
    case '/': return letter;
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return '\0';
    }
}

/* An escape at p: its length, 0 when it is none; adds what is lost by reading it. */
static size_t lex_escape(const char *p, const char *end, sac__token *out)
{
    size_t length = 2;
    int32_t point;

    if (end - p < 2)
        return 0;
    if (p[1] != 'u') {
        out->n++;
        return meaning(p[1]) ? length : 0;
    }
    point = read_point(p, end, &length);
    if (point < 0)
        return 0;
    out->nul = out->nul || point == 0;
    out->n += utf8_size(point);
    return length;
}

/* What is wrong at p, where a string neither goes on nor ends. */
static int fail_in_string(sac__decoder *d, const char *p)
{
    if (p == d->last)
        return sac__decoder_fail(d, SAC_ESYNTAX, p, "unterminated string");
    if (p == d->end)
        return sac__decoder_fail(d, SAC_ESYNTAX, p, "invalid UTF-8");
    return sac__decoder_fail(d, SAC_ESYNTAX, p,
                             *p == '\\' ? "bad escape" : "control character in a string");
}

static bool is_plain(char c)
{
    return (unsigned char)c >= ' ' && c != '"' && c != '\\';
}

/* How many bytes from p on stand for themselves. */
static size_t count_plain(const char *p, const char *end)
{
    const char *begin = p;

    while (end - p >= SAC__SCAN) {
        char ignored[SAC__SCAN];
        const size_t n = sac__scan_copy(ignored, p);

        p += n;
        if (n < SAC__SCAN)
            return (size_t)(p - begin);
    }
    while (p < end && is_plain(*p))
        p++;
    return (size_t)(p - begin);
}

int sac__lex_string(sac__decoder *d, sac__token *out)
{
    const char *p = d->p + 1;
    sac__token token = {.n = 0, .nul = false};

    for (;;) {
        size_t n = count_plain(p, d->end);

        token.n += n;
        p += n;
        if (p < d->end && *p == '"')
            break;
        n = p < d->end && *p == '\\' ? lex_escape(p, d->end, &token) : 0;
        if (n == 0)
            return fail_in_string(d, p);
        p += n;
    }
    token.text = sac_str_n(d->p + 1, (size_t)(p - d->p) - 1);
    d->p = p + 1;
    *out = token;
    return SAC_OK;
}

int sac__lex_number(sac__decoder *d, sac__numeral *out)
{
    const char *p = sac__numeral_scan(d->p, d->end, out);

    if (!p)
        return sac__decoder_fail(d, SAC_ESYNTAX, d->p, "malformed number");
    d->p = p;
    return SAC_OK;
}

int sac__lex_word(sac__decoder *d, const char *word)
{
    const size_t n = strlen(word);

    if ((size_t)(d->end - d->p) < n || memcmp(d->p, word, n) != 0)
        return sac__decoder_fail(d, SAC_ESYNTAX, d->p, "unexpected character");
    d->p += n;
    return SAC_OK;
}

/* What a sound escape stands for, written to out, which has room for four bytes; moves *p. */
static char *put_escape(char *out, const char **p, const char *end)
{
    size_t length = 2;

    if ((*p)[1] == 'u')
        out += sac__utf8_put(out, (uint32_t)read_point(*p, end, &length));
    else
        *out++ = meaning((*p)[1]);
    *p += length;
    return out;
}

void sac__lex_unescape(const sac__token *token, char *out)
{
    const char *p = token->text.p, *end = p + token->text.n;

    while (p < end) {
        const char *escape = memchr(p, '\\', (size_t)(end - p));
        const size_t n = (size_t)((escape ? escape : end) - p);
        char bytes[4];
        size_t size;

        memcpy(out, p, n);
        out += n;
        if (!escape)
            return;
        /* There is room for what the escape stands for, and no more. */
        p = escape;
        size = (size_t)(put_escape(bytes, &p, end) - bytes);
        memcpy(out, bytes, size);
        out += size;
    }
}

sac__cursor sac__lex_copy(sac__decoder *d, sac__cursor c)
{
    sac__token ignored = {.n = 0};

    c.w = sac__decoder_need(d, c.w, 0);
    if (!c.w)
        return sac__decoder_quit(d, d->code);
    while (c.p < d->end && is_plain(*c.p) && d->end - c.p < SAC__SCAN)
        *c.w++ = *c.p++;
    if (c.p == d->end)
        return sac__decoder_quit(d, fail_in_string(d, c.p));
    if (*c.p == '\\' && lex_escape(c.p, d->end, &ignored) > 0)
        c.w = put_escape(c.w, &c.p, d->end);
    else if (!is_plain(*c.p) && *c.p != '"')
        return sac__decoder_quit(d, fail_in_string(d, c.p));
    return c;
}

sac_str sac__lex_text(sac__decoder *d, const sac__token *token)
{
    if (token->n == token->text.n)
        return token->text;
    d->text.n = 0;
    if (!sac__buf_room(&d->text, token->n))
        return sac_str_n(NULL, 0);
    sac__lex_unescape(token, d->text.p);
    return sac_str_n(d->text.p, token->n);
}

sac_str sac__lex_keep(sac__decoder *d, const sac__token *token)
{
    sac__key_block *block = d->key_blocks;
    char *p;

    if (token->n == token->text.n)
        return token->text;
    if (!block || block->cap - block->n < token->n) {
        const size_t cap = token->n > KEY_BLOCK ? token->n : KEY_BLOCK;

        block = sac__alloc(d->keys.alloc, sizeof *block + cap);
        if (!block)
            return sac_str_n(NULL, 0);
        block->next = d->key_blocks;
        block->n = 0;
        block->cap = cap;
        d->key_blocks = block;
    }
    p = block->bytes + block->n;
    sac__lex_unescape(token, p);
    block->n += token->n;
    return sac_str_n(p, token->n);
}
