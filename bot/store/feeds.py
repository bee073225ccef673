"""Feeds and episodes in the database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, update
from sqlmodel import Session, col, select

from bot.domain import Changes, Claim, Episode, Feed
from bot.errors import StoreError
from bot.store import due, rows
from bot.store import tables as t
from bot.store.clean import clean, plausible
from bot.store.database import Database, insert
from bot.store.work import finish, finish_all


class SqlFeeds:
    def __init__(self, database: Database) -> None:
        self._db = database

    def add_feed(self, feed: Feed) -> Feed:
        with self._db.write() as session:
            added = insert(session, t.Feed).values(rows.of_feed(clean(feed)))
            known = added.on_conflict_do_update(
                index_elements=["url"], set_={"sealed": added.excluded.sealed}
            )
            feed_id = session.execute(known.returning(col(t.Feed.id))).scalar_one()
            return rows.to_feed(_feed(session, feed_id))

    def save_feed(self, feed: Feed) -> None:
        with self._db.write() as session:
            _feed(session, feed.id)
            _overwrite(session, feed)

    def feed(self, feed_id: int) -> Feed:
        with self._db.read() as session:
            return rows.to_feed(_feed(session, feed_id))

    def feeds(self, ids: Sequence[int] | None = None) -> list[Feed]:
        query = select(t.Feed).order_by(col(t.Feed.id))
        query = query if ids is None else query.where(col(t.Feed.id).in_(ids))
        with self._db.read() as session:
            return [rows.to_feed(row) for row in session.exec(query)]

    def due_feeds(self, now: datetime, limit: int = 100) -> list[int]:
        query, _ = due.candidates("refresh", now)
        with self._db.read() as session:
            return list(session.execute(query.limit(limit)).scalars())

    def episode(self, episode_id: int) -> Episode:
        with self._db.read() as session:
            return _episode(session, episode_id)

    def episodes(self, feed_id: int) -> list[Episode]:
        query = with_show().where(col(t.Episode.feed_id) == feed_id).order_by(*due.newest_first())
        with self._db.read() as session:
            return [rows.to_episode(row, show) for row, show in session.execute(query)]

    def save_episode(self, episode: Episode) -> Episode:
        with self._db.write() as session:
            episode_id = _save(session, episode)
            return _episode(session, episode_id)

    def save_poll(self, claim: Claim, feed: Feed, changes: Changes) -> None:
        """A feed that has been paused meanwhile stays paused; one that moved to the address of another
        known feed keeps its own."""
        with self._db.write() as session:
            finish(session, claim)
            stored = rows.to_feed(_feed(session, claim.subject))
            status = feed.status if stored.status == "active" else stored.status
            _overwrite(session, replace(feed, id=claim.subject, status=status))
            saved = _save_all(session, claim.subject, (*changes.new, *changes.updated))
            self._db.wake(session, "transcribe", saved)

    def save_unchanged(self, polls: Sequence[tuple[Claim, Feed]]) -> int:
        with self._db.write() as session:
            held = finish_all(session, "refresh", [claim for claim, _ in polls])
            new = [_state(feed) for claim, feed in polls if claim.subject in held]
            if new:
                session.execute(update(t.Feed), new)
            return len(new)


def _state(feed: Feed) -> dict[str, Any]:
    """All but what people and moves change."""
    return {k: v for k, v in rows.values(clean(feed)).items() if k not in ("url", "sealed", "status")}


def with_show() -> Select[t.Episode, str]:
    """Episodes, each with the title of its feed."""
    query = sa.select(t.Episode, col(t.Feed.title))
    return query.join(t.Feed, col(t.Feed.id) == col(t.Episode.feed_id))


def _feed(session: Session, feed_id: int) -> t.Feed:
    row = session.get(t.Feed, feed_id)
    if row is None:
        raise StoreError(f"There is no feed {feed_id}.")
    return row


def _episode(session: Session, episode_id: int) -> Episode:
    found = session.execute(with_show().where(col(t.Episode.id) == episode_id)).one_or_none()
    if found is None:
        raise StoreError(f"There is no episode {episode_id}.")
    return rows.to_episode(*found)


def _overwrite(session: Session, feed: Feed) -> None:
    new = rows.of_feed(clean(feed))
    other = select(t.Feed.id).where(col(t.Feed.url) == new["url"], col(t.Feed.id) != feed.id)
    if session.exec(other).first() is not None:
        del new["url"], new["sealed"]
    session.execute(update(t.Feed).where(col(t.Feed.id) == feed.id).values(new))


def _save_all(session: Session, feed_id: int, episodes: Iterable[Episode]) -> list[int]:
    """The ids of those that are wanted."""
    saved = [(_save(session, replace(one, feed_id=feed_id)), one.status) for one in episodes]
    return [id_ for id_, status in saved if status == "wanted"]


def _save(session: Session, episode: Episode) -> int:
    new = rows.of_episode(clean(plausible(episode)))
    if episode.id:
        session.execute(update(t.Episode).where(col(t.Episode.id) == episode.id).values(new))
        return episode.id
    added = insert(session, t.Episode).values(new).returning(col(t.Episode.id))
    return int(session.execute(added).scalar_one())
