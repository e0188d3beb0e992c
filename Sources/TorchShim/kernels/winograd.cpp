#include "winograd.hpp"

#include "kernels.hpp"
#include "parallel.hpp"
#include "workspace.hpp"

#include <algorithm>
#include <cstring>

namespace shim {

namespace {

/// Points of one row of tiles are kept this much apart, or 64 of them would share the same lines of the cache.
constexpr int64_t padding = 80;
/// Tiles whose products a thread computes at once; enough for the kernels' points to be worth their way from memory.
constexpr int64_t tiles_at_once = 48;
/// Floats of points up to which all tiles are transformed before any is multiplied.
constexpr int64_t most_shared_points = 3 << 20;
/// With fewer channels the transforms cost more than the multiplications that they save.
constexpr int64_t fewest_inputs = 64;

class Plan {
  public:
    explicit Plan(const Convolution &job) : job(job) {}
    void run() const;

  private:
    const Convolution &job;
    const Kernels &kernel = kernels();
    const int64_t panel = 2 * kernel.lanes;
    const int64_t panels = (job.outputs + panel - 1) / panel;
    const int64_t across = (job.width + 5) / 6;
    const int64_t down = (job.height + 5) / 6;
    const int64_t columns = 6 * across + 2;
    const int64_t kernel_stride = job.inputs * panel + padding;

