import WeightFiles

/// Pickles, put together from the bytes of their operations.
enum Pickle {
    /// A whole pickle of protocol 2 that stands for a value.
    static func whole(_ value: [UInt8]) -> [UInt8] { [0x80, 2] + value + [UInt8(ascii: ".")] }

    static func text(_ operations: String) -> [UInt8] { Array(operations.utf8) }

    static let none = text("N")
    static let emptyTuple = text(")")

    static func string(_ text: String) -> [UInt8] {
        [UInt8(ascii: "X")] + bytes([UInt32(text.utf8.count)]) + Array(text.utf8)
    }

    static func int(_ value: Int) -> [UInt8] {
        guard let small = Int32(exactly: value) else { return [0x8A, 8] + bytes([value]) }
        return [UInt8(ascii: "J")] + bytes([small])
    }

    static func tuple(_ items: [[UInt8]]) -> [UInt8] { text("(") + items.joined() + text("t") }

    static func list(_ items: [[UInt8]]) -> [UInt8] { text("](") + items.joined() + text("e") }

    static func dictionary(_ pairs: [([UInt8], [UInt8])]) -> [UInt8] {
        text("}(") + pairs.flatMap { $0.0 + $0.1 } + text("u")
    }

    static func dictionary(_ pairs: [(String, [UInt8])]) -> [UInt8] {
        dictionary(pairs.map { (string($0.0), $0.1) })
    }

    static func global(_ module: String, _ name: String) -> [UInt8] { text("c\(module)\n\(name)\n") }

    static func call(_ function: [UInt8], _ arguments: [[UInt8]]) -> [UInt8] {
        function + tuple(arguments) + text("R")
    }

    /// An object with attributes, made as Python makes them.
    static func object(_ module: String, _ name: String, state: [UInt8]) -> [UInt8] {
        global(module, name) + emptyTuple + [0x81] + state + text("b")
    }

    static func storage(_ key: String, _ type: String = "FloatStorage", count: Int, view: [UInt8]? = nil) -> [UInt8] {
        var parts = [string("storage"), global("torch", type), string(key), string("cpu"), int(count)]
        if let view { parts.append(view) }
        return tuple(parts) + text("Q")
    }

    static func tensor(_ storage: [UInt8], _ shape: [Int], strides: [Int]? = nil, offset: Int = 0) -> [UInt8] {
        var contiguous: [Int] = []
        var step = 1
        for size in shape.reversed() {
            contiguous.insert(step, at: 0)
            step = step.multipliedReportingOverflow(by: size).partialValue
        }
        let hooks = call(global("collections", "OrderedDict"), [])
        return call(
            global("torch._utils", "_rebuild_tensor_v2"),
            [
                storage, int(offset), tuple(shape.map(int)), tuple((strides ?? contiguous).map(int)), [0x89],
                hooks,
            ]
        )
    }
}
