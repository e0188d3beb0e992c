#include "cchafa.h"

#include <chafa.h>
#include <pthread.h>
#include <stdbool.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
/// Made once and only read from then on, as each configuration takes a copy; so threads may share them.
static ChafaSymbolMap *coloured_symbols;
static ChafaSymbolMap *monochrome_symbols;

static void ignore_log(const gchar *domain, GLogLevelFlags level, const gchar *message, gpointer data) {
    (void)domain;
    (void)level;
    (void)message;
    (void)data;
}

static void initialise(void) {
    g_log_set_default_handler(ignore_log, NULL);
    // The other cores compute the picture.
    chafa_set_n_threads(1);
    // With two free colours a block and its complement say the same: one of each pair halves the work and costs nothing.
    static const gunichar blocks[] = {' ', 0x2580, 0x258C, 0x2596, 0x2597, 0x2598, 0x259A, 0x259D};
    coloured_symbols = chafa_symbol_map_new();
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        chafa_symbol_map_add_by_range(coloured_symbols, blocks[i], blocks[i]);
    }
    monochrome_symbols = chafa_symbol_map_new();
    chafa_symbol_map_add_by_tags(monochrome_symbols, CHAFA_SYMBOL_TAG_SPACE | CHAFA_SYMBOL_TAG_SOLID
        | CHAFA_SYMBOL_TAG_HALF | CHAFA_SYMBOL_TAG_QUAD);
}

static bool in_range(int32_t value) { return value >= 1 && value <= CH_MAXIMUM_SIDE; }

static bool is_valid(CHPicture picture, int32_t columns, int32_t rows) {
    return in_range(picture.width) && in_range(picture.height) && in_range(columns) && in_range(rows)
        && (int64_t)columns * rows <= CH_MAXIMUM_CELLS;
}

/// A canvas with the picture drawn, owned by the caller; NULL when libchafa fails.
static ChafaCanvas *draw(CHPicture picture, ChafaCanvasConfig *config, int32_t columns, int32_t rows) {
    chafa_canvas_config_set_geometry(config, columns, rows);
    // Every symbol is tried: with so few of them this is quicker than choosing which to try.
    chafa_canvas_config_set_work_factor(config, 1);
    // Raising the contrast would show colours that the picture does not have.
    chafa_canvas_config_set_preprocessing_enabled(config, FALSE);
    chafa_canvas_config_set_color_space(config, CHAFA_COLOR_SPACE_RGB);
    chafa_canvas_config_set_optimizations(config, CHAFA_OPTIMIZATION_REUSE_ATTRIBUTES);
    ChafaCanvas *canvas = chafa_canvas_new(config);
    if (canvas == NULL) return NULL;
    chafa_canvas_draw_all_pixels(canvas, CHAFA_PIXEL_RGB8, picture.pixels, picture.width, picture.height,
                                 picture.width * 3);
    return canvas;
}

static ChafaCanvasConfig *make_config(CHDepth depth) {
    ChafaCanvasConfig *config = chafa_canvas_config_new();
    if (config == NULL) return NULL;
    static const ChafaCanvasMode modes[] = {CHAFA_CANVAS_MODE_FGBG, CHAFA_CANVAS_MODE_INDEXED_16,
                                            CHAFA_CANVAS_MODE_INDEXED_240, CHAFA_CANVAS_MODE_TRUECOLOR};
    bool monochrome = depth == CH_DEPTH_MONOCHROME;
    chafa_canvas_config_set_symbol_map(config, monochrome ? monochrome_symbols : coloured_symbols);
    chafa_canvas_config_set_canvas_mode(config, modes[depth]);
    if (depth != CH_DEPTH_TRUECOLOR) {
        // Few colours show gradients only by mixing; diffusion keeps far more of the picture than an ordered pattern.
        // The grain is in eighths of a cell: a dot is a quarter block.
        chafa_canvas_config_set_dither_mode(config, CHAFA_DITHER_MODE_DIFFUSION);
        chafa_canvas_config_set_dither_grain_size(config, 4, 4);
        // In full, the 240 colours' uneven steps leave loud specks in dark areas.
        if (depth == CH_DEPTH_256) chafa_canvas_config_set_dither_intensity(config, 0.5f);
    }
    return config;
}

