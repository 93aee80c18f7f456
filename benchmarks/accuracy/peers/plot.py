"""Draws how right tools are, kind by kind, and what that costs: figures in, three PNGs at the paths that are given."""

import json
import sys
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl  # type: ignore[import-not-found]  # it is in .venv-peers alone

mpl.use("Agg")
from matplotlib import pyplot as plt

_INK, _FAINT, _GRID, _BAND = "#22313a", "#6b7a83", "#e3e8eb", "#f5f7f8"
_OURS = ("#9fd0df", "#1f6f8b", "#0b3c4d")  # fast, balanced, best: the more work, the darker
_OTHERS = ("#d9822b", "#7a5ea8", "#5f8f3a", "#b5443c", "#8a8a8a")
_SHAPES = ("s", "^", "D", "v", "P")
_LEFT_OF_ALL = 0.55  # room between the kinds and the row of all
_SPREAD = 0.5  # of a row: each tool has a height of its own in it, so that equal figures hide nobody
_MOST_ERRORS = 1.0  # rates above are drawn at the edge: a page that was made up says no more than that


def main() -> None:
    """Draw."""
    report = json.load(sys.stdin)
    words, characters, cost = sys.argv[1:]
    plt.rcParams.update({"font.family": "DejaVu Sans", "font.size": 10.5, "text.color": _INK})
    looks = _looks([tool["name"] for tool in report["tools"]])
    _by_kind(report, looks, "f1", "Word F1, % (further right is better)", words)
    _by_kind(report, looks, "cer", "Character error rate, % (further left is better)", characters)
    _cost(report, looks, cost)
    json.dump({}, sys.stdout)


def _looks(names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Colour and shape of each tool: the platform round and blue, the others each of its own."""
    ours = [name for name in names if name.startswith("platform")]
    others = [name for name in names if name not in ours]
    shades = _OURS if len(ours) > 1 else _OURS[1:]
    round_ones = {name: {"color": shade, "marker": "o", "s": 74} for name, shade in zip(ours, shades, strict=False)}
    rest = zip(others, _OTHERS, _SHAPES, strict=False)
    return round_ones | {name: {"color": shade, "marker": shape, "s": 50} for name, shade, shape in rest}


def _by_kind(report: dict[str, Any], looks: dict[str, dict[str, Any]], metric: str, title: str, path: str) -> None:
    """A row for each kind that has the metric, and one of all pages, with a point for each tool."""
    kinds = report["kinds"]
    rows = [place for place, _ in enumerate(kinds) if report["tools"][0]["by_kind"][metric][place] is not None]
    figure, axes = plt.subplots(figsize=(10, 1.9 + 0.5 * (len(rows) + 1)), layout="constrained")
    heights = [*range(len(rows) + 1, 1, -1), 1 - _LEFT_OF_ALL]
    for height in heights[::2]:
        axes.axhspan(height - 0.5, height + 0.5, color=_BAND, zorder=0, linewidth=0)
    for place, tool in enumerate(report["tools"]):
        lower = _SPREAD * (place / max(1, len(report["tools"]) - 1) - 0.5)
        shares = [tool["by_kind"][metric][place] for place in rows] + [tool["all"][metric]]
        shown = [100 * min(share, _MOST_ERRORS) for share in shares if share is not None]
        look = looks[tool["name"]]
        where = [height - lower for height in heights[-len(shown) :]]
        axes.scatter(shown, where, label=tool["title"], linewidths=0.5, edgecolors="white", zorder=3, **look)
    names = [f"{kinds[place]['name']}  ({kinds[place]['pages']})" for place in rows] + [f"all  ({report['pages']})"]
    axes.set_yticks(heights, names)
    axes.get_yticklabels()[-1].set_weight("bold")
    axes.set_title(title, loc="left", weight="bold", pad=24)
    _dress(axes, report, "of each kind the mean over its pages, how many in brackets")
    axes.tick_params(axis="y", length=0, colors=_INK)
    figure.legend(loc="outside lower center", ncols=4, frameon=False)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def _cost(report: dict[str, Any], looks: dict[str, dict[str, Any]], path: str) -> None:
    """Word F1 beside CPU seconds, over all pages."""
    figure, axes = plt.subplots(figsize=(8.5, 5), layout="constrained")
    for tool in report["tools"]:
        where = (tool["cpu"], 100 * tool["all"]["f1"])
        axes.scatter(*where, linewidths=0, zorder=3, label=tool["title"], **looks[tool["name"]])
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(mpl.ticker.StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_formatter(mpl.ticker.StrMethodFormatter("{x:g}"))
    axes.set_xlabel("CPU seconds a page", color=_FAINT)
    axes.set_ylabel("word F1, %", color=_FAINT)
    axes.set_title("What is right, and what it costs (up and left is better)", loc="left", weight="bold", pad=24)
    _dress(axes, report, f"means over {report['pages']} pages")
    axes.grid(axis="y", color=_GRID, zorder=0)
    axes.margins(0.12)
    figure.legend(loc="outside right center", frameon=False)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def _dress(axes: Any, report: dict[str, Any], below: str) -> None:
    axes.annotate(
        f"{report['date']}; {report['machine']}; {below}",
        (0, 1),
        xycoords="axes fraction",
        xytext=(0, 8),
        textcoords="offset points",
        color=_FAINT,
        fontsize=8,
    )
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(_FAINT)
    axes.tick_params(axis="both", which="both", colors=_FAINT)
    axes.grid(axis="x", color=_GRID, zorder=0)
    axes.set_axisbelow(True)


if __name__ == "__main__":
    main()
