/* SPDX-License-Identifier: MIT */
#ifndef HTTP_METHOD_H
#define HTTP_METHOD_H

#include <sacrum/http.h>

#include "core/buf.h"

enum { SAC__METHODS = 7 };

/* The bit of a method's name (case-sensitive), 0 if it is none of ours. */
unsigned sac__method_of(sac_str name);
/* The name of one bit. */
sac_str sac__method_name(unsigned method);
/* "GET, HEAD, POST" for a set, in the order of the bits. */
void sac__method_list(unsigned methods, sac__buf *out);

#endif
