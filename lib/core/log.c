/* SPDX-License-Identifier: MIT */
#include "core/log.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/buf.h"
#include "core/utf8.h"

#define LINE_MAX_BYTES 1024

static void add_hex(sac__buf *out, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    const char text[4] = {'\\', 'x', hex[c >> 4], hex[c & 15]};

    sac__buf_add(out, text, sizeof text);
}

/* ASCII controls, and the C1 controls, which terminals obey as well. */
static bool is_control(const char *p, size_t n)
{
    const unsigned char c = (unsigned char)p[0];

    return n == 1 ? c < 0x20 || c == 0x7f : n == 2 && c == 0xc2 && (unsigned char)p[1] < 0xa0;
}

static size_t point_size(unsigned char c)
{
    return c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

/* One code point or invalid byte at a time: a full line never ends inside one. */
static void escape(sac__buf *out, sac_str s)
{
    size_t good = sac__utf8_bad(s);
    size_t n;

    for (size_t i = 0; i < s.n && !out->error; i += n) {
        if (i == good) {
            n = 1;
            add_hex(out, (unsigned char)s.p[i]);
            good = i + 1 + sac__utf8_bad(sac_str_n(s.p + i + 1, s.n - i - 1));
            continue;
        }
        n = point_size((unsigned char)s.p[i]);
        if (!is_control(s.p + i, n)) {
            sac__buf_add(out, s.p + i, n);
            continue;
        }
        for (size_t k = 0; k < n; k++)
            add_hex(out, (unsigned char)s.p[i + k]);
    }
}

void sac__logf(const sac__log *log, sac_log_level level, const char *format, ...)
{
    char text[LINE_MAX_BYTES + 4]; /* so much more that a cut point is past the end */
    char line[LINE_MAX_BYTES];
    sac__buf out;
    va_list args;
    int n;

    if (!log || !log->fn || level > log->level)
        return;
    va_start(args, format);
    n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (n < 0)
        return;
    if ((size_t)n >= sizeof text)
        n = (int)sizeof text - 1;
    sac__buf_init_fixed(&out, line, sizeof line);
    escape(&out, sac_str_n(text, (size_t)n));
    log->fn(log->self, level, sac__buf_str(&out));
}
