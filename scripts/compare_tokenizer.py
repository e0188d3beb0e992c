#!/usr/bin/env python3
"""Compares the program's tokenizer for OpenAI's CLIPs with the reference in Python, on some thousand varied texts.

    python3 -m venv /tmp/reference
    /tmp/reference/bin/pip install --no-deps open-clip-torch ftfy wcwidth regex
    /tmp/reference/bin/python scripts/compare_tokenizer.py [--show 20]

Prints how many texts of each kind get the same ids, and the first that do not. The reference is open_clip's copy of
OpenAI's tokenizer; of torch it needs nothing that matters here.
"""
import argparse
import html.entities
import json
import os
import random
import subprocess
import sys
import types
import unicodedata

SENTENCES = """\
over the cold and misty mountains
A lighthouse by the sea at sunset, oil on canvas
It's what they'd've wanted; we'll see, I'm sure, you're right
Trending on ArtStation, 8k, 4096x2160, f/1.8, ISO-100
the café's naïve façade, a jalapeño and the coöperative's résumé
Été comme hiver, l'œuvre d'art « déçoit » rarement : voilà tout…
Où est-ce que ça se passe ? À l'hôtel, près d'Évreux, là-bas
Über den Wäldern süßer Nebel, größer als „Straßen“ und Häuser
El niño soñó con un pingüino; ¿qué pasó? ¡Nada! Año 1999
A maçã não está à venda; às vezes, São Paulo é só ilusão
Perché così è più bello: l'umiltà di un caffè, però già lì
Příliš žluťoučký kůň úpěl ďábelské ódy, ŠKODA PŘÍŠERNÁ
Zażółć gęślą jaźń, Łódź i Gdańsk; ŻÓŁTY ŚNIEG
Árvíztűrő tükörfúrógép, ŐSZI ŰRHAJÓ
Hyvää yötä, ÄITI; på ön är sjöar blå, ÅÄÖ
Blåbærsyltetøy på brød, ØL og ÆRFUGL
Þórður át ævinlega súrmjólk, ÐAÐ
Iğdır'ın ışıltılı şehri, İSTANBUL ve ÇĞÖŞÜ
Съешь же ещё этих мягких французских булок, да выпей чаю
Їжак ґречно з'їв Європу, ЩАСТЯ і ЄДНІСТЬ
Љубазни фењерџија чађавог лица, ЊЕГОШ
Ξεσκεπάζω την ψυχοφθόρα βδελυγμία, ΟΔΥΣΣΕΥΣ ΚΑΙ ΑΓΓΕΛΟΣ
שלום עולם, דג סקרן שט בים
نص حكيم له سر قاطع وذو شأن عظيم
سلام دنیا، چهار گل سرخ
ऋषियों को सताने वाले दुष्ट राक्षसों
বাংলা ভাষায় একটি নদী
தமிழ் மொழியில் மலை
ภาษาไทยบนภูเขาสูง
山の上の霧、夕暮れの灯台。葛飾北斎
吾輩は猫である。名前はまだ無い。
雾中的山峦和古老的城堡，水墨画
다람쥐 헌 쳇바퀴에 타고파, 서울의 밤
Tiếng Việt có dấu: phở bò ở Hà Nội, ĐẶNG THÙY TRÂM
ქართული ანბანი და მთები
Հայոց լեռները և ծովը
የኢትዮጵያ ተራሮች
A dragon 🐉 over a castle 🏰 with 👩‍🎨 and 👍🏽 and 🇫🇷🇯🇵
¯\\_(ツ)_/¯ (╯°□°)╯︵ ┻━┻ ʕ•ᴥ•ʔ ಠ_ಠ ♥‿♥
x² + y² ≤ 4πr³ ÷ ½ ± ∞ → ∑∂∫√ ≠ ≈
$9.99 €5 £3 ¥100 ¢50 20°C 50% §3 ¶2 № 5 ©2021 ® ™
https://example.org/a_b-c?q=1&lang=en#top user@example.org
tl;dr: (see [1], {2}, <3>) "quoted" 'single' `code` ~/path\\to
don't can't o'clock 'twas rock'n'roll y'all'd've JOHN'S IT'S
snake_case camelCase SCREAMING_CASE kebab-case 3.14159 1,000,000 0xFF
""".splitlines()
EMOJI = "😀 🐉 🌋 🏔️ 🌊 👩‍🚀 👨‍👩‍👧‍👦 🏳️‍🌈 ❤️ ☀️ ⛰️ 🎨 🖼️ 🧙🏽‍♂️ 🇺🇳 ✨ ☕ ♞ ⚔️ 🀄 🅰️ 1️⃣ #️⃣ 🫠 🦤".split()
WIDE = {chr(c): chr(c + 0xFEE0) for c in range(0x21, 0x7F)} | {" ": "\u3000"}
ENCODINGS = ["latin-1", "cp1252", "cp1251", "cp1250", "cp1253", "cp1254", "cp1257", "mac_roman", "cp437"]


