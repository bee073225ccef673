"""Transcripts, readings and insights in dicts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice

from bot.domain import (
    Claim,
    Insight,
    Reading,
    Source,
    Transcript,
)
from bot.errors import StoreError
from bot.store.clean import clean
from bot.store.memory.part import Part, locked
from bot.store.memory.shelves import best_first, get


class MemoryLibrary(Part):
    @locked
    def save_transcript(self, claim: Claim, episode_id: int, transcript: Transcript) -> None:
        transcript = clean(transcript)
        self._work.finish(claim)
        self._on.transcripts[episode_id] = transcript

    @locked
    def transcript(self, episode_id: int) -> Transcript | None:
        return self._on.transcripts.get(episode_id)

    @locked
    def save_reading(self, claim: Claim, episode_id: int, reading: Reading) -> None:
        reading = clean(reading)
        self._on.readings[episode_id] = reading, self._work.finish(claim)

    @locked
    def reading(self, episode_id: int) -> Reading | None:
        return self._on.readings.get(episode_id, (None, None))[0]

    @locked
    def save_insights(
        self, claim: Claim, episode_id: int, insights: Sequence[Insight], now: datetime
    ) -> None:
        insights = clean(tuple(insights))
        self._work.finish(claim)
        kept = self._on.in_digests() | {erratum.insight_id for erratum in self._on.errata}
        for insight in self.insights(episode_id):
            if insight.id not in kept:
                del self._on.insights[insight.id]
        for insight in insights:
            id_, created_at = self._on.new_id(), insight.created_at or now
            self._on.insights[id_] = replace(insight, id=id_, episode_id=episode_id, created_at=created_at)

    @locked
    def insights(self, episode_id: int) -> list[Insight]:
        return best_first(i for i in self._on.insights.values() if i.episode_id == episode_id)

    @locked
    def insight(self, insight_id: int) -> Insight:
        return get(self._on.insights, insight_id, "insight")

    @locked
    def heard(self, feed_ids: Sequence[int]) -> list[int]:
        found = (id_ for id_ in self._on.newest_first() if self._on.usable(id_))
        return [id_ for id_ in found if self._on.episode(id_).feed_id in feed_ids]

    @locked
    def marks(self, feed_ids: Sequence[int]) -> dict[int, str]:
        return {id_: str(hash(self._on.transcripts[id_])) for id_ in self.heard(feed_ids)}

    @locked
    def source(self, episode_id: int) -> Source:
        if not self._on.usable(episode_id):
            raise StoreError(f"There is no transcript of episode {episode_id}.")
        return Source(episode=self._on.episode(episode_id), transcript=self._on.transcripts[episode_id])

    @locked
    def sources(self, feed_ids: Sequence[int], limit: int = 50) -> Iterator[Source]:
        found = (self._on.episode(id_) for id_ in self._on.newest_first() if self._on.usable(id_))
        of_feeds = (episode for episode in found if episode.feed_id in feed_ids)
        return iter(
            [Source(episode=e, transcript=self._on.transcripts[e.id]) for e in islice(of_feeds, limit)]
        )
