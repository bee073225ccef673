"""Nothing twice, nothing lost: every pair of accidents at every two points, and a month of bad weather."""

from __future__ import annotations

import itertools
import logging
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.domain import STAGES, Channel
from bot.errors import EarmarkError, FetchError, PublishError, StoreError
from bot.following import follow
from bot.pipeline import LEASE_S, Pipeline
from bot.ports import Store
from bot.store.memory import MemoryStore
from bot.store.sql import SqlStore
from tests.fakes import START, Crash, FakeClock, FakeEngines, episode
from tests.simulation import KINDS, SAVES, OwnWords, Weather, replay
from tests.store_kit import _migrated

URL = "https://a.example/feed"
# Where something outside is asked: owner, method, and the error that stands for a refusal there.
POINTS: tuple[tuple[str, str, EarmarkError], ...] = (
    *(("store", name, StoreError("The database is busy.")) for name in (*SAVES, "claim", "fail")),
    ("transcriber", "transcribe", FetchError("The audio can't be had.")),
    ("console", "find", PublishError("Not now.")),
    ("console", "publish", PublishError("Not now.")),
)
AUTUMN, SPRING = datetime(2026, 10, 12, tzinfo=UTC), datetime(2027, 3, 3, tzinfo=UTC)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Thousands of accidents are not worth a line each."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


class Small:
    """A feed of two episodes, a channel, and accidents at chosen points, each of them once."""

    def __init__(self, store: Store, accidents: Counter[tuple[str, str, str]]) -> None:
        self.store, self.engines, self.clock = store, FakeEngines(writer=OwnWords()), FakeClock()  # type: ignore[arg-type]
        self.engines.feeds.published[URL] = [episode(n) for n in range(2)]
        channel = store.save_channel(Channel(count=4, next_post_at=START + timedelta(hours=2)))
        follow(store, self.engines.feeds, channel, URL, now=self.clock(), backfill=2)
        self.left = +accidents
        self.happened = 0
        owners: dict[str, Any] = {
            "store": store,
            "transcriber": self.engines.transcriber,
            "console": self.engines.console,
        }
        for owner, name, error in POINTS:
            _beset(owners[owner], name, owner, error, self)

    def live(self) -> list[list[str]]:
        """Two days, at half the lease's pace where something is due; what stands in the channel then."""
        for minutes in (0, 1, 10, 109, 1, 11, 20, 70, 300, 1500, 60):
            self.clock.forward(minutes=minutes, seconds=LEASE_S + 1)
            for _ in range(2):
                self._round()
        return [sorted(p.insight.text for p in d.picks) for d in self.engines.console.posts]

    def _round(self) -> None:
        pipeline = Pipeline(self.store, self.engines, self.clock)
        for stage in STAGES:
            try:
                pipeline.run(stage)
            except Crash:
                self.clock.forward(seconds=LEASE_S + 1)
                return
            except EarmarkError:
                continue


def _beset(owner: Any, name: str, called: str, error: EarmarkError, small: Small) -> None:
    real = getattr(owner, name)

    def beset(*args: Any, **kwargs: Any) -> Any:
        kind = next((k for k in KINDS if small.left[called, name, k]), "")
        if kind:
            small.left[called, name, kind] -= 1
            small.happened += 1
        if kind == "dies before":
            raise Crash
        if kind == "refused":
            raise error
        result = real(*args, **kwargs)
        if kind == "dies after":
            raise Crash
        if kind == "reply lost":
            raise error
        return result

    setattr(owner, name, beset)


def accidents() -> list[tuple[str, str, str]]:
    return [(owner, name, kind) for owner, name, _ in POINTS for kind in KINDS]


def _open(folder: Path | None, number: int) -> Store:
    if folder is None:
        return MemoryStore()
    (folder / f"{number}.db").write_bytes(_migrated())
    return SqlStore.open(f"sqlite:///{folder / f'{number}.db'}")


def check(folder: Path | None, chosen: list[tuple[tuple[str, str, str], ...]]) -> tuple[int, int]:
    """Every set of accidents leaves in the channel what a day without any does; sets, and accidents."""
    plain = Small(MemoryStore(), Counter()).live()
    assert len(plain) == 1 and len(plain[0]) == 4
    happened, wrong = 0, {}
    for number, several in enumerate(chosen):
        store = _open(folder, number)
        small = Small(store, Counter(several))
        if (posts := small.live()) != plain:
            wrong[several] = [len(post) for post in posts]
        happened += small.happened
        store.close()
    assert wrong == {}
    return len(chosen), happened


def test_every_pair_of_accidents_at_every_two_points() -> None:
    pairs = list(itertools.combinations_with_replacement(accidents(), 2))
    sets, happened = check(None, pairs)
    print(f"\n{sets} pairs of accidents, {happened} happened: 0 lost, 0 twice")  # noqa: T201
    assert sets == 44 * 45 // 2
    assert happened > 1.5 * sets, "accidents that never come prove nothing"


def test_accidents_at_every_save_on_a_real_database(tmp_path: Path) -> None:
    worst = [("store", name, kind) for name in SAVES for kind in ("dies after", "reply lost")]
    sets, happened = check(tmp_path, [(one,) for one in worst])
    print(f"\n{sets} accidents on SQLite, {happened} happened: 0 lost, 0 twice")  # noqa: T201


@pytest.mark.parametrize(("start", "seed"), [(AUTUMN, 1), (SPRING, 2)], ids=["autumn", "spring"])
def test_a_month_of_bad_weather(start: datetime, seed: int) -> None:
    only = MemoryStore()
    world = replay(lambda: only, start=start, days=30, seed=seed)
    _judge(world)
    assert min(world.sky.counts[what] for what in MUST_HAPPEN) > 0


MUST_HAPPEN = (
    "crashes", "refused", "replies lost", "disk full", "database locked",
    "slept through a lease",
)  # fmt: skip
# The same accidents in five days.
DENSE = Weather(
    feeds_down=((10, 40),), audio_down=((50, 60),), chat_down=((62, 80),), disk_full=((85, 89),),
    locked=((90, 93),), switched_off=((95, 105),), clock_back=((106, 109),), crash=0.01,
)  # fmt: skip


def test_bad_days_on_a_real_database(tmp_path: Path) -> None:
    (tmp_path / "e.db").write_bytes(_migrated())
    opened: list[Store] = []

    def another() -> Store:
        opened.append(SqlStore.open(f"sqlite:///{tmp_path / 'e.db'}"))
        return opened[-1]

    world = replay(
        another,
        start=datetime(2026, 10, 23, tzinfo=UTC),
        days=4,
        seed=3,
        weather=DENSE,
        step=timedelta(hours=2),
        quiet=timedelta(days=2),
    )
    _judge(world)
    for store in opened:
        store.close()


def _judge(world: Any) -> None:
    came = sum(len(show.truth) for show in world.shows.values())
    churned = sum((show.churned for show in world.shows.values()), Counter[str]())
    print(f"\n{came} episodes, {len(world.posts)} posts; {dict(world.sky.counts)}; {dict(churned)}")  # noqa: T201
    assert (list(world.lost()), list(world.twice())) == ([], [])
    aside = [row for row in world.store.work() if row.status == "set aside"]
    assert aside == []
