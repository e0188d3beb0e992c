"""The tokenizer of the built-in pair: byte-pair merges over lower-case words that end in </w>."""

import json
import re

import torch


class Tokenizer:
    def __init__(self, folder):
        self.vocabulary = json.load(open(f"{folder}/vocab.json"))
        lines = open(f"{folder}/merges.txt", encoding="utf-8").read().split("\n")[1:]
        self.ranks = {tuple(line.split(" ")): rank for rank, line in enumerate(lines) if line}
        self.words = {}

    def word(self, word):
        """The ids of one word; unknown characters are dropped."""
        if word not in self.words:
            parts = list(word[:-1]) + [word[-1] + "</w>"]
            while len(parts) > 1:
                best = min(zip(parts, parts[1:]), key=lambda pair: self.ranks.get(pair, 10**9))
                if best not in self.ranks:
                    break
                merged, i = [], 0
                while i < len(parts):
                    if tuple(parts[i:i + 2]) == best:
                        merged.append("".join(best))
                        i += 2
                    else:
                        merged.append(parts[i])
                        i += 1
                parts = merged
            self.words[word] = [self.vocabulary[p] for p in parts if p in self.vocabulary]
        return self.words[word]

    def __call__(self, texts, length=32):
        """[N, length] ids: 1, the text, 2, then 0."""
        out = torch.zeros(len(texts), length, dtype=torch.long)
        for row, text in zip(out, texts):
            ids = [1]
            for word in re.findall(r"\w+|[^\w\s]+", text.lower()):
                ids += self.word(word)
            ids = ids[:length - 1] + [2]
            row[:len(ids)] = torch.tensor(ids)
        return out


_IDLE = set("a an the of in on at with and by to from under over above near next front".split())


class Words:
    """The frequent words of captions, as targets that a picture's features have to name besides its caption."""

    def __init__(self, captions, least=20, most=8):
        counts = {}
        for caption in captions:
            for word in set(self.split(caption)):
                counts[word] = counts.get(word, 0) + 1
        self.list = sorted(w for w, n in counts.items() if n >= least)
        self.index, self.most = {w: i for i, w in enumerate(self.list)}, most

    @staticmethod
    def split(caption):
        return [w for w in dict.fromkeys(re.findall(r"[a-z'-]+", caption.lower())) if w not in _IDLE]

    def __call__(self, captions):
        """[N, most] indices, -1 where there are fewer words."""
        out = torch.full((len(captions), self.most), -1)
        for row, caption in zip(out, captions):
            indices = [self.index[w] for w in self.split(caption) if w in self.index][:self.most]
            row[:len(indices)] = torch.tensor(indices, dtype=torch.long)
        return out
