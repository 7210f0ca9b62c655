/* SPDX-License-Identifier: MIT */

/*
 * The bench's resource as a program for Ulfius would have it: the documents
 * are jansson objects in memory, found by id in a jansson object.
 *
 *   bench-ulfius DOCS [epoll]     prints the port, stops at EOF
 *
 * DOCS is a JSON array of documents. Ulfius has a thread for each connection
 * unless it is told another way of libmicrohttpd's: with `epoll` one thread
 * serves them all.
 */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <ulfius.h>

typedef struct table {
    json_t *list;
    json_t *by_id;
} table;

static int get_item(const struct _u_request *request, struct _u_response *response, void *self)
{
    const table *docs = self;
    const json_t *doc = json_object_get(docs->by_id, u_map_get(request->map_url, "id"));

    if (doc)
        ulfius_set_json_body_response(response, 200, doc);
    else
        ulfius_set_empty_body_response(response, 404);
    return U_CALLBACK_CONTINUE;
}

static size_t parameter(const struct _u_request *request, const char *name, size_t fallback)
{
    const char *text = u_map_get(request->map_url, name);

    return text ? strtoul(text, NULL, 10) : fallback;
}

static int get_list(const struct _u_request *request, struct _u_response *response, void *self)
{
    const table *docs = self;
    size_t n = parameter(request, "per_page", 25);
    size_t first = (parameter(request, "page", 1) - 1) * n;
    json_t *page = json_array();

    for (size_t i = first; i < first + n && i < json_array_size(docs->list); i++)
        json_array_append(page, json_array_get(docs->list, i));
    ulfius_set_json_body_response(response, 200, page);
    json_decref(page);
    return U_CALLBACK_CONTINUE;
}

static int load(const char *path, table *out)
{
    json_t *doc;
    size_t i;

    out->list = json_load_file(path, 0, NULL);
    out->by_id = json_object();
    json_array_foreach(out->list, i, doc)
        json_object_set(out->by_id, json_string_value(json_object_get(doc, "_id")), doc);
    return json_array_size(out->list) ? 0 : -1;
}

/* Ulfius takes no port 0. */
static uint16_t free_port(void)
{
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof where;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&where, size) != 0 ||
        getsockname(fd, (struct sockaddr *)&where, &size) != 0)
        exit(1);
    close(fd);
    return ntohs(where.sin_port);
}

static int start(struct _u_instance *instance, bool epoll)
{
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)mhd_request_completed, NULL},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)ulfius_uri_logger, NULL},
        {MHD_OPTION_SOCK_ADDR, 0, instance->bind_address},
        {MHD_OPTION_END, 0, NULL},
    };

    if (!epoll)
        return ulfius_start_framework(instance);
    return ulfius_start_framework_with_mhd_options(instance, MHD_USE_EPOLL_INTERNAL_THREAD,
                                                   options);
}

int main(int argc, char **argv)
{
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct _u_instance instance;
    uint16_t port = free_port();
    table docs;

    where.sin_port = htons(port);
    if (argc < 2 || load(argv[1], &docs) != 0)
        return 2;
    if (ulfius_init_instance(&instance, port, &where, NULL) != U_OK)
        return 1;
    ulfius_add_endpoint_by_val(&instance, "GET", "/api/docs", NULL, 0, get_list, &docs);
    ulfius_add_endpoint_by_val(&instance, "GET", "/api/docs", "/:id", 0, get_item, &docs);
    if (start(&instance, argc > 2 && strcmp(argv[2], "epoll") == 0) != U_OK)
        return 1;
    printf("%u\n", port);
    fflush(stdout);
    while (getchar() != EOF)
        ;
    ulfius_stop_framework(&instance);
    ulfius_clean_instance(&instance);
    json_decref(docs.by_id);
    json_decref(docs.list);
    return 0;
}
