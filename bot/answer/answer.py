"""Answers from transcripts alone: the sentences that say it, each cited, or "not in this episode"."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

from bot.answer.search import Hit, Index, TextEncoder
from bot.domain import Answer, Citation, Provenance, Sentence, Source, Transcript

NAME = "search v1"
# Refuses 0.31 of what an episode leaves open, 0.89 of what is off its subject, and 0.12 of what it answers
# (validation episodes; `bot.training.answers`).
THRESHOLD = 0.6
NOT_HERE, NOT_IN_ANY = "Not in this episode.", "Not in these episodes."
MOST_SENTENCES, MOST_WORDS, NEAREST = 3, 90, 3
# A neighbour joins the answer when its score is this close to the best one's.
MARGIN = 2.0
KEPT = 64

Place = tuple[Source, Index, Hit]


class SearchAnswerer:
    """Implements Answerer by hybrid search; extractive.

    `cut` makes sentences of a transcript (else its segments are taken for sentences), `clean` makes a spoken
    sentence readable and may return "" (else it is left as said).
    The vectors of the last KEPT transcripts stay in memory, so that many questions cost one encoding.
    """

    def __init__(
        self,
        encoder: TextEncoder,
        *,
        cut: Callable[[Transcript], Sequence[Sentence]] | None = None,
        clean: Callable[[str], str] | None = None,
        threshold: float = THRESHOLD,
    ) -> None:
        self._encoder, self._cut, self._clean = encoder, cut or segments, clean or str.strip
        self._threshold = threshold
        self._indexes: OrderedDict[int, Index] = OrderedDict()

    def answer(self, question: str, sources: Sequence[Source]) -> Answer:
        """One to three cited sentences; where `found` is False, the nearest places are cited."""
        begun, before = time.perf_counter(), self._encoder.tokens
        places = self._places(question, sources)
        sure = places[0][2].confidence if places else 0.0
        found = sure >= self._threshold
        chosen = _evidence(places[0]) if found else [(s, i.sentences[h.at]) for s, i, h in places[:NEAREST]]
        text = self._worded([said for _, said in chosen]) if found else ""
        if not text:
            text, found = NOT_HERE if len(sources) == 1 else NOT_IN_ANY, False
        return Answer(
            text=text,
            citations=tuple(_citation(source, said) for source, said in chosen),
            confidence=round(sure, 3),
            found=found,
            provenance=Provenance(
                reader=self._encoder.name,
                writer=NAME,
                tokens=self._encoder.tokens - before,
                seconds=round(time.perf_counter() - begun, 3),
            ),
        )

    def _places(self, question: str, sources: Sequence[Source]) -> list[Place]:
        """The likeliest places over all sources, best first."""
        indexed = [(source, self._index(source.transcript)) for source in sources]
        places = [(s, index, hit) for s, index in indexed for hit in index.search(question)]
        return sorted(places, key=lambda place: -place[2].score)

    def _index(self, transcript: Transcript) -> Index:
        key = hash(transcript.segments)
        if key not in self._indexes:
            self._indexes[key] = Index(self._cut(transcript), self._encoder)
        self._indexes.move_to_end(key)
        while len(self._indexes) > KEPT:
            self._indexes.popitem(last=False)
        return self._indexes[key]

    def _worded(self, evidence: Sequence[Sentence]) -> str:
        """The cleaned sentences, with who says them where one person does."""
        said = [text for s in evidence if (text := self._clean(s.text))]
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


def _evidence(place: Place) -> list[tuple[Source, Sentence]]:
    """The best sentence and the neighbours that score nearly as well; for a question, its reply."""
    source, index, hit = place
    said, at = index.sentences, hit.at
    if said[at].text.rstrip('"”').endswith("?") and at + 1 < len(said):
        return [(source, s) for s in said[at + 1 : at + 3]]
    near = [i for i in range(max(0, at - 2), min(len(said), at + 3)) if i != at and _joins(hit, i, said[i])]
    chosen = {at}
    for i in sorted(near, key=lambda i: -hit.scores[i]):
        words = sum(len(said[j].text.split()) for j in {*chosen, i})
        if len(chosen) < MOST_SENTENCES and words <= MOST_WORDS:
            chosen.add(i)
    return [(source, said[i]) for i in sorted(chosen)]


def _joins(hit: Hit, at: int, sentence: Sentence) -> bool:
    return bool(hit.scores[at] >= hit.score - MARGIN) and not sentence.text.rstrip('"”').endswith("?")


def _citation(source: Source, said: Sentence) -> Citation:
    return Citation(
        quote=said.text,
        speaker=said.speaker,
        start=said.start,
        end=said.end,
        show=source.episode.show,
        episode=source.episode.title,
    )
