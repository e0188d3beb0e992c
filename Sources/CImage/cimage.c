#include "internal.h"

#include <stdio.h>
#include <string.h>

static const uint8_t png_magic[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

CIStatus ci_fail(CIReport report, CIStatus status, const char *message) {
    if (report.text == NULL || report.capacity == 0) return status;
    snprintf(report.text, report.capacity, "%s", message);
    for (char *c = report.text; *c != 0; c++) {
        if ((unsigned char)*c < 0x20 || (unsigned char)*c >= 0x7f) *c = ' ';
    }
    return status;
}

CIStatus ci_check_size(uint64_t width, uint64_t height, CIReport report) {
    if (width == 0 || height == 0) return ci_fail(report, CI_ERR_CORRUPT, "the header gives an empty picture");
    if (width <= CI_MAXIMUM_SIDE && height <= CI_MAXIMUM_SIDE && width * height <= CI_MAXIMUM_PIXELS) return CI_OK;
    char message[96];
    snprintf(message, sizeof message, "%llu x %llu pixels", (unsigned long long)width, (unsigned long long)height);
    return ci_fail(report, CI_ERR_TOO_LARGE, message);
}

void ci_composite_on_white(const uint8_t *rgba, uint8_t *rgb, size_t count) {
    for (size_t i = 0; i < count; i++, rgba += 4, rgb += 3) {
        uint32_t alpha = rgba[3];
        uint32_t white = 255 * (255 - alpha) + 127;
        for (int channel = 0; channel < 3; channel++) rgb[channel] = (uint8_t)((rgba[channel] * alpha + white) / 255);
    }
}

/// The format whose files begin so, or 0. A short prefix of a format counts as that format, so that an almost empty file
/// is called truncated.
static CIFormat format_of(const uint8_t *bytes, size_t count) {
    if (count >= 4 && memcmp(bytes, png_magic, count < 8 ? count : 8) == 0) return CI_FORMAT_PNG;
    if (count >= 3 && memcmp(bytes, "\xff\xd8\xff", 3) == 0) return CI_FORMAT_JPEG;
    if (count >= 12 && memcmp(bytes, "RIFF", 4) == 0 && memcmp(bytes + 8, "WEBP", 4) == 0) return CI_FORMAT_WEBP;
    return (CIFormat)0;
}

static CIStatus inspect(const uint8_t *bytes, size_t count, CIImageInfo *info, CIReport report) {
    if (bytes == NULL || count == 0) return ci_fail(report, CI_ERR_FORMAT, "empty");
    switch (format_of(bytes, count)) {
        case CI_FORMAT_PNG: return ci_png_inspect(bytes, count, info, report);
        case CI_FORMAT_JPEG: return ci_jpeg_inspect(bytes, count, info, report);
        case CI_FORMAT_WEBP: return ci_webp_inspect(bytes, count, info, report);
    }
    return ci_fail(report, CI_ERR_FORMAT, "neither PNG, JPEG nor WebP");
}

CIStatus ci_image_inspect(const uint8_t *bytes, size_t count, CIImageInfo *out_info, char *message,
                          size_t message_capacity) {
    CIReport report = {message, message_capacity};
    CIImageInfo info = {0};
    CIStatus status = inspect(bytes, count, &info, report);
    if (status == CI_OK) *out_info = info;
    return status;
}

CIStatus ci_image_decode(const uint8_t *bytes, size_t count, int32_t inverted_cmyk, uint8_t *pixels, size_t capacity,
                         char *message, size_t message_capacity) {
    CIReport report = {message, message_capacity};
    CIImageInfo info = {0};
    CIStatus status = inspect(bytes, count, &info, report);
    if (status != CI_OK) return status;
    if ((size_t)info.width * info.height * 3 > capacity) {
        return ci_fail(report, CI_ERR_ARGUMENT, "the pixel buffer is too small");
    }
    switch (info.format) {
        case CI_FORMAT_PNG: return ci_png_decode(bytes, count, info, pixels, report);
        case CI_FORMAT_JPEG: return ci_jpeg_decode(bytes, count, info, inverted_cmyk != 0, pixels, report);
        case CI_FORMAT_WEBP: return ci_webp_decode(bytes, count, info, pixels, report);
    }
    return ci_fail(report, CI_ERR_FORMAT, "neither PNG, JPEG nor WebP");
}
