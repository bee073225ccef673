"""Units of work in a ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import islice

from bot.domain import (
    UPSTREAM,
    Claim,
    Stage,
    WorkRow,
)
from bot.store.clean import clean
from bot.store.memory.part import Part, locked


class MemoryWork(Part):
    @locked
    def pending(self, stage: Stage, now: datetime, limit: int = 100) -> list[int]:
        due = (id_ for id_ in self._on.candidates[stage](now) if self._work.free(stage, id_, now))
        return list(islice(due, limit))

    @locked
    def claim(self, stage: Stage, subject: int, now: datetime, lease_s: float) -> Claim | None:
        may = subject in self._on.candidates[stage](now) and self._work.free(stage, subject, now)
        return self._work.claim(stage, subject, now, lease_s) if may else None

    @locked
    def claim_all(self, stage: Stage, subjects: Sequence[int], now: datetime, lease_s: float) -> list[Claim]:
        claims = (self.claim(stage, subject, now, lease_s) for subject in subjects)
        return [claim for claim in claims if claim]

    @locked
    def is_coming(self, channel_id: int, now: datetime) -> bool:
        feeds = {feed_id for channel, feed_id in self._on.subscriptions if channel == channel_id}
        due = ((stage, id_) for stage in UPSTREAM for id_ in self._on.candidates[stage](now))
        return any(
            (id_ if stage == "refresh" else self._on.episodes[id_].feed_id) in feeds
            and (self._work.free(stage, id_, now) or self._work.is_held(stage, id_, now))
            for stage, id_ in due
        )

    @locked
    def renew(self, claim: Claim, now: datetime, lease_s: float) -> bool:
        return self._work.renew(claim, now, lease_s)

    @locked
    def done(self, claim: Claim) -> None:
        self._work.finish(claim)

    @locked
    def fail(self, claim: Claim, error: str, not_before: datetime | None, *, counts: bool = True) -> None:
        self._work.fail(claim, clean(error), not_before, counts)

    @locked
    def retry(self, stage: Stage, subject: int) -> bool:
        return self._work.retry(stage, subject)

    @locked
    def work(self, *, unfinished: bool = True) -> list[WorkRow]:
        return [row for row in self._work.rows() if row.status != "done" or not unfinished]
