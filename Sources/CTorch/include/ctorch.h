// The C surface over libtorch. docs/shim.md has the rules on one page; in short:
//
// * Handles are structs passed by value. `impl == NULL` is the undefined tensor, which stands for "not given".
// * Inputs are borrowed, always. Outputs are owned by the caller, always, and freed once by ct_tensor_free.
// * Every function that can fail returns a CTStatus and leaves its out-parameters untouched on failure. The message of
//   the last failure on this thread is ct_last_error_message(), valid until the next ct_ call on this thread.
// * No C++ exception leaves a function. Nothing calls back.
// * Arrays are a pointer and a count, read before the function returns.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma clang assume_nonnull begin

typedef struct { void *_Nullable impl; } CTTensor;

typedef int32_t CTStatus;
enum {
    CT_OK = 0,
    CT_ERR_ARGUMENT = -1,       // checked by the shim, or c10::ValueError
    CT_ERR_INDEX = -2,          // c10::IndexError
    CT_ERR_TYPE = -3,           // c10::TypeError
    CT_ERR_UNSUPPORTED = -4,    // c10::NotImplementedError
    CT_ERR_OUT_OF_MEMORY = -5,  // c10::OutOfMemoryError, std::bad_alloc, the CPU allocator's own error
    CT_ERR_TORCH = -6,          // any other c10::Error
    CT_ERR_UNKNOWN = -7,        // any other exception
    CT_ERR_NOT_LOADED = -8,     // called before ct_load, or libtorch cannot be loaded
};

typedef int32_t CTScalarType;
enum { CT_FLOAT32 = 0, CT_FLOAT16, CT_BFLOAT16, CT_FLOAT64, CT_INT64, CT_INT32, CT_INT16, CT_INT8, CT_UINT8, CT_BOOL };

// A device: type 0 is the CPU, 1 is CUDA; index is ignored for the CPU.
typedef struct { int32_t type; int32_t index; } CTDevice;

// --- Runtime -------------------------------------------------------------------------------------------------------

/// Loads libvqclip-torch.so from the program's folder, and libtorch with it. To be called once and to the end before
/// any other function, which until then fails or returns nothing. Takes some tenths of a second.
CTStatus ct_load(void);
/// The message of the last failure on this thread; an empty string before any.
const char *ct_last_error_message(void);
/// libtorch's version, such as "2.15.0".
const char *ct_torch_version(void);
/// Threads that one operation may use. Call before the first operation.
CTStatus ct_set_thread_count(int32_t count);
/// Loads libtorch_cuda and its libraries from a folder so that CUDA devices appear. Fails where there are none.
CTStatus ct_open_cuda(const char *folder);
int32_t ct_cuda_device_count(void);
/// Whether CUDA devices may round float32 products to TF32, and lets cuDNN try its algorithms for every new shape.
CTStatus ct_set_cuda_math(bool tf32);
/// Bytes free and in total on a CUDA device.
CTStatus ct_cuda_memory(int32_t device, uint64_t *free_bytes, uint64_t *total_bytes);
/// Gradient mode of this thread; returns the previous mode.
bool ct_set_gradient_enabled(bool enabled);
/// Whether every operation is libtorch's own, on this process's processor; returns what it was before. Otherwise, the
/// layers of frozen networks are computed by faster algorithms whose results differ by rounding.
bool ct_set_exact(bool exact);
/// From now on, memory of large tensors on the processor is kept when they are freed, for the next ones; in all at most
/// an eighth more than was in use at once.
void ct_keep_memory(void);
/// Gives back what is kept and not in use.
void ct_release_memory(void);
/// Handles that are alive, for leak tests.
int64_t ct_debug_live_tensors(void);

// --- Tensors: making, looking, copying -----------------------------------------------------------------------------

/// Frees a handle; the undefined tensor is allowed.
void ct_tensor_free(CTTensor tensor);
/// Copies `byte_count` bytes, which must be exactly the elements of the shape, into a new CPU tensor.
CTStatus ct_tensor_from_bytes(const void *bytes, size_t byte_count, CTScalarType type, const int64_t *shape,
                              int32_t rank, CTTensor *out);
/// A contiguous CPU tensor whose elements may be anything.
CTStatus ct_tensor_empty(const int64_t *shape, int32_t rank, CTScalarType type, CTTensor *out);
/// Where the elements of a contiguous CPU tensor are, as long as the handle lives; NULL for any other tensor.
void *_Nullable ct_tensor_memory(CTTensor tensor);
CTStatus ct_tensor_full(const int64_t *shape, int32_t rank, double value, CTScalarType type, CTDevice device,
                        CTTensor *out);
