#define _GNU_SOURCE
#include "ccurses.h"
#include "internal.h"

#include <fcntl.h>
#include <ncurses.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

// The one screen of the process; ncurses keeps its own state in globals too.
static SCREEN *screen = NULL;
static FILE *input_file = NULL;
static FILE *output_file = NULL;
static bool uses_mouse_now = false;
static int log_descriptor = -1;
// The terminal was given back for good while the process was stopped; see cc_suspend.
static bool is_away = false;

static const char paste_on[] = "\x1b[?2004h", paste_off[] = "\x1b[?2004l";
static const char mouse_on[] = "\x1b[?1000h\x1b[?1006h", mouse_off[] = "\x1b[?1006l\x1b[?1000l";

bool cc_is_active(void) { return screen != NULL && !is_away; }
int32_t cc_input_descriptor(void) { return cc_is_active() ? fileno(input_file) : -1; }
uint8_t cc_erase_byte(void) { return cc_rescue_erase_byte(); }

int32_t cc_write_raw(const uint8_t *bytes, size_t count) {
    return cc_is_active() ? cc_write_all(fileno(output_file), bytes, count) : CC_WRONG_STATE;
}

static void write_text(const char *text) { cc_write_raw((const uint8_t *)text, strlen(text)); }

/// A stream of our own on a descriptor, or on the controlling terminal if that is none.
static FILE *open_terminal(int given, int standard, const char *mode) {
    int descriptor = given >= 0         ? fcntl(given, F_DUPFD_CLOEXEC, 10)
                     : isatty(standard) ? fcntl(standard, F_DUPFD_CLOEXEC, 10)
                                        : open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (descriptor < 0) return NULL;
    FILE *file = isatty(descriptor) ? fdopen(descriptor, mode) : NULL;
    if (file == NULL) close(descriptor);
    return file;
}

static void close_terminal(void) {
    if (input_file != NULL) fclose(input_file);
    if (output_file != NULL) fclose(output_file);
    input_file = output_file = NULL;
}

/// What the terminal is told besides what ncurses tells it.
static void set_modes(void) {
    raw();
    noecho();
    nonl();
    write_text(paste_on);
    if (uses_mouse_now) write_text(mouse_on);
}

static void set_screen_up(bool uses_color) {
    // Keys are read and decoded outside ncurses; it only has to put the keypad into its usual mode, and must not cut
    // a refresh short because a key is waiting.
    keypad(stdscr, TRUE);
    typeahead(-1);
    leaveok(stdscr, FALSE);
    // Shifting parts of lines would take pictures along that ncurses knows nothing of.
    idcok(stdscr, FALSE);
    idlok(stdscr, FALSE);
    curs_set(0);
    if (uses_color) {
        start_color();
        use_default_colors();
    }
    cc_drawing_reset(uses_color && has_colors());
    set_modes();
    clearok(curscr, TRUE);
    refresh();
}

int32_t cc_enter(const cc_options *options, char *message, size_t capacity) {
    if (screen != NULL) return cc_fail(CC_WRONG_STATE, message, capacity, "the screen is %s up", "already");
    int32_t status = cc_check_type(options->terminal_type, message, capacity);
    if (status != CC_OK) return status;

    input_file = open_terminal(options->input, STDIN_FILENO, "r");
    output_file = open_terminal(options->output, STDOUT_FILENO, "w");
    if (input_file == NULL || output_file == NULL) {
        close_terminal();
        return cc_fail(CC_NO_TERMINAL, message, capacity, "there is no terminal to draw on%s", "");
    }
    // Before newterm, which then leaves the signals alone, and again after it for those that it takes regardless.
    if (cc_signals_install() != CC_OK || cc_rescue_remember(fileno(output_file)) != CC_OK ||
        cc_rescue_arm() != CC_OK || (options->log >= 0 && cc_redirect_begin(options->log) != CC_OK)) {
        status = cc_fail(CC_FAILED, message, capacity, "cannot prepare the terminal: %m%s", "");
    } else if ((screen = newterm(options->terminal_type, output_file, input_file)) == NULL) {
        status = cc_fail(CC_FAILED, message, capacity, "ncurses cannot use this terminal%s", "");
    }
    if (status != CC_OK) {
        cc_redirect_end();
        cc_rescue_disarm();
        cc_signals_restore();
        close_terminal();
        return status;
    }
    cc_signals_install();
    uses_mouse_now = options->uses_mouse;
    log_descriptor = options->log;
    set_screen_up(options->uses_color);
    return CC_OK;
}

/// Lets ncurses leave its screen, or, where the terminal is somebody else's by now, does the least itself.
static void leave_screen(void) {
    if (cc_rescue_is_in_background()) {
        cc_rescue_now();
        return;
    }
    if (uses_mouse_now) write_text(mouse_off);
    write_text(paste_off);
    endwin();
}

void cc_leave(void) {
    if (screen == NULL) return;
    if (!is_away) leave_screen();
    is_away = false;
    delscreen(screen);
    screen = NULL;
    close_terminal();
    cc_redirect_end();
    cc_rescue_disarm();
    cc_signals_restore();
}

static void show_again(void) {
    // The first refresh after endwin() sets the terminal's modes and enters the alternate screen.
    clearok(curscr, TRUE);
    refresh();
    set_modes();
}

int32_t cc_suspend(void) {
    if (!cc_is_active()) return CC_WRONG_STATE;
    leave_screen();
    cc_redirect_end();
    cc_rescue_disarm();
    cc_signals_stop_process_group();
    int32_t status = CC_OK;
    if (log_descriptor >= 0 && cc_redirect_begin(log_descriptor) != CC_OK) status = CC_FAILED;
    // Ended by a signal (a shell's `kill %1`) rather than continued: touching the terminal from the background would
    // stop the process once more. Otherwise it is in the foreground now, or the kernel stops it until it is.
    if (cc_rescue_is_in_background() && cc_signals_are_ending()) {
        is_away = true;
        return status;
    }
    if (cc_rescue_arm() != CC_OK) status = CC_FAILED;
    show_again();
    return status;
}

int32_t cc_reenter(void) {
    if (!cc_is_active()) return CC_WRONG_STATE;
    if (!isendwin()) endwin();
    show_again();
    return CC_OK;
}

int32_t cc_update_size(int32_t *columns, int32_t *rows) {
    if (!cc_is_active()) return CC_WRONG_STATE;
    struct winsize size = {0};
    // Serial lines do not know their size; then the terminal's description counts.
    if (ioctl(fileno(output_file), TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0 &&
        is_term_resized(size.ws_row, size.ws_col)) {
        resizeterm(size.ws_row, size.ws_col);
    }
    *columns = COLS > 0 ? COLS : 1;
    *rows = LINES > 0 ? LINES : 1;
    return CC_OK;
}
