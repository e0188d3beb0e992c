import Configuration
import Testing

@Suite("TOML")
struct ConfigurationParserTests {
    @Test(arguments: [
        (#""tab\tquote\" \u00e9 \U0001F319""#, "tab\tquote\" é 🌙"),
        (#"'C:\plain'"#, #"C:\plain"#),
        ("\"\"\"\nfirst\nsecond \\\n   joined\"\"\"", "first\nsecond joined"),
        ("'''\r\na'b''''", "a'b'"),
        ("'''two quotes: '''''", "two quotes: ''"),
        ("\"\" # comment", ""),
    ])
    func textsAreRead(source: String, text: String) throws {
        #expect(try ConfigurationParser.parse("key = " + source)["key"] == .text(text))
    }

    @Test(arguments: [
        ("+99", "99"), ("-17", "-17"), ("1_000", "1000"), ("18446744073709551615", "18446744073709551615"),
        ("0xDEAD_beef", "3735928559"), ("0o17", "15"), ("0b101", "5"), ("6.5e-1", "0.65"), ("-0.25", "-0.25"),
        ("1e3", "1000"),
        ("inf", "inf"), ("-nan", "nan"),
    ])
    func numbersAreRead(source: String, number: String) throws {
        #expect(try ConfigurationParser.parse("key = " + source)["key"] == .number(number))
    }

    @Test(arguments: ["1979-05-27", "1979-05-27T07:32:00Z", "07:32:00.5", "1979-05-27T00:32:00.9-07:00"])
    func datesAreKnown(source: String) throws {
        #expect(try ConfigurationParser.parse("key = " + source)["key"] == .date(source))
    }

    @Test func listsMayHaveLinesCommentsAndATrailingComma() throws {
        let table = try ConfigurationParser.parse("key = [ # first\n  1,\n\n  [true, 'x'], # second\n]")
        #expect(table["key"] == .list([.number("1"), .list([.boolean(true), .text("x")])]))
    }

    @Test func allWaysToWriteATableAreTheSame() throws {
        let texts = [
            "[a.b]\nc = 1", "a.b.c = 1", "a . 'b' . \"c\" = 1", "[a]\nb.c = 1",
            "\u{FEFF}[a] \r\n[ a . b ] #x\r\nc=1\r\n",
        ]
        for text in texts {
            let table = try ConfigurationParser.parse(text)
            guard case .table(let a) = table["a"], case .table(let b) = a["b"] else {
                Issue.record("no tables in \(text)")
                continue
            }
            #expect(b["c"] == .number("1"))
        }
        guard case .table(let inline) = try ConfigurationParser.parse("a = {b.c = 1, d = 'x'}")["a"] else {
            Issue.record("no table in braces")
            return
        }
        #expect(inline["d"] == .text("x"))
    }

    @Test(arguments: [
        ("a = 1\na = 2", 2, "'a' is already there in line 1"),
        ("a = 1\n[a]", 2, "'a' is already there in line 1"),
        ("a = {}\na.b = 1", 2, "'a' is already there in line 1"),
        ("a = {b = 1}\n[a]", 2, "'a' is already there in line 1"),
        ("[a]\nb = 1\n[a.b.c]", 3, "'b' is already there in line 2"),
        ("[a]\n[a]", 2, "section 'a' is already there"),
        ("[[a]]", 1, "a section in double brackets"),
        ("a = \"\n\"", 1, "a text ends with \" on the same line"),
        ("a = \"\\q\"", 1, "a backslash starts one of"),
        ("a = \"\\ud800\"", 1, "\\u is followed by 4"),
        ("a = 0xFFFFFFFFFFFFFFFFF", 1, "'0xFFFFFFFFFFFFFFFFF' is no value"),
        ("a = dusk", 1, "'dusk' is no value; put a text in quotes"),
        ("a", 1, "a key is followed by ="),
        ("a = [\n1,\n", 3, "a list ends with ]"),
    ])
    func errorsNameTheLineAndTheRemedy(text: String, line: Int, problem: String) {
        let error = #expect(throws: ConfigurationSyntaxError.self) { try ConfigurationParser.parse(text) }
        #expect(error?.line == line)
        #expect(error?.problem.hasPrefix(problem) == true, "\(String(describing: error))")
    }

    @Test func hostileSizesAreRefused() {
        let keys = (0..<3000).map { "k\($0) = 1\n" }.joined()
        for text in [keys, String(repeating: "a.", count: 50_000), "a = " + String(repeating: "{a=", count: 50_000)] {
            #expect(throws: ConfigurationSyntaxError.self) { try ConfigurationParser.parse(text) }
        }
    }
}
