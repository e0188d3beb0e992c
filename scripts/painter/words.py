"""Colours, times of day, weathers and styles, with the words that captions use for them."""

from .canvas import rgb

COLOURS = {
    "red": rgb(205, 30, 30), "orange": rgb(245, 130, 20), "yellow": rgb(250, 220, 40), "green": rgb(40, 160, 50),
    "blue": rgb(40, 80, 220), "purple": rgb(130, 40, 180), "pink": rgb(250, 130, 190), "brown": rgb(125, 75, 35),
    "black": rgb(28, 28, 32), "white": rgb(240, 240, 240), "gray": rgb(130, 130, 135), "golden": rgb(235, 185, 50),
    "silver": rgb(195, 200, 210), "turquoise": rgb(50, 200, 200),
}

# Weathers and lights of the sky: what may be said of them, and at which times they are seen.
TIMES = {
    "day": ("", "", "by day", "in daylight", "under a blue sky", "on a sunny day"),
    "sunset": ("at sunset", "at sunset", "at dusk", "in the evening"),
    "night": ("at night", "at night", "at night", "under a night sky", "in the dark"),
    "dawn": ("at dawn", "at sunrise", "in the morning"),
    "storm": ("in a storm", "under a stormy sky", "with dark clouds"),
}
SKIES = {
    "clear": ("day sunset night dawn storm", ("",)),
    "clouds": ("day sunset night dawn", ("with clouds", "under clouds", "")),
    "full moon": ("night", ("under a full moon", "with a full moon")),
    "crescent moon": ("night", ("under a crescent moon", "with a crescent moon")),
    "stars": ("night", ("under the stars", "with stars", "under a starry sky")),
    "aurora": ("night", ("with northern lights", "under the aurora")),
    "lightning": ("storm", ("with lightning",)),
    "rainbow": ("day", ("with a rainbow",)),
    "sun": ("day sunset dawn", ("with the sun", "and the sun", "")),
    "rain": ("day night storm", ("in the rain", "in rain")),
    "snowfall": ("day night", ("in falling snow", "in a snowstorm")),
    "fog": ("day dawn night", ("in fog", "in the mist")),
}
STYLES = {
    "oil": ("oil painting", "an oil painting", "oil on canvas"),
    "watercolor": ("watercolor", "a watercolor painting"),
    "pencil": ("pencil drawing", "a pencil drawing", "a pencil sketch"),
    "charcoal": ("charcoal drawing", "a charcoal drawing"),
    "pixels": ("pixel art",),
    "mosaic": ("mosaic", "a mosaic"),
    "glass": ("stained glass", "a stained glass window"),
    "low poly": ("low poly",),
    "monochrome": ("black and white photo", "a black and white photo"),
    "sepia": ("sepia photograph", "an old sepia photograph"),
    "neon": ("neon", "neon lights"),
    "impressionist": ("impressionist painting", "an impressionist painting"),
    "ink": ("ink drawing", "an ink drawing"),
    "cartoon": ("cartoon", "a cartoon"),
    "synthwave": ("synthwave",),
    "pop art": ("pop art",),
    "blurry": ("blurry",),
    "photo": ("photo", "a photo"),
}
NUMBERS = {2: "two", 3: "three", 4: "four", 5: "many"}


def with_article(name):
    """"a dragon", "an owl"; plurals and names with a word of their own for how many stay as they are."""
    first = name.split()[0]
    if first in ("two", "three", "four", "many", "the", "a", "an") or is_plural(name):
        return name
    return ("an " if name[0] in "aeiou" and not name.startswith(("uni", "eu", "ufo")) else "a ") + name


def is_plural(name):
    last = name.split()[-1]
    return last.endswith("s") and not last.endswith(("ss", "us", "is")) and last not in ("octopus", "lotus")


def plural(name):
    if is_plural(name):
        return name
    if name.endswith(("s", "x", "ch", "sh")):
        return name + "es"
    irregular = {"snowman": "snowmen", "mouse": "mice", "wolf": "wolves", "leaf": "leaves", "knife": "knives"}
    for end, instead in irregular.items():
        if name == end or name.endswith(" " + end):
            return name[:-len(end)] + instead
    if name.endswith(("sheep", "deer")):
        return name
    if name.endswith("y") and name[-2] not in "aeiou":
        return name[:-1] + "ies"
    return name + "s"
