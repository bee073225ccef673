"""Text and addresses of strangers, made harmless and short: what every chat platform needs first."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from urllib.parse import quote, urlsplit

# Bidirectional embeddings, overrides and isolates: an unclosed one in a title would turn the rest of the
# message around (UAX #9), so they go, and what runs right to left is isolated as a whole.
_BIDI = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C])
_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s)|[。！？｡]+[」』”’)）]*")
# Where a line may break: after white space, and around the signs of scripts that write no spaces.
_WORD_END = re.compile(r"(?=\s)|(?<=[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff])(?![。、！？｡」』）])")
_KEEP = "!#$%&'()*+,/:;=?@[]~-._"  # what RFC 3986 lets stand in an address, and % of what is quoted already
Size = Callable[[str], int]


def one_line(text: str) -> str:
    """Without controls, and all white space as single spaces: a title can't start a line of its own."""
    return " ".join(paragraphs(text).split())


def paragraphs(text: str) -> str:
    """Without controls but for its line ends."""
    return "".join(c if c == "\n" or not _is_control(c) else " " for c in text.translate(_BIDI)).strip()


def _is_control(letter: str) -> bool:
    # Lone surrogates can't be sent as UTF-8 at all; format characters (Cf) join emoji and letters: they stay.
    return unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp")


def isolated(text: str) -> str:
    """Text with right-to-left letters in it, set apart so that its neighbours stay where they are."""
    if any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in text):
        return f"{_ISOLATE}{text}{_END_ISOLATE}"
    return text


def shortened(text: str, limit: int, size: Size = len) -> str:
    """At most `limit` as `size` counts: cut at the last sentence end that fits, else between words with "…".

    Only what is one word longer than all the room there is can be cut inside, between whole characters.
    """
    if size(text) <= limit:
        return text
    if limit < 1:
        return ""
    fits = _that_fit(text, limit, size)
    ends = [match.end() for match in _SENTENCE_END.finditer(text) if match.end() <= fits]
    if ends and ends[-1] * 3 >= fits:  # rather half a sentence than a tenth of the text
        return text[: ends[-1]]
    room = _that_fit(text, limit - 1, size)
    words = [match.start() for match in _WORD_END.finditer(text, 0, room + 1) if match.start() <= room]
    return f"{text[: words[-1] if words and words[-1] else _whole(text, room)].rstrip()}…"


def _that_fit(text: str, limit: int, size: Size) -> int:
    """How many letters from the first on take at most `limit`."""
    count = min(len(text), limit)
    while size(text[:count]) > limit:
        count -= max(1, (size(text[:count]) - limit) // 2)
    return count


def _whole(text: str, end: int) -> int:
    """The last place at or before `end` that is inside no combined character."""
    while 0 < end < len(text) and (
        unicodedata.combining(text[end]) or text[end] in "\u200d\ufe0f" or text[end - 1] == "\u200d"
    ):
        end -= 1
    return end


def web_link(url: str, most: int = 2000) -> str:
    """The address as platforms take it, if one for a browser; else "": one bad one fails the message."""
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname or "", parts.port
        host.encode("idna")
    except (ValueError, UnicodeError):
        return ""
    wanted = parts.scheme.lower() in ("http", "https") and "." in host.strip(".") and not parts.username
    if not wanted or re.search(r"\s", url.strip()) or not re.fullmatch(r"(?:[^\W_]|[.-])+", host):
        return ""
    safe = quote(parts._replace(netloc=_netloc(host, parts.port)).geturl(), safe=_KEEP, errors="replace")
    return safe if len(safe) <= most else ""


def _netloc(host: str, port: int | None) -> str:
    ascii_host = host.encode("idna").decode()
    return f"{ascii_host}:{port}" if port else ascii_host
