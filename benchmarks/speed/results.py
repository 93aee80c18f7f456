"""What was measured, and the tables that say it."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from benchmarks.report import Table, spread
from benchmarks.speed.accuracy import Accuracy
from benchmarks.speed.contenders.base import Turn
from benchmarks.speed.corpus import Page

REFERENCE, OURS = "tesseract", "platform"
_MIB = 1024 * 1024
_COLUMNS = (
    "",
    "pages/s",
    "of `tesseract`",
    "platform : this",
    "wall s",
    "CPU s a page",
    "servers' CPU s a page",
    "peak MiB",
    "CER %",
    "word recall %",
)
_NOTE = """\
Median (least-greatest) of the rounds; ratios are those of a round's neighbours. CPU: the contender's whole process
tree; apart from it the Redis, Postgres and S3 emulator that it uses. Peak: the sum over the tree, each process with its
share of what it shares (PSS), looked at five times a second. CER: edits for a character of the ground truth, mean over
the pages whose order of reading is known. Word recall: the share of the truth's words that the text has, mean over all
pages."""


@dataclass(slots=True)
class Outcome:
    """One contender's turns, in the order of the rounds; `fault` says why there are none, or no more."""

    name: str
    title: str
    pages: int
    turns: list[Turn] = field(default_factory=list)
    fault: str | None = None
    accuracy: Accuracy | None = None

    @property
    def rates(self) -> list[float]:
        """Pages a second of each round."""
        return [self.pages / turn.usage.seconds for turn in self.turns]

    @property
    def measured(self) -> bool:
        """True when every round went well."""
        return bool(self.turns) and self.fault is None


def ratios(ours: Outcome | None, others: Outcome | None) -> list[float]:
    """How many times as fast one is as the other, round by round; empty when one of them has no figures."""
    if ours is None or others is None or not ours.measured or not others.measured:
        return []
    return [mine / theirs for mine, theirs in zip(ours.rates, others.rates, strict=True)]


def speed_table(outcomes: Sequence[Outcome]) -> Table:
    """A row for each contender."""
    by_name = {outcome.name: outcome for outcome in outcomes}
    rows = [
        _row(outcome, by_name.get(REFERENCE), by_name.get(OURS))
        if outcome.measured
        else [outcome.title, _reason(outcome), *[""] * (len(_COLUMNS) - 2)]
        for outcome in outcomes
    ]
    return Table("Pages a second, side by side", _COLUMNS, rows, _NOTE)


def _reason(outcome: Outcome) -> str:
    """Why there are no figures, in one line."""
    return (outcome.fault or "no round").partition("\n")[0]


def _row(outcome: Outcome, reference: Outcome | None, ours: Outcome | None) -> list[str]:
    usages = [turn.usage for turn in outcome.turns]
    servers = [sum(turn.servers_cpu.values()) / outcome.pages for turn in outcome.turns]
    of_reference, of_ours = ratios(outcome, reference), ratios(ours, outcome)
    right = outcome.accuracy
    rate = None if right is None else right.character_error_rate
    return [
        outcome.title,
        spread(outcome.rates, 3),
        spread(of_reference, 2) if of_reference else "",
        spread(of_ours, 2) if of_ours else "",
        spread([usage.seconds for usage in usages], 1),
        spread([usage.cpu_seconds / outcome.pages for usage in usages], 2),
        spread(servers, 3) if any(servers) else "",
        spread([usage.peak_bytes / _MIB for usage in usages], 0),
        "" if rate is None else f"{100 * rate:.2f}",
        "" if right is None else f"{100 * right.word_recall:.2f}",
    ]


def sampling_share(outcomes: Sequence[Outcome]) -> float:
    """The share of one processor that looking at memory took, over all turns."""
    usages = [turn.usage for outcome in outcomes for turn in outcome.turns]
    seconds = sum(usage.seconds for usage in usages)
    return sum(usage.sampling_seconds for usage in usages) / seconds if seconds else 0.0


def pages_table(pages: Sequence[Page]) -> Table:
    """Which pages were used, by set."""
    sets: dict[str, list[Page]] = {}
    for page in pages:
        sets.setdefault(page.set, []).append(page)
    rows = [
        [
            name,
            str(len(members)),
            ", ".join(sorted({page.languages for page in members})),
            ", ".join(sorted({str(page.dpi) for page in members})),
            ", ".join(page.id.removeprefix(f"{name}__") for page in members),
        ]
        for name, members in sets.items()
    ]
    return Table("Pages", ["set", "pages", "languages", "declared dpi", "which"], rows)


def plain(outcomes: Sequence[Outcome]) -> list[dict[str, object]]:
    """As values for JSON; seconds, bytes, shares. No text of any page."""
    by_name = {outcome.name: outcome for outcome in outcomes}
    return [
        {
            "name": outcome.name,
            "title": outcome.title,
            "fault": outcome.fault,
            "pages_per_second": _summary(outcome.rates),
            "of_tesseract": _summary(ratios(outcome, by_name.get(REFERENCE))),
            "platform_to_this": _summary(ratios(by_name.get(OURS), outcome)),
            "accuracy": asdict(outcome.accuracy) if outcome.accuracy else None,
            "turns": [{**asdict(turn.usage), "servers_cpu_seconds": turn.servers_cpu} for turn in outcome.turns],
        }
        for outcome in outcomes
    ]


def _summary(values: Sequence[float]) -> dict[str, float] | None:
    if not values:
        return None
    return {"median": statistics.median(values), "least": min(values), "greatest": max(values)}
