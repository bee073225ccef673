"""Bombs, and processes that misbehave or were taken over: worded, and one attempt of one unit is spent."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from bot.apart import Apart as Process
from bot.apart import Limits
from bot.audio import RATE, AudioFiles
from bot.decoding import LIMITS, Sound
from bot.domain import Episode, Feed, Stage, Transcript, TranscriptLink, WorkRow
from bot.errors import AudioError, EarmarkError, FeedError, NotAFeed, TranscriptError
from bot.feeds.apart import Apart
from bot.feeds.discover import Discoverer
from bot.feeds.fetch import Fetcher
from bot.feeds.opml import MAX_FEEDS
from bot.feeds.reader import FeedparserReader
from bot.transcribe.apart import TranscriptsApart
from bot.transcribe.published import PublishedTranscriber
from tests.apart_forged import WRONG
from tests.fakes import episode
from tests.feed_server import FeedServer, Reply
from tests.hostile import ADDED, FILES, LISTS, MISBEHAVIOUR, PAGES, TRANSCRIPTS
from tests.test_audio import FakeFetcher, an_episode, write_wav
from tests.test_hostile import VAULT
from tests.test_pipeline import URL, World

DEMO = Path(__file__).resolve().parent.parent / "bot/demo/bread.mp3"
FORGED = "tests.apart_forged"
DIED = "ended in the middle"
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps to all these limits")


@dataclass
class Given:
    """A fetcher that has one body for all; a response too."""

    body: bytes

    def get(self, url: str, *, sealed: str = "", max_bytes: int = 0) -> Given:
        return self


@dataclass
class Hears:
    """A transcriber that only decodes."""

    sound: Sound
    path: Path

    def transcribe(self, episode: Episode) -> Transcript:
        self.sound.probe(self.path)
        self.sound.decode(self.path, max_s=60)
        return Transcript(segments=())


def tried(transcriber: Any) -> tuple[World, WorkRow]:
    """One episode through the real pipeline and that transcriber, and the row of its transcription."""
    world = World(backfill=1)
    link = TranscriptLink(url="https://a.example/t")
    world.engines.feeds.published[URL] = [episode(0, transcripts=(link,), duration_s=None)]
    world.engines.transcriber = transcriber
    world.settle(("refresh",))
    world.pipeline.run("transcribe")
    return world, row(world, "transcribe")


def row(world: World, stage: Stage) -> WorkRow:
    [one] = [row for row in world.store.work(unfinished=False) if row.stage == stage]
    return one


def one_attempt_is_spent(world: World, spent: WorkRow, told: str) -> None:
    assert told in spent.error and len(spent.error) < 1000
    assert (spent.status, spent.attempt) == ("open", 1), "not permanent"
    assert spent.not_before is not None and spent.not_before > world.clock()


@pytest.mark.parametrize(("body", "limits", "told"), TRANSCRIPTS.values(), ids=TRANSCRIPTS.keys())
def test_transcripts(body: Callable[[], bytes], limits: Limits, told: str) -> None:
    apart = TranscriptsApart(limits)
    world, spent = tried(PublishedTranscriber(Given(body()), apart))
    apart.process.close()
    if told:
        one_attempt_is_spent(world, spent, told)
    else:
        assert spent.status == "done" and len(world.store.transcript(spent.subject).segments) == 1  # type: ignore[union-attr]


@pytest.mark.parametrize("body", LISTS.values(), ids=LISTS.keys())
def test_lists_of_feeds(body: Callable[[], bytes]) -> None:
    reads = Apart()
    assert reads.opml(body(), "The list").outlines == (), "what is that deep is no list that anybody wrote"
    reads.close()


@pytest.mark.parametrize("body", PAGES.values(), ids=PAGES.keys())
def test_pages(body: Callable[[], bytes]) -> None:
    reads = Apart()
    assert len(reads.links(body(), "The page").links) <= 1
    reads.close()


@pytest.mark.parametrize("body", ADDED.values(), ids=ADDED.keys())
def test_pages_and_lists_that_somebody_adds(body: Callable[[], bytes]) -> None:
    """As `/podcasts add` reads it: as a feed, then as a list, then as a page."""
    reads, problems = Apart(), list[str]()
    with FeedServer({"/": Reply(200, body())}) as server:
        fetcher = Fetcher(VAULT, allow={server.host})
        reader = FeedparserReader(fetcher, VAULT, jitter=lambda: 0.0, read=reads)
        adds = Discoverer(fetcher, reader, VAULT, report=problems.append, apart=reads)
        try:
            found, told = adds.find(server.url("/")), ""
        except EarmarkError as error:
            found, told = [], str(error)
        pages = len(server.asked)
    assert len(found) <= MAX_FEEDS and len(problems) <= MAX_FEEDS + 1
    assert len(told) < 300 and pages <= 6
    assert reads.process.pids, "it neither died nor took too long"
    reads.close()


def forged(what: Any, raises: type[EarmarkError], limits: Limits | None = None) -> Any:
    """The same, with a process that misbehaves in place of its own."""
    what.process = Process(FORGED, raises, limits)
    return what


@pytest.mark.parametrize("what", MISBEHAVIOUR)
def test_a_child_that_misbehaves_costs_a_transcription_one_attempt(what: str) -> None:
    limits, told = MISBEHAVIOUR[what]
    apart = forged(TranscriptsApart(), TranscriptError, limits)
    world, spent = tried(PublishedTranscriber(Given(what.encode()), apart))
    one_attempt_is_spent(world, spent, told)
    assert apart.process.pids == []


@pytest.mark.parametrize("what", MISBEHAVIOUR)
def test_a_child_that_misbehaves_costs_a_feed_one_poll(what: str) -> None:
    limits, told = MISBEHAVIOUR[what]
    feed = polled(forged(Apart(), FeedError, limits), what.encode())
    assert (feed.failures, feed.status) == (1, "active") and told in feed.error


def polled(reads: Apart, body: bytes) -> Feed:
    """The feed as it stands after one poll by the real pipeline."""
    world = World()
    with FeedServer({"/f": Reply(200, body)}) as server:
        world.follow(url=server.url("/f"))
        fetcher = Fetcher(VAULT, allow={server.host})
        world.engines.feeds = FeedparserReader(fetcher, VAULT, jitter=lambda: 0.0, read=reads)  # type: ignore[assignment]
        world.pipeline.do("refresh", [feed.id for feed in world.store.feeds() if feed.url != URL])
    reads.close()
    [feed] = [feed for feed in world.store.feeds() if feed.url != URL]
    assert feed.next_check_at is not None and feed.next_check_at > world.clock()
    return feed


@pytest.mark.parametrize("what", MISBEHAVIOUR)
def test_a_child_that_misbehaves_costs_a_recording_one_attempt(tmp_path: Path, what: str) -> None:
    limits, told = MISBEHAVIOUR[what]
    if what == "huge":
        limits = replace(limits, reply_bytes=1_000_000)
    sound = forged(Sound(), AudioError, limits)
    world, spent = tried(Hears(sound, tmp_path / what))
    one_attempt_is_spent(world, spent, told)


@pytest.mark.parametrize("what", WRONG)
def test_forged_replies_of_the_wrong_shape_are_not_taken(tmp_path: Path, what: str) -> None:
    """What comes from a process that a file has taken over is checked, whatever it says."""
    reads, sound = forged(Apart(), FeedError), forged(Sound(), AudioError)
    transcripts = forged(TranscriptsApart(), TranscriptError)
    body = what.encode()
    for kind, ask in (
        (FeedError, lambda: reads(body, "http://a.example/", "", "It")),
        (FeedError, lambda: reads.opml(body, "It")),
        (FeedError, lambda: reads.links(body, "It")),
        (AudioError, lambda: sound.probe(tmp_path / what, "It")),
    ):
        with pytest.raises(kind, match=f"^It can't be read: .*{DIED}") as raised:
            ask()
        assert not raised.value.permanent and not isinstance(raised.value, NotAFeed)
    world, spent = tried(PublishedTranscriber(Given(body), transcripts))
    one_attempt_is_spent(world, spent, f"the transcript can't be read: the process that took it apart {DIED}")
    for one in (reads, sound, transcripts):
        one.process.close()


@pytest.mark.parametrize(
    ("what", "told", "permanent"),
    [
        ("half a sample", DIED, False),
        ("no number", DIED, False),
        ("dies in the middle", DIED, False),
        ("too much at once", "too large once it has been read", False),
        ("without end", "longer than", True),
    ],
)
def test_forged_samples_are_not_taken(tmp_path: Path, what: str, told: str, permanent: bool) -> None:
    sound = forged(Sound(), AudioError, LIMITS)
    with pytest.raises(AudioError, match=told) as raised:
        sound.decode(tmp_path / what, max_s=60)
    assert raised.value.permanent is permanent and sound.process.pids == []


# ── sound ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def sound() -> Iterator[Sound]:
    one = Sound()
    yield one
    one.process.close()


@pytest.mark.parametrize(("body", "told"), FILES.values(), ids=FILES.keys())
def test_what_is_no_audio_opens_nothing_and_is_said(
    tmp_path: Path, sound: Sound, body: bytes, told: str
) -> None:
    (tmp_path / "episode.mp3").write_bytes(body)
    with pytest.raises(AudioError, match=told):
        sound.decode(tmp_path / "episode.mp3")
    assert len(sound.process.pids) == 1, "an answer like others"


def seven_hours(path: Path) -> Path:
    """Of silence, in two megabytes: 1.6 GB of samples once it is decoded."""
    with av.open(str(path), "w", format="flac") as file:
        stream = file.add_stream("flac", rate=1000)
        stream.codec_context.layout, stream.codec_context.format = "mono", "s16"
        for _ in range(7 * 3600 // 60):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 60_000), np.int16), format="s16", layout="mono")
            frame.sample_rate = 1000
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path


def test_seven_hours_of_silence_in_a_small_file(tmp_path: Path, sound: Sound) -> None:
    path = seven_hours(tmp_path / "a.flac")
    assert path.stat().st_size < 2_000_000
    with pytest.raises(AudioError, match=r"7\.0 hours long; more than 6 ") as refused:
        AudioFiles(FakeFetcher(path.read_bytes()), tmp_path / "audio", look=sound.probe).get(an_episode())
    assert refused.value.permanent and not list((tmp_path / "audio").iterdir())
    with pytest.raises(AudioError, match="is longer than"):  # were it let in, it is cut off
        sound.decode(path, max_s=60)


def test_an_mp3_whose_header_lies_about_its_length(tmp_path: Path, sound: Sound) -> None:
    """What it claims is believed before a download is heard, what comes is counted."""
    body = bytearray(DEMO.read_bytes()[:200_000])
    frames = body.index(b"Info") + 8
    body[frames : frames + 4] = (20_000_000).to_bytes(4, "big")
    (tmp_path / "long.mp3").write_bytes(body)
    with pytest.raises(AudioError, match="hours long; more than 6 "):
        AudioFiles(FakeFetcher(bytes(body)), tmp_path / "audio", look=sound.probe).get(an_episode())
    body[frames : frames + 4] = (1).to_bytes(4, "big")
    (tmp_path / "short.mp3").write_bytes(body)
    assert (sound.probe(tmp_path / "short.mp3").duration_s or 0) < 1
    with pytest.raises(AudioError, match="longer than"):
        sound.decode(tmp_path / "short.mp3", max_s=5)


def test_eight_channels_at_192_kilohertz(tmp_path: Path, sound: Sound) -> None:
    path = write_wav(tmp_path / "a.wav", 3, rate=192_000, channels=8)
    info = sound.probe(path)
    assert (info.channels, info.sample_rate) == (8, 192_000)
    assert abs(len(sound.decode(path)) - 3 * RATE) < 100