/// Standard normal float32 on the CPU from a generator of its own: the same seed gives the same values.
CTStatus ct_tensor_normal(const int64_t *shape, int32_t rank, uint64_t seed, CTTensor *out);
/// The same drawn on a device, whose values are its own.
CTStatus ct_tensor_normal_on(const int64_t *shape, int32_t rank, uint64_t seed, CTDevice device, CTTensor *out);
/// Uniform in [0, 1), as ct_tensor_normal.
CTStatus ct_tensor_uniform(const int64_t *shape, int32_t rank, uint64_t seed, CTTensor *out);
/// Writes up to `capacity` sizes and the rank.
CTStatus ct_tensor_shape(CTTensor tensor, int64_t *sizes, int32_t capacity, int32_t *rank);
CTStatus ct_tensor_type(CTTensor tensor, CTScalarType *type);
CTStatus ct_tensor_device(CTTensor tensor, CTDevice *device);
/// Copies the elements, row-major, to `bytes`; the tensor is brought to the CPU and made contiguous on the way.
CTStatus ct_tensor_copy_bytes(CTTensor tensor, void *bytes, size_t byte_count);
/// Begins to copy the elements, row-major, to the host without waiting for the device. To be ended once by
/// ct_download_end, also when it is no longer wanted.
typedef struct { void *_Nullable impl; } CTDownload;
CTStatus ct_download_begin(CTTensor tensor, CTDownload *out);
/// Whether ct_download_end would not have to wait.
bool ct_download_is_done(CTDownload download);
/// Waits for the copy, writes it to `bytes` unless that is NULL, and frees the download.
CTStatus ct_download_end(CTDownload download, void *_Nullable bytes, size_t byte_count);
/// The one element of a tensor as a double.
CTStatus ct_tensor_item(CTTensor tensor, double *value);
CTStatus ct_tensor_convert(CTTensor tensor, CTScalarType type, CTDevice device, CTTensor *out);
/// Makes the memory contiguous, in channels-last order for four-dimensional tensors if asked.
CTStatus ct_tensor_contiguous(CTTensor tensor, bool channels_last, CTTensor *out);
CTStatus ct_tensor_clone(CTTensor tensor, CTTensor *out);
/// Copies the values of a tensor of the same shape into this one, outside of any gradient.
CTStatus ct_tensor_assign(CTTensor tensor, CTTensor source);

// --- Autograd ------------------------------------------------------------------------------------------------------

CTStatus ct_tensor_detach(CTTensor tensor, CTTensor *out);
CTStatus ct_tensor_set_requires_gradient(CTTensor tensor, bool required);
/// Runs backward from the tensor; `gradient` is undefined for a scalar.
CTStatus ct_tensor_backward(CTTensor tensor, CTTensor gradient);
/// The accumulated gradient, or the undefined tensor if there is none.
CTStatus ct_tensor_gradient(CTTensor tensor, CTTensor *out);
CTStatus ct_tensor_clear_gradient(CTTensor tensor);
/// Clamps to [low, high]; its backward blocks only gradients g with g · (x − clamp(x)) < 0, which would push a clipped
/// value further out.
CTStatus ct_tensor_clamp_with_gradient(CTTensor tensor, double low, double high, CTTensor *out);
/// The values of one tensor, bit for bit, whose gradient goes to another of the same shape.
CTStatus ct_tensor_replace_gradient(CTTensor values, CTTensor source, CTTensor *out);

// --- Element-wise --------------------------------------------------------------------------------------------------

typedef int32_t CTUnary;
enum {
    CT_NEGATE = 0, CT_ABS, CT_LOG, CT_SQRT, CT_RSQRT, CT_SQUARE, CT_SIGN, CT_FLOOR, CT_ROUND, CT_SIN, CT_COS,
    CT_ASIN, CT_SIGMOID, CT_TANH, CT_RELU, CT_SILU, CT_GELU, CT_QUICK_GELU, CT_EXP,
};
CTStatus ct_tensor_unary(CTUnary operation, CTTensor a, CTTensor *out);

