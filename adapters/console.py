"""The reference adapter: the whole bot at a prompt, with a text file as its channel."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from bot import commands, digest, threads
from bot.domain import Channel, Digest, Post
from bot.errors import EarmarkError, PublishError
from bot.ports import Host, Pages, Store
from bot.views import Heading, View, audio_of, plain

CORRECTED = "Corrected: the post of {date}"
GREETING = re.compile(r"(hi|hello|hey|good (morning|day|evening)|thanks|thank you)[ .!]*", re.IGNORECASE)
WELCOME = "Ask a question, or type /help. Ctrl-D leaves."


def publisher(host: Host) -> ConsolePublisher:
    return ConsolePublisher(
        host.data_dir / "posts", host.out, host.pages, clips=host.setting("CLIPS") == "on"
    )


def serve(core: commands.Core, host: Host) -> None:
    """Answer what is typed, until it ends."""
    talk(core, lambda: core.channel_at("console", "", "console"), typed(), host.out)


def examine(host: Host, store: Store) -> Iterator[tuple[str, str, str]]:
    """Nothing can be missing here."""
    yield "ok", "console", f"posts are printed, and kept in {host.data_dir / 'posts'}"


def typed() -> Iterator[str]:
    """What a person types, line by line, with history and editing where that is a terminal."""
    import readline  # noqa: F401 - gives input() both

    if sys.stdin is None:
        return
    while True:
        try:
            yield input("earmark> " if sys.stdin.isatty() else "")
        except EOFError:
            return


class ConsolePublisher:
    """Prints posts, and appends each to `folder`/CHANNEL.txt: what stands there has been posted."""

    platform = "console"

    def __init__(self, folder: Path, out: TextIO, pages: Pages | None = None, *, clips: bool = False) -> None:
        self._clips = clips
        self._folder = folder
        self._pages = pages
        self._out = out

    def find(self, channel: Channel, digest: Digest) -> Post | None:
        path = self._path(channel)
        if not path.exists():
            return None
        # Only a line of its own counts: a write that was cut off has no such last line.
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        return _post(channel, digest) if _mark(digest) in lines else None

    def publish(self, channel: Channel, made: Digest) -> Post:
        text = plain(digest.view(made, self._pages, clips=self._clips and channel.clips))
        self._write(channel, f"{text}\n\n{_mark(made)}\n\n", text)
        return _post(channel, made)

    def revise(self, channel: Channel, made: Digest, post: Post) -> None:
        """A file of posts is read from top to bottom: what is corrected is told at its end, once."""
        mark, path = _revised(made), self._path(channel)
        shown = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else ()
        if mark in shown:
            return
        view = digest.view(made, self._pages, clips=self._clips and channel.clips)
        parts = (Heading(text=CORRECTED.format(date=made.local_date)), *view.parts)
        text = plain(replace(view, parts=parts))
        self._write(channel, f"{text}\n\n{mark}\n\n", text)

    def _write(self, channel: Channel, kept: str, shown: str) -> None:
        try:
            self._append(channel, kept)
        except OSError as error:
            raise PublishError(
                f"The post can't be written to {self._path(channel)}: {error.strerror}."
            ) from error
        self._out.write(f"\n{shown}\n")
        self._out.flush()

    def _append(self, channel: Channel, text: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._path(channel).open("a", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())

    def _path(self, channel: Channel) -> Path:
        safe = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in channel.name)
        return self._folder / f"{safe}.txt"


def _mark(digest: Digest) -> str:
    return f"-- {digest.local_date} part {digest.part} (post {digest.id})"


def _revised(digest: Digest) -> str:
    errata = " ".join(str(pick.erratum.id) if pick.erratum else "0" for pick in digest.picks)
    return f"{_mark(digest)} as corrected ({errata})"


def _post(channel: Channel, digest: Digest) -> Post:
    return Post(
        digest_id=digest.id,
        platform="console",
        channel=channel.name,
        message_id=str(digest.id),
        thread_id=str(digest.id),
        posted_at=datetime.now(UTC),
    )


def talk(core: commands.Core, channel: Callable[[], Channel], lines: Iterable[str], out: TextIO) -> None:
    """Answer each line: a slash command, or a question to the channel's podcasts, until they end.

    `channel` is asked anew each time, since the settings may have changed in between.
    """
    _say(out, WELCOME)
    for line in lines:
        if line.strip() in ("/quit", "/exit", "quit", "exit"):
            return
        if line.strip():
            _say(out, _answer(core, channel, line.strip()))


def _view(core: commands.Core, channel: Channel, line: str) -> View:
    """There are no threads here: “why 3?” is meant of the latest post, all else of all that is followed."""
    latest = core.store.digests(channel.id, 1) if threads.is_about_one(line) else []
    if latest:
        said = threads.Said(user="", text=line, said_at=core.clock(), mentioned=True)
        return threads.heard(core, channel, latest[0].id, said) or commands.run(core, channel, f"/ask {line}")
    if line.lower() in ("help", "?"):
        line = "/help"
    return commands.run(core, channel, line if line.startswith("/") else f"/ask {line}")


def _say(out: TextIO, text: str) -> None:
    out.write(f"{text}\n")
    out.flush()


def _answer(core: commands.Core, channel: Callable[[], Channel], line: str) -> str:
    if GREETING.fullmatch(line):
        return WELCOME
    try:
        view = _view(core, channel(), line)
    except EarmarkError as error:
        return str(error)
    files = "\n".join(f"The file: {audio.path}" for audio in audio_of(view))
    return "\n\n".join(filter(None, (plain(view), files)))
