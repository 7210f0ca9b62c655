/* SPDX-License-Identifier: MIT */
/* What this program was built of, as the libraries that run say it. */
#include <stdio.h>

#include <bson/bson.h>
#include <cjson/cJSON.h>
#include <microhttpd.h>
#include <openssl/crypto.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#if HAVE_LMDB
#include <lmdb.h>
#endif
#if HAVE_MONGO
#include <mongoc/mongoc.h>
#endif

#include "serve.h"

int print_version(void)
{
    char pcre2[64] = "";

    pcre2_config(PCRE2_CONFIG_VERSION, pcre2);
    puts("serve of sacrum " SAC_VERSION);
    printf("libmicrohttpd %s\n", MHD_get_version());
#if HAVE_LMDB
    puts(mdb_version(NULL, NULL, NULL));
#endif
#if HAVE_MONGO
    printf("libmongoc %s\n", mongoc_get_version());
#endif
    printf("libbson %s\n", bson_get_version());
    printf("cJSON %s\n", cJSON_Version());
    printf("PCRE2 %s\n", pcre2);
    puts(OpenSSL_version(OPENSSL_VERSION));
    return ALL_WELL;
}
