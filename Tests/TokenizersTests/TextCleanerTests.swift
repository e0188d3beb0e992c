import Testing

@testable import Tokenizers

@Suite struct TextCleanerTests {
    @Test(arguments: [
        (" “Tabs”\tand \n spaces ", "\"tabs\" and spaces"),
        ("it’s ‘so’ ‚low‘ „high“", "it's 'so' 'low' \"high\""),
        ("ﬂuﬃeﬆ ĳ ﬅ", "fluffiest ij ſt"),
        ("ＬＯＵＤ　ﾀｰﾝ", "loud ターン"),
        ("\u{1B}[36;44mblue\u{1B}[0m \u{1B}[x", "blue"),
        ("\u{FEFF}a\u{0}b\u{7}c\u{FFFC}d\u{206A}", "abcd"),
        ("a\r\nb\rc\u{2028}d\u{85}e\u{A0}f\u{B}g", "a b c d…e fg"),
        ("e\u{301} \u{1112}\u{1161}\u{11AB}", "\u{E9} 한"),
        ("ΟΔΥΣΣΕΥΣ Σ ΣΑΣ. Σ'Α", "οδυσσευς σ σας. σ'α"),
        ("İSTANBUL", "i\u{307}stanbul"),
        ("", ""),
    ])
    func textIsMadePlain(text: String, cleaned: String) {
        #expect(Array(TextCleaner.cleaned(text).unicodeScalars) == Array(cleaned.unicodeScalars))
    }

    @Test(arguments: [
        ("a &amp;amp; b &lt;3 &#65;&#x42; &; &bogus; &", "a & b <3 ab &; &bogus; &"),
        ("&eacute;&Eacute;&EACUTE;&nbsp;&hellip;", "ééé …"),
        ("&notit; &not &NotEqualTilde; &bne;", "¬it; ¬ ≂̸ =⃥"),
        ("&#0; &#x110000; &#99999999999999; &#xD800;", "\u{FFFD} \u{FFFD} \u{FFFD} \u{FFFD}"),
        ("a&#1;b &#x80; &#133; &#x;", "ab € … &#x;"),
        ("<b> &EACUTE;", "<b> &eacute;"),
        ("&checkmark; &Jscr; &fjlig; &Tab;x&NewLine;", "✓ 𝒥 fj x"),
        ("&\u{301}amp; &ampx &amp", "&\u{301}amp; &x &"),
    ])
    func entitiesAreUnescapedTwice(text: String, cleaned: String) {
        #expect(Array(TextCleaner.cleaned(text).unicodeScalars) == Array(cleaned.unicodeScalars))
    }

    @Test(arguments: [
        ("cafÃ© Ã  la mode", "café à la mode"),
        ("voilÃ le travail", "voilà le travail"),
        ("sÃ£o Ã\u{89}tÃ©", "são été"),
        ("itâ€™s â€œfineâ€\u{9D}", "it's \"fine\""),
        ("â€œ like this â€\u{FFFD}", "\" like this \u{FFFD}"),
        ("l\u{92}Ã©tÃ©", "l'été"),
        ("ÃƒÂ©tÃƒÂ©", "été"),
        ("ðŸ\u{90}‰ ðŸ˜€", "🐉 😀"),
        ("å±±ã\u{81}®ä¸Š", "山の上"),
        ("РїСЂРёРІРµС‚, РјРёСЂ", "привет, мир"),
        ("√©t√© ‚Äî voil√†", "été — voilà"),
        ("├⌐t├⌐", "été"),
        ("Ð¿Ñ€Ð¸Ð²ÐµÑ‚", "привет"),
        ("&Atilde;&copy;t&Atilde;&copy;", "été"),
        ("\u{ED}\u{A0}\u{BD}\u{ED}\u{B8}\u{8D}", "😍"),
        ("CafÃ© · naïve", "café · naïve"),
    ])
    func mojibakeIsRepaired(text: String, cleaned: String) {
        #expect(TextCleaner.cleaned(text) == cleaned.lowercased())
    }

    @Test(arguments: [
        "CAFÉ… É™ „CAFÉ“ »CAFÉ« BEYONCÉ’S ANDRÉ–MARIE", "« été », voilà… à", "Ü² ÇĞÖŞÜ MAÇÃ €5, AMANHÃ…",
        "¯\\_(Ö)_/¯ (╯°□°)╯︵ ┻━┻ ━━ ┌─┐", "3×½ 4×²", "їв з’їв Європу", "Сњежана", "VÁŠ NÍŽE ĚŠ", "Größe ßen „ä“",
        "№ 5 20 °С",
        "“Éire” ‘Où «à", "£3 ¥100 ¢50 §3 ¶2 ©2021 ® ™", "ΑΘΗΝΑ· Ά΄",
    ])
    func whatIsFineStaysAsItIs(text: String) {
        let expected = String(
            text.map { "“”„".contains($0) ? "\"" : "‘’".contains($0) ? "'" : $0 }
        )
        #expect(TextCleaner.cleaned(text) == LowerCase.lowered(expected))
    }

    @Test func nothingIsTooOddOrTooLong() {
        for start in stride(from: UInt32(0), to: 0x3_0000, by: 0x100) {
            let scalars = (start..<(start + 0x20)).compactMap(Unicode.Scalar.init)
            var text = String.UnicodeScalarView()
            text.append(contentsOf: scalars)
            _ = TextCleaner.cleaned(String(text))
        }
        let odd = String(repeating: "Ã", count: 5000) + String(repeating: "&", count: 5000)
        #expect(TextCleaner.cleaned(odd).count == 10_000)
    }
}
