/* SPDX-License-Identifier: MIT */
#include "server.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct address {
    char host[256]; /* empty: every address */
    char port[8];
} address;

/* `host:port`, `[v6]:port`, `:port`. */
static int parse_address(const char *text, address *out, sac_err *err)
{
    const char *colon = strrchr(text, ':');
    const char *host = text, *end = colon;
    size_t digits = colon ? strlen(colon + 1) : 0;

    if (colon && *host == '[' && colon > text + 1 && colon[-1] == ']') {
        host++;
        end--;
        if (end == host)
            colon = NULL;
    } else if (colon && memchr(text, ':', (size_t)(colon - text))) {
        colon = NULL; /* an IPv6 address without brackets */
    }
    if (!colon || digits == 0 || digits > 5 || strspn(colon + 1, "0123456789") != digits ||
        (size_t)(end - host) >= sizeof out->host)
        return sac_err_set(err, SAC_EINVAL, "bad address \"%s\": it is HOST:PORT", text);
    memcpy(out->host, host, (size_t)(end - host));
    out->host[end - host] = '\0';
    memcpy(out->port, colon + 1, digits + 1);
    if (strtol(out->port, NULL, 10) > 65535)
        return sac_err_set(err, SAC_EINVAL, "bad address \"%s\": no such port", text);
    return SAC_OK;
}

static int open_socket(const struct addrinfo *info, bool every)
{
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int yes = 1, no = 0, saved;

    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (every && info->ai_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
    if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0)
        return fd;
    saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

static unsigned port_of(int fd)
{
    struct sockaddr_storage storage;
    socklen_t n = sizeof storage;

    if (getsockname(fd, (struct sockaddr *)&storage, &n) != 0)
        return 0;
    return storage.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&storage)->sin6_port)
                                         : ntohs(((struct sockaddr_in *)&storage)->sin_port);
}

int sac__microhttpd_server_listen(const char *text, int *fd, unsigned *port, sac_err *err)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found = NULL;
    bool every;
    address where;
    int rc = parse_address(text, &where, err);

    if (rc != SAC_OK)
        return rc;
    every = where.host[0] == '\0';
    rc = getaddrinfo(every ? NULL : where.host, where.port, &hints, &found);
    if (rc != 0)
        return sac_err_set(err, SAC_EINVAL, "bad address \"%s\": %s", text, gai_strerror(rc));
    *fd = -1;
    /* Every address is best listened to by one IPv6 socket that takes IPv4 too. */
    for (const struct addrinfo *i = found; every && i && *fd < 0; i = i->ai_next)
        if (i->ai_family == AF_INET6)
            *fd = open_socket(i, true);
    for (const struct addrinfo *i = found; i && *fd < 0; i = i->ai_next)
        *fd = open_socket(i, false);
    rc = errno;
    freeaddrinfo(found);
    if (*fd < 0)
        return sac_err_set(err, SAC_EIO, "cannot listen on %s: %s", text, strerror(rc));
    *port = port_of(*fd);
    return SAC_OK;
}
