// Element-wise operations and reductions.
#include "guard.hpp"

using namespace shim;

CTStatus ct_tensor_unary(CTUnary operation, CTTensor handle, CTTensor *out) {
    return make(out, [&]() -> at::Tensor {
        const at::Tensor &a = tensor(handle);
        switch (operation) {
        case CT_NEGATE: return a.neg();
        case CT_ABS: return a.abs();
        case CT_LOG: return a.log();
        case CT_SQRT: return a.sqrt();
        case CT_RSQRT: return a.rsqrt();
        case CT_SQUARE: return a.square();
        case CT_SIGN: return a.sign();
        case CT_FLOOR: return a.floor();
        case CT_ROUND: return a.round();
        case CT_SIN: return a.sin();
        case CT_COS: return a.cos();
        case CT_ASIN: return a.asin();
        case CT_SIGMOID: return a.sigmoid();
        case CT_TANH: return a.tanh();
        case CT_RELU: return a.relu();
        case CT_SILU: return at::silu(a);
        case CT_GELU: return at::gelu(a);
        case CT_QUICK_GELU: return a * (a * 1.702).sigmoid();
        case CT_EXP: return a.exp();
        default: TORCH_CHECK_VALUE(false, "unknown unary operation ", operation);
        }
    });
}

CTStatus ct_tensor_binary(CTBinary operation, CTTensor left, CTTensor right, CTTensor *out) {
    return make(out, [&]() -> at::Tensor {
        const at::Tensor &a = tensor(left), &b = tensor(right);
        switch (operation) {
        case CT_ADD: return a.add(b);
        case CT_SUBTRACT: return a.sub(b);
        case CT_MULTIPLY: return a.mul(b);
        case CT_DIVIDE: return a.div(b);
        case CT_MAXIMUM: return at::maximum(a, b);
        case CT_MINIMUM: return at::minimum(a, b);
        case CT_POWER: return a.pow(b);
        case CT_REMAINDER: return a.remainder(b);
        case CT_GREATER: return a.gt(b);
        case CT_GREATER_EQUAL: return a.ge(b);
        case CT_EQUAL: return a.eq(b);
        default: TORCH_CHECK_VALUE(false, "unknown binary operation ", operation);
        }
    });
}

CTStatus ct_tensor_binary_scalar(CTBinary operation, CTTensor left, double b, CTTensor *out) {
    return make(out, [&]() -> at::Tensor {
        const at::Tensor &a = tensor(left);
        switch (operation) {
        case CT_ADD: return a.add(b);
        case CT_SUBTRACT: return a.sub(b);
        case CT_MULTIPLY: return a.mul(b);
        case CT_DIVIDE: return a.div(b);
        case CT_MAXIMUM: return at::maximum(a, at::full({}, b, a.options().requires_grad(false)));
        case CT_MINIMUM: return at::minimum(a, at::full({}, b, a.options().requires_grad(false)));
        case CT_POWER: return a.pow(b);
        case CT_REMAINDER: return a.remainder(b);
        case CT_GREATER: return a.gt(b);
        case CT_GREATER_EQUAL: return a.ge(b);
        case CT_EQUAL: return a.eq(b);
        default: TORCH_CHECK_VALUE(false, "unknown binary operation ", operation);
        }
    });
}

CTStatus ct_tensor_clamp(CTTensor a, CTTensor low, CTTensor high, CTTensor *out) {
    return make(out, [&] { return at::clamp(tensor(a), optional(low), optional(high)); });
}

CTStatus ct_tensor_clamp_scalar(CTTensor a, double low, double high, CTTensor *out) {
    return make(out, [&] { return tensor(a).clamp(low, high); });
}

CTStatus ct_tensor_where(CTTensor condition, CTTensor a, CTTensor b, CTTensor *out) {
    return make(out, [&] { return at::where(tensor(condition), tensor(a), tensor(b)); });
}

CTStatus ct_tensor_reduce(CTReduction reduction, CTTensor handle, const int64_t *dimensions, int32_t count, bool keep,
                          CTTensor *out) {
    return make(out, [&]() -> at::Tensor {
        const at::Tensor &a = tensor(handle);
        std::vector<int64_t> over;
        if (count > 0) {
            over.assign(dimensions, dimensions + count);
        } else {
            for (int64_t i = 0; i < a.dim(); i++) over.push_back(i);
        }
        switch (reduction) {
        case CT_SUM: return a.sum(over, keep);
        case CT_MEAN: return a.mean(over, keep);
        case CT_MAX: return a.amax(over, keep);
        case CT_MIN: return a.amin(over, keep);
        case CT_NORM: return a.norm(2, over, keep);
        case CT_VARIANCE: return a.var(over, /*unbiased=*/false, keep);
        default: TORCH_CHECK_VALUE(false, "unknown reduction ", reduction);
        }
    });
}

CTStatus ct_tensor_argmin(CTTensor a, int64_t dimension, CTTensor *out) {
    return make(out, [&] { return tensor(a).argmin(dimension); });
}

CTStatus ct_tensor_argmax(CTTensor a, int64_t dimension, CTTensor *out) {
    return make(out, [&] { return tensor(a).argmax(dimension); });
}

CTStatus ct_tensor_softmax(CTTensor a, int64_t dimension, CTTensor *out) {
    return make(out, [&] { return tensor(a).softmax(dimension); });
}

CTStatus ct_tensor_log_softmax(CTTensor a, int64_t dimension, CTTensor *out) {
    return make(out, [&] { return tensor(a).log_softmax(dimension); });
}
