#include "kernels.hpp"

namespace shim {

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,avx2,fma"))), apply_to = function)
namespace avx512 {
#define LANES 16
#include "lanes.hpp"
#undef LANES
}  // namespace avx512
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
namespace avx2 {
#define LANES 8
#include "lanes.hpp"
#undef LANES
}  // namespace avx2
#pragma clang attribute pop
#endif

namespace baseline {
#define LANES 4
#include "lanes.hpp"
#undef LANES
}  // namespace baseline

const Kernels &kernels() {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")) {
        return avx512::table;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return avx2::table;
#endif
    return baseline::table;
}

}  // namespace shim
