"""Keeps the lease on a unit of work while it is done, and tells when it takes longer than it may."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from bot.domain import Claim, Stage
from bot.errors import EarmarkError
from bot.ports.episodes import WorkStore

log = logging.getLogger(__name__)

HOUR_S = 3600.0
# After this a unit counts as hung. Transcription: six hours of audio at half the speed of speech.
LIMIT_S: dict[Stage, float] = {
    "refresh": HOUR_S / 4,
    "transcribe": 12 * HOUR_S,
    "read": HOUR_S,
    "write": 4 * HOUR_S,
    "compose": HOUR_S / 4,
    "publish": HOUR_S / 4,
    "revise": HOUR_S / 4,
}


@contextmanager
def held_all(
    store: WorkStore,
    claims: Mapping[int, Claim],
    lease_s: float,
    clock: Callable[[], datetime],
    overdue: Callable[[Claim], None],
) -> Iterator[None]:
    """As `held`, for all that is in `claims` by subject, which changes as work is taken and done."""
    stop, since = threading.Event(), dict[Claim, float]()

    def renew() -> None:
        while not stop.wait(lease_s / 3):
            for claim in tuple(claims.values()):
                if time.monotonic() - since.setdefault(claim, time.monotonic()) < LIMIT_S[claim.stage]:
                    _renew(store, claim, clock(), lease_s)
                else:
                    overdue(claim)

    thread = threading.Thread(target=renew, daemon=True, name="leases")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _renew(store: WorkStore, claim: Claim, now: datetime, lease_s: float) -> None:
    try:
        store.renew(claim, now, lease_s)
    except EarmarkError as error:
        log.warning("Renewing the lease on %s %s: %s", claim.stage, claim.subject, error)


@contextmanager
def held(
    store: WorkStore,
    claim: Claim,
    lease_s: float,
    clock: Callable[[], datetime],
    overdue: Callable[[Claim], None],
) -> Iterator[None]:
    """Renew the lease from a thread while the block runs, a third of its length apart.

    When the unit's time is over, the lease is left to run out and `overdue` is called from that thread.
    """
    stop = threading.Event()

    def renew() -> None:
        ends_at = time.monotonic() + LIMIT_S[claim.stage]
        while not stop.wait(lease_s / 3):
            if time.monotonic() > ends_at:
                log.error("%s %s takes longer than it may", claim.stage, claim.subject)
                overdue(claim)
                return
            _renew(store, claim, clock(), lease_s)

    thread = threading.Thread(target=renew, daemon=True, name=f"lease {claim.stage} {claim.subject}")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
