"""What was held to be wrong, and what was decided, in dicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.domain import (
    Claim,
    Erratum,
    Flag,
)
from bot.store.clean import clean
from bot.store.memory.part import Part, locked


class MemoryErrata(Part):
    @locked
    def flag(self, flag: Flag) -> Flag:
        flag, key = clean(flag), (flag.channel_id, flag.insight_id, flag.user)
        known = (f for f in self._on.flags.values() if (f.channel_id, f.insight_id, f.user) == key)
        first = next(known, None)
        stored = replace(flag, id=first.id if first else self._on.new_id())
        self._on.flags[stored.id] = stored
        return stored

    @locked
    def flags(self, channel_id: int | None = None) -> list[Flag]:
        found = (flag for _, flag in sorted(self._on.flags.items()))
        return [flag for flag in found if channel_id in (None, flag.channel_id)]

    @locked
    def decide(self, erratum: Erratum) -> Erratum:
        stored = self._on.decide(clean(erratum))
        for digest_id, about in self._on.revisions:
            if about == stored.id:  # what was given up on begins anew
                self._work.retry("revise", digest_id)
        return stored

    @locked
    def errata(self, insight_ids: Sequence[int], channel_id: int | None = None) -> dict[int, Erratum]:
        found = {id_: self._on.shown_erratum(id_, channel_id) for id_ in insight_ids}
        return {id_: erratum for id_, erratum in found.items() if erratum}

    @locked
    def decided(self) -> list[Erratum]:
        return list(self._on.errata)

    @locked
    def revisions(self, digest_id: int) -> list[int]:
        return sorted(erratum for digest, erratum in self._on.revisions if digest == digest_id)

    @locked
    def save_revision(self, claim: Claim, erratum_ids: Sequence[int]) -> None:
        self._work.finish(claim)
        self._on.revisions -= {(claim.subject, id_) for id_ in erratum_ids}
