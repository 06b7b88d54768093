// What the Glibc module cannot import, for the tests.
#pragma once
#include <stddef.h>

/// Moves the calling thread into a new network namespace and answers a descriptor of it, or -1.
int ctest_new_network_namespace(void);

/// Moves the calling thread into the namespace of a descriptor; answers what setns does.
int ctest_enter_network_namespace(int descriptor);

/// Whether a text occurs in some bytes.
int ctest_holds(const void *bytes, size_t count, const char *text);
