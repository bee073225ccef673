"""Text of strangers made inert and short: no markdown, mention or link works in it, and no word is cut."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote, urlsplit

from adapters.discord.limits import URL, units

# Bidirectional embeddings, overrides and isolates: an unclosed one in a title would turn the rest of the
# message around (UAX #9), so they go, and what runs right to left is isolated as a whole.
_BIDI = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C])
_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s)|[。！？｡]+[」』”’)）]*")
# Where a line may break: after white space, and around the signs of scripts that write no spaces.
_WORD_END = re.compile(r"(?=\s)|(?<=[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff])(?![。、！？｡」』）])")

# A backslash before a sign that is neither letter nor digit makes it that sign and nothing else
# (support.discord.com, "Markdown Text 101"). "<" opens mentions, timestamps, emoji and slash commands.
_MARKUP = re.compile(
    r"""[\\*_~`|<\[\]]                 # bold, code, spoilers, masked links, <@1>, <t:1>, </ask:1>
    | ^[ \t]*(?:[>#+-]|\d+(?=[.)]))   # quotes, headings, lists, small print: at the start of lines
    | :(?=//|[\w+~-]+:)               # addresses; :emoji:
    | (?<=discord\.gg)/ | (?<=discord\.com)/        # invitations are unfolded even without a scheme
    | @(?=everyone|here)""",
    re.VERBOSE | re.MULTILINE | re.IGNORECASE,
)
_EVERYBODY = re.compile(r"@(?=everyone|here)", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_KEEP = "!#$%&'()*+,/:;=?@[]~-._"  # what RFC 3986 lets stand in an address, and % of what is quoted already


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


def inert(text: str) -> str:
    """What is shown letter for letter, where Discord would see markdown, mentions or links."""
    return _MARKUP.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    found = match[0]
    if found == "@":
        return "@\u200b"  # the server looks for @everyone before any client looks at backslashes
    if found[-1].isdigit():
        return f"{found}\\"
    return f"{found[:-1]}\\{found[-1]}"


def with_links(text: str) -> str:
    """Inert but for its web addresses: these show where they lead, and no preview of them unfolds."""
    shown, end = [], 0
    for match in _ADDRESS.finditer(text):
        bare = match[0].rstrip(".,;:!?'”’)]}*_~|")
        if web_link(bare) == bare:
            shown += [inert(text[end : match.start()]), f"<{bare}>"]
            end = match.start() + len(bare)
    return "".join([*shown, inert(text[end:])])


def fitted(text: str, limit: int, *, links: bool = False) -> str:
    """The text inert and isolated, in at most `limit` units: shortened at a sentence's or word's end."""
    make, room = with_links if links else inert, limit
    while units(shown := isolated(make(shortened(text, room)))) > limit:
        room -= max(1, (units(shown) - limit) // 2)
    return shown


def plain(text: str, limit: int) -> str:
    """One line for where Discord reads no markdown: authors, footers, labels."""
    line = _EVERYBODY.sub("@\u200b", one_line(text))
    shown = isolated(shortened(line, limit))
    return shown if units(shown) <= limit else isolated(shortened(line, limit - 2))


def shortened(text: str, limit: int) -> str:
    """At most `limit` units: cut at the last sentence end that fits, else between words with "…".

    Only what is one word longer than all the room there is can be cut inside, between whole characters.
    """
    if units(text) <= limit:
        return text
    if limit < 1:
        return ""
    fits = _that_fit(text, limit)
    ends = [match.end() for match in _SENTENCE_END.finditer(text) if match.end() <= fits]
    if ends and ends[-1] * 3 >= fits:  # rather half a sentence than a tenth of the text
        return text[: ends[-1]]
    room = _that_fit(text, limit - 1)
    words = [match.start() for match in _WORD_END.finditer(text, 0, room + 1) if match.start() <= room]
    return f"{text[: words[-1] if words and words[-1] else _whole(text, room)].rstrip()}…"


def _that_fit(text: str, limit: int) -> int:
    """How many letters from the first on take at most `limit` units."""
    count = min(len(text), limit)
    while units(text[:count]) > limit:
        count -= max(1, (units(text[:count]) - limit) // 2)
    return count


def _whole(text: str, end: int) -> int:
    """The last place at or before `end` that is inside no combined character."""
    while 0 < end < len(text) and (
        unicodedata.combining(text[end]) or text[end] in "\u200d\ufe0f" or text[end - 1] == "\u200d"
    ):
        end -= 1
    return end


def web_link(url: str) -> str:
    """The address as Discord takes it, if it is one for a browser; else "": one bad one fails the message."""
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
    return safe if len(safe) <= URL else ""


def _netloc(host: str, port: int | None) -> str:
    ascii_host = host.encode("idna").decode()
    return f"{ascii_host}:{port}" if port else ascii_host
