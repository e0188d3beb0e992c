#include "internal.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

// libpng leaves a call by longjmp. Everything a call owns lives in a PNGCall that belongs to the *caller* of the function
// with the setjmp, so that no local variable is read after a jump, and is released by one function on all paths.

/// The greatest text or other side data that libpng may take memory for, in bytes.
static const png_alloc_size_t chunk_limit = 8 << 20;

typedef struct PNGCall {
    png_structp png;
    png_infop info;
    CIReport report;
    CIStatus status;

    // Reading.
    const uint8_t *bytes;
    size_t count;
    size_t offset;
    CIImageInfo image;
    uint8_t *pixels;
    uint8_t *rgba;
    png_bytepp rows;
    CITextList list;

    // Writing.
    const uint8_t *source;
    uint32_t width;
    uint32_t height;
    png_textp texts;
    size_t text_count;
    uint8_t *output;
    size_t output_count;
    size_t output_capacity;
} PNGCall;

_Noreturn static void leave(png_structp png, png_const_charp message) {
    PNGCall *call = png_get_error_ptr(png);
    if (call->status == CI_OK) call->status = ci_fail(call->report, CI_ERR_CORRUPT, message);
    png_longjmp(png, 1);
}

static void ignore_warning(png_structp png, png_const_charp message) {
    (void)png;
    (void)message;
}

static void read_bytes(png_structp png, png_bytep destination, size_t count) {
    PNGCall *call = png_get_io_ptr(png);
    if (count > call->count - call->offset) {
        call->status = ci_fail(call->report, CI_ERR_TRUNCATED, "the file ends too early");
        png_error(png, "truncated");
    }
    memcpy(destination, call->bytes + call->offset, count);
    call->offset += count;
}

static void write_bytes(png_structp png, png_bytep bytes, size_t count) {
    PNGCall *call = png_get_io_ptr(png);
    if (count > call->output_capacity - call->output_count) {
        size_t capacity = call->output_capacity * 2 + count;
        uint8_t *larger = realloc(call->output, capacity);
        if (larger == NULL) {
            call->status = ci_fail(call->report, CI_ERR_OUT_OF_MEMORY, "out of memory");
            png_error(png, "out of memory");
        }
        call->output = larger;
        call->output_capacity = capacity;
    }
    memcpy(call->output + call->output_count, bytes, count);
    call->output_count += count;
}

static void flush_nothing(png_structp png) { (void)png; }

/// Runs the body, which may leave by longjmp, and returns its status.
static CIStatus guarded(PNGCall *call, CIStatus (*body)(PNGCall *call)) {
    if (setjmp(png_jmpbuf(call->png)) != 0) return call->status;
    return body(call);
}

static CIStatus run_reading(PNGCall *call, CIStatus (*body)(PNGCall *call)) {
    call->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, call, leave, ignore_warning);
    if (call->png != NULL) call->info = png_create_info_struct(call->png);
    CIStatus status;
    if (call->info == NULL) {
        status = ci_fail(call->report, CI_ERR_OUT_OF_MEMORY, "out of memory");
    } else {
        png_set_read_fn(call->png, call, read_bytes);
        status = guarded(call, body);
    }
    png_destroy_read_struct(&call->png, &call->info, NULL);
    free(call->rows);
    free(call->rgba);
    return status;
}

static void set_limits(PNGCall *call) {
    png_set_user_limits(call->png, CI_MAXIMUM_SIDE, CI_MAXIMUM_SIDE);
    png_set_chunk_malloc_max(call->png, chunk_limit);
    png_set_chunk_cache_max(call->png, 1000);
    png_set_benign_errors(call->png, 1);
}

/// Checked before libpng sees the file, which would call a great size merely invalid.
static CIStatus check_header(PNGCall *call) {
    if (call->count < 33) return ci_fail(call->report, CI_ERR_TRUNCATED, "the file ends too early");
    if (memcmp(call->bytes + 12, "IHDR", 4) != 0) return ci_fail(call->report, CI_ERR_CORRUPT, "the header is missing");
    uint32_t width = png_get_uint_32(call->bytes + 16);
    uint32_t height = png_get_uint_32(call->bytes + 20);
    CIStatus status = ci_check_size(width, height, call->report);
    if (status == CI_OK) call->image = (CIImageInfo){CI_FORMAT_PNG, width, height};
    return status;
}