def garbled(text, encoding):
    """What a program makes of the text that reads its UTF-8 in another encoding; undefined bytes pass through."""
    characters = []
    for byte in text.encode("utf-8"):
        try:
            characters.append(bytes([byte]).decode(encoding))
        except UnicodeDecodeError:
            characters.append(chr(byte))
    return "".join(characters)


def texts(seed):
    """Pairs of a kind and a text."""
    dice = random.Random(seed)
    words = " ".join(SENTENCES).split()
    phrase = lambda low, high: " ".join(dice.choice(words) for _ in range(dice.randint(low, high)))
    for sentence in SENTENCES:
        yield "sentences", sentence
        yield "case", sentence.upper()
        yield "case", sentence.title()
        yield "case", sentence.swapcase()
        yield "forms", unicodedata.normalize("NFD", sentence)
        yield "forms", unicodedata.normalize("NFKD", sentence)
        yield "forms", "".join(WIDE.get(c, c) for c in sentence)
        yield "quotes", sentence.replace("'", "\u2019").replace('"', "\u201d")
        yield "quotes", "\u201c" + sentence + "\u201d \u2018" + sentence[:9] + "\u2019 \u201eso\u201c"
        yield "whitespace", sentence.replace(" ", dice.choice(["  ", "\t", "\n", "\r\n", "\u00a0", "\u2003", " \u3000"]))
        yield "whitespace", dice.choice(["\n\n ", "\t", "\u2028"]) + sentence + dice.choice(["\r", " \v ", "\x85", "\f"])
        yield "controls", sentence[:7] + "\x1b[1;31m" + sentence[7:] + "\x1b[0m"
        yield "controls", "\ufeff" + sentence[:5] + dice.choice("\x00\x07\x0b\x1c\x7f\u206a\ufffc\u200b\u200d\u200e") + sentence[5:]
        for encoding in ENCODINGS:
            damaged = garbled(sentence, encoding)
            if damaged != sentence:
                common = encoding in ("latin-1", "cp1252")
                yield f"mojibake {'latin-1, cp1252' if common else 'others'}", damaged
                if common:
                    yield "mojibake twice", garbled(damaged, "cp1252")
                    yield "mojibake in part", damaged + " · " + dice.choice(SENTENCES[:17])
    names = sorted(html.entities.html5)
    for _ in range(300):
        chosen = [dice.choice(names) for _ in range(3)]
        yield "entities", " ".join(f"{dice.choice(words)} &{name}" for name in chosen)
    for _ in range(100):
        name, number = dice.choice(names), dice.choice([65, 0x1F409, 0x85, 0, 7, 0xD800, 0x110000, 10 ** 12, 0x2019])
        yield "entities", f"{phrase(1, 3)}&amp;{name} &#{number}; &#x{number:x} &{name.upper()} &amp;amp;amp; &lt;b&gt; <i>"
    for _ in range(150):
        yield "emoji", " ".join(dice.choice([dice.choice(EMOJI), dice.choice(words)]) for _ in range(dice.randint(1, 9)))
    for _ in range(250):
        marks = "".join(dice.choice("!?.,;:-_'\"()[]{}<>|/\\@#$%^&*+=~`…–—«»¿¡·•°§†‡") for _ in range(dice.randint(1, 6)))
        yield "punctuation", f"{phrase(0, 2)}{marks}{phrase(0, 2)} {marks[::-1]}"
    for _ in range(200):
        yield "mixed words", phrase(1, 12)
    for _ in range(60):
        yield "long texts", phrase(60, 200)
    for _ in range(10):
        yield "long texts", dice.choice(words) * 60
    for _ in range(200):
        ranges = [(0x20, 0x7E), (0xA0, 0x17F), (0x370, 0x52F), (0x5D0, 0x64A), (0x900, 0xD7F), (0x1E00, 0x22FF), (0x3040, 0x30FF)]
        low, high = dice.choice(ranges)
        characters = (chr(dice.randint(low, high)) for _ in range(dice.randint(1, 24)))
        yield "random", "".join(c if unicodedata.category(c) != "Cn" else " " for c in characters)
    for text in ["", " ", "\n", "<|startoftext|>a cat<|endoftext|>", "<|STARTOFTEXT|> x", "a" * 300, "é" * 99, "ſ 'ſ 's ﬁ ﬂ ﬅ ĳ ǆ",
                 "ΣΑΣ ΣΣ Σ. Σ'α ΌΔΟΣ", "İI ıi ǅ ẞ ß", "¼ ½ Ⅳ ④ ² ੩ 〇 一", "a\u0301 e\u0301\u0323 \u1100\u1161\u11a8"]:
        yield "special", text


