"""Draws character error against each change, ours beside `tesseract`'s: the report in, a PNG at the path given."""

import json
import sys
from typing import Any

import matplotlib as mpl  # type: ignore[import-not-found]  # it is in .venv-peers alone

mpl.use("Agg")
from matplotlib import pyplot as plt

_COLOURS = {"platform": "#1f6f8b", "tesseract": "#c2703d"}
_INK, _FAINT = "#22313a", "#6b7a83"


def main() -> None:
    """Draw."""
    draw(json.load(sys.stdin), sys.argv[1])


def draw(report: dict[str, Any], path: str) -> None:
    """One field a change, levels at even distances."""
    plt.rcParams.update({"font.family": "DejaVu Sans", "font.size": 10, "text.color": _INK})
    titles = report["titles"]
    figure, fields = plt.subplots(1, len(titles), figsize=(3.2 * len(titles), 3.6), sharey=True, layout="constrained")
    for axes, (name, title) in zip(fields, titles.items(), strict=True):
        for tool, colour in _COLOURS.items():
            points = [point for point in report["points"] if (point["change"], point["tool"]) == (name, tool)]
            rates = [100 * min(point["character_error_rate"], 1.0) for point in points]
            axes.plot(range(len(points)), rates, color=colour, marker="o", markersize=4, label=tool)
            axes.set_xticks(range(len(points)), [f"{point['level']:g}" for point in points])
        axes.set_xlabel(title, color=_FAINT)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", color="#e3e8eb")
        axes.set_axisbelow(True)
    fields[0].set_ylabel("character errors, %", color=_FAINT)
    fields[0].legend(frameon=False)
    figure.suptitle(f"The same {len(report['pages'])} pages made worse; {report['machine']}", x=0.01, ha="left")
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    main()
