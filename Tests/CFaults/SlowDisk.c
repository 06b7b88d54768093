// SLOW_DISK=FIFO: as long as there is the fifo, a flush of a whole file system ends once somebody has
// opened it to write and closed it again. SLOW_LOG=FIFO: so does one of a record. SLOW_COMMIT=FIFO: so does the kernel
// begin with a transaction of nf_tables.
#define _GNU_SOURCE
#include "Faults.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

void wait_for_fifo(const char *variable) {
    const char *path = getenv(variable);
    if (!path) return;
    char byte;
    int fifo = open(path, O_RDONLY | O_CLOEXEC);
    while (fifo >= 0 && read(fifo, &byte, 1) > 0) continue;
    close(fifo);
}

int syncfs(int file) {
    wait_for_fifo("SLOW_DISK");
    return (int)syscall(SYS_syncfs, file);
}
