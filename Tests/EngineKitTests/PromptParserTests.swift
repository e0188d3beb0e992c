import EngineKit
import Testing

@Suite("Prompt notation")
struct PromptParserTests {
    private static let alphabet: [Character] = [
        "a", "b", "Z", "0", "7", ".", "-", "e", ":", "|", "[", "]", "\\", "/", " ", "é", "e\u{301}", "雪", "🌙", "👩‍🚀",
        "\"",
        "'", "\t", "½", "x", "i", "n", "f",
    ]

    private static func prompt(_ random: inout SeededRandom) -> Prompt {
        let count = Int.random(in: 1...12, using: &random)
        let characters = (0..<count).map { _ in alphabet.randomElement(using: &random) ?? "a" }
        var slice = String(characters)[...]
        while slice.first?.isWhitespace == true { slice.removeFirst() }
        while slice.last?.isWhitespace == true { slice.removeLast() }
        let words = slice.isEmpty ? "dawn" : String(slice)
        let number = { (random: inout SeededRandom) -> Double in
            switch Int.random(in: 0..<5, using: &random) {
            case 0: Double(Int.random(in: -9...9, using: &random))
            case 1: Double.random(in: -2...2, using: &random)
            case 2: Double(bitPattern: UInt64.random(in: 1...0x7FEF_FFFF_FFFF_FFFF, using: &random))
            case 3: 1
            default: Double.random(in: -1e18...1e18, using: &random)
            }
        }
        return Prompt(
            Bool.random(using: &random) ? .text(words) : .image(words),
            weight: number(&random),
            stop: Bool.random(using: &random) ? number(&random) : nil
        )
    }

    @Test func everyPromptReadsBackAsItself() throws {
        var random = SeededRandom(seed: 1)
        for _ in 0..<4000 {
            let prompt = Self.prompt(&random)
            let source = PromptParser.source(of: prompt)
            let single = try? PromptParser.prompt(from: source)
            #expect(single == prompt, "\(source)")
            let listed = try? PromptParser.prompts(from: source)
            #expect(listed == [prompt], "\(source)")
        }
    }

    @Test func everyListOfPromptsReadsBackAsItself() throws {
        var random = SeededRandom(seed: 2)
        for _ in 0..<1000 {
            let count = Int.random(in: 1...6, using: &random)
            let prompts = (0..<count).map { _ in Self.prompt(&random) }
            let source = PromptParser.source(of: prompts)
            let read = try? PromptParser.prompts(from: source)
            #expect(read == prompts, "\(source)")
        }
    }

    @Test func anyTextIsReadOrRefusedWithAColumnInsideIt() {
        var random = SeededRandom(seed: 3)
        for _ in 0..<4000 {
            let count = Int.random(in: 0...14, using: &random)
            let source = String((0..<count).map { _ in Self.alphabet.randomElement(using: &random) ?? "a" })
            do {
                let prompts = try PromptParser.prompts(from: source)
                let again = try? PromptParser.prompts(from: PromptParser.source(of: prompts))
                #expect(again == prompts, "\(source)")
            } catch {
                #expect(error.source == source)
                #expect((0...max(0, source.count - 1)).contains(error.column), "\(source): \(error.column)")
            }
        }
    }

