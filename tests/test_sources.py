"""Opening a source without a database: what each kind of file and address turns out to be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import pytest

from bot.domain import Episode, Segment, Transcript
from bot.errors import EarmarkError, NotFound
from bot.feeds.discover import Discoverer
from bot.feeds.fetch import Fetcher
from bot.feeds.reader import FeedparserReader
from bot.ports import Transcriber
from bot.sources import open_source
from bot.transcribe.published import PublishedTranscriber, parse
from bot.vault import Vault
from tests.fakes import START
from tests.feed_server import FeedServer, Reply

VTT = b"WEBVTT\n\n00:00.000 --> 00:04.000\n<v Ana>Wages are two thirds of a loaf.\n"
FEED = """<rss version="2.0" xmlns:podcast="https://podcastindex.org/namespace/1.0"><channel><title>Show</title>
<item><title>Old</title><guid>1</guid><link>{0}/old</link><pubDate>Mon, 02 Nov 2026 05:00:00 GMT</pubDate>
<enclosure url="{0}/old.mp3" type="audio/mpeg"/></item>
<item><title>New</title><guid>2</guid><link>{0}/new</link><pubDate>Mon, 09 Nov 2026 05:00:00 GMT</pubDate>
<enclosure url="{0}/new.mp3" type="audio/mpeg"/><podcast:transcript url="{0}/new.vtt" type="text/vtt"/></item>
</channel></rss>"""
PAGE = '<html><head><link rel="alternate" type="application/rss+xml" href="{0}/feed"></head></html>'


class FakeSpeech:
    """Says which file or episode it was asked to hear."""

    def transcribe_file(self, path: Path, language: str = "") -> Transcript:
        return self._heard(f"{path.name} {language}".strip())

    def transcribe(self, episode: Episode) -> Transcript:
        return self._heard(f"{episode.title} {episode.language}".strip())

    def _heard(self, what: str) -> Transcript:
        return Transcript(
            segments=(Segment(start=0, end=1, text=f"Heard {what}."),), source="asr", model="fake"
        )


class Parts:
    def __init__(self, folder: Path, allow: Sequence[str] = ()) -> None:
        self.vault = Vault(key_file=folder / "key")
        self.fetcher = Fetcher(self.vault, allow=allow)
        self.feeds = FeedparserReader(self.fetcher, self.vault, jitter=lambda: 0.5)
        self.discoverer = Discoverer(self.fetcher, self.feeds, self.vault)
        self.speech = FakeSpeech()
        self.published = parse
        self.transcribers: Sequence[Transcriber] = (PublishedTranscriber(self.fetcher), self.speech)

    def clock(self) -> datetime:
        return START


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as it:
        xml = {"content-type": "application/rss+xml"}
        it.routes |= {
            "/feed": Reply(body=FEED.format(it.url("")).encode(), headers=xml),
            "/old": Reply(body=PAGE.format(it.url("")).encode(), headers={"content-type": "text/html"}),
            "/elsewhere": Reply(body=PAGE.format(it.url("")).encode(), headers={"content-type": "text/html"}),
            "/new.vtt": Reply(body=VTT, headers={"content-type": "text/vtt"}),
            "/blank": Reply(body=b"<html></html>", headers={"content-type": "text/html"}),
        }
        yield it


def text(parts: Parts, source: str, language: str = "") -> str:
    return open_source(parts, source, language).transcript.text


def test_files(tmp_path: Path) -> None:
    parts = Parts(tmp_path)
    (tmp_path / "a.vtt").write_bytes(VTT)
    (tmp_path / "b.unknown").write_bytes(VTT)
    (tmp_path / "c.bin").write_bytes(b"\0\1\2" * 99)
    (tmp_path / "d.mp3").write_bytes(b"no audio, but named so")
    assert text(parts, str(tmp_path / "a.vtt")) == "Wages are two thirds of a loaf."
    assert text(parts, str(tmp_path / "b.unknown")) == "Wages are two thirds of a loaf."
    assert text(parts, str(tmp_path / "c.bin"), "de") == "Heard c.bin de."
    assert text(parts, str(tmp_path / "d.mp3")) == "Heard d.mp3."


@pytest.mark.parametrize("source", ["nothing.mp3", "", "."])
def test_what_is_not_there_is_told(tmp_path: Path, source: str) -> None:
    with pytest.raises(NotFound, match="A source is"):
        open_source(Parts(tmp_path), source)


@pytest.mark.parametrize(
    ("path", "title", "said"),
    [
        ("/feed", "New", "Wages are two thirds of a loaf."),  # the newest, by its publisher's transcript
        ("/old", "Old", "Heard Old."),  # a page that one of its feed's episodes links to
        ("/elsewhere", "New", "Wages are two thirds of a loaf."),  # a page about the show
        ("/new.vtt", "new.vtt", "Wages are two thirds of a loaf."),
        ("/old.mp3?from=feed", "old.mp3", "Heard old.mp3."),
    ],
)
def test_addresses(tmp_path: Path, server: FeedServer, path: str, title: str, said: str) -> None:
    opened = open_source(Parts(tmp_path, [server.host]), server.url(path))
    assert (opened.episode.title, opened.transcript.text) == (title, said)


def test_a_page_without_a_feed_is_told(tmp_path: Path, server: FeedServer) -> None:
    with pytest.raises(EarmarkError):
        open_source(Parts(tmp_path, [server.host]), server.url("/blank"))


def test_the_secret_of_an_address_is_used_and_never_shown(tmp_path: Path, server: FeedServer) -> None:
    parts = Parts(tmp_path, [server.host])
    opened = open_source(parts, server.url("/feed?token=abc123secret"))
    assert opened.episode.title == "New"
    assert server.asked[0].path == "/feed?token=abc123secret"
    with pytest.raises(EarmarkError) as caught:
        open_source(parts, server.url("/nothing?token=abc123secret"))
    assert "abc123secret" not in str(caught.value)
