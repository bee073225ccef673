"""The only wiring: tables of what can be named in the settings, and the program built from them, lazily."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from importlib import import_module, resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from pydantic import SecretStr

from bot import wiring_channels, wiring_models
from bot.config import Settings
from bot.domain import Channel, Digest, Transcript
from bot.errors import ConfigError, of_system
from bot.ladder import Prices
from bot.limits import Limits
from bot.malloc import keep_large_blocks
from bot.pages import SecretPages
from bot.pipeline import Pipeline
from bot.ports import Answerer, Checker, ClipMaker, Publisher, Reader, Secrets, Store, Transcriber, Writer
from bot.wiring_models import Progress, SpeechTranscriber, named

if TYPE_CHECKING:
    from bot.answer.joined import Library
    from bot.audio import AudioFiles
    from bot.feeds.apart import Apart
    from bot.feeds.discover import Discoverer
    from bot.feeds.fetch import Fetcher
    from bot.feeds.reader import FeedparserReader
    from bot.read.encoder import Encoder
    from bot.vault import Vault
    from bot.weights import Weights

# Each module has publisher(host), serve(core, host) and examine(host, store); web publishes nothing.
PLATFORMS = {name: f"adapters.{name}" for name in ("console", "slack", "discord", "web")}
# Who hands work to the stages. Each module has worker(program, lanes), LANES and PROCESSES; one
# that works across processes has outbox() as well.
QUEUES = {"embedded": "bot.schedule", "procrastinate": "bot.work"}

ROOT = "vault:root"  # the secret that fingerprints and links follow from, once keys have been changed
REDELIVERED = timedelta(days=2)  # platforms give up delivering an event again long before

DEMO_FEED = "https://demo.earmark.example/feed.xml"


def utc_now() -> datetime:
    return datetime.now(UTC)


def demo_mounts() -> Mapping[str, Path]:
    """The bundled feed's address is served from the package, not from the network."""
    return {DEMO_FEED.rpartition("/")[0] + "/": Path(str(resources.files("bot") / "demo"))}


