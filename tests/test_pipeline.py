"""The whole way on fakes: what is kept, what is tried again, and that nothing is posted twice or lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain import STAGES, Channel, Episode, Insight, Segment, Stage, Transcript
from bot.errors import AudioError, FetchError, NoTranscript, PublishError, Unreachable
from bot.following import follow, unfollow
from bot.making import first_transcript, with_source, write_all
from bot.pipeline import LEASE_S, Pipeline
from bot.ports import Publisher
from bot.retries import next_try
from bot.store.memory import MemoryStore
from tests.fakes import (
    START,
    Crash,
    FakeClock,
    FakeEngines,
    FakeReader,
    FakeTranscriber,
    FakeWriter,
    crash_on,
    episode,
)

URL = "https://a.example/feed"


class World:
    """A store, engines, a clock and one channel that follows one feed of three episodes."""

    def __init__(self, backfill: int = 3) -> None:
        self.store, self.engines, self.clock = MemoryStore(), FakeEngines(), FakeClock()
        self.engines.feeds.published[URL] = [episode(n) for n in range(3)]
        self.pipeline = Pipeline(self.store, self.engines, self.clock)
        self.channel = self.store.save_channel(Channel(next_post_at=START + timedelta(hours=2)))
        self.follow(backfill)

    def follow(self, backfill: int = 1, url: str = URL) -> None:
        follow(self.store, self.engines.feeds, self.channel, url, now=self.clock(), backfill=backfill)

    def episodes(self) -> list[Episode]:
        return self.store.episodes(self.store.feeds()[0].id)

    def settle(self, stages: tuple[Stage, ...] = STAGES) -> None:
        while any([self.pipeline.run(stage) for stage in stages]):
            pass

    def posted(self) -> list[int]:
        """The insights that stand in the channel, in order."""
        return [pick.insight.id for digest in self.engines.console.posts for pick in digest.picks]


def texts(world: World) -> list[list[str]]:
    return [[pick.insight.text for pick in post.picks] for post in world.engines.console.posts]


def test_from_a_feed_to_one_post() -> None:
    world = World()
    world.settle()
    assert world.posted() == []  # the channel's time has not come
    world.clock.forward(hours=2)
    world.settle()
    assert len(world.posted()) == len(set(world.posted())) == 5
    post = world.engines.console.posts[0]
    assert (post.episodes_scanned, post.local_date.isoformat()) == (3, "2026-11-24")
    world.clock.forward(hours=1)
    world.settle()
    assert len(world.engines.console.posts) == 1


def test_first_subscription_takes_the_newest_alone() -> None:
    world = World(backfill=1)
    world.settle()
    assert world.engines.transcriber.heard == ["Episode 0"]
    assert [e.status for e in world.episodes()] == ["wanted", "seen", "seen"]


def test_next_day_brings_only_what_is_new() -> None:
    world = World()
    world.clock.forward(hours=2)
    world.settle()
    first = world.posted()
    new = replace(episode(9), published_at=START + timedelta(hours=20))
    world.engines.feeds.published[URL].insert(0, new)
    world.clock.forward(days=1)
    world.settle()
    second = world.engines.console.posts[1]
    assert {pick.episode.title for pick in second.picks} == {"Episode 9"}
    assert not set(first) & {pick.insight.id for pick in second.picks}


def test_a_day_without_news_is_silent_unless_a_line_is_wanted() -> None:
    world = World()
    world.clock.forward(hours=2)
    world.settle()
    world.clock.forward(days=1)
    world.settle()
    assert len(world.engines.console.posts) == 1
    world.store.save_channel(replace(world.store.channel(world.channel.id), quiet_line=True))
    world.clock.forward(days=1)
    world.settle()
    assert [len(d.picks) for d in world.engines.console.posts] == [5, 0]


def test_late_start_posts_once_and_too_late_not_at_all() -> None:
    world = World()
    world.clock.forward(hours=2 + 5)
    world.settle()
    assert len(world.engines.console.posts) == 1
    world = World()
    world.clock.forward(days=3, hours=2 + 7)  # three slots went by, the last seven hours ago
    world.settle()
    assert world.engines.console.posts == []
    due = world.store.channel(world.channel.id).next_post_at
    assert due is not None and due > world.clock()


def test_an_old_slot_that_was_missed_does_not_cost_todays() -> None:
    world = World()
    world.clock.forward(days=3, hours=2 + 1)  # three slots went by, and the fourth an hour ago
    world.settle()
    assert [post.local_date.isoformat() for post in world.engines.console.posts] == ["2026-11-27"]


def test_a_weekly_channel_gets_the_whole_week() -> None:
    world = World()
    monday = START + timedelta(days=6, hours=2)
    world.store.save_channel(replace(world.channel, weekdays=(0,), next_post_at=monday))
    world.settle()
    world.clock.forward(days=6, hours=2)
    world.settle()
    assert len(world.posted()) == 5


def test_a_post_waits_for_what_is_on_its_way_but_not_for_ever() -> None:
    world = World()
    world.clock.forward(hours=2)  # the machine slept: nothing has been looked for yet
    world.pipeline.run("compose")
    world.pipeline.run("refresh")
    world.pipeline.run("compose")
    world.clock.forward(minutes=1)
    for stage in ("transcribe", "read", "write"):
        world.pipeline.run(stage, 1)
    world.pipeline.run("compose")  # something is there, more is coming
    world.settle(("publish",))
    assert world.posted() == []
    world.clock.forward(minutes=15)
    world.settle(("compose", "publish"))
    assert {p.episode.title for p in world.engines.console.posts[0].picks} == {"Episode 0"}
    due = world.store.channel(world.channel.id).next_post_at
    assert due == START + timedelta(days=1, hours=2)


def test_a_bad_episode_stops_no_other_and_is_tried_again() -> None:
    world = World()
    world.engines.transcriber.broken["Episode 1"] = FetchError("The audio can't be had now.", status=404)
    world.settle()
    assert [bool(world.store.insights(e.id)) for e in world.episodes()] == [True, False, True]
    [row] = [row for row in world.store.work() if row.error]
    assert (row.status, row.attempt, row.error) == ("open", 1, "The audio can't be had now.")
    world.engines.transcriber.broken.clear()
    world.settle()
    assert world.engines.transcriber.heard.count("Episode 1") == 1  # not before its time
    world.clock.forward(minutes=2)
    world.settle()
    assert all(world.store.insights(e.id) for e in world.episodes())


def test_five_failures_set_it_aside_and_retry_brings_it_back() -> None:
    world = World(backfill=1)
    world.engines.transcriber.broken["Episode 0"] = FetchError("Not now.", status=404)
    for _ in range(9):
        world.settle()
        world.clock.forward(hours=2)
    assert len(world.engines.transcriber.heard) == 5
    [row] = [row for row in world.store.work() if row.stage == "transcribe"]
    assert row.status == "set aside"
    world.engines.transcriber.broken.clear()
    assert world.store.retry("transcribe", row.subject)
    world.settle()
    assert world.store.insights(row.subject)


def test_a_night_without_network_costs_no_attempts_and_no_episode() -> None:
    world = World(backfill=1)
    world.engines.transcriber.broken["Episode 0"] = FetchError("There is no internet.")
    for _ in range(60):
        world.settle()
        world.clock.forward(minutes=30)
    [row] = [row for row in world.store.work() if row.error]
    assert (row.status, row.attempt, row.error) == ("open", 0, "There is no internet.")
    world.engines.transcriber.broken.clear()
    world.settle()
    assert world.store.insights(row.subject)


def test_what_can_not_be_had_for_a_week_is_set_aside_at_last() -> None:
    world = World(backfill=1)
    world.engines.transcriber.broken["Episode 0"] = FetchError("Nobody answers there.")
    for _ in range(9 * 24):
        world.settle()
        world.clock.forward(hours=1)
    assert [row.status for row in world.store.work() if row.stage == "transcribe"] == ["set aside"]


def test_who_slept_until_another_took_over_does_not_send() -> None:
    world = World()
    world.clock.forward(hours=2)
    world.settle(STAGES[:5])
    real = world.engines.publisher

    def sleeps(platform: str) -> Publisher:
        world.engines.publisher = real  # type: ignore[method-assign]
        world.clock.forward(seconds=LEASE_S + 1)
        assert Pipeline(world.store, world.engines, world.clock).run("publish") == 1
        return real(platform)

    world.engines.publisher = sleeps  # type: ignore[method-assign]
    assert world.pipeline.run("publish") == 0
    assert world.engines.console.tries == 1


def test_what_can_never_work_is_set_aside_at_once() -> None:
    world = World(backfill=1)
    world.engines.transcriber.broken["Episode 0"] = AudioError("It is no audio.")
    world.settle()
    assert [row.status for row in world.store.work() if row.stage == "transcribe"] == ["set aside"]


def test_a_full_disk_is_no_bug_and_is_tried_again() -> None:
    world = World(backfill=1)
    world.engines.transcriber.broken["Episode 0"] = OSError(28, "No space left on device", "a.part")
    world.settle()
    [row] = [row for row in world.store.work() if row.error]
    assert row.status == "open" and row.error.startswith("a.part: No space left on device.")


def test_a_wrong_setting_silences_a_channel_only_until_it_is_mended() -> None:
    world = World()
    world.store.save_channel(replace(world.channel, timezone="Mars/Olympus"))
    world.clock.forward(hours=2)
    world.settle()
    assert world.posted() == []
    world.store.save_channel(world.channel)
    world.clock.forward(minutes=65)
    world.settle()
    assert len(world.posted()) == 5


def test_a_bug_is_not_swallowed_and_stops_nothing_else() -> None:
    world = World()
    world.engines.transcriber.broken["Episode 1"] = ZeroDivisionError()
    world.pipeline.run("refresh")
    with pytest.raises(ExceptionGroup) as caught:
        world.pipeline.run("transcribe")
    assert isinstance(caught.value.exceptions[0], ZeroDivisionError)
    assert sorted(world.engines.transcriber.heard) == ["Episode 0", "Episode 1", "Episode 2"]


SAVES = ("save_poll", "save_transcript", "save_reading", "save_insights", "save_digest", "save_post")
MAKES = (
    ("feeds", "poll"),
    ("transcriber", "transcribe"),
    ("reader", "read"),
    ("writer", "write"),
    ("console", "publish"),
)


@pytest.mark.parametrize("what", SAVES + MAKES, ids=str)
def test_a_crash_anywhere_loses_nothing_and_posts_nothing_twice(what: str | tuple[str, str]) -> None:
    plain = World()
    plain.settle()
    plain.clock.forward(hours=2)
    plain.settle()

    world = World()
    owner = world.store if isinstance(what, str) else getattr(world.engines, what[0])
    name = what if isinstance(what, str) else what[1]
    setattr(owner, name, crash_on(getattr(owner, name)))
    crashes = 0
    for hours in (0, 0, 2, 0):  # before the post is due, and when it is
        world.clock.forward(hours=hours, seconds=LEASE_S + 1)  # a dead process's lease runs out
        try:
            world.settle()
        except Crash:
            crashes += 1
            world.pipeline = Pipeline(world.store, world.engines, world.clock)  # it starts again
    assert crashes == 1
    assert texts(world) == texts(plain)


def test_a_lost_reply_is_looked_for_before_it_is_sent_again() -> None:
    world = World()
    world.clock.forward(hours=2)
    world.engines.console.lose_reply = True
    world.settle()
    world.engines.console.lose_reply = False
    world.clock.forward(minutes=2)
    world.settle()
    assert len(world.engines.console.posts) == 1
    assert world.store.post(world.engines.console.posts[0].id) is not None


def test_a_retry_by_hand_posts_nothing_twice() -> None:
    world = World()
    world.clock.forward(hours=2)
    world.engines.console.lose_reply = True
    world.settle()
    world.engines.console.lose_reply = False
    assert world.store.retry("publish", world.engines.console.posts[0].id)
    world.settle()
    assert len(world.engines.console.posts) == 1


def test_work_that_kills_its_process_is_given_up_after_five() -> None:
    world = World(backfill=1)
    world.pipeline.run("refresh")
    world.engines.transcriber.transcribe = crash_on(world.engines.transcriber.transcribe, times=99)  # type: ignore[method-assign, assignment]
    for _ in range(5):
        with pytest.raises(Crash):
            world.pipeline.run("transcribe")
        world.clock.forward(seconds=LEASE_S + 1)
    assert world.pipeline.run("transcribe") == 0
    [row] = [row for row in world.store.work() if row.stage == "transcribe"]
    assert (row.status, "5 times" in row.error) == ("set aside", True)


def test_being_told_to_stop_costs_no_attempt() -> None:
    world = World(backfill=1)
    world.pipeline.run("refresh")
    for _ in range(7):  # a week of restarts, each in the middle of an episode
        pipeline = Pipeline(world.store, world.engines, world.clock)
        real = world.engines.transcriber.transcribe

        def stopped(episode: Episode, pipeline: Pipeline = pipeline) -> Transcript:
            pipeline.let_go()
            raise Crash

        world.engines.transcriber.transcribe = stopped  # type: ignore[method-assign]
        with pytest.raises(Crash):
            pipeline.run("transcribe")
        world.engines.transcriber.transcribe = real  # type: ignore[method-assign]
    world.settle()  # at once: no lease to wait for
    assert all(world.store.insights(e.id) for e in world.episodes() if e.status == "wanted")


def test_who_is_told_to_end_begins_nothing_more_and_waits_for_no_model() -> None:
    world = World(backfill=1)
    ending = Pipeline(world.store, world.engines, world.clock)
    ending.settle(60)  # nothing stands in a channel in a moment: at once
    assert (ending.run("refresh"), ending.run("transcribe")) == (0, 0)
    assert world.store.work() == []
    world.settle()
    assert len(world.posted()) == 0 and world.episodes()


def test_two_workers_do_each_thing_once() -> None:
    world = World()
    world.clock.forward(hours=2)
    other = Pipeline(world.store, world.engines, world.clock)
    for _ in range(4):
        for stage in STAGES:
            world.pipeline.run(stage, 1)
            other.run(stage, 1)
        world.clock.forward(minutes=1)
    assert sorted(world.engines.transcriber.heard) == ["Episode 0", "Episode 1", "Episode 2"]
    assert len(world.engines.console.posts) == 1


def test_unfollowed_is_neither_heard_nor_posted() -> None:
    world = World()
    world.pipeline.run("refresh")
    unfollow(world.store, world.channel, "show")
    world.clock.forward(hours=2)
    world.settle()
    assert world.engines.transcriber.heard == []
    assert world.engines.console.posts == []


def test_second_channel_gets_no_history_of_a_known_feed() -> None:
    world = World()
    world.clock.forward(hours=2)
    world.settle()
    second = world.store.save_channel(Channel(name="second", next_post_at=world.clock() + timedelta(hours=1)))
    follow(world.store, world.engines.feeds, second, URL, now=world.clock())
    world.clock.forward(hours=1)
    world.settle()
    assert {p.episode.title for p in world.engines.console.posts[-1].picks} == {"Episode 0"}


def test_more_backfill_for_one_channel_is_no_news_to_another() -> None:
    world = World(backfill=1)
    world.clock.forward(hours=2)
    world.settle()
    second = world.store.save_channel(Channel(name="second", next_post_at=START + timedelta(days=1, hours=2)))
    for backfill in (1, 3):
        follow(world.store, world.engines.feeds, second, URL, now=world.clock(), backfill=backfill)
    world.clock.forward(days=1)
    world.settle()
    had = {(d.channel_id, p.episode.title) for d in world.engines.console.posts for p in d.picks}
    assert had == {(world.channel.id, "Episode 0"), *((second.id, f"Episode {n}") for n in range(3))}


def test_following_again_after_months_posts_no_history() -> None:
    world = World(backfill=1)
    world.clock.forward(hours=2)
    world.settle()
    unfollow(world.store, world.channel, "show")
    world.clock.forward(days=60)
    later = [replace(episode(10 + n), published_at=START + timedelta(days=60 - 5 * n)) for n in range(5)]
    world.engines.feeds.published[URL][:0] = later
    world.engines.feeds.down = True  # the first look fails: the next one is the first all the same
    world.follow()
    world.settle()
    world.engines.feeds.down = False
    world.clock.forward(hours=2)
    world.settle()
    assert [e.status for e in world.episodes()][:5] == ["wanted", *4 * ["seen"]]


def test_compose_now_makes_further_parts_of_today() -> None:
    world = World()
    world.settle()
    made = [world.pipeline.compose_now(world.channel) for _ in range(2)]
    assert [d and (d.part, len(d.picks)) for d in made] == [(0, 5), None]


def test_what_was_heard_by_a_model_counts_a_little_less_than_what_a_publisher_wrote() -> None:
    insight = Insight(headline="h", text="t", quote="q", score=0.5)
    heard = Transcript(segments=(), source="asr", model="tiny")
    written = Transcript(segments=(), source="publisher", model="vtt")
    assert with_source(insight, written, episode(1)).score == 0.5
    assert with_source(insight, heard, episode(1)).score < 0.5
    assert with_source(insight, heard, episode(1)).provenance.transcript == "speech (tiny)"


def test_what_two_passages_say_alike_is_one_insight() -> None:
    said = Transcript(segments=tuple(Segment(start=n, end=n + 1.0, text=f"Topic{n}.") for n in range(3)))
    read = FakeReader().read(said)
    twice = replace(read, passages=(read.passages[0], *read.passages))
    assert [i.quote for i in write_all(FakeWriter(), said, twice, episode(1))] == [
        "Topic0.",
        "Topic1.",
        "Topic2.",
    ]


def test_first_transcript_falls_back_and_reports_the_last_error() -> None:
    none, other = FakeTranscriber(), FakeTranscriber()
    none.broken["Episode 1"] = NoTranscript("none")
    assert first_transcript((none, other), episode(1)).model == "fake"
    other.broken["Episode 1"] = AudioError("no audio")
    with pytest.raises(AudioError):
        first_transcript((none, other), Episode(title="Episode 1"))


def test_backoff_grows_and_ends() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    waits = [
        again and (again - now).total_seconds() / 60
        for n in range(1, 6)
        for again in [next_try("read", n, now)]
    ]
    assert waits == [1, 4, 16, 64, None]
    assert next_try("publish", 50, now) == now + timedelta(minutes=64)
    assert next_try("revise", 47, now) == now + timedelta(minutes=64) and next_try("revise", 48, now) is None


def test_a_closed_channel_is_tried_until_it_opens() -> None:
    world = World()
    world.engines.console.refuse = True
    world.clock.forward(hours=2)
    for _ in range(12):
        world.settle()
        world.clock.forward(minutes=65)
    world.engines.console.refuse = False
    world.settle()
    assert len(world.posted()) == 5


def test_a_channel_that_can_not_be_reached_is_left_alone_until_it_is_mended() -> None:
    world = World()
    console = world.engines.console
    console.refuses = Unreachable("The channel is gone. Invite Earmark to another one.")
    world.clock.forward(hours=2)
    world.settle()
    tries = console.tries
    assert tries == 1
    assert (
        world.store.channel(world.channel.id).trouble == "The channel is gone. Invite Earmark to another one."
    )
    world.clock.forward(hours=20)
    world.settle()
    assert console.tries == tries, "one notice, no storm of tries"
    console.refuses = None
    world.store.save_channel(replace(world.store.channel(world.channel.id), trouble=""))
    world.settle()
    assert len(world.posted()) == 5


def test_a_platform_that_asks_for_patience_gets_it() -> None:
    world = World()
    console = world.engines.console
    console.refuses = PublishError("Too many messages.", retry_after_s=300)
    world.clock.forward(hours=2)
    world.settle()
    world.clock.forward(minutes=4)
    world.settle()
    assert console.tries == 1
    console.refuses = None
    world.clock.forward(minutes=2)
    world.settle()
    assert len(world.posted()) == 5
