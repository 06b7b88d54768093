#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <limits.h>
#include <linux/magic.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <unistd.h>

// One component at a time: openat2 would take a whole path, but RestrictSUIDSGID= of systemd has to
// forbid it, since it cannot see the mode in its struct.
int clinux_open_in(int directory, const char *name, int flags) {
    int child = openat(directory, name, flags | O_NOFOLLOW | O_CLOEXEC);
    int reason = errno;
    struct stat status;
    // Asked for a directory, the kernel says of a link only that it is none.
    if (child < 0 && reason == ENOTDIR &&
        fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(status.st_mode))
        reason = ELOOP;
    errno = reason;
    return child;
}

int clinux_is_of_proc(const char *path) {
    struct statfs status;
    return statfs(path, &status) < 0 ? -1 : status.f_type == PROC_SUPER_MAGIC;
}

int clinux_open_directory_in(int directory, const char *name) {
    return clinux_open_in(directory, name, O_PATH | O_DIRECTORY);
}

int clinux_has_writers(int file) {
    // Whoever opens it while the lease is held has us told by a signal: SIGIO would end the process,
    // SIGURG is ignored.
    if (fcntl(file, F_SETSIG, SIGURG) < 0) return -1;
    if (fcntl(file, F_SETLEASE, F_RDLCK) < 0) return errno == EAGAIN ? 1 : -1;
    fcntl(file, F_SETLEASE, F_UNLCK);
    return 0;
}

int clinux_accept(int listener) {
    return accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int clinux_peer_credentials(int socket, int32_t *pid, uint32_t *uid, uint32_t *gid) {
    struct ucred peer;
    socklen_t length = sizeof peer;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0) return -1;
    *pid = peer.pid;
    *uid = peer.uid;
    *gid = peer.gid;
    return 0;
}

int clinux_peer_groups(int socket, uint32_t *groups, size_t capacity) {
    socklen_t length = (socklen_t)(capacity * sizeof *groups);
    if (getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups, &length) < 0) return -1;
    return (int)(length / sizeof *groups);
}

ptrdiff_t clinux_send_datagram(int socket, const void *address, uint32_t address_length,
                               const void *bytes, size_t count, int descriptor) {
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec data = {.iov_base = (void *)bytes, .iov_len = count};
    struct msghdr message = {
        .msg_name = (void *)address,
        .msg_namelen = address_length,
        .msg_iov = &data,
        .msg_iovlen = 1,
    };
    if (descriptor >= 0) {
        message.msg_control = control.space;
        message.msg_controllen = sizeof control.space;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

int clinux_sealed_memory(const char *name, const void *bytes, size_t count) {
    int memory = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (memory < 0) return -1;
    for (size_t done = 0; done < count;) {
        ssize_t written = write(memory, (const char *)bytes + done, count - done);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) goto failed;
        done += (size_t)written;
    }
    if (fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == 0)
        return memory;
failed:;
    int reason = errno;
    close(memory);
    errno = reason;
    return -1;
}

// A handler gets nothing but the number, so where to write has to be found through it. The highest
// signal number is 64.
static volatile sig_atomic_t destination[65];

static void forward(int signal) {
    int reason = errno;
    unsigned char number = (unsigned char)signal;
    // A full pipe already holds 64 KiB of signals that wait to be read; one more says nothing new.
    ssize_t ignored = write(destination[signal], &number, 1);
    (void)ignored;
    errno = reason;
}

int clinux_signal_to(int signal, int descriptor) {
    if (signal < 1 || signal > 64) {
        errno = EINVAL;
        return -1;
    }
    destination[signal] = descriptor;
    struct sigaction action = {.sa_handler = forward, .sa_flags = SA_RESTART};
    sigfillset(&action.sa_mask);
    if (sigaction(signal, &action, NULL) != 0)
        return -1;
    // Whoever started the program may have blocked it, as threads of libdispatch do, and a mask is inherited.
    sigset_t awaited;
    sigemptyset(&awaited);
    sigaddset(&awaited, signal);
    errno = pthread_sigmask(SIG_UNBLOCK, &awaited, NULL);
    return errno == 0 ? 0 : -1;
}

int clinux_pipe(int *ends) { return pipe2(ends, O_NONBLOCK | O_CLOEXEC); }

int clinux_clock_state(int64_t *maximum_error) {
    struct timex state = {.modes = 0};
    int answer = adjtimex(&state);
    if (answer == -1) return -1;
    *maximum_error = state.maxerror;
    return answer != TIME_ERROR && !(state.status & STA_UNSYNC);
}

int clinux_boottime_timer(void) {
    return timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
}

int clinux_set_timer(int timer, int64_t seconds, int64_t nanoseconds) {
    struct itimerspec value = {.it_value = {.tv_sec = seconds, .tv_nsec = nanoseconds}};
    return timerfd_settime(timer, TFD_TIMER_ABSTIME, &value, NULL);
}

int clinux_realtime_timer(void) {
    return timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
}

int clinux_watch_clock(int timer) {
    struct itimerspec value = {.it_value = {.tv_sec = INT64_MAX}};
    return timerfd_settime(timer, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &value, NULL);
}

int clinux_flush_file_system(int descriptor) { return syncfs(descriptor); }

int clinux_rename_without_replacing(const char *from, const char *to) {
    return renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
}

static int release_segments(struct dl_phdr_info *object, size_t size, void *context) {
    (void)size;
    (void)context;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (int index = 0; index < object->dlpi_phnum; index++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[index];
        // What was written to, relocations included, is in pages of our own that must stay.
        if (segment->p_type != PT_LOAD || segment->p_flags & PF_W) continue;
        uintptr_t start = (object->dlpi_addr + segment->p_vaddr) & ~(page - 1);
        uintptr_t end = object->dlpi_addr + segment->p_vaddr + segment->p_memsz;
        madvise((void *)start, end - start, MADV_DONTNEED);
    }
    return 0;
}

void clinux_release_program_pages(void) {
    dl_iterate_phdr(release_segments, NULL);
    malloc_trim(0);
}