class Earmark:
    """The program, built from its settings; each part is made when it is first used."""

    def __init__(
        self,
        settings: Settings,
        *,
        progress: Progress,
        out: TextIO | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        keep_large_blocks()
        self.settings = settings
        self.clock = clock
        self.progress = progress
        self.out = out or sys.stdout
        self._publishers: dict[str, Publisher] = {}

    @property
    def threads(self) -> int:
        here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        return self.settings.threads or here or 1

    @property
    def prices(self) -> Prices:
        return Prices(
            second=self.settings.price_second,
            tokens_in=self.settings.price_tokens_in,
            tokens_out=self.settings.price_tokens_out,
        )

    @cached_property
    def store(self) -> Store:
        from bot.store.sql import SqlStore

        try:
            self.settings.data_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"EARMARK_DATA_DIR can't be used. {of_system(error)}") from error
        wake = self.queue.outbox() if self.settings.queue != "embedded" else None
        store: Store = SqlStore.open(self.database_url, wake)
        return store

    @property
    def database_url(self) -> str:
        return self.settings.store_url

    @cached_property
    def queue(self) -> Any:
        """The module that hands over the work. ConfigError: it isn't installed."""
        try:
            return import_module(QUEUES[self.settings.queue])
        except ModuleNotFoundError as error:
            raise ConfigError("QUEUE=procrastinate needs: pip install 'earmark[queue]'.") from error

    @cached_property
    def vault(self) -> Vault:
        from bot.vault import Vault

        key = self.settings.key.get_secret_value() if self.settings.key else ""
        return Vault(key, key_file=self.settings.data_dir / "earmark.key", sealed_root=self._kept_root)

    def _kept_root(self) -> str | None:
        """None where there is no database: a verb for scripts makes none for the sake of a sealed address."""
        file = self.database_url.removeprefix("sqlite:///")
        is_new = file != self.database_url and not Path(file).exists()
        return None if is_new else self.store.secret(ROOT)

    @cached_property
    def fetcher(self) -> Fetcher:
        from bot.feeds.fetch import Fetcher

        return Fetcher(self.vault, allow=self.settings.allowed, mounts=demo_mounts())

    @cached_property
    def feeds(self) -> FeedparserReader:
        from bot.feeds.reader import FeedparserReader

        return FeedparserReader(self.fetcher, self.vault, jitter=random.random, read=self.documents)

    @cached_property
    def documents(self) -> Apart:
        """What reads feeds, lists and pages."""
        from bot.feeds.apart import Apart

        return Apart()

    @cached_property
    def discoverer(self) -> Discoverer:
        from bot.feeds.discover import Discoverer

        return Discoverer(
            self.fetcher,
            self.feeds,
            self.vault,
            itunes_url=self.settings.itunes_url,
            apart=self.documents,
        )

    @cached_property
    def weights(self) -> Weights:
        from bot.weights import Weights

        return Weights(self.settings.cache_dir / "weights", progress=self.progress)

    @cached_property
    def audio(self) -> AudioFiles:
        from bot.audio import AudioFiles
        from bot.decoding import sound

        return AudioFiles(
            self.fetcher,
            self.settings.cache_dir / "audio",
            max_bytes=self.settings.max_audio_mb * 1_000_000,
            max_s=self.settings.max_audio_hours * 3600,
            keep_days=self.settings.keep_audio_days,
            progress=self.progress,
            look=sound().probe,
        )

    @cached_property
    def clips(self) -> ClipMaker | None:
        """None: switched off."""
        if self.settings.clips == "off":
            return None
        return wiring_models.clips(self.settings, self.audio, self.fetcher, self.weights, self.threads)

    @cached_property
    def speech(self) -> SpeechTranscriber:
        return wiring_models.speech(self.settings, self.audio, self.weights, self.threads, self.progress)

    @cached_property
    def transcribers(self) -> Sequence[Transcriber]:
        from bot.transcribe.published import PublishedTranscriber

        return (PublishedTranscriber(self.fetcher, self.published), wiring_models.Late(lambda: self.speech))

    @cached_property
    def published(self) -> Callable[[bytes, str, str], Transcript]:
        """What reads published transcripts."""
        from bot.transcribe.apart import TranscriptsApart

        return TranscriptsApart()

    @cached_property
    def encoder(self) -> Encoder:
        from bot.read.encoder import Encoder

        return Encoder.load(self.weights, threads=self.threads)

    @cached_property
    def reader(self) -> Reader:
        from bot.read.reader import PassageReader

        return PassageReader.load(self.weights, threads=self.threads)

    @cached_property
    def writer(self) -> Writer:
        return wiring_models.writer(self.settings, self.threads)

    @cached_property
    def answerer(self) -> Answerer:
        return wiring_models.answerer(self.settings, self.encoder, self.library, self.weights, self.threads)

    @cached_property
    def checker(self) -> Checker:
        from bot.write.recheck import TranscriptChecker

        return TranscriptChecker()

    @cached_property
    def library(self) -> Library:
        return wiring_models.library(self.settings, self.database_url, self.encoder)

    def index(self) -> int:
        """Bring the library up to the store: how many episodes were new, or had another transcript."""
        return wiring_models.index(self.store, self.library)

    @cached_property
    def pipeline(self) -> Pipeline:
        return Pipeline(self.store, self, self.clock)

    def sweep(self, now: datetime) -> None:
        """Delete audio and speech checkpoints older than the settings keep them, and notes of deliveries;
        then bring the library up to date."""
        from bot.audio import sweep

        self.store.forget_notes(now - REDELIVERED)
        self.audio.sweep(now)
        for folder in (self.settings.cache_dir / "checkpoints", self.settings.data_dir / "clips"):
            sweep(folder, now, self.settings.keep_audio_days)
        self.index()

    def adapter(self, platform: str) -> Any:
        """The module of a chat platform. ConfigError where there is none of that name."""
        return import_module(named(PLATFORMS, platform, "platform"))

    def publisher(self, platform: str) -> Publisher:
        if platform not in self._publishers:
            self._publishers[platform] = self.adapter(platform).publisher(self)
        return self._publishers[platform]

    @cached_property
    def secrets(self) -> Secrets:
        from bot.secrets import SealedSecrets

        return SealedSecrets(self.vault, self.store)

    @cached_property
    def pages(self) -> SecretPages | None:
        purpose, base = f"pages {self.setting('PAGES_SALT')}", self.settings.public_url.rstrip("/")
        made = SecretPages(base=base, key=lambda: self.vault.subkey(purpose))
        return None if self.settings.pages == "off" else made

    @cached_property
    def limits(self) -> Limits:
        return Limits(self.clock, user=self.settings.user_limit, workspace=self.settings.workspace_limit)

    @property
    def data_dir(self) -> Path:
        return self.settings.data_dir

    def setting(self, name: str) -> str:
        value = getattr(self.settings, name.lower(), None)
        return (value.get_secret_value() if isinstance(value, SecretStr) else str(value or "")).strip()

    def preview(self, channel: Channel) -> Digest | None:
        return self.pipeline.digest_for(channel, self.clock())

    def channel(self, name: str = "console") -> Channel:
        """The console's channel of that name."""
        return self.channel_at("console", "", name)

    def channel_at(self, platform: str, workspace: str, name: str, title: str = "") -> Channel:
        """The channel of that platform, made with the settings' schedule on first use."""
        return wiring_channels.channel_at(
            self.store, self.settings, self.clock(), (platform, workspace, name), title
        )
