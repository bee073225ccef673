"""What the store keeps of channels: what they follow, get, say of it, and what was wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.domain import (
    Channel,
    Claim,
    Digest,
    Erratum,
    Flag,
    Had,
    NoticeState,
    Pick,
    Post,
    Rated,
    Rating,
    Subscription,
    Turn,
)


class ChannelStore(Protocol):
    def save_channel(self, channel: Channel) -> Channel:
        """Add or overwrite (by platform, workspace and name)."""
        ...

    def find_channel(self, platform: str, workspace: str, name: str) -> Channel | None: ...

    def forget_workspace(self, platform: str, workspace: str) -> int:
        """Delete its channels and all that is theirs alone; how many channels there were."""
        ...

    def channel(self, channel_id: int) -> Channel: ...

    def channels(self) -> list[Channel]: ...

    def subscribe(self, subscription: Subscription) -> bool:
        """False when the channel already follows the feed; then its `since` is overwritten."""
        ...

    def unsubscribe(self, channel_id: int, feed_id: int) -> bool: ...

    def subscriptions(self, channel_id: int | None = None) -> list[Subscription]: ...

    def backlog(self, channel_id: int, since: datetime) -> list[Pick]:
        """Insights written after `since`, of episodes the channel follows (and not older than its
        subscription's `since`) and of which it has had nothing yet; best first. What only stood beside
        another pick (`Pick.also`) takes nothing but itself out of the backlog."""
        ...

    def had(self, channel_id: int, limit: int = 200) -> list[Had]:
        """What the channel has had, latest digest first and in its order; after each pick, its `also`."""
        ...

    def scanned(self, channel_id: int, since: datetime) -> tuple[int, float]:
        """Episodes read for this channel after `since`, and their hours."""
        ...

    def save_digest(self, claim: Claim, digest: Digest | None, channel: Channel) -> None:
        """Freeze a digest and the channel's next post time together. `digest` None: nothing to post.

        A second digest for the same channel, local date and part is not stored (the first one stands).
        """
        ...

    def digest(self, digest_id: int) -> Digest: ...

    def digests(self, channel_id: int, limit: int = 10) -> list[Digest]:
        """Latest first."""
        ...

    def told(self, channel_id: int, now: datetime) -> dict[int, NoticeState]:
        """What the channel was told last of each feed, in digests that are posted or may still be."""
        ...

    def save_post(self, claim: Claim, post: Post) -> None: ...

    def post(self, digest_id: int) -> Post | None: ...

    def digest_at(self, channel_id: int, message_id: str) -> int | None:
        """The digest whose post in that channel is the message, or has it as its thread."""
        ...

    def save_turn(self, turn: Turn) -> None: ...

    def turns(self, digest_id: int, limit: int = 10) -> list[Turn]:
        """The latest ones, in the order in which they were asked."""
        ...

    def turns_since(self, since: datetime) -> list[Turn]:
        """Those of all threads that were asked at `since` or later, in the order of their times."""
        ...

    def rate(self, rating: Rating) -> None:
        """A person's later rating of the same insight in the same channel replaces the earlier one."""
        ...

    def ratings(self, channel_id: int) -> list[Rating]: ...

    def rated(self, channel_id: int, since: datetime | None, limit: int = 500) -> list[Rated]:
        """The channel's latest ratings with what was rated, those after `since` (None: all), latest first."""
        ...


class ErrataStore(Protocol):
    def flag(self, flag: Flag) -> Flag:
        """A person's later flag of the same insight in the channel replaces the earlier one."""
        ...

    def flags(self, channel_id: int | None = None) -> list[Flag]:
        """Of a channel (None: of all), settled ones too, in the order in which they first came."""
        ...

    def decide(self, erratum: Erratum) -> Erratum:
        """Store a decision; in the same transaction the open flags that it is about are settled, and the
        posts that it changes noted as waiting for `revise`, in its channel or (None) in all."""
        ...

    def errata(self, insight_ids: Sequence[int], channel_id: int | None = None) -> dict[int, Erratum]:
        """By insight, what is to be shown of it in a channel (None: where no channel is known): what was
        decided for all, else what the channel decided last, unless that was to let it stand."""
        ...

    def decided(self) -> list[Erratum]:
        """All decisions, in their order."""
        ...

    def revisions(self, digest_id: int) -> list[int]:
        """The decisions (their ids) that the digest's post doesn't show yet."""
        ...

    def save_revision(self, claim: Claim, erratum_ids: Sequence[int]) -> None:
        """The post shows these now. One that was decided meanwhile goes on waiting."""
        ...
