#pragma once
#include <stdint.h>
#include <sys/types.h>

/// Moves the calling thread into the network namespace at `path`.
int cbenchmark_enter(const char *path);

/// A socket that listens on all addresses of the calling thread's namespace, IPv4; backlog 1024.
int cbenchmark_listen(uint16_t port);

/// Accepts connections and resets them for as long as the process lives.
void cbenchmark_accept_all(int listener);

/// Tries to connect for at most `patience` nanoseconds; returns 1 if it was accepted, else 0.
int cbenchmark_attempt(const char *source, const char *target, uint16_t port, int64_t patience);

/// CLOCK_MONOTONIC in nanoseconds.
int64_t cbenchmark_now(void);

/// The generation of the nf_tables ruleset in the calling thread's namespace.
int64_t cbenchmark_generation(void);
/// The resources that a program used.
struct cbenchmark_usage {
    int64_t nanoseconds;
    /// The peak of resident memory, in KiB.
    int64_t peak;
};

/// Runs a program on a file, or the own input if that is NULL, and discards its output; returns its exit
/// status, or -1.
int cbenchmark_run(char *const arguments[], const char *input, struct cbenchmark_usage *usage);

/// Sends `count` SYNs from unused addresses; returns the nanoseconds that sending took, which on a veth
/// includes their processing at the far end; -1 if one could not be sent.
int64_t cbenchmark_flood(const char *target, uint16_t port, int count);

/// Accepts connections and holds them for as long as the process lives.
void cbenchmark_hold_all(int listener);

/// A connection from the calling thread's namespace; -1 if there is none within five seconds.
int cbenchmark_connect(const char *target, uint16_t port);

/// Waits until a connection ends and closes it; returns the time of cbenchmark_now, or -1 after ten seconds.
int64_t cbenchmark_ended(int connection);

/// Makes a call at the control socket and waits for its reply; returns 0, or -1 for an error or no reply.
int cbenchmark_call(const char *path, const char *message);

/// A child that sends `rate` SYNs a second, in a hundred portions, from unused addresses.
pid_t cbenchmark_flooder(const char *path, const char *target, uint16_t port, int rate);

/// A child without privileges whose `count` connections to the control socket pipeline one call.
pid_t cbenchmark_pipeliners(const char *path, gid_t group, int count, const char *message);

/// A child that fills a directory with `count` files that are no grants, empties it, and repeats.
pid_t cbenchmark_litterer(const char *folder, int count);

/// Ends a child.
void cbenchmark_kill(pid_t pid);

/// CLOCK_REALTIME less cbenchmark_now, in nanoseconds.
int64_t cbenchmark_realtime_offset(void);
