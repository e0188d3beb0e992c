#include "internal.h"

#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>

static const char truncated[] = "the file ends too early";

/// The status of a failed or doubtful call of libturbojpeg.
///
/// The library finishes the picture after a warning. Stray bytes between markers are common and harmless; any other
/// warning means that a part of the picture is made up. Where a file ends early it goes on with an end mark of its own,
/// and may then call that mark invalid: a broken file without an end mark is therefore taken as cut off.
static CIStatus failure(tjhandle handle, const uint8_t *bytes, size_t count, CIReport report) {
    const char *message = tjGetErrorStr2(handle);
    if (strstr(message, "Premature end") != NULL) return ci_fail(report, CI_ERR_TRUNCATED, truncated);
    if (tjGetErrorCode(handle) == TJERR_WARNING && strstr(message, "extraneous bytes") != NULL) return CI_OK;
    if (strstr(message, "nsupported") != NULL) return ci_fail(report, CI_ERR_UNSUPPORTED, message);
    if (strstr(message, "emory") != NULL) return ci_fail(report, CI_ERR_OUT_OF_MEMORY, "out of memory");
    bool ended = count >= 2 && bytes[count - 2] == 0xff && bytes[count - 1] == 0xd9;
    return ended ? ci_fail(report, CI_ERR_CORRUPT, message) : ci_fail(report, CI_ERR_TRUNCATED, truncated);
}

static CIStatus read_header(tjhandle handle, const uint8_t *bytes, size_t count, CIImageInfo *info, int *colours,
                            CIReport report) {
    int width = 0, height = 0, subsampling = 0;
    if (tjDecompressHeader3(handle, bytes, count, &width, &height, &subsampling, colours) != 0) {
        CIStatus status = failure(handle, bytes, count, report);
        if (status != CI_OK) return status;
    }
    if (width < 0 || height < 0) return ci_fail(report, CI_ERR_CORRUPT, "the header gives a negative size");
    CIStatus status = ci_check_size((uint64_t)width, (uint64_t)height, report);
    if (status == CI_OK) *info = (CIImageInfo){CI_FORMAT_JPEG, (uint32_t)width, (uint32_t)height};
    return status;
}

CIStatus ci_jpeg_inspect(const uint8_t *bytes, size_t count, CIImageInfo *info, CIReport report) {
    tjhandle handle = tjInitDecompress();
    if (handle == NULL) return ci_fail(report, CI_ERR_OUT_OF_MEMORY, "out of memory");
    int colours = 0;
    CIStatus status = read_header(handle, bytes, count, info, &colours, report);
    tjDestroy(handle);
    return status;
}

static CIStatus decompress(tjhandle handle, const uint8_t *bytes, size_t count, CIImageInfo info, int format,
                           uint8_t *destination, CIReport report) {
    // The limit on scans stops small progressive files that would take hours.
    int result = tjDecompress2(handle, bytes, count, destination, (int)info.width, 0, (int)info.height, format,
                               TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS);
    return result == 0 ? CI_OK : failure(handle, bytes, count, report);
}

static CIStatus decompress_cmyk(tjhandle handle, const uint8_t *bytes, size_t count, CIImageInfo info, bool inverted,
                                uint8_t *pixels, CIReport report) {
    size_t pixel_count = (size_t)info.width * info.height;
    uint8_t *cmyk = malloc(pixel_count * 4);
    if (cmyk == NULL) return ci_fail(report, CI_ERR_OUT_OF_MEMORY, "out of memory");
    CIStatus status = decompress(handle, bytes, count, info, TJPF_CMYK, cmyk, report);
    uint8_t flip = inverted ? 0 : 255;
    for (size_t i = 0; status == CI_OK && i < pixel_count; i++) {
        uint32_t light = cmyk[4 * i + 3] ^ flip;
        for (size_t channel = 0; channel < 3; channel++) {
            pixels[3 * i + channel] = (uint8_t)(((cmyk[4 * i + channel] ^ flip) * light + 127) / 255);
        }
    }
    free(cmyk);
    return status;
}

CIStatus ci_jpeg_decode(const uint8_t *bytes, size_t count, CIImageInfo info, bool inverted_cmyk, uint8_t *pixels,
                        CIReport report) {
    tjhandle handle = tjInitDecompress();
    if (handle == NULL) return ci_fail(report, CI_ERR_OUT_OF_MEMORY, "out of memory");
    int colours = 0;
    CIStatus status = read_header(handle, bytes, count, &info, &colours, report);
    if (status == CI_OK && (colours == TJCS_CMYK || colours == TJCS_YCCK)) {
        status = decompress_cmyk(handle, bytes, count, info, inverted_cmyk, pixels, report);
    } else if (status == CI_OK) {
        status = decompress(handle, bytes, count, info, TJPF_RGB, pixels, report);
    }
    tjDestroy(handle);
    return status;
}
