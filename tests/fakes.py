"""Stand-ins that behave like the real thing, in a few lines each."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.domain import (
    Channel,
    Digest,
    Enclosure,
    Episode,
    Feed,
    Insight,
    Passage,
    Poll,
    Post,
    Provenance,
    Reading,
    Segment,
    Sentence,
    Transcript,
)
from bot.errors import EarmarkError, FetchError, NotFound, PublishError, TranscriptError
from bot.feeds import decide
from bot.ports import Pages, Publisher, Transcriber

START = datetime(2026, 11, 24, 6, tzinfo=UTC)


class FakeClock:
    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **delta: float) -> None:
        self.now += timedelta(**delta)


def episode(n: int, **changes: object) -> Episode:
    made = Episode(
        guid=f"guid-{n}",
        title=f"Episode {n}",
        show="Show",
        published_at=START - timedelta(days=1, hours=n),
        enclosure=Enclosure(url=f"https://a.example/{n}.mp3", mime_type="audio/mpeg"),
        duration_s=600.0,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


@dataclass
class FakeFeeds:
    """Feeds by address: what the publisher has out at the moment."""

    published: dict[str, list[Episode]] = field(default_factory=dict)
    polls: int = 0
    down: bool = False
    listed: dict[str, list[Feed]] = field(default_factory=dict)  # by the name they are found under
    files: bool = True  # whether the last search could look at files

    def poll(self, feed: Feed, now: datetime) -> Poll:
        self.polls += 1
        if self.down:
            return Poll(feed=decide.failed(feed, now, FetchError("Nobody answers."), 0.0))
        later = replace(feed, checked_at=now, next_check_at=now + timedelta(hours=1), title="Show")
        return Poll(feed=later, episodes=tuple(self.published.get(feed.url, ())))

    def find(self, source: str, *, private: bool = False, files: bool = True) -> list[Feed]:
        self.files = files
        return [Feed(url=source, title="Show")]

    def search(self, name: str) -> list[Feed]:
        if name not in self.listed:
            raise NotFound(f"No podcast found for “{name}”.")
        return self.listed[name]


TOPICS = ("bread", "trees", "sleep", "rivers", "trains", "glass", "bees", "salt", "clocks", "wool")


@dataclass
class FakeTranscriber:
    """Each episode says ten sentences of its own; `broken` ones raise what is given for their title."""

    broken: dict[str, Exception] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)

    def transcribe(self, episode: Episode) -> Transcript:
        self.heard.append(episode.title)
        if episode.title in self.broken:
            raise self.broken[episode.title]
        segments = tuple(
            Segment(
                start=n * 10.0, end=n * 10.0 + 9, speaker="Ana", text=f"{topic} matters to {episode.title}."
            )
            for n, topic in enumerate(TOPICS)
        )
        return Transcript(segments=segments, model="fake", duration_s=100.0)


class FakeReader:
    def read(self, transcript: Transcript) -> Reading:
        sentences = tuple(
            Sentence(start=s.start, end=s.end, speaker=s.speaker, text=s.text) for s in transcript.segments
        )
        passages = tuple(
            Passage(first=n, last=n, score=0.9 - n / 20, evidence=(n,), quote_at=n)
            for n in range(len(sentences))
        )
        return Reading(sentences=sentences, passages=passages, model="fake reader")


class FakeWriter:
    """Quotes the sentence, and says something of each episode and topic that nothing else says."""

    def write(self, passage: Passage, reading: Reading, episode: Episode) -> Insight | None:
        said = reading.sentences[passage.quote_at]
        own = said.text.split()[0] + episode.guid.removeprefix("guid-")
        return Insight(
            headline=f"{own}",
            text=" ".join(f"{letter}{own}" for letter in "abcdefgh"),
            quote=said.text,
            speaker=said.speaker,
            start=said.start,
            end=said.end,
            score=passage.score,
            provenance=Provenance(reader=reading.model, writer="fake writer"),
        )


@dataclass
class FakePublisher:
    """A channel that remembers; `lose_reply` takes the post and then fails, as networks do."""

    platform: str = "console"
    posts: list[Digest] = field(default_factory=list)
    revised: list[Digest] = field(default_factory=list)
    lose_reply: bool = False
    refuse: bool = False
    refuses: PublishError | None = None
    tries: int = 0

    def find(self, channel: Channel, digest: Digest) -> Post | None:
        return self._post(channel, digest) if digest.id in [d.id for d in self.posts] else None

    def publish(self, channel: Channel, digest: Digest) -> Post:
        self.tries += 1
        if self.refuses:
            raise self.refuses
        if self.refuse:
            raise PublishError("The channel is closed.")
        self.posts.append(digest)
        if self.lose_reply:
            raise PublishError("No reply came.")
        return self._post(channel, digest)

    def revise(self, channel: Channel, digest: Digest, post: Post) -> None:
        if self.refuses:
            raise self.refuses
        self.revised.append(digest)
        if self.lose_reply:
            raise PublishError("No reply came.")

    def _post(self, channel: Channel, digest: Digest) -> Post:
        return Post(
            digest_id=digest.id,
            platform=self.platform,
            channel=channel.name,
            message_id=str(digest.id),
            posted_at=START,
        )


@dataclass
class FakeEngines:
    feeds: FakeFeeds = field(default_factory=FakeFeeds)
    transcriber: FakeTranscriber = field(default_factory=FakeTranscriber)
    reader: FakeReader = field(default_factory=FakeReader)
    writer: FakeWriter = field(default_factory=FakeWriter)
    console: FakePublisher = field(default_factory=FakePublisher)

    @property
    def transcribers(self) -> Sequence[Transcriber]:
        return (self.transcriber,)

    def publisher(self, platform: str) -> Publisher:
        return self.console


@dataclass
class FakeSecrets:
    kept: dict[str, str] = field(default_factory=dict)

    def save(self, name: str, text: str) -> None:
        self.kept[name] = text

    def load(self, name: str) -> str | None:
        return self.kept.get(name)

    def names(self, prefix: str) -> list[str]:
        return [name for name in self.kept if name.startswith(prefix)]

    def delete(self, name: str) -> None:
        self.kept.pop(name, None)


@dataclass
class FakeHost:
    """The program around an adapter, with these settings."""

    settings: dict[str, str] = field(default_factory=dict)
    secrets: FakeSecrets = field(default_factory=FakeSecrets)
    out: io.StringIO = field(default_factory=io.StringIO)
    pages: Pages | None = None
    data_dir: Path = Path()

    def setting(self, name: str) -> str:
        return self.settings.get(name, "")


class Crash(BaseException):
    """The process dies here: nothing may catch it."""


def crash_on(action: Callable[..., object], times: int = 1) -> Callable[..., object]:
    """`action`, which dies after having done its work, `times` times."""
    left = [times]

    def dies(*args: object, **kwargs: object) -> object:
        result = action(*args, **kwargs)
        if left[0]:
            left[0] -= 1
            raise Crash
        return result

    return dies


__all__ = ["Crash", "EarmarkError", "FakeClock", "FakeEngines", "TranscriptError", "crash_on", "episode"]
