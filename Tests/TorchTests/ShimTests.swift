import CTorch
import Testing
import Torch

/// All suites that use libtorch run one after the other: the counter of live handles belongs to the process.
@Suite("Torch", .serialized)
enum TorchSuites {}

extension TorchSuites {
    @Suite("C API", .serialized)
    final class ShimTests {
        private static var undefined: CTTensor { CTTensor(impl: nil) }
        private static var cpu: CTDevice { CTDevice(type: 0, index: 0) }

        private var owned: [CTTensor] = []
        private let liveAtStart: Int64

        init() throws {
            try Runtime.load()
            liveAtStart = ct_debug_live_tensors()
        }

        deinit {
            for handle in owned { ct_tensor_free(handle) }
            if ct_debug_live_tensors() != liveAtStart { Issue.record("handles have leaked") }
        }

        private func make(_ values: [Float], _ shape: [Int64]) -> CTTensor {
            var handle = Self.undefined
            let status = ct_tensor_from_bytes(
                values,
                values.count * 4,
                CTScalarType(CT_FLOAT32),
                shape,
                Int32(shape.count),
                &handle
            )
            #expect(status == CT_OK)
            owned.append(handle)
            return handle
        }

        private func makeIntegers(_ values: [Int64], _ shape: [Int64]) -> CTTensor {
            var handle = Self.undefined
            let status = ct_tensor_from_bytes(
                values,
                values.count * 8,
                CTScalarType(CT_INT64),
                shape,
                Int32(shape.count),
                &handle
            )
            #expect(status == CT_OK)
            owned.append(handle)
            return handle
        }

        /// Runs a call that must fail with the status, say why, and leave its result alone.
        private func expectFailure(
            _ expected: Int? = nil,
            _ name: String,
            sourceLocation: SourceLocation = #_sourceLocation,
            _ call: (UnsafeMutablePointer<CTTensor>) -> CTStatus
        ) {
            var mark = 0
            withUnsafeMutablePointer(to: &mark) { address in
                var handle = CTTensor(impl: address)
                let status = call(&handle)
                #expect(status != CT_OK, "\(name)", sourceLocation: sourceLocation)
                if let expected { #expect(Int(status) == expected, "\(name)", sourceLocation: sourceLocation) }
                let message = String(cString: ct_last_error_message())
                #expect(!message.isEmpty, "\(name)", sourceLocation: sourceLocation)
                #expect(
                    !message.contains("frame #"),
                    "a backtrace is no message: \(name)",
                    sourceLocation: sourceLocation
                )
                let isUntouched = handle.impl == UnsafeMutableRawPointer(address)
                #expect(isUntouched, "\(name)", sourceLocation: sourceLocation)
                if !isUntouched { ct_tensor_free(handle) }
            }
        }

        @Test func badMakingsAreRefused() {
            let one: [Float] = [1]
            let float = CTScalarType(CT_FLOAT32)
            let argument = CT_ERR_ARGUMENT
            expectFailure(argument, "bytes") { ct_tensor_from_bytes(one, 4, float, [2], 1, $0) }
            expectFailure(argument, "type 99") { ct_tensor_from_bytes(one, 4, 99, [1], 1, $0) }
            expectFailure(argument, "type -1") { ct_tensor_full([1], 1, 0, -1, Self.cpu, $0) }
            expectFailure(argument, "negative size") { ct_tensor_full([-1], 1, 0, float, Self.cpu, $0) }
            expectFailure(argument, "negative rank") { ct_tensor_full([1], -1, 0, float, Self.cpu, $0) }
            expectFailure(argument, "overflow") { ct_tensor_full([1 << 40, 1 << 40], 2, 0, float, Self.cpu, $0) }
            expectFailure(nil, "byte overflow") { ct_tensor_from_bytes(one, 0, float, [1 << 62], 1, $0) }
            expectFailure(argument, "negative empty") { ct_tensor_empty([-1], 1, float, $0) }
            expectFailure(argument, "overflowed empty") { ct_tensor_empty([1 << 40, 1 << 40], 2, float, $0) }
            expectFailure(argument, "empty type") { ct_tensor_empty([1], 1, 99, $0) }
            expectFailure(argument, "negative normal") { ct_tensor_normal([-1], 1, 0, $0) }
            expectFailure(argument, "overflowed uniform") { ct_tensor_uniform([1 << 62, 8], 2, 0, $0) }
            expectFailure(nil, "value beyond type") {
                ct_tensor_full([1], 1, 1e30, CTScalarType(CT_INT8), Self.cpu, $0)
            }
            for (type, index) in [(2, 0), (-1, 0), (1, 1000), (1, -5), (1, 256)] as [(Int32, Int32)] {
                expectFailure(nil, "device \(type):\(index)") {
                    ct_tensor_full([1], 1, 0, float, CTDevice(type: type, index: index), $0)
                }
            }
        }

