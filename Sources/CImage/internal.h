#pragma once
#include "cimage.h"

#include <stdbool.h>

/// Where the message of a failing call goes.
typedef struct CIReport {
    char *text;
    size_t capacity;
} CIReport;

/// Stores the message and returns the status.
CIStatus ci_fail(CIReport report, CIStatus status, const char *message);

/// CI_OK when the size is within the limits.
CIStatus ci_check_size(uint64_t width, uint64_t height, CIReport report);

/// Composites RGBA on white; `count` pixels.
void ci_composite_on_white(const uint8_t *rgba, uint8_t *rgb, size_t count);

CIStatus ci_png_inspect(const uint8_t *bytes, size_t count, CIImageInfo *info, CIReport report);
CIStatus ci_png_decode(const uint8_t *bytes, size_t count, CIImageInfo info, uint8_t *pixels, CIReport report);

CIStatus ci_jpeg_inspect(const uint8_t *bytes, size_t count, CIImageInfo *info, CIReport report);
CIStatus ci_jpeg_decode(const uint8_t *bytes, size_t count, CIImageInfo info, bool inverted_cmyk, uint8_t *pixels,
                        CIReport report);

CIStatus ci_webp_inspect(const uint8_t *bytes, size_t count, CIImageInfo *info, CIReport report);
CIStatus ci_webp_decode(const uint8_t *bytes, size_t count, CIImageInfo info, uint8_t *pixels, CIReport report);
