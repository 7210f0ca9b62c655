/* SPDX-License-Identifier: MIT */
#ifndef APP_DATA_ROWS_H
#define APP_DATA_ROWS_H

#include "app/req.h"
#include "core/buf.h"

/* About so much text is made in one go; an answer that ends within it has a length. */
enum { SAC__ROWS_CHUNK = 64 * 1024 };

/* Text that is made of a cursor's documents while it is sent. */
typedef struct sac__rows {
    sac_cursor *cursor;
    sac__buf chunk;          /* made; in a stream, since the last call of `more` */
    size_t given;            /* bytes of it that the client has got */
    int (*more)(void *self); /* adds to `chunk`: 1, 0 at the end of the text, or an error */
    void *self;
    bool ended;  /* all of the text is made */
    sac_err err; /* why `more` failed */
} sac__rows;

static inline bool sac__rows_full(const sac__rows *rows)
{
    return rows->chunk.n >= SAC__ROWS_CHUNK;
}

/*
 * Answers with what is in `chunk` and with what is to come. `is_inline`: `more`
 * does not wait. Closes the cursor when all is made, and on failure.
 */
int sac__rows_reply(sac_req *req, int status, const char *type, sac__rows *rows,
                    bool is_inline) SAC_MUST_USE;

/* Closes the cursor, if it is open. */
void sac__rows_close(sac__rows *rows);

#endif
