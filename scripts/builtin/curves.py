"""Draws the trainings' curves: python3 -m builtin.curves --csv ../docs/built-in-curves.csv --png ../docs/built-in-curves.png

The CSV has a line for every measurement: what was trained, minutes of its training, what was measured, and the value.
"""

import argparse
import csv
from collections import defaultdict

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot


def main():
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0])
    parser.add_argument("--csv", required=True)
    parser.add_argument("--png", required=True)
    options = parser.parse_args()
    curves = defaultdict(list)
    with open(options.csv, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            curves[row["measure"], row["training"]].append((float(row["minutes"]), float(row["value"])))
    measures = list(dict.fromkeys(measure for measure, _ in curves))
    figure, panels = pyplot.subplots(1, len(measures), figsize=(4.6 * len(measures), 3.4), squeeze=False)
    for panel, measure in zip(panels[0], measures):
        for (name, training), points in curves.items():
            if name == measure:
                panel.plot(*zip(*points), marker=".", label=training)
        panel.set(title=measure, xlabel="minutes of training")
        panel.grid(alpha=0.3)
        panel.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(options.png, dpi=110)


if __name__ == "__main__":
    main()
