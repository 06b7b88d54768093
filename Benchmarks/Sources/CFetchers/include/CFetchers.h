#pragma once
#include <stdint.h>

/// Many hosts that ask one web server, each over its own TLS connection that it keeps, on one thread.
struct fetchers;

/// The end of a request.
struct fetchers_answer {
    int32_t host;
    /// Of HTTP; 0 if there was no answer.
    int32_t status;
    char tag[64];
};

/// The bytes that crossed the wire below TLS, and the numbers of what was done.
struct fetchers_totals {
    int64_t received, sent, answers, failures, handshakes;
    /// The share of answers with status 304.
    int64_t unchanged, unchanged_received, unchanged_sent;
};

/// NULL if a file cannot be read.
struct fetchers *fetchers_make(int32_t count, const char *address, uint16_t port, const char *authorities,
                               const char *certificate);

/// Begins a request of a host that has none; `tag` may be empty.
void fetchers_ask(struct fetchers *all, int32_t host, const char *path, const char *tag);

/// Waits for answers, or for a line on standard input, at most so long; returns how many answers there are.
int32_t fetchers_wait(struct fetchers *all, int32_t milliseconds, struct fetchers_answer *answers, int32_t most);

struct fetchers_totals fetchers_totals(struct fetchers *all);

/// CLOCK_MONOTONIC in microseconds.
int64_t fetchers_now(void);
