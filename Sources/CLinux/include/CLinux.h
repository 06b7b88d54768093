// What the Glibc module does not import, as the smallest possible functions. Each returns what the
// system call returns: -1 with errno set on failure.
#pragma once
#include <stddef.h>
#include <stdint.h>

// No header of the system is included here: a type such as timespec would then count as this
// module's, and every file that touches one would have to import it.

/// openat(2) of a name in a directory, or of an absolute path of one component, that may not be a
/// symbolic link: ELOOP if it is.
int clinux_open_in(int directory, const char *_Nonnull name, int flags);

/// The same of a directory, with O_PATH: to look at it and to open others in it.
int clinux_open_directory_in(int directory, const char *_Nonnull name);

/// Whether anybody has a file open for writing, by asking for a read lease on it: 0 or 1; -1 with
/// errno set where the file system gives none, or not to us.
int clinux_has_writers(int file);

/// accept4(2) with SOCK_NONBLOCK | SOCK_CLOEXEC.
int clinux_accept(int listener);

/// SO_PEERCRED: who was at the other end of a Unix socket when it connected.
int clinux_peer_credentials(int socket, int32_t *_Nonnull pid, uint32_t *_Nonnull uid,
                            uint32_t *_Nonnull gid);

/// SO_PEERGROUPS: fills `groups` and answers how many there are; ERANGE if they do not fit.
int clinux_peer_groups(int socket, uint32_t *_Nonnull groups, size_t capacity);

/// One datagram to `address`, with `descriptor` as SCM_RIGHTS unless it is -1; never blocks.
ptrdiff_t clinux_send_datagram(int socket, const void *_Nonnull address, uint32_t address_length,
                               const void *_Nullable bytes, size_t count, int descriptor);

/// A memory file that holds `count` bytes and was sealed against every change.
int clinux_sealed_memory(const char *_Nonnull name, const void *_Nonnull bytes, size_t count);

/// From now on each arrival of `signal` writes its number as one byte to `descriptor` (non-blocking); the calling thread
/// does not block it.
int clinux_signal_to(int signal, int descriptor);

/// Both ends non-blocking and close-on-exec.
int clinux_pipe(int *_Nonnull ends);

/// ntp_adjtime(3) without changing anything: 1 if the clock is synchronised, 0 if not, and the
/// largest error assumed, in microseconds.
int clinux_clock_state(int64_t *_Nonnull maximum_error);

/// A non-blocking, close-on-exec timerfd of CLOCK_BOOTTIME.
int clinux_boottime_timer(void);

/// Arms a timerfd at a point of its clock; all zero disarms it.
int clinux_set_timer(int timer, int64_t seconds, int64_t nanoseconds);

/// A non-blocking, close-on-exec timerfd of CLOCK_REALTIME.
int clinux_realtime_timer(void);

/// Arms a CLOCK_REALTIME timerfd in the far future with TFD_TIMER_CANCEL_ON_SET.
int clinux_watch_clock(int timer);

/// Whether a file is one of proc(5): 1 or 0, or -1 with errno.
int clinux_is_of_proc(const char *_Nonnull path);

/// syncfs(2): waits until the file system of `descriptor` has nothing left to write.
int clinux_flush_file_system(int descriptor);

/// renameat2(2) with RENAME_NOREPLACE: EEXIST if there is a file at `to`.
int clinux_rename_without_replacing(const char *_Nonnull from, const char *_Nonnull to);

/// Unmaps the pages of the program's and its libraries' read-only segments; those that are used
/// are mapped again from the page cache.
void clinux_release_program_pages(void);

/// How many rules a table of the older packet filter has besides the policies of its chains, and
/// whether one of those drops; of this network namespace.
int clinux_legacy_table(int is_ipv6, const char *_Nonnull name, uint32_t *_Nonnull rules,
                        int *_Nonnull drops_by_default);

/// How many programs choose sockets for packets in this network namespace (BPF_SK_LOOKUP).
int clinux_socket_choosers(void);
