// When the loops of our own stand in for libtorch's operations.
#pragma once
#include <ATen/ATen.h>

#include <initializer_list>

namespace shim {

/// Whether x is float32 on the processor, nobody wants gradients of the weights, and ct_set_exact is off. Undefined
/// weights do not count.
bool is_frozen(const at::Tensor &x, std::initializer_list<at::Tensor> weights);

/// Whether Winograd's algorithm is there for a convolution of stride 1 and padding 1, x enlarged so many times.
bool convolution_suits(const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias,
                       int64_t enlargement);
at::Tensor frozen_convolution(const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias,
                              bool enlarged);

/// Whether a convolution without padding takes patches that do not overlap and cover all of x.
bool patches_suit(const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias, int64_t stride);
at::Tensor frozen_patches(const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias);

}  // namespace shim
