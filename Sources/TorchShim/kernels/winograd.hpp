// Convolutions with 3 × 3 kernels, stride 1 and a border of zeros, by Winograd's algorithm: about a fifth of the
// multiplications, with rounding errors of a few millionths of the result's size.
#pragma once
#include <cstdint>

namespace shim {

struct Convolution {
    /// [count][height][width][inputs]; height and width are halved if `enlarged`.
    const float *x;
    /// [outputs, inputs, 3, 3]; if `transposed`, the [inputs, outputs, 3, 3] of the convolution whose input gradient
    /// this is.
    const float *weight;
    int64_t count, inputs, outputs;
    /// Of the output, before any pooling.
    int64_t height, width;
    bool transposed = false;
    /// x is first enlarged twice, every pixel to 2 × 2.
    bool enlarged = false;
    /// 2 × 2 pixels of the result are summed: backward of `enlarged`.
    bool pooled = false;
    /// [count][inputs]; SiLU(x · scale + shift) is what is convolved, or null.
    const float *scale = nullptr;
    const float *shift = nullptr;
    /// [outputs], or null.
    const float *bias = nullptr;
    /// Laid out as y and added to it, or null.
    const float *added = nullptr;
    /// [count][height][width][outputs], halved if `pooled`.
    float *y;

    /// Whether there are kernels for these numbers of channels, and pixels enough for them to pay.
    static bool pays(int64_t height, int64_t width, int64_t inputs, int64_t outputs);
    /// Throws std::bad_alloc when there is no memory for its workspace; y is then undefined.
    void run() const;
};

}  // namespace shim
