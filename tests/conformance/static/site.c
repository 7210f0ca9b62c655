/* SPDX-License-Identifier: MIT */

/*
 * conformance-static-HOST HOST FOLDER [gzip]: serves the files of a folder over
 * one of the hosts with a socket; prints the port, stops at EOF.
 */
#include <stdio.h>
#include <string.h>

#include <sacrum/page.h>

#include "../host/hosts.h"

static const socket_host *find_host(const char *name)
{
    for (size_t i = 0; i < n_socket_hosts; i++)
        if (strcmp(socket_hosts[i]->name, name) == 0)
            return socket_hosts[i];
    return NULL;
}

static int serve(const socket_host *on, sac_app *app)
{
    const socket_limits limits = {0};
    unsigned port = 0;
    void *server = on->open(app, &limits, &port);

    if (!server)
        return 1;
    printf("%u\n", port);
    fflush(stdout);
    while (getchar() != EOF)
        ;
    on->close(server);
    return 0;
}

int main(int argc, char **argv)
{
    const char *const folders[] = {argc >= 3 ? argv[2] : "", NULL};
    const sac_front front = SAC_FRONT(.folders = folders);
    const socket_host *on = argc >= 3 ? find_host(argv[1]) : NULL;
    sac_app *app = NULL;
    sac_err err = {.code = 0};
    int rc;

    if (!on)
        return 2;
    rc = sac_app_new(NULL, &app, &err);
    if (rc == SAC_OK)
        rc = sac_app_front(app, "/", &front, &err);
    if (rc == SAC_OK && argc == 4)
        rc = sac_app_gzip(app, 0, &err);
    if (rc == SAC_OK)
        rc = sac_app_seal(app, &err);
    if (rc == SAC_OK)
        rc = serve(on, app);
    else
        fprintf(stderr, "%s\n", err.text);
    sac_app_free(app);
    return rc == SAC_OK ? 0 : 1;
}
