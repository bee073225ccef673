"""A transcript's segments (cues, paragraphs, ASR output) as sentences, verbatim and with their times."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import numpy as np

from bot.domain import Segment, Sentence, Transcript
from bot.read.borders import Floats, shipped


def listed(text: str) -> frozenset[str]:
    """The words of a list written as one text."""
    return frozenset(text.split())


ABBREVIATIONS = listed(
    "mr. mrs. ms. dr. prof. st. vs. etc. e.g. i.e. inc. ltd. corp. co. jr. sr. fig. approx. dept."
    " gen. gov. sen. rep. rev. capt. lt. col. sgt. mt. al. ca. cf. u.s. u.k. u.n. d.c. a.m. p.m."
    " jan. feb. mar. apr. jun. jul. aug. sep. sept. oct. nov. dec."
)
# Abbreviations that do end sentences when a capital follows ("at 5 p.m. We left").
FINAL = listed("etc. inc. ltd. corp. co. u.s. u.k. u.n. d.c. a.m. p.m. al. jr. sr.")
END = re.compile(r"[.?!…]+[\"'”’)\]]*$")
INITIAL = re.compile(r"^[\"'“‘(\[]*[A-Z]\.$")
OPENING = re.compile(r"^[\"'“‘(\[¿¡-]*[A-Z0-9À-Þ]|^[\"“‘(\[]|^[^\W\d_a-zß-ÿ]")
CLAUSE = re.compile(r"[,;:–—]$|--$")

MAX_WORDS = 70
# More words than this without any mark between them aren't a long sentence but speech without punctuation.
UNMARKED = 30
# Without punctuation a sentence ends where that is likelier than this (the best F1 on episodes set apart from
# training), and a longer one at its likeliest place that leaves a few words on either side.
LIKELY = 0.35
LOOSE_MAX, LOOSE_MIN = 45, 5
# A pause of this many seconds multiplies the odds of an end (in six published files, between cues: by 2.1
# pooled, 1.3 to 24 each).
PAUSE_S, PAUSE_ODDS = 0.6, 3.0

# The chance that a sentence ends after each of some words, (n,).
Ends = Callable[[Sequence[str]], Floats]


def learnt(words: Sequence[str]) -> Floats:
    """By the network that ships."""
    return shipped().marks(words).ends


@dataclass(frozen=True, kw_only=True)
class Cut:
    """A sentence and the segments (indices into the transcript, inclusive) that its words come from."""

    sentence: Sentence
    first: int
    last: int


@dataclass(frozen=True, kw_only=True)
class Token:
    """One word as written, with its time if the source claims any."""

    text: str
    start: float | None
    end: float | None
    segment: int
    speaker: str


def sentences(transcript: Transcript, ends: Ends = learnt) -> tuple[Sentence, ...]:
    """The sentences in order: verbatim words, whitespace normalised; None for times the source lacks.

    `ends` is asked where there is no punctuation to go by.
    """
    return tuple(c.sentence for c in cuts(transcript, ends))


def cuts(transcript: Transcript, ends: Ends = learnt) -> tuple[Cut, ...]:
    """`sentences`, each with the segments that it covers.

    Where the segments are sentences already, each is kept as it is, so that indices agree.
    """
    full = [(i, s) for i, s in enumerate(transcript.segments) if s.text.split()]
    if _are_sentences([s for _, s in full]):
        return tuple(_cut(_tokens(i, s)) for i, s in full)
    tokens = [t for i, s in full for t in _tokens(i, s)]
    if tokens and not _punctuated(tokens):
        return tuple(_cut(run) for run in _loosely(tokens, ends))
    return tuple(_cut(run) for turn in _turns(tokens) for run in _strictly(turn, ends))


def is_end(word: str, following: str | None) -> bool:
    """Whether a sentence ends with `word`, given the word after it (None: there is none)."""
    if not END.search(word) or (word.lower().startswith(("http", "www.")) and following is None):
        return following is None
    if following is None:
        return True
    bare = word.lower().strip("\"'“”‘’()[],")
    opens = bool(OPENING.search(following))
    if bare == "no.":
        return not following[:1].isdigit()
    if bare in ABBREVIATIONS:
        return bare in FINAL and opens
    if INITIAL.match(word) and word.strip("\"'“‘([") != "I.":
        return False
    return opens or bool(re.search(r"[?!][\"'”’)\]]*$", word) and following[:1].isupper())


def _are_sentences(segments: Sequence[Segment]) -> bool:
    """Nearly all segments end as sentences do, and few hold several."""
    if len(segments) < 4:
        return False
    words = [s.text.split() for s in segments]
    ended = sum(bool(END.search(w[-1])) for w in words) / len(words)
    inner = sum(any(is_end(a, b) for a, b in pairwise(w)) for w in words) / len(words)
    return ended >= 0.9 and inner <= 0.15 and median(map(len, words)) <= 40


def _punctuated(tokens: Sequence[Token]) -> bool:
    """At least one sentence end in sixty words."""
    return sum(bool(END.search(t.text)) for t in tokens) * 60 >= len(tokens)


def _tokens(index: int, segment: Segment) -> list[Token]:
    """The segment's words; times from its word times where they fit, else shared out by characters."""
    texts = segment.text.split()
    spans = _word_spans(segment, texts) or list(_shared(segment, texts))
    return [
        Token(text=t, start=a, end=b, segment=index, speaker=segment.speaker)
        for t, (a, b) in zip(texts, spans, strict=True)
    ]


