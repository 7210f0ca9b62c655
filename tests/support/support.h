/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_H
#define TESTS_SUPPORT_H

/* cmocka.h wants these first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sacrum/alloc.h>
#include <sacrum/str.h>

/* Under a sanitizer what a process takes of memory says nothing of the code. */
#if defined(__SANITIZE_THREAD__)
#define SANITIZED_THREADS 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SANITIZED_THREADS 1
#endif
#if __has_feature(address_sanitizer)
#define SANITIZED_ADDRESSES 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define SANITIZED_ADDRESSES 1
#endif
#if defined(SANITIZED_ADDRESSES) || defined(SANITIZED_THREADS)
#define SANITIZED 1
#endif

#define CHECK(condition) assert_true(condition)
#define CHECK_INT(a, b) assert_int_equal(a, b)
#define CHECK_STR(slice, text) check_str(slice, text, __FILE__, __LINE__)

void check_str(sac_str got, const char *want, const char *file, int line);

/*
 * An allocator over malloc() that gives out `left` blocks and then NULL for
 * ever (or, with `once`, for one call). Counts calls and what is not freed.
 */
typedef struct fault_alloc {
    sac_alloc alloc;
    long left; /* < 0: never fails */
    bool once;
    long calls;
    long live;
} fault_alloc;

const sac_alloc *fault_alloc_init(fault_alloc *fault, long left);

/* A whole file in malloc'ed memory, NUL behind it; p NULL if it cannot be read. */
sac_str read_file(const char *path);

/* The folder of the conformance data with `name` behind it, or NULL where it is missing. */
const char *suite_path(const char *name);

#endif
