#pragma once
// Shared by the files of this target only.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Sets up the self-pipe and takes the signals. A second call takes those again that somebody else took.
int32_t cc_signals_install(void);
/// Gives the signals back to whoever had them.
void cc_signals_restore(void);
/// Stops this process group by SIGTSTP's default action; returns when it goes on.
void cc_signals_stop_process_group(void);
/// Whether a signal that ends the process has arrived, or does so within a moment.
bool cc_signals_are_ending(void);

/// Reads the terminal's settings, to which it is to be put back.
int32_t cc_rescue_remember(int terminal_descriptor);
/// Arms the handlers that put the terminal right if the process dies.
int32_t cc_rescue_arm(void);
void cc_rescue_disarm(void);
/// Puts the terminal right without ncurses. Async-signal-safe; does nothing unless armed.
void cc_rescue_now(void);
/// Whether another process group has the terminal.
bool cc_rescue_is_in_background(void);
uint8_t cc_rescue_erase_byte(void);

/// Sends standard error, and standard output if it is a terminal, to a descriptor.
int32_t cc_redirect_begin(int log_descriptor);
/// Undoes cc_redirect_begin. Async-signal-safe; does nothing if nothing is redirected.
void cc_redirect_end(void);

/// Forgets the colour pairs, which belong to one screen.
void cc_drawing_reset(bool uses_color);
/// Writes all bytes to a descriptor, waiting while it is full. Async-signal-safe.
int32_t cc_write_all(int descriptor, const void *bytes, size_t count);

/// Formats a message with one detail, and returns the status.
int32_t cc_fail(int32_t status, char *message, size_t capacity, const char *text, const char *detail);
/// Says whether a screen can be drawn on a type of terminal (null: TERM), and why not; newterm says only that it fails.
int32_t cc_check_type(const char *type, char *message, size_t capacity);
