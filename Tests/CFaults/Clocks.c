// SUSPEND=FIFO: each number of seconds that is written to it is slept by the machine at once, as
// far as the agent sees: both clocks jump, and CLOCK_MONOTONIC and all that the kernel counts by
// it do not (timekeeping_inject_sleeptime, fs/timerfd.c: timerfd_resume).
// SET_CLOCK=FIFO: the wall clock alone is set forward by each number, or back by a negative one.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

struct jump {
    const char *path;
    atomic_long *seconds;
};

static atomic_long slept, stepped;
static atomic_int hasJumped;
static atomic_int watch = -1;
static atomic_char isBootTimer[1024];

static int set(int timer, int flags, const struct itimerspec *new, struct itimerspec *old) {
    return (int)syscall(SYS_timerfd_settime, timer, flags, new, old);
}

// The watch over the clock becomes readable, and reading it says that the clock has jumped.
static void *jump(void *argument) {
    struct jump *jump = argument;
    char line[32];
    for (;;) {
        FILE *fifo = fopen(jump->path, "re");
        if (!fifo) return NULL;
        while (fgets(line, sizeof line, fifo)) {
            atomic_fetch_add(jump->seconds, atol(line));
            atomic_store(&hasJumped, 1);
            struct itimerspec now = {.it_value.tv_nsec = 1};
            set(atomic_load(&watch), 0, &now, NULL);
        }
        fclose(fifo);
    }
}

__attribute__((constructor)) static void prepare(void) {
    static struct jump jumps[] = {{.seconds = &slept}, {.seconds = &stepped}};
    pthread_t thread;
    if (strcmp(program_invocation_short_name, "jitgated") != 0) return;
    jumps[0].path = getenv("SUSPEND");
    jumps[1].path = getenv("SET_CLOCK");
    for (int index = 0; index < 2; index++)
        if (jumps[index].path && pthread_create(&thread, NULL, jump, &jumps[index]) != 0) abort();
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    int result = (int)syscall(SYS_clock_gettime, clock, time);
    if (clock == CLOCK_BOOTTIME || clock == CLOCK_REALTIME) time->tv_sec += atomic_load(&slept);
    if (clock == CLOCK_REALTIME) time->tv_sec += atomic_load(&stepped);
    return result;
}

int timerfd_create(clockid_t clock, int flags) {
    int timer = (int)syscall(SYS_timerfd_create, clock, flags);
    if (timer >= 0 && timer < 1024) isBootTimer[timer] = clock == CLOCK_BOOTTIME;
    return timer;
}

int timerfd_settime(int timer, int flags, const struct itimerspec *new, struct itimerspec *old) {
    struct itimerspec value = *new;
    if (flags & TFD_TIMER_CANCEL_ON_SET) atomic_store(&watch, timer);
    int isArmed = value.it_value.tv_sec != 0 || value.it_value.tv_nsec != 0;
    if (isArmed && timer < 1024 && isBootTimer[timer] && flags & TFD_TIMER_ABSTIME) {
        value.it_value.tv_sec -= atomic_load(&slept);
        if (value.it_value.tv_sec < 0) value.it_value = (struct timespec){.tv_nsec = 1};
    }
    return set(timer, flags, &value, old);
}

ssize_t read(int file, void *bytes, size_t count) {
    ssize_t result = syscall(SYS_read, file, bytes, count);
    if (file != atomic_load(&watch) || !atomic_exchange(&hasJumped, 0)) return result;
    errno = ECANCELED;
    return -1;
}
