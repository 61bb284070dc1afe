"""Draw panels of horizontal bars: arguments are a file of panels and a picture.

Runs in an environment of its own.
"""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot
from matplotlib.axes import Axes

OURS, LIMIT, OTHER = "#d9480f", "#868e96", "#4c6ef5"
TICKS = (1, 2, 5, 10, 20, 50, 100, 200, 500)


def main(data: str, picture: str) -> None:
    panels = json.loads(Path(data).read_text())
    rows = (len(panels) + 1) // 2
    figure, grid = pyplot.subplots(rows, 2, figsize=(12, 3.6 * rows), squeeze=False)
    axes = list(grid.flat)
    for axis, panel in zip(axes, panels, strict=False):
        draw(axis, panel)
    for axis in axes[len(panels) :]:
        axis.set_visible(False)
    figure.suptitle("Time against the psql pipe (1 = the limit); shorter is better")
    figure.tight_layout()
    figure.savefig(picture, dpi=100, metadata={"Software": None})


def draw(axis: Axes, panel: dict[str, Any]) -> None:
    bars = panel["bars"]
    labels = [bar["label"] for bar in bars]
    ratios = [bar["ratio"] for bar in bars]
    axis.barh(labels, ratios, color=[color(bar) for bar in bars])
    for place, bar in enumerate(bars):
        note = f"  ({bar['note']})" if bar["note"] else ""
        text = f"{bar['ratio']:.1f} ×{note}"
        axis.text(bar["ratio"] * 1.04, place, text, va="center")
    axis.set_xscale("log")
    axis.set_xlim(min(0.5, *ratios) * 0.9, max(ratios) * 15)
    axis.set_xticks([value for value in TICKS if value <= max(ratios)])
    axis.get_xaxis().set_major_formatter("{x:g}")
    axis.minorticks_off()
    axis.axvline(1, color=LIMIT, linewidth=1, linestyle=":")
    axis.invert_yaxis()
    axis.set_title(panel["title"], loc="left", fontsize=11)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)


def color(bar: dict[str, Any]) -> str:
    if bar["is_ours"]:
        return OURS
    return LIMIT if bar["label"].startswith("psql pipe") else OTHER


main(*sys.argv[1:3])
