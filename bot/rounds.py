"""A round of feeds: polled many at once, claimed and saved in groups, since most say that nothing is new.

A transaction waits for the disk. To claim and to save ten thousand feeds that are as they were, each on its
own, would be twenty thousand of them; in groups it is four hundred.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial
from itertools import islice

from bot.domain import Claim, Feed, Poll
from bot.ports import ManyFeeds, Store

GROUP = 50

# Saves what was polled, within the claim's guard; what it returns counts as done.
Unit = Callable[[], int]


def units(
    store: Store,
    feeds: ManyFeeds,
    subjects: Iterable[int],
    *,
    claim: Callable[[list[int]], list[Claim]],
    keep: Callable[[Claim, Feed, Poll | Exception], int],
    leased: Callable[[dict[int, Claim]], AbstractContextManager[None]],
    clock: Callable[[], datetime],
) -> Iterator[Unit]:
    """What to call for each feed (or group of them) that was polled, as they get ready.

    `keep` saves one poll that changes something. The leases of what is in hand are kept by `leased`.
    """
    held: dict[int, Claim] = {}
    same: list[tuple[Claim, Feed]] = []
    with leased(held):
        for feed, poll in feeds.poll_all(_claimed(store, subjects, claim, held), clock):
            if isinstance(poll, Exception) or not _is_as_before(feed, poll):
                yield partial(keep, held[feed.id], feed, poll)
                del held[feed.id]
                continue
            same.append((held[feed.id], poll.feed))
            if len(same) == GROUP:
                yield partial(_save, store, same, held)
                same = []
        if same:
            yield partial(_save, store, same, held)


def _save(store: Store, same: list[tuple[Claim, Feed]], held: dict[int, Claim]) -> int:
    saved = store.save_unchanged(same)
    for claim, _ in same:
        del held[claim.subject]
    return saved


def _is_as_before(feed: Feed, poll: Poll) -> bool:
    return poll.episodes is None and (poll.feed.url, poll.feed.status) == (feed.url, feed.status)


def _claimed(
    store: Store,
    subjects: Iterable[int],
    claim: Callable[[list[int]], list[Claim]],
    held: dict[int, Claim],
) -> Iterator[Feed]:
    source = iter(subjects)
    while group := list(islice(source, GROUP)):
        claims = {one.subject: one for one in claim(group)}
        held |= claims
        yield from store.feeds(list(claims))
