// What every source file of the shim needs: handles, and the one place where C++ exceptions end.
#pragma once
#include "ctorch.h"

#include <ATen/ATen.h>
#include <c10/util/Exception.h>

#include <memory>
#include <new>
#include <vector>

namespace shim {

void remember(const char *message) noexcept;
CTStatus remember_torch_error(const c10::Error &error, CTStatus status) noexcept;
void count_tensor(int64_t change) noexcept;

/// Runs the body and turns whatever it throws into a status and a message.
template <class Body>
CTStatus guard(Body &&body) noexcept {
    try {
        return body();
    } catch (const c10::OutOfMemoryError &error) {
        return remember_torch_error(error, CT_ERR_OUT_OF_MEMORY);
    } catch (const c10::IndexError &error) {
        return remember_torch_error(error, CT_ERR_INDEX);
    } catch (const c10::ValueError &error) {
        return remember_torch_error(error, CT_ERR_ARGUMENT);
    } catch (const c10::TypeError &error) {
        return remember_torch_error(error, CT_ERR_TYPE);
    } catch (const c10::NotImplementedError &error) {
        return remember_torch_error(error, CT_ERR_UNSUPPORTED);
    } catch (const c10::Error &error) {
        return remember_torch_error(error, CT_ERR_TORCH);
    } catch (const std::bad_alloc &) {
        remember("out of memory");
        return CT_ERR_OUT_OF_MEMORY;
    } catch (const std::exception &error) {
        remember(error.what());
        return CT_ERR_UNKNOWN;
    } catch (...) {
        remember("an exception of unknown type");
        return CT_ERR_UNKNOWN;
    }
}

/// The tensor behind a handle, which must be defined: some of libtorch's functions crash on the undefined tensor.
inline const at::Tensor &tensor(CTTensor handle) {
    TORCH_CHECK_VALUE(handle.impl, "a tensor is missing");
    return *static_cast<const at::Tensor *>(handle.impl);
}

inline CTTensor own(at::Tensor value) {
    CTTensor handle{new at::Tensor(std::move(value))};
    count_tensor(1);
    return handle;
}

/// Runs a body that makes one tensor and hands it out.
template <class Body>
CTStatus make(CTTensor *out, Body &&body) noexcept {
    return guard([&]() -> CTStatus {
        *out = own(body());
        return CT_OK;
    });
}

/// An optional argument: none for the undefined tensor.
inline std::optional<at::Tensor> optional(CTTensor handle) {
    return handle.impl ? std::optional<at::Tensor>(tensor(handle)) : std::nullopt;
}

inline at::IntArrayRef list(const int64_t *values, int32_t count) {
    TORCH_CHECK_VALUE(count >= 0, "the number of entries is negative");
    return at::IntArrayRef(values, static_cast<size_t>(count));
}

at::ScalarType scalar_type(CTScalarType type);
at::Device device(CTDevice device);

}  // namespace shim
