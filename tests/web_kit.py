"""A small library in memory for the tests of pages: one channel, a public and a private show, a digest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

from starlette.testclient import TestClient

from adapters.web.app import application
from bot.domain import (
    Channel,
    Digest,
    Enclosure,
    Episode,
    Feed,
    Insight,
    Notice,
    Passage,
    Pick,
    Reading,
    Segment,
    Sentence,
    SetAside,
    Subscription,
    Transcript,
)
from bot.pages import SecretPages
from bot.store.memory import MemoryStore

NOW = datetime(2026, 11, 24, 7, tzinfo=UTC)
AUDIO = Enclosure(url="https://cdn.example/1.mp3", mime_type="audio/mpeg")
SEALED = Enclosure(url="https://cdn.example/2.mp3?token=~0123456789", sealed="gAAAA-sealed")

SAID = (
    ("Ana", "Welcome to the show."),
    ("Ana", "This episode is brought to you by Flourish."),
    ("Ana", "Use the code BREAD."),
    ("Ana", "What does a loaf cost?"),
    ("Ben", "Flour is ten percent of it."),
    ("Ben", "Wages are a half."),
    ("Ana", "So wheat hardly matters?"),
    ("Ben", "Hardly, no."),
)


def sentence(n: int, speaker: str, text: str) -> Sentence:
    return Sentence(start=n * 10.5, end=n * 10.5 + 9, speaker=speaker, text=text)


def reading(said: Sequence[tuple[str, str]] = SAID) -> Reading:
    return Reading(
        sentences=tuple(sentence(n, *line) for n, line in enumerate(said)),
        passages=(Passage(first=3, last=5, score=0.9, evidence=(4,), quote_at=4),),
        set_aside=(SetAside(kind="intro", first=0, last=0), SetAside(kind="sponsor", first=1, last=2)),
        model="fake reader",
    )


def insight(**given: object) -> Insight:
    made = Insight(
        headline="Flour is a tenth of a loaf's price",
        text="Most of what a loaf costs is wages, so its price hardly follows that of wheat.",
        quote="Flour is ten percent of it.",
        speaker="Ben",
        start=42.0,
        end=51.0,
        score=0.9,
    )
    return replace(made, **given)  # type: ignore[arg-type]


@dataclass
class Library:
    """Everything is stored as the pipeline stores it, through claims."""

    store: MemoryStore = field(default_factory=MemoryStore)
    pages: SecretPages = field(
        default_factory=lambda: SecretPages(base="https://ear.example", key=lambda: b"k" * 32)
    )
    now: datetime = NOW

    def __post_init__(self) -> None:
        self.channel = self.store.save_channel(Channel(title="reading-room"))
        self.feed = self.follow(
            "https://feeds.example/bread", title="Bread Talk", link="https://bread.example"
        )

    def follow(self, url: str, **given: object) -> Feed:
        feed = self.store.add_feed(Feed(url=url, **given))  # type: ignore[arg-type]
        self.store.subscribe(Subscription(channel_id=self.channel.id, feed_id=feed.id))
        return feed

    def add(
        self,
        feed: Feed | None = None,
        *,
        made: Reading | None = None,
        insights: Sequence[Insight] | None = None,
        transcript: Transcript | None = None,
        **given: object,
    ) -> Episode:
        """An episode that has been read and written about."""
        wanted = Episode(
            feed_id=(feed or self.feed).id, title="What a loaf costs", published_at=NOW, duration_s=84.0,
            link="https://bread.example/1", enclosure=AUDIO, guid=str(given),
        )  # fmt: skip
        episode = self.store.save_episode(replace(wanted, **given))  # type: ignore[arg-type]
        made = reading() if made is None else made
        segments = tuple(
            Segment(start=s.start, end=s.end, speaker=s.speaker, text=s.text) for s in made.sentences
        )
        heard = transcript or Transcript(segments=segments, language="en", model="vtt")
        written = [insight()] if insights is None else insights
        self.store.save_transcript(self._claim("transcribe", episode.id), episode.id, heard)
        if heard.usable:
            self.store.save_reading(self._claim("read", episode.id), episode.id, made)
            self.store.save_insights(self._claim("write", episode.id), episode.id, written, self.now)
        return episode

    def post(self, *episodes: Episode, day: int = 0, notices: tuple[Notice, ...] = ()) -> Digest:
        """A digest of all insights of these episodes."""
        picks = tuple(Pick(insight=i, episode=e) for e in episodes for i in self.store.insights(e.id))
        return self.freeze(picks, day, notices)

    def freeze(self, picks: tuple[Pick, ...], day: int = 0, notices: tuple[Notice, ...] = ()) -> Digest:
        now = self.now + timedelta(days=day)
        due = self.store.save_channel(replace(self.channel, next_post_at=now))
        made = Digest(
            channel_id=due.id,
            local_date=now.date(),
            picks=picks,
            notices=notices,
            episodes_scanned=2,
            hours_scanned=1.5,
            created_at=now,
        )
        self.store.save_digest(self._claim("compose", due.id, now), made, due)
        return self.store.digests(due.id, 1)[0]

    def _claim(self, stage: str, subject: int, now: datetime | None = None):  # type: ignore[no-untyped-def]
        claim = self.store.claim(stage, subject, now or self.now, 30.0)  # type: ignore[arg-type]
        assert claim is not None, f"{stage} {subject} can't be claimed"
        return claim

    def client(self, **given: object) -> TestClient:
        given = {"public_url": self.pages.base} | given
        return TestClient(application(self.store, self.pages, **given), follow_redirects=False)  # type: ignore[arg-type]


class Tags(HTMLParser):
    """Every start tag with its attributes, in order, and all text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str, attribute: str) -> list[str]:
        return [str(attrs[attribute]) for name, attrs in self.tags if name == tag and attribute in attrs]


def get(client: TestClient, path: str) -> Tags:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return Tags(answer.text)
