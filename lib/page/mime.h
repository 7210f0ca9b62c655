/* SPDX-License-Identifier: MIT */
#ifndef PAGE_MIME_H
#define PAGE_MIME_H

#include <sacrum/str.h>

/* The media type of a file by the ending of its name; application/octet-stream when unknown. */
const char *sac__mime_type(sac_str path);
/* Whether a type is compressed by itself: another coding gains nothing. */
bool sac__mime_is_packed(const char *type);
/* Whether it is text, or the like: compressing it is worth the time. */
bool sac__mime_is_text(sac_str type);

#endif
