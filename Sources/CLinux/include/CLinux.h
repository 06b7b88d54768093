// What the Glibc module does not import, as the smallest possible functions. Each returns what the
// system call returns: -1 with errno set on failure.
#pragma once
