/// A key as it was pressed.
struct KeyEvent: Sendable, Hashable {
    enum Key: Sendable, Hashable {
        /// A printable character, with shift already applied.
        case character(Character)
        case enter, escape, tab, backspace, delete, insert
        case up, down, left, right, home, end, pageUp, pageDown
        case function(Int)
    }

    var key: Key
    var isControl = false
    var isAlt = false
    /// Only for keys where shift is not already in the character: tab and the cursor keys.
    var isShift = false

    init(_ key: Key, control: Bool = false, alt: Bool = false, shift: Bool = false) {
        self.key = key
        isControl = control
        isAlt = alt
        isShift = shift
    }
}

/// What the terminal delivers.
enum InputEvent: Sendable, Hashable {
    case key(KeyEvent)
    /// Text pasted in one go (bracketed paste), line breaks included.
    case paste(String)
    case mouse(MouseEvent)
}

/// A press of a mouse button, or a turn of the wheel.
struct MouseEvent: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        case press, wheelUp, wheelDown
    }

    var kind: Kind
    var x: Int
    var y: Int
}