    void run_by_panels() const;
    void run_by_bands() const;
    void fill_band(int64_t band, int64_t channel, int64_t channels, float *out) const;
    void transform_kernel(int64_t index, float *points) const;
    void multiply(const float *points, int64_t point_stride, int64_t tiles, const float *kernel_points, float *products,
                  int64_t product_stride) const;
    void write(const float *products, int64_t point_stride, int64_t band, int64_t bands, int64_t index) const;
};

/// The eight rows of pixels that a row of tiles sees, with the border of zeros. Bands are counted over all pictures.
void Plan::fill_band(int64_t band, int64_t channel, int64_t channels, float *out) const {
    const int64_t repeat = job.enlarged ? 2 : 1, source_width = job.width / repeat, source_height = job.height / repeat;
    const int64_t picture = band / down, top = band % down * 6 - 1;
    const float *x = job.x + picture * source_height * source_width * job.inputs + channel;
    const float *scale = job.scale ? job.scale + picture * job.inputs + channel : nullptr;
    const float *shift = job.scale ? job.shift + picture * job.inputs + channel : nullptr;
    for (int64_t r = 0; r < 8; ++r) {
        float *row = out + r * columns * channels;
        const int64_t y = top + r;
        if (y < 0 || y >= job.height) {
            std::memset(row, 0, sizeof(float) * columns * channels);
            continue;
        }
        std::memset(row, 0, sizeof(float) * channels);
        kernel.fill_row(x + y / repeat * source_width * job.inputs, job.inputs, source_width, channels, scale, shift,
                        repeat, row + channels);
        const int64_t end = 1 + job.width;
        std::memset(row + end * channels, 0, sizeof(float) * (columns - end) * channels);
    }
}

void Plan::transform_kernel(int64_t index, float *points) const {
    const int64_t first = index * panel, outputs = std::min(panel, job.outputs - first);
    if (job.transposed) {
        kernel.winograd_kernel(job.weight + first * 9, 9, job.outputs * 9, true, outputs, job.inputs, points,
                               kernel_stride);
    } else {
        kernel.winograd_kernel(job.weight + first * job.inputs * 9, job.inputs * 9, 9, false, outputs, job.inputs,
                               points, kernel_stride);
    }
}

void Plan::multiply(const float *points, int64_t point_stride, int64_t tiles, const float *kernel_points,
                    float *products, int64_t product_stride) const {
    for (int64_t f = 0; f < 64; ++f) {
        kernel.multiply_panel(points + f * point_stride, job.inputs, kernel_points + f * kernel_stride,
                              products + f * product_stride, panel, tiles, job.inputs);
    }
}

/// Turns the products of some rows of tiles into pixels.
void Plan::write(const float *products, int64_t point_stride, int64_t band, int64_t bands, int64_t index) const {
    const int64_t side = job.pooled ? 3 : 6, shrink = job.pooled ? 2 : 1;
    const int64_t height = job.height / shrink, width = job.width / shrink;
    for (int64_t b = 0; b < bands; ++b) {
        const int64_t picture = (band + b) / down, row = (band + b) % down * side;
        for (int64_t c = 0; c < panel && index * panel + c < job.outputs; c += kernel.lanes) {
            const int64_t output = index * panel + c;
            const int64_t place = ((picture * height + row) * width) * job.outputs + output;
            kernel.winograd_output(products + b * across * panel + c, point_stride, panel, across,
                                   job.bias ? job.bias + output : nullptr, job.added ? job.added + place : nullptr,
                                   job.y + place, width * job.outputs, job.outputs, height - row, width, job.pooled);
        }
    }
}

/// For small pictures: all tiles are transformed first, then every thread takes panels of outputs.
void Plan::run_by_panels() const {
    const int64_t bands = job.count * down, tiles = bands * across;
    const int64_t point_stride = tiles * job.inputs + padding, product_stride = tiles * panel + padding;
    const int64_t chunk = job.inputs % 64 == 0 ? 64 : job.inputs, chunks = job.inputs / chunk;
    Workspace points(64 * point_stride);
    Workspaces band_rows(8 * columns * chunk), own_kernels(64 * kernel_stride), own_products(64 * product_stride);
    parallel(bands * chunks, [&](int64_t index) {
        const int64_t band = index / chunks, channel = index % chunks * chunk;
        Workspaces::Lease rows(band_rows);
        fill_band(band, channel, chunk, rows.data());
        kernel.winograd_input(rows.data(), columns, chunk, across,
                              points.data() + band * across * job.inputs + channel, point_stride, job.inputs);
    });
    parallel(panels, [&](int64_t index) {
        Workspaces::Lease kernel_points(own_kernels), products(own_products);
        transform_kernel(index, kernel_points.data());
        multiply(points.data(), point_stride, tiles, kernel_points.data(), products.data(), product_stride);
        write(products.data(), product_stride, 0, bands, index);
    });
}

/// For large pictures: the kernels are transformed first, then every thread takes rows of tiles.
void Plan::run_by_bands() const {
    const int64_t bands = job.count * down;
    const int64_t wanted = std::max<int64_t>(1, (tiles_at_once + across / 2) / across);
    const int64_t shared = std::max<int64_t>(1, bands / thread_count());
    const int64_t most = std::min(wanted, shared), blocks = (bands + most - 1) / most;
    const int64_t point_stride = most * across * job.inputs + padding, product_stride = most * across * panel + padding;
    Workspace kernel_points(64 * kernel_stride * panels);
    Workspaces band_rows(8 * columns * job.inputs), own_points(64 * point_stride), own_products(64 * product_stride);
    parallel(panels, [&](int64_t index) { transform_kernel(index, kernel_points.data() + index * 64 * kernel_stride); });
    parallel(blocks, [&](int64_t block) {
        Workspaces::Lease rows(band_rows), points(own_points), products(own_products);
        const int64_t first = bands * block / blocks, count = bands * (block + 1) / blocks - first;
        for (int64_t b = 0; b < count; ++b) {
            fill_band(first + b, 0, job.inputs, rows.data());
            kernel.winograd_input(rows.data(), columns, job.inputs, across,
                                  points.data() + b * across * job.inputs, point_stride, job.inputs);
        }
        for (int64_t index = 0; index < panels; ++index) {
            multiply(points.data(), point_stride, count * across, kernel_points.data() + index * 64 * kernel_stride,
                     products.data(), product_stride);
            write(products.data(), product_stride, first, count, index);
        }
    });
}

void Plan::run() const {
    const int64_t points = job.count * down * across * job.inputs * 64;
    if (points <= most_shared_points) run_by_panels(); else run_by_bands();
}

}  // namespace

bool Convolution::pays(int64_t height, int64_t width, int64_t inputs, int64_t outputs) {
    const int64_t lanes = kernels().lanes;
    if (inputs % lanes != 0 || outputs % lanes != 0) return false;
    if (inputs < fewest_inputs) return false;
    // What the tiles waste at the edges: 8 pixels are computed as 12.
    const int64_t covered = (height + 5) / 6 * ((width + 5) / 6) * 36;
    return 2 * height * width >= covered && height * width >= 256;
}

void Convolution::run() const { Plan(*this).run(); }

}  // namespace shim
