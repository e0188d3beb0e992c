#include "guard.hpp"

using namespace shim;

CTStatus ct_tensor_reshape(CTTensor a, const int64_t *shape, int32_t rank, CTTensor *out) {
    return make(out, [&] { return tensor(a).reshape(list(shape, rank)); });
}

CTStatus ct_tensor_permute(CTTensor a, const int64_t *order, int32_t rank, CTTensor *out) {
    return make(out, [&] { return tensor(a).permute(list(order, rank)); });
}

CTStatus ct_tensor_expand(CTTensor a, const int64_t *shape, int32_t rank, CTTensor *out) {
    return make(out, [&] { return tensor(a).expand(list(shape, rank)); });
}

CTStatus ct_tensor_slice(CTTensor a, int64_t dimension, int64_t start, int64_t length, CTTensor *out) {
    return make(out, [&] { return tensor(a).narrow(dimension, start, length); });
}

CTStatus ct_tensor_select(CTTensor a, int64_t dimension, CTTensor indices, CTTensor *out) {
    return make(out, [&] { return tensor(a).index_select(dimension, tensor(indices)); });
}

CTStatus ct_tensor_concatenate(const CTTensor *tensors, int32_t count, int64_t dimension, CTTensor *out) {
    return make(out, [&] {
        TORCH_CHECK_VALUE(count >= 0, "the number of tensors is negative");
        std::vector<at::Tensor> parts;
        for (int32_t i = 0; i < count; i++) parts.push_back(tensor(tensors[i]));
        return at::cat(parts, dimension);
    });
}

CTStatus ct_tensor_flip(CTTensor a, int64_t dimension, CTTensor *out) {
    return make(out, [&] { return tensor(a).flip({dimension}); });
}

CTStatus ct_tensor_pad(CTTensor a, const int64_t *amounts, int32_t count, CTPadding mode, double value, CTTensor *out) {
    return make(out, [&] {
        static const char *const names[] = {"constant", "reflect", "replicate"};
        TORCH_CHECK_VALUE(mode >= CT_PAD_CONSTANT && mode <= CT_PAD_REPLICATE, "unknown padding ", mode);
        std::optional<double> fill = mode == CT_PAD_CONSTANT ? std::optional<double>(value) : std::nullopt;
        return at::pad(tensor(a), list(amounts, count), names[mode], fill);
    });
}