typedef int32_t CTBinary;
enum {
    CT_ADD = 0, CT_SUBTRACT, CT_MULTIPLY, CT_DIVIDE, CT_MAXIMUM, CT_MINIMUM, CT_POWER, CT_REMAINDER, CT_GREATER,
    CT_GREATER_EQUAL, CT_EQUAL,
};
/// With broadcasting. The comparisons give booleans.
CTStatus ct_tensor_binary(CTBinary operation, CTTensor a, CTTensor b, CTTensor *out);
CTStatus ct_tensor_binary_scalar(CTBinary operation, CTTensor a, double b, CTTensor *out);
/// Clamps to tensors that broadcast; either bound may be undefined.
CTStatus ct_tensor_clamp(CTTensor a, CTTensor low, CTTensor high, CTTensor *out);
CTStatus ct_tensor_clamp_scalar(CTTensor a, double low, double high, CTTensor *out);
CTStatus ct_tensor_where(CTTensor condition, CTTensor a, CTTensor b, CTTensor *out);

// --- Reductions ----------------------------------------------------------------------------------------------------

typedef int32_t CTReduction;
enum { CT_SUM = 0, CT_MEAN, CT_MAX, CT_MIN, CT_NORM, CT_VARIANCE };
/// Over the dimensions named, or all if there are none. CT_VARIANCE is the biased one.
CTStatus ct_tensor_reduce(CTReduction reduction, CTTensor a, const int64_t *_Nullable dimensions, int32_t count,
                          bool keep, CTTensor *out);
CTStatus ct_tensor_argmin(CTTensor a, int64_t dimension, CTTensor *out);
CTStatus ct_tensor_argmax(CTTensor a, int64_t dimension, CTTensor *out);
CTStatus ct_tensor_softmax(CTTensor a, int64_t dimension, CTTensor *out);
CTStatus ct_tensor_log_softmax(CTTensor a, int64_t dimension, CTTensor *out);

// --- Shape ---------------------------------------------------------------------------------------------------------

CTStatus ct_tensor_reshape(CTTensor a, const int64_t *shape, int32_t rank, CTTensor *out);
CTStatus ct_tensor_permute(CTTensor a, const int64_t *order, int32_t rank, CTTensor *out);
CTStatus ct_tensor_expand(CTTensor a, const int64_t *shape, int32_t rank, CTTensor *out);
CTStatus ct_tensor_slice(CTTensor a, int64_t dimension, int64_t start, int64_t length, CTTensor *out);
CTStatus ct_tensor_select(CTTensor a, int64_t dimension, CTTensor indices, CTTensor *out);
CTStatus ct_tensor_concatenate(const CTTensor *tensors, int32_t count, int64_t dimension, CTTensor *out);
CTStatus ct_tensor_flip(CTTensor a, int64_t dimension, CTTensor *out);

typedef int32_t CTPadding;
enum { CT_PAD_CONSTANT = 0, CT_PAD_REFLECT, CT_PAD_REPLICATE };
/// Pads the last dimensions: pairs (before, after) from the last dimension backwards.
CTStatus ct_tensor_pad(CTTensor a, const int64_t *amounts, int32_t count, CTPadding mode, double value, CTTensor *out);

// --- Layers --------------------------------------------------------------------------------------------------------

CTStatus ct_matmul(CTTensor a, CTTensor b, CTTensor *out);
CTStatus ct_linear(CTTensor a, CTTensor weight, CTTensor bias, CTTensor *out);
CTStatus ct_conv2d(CTTensor a, CTTensor weight, CTTensor bias, int64_t stride, int64_t padding, int64_t groups,
                   CTTensor *out);
CTStatus ct_group_norm(CTTensor a, int64_t groups, CTTensor weight, CTTensor bias, double epsilon, CTTensor *out);
CTStatus ct_layer_norm(CTTensor a, CTTensor weight, CTTensor bias, double epsilon, CTTensor *out);
/// With fixed statistics.
CTStatus ct_batch_norm(CTTensor a, CTTensor weight, CTTensor bias, CTTensor mean, CTTensor variance, double epsilon,
                       CTTensor *out);