        @Test func anAbsurdSizeIsOutOfMemory() {
            let memory = CT_ERR_OUT_OF_MEMORY
            let float = CTScalarType(CT_FLOAT32)
            expectFailure(memory, "full") { ct_tensor_full([1 << 50], 1, 0, float, Self.cpu, $0) }
            expectFailure(memory, "empty") { ct_tensor_empty([1 << 50], 1, float, $0) }
            expectFailure(memory, "normal") { ct_tensor_normal([1 << 50], 1, 0, $0) }
            let small = make([1, 2, 3, 4], [1, 1, 2, 2])
            expectFailure(memory, "upsampled") { ct_upsample_nearest(small, 1 << 24, $0) }
        }

        @Test func badEnumValuesAreRefused() {
            let a = make([1, 2, 3, 4], [1, 1, 2, 2])
            let grid = make([0, 0], [1, 1, 1, 2])
            for value in [-1, 99, Int32.max, Int32.min] as [Int32] {
                expectFailure(CT_ERR_ARGUMENT, "unary") { ct_tensor_unary(value, a, $0) }
                expectFailure(CT_ERR_ARGUMENT, "binary") { ct_tensor_binary(value, a, a, $0) }
                expectFailure(CT_ERR_ARGUMENT, "scalar") { ct_tensor_binary_scalar(value, a, 1, $0) }
                expectFailure(CT_ERR_ARGUMENT, "reduce") { ct_tensor_reduce(value, a, nil, 0, false, $0) }
                expectFailure(CT_ERR_ARGUMENT, "pad") { ct_tensor_pad(a, [1, 1], 2, value, 0, $0) }
                expectFailure(CT_ERR_ARGUMENT, "sample") { ct_grid_sample(a, grid, value, $0) }
                expectFailure(CT_ERR_ARGUMENT, "convert") { ct_tensor_convert(a, value, Self.cpu, $0) }
            }
        }

        @Test func badShapesTypesAndIndicesAreRefused() {
            let a = make([1, 2, 3, 4, 5, 6], [2, 3])
            let image = make([1, 2, 3, 4], [1, 1, 2, 2])
            let odd = make([1, 2, 3, 4, 5], [5])
            let integers = makeIntegers([0, 9], [2])
            expectFailure(nil, "add") { ct_tensor_binary(CTBinary(CT_ADD), a, odd, $0) }
            expectFailure(nil, "matmul") { ct_matmul(a, a, $0) }
            expectFailure(nil, "matmul types") { ct_matmul(a, integers, $0) }
            expectFailure(nil, "linear") { ct_linear(a, image, Self.undefined, $0) }
            expectFailure(nil, "reshape") { ct_tensor_reshape(a, [4, 2], 2, $0) }
            expectFailure(nil, "reshape -1 -1") { ct_tensor_reshape(a, [-1, -1], 2, $0) }
            expectFailure(CT_ERR_ARGUMENT, "negative rank") { ct_tensor_reshape(a, [6], -1, $0) }
            expectFailure(nil, "permute") { ct_tensor_permute(a, [0, 0], 2, $0) }
            expectFailure(CT_ERR_INDEX, "permute 7") { ct_tensor_permute(a, [0, 7], 2, $0) }
            expectFailure(nil, "expand") { ct_tensor_expand(a, [2, 5], 2, $0) }
            expectFailure(CT_ERR_INDEX, "slice dimension") { ct_tensor_slice(a, 9, 0, 1, $0) }
            expectFailure(nil, "slice beyond") { ct_tensor_slice(a, 0, 1, 9, $0) }
            expectFailure(nil, "slice negative length") { ct_tensor_slice(a, 0, 0, -1, $0) }
            expectFailure(CT_ERR_INDEX, "select") { ct_tensor_select(a, 0, integers, $0) }
            expectFailure(nil, "select by floats") { ct_tensor_select(a, 0, odd, $0) }
            expectFailure(CT_ERR_INDEX, "embedding") { ct_embedding(a, integers, $0) }
            expectFailure(nil, "concatenate") { ct_tensor_concatenate([a, odd], 2, 0, $0) }
            expectFailure(nil, "concatenate nothing") { ct_tensor_concatenate([], 0, 0, $0) }
            expectFailure(CT_ERR_ARGUMENT, "concatenate -1") { ct_tensor_concatenate([a], -1, 0, $0) }
            expectFailure(CT_ERR_INDEX, "flip") { ct_tensor_flip(a, 2, $0) }
            expectFailure(CT_ERR_INDEX, "argmin") { ct_tensor_argmin(a, 5, $0) }
            expectFailure(CT_ERR_INDEX, "softmax") { ct_tensor_softmax(a, -3, $0) }
            expectFailure(CT_ERR_INDEX, "sum") { ct_tensor_reduce(CTReduction(CT_SUM), a, [4], 1, false, $0) }
            expectFailure(nil, "where") { ct_tensor_where(a, a, a, $0) }
            expectFailure(nil, "odd pad") { ct_tensor_pad(image, [1, 1, 1], 3, 0, 0, $0) }
            expectFailure(nil, "reflect too far") { ct_tensor_pad(image, [2, 2], 2, CTPadding(CT_PAD_REFLECT), 0, $0) }
            expectFailure(nil, "clamp with nothing") { ct_tensor_clamp(a, Self.undefined, Self.undefined, $0) }
        }

