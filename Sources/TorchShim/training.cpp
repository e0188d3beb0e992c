// What only training needs: gradients of one tensor, and changes of parameters in place.
#include "guard.hpp"

#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>

using namespace shim;

CTStatus ct_tensor_gradient_of(CTTensor output, CTTensor input, bool keeps_graph, CTTensor *out) {
    return make(out, [&] {
        TORCH_CHECK_VALUE(tensor(output).numel() == 1, "the output is no scalar");
        return torch::autograd::grad({tensor(output)}, {tensor(input)}, {}, keeps_graph).at(0);
    });
}

CTStatus ct_tensor_lerp(CTTensor target, CTTensor source, double weight) {
    return guard([&]() -> CTStatus {
        // lerp_ would broadcast.
        TORCH_CHECK_VALUE(tensor(target).sizes() == tensor(source).sizes(), "the shapes differ");
        at::NoGradGuard without_gradient;
        tensor(target).lerp_(tensor(source), weight);
        return CT_OK;
    });
}

CTStatus ct_adamw_step(CTTensor parameter, CTTensor gradient, CTTensor first, CTTensor second, int64_t step,
                       double rate, double beta1, double beta2, double epsilon, double decay) {
    return guard([&]() -> CTStatus {
        TORCH_CHECK_VALUE(step > 0, "steps count from 1");
        const at::Tensor &x = tensor(parameter), &g = tensor(gradient), &m = tensor(first), &v = tensor(second);
        TORCH_CHECK_VALUE(g.sizes() == x.sizes() && m.sizes() == x.sizes() && v.sizes() == x.sizes(),
                          "the shapes differ");
        at::NoGradGuard without_gradient;
        m.lerp_(g, 1 - beta1);
        v.mul_(beta2).addcmul_(g, g, 1 - beta2);
        at::Tensor root = v.div(1 - std::pow(beta2, static_cast<double>(step))).sqrt_().add_(epsilon);
        if (decay != 0) x.mul_(1 - rate * decay);
        x.addcdiv_(m, root, -rate / (1 - std::pow(beta1, static_cast<double>(step))));
        return CT_OK;
    });
}

CTStatus ct_clip_gradients(const CTTensor *leaves, int32_t count, double limit, double *norm) {
    return guard([&]() -> CTStatus {
        TORCH_CHECK_VALUE(count >= 0, "the number of tensors is negative");
        at::NoGradGuard without_gradient;
        std::vector<at::Tensor> gradients, norms;
        for (int32_t i = 0; i < count; i++) {
            at::Tensor gradient = tensor(leaves[i]).grad();
            if (!gradient.defined()) continue;
            gradients.push_back(gradient);
            norms.push_back(gradient.norm());
        }
        double total = norms.empty() ? 0 : at::stack(norms).norm().item().toDouble();
        if (total > limit) {
            for (const at::Tensor &gradient : gradients) gradient.mul_(limit / (total + 1e-6));
        }
        *norm = total;
        return CT_OK;
    });
}

CTStatus ct_batch_norm_training(CTTensor a, CTTensor weight, CTTensor bias, CTTensor mean, CTTensor variance,
                                double momentum, double epsilon, CTTensor *out) {
    return make(out, [&] {
        return at::batch_norm(tensor(a), optional(weight), optional(bias), optional(mean), optional(variance),
                              /*training=*/true, momentum, epsilon, /*cudnn_enabled=*/true);
    });
}

CTStatus ct_sum_rows(CTTensor a, CTTensor indices, int64_t rows, CTTensor *out) {
    return make(out, [&] {
        const at::Tensor &x = tensor(a);
        TORCH_CHECK_VALUE(x.dim() == 2, "expected [N, width]");
        TORCH_CHECK_VALUE(rows >= 0, "the number of rows is negative");
        return at::zeros({rows, x.size(1)}, x.options()).index_add_(0, tensor(indices), x);
    });
}
