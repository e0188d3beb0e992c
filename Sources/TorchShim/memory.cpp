// Memory of large tensors on the processor, kept for the next one of about the same size: the kernel zeroes what it
// hands out page by page, which in a run of hundreds of steps costs more than many a layer.
#include "guard.hpp"

#include <c10/core/CPUAllocator.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <sys/mman.h>
#include <unordered_map>

using namespace shim;

namespace {

constexpr size_t smallest = 1 << 18, huge_page = 1 << 21;

class KeepingAllocator final : public c10::Allocator {
  public:
    c10::DataPtr allocate(size_t size) override {
        void *memory = size < smallest ? small(size) : large(rounded(size));
        return {memory, memory, &release, c10::Device(c10::kCPU)};
    }
    c10::DeleterFnPtr raw_deleter() const override { return &release; }
    void copy_data(void *to, const void *from, size_t size) const override { std::memcpy(to, from, size); }
    void release_unused();
    static KeepingAllocator &shared();

  private:
    std::mutex mutex;
    std::unordered_map<void *, size_t> sizes;
    std::multimap<size_t, void *> unused;
    size_t live = 0, kept = 0, most_live = 0;

    /// At most an eighth more; the kernel backs only what is written.
    static size_t rounded(size_t size) {
        size_t step = size_t(1) << (61 - __builtin_clzll(size - 1));
        step = std::max<size_t>(step / 2, 1 << 16);
        return (size + step - 1) / step * step;
    }
    static void *small(size_t size) {
        void *memory = nullptr;
        if (size > 0 && posix_memalign(&memory, 64, size) != 0) throw std::bad_alloc();
        return memory;
    }
    static void release(void *memory);
    void *large(size_t size);
    void *map(size_t size);
    void drop_unused(size_t room);
};

KeepingAllocator &KeepingAllocator::shared() {
    static KeepingAllocator &allocator = *new KeepingAllocator;
    return allocator;
}

void *KeepingAllocator::large(size_t size) {
    std::lock_guard lock(mutex);
    void *memory;
    auto found = unused.lower_bound(size);
    if (found != unused.end() && found->first <= size + size / 4) {
        memory = found->second;
        size = found->first;
        kept -= size;
        unused.erase(found);
    } else {
        // Hardly more in all than what was in use at once.
        const size_t limit = std::max(most_live + most_live / 8, live + size);
        if (live + kept + size > limit) drop_unused(limit - live - size);
        memory = map(size);
        sizes[memory] = size;
    }
    live += size;
    most_live = std::max(most_live, live);
    return memory;
}

/// Where it fits, memory comes in huge pages, which also spare the processor most of its address translation.
void *KeepingAllocator::map(size_t size) {
    const size_t slack = size >= 2 * huge_page ? huge_page : 0;
    auto get = [&] { return mmap(nullptr, size + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); };
    void *memory = get();
    if (memory == MAP_FAILED) {
        drop_unused(0);
        memory = get();
    }
    TORCH_CHECK_WITH(OutOfMemoryError, memory != MAP_FAILED, "can't allocate memory: ", size, " bytes");
    if (slack == 0) return memory;
    char *start = static_cast<char *>(memory);
    char *aligned = start + (huge_page - reinterpret_cast<uintptr_t>(start) % huge_page) % huge_page;
    if (aligned > start) munmap(start, static_cast<size_t>(aligned - start));
    if (start + slack > aligned) munmap(aligned + size, static_cast<size_t>(start + slack - aligned));
    madvise(aligned, size, MADV_HUGEPAGE);
    return aligned;
}

/// Gives the largest unused blocks back until no more than `room` bytes are kept.
void KeepingAllocator::drop_unused(size_t room) {
    while (kept > room && !unused.empty()) {
        auto last = std::prev(unused.end());
        munmap(last->second, last->first);
        sizes.erase(last->second);
        kept -= last->first;
        unused.erase(last);
    }
}

void KeepingAllocator::release(void *memory) {
    if (!memory) return;
    KeepingAllocator &all = shared();
    std::lock_guard lock(all.mutex);
    auto found = all.sizes.find(memory);
    if (found == all.sizes.end()) {
        std::free(memory);
        return;
    }
    all.live -= found->second;
    all.kept += found->second;
    all.unused.emplace(found->second, memory);
}

void KeepingAllocator::release_unused() {
    std::lock_guard lock(mutex);
    drop_unused(0);
    most_live = live;
}

}  // namespace

void ct_keep_memory(void) { c10::SetCPUAllocator(&KeepingAllocator::shared(), /*priority=*/1); }
void ct_release_memory(void) { KeepingAllocator::shared().release_unused(); }
