"""The table of the evaluation, and what else is to be said below it, as Markdown or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import mean

from bot.training.folder import LeftOut
from bot.training.scores import AdScore, Row, half_width

# Columns in order, with the form in which their figures are written.
COLUMNS: Mapping[str, str] = {
    "nDCG@5": ".3f",
    "±": ".3f",
    "hit@5": ".3f",
    "near@5": ".3f",
    "waste": ".3f",
    "ad F0.5": ".3f",
    "made": ".2f",
    "verbatim": ".3f",
    "unsupported": ".0f",
    "in band": ".3f",
    "headline": ".3f",
    "openings": ".3f",
    "compression": ".2f",
    "copied 2": ".3f",
    "copied 5": ".3f",
}
AIM = 0.05


@dataclass(frozen=True, kw_only=True)
class Report:
    """`ads`: by form and kinds, as in "published sponsor"."""

    reader: str
    writer: str
    episodes: Sequence[str]
    rows: Sequence[Row]
    ads: Mapping[str, AdScore]
    left_out: Sequence[LeftOut]
    held_out: bool


def as_json(report: Report) -> str:
    return json.dumps(asdict(report), ensure_ascii=False, indent=1)


def as_text(report: Report) -> str:
    """The table and its notes, as Markdown that also reads well in a terminal."""
    which = "held out from training" if report.held_out else "the whole folder"
    count = len(report.episodes)
    head = f"{count} episode{'s'[: count != 1]} ({which}); {report.reader}; writer: {report.writer}"
    return "\n".join([head, "", *table(report.rows), "", *notes(report)])


def table(rows: Sequence[Row]) -> list[str]:
    """Markdown lines, padded so that the columns stand under one another."""
    cells = [["method", "transcript", *COLUMNS]]
    cells += [
        [r.method, r.form, *(_written(r.figures.get(c), how) for c, how in COLUMNS.items())] for r in rows
    ]
    widths = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
    lines = [_line(line, widths) for line in cells]
    rule = [":" + "-" * (w - 1) if i < 2 else "-" * (w - 1) + ":" for i, w in enumerate(widths)]
    return [lines[0], _line(rule, widths), *lines[1:]]


def notes(report: Report) -> Iterator[str]:
    """Advertisements in numbers, what the poorer forms lose, and what was left out."""
    for what, ads in report.ads.items():
        counts = f"{ads.found} of {ads.true} found, {ads.claimed} claimed"
        yield f"- {what}: F0.5 {ads.f_half:.3f} ({counts})"
    yield from losses(report.rows)
    for left in report.left_out:
        yield f"- left out: {left.name}: {left.why}"


def losses(rows: Sequence[Row]) -> Iterator[str]:
    """nDCG@5 of what reads in a poorer form, against the published one of the same episodes, in pairs."""
    base = {r.method: r.by_episode for r in rows if r.form == "published"}
    for r in rows:
        pairs = [(now, base.get(r.method, {}).get(id, 0.0)) for id, now in r.by_episode.items()]
        before = mean(then for _, then in pairs)
        if r.form != "published" and "ad F0.5" in r.figures and before:
            yield f"- {r.method}, {r.form}: {_loss([now - then for now, then in pairs], before)}"


def _loss(changes: Sequence[float], before: float) -> str:
    change = mean(changes) / before
    verdict = "within" if change >= -AIM else "outside"
    spread = f" ± {half_width(changes):.3f}" if len(changes) > 1 else ""
    return f"{change:+.1%} of nDCG@5 ({mean(changes):+.3f}{spread}; {verdict} the aim of {AIM:.0%})"


def _written(value: float | None, how: str) -> str:
    return "" if value is None else format(value, how)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [c.ljust(w) if i < 2 else c.rjust(w) for i, (c, w) in enumerate(zip(cells, widths, strict=True))]
    return f"| {' | '.join(padded)} |"
