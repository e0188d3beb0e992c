#include "internal.h"

#include <stdlib.h>
#include <webp/decode.h>

static CIStatus failure(VP8StatusCode code, CIReport report) {
    switch (code) {
        case VP8_STATUS_OK: return CI_OK;
        case VP8_STATUS_OUT_OF_MEMORY: return ci_fail(report, CI_ERR_OUT_OF_MEMORY, "out of memory");
        case VP8_STATUS_NOT_ENOUGH_DATA:
        case VP8_STATUS_SUSPENDED: return ci_fail(report, CI_ERR_TRUNCATED, "the file ends too early");
        case VP8_STATUS_UNSUPPORTED_FEATURE: return ci_fail(report, CI_ERR_UNSUPPORTED, "an unknown kind of WebP");
        case VP8_STATUS_INVALID_PARAM:
        case VP8_STATUS_BITSTREAM_ERROR:
        case VP8_STATUS_USER_ABORT: break;
    }
    return ci_fail(report, CI_ERR_CORRUPT, "the WebP data is damaged");
}

static CIStatus read_features(const uint8_t *bytes, size_t count, WebPBitstreamFeatures *features, CIReport report) {
    CIStatus status = failure(WebPGetFeatures(bytes, count, features), report);
    if (status != CI_OK) return status;
    if (features->has_animation) return ci_fail(report, CI_ERR_UNSUPPORTED, "an animated WebP");
    if (features->width < 0 || features->height < 0) return ci_fail(report, CI_ERR_CORRUPT, "a negative size");
    return ci_check_size((uint64_t)features->width, (uint64_t)features->height, report);
}

CIStatus ci_webp_inspect(const uint8_t *bytes, size_t count, CIImageInfo *info, CIReport report) {
    WebPBitstreamFeatures features;
    CIStatus status = read_features(bytes, count, &features, report);
    if (status == CI_OK) *info = (CIImageInfo){CI_FORMAT_WEBP, (uint32_t)features.width, (uint32_t)features.height};
    return status;
}

/// Decodes into memory of the caller, `channels` bytes a pixel.
static CIStatus decode_into(const uint8_t *bytes, size_t count, CIImageInfo info, int channels, uint8_t *destination,
                            CIReport report) {
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config)) {
        return ci_fail(report, CI_ERR_UNSUPPORTED, "libwebp's version does not fit its headers");
    }
    config.output.colorspace = channels == 4 ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = destination;
    config.output.u.RGBA.stride = (int)info.width * channels;
    config.output.u.RGBA.size = (size_t)info.width * info.height * (size_t)channels;
    VP8StatusCode code = WebPDecode(bytes, count, &config);
    WebPFreeDecBuffer(&config.output);
    return failure(code, report);
}

CIStatus ci_webp_decode(const uint8_t *bytes, size_t count, CIImageInfo info, uint8_t *pixels, CIReport report) {
    WebPBitstreamFeatures features;
    CIStatus status = read_features(bytes, count, &features, report);
    if (status != CI_OK) return status;
    if (!features.has_alpha) return decode_into(bytes, count, info, 3, pixels, report);
    size_t pixel_count = (size_t)info.width * info.height;
    uint8_t *rgba = malloc(pixel_count * 4);
    if (rgba == NULL) return ci_fail(report, CI_ERR_OUT_OF_MEMORY, "out of memory");
    status = decode_into(bytes, count, info, 4, rgba, report);
    if (status == CI_OK) ci_composite_on_white(rgba, pixels, pixel_count);
    free(rgba);
    return status;
}
