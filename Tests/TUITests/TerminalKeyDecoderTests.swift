import Testing

@testable import TUI

@Suite struct TerminalKeyDecoderTests {
    private func decode(_ text: String, eraseByte: UInt8 = 0x7F) -> [InputEvent] {
        var decoder = KeyDecoder(eraseByte: eraseByte)
        return decoder.feed(text.utf8) + decoder.flush()
    }

    @Test(arguments: [
        ("a", KeyEvent(.character("a"))), ("Ä", KeyEvent(.character("Ä"))), ("漢", KeyEvent(.character("漢"))),
        ("e\u{301}", KeyEvent(.character("e\u{301}"))), ("👩‍🎨", KeyEvent(.character("👩‍🎨"))),
        ("\r", KeyEvent(.enter)), ("\n", KeyEvent(.enter)), ("\t", KeyEvent(.tab)), ("\u{7F}", KeyEvent(.backspace)),
        ("\u{01}", KeyEvent(.character("a"), control: true)), ("\u{1A}", KeyEvent(.character("z"), control: true)),
        ("\u{08}", KeyEvent(.character("h"), control: true)), ("\u{00}", KeyEvent(.character(" "), control: true)),
        ("\u{1C}", KeyEvent(.character("\\"), control: true)), ("\u{1F}", KeyEvent(.character("_"), control: true)),
    ])
    func charactersAndControlCharacters(input: String, expected: KeyEvent) {
        #expect(decode(input) == [.key(expected)])
    }

    @Test(arguments: [
        // xterm, tmux and screen, in both cursor key modes
        ("[A", KeyEvent(.up)), ("OB", KeyEvent(.down)), ("[C", KeyEvent(.right)), ("OD", KeyEvent(.left)),
        ("[H", KeyEvent(.home)), ("OF", KeyEvent(.end)), ("[1~", KeyEvent(.home)), ("[4~", KeyEvent(.end)),
        ("[2~", KeyEvent(.insert)), ("[3~", KeyEvent(.delete)), ("[5~", KeyEvent(.pageUp)),
        ("[6~", KeyEvent(.pageDown)), ("OP", KeyEvent(.function(1))), ("[15~", KeyEvent(.function(5))),
        ("[24~", KeyEvent(.function(12))), ("[Z", KeyEvent(.tab, shift: true)),
        // modifiers
        ("[1;2A", KeyEvent(.up, shift: true)), ("[1;3B", KeyEvent(.down, alt: true)),
        ("[1;5C", KeyEvent(.right, control: true)), ("[1;6D", KeyEvent(.left, control: true, shift: true)),
        ("[3;5~", KeyEvent(.delete, control: true)), ("[1;2R", KeyEvent(.function(3), shift: true)),
        ("[1;9A", KeyEvent(.up, alt: true)), ("O5P", KeyEvent(.function(1), control: true)),
        // Linux console
        ("[[A", KeyEvent(.function(1))), ("[[E", KeyEvent(.function(5))), ("[17~", KeyEvent(.function(6))),
        // rxvt
        ("[7~", KeyEvent(.home)), ("[8~", KeyEvent(.end)), ("[a", KeyEvent(.up, shift: true)),
        ("Od", KeyEvent(.left, control: true)), ("[3^", KeyEvent(.delete, control: true)),
        ("[3$", KeyEvent(.delete, shift: true)), ("\u{1B}[A", KeyEvent(.up, alt: true)),
        // numbered characters
        ("[97;5u", KeyEvent(.character("a"), control: true)), ("[13;2u", KeyEvent(.enter, shift: true)),
        ("[27;5;13~", KeyEvent(.enter, control: true)), ("[97;2u", KeyEvent(.character("A"))),
        // alt
        ("x", KeyEvent(.character("x"), alt: true)), ("X", KeyEvent(.character("X"), alt: true)),
        ("\u{7F}", KeyEvent(.backspace, alt: true)), ("\r", KeyEvent(.enter, alt: true)),
        ("ü", KeyEvent(.character("ü"), alt: true)), ("_", KeyEvent(.character("_"), alt: true)),
        ("P", KeyEvent(.character("P"), alt: true)),
    ])
    func escapeSequences(input: String, expected: KeyEvent) {
        #expect(decode("\u{1B}" + input) == [.key(expected)])
    }

