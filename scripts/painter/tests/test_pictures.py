"""What is painted: the same for a seed, in range, and different where captions differ. Drawings are discs here."""

import unittest

import numpy as np
from PIL import Image, ImageDraw

from painter import compose, plan, sprites, styles, textures
from painter.canvas import SIDE, blur, box, cells
from painter.scenes import SCENES
from painter.words import COLOURS


def disc():
    image = Image.new("RGBA", (sprites.SIZE, sprites.SIZE), (0, 0, 0, 0))
    ImageDraw.Draw(image).ellipse([8, 8, sprites.SIZE - 8, sprites.SIZE - 8], fill=(180, 90, 60, 255))
    return image


class AnyDrawing(dict):
    def __missing__(self, name):
        return [disc()]


def painted(picture, seed=0):
    return compose.paint(picture, AnyDrawing(), np.random.default_rng([seed, 1]))


class Pictures(unittest.TestCase):
    def test_a_picture_depends_on_its_plan_and_its_random_numbers_only(self):
        for picture in plan.Planner(3).pictures(40):
            first, again, other = painted(picture), painted(picture), painted(picture, seed=1)
            np.testing.assert_array_equal(first, again)
            self.assertEqual((first.shape, first.dtype), ((SIDE, SIDE, 3), np.uint8))
            self.assertTrue((first != other).any(), picture.caption)

    def test_every_scene_is_darker_at_night(self):
        for index, scene in enumerate(SCENES):
            day, night = (painted(plan.Picture("scene", scene=index, time=time)).mean() for time in ("day", "night"))
            self.assertGreater(day, night * 1.3, scene.phrases[0])

    def test_skies_differ(self):
        sea = next(i for i, scene in enumerate(SCENES) if "the sea" in scene.phrases)
        for time, sky in sorted(set(plan.TIMES_AND_SKIES)):
            plain = painted(plan.Picture("scene", scene=sea, time=time)).astype(int)
            seen = painted(plan.Picture("scene", scene=sea, time=time, sky=sky)).astype(int)
            if sky != "clear" and (time, sky) not in (("sunset", "sun"), ("dawn", "sun")):
                self.assertGreater(np.abs(plain - seen).mean(), 0.5, (time, sky))

    def test_every_group_of_textures_paints(self):
        for group, members in enumerate(textures.GROUPS):
            picture = painted(plan.Picture("texture", texture=(group, len(members) - 1)))
            self.assertEqual(picture.shape, (SIDE, SIDE, 3), members[0].phrases)

    def test_every_style_changes_the_picture_and_stays_in_range(self):
        source = painted(plan.Picture("scene", scene=0)).astype(np.float32) / 255
        for name in styles.STYLES:
            out = styles.apply(name, np.random.default_rng(0), source.copy())
            self.assertTrue(np.isfinite(out).all() and 0 <= out.min() and out.max() <= 1, name)
            self.assertGreater(np.abs(out - source).mean(), 0.005, name)

    def test_a_recoloured_drawing_has_the_hue_of_its_colour(self):
        for name in ("red", "green", "blue"):
            pixels = np.asarray(sprites.recoloured(disc(), name))
            mean = pixels[pixels[..., 3] > 200][:, :3].mean(0)
            self.assertEqual(int(mean.argmax()), ("red", "green", "blue").index(name))
        self.assertEqual(set(COLOURS), set(plan.Planner(0).colours) - {None})

    def test_what_is_above_is_higher(self):
        def middle(above):
            where = []
            for seed in range(8):
                random = np.random.default_rng(seed)
                canvas, under_way = compose.landscape(random, plan.Picture("scene", scene=0))
                before = canvas.copy()
                compose._in_scene(random, canvas, disc(), under_way, above)
                where.append(np.nonzero((canvas != before).any(-1))[0].mean())
            return np.mean(where)
        self.assertLess(middle(True) + 20, middle(False))

    def test_a_drawing_beyond_the_edge_is_cut_off(self):
        canvas = np.zeros((SIDE, SIDE, 3), np.float32)
        sprites.paste(np.random.default_rng(0), canvas, disc(), 0.5, 1.0, 0.0)
        self.assertTrue(canvas[:20, -20:].any())
        sprites.paste(np.random.default_rng(0), canvas, disc(), 0.2, 3.0, 3.0)


class Filters(unittest.TestCase):
    def test_means_keep_what_is_even(self):
        even = np.full((SIDE, SIDE, 3), 0.4, np.float32)
        np.testing.assert_allclose(blur(even, 3), even, atol=1e-5)
        np.testing.assert_allclose(box(even, 5), even, atol=1e-5)

    def test_cells_are_those_of_the_nearest_point(self):
        random = np.random.default_rng(4)
        points = np.random.default_rng(4).random((9, 2))
        index, behind = cells(random, 9)
        for row, column in ((0, 0), (50, 90), (127, 31)):
            distance = np.hypot(*(points - np.array([row, column]) / SIDE).T)
            self.assertEqual(index[row, column], distance.argmin())
            self.assertAlmostEqual(behind[row, column], np.diff(np.sort(distance)[:2])[0], places=3)


if __name__ == "__main__":
    unittest.main()
