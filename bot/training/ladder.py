"""When is a rung sure enough? The risk of what is kept, by how much is kept: `python -m bot.training.ladder`.

    python -m bot.training.ladder FOLDER [--risk 0.3] [--out ladder.html] [--json]

FOLDER holds annotated episodes; those that trained the reader are left out. Each passage has a score; it is
right where its quote is within two sentences of an annotated insight's evidence. Kept from the surest down,
risk is the share of wrong ones among the kept (El-Yaniv & Wiener 2010). The threshold is the lowest score at
which the risk, at its upper bound (Clopper & Pearson's 95 %, one-sided), is within --risk; it is fitted on
every other episode and told with its risk on the rest.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

from bot import config
from bot.training import plots
from bot.training.folder import load
from bot.training.metric import NEAR
from bot.training.seen import Seen, published, see
from bot.wiring import Earmark

SURE = 0.05
Judged = tuple[float, bool]


@dataclass(frozen=True, kw_only=True)
class Kept:
    """All at or above `score`: the share that they are of all, how many, and the share of wrong ones."""

    score: float
    coverage: float
    count: int
    risk: float


def curve(judged: Sequence[Judged]) -> list[Kept]:
    """A point for each score, the surest first; equal scores are kept or left together."""
    ordered = sorted(judged, key=lambda j: -j[0])
    out, wrong = [], 0
    for n, (score, right) in enumerate(ordered, 1):
        wrong += not right
        if n == len(ordered) or ordered[n][0] < score:
            out.append(Kept(score=score, coverage=n / len(ordered), count=n, risk=wrong / n))
    return out


def area(points: Sequence[Kept]) -> float:
    """The mean risk over coverages: what a score that knows nothing has is the risk of keeping all."""
    widths = [p.coverage - before for p, before in zip(points, [0.0, *(p.coverage for p in points)])]  # noqa: B905
    return sum(w * p.risk for w, p in zip(widths, points, strict=True))


def threshold(points: Sequence[Kept], risk: float) -> Kept | None:
    """The point that keeps the most within `risk`, at its upper bound; None where none does."""
    fit = [p for p in points if upper(round(p.risk * p.count), p.count) <= risk]
    return max(fit, key=lambda p: p.coverage, default=None)


def upper(wrong: int, count: int) -> float:
    """The share of wrong ones that `wrong` of `count` still may come of, by 95 % (Clopper & Pearson 1934)."""
    if wrong >= count:
        return 1.0
    low, high = wrong / count, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(wrong, count, middle) > SURE else (low, middle)
    return high


def _at_most(wrong: int, count: int, share: float) -> float:
    """The probability of so few wrong ones."""
    return sum(math.comb(count, k) * share**k * (1 - share) ** (count - k) for k in range(wrong + 1))


def at(judged: Sequence[Judged], score: float) -> Kept:
    """What a threshold does on other data."""
    kept = [right for s, right in judged if s >= score]
    wrong = sum(not right for right in kept)
    count = len(kept)
    return Kept(
        score=score, coverage=count / max(1, len(judged)), count=count, risk=wrong / count if count else 0.0
    )


def passages(seen: Seen) -> Iterator[Judged]:
    """Every passage of the reader: its score, and whether an annotator found something there."""
    evidence = {e for i in seen.episode.reference["insights"] for e in i["evidence"]}
    for passage in seen.reading.passages:
        place = seen.segment(passage.quote_at)
        if place not in seen.episode.unread:
            yield passage.score, any(abs(place - e) <= NEAR for e in evidence)


def calibrated(seen: Sequence[Seen], risk: float) -> dict[str, Any]:
    """The curve of all, the threshold of every other episode, and what it does on the rest."""
    fitted, rest = ([j for s in half for j in passages(s)] for half in (seen[::2], seen[1::2]))
    points = curve([*fitted, *rest])
    found = threshold(curve(fitted), risk)
    return {
        "wanted": risk,
        "passages": len(fitted) + len(rest),
        "risk of all": points[-1].risk,
        "mean risk over coverage": area(points),
        "threshold": asdict(found) if found else None,
        "on the rest": asdict(at(rest, found.score)) if found else None,
        "curve": [asdict(p) for p in points],
    }


def page(found: Mapping[str, Any], reader: str) -> str:
    """One page with the curve."""
    points = [(p["coverage"], p["risk"]) for p in found["curve"]]
    flat = [(0.0, found["risk of all"]), (1.0, found["risk of all"])]
    drawn = plots.lines(
        f"Risk by coverage, {reader}",
        {"kept from the surest": points, "kept by chance": flat},
        "share of passages kept",
        "share of wrong ones",
    )
    title = "When is it sure?"
    return plots.page(title, [f"<h1>{title}</h1><p class=verdict>{escape(said(found))}</p>", drawn])


def said(found: Mapping[str, Any]) -> str:
    whole = f"{found['passages']} passages, {found['risk of all']:.0%} of them wrong"
    if found["threshold"] is None:
        return f"{whole}; at no score is the risk surely within {found['wanted']:.0%}."
    fit, rest = found["threshold"], found["on the rest"]
    return (
        f"{whole}. From {fit['score']:.3f} on: {fit['risk']:.0%} of {fit['count']} wrong where it was fitted "
        f"({fit['coverage']:.0%} kept), {rest['risk']:.0%} of {rest['count']} on the rest "
        f"({rest['coverage']:.0%} kept)."
    )


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bot.training.ladder",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, help="annotated episodes")
    parser.add_argument("--risk", type=float, default=0.3, help="wrong ones that are borne, 0..1")
    parser.add_argument("--out", type=Path, help="a page with the curve")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    app = Earmark(config.load(), progress=lambda *_: None, clock=lambda: datetime.now(UTC))
    seen = [see(published(e), app.reader) for e in load(options.folder).episodes]
    found = calibrated(seen, options.risk)
    if options.out:
        options.out.write_text(page(found, seen[0].reading.model), "utf-8")
    sys.stdout.write((json.dumps(found) if options.json else said(found)) + "\n")


if __name__ == "__main__":
    main()
