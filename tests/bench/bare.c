/* SPDX-License-Identifier: MIT */

/*
 * The floor: a libmicrohttpd handler that answers each method with one canned
 * response.
 *
 *   bench-bare GET-FILE POST-FILE     prints the port, stops at EOF
 */
#include <arpa/inet.h>
#include <stdio.h>

#include <microhttpd.h>

#include "canned.h"

static canned get, post;

static enum MHD_Result answer(void *self, struct MHD_Connection *mhd, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_n, void **request)
{
    const canned *c = method[0] == 'P' ? &post : &get;
    struct MHD_Response *response;
    enum MHD_Result rc;

    (void)self;
    (void)url;
    (void)version;
    (void)upload;
    if (!*request) {
        *request = &get;
        return MHD_YES;
    }
    if (*upload_n) {
        *upload_n = 0;
        return MHD_YES;
    }
    response = MHD_create_response_from_buffer(c->body_n, c->body, MHD_RESPMEM_PERSISTENT);
    for (int i = 0; i < c->n; i++)
        MHD_add_response_header(response, c->names[i], c->values[i]);
    rc = MHD_queue_response(mhd, (unsigned)c->status, response);
    MHD_destroy_response(response);
    return rc;
}

int main(int argc, char **argv)
{
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct MHD_Daemon *daemon;

    if (argc != 3 || canned_load(argv[1], &get) != 0 || canned_load(argv[2], &post) != 0)
        return 2;
    daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, answer, NULL,
                              MHD_OPTION_SOCK_ADDR, &where, MHD_OPTION_CONNECTION_LIMIT, 1024u,
                              MHD_OPTION_CONNECTION_TIMEOUT, 30u, MHD_OPTION_END);
    if (!daemon)
        return 1;
    printf("%u\n", MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    fflush(stdout);
    while (getchar() != EOF)
        ;
    MHD_stop_daemon(daemon);
    return 0;
}