    @Test func theEraseKeyMayBeBackspace() {
        #expect(decode("\u{08}", eraseByte: 0x08) == [.key(KeyEvent(.backspace))])
    }

    @Test func aLoneEscapeWaitsForTheRestOfASequence() {
        var decoder = KeyDecoder()
        #expect(decoder.feed([0x1B]).isEmpty)
        #expect(decoder.isPending)
        #expect(decoder.feed(Array("[".utf8)).isEmpty)
        #expect(decoder.feed(Array("A".utf8)) == [.key(KeyEvent(.up))])
        #expect(!decoder.isPending)
        #expect(decoder.feed([0x1B]).isEmpty)
        #expect(decoder.flush() == [.key(KeyEvent(.escape))])
        #expect(!decoder.isPending)
    }

    @Test func whatIsNoSequenceAfterAllIsAnAltKey() {
        #expect(decode("\u{1B}[") == [.key(KeyEvent(.character("["), alt: true))])
        #expect(decode("\u{1B}O") == [.key(KeyEvent(.character("O"), alt: true))])
        #expect(decode("\u{1B}\u{1B}") == [.key(KeyEvent(.escape)), .key(KeyEvent(.escape))])
    }

    @Test func everySplitGivesTheSameEvents() {
        let bytes = Array("a\u{1B}[1;5Aü漢\u{1B}[<0;12;7M\u{1B}[200~one\rtwo\u{1B}[201~\u{1B}OPz".utf8)
        var whole = KeyDecoder()
        let expected = whole.feed(bytes)
        #expect(expected.count == 8)
        for split in 1..<bytes.count {
            var decoder = KeyDecoder()
            #expect(decoder.feed(bytes[..<split]) + decoder.feed(bytes[split...]) == expected)
        }
        var decoder = KeyDecoder()
        #expect(bytes.flatMap { decoder.feed([$0]) } == expected)
    }

    @Test func aPasteIsOneEventWithItsLineBreaks() {
        let input = "\u{1B}[200~a fox,\r\nin snow\rat night\n\t\u{1B}[31m\u{07}!\u{1B}[201~q"
        #expect(decode(input) == [.paste("a fox,\nin snow\nat night\n\t[31m!"), .key(KeyEvent(.character("q")))])
    }

    @Test func aPasteWithoutAnEndIsDeliveredWhenFlushed() {
        #expect(decode("\u{1B}[200~half") == [.paste("half")])
        #expect(decode("\u{1B}[200~").isEmpty)
    }

    @Test func mousePressesAndTheWheel() {
        #expect(decode("\u{1B}[<0;12;7M\u{1B}[<0;12;7m") == [.mouse(MouseEvent(kind: .press, x: 11, y: 6))])
        #expect(decode("\u{1B}[<64;1;1M") == [.mouse(MouseEvent(kind: .wheelUp, x: 0, y: 0))])
        #expect(decode("\u{1B}[<81;300;90M") == [.mouse(MouseEvent(kind: .wheelDown, x: 299, y: 89))])
        #expect(decode("\u{1B}[<35;3;4M").isEmpty)
    }

    @Test(arguments: [
        "\u{1B}[I", "\u{1B}[?62;4c", "\u{1B}_Gi=1;OK\u{1B}\\", "\u{1B}]11;rgb:0000/0000/0000\u{07}",
        "\u{1B}P>|xterm(380)\u{1B}\\", "\u{1B}[M !!", "\u{1B}[99999999999999999999~", "\u{1B}[[Z",
    ])
    func answersOfTheTerminalAreNoKeys(input: String) {
        #expect(decode(input + "k") == [.key(KeyEvent(.character("k")))])
    }

    @Test func brokenBytesAreSkippedAndNothingTraps() {
        var decoder = KeyDecoder()
        #expect(
            decoder.feed([0xFF, 0xC3, 0x28, 0xE2, 0x82, 0x61]) == [
                .key(KeyEvent(.character("("))), .key(KeyEvent(.character("a"))),
            ]
        )
        var state: UInt64 = 42
        for _ in 0..<2_000 {
            let bytes = (0..<12).map { _ -> UInt8 in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return [0x1B, UInt8(ascii: "["), UInt8(ascii: "O"), UInt8(state >> 56), UInt8(state >> 57 | 0x20)][
                    Int((state >> 40) % 5)
                ]
            }
            _ = decoder.feed(bytes)
            _ = decoder.flush()
            #expect(!decoder.isPending)
        }
    }
}