    @Test(arguments: [
        ("Act 1: dawn", "Act 1: dawn"), ("https://example.org/a.png", "https://example.org/a.png"),
        (#"C:\path"#, #"C:\path"#), (#"C:\path\[x"#, #"C:\path[x"#), ("note: ", "note:"), (#"12\:30"#, "12:30"),
        ("a:b:c", "a:b:c"), (#"\[not a file\]"#, "[not a file]"), ("a [b] c", "a [b] c"), (#"a \| b"#, "a | b"),
        (#"\\"#, #"\"#), (#"end\"#, #"end\"#), ("[a] and [b]", "[a] and [b]"), ("a:1x", "a:1x"), ("::", "::"),
    ])
    func theseAreOneTextOfWeightOne(source: String, text: String) throws {
        #expect(try PromptParser.prompts(from: source) == [Prompt(.text(text))])
    }

    @Test(
        arguments: [
            ("dawn:0.5", 0.5, nil), ("dawn : -1 ", -1.0, nil), ("dawn:2:0.25", 2.0, 0.25), ("dawn:1e-3", 0.001, nil),
            ("dawn: .5 : -.5", 0.5, -0.5), ("dawn:0", 0.0, nil), ("dawn:+2", 2.0, nil),
        ] as [(String, Double, Double?)]
    )
    func numbersAtTheEndAreWeightAndStop(source: String, weight: Double, stop: Double?) throws {
        #expect(try PromptParser.prompt(from: source) == Prompt(.text("dawn"), weight: weight, stop: stop))
    }

    @Test func onlyTheLastTwoNumbersCount() throws {
        #expect(try PromptParser.prompt(from: "12:30:1:2") == Prompt(.text("12:30"), weight: 1, stop: 2))
        #expect(try PromptParser.prompt(from: "a:1:b:2") == Prompt(.text("a:1:b"), weight: 2))
    }

    @Test func bracketsHoldPathsInWhichNothingSeparates() throws {
        let expected = [
            Prompt(.image("a|b:2.png"), weight: 0.5), Prompt(.text("x"), weight: 1, stop: 3),
            Prompt(.image("x[1].png")), Prompt(.image(#"C:\pictures\a.png"#)),
        ]
        let source = #"[ a|b:2.png ]:0.5 | x:1:3 | [x[1].png] | [C:\pictures\a.png]"#
        #expect(try PromptParser.prompts(from: source) == expected)
    }

    @Test func asOnePromptABarIsText() throws {
        #expect(try PromptParser.prompt(from: "a | b:2") == Prompt(.text("a | b"), weight: 2))
    }

    @Test(arguments: [
        ("", 0, "there is no text"), ("   ", 0, "there is no text"), ("|", 0, "there is no text"),
        ("a |", 2, "there is no text"), ("a || b", 3, "there is no text"), ("a | | b", 3, "there is no text"),
        (":0.5", 0, "there is no text"), ("a | :1:2", 3, "there is no text"), ("[]", 0, "the brackets are empty"),
        ("[ ]:2", 0, "the brackets are empty"), ("a | [b", 4, "the bracket opened here"),
        ("[[b]", 0, "the bracket opened here"), ("a:nan", 2, "nan is not a usable number"),
        ("a:inf", 2, "inf is not a usable number"), ("a | b:-infinity:1", 6, "-infinity is not a usable number"),
        ("a:1:nan", 4, "nan is not a usable number"), ("é:1e999", 2, "1e999 is not a usable number"),
    ])
    func errorsNameThePlaceAndTheRemedy(source: String, column: Int, message: String) {
        let error = #expect(throws: PromptSyntaxError.self) { try PromptParser.prompts(from: source) }
        #expect(error?.column == column)
        #expect(error?.source == source)
        #expect(error?.message.hasPrefix(message) == true, "\(String(describing: error))")
        #expect(error?.message.contains("; write ") == true, "\(String(describing: error))")
    }

    @Test func theCaretStandsUnderTheMistake() {
        let error = #expect(throws: PromptSyntaxError.self) { try PromptParser.prompts(from: "a | [b") }
        #expect(error?.caretDiagram == "a | [b\n    ^")
    }

    @Test(arguments: [
        (1.0, "1"), (-0.25, "-0.25"), (100, "100"), (1e18, "1e+18"), (0.1, "0.1"), (-0.0, "0"), (1e-7, "1e-07"),
    ])
    func numbersAreShort(value: Double, text: String) {
        #expect(PromptParser.number(value) == text)
    }

    @Test func onlySoloPromptsAreAudibleWhileThereIsOne() {
        var prompts = ["a", "b", "c"].map { Prompt(.text($0)) }
        prompts[1].isMuted = true
        #expect(prompts.audible == [true, false, true])
        prompts[2].isSolo = true
        #expect(prompts.audible == [false, false, true])
        prompts[2].isMuted = true
        #expect(prompts.audible == [true, false, false])
    }
}
