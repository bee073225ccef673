"""Units of work as rows: claimed by compare-and-set, and finished with the result."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, case, tuple_, update
from sqlmodel import Session, col, select

from bot.domain import STAGES, UPSTREAM, Claim, Stage, WorkRow
from bot.errors import LeaseLost
from bot.store import due, rows
from bot.store import tables as t
from bot.store.clean import clean
from bot.store.database import Database, insert


def finish(session: Session, claim: Claim) -> datetime:
    """Mark the work done, first thing in the transaction that saves its result; when it was last touched.

    Coming first, it locks the row: nobody can take the work over before the result is committed.
    Raises LeaseLost, which undoes the transaction, when another worker has it (or had it since).
    """
    done = _release(claim).values(status="done", error="", not_before=None)
    touched_at: datetime | None = session.execute(done.returning(col(t.Work.touched_at))).scalar_one_or_none()
    if touched_at is None:
        raise LeaseLost(f"Another worker has taken over: {claim.stage} {claim.subject}.")
    return touched_at


def finish_all(session: Session, stage: Stage, claims: Sequence[Claim]) -> set[int]:
    """As `finish`, for several of one stage; the subjects of those that were still held."""
    fences = [(claim.subject, claim.fence) for claim in claims]
    done = update(t.Work).where(
        col(t.Work.stage) == stage,
        tuple_(col(t.Work.subject), col(t.Work.fence)).in_(fences),
        col(t.Work.lease_until).is_not(None),
    )
    done = done.values(lease_until=None, status="done", error="", not_before=None)
    return set(session.execute(done.returning(col(t.Work.subject))).scalars())


def _held(claim: Claim) -> Any:
    """The UPDATE of the row of a claim, as long as the claim holds it."""
    return update(t.Work).where(
        col(t.Work.stage) == claim.stage,
        col(t.Work.subject) == claim.subject,
        col(t.Work.fence) == claim.fence,
        col(t.Work.lease_until).is_not(None),
    )


def _release(claim: Claim) -> Any:
    return _held(claim).values(lease_until=None)


class SqlWork:
    def __init__(self, database: Database) -> None:
        self._db = database

    def pending(self, stage: Stage, now: datetime, limit: int = 100) -> list[int]:
        with self._db.read() as session:
            return list(session.execute(due.waiting(stage, now, limit)).scalars())

    def claim(self, stage: Stage, subject: int, now: datetime, lease_s: float) -> Claim | None:
        with self._db.write() as session:
            taken = session.execute(_take(session, stage, subject, now, lease_s)).one_or_none()
            # Asked after the row is locked: whoever had it before may just have done it.
            if taken is None or not session.execute(due.lacking(stage, subject, now)).scalar_one():
                session.rollback()
                return None
            return Claim(stage=stage, subject=subject, fence=taken.fence, attempt=taken.attempt)

    def claim_all(self, stage: Stage, subjects: Sequence[int], now: datetime, lease_s: float) -> list[Claim]:
        with self._db.write() as session:
            taken = (
                session.execute(_take_all(session, stage, subjects, now, lease_s)).all() if subjects else ()
            )
            ids = [row.subject for row in taken]
            if len(session.execute(due.lacking_all(stage, ids, now)).all()) == len(ids):
                return [
                    Claim(stage=stage, subject=r.subject, fence=r.fence, attempt=r.attempt) for r in taken
                ]
            session.rollback()
        claims = (self.claim(stage, subject, now, lease_s) for subject in subjects)
        return [claim for claim in claims if claim]

    def renew(self, claim: Claim, now: datetime, lease_s: float) -> bool:
        until = now + timedelta(seconds=lease_s)
        return self._update(_held(claim).values(lease_until=until, touched_at=now))

    def done(self, claim: Claim) -> None:
        with self._db.write() as session:
            finish(session, claim)

    def fail(self, claim: Claim, error: str, not_before: datetime | None, *, counts: bool = True) -> None:
        """Does nothing when the lease is lost: what the other worker makes of it counts."""
        status = "set aside" if not_before is None else "open"
        # `retry` may have set the count to nought meanwhile: no attempt is taken back from that.
        attempt = col(t.Work.attempt) - (0 if counts else 1)
        attempt = case((col(t.Work.attempt) > 0, attempt), else_=0)
        row = _release(claim).values(status=status, attempt=attempt)
        self._update(row.values(error=clean(error), not_before=not_before))

    def retry(self, stage: Stage, subject: int) -> bool:
        """False when there is no unfinished work of this name. A running attempt is left running."""
        row = update(t.Work).where(col(t.Work.stage) == stage, col(t.Work.subject) == subject)
        fresh = row.where(col(t.Work.status) != "done").values(status="open", attempt=0, not_before=None)
        return self._update(fresh)

    def is_coming(self, channel_id: int, now: datetime) -> bool:
        with self._db.read() as session:
            return any(session.execute(due.coming(stage, channel_id, now)).scalar_one() for stage in UPSTREAM)

    def work(self, *, unfinished: bool = True) -> list[WorkRow]:
        query = select(t.Work).order_by(col(t.Work.subject))
        if unfinished:
            query = query.where(col(t.Work.status) != "done")
        with self._db.read() as session:
            found = [rows.to_work(row) for row in session.exec(query)]
        return sorted(found, key=lambda row: STAGES.index(row.stage))

    def _update(self, statement: Any) -> bool:
        with self._db.write() as session:
            result = session.execute(statement)
            assert isinstance(result, CursorResult)
            return result.rowcount > 0


def _take(session: Session, stage: Stage, subject: int, now: datetime, lease_s: float) -> Any:
    return _take_all(session, stage, (subject,), now, lease_s)


def _take_all(session: Session, stage: Stage, subjects: Sequence[int], now: datetime, lease_s: float) -> Any:
    lease = {"lease_until": now + timedelta(seconds=lease_s), "touched_at": now, "status": "open"}
    fresh = {"stage": stage, "attempt": 1, "fence": 1, "error": "", "not_before": None, **lease}
    # In order: two that take some of the same must not wait for one another crosswise.
    first = insert(session, t.Work).values([{**fresh, "subject": one} for one in sorted(subjects)])
    # A round that is over is not a failed attempt: the next one counts from one again.
    attempt = case((col(t.Work.status) == "done", 1), else_=col(t.Work.attempt) + 1)
    again = {"attempt": attempt, "fence": col(t.Work.fence) + 1, "not_before": None, **lease}
    return first.on_conflict_do_update(
        index_elements=["stage", "subject"], set_=again, where=due.free(stage, now)
    ).returning(col(t.Work.subject), col(t.Work.fence), col(t.Work.attempt))
