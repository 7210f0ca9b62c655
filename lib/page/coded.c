/* SPDX-License-Identifier: MIT */
#include "page/coded.h"

#include <unistd.h>

#include "app/req.h"
#include "http/media.h"
#include "page/mime.h"

/* The smaller one first. */
static const struct coding {
    const char *name, *ending;
} codings[] = {{"br", ".br"}, {"gzip", ".gz"}};

enum { CODINGS = sizeof codings / sizeof *codings };

static bool is_older(const struct stat *a, const struct stat *b)
{
    return a->st_mtim.tv_sec != b->st_mtim.tv_sec ? a->st_mtim.tv_sec < b->st_mtim.tv_sec
                                                  : a->st_mtim.tv_nsec < b->st_mtim.tv_nsec;
}

/* 1: there is such a variant, and it is open now. */
static int take(const sac_folder *folder, sac_req *req, sac__file *file, const struct coding *by)
{
    sac__file variant = {
        .path = sac_req_printf(req, "%.*s%s", (int)file->path.n, file->path.p, by->ending)};

    if (!variant.path.p)
        return SAC_ENOMEM;
    if (sac__file_try(folder, &variant) != SAC_OK)
        return 0;
    if (!S_ISREG(variant.st.st_mode) || variant.st.st_size == 0 ||
        is_older(&variant.st, &file->st)) {
        close(variant.fd);
        return 0;
    }
    close(file->fd);
    file->state = sac__file_state(&file->st);
    file->fd = variant.fd;
    file->st = variant.st;
    file->coding = by->name;
    return 1;
}

int sac__coded_choose(const sac_folder *folder, sac_req *req, sac__file *file)
{
    const sac_head *head = sac__req_head(req);
    const char *type = file->type ? file->type : sac__mime_type(file->path);
    const int plain = sac__accept_coding(head->headers, head->n_headers, "identity");
    int quality[CODINGS], rc = 0;

    if (sac__mime_is_packed(type))
        return SAC_OK;
    file->varies = true;
    for (size_t i = 0; i < CODINGS; i++)
        quality[i] = sac__accept_coding(head->headers, head->n_headers, codings[i].name);
    for (size_t round = 0; round < CODINGS && rc == 0; round++) {
        size_t best = 0;

        for (size_t i = 1; i < CODINGS; i++)
            if (quality[i] > quality[best])
                best = i;
        if (quality[best] == 0 || quality[best] < plain)
            break;
        quality[best] = 0;
        rc = take(folder, req, file, &codings[best]);
    }
    return rc < 0 ? rc : SAC_OK;
}
