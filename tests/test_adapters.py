"""The contract of every chat adapter: a digest is posted once, found again, and what fails is told alike."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import digest
from bot.domain import Channel, Erratum, Notice
from bot.errors import PublishError
from bot.ports import Publisher
from bot.views import Button, Item, plain
from bot.wiring import PLATFORMS
from tests.fakes import FakeHost
from tests.golden_digest import CHANNEL, DIGEST

SLACK_SAYS = {"ok": False, "error": "edit_window_closed"}


@dataclass(frozen=True, kw_only=True)
class Platform:
    """A platform that is really there, as far as one can be without a network: `shown` is what it got."""

    channel: Channel
    publisher: Callable[[], Publisher]
    break_it: Callable[[], object]
    shown: Callable[[], str]
    delete: Callable[[], object]
    close: Callable[[], object] | None = None  # from now on, nothing that was posted can be edited


@contextmanager
def console(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    from adapters.console import publisher

    out = io.StringIO()
    posts = folder / "posts"
    yield Platform(
        channel=CHANNEL,
        publisher=lambda: publisher(FakeHost(data_dir=folder, out=out)),
        break_it=lambda: posts.write_text("a file where the folder should be"),
        shown=out.getvalue,
        delete=lambda: (posts / "C1.txt").unlink(),
    )


@contextmanager
def slack(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    from adapters.slack.publish import SlackPublisher
    from tests.slack_server import TEAM, SlackServer, words

    with SlackServer() as server:
        host = FakeHost(settings={"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_API_URL": server.api_url})
        yield Platform(
            channel=replace(CHANNEL, platform="slack", workspace=TEAM),
            publisher=lambda: SlackPublisher(host, sleep=lambda _: None),
            break_it=lambda: server.refuse["chat.postMessage"].append((503, {}, {"ok": False})),
            shown=lambda: "\n".join(words(message) for message in server.messages),
            delete=server.messages.clear,
            close=lambda: server.refuse["chat.update"].extend([(200, {}, SLACK_SAYS)] * 9),
        )


@contextmanager
def discord(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    from discord.gateway import DiscordWebSocket
    from discord.http import Route

    from adapters.discord import publisher
    from tests import discord_payloads as p
    from tests.discord_server import DiscordServer

    # Put back afterwards: they belong to the whole process.
    monkeypatch.setattr(Route, "BASE", Route.BASE)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)
    with DiscordServer() as server:
        yield Platform(
            channel=replace(CHANNEL, platform="discord", workspace=p.GUILD, name=p.ROOM),
            publisher=lambda: publisher(FakeHost(settings=dict(server.settings))),
            break_it=lambda: server.fail("POST", f"/channels/{p.ROOM}/messages", 403, code=50013),
            shown=lambda: str(server.messages),
            delete=lambda: server.messages[p.ROOM].clear(),
            close=lambda: server.fail("PATCH", f"/channels/{p.ROOM}/messages", 403, code=50005, times=9),
        )


CHAT = {"console": console, "slack": slack, "discord": discord}


def test_every_platform_that_posts_is_held_to_this() -> None:
    assert set(CHAT) == set(PLATFORMS) - {"web"}, "pages are read, not posted to"


@pytest.fixture(params=CHAT)
def platform(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Platform]:
    with CHAT[request.param](tmp_path, monkeypatch) as there:
        yield there


def test_a_post_is_found_again_by_whoever_looks(platform: Platform) -> None:
    assert platform.publisher().find(platform.channel, DIGEST) is None
    post = platform.publisher().publish(platform.channel, DIGEST)
    found = platform.publisher().find(platform.channel, DIGEST)
    assert found is not None
    assert (found.message_id, found.thread_id) == (post.message_id, post.thread_id)
    assert (post.digest_id, post.platform, post.channel) == (
        42,
        platform.channel.platform,
        platform.channel.name,
    )
    assert post.posted_at.tzinfo is not None and post.thread_id


def test_one_digest_is_not_taken_for_another(platform: Platform) -> None:
    platform.publisher().publish(platform.channel, DIGEST)
    for other in (4, 2, 420, 142):
        assert platform.publisher().find(platform.channel, replace(DIGEST, id=other)) is None


def test_every_insight_is_shown_with_its_words_and_source(platform: Platform) -> None:
    platform.publisher().publish(platform.channel, DIGEST)
    shown = " ".join(re.sub(r"\n\s*> ", " ", platform.shown()).split())  # the console's quotes are wrapped
    for pick in DIGEST.picks:
        assert pick.insight.headline in shown and pick.insight.speaker in shown
    assert "9 new episodes" in shown and "Earmark extractive 1" in shown and "javascript:" not in shown


WRONG = Erratum(
    id=3,
    insight_id=11,
    channel_id=7,
    verdict="withdrawn",
    reason="The guest said <!channel> *half*",
    decided_at=datetime(2026, 11, 24, 12, tzinfo=UTC),
)


def test_a_post_is_corrected_in_place_and_asked_twice_stays_so(platform: Platform) -> None:
    post = platform.publisher().publish(platform.channel, DIGEST)
    now = replace(DIGEST, picks=(replace(DIGEST.picks[0], erratum=WRONG), *DIGEST.picks[1:]))
    platform.publisher().revise(platform.channel, now, post)
    shown = platform.shown()
    assert "Withdrawn on 24 November 2026" in " ".join(shown.split())
    assert DIGEST.picks[1].insight.headline in shown
    platform.publisher().revise(platform.channel, now, post)
    assert platform.shown() == shown
    found = platform.publisher().find(platform.channel, DIGEST)
    assert found is not None and found.message_id == post.message_id


def test_where_a_post_can_not_be_edited_each_correction_is_told_once_in_its_thread(
    platform: Platform,
) -> None:
    if platform.close is None:
        return  # a file of posts is only ever added to
    post, publisher = platform.publisher().publish(platform.channel, DIGEST), platform.publisher()
    platform.close()
    before = platform.shown()
    publisher.revise(platform.channel, DIGEST, post)
    assert platform.shown() == before, "with nothing wrong there is nothing to say"
    now = replace(DIGEST, picks=(replace(DIGEST.picks[0], erratum=WRONG), *DIGEST.picks[1:]))
    for _ in range(2):
        publisher.revise(platform.channel, now, post)
    assert platform.shown().count("can no longer be edited") == 1
    assert " ".join(platform.shown().split()).count("Withdrawn on 24 November 2026") == 1
    other = replace(WRONG, id=4, insight_id=12, reason="Not a whole block")
    both = replace(now, picks=(now.picks[0], replace(DIGEST.picks[1], erratum=other), *DIGEST.picks[2:]))
    publisher.revise(platform.channel, both, post)
    assert platform.shown().count("can no longer be edited") == 2 and "Not a whole block" in platform.shown()
    for _ in range(2):
        publisher.revise(platform.channel, DIGEST, post)
    assert platform.shown().count("have been taken back") == 1


def test_a_post_that_somebody_deleted_is_left_alone(platform: Platform) -> None:
    post = platform.publisher().publish(platform.channel, DIGEST)
    platform.delete()
    platform.publisher().revise(platform.channel, DIGEST, post)


def test_what_can_not_be_posted_is_a_publish_error_in_words(platform: Platform) -> None:
    platform.break_it()
    with pytest.raises(PublishError) as raised:
        platform.publisher().publish(platform.channel, DIGEST)
    assert str(raised.value).endswith(".") and len(str(raised.value)) > 20
    assert "xoxb" not in str(raised.value)


def test_a_quiet_day_is_one_line(platform: Platform) -> None:
    quiet = replace(DIGEST, picks=())
    post = platform.publisher().publish(platform.channel, quiet)
    assert "Nothing worth a post today" in platform.shown()
    found = platform.publisher().find(platform.channel, quiet)
    assert found is None or found.message_id == post.message_id


def test_what_is_told_of_a_feed_stands_alone_or_under_the_insights(platform: Platform) -> None:
    notice = Notice(feed_id=1, state="answers", text="Tree Talk answers again.")
    alone = replace(DIGEST, picks=(), notices=(notice,))
    post = platform.publisher().publish(platform.channel, alone)
    assert "Tree Talk answers again." in platform.shown() and "Nothing worth" not in platform.shown()
    found = platform.publisher().find(platform.channel, alone)
    assert found is None or found.message_id == post.message_id
    platform.publisher().publish(platform.channel, replace(DIGEST, id=DIGEST.id + 1, notices=(notice,)))
    assert platform.shown().count("Tree Talk answers again.") >= 1


def test_the_view_that_all_of_them_lay_out_has_what_people_press_and_read() -> None:
    view = digest.view(DIGEST)
    lines = [part.command for part in view.parts if isinstance(part, Button)]
    assert {f"/dig {n}" for n in range(1, 6)} | {f"/rate {n} useful" for n in range(1, 6)} <= set(lines)
    assert [part.number for part in view.parts if isinstance(part, Item)] == [1, 2, 3, 4, 5]
    assert view.digest_id == 42 and "👍" not in plain(view)


def test_the_console_shows_the_golden_digest(tmp_path: Path) -> None:
    golden = Path(__file__).parent / "golden" / "console_digest.txt"
    assert plain(digest.view(DIGEST)) + "\n" == golden.read_text("utf-8")
