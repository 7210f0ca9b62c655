/* SPDX-License-Identifier: MIT */
#ifndef PAGE_TEMPLATE_ESCAPE_H
#define PAGE_TEMPLATE_ESCAPE_H

#include <sacrum/str.h>

enum {
    SAC__ESCAPE_WORST = 6, /* bytes that one becomes at most: &quot; */
    SAC__ESCAPE_SLACK = 16 /* and bytes behind the end that may be written to */
};

/* Writes a text with & < > " ' escaped for HTML, between quotes too; the end of it. */
char *sac__html_escape(char *w, sac_str s);

#endif
