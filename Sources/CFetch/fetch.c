#include "cfetch.h"
#include <curl/curl.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

// The header checks the types of curl_easy_setopt's and curl_easy_getinfo's arguments only under their own names.
typedef struct Curl {
    CURLcode (*global_init)(long);
    CURL *(*easy_init)(void);
    CURLcode (*easy_setopt)(CURL *, CURLoption, ...);
    CURLcode (*easy_perform)(CURL *);
    CURLcode (*easy_getinfo)(CURL *, CURLINFO, ...);
    void (*easy_cleanup)(CURL *);
    const char *(*easy_strerror)(CURLcode);
    struct curl_slist *(*slist_append)(struct curl_slist *, const char *);
    void (*slist_free_all)(struct curl_slist *);
    int is_complete;
} Curl;

static Curl curl;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void open_library(void) {
    // Debian has it with OpenSSL and with GnuTLS; either does.
    static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4"};
    void *library = NULL;
    for (size_t i = 0; library == NULL && i < sizeof names / sizeof *names; i++) {
        library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    }
    if (library == NULL) return;
    const struct { const char *name; void **function; } symbols[] = {
        {"curl_global_init", (void **)&curl.global_init},
        {"curl_easy_init", (void **)&curl.easy_init},
        {"curl_easy_setopt", (void **)&curl.easy_setopt},
        {"curl_easy_perform", (void **)&curl.easy_perform},
        {"curl_easy_getinfo", (void **)&curl.easy_getinfo},
        {"curl_easy_cleanup", (void **)&curl.easy_cleanup},
        {"curl_easy_strerror", (void **)&curl.easy_strerror},
        {"curl_slist_append", (void **)&curl.slist_append},
        {"curl_slist_free_all", (void **)&curl.slist_free_all},
    };
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        *symbols[i].function = dlsym(library, symbols[i].name);
        if (*symbols[i].function == NULL) return;
    }
    curl.is_complete = curl.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

static size_t take_header(char *line, size_t size, size_t count, void *context) {
    const CFRequest *request = context;
    size_t length = size * count, whole = length;
    while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r')) length--;
    return request->on_header(request->context, line, length) == 0 ? whole : whole + 1;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *context) {
    const CFRequest *request = context;
    // libcurl takes any other number of bytes for a failure.
    return request->on_body(request->context, (const uint8_t *)bytes, size * count) == 0 ? size * count : size * count + 1;
}

static int tick(void *context, curl_off_t total, curl_off_t now, curl_off_t upload, curl_off_t sent) {
    (void)total, (void)now, (void)upload, (void)sent;
    const CFRequest *request = context;
    return request->on_tick(request->context);
}

static CFStatus status_of(CURLcode code) {
    switch (code) {
    case CURLE_OK: return CF_OK;
    case CURLE_WRITE_ERROR:
    case CURLE_ABORTED_BY_CALLBACK: return CF_ERR_STOPPED;
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM: return CF_ERR_CUT;
    case CURLE_OPERATION_TIMEDOUT: return CF_ERR_TIME;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY: return CF_ERR_NO_HOST;
    case CURLE_COULDNT_CONNECT: return CF_ERR_NO_CONNECTION;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR: return CF_ERR_NOT_SECURE;
    default: return CF_ERR_OTHER;
    }
}

static void configure(CURL *handle, const CFRequest *request, struct curl_slist *headers, char *error) {
    curl.easy_setopt(handle, CURLOPT_URL, request->url);
    curl.easy_setopt(handle, CURLOPT_USERAGENT, request->user_agent);
    curl.easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
    // The option of the same purpose that takes a text is newer than some systems' library.
    curl.easy_setopt(handle, (CURLoption)(CURLOPTTYPE_LONG + 181),
                     (long)(request->allows_http ? CURLPROTO_HTTP | CURLPROTO_HTTPS : CURLPROTO_HTTPS));
    curl.easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    curl.easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl.easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, (long)request->connect_seconds);
    curl.easy_setopt(handle, CURLOPT_BUFFERSIZE, 256L * 1024);
    curl.easy_setopt(handle, CURLOPT_ERRORBUFFER, error);
    curl.easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_header);
    curl.easy_setopt(handle, CURLOPT_HEADERDATA, (void *)request);
    curl.easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
    curl.easy_setopt(handle, CURLOPT_WRITEDATA, (void *)request);
    curl.easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    curl.easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, tick);
    curl.easy_setopt(handle, CURLOPT_XFERINFODATA, (void *)request);
}

static CFStatus failure(CFStatus status, const char *text, char *message, size_t capacity) {
    snprintf(message, capacity, "%s", text);
    for (char *letter = message; *letter != 0; letter++) {
        if (*letter == '\n' || *letter == '\r') *letter = ' ';
    }
    return status;
}

CFStatus cf_get(const CFRequest *request, char *redirect, size_t redirect_capacity,
                char *message, size_t message_capacity) {
    redirect[0] = 0;
    pthread_once(&once, open_library);
    if (!curl.is_complete) {
        return failure(CF_ERR_NO_LIBRARY, "libcurl is not installed", message, message_capacity);
    }
    CURL *handle = curl.easy_init();
    struct curl_slist *headers = NULL;
    int is_complete = handle != NULL;
    for (size_t i = 0; is_complete && i < request->header_count; i++) {
        struct curl_slist *longer = curl.slist_append(headers, request->headers[i]);
        if (longer == NULL) is_complete = 0;
        else headers = longer;
    }
    CFStatus status;
    if (is_complete) {
        char error[CURL_ERROR_SIZE] = "";
        configure(handle, request, headers, error);
        CURLcode code = curl.easy_perform(handle);
        char *location = NULL;
        curl.easy_getinfo(handle, CURLINFO_REDIRECT_URL, &location);
        if (location != NULL && strlen(location) < redirect_capacity) strcpy(redirect, location);
        status = code == CURLE_OK
                     ? CF_OK
                     : failure(status_of(code), error[0] ? error : curl.easy_strerror(code), message, message_capacity);
    } else {
        status = failure(CF_ERR_OTHER, "out of memory", message, message_capacity);
    }
    curl.slist_free_all(headers);
    if (handle != NULL) curl.easy_cleanup(handle);
    return status;
}
