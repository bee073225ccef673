"""A month in seconds: clocks, networks, disks and crashes by the dice, over the real pipeline and stores.

Nothing of the pipeline or the store is replaced; only what lies outside (publishers, feeds, models, chat) and
time itself. `replay` plays days with everything going wrong, then some quiet ones, and counts.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from bot.domain import (
    STAGES,
    Channel,
    Digest,
    Episode,
    Feed,
    Insight,
    Passage,
    Poll,
    Post,
    Reading,
    Subscription,
    Transcript,
)
from bot.errors import EarmarkError, FetchError, LeaseLost, PublishError, StoreError
from bot.feeds import decide
from bot.pipeline import LEASE_S, Pipeline
from bot.ports import Publisher, Store, Transcriber
from tests.churn import Show
from tests.fakes import Crash, FakeReader, FakeTranscriber
from tests.weather import Sky, Weather

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SAVES = ("save_poll", "save_transcript", "save_reading", "save_insights", "save_digest", "save_post")
# Not "renew", the last look before a post is sent: who sleeps between that look and the platform's taking the
# post can post twice. That is the residue of docs/design.md, and no accident that we could be saved from.
WRITES = (*SAVES, "claim", "claim_all", "save_unchanged", "fail")
KINDS = ("dies before", "dies after", "refused", "reply lost")


class Worker:
    """One of two processes: its own clock over the same store; a crash ends it, the next tick starts it."""

    def __init__(self, world: World, store: Store, offset: timedelta, wanders: bool) -> None:
        self.world, self.offset, self.wanders = world, offset, wanders
        self.pipeline = Pipeline(_Shaky(store, self), _Engines(self), self.clock)  # type: ignore[arg-type]
        self.busy = False

    def clock(self) -> datetime:
        back = HOUR if self.wanders and self.world.sky.is_in(self.world.sky.weather.clock_back) else 0 * HOUR
        return self.world.sky.now + self.offset - back

    def turn(self, stages: tuple[Any, ...] = STAGES) -> None:
        counts = self.world.sky.counts
        self.busy = True
        for stage in stages:
            try:
                counts[f"{stage} done"] += self.pipeline.run(stage)
            except Crash:
                counts["crashes"] += 1
                break
            except EarmarkError:
                counts["rounds cut short"] += 1
        self.busy = False

    def around(self, name: str, call: Callable[[], Any], refuse: EarmarkError | None) -> Any:
        """`call`, with an accident or none before or after it."""
        sky = self.world.sky
        self._meanwhile()
        if sky.happens(sky.weather.crash):
            raise Crash
        if refuse is not None and sky.happens(sky.weather.refused):
            sky.counts["refused"] += 1
            raise refuse
        result = call()
        self._meanwhile()
        if sky.happens(sky.weather.crash):
            raise Crash
        if refuse is not None and sky.happens(sky.weather.reply_lost):
            sky.counts["replies lost"] += 1
            raise refuse
        return result

    def _meanwhile(self) -> None:
        sky = self.world.sky
        if sky.happens(sky.weather.sleeps):
            sky.now += timedelta(seconds=LEASE_S + 5)
            sky.counts["slept through a lease"] += 1
        other = next((w for w in self.world.workers if w is not self), None)
        if other is not None and not other.busy and sky.happens(sky.weather.meanwhile):
            other.turn((sky.rng.choice(STAGES),))


class _Shaky:
    """The store as one worker reaches it."""

    def __init__(self, store: Store, worker: Worker) -> None:
        self._store, self._worker = store, worker

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._store, name)
        return (lambda *a, **k: self._write(name, a, lambda: real(*a, **k))) if name in WRITES else real

    def _write(self, name: str, args: tuple[Any, ...], write: Callable[[], Any]) -> Any:
        sky = self._worker.world.sky
        # A full disk takes small writes now and then, and no large ones.
        if sky.is_in(sky.weather.disk_full) and (name in SAVES or sky.rng.random() < 0.5):
            sky.counts["disk full"] += 1
            raise StoreError("The database can't grow: the disk is full.")
        if sky.is_in(sky.weather.locked) and sky.rng.random() < 0.4:
            sky.counts["database locked"] += 1
            raise StoreError("The database is busy.")
        try:
            refuse = StoreError("The connection broke.") if name in SAVES else None
            result = self._worker.around(name, write, refuse)
        except LeaseLost:
            sky.counts["leases lost"] += 1
            raise
        if name == "save_poll" and not args[1].failures:
            self._worker.world.shows[args[1].url].seen()
        return result


class OwnWords:
    """Says of each episode and topic something in words that nothing else is said in."""

    def write(self, passage: Passage, reading: Reading, episode: Episode) -> Insight:
        said = reading.sentences[passage.quote_at]
        mark = hashlib.sha256(said.text.encode()).hexdigest()
        words = [f"w{mark[n : n + 5]}" for n in range(0, 40, 5)]
        return Insight(headline=words[0], text=" ".join(words), quote=said.text, score=passage.score)


class _Engines:
    def __init__(self, worker: Worker) -> None:
        self._worker, self._world = worker, worker.world
        self.reader, self.writer = FakeReader(), OwnWords()
        self.feeds = self

    @property
    def transcribers(self) -> tuple[Transcriber, ...]:
        return (self,)

    def publisher(self, platform: str) -> Publisher:
        self._worker._meanwhile()
        return self  # type: ignore[return-value]

    def poll(self, feed: Feed, now: datetime) -> Poll:
        sky = self._world.sky
        if sky.is_in(sky.weather.feeds_down):
            return Poll(feed=decide.failed(feed, now, FetchError("Nobody answers."), 0.5))
        state = decide.succeeded(feed, now, decide.Hints(), 0.5)
        show = self._world.shows[feed.url]
        episodes = tuple(show.out) if show.changed else None
        return self._worker.around("poll", lambda: Poll(feed=state, episodes=episodes), None)  # type: ignore[no-any-return]

    def poll_all(
        self, feeds: Iterable[Feed], clock: Callable[[], datetime]
    ) -> Iterator[tuple[Feed, Poll | Exception]]:
        return ((feed, self.poll(feed, clock())) for feed in feeds)

    def transcribe(self, episode: Episode) -> Transcript:
        sky, broken = self._world.sky, FetchError("The audio can't be had.")
        if sky.is_in(sky.weather.audio_down):
            raise broken
        heard = lambda: FakeTranscriber().transcribe(episode)  # noqa: E731
        return self._worker.around("transcribe", heard, broken)  # type: ignore[no-any-return]

    def find(self, channel: Channel, digest: Digest) -> Post | None:
        sky = self._world.sky
        if sky.is_in(sky.weather.chat_down):
            raise PublishError("The platform is down.")
        stands = any(d.id == digest.id for d in self._world.posts)
        return _post(channel, digest, sky.now) if stands else None

    def publish(self, channel: Channel, digest: Digest) -> Post:
        sky = self._world.sky
        if sky.is_in(sky.weather.chat_down):
            raise PublishError("The platform is down.")

        def send() -> Post:
            self._world.posts.append(digest)
            return _post(channel, digest, sky.now)

        return self._after(send)

    def _after(self, send: Callable[[], Post]) -> Post:
        sky = self._world.sky
        if sky.happens(sky.weather.refused):
            sky.counts["refused"] += 1
            raise PublishError("Not now.")
        post = send()
        self._worker._meanwhile()
        if sky.happens(sky.weather.crash * 5):
            raise Crash
        if sky.happens(sky.weather.reply_lost * 5):
            sky.counts["replies lost"] += 1
            raise PublishError("No reply came.")
        return post


def _post(channel: Channel, digest: Digest, at: datetime) -> Post:
    return Post(
        digest_id=digest.id, platform="console", channel=channel.name, message_id=str(digest.id), posted_at=at
    )


class World:
    """Shows, channels that follow them, and two workers."""

    def __init__(self, open_store: Callable[[], Store], sky: Sky, zones: tuple[tuple[str, str], ...]) -> None:
        self.sky, self.posts = sky, list[Digest]()
        self.store = open_store()
        self.shows = {f"https://{n}.example/feed": Show(n, sky.rng) for n in ("ash", "birch", "cedar")}
        self.channels = [self._channel(zone, at) for zone, at in zones]
        self.workers = [
            Worker(self, self.store, timedelta(0), wanders=True),
            Worker(self, open_store(), timedelta(seconds=7), wanders=False),
        ]

    def _channel(self, zone: str, at: str) -> Channel:
        channel = self.store.save_channel(
            Channel(name=zone, timezone=zone, post_time=at, count=10, next_post_at=self.sky.now)
        )
        for url in self.shows:
            feed = self.store.add_feed(Feed(url=url, title=url, next_check_at=self.sky.now))
            self.store.subscribe(
                Subscription(channel_id=channel.id, feed_id=feed.id, since=self.sky.start - DAY)
            )
        return channel

    def twice(self) -> Iterator[str]:
        """Digests that stand twice, days with two, and episodes or insights that a channel has had twice."""
        yield from _repeated("digest", [d.id for d in self.posts])
        yield from _repeated("day", [(d.channel_id, d.local_date) for d in self.posts])
        episodes = [{(d.channel_id, p.episode.title) for p in d.picks} for d in self.posts]
        yield from _repeated("episode", [one for digest in episodes for one in digest])
        texts = [(d.channel_id, p.insight.quote) for d in self.posts for p in d.picks]
        yield from _repeated("insight", texts)

    def lost(self) -> Iterator[str]:
        """Episodes that came out and of which a channel has had nothing."""
        had = {(d.channel_id, p.episode.title) for d in self.posts for p in d.picks}
        for channel in self.channels:
            for show in self.shows.values():
                yield from (f"{channel.name}: {t}" for t in show.truth if (channel.id, t) not in had)


def _repeated(what: str, things: list[Any]) -> Iterator[str]:
    return (f"{what} {thing}" for thing, n in Counter(things).items() if n > 1)


ZONES = (("Europe/Berlin", "02:30"), ("America/New_York", "01:30"), ("UTC", "08:00"))


def replay(
    open_store: Callable[[], Store],
    *,
    start: datetime,
    days: int,
    seed: int,
    weather: Weather | None = None,
    step: timedelta = HOUR,
    quiet: timedelta = 6 * DAY,
) -> World:
    """`days` of bad weather, then `quiet` ones in which nothing comes out."""
    sky = Sky(start=start, rng=random.Random(seed), weather=weather or Weather())
    world = World(open_store, sky, ZONES)
    for show in world.shows.values():
        show.publish(sky.now - 2 * HOUR)
    until = start + days * DAY
    while sky.now < until + quiet:
        sky.calm = sky.now >= until
        if (
            not sky.calm and sky.now > start + DAY / 4
        ):  # a first poll takes the newest alone: not an episode lost
            _publishers(world)
        if not sky.is_in(sky.weather.switched_off):
            for worker in sky.rng.sample(world.workers, 2):
                worker.turn()
        sky.now += step * (0.5 + sky.rng.random())
    return world


def _publishers(world: World) -> None:
    for show in world.shows.values():
        if world.sky.rng.random() < 1 / 40:
            show.publish(world.sky.now)
        elif world.sky.rng.random() < 1 / 12:
            show.churn()
