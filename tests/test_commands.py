"""The slash commands over a real pipeline on fakes: each answers, and what is wrong is said in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot import commands, digest
from bot.domain import Answer, Channel, Citation, Digest, Feed, Source, Subscription, Transcript
from bot.errors import AudioError, NotFound
from bot.following import follow
from bot.handlers import ask
from bot.limits import Limits
from bot.pages import SecretPages
from bot.ports import ClipMaker, Pages
from bot.request import Request
from bot.views import Button, Quote, plain
from bot.write.recheck import TranscriptChecker
from tests.fakes import FakeFeeds
from tests.test_pipeline import URL, World


class FakeAnswerer:
    """Finds the first sentence with the question's last word in it."""

    def likely(self, question: str, episode_ids: Sequence[int]) -> Sequence[int]:
        return episode_ids

    def answer(self, question: str, sources: Sequence[Source]) -> Answer:
        word = question.split()[-1].strip("?").lower()
        for source in sources:
            for segment in source.transcript.segments:
                if word in segment.text.lower():
                    cited = Citation(
                        quote=segment.text,
                        speaker=segment.speaker,
                        start=segment.start,
                        episode_id=source.episode.id,
                    )
                    return Answer(text=segment.text, citations=(cited,), confidence=0.9, found=True)
        return Answer(text="Not in these episodes.")


class FakeCore:
    pages: Pages | None = None
    clips: ClipMaker | None = None

    def __init__(self, world: World) -> None:
        self.world, self.store = world, world.store
        self.checker = TranscriptChecker()
        self.answerer, self.discoverer = FakeAnswerer(), FakeFeeds()
        self.limits = Limits(world.clock)

    def clock(self) -> datetime:
        return self.world.clock()

    def channel_at(self, platform: str, workspace: str, name: str, title: str = "") -> Channel:
        found = self.store.find_channel(platform, workspace, name)
        made = Channel(platform=platform, workspace=workspace, name=name, title=title)
        return found or self.store.save_channel(made)

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


def test_podcasts_are_listed_and_added(core: FakeCore) -> None:
    [first] = core.store.feeds()
    assert say(core, "/podcasts") == say(core, "/podcasts list") == f"{first.id}. Show"
    assert "Already following Show." in say(core, f"/podcasts add {URL}")
    assert "Following Show." in say(core, "/podcasts add https://b.example/feed")
    assert not core.discoverer.files  # nobody in a chat can look for files of the machine
    assert "/podcasts add" in say(core, "/podcasts sing")


def buttons(core: FakeCore, line: str) -> dict[str, str]:
    view = commands.run(core, core.store.channel(1), line)
    return {part.label: part.command for part in view.parts if isinstance(part, Button)}


def test_removing_asks_first_and_can_be_undone(core: FakeCore) -> None:
    [first] = core.store.feeds()
    core.world.follow(url="https://b.example/feed")
    second = core.store.feeds()[-1].id
    assert f"{first.id} (Show) or {second} (Show)" in say(core, "/podcasts remove show")
    asked = buttons(core, f"/podcasts remove {second}")
    assert asked == {"Stop following": f"/podcasts remove {second} yes", "Keep it": "/podcasts list"}
    assert len(core.store.subscriptions(1)) == 2
    undo = buttons(core, asked["Stop following"])
    assert [s.feed_id for s in core.store.subscriptions(1)] == [first.id]
    assert "No podcast here is called" in say(core, f"/podcasts remove {second}")
    assert "Following Show." in say(core, undo["Undo"])
    assert len(core.store.subscriptions(1)) == 2


