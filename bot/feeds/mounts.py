"""Addresses that are really folders of this machine: how the bundled demo feed is "fetched"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bot.errors import FetchError, Refused

_TYPES = {
    ".xml": "application/rss+xml",
    ".rss": "application/rss+xml",
    ".html": "text/html",
    ".json": "application/json",
    ".vtt": "text/vtt",
    ".srt": "application/x-subrip",
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".wav": "audio/wav",
}


@dataclass(frozen=True, kw_only=True)
class MountedFile:
    """A file behind a mounted address; the ETag changes with its size and time."""

    path: Path
    content_type: str
    etag: str
    size_bytes: int


def mounted(url: str, mounts: Mapping[str, Path]) -> MountedFile | None:
    """The file that a URL stands for; None where no prefix fits. Never one outside the mounted folder."""
    for prefix, folder in mounts.items():
        if url.startswith(prefix):
            return _file(url, folder, unquote(urlsplit(url.removeprefix(prefix)).path).lstrip("/"))
    return None


def _file(url: str, folder: Path, name: str) -> MountedFile:
    try:
        path = (folder / name).resolve()
        inside, there = path.is_relative_to(folder.resolve()), path.is_file()
    except (OSError, ValueError):  # a name that no file can have: with a NUL, or too long
        inside, there = True, False
    if not inside:
        raise Refused(f"{url} is not fetched: it leads out of its folder.")
    if not there:
        raise FetchError(f"{url} doesn't exist.", status=404)
    stat = path.stat()
    return MountedFile(
        path=path,
        content_type=_TYPES.get(path.suffix.lower(), "application/octet-stream"),
        etag=f'"{stat.st_size:x}-{stat.st_mtime_ns:x}"',
        size_bytes=stat.st_size,
    )
