"""Text of strangers made harmless and short: no controls, isolated right-to-left runs, cuts between words."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote, urlsplit

# Bidirectional embeddings, overrides and isolates: an unclosed one in a title would turn the rest of the
# message around (UAX #9), so they go, and what runs right to left is isolated as a whole.
_BIDI = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C])
_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s)|[。！？｡]+[」』”’)）]*")
# Where a line may break: after white space, and around the signs of scripts that write no spaces.
_WORD_END = re.compile(r"(?=\s)|(?<=[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff])(?![。、！？｡」』）])")
_KEEP = "!#$%&'()*+,/:;=?@[]~-._"  # what RFC 3986 lets stand in an address, and % of what is quoted already
MAX_URL = 2000


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


def shortened(text: str, limit: int) -> str:
    """At most `limit` characters: cut at the last sentence end that fits, else between words with "…".

    Only what is one word longer than all the room there is can be cut inside, between whole characters.
    """
    if len(text) <= limit:
        return text
    ends = [match.end() for match in _SENTENCE_END.finditer(text) if match.end() <= limit]
    if ends and ends[-1] * 3 >= limit:  # rather half a sentence than a tenth of the text
        return text[: ends[-1]]
    room = max(0, limit - 1)
    words = [match.start() for match in _WORD_END.finditer(text, 0, room + 1) if match.start() <= room]
    return f"{text[: words[-1] if words and words[-1] else _whole(text, room)].rstrip()}…" if limit else ""


def _whole(text: str, end: int) -> int:
    """The last place at or before `end` that is inside no combined character."""
    while end and (
        unicodedata.combining(text[end]) or text[end] in "\u200d\ufe0f" or text[end - 1] == "\u200d"
    ):
        end -= 1
    return end


def web_link(url: str) -> str:
    """The address as Slack takes it, if it is one for a browser; else ""."""
    try:
        parts = urlsplit(url.strip())
        host = parts.hostname or ""
    except ValueError:
        return ""
    if parts.scheme.lower() not in ("http", "https") or not host or re.search(r"\s", url.strip()):
        return ""
    safe = quote(url.strip(), safe=_KEEP, errors="replace")
    return safe if len(safe) <= MAX_URL else ""
