// What a GPU wants done differently. Nothing here links CUDA: everything goes through interfaces that the backend fills in
// when ct_open_cuda loads it.
#include "guard.hpp"

#include <ATen/Context.h>
#include <ATen/core/grad_mode.h>
#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <cstring>
#include <optional>

using namespace shim;

namespace {

/// A copy on its way to the host.
struct Download {
    at::Tensor source;
    at::Tensor host;
    /// Where the device's work stood when the copy was queued; none for a copy that is already there.
    std::optional<c10::Event> queued;
};

}  // namespace

CTStatus ct_set_cuda_math(bool tf32) {
    return guard([&]() -> CTStatus {
        at::globalContext().setAllowTF32CuBLAS(tf32);
        at::globalContext().setAllowTF32CuDNN(tf32);
        // A run has the same shapes in every step, so trying pays off after a few.
        at::globalContext().setBenchmarkCuDNN(true);
        return CT_OK;
    });
}

CTStatus ct_tensor_normal_on(const int64_t *shape, int32_t rank, uint64_t seed, CTDevice where, CTTensor *out) {
    at::DeviceType type = where.type == 0 ? at::kCPU : at::kCUDA;
    if (type == at::kCPU) return ct_tensor_normal(shape, rank, seed, out);
    return make(out, [&] {
        at::Device on = device(where);
        at::Generator generator = at::globalContext().getAcceleratorHooksInterface(type).getNewGenerator(on.index());
        generator.set_current_seed(seed);
        return at::empty(list(shape, rank), at::TensorOptions(at::kFloat).device(on)).normal_(0, 1, generator);
    });
}

CTStatus ct_download_begin(CTTensor handle, CTDownload *out) {
    return guard([&]() -> CTStatus {
        auto download = std::make_unique<Download>();
        download->source = tensor(handle).detach().contiguous();
        const at::Tensor &source = download->source;
        if (source.device().is_cpu()) {
            download->host = source.clone();
        } else {
            at::NoGradGuard without_gradient;
            download->host = at::empty(source.sizes(), source.options().device(at::kCPU).pinned_memory(true));
            download->host.copy_(source, /*non_blocking=*/true);
            c10::impl::VirtualGuardImpl backend(source.device().type());
            download->queued.emplace(source.device().type());
            download->queued->record(backend.getStream(source.device()));
        }
        *out = CTDownload{download.release()};
        return CT_OK;
    });
}

bool ct_download_is_done(CTDownload handle) {
    bool is_done = true;
    guard([&]() -> CTStatus {
        auto *download = static_cast<Download *>(handle.impl);
        if (download && download->queued) is_done = download->queued->query();
        return CT_OK;
    });
    return is_done;
}

CTStatus ct_download_end(CTDownload handle, void *bytes, size_t byte_count) {
    std::unique_ptr<Download> download(static_cast<Download *>(handle.impl));
    return guard([&]() -> CTStatus {
        TORCH_CHECK_VALUE(download, "a download is missing");
        if (download->queued) download->queued->synchronize();
        if (!bytes) return CT_OK;
        const size_t size = download->host.nbytes();
        TORCH_CHECK_VALUE(size == byte_count, "the download has ", size, " bytes, not ", byte_count);
        if (size) std::memcpy(bytes, download->host.const_data_ptr(), size);
        return CT_OK;
    });
}
