"""Draws pages a second as bars: the report in, a PNG at the path that is given."""

import json
import sys
from typing import Any

import matplotlib as mpl  # type: ignore[import-not-found]  # it is in .venv-peers alone

mpl.use("Agg")
from matplotlib import pyplot as plt

_OURS, _OTHERS, _INK, _FAINT = "#1f6f8b", "#b9c4ca", "#22313a", "#6b7a83"
_ROOM = 1.28  # right of the longest bar, for its label


def main() -> None:
    """Draw."""
    report = json.load(sys.stdin)
    measured = [each for each in report["contenders"] if each["pages_per_second"] and not each["fault"]]
    draw(report, sorted(measured, key=lambda each: each["pages_per_second"]["median"]), sys.argv[1])
    json.dump({}, sys.stdout)


def draw(report: dict[str, Any], contenders: list[dict[str, Any]], path: str) -> None:
    """Horizontal bars with whiskers from the least to the greatest round, the fastest on top."""
    plt.rcParams.update({"font.family": "DejaVu Sans", "font.size": 11, "text.color": _INK})
    figure, axes = plt.subplots(figsize=(10, 1.6 + 0.62 * len(contenders)), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.12, h_pad=0.12)
    rates = [each["pages_per_second"] for each in contenders]
    medians = [rate["median"] for rate in rates]
    spans = [[rate["median"] - rate["least"] for rate in rates], [rate["greatest"] - rate["median"] for rate in rates]]
    colours = [_OURS if each["name"] == "platform" else _OTHERS for each in contenders]
    titles = [each["title"].replace("*", "") for each in contenders]
    whiskers = {"ecolor": _INK, "elinewidth": 1.2, "capsize": 4}
    spread = spans if report["rounds"] > 1 else None
    axes.barh(titles, medians, xerr=spread, color=colours, height=0.62, error_kw=whiskers)
    for place, each in enumerate(contenders):
        axes.annotate(
            _label(each),
            (rates[place]["greatest"], place),
            xytext=(9, 0),
            textcoords="offset points",
            va="center",
            weight="bold" if each["name"] == "platform" else "normal",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},  # no grid behind figures
        )
    axes.set_xlim(0, _ROOM * max((rate["greatest"] for rate in rates), default=1.0))
    _dress(axes, report)
    figure.savefig(path, dpi=160)


def _label(contender: dict[str, Any]) -> str:
    """The median, and beside it how many characters were wrong."""
    right = contender["accuracy"]
    rate = right and right["character_error_rate"]
    wrong = f"   CER {100 * rate:.1f} %" if rate is not None else ""
    return f"{contender['pages_per_second']['median']:.2f}{wrong}"


def _dress(axes: Any, report: dict[str, Any]) -> None:
    rounds = report["rounds"]
    axes.set_title(f"Pages a second: {len(report['pages'])} pages, two at a time", loc="left", weight="bold", pad=24)
    below = f"median of {rounds} rounds, whiskers from least to greatest" if rounds > 1 else "one round"
    axes.annotate(
        f"{report['machine']}; {below}",
        (0, 1),
        xycoords="axes fraction",
        xytext=(0, 8),
        textcoords="offset points",
        color=_FAINT,
        fontsize=9,
    )
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(_FAINT)
    axes.tick_params(axis="y", length=0, colors=_INK)
    axes.tick_params(axis="x", colors=_FAINT)
    axes.grid(axis="x", color="#e3e8eb", zorder=0)
    axes.set_axisbelow(True)
    axes.set_xlabel("pages a second", color=_FAINT)


if __name__ == "__main__":
    main()