def _word_spans(segment: Segment, texts: list[str]) -> list[tuple[float | None, float | None]]:
    said = [w for w in segment.words if w.text.strip()]
    if [w.text.strip() for w in said] != texts:
        return []
    return [(w.start, w.end) for w in said]


def _shared(segment: Segment, texts: list[str]) -> Iterator[tuple[float | None, float | None]]:
    start, end = segment.start, segment.end
    if start is None or end is None:
        for number in range(len(texts)):
            yield (start if number == 0 else None), (end if number == len(texts) - 1 else None)
        return
    total = sum(len(t) + 1 for t in texts)
    done = 0
    for text in texts:
        a = start + (end - start) * done / total
        done += len(text) + 1
        yield a, start + (end - start) * done / total


def _turns(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """Runs of one speaker."""
    turn: list[Token] = []
    for token in tokens:
        if turn and token.speaker != turn[-1].speaker:
            yield turn
            turn = []
        turn.append(token)
    if turn:
        yield turn


def _strictly(turn: list[Token], ends: Ends) -> Iterator[list[Token]]:
    """Cut at sentence ends; what is too long for a sentence, at clause ends, or by `ends` if it has none."""
    run: list[Token] = []
    for token, after in zip(turn, [*turn[1:], None], strict=True):
        run.append(token)
        if is_end(token.text, after.text if after else None):
            yield from _loosely(run, ends) if _unmarked(run) else _shortened(run)
            run = []


def _unmarked(run: Sequence[Token]) -> bool:
    """Too long for a sentence, and hardly a comma in it."""
    return len(run) > MAX_WORDS and sum(bool(CLAUSE.search(t.text)) for t in run) * UNMARKED < len(run)


def _shortened(run: list[Token]) -> Iterator[list[Token]]:
    while len(run) > MAX_WORDS:
        ends = [i + 1 for i in range(15, MAX_WORDS) if CLAUSE.search(run[i].text)]
        at = ends[-1] if ends else MAX_WORDS
        yield run[:at]
        run = run[at:]
    yield run


def _loosely(tokens: list[Token], ends: Ends) -> Iterator[list[Token]]:
    """Without punctuation: where a sentence probably ends, and before it gets too long."""
    chance = _likelihood(tokens, ends)
    start = 0
    for at in np.flatnonzero(chance > LIKELY):
        yield from _parted(tokens[start : at + 1], chance[start : at + 1])
        start = int(at) + 1


def _likelihood(tokens: Sequence[Token], ends: Ends) -> Floats:
    """The chance of an end after each word by its words and the pause after it; 1 where it is sure."""
    chance = np.clip(ends([t.text for t in tokens]), 1e-4, 1 - 1e-4)
    odds = chance / (1 - chance)
    for at, (token, after) in enumerate(pairwise(tokens)):
        if after.speaker != token.speaker or is_end(token.text, after.text):
            odds[at] = np.inf
        elif token.end is not None and after.start is not None and after.start - token.end >= PAUSE_S:
            odds[at] *= PAUSE_ODDS
    odds[-1] = np.inf
    sure: Floats = (1 - 1 / (1 + odds)).astype(np.float32)
    return sure


def _parted(run: list[Token], chance: Floats) -> Iterator[list[Token]]:
    """One sentence, or several where it is too long for one."""
    if len(run) <= LOOSE_MAX:
        yield run
        return
    at = LOOSE_MIN + int(np.argmax(chance[LOOSE_MIN - 1 : -LOOSE_MIN]))
    yield from _parted(run[:at], chance[:at])
    yield from _parted(run[at:], chance[at:])


def _cut(run: Sequence[Token]) -> Cut:
    sentence = Sentence(
        start=run[0].start if run[0].start is not None else _known(t.start for t in run),
        end=run[-1].end if run[-1].end is not None else _known(t.end for t in reversed(run)),
        speaker=run[0].speaker,
        text=" ".join(t.text for t in run),
    )
    return Cut(sentence=sentence, first=run[0].segment, last=run[-1].segment)


def _known(times: Iterable[float | None]) -> float | None:
    return next((t for t in times if t is not None), None)
