// Making, looking at and copying tensors.
#include "guard.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>

#include <cstring>

using namespace shim;

namespace {

/// Bytes up to which uploads go through pinned memory: those of a step do.
constexpr size_t largest_pinned = 16 << 20;

/// Elements of a shape; rejects negative sizes and overflow.
int64_t element_count(at::IntArrayRef shape) {
    int64_t count = 1;
    for (int64_t size : shape) {
        TORCH_CHECK_VALUE(size >= 0, "a size is negative");
        TORCH_CHECK_VALUE(!__builtin_mul_overflow(count, size, &count), "the shape overflows");
    }
    return count;
}

}  // namespace

void ct_tensor_free(CTTensor handle) {
    if (!handle.impl) return;
    delete static_cast<at::Tensor *>(handle.impl);
    count_tensor(-1);
}

CTStatus ct_tensor_from_bytes(const void *bytes, size_t byte_count, CTScalarType type, const int64_t *shape,
                              int32_t rank, CTTensor *out) {
    return make(out, [&] {
        at::IntArrayRef sizes = list(shape, rank);
        at::ScalarType scalar = scalar_type(type);
        size_t expected = static_cast<size_t>(element_count(sizes)) * c10::elementSize(scalar);
        TORCH_CHECK_VALUE(expected == byte_count, "the shape needs ", expected, " bytes, not ", byte_count);
        at::Tensor result = at::empty(sizes, at::TensorOptions(scalar));
        if (byte_count) std::memcpy(result.data_ptr(), bytes, byte_count);
        return result;
    });
}

CTStatus ct_tensor_empty(const int64_t *shape, int32_t rank, CTScalarType type, CTTensor *out) {
    return make(out, [&] {
        element_count(list(shape, rank));
        return at::empty(list(shape, rank), at::TensorOptions(scalar_type(type)));
    });
}

void *ct_tensor_memory(CTTensor handle) {
    void *memory = nullptr;
    guard([&]() -> CTStatus {
        const at::Tensor &source = tensor(handle);
        if (source.is_cpu() && source.is_contiguous()) memory = source.data_ptr();
        return CT_OK;
    });
    return memory;
}

CTStatus ct_tensor_full(const int64_t *shape, int32_t rank, double value, CTScalarType type, CTDevice where,
                        CTTensor *out) {
    return make(out, [&] {
        element_count(list(shape, rank));
        return at::full(list(shape, rank), value, at::TensorOptions(scalar_type(type)).device(device(where)));
    });
}

CTStatus ct_tensor_normal(const int64_t *shape, int32_t rank, uint64_t seed, CTTensor *out) {
    return make(out, [&] {
        element_count(list(shape, rank));
        at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(seed);
        return at::empty(list(shape, rank), at::kFloat).normal_(0, 1, generator);
    });
}

CTStatus ct_tensor_uniform(const int64_t *shape, int32_t rank, uint64_t seed, CTTensor *out) {
    return make(out, [&] {
        element_count(list(shape, rank));
        at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(seed);
        return at::empty(list(shape, rank), at::kFloat).uniform_(0, 1, generator);
    });
}

CTStatus ct_tensor_shape(CTTensor handle, int64_t *sizes, int32_t capacity, int32_t *rank) {
    return guard([&]() -> CTStatus {
        at::IntArrayRef shape = tensor(handle).sizes();
        TORCH_CHECK_VALUE(static_cast<int32_t>(shape.size()) <= capacity, "more dimensions than expected");
        for (size_t i = 0; i < shape.size(); i++) sizes[i] = shape[i];
        *rank = static_cast<int32_t>(shape.size());
        return CT_OK;
    });
}

CTStatus ct_tensor_type(CTTensor handle, CTScalarType *type) {
    return guard([&]() -> CTStatus {
        for (CTScalarType candidate = CT_FLOAT32; candidate <= CT_BOOL; candidate++) {
            if (scalar_type(candidate) == tensor(handle).scalar_type()) {
                *type = candidate;
                return CT_OK;
            }
        }
        remember("the tensor has a scalar type that is not supported");
        return CT_ERR_TYPE;
    });
}

CTStatus ct_tensor_device(CTTensor handle, CTDevice *where) {
    return guard([&]() -> CTStatus {
        at::Device found = tensor(handle).device();
        *where = CTDevice{found.is_cuda() ? 1 : 0, found.has_index() ? found.index() : 0};
        return CT_OK;
    });
}

CTStatus ct_tensor_copy_bytes(CTTensor handle, void *bytes, size_t byte_count) {
    return guard([&]() -> CTStatus {
        at::Tensor source = tensor(handle).detach().to(at::kCPU).contiguous();
        TORCH_CHECK_VALUE(source.nbytes() == byte_count, "the tensor has ", source.nbytes(), " bytes, not ", byte_count);
        if (byte_count) std::memcpy(bytes, source.const_data_ptr(), byte_count);
        return CT_OK;
    });
}

CTStatus ct_tensor_item(CTTensor handle, double *value) {
    return guard([&]() -> CTStatus {
        *value = tensor(handle).item().toDouble();
        return CT_OK;
    });
}

CTStatus ct_tensor_convert(CTTensor handle, CTScalarType type, CTDevice where, CTTensor *out) {
    return make(out, [&] {
        const at::Tensor &source = tensor(handle);
        at::Device target = device(where);
        // From pinned memory the host goes on while the device fetches. libtorch keeps pinned blocks for the next upload,
        // so weights, which come once, take the ordinary way.
        bool is_upload = target.is_cuda() && source.device().is_cpu() && source.nbytes() <= largest_pinned;
        return is_upload ? source.pin_memory().to(target, scalar_type(type), /*non_blocking=*/true)
                         : source.to(target, scalar_type(type));
    });
}

CTStatus ct_tensor_contiguous(CTTensor handle, bool channels_last, CTTensor *out) {
    return make(out, [&] {
        bool reorder = channels_last && tensor(handle).dim() == 4;
        return tensor(handle).contiguous(reorder ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous);
    });
}

CTStatus ct_tensor_clone(CTTensor handle, CTTensor *out) {
    return make(out, [&] { return tensor(handle).clone(); });
}

CTStatus ct_tensor_assign(CTTensor handle, CTTensor source) {
    return guard([&]() -> CTStatus {
        // copy_ would broadcast.
        TORCH_CHECK_VALUE(tensor(handle).sizes() == tensor(source).sizes(), "the shapes differ");
        at::NoGradGuard without_gradient;
        tensor(handle).copy_(tensor(source));
        return CT_OK;
    });
}
