/* SPDX-License-Identifier: MIT */

/*
 * REST collections without a line of C: a JSON file declares them, this program
 * serves them. It also carries databases from one store to another.
 */
#include <getopt.h>
#include <stdio.h>

#include "serve.h"

static int usage(FILE *to, int status)
{
    fputs("usage: serve --config FILE [--database URI] [--listen HOST:PORT] [--public FOLDER]\n"
          "             [--origin ORIGIN]\n"
          "       serve copy FROM TO        a database into another one\n"
          "       serve dump URI FOLDER     into files as mongodump writes them\n"
          "       serve restore FOLDER URI  from such files, these or mongodump's\n"
          "       serve check URI           read and verify every document\n"
          "       serve indexes URI         what indexes there are\n"
          "       serve --version, serve --help\n\n"
          "  --config FILE      what to serve (library.json is an example)\n"
          "  --database URI     lmdb:FILE or mongodb://HOST/NAME, instead of the file's;\n"
          "                     dump, restore: the name of the folder in FOLDER\n"
          "  --listen HOST:PORT, --public FOLDER: instead of the file's\n"
          "  --origin ORIGIN    a site whose pages may call, as https://example.org\n"
          "  --resume           go on with a transfer that was stopped\n"
          "  --collections A,B  only these\n"
          "  --no-indexes       documents only\n\n"
          "Exits with 0; 1 when something failed; 2 when the command line or the\n"
          "configuration is wrong.\n",
          to);
    return status;
}

/* Whether the option is known. */
static bool read_option(options *o, int c)
{
    switch (c) {
    case 'c': o->config = optarg; return true;
    case 'd': o->database = optarg; return true;
    case 'l': o->listen = optarg; return true;
    case 'p': o->public = optarg; return true;
    case 'o': o->origin = optarg; return true;
    case 'n': o->collections = optarg; return true;
    case 'r': o->resume = true; return true;
    case 'i': o->no_indexes = true; return true;
    default: return false; /* getopt_long has said why */
    }
}

/* -1: go on, else the exit status. */
static int read_options(int argc, char **argv, options *o)
{
    static const struct option known[] = {{"config", required_argument, NULL, 'c'},
                                          {"database", required_argument, NULL, 'd'},
                                          {"listen", required_argument, NULL, 'l'},
                                          {"public", required_argument, NULL, 'p'},
                                          {"origin", required_argument, NULL, 'o'},
                                          {"resume", no_argument, NULL, 'r'},
                                          {"collections", required_argument, NULL, 'n'},
                                          {"no-indexes", no_argument, NULL, 'i'},
                                          {"version", no_argument, NULL, 'V'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    int c;

    while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (c == 'h')
            return usage(stdout, ALL_WELL);
        if (c == 'V')
            return print_version();
        if (!read_option(o, c))
            return MISUSED;
    }
    return -1;
}

typedef struct command {
    const char *name;
    int words;
    int (*two)(const options *o, const char *a, const char *b);
    int (*one)(const options *o, const char *a);
} command;

static const command commands[] = {
    {"copy", 2, serve_copy, NULL},       {"dump", 2, serve_dump, NULL},
    {"restore", 2, serve_restore, NULL}, {"check", 1, NULL, serve_check},
    {"indexes", 1, NULL, serve_indexes},
};

static int run_command(const options *o, char **words, int n)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(commands[i].name, words[0]) != 0)
            continue;
        if (n - 1 != commands[i].words) {
            fprintf(stderr, "serve: %s needs %s\n", words[0],
                    commands[i].two ? "where from and where to" : "a database");
            return MISUSED;
        }
        return commands[i].two ? commands[i].two(o, words[1], words[2])
                               : commands[i].one(o, words[1]);
    }
    fprintf(stderr, "serve: there is no command %s; try serve --help\n", words[0]);
    return MISUSED;
}

int main(int argc, char **argv)
{
    options o = {.config = NULL};
    const int status = read_options(argc, argv, &o);

    if (status >= 0)
        return status;
    if (optind < argc)
        return run_command(&o, argv + optind, argc - optind);
    if (!o.config)
        return usage(stderr, MISUSED);
    return serve_config(&o);
}
