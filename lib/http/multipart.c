/* SPDX-License-Identifier: MIT */
#include "http/multipart.h"

#include "http/token.h"

enum {
    SEARCH,  /* for the delimiter */
    PARTLY,  /* n_line bytes of it came */
    BEHIND,  /* it came, and what decides whether it is one is coming */
    FIELD,   /* in a part's head, at the begin of a line */
    NAME,    /* in the name of a field */
    VALUE,   /* in its value */
    NEWLINE, /* behind the CR of its line */
    LAST,    /* behind the CR of the empty line */
    CLOSED
};

static const char undecodable[] = "bytes that are not in the part's Content-Transfer-Encoding";

static bool is_boundary(sac_str s)
{
    static const char others[] = "'()+_,-./:=? ";

    for (size_t i = 0; i < s.n; i++) {
        const char low = sac__token_fold(s.p[i]);

        if (!(low >= 'a' && low <= 'z') && !(low >= '0' && low <= '9') &&
            (low == '\0' || !strchr(others, low)))
            return false;
    }
    return s.n > 0 && s.n <= SAC__MULTIPART_BOUNDARY && s.p[s.n - 1] != ' ';
}

/* The CRLF of a delimiter may be the one before what begins here. */
static void begin_data(sac__multipart *mp)
{
    mp->state = PARTLY;
    mp->n_line = mp->owed = 2;
}

int sac__multipart_init(sac__multipart *mp, const sac_alloc *alloc, sac_str boundary,
                        size_t max_head)
{
    if (!is_boundary(boundary))
        return SAC_EINVAL;
    *mp = (sac__multipart){.n_delimiter = 4 + boundary.n};
    begin_data(mp);
    memcpy(mp->line, "\r\n--", 4);
    memcpy(mp->line + 4, boundary.p, boundary.n);
    sac__buf_init(&mp->head, alloc, max_head);
    return SAC_OK;
}

void sac__multipart_fini(sac__multipart *mp)
{
    if (mp)
        sac__buf_fini(&mp->head);
}

static int fail(sac__multipart *mp, int rc, uint64_t at, const char *error)
{
    mp->rc = rc;
    mp->error = error;
    mp->error_at = at;
    return rc;
}

static int syntax(sac__multipart *mp, const char *error)
{
    return fail(mp, SAC_ESYNTAX, mp->offset, error);
}

static void take(sac__multipart *mp, sac_str *in, size_t n)
{
    mp->offset += n;
    *in = sac_str_n(in->p + n, in->n - n);
}

static int decode(sac__multipart *mp, sac__multipart_event *event)
{
    const size_t n = sac__transfer_decode(&mp->transfer, &mp->coded, mp->decoded,
                                          sizeof mp->decoded);

    if (n > 0) {
        *event = (sac__multipart_event){.kind = SAC__MULTIPART_DATA, .data = {mp->decoded, n}};
        return 1;
    }
    if (mp->coded.n > 0)
        return fail(mp, SAC_ESYNTAX, mp->coded_to - mp->coded.n, undecodable);
    return 0;
}

/* Bytes that are no part of a delimiter: an event, if they are a part's. */
static int give(sac__multipart *mp, const char *p, size_t n, sac__multipart_event *event)
{
    const uint64_t end = mp->offset - mp->n_line;

    mp->owed = 0;
    if (n == 0)
        return 0;
    if (mp->in_part && mp->transfer.kind != SAC__TRANSFER_NONE) {
        mp->coded = sac_str_n(p, n);
        mp->coded_to = end;
        return 0;
    }
    if (mp->in_part) {
        *event = (sac__multipart_event){.kind = SAC__MULTIPART_DATA, .data = {p, n}};
        return 1;
    }
    mp->preamble = true;
    return end > mp->head.max ? fail(mp, SAC_ELIMIT, mp->head.max, "no delimiter before it") : 0;
}

/*
 * How many bytes stand before the first place where the delimiter, or as much
 * of it as there is room for, begins. It holds no second CR, so that no place
 * is missed by going on behind one that differs.
 */
static size_t find(const sac__multipart *mp, sac_str in, size_t *matched)
{
    const char *const end = in.p + in.n;
    const char *p = in.p;

    while ((p = memchr(p, '\r', (size_t)(end - p)))) {
        const size_t left = (size_t)(end - p);
        const size_t n = left < mp->n_delimiter ? left : mp->n_delimiter;

        if (memcmp(p, mp->line, n) == 0) {
            *matched = n;
            return (size_t)(p - in.p);
        }
        p++;
    }
    *matched = 0;
    return in.n;
}

static int search(sac__multipart *mp, sac_str *in, sac__multipart_event *event)
{
    const char *const p = in->p;
    const size_t n = find(mp, *in, &mp->n_line);

    take(mp, in, n + mp->n_line);
    if (mp->n_line > 0)
        mp->state = mp->n_line == mp->n_delimiter ? BEHIND : PARTLY;
    return give(mp, p, n, event);
}

static int go_on_matching(sac__multipart *mp, sac_str *in, sac__multipart_event *event)
{
    size_t n = 0;

    while (n < in->n && mp->n_line < mp->n_delimiter && in->p[n] == mp->line[mp->n_line]) {
        n++;
        mp->n_line++;
    }
    take(mp, in, n);
    if (mp->n_line == mp->n_delimiter) {
        mp->state = BEHIND;
        return 0;
    }
    if (in->n == 0)
        return 0;
    n = mp->n_line - mp->owed;
    mp->state = SEARCH;
    mp->n_line = 0;
    return give(mp, mp->line + mp->owed, n, event);
}

/*
 * It is one: ends the part that was open. A form without fields is a closing
 * delimiter and nothing before it.
 */
