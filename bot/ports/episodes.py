"""What the store keeps of podcasts: feeds, episodes, the work on them, and what was made of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from bot.domain import Changes, Claim, Episode, Feed, Insight, Reading, Source, Stage, Transcript, WorkRow


class FeedStore(Protocol):
    def add_feed(self, feed: Feed) -> Feed:
        """Store a feed; one with the same `url` is returned as it stands (its `sealed` refreshed)."""
        ...

    def save_feed(self, feed: Feed) -> None:
        """Overwrite a feed outside a poll (pause, resume, check now)."""
        ...

    def feed(self, feed_id: int) -> Feed: ...

    def feeds(self, ids: Sequence[int] | None = None) -> list[Feed]:
        """All of them, or those with these ids (unknown ones left out), by id."""
        ...

    def due_feeds(self, now: datetime, limit: int = 100) -> list[int]:
        """Active, subscribed feeds whose next check has come, longest due first."""
        ...

    def episode(self, episode_id: int) -> Episode: ...

    def episodes(self, feed_id: int) -> list[Episode]:
        """All known episodes of a feed, newest first."""
        ...

    def save_episode(self, episode: Episode) -> Episode:
        """Add (id 0) or overwrite one episode outside a poll (backfill)."""
        ...

    def save_poll(self, claim: Claim, feed: Feed, changes: Changes) -> None: ...

    def save_unchanged(self, polls: Sequence[tuple[Claim, Feed]]) -> int:
        """Save polls that brought nothing new in one transaction; how many. Address and status stay as they
        are stored. Claims that another worker has now are passed over."""
        ...


class WorkStore(Protocol):
    """Units of work as rows. Whatever is saved with a claim is saved with its mark, in one fenced
    transaction, which raises LeaseLost when another worker has the work now."""

    def pending(self, stage: Stage, now: datetime, limit: int = 100) -> list[int]:
        """Subjects that lack this stage's form and may be tried now, in the order to do them.

        transcribe: wanted episodes without transcript, newest first. read: usable transcripts without
        reading. write: readings without insights marked. compose: channels that are due. publish: digests
        composed but not posted. revise: digests whose posts don't show a decision yet.
        Excluded: live leases, not-before in the future, set aside.
        """
        ...

    def claim(self, stage: Stage, subject: int, now: datetime, lease_s: float) -> Claim | None:
        """Take it (attempt + 1, fence + 1); None when another holds it or it is not to be tried now."""
        ...

    def claim_all(self, stage: Stage, subjects: Sequence[int], now: datetime, lease_s: float) -> list[Claim]:
        """Those of them that can be claimed, in one transaction."""
        ...

    def renew(self, claim: Claim, now: datetime, lease_s: float) -> bool: ...

    def done(self, claim: Claim) -> None:
        """Nothing to save: just mark it."""
        ...

    def fail(self, claim: Claim, error: str, not_before: datetime | None, *, counts: bool = True) -> None:
        """Give it back with its error; `not_before` None sets it aside for good (until `retry`). Unless it
        `counts`, the attempt is taken back: the next one has the same number."""
        ...

    def retry(self, stage: Stage, subject: int) -> bool:
        """Make work that was set aside or waits due at once, with a fresh count of attempts."""
        ...

    def is_coming(self, channel_id: int, now: datetime) -> bool:
        """Whether work on one of the channel's feeds, up to its insights, is due or in somebody's hands."""
        ...

    def work(self, *, unfinished: bool = True) -> list[WorkRow]: ...


class LibraryStore(Protocol):
    def save_transcript(self, claim: Claim, episode_id: int, transcript: Transcript) -> None: ...

    def transcript(self, episode_id: int) -> Transcript | None: ...

    def save_reading(self, claim: Claim, episode_id: int, reading: Reading) -> None: ...

    def reading(self, episode_id: int) -> Reading | None: ...

    def save_insights(
        self, claim: Claim, episode_id: int, insights: Sequence[Insight], now: datetime
    ) -> None: ...

    def insights(self, episode_id: int) -> list[Insight]:
        """Best first."""
        ...

    def insight(self, insight_id: int) -> Insight: ...

    def heard(self, feed_ids: Sequence[int]) -> list[int]:
        """The episodes with usable transcripts, newest first."""
        ...

    def marks(self, feed_ids: Sequence[int]) -> dict[int, str]:
        """Of each episode of `heard` a mark of its transcript: another transcript has another one."""
        ...

    def source(self, episode_id: int) -> Source:
        """StoreError where there is no usable transcript."""
        ...

    def sources(self, feed_ids: Sequence[int], limit: int = 50) -> Iterator[Source]:
        """Episodes with usable transcripts, newest first."""
        ...
