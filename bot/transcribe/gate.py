"""The gate after speech recognition: what was really said is kept, what a model invents is cut and named.

Whisper invents text in three ways: on silence, music and noise; in loops; and, an English-only model, on
speech in another language. Thresholds were set on the model's own numbers for real audio of each kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from bot.domain import Segment, Word, hhmmss

Span = tuple[float, float]

MIN_COVERAGE = 0.85  # of the seconds in which somebody speaks: below, it is said
USABLE_COVERAGE = 0.5  # … below, nothing is posted from it
NO_SPEECH = 0.6  # the model's own probability that a clip holds no speech
NOT_SURE = -0.8  # mean log probability of the tokens; clear English has -0.1 to -0.5
HARDLY_SURE = -0.7
SOMEWHAT_SURE = -0.5
FEW_FUNCTION_WORDS = 0.25  # English prose has 0.35 to 0.55; what is heard into Spanish or German 0.05 to 0.2
FEW_WORDS = 20
MAX_REPEATS = 3  # people do say things three times

_COMMON = """
the of to and a an in that it is i you for was on we this be are with as have not they at what but your my can
do so or if there all will just from he she his her by about which when would like out up one know think
had has been were our their them me its it's that's i'm don't more then now
"""
_FUNCTION_WORDS = frozenset(_COMMON.split())


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What an engine heard, in seconds of the episode; the two figures are those of its whole `clip`."""

    clip: Span
    start: float
    end: float
    text: str
    avg_logprob: float
    no_speech_prob: float
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Judged:
    segments: tuple[Segment, ...]
    warnings: tuple[str, ...]
    usable: bool


def judge(heard: Sequence[Heard], speech: Sequence[Span], *, english_only: bool) -> Judged:
    """Keep what was said. `speech` is where a voice was found; whatever is cut is named in `warnings`."""
    if not speech:
        return Judged(segments=(), warnings=("No speech was found in the audio.",), usable=False)
    on_speech = [piece for piece in heard if not is_invented(piece, speech)]
    straight = list(_without_loops(on_speech))
    foreign = foreign_clips(on_speech, {p.clip for p in straight}) if english_only else frozenset()
    kept = [piece for piece in straight if piece.clip not in foreign]
    alien = sum(overlap(clip, speech) for clip in foreign) / seconds(speech)
    covered = coverage(kept, speech)
    untellable = english_only and cannot_tell(kept)
    counts = len(heard) - len(on_speech), len(set(on_speech) - set(straight))
    warnings = list(_warnings(*counts, min(foreign, default=(0.0, 0.0)), alien, covered))
    if untellable and alien <= 0.5:
        warnings.append("Too few words to tell whether this is English; nothing is posted from it.")
    return Judged(
        segments=tuple(_segment(piece) for piece in kept),
        warnings=tuple(warnings),
        usable=covered >= USABLE_COVERAGE and alien <= 0.5 and not untellable,
    )


def is_invented(piece: Heard, speech: Sequence[Span]) -> bool:
    """Text where nobody speaks, or that the model itself takes for noise and isn't sure of."""
    length = max(piece.end - piece.start, 0.01)
    unheard = overlap((piece.start, piece.end), speech) < 0.2 * length
    return unheard or (piece.no_speech_prob > NO_SPEECH and piece.avg_logprob < NOT_SURE)


def foreign_clips(heard: Sequence[Heard], straight: set[Span]) -> frozenset[Span]:
    """Clips that an English-only model can't have understood: unsure, only loops, or hardly English words."""
    found = set()
    for clip, pieces in groupby(heard, key=lambda piece: piece.clip):
        of_clip = list(pieces)
        share = function_words(" ".join(piece.text for piece in of_clip))
        if clip not in straight or of_clip[0].avg_logprob < _least_sure(share):
            found.add(clip)
    return frozenset(found)


def cannot_tell(kept: Sequence[Heard]) -> bool:
    """A few words that aren't clearly English: single words of other languages are heard as English ones."""
    text = " ".join(piece.text for piece in kept)
    return len(text.split()) < FEW_WORDS and (function_words(text) or 0.0) < FEW_FUNCTION_WORDS


def _least_sure(share: float | None) -> float:
    if share is None or share < FEW_FUNCTION_WORDS:
        return HARDLY_SURE if share is None or share > FEW_FUNCTION_WORDS / 2 else SOMEWHAT_SURE
    return NOT_SURE


def function_words(text: str) -> float | None:
    """The share of English function words; None for fewer than 8 words, which don't tell."""
    words = re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)?", text.lower())
    if len(words) < 8:
        return None
    return sum(word.replace("’", "'") in _FUNCTION_WORDS for word in words) / len(words)


def _without_loops(pieces: Sequence[Heard]) -> Iterator[Heard]:
    """Runs of the same text become one; a piece that repeats itself is cut, or left out if it only loops."""
    for _, run in groupby(pieces, key=lambda piece: _plain(piece.text)):
        same = list(run)
        for piece in same if len(same) <= MAX_REPEATS else same[:1]:
            text = cut_loops(piece.text)
            if text == piece.text:
                yield piece
            elif len(text) > 0.6 * len(piece.text):
                yield replace(piece, text=text, words=())


def cut_loops(text: str) -> str:
    """`text` with a run of words that comes more than MAX_REPEATS times on end said once."""
    words, kept, at = text.split(), [], 0
    plain = [_plain(word) for word in words]
    while at < len(words):
        size, times = _loop(plain, at)
        kept += words[at : at + size]
        at += size * times
    return " ".join(kept) if len(kept) < len(words) else text


def _loop(words: Sequence[str], at: int) -> tuple[int, int]:
    """(length, times) of the loop that begins at `at`; (1, 1) when there is none."""
    for size in range(1, 13):
        times = 1
        while words[at : at + size] == words[at + size * times : at + size * (times + 1)]:
            times += 1
        if times > MAX_REPEATS and any(words[at : at + size]):
            return size, times
    return 1, 1


def _plain(text: str) -> str:
    return re.sub(r"\W+", " ", text.lower()).strip()


def overlap(span: Span, spans: Iterable[Span]) -> float:
    """Seconds of `span` that lie in `spans`."""
    return sum(max(0.0, min(span[1], end) - max(span[0], start)) for start, end in spans)


def seconds(spans: Iterable[Span]) -> float:
    return sum(end - start for start, end in spans)


def coverage(pieces: Sequence[Heard], speech: Sequence[Span]) -> float:
    """The share of speech with text on it; a word's edge and short breaths count as covered."""
    merged: list[Span] = []
    for start, end in sorted((piece.start - 0.5, piece.end + 0.5) for piece in pieces):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return sum(overlap(span, merged) for span in speech) / max(seconds(speech), 0.01)


def _segment(piece: Heard) -> Segment:
    return Segment(start=piece.start, end=piece.end, text=piece.text, words=piece.words)


def _warnings(invented: int, loops: int, foreign: Span, alien: float, covered: float) -> Iterator[str]:
    if invented:
        yield f"Text on silence, music or noise was cut ({invented} times)."
    if loops:
        yield f"Repetitions that the speech model fell into were cut ({loops} times)."
    if alien > 0.5:
        yield (
            "Most of this doesn't sound like English, or is too noisy, and the speech model hears English "
            "only; nothing is posted from it. Name a multilingual model (--model or EARMARK_ASR_MODEL)."
        )
        return
    if alien:
        where = hhmmss(foreign[0])
        yield f"{alien:.0%} of the speech, from {where} on, was too unclear or not English; it was left out."
    if covered < MIN_COVERAGE:
        yield f"Only {covered:.0%} of the speech was understood."
