"""How much one person and one workspace may ask in a while: token buckets, in memory, of a bounded number."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

HOUR_S = 3600.0
BURST = 6  # a full bucket holds the sixth part of an hour's worth, so ten minutes bring it back
ROUNDING = 1e-6  # tokens; else who waits as told might be refused for the last bit of a float
MOST_BUCKETS = 10_000  # of people and workspaces each; who was silent longest is forgotten first

Key = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Try again in `wait_s` seconds. `is_first`: nothing of this person was refused since they last had an
    answer, so one line about it is news and not noise."""

    wait_s: float
    is_first: bool

    @property
    def text(self) -> str:
        return (
            f"That is a lot at once; everyone gets their turn. Please try again in {_in_words(self.wait_s)}."
        )


@dataclass(frozen=True)
class _Bucket:
    left: float
    at: datetime


class _Buckets:
    """A token bucket a key: `an_hour` tokens flow in, the size is `burst`; a new one is full."""

    def __init__(self, an_hour: int) -> None:
        self.rate = an_hour / HOUR_S
        self.burst = max(1.0, an_hour / BURST)
        self._kept: OrderedDict[Key, _Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def wait_s(self, key: Key, cost: float, now: datetime) -> float:
        """Seconds until `cost` is there; 0: now. More than a full bucket is taken from a full one."""
        if not self.rate:
            return 0.0
        return max(0.0, (min(cost, self.burst) - self._left(key, now) - ROUNDING) / self.rate)

    def take(self, key: Key, cost: float, now: datetime) -> None:
        if not self.rate:
            return
        self._kept[key] = _Bucket(self._left(key, now) - min(cost, self.burst), now)
        self._kept.move_to_end(key)
        while len(self._kept) > MOST_BUCKETS:
            self._kept.popitem(last=False)

    def _left(self, key: Key, now: datetime) -> float:
        known = self._kept.get(key)
        if known is None:
            return self.burst
        passed_s = (now - known.at).total_seconds()
        if passed_s < 0:  # a clock set back gives nothing, and keeps nobody waiting until it has caught up
            self._kept[key] = _Bucket(known.left, now)
        return min(self.burst, known.left + max(0.0, passed_s) * self.rate)


class Limits:
    """Both must have enough: the person's bucket and the workspace's. Safe in several threads.

    `user` and `workspace` are costs an hour; 0: no limit. A listener is one process a platform, so what
    is in its memory is the whole; a restart fills all buckets.
    """

    def __init__(self, clock: Callable[[], datetime], *, user: int = 60, workspace: int = 600) -> None:
        self._clock = clock
        self._users, self._workspaces = _Buckets(user), _Buckets(workspace)
        self._refused: OrderedDict[Key, None] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, platform: str, workspace: str, user: str, cost: float = 1.0) -> Refusal | None:
        """Take `cost` from both, or from neither and say when to try again.

        `user` "" is whoever sits at the machine's own prompt, who could do anything: never refused.
        """
        if not user or not cost:
            return None
        team, person = (platform, workspace), (platform, workspace, user)
        with self._lock:
            now = self._clock()
            wait_s = max(
                self._users.wait_s(person, cost, now),
                # Without a workspace (direct messages) there is nobody to share with.
                self._workspaces.wait_s(team, cost, now) if workspace else 0.0,
            )
            if wait_s > 0:
                return self._refuse(person, wait_s)
            self._refused.pop(person, None)
            self._users.take(person, cost, now)
            if workspace:
                self._workspaces.take(team, cost, now)
            return None

    def _refuse(self, person: Key, wait_s: float) -> Refusal:
        is_first = person not in self._refused
        self._refused[person] = None
        while len(self._refused) > MOST_BUCKETS:
            self._refused.popitem(last=False)
        return Refusal(wait_s=wait_s, is_first=is_first)

    def __len__(self) -> int:
        """How many keys are in memory."""
        return len(self._users) + len(self._workspaces) + len(self._refused)


def _in_words(seconds: float) -> str:
    """Rounded up, so that nobody who waits that long is refused again."""
    whole = max(1, math.ceil(seconds))
    if whole < 60:
        return f"{whole} second" + ("" if whole == 1 else "s")
    minutes = -(-whole // 60)
    return f"{minutes} minute" + ("" if minutes == 1 else "s")
