"""The process that takes strangers' files apart: whatever happens there costs one attempt, and is worded."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.apart import Apart, Limits
from bot.errors import FeedError, NotAFeed

LIMITS = Limits(seconds=20, cpu_s=10)
unlimited = pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps to these limits")


@pytest.fixture
def apart() -> Iterator[Apart]:
    one = Apart("tests.apart_tasks", FeedError, LIMITS)
    yield one
    one.close()


def say(apart: Apart) -> str:
    return str(json.loads(apart.ask("say", [1], b"abc", name="It"))["text"])


@pytest.mark.parametrize(
    ("task", "limits", "told"),
    [
        ("hang", Limits(seconds=0.8), "It takes too long to read"),
        pytest.param("spin", Limits(seconds=60, cpu_s=1), "It takes too long to read", marks=unlimited),
        pytest.param("swell", LIMITS, "It takes too much memory to read", marks=unlimited),
        ("crash", LIMITS, "It can't be read: the process that took it apart ended in the middle"),
        ("killed", LIMITS, "It can't be read: the process"),
        ("bug", LIMITS, "It can't be read: the process"),
        ("huge", LIMITS, "It is too large once it has been read"),
    ],
)
def test_what_happens_there_is_worded_and_the_next_one_is_served(
    task: str, limits: Limits, told: str
) -> None:
    apart, began = Apart("tests.apart_tasks", FeedError, limits), time.monotonic()
    with pytest.raises(FeedError, match=f"^{told}") as raised:
        apart.ask(task, [], name="It")
    assert not raised.value.permanent, "the next attempt may fare better"
    assert apart.pids == [] and time.monotonic() - began < 30
    apart.limits = LIMITS
    assert say(apart).startswith("[1] 3 ")
    apart.close()


@unlimited
def test_a_request_may_be_given_less_than_the_others() -> None:
    apart = Apart("tests.apart_tasks", FeedError, Limits(cpu_s=600))
    with pytest.raises(FeedError, match="takes too long"):
        apart.ask("spin", [], name="It", cpu_s=1)
    assert say(apart).startswith("[1] 3 ")
    apart.close()


def test_what_it_refuses_comes_as_what_it_is(apart: Apart) -> None:
    with pytest.raises(NotAFeed) as raised:
        apart.ask("refuse", ["NotAFeed"], name="It")
    assert raised.value.permanent and len(str(raised.value)) == 1000
    assert len(apart.pids) == 1, "an answer like others"
    with pytest.raises(FeedError, match="ended in the middle"):
        apart.ask("refuse", ["PublishError"], name="It")


def test_one_process_serves_until_it_is_worn() -> None:
    apart = Apart("tests.apart_tasks", FeedError, Limits(renew_after=2))
    assert len({say(apart), say(apart)}) == 1
    assert apart.pids == []
    assert say(apart) == say(apart)


def test_it_is_told_no_secret(apart: Apart, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARMARK_KEY", "secret")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")
    known = json.loads(apart.ask("surroundings", [], name="It"))["text"].split()
    assert "PATH" in known and not {"EARMARK_KEY", "SLACK_BOT_TOKEN", "HOME"} & set(known)


@unlimited
def test_it_writes_no_file(apart: Apart, tmp_path: Path) -> None:
    answer = apart.ask("write", [str(tmp_path / "x")], name="It")
    assert json.loads(answer)["text"] == "OSError" and (tmp_path / "x").read_bytes() == b""


def test_a_stream_comes_in_parts_and_its_process_is_kept(apart: Apart) -> None:
    assert b"".join(apart.stream("count", [5, -1], name="It")) == b"01234"
    [pid] = apart.pids
    assert say(apart).endswith(f" {pid}")


def test_a_stream_that_breaks_off_is_told_after_what_came(apart: Apart) -> None:
    parts = apart.stream("count", [5, 3], name="It")
    assert [next(parts) for _ in range(3)] == [b"0", b"1", b"2"]
    with pytest.raises(FeedError, match="ended in the middle"):
        next(parts)


def test_a_stream_that_nobody_ends_hinders_nobody(apart: Apart) -> None:
    parts = apart.stream("count", [5, -1], name="It")
    assert next(parts) == b"0"
    assert say(apart).startswith("[1] 3 ")
    [kept] = apart.pids
    parts.close()
    assert apart.pids == [kept], "the process of the half-told stream is gone"


def test_the_processes_end_with_what_started_them() -> None:
    apart = Apart("tests.apart_tasks", FeedError, LIMITS)
    pid = int(say(apart).rpartition(" ")[2])
    del apart
    until = time.monotonic() + 10  # the thread that watches the clock lets go of it a moment later
    while _lives(pid) and time.monotonic() < until:
        time.sleep(0.05)
    assert not _lives(pid)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
