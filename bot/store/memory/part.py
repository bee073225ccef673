"""What each part of the store in dicts stands on: the same shelves and ledger, behind one lock."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import update_wrapper
from typing import Concatenate, ParamSpec, TypeVar

from bot.store.memory.ledger import Ledger
from bot.store.memory.shelves import Shelves

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T", bound="Part")


class Part:
    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._work = Ledger()
        self._on = Shelves()


def locked(method: Callable[Concatenate[T, P], R]) -> Callable[Concatenate[T, P], R]:
    def inside(self: T, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with self._lock:
            return method(self, *args, **kwargs)

    update_wrapper(inside, method)
    return inside
