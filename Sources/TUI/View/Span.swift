/// A stretch of text in one style.
struct Span: Sendable, Equatable {
    var text: String
    var style: CellStyle

    init(_ text: String, _ style: CellStyle) {
        self.text = text
        self.style = style
    }

    init(_ text: String, _ role: ThemeRole = .text) { self.init(text, CellStyle(role)) }

    var width: Int { TextMeasure.width(of: text) }
}

extension [Span] {
    var width: Int { reduce(0) { $0 + $1.width } }
}

extension CellBuffer {
    /// Writes spans one after the other, with an ellipsis if they do not fit.
    /// - Returns: the number of columns used.
    @discardableResult
    mutating func write(_ spans: [Span], x: Int, y: Int, maxWidth: Int) -> Int {
        var used = 0
        for span in spans where used < maxWidth {
            let text = TextMeasure.fitted(span.text, to: maxWidth - used)
            used += write(text, x: x + used, y: y, style: span.style, maxWidth: maxWidth - used)
            if text != span.text { break }
        }
        return used
    }

    /// Fills one row in a style.
    mutating func fillRow(_ area: Rect, y: Int, _ style: CellStyle) {
        fill(Rect(x: area.x, y: y, width: area.width, height: 1), with: Cell(text: " ", style: style))
    }

    /// Writes a text in the middle of an area, folded to its width.
    mutating func writeCentred(_ text: String, in area: Rect, _ role: ThemeRole) {
        guard !area.isEmpty else { return }
        let lines = TextFold.lines(of: text, width: max(1, area.width - 2)).prefix(area.height)
        let top = area.y + (area.height - lines.count) / 2
        for (offset, line) in lines.enumerated() {
            let x = area.x + max(0, area.width - TextMeasure.width(of: line)) / 2
            write(line, x: x, y: top + offset, style: CellStyle(role), maxWidth: area.maxX - x)
        }
    }
}

/// Folds text into lines between words.
enum TextFold {
    static func lines(of text: String, width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            let candidate = line.isEmpty ? String(word) : line + " " + word
            if TextMeasure.width(of: candidate) <= width || line.isEmpty {
                line = candidate
            } else {
                lines.append(line)
                line = String(word)
            }
        }
        if !line.isEmpty { lines.append(line) }
        return lines.map { TextMeasure.fitted($0, to: width) }
    }
}
