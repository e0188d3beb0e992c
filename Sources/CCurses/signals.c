#define _GNU_SOURCE
#include "ccurses.h"
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

// A handler only sets a bit and rings the pipe, on which the event loop sleeps.

static const int caught_signals[] = {SIGWINCH, SIGTERM, SIGINT, SIGHUP, SIGCONT, SIGTSTP, SIGPIPE};
enum { CAUGHT_COUNT = sizeof caught_signals / sizeof caught_signals[0] };

static struct sigaction previous_actions[CAUGHT_COUNT];
static bool are_installed = false;
static atomic_uint pending_signals;
static int pipe_ends[2] = {-1, -1};

static uint32_t bit_of(int number) {
    switch (number) {
    case SIGWINCH: return CC_SIGNAL_RESIZED;
    case SIGTERM:
    case SIGINT: return CC_SIGNAL_TERMINATE;
    case SIGHUP: return CC_SIGNAL_HANG_UP;
    case SIGCONT: return CC_SIGNAL_CONTINUED;
    case SIGTSTP: return CC_SIGNAL_STOP;
    default: return 0;
    }
}

static void note_signal(int number) {
    int saved_errno = errno;
    atomic_fetch_or(&pending_signals, bit_of(number));
    // A full pipe is as good as a written one: the bit is set and the reader will wake up.
    ssize_t written = write(pipe_ends[1], "", 1);
    (void)written;
    errno = saved_errno;
}

int32_t cc_signals_install(void) {
    // The pipe lives as long as the process, so that a late handler never writes into somebody else's descriptor.
    if (pipe_ends[0] < 0 && pipe2(pipe_ends, O_CLOEXEC | O_NONBLOCK) != 0) return CC_FAILED;
    if (!are_installed) atomic_store(&pending_signals, 0);
    for (int i = 0; i < CAUGHT_COUNT; i++) {
        struct sigaction action = {0};
        action.sa_handler = caught_signals[i] == SIGPIPE ? SIG_IGN : note_signal;
        action.sa_flags = SA_RESTART;
        sigfillset(&action.sa_mask);
        if (sigaction(caught_signals[i], &action, are_installed ? NULL : &previous_actions[i]) != 0) return CC_FAILED;
    }
    are_installed = true;
    return CC_OK;
}

void cc_signals_restore(void) {
    if (!are_installed) return;
    for (int i = 0; i < CAUGHT_COUNT; i++) sigaction(caught_signals[i], &previous_actions[i], NULL);
    are_installed = false;
}

void cc_signals_stop_process_group(void) {
    struct sigaction ours, action = {0};
    // The others of the group first, while the signal passes us by; then this process, by the default action. raise()
    // returns only after the stop, which kill() does not promise when there are several threads.
    action.sa_handler = SIG_IGN;
    sigaction(SIGTSTP, &action, &ours);
    kill(0, SIGTSTP);
    action.sa_handler = SIG_DFL;
    sigaction(SIGTSTP, &action, NULL);
    raise(SIGTSTP);
    sigaction(SIGTSTP, &ours, NULL);
    atomic_fetch_and(&pending_signals, ~(unsigned)(CC_SIGNAL_CONTINUED | CC_SIGNAL_STOP));
}

bool cc_signals_are_ending(void) {
    // Another thread may be about to run the handler.
    poll(NULL, 0, 50);
    return atomic_load(&pending_signals) & (CC_SIGNAL_TERMINATE | CC_SIGNAL_HANG_UP);
}

int32_t cc_signal_descriptor(void) { return are_installed ? pipe_ends[0] : -1; }

uint32_t cc_take_signals(void) {
    char bytes[64];
    while (pipe_ends[0] >= 0 && read(pipe_ends[0], bytes, sizeof bytes) > 0) {}
    return atomic_exchange(&pending_signals, 0);
}
