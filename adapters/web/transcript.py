"""A transcript as its page shows it: stretches of turns of lines, with what the insights rest on and what was
searched for marked; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from bot import digest
from bot.domain import Insight, Reading, Sentence, Transcript, hhmmss

LONG_TURN = 600  # characters from which on a turn goes on in a new paragraph
LONGEST_SEARCH, MOST_HITS = 200, 200
BEFORE_HEBREW = "\u0590"  # Latin, Greek, Cyrillic, Armenian lie before it
LABELS = {
    "sponsor": "Sponsor read",
    "promo": "Promotion",
    "banter": "Small talk",
    "intro": "Intro",
    "outro": "Outro",
    "housekeeping": "Housekeeping",
}


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A run of text; `hit`: it was searched for."""

    text: str
    hit: bool = False


@dataclass(frozen=True, kw_only=True)
class Line:
    """One sentence. `anchor` is its id on the page ("": it needs none), `said`: an insight quotes it."""

    start: float | None
    anchor: str
    pieces: tuple[Piece, ...]
    said: bool = False

    @property
    def hit(self) -> bool:
        return any(piece.hit for piece in self.pieces)


@dataclass(frozen=True, kw_only=True)
class Box:
    """An insight where it was said; `anchor` is its id on the page ("": an earlier one has it)."""

    insight: Insight
    anchor: str


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What one person says in a row, or a part of it. `place` is where its time leads to on the page;
    `boxes` are the insights that rest on what begins here."""

    speaker: str
    start: float | None
    place: str
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Turns in a row that are substance (`label` ""), or were all set aside for the same reason. `is_open`:
    there is something in it that is looked for."""

    label: str
    duration: str
    is_open: bool
    turns: tuple[Turn, ...]


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A line that holds what was searched for, and where it is on the page."""

    place: str
    start: float | None
    speaker: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, kw_only=True)
class Script:
    """The whole transcript, laid out; `found` counts all hits, of which `hits` are the first."""

    stretches: tuple[Stretch, ...]
    hits: tuple[Hit, ...]
    found: int


def sentences(transcript: Transcript | None, reading: Reading | None) -> Sequence[Sentence]:
    """What was said, a sentence each where it has been read, else as the transcript has it."""
    if reading and reading.sentences:
        return reading.sentences
    segments = transcript.segments if transcript else ()
    return [Sentence(start=s.start, end=s.end, speaker=s.speaker, text=s.text) for s in segments]


def place(index: int, said: Sequence[Sentence]) -> str:
    """What sentence number `index` is called in links: `t=` and its second, where it has a time."""
    start = said[index].start
    return f"s{index}" if start is None else f"t={int(start)}"


def script(
    said: Sequence[Sentence],
    insights: Sequence[Insight] = (),
    reading: Reading | None = None,
    search: str = "",
    wanted: Iterable[int] = (),
) -> Script:
    """Lay it out; `wanted` are the sentences that something else on the page leads to."""
    pattern = _pattern(search)
    texts = [_pieces(sentence.text, pattern) for sentence in said]
    hits = [n for n, pieces in enumerate(texts) if any(piece.hit for piece in pieces)]
    boxes, quoted = _boxes(insights, said)
    kinds = _kinds(reading, len(said))
    turns = list(_turns(said, kinds, boxes))
    taken = {box.anchor for found in boxes.values() for box in found}
    anchors = _anchors(said, {*wanted, *hits[:MOST_HITS], *(turn.start for turn in turns)}, taken)
    lines = [
        Line(start=said[n].start, anchor=anchors.get(n, ""), pieces=pieces, said=n in quoted)
        for n, pieces in enumerate(texts)
    ]
    shown = [_hit(n, said, texts[n]) for n in hits[:MOST_HITS]]
    return Script(
        stretches=tuple(_stretches(said, kinds, turns, boxes, lines)), hits=tuple(shown), found=len(hits)
    )


def _hit(n: int, said: Sequence[Sentence], pieces: tuple[Piece, ...]) -> Hit:
    return Hit(place=place(n, said), start=said[n].start, speaker=said[n].speaker, pieces=pieces)


def _boxes(
    insights: Sequence[Insight], said: Sequence[Sentence]
) -> tuple[dict[int, list[Box]], frozenset[int]]:
    """The insights by the sentence that each rests on, and all sentences that are quoted."""
    texts = [_plain(sentence.text) for sentence in said]
    boxes: dict[int, list[Box]] = {}
    quoted: set[int] = set()
    taken: set[str] = set()
    for insight in insights:
        if span := located(insight, said, texts):
            name = digest.fragment(insight)
            boxes.setdefault(span.start, []).append(
                Box(insight=insight, anchor="" if name in taken else name)
            )
            taken.add(name)
            quoted.update(span)
    return boxes, frozenset(quoted)


def _pattern(search: str) -> re.Pattern[str] | None:
    """From the start of a word ("tree" finds "trees", not "street"); anywhere in a script that writes words
    together, or puts something before them."""
    words = search[:LONGEST_SEARCH].split()
    if not words:
        return None
    start = r"(?<!\w)" if words[0][0] < BEFORE_HEBREW else ""
    return re.compile(start + r"\s+".join(map(re.escape, words)), re.IGNORECASE)


def _pieces(text: str, pattern: re.Pattern[str] | None) -> tuple[Piece, ...]:
    found = list(pattern.finditer(text)) if pattern else []
    pieces, at = [], 0
    for match in found:
        pieces += [Piece(text=text[at : match.start()]), Piece(text=match[0], hit=True)]
        at = match.end()
    return tuple(piece for piece in (*pieces, Piece(text=text[at:])) if piece.text)


def located(insight: Insight, said: Sequence[Sentence], texts: Sequence[str]) -> range | None:
    """The sentences that hold its quote, the nearest to its time; else the one at its time; None: nowhere.

    `texts` are the sentences' words alone, as `_plain` gives them.
    """
    quote, start = _plain(insight.quote), insight.start or 0.0
    near = sorted(range(len(said)), key=lambda n: abs((said[n].start or 0.0) - start))
    for length in (1, 2, 3) if quote else ():
        for n in near:
            if quote in " ".join(texts[n : n + length]):
                return range(n, min(n + length, len(said)))
    return range(near[0], near[0] + 1) if near and insight.start is not None else None


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def _kinds(reading: Reading | None, count: int) -> list[str]:
    kinds = [""] * count
    for aside in reading.set_aside if reading else ():
        last = min(aside.last + 1, count)
        kinds[aside.first : last] = [aside.kind] * max(0, last - aside.first)
    return kinds


def _turns(said: Sequence[Sentence], kinds: Sequence[str], boxes: Mapping[int, object]) -> Iterator[range]:
    first, length = 0, 0
    for n in range(1, len(said) + 1):
        length += len(said[n - 1].text)
        if (
            n == len(said)
            or (said[n].speaker, kinds[n]) != (said[first].speaker, kinds[first])
            or n in boxes
            or length > LONG_TURN
        ):
            yield range(first, n)
            first, length = n, 0


def _anchors(said: Sequence[Sentence], needed: Iterable[int], taken: set[str]) -> dict[int, str]:
    """An id names one element: of what is said in the same second, the first that needs one gets it."""
    anchors: dict[str, int] = {}
    for n in sorted(needed):
        anchors.setdefault(place(n, said), n)
    return {n: name for name, n in anchors.items() if name not in taken}


def _stretches(
    said: Sequence[Sentence],
    kinds: Sequence[str],
    turns: Sequence[range],
    boxes: Mapping[int, list[Box]],
    lines: Sequence[Line],
) -> Iterator[Stretch]:
    for kind, group in groupby(turns, key=lambda turn: kinds[turn.start]):
        made, speaker = [], ""
        spans = list(group)
        for span in spans:
            made.append(_turn(span, said, speaker, tuple(boxes.get(span.start, ())), lines))
            speaker = said[span.start].speaker
        looked_for = any(turn.boxes or any(line.hit for line in turn.lines) for turn in made)
        yield Stretch(
            label=LABELS.get(kind, kind.capitalize()),
            duration=_duration(said[spans[0].start], said[spans[-1].stop - 1]),
            is_open=looked_for,
            turns=tuple(made),
        )


def _turn(
    span: range, said: Sequence[Sentence], before: str, boxes: tuple[Box, ...], lines: Sequence[Line]
) -> Turn:
    first = said[span.start]
    return Turn(
        speaker=first.speaker if first.speaker != before or boxes else "",
        start=first.start,
        place=place(span.start, said),
        boxes=boxes,
        lines=tuple(lines[n] for n in span),
    )


def _duration(first: Sentence, last: Sentence) -> str:
    if first.start is None or last.end is None or last.end <= first.start:
        return ""
    return hhmmss(last.end - first.start)
