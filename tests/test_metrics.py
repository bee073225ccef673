"""Metrics: what waits and for how long, what failed and why; and the format is Prometheus'."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from bot.errors import AudioError, FetchError, of_system
from bot.metrics import exposition, progress, reason
from tests.test_pipeline import World

LINE = re.compile(r'[a-z_]+(\{[a-z]+="[^"\\\n]*"(,[a-z]+="[^"\\\n]*")*\})? -?[0-9][0-9.e+-]*')


def test_what_waits_grows_older_until_it_is_done() -> None:
    world = World()
    world.pipeline.run("refresh")
    world.clock.forward(minutes=7)
    [waits] = [p for p in progress(world.store, world.clock()) if p.stage == "transcribe"]
    assert (waits.waiting, waits.oldest_s, waits.succeeded_at) == (3, 7 * 60, None)
    world.pipeline.run("transcribe")
    [done] = [p for p in progress(world.store, world.clock()) if p.stage == "transcribe"]
    assert (done.waiting, done.oldest_s, done.succeeded_at) == (0, 0.0, world.clock())
    world.clock.forward(minutes=2)
    [read] = [p for p in progress(world.store, world.clock()) if p.stage == "read"]
    assert (read.waiting, read.oldest_s) == (3, 120)
    world.settle()
    world.clock.forward(hours=3)
    [late] = [p for p in progress(world.store, world.clock()) if p.stage == "compose"]
    assert late.waiting == 1 and 0 < late.oldest_s <= timedelta(hours=3).total_seconds()


def test_failures_are_counted_by_reason() -> None:
    world = World()
    world.engines.transcriber.broken = {
        "Episode 0": AudioError("“Episode 0” is a playlist, which isn't followed"),
        "Episode 1": FetchError("https://a.example/1.mp3 can't be reached: nobody answers there."),
    }
    world.settle()
    [failed] = [p for p in progress(world.store, world.clock()) if p.stage == "transcribe"]
    assert (failed.aside, dict(failed.reasons)) == (1, {"audio": 1, "network": 1})


@pytest.mark.parametrize(
    ("error", "word"),
    [
        ("A bug (ZeroDivisionError); see the log.", "bug"),
        ("The process ended 5 times while working on it.", "crash"),
        ("https://a.example can't be fetched: there is nothing at this address any more (404).", "server"),
        ("https://a.example is not fetched: it leads into a private network.", "refused"),
        (of_system(OSError(28, "No space left on device", "a.part")), "disk"),
        ("The database earmark.db is busy: another process has been writing.", "database"),
        ("Hm.", "other"),
    ],
)
def test_reasons(error: str, word: str) -> None:
    assert reason(error) == word


def test_the_format_is_prometheus_and_names_nobody() -> None:
    world = World()
    world.engines.transcriber.broken["Episode 1"] = FetchError('A "quoted" error\nof two lines (500).')
    world.clock.forward(hours=2)
    world.settle()
    shown = exposition(world.store, world.clock())
    for line in shown.splitlines():
        assert line.startswith(("# HELP earmark_", "# TYPE earmark_")) or LINE.fullmatch(line), line
    assert 'earmark_failing{stage="transcribe",reason="server"} 1' in shown
    assert 'earmark_feeds{status="active"} 1' in shown and "\nearmark_channels 1\n" in shown
    assert re.search(r'earmark_last_success_timestamp_seconds\{stage="publish"\} \d{10}', shown)
    assert "Show" not in shown and "a.example" not in shown and "Episode" not in shown
