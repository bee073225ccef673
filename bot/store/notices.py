"""What channels were told about their feeds, in the database: frozen with the digest that tells it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import exists, or_
from sqlmodel import Session, col, select

from bot.domain import Digest, Notice, NoticeState
from bot.store import due, rows
from bot.store import tables as t
from bot.store.clean import clean
from bot.store.database import Database


class SqlNotices:
    def __init__(self, database: Database) -> None:
        self._db = database

    def told(self, channel_id: int, now: datetime) -> dict[int, NoticeState]:
        posted = exists().where(col(t.Post.digest_id) == col(t.Digest.id))
        postable = col(t.Digest.created_at) > now - due.POSTABLE
        query = select(t.DigestNotice).join(t.Digest, col(t.Digest.id) == col(t.DigestNotice.digest_id))
        mine = query.where(col(t.Digest.channel_id) == channel_id, or_(posted, postable))
        oldest_first = mine.order_by(col(t.Digest.created_at), col(t.Digest.id))
        with self._db.read() as session:
            notices = map(rows.to_notice, session.exec(oldest_first))
            return {notice.feed_id: notice.state for notice in notices}


def freeze(session: Session, digest_id: int, digest: Digest) -> None:
    for position, notice in enumerate(clean(digest.notices)):
        session.add(t.DigestNotice(digest_id=digest_id, position=position, **rows.values(notice)))


def of(session: Session, digest_id: int) -> tuple[Notice, ...]:
    query = select(t.DigestNotice).where(col(t.DigestNotice.digest_id) == digest_id)
    return tuple(map(rows.to_notice, session.exec(query.order_by(col(t.DigestNotice.position)))))
