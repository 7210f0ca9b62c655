/* SPDX-License-Identifier: MIT */
#ifndef LINKS_H
#define LINKS_H

#include <sacrum/sacrum.h>

/*
 * Short links of several teams. `links`: {_id: code, url, title, team, hits,
 * made}; `teams`: {_id, name}; `gone`: {_id: code} of links that were removed.
 */
enum { CODE_SIZE = 6, MAX_URL = 2000, MAX_TITLE = 200 };

/* sac_app_config.state: what all views share. */
typedef struct service {
    sac_str key; /* whoever writes has to know it; p NULL: anybody may */
} service;

/* links.c */
extern const sac_resource teams;
extern const sac_resource links;
extern const sac_schema new_link_schema;
extern const sac_converter code_converter;
extern const sac_view_ops follow_view;
extern const sac_decorator key_needed[];

/* csv.c */
extern const sac_view_ops export_view;
extern const sac_view_ops import_view;

/* report.c */
extern const sac_view_ops report_view;

/* Letters and digits, 1 to 32 of them. */
bool is_code(sac_str text);

#endif
