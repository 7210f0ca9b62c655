/* SPDX-License-Identifier: MIT */

/*
 * bench-server load FILE N        fill a database
 * bench-server sacrum FILE        serve it; prints the port, stops at EOF
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sacrum/sacrum.h>
#include <sacrum/host/microhttpd.h>
#include <sacrum/store/lmdb.h>

#include "data.h"

static const sac_resource docs = SAC_RESOURCE(.name = "docs", .fields = bench_fields,
                                              .max_list = SAC_NO_LIMIT);

static int load(const char *uri, uint64_t n, sac_err *err)
{
    enum { BATCH = 1000 };
    const sac_store_config config = SAC_STORE_CONFIG(.uri = uri);
    sac_store *store = NULL;
    int rc = sac_lmdb(&config, &store, err);

    for (uint64_t i = 0; i < n && rc == SAC_OK; i += BATCH) {
        sac_bson writers[BATCH];
        sac_str batch[BATCH];
        sac_write write = SAC_WRITE(.kind = SAC_WRITE_INSERT, .collection = "docs", .docs = batch,
                                    .n_docs = BATCH);

        for (uint64_t k = 0; k < BATCH; k++) {
            sac_bson_init(&writers[k], NULL, 0);
            bench_doc(i + k, &writers[k]);
            if (sac_bson_finish(&writers[k], &batch[k]) != SAC_OK)
                rc = SAC_ENOMEM;
        }
        if (rc == SAC_OK)
            rc = sac_store_write(store, &write, err);
        for (uint64_t k = 0; k < BATCH; k++)
            sac_bson_fini(&writers[k]);
    }
    sac_store_close(store);
    return rc;
}

static int serve(const char *uri, sac_err *err)
{
    const sac_app_config config = SAC_APP_CONFIG(.database = uri, .stores = {sac_lmdb});
    const sac_microhttpd_config host = SAC_MICROHTTPD_CONFIG(.listen = "127.0.0.1:0");
    sac_microhttpd *server = NULL;
    sac_app *app = NULL;
    int rc = sac_app_new(&config, &app, err);

    if (rc == SAC_OK)
        rc = sac_app_resource(app, "/api/docs", &docs, err);
    if (rc == SAC_OK)
        rc = sac_microhttpd_start(app, &host, &server, err);
    if (rc == SAC_OK) {
        printf("%u\n", sac_microhttpd_port(server));
        fflush(stdout);
        while (getchar() != EOF)
            ;
        sac_microhttpd_stop(server);
    }
    sac_app_free(app);
    return rc;
}

int main(int argc, char **argv)
{
    char uri[4096];
    sac_err err = {.code = 0};
    int rc = SAC_EINVAL;

    snprintf(uri, sizeof uri, "lmdb:%s", argc > 2 ? argv[2] : "");
    if (argc == 4 && strcmp(argv[1], "load") == 0)
        rc = load(uri, strtoull(argv[3], NULL, 10), &err);
    else if (argc == 3 && strcmp(argv[1], "sacrum") == 0)
        rc = serve(uri, &err);
    if (rc != SAC_OK)
        fprintf(stderr, "bench-server: %s\n", err.text);
    return rc == SAC_OK ? 0 : 1;
}