def test_a_podcast_is_asked_again_but_not_every_minute(core: FakeCore) -> None:
    [feed] = core.store.feeds()
    core.store.save_feed(replace(feed, checked_at=core.clock() - timedelta(minutes=9)))
    assert say(core, "/podcasts check Show") == "Show was asked a moment ago."
    core.world.clock.forward(minutes=2)
    assert say(core, "/podcasts check Show").startswith("Show is asked again now;")
    assert core.store.feed(feed.id).next_check_at == core.clock()
    core.store.save_feed(replace(feed, status="gone", next_check_at=None, error="It is gone."))
    assert say(core, f"/podcasts check {feed.id}").startswith("Show is asked again now;")
    revived = core.store.feed(feed.id)
    assert (revived.status, revived.error, revived.checked_at) == ("active", "", None)
    core.store.save_feed(replace(feed, status="paused"))
    assert say(core, f"/podcasts check {feed.id}") == "Show is paused."
    assert "Which one?" in say(core, "/podcasts check")


def test_a_channel_can_not_be_filled_without_end(core: FakeCore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.handlers.podcasts.MOST", 2)
    assert "Following Show." in say(core, "/podcasts add https://b.example/feed")
    refused = "This one would be too many: a channel may follow 2. /podcasts remove some."
    assert say(core, "/podcasts add https://c.example/feed") == refused
    assert refused in say(core, "/podcasts import https://c.example/feed")
    assert len(core.store.subscriptions(1)) == 2 and len(core.store.feeds()) == 2


def test_a_private_podcast_is_not_offered_back_by_an_address_that_is_masked(core: FakeCore) -> None:
    hidden = core.store.add_feed(Feed(url="https://p.example/~0123456789", sealed="x", title="Ours"))
    core.store.subscribe(Subscription(channel_id=1, feed_id=hidden.id))
    assert "private address" in say(core, "/podcasts remove Ours")
    assert buttons(core, "/podcasts remove Ours yes") == {}


def test_search_offers_what_it_found(core: FakeCore) -> None:
    long = "https://c.example/" + "x" * 80
    core.discoverer.listed["bread"] = [
        Feed(url="https://c.example/f", title="Bread"),
        Feed(url=long, title="L"),
    ]
    assert buttons(core, "/podcasts search bread") == {"Follow 1": "/podcasts add https://c.example/f"}
    assert "No podcast found" in say(core, "/podcasts search cake")
    assert "/podcasts search NAME" in say(core, "/podcasts search")


def test_a_long_list_has_pages(core: FakeCore) -> None:
    for n in range(15):
        core.world.follow(url=f"https://many.example/{n}")
    assert buttons(core, "/podcasts list") == {"Show more (6)": "/podcasts list 2"}
    assert buttons(core, "/podcasts list 2") == {}
    assert say(core, "/podcasts list 2").count("Show") == 6
    assert "only 2 pages" in say(core, "/podcasts list 3")


def test_importing_says_what_failed_and_goes_on(core: FakeCore) -> None:
    find = core.discoverer.find

    def sometimes(source: str, *, private: bool = False, files: bool = True) -> list[Feed]:
        if "broken" in source:
            raise NotFound("There is nothing at broken.example.")
        return find(source, private=private, files=files)

    core.discoverer.find = sometimes  # type: ignore[method-assign]
    shown = say(core, "/podcasts import https://broken.example https://d.example/f")
    assert "nothing at broken.example" in shown and "Following Show." in shown
    assert "/podcasts import" in say(core, "/podcasts import")


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
    assert "write" in shown or "/digest" in shown
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


def test_topics_are_kept_shown_and_cleared(core: FakeCore) -> None:
    say(core, "/digest mute crypto,  ad  tech,crypto")
    assert core.store.channel(1).mute == ("crypto", "ad tech")
    assert "Muted topics: crypto, ad tech." in say(core, "/digest prefer bread")
    assert "Preferred topics: bread." in say(core, "/digest mute none") and not core.store.channel(1).mute
    assert "At most 20" in say(core, "/digest prefer " + ",".join(f"t{n}" for n in range(21)))


def test_a_form_changes_several_settings_or_none(core: FakeCore) -> None:
    channel = core.store.channel(1)
    form = commands.form(core, channel, "digest", "edit")
    assert form is not None and len(form.fields) <= 5  # what a modal holds
    filled = {field.name: field.value for field in form.fields} | {"time": "7:15", "count": "3"}
    request = Request(channel=channel, options=filled)
    assert "best 3 at 07:15" in plain(commands.submit(core, form.command, request))
    wrong = Request(channel=core.store.channel(1), options=filled | {"time": "9:00", "timezone": "Mars"})
    assert "Mars" in plain(commands.submit(core, form.command, wrong))
    assert core.store.channel(1).post_time == "07:15"
    assert commands.form(core, channel, "podcasts", "add", {"podcast": URL}) is None
    assert commands.form(core, channel, "podcasts", "add", {"podcast": " "}) is not None
    assert commands.form(core, channel, "digest", "why") is None


def test_what_is_missing_or_misspelt_is_told_with_what_would_do(core: FakeCore) -> None:
    assert "Did you mean /digest?" in say(core, "/digst") and "mean" not in say(core, "/xyzzy")
    assert say(core, "/digest time") == "Say which: /digest time VALUE (local time, like 08:30)."
    assert say(core, "/digest mute") == say(core, "/digest mute none"), "none is a value of its own there"
    assert "Monday 23 November" in say(core, "/insights yesterday")


def test_what_an_answer_rests_on_leads_to_where_it_was_said(core: FakeCore) -> None:
    def link(line: str) -> str:
        view = commands.run(core, core.store.channel(1), line)
        return next(part.link for part in view.parts if isinstance(part, Quote))

    (cited,) = core.answerer.answer("bread", ask.sources_of(core, core.store.channel(1))).citations
    assert cited.start is not None
    moment, episode = f"#t={int(cited.start)}", core.store.episode(cited.episode_id)
    assert episode.enclosure is not None
    assert link("/ask what of bread") == episode.enclosure.url + moment
    core.pages = SecretPages(base="https://ear.example", key=lambda: b"k" * 32)
    page = core.pages.path("episode", cited.episode_id)
    assert link("/ask what of bread") == f"https://ear.example{page}{moment}"
    sealed = replace(episode, enclosure=replace(episode.enclosure, sealed="~1"), link="")
    assert digest.link_at(sealed, cited.start, None) == "", "a member's own address is never shown"


def test_settings_may_be_for_admins_only(core: FakeCore) -> None:
    assert "Only admins" in say(core, "/digest admins on")
    channel = core.store.channel(1)
    for line in ("/digest count 2", "/podcasts add https://x.example/f", "/podcasts remove Show yes"):
        assert "Only admins" in plain(commands.run(core, channel, line, user="U2", is_admin=False))
    assert core.store.channel(1) == channel and len(core.store.subscriptions(1)) == 1
    for line in ("/digest why", "/podcasts", "/insights"):
        assert "Only admins change" not in plain(commands.run(core, channel, line, user="U2", is_admin=False))
    assert commands.form(core, channel, "digest", "edit", is_admin=False) is None
    assert commands.form(core, channel, "digest", "edit", is_admin=True) is not None
    assert "Only admins" not in plain(commands.run(core, channel, "/digest admins off", is_admin=True))


def test_one_channel_can_not_reach_the_posts_of_another(core: FakeCore) -> None:
    [made] = core.store.digests(1, 1)
    other = core.store.save_channel(Channel(platform="slack", workspace="T2", name="C2"))
    for line in ("/dig 1", "/rate 1 useful"):
        assert "another channel" in plain(commands.run(core, other, line, digest_id=made.id))
    assert core.store.ratings(1) == core.store.ratings(other.id) == []


def test_a_rating_is_kept_and_the_latest_counts(core: FakeCore) -> None:
    [made] = core.store.digests(1, 1)
    say(core, "/rate 2 useful")
    core.world.clock.forward(minutes=1)
    assert "not useful" in say(core, "/rate 2 useless")
    [rating] = core.store.ratings(1)
    assert (rating.insight_id, rating.useful) == (made.picks[1].insight.id, False)
    assert "/rate NUMBER useful" in say(core, "/rate 2 meh")


def test_named_options_come_first_and_narrow_the_question(core: FakeCore) -> None:
    _, _, options = commands.parse('/ask show:"Some Show" why: because?')
    assert options == {"show": "Some Show", "question": "why: because?"}
    assert "— Ana" in say(core, "/ask show:Show who knows of glass?")
    assert "No podcast here is called" in say(core, "/ask show:Other who knows of glass?")
    episode = core.store.digests(1, 1)[0].picks[0].episode
    assert "— Ana" in say(core, f"/ask show:episode:{episode.id} who knows of glass?")
    assert "No episode" in say(core, "/ask show:episode:9999 who?")


def test_options_are_completed_from_what_the_channel_has(core: FakeCore) -> None:
    channel = core.store.channel(1)

    def offered(name: str, action: str, option: str, typed: str) -> list[str]:
        return [value for _, value in commands.complete(core, channel, name, action, option, typed)]

    assert offered("insights", "", "when", "") == ["today", "2026-11-24", "Show"]
    assert offered("podcasts", "remove", "podcast", "sho") == [str(core.store.feeds()[0].id)]
    assert offered("ask", "", "show", "episode 0")[0].startswith("episode:")
    assert offered("dig", "", "number", "") == ["1", "2", "3", "4", "5"]
    assert offered("digest", "time", "value", "") == offered("nope", "", "x", "") == []


def test_every_command_fits_what_platforms_take() -> None:
    for command in commands.COMMANDS.values():
        assert len(command.description) <= 100 and command.actions
        for action in command.actions:
            assert len(action.description) <= 100 and len(action.options) <= 25
            assert all(len(option.description) <= 100 for option in action.options)
            # Discord takes required options first.
            needed = [option.required for option in action.options]
            assert needed == sorted(needed, reverse=True)


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


def test_why_tells_what_was_weighed_when_the_post_was_made(core: FakeCore) -> None:
    channel = core.store.channel(1)
    [made] = core.store.digests(1)
    said = say(core, "/why 1")
    assert f"Why 1. {made.picks[0].insight.headline}" in said
    assert f"worth {made.picks[0].insight.score:.2f} of 1" in said
    assert "Ratings in this channel changed nothing about it." in said
    # What is rated or set since has no part in it.
    for number in range(1, len(made.picks) + 1):
        say(core, f"/rate {number} useful")
    core.store.save_channel(replace(channel, prefer=("trees",)))
    assert say(core, "/why 1") == said
    assert "Which one?" in say(core, "/why 99") and "Which one?" in say(core, "/why")


def test_taste_is_told_and_forgotten_and_the_ratings_stay(core: FakeCore) -> None:
    assert "Nothing has been learned yet" in say(core, "/digest taste")
    assert "/digest forget taste" in say(core, "/digest forget everything")
    say(core, "/rate 1 useful")
    told = say(core, "/digest taste")
    assert "From 1 rating by one person" in told and "Forget it: /digest forget taste" in told
    core.world.clock.forward(minutes=1)
    assert "Forgotten" in say(core, "/digest forget taste")
    assert "Nothing has been learned yet" in say(core, "/digest taste")
    assert len(core.store.ratings(1)) == 1
    core.world.clock.forward(minutes=1)
    say(core, "/rate 1 useless")
    assert "(0 of 1 rating useful" in say(core, "/digest taste")


def test_forgetting_is_for_admins_where_settings_are(core: FakeCore) -> None:
    channel = core.store.save_channel(replace(core.store.channel(1), admins_only=True))
    refused = plain(commands.run(core, channel, "/digest forget taste", is_admin=False))
    assert "Only admins" in refused and core.store.channel(1).taste_since is None
