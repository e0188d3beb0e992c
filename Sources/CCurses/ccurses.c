#define _GNU_SOURCE
#include "ccurses.h"

#include <wchar.h>

int32_t cc_character_width(uint32_t scalar) {
    int width = wcwidth((wchar_t)scalar);
    return width < 0 ? 0 : width;
}
