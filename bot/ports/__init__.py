"""What the pipeline needs from the world: small Protocols that engines and adapters implement."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol, TextIO, runtime_checkable

from bot.domain import (
    Answer,
    Channel,
    Clip,
    Digest,
    Episode,
    Feed,
    Insight,
    Passage,
    Pick,
    Poll,
    Post,
    Reading,
    Recheck,
    Sentence,
    Source,
    Transcript,
)
from bot.ports.channels import ChannelStore, ErrataStore
from bot.ports.episodes import FeedStore, LibraryStore, WorkStore
from bot.ports.notes import NoteStore


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
    def kept(self, pick: Pick) -> Clip | None:
        """The clip where it has been cut before and not been swept yet: at once."""
        ...

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
