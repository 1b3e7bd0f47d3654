/* SPDX-License-Identifier: MIT */
/* replay.c - the main of a fuzz target in `make check`: feeds it what the fuzzer once found.
 * Links with one libFuzzer target. Arguments are files, or folders whose every file is taken.
 * After each whole file come its beginnings, cut at every power of two, so that a small corpus
 * also tries truncated input. Fails if there was no file at all. */
#include "config.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/fuzz/fuzz.h"

/* Hands over a copy of exactly BYTES, so that a sanitizer sees a read behind its end. */
static void feed(const char *data, size_t bytes)
{
    uint8_t *copy = malloc(bytes > 0 ? bytes : 1);

    if (copy == NULL) {
        perror("replay: malloc");
        exit(1);
    }
    memcpy(copy, data, bytes);
    LLVMFuzzerTestOneInput(copy, bytes);
    free(copy);
}

/* Returns the number of files replayed: 1, or 0 with a message. */
static int replay_file(const char *path, size_t bytes)
{
    FILE *file = fopen(path, "rb");
    char *data = malloc(bytes + 1);

    if (file == NULL || data == NULL || fread(data, 1, bytes, file) != bytes) {
        fprintf(stderr, "replay: %s cannot be read\n", path);
        exit(1);
    }
    feed(data, bytes);
    for (size_t cut = 1; cut < bytes; cut *= 2)
        feed(data, cut);
    fclose(file);
    free(data);
    return 1;
}

static int replay(const char *path);

static int replay_folder(const char *path)
{
    DIR *dir = opendir(path);
    int files = 0;
    char entry_path[4096];

    if (dir == NULL) {
        fprintf(stderr, "replay: %s cannot be opened\n", path);
        exit(1);
    }
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(entry_path, sizeof entry_path, "%s/%s", path, entry->d_name);
        files += replay(entry_path);
    }
    closedir(dir);
    return files;
}

/* Recurses into folders; returns the number of files. */
static int replay(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0) {
        fprintf(stderr, "replay: %s is not there\n", path);
        exit(1);
    }
    return S_ISDIR(st.st_mode) ? replay_folder(path) : replay_file(path, (size_t)st.st_size);
}

int main(int argc, char **argv)
{
    int files = 0;

    for (int i = 1; i < argc; i++)
        files += replay(argv[i]);
    printf("%d files\n", files);
    return files > 0 ? 0 : 1;
}
