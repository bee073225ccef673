"""What is said about digests (threads, ratings), and what listeners must remember."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, or_
from sqlmodel import col, select

from bot.domain import Rated, Rating, Turn
from bot.store import picks, rows
from bot.store import tables as t
from bot.store.clean import clean
from bot.store.database import Database, insert


class SqlTalk:
    def __init__(self, database: Database) -> None:
        self._db = database

    def digest_at(self, channel_id: int, message_id: str) -> int | None:
        query = select(t.Post.digest_id).join(t.Digest, col(t.Digest.id) == col(t.Post.digest_id))
        here = or_(col(t.Post.message_id) == message_id, col(t.Post.thread_id) == message_id)
        with self._db.read() as session:
            return session.exec(query.where(col(t.Digest.channel_id) == channel_id, here).limit(1)).first()

    def save_turn(self, turn: Turn) -> None:
        with self._db.write() as session:
            session.add(t.Turn(**rows.of_turn(clean(turn))))

    def turns(self, digest_id: int, limit: int = 10) -> list[Turn]:
        query = select(t.Turn).where(col(t.Turn.digest_id) == digest_id).order_by(col(t.Turn.id).desc())
        with self._db.read() as session:
            return [rows.to_turn(row) for row in session.exec(query.limit(limit))][::-1]

    def turns_since(self, since: datetime) -> list[Turn]:
        asked = select(t.Turn).where(col(t.Turn.asked_at) >= since)
        with self._db.read() as session:
            ordered = asked.order_by(col(t.Turn.asked_at), col(t.Turn.id))
            return [rows.to_turn(row) for row in session.exec(ordered)]

    def rate(self, rating: Rating) -> None:
        new = rows.values(clean(rating))
        key = ["channel_id", "insight_id", "user"]
        with self._db.write() as session:
            added = insert(session, t.Rating).values(new)
            session.execute(added.on_conflict_do_update(index_elements=key, set_=new))

    def ratings(self, channel_id: int) -> list[Rating]:
        query = select(t.Rating).where(col(t.Rating.channel_id) == channel_id)
        ordered = query.order_by(col(t.Rating.rated_at), col(t.Rating.insight_id), col(t.Rating.user))
        with self._db.read() as session:
            return [rows.to_rating(row) for row in session.exec(ordered)]

    def rated(self, channel_id: int, since: datetime | None, limit: int = 500) -> list[Rated]:
        query = picks.picks().add_columns(t.Rating)
        mine = query.join(t.Rating, col(t.Rating.insight_id) == col(t.Insight.id))
        mine = mine.where(col(t.Rating.channel_id) == channel_id)
        if since is not None:
            mine = mine.where(col(t.Rating.rated_at) > since)
        latest = mine.order_by(
            col(t.Rating.rated_at).desc(), col(t.Rating.insight_id).desc(), col(t.Rating.user).desc()
        )
        with self._db.read() as session:
            return [
                Rated(rating=rows.to_rating(rating), pick=picks.pick(insight, episode, show))
                for insight, episode, show, rating in session.execute(latest.limit(limit))
            ]


class SqlNotes:
    def __init__(self, database: Database) -> None:
        self._db = database

    def first_time(self, key: str, now: datetime) -> bool:
        with self._db.write() as session:
            added = insert(session, t.Note).values(key=clean(key), noted_at=now).on_conflict_do_nothing()
            return session.execute(added.returning(col(t.Note.key))).first() is not None

    def take(self, key: str, since: datetime) -> bool:
        gone = delete(t.Note).where(col(t.Note.key) == key).returning(col(t.Note.noted_at))
        with self._db.write() as session:
            noted_at = session.execute(gone).scalar_one_or_none()
            return noted_at is not None and noted_at >= since

    def forget_notes(self, before: datetime) -> None:
        with self._db.write() as session:
            session.execute(delete(t.Note).where(col(t.Note.noted_at) < before))

    def save_secret(self, name: str, sealed: str) -> None:
        new = {"name": name, "sealed": sealed}
        with self._db.write() as session:
            added = insert(session, t.Secret).values(new)
            session.execute(added.on_conflict_do_update(index_elements=["name"], set_=new))

    def secret(self, name: str) -> str | None:
        with self._db.read() as session:
            row = session.get(t.Secret, name)
            return row.sealed if row else None

    def secrets(self, prefix: str) -> list[str]:
        query = select(t.Secret.name).where(col(t.Secret.name).startswith(prefix, autoescape=True))
        with self._db.read() as session:
            return list(session.exec(query.order_by(col(t.Secret.name))))

    def delete_secret(self, name: str) -> None:
        with self._db.write() as session:
            session.execute(delete(t.Secret).where(col(t.Secret.name) == name))
