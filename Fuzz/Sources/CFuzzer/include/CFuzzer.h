// The driver of libFuzzer (compiler-rt, FuzzerInterface.h), for a program with a main of its own.
#pragma once
#include <stddef.h>
#include <stdint.h>

// Runs the arguments as libFuzzer's own main would; `one` gets each input and answers 0.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*one)(const uint8_t *data, size_t size));
