/* SPDX-License-Identifier: MIT */
#ifndef PAGE_MIME_H
#define PAGE_MIME_H

#include <sacrum/str.h>

/* The media type of a file by the ending of its name; application/octet-stream when unknown. */
const char *sac__mime_type(sac_str path);

#endif
