"""Values as every database takes and gives them: text without NUL (PostgreSQL refuses it) and without lone
surrogates (nothing can encode them), times in UTC, finite numbers."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from math import isfinite
from typing import Any, TypeVar, cast

from bot.domain import Episode

T = TypeVar("T")
_BIGGEST = 2**63 - 1


def clean(value: T) -> T:
    """`value` with each text and time in it cleaned, in tuples and dataclasses too; itself if clean.

    ValueError for what only a bug makes: a time without a timezone, a score or moment that is no number.
    """
    return cast(T, _clean(value))


def plausible(episode: Episode) -> Episode:
    """Feeds claim any number: a length the database can't hold is cut, an endless duration is unknown."""
    enclosure, duration_s = episode.enclosure, episode.duration_s
    if enclosure and not 0 <= enclosure.length_bytes <= _BIGGEST:
        enclosure = replace(enclosure, length_bytes=max(0, min(enclosure.length_bytes, _BIGGEST)))
    if duration_s is not None and not isfinite(duration_s):
        duration_s = None
    return replace(episode, enclosure=enclosure, duration_s=duration_s)


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float) and not isfinite(value):
        raise ValueError(f"{value} is no number that can be stored.")
    if isinstance(value, datetime):
        return _time(value)
    if isinstance(value, tuple):
        cleaned = tuple(_clean(item) for item in value)
        return value if all(a is b for a, b in zip(value, cleaned, strict=True)) else cleaned
    if is_dataclass(value) and not isinstance(value, type):
        return _dataclass(value)
    return value


def _dataclass(value: Any) -> Any:
    changes = {}
    for each in fields(value):
        old = getattr(value, each.name)
        new = _clean(old)
        if new is not old:
            changes[each.name] = new
    return replace(value, **changes) if changes else value


def _time(time: datetime) -> datetime:
    if time.tzinfo is None:
        raise ValueError("A time without a timezone can't be stored.")
    return time if time.tzinfo is UTC else time.astimezone(UTC)


def _text(text: str) -> str:
    if "\0" in text:
        text = text.replace("\0", "")
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="replace").decode()
    return text
