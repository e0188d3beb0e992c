// The loops that kernels.hpp describes, for one instruction set: included once per set, inside a namespace of its own
// and with LANES floats a vector. clang's portable vectors throughout. Nothing here may call an inline function of
// another header: the linker could take this set's copy of it for the whole program.

typedef float Vec __attribute__((vector_size(LANES * 4)));
typedef int32_t IntVec __attribute__((vector_size(LANES * 4)));
typedef float LooseVec __attribute__((vector_size(LANES * 4), aligned(4)));

static inline Vec load(const float *p) { return *reinterpret_cast<const LooseVec *>(p); }
static inline void store(float *p, Vec v) { *reinterpret_cast<LooseVec *>(p) = v; }
/// Minus zero costs nothing, where plus zero is an addition: it would turn -0 into 0.
static inline Vec splat(float x) { return x - Vec{}; }

/// Cephes' expf: 2ⁿ times a polynomial in the rest, to about one unit in the last place.
static inline Vec exponential(Vec x) {
    x = x < -87.0f ? splat(-87.0f) : x;
    x = x > 88.0f ? splat(88.0f) : x;
    const Vec magic = splat(12582912.0f);
    Vec n = x * 1.44269504f + magic;
    IntVec bits = (IntVec)n << 23;
    n = n - magic;
    Vec r = x - n * 0.693359375f;
    r = r + n * 2.12194440e-4f;
    Vec p = splat(1.9875691500e-4f);
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    return (Vec)((IntVec)p + bits);
}
static inline Vec sigmoid(Vec x) { return 1.0f / (1.0f + exponential(-x)); }

// --- Winograd's F(6×6, 3×3), "Fast Algorithms for Convolutional Neural Networks" (Lavin and Gray, 2016), with the points
// 0, ±1, ±2, ±1/2 and infinity; the one-dimensional transforms of the input, the kernel and the output.

static inline void input_points(const Vec d[8], Vec t[8]) {
    t[0] = d[0] - d[6] + (d[4] - d[2]) * 5.25f;
    t[7] = d[7] - d[1] + (d[3] - d[5]) * 5.25f;
    Vec a = d[2] + d[6] - d[4] * 4.25f, b = d[1] + d[5] - d[3] * 4.25f;
    t[1] = a + b;
    t[2] = a - b;
    a = d[6] + d[2] * 0.25f - d[4] * 1.25f, b = d[1] * 0.5f - d[3] * 2.5f + d[5] * 2.0f;
    t[3] = a + b;
    t[4] = a - b;
    a = d[6] + (d[2] - d[4] * 1.25f) * 4.0f, b = d[1] * 2.0f - d[3] * 2.5f + d[5] * 0.5f;
    t[5] = a + b;
    t[6] = a - b;
}

static inline void kernel_points(Vec g0, Vec g1, Vec g2, Vec p[8]) {
    Vec even = (g0 + g2) * (-2.0f / 9), odd = g1 * (-2.0f / 9);
    p[0] = g0, p[7] = g2;
    p[1] = even + odd, p[2] = even - odd;
    even = g0 * (1.0f / 90) + g2 * (2.0f / 45), odd = g1 * (1.0f / 45);
    p[3] = even + odd, p[4] = even - odd;
    even = g0 * (32.0f / 45) + g2 * (8.0f / 45), odd = g1 * (16.0f / 45);
    p[5] = even + odd, p[6] = even - odd;
}

static inline void output_points(const Vec m[8], Vec o[6]) {
    Vec s1 = m[1] + m[2], d1 = m[1] - m[2], s2 = m[3] + m[4], d2 = m[3] - m[4], s3 = m[5] + m[6], d3 = m[5] - m[6];
    o[0] = m[0] + s1 + s2 + s3;
    o[1] = d1 + d2 * 2.0f + d3 * 0.5f;
    o[2] = s1 + s2 * 4.0f + s3 * 0.25f;
    o[3] = d1 + d2 * 8.0f + d3 * 0.125f;
    o[4] = s1 + s2 * 16.0f + s3 * 0.0625f;
    o[5] = m[7] + d1 + d2 * 32.0f + d3 * 0.03125f;
}

