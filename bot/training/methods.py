"""The methods that are compared: each gives an episode's insights as it would post them, best first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.domain import Episode, Insight, Passage
from bot.ports import Writer
from bot.training import baselines
from bot.training.seen import Seen
from bot.training.writer_pairs import SHOWS
from bot.write.choose import best

POSTED = 5
# Sentences on either side of its passage that a writer may draw on, as the one that ships does.
MARGIN = 3
# A reference insight's evidence may be far apart: this many sentences around its quote make its passage.
REACH = 4
RANDOM, REFERENCE, READER = "random sentences", "reference itself (ceiling)", "reader alone"


@dataclass(frozen=True, kw_only=True)
class Posted:
    """One insight as posted. `at` is the published segment of its quote, None where that isn't verbatim;
    `source` are the published segments that it was made of."""

    headline: str
    text: str
    quote: str
    at: int | None
    source: tuple[int, ...]


Method = Callable[[Seen], Sequence[Posted]]
Order = Callable[[Sequence[str], str], list[int]]


def methods(writer: Writer, name: str, draws: int = 10) -> dict[str, tuple[Method, ...]]:
    """Every row of the table by its name; the figures of several methods in a row are averaged."""
    return {
        RANDOM: tuple(of_sentences(_drawn(draw)) for draw in range(draws)),
        "lead: first substantial ones": (of_sentences(baselines.lead),),
        "longest sentences": (of_sentences(baselines.longest),),
        "TextRank": (of_sentences(baselines.textrank),),
        READER: (of_reader,),
        f"{name} on the reference's passages": (lambda seen: of_writer(seen, writer, given(seen)),),
        f"reader + {name}": (lambda seen: of_writer(seen, writer, seen.reading.passages),),
        REFERENCE: (of_reference,),
    }


def first_five(seen: Seen, posted: Sequence[Posted]) -> list[Posted]:
    """The five that are scored: what stands where the annotator didn't look is passed over."""
    return [p for p in posted if p.at not in seen.episode.unread][:POSTED]


def of_sentences(order: Order) -> Method:
    """A baseline posts its sentences as they stand."""
    return lambda seen: [
        _sentence(seen, i) for i in order([s.text for s in seen.reading.sentences], seen.episode.id)
    ]


def of_reader(seen: Seen) -> list[Posted]:
    """The most quotable sentence of each passage."""
    return [_sentence(seen, p.quote_at) for p in seen.reading.passages]


def of_writer(seen: Seen, writer: Writer, passages: Sequence[Passage]) -> list[Posted]:
    """What the writer makes of the passages, chosen as `earmark insights` chooses."""
    episode = Episode(title=_title(seen), show=show_of(seen))
    made = {id(i): (i, p) for p in passages if (i := writer.write(p, seen.reading, episode))}
    chosen = best([i for i, _ in made.values()], len(made))
    return [_insight(seen, *made[id(i)]) for i in chosen]


def of_reference(seen: Seen, reference: Mapping[str, Any] | None = None) -> list[Posted]:
    """An annotator's insights; by default the ones scored against: what a perfect reader with the
    annotator's pen would post."""
    return [
        Posted(
            headline=i["headline"],
            text=i["text"],
            quote=i["quote"],
            at=_quoted(seen, i),
            source=tuple(sorted({n for e in i["evidence"] for n in _around(seen, e, e, 1)})),
        )
        for i in _ranked(reference or seen.episode.reference)
    ]


def given(seen: Seen) -> list[Passage]:
    """The passages that the annotator's best five insights were made of, as the reader would hand them on."""
    return [_passage(seen, i) for i in _ranked(seen.episode.reference)[:POSTED] if i["evidence"]]


def show_of(seen: Seen) -> str:
    """The show's name as people write it, as far as it is known."""
    named = str(seen.episode.reference.get("show") or seen.episode.show)
    return SHOWS.get(seen.episode.show, named)


def _title(seen: Seen) -> str:
    return str(seen.episode.reference.get("title") or seen.episode.id)


def _drawn(draw: int) -> Order:
    return lambda texts, seed: baselines.at_random(texts, f"{seed} {draw}")


def _sentence(seen: Seen, i: int) -> Posted:
    text, (first, last) = seen.reading.sentences[i].text, seen.span(i, i)
    return Posted(
        headline="", text=text, quote=text, at=seen.segment(i), source=tuple(range(first, last + 1))
    )


def _insight(seen: Seen, insight: Insight, passage: Passage) -> Posted:
    first, last = seen.span(passage.first, passage.last)
    return Posted(
        headline=insight.headline,
        text=insight.text,
        quote=insight.quote,
        at=seen.located(insight.quote),
        source=_around(seen, first, last, MARGIN),
    )


def _around(seen: Seen, first: int, last: int, margin: int) -> tuple[int, ...]:
    return tuple(range(max(0, first - margin), min(len(seen.episode.transcript.segments), last + margin + 1)))


def _ranked(reference: Mapping[str, Any]) -> list[dict[str, Any]]:
    return sorted(reference["insights"], key=lambda i: i["rank"])


def _quoted(seen: Seen, insight: Mapping[str, Any]) -> int | None:
    """The evidence sentence that holds the quote; its first one where none holds it whole."""
    said = seen.episode.transcript.segments
    quote, evidence = " ".join(insight["quote"].split()), insight["evidence"]
    holding = (e for e in evidence if quote and quote in " ".join(said[e].text.split()))
    return next(holding, evidence[0] if evidence else None)


def _passage(seen: Seen, insight: Mapping[str, Any]) -> Passage:
    quote_at = _quoted(seen, insight) or 0
    near = sorted({seen.sentence(e) for e in insight["evidence"] if abs(e - quote_at) <= REACH})
    return Passage(
        first=near[0],
        last=near[-1],
        score=(11 - insight["rank"]) / 11,
        evidence=tuple(near),
        quote_at=seen.sentence(quote_at),
    )