CTStatus ct_embedding(CTTensor weight, CTTensor indices, CTTensor *out);
/// Scaled dot-product attention over [N, heads, tokens, width].
CTStatus ct_attention(CTTensor q, CTTensor k, CTTensor v, bool causal, CTTensor *out);
/// A convolution with padding 1 of the picture enlarged twice, every pixel to 2 × 2.
CTStatus ct_enlarged_conv2d(CTTensor a, CTTensor weight, CTTensor bias, CTTensor *out);
CTStatus ct_upsample_nearest(CTTensor a, int64_t factor, CTTensor *out);
/// Bicubic, corners not aligned, anti-aliased when shrinking if asked.
CTStatus ct_resize_bicubic(CTTensor a, int64_t height, int64_t width, bool antialias, CTTensor *out);
CTStatus ct_average_pool(CTTensor a, int64_t kernel, CTTensor *out);
CTStatus ct_adaptive_average_pool(CTTensor a, int64_t height, int64_t width, CTTensor *out);
CTStatus ct_adaptive_max_pool(CTTensor a, int64_t height, int64_t width, CTTensor *out);
CTStatus ct_pixel_shuffle(CTTensor a, int64_t factor, CTTensor *out);
CTStatus ct_pixel_unshuffle(CTTensor a, int64_t factor, CTTensor *out);

typedef int32_t CTSampling;
enum { CT_SAMPLE_ZEROS = 0, CT_SAMPLE_BORDER, CT_SAMPLE_REFLECTION };
/// Bilinear, corners not aligned; grid is [N, H, W, 2] with x and y in -1…1.
CTStatus ct_grid_sample(CTTensor a, CTTensor grid, CTSampling outside, CTTensor *out);

// --- Frozen layers -------------------------------------------------------------------------------------------------
//
// Several layers as one, for float32 on the processor and weights that want no gradients. `out` is the undefined tensor
// where that does not hold, where ct_set_exact is on or where the sizes do not suit; use the single layers then.

/// Group normalisation, SiLU and a 3 × 3 convolution with padding 1.
typedef struct {
    CTTensor norm_weight, norm_bias, weight, bias;
    int64_t groups;
    double epsilon;
} CTNormalizedConvolution;
CTStatus ct_normalized_convolution(CTTensor a, CTNormalizedConvolution layer, CTTensor *out);
/// Two of them in a row plus the input, or plus a 1 × 1 convolution of it. `recomputed` keeps less for backward.
CTStatus ct_residual_block(CTTensor a, CTNormalizedConvolution first, CTNormalizedConvolution second, CTTensor shortcut,
                           CTTensor shortcut_bias, bool recomputed, CTTensor *out);
/// One residual block of a transformer, [N, T, width] → [N, queries, width] for the first `queries` tokens, 0 for all.
/// `activation` is CT_GELU or CT_QUICK_GELU.
typedef struct {
    CTTensor norm1_weight, norm1_bias, input_weight, input_bias, output_weight, output_bias;
    CTTensor norm2_weight, norm2_bias, expand_weight, expand_bias, contract_weight, contract_bias;
    int64_t heads;
    double epsilon;
    CTUnary activation;
} CTTransformerBlock;
CTStatus ct_transformer_block(CTTensor a, CTTransformerBlock block, int64_t queries, CTTensor *out);
// --- Training ------------------------------------------------------------------------------------------------------

/// d(output)/d(input) of a scalar, leaving every leaf's collected gradient as it is; keeps the graph if asked.
CTStatus ct_tensor_gradient_of(CTTensor output, CTTensor input, bool keeps_graph, CTTensor *out);
/// In place and outside of any gradient: target += weight · (source − target).
CTStatus ct_tensor_lerp(CTTensor target, CTTensor source, double weight);
/// One step of AdamW in place; `step` counts from 1, `first` and `second` are the moments.
CTStatus ct_adamw_step(CTTensor parameter, CTTensor gradient, CTTensor first, CTTensor second, int64_t step,
                       double rate, double beta1, double beta2, double epsilon, double decay);
/// The Euclidean norm of all gradients collected by the leaves; where it is above `limit` they are scaled down to it,
/// in place.
CTStatus ct_clip_gradients(const CTTensor *leaves, int32_t count, double limit, double *norm);
/// With the statistics of this batch, which move the running ones in place by `momentum`.
CTStatus ct_batch_norm_training(CTTensor a, CTTensor weight, CTTensor bias, CTTensor mean, CTTensor variance,
                                double momentum, double epsilon, CTTensor *out);
/// A tensor of `rows` rows, each the sum of those rows of `a` [N, width] whose index in `indices` [N] is its own.
CTStatus ct_sum_rows(CTTensor a, CTTensor indices, int64_t rows, CTTensor *out);

#pragma clang assume_nonnull end
#ifdef __cplusplus
}
#endif
