// INOTIFY_LACKS=instances:FILE or watches:FILE: while there is the file, the user's inotify instances or
// watches are used up, as far as the agent sees.
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <unistd.h>

static int lacks(const char *what) {
    const char *rule = getenv("INOTIFY_LACKS");
    size_t length = strlen(what);
    return rule && strncmp(rule, what, length) == 0 && rule[length] == ':' &&
        access(rule + length + 1, F_OK) == 0;
}

int inotify_init1(int flags) {
    if (!lacks("instances")) return (int)syscall(SYS_inotify_init1, flags);
    errno = EMFILE;
    return -1;
}

int inotify_add_watch(int instance, const char *path, uint32_t mask) {
    if (!lacks("watches")) return (int)syscall(SYS_inotify_add_watch, instance, path, mask);
    errno = ENOSPC;
    return -1;
}
