/* SPDX-License-Identifier: MIT */
#include "app/proxy.h"

#include <arpa/inet.h>

#include "app/exchange/exchange.h"
#include "http/token.h"

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

bool sac__address_parse(sac_str text, sac__address *out)
{
    char copy[INET6_ADDRSTRLEN];

    if (!text.p || text.n >= sizeof copy)
        return false;
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    if (strlen(copy) != text.n)
        return false;
    copy[strcspn(copy, "%")] = '\0'; /* the zone of a link-local one */
    memcpy(out->bytes, mapped, sizeof mapped);
    out->v4 = inet_pton(AF_INET, copy, out->bytes + sizeof mapped) == 1;
    if (out->v4)
        return true;
    if (inet_pton(AF_INET6, copy, out->bytes) != 1)
        return false;
    out->v4 = memcmp(out->bytes, mapped, sizeof mapped) == 0;
    return true;
}

bool sac__network_parse(sac_str text, sac__network *out)
{
    const char *slash = memchr(text.p, '/', text.n);
    const sac_str address = slash ? sac_str_n(text.p, (size_t)(slash - text.p)) : text;
    const bool dotted = !memchr(address.p, ':', address.n);
    const unsigned most = dotted ? 32 : 128;
    unsigned bits = 0;

    if (!sac__address_parse(address, &out->base))
        return false;
    if (!slash) {
        out->bits = 128;
        return true;
    }
    if (++slash == text.p + text.n || text.p + text.n - slash > 3)
        return false;
    for (; slash < text.p + text.n; slash++) {
        if (*slash < '0' || *slash > '9')
            return false;
        bits = bits * 10 + (unsigned)(*slash - '0');
    }
    out->bits = bits + (128 - most);
    return bits <= most;
}

bool sac__network_has(const sac__network *network, const sac__address *address)
{
    const unsigned whole = network->bits / 8, left = network->bits % 8;

    if (memcmp(network->base.bytes, address->bytes, whole) != 0)
        return false;
    return left == 0 || (network->base.bytes[whole] ^ address->bytes[whole]) >> (8 - left) == 0;
}

int sac__proxies_read(sac__core *core, sac_err *err)
{
    const char *const *names = core->config.proxies;
    size_t n = 0;

    while (names && names[n])
        n++;
    core->proxies = n > 0 ? sac__app_get(&core->root, n * sizeof *core->proxies) : NULL;
    if (n > 0 && !core->proxies)
        return sac_err_set(err, SAC_ENOMEM, "app: no memory");
    for (size_t i = 0; i < n; i++) {
        if (strcmp(names[i], "unix") == 0)
            core->local_proxy = true;
        else if (!sac__network_parse(sac_str_of(names[i]), &core->proxies[core->n_proxies++]))
            return sac_err_set(err, SAC_EINVAL,
                               "app config: proxies holds something that is no address: %.60s",
                               names[i]);
    }
    return SAC_OK;
}

/* A socket of the file system has no addresses. */
static bool is_proxy(const sac__core *core, sac_str peer)
{
    sac__address address;

    if (peer.n == 0)
        return core->local_proxy;
    if (!sac__address_parse(peer, &address))
        return false;
    for (size_t i = 0; i < core->n_proxies; i++)
        if (sac__network_has(&core->proxies[i], &address))
            return true;
    return false;
}

/* Cuts off what the nearest proxy has appended. */
static sac_str take_last(sac_str *list)
{
    const char *comma = list->n > 0 ? memrchr(list->p, ',', list->n) : NULL;
    const char *from = comma ? comma + 1 : list->p;
    const sac_str last = sac_str_n(from, (size_t)(list->p + list->n - from));

    list->n = comma ? (size_t)(comma - list->p) : 0;
    return sac__token_trim(last);
}

/* Some proxies send ports: "192.0.2.1:4711", "[2001:db8::1]:4711". */
static sac_str without_port(sac_str text)
{
    const char *end = text.n > 0 ? memchr(text.p, text.p[0] == '[' ? ']' : ':', text.n) : NULL;

    if (end && text.p[0] == '[')
        return sac_str_n(text.p + 1, (size_t)(end - text.p - 1));
    if (end && !memchr(end + 1, ':', (size_t)(text.p + text.n - end - 1)))
        return sac_str_n(text.p, (size_t)(end - text.p));
    return text;
}

static void read_scheme(sac_req *req, sac_str list)
{
    const sac_str scheme = take_last(&list);

    if (sac__token_same(scheme, sac_str_of("https")))
        req->head.secure = true;
    else if (sac__token_same(scheme, sac_str_of("http")))
        req->head.secure = false;
}

/* Goes back as far as proxies of ours tell of each other: the first other one is the client. */
static bool read_addresses(sac_req *req, sac_str list)
{
    while (list.n > 0) {
        const sac_str told = without_port(take_last(&list));
        sac__address address;

        if (!sac__address_parse(told, &address))
            return false;
        req->head.peer = told;
        if (!is_proxy(req->core, told))
            return false;
    }
    return true;
}

void sac__proxy_read(sac_req *req)
{
    const sac_head *head = &req->head;
    bool goes_on = is_proxy(req->core, head->peer), told = false;

    if (!goes_on)
        return;
    for (size_t i = head->n_headers; i-- > 0;) {
        const sac_header *header = &head->headers[i];

        if (!told && sac__header_is(header->name, "x-forwarded-proto")) {
            read_scheme(req, header->value);
            told = true;
        } else if (goes_on && sac__header_is(header->name, "x-forwarded-for")) {
            goes_on = read_addresses(req, header->value);
        }
    }
}
