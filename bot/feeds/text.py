"""Reads what feeds write in many ways: HTML, durations, dates, sizes; pure, lenient, never raising."""

from __future__ import annotations

import calendar
import html
import re
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MAX_SUMMARY = 4000
MAX_TITLE = 500
MAX_DURATION_S = 7 * 86400.0

# Where what isn't text begins and ends; searched one after the other, since one pattern could take
# quadratic time on hostile input.
_INVISIBLE = tuple(
    (re.compile(begin, re.IGNORECASE), re.compile(end, re.IGNORECASE))
    for begin, end in ((r"<script\b", r"</script\s*>"), (r"<style\b", r"</style\s*>"), (r"<!--", r"-->"))
)
_BREAK = re.compile(r"<(?:br|/?p|/?div|/?li|/?ul|/?ol|/?h[1-6]|/?tr|/?blockquote)\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<![^<>]*>")
_CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)")
_PLAIN = re.compile(r"(\d+(?:\.\d+)?)\s*(s|sec|secs|seconds?|m|min|mins|minutes?|h|hrs?|hours?)?\.?")
_UNITS = re.compile(
    r"p?t?\s*(?:(\d+(?:\.\d+)?)\s*h[a-z]*)?[\s.]*(?:(\d+(?:\.\d+)?)\s*m[a-z]*)?[\s.]*"
    r"(?:(\d+(?:\.\d+)?)\s*s[a-z]*)?"
)


def plain(markup: str, limit: int = MAX_SUMMARY) -> str:
    """HTML as plain text: tags and doubly escaped entities resolved, lines kept, at most `limit` long."""
    text = markup[: limit * 20]
    if "&lt;" in text and not _TAG.search(text):
        text = html.unescape(text)
    for begin, end in _INVISIBLE:
        text = _without(text, begin, end)
    text = _TAG.sub("", _BREAK.sub("\n", text))
    text = html.unescape(html.unescape(text)).replace("\x00", "")
    lines = (" ".join(line.split()) for line in text.splitlines())
    return _cut(re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip(), limit)


def one_line(markup: str) -> str:
    """A title: plain text without line breaks."""
    return " ".join(plain(markup, MAX_TITLE).split())


def seconds(text: str) -> float | None:
    """A duration as podcasts write it: "1:02:03", "62:03", "3723", "PT1H2M3S", "1h 2min", "62 min"."""
    text = text.strip().lower().replace(",", ".")
    value = 0.0
    if match := _CLOCK.fullmatch(text):
        value = float(match[1] or 0) * 3600 + float(match[2]) * 60 + float(match[3])
    elif match := _PLAIN.fullmatch(text):
        value = float(match[1]) * {"h": 3600.0, "m": 60.0}.get((match[2] or "s")[0], 1.0)
    elif text and (match := _UNITS.fullmatch(text)):
        value = sum(float(match[i] or 0) * unit for i, unit in ((1, 3600), (2, 60), (3, 1)))
    return value if 0 < value <= MAX_DURATION_S else None


def moment(parsed: time.struct_time | None, written: str) -> datetime | None:
    """A date as aware UTC: what feedparser understood, else what the e-mail rules make of it.

    None for what isn't a date, or lies before 1990 or after 2100.
    """
    try:
        when = datetime.fromtimestamp(calendar.timegm(parsed), UTC) if parsed else _rfc2822(written)
    except (ValueError, OverflowError, OSError, TypeError, IndexError):
        return None
    return when if when and 1990 <= when.year <= 2100 else None


def size(text: object) -> int:
    """A size in bytes as the feed claims it; 0 where it claims nothing sensible."""
    digits = str(text or "").strip()
    return int(digits) if re.fullmatch(r"[0-9]{1,15}", digits) else 0


def _rfc2822(written: str) -> datetime | None:
    if not written.strip():
        return None
    when = parsedate_to_datetime(written)
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC)


def _without(text: str, begin: re.Pattern[str], end: re.Pattern[str]) -> str:
    kept, here = [], 0
    while (start := begin.search(text, here)) and (stop := end.search(text, start.end())):
        kept.append(text[here : start.start()])
        here = stop.end()
    return "".join(kept) + text[here:]


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rsplit(" ", 1)[0] + "…"