CIStatus ci_png_inspect(const uint8_t *bytes, size_t count, CIImageInfo *info, CIReport report) {
    PNGCall call = {.bytes = bytes, .count = count, .report = report};
    CIStatus status = check_header(&call);
    if (status == CI_OK) *info = call.image;
    return status;
}

/// Side data is skipped unread: a damaged profile or text must not cost the picture.
static void skip_side_data(PNGCall *call) {
    static const png_byte names[] = "iCCP\0tEXt\0zTXt\0iTXt\0eXIf\0sPLT\0hIST\0pCAL\0gAMA\0cHRM\0sRGB";
    png_set_keep_unknown_chunks(call->png, PNG_HANDLE_CHUNK_NEVER, names, sizeof names / 5);
}

/// Asks libpng for 8-bit RGB, with an alpha channel only where the file has transparency.
/// @return whether rows are RGBA.
static bool set_transforms(PNGCall *call) {
    png_byte colour = png_get_color_type(call->png, call->info);
    bool alpha = (colour & PNG_COLOR_MASK_ALPHA) != 0 || png_get_valid(call->png, call->info, PNG_INFO_tRNS) != 0;
    png_set_expand(call->png);
    png_set_scale_16(call->png);
    png_set_gray_to_rgb(call->png);
    png_set_interlace_handling(call->png);
    png_read_update_info(call->png, call->info);
    return alpha;
}

static CIStatus decode_rows(PNGCall *call) {
    set_limits(call);
    skip_side_data(call);
    png_read_info(call->png, call->info);
    bool alpha = set_transforms(call);
    size_t width = call->image.width, height = call->image.height, stride = width * (alpha ? 4 : 3);
    if (png_get_image_width(call->png, call->info) != width || png_get_image_height(call->png, call->info) != height
        || png_get_rowbytes(call->png, call->info) != stride) {
        return ci_fail(call->report, CI_ERR_UNSUPPORTED, "an unexpected layout of samples");
    }
    if (alpha) call->rgba = malloc(stride * height);
    call->rows = malloc(height * sizeof *call->rows);
    if (call->rows == NULL || (alpha && call->rgba == NULL)) {
        return ci_fail(call->report, CI_ERR_OUT_OF_MEMORY, "out of memory");
    }
    for (size_t y = 0; y < height; y++) call->rows[y] = (alpha ? call->rgba : call->pixels) + y * stride;
    png_read_image(call->png, call->rows);
    png_read_end(call->png, NULL);
    if (alpha) ci_composite_on_white(call->rgba, call->pixels, width * height);
    return CI_OK;
}

CIStatus ci_png_decode(const uint8_t *bytes, size_t count, CIImageInfo info, uint8_t *pixels, CIReport report) {
    PNGCall call = {.bytes = bytes, .count = count, .image = info, .pixels = pixels, .report = report};
    return run_reading(&call, decode_rows);
}

/// Copies a text into one block: keyword, zero, value, zero.
static bool copy_text(const png_text *text, CIText *copy) {
    bool international = text->compression >= PNG_ITXT_COMPRESSION_NONE;
    size_t keyword = strlen(text->key), length = international ? text->itxt_length : text->text_length;
    if (text->text == NULL) length = 0;
    char *block = malloc(keyword + 1 + length + 1);
    if (block == NULL) return false;
    memcpy(block, text->key, keyword + 1);
    if (length > 0) memcpy(block + keyword + 1, text->text, length);
    block[keyword + 1 + length] = 0;
    *copy = (CIText){block, block + keyword + 1, length, international};
    return true;
}

static CIStatus read_texts(PNGCall *call) {
    set_limits(call);
    png_read_info(call->png, call->info);
    // Rows into nowhere: libpng reaches the chunks behind the pixels only through them.
    int passes = png_set_interlace_handling(call->png);
    png_read_update_info(call->png, call->info);
    for (int pass = 0; pass < passes; pass++) {
        for (uint32_t y = 0; y < call->image.height; y++) png_read_row(call->png, NULL, NULL);
    }
    png_read_end(call->png, call->info);
    png_textp texts = NULL;
    int count = 0;
    png_get_text(call->png, call->info, &texts, &count);
    if (count <= 0) return CI_OK;
    call->list.items = calloc((size_t)count, sizeof *call->list.items);
    if (call->list.items == NULL) return ci_fail(call->report, CI_ERR_OUT_OF_MEMORY, "out of memory");
    for (int i = 0; i < count; i++) {
        if (texts[i].key == NULL) continue;
        if (!copy_text(&texts[i], &call->list.items[call->list.count])) {
            return ci_fail(call->report, CI_ERR_OUT_OF_MEMORY, "out of memory");
        }
        call->list.count++;
    }
    return CI_OK;
}

