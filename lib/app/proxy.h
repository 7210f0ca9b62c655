/* SPDX-License-Identifier: MIT */
#ifndef APP_PROXY_H
#define APP_PROXY_H

#include <sacrum/str.h>

/* Addresses of clients, and what proxies in front tell of them. */

typedef struct sac__address {
    uint8_t bytes[16]; /* an IPv4 one as ::ffff:a.b.c.d */
    bool v4;
} sac__address;

/* "192.0.2.1", "2001:db8::1", "fe80::1%eth0". */
bool sac__address_parse(sac_str text, sac__address *out);

typedef struct sac__network {
    sac__address base;
    unsigned bits; /* of its 128 */
} sac__network;

/* "10.0.0.0/8", or one address. */
bool sac__network_parse(sac_str text, sac__network *out);
bool sac__network_has(const sac__network *network, const sac__address *address);

#endif
