"""What the pipeline needs from the world: small Protocols that engines and adapters implement."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple, Protocol, TextIO, runtime_checkable

from bot.domain import (
    Answer,
    Changes,
    Channel,
    Claim,
    Clip,
    Digest,
    Episode,
    Erratum,
    Feed,
    Flag,
    Had,
    Insight,
    NoticeState,
    Passage,
    Pick,
    Poll,
    Post,
    Rated,
    Rating,
    Reading,
    Recheck,
    Sentence,
    Source,
    Stage,
    Subscription,
    Transcript,
    Turn,
    WorkRow,
)


class FeedReader(Protocol):
    def poll(self, feed: Feed, now: datetime) -> Poll:
        """Fetch and parse `feed` once. Expected errors don't raise: they are in the returned feed's state."""
        ...


@runtime_checkable
class ManyFeeds(Protocol):
    """A FeedReader that can ask many at once."""

    def poll_all(
        self, feeds: Iterable[Feed], clock: Callable[[], datetime]
    ) -> Iterator[tuple[Feed, Poll | Exception]]:
        """Each feed with what `poll` gave (or the bug it raised), as they get ready; `feeds` is read as it
        is needed."""
        ...


class Transcriber(Protocol):
    def transcribe(self, episode: Episode) -> Transcript:
        """Raises NoTranscript where another transcriber may do better, else TranscriptError, AudioError, …"""
        ...


class Reader(Protocol):
    def read(self, transcript: Transcript) -> Reading: ...


class Writer(Protocol):
    def write(self, passage: Passage, reading: Reading, episode: Episode) -> Insight | None:
        """One insight from one passage; None when none can be made that is grounded in it."""
        ...


class Answerer(Protocol):
    def likely(self, question: str, episode_ids: Sequence[int]) -> Sequence[int]:
        """Those few of the episodes that are worth asking, likeliest first."""
        ...

    def answer(self, question: str, sources: Sequence[Source]) -> Answer: ...


class ClipMaker(Protocol):
    def clip(self, pick: Pick, sentences: Sequence[Sentence]) -> Clip:
        """The audio around the pick's quote; `sentences` are all of its episode. It may take minutes.

        AudioError, FetchError or ModelError say in words why there can be none now.
        """
        ...


class Publisher(Protocol):
    """One chat platform. `publish` may be asked again for a digest whose reply was lost: hence `find`."""

    platform: str

    def find(self, channel: Channel, digest: Digest) -> Post | None:
        """The post of this digest if it already stands in the channel."""
        ...

    def publish(self, channel: Channel, digest: Digest) -> Post: ...

    def revise(self, channel: Channel, digest: Digest, post: Post) -> None:
        """Make the post show the digest as it is now. May be asked again: then it changes nothing. A post
        that people deleted is left alone."""
        ...


class Checker(Protocol):
    """Holds insights against what was said, by rules alone: the same question has the same answer."""

    def recheck(self, insight: Insight, episode: Episode, source: Source, reading: Reading) -> Recheck: ...

    def misfit(self, headline: str, text: str) -> tuple[str, ...]:
        """What keeps a person's correction from being posted, in words: its length, an address in it."""
        ...


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


SealedKind = Literal["feed", "episode", "secret"]


class Resealed(NamedTuple):
    """`after` is the last row's mark ("": there is no further one); `texts` of them were sealed anew."""

    after: str
    texts: int


class NoteStore(Protocol):
    """What listeners must remember: what they have seen, and secrets (always sealed before they get here)."""

    def first_time(self, key: str, now: datetime) -> bool:
        """Note `key`; False when it is noted already: an event that is delivered twice acts once."""
        ...

    def take(self, key: str, since: datetime) -> bool:
        """Strike out `key`; whether it was noted at or after `since`: a state that works once."""
        ...

    def forget_notes(self, before: datetime) -> None: ...

    def save_secret(self, name: str, sealed: str) -> None: ...

    def secret(self, name: str) -> str | None: ...

    def secrets(self, prefix: str) -> list[str]:
        """The names that begin so."""
        ...

    def delete_secret(self, name: str) -> None: ...

    def reseal(self, kind: SealedKind, after: str, limit: int, renewed: Callable[[str], str]) -> Resealed:
        """Put through `renewed` all that is sealed in the next `limit` rows behind `after` ("": from the
        first), in one transaction."""
        ...


class Store(FeedStore, WorkStore, LibraryStore, ChannelStore, ErrataStore, NoteStore, Protocol):
    """Everything Earmark remembers. Holds no lock between calls; safe in several processes at once."""

    def close(self) -> None: ...
    def version(self) -> str:
        """The revision of its schema, asked anew: another process may have changed it."""
        ...


class Secrets(Protocol):
    """Texts kept sealed with the program's key, by name ("slack:T123")."""

    def save(self, name: str, text: str) -> None: ...

    def load(self, name: str) -> str | None: ...

    def names(self, prefix: str) -> list[str]: ...

    def delete(self, name: str) -> None: ...


PageKind = Literal["episode", "digest", "show", "channel"]


class Pages(Protocol):
    """Where our own pages are; whoever has the address of one may read that one."""

    def path(self, kind: PageKind, id_: int) -> str:
        """ "/e/12/TOKEN", from the root of the pages."""
        ...

    def link(self, kind: PageKind, id_: int, fragment: str = "") -> str:
        """The whole address; "" where no public one is known, or nothing is stored (`id_` 0)."""
        ...

    def opens(self, kind: PageKind, id_: int, token: str) -> bool:
        """Whether the token is that page's, in a time that doesn't depend on how much of it is right."""
        ...


class Host(Protocol):
    """What an adapter gets of the program around it."""

    @property
    def secrets(self) -> Secrets: ...
    @property
    def pages(self) -> Pages | None:
        """None: switched off."""
        ...

    @property
    def data_dir(self) -> Path: ...
    @property
    def out(self) -> TextIO: ...
    def setting(self, name: str) -> str:
        """An adapter's own setting by the name of its environment variable; "" where it isn't set."""
        ...
