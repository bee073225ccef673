"""One source without a database: a file or an address → its episode and transcript."""

from __future__ import annotations

import mimetypes
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from bot.domain import Enclosure, Episode, Feed, Source, Transcript
from bot.errors import EarmarkError, NotFound
from bot.making import first_transcript

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from bot.feeds.discover import Discoverer
    from bot.feeds.fetch import Fetcher, Response
    from bot.feeds.reader import FeedparserReader
    from bot.ports import Transcriber
    from bot.vault import Vault
    from bot.wiring_models import SpeechTranscriber

TRANSCRIPT_SUFFIXES = (".json", ".vtt", ".srt", ".txt", ".html", ".htm")
FEED_SUFFIXES = (".xml", ".rss", ".atom")
AUDIO_SUFFIXES = (".mp3", ".m4a", ".mp4", ".aac", ".ogg", ".opus", ".oga", ".wav", ".flac", ".wma", ".webm")
MAX_PAGE_BYTES = 30_000_000


class Parts(Protocol):
    """What opening a source may need of the program."""

    @property
    def fetcher(self) -> Fetcher: ...
    @property
    def feeds(self) -> FeedparserReader: ...
    @property
    def discoverer(self) -> Discoverer: ...
    @property
    def vault(self) -> Vault: ...
    @property
    def speech(self) -> SpeechTranscriber: ...
    @property
    def published(self) -> Callable[[bytes, str, str], Transcript]: ...
    @property
    def transcribers(self) -> Sequence[Transcriber]: ...
    def clock(self) -> datetime: ...


def open_source(it: Parts, text: str, language: str = "") -> Source:
    """An audio file, a transcript file, a feed (its newest episode), or an episode, page, audio or
    transcript address; EarmarkError in words where it is none of these or can't be had."""
    if "://" in text:
        return _open_url(it, text, language)
    path = Path(text).expanduser()
    if not path.is_file():
        raise NotFound(
            f"There is no file {text}. A source is an audio file, a transcript (JSON, VTT, SRT, text), "
            "or the address of a feed or an episode."
        )
    return _open_file(it, path, language)


def _open_file(it: Parts, path: Path, language: str) -> Source:
    episode = Episode(title=path.stem, language=language)
    suffix = path.suffix.lower()
    if suffix in FEED_SUFFIXES:
        feed, episodes = it.feeds.parse(path.read_bytes(), path.resolve().as_uri(), "")
        return _hear(it, _newest(feed, episodes), language)
    if suffix in TRANSCRIPT_SUFFIXES or (suffix not in AUDIO_SUFFIXES and _is_text(path)):
        return Source(episode=episode, transcript=_parse(it, path.read_bytes(), path.name))
    return Source(episode=episode, transcript=it.speech.transcribe_file(path, language))


def _is_text(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(4096)
    return b"\0" not in head and head.decode("utf-8", "replace").count("�") < len(head) / 100


def _parse(it: Parts, body: bytes, name: str, mime_type: str = "") -> Transcript:
    return it.published(body, mime_type or mimetypes.guess_type(name)[0] or "", name)


def _open_url(it: Parts, url: str, language: str) -> Source:
    from bot.feeds.addresses import split

    safe, sealed = it.vault.seal(url)
    name = Path(split(url, safe).path).name
    if name.lower().endswith(AUDIO_SUFFIXES):
        return _hear(it, _bare(name, safe, sealed), language)
    answer = it.fetcher.get(safe, sealed=sealed, max_bytes=MAX_PAGE_BYTES)
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind.startswith(("audio/", "video/")):
        return _hear(it, _bare(name, safe, sealed), language)
    if kind in (
        "text/vtt",
        "application/srt",
        "application/x-subrip",
        "application/json",
    ) or name.lower().endswith((".vtt", ".srt", ".json", ".txt")):
        return Source(
            episode=Episode(title=name, language=language), transcript=_parse(it, answer.body, name, kind)
        )
    return _hear(it, _episode_at(it, url, answer, kind), language)


def _bare(name: str, safe: str, sealed: str) -> Episode:
    """An episode of which only the audio's address is known."""
    return Episode(title=name, enclosure=Enclosure(url=safe, sealed=sealed))


def _episode_at(it: Parts, url: str, answer: Response, kind: str) -> Episode:
    """The newest episode of a feed; or, of a web page, that of its feed's episodes which links to it."""
    try:
        feed, episodes = it.feeds.parse(answer.body, answer.url, kind, sealed=answer.sealed)
    except EarmarkError:
        feed = it.discoverer.find(url)[0]
        _, episodes = it.feeds.read(feed)
        here = [episode for episode in episodes if _same_page(episode.link, url)]
        return here[0] if here else _newest(feed, episodes)
    return _newest(feed, episodes)


def _same_page(one: str, other: str) -> bool:
    try:
        a, b = urlsplit(one), urlsplit(other)
    except ValueError:  # a feed may hold any link
        return False
    return (a.netloc.lower(), a.path.rstrip("/")) == (b.netloc.lower(), b.path.rstrip("/"))


def _newest(feed: Feed, episodes: Sequence[Episode]) -> Episode:
    wanted = [episode for episode in episodes if episode.status != "skipped"]
    if not wanted:
        raise NotFound(f"{feed.title or feed.url} has no episode with audio.")
    dated = [episode for episode in wanted if episode.published_at]
    newest = (
        max(dated, key=lambda e: e.published_at.timestamp() if e.published_at else 0.0)
        if dated
        else wanted[0]
    )
    return replace(newest, show=newest.show or feed.title)


def _hear(it: Parts, episode: Episode, language: str) -> Source:
    episode = replace(episode, language=language or episode.language)
    return Source(episode=episode, transcript=first_transcript(it.transcribers, episode))
