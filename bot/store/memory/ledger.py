"""Rows of work in a dict, for MemoryStore: what SqlWork does in SQL. Not locked: its owner is."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain import STAGES, Claim, Stage, WorkRow
from bot.errors import LeaseLost

# As in due.py, which can't be imported without SQLModel.
_REPEATABLE = frozenset({"refresh", "compose", "revise"})


class Ledger:
    def __init__(self) -> None:
        self._rows: dict[tuple[Stage, int], WorkRow] = {}
        self._touched: dict[tuple[Stage, int], datetime] = {}

    def free(self, stage: Stage, subject: int, now: datetime) -> bool:
        """It may be claimed: no live lease, no wait, neither set aside nor done for good."""
        row = self._rows.get((stage, subject))
        return row is None or (
            (row.status == "open" or (row.status == "done" and stage in _REPEATABLE))
            and (row.lease_until is None or row.lease_until <= now)
            and (row.not_before is None or row.not_before <= now)
        )

    def is_held(self, stage: Stage, subject: int, now: datetime) -> bool:
        row = self._rows.get((stage, subject))
        return row is not None and row.lease_until is not None and row.lease_until > now

    def claim(self, stage: Stage, subject: int, now: datetime, lease_s: float) -> Claim:
        row = self._rows.get((stage, subject))
        attempt = 1 if row is None or row.status == "done" else row.attempt + 1
        claim = Claim(stage=stage, subject=subject, fence=row.fence + 1 if row else 1, attempt=attempt)
        self._rows[stage, subject] = WorkRow(
            stage=stage,
            subject=subject,
            status="open",
            attempt=attempt,
            fence=claim.fence,
            lease_until=now + timedelta(seconds=lease_s),
            not_before=None,
            error=row.error if row else "",
        )
        self._touched[stage, subject] = now
        return claim

    def holds(self, claim: Claim) -> bool:
        row = self._rows.get((claim.stage, claim.subject))
        return row is not None and row.fence == claim.fence and row.lease_until is not None

    def renew(self, claim: Claim, now: datetime, lease_s: float) -> bool:
        if not self.holds(claim):
            return False
        key = claim.stage, claim.subject
        self._rows[key] = replace(self._rows[key], lease_until=now + timedelta(seconds=lease_s))
        self._touched[key] = now
        return True

    def finish(self, claim: Claim) -> datetime:
        """Marks it done; when it was last touched. Raises LeaseLost before anything is saved."""
        if not self.holds(claim):
            raise LeaseLost(f"Another worker has taken over: {claim.stage} {claim.subject}.")
        key = claim.stage, claim.subject
        self._rows[key] = replace(self._rows[key], status="done", lease_until=None, error="")
        return self._touched[key]

    def fail(self, claim: Claim, error: str, not_before: datetime | None, counts: bool) -> None:
        if not self.holds(claim):
            return
        key = claim.stage, claim.subject
        row = self._rows[key]
        self._rows[key] = replace(
            row,
            status="set aside" if not_before is None else "open",
            attempt=row.attempt if counts else max(0, row.attempt - 1),
            lease_until=None,
            not_before=not_before,
            error=error,
        )

    def retry(self, stage: Stage, subject: int) -> bool:
        row = self._rows.get((stage, subject))
        if row is None or row.status == "done":
            return False
        self._rows[stage, subject] = replace(row, status="open", attempt=0, not_before=None)
        return True

    def rows(self) -> list[WorkRow]:
        rows = (replace(row, touched_at=self._touched.get(key)) for key, row in self._rows.items())
        return sorted(rows, key=lambda row: (STAGES.index(row.stage), row.subject))
