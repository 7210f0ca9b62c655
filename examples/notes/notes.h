/* SPDX-License-Identifier: MIT */
#ifndef NOTES_H
#define NOTES_H

#include <sacrum/sacrum.h>

/* notes.c: the notes, and who may see them. */
extern const sac_resource notes;
int add_visible(void *self, sac_req *req, bool writes, sac_bson *filter);

/* count.c: the distinct values of a field in the notes that match a filter. */
typedef struct way {
    sac_value key;
    int64_t count;
} way;

typedef struct ways {
    sac_req *req;
    sac_str field;
    size_t n;
    way of[500]; /* of more than these the rest is not counted */
} ways;

int count_where(sac_req *req, sac_str filter, const char *field, ways **out);

/* ways.c: ways into the notes: by tag, by who shares them. */
extern const sac_view_ops tags_view, people_view;
int add_tags(void *self, sac_req *req, sac_bson *data);

#endif
