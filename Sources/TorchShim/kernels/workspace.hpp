// Memory for one operation, from libtorch's allocator: it keeps what is given back, so that nothing is zeroed anew.
#pragma once
#include <c10/core/CPUAllocator.h>

#include <cstdint>
#include <mutex>
#include <vector>

namespace shim {

class Workspace {
  public:
    explicit Workspace(int64_t floats) : memory(c10::GetCPUAllocator()->allocate(sizeof(float) * floats)) {}
    float *data() const { return static_cast<float *>(memory.get()); }

  private:
    c10::DataPtr memory;
};

/// As many equal workspaces as there are threads, each used by one at a time.
class Workspaces {
  public:
    explicit Workspaces(int64_t floats);

    class Lease {
      public:
        explicit Lease(Workspaces &all) : all(all), place(all.take()) {}
        ~Lease() { all.give_back(place); }
        Lease(const Lease &) = delete;
        float *data() const { return place; }

      private:
        Workspaces &all;
        float *place;
    };

  private:
    std::vector<Workspace> owned;
    std::vector<float *> unused;
    std::mutex mutex;

    float *take();
    void give_back(float *place);
};

}  // namespace shim
