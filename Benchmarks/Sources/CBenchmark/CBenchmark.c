#define _GNU_SOURCE
#include "CBenchmark.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int cbenchmark_enter(const char *path) {
    int namespace = open(path, O_RDONLY | O_CLOEXEC);
    if (namespace < 0) return -1;
    int result = setns(namespace, CLONE_NEWNET);
    close(namespace);
    return result;
}

int cbenchmark_listen(uint16_t port) {
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int yes = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1024)) return -1;
    return listener;
}

static void reset(int connection) {
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(connection, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(connection);
}

void cbenchmark_accept_all(int listener) {
    for (;;) {
        int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (connection >= 0) reset(connection);
        else if (errno != EINTR && errno != ECONNABORTED) return;
    }
}

int cbenchmark_attempt(const char *source, const char *target, uint16_t port, int64_t patience) {
    int connection = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in from = {.sin_family = AF_INET}, to = {.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, source, &from.sin_addr);
    inet_pton(AF_INET, target, &to.sin_addr);
    int accepted = 0;
    if (bind(connection, (struct sockaddr *)&from, sizeof from) == 0
        && (connect(connection, (struct sockaddr *)&to, sizeof to) == 0 || errno == EINPROGRESS)) {
        struct pollfd wait = {.fd = connection, .events = POLLOUT};
        struct timespec limit = {.tv_nsec = patience};
        if (ppoll(&wait, 1, &limit, NULL) == 1) {
            int error = 0;
            socklen_t length = sizeof error;
            getsockopt(connection, SOL_SOCKET, SO_ERROR, &error, &length);
            // The server resets what it has accepted.
            accepted = error == 0 || error == ECONNRESET;
        }
    }
    reset(connection);
    return accepted;
}

int64_t cbenchmark_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t cbenchmark_generation(void) {
    struct {
        struct nlmsghdr header;
        struct nfgenmsg family;
    } request = {{.nlmsg_len = sizeof request,
                  .nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN,
                  .nlmsg_flags = NLM_F_REQUEST}};
    uint8_t reply[256] = {0};
    int channel = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
    int64_t generation = -1;
    // The answer begins with NFTA_GEN_ID behind the two headers: length, type, 32 bits big-endian.
    if (send(channel, &request, sizeof request, 0) > 0
        && recv(channel, reply, sizeof reply, 0) >= (ssize_t)sizeof request + 8) {
        const uint8_t *value = reply + sizeof request + 4;
        generation = (int64_t)value[0] << 24 | value[1] << 16 | value[2] << 8 | value[3];
    }
    close(channel);
    return generation;
}

int cbenchmark_run(char *const arguments[], const char *input, struct cbenchmark_usage *usage) {
    int64_t start = cbenchmark_now();
    pid_t child = fork();
    if (child == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(null, STDOUT_FILENO);
        if (input) dup2(open(input, O_RDONLY), STDIN_FILENO);
        execvp(arguments[0], arguments);
        _exit(127);
    }
    int status;
    struct rusage used;
    if (child < 0 || wait4(child, &status, 0, &used) != child) return -1;
    usage->nanoseconds = cbenchmark_now() - start;
    usage->peak = used.ru_maxrss;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

struct syn {
    struct iphdr network;
    struct tcphdr transport;
};

static uint16_t checksum(uint32_t sum, const void *bytes, size_t length) {
    const uint16_t *words = bytes;
    for (size_t place = 0; place < length / 2; place++) sum += words[place];
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static void build(struct syn *syn, uint32_t source, const struct sockaddr_in *target) {
    memset(syn, 0, sizeof *syn);
    syn->network = (struct iphdr){.version = 4, .ihl = 5, .tot_len = htons(sizeof *syn), .ttl = 64,
                                  .protocol = IPPROTO_TCP, .saddr = htonl(source), .daddr = target->sin_addr.s_addr};
    syn->transport = (struct tcphdr){.source = htons((uint16_t)(1024 + source % 60000)), .dest = target->sin_port,
                                     .seq = htonl(source), .doff = 5, .syn = 1, .window = htons(64240)};
    uint32_t pseudo = htons(IPPROTO_TCP) + htons(sizeof syn->transport);
    pseudo += (syn->network.saddr & 0xffff) + (syn->network.saddr >> 16);
    pseudo += (syn->network.daddr & 0xffff) + (syn->network.daddr >> 16);
    syn->transport.check = checksum(pseudo, &syn->transport, sizeof syn->transport);
}

int64_t cbenchmark_flood(const char *target, uint16_t port, int count) {
    enum { batch = 64 };
    struct sockaddr_in to = {.sin_family = AF_INET};
    inet_pton(AF_INET, target, &to.sin_addr);
    int sender = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
    struct syn packets[batch];
    struct iovec parts[batch];
    struct mmsghdr messages[batch];
    memset(messages, 0, sizeof messages);
    struct sockaddr_in destination = to;
    destination.sin_port = htons(port);
    for (int place = 0; place < batch; place++) {
        parts[place] = (struct iovec){&packets[place], sizeof packets[place]};
        messages[place].msg_hdr = (struct msghdr){
            .msg_name = &to, .msg_namelen = sizeof to, .msg_iov = &parts[place], .msg_iovlen = 1};
    }
    int64_t spent = 0;
    uint32_t random = 1;
    for (int sent = 0; sent < count; sent += batch) {
        for (int place = 0; place < batch; place++) {
            random = random * 1664525 + 1013904223;
            // 198.18.0.0/15 (RFC 2544): nobody's.
            build(&packets[place], 0xC6120000 | (random >> 15), &destination);
        }
        int64_t start = cbenchmark_now();
        if (sendmmsg(sender, messages, batch, 0) != batch) { spent = -1; break; }
        spent += cbenchmark_now() - start;
    }
    close(sender);
    return spent;
}

void cbenchmark_hold_all(int listener) {
    while (accept4(listener, NULL, NULL, SOCK_CLOEXEC) >= 0 || errno == EINTR || errno == ECONNABORTED) {}
}

int cbenchmark_connect(const char *target, uint16_t port) {
    int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct timeval patience = {.tv_sec = 5};
    inet_pton(AF_INET, target, &to.sin_addr);
    setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(connection, (struct sockaddr *)&to, sizeof to) == 0) return connection;
    close(connection);
    return -1;
}

int64_t cbenchmark_ended(int connection) {
    struct pollfd wait = {.fd = connection, .events = POLLIN};
    int64_t moment = poll(&wait, 1, 10000) == 1 ? cbenchmark_now() : -1;
    reset(connection);
    return moment;
}

static int control(const char *path) {
    int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    strncpy(to.sun_path, path, sizeof to.sun_path - 1);
    if (connect(connection, (struct sockaddr *)&to, sizeof to) == 0) return connection;
    close(connection);
    return -1;
}

int cbenchmark_call(const char *path, const char *message) {
    int connection = control(path);
    char reply[4096];
    if (connection < 0) return -1;
    ssize_t length = write(connection, message, strlen(message) + 1) > 0 ? read(connection, reply, sizeof reply) : -1;
    close(connection);
    return length > 0 && memmem(reply, (size_t)length, "\"error\"", 7) == NULL ? 0 : -1;
}

/// A child that ends with this process.
static pid_t child(void) {
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) _exit(1);
    }
    return pid;
}

