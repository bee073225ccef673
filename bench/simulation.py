"""The simulation of tests/simulation.py for longer: `python -m bench.simulation --days 365 [--seeds 10]`."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections import Counter
from datetime import UTC, datetime

from bot.store.memory import MemoryStore
from tests.simulation import replay


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--days", type=int, default=30)
    asked.add_argument("--seeds", type=int, default=1)
    asked.add_argument("--first", type=int, default=0)
    given = asked.parse_args()
    logging.disable(logging.CRITICAL)
    bad = sum(_one(seed, given.days) for seed in range(given.first, given.first + given.seeds))
    sys.exit(1 if bad else 0)


def _one(seed: int, days: int) -> bool:
    began, only = time.monotonic(), MemoryStore()
    world = replay(lambda: only, start=datetime(2026, 10, 12, tzinfo=UTC), days=days, seed=seed)
    lost, twice = list(world.lost()), list(world.twice())
    came = sum(len(show.truth) for show in world.shows.values())
    churned = sum((show.churned for show in world.shows.values()), Counter[str]())
    spent = time.monotonic() - began
    print(f"seed {seed}: {days} days in {spent:.0f} s, {came} episodes, {len(world.posts)} posts")
    print(f"  {dict(world.sky.counts)}\n  {dict(churned)}\n  lost {len(lost)}, twice {len(twice)}")
    for line in (*lost, *twice):
        print(f"  {line}")
    return bool(lost or twice)


if __name__ == "__main__":
    main()
