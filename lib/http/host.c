/* SPDX-License-Identifier: MIT */
#include "http/url.h"

#include <arpa/inet.h>
#include <strings.h>

enum { MAX_HOST = 255 };

typedef struct authority {
    sac_str host; /* of an IPv6 address without its brackets */
    sac_str port; /* p NULL: none */
    bool ipv6;
} authority;

/* inet_pton() wants a NUL behind the address. */
static bool read_address(int family, sac_str text, void *out)
{
    char copy[INET6_ADDRSTRLEN];

    if (text.n == 0 || text.n >= sizeof copy || memchr(text.p, '\0', text.n))
        return false;
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    return inet_pton(family, copy, out) == 1;
}

static bool is_port(sac_str port)
{
    long value = 0;

    for (size_t i = 0; i < port.n; i++) {
        if (port.p[i] < '0' || port.p[i] > '9' || i >= 5)
            return false;
        value = value * 10 + (port.p[i] - '0');
    }
    return port.n > 0 && value <= 65535;
}

/* Narrower than RFC 3986: no escapes and no sub-delimiters, as in no name that resolves. */
static bool is_name(sac_str host)
{
    /* Letters, digits, '-', '_', '.': bit c % 64 of word c / 64. */
    static const uint64_t name[4] = {0x3ff600000000000, 0x7fffffe87fffffe, 0, 0};
    char before = '.';

    for (size_t i = 0; i < host.n; i++) {
        const unsigned char c = (unsigned char)host.p[i];

        if (!(name[c / 64] >> c % 64 & 1) || (c == '.' && before == '.'))
            return false;
        before = host.p[i];
    }
    return host.n > 0 && host.n <= MAX_HOST;
}

static bool split_brackets(sac_str s, authority *out, sac_str *rest)
{
    const char *end = memchr(s.p, ']', s.n);
    struct in6_addr address;
    size_t n;

    if (!end)
        return false;
    n = (size_t)(end - s.p);
    *out = (authority){.host = {s.p + 1, n - 1}, .port = {NULL, 0}, .ipv6 = true};
    *rest = sac_str_n(end + 1, s.n - n - 1);
    return read_address(AF_INET6, out->host, &address);
}

static bool split_name(sac_str s, authority *out, sac_str *rest)
{
    const char *colon = memchr(s.p, ':', s.n);
    const size_t n = colon ? (size_t)(colon - s.p) : s.n;

    *out = (authority){.host = {s.p, n}, .port = {NULL, 0}, .ipv6 = false};
    *rest = sac_str_n(s.p + n, s.n - n);
    return is_name(out->host);
}

static bool split(sac_str s, authority *out)
{
    sac_str rest = {NULL, 0};

    if (s.n == 0 || !(*s.p == '[' ? split_brackets(s, out, &rest) : split_name(s, out, &rest)))
        return false;
    if (rest.n == 0)
        return true;
    out->port = sac_str_n(rest.p + 1, rest.n - 1);
    return *rest.p == ':' && is_port(out->port);
}

bool sac__host_valid(sac_str host)
{
    authority parts;

    return split(host, &parts);
}

bool sac__host_is_loopback(sac_str host)
{
    struct in6_addr v6;
    struct in_addr v4;
    authority parts;

    if (!split(host, &parts))
        return false;
    if (parts.ipv6)
        return read_address(AF_INET6, parts.host, &v6) && IN6_IS_ADDR_LOOPBACK(&v6);
    if (read_address(AF_INET, parts.host, &v4))
        return ntohl(v4.s_addr) >> 24 == 127;
    return parts.host.n == 9 && strncasecmp(parts.host.p, "localhost", 9) == 0;
}

static bool is_scheme(sac_str scheme)
{
    for (size_t i = 0; i < scheme.n; i++) {
        const char c = scheme.p[i];
        const bool letter = c >= 'a' && c <= 'z';

        if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.')))
            return false;
    }
    return scheme.n > 0;
}

/* Browsers leave the scheme's own port out. */
static bool is_sent_port(sac_str scheme, sac_str port)
{
    return !port.p || (port.n > 0 && *port.p != '0' &&
                       !(sac_str_is(scheme, "http") && sac_str_is(port, "80")) &&
                       !(sac_str_is(scheme, "https") && sac_str_is(port, "443")));
}

bool sac__origin_valid(sac_str origin)
{
    const char *colon = origin.n ? memchr(origin.p, ':', origin.n) : NULL;
    const size_t n = colon ? (size_t)(colon - origin.p) : 0;
    const sac_str scheme = sac_str_n(origin.p, n);
    authority parts;

    if (!is_scheme(scheme) || origin.n < n + 3 || memcmp(colon, "://", 3) != 0)
        return false;
    for (size_t i = 0; i < origin.n; i++)
        if (origin.p[i] >= 'A' && origin.p[i] <= 'Z')
            return false;
    return split(sac_str_n(colon + 3, origin.n - n - 3), &parts) &&
           is_sent_port(scheme, parts.port);
}
