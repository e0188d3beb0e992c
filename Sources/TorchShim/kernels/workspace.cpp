#include "workspace.hpp"

#include "parallel.hpp"

namespace shim {

Workspaces::Workspaces(int64_t floats) {
    for (int64_t i = 0; i < thread_count(); ++i) {
        owned.emplace_back(floats);
        unused.push_back(owned.back().data());
    }
}

float *Workspaces::take() {
    std::lock_guard lock(mutex);
    float *place = unused.back();
    unused.pop_back();
    return place;
}

void Workspaces::give_back(float *place) {
    std::lock_guard lock(mutex);
    unused.push_back(place);
}

}  // namespace shim
