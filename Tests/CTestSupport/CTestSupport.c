#define _GNU_SOURCE
#include "CTestSupport.h"
#include <fcntl.h>
#include <sched.h>

int ctest_new_network_namespace(void) {
    if (unshare(CLONE_NEWNET) != 0) return -1;
    return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

int ctest_enter_network_namespace(int descriptor) {
    return setns(descriptor, CLONE_NEWNET);
}