        @Test func badLayersAreRefused() {
            let image = make([1, 2, 3, 4], [1, 1, 2, 2])
            let kernel = make([1, 1, 1, 1], [1, 1, 2, 2])
            let two = make([1, 1], [2])
            let flat = make([1, 2, 3, 4], [4])
            let none = Self.undefined
            expectFailure(nil, "conv of a vector") { ct_conv2d(flat, kernel, none, 1, 0, 1, $0) }
            for groups in [0, -1, 2, Int64.max] {
                expectFailure(nil, "conv groups \(groups)") { ct_conv2d(image, kernel, none, 1, 0, groups, $0) }
                expectFailure(nil, "norm groups \(groups)") { ct_group_norm(image, groups, none, none, 1e-5, $0) }
            }
            for stride in [0, -1] as [Int64] {
                expectFailure(nil, "conv stride \(stride)") { ct_conv2d(image, kernel, none, stride, 0, 1, $0) }
            }
            expectFailure(nil, "conv padding") { ct_conv2d(image, kernel, none, 1, -1, 1, $0) }
            expectFailure(nil, "conv bias") { ct_conv2d(image, kernel, two, 1, 0, 1, $0) }
            expectFailure(nil, "group norm weight") { ct_group_norm(image, 1, two, none, 1e-5, $0) }
            expectFailure(nil, "layer norm") { ct_layer_norm(flat, two, none, 1e-5, $0) }
            expectFailure(nil, "batch norm") { ct_batch_norm(image, two, two, two, two, 1e-5, $0) }
            expectFailure(nil, "batch norm without statistics") { ct_batch_norm(image, none, none, none, none, 0, $0) }
            expectFailure(nil, "attention") { ct_attention(image, flat, image, false, $0) }
            for factor in [0, -1, Int64.max, 1 << 32] {
                expectFailure(nil, "upsample \(factor)") { ct_upsample_nearest(image, factor, $0) }
                expectFailure(nil, "average \(factor)") { ct_average_pool(image, factor, $0) }
                expectFailure(nil, "shuffle \(factor)") { ct_pixel_shuffle(image, factor, $0) }
                expectFailure(nil, "unshuffle \(factor)") { ct_pixel_unshuffle(image, factor, $0) }
            }
            expectFailure(nil, "upsample a vector") { ct_upsample_nearest(flat, 2, $0) }
            for size in [0, -1] as [Int64] {
                expectFailure(nil, "bicubic \(size)") { ct_resize_bicubic(image, size, 2, false, $0) }
                expectFailure(nil, "antialiased \(size)") { ct_resize_bicubic(image, 2, size, true, $0) }
            }
            expectFailure(nil, "adaptive") { ct_adaptive_average_pool(image, -1, 2, $0) }
            expectFailure(nil, "adaptive maximum") { ct_adaptive_max_pool(image, 2, -1, $0) }
            expectFailure(nil, "grid of a wrong shape") { ct_grid_sample(image, flat, 0, $0) }
        }