CIStatus ci_png_text(const uint8_t *bytes, size_t count, CITextList *out_list, char *message, size_t message_capacity) {
    PNGCall call = {.bytes = bytes, .count = count, .report = {message, message_capacity}};
    if (bytes == NULL || count < 8 || png_sig_cmp(bytes, 0, 8) != 0) {
        return ci_fail(call.report, CI_ERR_FORMAT, "not a PNG");
    }
    CIStatus status = check_header(&call);
    if (status == CI_OK) status = run_reading(&call, read_texts);
    if (status == CI_OK) {
        *out_list = call.list;
    } else {
        ci_png_text_free(call.list);
    }
    return status;
}

void ci_png_text_free(CITextList list) {
    for (size_t i = 0; i < list.count; i++) free((void *)list.items[i].keyword);
    free(list.items);
}

static CIStatus write_file(PNGCall *call) {
    png_set_write_fn(call->png, call, write_bytes, flush_nothing);
    png_set_user_limits(call->png, CI_MAXIMUM_SIDE, CI_MAXIMUM_SIDE);
    png_set_IHDR(call->png, call->info, call->width, call->height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_sRGB(call->png, call->info, PNG_sRGB_INTENT_PERCEPTUAL);
    if (call->text_count > 0) png_set_text(call->png, call->info, call->texts, (int)call->text_count);
    png_write_info(call->png, call->info);
    for (uint32_t y = 0; y < call->height; y++) {
        png_write_row(call->png, call->source + (size_t)y * call->width * 3);
    }
    png_write_end(call->png, call->info);
    return CI_OK;
}

/// The texts as libpng wants them; NULL when there is no memory.
static png_textp prepare_texts(const CIText *texts, size_t count) {
    png_textp prepared = calloc(count + 1, sizeof *prepared);
    if (prepared == NULL) return NULL;
    for (size_t i = 0; i < count; i++) {
        prepared[i].compression = texts[i].is_utf8 ? PNG_ITXT_COMPRESSION_NONE : PNG_TEXT_COMPRESSION_NONE;
        prepared[i].key = (char *)texts[i].keyword;
        prepared[i].text = (char *)texts[i].value;
        prepared[i].text_length = texts[i].is_utf8 ? 0 : texts[i].length;
        prepared[i].itxt_length = texts[i].is_utf8 ? texts[i].length : 0;
        prepared[i].lang = texts[i].is_utf8 ? (char *)"" : NULL;
        prepared[i].lang_key = texts[i].is_utf8 ? (char *)"" : NULL;
    }
    return prepared;
}

static CIStatus run_writing(PNGCall *call) {
    call->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, call, leave, ignore_warning);
    if (call->png != NULL) call->info = png_create_info_struct(call->png);
    CIStatus status = call->info != NULL && call->texts != NULL
        ? guarded(call, write_file)
        : ci_fail(call->report, CI_ERR_OUT_OF_MEMORY, "out of memory");
    png_destroy_write_struct(&call->png, &call->info);
    free(call->texts);
    return status;
}

CIStatus ci_png_encode(const uint8_t *pixels, uint32_t width, uint32_t height, const CIText *texts, size_t text_count,
                       uint8_t **out_bytes, size_t *out_count, char *message, size_t message_capacity) {
    PNGCall call = {.source = pixels, .width = width, .height = height, .text_count = text_count,
                    .report = {message, message_capacity}};
    CIStatus status = ci_check_size(width, height, call.report);
    if (status != CI_OK) return status;
    if (text_count > 1000) return ci_fail(call.report, CI_ERR_ARGUMENT, "more than 1000 texts");
    call.texts = prepare_texts(texts, text_count);
    status = run_writing(&call);
    if (status != CI_OK) {
        free(call.output);
        return status;
    }
    *out_bytes = call.output;
    *out_count = call.output_count;
    return CI_OK;
}

void ci_bytes_free(uint8_t *bytes) { free(bytes); }
