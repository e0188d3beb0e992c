"""What to paint: a list of pictures that goes through objects, colours, scenes, times, weathers and styles evenly.

Nothing is left to luck that can be dealt: every choice comes from a shuffled deck that deals each card once before any
card again, with a deck of colours and one of scenes for every object, and a deck of skies for every scene.
"""

import hashlib
from dataclasses import dataclass, field

import numpy as np

from . import sprites, textures
from .canvas import pick
from .scenes import SCENES
from .words import COLOURS, NUMBERS, SKIES, STYLES, TIMES, is_plural, plural, with_article

# Of a hundred pictures, how many are of a kind.
SHARES = {"object": 36, "object in a scene": 29, "pair": 5, "several": 4, "scene": 17, "texture": 9}
STYLED = 0.3
COLOURED = 0.45
HELD_OUT_OF = 32


@dataclass(frozen=True)
class Picture:
    """All that a caption says of a picture; the rest is up to the picture's own random numbers."""

    kind: str
    caption: str = ""
    things: tuple[tuple[str, str | None], ...] = ()  # names and colours
    count: int = 1
    scene: int | None = None
    time: str = "day"
    sky: str = "clear"
    texture: tuple[int, int] | None = None  # group and member
    backdrop: str | None = None  # a colour, "texture", or None for any quiet one
    above: bool = False
    style: str | None = None


class Decks:
    """Shuffled decks by key; a deck deals all its cards before it is shuffled again."""

    def __init__(self, random):
        self.random, self.decks = random, {}

    def deal(self, key, cards):
        deck = self.decks.get(key)
        if not deck:
            deck = self.decks[key] = [cards[i] for i in self.random.permutation(len(cards))]
        return deck.pop()


TIMES_AND_SKIES = [(time, sky) for sky, (times, _) in SKIES.items() for time in times.split()]
# Clear skies are what most prompts mean.
TIMES_AND_SKIES += [(time, "clear") for time in TIMES] * 2


