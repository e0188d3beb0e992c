// Convolutions and residual blocks of frozen pictures' networks on the processor, each with a backward of its own. They
// keep what they were given and the statistics of the normalisation, and compute the rest again.
#include "frozen.hpp"
#include "guard.hpp"
#include "kernels/kernels.hpp"
#include "kernels/parallel.hpp"
#include "kernels/winograd.hpp"
#include "kernels/workspace.hpp"

#include <torch/csrc/autograd/custom_function.h>

#include <cmath>

using namespace shim;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace {

at::Tensor pixels_last(const at::Tensor &x) { return x.contiguous(at::MemoryFormat::ChannelsLast); }

/// A weight or a picture with zeros for channels up to a multiple of what the kernels take.
at::Tensor padded(const at::Tensor &x, int64_t dimension) {
    const int64_t lanes = kernels().lanes, missing = (lanes - x.size(dimension) % lanes) % lanes;
    if (missing == 0) return x;
    std::vector<int64_t> amounts(2 * (x.dim() - dimension), 0);
    amounts.back() = missing;
    return at::constant_pad_nd(x, amounts);
}

struct Extras {
    bool transposed = false, enlarged = false, pooled = false;
    at::Tensor scale = {}, shift = {}, added = {};
};

const float *pointer(const at::Tensor &x) { return x.defined() ? x.const_data_ptr<float>() : nullptr; }

/// [N, I, H, W] → [N, O, H', W'], both with pixels last.
at::Tensor convolve(const at::Tensor &input, const at::Tensor &weight, const at::Tensor &bias, const Extras &extras) {
    const int64_t outputs = weight.size(extras.transposed ? 1 : 0);
    at::Tensor x = pixels_last(padded(input, 1)), w = padded(padded(weight, 0), 1).contiguous();
    at::Tensor b = bias.defined() ? padded(bias, 0) : bias;
    const int64_t height = x.size(2) * (extras.enlarged ? 2 : 1), width = x.size(3) * (extras.enlarged ? 2 : 1);
    const int64_t shrink = extras.pooled ? 2 : 1;
    Convolution job{.x = x.const_data_ptr<float>(), .weight = w.const_data_ptr<float>(), .count = x.size(0),
                    .inputs = x.size(1), .outputs = w.size(extras.transposed ? 1 : 0), .height = height,
                    .width = width, .y = nullptr};
    at::Tensor y = at::empty({job.count, job.outputs, height / shrink, width / shrink},
                             x.options().memory_format(at::MemoryFormat::ChannelsLast));
    at::Tensor added = extras.added.defined() ? pixels_last(extras.added) : extras.added;
    job.transposed = extras.transposed;
    job.enlarged = extras.enlarged;
    job.pooled = extras.pooled;
    job.scale = pointer(extras.scale);
    job.shift = pointer(extras.shift);
    job.bias = pointer(b);
    job.added = pointer(added);
    job.y = y.mutable_data_ptr<float>();
    job.run();
    return outputs == job.outputs ? y : pixels_last(y.narrow(1, 0, outputs));
}

// --- Normalisation ---------------------------------------------------------------------------------------------------

/// Group normalisation, SiLU, convolution.
struct Layer {
    at::Tensor norm_weight, norm_bias, weight, bias;
    int64_t groups;
    double epsilon;
};

/// A convolution, or the 1 × 1 convolution of a shortcut; undefined where there is none. Function::apply looks into
/// tensors but not into structs, which is right for weights that want no gradient.
struct Kernel {
    at::Tensor weight, bias;
};

Layer layer(const CTNormalizedConvolution &parts) {
    return Layer{tensor(parts.norm_weight), tensor(parts.norm_bias), tensor(parts.weight), tensor(parts.bias),
                 parts.groups, parts.epsilon};
}

/// [N, C] each: x · scale + shift is the normalised x; and 1/σ of every group, [N, G].
struct Statistics {
    at::Tensor scale, shift, mean, inverse;
};

/// Pixels after which sums in float32 go over into sums in float64.
constexpr int64_t run_length = 64;
constexpr int64_t runs_at_once = 16;

/// Calls add(picture, first pixel, pixels, sums, products) for runs of pixels and adds up what it leaves in two rows of
/// C floats: [N][2][C] in float64, in an order that does not depend on the threads.
template <class Add>
std::vector<double> summed(int64_t count, int64_t pixels, int64_t channels, const Add &add) {
    const int64_t portion = run_length * runs_at_once, portions = (pixels + portion - 1) / portion;
    std::vector<double> parts(count * portions * 2 * channels, 0.0), totals(count * 2 * channels, 0.0);
    Workspaces sums(2 * channels);
    parallel(count * portions, [&](int64_t index) {
        Workspaces::Lease lease(sums);
        double *part = parts.data() + index * 2 * channels;
        const int64_t first = index % portions * portion, end = std::min(pixels, first + portion);
        for (int64_t p = first; p < end; p += run_length) {
            std::fill_n(lease.data(), 2 * channels, 0.0f);
            add(index / portions, p, std::min(run_length, end - p), lease.data(), lease.data() + channels);
            for (int64_t i = 0; i < 2 * channels; ++i) part[i] += lease.data()[i];
        }
    });
    for (int64_t index = 0; index < count * portions; ++index) {
        double *total = totals.data() + index / portions * 2 * channels;
        for (int64_t i = 0; i < 2 * channels; ++i) total[i] += parts[index * 2 * channels + i];
    }
    return totals;
}

Statistics statistics(const at::Tensor &x, const Layer &layer) {
    const int64_t count = x.size(0), channels = x.size(1), pixels = x.size(2) * x.size(3);
    const int64_t members = channels / layer.groups;
    const float *data = x.const_data_ptr<float>();
    // Moments about the first pixel lose no digits where the mean is large.
    const auto sums = summed(count, pixels, channels, [&](int64_t n, int64_t p, int64_t some, float *sum, float *squares) {
        const float *picture = data + n * pixels * channels;
        kernels().add_moments(picture + p * channels, some, channels, picture, sum, squares);
    });
    Statistics result;
    for (at::Tensor *part : {&result.scale, &result.shift, &result.mean}) *part = at::empty({count, channels}, x.options());
    result.inverse = at::empty({count, layer.groups}, x.options());
    at::Tensor weight = layer.norm_weight.contiguous(), bias = layer.norm_bias.contiguous();
    for (int64_t index = 0; index < count * layer.groups; ++index) {
        const int64_t n = index / layer.groups, first = index % layer.groups * members;
        const float *center = data + n * pixels * channels;
        const double *sum = sums.data() + n * 2 * channels, *squares = sum + channels;
        double mean = 0, variance = 0;
        for (int64_t c = first; c < first + members; ++c) mean += (center[c] + sum[c] / pixels) / members;
        for (int64_t c = first; c < first + members; ++c) {
            const double own = sum[c] / pixels, apart = center[c] + own - mean;
            variance += (squares[c] / pixels - own * own + apart * apart) / members;
        }
        const double inverse = 1 / std::sqrt(std::max(0.0, variance) + layer.epsilon);
        result.inverse.mutable_data_ptr<float>()[index] = static_cast<float>(inverse);
        for (int64_t c = first; c < first + members; ++c) {
            const double scale = weight.const_data_ptr<float>()[c] * inverse;
            const int64_t place = n * channels + c;
            result.scale.mutable_data_ptr<float>()[place] = static_cast<float>(scale);
            result.shift.mutable_data_ptr<float>()[place] =
                static_cast<float>(bias.const_data_ptr<float>()[c] - mean * scale);
            result.mean.mutable_data_ptr<float>()[place] = static_cast<float>(mean);
        }
    }
    return result;
}

/// Backward of the normalisation and SiLU, in place: the gradient of their output becomes that of x, plus `added`.
void normalize_backward(at::Tensor &gradient, const at::Tensor &x, const Layer &layer, const Statistics &known,
                        const at::Tensor &added) {
    const int64_t count = x.size(0), channels = x.size(1), pixels = x.size(2) * x.size(3);
    const int64_t members = channels / layer.groups, size = pixels * channels;
    float *g = gradient.mutable_data_ptr<float>();
    const float *data = x.const_data_ptr<float>(), *scale = known.scale.const_data_ptr<float>();
    const float *shift = known.shift.const_data_ptr<float>(), *mean = known.mean.const_data_ptr<float>();
    const auto sums = summed(count, pixels, channels, [&](int64_t n, int64_t p, int64_t some, float *sum, float *products) {
        const int64_t place = n * size + p * channels;
        kernels().silu_backward(g + place, data + place, some, channels, scale + n * channels, shift + n * channels,
                                mean + n * channels, sum, products);
    });
    at::Tensor coefficients = at::empty({2, count, channels}, x.options());
    float *slope = coefficients.mutable_data_ptr<float>(), *offset = slope + count * channels;
    const float *weight = layer.norm_weight.const_data_ptr<float>();
    for (int64_t index = 0; index < count * layer.groups; ++index) {
        const int64_t n = index / layer.groups, first = index % layer.groups * members;
        const double inverse = known.inverse.const_data_ptr<float>()[index], share = 1.0 / (pixels * members);
        const double *sum = sums.data() + n * 2 * channels, *products = sum + channels;
        double whole = 0, along = 0;
        for (int64_t c = first; c < first + members; ++c) {
            whole += weight[c] * sum[c] * share;
            along += weight[c] * products[c] * inverse * share;
        }
        for (int64_t c = n * channels + first; c < n * channels + first + members; ++c) {
            slope[c] = static_cast<float>(-inverse * inverse * along);
            offset[c] = static_cast<float>(-inverse * whole + inverse * inverse * along * mean[c]);
        }
    }
    const float *more = pointer(added);
    const int64_t portion = run_length * runs_at_once, portions = (pixels + portion - 1) / portion;
    parallel(count * portions, [&](int64_t index) {
        const int64_t n = index / portions, first = index % portions * portion;
        const int64_t place = n * size + first * channels, row = n * channels;
        kernels().normalize_backward(g + place, data + place, more ? more + place : nullptr,
                                     std::min(portion, pixels - first), channels, scale + row, slope + row,
                                     offset + row);
    });
}

at::Tensor forward(const at::Tensor &x, const Layer &layer, const Statistics &known, const at::Tensor &added) {
    return convolve(x, layer.weight, layer.bias, Extras{.scale = known.scale, .shift = known.shift, .added = added});
}

at::Tensor backward(const at::Tensor &gradient, const at::Tensor &x, const Layer &layer, const Statistics &known,
                    const at::Tensor &added) {
    at::Tensor result = convolve(gradient, layer.weight, at::Tensor(), Extras{.transposed = true});
    normalize_backward(result, x, layer, known, added);
    return result;
}

// --- Custom gradients ------------------------------------------------------------------------------------------------

at::Tensor matrix(const at::Tensor &weight) { return weight.view({weight.size(0), weight.size(1)}); }

struct FrozenConvolution : torch::autograd::Function<FrozenConvolution> {
    static at::Tensor forward(AutogradContext *context, const at::Tensor &x, const Kernel &kernel, bool enlarged) {
        context->save_for_backward({kernel.weight});
        context->saved_data["enlarged"] = enlarged;
        return convolve(x, kernel.weight, kernel.bias, Extras{.enlarged = enlarged});
    }

    static variable_list backward(AutogradContext *context, variable_list gradients) {
        const Extras extras{.transposed = true, .pooled = context->saved_data["enlarged"].toBool()};
        at::Tensor result = convolve(gradients[0], context->get_saved_variables()[0], at::Tensor(), extras);
        return {result, at::Tensor(), at::Tensor()};
    }
};

void save(variable_list &list, const Layer &layer, const Statistics &known) {
    for (const at::Tensor &part : {layer.norm_weight, layer.norm_bias, layer.weight, layer.bias, known.scale, known.shift,
                                   known.mean, known.inverse}) {
        list.push_back(part);
    }
}

/// What `save` has put at a place of the list.
std::pair<Layer, Statistics> saved(AutogradContext *context, const variable_list &list, size_t at, const char *groups) {
    Layer layer{list[at], list[at + 1], list[at + 2], list[at + 3], context->saved_data[groups].toInt(),
                context->saved_data["epsilon"].toDouble()};
    return {layer, Statistics{list[at + 4], list[at + 5], list[at + 6], list[at + 7]}};
}

struct FrozenNormalizedConvolution : torch::autograd::Function<FrozenNormalizedConvolution> {
    static at::Tensor forward(AutogradContext *context, const at::Tensor &input, const Layer &layer) {
        const at::Tensor x = pixels_last(input);
        const Statistics known = statistics(x, layer);
        variable_list list{x};
        save(list, layer, known);
        context->save_for_backward(std::move(list));
        context->saved_data["groups"] = layer.groups;
        context->saved_data["epsilon"] = layer.epsilon;
        return ::forward(x, layer, known, at::Tensor());
    }

    static variable_list backward(AutogradContext *context, variable_list gradients) {
        const variable_list list = context->get_saved_variables();
        const auto [layer, known] = saved(context, list, 1, "groups");
        return {::backward(gradients[0], list[0], layer, known, at::Tensor()), at::Tensor()};
    }
};

struct FrozenResidualBlock : torch::autograd::Function<FrozenResidualBlock> {
    static at::Tensor forward(AutogradContext *context, const at::Tensor &input, const Layer &first,
                              const Layer &second, const Kernel &shortcut, bool recomputed) {
        const at::Tensor x = pixels_last(input);
        const Statistics known = statistics(x, first);
        const at::Tensor middle = ::forward(x, first, known, at::Tensor());
        const Statistics inner = statistics(middle, second);
        variable_list list{x, recomputed ? at::Tensor() : middle, shortcut.weight};
        save(list, first, known);
        save(list, second, inner);
        context->save_for_backward(std::move(list));
        context->saved_data["first groups"] = first.groups;
        context->saved_data["second groups"] = second.groups;
        context->saved_data["epsilon"] = first.epsilon;
        at::Tensor skipped = x;
        if (shortcut.weight.defined()) {
            const at::Tensor rows = at::linear(x.permute({0, 2, 3, 1}), matrix(shortcut.weight), shortcut.bias);
            skipped = rows.permute({0, 3, 1, 2});
        }
        return ::forward(middle, second, inner, skipped);
    }

    static variable_list backward(AutogradContext *context, variable_list gradients) {
        const variable_list list = context->get_saved_variables();
        const auto [first, known] = saved(context, list, 3, "first groups");
        const auto [second, inner] = saved(context, list, 11, "second groups");
        const at::Tensor &x = list[0], &shortcut = list[2], gradient = pixels_last(gradients[0]);
        at::Tensor middle = list[1].defined() ? list[1] : ::forward(x, first, known, at::Tensor());
        at::Tensor inside = ::backward(gradient, middle, second, inner, at::Tensor());
        middle = at::Tensor();
        at::Tensor skipped = gradient;
        if (shortcut.defined()) {
            skipped = pixels_last(at::matmul(gradient.permute({0, 2, 3, 1}), matrix(shortcut)).permute({0, 3, 1, 2}));
        }
        return {::backward(inside, x, first, known, skipped), at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
    }
};

bool suits(const at::Tensor &x, const Layer &layer) {
    return is_frozen(x, {layer.norm_weight, layer.norm_bias, layer.weight, layer.bias}) && x.dim() == 4 &&
           layer.weight.dim() == 4 && layer.weight.size(2) == 3 && layer.weight.size(3) == 3 && layer.groups > 0 &&
           layer.weight.size(1) % layer.groups == 0 && layer.weight.size(1) % kernels().lanes == 0;
}

bool pays(const at::Tensor &x, const at::Tensor &weight, int64_t enlargement) {
    const int64_t lanes = kernels().lanes, outputs = (weight.size(0) + lanes - 1) / lanes * lanes;
    return Convolution::pays(x.size(2) * enlargement, x.size(3) * enlargement, weight.size(1), outputs);
}

}  // namespace

namespace shim {

bool convolution_suits(const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias,
                       int64_t enlargement) {
    return is_frozen(x, {weight, bias.value_or(at::Tensor())}) && x.dim() == 4 && weight.dim() == 4 &&
           weight.size(2) == 3 && weight.size(3) == 3 && x.size(1) == weight.size(1) &&
           weight.size(0) % kernels().lanes == 0 && pays(x, weight, enlargement);
}

at::Tensor frozen_convolution(const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias,
                              bool enlarged) {
    return FrozenConvolution::apply(x, Kernel{weight, bias.value_or(at::Tensor())}, enlarged);
}

}  // namespace shim

CTStatus ct_normalized_convolution(CTTensor a, CTNormalizedConvolution parts, CTTensor *out) {
    return guard([&]() -> CTStatus {
        const at::Tensor &x = tensor(a);
        const Layer only = layer(parts);
        const bool suited = suits(x, only) && x.size(1) == only.weight.size(1) && pays(x, only.weight, 1);
        *out = suited ? own(FrozenNormalizedConvolution::apply(x, only)) : CTTensor{nullptr};
        return CT_OK;
    });
}

CTStatus ct_residual_block(CTTensor a, CTNormalizedConvolution parts1, CTNormalizedConvolution parts2,
                           CTTensor shortcut, CTTensor shortcut_bias, bool recomputed, CTTensor *out) {
    return guard([&]() -> CTStatus {
        const at::Tensor &x = tensor(a);
        const Layer first = layer(parts1), second = layer(parts2);
        const Kernel skip{optional(shortcut).value_or(at::Tensor()), optional(shortcut_bias).value_or(at::Tensor())};
        const bool suited = suits(x, first) && suits(x, second) && is_frozen(x, {skip.weight, skip.bias}) &&
                            x.size(1) == first.weight.size(1) && first.weight.size(0) == second.weight.size(1) &&
                            first.epsilon == second.epsilon && pays(x, first.weight, 1) && pays(x, second.weight, 1);
        *out = suited ? own(FrozenResidualBlock::apply(x, first, second, skip, recomputed))
                      : CTTensor{nullptr};
        return CT_OK;
    });
}
