/* SPDX-License-Identifier: MIT */
#ifndef TESTS_FUZZ_SERVED_H
#define TESTS_FUZZ_SERVED_H

#include <sacrum/host/loopback.h>

/* A client of an app with two resources over the shelf, a view and CORS, without threads. */
sac_loopback *fuzz_serve(void);

#endif
