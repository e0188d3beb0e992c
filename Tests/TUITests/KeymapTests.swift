import Foundation
import Testing

@testable import TUI

@Suite("Keymap") struct KeymapTests {
    @Test func theStandardTableHasNoConflicts() {
        #expect(Keymap().issues == [])
        for context in KeyContext.allCases {
            var seen: [KeyEvent: Command] = [:]
            for binding in Keymap().bindings(in: context) {
                for chord in binding.chords {
                    #expect(seen[chord] == nil || seen[chord] == binding.command, "\(context) \(chord.notation)")
                    seen[chord] = binding.command
                }
            }
        }
    }

    @Test func everyCommandIsReachable() {
        let bound = Set(Binding.standard.filter { !$0.chords.isEmpty }.map(\.command))
        #expect(Set(Command.allCases).subtracting(bound).isEmpty)
    }

    @Test func textContextsBindNoPlainCharacters() {
        for binding in Binding.standard where binding.contexts.contains(where: \.takesText) {
            for chord in binding.chords {
                if case .character = chord.key { #expect(chord.isControl || chord.isAlt, "\(binding.command)") }
            }
        }
    }

    @Test(arguments: ["ctrl-s", "alt-b", "shift-tab", "J", "space", "enter", "f5", "-", "ctrl-left", "page-up", "?"])
    func notationRoundTrips(_ notation: String) throws {
        #expect(try #require(KeyEvent(notation: notation)).notation == notation)
    }

    @Test func shiftedLettersAreCapitals() {
        #expect(KeyEvent(notation: "shift-j") == KeyEvent(.character("J")))
        #expect(KeyEvent(notation: "ctrl-") == nil)
        #expect(KeyEvent(notation: "hyper-x") == nil)
    }

    @Test func overridesReplaceChords() {
        let keymap = Keymap(overrides: ["save-picture": "ctrl-s f2"])
        #expect(keymap.issues == [])
        #expect(keymap.command(for: KeyEvent(.character("s"), control: true), in: .prompts) == .savePicture)
        #expect(keymap.command(for: KeyEvent(.function(2)), in: .log) == .savePicture)
        #expect(keymap.command(for: KeyEvent(.character("s")), in: .prompts) == nil)
        #expect(keymap.label(of: .savePicture) == "^s")
    }

    @Test func badOverridesAreReported() {
        let keymap = Keymap(overrides: ["save-picture": "hyper-s", "sing": "x", "zoom": "q", "stop": ""])
        #expect(keymap.issues.count == 3)
        #expect(keymap.command(for: KeyEvent(.character("s")), in: .prompts) == .savePicture)
        #expect(keymap.command(for: KeyEvent(.character("x")), in: .prompts) == nil)
    }

    @Test func theReferenceIsUpToDate() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        try Snapshot.expect(KeyReference.markdown(Keymap()), equals: root.appending(path: "docs/keys.md"))
    }
}