        @Test func undefinedTensorsAreRefusedEverywhere() {
            let a = make([1, 2, 3, 4], [1, 1, 2, 2])
            let none = Self.undefined
            let makers: [(String, (UnsafeMutablePointer<CTTensor>) -> CTStatus)] = [
                ("convert", { ct_tensor_convert(none, 0, Self.cpu, $0) }),
                ("contiguous", { ct_tensor_contiguous(none, true, $0) }), ("clone", { ct_tensor_clone(none, $0) }),
                ("detach", { ct_tensor_detach(none, $0) }), ("gradient", { ct_tensor_gradient(none, $0) }),
                ("clamp gradient", { ct_tensor_clamp_with_gradient(none, 0, 1, $0) }),
                ("replace 1", { ct_tensor_replace_gradient(none, a, $0) }),
                ("replace 2", { ct_tensor_replace_gradient(a, none, $0) }),
                ("replace both", { ct_tensor_replace_gradient(none, none, $0) }),
                ("clamp", { ct_tensor_clamp(none, a, a, $0) }), ("clamp", { ct_tensor_clamp_scalar(none, 0, 1, $0) }),
                ("where 1", { ct_tensor_where(none, a, a, $0) }), ("where 2", { ct_tensor_where(a, none, a, $0) }),
                ("argmin", { ct_tensor_argmin(none, 0, $0) }), ("argmax", { ct_tensor_argmax(none, 0, $0) }),
                ("softmax", { ct_tensor_softmax(none, 0, $0) }), ("log", { ct_tensor_log_softmax(none, 0, $0) }),
                ("reshape", { ct_tensor_reshape(none, [1], 1, $0) }), ("flip", { ct_tensor_flip(none, 0, $0) }),
                ("permute", { ct_tensor_permute(none, [0], 1, $0) }),
                ("expand", { ct_tensor_expand(none, [1], 1, $0) }),
                ("slice", { ct_tensor_slice(none, 0, 0, 1, $0) }),
                ("select 1", { ct_tensor_select(none, 0, a, $0) }), ("select 2", { ct_tensor_select(a, 0, none, $0) }),
                ("concatenate", { ct_tensor_concatenate([a, none], 2, 0, $0) }),
                ("pad", { ct_tensor_pad(none, [1, 1], 2, 0, 0, $0) }), ("matmul 1", { ct_matmul(none, a, $0) }),
                ("matmul 2", { ct_matmul(a, none, $0) }), ("linear 1", { ct_linear(none, a, none, $0) }),
                ("linear 2", { ct_linear(a, none, none, $0) }), ("conv 1", { ct_conv2d(none, a, none, 1, 0, 1, $0) }),
                ("conv 2", { ct_conv2d(a, none, none, 1, 0, 1, $0) }),
                ("group norm", { ct_group_norm(none, 1, none, none, 0, $0) }),
                ("layer norm 1", { ct_layer_norm(none, a, a, 0, $0) }),
                ("layer norm 2", { ct_layer_norm(a, none, none, 0, $0) }),
                ("batch norm", { ct_batch_norm(none, a, a, a, a, 0, $0) }),
                ("embedding 1", { ct_embedding(none, a, $0) }), ("embedding 2", { ct_embedding(a, none, $0) }),
                ("attention 1", { ct_attention(none, a, a, true, $0) }),
                ("attention 2", { ct_attention(a, none, a, true, $0) }),
                ("attention 3", { ct_attention(a, a, none, false, $0) }),
                ("upsample", { ct_upsample_nearest(none, 2, $0) }),
                ("bicubic", { ct_resize_bicubic(none, 2, 2, false, $0) }),
                ("bicubic", { ct_resize_bicubic(none, 2, 2, true, $0) }), ("pool", { ct_average_pool(none, 2, $0) }),
                ("adaptive", { ct_adaptive_average_pool(none, 2, 2, $0) }),
                ("adaptive", { ct_adaptive_max_pool(none, 2, 2, $0) }),
                ("shuffle", { ct_pixel_shuffle(none, 2, $0) }), ("unshuffle", { ct_pixel_unshuffle(none, 2, $0) }),
                ("sample 1", { ct_grid_sample(none, a, 0, $0) }), ("sample 2", { ct_grid_sample(a, none, 0, $0) }),
            ]
            for (name, call) in makers { expectFailure(CT_ERR_ARGUMENT, name, call) }
            for operation in 0...Int32(CT_QUICK_GELU) {
                expectFailure(CT_ERR_ARGUMENT, "unary") { ct_tensor_unary(operation, none, $0) }
            }
            for operation in 0...Int32(CT_EQUAL) {
                expectFailure(CT_ERR_ARGUMENT, "binary") { ct_tensor_binary(operation, none, a, $0) }
                expectFailure(CT_ERR_ARGUMENT, "binary") { ct_tensor_binary(operation, a, none, $0) }
                expectFailure(CT_ERR_ARGUMENT, "scalar") { ct_tensor_binary_scalar(operation, none, 1, $0) }
            }
            for reduction in 0...Int32(CT_VARIANCE) {
                expectFailure(CT_ERR_ARGUMENT, "reduce") { ct_tensor_reduce(reduction, none, nil, 0, false, $0) }
            }
        }

