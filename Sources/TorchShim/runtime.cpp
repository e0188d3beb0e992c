#include "guard.hpp"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/DeviceGuard.h>
#include <torch/version.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <string>

namespace shim {

namespace {
// A fixed buffer, so that remembering an out-of-memory error needs no memory.
thread_local char last_message[1024] = "";
std::atomic<int64_t> live_tensors{0};
std::atomic<bool> cuda_is_open{false};
}  // namespace

void remember(const char *message) noexcept {
    std::strncpy(last_message, message ? message : "", sizeof last_message - 1);
    last_message[sizeof last_message - 1] = 0;
}

CTStatus remember_torch_error(const c10::Error &error, CTStatus status) noexcept {
    // what() would append a C++ backtrace.
    remember(error.what_without_backtrace());
    // The CPU allocator reports exhaustion as a plain error.
    if (status == CT_ERR_TORCH && std::strstr(last_message, "can't allocate memory")) return CT_ERR_OUT_OF_MEMORY;
    return status;
}

void count_tensor(int64_t change) noexcept { live_tensors.fetch_add(change, std::memory_order_relaxed); }

at::ScalarType scalar_type(CTScalarType type) {
    static const at::ScalarType types[] = {at::kFloat, at::kHalf, at::kBFloat16, at::kDouble, at::kLong,
                                           at::kInt,   at::kShort, at::kChar,    at::kByte,   at::kBool};
    TORCH_CHECK_VALUE(type >= 0 && type < 10, "unknown scalar type ", type);
    return types[type];
}

at::Device device(CTDevice device) {
    if (device.type == 0) return at::Device(at::kCPU);
    TORCH_CHECK_VALUE(device.type == 1, "unknown type of device ", device.type);
    TORCH_CHECK_VALUE(device.index >= 0 && device.index < 64, "unknown CUDA device ", device.index);
    return at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(device.index));
}

}  // namespace shim

using namespace shim;

const char *ct_last_error_message(void) { return last_message; }
const char *ct_torch_version(void) { return TORCH_VERSION; }
int64_t ct_debug_live_tensors(void) { return live_tensors.load(std::memory_order_relaxed); }

CTStatus ct_set_thread_count(int32_t count) {
    return guard([&]() -> CTStatus {
        TORCH_CHECK_VALUE(count > 0, "the number of threads must be positive");
        at::set_num_threads(count);
        return CT_OK;
    });
}

CTStatus ct_open_cuda(const char *folder) {
    return guard([&]() -> CTStatus {
        for (const char *name : {"libc10_cuda.so", "libtorch_cuda.so"}) {
            std::string path = std::string(folder) + "/" + name;
            // Global, because libtorch finds the CUDA backend through the registrations that loading it runs.
            if (!dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL)) {
                const char *reason = dlerror();
                remember(reason ? reason : "the library cannot be opened");
                return CT_ERR_UNSUPPORTED;
            }
        }
        cuda_is_open = true;
        return CT_OK;
    });
}

int32_t ct_cuda_device_count(void) {
    int32_t count = 0;
    // libtorch remembers the first answer to this question for good, so it must not be asked before the backend is
    // there.
    if (!cuda_is_open) return 0;
    guard([&]() -> CTStatus {
        if (at::hasCUDA()) count = at::detail::getCUDAHooks().deviceCount();
        return CT_OK;
    });
    return count;
}

CTStatus ct_cuda_memory(int32_t index, uint64_t *free_bytes, uint64_t *total_bytes) {
    return guard([&]() -> CTStatus {
        // The runtime is reached through the library that ct_open_cuda has loaded; nothing links it.
        using MemGetInfo = int (*)(size_t *, size_t *);
        auto mem_get_info = reinterpret_cast<MemGetInfo>(dlsym(RTLD_DEFAULT, "cudaMemGetInfo"));
        TORCH_CHECK(mem_get_info, "the CUDA runtime is not loaded");
        c10::DeviceGuard on(device(CTDevice{1, index}));
        size_t free_size = 0, total_size = 0;
        TORCH_CHECK(mem_get_info(&free_size, &total_size) == 0, "the device does not report its memory");
        *free_bytes = free_size;
        *total_bytes = total_size;
        return CT_OK;
    });
}

bool ct_set_gradient_enabled(bool enabled) {
    bool previous = at::GradMode::is_enabled();
    at::GradMode::set_enabled(enabled);
    return previous;
}
