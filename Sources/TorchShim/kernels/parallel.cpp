#include "parallel.hpp"

#include <ATen/Parallel.h>

#include <dlfcn.h>

namespace shim {

int64_t thread_count() { return at::get_num_threads(); }

void run_team(void (*body)(void *), void *context, int64_t threads) {
    // Swift's clang has no OpenMP, but libtorch has brought its runtime along. A pool of our own would have to share
    // the cores with libtorch's threads, which spin for a while after every operation.
    using Team = void (*)(void (*)(void *), void *, unsigned, unsigned);
    static const auto team = reinterpret_cast<Team>(dlsym(RTLD_DEFAULT, "GOMP_parallel"));
    if (team && threads > 1 && !at::in_parallel_region()) {
        team(body, context, static_cast<unsigned>(threads), 0);
    } else {
        body(context);
    }
}

}  // namespace shim
