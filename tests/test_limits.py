"""Per-person and per-workspace limits: what may be taken, what is said, and that memory stays small."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import commands, limits, threads
from bot.limits import BURST, HOUR_S, Limits
from bot.request import Request
from bot.threads import Said
from bot.views import plain
from tests.fakes import FakeClock
from tests.test_commands import FakeCore, core_with_post

PEOPLE = st.sampled_from(["ada", "ben"])
STEPS = st.lists(st.tuples(PEOPLE, st.sampled_from([1, 5]), st.floats(0, 900)), max_size=120)


@given(STEPS)
def test_no_window_holds_more_than_the_rate_and_one_burst(steps: list[tuple[str, int, float]]) -> None:
    clock, an_hour = FakeClock(), 60
    buckets = Limits(clock, user=an_hour, workspace=90)
    taken: list[tuple[datetime, str, int]] = []
    for who, cost, wait_s in steps:
        clock.forward(seconds=wait_s)
        if buckets.take("slack", "T1", who, cost) is None:
            taken.append((clock(), who, cost))
    for people, rate in ((("ada",), an_hour), (("ben",), an_hour), (("ada", "ben"), 90)):
        mine = [(at, cost) for at, who, cost in taken if who in people]
        for first, (began, _) in enumerate(mine):
            for last in range(first, len(mine)):
                seconds = (mine[last][0] - began).total_seconds()
                most = rate / BURST + rate * seconds / HOUR_S
                assert sum(cost for _, cost in mine[first : last + 1]) <= most + 1e-6


@given(STEPS)
def test_who_waits_as_long_as_told_is_let_through(steps: list[tuple[str, int, float]]) -> None:
    clock = FakeClock()
    buckets = Limits(clock, user=30, workspace=0)
    for who, cost, wait_s in steps:
        clock.forward(seconds=wait_s)
        refused = buckets.take("slack", "T1", who, cost)
        if refused:
            clock.forward(seconds=refused.wait_s + 0.001)
            assert buckets.take("slack", "T1", who, cost) is None


def test_one_workspace_uses_up_nothing_of_another_nor_one_person_of_another() -> None:
    buckets = Limits(FakeClock(), user=12, workspace=24)
    assert [buckets.take("slack", "T1", "ada") is None for _ in range(3)] == [True, True, False]
    assert [buckets.take("slack", "T1", "ben") is None for _ in range(2)] == [True, True]
    assert buckets.take("slack", "T1", "cleo") is not None, "the workspace has had its four"
    assert buckets.take("slack", "T2", "ada") is None
    assert buckets.take("discord", "T1", "ada") is None


def test_a_clock_set_back_and_costs_above_the_burst_lock_nobody_out() -> None:
    clock = FakeClock()
    buckets = Limits(clock, user=6, workspace=0)
    assert buckets.take("slack", "T1", "ada", cost=5) is None
    clock.forward(hours=-3)
    refused = buckets.take("slack", "T1", "ada", cost=5)
    assert refused is not None and refused.wait_s <= 600
    clock.forward(minutes=10, seconds=1)
    assert buckets.take("slack", "T1", "ada", cost=5) is None


def test_a_million_names_take_no_more_memory_than_the_first_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_BUCKETS", 50)
    buckets = Limits(FakeClock(), user=6, workspace=6)
    for n in range(1000):
        for _ in range(2):
            buckets.take("slack", f"T{n}", f"U{n}")
    assert len(buckets) <= 150


@pytest.mark.parametrize(
    ("line", "often"), [("/ask why bread?", 10), ("/dig 1", 10), ("/podcasts search x", 10)]
)
@pytest.mark.parametrize("is_admin", [True, False])
def test_what_costs_is_refused_in_words_and_later_not(line: str, often: int, is_admin: bool) -> None:
    core, channel = core_with_post()
    ask = lambda: plain(commands.run(core, channel, line, user="U1", is_admin=is_admin))  # noqa: E731
    assert all("try again" not in ask() for _ in range(often))
    assert "try again in 1 minute" in ask()
    assert "try again" not in plain(commands.run(core, channel, line, user="U2"))
    assert "try again" not in plain(commands.run(core, channel, "/help", user="U1")), "free, whoever asks"
    core.world.clock.forward(minutes=1)
    assert "try again" not in ask()


def test_every_way_into_a_command_counts_and_the_own_prompt_does_not() -> None:
    core, channel = core_with_post()
    request = Request(channel=channel, options={"number": "1"}, user="U1")
    for n in range(10):
        ways = (
            lambda: commands.perform(core, "dig", "", request),
            lambda: commands.submit(core, "/dig", request),
        )
        assert "try again" not in plain(ways[n % 2]())
    assert "try again" in plain(commands.run(core, channel, "/dig 1", user="U1"))
    assert all("try again" not in plain(commands.run(core, channel, "/dig 1")) for _ in range(50))


def said(core: FakeCore, user: str = "U1") -> Said:
    return Said(user=user, text="why does bread matter?", said_at=core.clock(), mentioned=True)


def test_a_thread_says_it_once_and_then_waits_in_silence() -> None:
    core, channel = core_with_post()
    digest_id = core.store.digests(channel.id)[0].id
    heard = [threads.heard(core, channel, digest_id, said(core)) for _ in range(30)]
    texts = [plain(view) for view in heard if view]
    assert len(texts) == 11 and ["try again" in text for text in texts] == [False] * 10 + [True]
    core.world.clock.now += timedelta(minutes=1)
    again = threads.heard(core, channel, digest_id, said(core))
    assert again is not None and "try again" not in plain(again)
    told = threads.heard(core, channel, digest_id, said(core))
    assert told is not None and "try again" in plain(told), "after an answer it is news once more"


def test_the_wait_in_words() -> None:
    assert [limits._in_words(s) for s in (0.2, 1.5, 59, 60, 61, 3599)] == [
        "1 second", "2 seconds", "59 seconds", "1 minute", "2 minutes", "60 minutes",
    ]  # fmt: skip
