#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

// The terminal behind plain functions: no ncurses type, macro or global is visible here.
//
// Rules for all functions: they never print, never exit and never allocate for the caller. Except for
// cc_character_width, all must be called from one thread, the one that called cc_enter. A status is CC_OK (0) or one
// of the negative codes below. Rows and columns count from 0 at the top left.

enum {
    CC_OK = 0,
    /// There is no terminal: standard input and output are redirected and /dev/tty cannot be opened.
    CC_NO_TERMINAL = -1,
    /// TERM is missing, unknown, or names a terminal on which no screen can be drawn.
    CC_UNSUITABLE = -2,
    /// A system call or ncurses failed.
    CC_FAILED = -3,
    /// The screen is already up, or not up, as the function needs.
    CC_WRONG_STATE = -4,
};

/// Columns that a Unicode scalar takes on the terminal: 0, 1 or 2; control characters count 0. Any thread.
int32_t cc_character_width(uint32_t scalar);

// MARK: The screen's life

/// What cc_enter needs to know.
typedef struct cc_options {
    /// Read and written instead of the process's own terminal; -1 for standard input and output, or /dev/tty where
    /// those are redirected.
    int32_t input;
    int32_t output;
    /// Standard error, and standard output if it is a terminal, go here while the screen is up; -1 leaves them alone.
    int32_t log;
    /// Whether colours are set up at all.
    bool uses_color;
    /// Whether presses of mouse buttons and turns of the wheel are reported.
    bool uses_mouse;
    /// The terminal's type; null for the variable TERM.
    const char *_Nullable terminal_type;
} cc_options;

/// Colours in the description of a terminal type (null: TERM); 0 without colour, CC_UNSUITABLE if it is not known.
/// Must not be called while the screen is up.
int32_t cc_terminal_colors(const char *_Nullable terminal_type);

/// Takes the terminal: saves its settings, installs the signal handlers, redirects standard error and shows an empty
/// screen. On failure everything is as before, and `message` holds one line of at most `capacity - 1` bytes that says
/// what is wrong.
int32_t cc_enter(const cc_options *options, char *message, size_t capacity);

/// Gives the terminal back as it was found, with the signal handlers and standard error. Does nothing if the screen is
/// not up. Runs by itself when the process exits, or (its async-signal-safe part) when it crashes.
void cc_leave(void);

/// Whether there is a screen to draw on.
bool cc_is_active(void);

/// Gives the terminal back and stops the process group; returns when it is in the foreground again, with the screen
/// up and empty, so that everything has to be drawn. A resume signal that arrives meanwhile is swallowed. If the process
/// is continued in the background in order to end, the screen stays down and only cc_leave is of use.
int32_t cc_suspend(void);

/// Sets the terminal up again after somebody else used it (a stop that could not be caught) and forgets its contents.
int32_t cc_reenter(void);

/// Reads the terminal's size and adapts the screen to it.
/// - columns, rows: receive the size in cells, at least 1 each.
int32_t cc_update_size(int32_t *columns, int32_t *rows);

// MARK: Input and signals

/// The descriptor that keys are read from; -1 while no screen is up.
int32_t cc_input_descriptor(void);

/// The byte that the terminal's settings say the erase key sends, usually 0x7F.
uint8_t cc_erase_byte(void);

/// Readable when a signal has arrived; -1 while no screen is up.
int32_t cc_signal_descriptor(void);

enum {
    CC_SIGNAL_RESIZED = 1,
    CC_SIGNAL_TERMINATE = 2,
    CC_SIGNAL_HANG_UP = 4,
    CC_SIGNAL_CONTINUED = 8,
    CC_SIGNAL_STOP = 16,
};

/// The signals since the last call, as a set of CC_SIGNAL bits, and empties the signal descriptor.
uint32_t cc_take_signals(void);

// MARK: Drawing

enum {
    CC_BOLD = 1,
    CC_UNDERLINE = 2,
    CC_REVERSE = 4,
    /// Scalars of one cell; ncurses takes no more.
    CC_SCALARS = 5,
};

/// One character position.
typedef struct cc_cell {
    /// The grapheme's scalars, `scalar_count` of them; 0 of them in the second half of a wide character.
    uint32_t scalars[CC_SCALARS];
    /// A colour number of the terminal (0...255), or -1 for its own colour. Numbers that the terminal does not have
    /// are turned into one that it has.
    int16_t foreground;
    int16_t background;
    uint8_t scalar_count;
    /// Columns that the layout gave the grapheme: 1 or 2.
    uint8_t columns;
    /// A set of CC_BOLD, CC_UNDERLINE, CC_REVERSE.
    uint8_t attributes;
    uint8_t reserved;
} cc_cell;

/// Puts cells into a row from a column to the right; what would be outside is cut. Nothing shows before cc_refresh.
int32_t cc_put_cells(int32_t row, int32_t column, const cc_cell *cells, int32_t count);

/// Writes what changed to the terminal, and leaves the text cursor at a place, or hidden if the row is negative.
int32_t cc_refresh(int32_t cursor_row, int32_t cursor_column);

/// Forgets what the terminal shows, so that the next cc_refresh clears it and draws everything.
void cc_invalidate(void);

/// Writes bytes straight to the terminal, all of them, past the screen. Call after cc_refresh.
int32_t cc_write_raw(const uint8_t *bytes, size_t count);

#pragma clang assume_nonnull end
