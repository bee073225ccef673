"""The work contract as a state machine: any order of claims, renewals, failures and saves by three workers
over both stores, which must always agree with each other and with the rules."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from bot.domain import Channel, Claim, Feed, Stage, Subscription
from bot.errors import LeaseLost
from bot.ports import Store
from bot.store.memory import MemoryStore
from bot.store.sql import SqlStore
from tests.store_kit import LEASE_S, NOW, READING, TRANSCRIPT, World, _migrated, episode, insight

EPISODES = 2
STAGES: tuple[Stage, ...] = ("transcribe", "read", "write")
Both = tuple[Claim, Claim]


class WorkMachine(RuleBasedStateMachine):
    """Ids differ between the stores: `ids` holds each one's, in the same order."""

    claims: Bundle[Both] = Bundle("claims")

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        file = Path(self.folder.name) / "e.db"
        file.write_bytes(_migrated())
        self.worlds = [_world(MemoryStore()), _world(SqlStore.open(str(file)))]
        self.ids = [world.add(*(episode(n) for n in range(EPISODES))) for world in self.worlds]
        self.now = NOW
        self.saved: dict[tuple[Stage, int], int] = {}
        self.fences: dict[tuple[Stage, int], int] = {}

    def teardown(self) -> None:
        for world in self.worlds:
            world.store.close()
        self.folder.cleanup()

    def both(self, ask: Callable[[Store, int], Any]) -> tuple[Any, Any]:
        return ask(self.worlds[0].store, 0), ask(self.worlds[1].store, 1)

    @rule(seconds=st.sampled_from([1, 20, 31, 400]))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(back=st.sampled_from([5, 3600]))
    def clock_goes_back(self, back: int) -> None:
        self.now -= timedelta(seconds=back)

    @rule(target=claims, stage=st.sampled_from(STAGES), number=st.integers(0, EPISODES - 1))
    def claim(self, stage: Stage, number: int) -> Any:
        was = self.row(stage, number)
        first, second = self.both(lambda s, n: s.claim(stage, self.ids[n][number], self.now, LEASE_S))
        assert (first is None) == (second is None)
        if first is None:
            return multiple()
        assert (first.fence, first.attempt) == (second.fence, second.attempt)
        assert first.fence == self.fences.get((stage, number), 0) + 1, "a fence never comes twice"
        if was is not None:
            assert was.status == "open" and (was.lease_until is None or was.lease_until <= self.now)
            assert was.not_before is None or was.not_before <= self.now
        self.fences[stage, number] = first.fence
        return first, second

    @rule(claim=claims)
    def renew(self, claim: Both) -> None:
        first, second = self.both(lambda s, n: s.renew(claim[n], self.now, LEASE_S))
        assert first == second == self.holds(claim[0])

    @rule(claim=claims, again=st.sampled_from([None, 0, 300]), counts=st.booleans())
    def fail(self, claim: Both, again: int | None, counts: bool) -> None:
        until = None if again is None else self.now + timedelta(seconds=again)
        self.both(lambda s, n: s.fail(claim[n], "Not now.", until, counts=counts))

    @rule(claim=claims)
    def save(self, claim: Both) -> None:
        held = self.holds(claim[0])
        done = self.both(lambda s, n: _saved(self.worlds[n], claim[n]))
        assert done == (held, held), "who holds the lease saves, and nobody else"
        if held:
            unit = claim[0].stage, self.ids[0].index(claim[0].subject)
            self.saved[unit] = self.saved.get(unit, 0) + 1

    @rule(stage=st.sampled_from(STAGES), number=st.integers(0, EPISODES - 1))
    def retry(self, stage: Stage, number: int) -> None:
        first, second = self.both(lambda s, n: s.retry(stage, self.ids[n][number]))
        assert first == second

    def row(self, stage: Stage, number: int) -> Any:
        rows = self.worlds[0].store.work(unfinished=False)
        return next((r for r in rows if (r.stage, r.subject) == (stage, self.ids[0][number])), None)

    def holds(self, claim: Claim) -> bool:
        row = self.row(claim.stage, self.ids[0].index(claim.subject))
        return row.fence == claim.fence and row.lease_until is not None

    @invariant()
    def stores_agree(self) -> None:
        rows = self.both(lambda s, n: [_plain(r, self.ids[n]) for r in s.work(unfinished=False)])
        assert sorted(rows[0]) == sorted(rows[1])
        for stage in STAGES:
            due = self.both(lambda s, n: [self.ids[n].index(i) for i in s.pending(stage, self.now)])  # noqa: B023
            assert due[0] == due[1]

    @invariant()
    def nothing_is_made_twice(self) -> None:
        assert all(times == 1 for times in self.saved.values())


def _plain(row: Any, ids: list[int]) -> tuple[Any, ...]:
    times = (str(row.lease_until), str(row.not_before))
    return row.stage, ids.index(row.subject), row.status, row.attempt, row.fence, *times, row.error


def _world(store: Store) -> World:
    feed = store.add_feed(Feed(url="https://feeds.example/trees", title="Tree Talk"))
    channel = store.save_channel(Channel())
    store.subscribe(Subscription(channel_id=channel.id, feed_id=feed.id))
    return World(store=store, feed=feed, channel=channel)


def _saved(world: World, claim: Claim) -> bool:
    store = world.store
    saves: dict[Stage, Callable[[], None]] = {
        "transcribe": lambda: store.save_transcript(claim, claim.subject, TRANSCRIPT),
        "read": lambda: store.save_reading(claim, claim.subject, READING),
        "write": lambda: store.save_insights(claim, claim.subject, (insight(),), NOW),
    }
    try:
        saves[claim.stage]()
    except LeaseLost:
        return False
    return True


TestWork = WorkMachine.TestCase
TestWork.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
