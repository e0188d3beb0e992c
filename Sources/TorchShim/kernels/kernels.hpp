// Loops of our own for the processor, compiled once per instruction set and chosen when the program runs. Raw float32
// pointers only: what they mean in terms of layers is in winograd.hpp and in the files of custom gradients.
//
// Pictures are rows of pixels, every pixel its channels (libtorch's channels_last), and channels come in multiples of
// `lanes`, so that every loop is over whole vectors.
#pragma once
#include <cstdint>

namespace shim {

struct Kernels {
    /// Floats in a vector.
    int64_t lanes;

    /// The 64 points of every tile of a row of tiles. `band` is [8][columns][channels], tile t begins at column 6 · t.
    /// Point f of tile t and channel c goes to f · point_stride + t · channels_all + c.
    void (*winograd_input)(const float *band, int64_t columns, int64_t channels, int64_t tiles, float *points,
                           int64_t point_stride, int64_t channels_all);

    /// The 64 points of the kernels of one panel of 2 · lanes outputs, at f · point_stride + i · 2 · lanes + o. Kernel
    /// (o, i) begins at weight + o · out_stride + i · in_stride; `flipped` turns it by half a turn.
    void (*winograd_kernel)(const float *weight, int64_t out_stride, int64_t in_stride, bool flipped, int64_t outputs,
                            int64_t inputs, float *points, int64_t point_stride);

    /// Pixels from the products of a row of tiles, for `lanes` outputs. Point f of tile t is at f · point_stride +
    /// t · tile_stride, pixel (r, c) at r · row_stride + c · channels; `rows` and `columns` of them exist. `added` is
    /// laid out as y. `pooled` writes sums of 2 × 2 pixels; strides, rows and columns are then theirs.
    void (*winograd_output)(const float *products, int64_t point_stride, int64_t tile_stride, int64_t tiles,
                            const float *bias, const float *added, float *y, int64_t row_stride, int64_t channels,
                            int64_t rows, int64_t columns, bool pooled);

    /// c[rows][2 · lanes] = a[rows][depth] · b[depth][2 · lanes].
    void (*multiply_panel)(const float *a, int64_t a_stride, const float *b, float *c, int64_t c_stride, int64_t rows,
                           int64_t depth);

    /// A row of pixels, every pixel written `repeat` times; with `scale`, SiLU(x · scale + shift) per channel.
    void (*fill_row)(const float *x, int64_t stride, int64_t pixels, int64_t channels, const float *scale,
                     const float *shift, int64_t repeat, float *out);

    /// Adds per channel Σ (x − center) and Σ (x − center)² of some pixels.
    void (*add_moments)(const float *x, int64_t pixels, int64_t channels, const float *center, float *sum,
                        float *squares);

    /// Backward of y = SiLU(n), n = x · scale + shift: `gradient`, of y, becomes that of n, and per channel Σ of it and
    /// Σ of it · (x − mean) are added.
    void (*silu_backward)(float *gradient, const float *x, int64_t pixels, int64_t channels, const float *scale,
                          const float *shift, const float *mean, float *sum, float *products);

    /// gradient · scale + x · slope + offset (+ added), per channel, into `gradient`.
    void (*normalize_backward)(float *gradient, const float *x, const float *added, int64_t pixels, int64_t channels,
                               const float *scale, const float *slope, const float *offset);

    /// x · sigmoid(1.702 · x), and a gradient times the derivative of that, for `count` numbers of any number.
    void (*quick_gelu)(const float *x, int64_t count, float *out);
    void (*quick_gelu_backward)(float *gradient, const float *x, int64_t count);
};

/// The fastest set that this processor has.
const Kernels &kernels();

}  // namespace shim
