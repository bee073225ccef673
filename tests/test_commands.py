"""The slash commands over a real pipeline on fakes: each answers, and what is wrong is said in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot import commands
from bot.domain import Answer, Channel, Citation, Digest, Source, Transcript
from bot.errors import AudioError
from bot.following import follow
from bot.views import plain
from tests.fakes import FakeFeeds
from tests.test_pipeline import URL, World


class FakeAnswerer:
    """Finds the first sentence with the question's last word in it."""

    def answer(self, question: str, sources: Sequence[Source]) -> Answer:
        word = question.split()[-1].strip("?").lower()
        for source in sources:
            for segment in source.transcript.segments:
                if word in segment.text.lower():
                    cited = Citation(quote=segment.text, speaker=segment.speaker, start=segment.start)
                    return Answer(text=segment.text, citations=(cited,), confidence=0.9, found=True)
        return Answer(text="Not in these episodes.")


class FakeCore:
    def __init__(self, world: World) -> None:
        self.world, self.store = world, world.store
        self.answerer, self.discoverer = FakeAnswerer(), FakeFeeds()

    def clock(self) -> datetime:
        return self.world.clock()

    def preview(self, channel: Channel) -> Digest | None:
        return self.world.pipeline.digest_for(channel, self.clock())


def core_with_post() -> tuple[FakeCore, Channel]:
    world = World()
    world.clock.forward(hours=2)
    world.settle()
    return FakeCore(world), world.store.channel(world.channel.id)


@pytest.fixture
def core() -> FakeCore:
    return core_with_post()[0]


def say(core: FakeCore, line: str) -> str:
    return plain(commands.run(core, core.store.channel(1), line), width=1000)


def test_insights_of_today_a_day_and_a_topic(core: FakeCore) -> None:
    assert "5 things" not in say(core, "/insights") and "The five things" in say(core, "/insights")
    assert say(core, "/insights today") == say(core, "/insights 2026-11-24") == say(core, "/insights")
    assert "Nothing was posted here on Monday 23 November" in say(core, "/insights 2026-11-23")
    about = say(core, "/insights Bread")
    assert "bread matters to" in about and "trees" not in about
    assert "/ask" in say(core, "/insights submarines")


def test_dig_shows_who_said_what_around(core: FakeCore) -> None:
    shown = say(core, "/dig 1")
    assert "bread matters to Episode 0. trees matters to Episode 0." in shown
    assert "— Ana, 0:00" in shown


@pytest.mark.parametrize("number", ["", "0", "6", "one", "-1", "1e9"])
def test_dig_asks_which_one(core: FakeCore, number: str) -> None:
    assert "/dig 1 to /dig 5" in say(core, f"/dig {number}")


def test_ask(core: FakeCore) -> None:
    assert "— Ana" in say(core, "/ask who knows of glass?")
    assert "Not in these episodes." in say(core, "/ask who knows of submarines?")
    assert "/ask how" in say(core, "/ask")


def test_podcasts_are_listed_added_and_removed(core: FakeCore) -> None:
    [first] = core.store.feeds()
    assert say(core, "/podcasts") == f"{first.id}. Show"
    assert "Already following Show." in say(core, f"/podcasts add {URL}")
    assert "Following Show." in say(core, "/podcasts add https://b.example/feed")
    assert not core.discoverer.files  # nobody in a chat can look for files of the machine
    second = core.store.feeds()[-1].id
    assert f"{first.id} (Show) or {second} (Show)" in say(core, "/podcasts remove show")
    assert "No longer following" in say(core, f"/podcasts remove {second}")
    assert "No podcast here is called" in say(core, f"/podcasts remove {second}")
    assert "/podcasts add" in say(core, "/podcasts sing")


def test_settings_change_the_next_post(core: FakeCore) -> None:
    assert "09:30 UTC" in say(core, "/digest time 9:30")
    assert "on mon, fri" in say(core, "/digest days mon,fri")
    assert "Europe/Berlin" in say(core, "/digest timezone Europe/Berlin")
    assert "best 3" in say(core, "/digest count 3")
    channel = core.store.channel(1)
    assert (channel.post_time, channel.weekdays, channel.count) == ("09:30", (0, 4), 3)
    assert channel.next_post_at is not None
    assert channel.next_post_at.isoformat() == "2026-11-27T08:30:00+00:00"
    assert "Paused" in say(core, "/digest pause") and core.store.channel(1).paused
    assert "Paused" not in say(core, "/digest resume")


@pytest.mark.parametrize(
    "line", ["time 26", "timezone Mars", "days never", "count 0", "count x", "quiet", "loud"]
)
def test_wrong_settings_are_told_and_change_nothing(core: FakeCore, line: str) -> None:
    before = core.store.channel(1)
    shown = say(core, f"/digest {line}")
    assert "write" in shown or "/digest show|time" in shown
    assert core.store.channel(1) == before


def test_preview_and_why(core: FakeCore) -> None:
    assert "nothing to post yet" in say(core, "/digest preview")
    assert "All is well" in say(core, "/digest why")
    core.store.save_feed(replace(core.store.feeds()[0], error="The server says 500.", failures=2))
    assert "The server says 500." in say(core, "/digest why")


def test_why_names_the_episode_and_tells_no_other_channel() -> None:
    world = World(backfill=1)
    world.engines.transcriber.broken["Episode 0"] = AudioError("It is no audio.")
    world.settle()
    core = FakeCore(world)
    assert "Show, Episode 0: It is no audio." in say(core, "/digest why")
    second = world.store.save_channel(Channel(name="second"))
    follow(world.store, FakeFeeds(), second, "https://b.example/feed", now=world.clock())
    assert "no audio" not in plain(commands.run(core, second, "/digest why"))


def test_a_channel_with_nothing_yet_says_how_to_begin() -> None:
    world = World()
    empty = world.store.save_channel(Channel(name="new", next_post_at=world.clock() + timedelta(days=1)))
    core = FakeCore(world)
    assert "/digest preview" in plain(commands.run(core, empty, "/insights"))
    assert "/podcasts add" in plain(commands.run(core, empty, "/podcasts"))
    assert "nothing to dig" in plain(commands.run(core, empty, "/dig 1"))
    assert "No episode has been transcribed" in plain(commands.run(core, empty, "/ask why?"))
    assert "/podcasts add" in plain(commands.run(core, empty, "/digest why"))


def test_help_names_every_command(core: FakeCore) -> None:
    shown = say(core, "/help")
    assert all(f"/{name}" in shown for name in commands.COMMANDS)
    assert "/help" in say(core, "/sing")


def test_why_says_what_is_wrong_with_a_transcript() -> None:
    world = World(backfill=1)
    silent = Transcript(segments=(), usable=False, warnings=("No speech was found in the audio.",))
    world.engines.transcriber.transcribe = lambda episode: silent  # type: ignore[method-assign]
    world.clock.forward(hours=2)
    world.settle()
    assert say(FakeCore(world), "/digest why") == "Show, Episode 0: No speech was found in the audio."
