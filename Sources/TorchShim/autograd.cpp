#include "guard.hpp"

#include <torch/csrc/autograd/custom_function.h>

using namespace shim;

namespace {

struct ClampWithGradient : torch::autograd::Function<ClampWithGradient> {
    static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &x, double low, double high) {
        context->save_for_backward({x});
        context->saved_data["low"] = low;
        context->saved_data["high"] = high;
        return x.clamp(low, high);
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                   torch::autograd::variable_list gradients) {
        at::Tensor x = context->get_saved_variables()[0];
        at::Tensor clipped = x.clamp(context->saved_data["low"].toDouble(), context->saved_data["high"].toDouble());
        const at::Tensor &gradient = gradients[0];
        return {gradient * (gradient * (x - clipped)).ge(0), at::Tensor(), at::Tensor()};
    }
};

struct ReplaceGradient : torch::autograd::Function<ReplaceGradient> {
    static at::Tensor forward(torch::autograd::AutogradContext *, const at::Tensor &values, const at::Tensor &) {
        return values.view_as(values);
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext *,
                                                   torch::autograd::variable_list gradients) {
        return {at::Tensor(), gradients[0]};
    }
};

}  // namespace

CTStatus ct_tensor_detach(CTTensor handle, CTTensor *out) {
    return make(out, [&] { return tensor(handle).detach(); });
}

CTStatus ct_tensor_set_requires_gradient(CTTensor handle, bool required) {
    return guard([&]() -> CTStatus {
        tensor(handle).set_requires_grad(required);
        return CT_OK;
    });
}

CTStatus ct_tensor_backward(CTTensor handle, CTTensor gradient) {
    return guard([&]() -> CTStatus {
        tensor(handle).backward(gradient.impl ? tensor(gradient) : at::Tensor());
        return CT_OK;
    });
}

CTStatus ct_tensor_gradient(CTTensor handle, CTTensor *out) {
    return guard([&]() -> CTStatus {
        const at::Tensor &gradient = tensor(handle).grad();
        *out = gradient.defined() ? own(gradient) : CTTensor{nullptr};
        return CT_OK;
    });
}

CTStatus ct_tensor_clear_gradient(CTTensor handle) {
    return guard([&]() -> CTStatus {
        tensor(handle).mutable_grad().reset();
        return CT_OK;
    });
}

CTStatus ct_tensor_clamp_with_gradient(CTTensor handle, double low, double high, CTTensor *out) {
    return make(out, [&] { return ClampWithGradient::apply(tensor(handle), low, high); });
}

CTStatus ct_tensor_replace_gradient(CTTensor values, CTTensor source, CTTensor *out) {
    return make(out, [&] {
        TORCH_CHECK_VALUE(tensor(values).sizes() == tensor(source).sizes(), "the shapes differ");
        return ReplaceGradient::apply(tensor(values).detach(), tensor(source));
    });
}
