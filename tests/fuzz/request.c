/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "served.h"

enum { HEADERS = 24 };

static void check(const sac_loopback_request *ask, const sac_loopback_reply *reply)
{
    const sac_str type = sac_loopback_header(reply, "content-type");

    HOLD(reply->status >= 200 && reply->status < 600 && reply->status != 500 && !reply->cut);
    for (size_t i = 0; i < reply->n_headers; i++)
        for (size_t k = 0; k < reply->headers[i].value.n; k++)
            HOLD((unsigned char)reply->headers[i].value.p[k] >= ' ');
    if (strcmp(ask->method, "HEAD") == 0 || reply->status == 204 || reply->status == 304)
        HOLD(reply->body.n == 0);
    else if (type.p && memmem(type.p, type.n, "json", 4))
        HOLD(fuzz_is_json(reply->body));
}

/* `METHOD TARGET`, lines of headers, an empty one, then the body. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static sac_loopback *client;
    char *text = malloc(size + 1), *line = text, *next, *space;
    const char *headers[HEADERS + 1] = {NULL};
    sac_loopback_request ask = SAC_LOOPBACK_REQUEST(.method = text, .target = "");
    sac_loopback_reply reply;

    if (!client)
        client = fuzz_serve();
    HOLD(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    for (int n = -1; line && *line != '\n'; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        if (n >= 0 && n < HEADERS)
            headers[n] = line;
        n++;
    }
    if (line)
        ask.body = sac_str_n(line + 1, size - (size_t)(line + 1 - text));
    space = strchr(text, ' ');
    if (space) {
        *space = '\0';
        ask.target = space + 1;
    }
    ask.headers = headers;
    ask.chunked = size % 3 == 0;
    ask.piece = size % 2 ? 7 : 0;
    if (sac_loopback_send(client, &ask, &reply, NULL) == SAC_OK)
        check(&ask, &reply);
    free(text);
    return 0;
}
