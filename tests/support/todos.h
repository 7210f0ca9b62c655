/* SPDX-License-Identifier: MIT */
#ifndef TESTS_TODOS_H
#define TESTS_TODOS_H

#include <stdio.h>
#include <string.h>

#include <sacrum/cors.h>
#include <sacrum/host/loopback.h>
#include <sacrum/req.h>
#include <sacrum/resource.h>

#include "support/support.h"

/* An app over an embedded database in a folder of its own, and a client of it. */
typedef struct todos {
    char dir[32];
    char uri[160];
    sac_app_config config; /* may be changed between todos_begin() and todos_make() */
    sac_app *app;
    sac_loopback *client;
    sac_loopback_reply reply; /* of the last request */
    char log[1024];           /* the last line that was logged */
} todos;

/* begin; [config]; make: the app; [routes]; serve: the client; close. */
void todos_begin(todos *t);
void todos_make(todos *t);
void todos_serve(todos *t);
void todos_close(todos *t);
/* All of them, with one resource at /api/todos. */
void todos_open(todos *t, const sac_resource *resource);

/* Skips a test that leans on LMDB where another store is run over. */
void todos_needs_lmdb(const char *why);

/* A request with a JSON body (NULL: none), and header lines that end with NULL; its status. */
int todos_ask(todos *t, const char *method, const char *target, const char *json);
int todos_ask_with(todos *t, const char *method, const char *target, const char *json,
                   const char *const *headers);
#define WITH(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Of the last answer: a header field (p NULL: none), in memory of its own until the next four. */
const char *todos_header(todos *t, const char *name);
/* Whether the body has this text in it. */
bool todos_says(const todos *t, const char *text);
/* Whether the answer is a problem document of this code. */
bool todos_problem(const todos *t, const char *code);

/* Removes a folder with the files in it. */
void remove_dir(const char *dir);

/* A table and a resource that most tests use: ids come with the POST, so that answers are known. */
extern const sac_field todo_fields[];
extern const sac_resource todo_resource;

#endif
