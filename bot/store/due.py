"""What lacks its next form, as queries: one for each stage, used by `pending` and again by `claim`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, exists, func, or_, select
from sqlmodel import col

from bot.domain import Stage
from bot.store import tables as t

# A query in the order to do them, and its column of subjects.
Query: TypeAlias = tuple[Select[Any], SQLColumnExpression[Any]]

# These come round again: "done" only means that the last round is over.
REPEATABLE: frozenset[Stage] = frozenset({"refresh", "compose", "revise"})
# A digest that couldn't be posted for two days is no longer news.
POSTABLE = timedelta(days=2)


def candidates(stage: Stage, now: datetime) -> Query:
    """The query in the order to do them, and its column of subjects; leases and waits are not in it."""
    return _QUERIES[stage](now)


def lacking(stage: Stage, subject: int, now: datetime) -> Select[Any]:
    """True if this one subject is among the candidates."""
    query, column = candidates(stage, now)
    return select(query.where(column == subject).exists())


def lacking_all(stage: Stage, subjects: Sequence[int], now: datetime) -> Select[Any]:
    """Those subjects that are among the candidates."""
    query, column = candidates(stage, now)
    return query.where(column.in_(subjects)).order_by(None)


def waiting(stage: Stage, now: datetime, limit: int) -> Select[Any]:
    """Candidates that may be tried now."""
    query, column = candidates(stage, now)
    row = and_(col(t.Work.stage) == stage, col(t.Work.subject) == column)
    untouched = col(t.Work.subject).is_(None)
    return query.outerjoin(t.Work, row).where(or_(untouched, free(stage, now))).limit(limit)


def coming(stage: Stage, channel_id: int, now: datetime) -> Select[Any]:
    """True if there is a candidate of one of the channel's feeds that is due or in hand."""
    query, column = candidates(stage, now)
    row = and_(col(t.Work.stage) == stage, col(t.Work.subject) == column)
    in_work = or_(col(t.Work.subject).is_(None), free(stage, now), col(t.Work.lease_until) > now)
    feed_id = col(t.Feed.id) if stage == "refresh" else col(t.Episode.feed_id)
    mine = select(col(t.Subscription.feed_id)).where(col(t.Subscription.channel_id) == channel_id)
    found = query.outerjoin(t.Work, row).where(in_work, feed_id.in_(mine)).order_by(None)
    return select(found.exists())


def free(stage: Stage, now: datetime) -> ColumnElement[bool]:
    """A work row that may be claimed: no live lease, no wait, neither set aside nor done for good."""
    states = ("open", "done") if stage in REPEATABLE else ("open",)
    return and_(
        col(t.Work.status).in_(states),
        or_(col(t.Work.lease_until).is_(None), col(t.Work.lease_until) <= now),
        or_(col(t.Work.not_before).is_(None), col(t.Work.not_before) <= now),
    )


def dated() -> ColumnElement[datetime]:
    """When an episode came out, as far as is known."""
    return func.coalesce(col(t.Episode.published_at), col(t.Episode.first_seen_at))


def newest_first() -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    return dated().desc().nulls_last(), col(t.Episode.id).desc()


def _followed(feed_id: SQLColumnExpression[Any]) -> ColumnElement[bool]:
    return exists().where(col(t.Subscription.feed_id) == feed_id)


def _wanted() -> ColumnElement[bool]:
    return and_(col(t.Episode.status) == "wanted", _followed(col(t.Episode.feed_id)))


def feeds(now: datetime) -> Query:
    id_, due_at = col(t.Feed.id), col(t.Feed.next_check_at)
    due = or_(due_at.is_(None), due_at <= now)
    query = select(id_).where(col(t.Feed.status) == "active", due, _followed(id_))
    return query.order_by(due_at.nulls_first(), id_), id_


def _untranscribed(now: datetime) -> Query:
    id_ = col(t.Episode.id)
    there = exists().where(col(t.Transcript.episode_id) == id_)
    return select(id_).where(_wanted(), ~there).order_by(*newest_first()), id_


def _unread(now: datetime) -> Query:
    id_ = col(t.Transcript.episode_id)
    there = exists().where(col(t.Reading.episode_id) == id_)
    query = select(id_).join(t.Episode, col(t.Episode.id) == id_)
    return query.where(col(t.Transcript.usable), _wanted(), ~there).order_by(*newest_first()), id_


def _unwritten(now: datetime) -> Query:
    id_ = col(t.Reading.episode_id)
    query = select(id_).join(t.Episode, col(t.Episode.id) == id_)
    return query.where(_wanted()).order_by(*newest_first()), id_


def _uncomposed(now: datetime) -> Query:
    id_, due_at = col(t.Channel.id), col(t.Channel.next_post_at)
    query = select(id_).where(due_at <= now, ~col(t.Channel.paused), col(t.Channel.trouble) == "")
    return query.order_by(due_at, id_), id_


def _unposted(now: datetime) -> Query:
    id_, made_at = col(t.Digest.id), col(t.Digest.created_at)
    there = exists().where(col(t.Post.digest_id) == id_)
    query = select(id_).join(t.Channel, col(t.Channel.id) == col(t.Digest.channel_id))
    fine = col(t.Channel.trouble) == ""
    return query.where(made_at > now - POSTABLE, fine, ~there).order_by(made_at, id_), id_


def _unrevised(now: datetime) -> Query:
    """However old the post is: a wrong claim may be found months later."""
    id_ = col(t.Post.digest_id)
    # Few rows, which are gone when they are done: looked through instead of all posts.
    waits = id_.in_(select(col(t.Revision.digest_id)))
    query = select(id_).join(t.Digest, col(t.Digest.id) == id_)
    query = query.join(t.Channel, col(t.Channel.id) == col(t.Digest.channel_id))
    return query.where(waits, col(t.Channel.trouble) == "").order_by(id_), id_


_QUERIES: dict[Stage, Callable[[datetime], Query]] = {
    "refresh": feeds,
    "transcribe": _untranscribed,
    "read": _unread,
    "write": _unwritten,
    "compose": _uncomposed,
    "publish": _unposted,
    "revise": _unrevised,
}
