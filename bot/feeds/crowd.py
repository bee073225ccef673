"""Many at once, but few of one host: in threads, which wait for the network together."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")

AT_ONCE = 32
OF_ONE_HOST = 4  # fewer than a browser's six: we are in no hurry, and they are not asked by us alone
IN_VIEW = 100  # how many are looked at for one whose host has room


def together(
    things: Iterable[T],
    act: Callable[[T], R],
    host: Callable[[T], Hashable],
    *,
    at_once: int = AT_ONCE,
    of_one_host: int = OF_ONE_HOST,
) -> Iterator[tuple[T, R | Exception]]:
    """Each thing with what `act` returned or raised, as they get ready. `things` is read as it is needed,
    IN_VIEW at a time, so that an endless one takes no more memory than a short one."""
    source, waiting = iter(things), deque[T]()
    running: dict[Future[R], T] = {}
    busy = Counter[Hashable]()
    with ThreadPoolExecutor(at_once, thread_name_prefix="poll") as pool:
        while True:
            waiting.extend(islice(source, max(0, IN_VIEW - len(waiting) - len(running))))
            for thing in _startable(waiting, busy, host, at_once - len(running), of_one_host):
                running[pool.submit(act, thing)] = thing
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                thing = running.pop(future)
                busy[host(thing)] -= 1
                yield thing, _outcome(future)


def _startable(
    waiting: deque[T], busy: Counter[Hashable], host: Callable[[T], Hashable], free: int, of_one_host: int
) -> list[T]:
    """Take out of `waiting` what may start now, and count it as `busy`."""
    chosen: list[T] = []
    for _ in range(len(waiting)):
        thing = waiting.popleft()
        if len(chosen) < free and busy[host(thing)] < of_one_host:
            busy[host(thing)] += 1
            chosen.append(thing)
        else:
            waiting.append(thing)
    return chosen


def _outcome(future: Future[Any]) -> Any:
    try:
        return future.result()
    except Exception as error:  # noqa: BLE001 - whoever asked for all of them must hear of each
        return error
