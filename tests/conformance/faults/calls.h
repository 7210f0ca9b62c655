/* SPDX-License-Identifier: MIT */
#ifndef TESTS_FAULTS_CALLS_H
#define TESTS_FAULTS_CALLS_H

/*
 * The calls to the system that a database file is written by. calls.c defines
 * open, pwrite, writev, … in the test program itself, so that the libraries
 * call them instead of libc's. Until a path is named they only pass on; then,
 * for that file and its lock file, calls can be recorded or made to fail.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum call_kind {
    CALL_OPEN,
    CALL_PWRITE, /* pwrite, pwritev */
    CALL_WRITE,  /* write, writev */
    CALL_SYNC,   /* fdatasync, fsync, msync */
    CALL_TRUNCATE,
    CALL_MMAP,
    CALL_KINDS
} call_kind;

/* What becomes of the calls of a kind from number `at` (1 is the first) to `last`. */
typedef struct call_fault {
    call_kind kind;
    long at;
    long last;
    int error;    /* errno; 0: a short write */
    bool carried; /* it is carried out, and fails then */
} call_fault;

/* `path` and what begins like it; NULL: pass on again. */
void calls_watch(const char *path);
void calls_fail(const call_fault *fault); /* counts from here; NULL: no more */
long calls_made(call_kind kind);          /* since calls_fail() */

/* ---- recording ---- */

typedef enum event_kind {
    EVENT_WRITE,    /* `n` bytes of trace->bytes + `data` to offset `at` */
    EVENT_WRITTEN,  /* the write before is durable: its descriptor is O_DSYNC */
    EVENT_SYNCED,   /* all writes before are */
    EVENT_TRUNCATE, /* to `at` bytes */
    EVENT_ASKED,    /* the caller's: step `at` begins */
    EVENT_ANSWERED  /* it is acknowledged */
} event_kind;

typedef struct event {
    event_kind kind;
    int64_t at;
    size_t n;
    size_t data;
} event;

#define TRACE_EVENTS 65536
#define TRACE_BYTES ((size_t)256 << 20)

/* In memory shared with the process that is recorded. */
typedef struct trace {
    bool unsynced; /* as if the file were written without a sync */
    bool full;
    size_t n;
    size_t used;
    event events[TRACE_EVENTS];
    char bytes[TRACE_BYTES];
} trace;

trace *trace_new(void);
void trace_free(trace *made);
void calls_record(trace *into);                   /* NULL: no more */
void trace_note(event_kind kind, int64_t number); /* into what is recorded */

#endif
