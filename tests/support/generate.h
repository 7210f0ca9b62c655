/* SPDX-License-Identifier: MIT */
#ifndef TESTS_GENERATE_H
#define TESTS_GENERATE_H

#include <stdint.h>

#include <sacrum/str.h>

enum { GENERATE_MAX = 1 << 16 };

/* Another one in every run would make a failure one of its own. */
#define GENERATE_SEED UINT64_C(20261122)

/*
 * Different documents of a few bytes to some KiB, with values of every BSON type:
 * each in the one spelling that is canonical, so that no reader need change a byte.
 * Keys are distinct within a document and do not begin with $.
 *
 * Ordinary ones are what an object of JavaScript can hold: no key is an integer or
 * __proto__ (it has an order and a meaning of its own), no date is outside its range,
 * there is neither a DBPointer nor undefined.
 */
sac_str generate_doc(uint64_t seed, uint64_t number, bool ordinary, char out[GENERATE_MAX]);

#endif
