// Loaded into the agent by LD_PRELOAD: it brings about what cannot be asked for from outside.
#pragma once
