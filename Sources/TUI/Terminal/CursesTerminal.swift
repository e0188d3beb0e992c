import CCurses
import Foundation

/// The terminal as ncurses draws it. Comes from ``TerminalSession/enter(_:)``; after the session has left, it draws
/// nothing and has no input.
@MainActor final class CursesTerminal: Terminal {
    private(set) var size = Size(columns: 80, rows: 24)
    let colorDepth: ColorDepth
    /// What the terminal shows; `nil` if that is unknown.
    private var shown: CellBuffer?
    private var resolver: StyleResolver?
    private var overlays: OverlayPainter
    /// Kept between frames, so that a frame allocates nothing.
    private var row: [cc_cell] = []
    private var decoder: KeyDecoder
    /// When input last arrived, while a paste is under way.
    private var lastInput = ContinuousClock.now
    /// Signals to report at the next wait.
    private var pendingSignals: [TerminalSignal] = []
    private var isHungUp = false

    /// How long after an escape the rest of its sequence may take.
    private static let escapeDelay: Duration = .milliseconds(25)
    /// How long a paste may pause before it counts as broken off.
    private static let pasteDelay: Duration = .seconds(2)

    init(colorDepth: ColorDepth, environment: [String: String]) {
        self.colorDepth = colorDepth
        overlays = OverlayPainter(isInTmux: environment["TMUX"].map { !$0.isEmpty } ?? false)
        decoder = KeyDecoder(eraseByte: cc_erase_byte())
        updateSize()
    }

    // MARK: Drawing

    func present(_ screen: Screen, theme: Theme) {
        guard cc_is_active() else { return }
        if resolver?.theme != theme {
            resolver = StyleResolver(theme: theme, depth: colorDepth)
            shown = nil
        }
        guard let resolver else { return }
        // A screen made for another size is cut or padded: its successor is on the way.
        let cells = overlays.prepare(fitted(screen.cells), for: screen.overlay)
        let isRedrawn = shown == nil
        let segments = BufferDiff.segments(from: shown, to: cells)
        for segment in segments { draw(segment, of: cells, resolver) }
        let cursor = screen.cursor
        cc_refresh(Int32(clamping: cursor?.y ?? -1), Int32(clamping: cursor?.x ?? -1))
        shown = cells
        let bytes = overlays.bytes(for: screen.overlay, size: size, drawn: segments, isRedrawn: isRedrawn)
        if !bytes.isEmpty { cc_write_raw(bytes, bytes.count) }
    }

    func invalidate() {
        shown = nil
        cc_invalidate()
    }

    private func fitted(_ cells: CellBuffer) -> CellBuffer {
        guard cells.size != size else { return cells }
        var result = CellBuffer(size: size)
        for y in 0..<min(size.rows, cells.size.rows) {
            for x in 0..<min(size.columns, cells.size.columns) { result[x, y] = cells[x, y] }
        }
        return result
    }

    private func draw(_ segment: RowSegment, of cells: CellBuffer, _ resolver: StyleResolver) {
        row.removeAll(keepingCapacity: true)
        let base = segment.y * cells.size.columns
        // Neighbours mostly share their style.
        var style = CellStyle()
        var resolved = resolver.resolve(style)
        for cell in cells.cells[(base + segment.columns.lowerBound)..<(base + segment.columns.upperBound)] {
            if cell.style != style {
                style = cell.style
                resolved = resolver.resolve(style)
            }
            if cell.text.isEmpty, !row.isEmpty { row[row.count - 1].columns = 2 }
            row.append(Self.cell(cell.text, resolved))
        }
        cc_put_cells(Int32(segment.y), Int32(segment.columns.lowerBound), row, Int32(row.count))
    }

    private static func cell(_ text: String, _ style: ResolvedStyle) -> cc_cell {
        var result = cc_cell()
        result.foreground = Int16(style.foreground)
        result.background = Int16(style.background)
        result.attributes =
            (style.isBold ? UInt8(CC_BOLD) : 0) | (style.isUnderlined ? UInt8(CC_UNDERLINE) : 0)
            | (style.isReversed ? UInt8(CC_REVERSE) : 0)
        result.columns = 1
        var count: UInt8 = 0
        for scalar in text.unicodeScalars {
            switch count {
            case 0: result.scalars.0 = scalar.value
            case 1: result.scalars.1 = scalar.value
            case 2: result.scalars.2 = scalar.value
            case 3: result.scalars.3 = scalar.value
            case 4: result.scalars.4 = scalar.value
            default: break
            }
            count = min(UInt8(CC_SCALARS), count + 1)
        }
        result.scalar_count = count
        return result
    }

    // MARK: Input

