/* SPDX-License-Identifier: MIT */
#ifndef PAGE_BENEATH_H
#define PAGE_BENEATH_H

#include <stdbool.h>

/* Files of a folder, and never one outside it. A failure leaves its reason in errno. */

/* The folder itself, for the calls below; -1. */
int sac__beneath_open_folder(const char *folder);

/*
 * Opens for reading what a relative path names: a file, a folder, a FIFO (it
 * does not wait for one). Links are followed as long as they stay inside the
 * folder, where the kernel can tell; else none is. -1.
 */
int sac__beneath_open(int folder, const char *path);

/* What it does without the kernel's help. */
int sac__beneath_open_by_steps(int folder, const char *path);

#endif
