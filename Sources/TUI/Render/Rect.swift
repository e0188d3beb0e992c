/// A size in character cells.
struct Size: Sendable, Hashable {
    var columns: Int
    var rows: Int
}

/// A rectangle of character cells; the origin is the top left, both 0.
struct Rect: Sendable, Hashable {
    var x: Int
    var y: Int
    var width: Int
    var height: Int

    var maxX: Int { x + width }
    var maxY: Int { y + height }
    var isEmpty: Bool { width <= 0 || height <= 0 }

    /// The rectangle without a border of the given thickness; never negative.
    func inset(_ amount: Int) -> Rect {
        Rect(x: x + amount, y: y + amount, width: max(0, width - 2 * amount), height: max(0, height - 2 * amount))
    }

    func contains(x: Int, y: Int) -> Bool {
        (self.x..<max(self.x, maxX)).contains(x) && (self.y..<max(self.y, maxY)).contains(y)
    }
}
