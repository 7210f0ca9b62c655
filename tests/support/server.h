/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_SERVER_H
#define TESTS_SUPPORT_SERVER_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * A MongoDB-compatible server of a test's own, to be stopped, killed and
 * started again. Kinds: "java", "ferretdb" (installed by tests/run, see
 * support/servers/install) and "opmsg", which is always there (its options and
 * rules: support/opmsg/opmsg.py). It dies with the thread that started it.
 */
typedef struct server {
    pid_t pid;
    int to;   /* its stdin */
    int from; /* its stdout */
    int port;
    char uri[128];
} server;

/* Why there is no server of this kind here, for skip(); or NULL. */
const char *server_missing(const char *kind);

/*
 * Starts one and waits until it answers. Port 0: any free one; otherwise the
 * same again after server_kill(). arguments: NULL, or ended by NULL: FerretDB's
 * folder of data (kept when it is killed; java keeps nothing), opmsg's options.
 */
void server_start(server *s, const char *kind, int port, const char *const *arguments);

/* A line of JSON for opmsg: a rule, or {"do": ...}. The number in its answer, 0 without. */
long server_tell(server *s, const char *json);
/* How many commands of this name opmsg has had. */
long server_seen(server *s, const char *command);

void server_pause(const server *s);  /* SIGSTOP */
void server_resume(const server *s); /* SIGCONT */
void server_kill(server *s);         /* SIGKILL */
void server_stop(server *s);         /* as it ends by itself; SIGKILL after 5 s */

#endif