static int end_delimiter(sac__multipart *mp, sac_str *in, sac__multipart_event *event)
{
    const bool closing = *in->p == '-';
    const bool open = mp->in_part;

    if (closing && !mp->any && mp->preamble)
        return syntax(mp, "a closing delimiter without a part before it");
    if (open && !sac__transfer_whole(&mp->transfer))
        return fail(mp, SAC_ESYNTAX, mp->offset - mp->n_line, undecodable);
    take(mp, in, 1);
    mp->state = closing ? CLOSED : FIELD;
    mp->in_part = false;
    mp->head.n = 0;
    mp->head_at = mp->offset;
    *event = (sac__multipart_event){.kind = SAC__MULTIPART_END};
    return open;
}

/* It is none. Its bytes are data, but that a CR at their end may begin the next one. */
static int give_line(sac__multipart *mp, sac__multipart_event *event)
{
    const bool cr = mp->line[mp->n_line - 1] == '\r';
    const size_t n = mp->n_line - mp->owed - cr;

    mp->state = cr ? PARTLY : SEARCH;
    mp->n_line = cr;
    return give(mp, mp->line + mp->owed, n, event);
}

static int look_behind(sac__multipart *mp, sac_str *in, sac__multipart_event *event)
{
    const char c = *in->p;
    const bool first = mp->n_line == mp->n_delimiter;
    const char last = mp->line[mp->n_line - 1];
    const bool cr = !first && last == '\r';
    const bool dash = !first && last == '-';

    if ((cr && c == '\n') || (dash && c == '-'))
        return end_delimiter(mp, in, event);
    if (cr || dash || mp->n_line == sizeof mp->line ||
        (c != '\r' && c != ' ' && c != '\t' && (c != '-' || !first)))
        return give_line(mp, event);
    mp->line[mp->n_line++] = c;
    take(mp, in, 1);
    return 0;
}

/* Keeps a byte of the head and goes over to `state`. */
static int keep(sac__multipart *mp, sac_str *in, char c, int state)
{
    sac__buf_add_char(&mp->head, c);
    if (mp->head.error == SAC_ETOOBIG)
        return fail(mp, SAC_ELIMIT, mp->offset, "the head of a part is too long");
    if (mp->head.error)
        return fail(mp, mp->head.error, mp->offset, "no memory for the head of a part");
    take(mp, in, 1);
    mp->state = state;
    return 0;
}

static int begin_field(sac__multipart *mp, sac_str *in)
{
    const char c = *in->p;

    if (c == '\r') {
        take(mp, in, 1);
        mp->state = LAST;
        return 0;
    }
    /* A line that goes on with the one before it. */
    if ((c == ' ' || c == '\t') && mp->head.n > 0) {
        mp->head.p[mp->head.n - 1] = ' ';
        return keep(mp, in, c, VALUE);
    }
    if (!sac__token_valid(sac_str_n(&c, 1)))
        return syntax(mp, "not the name of a header field");
    return keep(mp, in, c, NAME);
}

static int read_name(sac__multipart *mp, sac_str *in)
{
    const char c = *in->p;

    if (c == ':')
        return keep(mp, in, c, VALUE);
    if (!sac__token_valid(sac_str_n(&c, 1)))
        return syntax(mp, "not the name of a header field");
    return keep(mp, in, c, NAME);
}

static int read_value(sac__multipart *mp, sac_str *in)
{
    const char c = *in->p;

    if (c == '\r') {
        take(mp, in, 1);
        mp->state = NEWLINE;
        return 0;
    }
    if (((unsigned char)c < ' ' && c != '\t') || c == 0x7f)
        return syntax(mp, "a control byte in a header field");
    return keep(mp, in, c, VALUE);
}

static int begin_part(sac__multipart *mp, sac_str *in, sac__multipart_event *event)
{
    const char *error;

    if (*in->p != '\n')
        return syntax(mp, "a CR without LF in the head of a part");
    *event = (sac__multipart_event){.kind = SAC__MULTIPART_BEGIN};
    error = sac__part_head_parse(mp->head.p, mp->head.n, &event->part);
    if (error)
        return fail(mp, SAC_ESYNTAX, mp->head_at, error);
    take(mp, in, 1);
    begin_data(mp);
    mp->transfer = (sac__transfer){.kind = event->part.transfer};
    mp->in_part = mp->any = true;
    return 1;
}

static int step(sac__multipart *mp, sac_str *in, sac__multipart_event *event)
{
    switch (mp->state) {
    case SEARCH: return search(mp, in, event);
    case PARTLY: return go_on_matching(mp, in, event);
    case BEHIND: return look_behind(mp, in, event);
    case FIELD: return begin_field(mp, in);
    case NAME: return read_name(mp, in);
    case VALUE: return read_value(mp, in);
    case NEWLINE:
        if (*in->p != '\n')
            return syntax(mp, "a CR without LF in the head of a part");
        return keep(mp, in, '\n', FIELD);
    case LAST: return begin_part(mp, in, event);
    default: take(mp, in, in->n); return 0;
    }
}

int sac__multipart_next(sac__multipart *mp, sac_str *in, sac__multipart_event *event)
{
    int rc = mp->rc;

    while (rc == 0 && (mp->coded.n > 0 || in->n > 0))
        rc = mp->coded.n > 0 ? decode(mp, event) : step(mp, in, event);
    return rc;
}

bool sac__multipart_closed(const sac__multipart *mp)
{
    return mp->state == CLOSED;
}

int sac__multipart_end(sac__multipart *mp)
{
    if (mp->rc)
        return mp->rc;
    return mp->state == CLOSED ? SAC_OK : syntax(mp, "it ends before its closing delimiter");
}
