"""The figures of one method in one form of the transcripts: a row of the table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, stdev

from bot import style
from bot.training import metric
from bot.training.methods import Method, Posted, first_five, show_of
from bot.training.seen import Seen
from bot.write.ground import BAND, HEADLINE_WORDS, unsupported

# Sentences on either side of its quote in which a number or name of an insight may stand.
NEARBY = 12
# What is told apart by kind where advertisements are scored.
SPONSORS, ALL_ADS = ("sponsor",), ("sponsor", "promo")


@dataclass(frozen=True, kw_only=True)
class Row:
    """`figures` by column (what makes no sense for the method is missing), `by_episode`: nDCG@5 by id."""

    method: str
    form: str
    figures: Mapping[str, float]
    by_episode: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class AdScore:
    """F0.5 of stretches at half overlap, with how many were found, claimed and true."""

    f_half: float
    found: int
    claimed: int
    true: int


def row(name: str, runs: Sequence[Method], seen: Sequence[Seen], *, reads: bool = False) -> Row:
    """The means of the runs' figures; `reads`: the method sets advertisements aside."""
    made = [[(s, first_five(s, run(s))) for s in seen] for run in runs]
    every = [figures(m) for m in made]
    by_episode = {s.episode.id: mean(ndcg(*m[i]) for m in made) for i, s in enumerate(seen)}
    ads = {"ad F0.5": ad_reads(seen).f_half} if reads else {}
    spread = {"±": half_width(list(by_episode.values()))} if len(by_episode) > 1 else {}
    return Row(
        method=name,
        form=seen[0].form.name,
        figures={**{k: mean(f[k] for f in every) for k in every[0]}, **spread, **ads},
        by_episode=by_episode,
    )


def figures(made: Sequence[tuple[Seen, Sequence[Posted]]]) -> dict[str, float]:
    """All columns but those of the reader alone; `made` is what was posted of each episode."""
    return {**placed(made), **told([(seen, p) for seen, posted in made for p in posted])}


def placed(made: Sequence[tuple[Seen, Sequence[Posted]]]) -> dict[str, float]:
    """Where the insights are, as means over the episodes; what is missing of five counts as missed."""
    cases = [([p.at for p in posted], seen.episode.reference) for seen, posted in made]
    return {
        "nDCG@5": mean(metric.ndcg_at_5(at, ref["insights"]) for at, ref in cases),
        "hit@5": mean(metric.hit_at_5(at, ref["insights"]) for at, ref in cases),
        "near@5": mean(metric.near_at_5(at, ref["insights"]) for at, ref in cases),
        "waste": mean(metric.waste_at_5(at, ref["non_content"]) for at, ref in cases),
        "made": mean(len(at) for at, _ in cases),
    }


def told(posted: Sequence[tuple[Seen, Posted]]) -> dict[str, float]:
    """How the insights are worded, as shares of the insights; "unsupported" is a count."""
    if not posted:
        return {}
    words = [p.text for _, p in posted]
    headlines = [len(p.headline.split()) for _, p in posted if p.headline]
    known = [seen.words(p.source) for seen, p in posted]
    return {
        "verbatim": mean(float(seen.located(" ".join(p.quote.split())) is not None) for seen, p in posted),
        "unsupported": float(sum(len(not_said(seen, p)) for seen, p in posted)),
        "in band": mean(float(BAND[0] <= len(t.split()) <= BAND[1]) for t in words),
        **({"headline": mean(float(n <= HEADLINE_WORDS) for n in headlines)} if headlines else {}),
        "openings": style.repeated_openings(words),
        "compression": style.compression_ratio(words),
        "copied 2": mean(style.copied(t, k, 2) for t, k in zip(words, known, strict=True)),
        "copied 5": mean(style.copied(t, k, 5) for t, k in zip(words, known, strict=True)),
    }


def ndcg(seen: Seen, posted: Sequence[Posted]) -> float:
    return metric.ndcg_at_5([p.at for p in posted], seen.episode.reference["insights"])


def not_said(seen: Seen, posted: Posted) -> tuple[str, ...]:
    """Numbers and names of an insight that neither what it was made of, nor NEARBY sentences on either side
    of its quote, nor the metadata (show, id, title, speakers) hold."""
    at = [] if posted.at is None else range(posted.at - NEARBY, posted.at + NEARBY + 1)
    names = " ".join({s.speaker for s in seen.reading.sentences})
    about = f"{seen.episode.id} {show_of(seen)} {seen.episode.reference.get('title') or ''}"
    known = f"{seen.words([*posted.source, *at])} {names} {about}"
    return unsupported(f"{posted.headline}. {posted.text}" if posted.headline else posted.text, known)


def ad_reads(seen: Sequence[Seen], kinds: Sequence[str] = SPONSORS) -> AdScore:
    """Pooled over the episodes: a stretch of one of `kinds` is found where one of the claimed overlaps it by
    half (intersection over union of sentence numbers), each claimed one once."""
    found = claimed = true = 0
    for one in seen:
        mine = [one.span(s.first, s.last) for s in one.reading.set_aside if s.kind in kinds]
        theirs = [
            (n["from"], n["to"]) for n in one.episode.reference["non_content"] if n.get("kind") in kinds
        ]
        found += metric.matched(mine, theirs)
        claimed, true = claimed + len(mine), true + len(theirs)
    return AdScore(f_half=metric.f_half(found, claimed, true), found=found, claimed=claimed, true=true)


def half_width(values: Sequence[float]) -> float:
    """Of the 95 % interval of a mean, by its standard error."""
    return 1.96 * stdev(values) / math.sqrt(len(values))
