// Work for all threads, on the same pool that libtorch's own operations use.
#pragma once
#include <atomic>
#include <cstdint>

namespace shim {

/// Runs body(context) on up to `threads` threads at once, this one among them.
void run_team(void (*body)(void *), void *context, int64_t threads);
int64_t thread_count();

/// Calls body(index) for 0 ..< count, in any order, on all threads. The body must not throw.
template <class Body>
void parallel(int64_t count, const Body &body) {
    struct Task {
        const Body &body;
        int64_t count;
        std::atomic<int64_t> next{0};
    } task{body, count};
    auto work = [](void *context) {
        Task &task = *static_cast<Task *>(context);
        for (int64_t index; (index = task.next.fetch_add(1, std::memory_order_relaxed)) < task.count;) task.body(index);
    };
    run_team(work, &task, count < thread_count() ? count : thread_count());
}

}  // namespace shim
