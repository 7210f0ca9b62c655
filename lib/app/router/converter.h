/* SPDX-License-Identifier: MIT */
#ifndef APP_ROUTER_CONVERTER_H
#define APP_ROUTER_CONVERTER_H

#include <sacrum/view.h>

/* The kinds of path parameters that need no registration, in the order in
 * which they are tried; custom ones come before string. */
enum { SAC__RANK_CUSTOM = 3, SAC__RANK_STRING = 4, SAC__RANK_PATH = 5 };

/* The built-in converter of a kind, or NULL. */
const sac_converter *sac__converter_builtin(sac_str kind);

/* Lower is tried first. */
int sac__converter_rank(const sac_converter *converter);

#endif
