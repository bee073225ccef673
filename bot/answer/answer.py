"""Answers from transcripts alone: the sentences that say it, each cited, or "not in this episode"."""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from bot.answer.joined import Library
from bot.answer.larger import backed
from bot.answer.places import Place, Sureness, chosen
from bot.answer.ranker import Ranker
from bot.answer.reread import READ, Reread
from bot.answer.search import Index, TextEncoder
from bot.answer.vectors import Floats
from bot.domain import Answer, Citation, Provenance, Rung, Sentence, Source, Spent, Transcript

NAME = "search v2"
NOT_HERE, NOT_IN_ANY = "Not in this episode.", "Not in these episodes."
NEAREST = 3
# Episodes of the library that a question to all of them is put to.
EPISODES = 6
KEPT = 64
# A straight quotation mark before a word, and none after it.
_OPENED = re.compile(r'(?:^|[\s(–—-])"(?=\w)[^"]*$')
_TRAILING = re.compile(r"(?:\.{2,}|[…,:;–—\s-])+$")


class Larger(Protocol):
    """A larger model: words an answer from passages alone, or "" where they don't hold it or it strays."""

    @property
    def name(self) -> str: ...
    @property
    def prompt(self) -> str: ...
    @property
    def tokens(self) -> int: ...
    @property
    def tokens_out(self) -> int: ...
    @property
    def rung(self) -> Rung: ...

    def worded(self, question: str, said: Sequence[Sentence]) -> str: ...


