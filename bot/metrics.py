"""How it goes, from what is stored: a summary of each stage, and the same for Prometheus as text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot import ladder
from bot.domain import STAGES, Episode, Stage, WorkRow
from bot.ports import Store

MOST = 10_000  # units of a stage that are counted
SPENT_IN = timedelta(days=1)  # the seconds and tokens of episodes that came since

# What went wrong, in a word, by what the error says; the first that fits.
REASONS: tuple[tuple[str, str], ...] = (
    ("bug", r"^A bug \("),
    ("crash", r"^The process ended|process that took it apart"),
    ("network", r"can't be found|can't be reached|took too long|broke off|closed the connection|no internet"),
    ("refused", r"is not fetched|larger than|private network"),
    ("server", r"\((4|5)\d\d\)|server answers"),
    ("disk", r"disk is full|No space left|can't be written"),
    ("database", r"^The database"),
    ("audio", r"audio|playlist|decoded|hours long"),
    ("transcript", r"transcript"),
    ("platform", r"Slack|Discord|channel|post"),
)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """One stage: units that wait and how long the oldest has waited (seconds), those set aside, why units
    failed last, and the latest success."""

    stage: Stage
    waiting: int
    oldest_s: float
    aside: int
    reasons: Mapping[str, int]
    succeeded_at: datetime | None


def progress(store: Store, now: datetime) -> list[Progress]:
    rows = store.work(unfinished=False)
    touched = {(row.stage, row.subject): row.touched_at for row in rows}
    return [_of_stage(store, stage, [r for r in rows if r.stage == stage], touched, now) for stage in STAGES]


Touched = Mapping[tuple[Stage, int], datetime | None]


def _of_stage(
    store: Store, stage: Stage, rows: Sequence[WorkRow], touched: Touched, now: datetime
) -> Progress:
    waiting = store.pending(stage, now, MOST)
    # Episodes come newest first, all else in the order in which it became due.
    oldest = waiting[-1 if stage in ("transcribe", "read", "write") else 0] if waiting else None
    since = _SINCE[stage](store, oldest, touched) if oldest is not None else None
    return Progress(
        stage=stage,
        waiting=len(waiting),
        oldest_s=max(0.0, (now - since).total_seconds()) if since else 0.0,
        aside=sum(row.status == "set aside" for row in rows),
        reasons=Counter(reason(row.error) for row in rows if row.error),
        succeeded_at=max((r.touched_at for r in rows if r.status == "done" and r.touched_at), default=None),
    )


_SINCE: Mapping[Stage, Callable[[Store, int, Touched], datetime | None]] = {
    "refresh": lambda store, id_, touched: store.feed(id_).next_check_at,
    "transcribe": lambda store, id_, touched: store.episode(id_).first_seen_at,
    "read": lambda store, id_, touched: touched.get(("transcribe", id_)),
    "write": lambda store, id_, touched: touched.get(("read", id_)),
    "compose": lambda store, id_, touched: store.channel(id_).next_post_at,
    "publish": lambda store, id_, touched: store.digest(id_).created_at,
    "revise": lambda store, id_, touched: None,
}


def reason(error: str) -> str:
    """An error's reason in one word, so that there are few of them; "other" for what no rule knows."""
    return next((name for name, said in REASONS if re.search(said, error)), "other")


def exposition(store: Store, now: datetime, prices: ladder.Prices | None = None) -> str:
    """Prometheus' text format 0.0.4. Names no feed, no channel and no person.

    https://prometheus.io/docs/instrumenting/exposition_formats/
    """
    stages, feeds, channels = progress(store, now), store.feeds(), store.channels()
    new = [e for f in feeds for e in store.episodes(f.id) if _is_new(e, now)]
    spent, rungs = _spent(store, new), _rungs(store, new, now, prices or ladder.Prices())
    families = (
        ("waiting", "Units of work that are due.", [((("stage", p.stage),), p.waiting) for p in stages]),
        (
            "oldest_waiting_seconds",
            "How long the oldest of them has waited.",
            [((("stage", p.stage),), p.oldest_s) for p in stages],
        ),
        ("set_aside", "Units given up.", [((("stage", p.stage),), p.aside) for p in stages]),
        (
            "failing",
            "Units whose last attempt failed.",
            [((("stage", p.stage), ("reason", r)), n) for p in stages for r, n in sorted(p.reasons.items())],
        ),
        (
            "last_success_timestamp_seconds",
            "When a unit was last done.",
            [((("stage", p.stage),), p.succeeded_at.timestamp()) for p in stages if p.succeeded_at],
        ),
        ("feeds", "Feeds by status.", _counted("status", (feed.status for feed in feeds))),
        ("feeds_failing", "Feeds whose last poll failed.", [((), sum(bool(f.error) for f in feeds))]),
        ("channels", "Channels.", [((), len(channels))]),
        (
            "channels_in_trouble",
            "Channels that can't be reached.",
            [((), sum(bool(c.trouble) for c in channels))],
        ),
        ("spent_last_day", "Seconds and tokens spent on the last day's episodes.", spent),
        (
            "rung_last_day",
            "What each rung made of them, and in answers, what it took, and the same on the largest.",
            rungs,
        ),
    )
    return "".join(_family(f"earmark_{name}", about, samples) for name, about, samples in families)


Sample = tuple[tuple[tuple[str, str], ...], float]


def _is_new(episode: Episode, now: datetime) -> bool:
    return episode.first_seen_at is not None and now - episode.first_seen_at < SPENT_IN


def _spent(store: Store, episodes: Iterable[Episode]) -> list[Sample]:
    seconds, tokens = {"transcribe": 0.0, "write": 0.0}, 0
    for episode in episodes:
        transcript, insights = store.transcript(episode.id), store.insights(episode.id)
        seconds["transcribe"] += transcript.seconds_spent if transcript else 0.0
        seconds["write"] += sum(insight.provenance.seconds for insight in insights)
        tokens += sum(insight.provenance.tokens for insight in insights)
    by_stage: list[Sample] = [((("stage", s), ("unit", "seconds")), n) for s, n in seconds.items()]
    return [*by_stage, ((("stage", "write"), ("unit", "tokens")), tokens)]


def _rungs(store: Store, episodes: Iterable[Episode], now: datetime, prices: ladder.Prices) -> list[Sample]:
    made: Mapping[ladder.Task, list[ladder.Made]] = {
        "write": [(insight.provenance, True) for e in episodes for insight in store.insights(e.id)],
        "answer": [(turn.provenance, turn.found) for turn in store.turns_since(now - SPENT_IN)],
    }
    samples: list[Sample] = []
    for task, results in made.items():
        costs = ladder.costs(results, prices)
        largest = ladder.on_largest(task, costs, prices)
        named = [(cost.rung or "unknown", cost) for cost in costs]
        for rung, cost in [*named, *([("largest instead", largest)] if largest else [])]:
            for unit in ("made", "seconds", "tokens", "money"):
                labels = (("task", task), ("rung", rung), ("unit", unit))
                samples.append((labels, getattr(cost, unit)))
    return samples


def _counted(label: str, values: Iterable[str]) -> list[Sample]:
    return [(((label, value),), n) for value, n in sorted(Counter(values).items())]


def _family(name: str, about: str, samples: Iterable[Sample]) -> str:
    lines = [f"# HELP {name} {about}", f"# TYPE {name} gauge"]
    for labels, value in samples:
        said = ",".join(f'{label}="{text}"' for label, text in labels)
        lines.append(f"{name}{{{said}}} {value:.15g}" if said else f"{name} {value:.15g}")
    return "\n".join(lines) + "\n"
