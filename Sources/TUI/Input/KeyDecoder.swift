/// Turns the bytes that a terminal sends into keys, pastes and mouse events.
///
/// ncurses draws but does not read: its own decoder knows only the sequences of one terminal description, loses
/// modifiers, and cannot be tested without a terminal. The sequences of the Linux console, xterm, tmux, screen and rxvt
/// do not contradict each other, so one table serves all of them.
///
/// Bytes may be fed in pieces of any size. What could still become a longer sequence is kept back; once nothing more
/// arrives for a while, ``flush()`` decides that it was all.
struct KeyDecoder: Sendable {
    /// What the beginning of the bytes turned out to be.
    enum Parsed: Equatable {
        /// Nothing certain before more bytes arrive.
        case incomplete
        /// Bytes without a meaning for the workbench.
        case ignored(length: Int)
        case event(InputEvent, length: Int)
        case pasteStart(length: Int)
    }

    /// The byte of the erase key: 0x7F, or 0x08 on terminals whose backspace sends that.
    var eraseByte: UInt8
    private var buffer: [UInt8] = []
    /// Scalars typed or arriving together, which may form one character: a letter and its accents, an emoji sequence.
    private var text = ""
    private(set) var isInPaste = false
    /// How far a paste has been searched for its end.
    private var searched = 0

    init(eraseByte: UInt8 = 0x7F) { self.eraseByte = eraseByte }

    /// Whether bytes wait for others that would complete them.
    var isPending: Bool { isInPaste || !buffer.isEmpty }

    /// Decodes what arrived.
    mutating func feed(_ bytes: some Sequence<UInt8>) -> [InputEvent] {
        buffer.append(contentsOf: bytes)
        var events: [InputEvent] = []
        var start = 0
        parsing: while start < buffer.count {
            if isInPaste {
                guard let event = takePaste(from: &start) else { break }
                events.append(event)
                continue
            }
            switch parse(buffer[start...]) {
            case .incomplete: break parsing
            case .ignored(let length): start += length
            case .event(let event, let length):
                start += length
                append(event, to: &events)
            case .pasteStart(let length):
                start += length
                isInPaste = true
                searched = 0
                // The body is cut out of the buffer from its beginning.
                buffer.removeFirst(start)
                start = 0
            }
        }
        buffer.removeFirst(start)
        emitText(to: &events)
        return events
    }

    /// Takes what is kept back as it stands: a lone escape, escape and a bracket as alt and a bracket, a paste
    /// without an end.
    mutating func flush() -> [InputEvent] {
        var events: [InputEvent] = []
        if isInPaste {
            if !buffer.isEmpty { events.append(.paste(Self.pastedText(buffer[...]))) }
            isInPaste = false
        } else if buffer.first == Self.escape {
            events = flushEscape()
        }
        buffer = []
        return events
    }

    private static let escape: UInt8 = 0x1B

    private func flushEscape() -> [InputEvent] {
        if buffer.count == 1 { return [.key(KeyEvent(.escape))] }
        if buffer.allSatisfy({ $0 == Self.escape }) { return buffer.map { _ in .key(KeyEvent(.escape)) } }
        // An unfinished sequence that is longer than an alt key is a broken answer of the terminal, not typing.
        guard buffer.count == 2, case .event(.key(var key), _) = parsePlain(buffer[1...]) else { return [] }
        key.isAlt = true
        return [.key(key)]
    }

    // MARK: Characters

    private mutating func append(_ event: InputEvent, to events: inout [InputEvent]) {
        if case .key(let key) = event, case .character(let character) = key.key, key == KeyEvent(.character(character))
        {
            text.append(character)
        } else {
            emitText(to: &events)
            events.append(event)
        }
    }

    private mutating func emitText(to events: inout [InputEvent]) {
        events += text.map { .key(KeyEvent(.character($0))) }
        text = ""
    }

    private func parse(_ bytes: ArraySlice<UInt8>) -> Parsed {
        bytes.first == Self.escape ? parseEscape(bytes) : parsePlain(bytes)
    }

