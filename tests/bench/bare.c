/* SPDX-License-Identifier: MIT */

/*
 * The floor: a libmicrohttpd handler that answers each method with one canned
 * response, read from files that hold header lines, an empty line and a body.
 *
 *   bench-bare GET-FILE POST-FILE     prints the port, stops at EOF
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <microhttpd.h>

typedef struct canned {
    int status;
    char *text, *body;
    size_t body_n;
    char *names[32], *values[32];
    int n;
} canned;

static canned get, post;

static int load(const char *path, canned *out)
{
    FILE *f = fopen(path, "rb");
    size_t n;
    char *line;

    out->text = calloc(1, 1 << 24);
    if (!f || !out->text)
        return -1;
    n = fread(out->text, 1, (1 << 24) - 1, f);
    fclose(f);
    out->body = strstr(out->text, "\n\n");
    if (!out->body)
        return -1;
    *out->body = '\0';
    out->body += 2;
    out->body_n = n - (size_t)(out->body - out->text);
    line = strtok(out->text, "\n");
    out->status = line ? atoi(line) : 0;
    while ((line = strtok(NULL, "\n")) && out->n < 32) {
        char *colon = strchr(line, ':');

        if (!colon)
            return -1;
        *colon = '\0';
        out->names[out->n] = line;
        out->values[out->n++] = colon + 2;
    }
    return 0;
}

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

    if (argc != 3 || load(argv[1], &get) != 0 || load(argv[2], &post) != 0)
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
