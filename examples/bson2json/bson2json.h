/* SPDX-License-Identifier: MIT */
#ifndef BSON2JSON_H
#define BSON2JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sacrum/json.h>

/* The program's exit status. */
enum { ALL_WELL = 0, DAMAGED = 1, FAILED = 2 };

typedef struct options {
    const char *in;  /* NULL: standard input */
    const char *out; /* NULL: standard output */
    sac_json_dialect dialect;
    unsigned flags; /* SAC_JSON_* */
    bool reverse;   /* JSON to BSON */
    bool debug;     /* types and sizes instead of values */
    bool check;     /* documents are checked first; the first damaged one ends it */
    bool quiet;
} options;

/* What has been done so far, shown on a terminal once it takes more than a second. */
typedef struct progress {
    bool shown;
    uint64_t total; /* bytes of the input; 0: not known */
    uint64_t bytes, documents;
    double began, last;
} progress;

void progress_start(progress *p, int in, bool quiet);
void progress_show(progress *p);
void progress_clear(progress *p);

/* The input, read in big pieces; memory grows to the largest document and no further. */
typedef struct input {
    int fd;
    bool at_end;
    int error; /* errno's */
    char *p;
    size_t begin, end, cap;
    uint64_t offset; /* of p[begin] in the input */
    progress *progress;
} input;

bool input_open(input *in, int fd, progress *shown);
void input_close(input *in);
/* Reads on until there are n bytes from p[begin], or all there are; how many there are. */
size_t input_want(input *in, size_t n);
void input_take(input *in, size_t n);

/* The output, collected and written in big pieces. */
typedef struct output {
    int fd;
    int error; /* errno's; from there on nothing is written */
    char *p;
    size_t n, cap;
} output;

bool output_open(output *out, int fd);
void output_close(output *out);
int output_add(output *out, const char *p, size_t n);
int output_flush(output *out);

/* Why a document is left out, on standard error. */
void complain(progress *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Both give the exit status; errors of input and output are main's to tell. */
int dump_documents(const options *o, input *in, output *out);
int load_lines(const options *o, input *in, output *out);

/* bsondump --type=debug; 0, SAC_ECORRUPT, or what output_add() gave. */
int debug_document(sac_str doc, output *out);

#endif