@dataclass
class Planner:
    seed: int
    objects: list = field(default_factory=sprites.objects)

    def __post_init__(self):
        self.random = np.random.default_rng(self.seed)
        self.decks = Decks(self.random)
        self.by_name = {o.name: o for o in self.objects}
        self.colours = [None] * round(len(COLOURS) * (1 - COLOURED) / COLOURED) + list(COLOURS)

    def pictures(self, count):
        kinds = [kind for kind, share in SHARES.items() for _ in range(share)]
        return [self.picture(self.decks.deal("kind", kinds)) for _ in range(count)]

    def picture(self, kind):
        make = {"object": self.one, "object in a scene": self.in_scene, "pair": self.pair, "several": self.several,
                "scene": self.landscape, "texture": self.texture}[kind]
        return make()

    # The kinds. Each deals what the picture shows, then says it.

    def thing(self, key):
        name = self.decks.deal(("object", key), self.objects).name
        return name, self.decks.deal(("colour", name), self.colours)

    def one(self):
        thing = self.thing("one")
        backdrop, said, texture = self.backdrop()
        name = self.named(thing)
        caption = name if self.random.random() < 0.15 else with_article(name)
        return self.said("object", caption + said, things=(thing,), backdrop=backdrop, texture=texture)

    def backdrop(self):
        kind = self.decks.deal("backdrop", ["quiet"] * 8 + ["colour"] * 7 + ["texture"] * 4 + ["dark"])
        if kind == "colour":
            colour = self.decks.deal("backdrop colour", list(COLOURS))
            return colour, f" on {with_article(colour + ' background')}", None
        if kind == "dark":
            return "black", pick(self.random, [" in the dark", " on a black background"]), None
        if kind == "texture":
            group, member = self.texture_of(len(textures.GROUPS) - 9, "backdrop texture")
            phrase = pick(self.random, textures.GROUPS[group][member].phrases)
            return "texture", pick(self.random, [f" and {phrase}", f" with {phrase}", f" in front of {phrase}"]), \
                (group, member)
        return None, "", None

    def in_scene(self):
        name = self.decks.deal(("object", "in scene"), self.objects).name
        thing = (name, self.decks.deal(("colour", name), self.colours))
        index = self.decks.deal(("scene", name), range(len(SCENES)))
        time, sky = self.decks.deal(("sky", index), TIMES_AND_SKIES)
        scene, place = SCENES[index], self.by_name[name].place
        above = place == "air" or self.random.random() < 0.15
        what, where = with_article(self.named(thing)), pick(self.random, scene.phrases)
        afloat = place == scene.place == "water"
        caption = f"{what} {pick(self.random, self.relations(place, above, afloat))} {where}"
        if self.random.random() < 0.12:
            caption = f"{where} with {what}"
        elif self.random.random() < 0.08:
            caption = what
        return self.said("object in a scene", caption + self.sky_words(time, sky), things=(thing,), scene=index,
                         time=time, sky=sky, above=above)

    @staticmethod
    def relations(place, above, afloat):
        if above:
            return ("over", "over", "flying over", "above") if place == "air" else ("over", "above")
        return ("on", "on", "in front of", "and") if afloat else ("in front of", "and", "near", "by")

    def pair(self):
        first, second = self.thing("pair"), self.thing("pair")
        a, b = with_article(self.named(first)), with_article(self.named(second))
        backdrop, said, texture = self.backdrop()
        caption = pick(self.random, [f"{a} and {b}", f"{a} next to {b}", f"{a} and {b}"])
        return self.said("pair", caption + said, things=(first, second), backdrop=backdrop, texture=texture)

    def several(self):
        thing, count = self.thing("several"), self.decks.deal("count", list(NUMBERS))
        backdrop, said, texture = self.backdrop()
        name = self.named(thing)
        caption = name if is_plural(name) else f"{NUMBERS[count]} {plural(name)}"
        return self.said("several", caption + said, things=(thing,), count=count, backdrop=backdrop, texture=texture)

    def landscape(self):
        index = self.decks.deal("scene", range(len(SCENES)))
        time, sky = self.decks.deal(("sky alone", index), TIMES_AND_SKIES)
        where = pick(self.random, SCENES[index].phrases)
        caption = where + self.sky_words(time, sky)
        if sky == "full moon" and self.random.random() < 0.4:
            caption = f"a full moon over {where}"
        return self.said("scene", caption, scene=index, time=time, sky=sky)

    def texture_of(self, groups, key):
        group = self.decks.deal(key, range(groups))
        return group, self.decks.deal((key, group), range(len(textures.GROUPS[group])))

    def texture(self):
        group, member = self.texture_of(len(textures.GROUPS), "texture")
        caption = pick(self.random, textures.GROUPS[group][member].phrases)
        return self.said("texture", caption, texture=(group, member))

    # The words.

    @staticmethod
    def named(thing):
        name, colour = thing
        return f"{colour} {name}" if colour else name

    def sky_words(self, time, sky):
        said = [pick(self.random, TIMES[time]), pick(self.random, SKIES[sky][1])]
        return "".join(f" {words}" for words in said if words)

    def said(self, kind, caption, **what):
        style = None
        if self.random.random() < STYLED:
            style = self.decks.deal(("style", kind), list(STYLES))
            words = pick(self.random, STYLES[style])
            medium = words.startswith(("a ", "an "))
            caption = f"{words} of {caption}" if medium else f"{caption}, {words}"
        return Picture(kind, caption, style=style, **what)


def is_held_out(caption):
    """By the caption alone, so that no held-out caption is ever trained on, whatever the seed and the count."""
    return int.from_bytes(hashlib.sha256(caption.encode()).digest()[:4], "big") % HELD_OUT_OF == 0


def split(pictures):
    """The places of the pictures to train on, and of those to hold out, each caption once."""
    train, held = [], {}
    for index, picture in enumerate(pictures):
        if is_held_out(picture.caption):
            held.setdefault(picture.caption, index)
        else:
            train.append(index)
    return train, list(held.values())
