// What decides about packets without nf_tables: the older packet filter, and programs that choose sockets.
#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

// What is told of a table is the same for both families; its entries are not.
_Static_assert(sizeof(struct ipt_getinfo) == sizeof(struct ip6t_getinfo), "one is read as the other");
_Static_assert(offsetof(struct ipt_get_entries, entrytable) == offsetof(struct ip6t_get_entries, entrytable),
               "one is read as the other");

// Whether a built-in chain drops what no rule of it decides about.
static int drops(const struct ipt_getinfo *info, const char *entries, size_t target_offset) {
    for (int hook = 0; hook < NF_INET_NUMHOOKS; hook++) {
        size_t at = info->underflow[hook];
        if (!(info->valid_hooks & 1u << hook) || at + target_offset + 2 > info->size) continue;
        uint16_t target;
        memcpy(&target, entries + at + target_offset, sizeof target);
        struct xt_standard_target verdict;
        if (at + target + sizeof verdict > info->size) continue;
        memcpy(&verdict, entries + at + target, sizeof verdict);
        if (verdict.verdict == -NF_DROP - 1) return 1;
    }
    return 0;
}

int clinux_legacy_table(int is_ipv6, const char *name, uint32_t *rules, int *drops_by_default) {
    int level = is_ipv6 ? SOL_IPV6 : SOL_IP, result = -1;
    struct ipt_getinfo info = {0};
    strncpy(info.name, name, sizeof info.name - 1);
    int probe = socket(is_ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (probe < 0) return -1;
    socklen_t length = sizeof info;
    struct ipt_get_entries *all = NULL;
    if (getsockopt(probe, level, IPT_SO_GET_INFO, &info, &length) == 0 &&
        (all = calloc(1, sizeof *all + info.size)) != NULL) {
        memcpy(all->name, info.name, sizeof all->name);
        all->size = info.size;
        length = sizeof *all + info.size;
        result = getsockopt(probe, level, IPT_SO_GET_ENTRIES, all, &length);
    }
    if (result == 0) {
        // Each built-in chain ends with its policy, and the table with an entry of its own.
        uint32_t fixed = (uint32_t)__builtin_popcount(info.valid_hooks) + 1;
        *rules = info.num_entries > fixed ? info.num_entries - fixed : 0;
        size_t offset = is_ipv6 ? offsetof(struct ip6t_entry, target_offset)
                                : offsetof(struct ipt_entry, target_offset);
        *drops_by_default = drops(&info, (const char *)all->entrytable, offset);
    }
    int reason = errno;
    free(all);
    close(probe);
    errno = reason;
    return result;
}

int clinux_socket_choosers(void) {
    int space = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (space < 0) return -1;
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.query.target_fd = (uint32_t)space;
    attributes.query.attach_type = BPF_SK_LOOKUP;
    long result = syscall(SYS_bpf, BPF_PROG_QUERY, &attributes, sizeof attributes);
    int reason = errno;
    close(space);
    errno = reason;
    return result < 0 ? -1 : (int)attributes.query.prog_cnt;
}
