"""Channels, what they follow, and what they have had."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, update
from sqlmodel import Session, col, select

from bot.domain import Channel, Claim, Digest, Had, Pick, Post, Subscription
from bot.errors import StoreError
from bot.store import due, picks, rows
from bot.store import tables as t
from bot.store.clean import clean
from bot.store.database import Database, insert
from bot.store.errata import is_withdrawn_near
from bot.store.work import finish


class SqlChannels:
    def __init__(self, database: Database) -> None:
        self._db = database

    def save_channel(self, channel: Channel) -> Channel:
        new = rows.of_channel(clean(channel))
        with self._db.write() as session:
            added = insert(session, t.Channel).values(new)
            known = added.on_conflict_do_update(index_elements=["platform", "workspace", "name"], set_=new)
            channel_id = session.execute(known.returning(col(t.Channel.id))).scalar_one()
            return rows.to_channel(_channel(session, channel_id))

    def find_channel(self, platform: str, workspace: str, name: str) -> Channel | None:
        query = select(t.Channel).where(*_in_workspace(platform, workspace), col(t.Channel.name) == name)
        with self._db.read() as session:
            row = session.exec(query).one_or_none()
            return rows.to_channel(row) if row else None

    def channel(self, channel_id: int) -> Channel:
        with self._db.read() as session:
            return rows.to_channel(_channel(session, channel_id))

    def forget_workspace(self, platform: str, workspace: str) -> int:
        with self._db.write() as session:
            return forget(session, platform, workspace)

    def channels(self) -> list[Channel]:
        with self._db.read() as session:
            return [
                rows.to_channel(row) for row in session.exec(select(t.Channel).order_by(col(t.Channel.id)))
            ]

    def subscribe(self, subscription: Subscription) -> bool:
        key = subscription.channel_id, subscription.feed_id
        with self._db.write() as session:
            is_new = session.get(t.Subscription, key) is None
            session.merge(t.Subscription(**rows.values(subscription)))
            return is_new

    def unsubscribe(self, channel_id: int, feed_id: int) -> bool:
        """The feed and what was made of it stay; without a subscription it is no longer polled."""
        gone = delete(t.Subscription).where(
            col(t.Subscription.channel_id) == channel_id, col(t.Subscription.feed_id) == feed_id
        )
        with self._db.write() as session:
            return session.execute(gone.returning(col(t.Subscription.feed_id))).one_or_none() is not None

    def subscriptions(self, channel_id: int | None = None) -> list[Subscription]:
        query = select(t.Subscription).order_by(col(t.Subscription.channel_id), col(t.Subscription.feed_id))
        if channel_id is not None:
            query = query.where(col(t.Subscription.channel_id) == channel_id)
        with self._db.read() as session:
            return [rows.to_subscription(row) for row in session.exec(query)]

    def backlog(self, channel_id: int, since: datetime) -> list[Pick]:
        fresh = and_(
            col(t.Insight.created_at) > since,
            _news(channel_id),
            ~_had_of_episode(channel_id),
            ~picks.stood_beside(channel_id),
            ~is_withdrawn_near(channel_id),
        )
        query = picks.picks().where(fresh).order_by(col(t.Insight.score).desc(), col(t.Insight.id))
        with self._db.read() as session:
            return [picks.pick(*found) for found in session.execute(query)]

    def had(self, channel_id: int, limit: int = 200) -> list[Had]:
        with self._db.read() as session:
            return picks.had(session, channel_id, limit)

    def scanned(self, channel_id: int, since: datetime) -> tuple[int, float]:
        seconds = func.coalesce(col(t.Transcript.duration_s), col(t.Episode.duration_s), 0.0)
        query = sa.select(func.count(), func.coalesce(func.sum(seconds), 0.0)).select_from(t.Reading)
        read = query.join(t.Episode, col(t.Episode.id) == col(t.Reading.episode_id)).outerjoin(
            t.Transcript, col(t.Transcript.episode_id) == col(t.Episode.id)
        )
        with self._db.read() as session:
            found = session.execute(read.where(col(t.Reading.read_at) > since, _news(channel_id))).one()
            return int(found[0]), float(found[1]) / 3600

    def save_digest(self, claim: Claim, digest: Digest | None, channel: Channel) -> None:
        """Of the channel only `next_post_at` is saved: people may have changed the rest meanwhile."""
        moved = update(t.Channel).where(col(t.Channel.id) == claim.subject)
        with self._db.write() as session:
            finish(session, claim)
            session.execute(moved.values(next_post_at=channel.next_post_at))
            if digest is not None:
                self._db.wake(session, "publish", picks.freeze(session, digest))

    def digest(self, digest_id: int) -> Digest:
        with self._db.read() as session:
            row = session.get(t.Digest, digest_id)
            if row is None:
                raise StoreError(f"There is no digest {digest_id}.")
            return picks.with_picks(session, row)

    def digests(self, channel_id: int, limit: int = 10) -> list[Digest]:
        query = select(t.Digest).where(col(t.Digest.channel_id) == channel_id)
        with self._db.read() as session:
            found = session.exec(query.order_by(*picks.latest_first()).limit(limit)).all()
            return [picks.with_picks(session, row) for row in found]

    def save_post(self, claim: Claim, post: Post) -> None:
        """A second post of one digest is not stored (the first one stands)."""
        with self._db.write() as session:
            finish(session, claim)
            session.execute(insert(session, t.Post).values(rows.values(clean(post))).on_conflict_do_nothing())

    def post(self, digest_id: int) -> Post | None:
        with self._db.read() as session:
            row = session.get(t.Post, digest_id)
            return rows.to_post(row) if row else None


def _in_workspace(platform: str, workspace: str) -> tuple[ColumnElement[bool], ...]:
    return col(t.Channel.platform) == platform, col(t.Channel.workspace) == workspace


def _channel(session: Session, channel_id: int) -> t.Channel:
    row = session.get(t.Channel, channel_id)
    if row is None:
        raise StoreError(f"There is no channel {channel_id}.")
    return row


def forget(session: Session, platform: str, workspace: str) -> int:
    """Delete the channels of a workspace with all that is theirs alone, children first."""
    channels = select(t.Channel.id).where(*_in_workspace(platform, workspace))
    digests = select(t.Digest.id).where(col(t.Digest.channel_id).in_(channels))
    errata = select(t.Erratum.id).where(col(t.Erratum.channel_id).in_(channels))
    for table, parent, ids in (
        (t.Revision, t.Revision.digest_id, digests),
        (t.Revision, t.Revision.erratum_id, errata),
        (t.Erratum, t.Erratum.channel_id, channels),
        (t.Flag, t.Flag.channel_id, channels),
        (t.Turn, t.Turn.digest_id, digests),
        (t.Post, t.Post.digest_id, digests),
        (t.DigestAlso, t.DigestAlso.digest_id, digests),
        (t.DigestItem, t.DigestItem.digest_id, digests),
        (t.DigestNotice, t.DigestNotice.digest_id, digests),
        (t.Rating, t.Rating.channel_id, channels),
        (t.Digest, t.Digest.channel_id, channels),
        (t.Subscription, t.Subscription.channel_id, channels),
    ):
        session.execute(delete(table).where(col(parent).in_(ids)))
    for stage, ids in (("compose", channels), ("publish", digests), ("revise", digests)):
        session.execute(delete(t.Work).where(col(t.Work.stage) == stage, col(t.Work.subject).in_(ids)))
    gone = delete(t.Channel).where(*_in_workspace(platform, workspace)).returning(col(t.Channel.id))
    return len(session.execute(gone).all())


def _news(channel_id: int) -> ColumnElement[bool]:
    """The channel follows the episode's feed, and did when it came out; undated episodes count as news."""
    published, since = due.dated(), col(t.Subscription.since)
    return exists().where(
        col(t.Subscription.channel_id) == channel_id,
        col(t.Subscription.feed_id) == col(t.Episode.feed_id),
        or_(since.is_(None), published.is_(None), published >= since),
    )


def _had_of_episode(channel_id: int) -> ColumnElement[bool]:
    """Some insight of the episode is in a digest of the channel."""
    other = t.Insight.__table__.alias()  # type: ignore[attr-defined]
    return exists().where(
        other.c.episode_id == col(t.Episode.id),
        col(t.DigestItem.insight_id) == other.c.id,
        col(t.Digest.id) == col(t.DigestItem.digest_id),
        col(t.Digest.channel_id) == channel_id,
    )
