"""Many feeds at once: few of one host, each outcome told, claims and what is unchanged saved in groups."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count, islice

import pytest

from bot.domain import Changes, Feed, Poll, Subscription
from bot.feeds.crowd import IN_VIEW, together
from bot.pipeline import Pipeline
from tests.fakes import FakeClock, FakeEngines, FakeFeeds, episode
from tests.store_kit import DAY, LEASE_S, NOW, World


def test_each_outcome_is_told_once() -> None:
    got = dict(together(range(50), lambda n: 10 // (n % 5), lambda n: n))
    assert set(got) == set(range(50))
    assert all(isinstance(got[n], ZeroDivisionError) == (n % 5 == 0) for n in got)
    assert got[4] == 2


def test_few_of_one_host_and_many_of_all() -> None:
    lock, now, most = threading.Lock(), {"a": 0, "b": 0}, {"a": 0, "b": 0}
    met = threading.Barrier(5, timeout=20)

    def act(thing: tuple[str, int]) -> None:
        host, number = thing
        with lock:
            now[host] += 1
            most[host] = max(most[host], now[host])
        if host == "b" or number == 0:
            met.wait()  # one of a and four of b are under way together
        with lock:
            now[host] -= 1

    things = [("a", n) for n in range(20)] + [("b", n) for n in range(4)]
    assert len(list(together(things, act, lambda thing: thing[0], at_once=5, of_one_host=4))) == 24
    assert most["b"] == 4 and most["a"] <= 4


def test_no_more_is_read_than_is_in_view() -> None:
    source = count()
    first = list(islice(together(source, lambda n: n, lambda n: n), 20))
    assert len(first) == 20
    assert next(source) <= 20 + 2 * IN_VIEW


class Crowd(FakeFeeds):
    """Polls what it is given, one by one; feeds named in `says` have these outcomes."""

    def __init__(self, says: dict[str, Callable[[Feed], Poll]] | None = None) -> None:
        super().__init__()
        self.says = says or {}

    def poll_all(
        self, feeds: Iterable[Feed], clock: Callable[[], datetime]
    ) -> Iterator[tuple[Feed, Poll | Exception]]:
        for feed in feeds:
            try:
                yield feed, self.says.get(feed.url, unchanged)(feed)
            except ZeroDivisionError as bug:
                yield feed, bug


def unchanged(feed: Feed) -> Poll:
    return Poll(feed=replace(feed, checked_at=NOW, next_check_at=NOW + DAY))


def add_feeds(world: World, number: int) -> None:
    for n in range(number):
        feed = world.store.add_feed(Feed(url=f"https://b.example/{n}"))
        world.store.subscribe(Subscription(channel_id=world.channel.id, feed_id=feed.id))


def pipeline(world: World, feeds: FakeFeeds) -> Pipeline:
    return Pipeline(world.store, FakeEngines(feeds=feeds), FakeClock(NOW))


def test_a_round_of_feeds_saves_each_and_no_bug_stops_it(world: World) -> None:
    add_feeds(world, 120)
    new = replace(episode(1), first_seen_at=NOW)
    crowd = Crowd(
        {
            "https://b.example/7": lambda feed: Poll(feed=unchanged(feed).feed, episodes=(new,)),
            "https://b.example/8": lambda feed: 1 / 0,  # type: ignore[dict-item, return-value]
            "https://b.example/9": lambda feed: Poll(
                feed=replace(unchanged(feed).feed, url="https://new.example/")
            ),
        }
    )
    with pytest.raises(ExceptionGroup) as bugs:
        pipeline(world, crowd).run("refresh", 200)
    assert len(bugs.value.exceptions) == 1
    feeds = {feed.url: feed for feed in world.store.feeds()}
    assert "https://new.example/" in feeds and "https://b.example/9" not in feeds
    late = [url for url, feed in feeds.items() if feed.next_check_at is None]
    assert late == ["https://b.example/8"]
    assert [e.title for e in world.store.episodes(feeds["https://b.example/7"].id)] == ["Episode 1"]
    assert world.store.pending("refresh", NOW) == []
    assert [(row.stage, row.attempt) for row in world.store.work()] == [("refresh", 1)]


def test_what_another_worker_took_over_is_not_saved(world: World) -> None:
    add_feeds(world, 3)
    late = NOW + timedelta(seconds=LEASE_S + 1)
    claims = world.store.claim_all("refresh", [feed.id for feed in world.store.feeds()], NOW, LEASE_S)
    assert len(claims) == 4
    taken = world.store.claim("refresh", claims[0].subject, late, LEASE_S)
    assert taken is not None and taken.fence == claims[0].fence + 1
    polls = [(claim, unchanged(world.store.feed(claim.subject)).feed) for claim in claims]
    assert world.store.save_unchanged(polls) == 3
    assert world.store.feed(taken.subject).next_check_at is None


def test_unchanged_leaves_what_people_changed_meanwhile(world: World) -> None:
    [claim] = world.store.claim_all("refresh", [world.feed.id], NOW, LEASE_S)
    world.store.save_feed(replace(world.feed, status="paused"))
    assert world.store.save_unchanged([(claim, unchanged(world.feed).feed)]) == 1
    saved = world.store.feed(world.feed.id)
    assert (saved.status, saved.next_check_at) == ("paused", NOW + DAY)


def test_all_are_claimed_that_can_be(world: World) -> None:
    add_feeds(world, 5)
    ids = [feed.id for feed in world.store.feeds()]
    held = world.take("refresh", ids[0])
    claim = world.take("refresh", ids[1])
    world.store.save_poll(claim, unchanged(world.store.feed(ids[1])).feed, Changes())  # not due any more
    claims = world.store.claim_all("refresh", ids, NOW, LEASE_S)
    assert sorted(one.subject for one in claims) == ids[2:]
    assert world.store.claim_all("refresh", [], NOW, LEASE_S) == []
    assert world.store.renew(held, NOW, LEASE_S)


def test_what_is_coming_is_due_or_in_hand_on_the_channels_own_feeds(world: World) -> None:
    other = world.store.save_channel(replace(world.channel, id=0, name="other"))
    assert world.store.is_coming(world.channel.id, NOW)  # the feed is due
    assert not world.store.is_coming(other.id, NOW)
    world.poll(replace(episode(1), status="wanted"))
    assert world.store.is_coming(world.channel.id, NOW)  # an episode waits to be heard
    [heard] = world.store.pending("transcribe", NOW)
    claim = world.take("transcribe", heard)
    assert world.store.is_coming(world.channel.id, NOW)  # somebody has it
    world.store.fail(claim, "It is broken.", None)
    assert not world.store.is_coming(world.channel.id, NOW)
