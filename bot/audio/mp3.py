"""Where in an MP3 file a second lies, from the first kilobytes and the size: what a ranged download asks for.

Header fields as in http://www.mp3-tech.org/programmer/frame_header.html; the Xing/Info and VBRI tables as in
https://www.codeproject.com/Articles/8295/MPEG-Audio-Frame-Header (2.3.1 and 2.3.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

_V1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_V2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
ID3_BYTES = 10
IN_A_ROW = 3  # frames that must follow one another: two bytes of sync are found by chance


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A frame's header: `size` in bytes with the header, `samples` a channel."""

    size: int
    bitrate: int
    rate: int
    samples: int
    side: int  # bytes between the header and an Xing table


@dataclass(frozen=True, kw_only=True)
class Map:
    """Seconds to bytes. `marks` are bytes from `first` at equal steps of time, the last one at the end.

    `exact` where the file says that it has one bitrate, or has no table; a table's marks are a hundredth of
    the whole apart, and right to about as much.
    """

    first: int
    duration_s: float
    marks: tuple[float, ...]
    exact: bool

    def at(self, seconds: float) -> int:
        """The byte at that second, which need not be the start of a frame."""
        steps = len(self.marks) - 1
        place = min(1.0, max(0.0, seconds / self.duration_s)) * steps
        step = min(int(place), steps - 1)
        low, high = self.marks[step], self.marks[step + 1]
        return self.first + round(low + (high - low) * (place - step))

    def time(self, byte: int) -> float:
        """The second at a byte: the inverse of `at`."""
        wanted, steps = byte - self.first, len(self.marks) - 1
        step = next((n for n in range(steps) if self.marks[n + 1] > wanted), steps - 1)
        low, high = self.marks[step], self.marks[step + 1]
        part = (wanted - low) / (high - low) if high > low else 0.0
        return (step + min(1.0, max(0.0, part))) / steps * self.duration_s


def begins_at(head: bytes) -> int:
    """Where the audio begins: after an ID3v2 tag (which may hold a cover larger than `head`), else 0."""
    if head[:3] != b"ID3" or len(head) < ID3_BYTES:
        return 0
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte & 0x7F
    footer = 10 if head[5] & 0x10 else 0
    return ID3_BYTES + size + footer


def mapped(start: bytes, begin: int, total: int) -> Map | None:
    """The map of a file of `total` bytes, of which `start` are those from `begin` on; None: not an MP3."""
    found = _first_frame(start)
    if found is None:
        return None
    at, frame = found
    table = _xing(start, at, frame, total - begin - at) or _vbri(start, at, frame)
    first = begin + at
    if table is not None:
        duration_s, marks = table
        constant = start[at + 4 + frame.side :][:4] == b"Info"
        return Map(first=first, duration_s=duration_s, marks=tuple(marks), exact=constant)
    length = total - first
    # Without a table one bitrate is all that the first frame tells; where that is wrong, the words tell.
    return Map(first=first, duration_s=length * 8 / frame.bitrate, marks=(0.0, length), exact=True)


def _first_frame(data: bytes) -> tuple[int, Frame] | None:
    at = data.find(b"\xff")
    while at >= 0:
        frame = frame_at(data, at)
        if frame is not None and _follow(data, at, frame):
            return at, frame
        at = data.find(b"\xff", at + 1)
    return None


def _follow(data: bytes, at: int, frame: Frame) -> bool:
    for _ in range(IN_A_ROW):
        at += frame.size
        following = frame_at(data, at)
        if following is None or following.rate != frame.rate:
            return False
        frame = following
    return True


def frame_at(data: bytes, at: int) -> Frame | None:
    """The layer III frame that begins at that byte; None where none does."""
    head = data[at : at + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    index, rate_index = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer != 1 or index in (0, 15) or rate_index == 3:
        return None
    first = version == 3
    bitrate = (_V1 if first else _V2)[index] * 1000
    rate, samples = _RATES[version][rate_index], 1152 if first else 576
    mono = head[3] >> 6 == 3
    side = (17 if mono else 32) if first else (9 if mono else 17)
    size = samples // 8 * bitrate // rate + (head[2] >> 1 & 1)
    return Frame(size=size, bitrate=bitrate, rate=rate, samples=samples, side=side)


def _xing(data: bytes, at: int, frame: Frame, rest: int) -> tuple[float, Sequence[float]] | None:
    """From the table of a hundred percentages, each in 256ths of the bytes."""
    where = at + 4 + frame.side
    if data[where : where + 4] not in (b"Xing", b"Info"):
        return None
    flags, where = _number(data, where + 4, 4), where + 8
    if not flags & 1:
        return None
    frames, where = _number(data, where, 4), where + 4
    length = _number(data, where, 4) if flags & 2 else rest
    where += 4 if flags & 2 else 0
    duration_s = frames * frame.samples / frame.rate
    toc = data[where : where + 100] if flags & 4 else b""
    if len(toc) < 100 or list(toc) != sorted(toc):  # made up, or none: assume one bitrate
        toc = bytes(n * 256 // 100 for n in range(100))
    length = length if 0 < length <= rest else rest
    return (duration_s, [*(mark / 256 * length for mark in toc), length]) if duration_s > 0 else None


def _vbri(data: bytes, at: int, frame: Frame) -> tuple[float, Sequence[float]] | None:
    """From Fraunhofer's table: the bytes of each run of frames."""
    where = at + 4 + 32
    if data[where : where + 4] != b"VBRI":
        return None
    frames = _number(data, where + 14, 4)
    entries, scale, width = (_number(data, where + n, 2) for n in (18, 20, 22))
    table = data[where + 26 : where + 26 + entries * width]
    if not frames or not 1 <= width <= 4 or not entries or len(table) < entries * width:
        return None
    sizes = [_number(table, n * width, width) * scale for n in range(entries)]
    return frames * frame.samples / frame.rate, [0.0, *accumulate(map(float, sizes))]


def _number(data: bytes, at: int, width: int) -> int:
    return int.from_bytes(data[at : at + width], "big")
