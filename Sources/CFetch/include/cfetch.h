#pragma once
#include <stddef.h>
#include <stdint.h>

// One HTTP request by libcurl, which is opened at the first request: a program that downloads nothing neither loads nor
// needs it. And SHA-256 by GLib.
//
// Contract of every function:
// - inputs are borrowed for the length of the call and never kept;
// - nothing is printed; any thread may call, each with memory of its own.

#pragma clang assume_nonnull begin

typedef enum CFStatus {
    /// The answer, whatever it says, came as a whole.
    CF_OK = 0,
    /// libcurl is not installed, or lacks a function.
    CF_ERR_NO_LIBRARY = 1,
    /// A callback said so.
    CF_ERR_STOPPED = 2,
    /// The connection ended before the answer did.
    CF_ERR_CUT = 3,
    /// No connection came about in the time given.
    CF_ERR_TIME = 4,
    /// The host has no address.
    CF_ERR_NO_HOST = 5,
    /// Nobody listens at the address, or the proxy does not answer.
    CF_ERR_NO_CONNECTION = 6,
    /// The host could not prove who it is, or no secure connection came about.
    CF_ERR_NOT_SECURE = 7,
    /// Anything else; `message` has libcurl's words.
    CF_ERR_OTHER = 8,
} CFStatus;

typedef struct CFRequest {
    const char *url;
    const char *user_agent;
    /// Header lines such as `Range: bytes=10-`.
    const char *_Nullable const *_Nullable headers;
    size_t header_count;
    /// Whether http is fine; https alone otherwise. Redirections are reported, not followed.
    int32_t allows_http;
    /// Seconds without a connection after which it is given up; at least 1.
    int64_t connect_seconds;
    void *context;
    /// Receives the status line and every header line, without the line's end. Not 0 stops.
    int32_t (*on_header)(void *context, const char *line, size_t length);
    /// Receives the body piece by piece. Not 0 stops.
    int32_t (*on_body)(void *context, const uint8_t *bytes, size_t count);
    /// Called at least about once a second, also while nothing comes: the place to notice a stall. Not 0 stops.
    int32_t (*on_tick)(void *context);
} CFRequest;

/// Makes a GET request and waits for the end of the answer.
/// @param redirect receives the absolute address that a redirection names, ended by a zero byte; else an empty text.
/// @param message receives one line, ended by a zero byte, when the result is not CF_OK.
CFStatus cf_get(const CFRequest *request, char *redirect, size_t redirect_capacity,
                char *message, size_t message_capacity);

/// A SHA-256 sum in progress.
typedef struct CFDigest CFDigest;

/// Starts a sum, to be ended by cf_digest_finish.
CFDigest *_Nullable cf_digest_start(void);
void cf_digest_add(CFDigest *digest, const uint8_t *bytes, size_t count);
/// Writes 64 hexadecimal digits in small letters and a zero byte, and frees the sum.
void cf_digest_finish(CFDigest *digest, char hexadecimal[_Nonnull 65]);

#pragma clang assume_nonnull end
