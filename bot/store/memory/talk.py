"""What people say in threads and of insights, and what listeners note, in dicts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.domain import (
    Pick,
    Rated,
    Rating,
    Turn,
)
from bot.ports.notes import Resealed, SealedKind
from bot.store.clean import clean
from bot.store.memory.part import Part, locked
from bot.store.memory.shelves import get


class MemoryTalk(Part):
    @locked
    def digest_at(self, channel_id: int, message_id: str) -> int | None:
        posts = (self._on.posts.get(digest.id) for digest in self._on.of_channel(channel_id))
        here = (p.digest_id for p in posts if p and message_id in (p.message_id, p.thread_id))
        return next(here, None)

    @locked
    def save_turn(self, turn: Turn) -> None:
        get(self._on.digests, turn.digest_id, "digest")
        self._on.turns.append(clean(turn))

    @locked
    def turns(self, digest_id: int, limit: int = 10) -> list[Turn]:
        return [turn for turn in self._on.turns if turn.digest_id == digest_id][-limit:]

    @locked
    def turns_since(self, since: datetime) -> list[Turn]:
        return sorted((t for t in self._on.turns if t.asked_at >= since), key=lambda t: t.asked_at)

    @locked
    def rate(self, rating: Rating) -> None:
        self._on.ratings[rating.channel_id, rating.insight_id, rating.user] = clean(rating)

    @locked
    def ratings(self, channel_id: int) -> list[Rating]:
        found = [r for r in self._on.ratings.values() if r.channel_id == channel_id]
        return sorted(found, key=lambda r: (r.rated_at, r.insight_id, r.user))

    @locked
    def rated(self, channel_id: int, since: datetime | None, limit: int = 500) -> list[Rated]:
        latest = [r for r in self.ratings(channel_id)[::-1] if since is None or r.rated_at > since]
        insights = ((r, self._on.insights[r.insight_id]) for r in latest[:limit])
        return [
            Rated(rating=r, pick=Pick(insight=i, episode=self._on.episode(i.episode_id))) for r, i in insights
        ]


class MemoryNotes(Part):
    @locked
    def first_time(self, key: str, now: datetime) -> bool:
        key, known = clean(key), len(self._on.notes)
        self._on.notes.setdefault(key, now)
        return len(self._on.notes) > known

    @locked
    def take(self, key: str, since: datetime) -> bool:
        noted_at = self._on.notes.pop(key, None)
        return noted_at is not None and noted_at >= since

    @locked
    def forget_notes(self, before: datetime) -> None:
        self._on.notes = {key: at for key, at in self._on.notes.items() if at >= before}

    @locked
    def save_secret(self, name: str, sealed: str) -> None:
        self._on.secrets[name] = sealed

    @locked
    def secret(self, name: str) -> str | None:
        return self._on.secrets.get(name)

    @locked
    def secrets(self, prefix: str) -> list[str]:
        return sorted(name for name in self._on.secrets if name.startswith(prefix))

    @locked
    def delete_secret(self, name: str) -> None:
        self._on.secrets.pop(name, None)

    @locked
    def reseal(self, kind: SealedKind, after: str, limit: int, renewed: Callable[[str], str]) -> Resealed:
        """All at once: there is nothing to be killed in between."""
        return Resealed("", self._on.reseal(kind, renewed))
