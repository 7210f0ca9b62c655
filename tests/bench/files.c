/* SPDX-License-Identifier: MIT */

/*
 * One file, many times, over libmicrohttpd:
 *
 *   bench-files front FOLDER           what is in FOLDER, as sac_app_front() does it
 *   bench-files open CANNED FILE       a bare handler that opens and stats the file each time
 *   bench-files memory CANNED FILE     one that has it in memory
 *
 * CANNED holds the header lines of the bare handler's answer. Each prints its
 * port and stops at EOF.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <microhttpd.h>
#include <sacrum/host/microhttpd.h>
#include <sacrum/sacrum.h>

#include "canned.h"

static canned head;
static const char *file; /* NULL: from memory */

static struct MHD_Response *open_file(void)
{
    const int fd = open(file, O_RDONLY | O_CLOEXEC);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0)
        return NULL;
    return MHD_create_response_from_fd64((uint64_t)st.st_size, fd);
}

static enum MHD_Result answer(void *self, struct MHD_Connection *mhd, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_n, void **request)
{
    struct MHD_Response *response;
    enum MHD_Result rc;

    (void)self;
    (void)url;
    (void)method;
    (void)version;
    (void)upload;
    (void)upload_n;
    if (!*request) {
        *request = &head;
        return MHD_YES;
    }
    response = file ? open_file()
                    : MHD_create_response_from_buffer(head.body_n, head.body,
                                                      MHD_RESPMEM_PERSISTENT);
    if (!response)
        return MHD_NO;
    for (int i = 0; i < head.n; i++)
        MHD_add_response_header(response, head.names[i], head.values[i]);
    rc = MHD_queue_response(mhd, 200, response);
    MHD_destroy_response(response);
    return rc;
}

static void wait_for_end(unsigned port)
{
    printf("%u\n", port);
    fflush(stdout);
    while (getchar() != EOF)
        ;
}

static int serve_bare(void)
{
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, answer, NULL, MHD_OPTION_SOCK_ADDR, &where,
        MHD_OPTION_CONNECTION_LIMIT, 1024u, MHD_OPTION_CONNECTION_TIMEOUT, 30u, MHD_OPTION_END);

    if (!daemon)
        return 1;
    wait_for_end(MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    MHD_stop_daemon(daemon);
    return 0;
}

static int serve_front(const char *folder)
{
    const char *const folders[] = {folder, NULL};
    const sac_front front = SAC_FRONT(.folders = folders);
    const sac_microhttpd_config host = SAC_MICROHTTPD_CONFIG(.listen = "127.0.0.1:0");
    sac_microhttpd *server = NULL;
    sac_app *app = NULL;
    sac_err err = {.code = 0};
    int rc = sac_app_new(NULL, &app, &err);

    if (rc == SAC_OK)
        rc = sac_app_front(app, "/", &front, &err);
    if (rc == SAC_OK)
        rc = sac_microhttpd_start(app, &host, &server, &err);
    if (rc == SAC_OK) {
        wait_for_end(sac_microhttpd_port(server));
        sac_microhttpd_stop(server);
    } else {
        fprintf(stderr, "bench-files: %s\n", err.text);
    }
    sac_app_free(app);
    return rc == SAC_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "front") == 0)
        return serve_front(argv[2]);
    if (argc != 4 || canned_load(argv[2], &head) != 0)
        return 2;
    file = strcmp(argv[1], "open") == 0 ? argv[3] : NULL;
    return serve_bare();
}
