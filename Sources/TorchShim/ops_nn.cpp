// Layers.
#include "frozen.hpp"
#include "guard.hpp"

using namespace shim;

CTStatus ct_matmul(CTTensor a, CTTensor b, CTTensor *out) {
    return make(out, [&] { return at::matmul(tensor(a), tensor(b)); });
}

CTStatus ct_linear(CTTensor a, CTTensor weight, CTTensor bias, CTTensor *out) {
    return make(out, [&] { return at::linear(tensor(a), tensor(weight), optional(bias)); });
}

CTStatus ct_conv2d(CTTensor a, CTTensor weight, CTTensor bias, int64_t stride, int64_t padding, int64_t groups,
                   CTTensor *out) {
    return make(out, [&] {
        const at::Tensor &x = tensor(a), &w = tensor(weight);
        if (stride == 1 && padding == 1 && groups == 1 && convolution_suits(x, w, optional(bias), 1)) {
            return frozen_convolution(x, w, optional(bias), /*enlarged=*/false);
        }
        if (padding == 0 && groups == 1 && patches_suit(x, w, optional(bias), stride)) {
            return frozen_patches(x, w, optional(bias));
        }
        return at::conv2d(tensor(a), tensor(weight), optional(bias), at::IntArrayRef(stride),
                          at::IntArrayRef(padding), at::IntArrayRef(1), groups);
    });
}

CTStatus ct_group_norm(CTTensor a, int64_t groups, CTTensor weight, CTTensor bias, double epsilon, CTTensor *out) {
    return make(out, [&] {
        return at::group_norm(tensor(a), groups, optional(weight), optional(bias), epsilon);
    });
}

CTStatus ct_layer_norm(CTTensor a, CTTensor weight, CTTensor bias, double epsilon, CTTensor *out) {
    return make(out, [&] {
        return at::layer_norm(tensor(a), tensor(weight).sizes(), optional(weight), optional(bias), epsilon);
    });
}

CTStatus ct_batch_norm(CTTensor a, CTTensor weight, CTTensor bias, CTTensor mean, CTTensor variance, double epsilon,
                       CTTensor *out) {
    return make(out, [&] {
        return at::batch_norm(tensor(a), optional(weight), optional(bias), optional(mean), optional(variance),
                              /*training=*/false, /*momentum=*/0, epsilon, /*cudnn_enabled=*/true);
    });
}

CTStatus ct_embedding(CTTensor weight, CTTensor indices, CTTensor *out) {
    return make(out, [&] { return at::embedding(tensor(weight), tensor(indices)); });
}

CTStatus ct_attention(CTTensor q, CTTensor k, CTTensor v, bool causal, CTTensor *out) {
    return make(out, [&] {
        return at::scaled_dot_product_attention(tensor(q), tensor(k), tensor(v), std::nullopt, 0.0, causal);
    });
}

CTStatus ct_upsample_nearest(CTTensor a, int64_t factor, CTTensor *out) {
    return make(out, [&] {
        const at::Tensor &x = tensor(a);
        TORCH_CHECK_VALUE(x.dim() == 4, "expected [N, C, H, W]");
        return at::upsample_nearest2d(x, {x.size(2) * factor, x.size(3) * factor});
    });
}

CTStatus ct_enlarged_conv2d(CTTensor a, CTTensor weight, CTTensor bias, CTTensor *out) {
    return make(out, [&] {
        const at::Tensor &x = tensor(a);
        TORCH_CHECK_VALUE(x.dim() == 4, "expected [N, C, H, W]");
        if (convolution_suits(x, tensor(weight), optional(bias), 2)) {
            return frozen_convolution(x, tensor(weight), optional(bias), /*enlarged=*/true);
        }
        at::Tensor enlarged = at::upsample_nearest2d(x, {x.size(2) * 2, x.size(3) * 2});
        return at::conv2d(enlarged, tensor(weight), optional(bias), at::IntArrayRef(1), at::IntArrayRef(1));
    });
}

CTStatus ct_resize_bicubic(CTTensor a, int64_t height, int64_t width, bool antialias, CTTensor *out) {
    return make(out, [&] {
        return antialias ? at::_upsample_bicubic2d_aa(tensor(a), {height, width}, /*align_corners=*/false)
                         : at::upsample_bicubic2d(tensor(a), {height, width}, /*align_corners=*/false);
    });
}

CTStatus ct_average_pool(CTTensor a, int64_t kernel, CTTensor *out) {
    return make(out, [&] { return at::avg_pool2d(tensor(a), at::IntArrayRef(kernel)); });
}

CTStatus ct_adaptive_average_pool(CTTensor a, int64_t height, int64_t width, CTTensor *out) {
    return make(out, [&] { return at::adaptive_avg_pool2d(tensor(a), {height, width}); });
}

CTStatus ct_adaptive_max_pool(CTTensor a, int64_t height, int64_t width, CTTensor *out) {
    return make(out, [&] { return std::get<0>(at::adaptive_max_pool2d(tensor(a), {height, width})); });
}

CTStatus ct_pixel_shuffle(CTTensor a, int64_t factor, CTTensor *out) {
    return make(out, [&] { return at::pixel_shuffle(tensor(a), factor); });
}

CTStatus ct_pixel_unshuffle(CTTensor a, int64_t factor, CTTensor *out) {
    return make(out, [&] { return at::pixel_unshuffle(tensor(a), factor); });
}

CTStatus ct_grid_sample(CTTensor a, CTTensor grid, CTSampling outside, CTTensor *out) {
    return make(out, [&] {
        TORCH_CHECK_VALUE(outside >= CT_SAMPLE_ZEROS && outside <= CT_SAMPLE_REFLECTION, "unknown sampling ", outside);
        return at::grid_sampler(tensor(a), tensor(grid), /*bilinear*/ 0, outside, /*align_corners=*/false);
    });
}
