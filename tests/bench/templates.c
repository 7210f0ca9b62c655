/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sacrum/json.h>
#include <sacrum/template.h>

/*
 * What a page takes that is rendered from a document:
 *
 *   bench-templates FOLDER DATA OUT ROUNDS
 *
 * compiles FOLDER/{page,head,foot}.mustache, prints µs of CPU a page, a line a
 * round, and writes the page to OUT.
 */
enum { SPAN = 300000000, PARTS = 3 };

static const char *const names[PARTS] = {"page", "head", "foot"};

typedef struct page {
    sac_template *parts[PARTS];
    char *text;
    size_t n, cap;
} page;

static void die(const char *what)
{
    fprintf(stderr, "bench-templates: %s\n", what);
    exit(1);
}

static sac_str read_whole(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = malloc(1 << 20);
    sac_str s;

    if (!file || !text)
        die(path);
    s = sac_str_n(text, fread(text, 1, 1 << 20, file));
    fclose(file);
    return s;
}

static void compile(page *p, const char *folder)
{
    char path[4096];
    sac_err err = {.text = ""};

    for (size_t i = 0; i < PARTS; i++) {
        sac_str text;

        snprintf(path, sizeof path, "%s/%s.mustache", folder, names[i]);
        text = read_whole(path);
        if (sac_template_new(text, NULL, &p->parts[i], &err) != SAC_OK)
            die(err.text);
        free((void *)(uintptr_t)text.p);
    }
}

static const sac_template *find(void *self, sac_str name)
{
    const page *p = self;

    for (size_t i = 0; i < PARTS; i++)
        if (sac_str_is(name, names[i]))
            return p->parts[i];
    return NULL;
}

static int add(void *self, sac_str text)
{
    page *p = self;

    if (p->cap - p->n < text.n) {
        p->cap = 2 * p->cap + text.n;
        p->text = realloc(p->text, p->cap);
        if (!p->text)
            die("memory");
    }
    memcpy(p->text + p->n, text.p, text.n);
    p->n += text.n;
    return SAC_OK;
}

static void render(page *p, sac_str data)
{
    const sac_rendering with = SAC_RENDERING(.data = data, .partial = find, .partial_self = p);

    p->n = 0;
    if (sac_template_render(p->parts[0], &with, add, p, NULL) != SAC_OK)
        die("it does not render");
}

static void write_out(const page *p, const char *path)
{
    FILE *file = fopen(path, "wb");

    if (!file || fwrite(p->text, 1, p->n, file) != p->n || fclose(file) != 0)
        die(path);
}

static uint64_t spent_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static double round_of(page *p, sac_str data)
{
    const uint64_t begin = spent_ns();
    uint64_t spent = 0, n = 0;

    for (; spent < SPAN; n++, spent = spent_ns() - begin)
        render(p, data);
    return (double)spent / (double)n / 1e3;
}

int main(int argc, char **argv)
{
    page p = {.n = 0};
    sac_str json, data;

    if (argc != 5)
        die("FOLDER DATA OUT ROUNDS");
    compile(&p, argv[1]);
    json = read_whole(argv[2]);
    if (sac_json_decode(json, NULL, NULL, &data, NULL) != SAC_OK)
        die(argv[2]);
    render(&p, data);
    write_out(&p, argv[3]);
    for (int i = atoi(argv[4]); i > 0; i--)
        printf("%.2f\n", round_of(&p, data));
    for (size_t i = 0; i < PARTS; i++)
        sac_template_free(p.parts[i]);
    free((void *)(uintptr_t)json.p);
    free((void *)(uintptr_t)data.p);
    free(p.text);
    return 0;
}
