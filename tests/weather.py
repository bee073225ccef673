"""True time, the dice, and what is wrong when: for the simulation."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)
MONTH_H = 720  # then what is wrong comes again

# Hours of a month (first, last) in which something is wrong; each is thirty hours or less.
Spell = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Weather:
    """When what is wrong, in hours from the start, and how likely accidents are at each call."""

    feeds_down: tuple[Spell, ...] = ((100, 130), (500, 503))
    audio_down: tuple[Spell, ...] = ((200, 230),)
    chat_down: tuple[Spell, ...] = ((300, 330), (610, 612))
    disk_full: tuple[Spell, ...] = ((400, 408),)
    locked: tuple[Spell, ...] = ((450, 456),)
    switched_off: tuple[Spell, ...] = ((350, 380),)
    clock_back: tuple[Spell, ...] = ((250, 253), (560, 562))  # of the first worker, by an hour
    crash: float = 0.004
    reply_lost: float = 0.02
    refused: float = 0.02
    meanwhile: float = 0.05  # that the other worker gets a turn in the middle of a call
    sleeps: float = 0.02  # that a worker sleeps through its lease just before or after a call


@dataclass
class Sky:
    """True time, the dice, and what is wrong just now."""

    start: datetime
    rng: random.Random
    weather: Weather
    now: datetime = field(init=False)
    calm: bool = False
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.now = self.start

    def is_in(self, spells: tuple[Spell, ...]) -> bool:
        hours = (self.now - self.start) / HOUR % MONTH_H
        return not self.calm and any(begin <= hours < end for begin, end in spells)

    def happens(self, likelihood: float) -> bool:
        return not self.calm and self.rng.random() < likelihood
