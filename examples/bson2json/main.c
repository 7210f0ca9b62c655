/* SPDX-License-Identifier: MIT */

/*
 * BSON to JSON and back, for files and pipes: a mongodump's file in, a JSON
 * document a line out. The options are bsondump's, and some more.
 */
#include "bson2json.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int usage(FILE *to, int status)
{
    fputs("usage: bson2json [OPTION...] [FILE]\n"
          "BSON documents, one behind the other, to JSON, one document a line.\n\n"
          "  --bsonFile=FILE    read FILE (standard input)\n"
          "  --outFile=FILE     write FILE (standard output)\n"
          "  --dialect=NAME     canonical (the default) or relaxed Extended JSON v2, or plain\n"
          "  --pretty           over several lines\n"
          "  --type=json|debug  values (the default), or types and sizes\n"
          "  --repair           U+FFFD for what is not UTF-8, instead of an error\n"
          "  --objcheck         check each document, and stop at the first damaged one\n"
          "  --reverse          JSON, one document a line, to BSON\n"
          "  --quiet            neither progress nor the number of documents\n"
          "  --help, --version\n\n"
          "Exits with 0; 1 when a document was damaged, which is left out; 2 when it\n"
          "cannot read, write, or understand its options.\n",
          to);
    return status;
}

static int bad_argument(const char *what, const char *argument)
{
    fprintf(stderr, "bson2json: %s %s\nTry 'bson2json --help'.\n", what, argument);
    return FAILED;
}

static int read_dialect(options *o, const char *name)
{
    static const char *const names[] = {[SAC_JSON_PLAIN] = "plain",
                                        [SAC_JSON_RELAXED] = "relaxed",
                                        [SAC_JSON_CANONICAL] = "canonical"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) == 0) {
            o->dialect = (sac_json_dialect)i;
            return -1;
        }
    }
    return bad_argument("no dialect", name);
}

static int read_type(options *o, const char *name)
{
    o->debug = strcmp(name, "debug") == 0;
    return o->debug || strcmp(name, "json") == 0 ? -1 : bad_argument("no type", name);
}

static int print_version(void)
{
    puts("bson2json of sacrum " SAC_VERSION);
    return ALL_WELL;
}

static int read_option(options *o, int c)
{
    switch (c) {
    case 'b': o->in = optarg; return -1;
    case 'o': o->out = optarg; return -1;
    case 'd': return read_dialect(o, optarg);
    case 't': return read_type(o, optarg);
    case 'p': o->flags |= SAC_JSON_PRETTY; return -1;
    case 'u': o->flags |= SAC_JSON_REPAIR; return -1;
    case 'c': o->check = true; return -1;
    case 'r': o->reverse = true; return -1;
    case 'q': o->quiet = true; return -1;
    case 'h': return usage(stdout, ALL_WELL);
    case 'V': return print_version();
    default: return FAILED; /* getopt_long has said why */
    }
}

/* -1: go on, else the exit status. */
static int read_options(int argc, char **argv, options *o)
{
    static const struct option known[] = {
        {"bsonFile", required_argument, NULL, 'b'}, {"outFile", required_argument, NULL, 'o'},
        {"dialect", required_argument, NULL, 'd'},  {"type", required_argument, NULL, 't'},
        {"pretty", no_argument, NULL, 'p'},         {"repair", no_argument, NULL, 'u'},
        {"objcheck", no_argument, NULL, 'c'},       {"reverse", no_argument, NULL, 'r'},
        {"quiet", no_argument, NULL, 'q'},          {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},        {NULL, 0, NULL, 0}};
    int c, status = -1;

    while (status < 0 && (c = getopt_long(argc, argv, "", known, NULL)) != -1)
        status = read_option(o, c);
    if (status >= 0)
        return status;
    if (argc - optind > 1 || (argc > optind && o->in))
        return bad_argument("one input at a time, not also", argv[argc - 1]);
    if (argc > optind)
        o->in = argv[optind];
    if (o->reverse && (o->debug || o->flags))
        return bad_argument("not with --reverse:",
                            o->debug ? "--type=debug" : "--pretty, --repair");
    if (o->in && strcmp(o->in, "-") == 0)
        o->in = NULL;
    return -1;
}

static const char *name_of(const char *file, const char *otherwise)
{
    return file ? file : otherwise;
}

/* Opening for writing empties a file, so not the one that is read. */
static bool is_same(int in, const char *path)
{
    struct stat a, b;

    return fstat(in, &a) == 0 && stat(path, &b) == 0 && S_ISREG(a.st_mode) &&
           a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static int open_files(const options *o, int *in, int *out)
{
    *in = STDIN_FILENO;
    *out = STDOUT_FILENO;
    if (o->in && (*in = open(o->in, O_RDONLY | O_CLOEXEC)) < 0) {
        fprintf(stderr, "bson2json: %s: %s\n", o->in, strerror(errno));
        return FAILED;
    }
    if (o->out && is_same(*in, o->out)) {
        fprintf(stderr, "bson2json: %s is the input\n", o->out);
        return FAILED;
    }
    if (o->out && (*out = open(o->out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) < 0) {
        fprintf(stderr, "bson2json: %s: %s\n", o->out, strerror(errno));
        return FAILED;
    }
    return ALL_WELL;
}

/* A reader that has gone is no error: it has what it wanted. */
static int conclude(const options *o, input *in, output *out, int status)
{
    progress_clear(in->progress);
    output_flush(out);
    if (out->fd != STDOUT_FILENO && close(out->fd) != 0 && !out->error)
        out->error = errno;
    if (out->error == EPIPE)
        return ALL_WELL;
    if (out->error || in->error) {
        const char *name = out->error ? name_of(o->out, "standard output")
                                      : name_of(o->in, "standard input");

        fprintf(stderr, "bson2json: %s: %s\n", name, strerror(out->error ? out->error : in->error));
        return FAILED;
    }
    if (!o->quiet)
        fprintf(stderr, "%" PRIu64 " objects found\n", in->progress->documents);
    return status;
}

int main(int argc, char **argv)
{
    options o = {.dialect = SAC_JSON_CANONICAL};
    int status = read_options(argc, argv, &o), from, to;
    progress shown;
    input in;
    output out;
    bool opened;

    if (status < 0)
        status = open_files(&o, &from, &to);
    else
        return status;
    if (status != ALL_WELL)
        return status;
    signal(SIGPIPE, SIG_IGN);
    progress_start(&shown, from, o.quiet);
    opened = input_open(&in, from, &shown);
    opened = output_open(&out, to) && opened;
    if (opened) {
        status = (o.reverse ? load_lines : dump_documents)(&o, &in, &out);
        status = conclude(&o, &in, &out, status);
    } else {
        fprintf(stderr, "bson2json: %s\n", strerror(ENOMEM));
        status = FAILED;
    }
    input_close(&in);
    output_close(&out);
    return status;
}
