import Foundation

extension Double {
    static func log(_ x: Double) -> Double { Foundation.log(x) }
    static func log2(_ x: Double) -> Double { Foundation.log2(x) }
    static func cos(_ x: Double) -> Double { Foundation.cos(x) }
    static func sin(_ x: Double) -> Double { Foundation.sin(x) }
    static func tan(_ x: Double) -> Double { Foundation.tan(x) }
    static func pow(_ x: Double, _ y: Double) -> Double { Foundation.pow(x, y) }
}
