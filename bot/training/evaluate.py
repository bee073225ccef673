"""Measures reader and writer: `python -m bot.training.evaluate FOLDER --minilm FOLDER`."""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.domain import Episode, Insight, Reading
from bot.read.reader import TUNED, PassageReader
from bot.read.sentences import cuts
from bot.read.tuned import TunedReader, build
from bot.training import metric
from bot.training.episodes import Annotated, annotated, is_validation
from bot.write.choose import best
from bot.write.extractive import ExtractiveWriter
from bot.write.ground import BAND, HEADLINE_WORDS, unsupported

COLUMNS = ("nDCG@5", "hit@5", "waste", "verbatim", "unsupported", "in band", "headline", "openings", "made")


@dataclass(frozen=True, kw_only=True)
class Seen:
    """An episode, what the reader saw of it, the segment that each sentence begins in."""

    episode: Annotated
    reading: Reading
    segment_of: tuple[int, ...]


Predict = Callable[[Seen], Sequence[int]]


def random_sentences(seen: Seen) -> list[int]:
    rng = random.Random(seen.episode.id)
    return rng.sample(range(len(seen.reading.sentences)), 5)


def longest_sentences(seen: Seen) -> list[int]:
    said = seen.reading.sentences
    return sorted(range(len(said)), key=lambda i: -len(said[i].text.split()))[:5]


def read_sentences(seen: Seen) -> list[int]:
    return [p.quote_at for p in seen.reading.passages[:5]]


BASELINES: Mapping[str, Predict] = {
    "random": random_sentences,
    "longest": longest_sentences,
    "reader alone": read_sentences,
}


def insights(seen: Seen, n: int) -> tuple[Insight, ...]:
    """What `earmark insights --top n` would give."""
    writer, episode = ExtractiveWriter(), Episode(title=seen.episode.id, show=seen.episode.show)
    made = (writer.write(p, seen.reading, episode) for p in seen.reading.passages)
    return best([i for i in made if i], n)


def located(seen: Seen, quote: str) -> int | None:
    """The segment that a quote stands in, None where it is not verbatim."""
    at = next((i for i, s in enumerate(seen.reading.sentences) if quote in s.text), None)
    return None if at is None else seen.segment_of[at]


def placed(seen: Seen, at: Sequence[int | None]) -> tuple[float, float, float]:
    """nDCG@5, hit@5 and waste of predicted segments, best first."""
    reference = seen.episode.reference
    return (
        metric.ndcg_at_5(at, reference["insights"]),
        metric.hit_at_5(at, reference["insights"]),
        metric.waste_at_5(at, reference["non_content"]),
    )


def written(episodes: Sequence[Seen], n: int = 5) -> dict[str, float]:
    """All columns for reader and writer together."""
    made = [(seen, insights(seen, n)) for seen in episodes]
    flat = [(seen, i) for seen, found in made for i in found]
    rows = [placed(seen, [located(seen, i.quote) for i in found]) for seen, found in made]
    starts = Counter(" ".join(i.text.split()[:2]).lower() for _, i in flat)
    total = max(len(flat), 1)
    return {
        "nDCG@5": _mean([r[0] for r in rows]),
        "hit@5": _mean([r[1] for r in rows]),
        "waste": _mean([r[2] for r in rows]),
        "verbatim": sum(located(seen, i.quote) is not None for seen, i in flat) / total,
        "unsupported": float(sum(_unsupported(seen, i) for seen, i in flat)),
        "in band": sum(BAND[0] <= len(i.text.split()) <= BAND[1] for _, i in flat) / total,
        "headline": sum(len(i.headline.split()) <= HEADLINE_WORDS for _, i in flat) / total,
        "openings": sum(c for c in starts.values() if c > 2) / total,
        "made": len(flat) / max(len(made), 1),
    }


def ad_reads(episodes: Sequence[Seen], kinds: Sequence[str] = ("sponsor",)) -> tuple[float, int, int, int]:
    """F0.5 at half overlap, with the counts found, predicted and true, pooled over the episodes."""
    found = predicted = true = 0
    for seen in episodes:
        mine = [
            (seen.segment_of[s.first], seen.segment_of[s.last])
            for s in seen.reading.set_aside
            if s.kind in kinds
        ]
        theirs = [(n["from"], n["to"]) for n in seen.episode.reference["non_content"] if n["kind"] in kinds]
        found += metric.matched(mine, theirs)
        predicted, true = predicted + len(mine), true + len(theirs)
    return metric.f_half(found, predicted, true), found, predicted, true


def see(episode: Annotated, reader: PassageReader) -> Seen:
    return Seen(
        episode=episode,
        reading=reader.read(episode.transcript),
        segment_of=tuple(c.first for c in cuts(episode.transcript)),
    )


def stripped(episode: Annotated) -> Annotated:
    """The same episode without speakers and punctuation."""
    from bot.training.reader import bare

    segments = tuple(replace(s, speaker="", text=bare(s.text)) for s in episode.transcript.segments)
    return replace(episode, transcript=replace(episode.transcript, segments=segments))


def table(episodes: Sequence[Seen]) -> str:
    """One row a method."""
    rows = [f"{'':<24}" + "".join(f"{c:>12}" for c in COLUMNS)]
    for name, predict in BASELINES.items():
        marks = [placed(s, [s.segment_of[i] for i in predict(s)]) for s in episodes]
        figures = dict(zip(COLUMNS, map(_mean, zip(*marks, strict=True)), strict=False))
        rows.append(_row(name, figures))
    rows.append(_row("reader + extractive", written(episodes)))
    score, found, predicted, true = ad_reads(episodes)
    rows.append(f"sponsor reads: F0.5 {score:.2f} ({found} of {true} found, {predicted} predicted)")
    score, found, predicted, true = ad_reads(episodes, ("sponsor", "promo"))
    rows.append(f"sponsor and promo: F0.5 {score:.2f} ({found} of {true} found, {predicted} predicted)")
    return "\n".join(rows)


def _row(name: str, figures: Mapping[str, float]) -> str:
    return f"{name:<24}" + "".join(f"{figures[c]:>12.3f}" if c in figures else f"{'':>12}" for c in COLUMNS)


def _unsupported(seen: Seen, insight: Insight) -> int:
    """Numbers and names that the sentences around the quote, and the metadata, don't hold."""
    said = seen.reading.sentences
    places = [i for i, s in enumerate(said) if insight.quote in s.text]
    around = " ".join(s.text for at in places for s in said[max(0, at - 12) : at + 13])
    names = " ".join({s.speaker for s in said})
    return len(
        unsupported(
            f"{insight.headline}. {insight.text}", f"{around} {names} {seen.episode.id} {seen.episode.show}"
        )
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / max(len(values), 1)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="transcript and reference files")
    parser.add_argument("--minilm", type=Path, required=True)
    parser.add_argument("--reader", type=Path, default=TUNED, help="the tuned reader to measure")
    parser.add_argument("--all", action="store_true", help="all episodes, not the validation split alone")
    parser.add_argument("--stripped", action="store_true", help="without speakers and punctuation")
    options = parser.parse_args(argv)
    with TemporaryDirectory() as scratch:
        build(options.reader, options.minilm, Path(scratch) / "reader")
        reader = PassageReader(
            TunedReader(options.reader, options.minilm, Path(scratch) / "reader", threads=1)
        )
    chosen = [e for e in annotated(options.folder) if options.all or is_validation(e)]
    seen = [see(stripped(e) if options.stripped else e, reader) for e in chosen]
    sys.stdout.write(f"{len(seen)} episodes, {reader.name}\n{table(seen)}\n")


if __name__ == "__main__":
    main()