static void winograd_input(const float *band, int64_t columns, int64_t channels, int64_t tiles, float *points,
                           int64_t point_stride, int64_t channels_all) {
    for (int64_t t = 0; t < tiles; ++t) {
        for (int64_t c = 0; c < channels; c += LANES) {
            Vec half[8][8];
            const float *origin = band + 6 * t * channels + c;
            for (int x = 0; x < 8; ++x) {
                Vec d[8], p[8];
                for (int y = 0; y < 8; ++y) d[y] = load(origin + (y * columns + x) * channels);
                input_points(d, p);
                for (int y = 0; y < 8; ++y) half[y][x] = p[y];
            }
            float *place = points + t * channels_all + c;
            for (int y = 0; y < 8; ++y) {
                Vec p[8];
                input_points(half[y], p);
                for (int x = 0; x < 8; ++x) store(place + (y * 8 + x) * point_stride, p[x]);
            }
        }
    }
}

template <int ROWS>
static void multiply_rows(const float *a, int64_t a_stride, const float *b, float *c, int64_t c_stride, int64_t depth) {
    Vec sum[ROWS][2];
    for (int r = 0; r < ROWS; ++r) sum[r][0] = sum[r][1] = Vec{};
    for (int64_t k = 0; k < depth; ++k) {
        Vec b0 = load(b + k * 2 * LANES), b1 = load(b + k * 2 * LANES + LANES);
#pragma unroll
        for (int r = 0; r < ROWS; ++r) {
            Vec x = splat(a[r * a_stride + k]);
            sum[r][0] += x * b0;
            sum[r][1] += x * b1;
        }
    }
    for (int r = 0; r < ROWS; ++r) {
        store(c + r * c_stride, sum[r][0]);
        store(c + r * c_stride + LANES, sum[r][1]);
    }
}

typedef void (*MultiplyRows)(const float *, int64_t, const float *, float *, int64_t, int64_t);

static void multiply_panel(const float *a, int64_t a_stride, const float *b, float *c, int64_t c_stride, int64_t rows,
                           int64_t depth) {
    static const MultiplyRows kernels[] = {
        multiply_rows<1>, multiply_rows<2>, multiply_rows<3>, multiply_rows<4>, multiply_rows<5>, multiply_rows<6>,
#if LANES == 16
        multiply_rows<7>, multiply_rows<8>, multiply_rows<9>, multiply_rows<10>, multiply_rows<11>, multiply_rows<12>,
        multiply_rows<13>, multiply_rows<14>,
#endif
    };
    const int64_t most = sizeof kernels / sizeof kernels[0];
    int64_t parts = (rows + most - 1) / most;
    for (int64_t part = 0, r = 0; part < parts; ++part) {
        int64_t count = (rows - r + (parts - part) - 1) / (parts - part);
        kernels[count - 1](a + r * a_stride, a_stride, b, c + r * c_stride, c_stride, depth);
        r += count;
    }
}

static void winograd_kernel(const float *weight, int64_t out_stride, int64_t in_stride, bool flipped, int64_t outputs,
                            int64_t inputs, float *points, int64_t point_stride) {
    const int64_t width = 2 * LANES;
    for (int64_t i = 0; i < inputs; ++i) {
        for (int half_panel = 0; half_panel < 2; ++half_panel) {
            float taps[9][LANES];
            for (int64_t lane = 0; lane < LANES; ++lane) {
                int64_t o = half_panel * LANES + lane;
                for (int tap = 0; tap < 9; ++tap) {
                    taps[tap][lane] =
                        o < outputs ? weight[o * out_stride + i * in_stride + (flipped ? 8 - tap : tap)] : 0.0f;
                }
            }
            Vec half[8][3];
            for (int x = 0; x < 3; ++x) {
                Vec g0 = load(taps[x]), g1 = load(taps[3 + x]), g2 = load(taps[6 + x]);
                Vec p[8];
                kernel_points(g0, g1, g2, p);
                for (int y = 0; y < 8; ++y) half[y][x] = p[y];
            }
            float *place = points + i * width + half_panel * LANES;
            for (int y = 0; y < 8; ++y) {
                Vec p[8];
                kernel_points(half[y][0], half[y][1], half[y][2], p);
                for (int x = 0; x < 8; ++x) store(place + (y * 8 + x) * point_stride, p[x]);
            }
        }
    }
}

