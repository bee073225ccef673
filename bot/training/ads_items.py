"""What the finder of advertisements learns from: annotated episodes, labelled ones, written examples."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.domain import Segment, Transcript
from bot.read.ads_features import Seen, see
from bot.read.sentences import Cut, cuts
from bot.read.sponsors import COLUMNS
from bot.training.episodes import annotated, is_validation
from bot.training.reader import bare
from bot.transcribe.formats import vtt

HERE = Path(__file__).parent
EXAMPLES, LABELS = HERE / "ads_examples.txt", HERE / "ads_labels.json"
Marked = tuple[str, int, int]
BRANDS = ("Norvale", "Tidepool", "Quillbank", "Lumenstack", "Brightmoor", "Castella", "Pinewire", "Feldspar")


@dataclass(frozen=True, kw_only=True)
class Item:
    """An episode as published or stripped: true spans in sentences, and which sentences count."""

    id: str
    seen: Seen
    spans: tuple[Marked, ...]
    counts: NDArray[np.bool_]


def item(id: str, transcript: Transcript, marks: Sequence[Marked]) -> Item:
    """`marks` in segments; of kind "unsure" they are left out."""
    pieces = cuts(transcript)
    spans = [s for s in (_in_sentences(m, pieces) for m in marks) if s]
    counted = np.ones(len(pieces), bool)
    for kind, first, last in spans:
        counted[first : last + 1] &= kind != "unsure"
    true = tuple(s for s in spans if s[0] != "unsure")
    return Item(id=id, seen=see([c.sentence for c in pieces]), spans=true, counts=counted)


def _in_sentences(mark: Marked, pieces: Sequence[Cut]) -> Marked | None:
    """The sentences that lie mostly inside."""
    kind, a, b = mark
    inside = [i for i, c in enumerate(pieces) if c.first <= b and c.last >= a]
    if not inside:
        return None
    first, last = pieces[inside[0]], pieces[inside[-1]]
    late = 2 * (first.last - a + 1) < first.last - first.first + 1
    early = 2 * (b - last.first + 1) < last.last - last.first + 1
    many = len(inside) > 1
    return kind, inside[0] + (many and late), inside[-1] - (many and early and not late)


def items(folder: Path, pythonbytes: Path | None) -> Iterator[Item]:
    """Training episodes, each also without case, punctuation and speakers, and with written examples."""
    hosts: list[Transcript] = []
    for episode in annotated(folder):
        if is_validation(episode):
            continue
        marks = [
            (n["kind"], n["from"], n["to"]) for n in episode.reference["non_content"] if n["kind"] in COLUMNS
        ]
        unread = [("unsure", i, i) for i in sorted(episode.unread)]
        yield from twins(episode.id, episode.transcript, [*marks, *unread])
        if not marks and len(episode.transcript.segments) > 150:
            hosts.append(episode.transcript)
    if pythonbytes:
        yield from _labelled(pythonbytes)
    yield from written(hosts)


def twins(id: str, transcript: Transcript, marks: Sequence[Marked]) -> Iterator[Item]:
    yield item(id, transcript, marks)
    plain = tuple(replace(s, speaker="", text=bare(s.text)) for s in transcript.segments)
    yield item(id, replace(transcript, segments=plain), marks)


def _labelled(folder: Path) -> Iterator[Item]:
    for id, labels in json.loads(LABELS.read_text("utf-8")).items():
        transcript = Transcript(segments=tuple(vtt((folder / f"{id}.vtt").read_text("utf-8"))))
        pieces = cuts(transcript)
        marks = [(k, pieces[a].first, pieces[min(b, len(pieces) - 1)].last) for k, a, b in labels]
        yield from twins(f"pythonbytes {id}", transcript, marks)


def written(hosts: Sequence[Transcript]) -> Iterator[Item]:
    """The written examples, two at a time in episodes that have no advertisement."""
    rng = random.Random(5)
    blocks = examples()
    rng.shuffle(blocks)
    for number in range(0, len(blocks) if hosts else 0, 2):
        host = hosts[number % len(hosts)].segments
        places = sorted(rng.sample(range(10, len(host) - 10), 2))
        segments: list[Segment] = []
        marks: list[Marked] = []
        last = 0
        for at, (kind, lines) in zip(places, blocks[number : number + 2], strict=False):
            segments += host[last:at]
            if kind != "content":
                marks.append((kind, len(segments), len(segments) + len(lines) - 1))
            texts = filled(lines, rng)
            segments += [Segment(start=None, end=None, speaker=host[at - 1].speaker, text=t) for t in texts]
            last = at
        yield from twins(f"written {number}", Transcript(segments=(*segments, *host[last:])), marks)


def examples(path: Path = EXAMPLES) -> list[tuple[str, list[str]]]:
    """(kind, sentences) of each block of the file."""
    blocks = path.read_text("utf-8").split("\n= ")[1:]
    return [(b.splitlines()[0], b.splitlines()[1:]) for b in blocks]


def filled(lines: Sequence[str], rng: random.Random) -> list[str]:
    brand = rng.choice(BRANDS)
    domain = brand.lower() + rng.choice((".com", " dot com", ".io", " dot io", ".dev", ".co"))
    show, code = (
        rng.choice(("fieldnotes", "nightshift", "signal")),
        rng.choice(("SAVE20", "listener", "show15")),
    )
    values = {"{B}": brand, "{D}": domain, "{S}": show, "{C}": code}
    out = list(lines)
    for slot, value in values.items():
        out = [line.replace(slot, value) for line in out]
    return out
