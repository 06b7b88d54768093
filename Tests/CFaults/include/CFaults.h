// Loaded into the agent by LD_PRELOAD, to bring about what cannot be asked for from outside: that
// it dies at a given call, that the kernel is an older one, that the machine was suspended.
#pragma once
