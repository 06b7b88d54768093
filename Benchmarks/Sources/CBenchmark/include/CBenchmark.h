#pragma once
#include <stdint.h>
#include <sys/types.h>

/// Puts the calling thread into the network namespace that `path` stands for.
int cbenchmark_enter(const char *path);

/// A socket that listens on all addresses of the calling thread's namespace, IPv4; backlog 1024.
int cbenchmark_listen(uint16_t port);

/// Takes connections and resets them for as long as the process lives.
void cbenchmark_accept_all(int listener);

/// One attempt to connect, given up after `patience` nanoseconds: 1 if it was accepted, else 0.
int cbenchmark_attempt(const char *source, const char *target, uint16_t port, int64_t patience);

/// CLOCK_MONOTONIC in nanoseconds.
int64_t cbenchmark_now(void);

/// The number of the nf_tables ruleset of the calling thread's namespace: one more a transaction.
int64_t cbenchmark_generation(void);
/// What a program took.
struct cbenchmark_usage {
    int64_t nanoseconds;
    /// Of resident memory, in KiB.
    int64_t peak;
};

/// Runs a program with its output thrown away; answers its exit status, or -1.
int cbenchmark_run(char *const arguments[], struct cbenchmark_usage *usage);

/// Sends SYNs from addresses that nobody has, `count` of them; answers the nanoseconds that sending took,
/// which on a veth has what the far end does with them in it; -1 if one could not be sent.
int64_t cbenchmark_flood(const char *target, uint16_t port, int count);

/// Takes connections and holds them for as long as the process lives.
void cbenchmark_hold_all(int listener);

/// A connection from the calling thread's namespace; -1 if there is none within five seconds.
int cbenchmark_connect(const char *target, uint16_t port);

/// Waits until a connection ends and closes it; answers when, by cbenchmark_now; -1 after ten seconds.
int64_t cbenchmark_ended(int connection);

/// Makes a call at the control socket and waits for its reply; 0, or -1 if that is an error or none comes.
int cbenchmark_call(const char *path, const char *message);

/// A child that sends `rate` SYNs a second, in a hundred portions, from addresses that nobody has.
pid_t cbenchmark_flooder(const char *path, const char *target, uint16_t port, int rate);

/// A child without privileges whose `count` connections to the control socket pipeline one call.
pid_t cbenchmark_pipeliners(const char *path, gid_t group, int count, const char *message);

/// A child that fills a directory with `count` files that are no grants, empties it, and goes on.
pid_t cbenchmark_litterer(const char *folder, int count);

/// Ends a child.
void cbenchmark_kill(pid_t pid);

/// CLOCK_REALTIME less cbenchmark_now, in nanoseconds.
int64_t cbenchmark_realtime_offset(void);
