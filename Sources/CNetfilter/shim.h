// Order matters: libc's own headers come before the kernel's, or their definitions of the same
// structures collide (linux/libc-compat.h); libnftnl's batch.h uses struct iovec unannounced.
#include <errno.h>
#include <stddef.h>
#include <sys/uio.h>
#include <netinet/in.h>
#include <net/if.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <libnftnl/batch.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <linux/filter.h>
#include <linux/rtnetlink.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/sock_diag.h>
#include <linux/inet_diag.h>

// Linux 6.9; the headers of Debian 12 are older. The table outlives the socket that owns it.
static const uint32_t jitgate_table_persist = 1u << 2;
// Linux 6.3: deletes an element, and a missing one is no error.
static const uint16_t jitgate_message_destroy_element = 30;

// What nfnetlink answers a batch that asks for another generation; not among POSIX's numbers.
static const int32_t jitgate_error_restart = ERESTART;
