"""A second look at an insight that somebody doubts: held against the transcript again, by rules alone."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from bot.domain import Episode, Insight, Reading, Recheck, Sentence, Source
from bot.write.ground import contradictions, invalid, unknown_numbers, unsupported

MARGIN = 8  # sentences around the quote that a claim may rest on


class TranscriptChecker:
    """Implements ports.Checker. What is `unsupported` holds whatever one thinks of the claim: its quote isn't
    in the transcript, or a number of it nowhere. The strict gate stops more than half of all true texts too
    (docs/experiments.md), so what it says is a doubt and left to people."""

    def recheck(self, insight: Insight, episode: Episode, source: Source, reading: Reading) -> Recheck:
        said = reading.sentences or sentences(source)
        whole = " ".join([*(s.text for s in source.transcript.segments), *(s.text for s in said)])
        metadata = " ".join([episode.title, episode.show, *sorted({s.speaker for s in said})])
        written, known = f"{insight.headline} {insight.text}", f"{whole} {metadata}"
        heard = " ".join(s.text for s in source.transcript.segments)
        gone = [] if plain(insight.quote) in plain(heard) else ["the quote is not in the transcript"]
        numbers = unknown_numbers(written, html.unescape(known))
        near = around(insight, said)
        passage = " ".join([*(s.text for s in near), metadata])
        return Recheck(
            unsupported=(*gone, *(f"the number {n} is not in the transcript" for n in numbers)),
            doubts=(
                *(f"“{word}” is not said near the quote" for word in unsupported(written, passage)),
                *contradictions(insight.headline, insight.text, near, metadata),
            ),
        )

    def misfit(self, headline: str, text: str) -> tuple[str, ...]:
        return invalid(headline, text)


def plain(text: str) -> str:
    """Its words alone: case and punctuation differ between a transcript and what was written out of it."""
    words = re.findall(r"[^\W_]+", html.unescape(text).casefold())
    return f" {' '.join(words)} "


def around(insight: Insight, said: Sequence[Sentence]) -> Sequence[Sentence]:
    """The sentences near the quote: by its words, else by its moment, else all."""
    words = plain(insight.quote).strip()
    at = next((n for n, s in enumerate(said) if words and words in plain(s.text)), None)
    if at is None and insight.start is not None:
        timed = [(abs(s.start - insight.start), n) for n, s in enumerate(said) if s.start is not None]
        at = min(timed)[1] if timed else None
    return said if at is None else said[max(0, at - MARGIN) : at + MARGIN + 1]


def sentences(source: Source) -> tuple[Sentence, ...]:
    """What was said, where nothing has read it yet: a sentence a segment."""
    return tuple(
        Sentence(start=s.start, end=s.end, speaker=s.speaker, text=s.text) for s in source.transcript.segments
    )