pid_t cbenchmark_flooder(const char *path, const char *target, uint16_t port, int rate) {
    enum { portions = 100 };
    pid_t pid = child();
    if (pid != 0) return pid;
    if (cbenchmark_enter(path)) _exit(1);
    for (int64_t due = cbenchmark_now();; due += 1000000000 / portions) {
        int64_t early = due - cbenchmark_now();
        struct timespec pause = {.tv_nsec = early};
        if (early > 0) nanosleep(&pause, NULL);
        if (cbenchmark_flood(target, port, rate / portions) < 0) _exit(1);
    }
}

pid_t cbenchmark_pipeliners(const char *path, gid_t group, int count, const char *message) {
    enum { most = 256 };
    pid_t pid = child();
    if (pid != 0) return pid;
    struct pollfd all[most];
    char calls[65536], reply[65536];
    size_t length = 0, one = strlen(message) + 1;
    while (length + one <= sizeof calls) {
        memcpy(calls + length, message, one);
        length += one;
    }
    if (setgroups(0, NULL) || setgid(group) || setuid(65534) || count > most) _exit(1);
    signal(SIGPIPE, SIG_IGN);
    for (int place = 0; place < count; place++) all[place] = (struct pollfd){.fd = -1, .events = POLLIN | POLLOUT};
    for (;;) {
        for (int place = 0; place < count; place++) {
            // The agent hangs up on those whom it has no room for, and they come again.
            if (all[place].fd >= 0 || (all[place].fd = control(path)) < 0) continue;
            fcntl(all[place].fd, F_SETFL, O_NONBLOCK);
        }
        poll(all, (nfds_t)count, 100);
        for (int place = 0; place < count; place++) {
            short events = all[place].fd < 0 ? 0 : all[place].revents;
            bool over = events & POLLIN && read(all[place].fd, reply, sizeof reply) == 0;
            over = over || (events & POLLOUT && write(all[place].fd, calls, length) < 0 && errno != EAGAIN);
            if (!over) continue;
            close(all[place].fd);
            all[place].fd = -1;
        }
        usleep(1000);
    }
}

pid_t cbenchmark_litterer(const char *folder, int count) {
    static const char garbage[] = "{\"jitgate\": \"grant/1\"}\n";
    pid_t pid = child();
    if (pid != 0) return pid;
    char path[512];
    for (int round = 0;; round++) {
        for (int number = 0; number < count; number++) {
            snprintf(path, sizeof path, "%s/bad-%d-%d.grant", folder, round, number);
            int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
            (void)!write(file, garbage, sizeof garbage - 1);
            close(file);
        }
        for (int number = 0; number < count; number++) {
            snprintf(path, sizeof path, "%s/bad-%d-%d.grant", folder, round, number);
            unlink(path);
        }
    }
}

void cbenchmark_kill(pid_t pid) {
    if (pid > 0) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
}

int64_t cbenchmark_realtime_offset(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec - cbenchmark_now();
}
