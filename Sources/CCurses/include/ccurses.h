#pragma once
#include <stdint.h>

#pragma clang assume_nonnull begin

/// Columns that a Unicode scalar takes on the terminal: 0, 1 or 2; control characters count 0. Any thread.
int32_t cc_character_width(uint32_t scalar);

#pragma clang assume_nonnull end
