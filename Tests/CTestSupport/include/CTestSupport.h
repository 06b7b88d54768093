// Network namespaces for the tests. Each function returns what the system call returns.
#pragma once

/// Moves the calling thread into a new network namespace and answers a descriptor of it.
int ctest_new_network_namespace(void);

/// Moves the calling thread into the namespace of a descriptor.
int ctest_enter_network_namespace(int descriptor);
