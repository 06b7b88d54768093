// What the calls that are taken over have in common.
#pragma once
#include <stddef.h>

/// Makes of a batch what an older kernel would have made of it, if KERNEL says that this is one.
///
/// Answers how long the batch is then; it never grows.
size_t older_kernel(char *batch, size_t count);

/// Waits as long as the fifo tells that the variable names, if there is one.
void wait_for_fifo(const char *variable);