        @Test func undefinedTensorsHaveNothingToTell() {
            let none = Self.undefined
            var (rank, type, value): (Int32, CTScalarType, Double) = (-7, -7, -7)
            var device = CTDevice(type: -7, index: -7)
            var sizes: [Int64] = [-7, -7]
            var bytes: [UInt8] = [7, 7]
            let statuses = [
                ct_tensor_shape(none, &sizes, 2, &rank), ct_tensor_type(none, &type), ct_tensor_device(none, &device),
                ct_tensor_item(none, &value), ct_tensor_copy_bytes(none, &bytes, 2),
                ct_tensor_set_requires_gradient(none, true), ct_tensor_set_requires_gradient(none, false),
                ct_tensor_backward(none, none), ct_tensor_clear_gradient(none),
                ct_tensor_assign(none, none), ct_tensor_assign(none, make([1], [1])),
                ct_tensor_assign(make([1], [1]), none),
            ]
            #expect(statuses.allSatisfy { $0 == CT_ERR_ARGUMENT }, "\(statuses)")
            #expect((rank, type, value) == (-7, -7, -7))
            #expect((device.type, device.index) == (-7, -7))
            #expect(sizes == [-7, -7])
            #expect(bytes == [7, 7])
            ct_tensor_free(none)
        }

        @Test func whatDoesNotFitIsLeftAlone() {
            let a = make([1, 2, 3, 4], [1, 1, 2, 2])
            var sizes: [Int64] = [-7, -7, -7]
            var rank: Int32 = -7
            #expect(ct_tensor_shape(a, &sizes, 3, &rank) == CT_ERR_ARGUMENT)
            #expect(sizes == [-7, -7, -7])
            #expect(rank == -7)
            var bytes = [UInt8](repeating: 7, count: 15)
            #expect(ct_tensor_copy_bytes(a, &bytes, 15) == CT_ERR_ARGUMENT)
            #expect(bytes.allSatisfy { $0 == 7 })
            var value = -7.0
            #expect(ct_tensor_item(a, &value) != CT_OK)
            #expect(value == -7)
            #expect(ct_tensor_assign(a, make([1], [1])) == CT_ERR_ARGUMENT, "no broadcast")
            #expect(ct_tensor_backward(a, Self.undefined) != CT_OK, "nothing to go back to")
            #expect(ct_set_thread_count(0) == CT_ERR_ARGUMENT)
            #expect(ct_open_cuda("/no such folder") == CT_ERR_UNSUPPORTED)
            #expect(String(cString: ct_last_error_message()).contains("/no such folder"))
        }

        @Test func handlesAreCounted() {
            let before = ct_debug_live_tensors()
            var (first, second) = (Self.undefined, Self.undefined)
            #expect(ct_tensor_normal([2], 1, 0, &first) == CT_OK)
            #expect(ct_tensor_detach(first, &second) == CT_OK)
            #expect(ct_debug_live_tensors() == before + 2)
            ct_tensor_free(first)
            ct_tensor_free(second)
            #expect(ct_debug_live_tensors() == before)
        }
    }
}
