/* SPDX-License-Identifier: MIT */
#include "page/range.h"

#include <strings.h>

/* Digits at the start; too many of them are as good as infinity. */
static bool take_number(sac_str *rest, uint64_t *out)
{
    uint64_t value = 0;
    size_t n = 0;

    for (; n < rest->n && rest->p[n] >= '0' && rest->p[n] <= '9'; n++) {
        const uint64_t digit = (uint64_t)(rest->p[n] - '0');

        value = value > (UINT64_MAX - digit) / 10 ? UINT64_MAX : value * 10 + digit;
    }
    *out = value;
    *rest = sac_str_n(rest->p + n, rest->n - n);
    return n > 0;
}

static sac__range suffix(uint64_t want, uint64_t size, uint64_t *offset, uint64_t *length)
{
    if (want == 0)
        return SAC__RANGE_OUTSIDE;
    if (size == 0)
        return SAC__RANGE_NONE;
    *length = want < size ? want : size;
    *offset = size - *length;
    return SAC__RANGE_PART;
}

sac__range sac__range_parse(sac_str header, uint64_t size, uint64_t *offset, uint64_t *length)
{
    uint64_t first = 0, last = UINT64_MAX;
    bool has_first, has_last;
    sac_str rest;

    if (header.n < 6 || strncasecmp(header.p, "bytes=", 6) != 0)
        return SAC__RANGE_NONE;
    rest = sac_str_n(header.p + 6, header.n - 6);
    has_first = take_number(&rest, &first);
    if (rest.n == 0 || *rest.p != '-')
        return SAC__RANGE_NONE;
    rest = sac_str_n(rest.p + 1, rest.n - 1);
    has_last = take_number(&rest, &last);
    if (rest.n > 0 || (!has_first && !has_last))
        return SAC__RANGE_NONE;
    if (!has_first)
        return suffix(last, size, offset, length);
    if (has_last && last < first)
        return SAC__RANGE_NONE;
    if (first >= size)
        return SAC__RANGE_OUTSIDE;
    *offset = first;
    *length = has_last && last < size - 1 ? last - first + 1 : size - first;
    return SAC__RANGE_PART;
}
