#define _GNU_SOURCE
#include "CFetchers.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

// As in jitgate-fetch: to connect, TLS included, and in all.
enum { CONNECT_SECONDS = 10, TOTAL_SECONDS = 30 };
enum state { CLOSED, IDLE, CONNECTING, SHAKING, WRITING, READING };

struct host {
    SSL *ssl;
    int fd;
    enum state state;
    // A connection that was kept may have been closed by the server: then the request is made once more.
    int is_kept, has_answer;
    int64_t begun;
    int request_length, buffered;
    char request[512], buffer[4096];
    int64_t received, sent;
};

struct fetchers {
    struct host *hosts;
    int32_t count;
    int epoll;
    SSL_CTX *context;
    struct sockaddr_in server;
    char name[64];
    struct fetchers_totals totals;
    struct fetchers_answer *ready;
    int32_t ready_count;
    int64_t looked;
};

int64_t fetchers_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

struct fetchers *fetchers_make(int32_t count, const char *address, uint16_t port, const char *authorities,
                               const char *certificate) {
    struct fetchers *all = calloc(1, sizeof *all);
    signal(SIGPIPE, SIG_IGN);
    all->hosts = calloc((size_t)count, sizeof *all->hosts);
    all->ready = calloc((size_t)count, sizeof *all->ready);
    all->count = count;
    all->epoll = epoll_create1(EPOLL_CLOEXEC);
    all->context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(all->context, TLS1_2_VERSION);
    SSL_CTX_set_session_cache_mode(all->context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(all->context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_verify(all->context, SSL_VERIFY_PEER, NULL);
    if (SSL_CTX_load_verify_locations(all->context, authorities, NULL) != 1
        || SSL_CTX_use_certificate_chain_file(all->context, certificate) != 1
        || SSL_CTX_use_PrivateKey_file(all->context, certificate, SSL_FILETYPE_PEM) != 1)
        return NULL;
    all->server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, address, &all->server.sin_addr);
    snprintf(all->name, sizeof all->name, "%s:%u", address, port);
    struct epoll_event input = {.events = EPOLLIN, .data.u32 = UINT32_MAX};
    epoll_ctl(all->epoll, EPOLL_CTL_ADD, STDIN_FILENO, &input);
    return all;
}

static void count_bytes(struct fetchers *all, struct host *host) {
    if (!host->ssl) return;
    int64_t received = (int64_t)BIO_number_read(SSL_get_rbio(host->ssl));
    int64_t sent = (int64_t)BIO_number_written(SSL_get_wbio(host->ssl));
    all->totals.received += received - host->received;
    all->totals.sent += sent - host->sent;
    host->received = received;
    host->sent = sent;
}

static void drop(struct fetchers *all, struct host *host) {
    count_bytes(all, host);
    if (host->ssl) SSL_free(host->ssl);
    if (host->fd > 0) close(host->fd);
    host->ssl = NULL;
    host->fd = 0;
    host->received = host->sent = 0;
    host->state = CLOSED;
}

static void finish(struct fetchers *all, struct host *host, int status, const char *tag) {
    struct fetchers_answer *answer = &all->ready[all->ready_count++];
    answer->host = (int32_t)(host - all->hosts);
    answer->status = status;
    snprintf(answer->tag, sizeof answer->tag, "%s", tag);
    if (status) all->totals.answers++;
    else all->totals.failures++;
}

static void listen_for(struct fetchers *all, struct host *host, uint32_t events) {
    struct epoll_event event = {.events = events | EPOLLRDHUP, .data.u32 = (uint32_t)(host - all->hosts)};
    epoll_ctl(all->epoll, EPOLL_CTL_MOD, host->fd, &event);
}

static void start(struct fetchers *all, struct host *host) {
    host->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (host->fd < 0) {
        host->fd = 0;
        return finish(all, host, 0, "");
    }
    int yes = 1;
    setsockopt(host->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    struct epoll_event event = {.events = EPOLLOUT | EPOLLRDHUP, .data.u32 = (uint32_t)(host - all->hosts)};
    epoll_ctl(all->epoll, EPOLL_CTL_ADD, host->fd, &event);
    host->state = CONNECTING;
    host->is_kept = 0;
    if (connect(host->fd, (struct sockaddr *)&all->server, sizeof all->server) && errno != EINPROGRESS) {
        drop(all, host);
        finish(all, host, 0, "");
    }
}

static void fail(struct fetchers *all, struct host *host) {
    int again = host->is_kept && !host->buffered;
    drop(all, host);
    if (again) start(all, host);
    else finish(all, host, 0, "");
}

void fetchers_ask(struct fetchers *all, int32_t index, const char *path, const char *tag) {
    struct host *host = &all->hosts[index];
    int length = snprintf(host->request, sizeof host->request,
                          "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: jitgate-fetch/0.1.0\r\nAccept: */*\r\n"
                          "Accept-Encoding: identity\r\n%s%s%s\r\n",
                          path, all->name, *tag ? "If-None-Match: " : "", tag, *tag ? "\r\n" : "");
    host->request_length = length;
    host->buffered = 0;
    host->begun = fetchers_now();
    if (host->state == IDLE) {
        host->is_kept = 1;
        host->state = WRITING;
        return listen_for(all, host, EPOLLIN | EPOLLOUT);
    }
    start(all, host);
}

// What libssl waits for; false if the connection is broken.
static int wants(struct fetchers *all, struct host *host, int result) {
    switch (SSL_get_error(host->ssl, result)) {
    case SSL_ERROR_WANT_READ: listen_for(all, host, EPOLLIN); return 1;
    case SSL_ERROR_WANT_WRITE: listen_for(all, host, EPOLLIN | EPOLLOUT); return 1;
    default: return 0;
    }
}

// The end of an answer: its status, and the end of its body; 0 if more is to come.
static int whole_answer(struct host *host, char *tag, size_t room) {
    char *end = memmem(host->buffer, (size_t)host->buffered, "\r\n\r\n", 4);
    int status = 0;
    if (!end || sscanf(host->buffer, "HTTP/1.1 %d", &status) != 1) return 0;
    *end = 0;
    char *length = strcasestr(host->buffer, "\r\nContent-Length:"), *etag = strcasestr(host->buffer, "\r\nETag: ");
    long body = length && status != 304 ? strtol(length + 17, NULL, 10) : 0;
    if (etag) snprintf(tag, room, "%.*s", (int)strcspn(etag + 8, "\r"), etag + 8);
    *end = '\r';
    return host->buffered - (end + 4 - host->buffer) >= body ? status : 0;
}

static void go_on(struct fetchers *all, struct host *host) {
    if (host->state == CONNECTING) {
        int error = 0;
        socklen_t length = sizeof error;
        getsockopt(host->fd, SOL_SOCKET, SO_ERROR, &error, &length);
        if (error) return fail(all, host);
        host->ssl = SSL_new(all->context);
        SSL_set_fd(host->ssl, host->fd);
        host->state = SHAKING;
    }
    if (host->state == SHAKING) {
        int result = SSL_connect(host->ssl);
        if (result != 1) {
            if (!wants(all, host, result)) fail(all, host);
            return;
        }
        all->totals.handshakes++;
        host->state = WRITING;
    }
    if (host->state == WRITING) {
        count_bytes(all, host);
        int result = SSL_write(host->ssl, host->request, host->request_length);
        if (result <= 0) {
            if (!wants(all, host, result)) fail(all, host);
            return;
        }
        host->state = READING;
        listen_for(all, host, EPOLLIN);
    }
    if (host->state == IDLE) {  // the server closes it, or has another ticket for it
        char byte;
        int result = SSL_read(host->ssl, &byte, 1);
        if (result > 0 || !wants(all, host, result)) drop(all, host);
        return;
    }
    for (;;) {
        int room = (int)sizeof host->buffer - host->buffered;
        int result = room > 0 ? SSL_read(host->ssl, host->buffer + host->buffered, room) : 0;
        if (result <= 0) {
            if (room == 0 || !wants(all, host, result)) fail(all, host);
            return;
        }
        host->buffered += result;
        char tag[64] = "";
        int status = whole_answer(host, tag, sizeof tag);
        if (!status) continue;
        int64_t received = all->totals.received, sent = all->totals.sent;
        count_bytes(all, host);
        if (status == 304) {
            all->totals.unchanged++;
            all->totals.unchanged_received += all->totals.received - received;
            all->totals.unchanged_sent += all->totals.sent - sent;
        }
        host->state = IDLE;
        return finish(all, host, status, tag);
    }
}

static void give_up_late_ones(struct fetchers *all) {
    int64_t now = fetchers_now();
    if (now - all->looked < 500000) return;
    all->looked = now;
    for (int32_t index = 0; index < all->count; index++) {
        struct host *host = &all->hosts[index];
        if (host->state <= IDLE) continue;
        int seconds = host->state <= SHAKING ? CONNECT_SECONDS : TOTAL_SECONDS;
        if (now - host->begun < seconds * 1000000LL) continue;
        host->is_kept = 0;
        fail(all, host);
    }
}

int32_t fetchers_wait(struct fetchers *all, int32_t milliseconds, struct fetchers_answer *answers, int32_t most) {
    struct epoll_event events[256];
    give_up_late_ones(all);
    int count = epoll_wait(all->epoll, events, 256, all->ready_count ? 0 : milliseconds);
    for (int index = 0; index < count; index++) {
        if (events[index].data.u32 == UINT32_MAX) continue;
        struct host *host = &all->hosts[events[index].data.u32];
        if (host->state == CLOSED) continue;
        go_on(all, host);
    }
    int32_t given = all->ready_count < most ? all->ready_count : most;
    memcpy(answers, all->ready, (size_t)given * sizeof *answers);
    memmove(all->ready, all->ready + given, (size_t)(all->ready_count - given) * sizeof *answers);
    all->ready_count -= given;
    return given;
}

struct fetchers_totals fetchers_totals(struct fetchers *all) { return all->totals; }
