#include "cfetch.h"
#include <glib.h>
#include <string.h>

CFDigest *cf_digest_start(void) { return (CFDigest *)g_checksum_new(G_CHECKSUM_SHA256); }

void cf_digest_add(CFDigest *digest, const uint8_t *bytes, size_t count) {
    // GLib takes the count as a signed number whose negative values have a meaning of their own.
    while (count > 0) {
        size_t piece = count < (1u << 30) ? count : (1u << 30);
        g_checksum_update((GChecksum *)digest, bytes, (gssize)piece);
        bytes += piece;
        count -= piece;
    }
}

void cf_digest_finish(CFDigest *digest, char hexadecimal[65]) {
    const char *text = g_checksum_get_string((GChecksum *)digest);
    memcpy(hexadecimal, text, 64);
    hexadecimal[64] = 0;
    g_checksum_free((GChecksum *)digest);
}
