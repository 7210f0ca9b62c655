/* SPDX-License-Identifier: MIT */

/* Replays the files, and the files in the folders, that are its arguments. */
#include <dirent.h>
#include <sys/stat.h>

#include "fuzz.h"

static int replay(const char *path, unsigned long *n)
{
    struct stat st;
    FILE *file = fopen(path, "rb");
    uint8_t *bytes;
    int rc = -1;

    if (!file || fstat(fileno(file), &st) != 0) {
        perror(path);
        if (file)
            fclose(file);
        return -1;
    }
    bytes = malloc(st.st_size ? (size_t)st.st_size : 1);
    if (bytes && fread(bytes, 1, (size_t)st.st_size, file) == (size_t)st.st_size) {
        rc = LLVMFuzzerTestOneInput(bytes, (size_t)st.st_size);
        ++*n;
    }
    free(bytes);
    fclose(file);
    return rc;
}

static int replay_folder(const char *path, DIR *folder, unsigned long *n)
{
    struct dirent *entry;
    char name[4096];
    int rc = 0;

    while (rc == 0 && (entry = readdir(folder))) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        rc = replay(name, n);
    }
    closedir(folder);
    return rc;
}

int main(int argc, char **argv)
{
    unsigned long n = 0;
    int rc = 0;

    for (int i = 1; rc == 0 && i < argc; i++) {
        DIR *folder = opendir(argv[i]);

        rc = folder ? replay_folder(argv[i], folder, &n) : replay(argv[i], &n);
    }
    printf("%lu inputs\n", n);
    return rc != 0 || n == 0;
}
