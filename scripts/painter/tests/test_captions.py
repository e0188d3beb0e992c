"""What is planned: evenly, the same for a seed, and held out by caption."""

import collections
import unittest

from painter import plan, sprites, words
from painter.scenes import SCENES

COUNT = 12000


class Captions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.pictures = plan.Planner(1).pictures(COUNT)

    def test_a_seed_gives_one_plan_and_another_seed_another(self):
        self.assertEqual(plan.Planner(1).pictures(300), self.pictures[:300])
        self.assertNotEqual(plan.Planner(2).pictures(300), self.pictures[:300])

    def test_a_longer_plan_begins_like_a_shorter_one(self):
        self.assertEqual(plan.Planner(1).pictures(50), self.pictures[:50])

    def test_kinds_have_their_shares(self):
        counts = collections.Counter(p.kind for p in self.pictures)
        for kind, share in plan.SHARES.items():
            self.assertAlmostEqual(counts[kind] / COUNT, share / 100, places=3)

    def test_objects_come_equally_often(self):
        for kind in ("object", "object in a scene"):
            counts = collections.Counter(p.things[0][0] for p in self.pictures if p.kind == kind)
            self.assertEqual(len(counts), len(sprites.objects()))
            self.assertLessEqual(max(counts.values()) - min(counts.values()), 1)

    def test_an_object_is_not_in_a_scene_again_before_it_was_in_all(self):
        seen = collections.Counter((p.things[0][0], p.scene) for p in self.pictures if p.kind == "object in a scene")
        self.assertEqual(max(seen.values()), 1)

    def test_every_scene_is_seen_under_every_sky(self):
        seen = {(p.scene, p.time, p.sky) for p in self.pictures if p.kind == "scene"}
        self.assertEqual(len(seen), len(SCENES) * len(set(plan.TIMES_AND_SKIES)))

    def test_every_style_and_every_colour_is_used(self):
        self.assertEqual({p.style for p in self.pictures} - {None}, set(words.STYLES))
        self.assertEqual({c for p in self.pictures for _, c in p.things} - {None}, set(words.COLOURS))

    def test_captions_name_what_is_in_the_picture(self):
        for picture in self.pictures:
            if picture.kind in ("object", "pair", "object in a scene"):
                for name, colour in picture.things:
                    self.assertIn(f"{colour} {name}" if colour else name, picture.caption)
            self.assertEqual(picture.caption, picture.caption.strip())
            self.assertNotRegex(picture.caption, r"  |\ba [aeio]|\ban [^aeiou]")

    def test_no_caption_is_both_trained_on_and_held_out(self):
        train, held = plan.split(self.pictures)
        trained = {self.pictures[i].caption for i in train}
        kept = [self.pictures[i].caption for i in held]
        self.assertEqual(len(kept), len(set(kept)))
        self.assertFalse(trained & set(kept))
        self.assertAlmostEqual(len(kept) / COUNT, 1 / plan.HELD_OUT_OF, delta=0.01)

    def test_held_out_captions_stay_so_under_another_seed(self):
        held = {p.caption for p in self.pictures if plan.is_held_out(p.caption)}
        other = plan.Planner(9).pictures(COUNT)
        train, _ = plan.split(other)
        self.assertFalse(held & {other[i].caption for i in train})


class Words(unittest.TestCase):
    def test_articles(self):
        for name, whole in (("dragon", "a dragon"), ("owl", "an owl"), ("unicorn", "a unicorn"),
                            ("cherries", "cherries"), ("octopus", "an octopus"), ("orange owl", "an orange owl")):
            self.assertEqual(words.with_article(name), whole)

    def test_plurals(self):
        for one, many in (("dog", "dogs"), ("fox", "foxes"), ("wolf", "wolves"), ("fly", "flies"), ("key", "keys"),
                          ("sheep", "sheep"), ("computer mouse", "computer mice"), ("snowman", "snowmen"),
                          ("glasses", "glasses")):
            self.assertEqual(words.plural(one), many)

    def test_the_list_of_objects(self):
        listed = sprites.objects()
        names = [o.name for o in listed]
        self.assertEqual(len(names), len(set(names)))
        self.assertEqual({o.place for o in listed}, {"ground", "air", "water"})
        self.assertTrue({"dragon", "castle", "sailboat", "wolf", "rose"} <= set(names))
        for o in listed:
            self.assertTrue(o.drawings and all(o.drawings), o)


if __name__ == "__main__":
    unittest.main()
