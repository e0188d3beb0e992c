"""The rendered set as other trainers read it."""

import json
import tempfile
import unittest
from types import SimpleNamespace

import numpy as np
from PIL import Image

from painter.__main__ import folder


class Folder(unittest.TestCase):
    def test_every_training_picture_keeps_its_pixels_and_its_caption(self):
        pictures = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), np.uint8)
        with tempfile.TemporaryDirectory() as work:
            for name, rows in (("train-0of2", [0, 1]), ("train-1of2", [2]), ("held-0of2", [0])):
                np.save(f"{work}/{name}.npy", pictures[rows])
                with open(f"{work}/{name}.json", "w", encoding="utf-8") as file:
                    json.dump([f"caption {row}" for row in rows], file)
            folder(SimpleNamespace(data=work, out=f"{work}/out"))
            with open(f"{work}/out/metadata.jsonl", encoding="utf-8") as file:
                entries = [json.loads(line) for line in file]
            self.assertEqual([entry["text"] for entry in entries], ["caption 0", "caption 1", "caption 2"])
            for entry, pixels in zip(entries, pictures, strict=True):
                np.testing.assert_array_equal(np.asarray(Image.open(f"{work}/out/{entry['file_name']}")), pixels)


if __name__ == "__main__":
    unittest.main()
