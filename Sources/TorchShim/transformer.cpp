// The residual block of a frozen transformer on the processor, with a backward of its own.
#include "frozen.hpp"
#include "guard.hpp"
#include "kernels/kernels.hpp"
#include "kernels/parallel.hpp"

#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/custom_function.h>

using namespace shim;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace {

/// Whether the BLAS that at::linear takes, MKL, is faster than oneDNN's product. It is on Intel's processors, by a
/// twentieth forward and by up to half backward; on others oneDNN's is, by a tenth.
bool prefers_blas() {
#if defined(__x86_64__)
    static const bool has_faster = at::hasMKL() && __builtin_cpu_is("intel");
    return has_faster;
#else
    return false;
#endif
}

/// x · wᵀ + b.
at::Tensor product(const at::Tensor &x, const at::Tensor &w, const at::Tensor &b = at::Tensor()) {
    static const auto onednn = c10::Dispatcher::singleton().findSchema({"mkldnn::_linear_pointwise", ""});
    if (prefers_blas() || !onednn || !at::globalContext().userEnabledMkldnn()) {
        return at::linear(x, w, b.defined() ? std::optional(b) : std::nullopt);
    }
    torch::jit::Stack stack;
    stack.emplace_back(x);
    stack.emplace_back(w);
    stack.emplace_back(b.defined() ? c10::IValue(b) : c10::IValue());
    stack.emplace_back(std::string("none"));
    stack.emplace_back(c10::impl::GenericList(c10::OptionalType::create(c10::NumberType::get())));
    stack.emplace_back();
    onednn->callBoxed(stack);
    return stack.back().toTensor();
}

/// gradient · w: backward of `product`.
at::Tensor product_backward(const at::Tensor &gradient, const at::Tensor &w) { return product(gradient, w.t()); }

constexpr int64_t portion = 1 << 14;

at::Tensor activated(const at::Tensor &x, int64_t activation) {
    if (activation == CT_GELU) return at::gelu(x);
    at::Tensor y = at::empty_like(x);
    const float *from = x.const_data_ptr<float>();
    float *to = y.mutable_data_ptr<float>();
    const int64_t count = x.numel();
    parallel((count + portion - 1) / portion, [&](int64_t index) {
        const int64_t first = index * portion;
        kernels().quick_gelu(from + first, std::min(portion, count - first), to + first);
    });
    return y;
}

/// In place of the gradient of the activation's output.
void activate_backward(at::Tensor &gradient, const at::Tensor &x, int64_t activation) {
    if (activation == CT_GELU) {
        gradient = at::gelu_backward(gradient, x);
        return;
    }
    const float *from = x.const_data_ptr<float>();
    float *to = gradient.mutable_data_ptr<float>();
    const int64_t count = x.numel();
    parallel((count + portion - 1) / portion, [&](int64_t index) {
        const int64_t first = index * portion;
        kernels().quick_gelu_backward(to + first, from + first, std::min(portion, count - first));
    });
}

/// The weights of a block, in the order of CTTransformerBlock.
enum Weight { norm1_weight, norm1_bias, input_weight, input_bias, output_weight, output_bias, norm2_weight, norm2_bias,
              expand_weight, expand_bias, contract_weight, contract_bias, weight_count };

struct Block {
    std::array<at::Tensor, weight_count> weights;
    int64_t heads;
    double epsilon;
    int64_t activation;
};

/// A normalised tensor with what its backward needs.
struct Normalized {
    at::Tensor value, mean, inverse;
};

Normalized normalized(const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias, double epsilon) {
    auto [value, mean, inverse] = at::native_layer_norm(x, weight.sizes(), weight, bias, epsilon);
    return {value, mean, inverse};
}

at::Tensor normalize_backward(const at::Tensor &gradient, const at::Tensor &x, const at::Tensor &mean,
                              const at::Tensor &inverse, const at::Tensor &weight, const at::Tensor &bias) {
    return std::get<0>(at::native_layer_norm_backward(gradient, x, weight.sizes(), mean, inverse, weight, bias,
                                                      {true, false, false}));
}

/// [N · T, width] as [N, heads, T, width / heads].
at::Tensor by_heads(const at::Tensor &rows, int64_t count, int64_t heads) {
    return rows.view({count, rows.size(0) / count, heads, rows.size(1) / heads}).transpose(1, 2);
}

/// [N, heads, T, width / heads] as [N · T, width].
at::Tensor joined(const at::Tensor &x) {
    return x.transpose(1, 2).reshape({x.size(0) * x.size(2), x.size(1) * x.size(3)});
}

/// What backward needs, besides the weights.
enum Kept { k_x, k_mean1, k_inverse1, k_query, k_key_value, k_mixed, k_sums, k_middle, k_mean2, k_inverse2, k_expanded,
            kept_count };

struct FrozenTransformerBlock : torch::autograd::Function<FrozenTransformerBlock> {
    static at::Tensor forward(AutogradContext *context, const at::Tensor &input, const Block &block, int64_t queries) {
        const auto &w = block.weights;
        const int64_t count = input.size(0), tokens = input.size(1), width = input.size(2);
        const at::Tensor x = input.contiguous().view({count * tokens, width});
        const Normalized before = normalized(x, w[norm1_weight], w[norm1_bias], block.epsilon);
        at::Tensor asking = before.value, residual = x;
        if (queries < tokens) {
            asking = first_tokens(before.value, count, queries);
            residual = first_tokens(x, count, queries);
        }
        at::Tensor query, key_value;
        if (queries < tokens) {
            query = product(asking, w[input_weight].narrow(0, 0, width), w[input_bias].narrow(0, 0, width));
            key_value = product(before.value, w[input_weight].narrow(0, width, 2 * width),
                                w[input_bias].narrow(0, width, 2 * width));
        } else {
            const at::Tensor all = product(before.value, w[input_weight], w[input_bias]);
            query = all.narrow(1, 0, width);
            key_value = all.narrow(1, width, 2 * width);
        }
        auto [mixed, sums] = at::_scaled_dot_product_flash_attention_for_cpu(
            by_heads(query, count, block.heads), by_heads(key_value.narrow(1, 0, width), count, block.heads),
            by_heads(key_value.narrow(1, width, width), count, block.heads));
        at::Tensor middle = product(joined(mixed), w[output_weight], w[output_bias]).add_(residual);
        const Normalized between = normalized(middle, w[norm2_weight], w[norm2_bias], block.epsilon);
        const at::Tensor expanded = product(between.value, w[expand_weight], w[expand_bias]);
        const at::Tensor result =
            product(activated(expanded, block.activation), w[contract_weight], w[contract_bias]).add_(middle);
        variable_list list{x, before.mean, before.inverse, query, key_value, mixed, sums, middle, between.mean,
                           between.inverse, expanded};
        list.insert(list.end(), w.begin(), w.end());
        context->save_for_backward(std::move(list));
        context->saved_data["count"] = count;
        context->saved_data["heads"] = block.heads;
        context->saved_data["activation"] = block.activation;
        return result.view({count, queries, width});
    }

    static variable_list backward(AutogradContext *context, variable_list gradients) {
        const variable_list list = context->get_saved_variables();
        const at::Tensor *w = list.data() + kept_count;
        const int64_t count = context->saved_data["count"].toInt(), heads = context->saved_data["heads"].toInt();
        const at::Tensor &x = list[k_x], &query = list[k_query], &key_value = list[k_key_value];
        const int64_t width = x.size(1), tokens = x.size(0) / count, queries = query.size(0) / count;
        const at::Tensor gradient = gradients[0].contiguous().view({count * queries, width});

        at::Tensor expanded = product_backward(gradient, w[contract_weight]);
        activate_backward(expanded, list[k_expanded], context->saved_data["activation"].toInt());
        at::Tensor middle = normalize_backward(product_backward(expanded, w[expand_weight]), list[k_middle], list[k_mean2],
                                               list[k_inverse2], w[norm2_weight], w[norm2_bias]);
        middle.add_(gradient);
        expanded = at::Tensor();

        const at::Tensor mixed = product_backward(middle, w[output_weight]);
        auto [of_query, of_key, of_value] = at::_scaled_dot_product_flash_attention_for_cpu_backward(
            by_heads(mixed, count, heads), by_heads(query, count, heads), by_heads(key_value.narrow(1, 0, width), count, heads),
            by_heads(key_value.narrow(1, width, width), count, heads), list[k_mixed], list[k_sums], 0.0, false);
        at::Tensor result;
        if (queries == tokens) {
            const at::Tensor all = at::cat({joined(of_query), joined(of_key), joined(of_value)}, 1);
            result = product_backward(all, w[input_weight]);
        } else {
            const at::Tensor all = at::cat({joined(of_key), joined(of_value)}, 1);
            result = product_backward(all, w[input_weight].narrow(0, width, 2 * width));
            first_tokens_view(result, count, queries)
                .add_(product_backward(joined(of_query), w[input_weight].narrow(0, 0, width)).view({count, queries, width}));
        }
        result = normalize_backward(result, x, list[k_mean1], list[k_inverse1], w[norm1_weight], w[norm1_bias]);
        first_tokens_view(result, count, queries).add_(middle.view({count, queries, width}));
        return {result.view({count, tokens, width}), at::Tensor(), at::Tensor()};
    }

    static at::Tensor first_tokens_view(const at::Tensor &rows, int64_t count, int64_t queries) {
        return rows.view({count, rows.size(0) / count, rows.size(1)}).narrow(1, 0, queries);
    }

    static at::Tensor first_tokens(const at::Tensor &rows, int64_t count, int64_t queries) {
        return first_tokens_view(rows, count, queries).reshape({count * queries, rows.size(1)});
    }
};

/// A convolution whose stride is its kernel's side, as a product: the patches of a vision transformer.
struct FrozenPatches : torch::autograd::Function<FrozenPatches> {
    struct Kernel {
        at::Tensor weight, bias;
    };

    static at::Tensor forward(AutogradContext *context, const at::Tensor &x, const Kernel &kernel) {
        const int64_t side = kernel.weight.size(2), count = x.size(0), channels = x.size(1);
        const int64_t down = x.size(2) / side, across = x.size(3) / side;
        const at::Tensor patches = x.reshape({count, channels, down, side, across, side})
                                       .permute({0, 2, 4, 1, 3, 5})
                                       .reshape({count * down * across, channels * side * side});
        context->save_for_backward({kernel.weight});
        return product(patches, kernel.weight.view({kernel.weight.size(0), -1}), kernel.bias)
            .view({count, down, across, kernel.weight.size(0)})
            .permute({0, 3, 1, 2});
    }

    static variable_list backward(AutogradContext *context, variable_list gradients) {
        const at::Tensor weight = context->get_saved_variables()[0], &gradient = gradients[0];
        const int64_t side = weight.size(2), count = gradient.size(0), channels = weight.size(1);
        const int64_t down = gradient.size(2), across = gradient.size(3);
        const at::Tensor rows = gradient.permute({0, 2, 3, 1}).reshape({count * down * across, weight.size(0)});
        return {product_backward(rows, weight.view({weight.size(0), -1}))
                    .view({count, down, across, channels, side, side})
                    .permute({0, 3, 1, 4, 2, 5})
                    .reshape({count, channels, down * side, across * side}),
                at::Tensor()};
    }
};

}  // namespace

