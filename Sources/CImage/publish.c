#define _GNU_SOURCE
#include "cimage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/// Takes the name by creating an empty file, which fails if there is one, and renames over it. For file systems with
/// neither exclusive renames nor hard links.
static int32_t claim_and_rename(const char *temporary, const char *path) {
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor < 0) return errno;
    close(descriptor);
    if (rename(temporary, path) == 0) return 0;
    int error = errno;
    unlink(path);
    return error;
}

static int32_t rename_exclusively(const char *temporary, const char *path) {
    if (renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) == 0) return 0;
    if (errno != EINVAL && errno != ENOSYS) return errno;
    if (link(temporary, path) == 0) {
        unlink(temporary);
        return 0;
    }
    if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS) return errno;
    return claim_and_rename(temporary, path);
}

int32_t ci_file_publish(const char *temporary, const char *path, int32_t overwrite) {
    if (!overwrite) return rename_exclusively(temporary, path);
    return rename(temporary, path) == 0 ? 0 : errno;
}