class SearchAnswerer:
    """Implements Answerer by hybrid search, ordered by the `ranker` where there is one; extractive.

    `cut` makes sentences of a transcript (else its segments are taken for sentences), `clean` makes a spoken
    sentence readable and may return "" (else it is left as said). `library` has vectors of passages, so that
    the first question to an episode needn't encode all of it. `reread` puts the best places in a better
    order, the nearest ones of a refusal too. `larger` words what the small are unsure of.
    The vectors of the last KEPT transcripts stay in memory, so that many questions cost one encoding.
    """

    def __init__(
        self,
        encoder: TextEncoder,
        *,
        cut: Callable[[Transcript], Sequence[Sentence]] | None = None,
        clean: Callable[[str], str] | None = None,
        ranker: Ranker | None = None,
        library: Library | None = None,
        reread: Reread | None = None,
        larger: Larger | None = None,
        threshold: float | None = None,
    ) -> None:
        self._encoder, self._cut, self._clean = encoder, cut or segments, clean or str.strip
        self._ranker, self._library, self._reread, self._larger = ranker, library, reread, larger
        self._sureness = Sureness.of(ranker)
        self._threshold = self._sureness.threshold if threshold is None else threshold
        self._indexes: OrderedDict[int, Index] = OrderedDict()

    def likely(self, question: str, episode_ids: Sequence[int]) -> Sequence[int]:
        """The few of these episodes that are likeliest to say it; those that the library lacks, and without
        one the first KEPT, stay in."""
        if self._library is None or len(episode_ids) <= EPISODES:
            return episode_ids[:KEPT]
        known = self._library.known() & set(episode_ids)
        found = self._library.search(question, known, limit=5 * EPISODES)
        best = list(dict.fromkeys(f.episode_id for f in found))[:EPISODES]
        return [*best, *(id for id in episode_ids if id not in known)][:KEPT]

    def answer(self, question: str, sources: Sequence[Source]) -> Answer:
        """One to three cited sentences; where `found` is False, the nearest places are cited."""
        begun, before = time.perf_counter(), self._read
        places = self._places(question, sources)
        sure = self._sure(question, places)
        ordered = self._ordered(question, places)
        places = ordered or places
        evidence = chosen(places[0]) if sure >= self._threshold else []
        text = self._worded(evidence)
        made = Answer(
            text=text or (NOT_HERE if len(sources) == 1 else NOT_IN_ANY),
            citations=_cited(places[0], evidence) if text else _nearest(places),
            confidence=round(sure, 3),
            found=bool(text),
            provenance=Provenance(
                reader=self._reader(reread=bool(ordered)),
                writer=NAME,
                rung="extractive",
                tokens=self._read - before,
                seconds=_since(begun),
            ),
        )
        return made if made.found or not self._larger else self._by_larger(question, places, made)

    def _by_larger(self, question: str, places: Sequence[Place], otherwise: Answer) -> Answer:
        """Worded by the larger model from the places found; `otherwise` where it finds nothing either."""
        assert self._larger is not None
        begun, before = time.perf_counter(), (self._larger.tokens, self._larger.tokens_out)
        said = [(place, sentence) for place in places[:NEAREST] for sentence in place.said]
        text = self._larger.worded(question, [s for _, s in said])
        cited = [said[n] for n in backed(text, [s for _, s in said])]
        spent = Spent(
            rung=self._larger.rung,
            tokens=self._larger.tokens - before[0],
            tokens_out=self._larger.tokens_out - before[1],
            seconds=_since(begun),
        )
        if not text or not cited:
            return replace(otherwise, provenance=replace(otherwise.provenance, others=(spent,)))
        told = self._told(otherwise.provenance, spent)
        citations = tuple(c for place, s in cited for c in _cited(place, [s]))
        return replace(otherwise, text=text, citations=citations, found=True, provenance=told)

    def _told(self, small: Provenance, spent: Spent) -> Provenance:
        """Of an answer by the larger model, which was asked after the small ones."""
        assert self._larger is not None
        first = Spent(rung=small.rung, tokens=small.tokens, seconds=small.seconds)
        return replace(
            small,
            writer=self._larger.name,
            prompt=self._larger.prompt,
            rung=spent.rung,
            tokens=spent.tokens,
            tokens_out=spent.tokens_out,
            seconds=spent.seconds,
            others=(first,),
        )

    def _ordered(self, question: str, places: Sequence[Place]) -> list[Place] | None:
        return self._reread.ordered(question, places) if self._reread else None

    @property
    def _read(self) -> int:
        """Tokens that the small models have read so far."""
        return self._encoder.tokens + (self._reread.tokens if self._reread else 0)

    def _reader(self, *, reread: bool) -> str:
        parts = (self._encoder, self._ranker, self._reread if reread else None)
        return " + ".join(part.name for part in parts if part)

    def _places(self, question: str, sources: Sequence[Source]) -> list[Place]:
        """The likeliest places over all sources, best first."""
        indexed = [(source, self._index(source)) for source in sources]
        places = [
            Place(source=source, index=index, hit=hit)
            for source, index in indexed
            for hit in index.search(question, READ, self._ranker)
        ]
        return sorted(places, key=lambda place: -place.hit.score)

    def _sure(self, question: str, places: Sequence[Place]) -> float:
        """That the best place answers: by all that was found in its transcript."""
        if not places:
            return 0.0
        index = places[0].index
        return self._sureness.of_hits(question, index, [p.hit for p in places if p.index is index])

    def _index(self, source: Source) -> Index:
        key = hash(source.transcript.segments)
        if key not in self._indexes:
            said = self._cut(source.transcript)
            known = self._known(source, len(said))
            self._indexes[key] = Index(said, self._encoder, known, rough=known is not None)
        self._indexes.move_to_end(key)
        while len(self._indexes) > KEPT:
            self._indexes.popitem(last=False)
        return self._indexes[key]

    def _known(self, source: Source, n: int) -> Floats | None:
        """Each sentence's vector is its passage's, where the library has the episode."""
        found = self._library.passages_of(source.episode.id) if self._library and source.episode.id else None
        if found is None or not found[0] or found[0][-1][1] != n - 1:
            return None
        spans, vectors = found
        return vectors.repeat([b - a + 1 for a, b in spans], axis=0)

    def _worded(self, evidence: Sequence[Sentence]) -> str:
        """The cleaned sentences, with who says them where one person does."""
        said = [text for s in evidence if self._clean(s.text) and (text := self._clean(_closed(s.text)))]
        names = {s.speaker for s in evidence}
        who = names.pop() if len(names) == 1 else ""
        return f"{who}: {' '.join(said)}" if who and said else " ".join(said)


def segments(transcript: Transcript) -> list[Sentence]:
    """Each segment that says something, whitespace normalised."""
    return [
        Sentence(start=s.start, end=s.end, speaker=s.speaker, text=" ".join(s.text.split()))
        for s in transcript.segments
        if s.text.strip()
    ]


def _closed(said: str) -> str:
    """With the quotation ended that its last mark opens: it often goes on in the next sentence, and a cleaner
    drops marks that don't pair."""
    return _TRAILING.sub("", said) + '"' if said.count('"') % 2 and _OPENED.search(said) else said


def _since(begun: float) -> float:
    return round(time.perf_counter() - begun, 3)


def _nearest(places: Sequence[Place]) -> tuple[Citation, ...]:
    return tuple(c for place in places[:NEAREST] for c in _cited(place, [place.best]))


def _cited(place: Place, said: Sequence[Sentence]) -> tuple[Citation, ...]:
    episode = place.source.episode
    return tuple(
        Citation(
            quote=s.text,
            speaker=s.speaker,
            start=s.start,
            end=s.end,
            show=episode.show,
            episode=episode.title,
            episode_id=episode.id,
        )
        for s in said
    )
