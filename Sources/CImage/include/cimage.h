#pragma once
#include <stddef.h>
#include <stdint.h>

// Image files as bytes in memory, and the publishing of a finished file, without the headers of libpng, libturbojpeg
// or libwebp.
//
// Contract of every function:
// - inputs are borrowed for the length of the call and never kept;
// - outputs named `out…` are untouched unless CI_OK is returned;
// - `message` may be NULL; otherwise it receives one line, ended by a zero byte, of at most `message_capacity` bytes
//   when the status is not CI_OK, and is untouched when it is;
// - nothing is printed, nothing is global: any thread may call.

#pragma clang assume_nonnull begin

/// The greatest width and height read, in pixels.
#define CI_MAXIMUM_SIDE 16384
/// The greatest number of pixels read. A decoded picture of this size takes 768 MiB.
#define CI_MAXIMUM_PIXELS 268435456

typedef enum CIStatus {
    CI_OK = 0,
    /// An argument is out of its documented range.
    CI_ERR_ARGUMENT = 1,
    /// The bytes begin like none of the known formats.
    CI_ERR_FORMAT = 2,
    /// The bytes end before the picture does.
    CI_ERR_TRUNCATED = 3,
    /// The bytes contradict the format or themselves.
    CI_ERR_CORRUPT = 4,
    /// A valid file that the libraries cannot decode, such as an animation.
    CI_ERR_UNSUPPORTED = 5,
    /// A side above CI_MAXIMUM_SIDE, or more pixels than CI_MAXIMUM_PIXELS.
    CI_ERR_TOO_LARGE = 6,
    CI_ERR_OUT_OF_MEMORY = 7,
} CIStatus;

typedef enum CIFormat {
    CI_FORMAT_PNG = 1,
    CI_FORMAT_JPEG = 2,
    CI_FORMAT_WEBP = 3,
} CIFormat;

typedef struct CIImageInfo {
    CIFormat format;
    /// Pixels, from 1 to CI_MAXIMUM_SIDE; their product is at most CI_MAXIMUM_PIXELS.
    uint32_t width;
    uint32_t height;
} CIImageInfo;

/// Recognises the format by the first bytes and reads the size from the header; takes no memory for pixels.
/// @return CI_ERR_FORMAT, CI_ERR_TRUNCATED, CI_ERR_CORRUPT, CI_ERR_UNSUPPORTED, CI_ERR_TOO_LARGE or CI_ERR_OUT_OF_MEMORY.
CIStatus ci_image_inspect(const uint8_t *_Nullable bytes, size_t count, CIImageInfo *out_info,
                          char *_Nullable message, size_t message_capacity);

/// Decodes into rows of RGB bytes, top to bottom, without padding. Transparency is composited on white; 16-bit samples
/// are scaled to 8 bits; colour profiles and EXIF orientation are ignored.
/// @param inverted_cmyk not 0 when the samples of a four-channel JPEG are stored inverted, as Adobe's programs do;
/// ignored for every other file.
/// @param pixels receives width · height · 3 bytes; after an error its contents are unspecified.
/// @param capacity bytes available at `pixels`; CI_ERR_ARGUMENT when the picture needs more.
CIStatus ci_image_decode(const uint8_t *_Nullable bytes, size_t count, int32_t inverted_cmyk,
                         uint8_t *pixels, size_t capacity,
                         char *_Nullable message, size_t message_capacity);

/// A text chunk of a PNG file.
typedef struct CIText {
    /// 1 to 79 bytes of Latin-1, ended by a zero byte.
    const char *keyword;
    /// `length` bytes followed by a zero byte.
    const char *value;
    size_t length;
    /// Whether `value` is UTF-8 (an iTXt chunk); Latin-1 otherwise (tEXt).
    int32_t is_utf8;
} CIText;

/// Encodes rows of RGB bytes as an 8-bit PNG with the texts before the pixels.
/// @param pixels width · height · 3 bytes.
/// @param texts `text_count` texts with valid keywords and without zero bytes in the values.
/// @param out_bytes receives the file, to be freed by ci_bytes_free.
CIStatus ci_png_encode(const uint8_t *pixels, uint32_t width, uint32_t height,
                       const CIText *_Nullable texts, size_t text_count,
                       uint8_t *_Nullable *_Nonnull out_bytes, size_t *out_count,
                       char *_Nullable message, size_t message_capacity);

/// Frees what ci_png_encode returned; NULL is allowed.
void ci_bytes_free(uint8_t *_Nullable bytes);

/// The text chunks of a PNG file, owned by the caller.
typedef struct CITextList {
    CIText *_Nullable items;
    size_t count;
} CITextList;

/// Reads the tEXt, zTXt and iTXt chunks wherever they are in the file, passing over the pixels row by row. Texts above
/// 8 MiB are left out.
/// @param out_list receives the texts, to be freed by ci_png_text_free.
/// @return CI_ERR_FORMAT when the bytes are no PNG.
CIStatus ci_png_text(const uint8_t *_Nullable bytes, size_t count, CITextList *out_list,
                     char *_Nullable message, size_t message_capacity);

/// Frees what ci_png_text returned; an empty list is allowed.
void ci_png_text_free(CITextList list);

/// Gives a finished temporary file its final name, in the same folder.
/// @param overwrite 0 to leave a file that has that name alone, even one that appears meanwhile.
/// @return 0, or an errno value: EEXIST when the name is taken and `overwrite` is 0. The temporary file is gone on
/// success and still there on failure.
int32_t ci_file_publish(const char *temporary, const char *path, int32_t overwrite);

#pragma clang assume_nonnull end
