"""What an episode's page offers to jump to: the chapters of its notes, else what the reader found; pure."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from adapters.web.transcript import place
from bot.domain import Episode, Insight, Passage, Reading, Sentence

FEWEST, MOST = 3, 100
LONGEST_TITLE = 90
# "12:31 Title", "(1:02:03) - Title", "• 00:12:31: Title", as show notes have it; one a line.
_STAMPED = re.compile(r"^[\s•*(\[–-]*(?:(\d{1,2}):)?(\d{1,3}):(\d{2})[)\]]?[\s:|.–—-]+(\S.*)$")


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """`sentence` is the number of the one it begins with, `place` what that is called in links."""

    title: str
    start: float | None
    sentence: int
    place: str


def chapters(episode: Episode, said: Sequence[Sentence]) -> list[Chapter]:
    """Those that the show notes list with their times: three at least, ascending, within what was said."""
    timed = [n for n, sentence in enumerate(said) if sentence.start is not None]
    if not timed:
        return []
    stamps = [stamp for line in episode.summary.splitlines() if (stamp := _stamp(line))]
    ascending = all(one < other for (one, _), (other, _) in pairwise(stamps))
    end = said[timed[-1]].end or said[timed[-1]].start or 0.0
    if not FEWEST <= len(stamps) <= MOST or not ascending or stamps[-1][0] > end:
        return []
    return [_chapter(title, _at(start, said, timed), said, start) for start, title in stamps]


def _stamp(line: str) -> tuple[float, str] | None:
    match = _STAMPED.match(line)
    if match is None:
        return None
    hours, minutes, seconds, title = match.groups()
    return int(hours or 0) * 3600.0 + int(minutes) * 60 + int(seconds), title.strip()


def _at(start: float, said: Sequence[Sentence], timed: Sequence[int]) -> int:
    """The first sentence that begins then or later, half a second forgiven."""
    return next((n for n in timed if (said[n].start or 0.0) >= start - 0.5), timed[-1])


def moments(reading: Reading | None, insights: Sequence[Insight]) -> list[Chapter]:
    """What the reader found worth hearing and no insight was made of, in the order of speech."""
    if reading is None:
        return []
    said = reading.sentences
    made_of = [insight.start for insight in insights if insight.start is not None]
    return [
        _chapter(f"“{said[passage.quote_at].text}”", passage.first, said, said[passage.first].start)
        for passage in sorted(reading.passages, key=lambda passage: passage.first)
        if not any(_within(start, passage, said) for start in made_of)
    ]


def _within(moment: float, passage: Passage, said: Sequence[Sentence]) -> bool:
    start, end = said[passage.first].start, said[passage.last].end
    return start is not None and end is not None and start <= moment <= end


def _chapter(title: str, sentence: int, said: Sequence[Sentence], start: float | None) -> Chapter:
    short = textwrap.shorten(title, LONGEST_TITLE, placeholder=" …")
    return Chapter(title=short, start=start, sentence=sentence, place=place(sentence, said))
