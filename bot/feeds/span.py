"""A part of a file, by a range request: taken only if it is the part that was asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from http import HTTPStatus

from bot.errors import FetchError
from bot.feeds.mounts import MountedFile
from bot.feeds.wire import Arrival, body

_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


@dataclass(frozen=True, kw_only=True)
class Span:
    """`data` are the bytes from `first` on of a file of `total` bytes."""

    first: int
    total: int
    data: bytes = field(repr=False)


def ranged(first: int, last: int) -> dict[str, str]:
    return {"Range": f"bytes={first}-{last}", "Accept-Encoding": "identity", "Accept": "*/*"}


async def taken(arrival: Arrival, safe: str, first: int, last: int) -> Span | None:
    """None: the server gives the whole file, another part, or doesn't say which. FetchError: it says one
    thing and sends another."""
    response = arrival.response
    match = _RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
    if response.status != HTTPStatus.PARTIAL_CONTENT or match is None:
        return None
    begin, end, total = map(int, match.groups())
    if begin != first or end != min(last, total - 1):
        return None
    data = b"".join([piece async for piece in body(arrival, safe, end - begin + 1)])
    if len(data) != end - begin + 1:
        raise FetchError(f"{safe} sent less of its audio than it said.")
    return Span(first=begin, total=total, data=data)


def of_mounted(file: MountedFile, first: int, last: int) -> Span:
    with file.path.open("rb") as opened:
        opened.seek(first)
        return Span(first=first, total=file.size_bytes, data=opened.read(last - first + 1))
