"""Flags, decisions about them, and the posts that don't show these yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, or_, select, update
from sqlmodel import Session, col

from bot.domain import Claim, Erratum, Flag
from bot.store import rows
from bot.store import tables as t
from bot.store.clean import clean
from bot.store.database import Database, insert
from bot.store.work import finish


class SqlErrata:
    def __init__(self, database: Database) -> None:
        self._db = database

    def flag(self, flag: Flag) -> Flag:
        new = rows.values(clean(flag), "id")
        with self._db.write() as session:
            added = insert(session, t.Flag).values(new)
            key = ["channel_id", "insight_id", "user"]
            known = added.on_conflict_do_update(index_elements=key, set_=new)
            return replace(flag, id=session.execute(known.returning(col(t.Flag.id))).scalar_one())

    def flags(self, channel_id: int | None = None) -> list[Flag]:
        query = select(t.Flag).order_by(col(t.Flag.id))
        if channel_id is not None:
            query = query.where(col(t.Flag.channel_id) == channel_id)
        with self._db.read() as session:
            return [rows.to_flag(row) for row in session.execute(query).scalars()]

    def decide(self, erratum: Erratum) -> Erratum:
        with self._db.write() as session:
            row = t.Erratum(**rows.values(clean(erratum), "id"))
            before = shown(session, [erratum.insight_id], erratum.channel_id)
            session.add(row)
            session.flush()
            stored = rows.to_erratum(row)
            _settle(session, stored)
            if erratum.verdict != "dismissed" or before:
                self._db.wake(session, "revise", _note(session, stored))
            return stored

    def errata(self, insight_ids: Sequence[int], channel_id: int | None = None) -> dict[int, Erratum]:
        with self._db.read() as session:
            return shown(session, insight_ids, channel_id)

    def decided(self) -> list[Erratum]:
        with self._db.read() as session:
            found = session.execute(select(t.Erratum).order_by(col(t.Erratum.id))).scalars()
            return [rows.to_erratum(row) for row in found]

    def revisions(self, digest_id: int) -> list[int]:
        query = select(col(t.Revision.erratum_id)).where(col(t.Revision.digest_id) == digest_id)
        with self._db.read() as session:
            return list(session.execute(query.order_by(col(t.Revision.erratum_id))).scalars())

    def save_revision(self, claim: Claim, erratum_ids: Sequence[int]) -> None:
        gone = delete(t.Revision).where(col(t.Revision.digest_id) == claim.subject)
        with self._db.write() as session:
            finish(session, claim)
            session.execute(gone.where(col(t.Revision.erratum_id).in_(erratum_ids)))


def shown(session: Session, insight_ids: Sequence[int], channel_id: int | None) -> dict[int, Erratum]:
    """See ports.ErrataStore.errata."""
    here = col(t.Erratum.channel_id) == channel_id if channel_id is not None else None
    for_all = col(t.Erratum.channel_id).is_(None)
    query = select(t.Erratum).where(col(t.Erratum.insight_id).in_(insight_ids))
    query = query.where(for_all if here is None else or_(for_all, here))
    # Those for all last: they count more.
    latest = query.order_by(for_all, col(t.Erratum.id))
    found = {row.insight_id: rows.to_erratum(row) for row in session.execute(latest).scalars()}
    return {id_: erratum for id_, erratum in found.items() if erratum.verdict != "dismissed"}


def is_withdrawn_near(channel_id: int) -> ColumnElement[bool]:
    """The insight was found wrong for all, in the channel, or in another one of its workspace.

    Conversations outside a workspace ("") have nothing to do with one another.
    """
    later, mine = t.Erratum.__table__.alias(), t.Channel.__table__.alias()  # type: ignore[attr-defined]
    near = (
        select(col(t.Channel.id))
        .join(mine, (mine.c.platform == col(t.Channel.platform)) & (mine.c.workspace == t.Channel.workspace))
        .where(mine.c.id == channel_id, or_(col(t.Channel.workspace) != "", col(t.Channel.id) == channel_id))
    )
    revoked = exists().where(
        later.c.insight_id == col(t.Erratum.insight_id),
        later.c.channel_id == col(t.Erratum.channel_id),
        later.c.id > col(t.Erratum.id),
        later.c.verdict == "dismissed",
    )
    return exists().where(
        col(t.Erratum.insight_id) == col(t.Insight.id),
        col(t.Erratum.verdict) != "dismissed",
        or_(col(t.Erratum.channel_id).is_(None), col(t.Erratum.channel_id).in_(near)),
        ~revoked,
    )


def _settle(session: Session, erratum: Erratum) -> None:
    """The open flags that the decision is about; those that are settled keep what was decided then."""
    row = update(t.Flag).where(col(t.Flag.insight_id) == erratum.insight_id, col(t.Flag.status) == "open")
    if erratum.channel_id is not None:
        row = row.where(col(t.Flag.channel_id) == erratum.channel_id)
    session.execute(row.values(status=erratum.verdict))


def _note(session: Session, erratum: Erratum) -> list[int]:
    """Note the edits that are due now, also of digests that are not posted yet; their digests."""
    digests = sorted({id_ for table in (t.DigestItem, t.DigestAlso) for id_ in _of(session, table, erratum)})
    for digest_id in digests:
        session.add(t.Revision(digest_id=digest_id, erratum_id=erratum.id))
    # What was given up on begins anew.
    old = update(t.Work).where(col(t.Work.stage) == "revise", col(t.Work.subject).in_(digests))
    session.execute(old.where(col(t.Work.status) != "done").values(status="open", attempt=0, not_before=None))
    return digests


def _of(session: Session, table: Any, erratum: Erratum) -> Sequence[int]:
    """The digests that hold its insight, in that table."""
    query = select(col(table.digest_id)).where(col(table.insight_id) == erratum.insight_id)
    if erratum.channel_id is not None:
        query = query.join(t.Digest, col(t.Digest.id) == col(table.digest_id))
        query = query.where(col(t.Digest.channel_id) == erratum.channel_id)
    return list(session.execute(query).scalars())