static void winograd_output(const float *products, int64_t point_stride, int64_t tile_stride, int64_t tiles, const float *bias,
                            const float *added, float *y, int64_t row_stride, int64_t channels, int64_t rows,
                            int64_t columns, bool pooled) {
    Vec offset = bias ? load(bias) : Vec{};
    int side = pooled ? 3 : 6;
    for (int64_t t = 0; t < tiles; ++t) {
        Vec half[6][8], out[6][6];
        for (int x = 0; x < 8; ++x) {
            Vec p[8], o[6];
            for (int k = 0; k < 8; ++k) p[k] = load(products + (k * 8 + x) * point_stride + t * tile_stride);
            output_points(p, o);
            for (int k = 0; k < 6; ++k) half[k][x] = o[k];
        }
        for (int k = 0; k < 6; ++k) output_points(half[k], out[k]);
        int64_t high = rows < side ? rows : side;
        int64_t wide = columns - t * side < side ? columns - t * side : side;
        for (int64_t r = 0; r < high; ++r) {
            for (int64_t c = 0; c < wide; ++c) {
                int64_t place = r * row_stride + (t * side + c) * channels;
                Vec value = pooled ? out[2 * r][2 * c] + out[2 * r][2 * c + 1] + out[2 * r + 1][2 * c] +
                                         out[2 * r + 1][2 * c + 1]
                                   : out[r][c] + offset;
                if (added) value += load(added + place);
                store(y + place, value);
            }
        }
    }
}

// --- Rows of pixels --------------------------------------------------------------------------------------------------

static void fill_row(const float *x, int64_t stride, int64_t pixels, int64_t channels, const float *scale,
                     const float *shift, int64_t repeat, float *out) {
    for (int64_t p = 0; p < pixels; ++p) {
        for (int64_t c = 0; c < channels; c += LANES) {
            Vec v = load(x + p * stride + c);
            if (scale) {
                v = v * load(scale + c) + load(shift + c);
                v = v * sigmoid(v);
            }
            for (int64_t r = 0; r < repeat; ++r) store(out + (p * repeat + r) * channels + c, v);
        }
    }
}

static void add_moments(const float *x, int64_t pixels, int64_t channels, const float *center, float *sum,
                        float *squares) {
    for (int64_t p = 0; p < pixels; ++p) {
        for (int64_t c = 0; c < channels; c += LANES) {
            Vec d = load(x + p * channels + c) - load(center + c);
            store(sum + c, load(sum + c) + d);
            store(squares + c, load(squares + c) + d * d);
        }
    }
}

static void silu_backward(float *gradient, const float *x, int64_t pixels, int64_t channels, const float *scale,
                          const float *shift, const float *mean, float *sum, float *products) {
    for (int64_t p = 0; p < pixels; ++p) {
        for (int64_t c = 0; c < channels; c += LANES) {
            Vec value = load(x + p * channels + c);
            Vec n = value * load(scale + c) + load(shift + c), s = sigmoid(n);
            Vec g = load(gradient + p * channels + c) * (s * (1.0f + n * (1.0f - s)));
            store(gradient + p * channels + c, g);
            store(sum + c, load(sum + c) + g);
            store(products + c, load(products + c) + g * (value - load(mean + c)));
        }
    }
}

static void normalize_backward(float *gradient, const float *x, const float *added, int64_t pixels, int64_t channels,
                               const float *scale, const float *slope, const float *offset) {
    for (int64_t p = 0; p < pixels; ++p) {
        for (int64_t c = 0; c < channels; c += LANES) {
            int64_t place = p * channels + c;
            Vec g = load(gradient + place) * load(scale + c) + (load(x + place) * load(slope + c) + load(offset + c));
            if (added) g += load(added + place);
            store(gradient + place, g);
        }
    }
}

// --- Numbers ---------------------------------------------------------------------------------------------------------

static inline Vec quick_gelu_derivative(Vec x) {
    Vec s = sigmoid(1.702f * x);
    return s * (1.0f + 1.702f * x * (1.0f - s));
}

static void quick_gelu(const float *x, int64_t count, float *out) {
    int64_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        Vec v = load(x + i);
        store(out + i, v * sigmoid(1.702f * v));
    }
    for (; i < count; ++i) out[i] = (splat(x[i]) * sigmoid(splat(1.702f * x[i])))[0];
}

static void quick_gelu_backward(float *gradient, const float *x, int64_t count) {
    int64_t i = 0;
    for (; i + LANES <= count; i += LANES) store(gradient + i, load(gradient + i) * quick_gelu_derivative(load(x + i)));
    for (; i < count; ++i) gradient[i] *= quick_gelu_derivative(splat(x[i]))[0];
}

static const Kernels table = {
    LANES,       winograd_input, winograd_kernel, winograd_output,    multiply_panel, fill_row,
    add_moments, silu_backward,  normalize_backward, quick_gelu, quick_gelu_backward,
};