CHStatus ch_cells(CHPicture picture, int32_t columns, int32_t rows, CHDepth depth, CHCell *cells) {
    if (!is_valid(picture, columns, rows) || (int)depth < CH_DEPTH_MONOCHROME || depth > CH_DEPTH_TRUECOLOR) {
        return CH_ERR_ARGUMENT;
    }
    pthread_once(&once, initialise);
    ChafaCanvasConfig *config = make_config(depth);
    if (config == NULL) return CH_ERR_LIBRARY;
    ChafaCanvas *canvas = draw(picture, config, columns, rows);
    chafa_canvas_config_unref(config);
    if (canvas == NULL) return CH_ERR_LIBRARY;
    for (int32_t y = 0; y < rows; y++) {
        for (int32_t x = 0; x < columns; x++) {
            gint foreground = -1, background = -1;
            if (depth == CH_DEPTH_TRUECOLOR) {
                chafa_canvas_get_colors_at(canvas, x, y, &foreground, &background);
            } else if (depth != CH_DEPTH_MONOCHROME) {
                chafa_canvas_get_raw_colors_at(canvas, x, y, &foreground, &background);
            }
            *cells++ = (CHCell){chafa_canvas_get_char_at(canvas, x, y), foreground, background};
        }
    }
    chafa_canvas_unref(canvas);
    return CH_OK;
}

static GString *print(ChafaCanvas *canvas) {
    // The fallback knows the sequences of all protocols; which the terminal understands is the caller's concern.
    ChafaTermInfo *terminal = chafa_term_db_get_fallback_info(chafa_term_db_get_default());
    if (terminal == NULL) return NULL;
    GString *text = chafa_canvas_print(canvas, terminal);
    chafa_term_info_unref(terminal);
    return text;
}

static bool is_valid_canvas(int32_t columns, int32_t rows, int32_t cell_width, int32_t cell_height) {
    if (!in_range(cell_width) || !in_range(cell_height)) return false;
    int64_t width = (int64_t)columns * cell_width, height = (int64_t)rows * cell_height;
    return width <= CH_MAXIMUM_SIDE && height <= CH_MAXIMUM_SIDE && width * height <= CH_MAXIMUM_CANVAS_PIXELS;
}

CHStatus ch_bytes(CHPicture picture, int32_t columns, int32_t rows, int32_t cell_width, int32_t cell_height,
                  CHProtocol protocol, uint8_t **out_bytes, size_t *out_count) {
    if (!is_valid(picture, columns, rows) || (int)protocol < CH_PROTOCOL_SYMBOLS || protocol > CH_PROTOCOL_ITERM2) {
        return CH_ERR_ARGUMENT;
    }
    if (protocol != CH_PROTOCOL_SYMBOLS && !is_valid_canvas(columns, rows, cell_width, cell_height)) {
        return CH_ERR_ARGUMENT;
    }
    pthread_once(&once, initialise);
    static const ChafaPixelMode modes[] = {CHAFA_PIXEL_MODE_SYMBOLS, CHAFA_PIXEL_MODE_KITTY, CHAFA_PIXEL_MODE_SIXELS,
                                           CHAFA_PIXEL_MODE_ITERM2};
    ChafaCanvasConfig *config = make_config(CH_DEPTH_TRUECOLOR);
    if (config == NULL) return CH_ERR_LIBRARY;
    chafa_canvas_config_set_pixel_mode(config, modes[protocol]);
    if (protocol != CH_PROTOCOL_SYMBOLS) chafa_canvas_config_set_cell_geometry(config, cell_width, cell_height);
    ChafaCanvas *canvas = draw(picture, config, columns, rows);
    chafa_canvas_config_unref(config);
    if (canvas == NULL) return CH_ERR_LIBRARY;
    GString *text = print(canvas);
    chafa_canvas_unref(canvas);
    if (text == NULL) return CH_ERR_LIBRARY;
    *out_count = text->len;
    *out_bytes = (uint8_t *)g_string_free(text, FALSE);
    return CH_OK;
}

void ch_bytes_free(uint8_t *bytes) { g_free(bytes); }