    func readInput() -> [InputEvent] {
        var events: [InputEvent] = []
        let descriptor = cc_input_descriptor()
        guard descriptor >= 0 else { return [] }
        while true {
            let isEscapeOpen = decoder.isPending && !decoder.isInPaste
            guard isReadable(descriptor, within: isEscapeOpen ? Self.escapeDelay : .zero) else {
                let isPasteBroken = decoder.isInPaste && ContinuousClock.now - lastInput >= Self.pasteDelay
                if isEscapeOpen || isPasteBroken { events += decoder.flush() }
                return events
            }
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = read(descriptor, &bytes, bytes.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                hangUp()
                return events
            }
            lastInput = .now
            events += decoder.feed(bytes.prefix(count))
        }
    }

    private func isReadable(_ descriptor: Int32, within duration: Duration) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, Int32(duration / .milliseconds(1))) > 0
    }

    /// The terminal is gone: it would be readable for ever.
    private func hangUp() {
        guard !isHungUp else { return }
        isHungUp = true
        pendingSignals.append(.hangUp)
    }

    // MARK: Waiting

    func wait(on descriptors: [Int32], timeoutMilliseconds: Int?) -> Wakeup {
        var wakeup = Wakeup()
        let deadline = timeoutMilliseconds.map { ContinuousClock.now + .milliseconds(max(0, $0)) }
        repeat {
            takeSignals()
            wakeup.signals = pendingSignals
            let entries = sleep(
                on: descriptors,
                milliseconds: pollTime(until: deadline, hasSignals: !pendingSignals.isEmpty)
            )
            takeSignals()
            wakeup.signals = pendingSignals
            let ready = entries.filter { $0.revents != 0 }.map(\.fd)
            let input = cc_input_descriptor()
            wakeup.hasInput = (input >= 0 && ready.contains(input)) || isPasteOverdue
            wakeup.readyDescriptors = Set(ready).intersection(descriptors)
        } while wakeup == Wakeup() && deadline.map { ContinuousClock.now < $0 } ?? true
        pendingSignals = []
        return wakeup
    }

    private var isPasteOverdue: Bool {
        decoder.isInPaste && ContinuousClock.now - lastInput >= Self.pasteDelay
    }

    /// Milliseconds for `poll`, -1 without limit.
    private func pollTime(until deadline: ContinuousClock.Instant?, hasSignals: Bool) -> Int32 {
        if hasSignals { return 0 }
        var end = deadline
        if decoder.isInPaste {
            let pasteEnd = lastInput + Self.pasteDelay
            end = min(end ?? pasteEnd, pasteEnd)
        }
        guard let end else { return -1 }
        // Rounded up, so that the last moment is slept through rather than spun through.
        let left = (end - ContinuousClock.now) / .milliseconds(1)
        return left <= 0 ? 0 : Int32(min(left.rounded(.up), 1_000_000_000))
    }

    private func sleep(on descriptors: [Int32], milliseconds: Int32) -> [pollfd] {
        let own = [cc_signal_descriptor(), isHungUp ? -1 : cc_input_descriptor()].filter { $0 >= 0 }
        var entries = (own + descriptors).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        // An interruption is a signal, which the self-pipe tells of at the next turn.
        let count = poll(&entries, nfds_t(entries.count), milliseconds)
        return count > 0 ? entries : []
    }

    private func takeSignals() {
        let signals = cc_take_signals()
        guard signals != 0 else { return }
        let ending = UInt32(CC_SIGNAL_TERMINATE) | UInt32(CC_SIGNAL_HANG_UP)
        if signals & UInt32(CC_SIGNAL_STOP) != 0 {
            suspend()
        } else if signals & UInt32(CC_SIGNAL_CONTINUED) != 0, signals & ending == 0 {
            // A stop that could not be caught: somebody else may have used the terminal since. If the process is to
            // end, it may still be theirs.
            cc_reenter()
            shown = nil
            updateSize()
            report(.resumed)
        }
        if signals & UInt32(CC_SIGNAL_RESIZED) != 0 {
            updateSize()
            report(.resized)
        }
        if signals & UInt32(CC_SIGNAL_TERMINATE) != 0 { report(.terminate) }
        if signals & UInt32(CC_SIGNAL_HANG_UP) != 0 { hangUp() }
    }

    private func report(_ signal: TerminalSignal) {
        if !pendingSignals.contains(signal) { pendingSignals.append(signal) }
    }

    func suspend() {
        cc_suspend()
        shown = nil
        updateSize()
        report(.resumed)
    }

    private func updateSize() {
        var columns: Int32 = 0
        var rows: Int32 = 0
        guard cc_update_size(&columns, &rows) == Int32(CC_OK) else { return }
        let current = Size(columns: Int(columns), rows: Int(rows))
        guard current != size else { return }
        size = current
        invalidate()
    }
}
