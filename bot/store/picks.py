"""What digests hold, as queries: their picks, what says the same beside them, and what a channel has had."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Select, SQLColumnExpression, exists, literal
from sqlmodel import Session, col

from bot.domain import Digest, Had, Pick
from bot.store import notices, rows
from bot.store import tables as t
from bot.store.database import insert
from bot.store.errata import shown


def picks() -> Select[t.Insight, t.Episode, str]:
    query = sa.select(t.Insight, t.Episode, col(t.Feed.title))
    return query.join(t.Episode, col(t.Episode.id) == col(t.Insight.episode_id)).join(
        t.Feed, col(t.Feed.id) == col(t.Episode.feed_id)
    )


def pick(insight: t.Insight, episode: t.Episode, show: str) -> Pick:
    return Pick(insight=rows.to_insight(insight), episode=rows.to_episode(episode, show))


def with_picks(session: Session, row: t.Digest) -> Digest:
    """The digest with its picks, each with what stands beside it."""
    item, query = t.DigestItem, picks().add_columns(col(t.DigestItem.position), col(t.DigestItem.reasons))
    mine = query.join(item, col(item.insight_id) == col(t.Insight.id)).where(col(item.digest_id) == row.id)
    assert row.id is not None, "a row that was read has its id"
    also = _also(session, row)
    found = session.execute(mine.order_by(col(item.position))).all()
    made = [
        rows.to_pick(rows.to_insight(i), rows.to_episode(e, show), also.get(position, ()), reasons)
        for i, e, show, position, reasons in found
    ]
    about = {id_ for one in made for id_ in (one.insight.id, *one.beside())}
    errata = shown(session, sorted(about), row.channel_id)
    return rows.to_digest(row, tuple(one.with_errata(errata) for one in made), notices.of(session, row.id))


def _also(session: Session, row: t.Digest) -> dict[int, tuple[Pick, ...]]:
    """By position."""
    also, query = t.DigestAlso, picks().add_columns(col(t.DigestAlso.position))
    mine = query.join(also, col(also.insight_id) == col(t.Insight.id)).where(col(also.digest_id) == row.id)
    found: dict[int, tuple[Pick, ...]] = {}
    for insight, episode, show, position in session.execute(
        mine.order_by(col(also.position), col(also.place))
    ):
        found[position] = (*found.get(position, ()), pick(insight, episode, show))
    return found


def freeze(session: Session, digest: Digest) -> list[int]:
    """Its id, unless there is one already."""
    added = insert(session, t.Digest).values(rows.of_digest(digest)).on_conflict_do_nothing()
    digest_id = session.execute(added.returning(col(t.Digest.id))).scalar_one_or_none()
    if digest_id is None:
        return []
    for position, one in enumerate(digest.picks):
        key: dict[str, Any] = {"digest_id": digest_id, "position": position}
        session.add(t.DigestItem(**key, insight_id=one.insight.id, reasons=rows.reasons_of(one)))
        for place, other in enumerate(one.also):
            session.add(t.DigestAlso(**key, place=place, insight_id=other.insight.id))
    notices.freeze(session, digest_id, digest)
    return [digest_id]


def latest_first() -> Sequence[ColumnElement[Any]]:
    return col(t.Digest.created_at).desc(), col(t.Digest.id).desc()


def had(session: Session, channel_id: int, limit: int) -> list[Had]:
    # Each half looks up the channel's own digests: joined after the union, all channels' would be read.
    of_items = _said(t.DigestItem, literal(-1), channel_id)
    both = of_items.union_all(_said(t.DigestAlso, col(t.DigestAlso.place), channel_id)).subquery("said")
    query = (
        sa.select(t.Insight, both.c.digest_id, both.c.local_date)
        .join(both, both.c.insight_id == col(t.Insight.id))
        .order_by(both.c.created_at.desc(), both.c.digest_id.desc(), both.c.position, both.c.place)
    )
    return [
        Had(insight=rows.to_insight(insight), digest_id=digest_id, local_date=local_date)
        for insight, digest_id, local_date in session.execute(query.limit(limit))
    ]


def _said(table: Any, place: SQLColumnExpression[int], channel_id: int) -> Select[Any]:
    return (
        sa.select(
            col(table.insight_id),
            col(table.digest_id),
            col(table.position),
            place.label("place"),
            col(t.Digest.local_date),
            col(t.Digest.created_at),
        )
        .join(t.Digest, col(t.Digest.id) == col(table.digest_id))
        .where(col(t.Digest.channel_id) == channel_id)
    )


def stood_beside(channel_id: int) -> ColumnElement[bool]:
    """The insight itself stood beside another one in a digest of the channel."""
    return exists().where(
        col(t.DigestAlso.insight_id) == col(t.Insight.id),
        col(t.Digest.id) == col(t.DigestAlso.digest_id),
        col(t.Digest.channel_id) == channel_id,
    )
