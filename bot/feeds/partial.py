"""A file that arrives piece by piece, perhaps over several tries: resumed only if it is still the same."""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from bot.errors import FetchError, Refused
from bot.feeds.wire import Arrival, body

Progress = Callable[[int, int], None]  # bytes done, bytes in all (0: the server doesn't say)


class Part:
    """`path` and, beside it, `path` + ".validator": the ETag or date of the version it is a part of."""

    def __init__(self, path: Path, *, max_bytes: int, progress: Progress | None = None) -> None:
        self._path = path
        self._note = path.with_name(path.name + ".validator")
        self._max_bytes = max_bytes
        self._progress = progress or (lambda done, total: None)

    @property
    def size(self) -> int:
        return self._path.stat().st_size if self._path.exists() else 0

    def range_headers(self) -> dict[str, str]:
        """Ask for the missing end, of this very version; a part of unknown version is begun afresh."""
        validator = self._note.read_text("utf-8") if self._note.exists() else ""
        if not (validator and self.size):
            self._drop()
            return {}
        return {"Range": f"bytes={self.size}-", "If-Range": validator}

    async def take(self, arrival: Arrival, safe: str) -> bool | None:
        """Write what arrives. True: it was resumed; False: it came whole; None: ask again from the start."""
        match arrival.response.status:
            case 200:
                with _writing(self._path):
                    self._drop()
                    self._remember(arrival)
            case 206 if _starts_at(arrival) == self.size:
                pass
            case 416 if _total(arrival) == self.size:
                self._note.unlink(missing_ok=True)
                return True
            case _:
                self._drop()
                return None
        resumed = self.size > 0
        await self._write(arrival, safe)
        self._note.unlink(missing_ok=True)
        return resumed

    def copy(self, source: Path, url: str) -> None:
        """Take a local file instead."""
        if source.stat().st_size > self._max_bytes:
            raise _too_large(url, self._max_bytes)
        with _writing(self._path):
            shutil.copyfile(source, self._path)
        self._progress(self.size, self.size)

    async def _write(self, arrival: Arrival, safe: str) -> None:
        done = self.size
        total = _total(arrival)
        if total is not None and total > self._max_bytes:
            raise _too_large(safe, self._max_bytes)
        with _writing(self._path):
            file = self._path.open("ab")
        with file:
            async for piece in body(arrival, safe, self._max_bytes - done):
                with _writing(self._path):
                    done += file.write(piece)
                    file.flush()  # so that a full disk shows here, and a kill loses nothing
                self._progress(done, total or 0)

    def _remember(self, arrival: Arrival) -> None:
        headers = arrival.response.headers
        etag = headers.get("ETag", "")
        # a weak ETag must not be used with If-Range (RFC 9110, 13.1.5)
        validator = etag if etag.startswith('"') else headers.get("Last-Modified", "")
        if validator and validator.isascii():
            self._note.write_text(validator, "utf-8")

    def _drop(self) -> None:
        self._path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)


def _starts_at(arrival: Arrival) -> int | None:
    match = re.match(r"bytes (\d+)-", arrival.response.headers.get("Content-Range", ""))
    return int(match[1]) if match else None


def _total(arrival: Arrival) -> int | None:
    """The size of the whole file as the server says it, None where it doesn't."""
    headers = arrival.response.headers
    if "Content-Range" in headers:
        match = re.search(r"/(\d+)$", headers["Content-Range"])
        return int(match[1]) if match else None
    length = headers.get("Content-Length", "")
    return int(length) if length.isdigit() else None


def _too_large(safe: str, max_bytes: int) -> Refused:
    return Refused(f"{safe} is larger than {max_bytes / 1e6:,.0f} MB, the most that is taken.")


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise FetchError(f"{path} can't be written: {exc.strerror or 'the disk refuses'}.") from exc
