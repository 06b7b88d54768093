// KERNEL=6.MINOR has the agent find what that kernel can do and no more. What it does not know is
// turned into something that no kernel knows, so that the refusal is the real kernel's own.
#define _GNU_SOURCE
#include "Faults.h"
#include <arpa/inet.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { persist = 4, unknownFlag = 8, firstDestroy = 26, lastDestroy = 33, destroyElement = 30 };

static int minor = 9999;

__attribute__((constructor)) static void prepare(void) {
    const char *version = getenv("KERNEL");
    if (version && sscanf(version, "6.%d", &minor) != 1) abort();
}

// MARK: the elements that are there, as far as they were put there by this process

struct element {
    struct element *next;
    char set[64];
    char key[64];
    size_t length;
};
static struct element *elements;

static struct element **find(const char *set, const struct nlattr *key) {
    size_t length = key->nla_len - NLA_HDRLEN;
    struct element **place = &elements;
    for (; *place; place = &(*place)->next) {
        struct element *it = *place;
        if (strcmp(it->set, set) == 0 && it->length == length &&
            memcmp(it->key, (const char *)key + NLA_HDRLEN, length) == 0)
            break;
    }
    return place;
}

static void forget(struct element **place) {
    struct element *gone = *place;
    *place = gone->next;
    free(gone);
}

// All of a set, or all there are.
static void forgetAll(const char *set) {
    for (struct element **place = &elements; *place;) {
        if (!set || strcmp((*place)->set, set) == 0) forget(place);
        else place = &(*place)->next;
    }
}

static void add(const char *set, const struct nlattr *key) {
    struct element *new = calloc(1, sizeof *new);
    size_t length = key->nla_len - NLA_HDRLEN;
    if (!new || length > sizeof new->key || strlen(set) >= sizeof new->set) abort();
    strcpy(new->set, set);
    memcpy(new->key, (const char *)key + NLA_HDRLEN, length);
    new->length = length;
    new->next = elements;
    elements = new;
}

// MARK: messages

static struct nlattr *attribute(char *from, char *end, int type) {
    while (from + NLA_HDRLEN <= end) {
        struct nlattr *it = (struct nlattr *)from;
        if ((it->nla_type & NLA_TYPE_MASK) == type) return it;
        from += NLA_ALIGN(it->nla_len);
    }
    return NULL;
}

static struct nlattr *inside(struct nlattr *nest, int type) {
    return attribute((char *)nest + NLA_HDRLEN, (char *)nest + nest->nla_len, type);
}

// Before 6.12 an element that is there stays as it is, whatever is said of it.
static size_t takeElements(struct nlmsghdr *message, const char *set, int isNew, char *end) {
    char *first = (char *)message + NLMSG_HDRLEN + sizeof(struct nfgenmsg);
    struct nlattr *list =
        attribute(first, (char *)message + message->nlmsg_len, NFTA_SET_ELEM_LIST_ELEMENTS);
    if (!list) return 0;
    size_t dropped = 0;
    for (char *at = (char *)list + NLA_HDRLEN; at < (char *)list + list->nla_len;) {
        struct nlattr *element = (struct nlattr *)at;
        size_t length = NLA_ALIGN(element->nla_len);
        struct nlattr *key = inside(inside(element, NFTA_SET_ELEM_KEY), NFTA_DATA_VALUE);
        struct element **known = find(set, key);
        if (isNew && *known && minor < 12) {
            memmove(at, at + length, (size_t)(end - dropped - at) - length);
            list->nla_len -= length;
            message->nlmsg_len -= length;
            dropped += length;
            continue;
        }
        if (isNew && !*known) add(set, key);
        if (!isNew && *known) forget(known);
        at += length;
    }
    return dropped;
}

// Answers whether it is refused.
static int takeTable(struct nlmsghdr *message) {
    char *first = (char *)message + NLMSG_HDRLEN + sizeof(struct nfgenmsg);
    struct nlattr *flags =
        attribute(first, (char *)message + message->nlmsg_len, NFTA_TABLE_FLAGS);
    uint32_t *value = flags ? (uint32_t *)((char *)flags + NLA_HDRLEN) : NULL;
    if (!value || minor >= 9 || !(ntohl(*value) & persist)) return 0;
    *value |= htonl(unknownFlag);
    return 1;
}

size_t older_kernel(char *batch, size_t count) {
    if (minor == 9999) return count;
    int isRefused = 0;
    for (char *at = batch; at < batch + count;) {
        struct nlmsghdr *message = (struct nlmsghdr *)at;
        int type = message->nlmsg_type & 0xFF;
        char *first = at + NLMSG_HDRLEN + sizeof(struct nfgenmsg), *end = at + message->nlmsg_len;
        struct nlattr *set = attribute(first, end, NFTA_SET_ELEM_LIST_SET);
        const char *name = set ? (char *)set + NLA_HDRLEN : "";
        if (NFNL_SUBSYS_ID(message->nlmsg_type) != NFNL_SUBSYS_NFTABLES) type = -1;
        if (type >= firstDestroy && type <= lastDestroy && minor < 3)
            message->nlmsg_type |= 0xFF;
        else if (type == NFT_MSG_NEWTABLE)
            isRefused |= takeTable(message);
        else if (type == NFT_MSG_DELTABLE) forgetAll(NULL);
        else if (type == NFT_MSG_DELSET) forgetAll(name);
        else if (type == NFT_MSG_NEWSETELEM)
            count -= takeElements(message, name, 1, batch + count);
        else if (type == NFT_MSG_DELSETELEM || type == destroyElement)
            takeElements(message, name, 0, batch + count);
        at += NLMSG_ALIGN(message->nlmsg_len);
    }
    // Nothing of it comes to be.
    if (isRefused) forgetAll(NULL);
    return count;
}
