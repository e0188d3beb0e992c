#pragma once
#include <stddef.h>
#include <stdint.h>

// Pictures as terminal symbols and as escape sequences, by libchafa, without its headers or GLib's.
//
// Contract of every function: inputs are borrowed for the length of the call; outputs are untouched unless CH_OK is
// returned; any thread may call. Nothing is printed: arguments are checked before libchafa sees them, and GLib's default
// log handler is silenced for the process, which has no other use for GLib.

#pragma clang assume_nonnull begin

/// The greatest width and height of a picture, in pixels, and of a canvas, in cells and in pixels.
#define CH_MAXIMUM_SIDE 16384
/// The greatest number of cells, and of pixels that a canvas of pixels may have.
#define CH_MAXIMUM_CELLS 1000000
#define CH_MAXIMUM_CANVAS_PIXELS 67108864

typedef enum CHStatus {
    CH_OK = 0,
    /// A size or an enumeration is out of range.
    CH_ERR_ARGUMENT = 1,
    /// libchafa made nothing of the picture.
    CH_ERR_LIBRARY = 2,
} CHStatus;

typedef enum CHDepth {
    /// The terminal's own two colours.
    CH_DEPTH_MONOCHROME = 0,
    /// Colours are indices 0…15.
    CH_DEPTH_16 = 1,
    /// Colours are indices 16…255: the first sixteen look different on every terminal and are left alone.
    CH_DEPTH_256 = 2,
    /// Colours are 0xRRGGBB.
    CH_DEPTH_TRUECOLOR = 3,
} CHDepth;

typedef enum CHProtocol {
    /// Symbols in 24-bit colour; rows are parted by a line feed.
    CH_PROTOCOL_SYMBOLS = 0,
    CH_PROTOCOL_KITTY = 1,
    CH_PROTOCOL_SIXEL = 2,
    CH_PROTOCOL_ITERM2 = 3,
} CHProtocol;

/// Rows of RGB bytes, top to bottom, without padding.
typedef struct CHPicture {
    /// width · height · 3 bytes.
    const uint8_t *pixels;
    /// From 1 to CH_MAXIMUM_SIDE.
    int32_t width;
    int32_t height;
} CHPicture;

typedef struct CHCell {
    /// A space or a block element, one column wide.
    uint32_t scalar;
    /// An index or 0xRRGGBB by depth; -1 for the terminal's own colour.
    int32_t foreground;
    int32_t background;
} CHCell;

/// Stretches the picture over columns × rows cells. Each cell is a space or one of the quarter, half, three-quarter and
/// full blocks of U+2580…U+259F: symbols that every terminal font has.
/// @param cells receives columns · rows cells, row by row.
CHStatus ch_cells(CHPicture picture, int32_t columns, int32_t rows, CHDepth depth, CHCell *cells);

/// Stretches the picture over columns × rows cells, as the bytes to print with the cursor in the first of them.
/// @param cell_width pixels of a cell for the pixel protocols, ignored for symbols; likewise cell_height.
/// @param out_bytes receives the bytes, to be freed by ch_bytes_free.
CHStatus ch_bytes(CHPicture picture, int32_t columns, int32_t rows, int32_t cell_width, int32_t cell_height,
                  CHProtocol protocol, uint8_t *_Nullable *_Nonnull out_bytes, size_t *out_count);

/// Frees what ch_bytes returned; NULL is allowed.
void ch_bytes_free(uint8_t *_Nullable bytes);

#pragma clang assume_nonnull end