    /// A key that is no escape sequence: a control character or a UTF-8 scalar.
    private func parsePlain(_ bytes: ArraySlice<UInt8>) -> Parsed {
        guard let byte = bytes.first else { return .incomplete }
        switch byte {
        case 0x0D, 0x0A: return .event(.key(KeyEvent(.enter)), length: 1)
        case 0x09: return .event(.key(KeyEvent(.tab)), length: 1)
        case 0x7F, eraseByte: return .event(.key(KeyEvent(.backspace)), length: 1)
        case 0x00: return .event(.key(KeyEvent(.character(" "), control: true)), length: 1)
        case Self.escape: return .event(.key(KeyEvent(.escape)), length: 1)
        case 0x01...0x1A:
            return .event(.key(KeyEvent(.character(Character(Unicode.Scalar(byte + 0x60))), control: true)), length: 1)
        case 0x1C...0x1F:
            return .event(.key(KeyEvent(.character(Character(Unicode.Scalar(byte + 0x40))), control: true)), length: 1)
        default: return Self.parseScalar(bytes)
        }
    }

    private static func parseScalar(_ bytes: ArraySlice<UInt8>) -> Parsed {
        guard let first = bytes.first else { return .incomplete }
        let length =
            switch first {
            case 0x00...0x7F: 1
            case 0xC2...0xDF: 2
            case 0xE0...0xEF: 3
            case 0xF0...0xF4: 4
            default: 0
            }
        guard length > 0 else { return .ignored(length: 1) }
        let sequence = bytes.prefix(length)
        guard sequence.dropFirst().allSatisfy({ 0x80...0xBF ~= $0 }) else { return .ignored(length: 1) }
        guard sequence.count == length else { return .incomplete }
        guard let character = String(validating: sequence, as: UTF8.self)?.first else { return .ignored(length: 1) }
        return .event(.key(KeyEvent(.character(character))), length: length)
    }

    // MARK: Pastes

    private static let pasteEnd: [UInt8] = Array("\u{1B}[201~".utf8)

    private mutating func takePaste(from start: inout Int) -> InputEvent? {
        let end = Self.pasteEnd
        // The end may have arrived in two pieces.
        var position = max(0, searched - end.count + 1)
        while position + end.count <= buffer.count {
            if buffer[position] == end[0], buffer[position..<(position + end.count)].elementsEqual(end) {
                isInPaste = false
                start = position + end.count
                return .paste(Self.pastedText(buffer[..<position]))
            }
            position += 1
        }
        searched = buffer.count
        return nil
    }

    /// Terminals send line breaks as carriage returns; control characters other than breaks and tabs are left out.
    private static func pastedText(_ bytes: ArraySlice<UInt8>) -> String {
        var result = String.UnicodeScalarView()
        var previous: Unicode.Scalar?
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            if scalar == "\r" || (scalar == "\n" && previous != "\r") {
                result.append("\n")
            } else if scalar == "\t" || (scalar.value >= 0x20 && !(0x7F...0x9F ~= scalar.value)) {
                result.append(scalar)
            }
            previous = scalar
        }
        return String(result)
    }

    // MARK: Escape

    private func parseEscape(_ bytes: ArraySlice<UInt8>) -> Parsed {
        let rest = bytes.dropFirst()
        guard let next = rest.first else { return .incomplete }
        switch next {
        case UInt8(ascii: "["): return EscapeSequence.parseControl(rest.dropFirst(), prefix: 2)
        case UInt8(ascii: "O"): return EscapeSequence.parseSingleShift(rest.dropFirst(), prefix: 2)
        case UInt8(ascii: "P"), UInt8(ascii: "]"), UInt8(ascii: "_"):
            if let answer = EscapeSequence.parseAnswer(rest) { return answer }
        case Self.escape:
            guard let third = rest.dropFirst().first else { return .incomplete }
            // Alt and a cursor key on some terminals; two presses of escape otherwise.
            guard third == UInt8(ascii: "[") || third == UInt8(ascii: "O") else {
                return .event(.key(KeyEvent(.escape)), length: 1)
            }
            return withAlt(parseEscape(rest))
        default: break
        }
        return withAlt(parsePlain(rest))
    }

    /// The same one byte later, with alt.
    private func withAlt(_ parsed: Parsed) -> Parsed {
        switch parsed {
        case .incomplete: return .incomplete
        case .ignored(let length): return .ignored(length: length + 1)
        case .pasteStart(let length): return .pasteStart(length: length + 1)
        case .event(.key(var key), let length):
            key.isAlt = true
            return .event(.key(key), length: length + 1)
        case .event(let event, let length): return .event(event, length: length + 1)
        }
    }
}
