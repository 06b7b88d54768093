#pragma once
#include <stdint.h>

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
