"""A publisher that can't leave its feed alone, by the dice: for the simulation."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.domain import Enclosure, Episode

DAY = timedelta(days=1)


@dataclass
class Show:
    """A publisher that can't leave a feed alone. Titles are true: by them the simulation knows an episode."""

    name: str
    rng: random.Random
    out: list[Episode] = field(default_factory=list)
    hidden: list[Episode] = field(default_factory=list)
    truth: dict[str, datetime] = field(default_factory=dict)
    churned: Counter[str] = field(default_factory=Counter)
    unseen: set[str] = field(default_factory=set)
    changed: bool = True

    def publish(self, now: datetime) -> None:
        number = len(self.truth) + 1
        title = f"{self.name} {number}"
        self.truth[title] = now
        made = Episode(
            guid=f"guid-{self.name}{number}",
            title=title,
            published_at=now,
            enclosure=Enclosure(url=f"https://{self.name}.example/{number}.mp3", mime_type="audio/mpeg"),
            duration_s=600.0 + number,
        )
        self.out.insert(0, made)
        self.changed = True

    def churn(self) -> None:
        """One of the things that publishers do between two polls.

        Not all three of guid, audio and date of one item: what keeps nothing but its title is a new episode,
        or the next bulletin of an hourly show, and nothing can tell.
        """
        name = self.rng.choice(tuple(_CHURN))
        third = name in MARKS and len(self.unseen | {name}) == len(MARKS)
        if self.out and not third and not (name == "item removed" and self.unseen):
            _CHURN[name](self)
            self.churned[name] += 1
            self.unseen |= {name} & MARKS
            self.changed = True

    def seen(self) -> None:
        """Somebody has polled it, and kept what was there."""
        self.unseen.clear()
        self.changed = False

    def _one(self, change: Callable[[Episode], Episode]) -> None:
        place = self.rng.randrange(len(self.out))
        self.out[place] = change(self.out[place])

    def rewrite_guids(self) -> None:
        mark = self.rng.randrange(1000)
        self.out = [replace(e, guid=f"guid-{mark}-{e.title}") for e in self.out]

    def touch_dates(self) -> None:
        late = timedelta(minutes=self.rng.randrange(1, 600))
        self._one(lambda e: replace(e, published_at=e.published_at and e.published_at + late))

    def move_audio(self) -> None:
        host = f"https://cdn{self.rng.randrange(9)}.example"
        self.out = [
            replace(e, enclosure=Enclosure(url=f"{host}/{e.title}.mp3?utm_source={self.name}"))
            for e in self.out
        ]

    def remove(self) -> None:
        """Never what may not have been seen yet: back after a week that would rightly count as history."""
        newest = max(self.truth.values())
        old = [e for e in self.out if newest - self.truth[e.title] > 2 * DAY]
        if old:
            self.hidden.append(self.rng.choice(old))
            self.out.remove(self.hidden[-1])

    def bring_back(self) -> None:
        while self.hidden:
            self.out.append(self.hidden.pop())
        self.rng.shuffle(self.out)


MARKS = frozenset({"guids rewritten", "date touched", "audio moved"})
_CHURN: dict[str, Callable[[Show], None]] = {
    "guids rewritten": Show.rewrite_guids,
    "date touched": Show.touch_dates,
    "audio moved": Show.move_audio,
    "item removed": Show.remove,
    "items brought back, shuffled": Show.bring_back,
}
