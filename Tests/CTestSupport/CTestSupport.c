#define _GNU_SOURCE
#include "CTestSupport.h"
#include <fcntl.h>
#include <sched.h>
#include <string.h>

int ctest_new_network_namespace(void) {
    if (unshare(CLONE_NEWNET) != 0) return -1;
    return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

int ctest_enter_network_namespace(int descriptor) {
    return setns(descriptor, CLONE_NEWNET);
}

int ctest_holds(const void *bytes, size_t count, const char *text) {
    return memmem(bytes, count, text, strlen(text)) != NULL;
}
