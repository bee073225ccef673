"""A channel is told before its feed is given up: once for each change, whatever happens to the posts."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from bot import digest, notices
from bot.domain import Channel, Digest, Feed, Notice, NoticeState, Poll, Subscription
from bot.errors import EarmarkError, FetchError, Gone, PublishError
from bot.feeds import decide
from bot.following import ask_again, follow
from bot.pipeline import Pipeline
from bot.store.memory import MemoryStore
from bot.views import Text, plain
from tests import store_kit
from tests.fakes import START, FakeClock, FakeEngines, FakeFeeds
from tests.store_kit import DAY, HOUR, NOW, World

store, opener, world = store_kit.store, store_kit.opener, store_kit.world

URL = "https://a.example/feed"
DOWN = FetchError("It is down (503).", status=503)
OFFLINE = FetchError("Nobody answers.")
GONE = Gone(f"It {Gone.SAYS_GONE}.", status=410)
FAILING = Feed(
    id=7,
    url="https://a.example/f",
    title="Tree Talk",
    failing_since=START - timedelta(days=3),
    give_up_at=START + timedelta(days=11),
    next_check_at=START + timedelta(hours=5),
    checked_at=START,
    failures=9,
    error="It is down (503).",
)


def told(feed: Feed, before: NoticeState | None = None, now: datetime = START) -> str:
    channel = Channel(timezone="Europe/Zurich")
    return " ".join(n.text for n in notices.due(channel, [feed], {feed.id: before} if before else {}, now))


def test_words_of_a_feed_that_fails() -> None:
    assert told(FAILING) == (
        "Tree Talk hasn't answered properly since Saturday; I'll keep trying until 5 December at least. "
        "If it has moved: /podcasts add its new address."
    )
    later = replace(FAILING, failing_since=START - timedelta(days=20))
    assert "since 4 November;" in told(later)


def test_words_of_one_that_leaves_or_was_given_up_or_is_back() -> None:
    assert "gone for good (410); I'll keep asking until 5 December at least." in told(
        replace(FAILING, error=str(GONE))
    )
    assert told(replace(FAILING, status="gone")).startswith("I've stopped asking for Tree Talk")
    fine = replace(FAILING, give_up_at=None, failing_since=None, failures=0)
    assert told(fine, "failing") == "Tree Talk answers again."


@pytest.mark.parametrize(
    ("changes", "before"),
    [
        ({"give_up_at": START + timedelta(days=11, seconds=1)}, None),  # not three days yet
        ({"give_up_at": START - timedelta(hours=1)}, None),  # not asked since
        ({"next_check_at": START - timedelta(hours=2)}, None),  # slept: it is asked first
        ({"status": "paused"}, None),
        ({}, "failing"),
        ({}, "leaving"),
        ({"status": "gone"}, "given_up"),
        ({"give_up_at": None, "failures": 0}, None),  # nothing was told, so nothing is called back
        ({"give_up_at": None, "failures": 0, "checked_at": None}, "given_up"),  # added again, not asked yet
        ({"give_up_at": None, "failures": 1}, "failing"),
    ],
)
def test_what_is_not_told(changes: dict[str, object], before: NoticeState | None) -> None:
    assert told(replace(FAILING, **changes), before) == ""  # type: ignore[arg-type]


def test_a_private_feed_is_named_by_its_host_and_a_long_title_is_cut() -> None:
    private = replace(FAILING, title="", url="https://pay.example/feed/abc?key=ab12", sealed="x")
    assert told(private).startswith("pay.example hasn't")
    assert "abc" not in told(private) and "ab12" not in told(private)
    assert len(told(replace(FAILING, title="x" * 9000))) < 300


def test_a_post_has_room_for_a_few_and_the_others_come_next() -> None:
    feeds = [replace(FAILING, id=n, give_up_at=START + timedelta(days=10, hours=-n)) for n in range(1, 8)]
    first = notices.due(Channel(), feeds, {}, START)
    assert [n.feed_id for n in first] == [7, 6, 5, 4, 3]
    second = notices.due(Channel(), feeds, {n.feed_id: n.state for n in first}, START)
    assert [n.feed_id for n in second] == [2, 1]


def test_a_digest_of_notices_alone_says_just_that() -> None:
    made = Digest(channel_id=1, local_date=START.date(), notices=(NOTICE,))
    assert digest.view(made).parts == (Text(text="Tree Talk answers again."),)
    assert plain(digest.view(made)) == "Tree Talk answers again."


# the store


NOTICE = Notice(feed_id=1, state="answers", text="Tree Talk answers again.")


def save(world: World, at: datetime, *states: NoticeState) -> Digest:
    made = tuple(Notice(feed_id=world.feed.id, state=state, text=f"It is {state}.") for state in states)
    due = world.store.save_channel(replace(world.channel, next_post_at=at))
    one = Digest(channel_id=due.id, local_date=at.date(), notices=made, created_at=at)
    world.store.save_digest(world.take("compose", due.id, at), one, due)
    return world.store.digests(due.id)[0]


def test_a_digest_comes_back_with_its_notices_in_order(world: World) -> None:
    made = save(world, NOW, "leaving", "failing")
    assert [n.state for n in made.notices] == ["leaving", "failing"]
    assert made.notices[0].text == "It is leaving."
    assert world.store.digest(made.id) == made


def test_the_latest_that_is_posted_or_may_be_is_what_was_told(world: World) -> None:
    feed, channel = world.feed.id, world.channel.id
    assert world.store.told(channel, NOW) == {}
    first = save(world, NOW, "failing")
    assert world.store.told(channel, NOW + DAY) == {feed: "failing"}
    assert world.store.told(channel, NOW + 2 * DAY) == {}  # nobody took it: it was not told
    world.store.save_post(world.take("publish", first.id), world.post_of(first))
    save(world, NOW + DAY, "given_up")
    assert world.store.told(channel, NOW + DAY + HOUR) == {feed: "given_up"}
    assert world.store.told(channel, NOW + 9 * DAY) == {feed: "failing"}
    assert world.store.told(world.store.save_channel(Channel(name="other")).id, NOW) == {}


def test_a_feeds_end_is_kept_by_both_ways_to_save_a_poll(world: World) -> None:
    times = {"failing_since": NOW - DAY, "give_up_at": NOW + 13 * DAY}
    world.poll(**times)
    stored = world.store.feed(world.feed.id)
    assert (stored.failing_since, stored.give_up_at) == (NOW - DAY, NOW + 13 * DAY)
    claim = world.take("refresh", stored.id, NOW + HOUR)
    world.store.save_unchanged([(claim, replace(stored, failing_since=None, give_up_at=None))])
    assert world.store.feed(stored.id).give_up_at is None


def test_notices_go_with_their_workspace(world: World) -> None:
    save(world, NOW, "failing")
    channel = world.channel
    assert world.store.forget_workspace(channel.platform, channel.workspace) == 1
    assert world.store.told(channel.id, NOW) == {}


# forty days


@dataclass
class Scripted(FakeFeeds):
    """Answers of each address by the day since START; None is a good one."""

    answers: dict[str, Callable[[float], EarmarkError | None]] = field(default_factory=dict)
    online: bool = True
    asked: list[tuple[str, datetime]] = field(default_factory=list)

    def poll(self, feed: Feed, now: datetime) -> Poll:
        self.asked.append((feed.url, now))
        error = self.answers[feed.url]((now - START) / DAY)
        if error:
            return Poll(feed=decide.failed(feed, now, error, 0.0, online=self.online))
        return Poll(feed=decide.succeeded(feed, now, decide.Hints(), 0.0))


class Life:
    """A channel, its feeds by what they answer, and a clock that goes an hour at a time."""

    def __init__(self, **answers: Callable[[float], EarmarkError | None]) -> None:
        self.store, self.engines, self.clock = MemoryStore(), FakeEngines(), FakeClock()
        self.feeds = Scripted(answers={f"https://{name}.example/": say for name, say in answers.items()})
        self.engines.feeds = self.feeds
        self.pipeline = Pipeline(self.store, self.engines, self.clock)
        self.channel = self.store.save_channel(Channel(next_post_at=START + 2 * HOUR))
        for name in answers:
            feed = self.store.add_feed(Feed(url=f"https://{name}.example/", title=name))
            self.store.subscribe(Subscription(channel_id=self.channel.id, feed_id=feed.id))

    def live(self, days: float) -> None:
        end = self.clock() + timedelta(days=days)
        while self.clock() < end:
            for stage in ("refresh", "compose", "publish"):
                self.pipeline.run(stage)  # type: ignore[arg-type]
            self.clock.forward(hours=1)

    def told(self) -> list[tuple[int, str]]:
        """(day, "feed state") of all that stands in the channel."""
        names = {feed.id: feed.title for feed in self.store.feeds()}
        return [
            ((post.created_at or START).toordinal() - START.toordinal(), f"{names[n.feed_id]} {n.state}")
            for post in self.engines.console.posts
            for n in post.notices
        ]

    def status(self, name: str) -> str:
        return next(feed.status for feed in self.store.feeds() if feed.title == name)


def test_forty_days() -> None:
    life = Life(
        fine=lambda day: None,
        dead=lambda day: DOWN if day > 1.5 else None,
        moved=lambda day: GONE if day > 1.5 else None,
        back=lambda day: DOWN if 1.5 < day < 8 else None,
        brief=lambda day: DOWN if 1.5 < day < 4 else None,
    )
    life.live(40)
    assert life.told() == [
        (3, "moved leaving"),
        (5, "dead failing"),
        (5, "back failing"),
        (8, "back answers"),
        (11, "moved given_up"),
        (16, "dead given_up"),
    ]
    statuses = [life.status(name) for name in ("fine", "dead", "moved", "back", "brief")]
    assert statuses == ["active", "gone", "gone", "active", "active"]
    last = max(at for url, at in life.feeds.asked if "dead" in url)
    assert timedelta(days=15.5) <= last - START < timedelta(days=17)


def test_forty_days_without_our_own_network_tell_nothing() -> None:
    life = Life(one=lambda day: OFFLINE, other=lambda day: OFFLINE)
    life.feeds.online = False
    life.live(40)
    assert life.told() == []
    assert (life.status("one"), life.status("other")) == ("active", "active")


def test_what_no_platform_took_is_told_again_and_nothing_twice() -> None:
    life = Life(dead=lambda day: DOWN)
    life.live(3)
    life.engines.console.refuses = PublishError("Not now.")
    life.live(4)
    assert life.told() == []
    life.engines.console.refuses = None
    life.live(30)
    assert [what for _, what in life.told()] == ["dead failing", "dead given_up"]
    assert life.told()[0][0] < 14


def test_adding_a_feed_again_begins_anew() -> None:
    life = Life(dead=lambda day: DOWN if day < 20 else None)
    life.live(18)
    assert life.status("dead") == "gone"
    follow(life.store, life.feeds, life.channel, "https://dead.example/", now=life.clock())
    feed = life.store.feeds()[0]
    assert (feed.status, feed.failing_since, feed.give_up_at) == ("active", None, None)
    life.live(10)
    assert life.status("dead") == "active"
    assert [what for _, what in life.told()] == ["dead failing", "dead given_up", "dead answers"]


def test_a_time_that_was_told_never_comes_nearer_without_a_word() -> None:
    """Outages of ours, sleeps of the machine and both kinds of failures, in any order: "at least" is true."""
    for seed in range(40):
        chance = random.Random(seed)
        feed, now, before, told_until = replace(FAILING, give_up_at=None), START, None, START
        for _ in range(300):
            now += timedelta(hours=chance.choice((1, 6, 24, 90)))
            error = chance.choice((DOWN, GONE, OFFLINE))
            feed = decide.failed(feed, now, error, 0.0, online=error is not OFFLINE)
            if feed.status == "gone":
                assert now >= told_until
                break
            states: dict[int, NoticeState] = {feed.id: before} if before else {}
            for notice in notices.due(Channel(), [feed], states, now):
                before, told_until = notice.state, feed.give_up_at or now


def test_a_feed_that_was_given_up_is_asked_again_when_somebody_says_so() -> None:
    life = Life(dead=lambda day: DOWN if day < 20 else None)
    life.live(18)
    assert life.status("dead") == "gone"
    life.live(3)
    assert life.status("dead") == "gone"  # by itself it stays so
    asked = len(life.feeds.asked)
    assert ask_again(life.store, life.store.feeds()[0], life.clock())
    life.live(2)
    assert life.status("dead") == "active" and len(life.feeds.asked) > asked
    assert [what for _, what in life.told()] == ["dead failing", "dead given_up", "dead answers"]
