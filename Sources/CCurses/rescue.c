#define _GNU_SOURCE
#include "ccurses.h"
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

// How the terminal is put right when the process ends in a way that ncurses does not see: a crash, exit() deep inside
// a library, a hang-up. Everything here is async-signal-safe.

static const int crash_signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGABRT, SIGFPE, SIGQUIT};
enum { CRASH_COUNT = sizeof crash_signals / sizeof crash_signals[0] };

// Move to the last line (for terminals without an alternate screen), then: pending control string ended, alternate
// screen off, attributes off, cursor on, mouse off, bracketed paste off, cursor keys and keypad back to normal.
static const char reset_sequence[] = "\x1b\\\x1b[999;1H\n\x1b[?1049l\x1b[0m\x1b[?25h\x1b[?1006l\x1b[?1000l\x1b[?2004l"
                                     "\x1b[?1l\x1b>\r";

static struct sigaction previous_actions[CRASH_COUNT];
static volatile sig_atomic_t is_armed = 0;
static bool has_handlers = false;
static int terminal = -1;
static pid_t owner = 0;
static struct termios saved_settings;
static _Alignas(16) char alternate_stack[64 * 1024];

static int redirected[2] = {-1, -1};

bool cc_rescue_is_in_background(void) {
    pid_t group = tcgetpgrp(terminal);
    return group > 0 && group != getpgrp();
}

uint8_t cc_rescue_erase_byte(void) {
    return terminal >= 0 && saved_settings.c_cc[VERASE] != _POSIX_VDISABLE ? saved_settings.c_cc[VERASE] : 0x7F;
}

int32_t cc_write_all(int descriptor, const void *bytes, size_t count) {
    const char *rest = bytes;
    while (count > 0) {
        ssize_t written = write(descriptor, rest, count);
        if (written > 0) {
            rest += written;
            count -= (size_t)written;
        } else if (written < 0 && errno == EAGAIN) {
            struct pollfd descriptors = {.fd = descriptor, .events = POLLOUT};
            // A terminal that takes nothing for this long is gone.
            if (poll(&descriptors, 1, 2000) == 0) return CC_FAILED;
        } else if (written < 0 && errno != EINTR) {
            return CC_FAILED;
        }
    }
    return CC_OK;
}

void cc_rescue_now(void) {
    // A child after fork() shares the terminal but does not own the screen.
    if (!is_armed || getpid() != owner) return;
    is_armed = 0;
    // From the background both calls would otherwise stop the process.
    sigset_t blocked, before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTTOU);
    pthread_sigmask(SIG_BLOCK, &blocked, &before);
    cc_write_all(terminal, reset_sequence, sizeof reset_sequence - 1);
    // In the background the settings are the shell's by now.
    if (!cc_rescue_is_in_background()) tcsetattr(terminal, TCSANOW, &saved_settings);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    cc_redirect_end();
}

static void die_tidily(int number) {
    cc_rescue_now();
    // Back to whoever had the signal (the default, or a handler that writes a backtrace), and again.
    for (int i = 0; i < CRASH_COUNT; i++) {
        if (crash_signals[i] == number) sigaction(number, &previous_actions[i], NULL);
    }
    raise(number);
}

int32_t cc_rescue_remember(int descriptor) {
    terminal = descriptor;
    owner = getpid();
    return tcgetattr(descriptor, &saved_settings) == 0 ? CC_OK : CC_FAILED;
}

int32_t cc_rescue_arm(void) {
    static bool runs_at_exit = false;
    if (!runs_at_exit) runs_at_exit = atexit(cc_rescue_now) == 0;

    // A stack that overflowed cannot run its own handler.
    stack_t stack, current;
    memset(&stack, 0, sizeof stack);
    stack.ss_sp = alternate_stack;
    stack.ss_size = sizeof alternate_stack;
    if (sigaltstack(NULL, &current) == 0 && (current.ss_flags & SS_DISABLE)) sigaltstack(&stack, NULL);

    for (int i = 0; i < CRASH_COUNT && !has_handlers; i++) {
        struct sigaction action = {0};
        action.sa_handler = die_tidily;
        action.sa_flags = SA_ONSTACK;
        sigemptyset(&action.sa_mask);
        if (sigaction(crash_signals[i], &action, &previous_actions[i]) != 0) return CC_FAILED;
    }
    has_handlers = true;
    is_armed = 1;
    return CC_OK;
}

void cc_rescue_disarm(void) {
    is_armed = 0;
    if (!has_handlers) return;
    has_handlers = false;
    for (int i = 0; i < CRASH_COUNT; i++) sigaction(crash_signals[i], &previous_actions[i], NULL);
}

static int keep_away(int descriptor) { return fcntl(descriptor, F_DUPFD_CLOEXEC, 10); }

int32_t cc_redirect_begin(int log_descriptor) {
    for (int i = 0; i < 2; i++) {
        int standard = i + STDOUT_FILENO;
        // Output that goes to a file or a pipe is somebody's; only a terminal must not see it.
        if (standard == STDOUT_FILENO && !isatty(standard)) continue;
        redirected[i] = keep_away(standard);
        if (redirected[i] < 0 || dup2(log_descriptor, standard) < 0) {
            cc_redirect_end();
            return CC_FAILED;
        }
    }
    return CC_OK;
}

void cc_redirect_end(void) {
    for (int i = 0; i < 2; i++) {
        if (redirected[i] < 0) continue;
        dup2(redirected[i], i + STDOUT_FILENO);
        close(redirected[i]);
        redirected[i] = -1;
    }
}
