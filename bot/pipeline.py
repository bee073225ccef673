"""The whole way from a feed to a post, one stage a method: read this file first.

    feed ─refresh→ episodes ─transcribe→ transcript ─read→ passages ─write→ insights
    ─compose→ digest ─publish→ post ─revise→ the post, corrected

Progress is what is stored. Each stage asks the store what lacks its next form, takes a lease on one unit,
makes it, and saves it with its mark in one transaction. A crash loses only the unit in hand; an expected
error sets that unit back with a next try; a bug is not swallowed: it ends the round as an ExceptionGroup,
after everything else has been done.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from bot import calendar, composing, identity, leases, rounds
from bot.domain import (
    Channel,
    Claim,
    Digest,
    Feed,
    Poll,
    Stage,
)
from bot.errors import EarmarkError, LeaseLost, PublishError, StoreError, Unreachable
from bot.making import first_transcript, write_all
from bot.ports import FeedReader, ManyFeeds, Publisher, Reader, Store, Transcriber, Writer
from bot.retries import MAX_ATTEMPTS, ONCE, PASSING, counts, next_try, worded

log = logging.getLogger(__name__)

LEASE_S = 30.0
POSTING: frozenset[Stage] = frozenset({"publish", "revise"})
RECHECK = timedelta(minutes=1)


class Engines(Protocol):
    """What does the work; each is built when it is first asked for, since models take seconds to load."""

    @property
    def feeds(self) -> FeedReader: ...
    @property
    def transcribers(self) -> Sequence[Transcriber]: ...
    @property
    def reader(self) -> Reader: ...
    @property
    def writer(self) -> Writer: ...
    def publisher(self, platform: str) -> Publisher: ...


class Pipeline:
    def __init__(
        self,
        store: Store,
        engines: Engines,
        clock: Callable[[], datetime],
        overdue: Callable[[Claim], None] = lambda claim: None,
    ) -> None:
        """`overdue` is told, from a thread, of a unit whose time is over: nothing but the end of its process
        can stop a decoder that hangs. Its lease is no longer renewed then."""
        self.store = store
        self.engines = engines
        self.clock = clock
        self.overdue = overdue
        self._in_hand: list[Claim] = []
        self._polled: list[dict[int, Claim]] = []
        self._ending = threading.Event()
        self._stages: dict[Stage, Callable[[Claim], None]] = {
            "refresh": self._refresh,
            "transcribe": self._transcribe,
            "read": self._read,
            "write": self._write,
            "compose": self._compose,
            "publish": self._publish,
            "revise": self._revise,
        }

    def run(self, stage: Stage, limit: int = 100) -> int:
        """Do up to `limit` units of a stage that are due now; how many were done. Raises as `do` does."""
        return self.do(stage, self.store.pending(stage, self.clock(), limit))

    def do(self, stage: Stage, subjects: Iterable[int]) -> int:
        """Do these units of a stage, those that are (still) due; how many were done.

        Raises StoreError, after all others have had their turn, when the database didn't take what was to be
        noted of one.
        """
        done, bugs, trouble = 0, list[Exception](), list[StoreError]()
        for unit in self._units(stage, subjects):
            try:
                done += unit()
            except StoreError as error:
                trouble.append(error)
            except Exception as error:
                log.exception("A bug in %s", stage)
                bugs.append(error)
        if bugs:
            raise ExceptionGroup(f"{stage}: {len(bugs)} of the units hit a bug", bugs)
        if trouble:
            raise trouble[0]
        return done

    def _units(self, stage: Stage, subjects: Iterable[int]) -> Iterator[Callable[[], int]]:
        feeds = self.engines.feeds if stage == "refresh" else None
        if not isinstance(feeds, ManyFeeds):
            return (partial(self._one, stage, subject) for subject in subjects)
        return rounds.units(
            self.store,
            feeds,
            subjects,
            claim=partial(self._claim_all, stage),
            keep=lambda claim, *polled: self._guarded(claim, lambda: self._keep(claim, *polled)),
            leased=self._leased,
            clock=self.clock,
        )

    def _claim_all(self, stage: Stage, subjects: list[int]) -> list[Claim]:
        ending = self._ending.is_set()
        return [] if ending else self.store.claim_all(stage, subjects, self.clock(), LEASE_S)

    @contextmanager
    def _leased(self, held: dict[int, Claim]) -> Iterator[None]:
        self._polled.append(held)
        try:
            with leases.held_all(self.store, held, LEASE_S, self.clock, self.overdue):
                yield
        finally:
            self._polled.remove(held)

    def _one(self, stage: Stage, subject: int) -> bool:
        if self._ending.is_set():
            return False
        claim = self.store.claim(stage, subject, self.clock(), LEASE_S)
        if claim is None:
            return False
        if claim.attempt > MAX_ATTEMPTS and stage in ONCE:
            self.store.fail(claim, f"The process ended {MAX_ATTEMPTS} times while working on it.", None)
            return False
        self._in_hand.append(claim)
        try:
            with self._lease(claim):
                return self._guarded(claim, lambda: self._stages[stage](claim))
        finally:
            self._in_hand.remove(claim)

    def settle(self, grace_s: float) -> None:
        """Begin nothing more; wait so long at most for posts that are under way. What is broken off in the
        middle of a post may stand a moment later: whoever looks for it before that sends it again."""
        self._ending.set()
        until = time.monotonic() + grace_s
        while any(claim.stage in POSTING for claim in self._in_hand) and time.monotonic() < until:
            time.sleep(0.02)

    def let_go(self) -> None:
        """Give back what is in hand, uncounted: that this process is told to end is no fault of theirs."""
        self._ending.set()
        polled = (claim for held in tuple(self._polled) for claim in tuple(held.values()))
        for claim in (*self._in_hand, *polled):
            self.store.fail(claim, "", self.clock(), counts=False)

    def _guarded(self, claim: Claim, work: Callable[[], None]) -> bool:
        """Whether it was done; if not, the unit is given back with what was wrong. Bugs are raised again."""
        try:
            work()
        except LeaseLost:
            log.warning("%s %s was taken over by another worker", claim.stage, claim.subject)
            return False
        except EarmarkError as error:
            self._give_back(claim, error)
            return False
        except OSError as error:
            self._give_back(claim, worded(error))
            return False
        except Exception as error:
            log.error("A bug in %s %s", claim.stage, claim.subject)
            self._give_back(claim, EarmarkError(f"A bug ({type(error).__name__}); see the log."))
            raise
        return True

    def _give_back(self, claim: Claim, error: EarmarkError) -> None:
        log.warning("%s %s: %s", claim.stage, claim.subject, error)
        now = self.clock()
        if error.passing and not counts(claim.stage, error, self._first_seen_at(claim), now):
            return self.store.fail(claim, str(error), now + PASSING, counts=False)
        attempt = max(MAX_ATTEMPTS, claim.attempt) if error.permanent else claim.attempt
        again = next_try(claim.stage, attempt, now)
        if again and isinstance(error, PublishError) and error.retry_after_s:
            again = max(again, now + timedelta(seconds=error.retry_after_s))
        self.store.fail(claim, str(error), again)

    def _first_seen_at(self, claim: Claim) -> datetime | None:
        return self.store.episode(claim.subject).first_seen_at if claim.stage in ONCE else None

    def _lease(self, claim: Claim) -> AbstractContextManager[None]:
        return leases.held(self.store, claim, LEASE_S, self.clock, self.overdue)

    def _refresh(self, claim: Claim) -> None:
        feed = self.store.feed(claim.subject)
        self._keep(claim, feed, self.engines.feeds.poll(feed, self.clock()))

    def _keep(self, claim: Claim, feed: Feed, poll: Poll | Exception) -> None:
        if isinstance(poll, Exception):
            raise poll
        known, now = self.store.episodes(feed.id), self.clock()
        first = not known or feed.checked_at is None
        changes = identity.merge(known, poll.episodes or (), first=first, backfill=feed.backfill, now=now)
        self.store.save_poll(claim, poll.feed, changes)

    def _transcribe(self, claim: Claim) -> None:
        episode = self.store.episode(claim.subject)
        self.store.save_transcript(claim, episode.id, first_transcript(self.engines.transcribers, episode))

    def _read(self, claim: Claim) -> None:
        transcript = self.store.transcript(claim.subject)
        assert transcript is not None, "pending('read') names only episodes with a transcript"
        self.store.save_reading(claim, claim.subject, self.engines.reader.read(transcript))

    def _write(self, claim: Claim) -> None:
        episode = self.store.episode(claim.subject)
        transcript, reading = self.store.transcript(episode.id), self.store.reading(episode.id)
        assert transcript is not None and reading is not None, "pending('write') names only read episodes"
        insights = write_all(self.engines.writer, transcript, reading, episode)
        self.store.save_insights(claim, episode.id, insights, self.clock())

    def _compose(self, claim: Claim) -> None:
        channel, now = self.store.channel(claim.subject), self.clock()
        due_at = channel.next_post_at or now
        slot = calendar.last_slot(channel, now, calendar.LATE_S) or due_at
        made = None if calendar.is_missed(slot, now) else self.digest_for(channel, slot)
        if composing.worth_waiting(self.store, channel, made, now):
            self.store.save_digest(claim, None, replace(channel, next_post_at=now + RECHECK))
        else:
            later = replace(channel, next_post_at=calendar.next_post_at(channel, now))
            self.store.save_digest(claim, made, later)

    def compose_now(self, channel: Channel) -> Digest | None:
        """A digest outside the schedule, as a further part of today's; None when there is nothing to say."""
        now = self.clock()
        # Only due work can be claimed, which keeps two composers from one channel: so make it due.
        due = self.store.save_channel(replace(channel, next_post_at=now))
        claim = self.store.claim("compose", channel.id, now, LEASE_S)
        if claim is None:
            raise EarmarkError(f"{channel.name} is paused, or another process composes for it just now.")
        today = calendar.local_date(channel, now)
        parts = [d.part for d in self.store.digests(channel.id) if d.local_date == today]
        with self._lease(claim):
            made = self.digest_for(channel, now, part=max(parts, default=-1) + 1)
            self.store.save_digest(claim, made, replace(due, next_post_at=calendar.next_post_at(due, now)))
        return made

    def digest_for(self, channel: Channel, due_at: datetime, part: int = 0) -> Digest | None:
        """What `channel` would get for the slot `due_at`; None when there is nothing to say."""
        return composing.digest_for(self.store, channel, due_at, self.clock(), part)

    def _publish(self, claim: Claim) -> None:
        made = self.store.digest(claim.subject)
        channel = self.store.channel(made.channel_id)
        publisher = self.engines.publisher(channel.platform)
        # A crash or a lost reply may have left the post there without its mark: look before sending again.
        # The fence tells, not the attempt, which `retry` counts from one again.
        with self._reaching(channel):
            post = publisher.find(channel, made) if claim.fence > 1 else None
            if post is None:
                self._still_ours(claim)
            self.store.save_post(claim, post or publisher.publish(channel, made))

    def _revise(self, claim: Claim) -> None:
        # Asked before the digest is: what is decided while it is being sent goes on waiting.
        waiting = self.store.revisions(claim.subject)
        made, post = self.store.digest(claim.subject), self.store.post(claim.subject)
        assert post is not None, "pending('revise') names only digests that are posted"
        channel = self.store.channel(made.channel_id)
        with self._reaching(channel):
            self._still_ours(claim)
            self.engines.publisher(channel.platform).revise(channel, made, post)
        self.store.save_revision(claim, waiting)

    def _still_ours(self, claim: Claim) -> None:
        """Asked last thing before sending: this process may have slept while another one did it."""
        if not self.store.renew(claim, self.clock(), LEASE_S):
            raise LeaseLost(f"Another worker has taken over: {claim.stage} {claim.subject}.")

    @contextmanager
    def _reaching(self, channel: Channel) -> Iterator[None]:
        """A channel that can't be reached is noted so, and left alone until somebody mends it: no storm."""
        try:
            yield
        except Unreachable as error:
            self.store.save_channel(replace(self.store.channel(channel.id), trouble=str(error)))
            raise
