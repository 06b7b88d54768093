// FAULT=KIND:NUMBER:WHEN kills the agent, or jitgate-fleet, at the NUMBERth call of a KIND: `before` it, `after` it,
// or when half of its bytes are written (`torn`). The kinds are named where they are counted.
#define _GNU_SOURCE
#include "Faults.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static char kind[16], when[16];
static long number;
static atomic_long calls;

// nsenter and whatever else runs before the agent must live.
__attribute__((constructor)) static void prepare(void) {
    const char *fault = getenv("FAULT"), *name = program_invocation_short_name;
    if (!fault || (strcmp(name, "jitgated") != 0 && strcmp(name, "jitgate-fleet") != 0)) return;
    if (sscanf(fault, "%15[^:]:%ld:%15s", kind, &number, when) != 3) abort();
}

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

// Whether this is the call; `before` it does not return then.
static int comes(const char *name) {
    if (strcmp(name, kind) != 0 || atomic_fetch_add(&calls, 1) + 1 != number) return 0;
    if (strcmp(when, "before") == 0) die();
    return 1;
}

// Ends a call that went on.
static long end(int isIt, long result) {
    int reason = errno;
    if (isIt) die();
    errno = reason;
    return result;
}

// A file on the disk is that of one kind, the log of another; all else is none.
static const char *kindOf(int file) {
    char link[64], path[4096];
    struct stat status;
    if (kind[0] == '\0' || file <= STDERR_FILENO) return "";
    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) return "";
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return "";
    path[length] = '\0';
    if (strncmp(path, "/memfd:", 7) == 0) return "";
    const char *name = strrchr(path, '/');
    return name && strcmp(name, "/audit.jsonl") == 0 ? "line" : "write";
}

// MARK: the log

ssize_t write(int file, const void *bytes, size_t count) {
    int isIt = comes(kindOf(file));
    if (isIt && strcmp(when, "torn") == 0) count /= 2;
    return end(isIt, syscall(SYS_write, file, bytes, count));
}

// What a record is durable by; nothing else of the agent uses it but its snapshots.
int fdatasync(int file) {
    int isIt = comes("record");
    wait_for_fifo("SLOW_LOG");
    return (int)end(isIt, syscall(SYS_fdatasync, file));
}

// MARK: the kernel

// One transaction of nf_tables is one datagram, and has run when it has been sent.
ssize_t sendto(int file, const void *bytes, size_t count, int flags, __CONST_SOCKADDR_ARG address,
               socklen_t length) {
    const struct nlmsghdr *first = bytes;
    int isNetlink = address.__sockaddr__ && address.__sockaddr__->sa_family == AF_NETLINK;
    int isBatch = isNetlink && count >= sizeof *first && first->nlmsg_type == NFNL_MSG_BATCH_BEGIN;
    const struct sockaddr *to = address.__sockaddr__;
    if (!isBatch) return syscall(SYS_sendto, file, bytes, count, flags, to, length);
    int isIt = comes("commit");
    wait_for_fifo("SLOW_COMMIT");
    char *batch = malloc(count);
    if (!batch) abort();
    memcpy(batch, bytes, count);
    size_t left = older_kernel(batch, count);
    long sent = syscall(SYS_sendto, file, batch, left, flags, to, length);
    int reason = errno;
    free(batch);
    errno = reason;
    return end(isIt, sent < 0 ? sent : (long)count);
}

// MARK: other files

ssize_t pwrite(int file, const void *bytes, size_t count, off_t place) {
    int isIt = comes("pwrite");
    if (isIt && strcmp(when, "torn") == 0) count /= 2;
    return end(isIt, syscall(SYS_pwrite64, file, bytes, count, place));
}

int fsync(int file) {
    int isIt = comes("fsync");
    return (int)end(isIt, syscall(SYS_fsync, file));
}

int ftruncate(int file, off_t length) {
    int isIt = comes("ftruncate");
    return (int)end(isIt, syscall(SYS_ftruncate, file, length));
}

int rename(const char *from, const char *to) {
    int isIt = comes("rename");
    return (int)end(isIt, syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}

int renameat2(int from, const char *old, int to, const char *new, unsigned flags) {
    int isIt = comes("rename");
    return (int)end(isIt, syscall(SYS_renameat2, from, old, to, new, flags));
}

int unlink(const char *path) {
    int isIt = comes("unlink");
    return (int)end(isIt, syscall(SYS_unlinkat, AT_FDCWD, path, 0));
}
