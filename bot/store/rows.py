"""Rows to domain values and back; long values (transcripts, readings) are zlib-compressed JSON."""

from __future__ import annotations

import zlib
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import TypeAdapter

from bot import domain
from bot.store import tables as t

T = TypeVar("T")

TRANSCRIPT = TypeAdapter(domain.Transcript)
READING = TypeAdapter(domain.Reading)
_PROVENANCE = TypeAdapter(domain.Provenance)
_REASONS = TypeAdapter(tuple[domain.Follow | None, domain.Why | None])
LINKS = TypeAdapter(tuple[domain.TranscriptLink, ...])


def pack(kind: TypeAdapter[T], value: T) -> bytes:
    return zlib.compress(kind.dump_json(value))


def unpack(kind: TypeAdapter[T], content: bytes) -> T:
    return kind.validate_json(zlib.decompress(content))


def values(value: Any, *without: str) -> dict[str, Any]:
    """A dataclass's fields by name, one level deep."""
    return {f.name: getattr(value, f.name) for f in fields(value) if f.name not in without}


def _from(row: Any, kind: type[T], **given: Any) -> T:
    names = (f.name for f in fields(kind) if f.name not in given)  # type: ignore[arg-type]
    return kind(**{name: getattr(row, name) for name in names}, **given)


def to_feed(row: t.Feed) -> domain.Feed:
    return _from(row, domain.Feed)


def of_feed(feed: domain.Feed) -> dict[str, Any]:
    return values(feed, "id")


def to_episode(row: t.Episode, show: str) -> domain.Episode:
    enclosure = row.enclosure_url is not None and domain.Enclosure(
        url=row.enclosure_url,
        sealed=row.enclosure_sealed,
        mime_type=row.enclosure_mime_type,
        length_bytes=row.enclosure_length_bytes,
    )
    links = LINKS.validate_json(row.transcripts)
    return _from(row, domain.Episode, show=show, enclosure=enclosure or None, transcripts=links)


def of_episode(episode: domain.Episode) -> dict[str, Any]:
    enclosure = episode.enclosure or domain.Enclosure(url="")
    return values(episode, "id", "show", "enclosure") | {
        "enclosure_url": enclosure.url if episode.enclosure else None,
        "enclosure_sealed": enclosure.sealed,
        "enclosure_mime_type": enclosure.mime_type,
        "enclosure_length_bytes": enclosure.length_bytes,
        "transcripts": LINKS.dump_json(episode.transcripts),
    }


def to_insight(row: t.Insight) -> domain.Insight:
    return _from(row, domain.Insight, provenance=_PROVENANCE.validate_json(row.provenance))


def of_insight(insight: domain.Insight, episode_id: int, now: datetime) -> dict[str, Any]:
    return values(insight, "id") | {
        "episode_id": episode_id,
        "provenance": _PROVENANCE.dump_json(insight.provenance),
        "created_at": insight.created_at or now,
    }


def to_pick(
    insight: domain.Insight, episode: domain.Episode, also: tuple[domain.Pick, ...], reasons: bytes | None
) -> domain.Pick:
    follows, why = unpack(_REASONS, reasons) if reasons else (None, None)
    return domain.Pick(insight=insight, episode=episode, also=also, follows=follows, why=why)


def reasons_of(pick: domain.Pick) -> bytes:
    return pack(_REASONS, (pick.follows, pick.why))


def to_channel(row: t.Channel) -> domain.Channel:
    days = tuple(int(day) for day in row.weekdays)
    prefer, mute = tuple(row.prefer.splitlines()), tuple(row.mute.splitlines())
    return _from(row, domain.Channel, weekdays=days, prefer=prefer, mute=mute)


def of_channel(channel: domain.Channel) -> dict[str, Any]:
    return values(channel, "id") | {
        "weekdays": "".join(str(day) for day in channel.weekdays),
        "prefer": "\n".join(channel.prefer),
        "mute": "\n".join(channel.mute),
    }


def to_subscription(row: t.Subscription) -> domain.Subscription:
    return _from(row, domain.Subscription)


def to_digest(
    row: t.Digest, picks: tuple[domain.Pick, ...], notices: tuple[domain.Notice, ...]
) -> domain.Digest:
    return _from(row, domain.Digest, picks=picks, notices=notices)


def to_notice(row: t.DigestNotice) -> domain.Notice:
    return _from(row, domain.Notice)


def of_digest(digest: domain.Digest) -> dict[str, Any]:
    return values(digest, "id", "picks", "notices") | {"created_at": digest.created_at or datetime.now(UTC)}


def to_post(row: t.Post) -> domain.Post:
    return _from(row, domain.Post)


def to_work(row: t.Work) -> domain.WorkRow:
    return _from(row, domain.WorkRow)


def to_turn(row: t.Turn) -> domain.Turn:
    return _from(row, domain.Turn, provenance=_PROVENANCE.validate_json(row.provenance))


def of_turn(turn: domain.Turn) -> dict[str, Any]:
    return values(turn) | {"provenance": _PROVENANCE.dump_json(turn.provenance)}


def to_flag(row: t.Flag) -> domain.Flag:
    return _from(row, domain.Flag)


def to_erratum(row: t.Erratum) -> domain.Erratum:
    return _from(row, domain.Erratum)


def to_rating(row: t.Rating) -> domain.Rating:
    return _from(row, domain.Rating)
