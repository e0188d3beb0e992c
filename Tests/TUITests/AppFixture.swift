import EngineKit
import Foundation
import Preview

@testable import TUI

/// A workbench without engine and terminal: actions go in, effects and screens come out.
struct AppFixture {
    struct Words: TokenCounting {
        var tokenLimit = 6
        func tokenCount(of text: String) -> Int { text.split(separator: " ").count }
    }

    var state: AppState
    var keymap = Keymap()
    var effects: [Effect] = []
    private var nextID: UInt64 = 1

    init(
        _ prompts: [String] = [],
        size: Size = Size(columns: 80, rows: 24),
        settings: [SettingKey: String] = [:],
        starts: Bool = false,
        warnings: [String] = []
    ) {
        Snapshot.prepareLocale()
        var options = WorkbenchOptions()
        options.prompts = prompts.compactMap { try? PromptParser.prompt(from: $0) }
        options.settings = settings
        options.startsWhenLoaded = starts
        options.warnings = warnings
        state = AppState(
            options,
            size: size,
            depth: .truecolor,
            modes: [.cells, .truecolor, .off],
            themes: ThemeChoice(names: ["dark", "light"], current: "dark")
        )
    }

    /// Applies an action and plays the part of the event loop: commands get an identity.
    @discardableResult
    mutating func act(_ action: Action) -> [Effect] {
        let new = reduce(&state, action, keymap)
        effects += new
        for effect in new {
            guard case .send(let request, let note) = effect else { continue }
            _ = reduce(&state, .sent(CommandID(nextID), request, note: note), keymap)
            nextID += 1
        }
        return new
    }

    /// Presses keys by their notation: `"a ctrl-u enter"`.
    @discardableResult
    mutating func press(_ chords: String) -> [Effect] {
        chords.split(separator: " ").compactMap { KeyEvent(notation: String($0)) }.flatMap { act(.input(.key($0))) }
    }

    @discardableResult
    mutating func type(_ text: String) -> [Effect] {
        text.flatMap { act(.input(.key(KeyEvent(.character($0))))) }
    }

    /// Answers the oldest pending command.
    mutating func acknowledge(_ outcome: Acknowledgement.Outcome = .applied("done"), step: Int = 0) {
        guard let pending = state.engine.pending.first else { return }
        act(.engine(.acknowledged(Acknowledgement(command: pending.id, step: step, outcome: outcome))))
    }

    mutating func load() {
        act(.launched)
        act(.engine(.phase(.loading)))
        let model = ModelDescription(
            choice: .builtIn,
            summary: "built-in VQGAN f=8, 1024 codes + CLIP 64 px",
            cellSize: 8,
            device: "cpu",
            recommended: [.size: "192x192", .cuts: "16"],
            tokens: Words(),
            hasSketchbook: true
        )
        act(.engine(.loaded(model)))
        act(.engine(.phase(.ready)))
        acknowledge(.applied("loaded built-in"))
    }

    /// Starts a run with the present prompts and makes steps.
    mutating func run(steps: Int = 0) {
        load()
        press("space")
        act(.engine(.started(description())))
        act(.engine(.phase(.running)))
        acknowledge(.applied("started"))
        for step in 0..<steps { makeStep(step + 1) }
    }

    func description(step: Int = 0) -> RunDescription {
        RunDescription(
            prompts: state.prompts.prompts,
            settings: state.settings.effective,
            folder: "/runs/one",
            step: step,
            notes: []
        )
    }

    mutating func makeStep(_ step: Int) {
        let losses = state.engine.run?.entries.indices.map { 0.9 - 0.1 * Double($0) - 0.002 * Double(step) } ?? []
        act(
            .engine(
                .step(
                    StepReport(
                        step: step,
                        total: 300,
                        loss: losses.reduce(0, +),
                        losses: losses,
                        seconds: 0.32,
                        learningRate: 0.1,
                        residentBytes: 1_288_490_189
                    )
                )
            )
        )
    }

    /// Publishes a frame and answers the request for its preview, as the loop would.
    mutating func paint(step: Int = 1, width: Int = 192, height: Int = 192) {
        guard let frame = TestPicture.frame(step: step, width: width, height: height) else { return }
        answerPreviews(act(.frame(frame)))
    }

    mutating func answerPreviews(_ effects: [Effect]) {
        for case .renderPreview(let ticket, let frame) in effects {
            act(.previewRendered(ticket, TestPicture.render(ticket, frame)))
        }
    }

    mutating func resize(_ columns: Int, _ rows: Int) {
        answerPreviews(act(.resize(Size(columns: columns, rows: rows))))
    }

    var screen: Screen { rootView(state, size: state.size, keymap: keymap) }
    var text: String { ScreenText.text(screen) }
    var requests: [EngineRequest] { effects.compactMap { if case .send(let request, _) = $0 { request } else { nil } } }
}

/// A stand-in for the preview: a letter per cell that keeps the aspect ratio.
enum TestPicture {
    static func frame(step: Int, width: Int, height: Int) -> Frame? {
        Frame(step: step, width: width, height: height, rgb: [UInt8](repeating: 90, count: width * height * 3))
    }

    @Sendable static func render(_ ticket: PreviewTicket, _ frame: Frame) -> PreviewPicture {
        let scale = min(
            Double(ticket.columns) / Double(frame.width) / 2,
            Double(ticket.rows) / Double(frame.height)
        )
        let columns = max(1, Int(Double(frame.width) * scale * 2))
        let rows = max(1, Int(Double(frame.height) * scale))
        if ticket.mode == .truecolor {
            return .bytes(rows: Array(repeating: [65], count: rows), columns: columns, rowCount: rows)
        }
        let cell = CellImage.Cell(scalar: 0x2592, foreground: 0x5A5A5A, background: nil)
        return .cells(
            CellImage(columns: columns, rows: rows, cells: Array(repeating: cell, count: columns * rows))
        )
    }
}
