#define _GNU_SOURCE
#include "ccurses.h"
#include "internal.h"

#include <langinfo.h>
#include <locale.h>
#include <ncurses.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

// Pairs by their two colours, each from -1 to 255, so that a frame costs no search: 0 means not yet asked for.
enum { COLOR_SLOTS = 257 };
static int pairs[COLOR_SLOTS * COLOR_SLOTS];
static int pairs_taken = 0;
static bool has_colors_on = false;
static bool shows_cursor = false;

/// Sets the locale of characters while the program is loaded, so that widths are right on any thread, whether a screen
/// is up or not. Characters only: a decimal comma from LC_NUMERIC would reach every parser in the process.
__attribute__((constructor)) static void set_character_locale(void) {
    if (setlocale(LC_CTYPE, "") == NULL || strcmp(nl_langinfo(CODESET), "UTF-8") != 0) setlocale(LC_CTYPE, "C.UTF-8");
}

int32_t cc_character_width(uint32_t scalar) {
    int width = wcwidth((wchar_t)scalar);
    return width < 0 ? 0 : width;
}

void cc_drawing_reset(bool uses_color) {
    memset(pairs, 0, sizeof pairs);
    pairs_taken = 0;
    has_colors_on = uses_color;
    shows_cursor = false;
}

static int pair_of(int foreground, int background) {
    if (foreground < 0 && background < 0) return 0;
    int *slot = &pairs[(foreground + 1) * COLOR_SLOTS + background + 1];
    if (*slot > 0) return *slot;
    // ncurses would hand a pair of the screen to somebody else once it runs out. Few terminals have so few.
    if (pairs_taken >= COLOR_PAIRS - 1) return 0;
    int pair = alloc_pair(foreground, background);
    if (pair < 0) return 0;
    pairs_taken++;
    return *slot = pair;
}

/// Fits a cell's colours to what the terminal has.
static int colors_of(const cc_cell *cell, attr_t *attributes) {
    int foreground = cell->foreground, background = cell->background;
    if (COLORS <= 8) {
        // Bold is how terminals with eight colours show the bright ones, but bold black is often invisible.
        if (foreground == 8) {
            foreground = 7;
        } else if (foreground > 8 && foreground < 16) {
            foreground -= 8;
            *attributes |= A_BOLD;
        }
        if (background >= 8 && background < 16) background -= 8;
    }
    if (foreground >= COLORS) foreground = -1;
    if (background >= COLORS) background = -1;
    return pair_of(foreground, background);
}

/// Turns a cell into what ncurses stores; returns the columns it fills, which the layout decided.
static int compose(const cc_cell *cell, cchar_t *target) {
    wchar_t text[CC_SCALARS + 1];
    int count = 0, columns = 0;
    for (int i = 0; i < cell->scalar_count && i < CC_SCALARS; i++) {
        wchar_t scalar = (wchar_t)cell->scalars[i];
        int width = wcwidth(scalar);
        if (i == 0) {
            // What cannot be printed would move the cursor; nothing at all would shift the row.
            if (width < 1) {
                scalar = L'?';
                width = 1;
            }
            columns = width;
        } else if (width != 0 || cell->columns != columns) {
            // ncurses takes one spacing character a cell; and a variation selector that makes the terminal draw wider
            // than ncurses counts would shift the row. A joiner left at the end would reach into the next cell.
            if (text[count - 1] == 0x200D) count--;
            break;
        }
        text[count++] = scalar;
    }
    if (count == 0) {
        text[count++] = L' ';
        columns = 1;
    }
    text[count] = L'\0';

    attr_t attributes = A_NORMAL;
    if (cell->attributes & CC_BOLD) attributes |= A_BOLD;
    if (cell->attributes & CC_UNDERLINE) attributes |= A_UNDERLINE;
    if (cell->attributes & CC_REVERSE) attributes |= A_REVERSE;
    int pair = has_colors_on ? colors_of(cell, &attributes) : 0;
    setcchar(target, text, attributes, 0, &pair);
    return columns;
}

int32_t cc_put_cells(int32_t row, int32_t column, const cc_cell *cells, int32_t count) {
    if (!cc_is_active()) return CC_WRONG_STATE;
    if (row < 0 || row >= LINES || column < 0) return CC_OK;
    cchar_t composed[256];
    int filled = 0, start = column;
    for (int32_t i = 0; i < count && column < COLS; i++) {
        const cc_cell *cell = &cells[i];
        int columns = compose(cell, &composed[filled]);
        // The second half of a wide character comes with the first one, unless ncurses counts that as narrow: then
        // this is the blank beside it.
        filled++;
        column += columns;
        if (columns == 2) i++;
        if (filled == sizeof composed / sizeof composed[0]) {
            mvadd_wchnstr(row, start, composed, filled);
            start = column;
            filled = 0;
        }
    }
    if (filled > 0) mvadd_wchnstr(row, start, composed, filled);
    return CC_OK;
}

int32_t cc_refresh(int32_t cursor_row, int32_t cursor_column) {
    if (!cc_is_active()) return CC_WRONG_STATE;
    bool wants_cursor = cursor_row >= 0 && cursor_row < LINES && cursor_column >= 0 && cursor_column < COLS;
    if (wants_cursor) move(cursor_row, cursor_column);
    if (!wants_cursor && shows_cursor) curs_set(0);
    int status = refresh();
    if (wants_cursor && !shows_cursor) curs_set(1);
    shows_cursor = wants_cursor;
    return status == ERR ? CC_FAILED : CC_OK;
}

void cc_invalidate(void) {
    if (cc_is_active()) clearok(curscr, TRUE);
}
