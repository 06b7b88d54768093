// SLOW_DISK=FIFO: as long as there is the fifo, a flush of a whole file system ends once somebody has
// opened it to write and closed it again.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int syncfs(int file) {
    const char *path = getenv("SLOW_DISK");
    if (path) {
        char byte;
        int fifo = open(path, O_RDONLY | O_CLOEXEC);
        while (fifo >= 0 && read(fifo, &byte, 1) > 0) continue;
        close(fifo);
    }
    return (int)syscall(SYS_syncfs, file);
}