namespace shim {

bool patches_suit(const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias, int64_t stride) {
    return is_frozen(x, {weight, bias.value_or(at::Tensor())}) && x.dim() == 4 && weight.dim() == 4 && stride > 1 &&
           weight.size(2) == stride && weight.size(3) == stride && x.size(1) == weight.size(1) &&
           x.size(2) % stride == 0 && x.size(3) % stride == 0;
}

at::Tensor frozen_patches(const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias) {
    return FrozenPatches::apply(x, FrozenPatches::Kernel{weight, bias.value_or(at::Tensor())});
}

}  // namespace shim

CTStatus ct_transformer_block(CTTensor a, CTTransformerBlock parts, int64_t queries, CTTensor *out) {
    return guard([&]() -> CTStatus {
        const at::Tensor &x = tensor(a);
        const Block block{{tensor(parts.norm1_weight), tensor(parts.norm1_bias), tensor(parts.input_weight),
                           tensor(parts.input_bias), tensor(parts.output_weight), tensor(parts.output_bias),
                           tensor(parts.norm2_weight), tensor(parts.norm2_bias), tensor(parts.expand_weight),
                           tensor(parts.expand_bias), tensor(parts.contract_weight), tensor(parts.contract_bias)},
                          parts.heads, parts.epsilon, parts.activation};
        TORCH_CHECK_VALUE(x.dim() == 3, "expected [N, T, width]");
        TORCH_CHECK_VALUE(queries >= 0 && queries <= x.size(1), "there are no ", queries, " tokens");
        bool suited = parts.activation == CT_GELU || parts.activation == CT_QUICK_GELU;
        for (const at::Tensor &weight : block.weights) suited = suited && is_frozen(x, {weight});
        *out = suited ? own(FrozenTransformerBlock::apply(x, block, queries == 0 ? x.size(1) : queries)) : CTTensor{nullptr};
        return CT_OK;
    });
}
