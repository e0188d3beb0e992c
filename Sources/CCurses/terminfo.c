#define _GNU_SOURCE
#include "ccurses.h"
#include "internal.h"

#include <curses.h>
#include <stdio.h>
#include <stdlib.h>
// Defines macros with names like `columns` and `lines`, hence this file of its own.
#include <term.h>
#include <unistd.h>

int32_t cc_fail(int32_t status, char *message, size_t capacity, const char *text, const char *detail) {
    snprintf(message, capacity, text, detail);
    return status;
}

int32_t cc_terminal_colors(const char *type) {
    if (cc_is_active()) return CC_WRONG_STATE;
    int found = 0;
    if (setupterm(type, STDOUT_FILENO, &found) != OK) return CC_UNSUITABLE;
    int colors = tigetnum("colors");
    del_curterm(cur_term);
    return colors > 0 ? colors : 0;
}

int32_t cc_check_type(const char *type, char *message, size_t capacity) {
    const char *name = type != NULL ? type : getenv("TERM");
    if (name == NULL || name[0] == '\0') {
        return cc_fail(CC_UNSUITABLE, message, capacity, "the variable %s is not set, so the terminal is unknown", "TERM");
    }
    int found = 0;
    if (setupterm(name, STDOUT_FILENO, &found) != OK) {
        return cc_fail(CC_UNSUITABLE, message, capacity,
                    found < 0 ? "no terminal descriptions (terminfo) found for TERM=%.60s"
                              : "the terminal type TERM=%.60s is not known here",
                    name);
    }
    bool can_draw = tigetstr("cup") != (char *)-1 && tigetstr("cup") != NULL && !tigetflag("hc");
    del_curterm(cur_term);
    if (!can_draw) {
        return cc_fail(CC_UNSUITABLE, message, capacity, "a terminal of type TERM=%.60s cannot move its cursor", name);
    }
    return CC_OK;
}
