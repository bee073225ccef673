"""Hear a stretch of a file, find the quote, cut the clip and hear that again: what the other process does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from bot.audio import RATE
from bot.audio.excerpt import CLIP_RATE, faded, stretch, write_mp3
from bot.clips.choose import choose, cut_times
from bot.clips.words import FOUND, Match, bare, found, heard_bare, own_borders, sentence_borders
from bot.domain import Word
from bot.errors import AudioError

Hear = Callable[..., Sequence[Word]]  # (samples of RATE, language) → words with their seconds

AROUND_S = 40.0  # heard on either side of the quote: a clip takes as little as half of it
EDGE_S = 25.0


@dataclass(frozen=True, kw_only=True)
class Job:
    """Look for `quote` between `start` and `end` (seconds of the file at `path`); `sentences` are those
    around it in the transcript. The clip goes to `out`.

    `from_start`, `to_end`: the file begins and ends where the episode does. `anyway`: cut it even if there is
    little around it.
    """

    path: str
    start: float
    end: float
    quote: str
    sentences: tuple[str, ...]
    language: str
    out: str
    title: str = ""
    artist: str = ""
    from_start: bool = True
    to_end: bool = True
    anyway: bool = False


@dataclass(frozen=True, kw_only=True)
class Done:
    """`start` and `end` of the clip and `quote_at` in seconds of the file, `text` what is said in it, `share`
    of the quote's words heard in the clip. "edge": it is said, from `quote_at` to `quote_end`, but what is
    around it lies outside. "absent": it isn't said there; `ended`: nor can it be later. "failed": `why`."""

    status: Literal["cut", "edge", "absent", "failed"]
    start: float = 0.0
    end: float = 0.0
    quote_at: float = 0.0
    quote_end: float = 0.0
    share: float = 0.0
    text: str = ""
    ended: bool = False
    why: str = ""


def work(job: Job, hear: Hear) -> Done:
    """Never raises AudioError: a file that can't be decoded is told in `why`."""
    try:
        heard = _heard(job, hear)
        if heard is None:
            return Done(status="absent", ended=True)
        match = found(job.quote, heard.words)
        if match is None or match.share < FOUND:
            return Done(status="absent", share=match.share if match else 0.0, ended=heard.ended)
        return _at_edge(job, heard, match) or _cut(job, heard, match, hear)
    except AudioError as error:
        return Done(status="failed", why=str(error))


@dataclass(frozen=True, kw_only=True)
class _Heard:
    """Words with the file's seconds, from `start` to `end`; `begins`, `ended`: there is nothing outside."""

    words: tuple[Word, ...]
    start: float
    end: float
    begins: bool
    ended: bool


def _heard(job: Job, hear: Hear) -> _Heard | None:
    """None: the file ends before."""
    start = max(0.0, job.start)
    samples = stretch(Path(job.path), start, job.end, RATE)
    if len(samples) < RATE / 2:
        return None
    length_s = len(samples) / RATE
    words = tuple(
        replace(word, start=word.start + start, end=word.end + start) for word in hear(samples, job.language)
    )
    return _Heard(
        words=words,
        start=start,
        end=start + length_s,
        begins=start == 0 and job.from_start,
        ended=length_s < job.end - start - 1 and job.to_end,
    )


def _at_edge(job: Job, heard: _Heard, match: Match) -> Done | None:
    first, last = heard.words[match.first].start, heard.words[match.last].end
    lacks_before = not heard.begins and first - heard.start < EDGE_S
    lacks_after = not heard.ended and heard.end - last < EDGE_S
    if job.anyway or not (lacks_before or lacks_after):
        return None
    return Done(status="edge", quote_at=first, quote_end=last, share=match.share)


def _cut(job: Job, heard: _Heard, match: Match, hear: Hear) -> Done:
    words = heard.words
    borders = sentence_borders(job.sentences, words)
    if not (any(b <= match.first for b in borders) and any(b > match.last for b in borders)):
        borders |= own_borders(words)
    borders |= {0} if heard.begins else set()
    borders |= {len(words)} if heard.ended else set()
    gaps = choose(words, match.first, match.last, borders)
    start, end = cut_times(words, gaps, heard.end)
    write(job, start, end)
    share, text = checked(job, words[gaps[0] : gaps[1]], hear)
    if share < FOUND:
        Path(job.out).unlink(missing_ok=True)
        return Done(status="absent", share=share, ended=heard.ended)
    quote_at = words[match.first].start
    return Done(status="cut", start=start, end=end, quote_at=quote_at, share=share, text=text)


def write(job: Job, start: float, end: float) -> None:
    samples = stretch(Path(job.path), start, end, CLIP_RATE)
    write_mp3(Path(job.out), faded(samples), title=job.title, artist=job.artist)


def checked(job: Job, words: Sequence[Word], hear: Hear) -> tuple[float, str]:
    """The share of the quote's words (of the first ones, where it is longer than a clip) that are heard in
    the file that was written, and what is said in it: in the transcript's own words where they cover it."""
    again = hear(stretch(Path(job.out), 0, 3600, RATE), job.language)
    wanted = bare(job.quote)
    room = len(heard_bare(words)[0])
    quote = " ".join(wanted[:room])
    match = found(quote, again)
    return (match.share if match else 0.0), _text(job, again)


def _text(job: Job, heard: Sequence[Word]) -> str:
    text = " ".join(word.text for word in heard)
    inside = [s for s in job.sentences if _is_in(s, heard)]
    known = " ".join(inside)
    return known if 0.85 <= len(bare(known)) / max(1, len(bare(text))) <= 1.2 else text


def _is_in(sentence: str, heard: Sequence[Word]) -> bool:
    match = found(sentence, heard)
    return match is not None and match.share >= FOUND