def reference():
    """The reference tokenizer, with OpenAI's names for its marks."""
    torch = types.ModuleType("torch")
    torch.Tensor = torch.LongTensor = object
    sys.modules.setdefault("torch", torch)
    sys.modules.setdefault("numpy", types.ModuleType("numpy"))
    import importlib.util
    root = importlib.util.find_spec("open_clip").submodule_search_locations[0]
    spec = importlib.util.spec_from_file_location("reference_tokenizer", os.path.join(root, "tokenizer.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    tokenizer = module.SimpleTokenizer()
    for ours, theirs in (("<|startoftext|>", "<start_of_text>"), ("<|endoftext|>", "<end_of_text>")):
        tokenizer.encoder[ours] = tokenizer.encoder[theirs]
        tokenizer.cache[ours] = ours
    pattern = tokenizer.pat.pattern.replace("<start_of_text>|<end_of_text>", r"<\|startoftext\|>|<\|endoftext\|>")
    tokenizer.pat = module.re.compile(pattern, module.re.IGNORECASE)
    return tokenizer


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--binary", default=".build/release/vqclip-tui")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--show", type=int, default=10, help="differences to print")
    parser.add_argument("--kind", help="only texts of this kind")
    options = parser.parse_args()
    cases = [case for case in dict.fromkeys(texts(options.seed)) if options.kind in (None, case[0])]
    lines = "".join(json.dumps(text) + "\n" for _, text in cases)
    command = [options.binary, "tokenize", "--openai", "--json", "--escaped", "--lines", "-"]
    answer = subprocess.run(command, input=lines, capture_output=True, text=True)
    if answer.returncode:
        sys.exit(f"{' '.join(command)} failed: {answer.stderr}")
    ours = [json.loads(line)["ids"] for line in answer.stdout.split("\n") if line]
    theirs = reference()
    tally, shown = {}, 0
    for (kind, text), ids in zip(cases, ours, strict=True):
        expected = theirs.encode(text)
        same, total = tally.get(kind, (0, 0))
        tally[kind] = (same + (ids == expected), total + 1)
        if ids != expected and shown < options.show:
            shown += 1
            print(f"{kind}: {text[:100]!a}\n  here      {theirs.decode(ids)[:100]!r}\n  reference {theirs.decode(expected)[:100]!r}")
    for kind, (same, total) in tally.items():
        print(f"{kind:28} {same:5} of {total:5}")
    same, total = (sum(column) for column in zip(*tally.values()))
    print(f"{'all':28} {same:5} of {total:5} alike ({same / total:.2%})")
    sys.exit(same < total)


if __name__ == "__main__":
    main()
