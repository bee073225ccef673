"""All the world's podcasts on paper: queue ages and machines, by a small simulation fed with measured rates.

    python -m bench.scale [--episodes-a-day 71000] [--hours-a-day 49000] [--machines 40 60 80] [--rates FILE]

A machine is two cores like the one the rates were measured on. Episodes come out over the day as they do
(PEAK: a third of them in the four hours after 04:00 UTC), each waits for a free core of the asr queue unless
its publisher has a transcript, then for one of the write queue; oldest first, minute by minute, a week long.
Printed are the ages (minutes from coming out to having insights) that half, 95 % and all episodes keep under,
and what is left over at the end: a queue that grows has too few machines. RATES are of one core; take
another machine's with --rates (JSON of the same keys).
"""

from __future__ import annotations

import argparse
import json
import math
import random
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

# Measured on two shared cores (docs/experiments.md, "Scale"): CPU seconds of one core.
RATES = {
    "asr_cpu_s_per_audio_s": 0.052,
    "read_write_cpu_s_per_hour": 5.9,
    "poll_cpu_s": 0.0012,
    "compose_cpu_s": 0.014,
}
CORES = 2
MINUTE, DAY = 60.0, 1440  # a minute in seconds, a day in minutes
FEEDS = 450_000  # those that had an episode in the last ninety days, about one in ten of all that exist
POLLS_A_DAY = 12
SHARE_WITH_TRANSCRIPT = 0.05
# Of the episodes of a day, how many come out in each hour of UTC.
PEAK = (3, 3, 3, 4, 9, 9, 8, 7, 5, 4, 4, 4, 4, 4, 4, 4, 3, 3, 3, 3, 2, 2, 2, 3)
# Assumed prices, in dollars: a rented machine of two cores an hour; a hosted speech model a minute of audio;
# a frontier model's tokens, a million in and out.
PRICES = {"machine_hour": 0.05, "speech_api_minute": 0.006, "tokens_in": 3.0, "tokens_out": 15.0}
TOKENS_IN, TOKENS_OUT = 13_000, 800  # an hour of speech with its prompt, and five insights


@dataclass(frozen=True, kw_only=True)
class Load:
    """What comes out in a day."""

    episodes: int
    hours: float

    @property
    def mean_s(self) -> float:
        return self.hours * 3600 / self.episodes


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Ages in minutes of what was finished; `left`: how many episodes were not, at the end."""

    half: float
    most: float
    oldest: float
    left: int


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--episodes-a-day", type=int, default=71_000)
    parser.add_argument("--hours-a-day", type=float, default=49_000)
    parser.add_argument("--machines", type=int, nargs="+", default=[])
    parser.add_argument("--rates", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    rates = RATES | (json.loads(asked.rates.read_text("utf-8")) if asked.rates else {})
    load = Load(episodes=asked.episodes_a_day, hours=asked.hours_a_day)
    need = cores_needed(load, rates)
    for what, cores in need.items():
        print(f"{what:12} {cores:8.1f} cores busy all day")
    least = math.ceil(sum(need.values()) / CORES)
    print(f"{'together':12} {sum(need.values()):8.1f} cores: at least {least} machines of {CORES} cores\n")
    print(
        f"{'machines':>8} {'half min':>9} {'95 % min':>9} {'oldest min':>10} {'left over':>9} {'$ a day':>8}"
    )
    for machines in asked.machines or [round(least * share) for share in (0.95, 1.1, 1.5, 2.0)]:
        got = simulate(load, rates, machines, random.Random(asked.seed))
        cost = machines * 24 * PRICES["machine_hour"]
        print(f"{machines:8} {got.half:9.0f} {got.most:9.0f} {got.oldest:10.0f} {got.left:9} {cost:8.0f}")
    print()
    for name, dollars in costs(load, least).items():
        print(f"{name:44} {dollars:10.5f} $ an episode {dollars * load.episodes:10.0f} $ a day")


def cores_needed(load: Load, rates: Mapping[str, float]) -> dict[str, float]:
    """Cores that each queue keeps busy on average."""
    day_s = DAY * MINUTE
    heard_s = load.hours * 3600 * (1 - SHARE_WITH_TRANSCRIPT)
    return {
        "asr": heard_s * rates["asr_cpu_s_per_audio_s"] / day_s,
        "write": load.hours * rates["read_write_cpu_s_per_hour"] / day_s,
        "io": FEEDS * POLLS_A_DAY * rates["poll_cpu_s"] / day_s,
    }


def simulate(
    load: Load, rates: Mapping[str, float], machines: int, rng: random.Random, days: int = 7
) -> Outcome:
    """Minute by minute: each queue's share of the cores works off its oldest episodes first."""
    need = cores_needed(load, rates)
    cores = machines * CORES - need["io"]
    share = need["asr"] / (need["asr"] + need["write"])
    budget = {"asr": cores * share * MINUTE, "write": cores * (1 - share) * MINUTE}
    queues: dict[str, deque[tuple[int, float, float]]] = {"asr": deque(), "write": deque()}
    ages: list[int] = []
    spare = dict.fromkeys(queues, 0.0)
    for minute in range(days * DAY):
        for asr_s, write_s in arrivals(load, rates, minute, rng):
            queues["asr" if asr_s else "write"].append((minute, asr_s, write_s))
        for name in queues:
            spare[name] = (
                min(spare[name], 0.0) + budget[name]
            )  # what isn't used is gone, what is begun is owed
        while queues["asr"] and spare["asr"] > 0:
            came, asr_s, write_s = queues["asr"].popleft()
            spare["asr"] -= asr_s
            queues["write"].append((came, 0.0, write_s))
        while queues["write"] and spare["write"] > 0:
            came, _, write_s = queues["write"].popleft()
            spare["write"] -= write_s
            ages.append(minute - came + 1)
    ages.sort()
    at = [ages[min(len(ages) - 1, int(len(ages) * p))] for p in (0.5, 0.95, 1.0)]
    return Outcome(half=at[0], most=at[1], oldest=at[2], left=len(queues["asr"]) + len(queues["write"]))


def arrivals(
    load: Load, rates: Mapping[str, float], minute: int, rng: random.Random
) -> Iterator[tuple[float, float]]:
    """(CPU seconds of hearing, of reading and writing) of each episode that comes out in this minute."""
    mean = load.episodes * PEAK[minute // 60 % 24] / sum(PEAK) / 60
    for _ in range(round(rng.gauss(mean, math.sqrt(mean)))):
        seconds = load.mean_s * rng.lognormvariate(
            -0.32, 0.8
        )  # a mean of one: most are short, some last hours
        asr_s = 0.0 if rng.random() < SHARE_WITH_TRANSCRIPT else seconds * rates["asr_cpu_s_per_audio_s"]
        yield asr_s, seconds / 3600 * rates["read_write_cpu_s_per_hour"]


def costs(load: Load, machines: int) -> dict[str, float]:
    """Dollars an episode by the assumed PRICES; machines are half again as many as the least."""
    minutes = load.mean_s / 60
    tokens = (TOKENS_IN * PRICES["tokens_in"] + TOKENS_OUT * PRICES["tokens_out"]) / 1e6 * minutes / 60
    speech = minutes * PRICES["speech_api_minute"]
    own = 1.5 * machines * 24 * PRICES["machine_hour"] / load.episodes
    return {
        "Earmark, own machines": own,
        "frontier model on a transcript at hand": tokens,
        "hosted speech model, then frontier model": speech + tokens,
    }


if __name__ == "__main__":
    main()
