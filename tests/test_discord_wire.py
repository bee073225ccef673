"""Posting and looking over a real wire: once, with a thread, and every refusal in words that help."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route

from adapters.discord import examine, publisher
from adapters.discord.listening import without_traceback
from adapters.discord.wire import PERMISSIONS
from bot.domain import Channel
from bot.errors import ConfigError, PublishError, Unreachable
from bot.store.memory import MemoryStore
from tests import discord_payloads as p
from tests.discord_rules import broken_rules
from tests.discord_server import DiscordServer
from tests.fakes import FakeHost
from tests.golden_digest import DIGEST

MESSAGES = f"/channels/{p.ROOM}/messages"
CHANNEL = Channel(id=7, platform="discord", workspace=p.GUILD, name=p.ROOM, title="general")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[DiscordServer]:
    monkeypatch.setattr(Route, "BASE", Route.BASE)  # put back afterwards: it belongs to the whole process
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)
    with DiscordServer() as running:
        yield running


def host(server: DiscordServer, **settings: str) -> FakeHost:
    return FakeHost(settings=server.settings | settings)


def test_a_digest_is_posted_with_its_thread_within_every_limit(server: DiscordServer) -> None:
    post = publisher(host(server)).publish(CHANNEL, DIGEST)
    (sent,) = server.called("POST", MESSAGES)
    assert broken_rules(sent.body) == []
    assert (sent.body["nonce"], sent.body["enforce_nonce"]) == ("em42", True)
    (thread,) = server.called("POST", "/threads")
    assert thread.path == f"{MESSAGES}/{post.message_id}/threads"
    assert post.thread_id == post.message_id and post.channel == p.ROOM and post.posted_at.tzinfo


def test_posting_again_after_a_lost_reply_leaves_one_message(server: DiscordServer) -> None:
    ours = publisher(host(server))
    assert ours.find(CHANNEL, DIGEST) is None
    first = ours.publish(CHANNEL, DIGEST)
    assert ours.publish(CHANNEL, DIGEST) == first, "Discord knows the nonce, and the thread is there"
    assert ours.find(CHANNEL, DIGEST) == first
    assert len(server.messages[p.ROOM]) == 1
    assert ours.find(CHANNEL, replace(DIGEST, id=4)) is None, "em:4: is not em:42:"


def test_finding_a_post_whose_thread_failed_opens_it(server: DiscordServer) -> None:
    server.fail("POST", f"{MESSAGES}/", 503)
    ours = publisher(host(server))
    with pytest.raises(PublishError):
        ours.publish(CHANNEL, DIGEST)
    found = ours.find(CHANNEL, DIGEST)
    assert found is not None and found.thread_id == found.message_id in server.channels


@pytest.mark.parametrize("via", ["1.1 google", ""])
def test_a_long_rate_limit_is_left_to_the_scheduler(server: DiscordServer, via: str) -> None:
    """With `Via` it is Discord that limits, without it is what stands in front of it."""
    headers = {"Retry-After": "7.5"} | ({"Via": via} if via else {})
    server.fail("POST", MESSAGES, 429, headers=headers, retry_after=7.5)
    with pytest.raises(PublishError) as caught:
        publisher(host(server)).publish(CHANNEL, DIGEST)
    assert caught.value.retry_after_s == 7.5 and not caught.value.permanent
    assert len(server.called("POST", MESSAGES)) == 1


def test_a_short_rate_limit_is_waited_for(server: DiscordServer) -> None:
    server.fail("POST", MESSAGES, 429, headers={"Via": "1.1 google"}, retry_after=0.3)
    assert publisher(host(server)).publish(CHANNEL, DIGEST).thread_id
    first, second = server.called("POST", MESSAGES)
    assert second.at - first.at >= 0.3


def test_a_post_that_is_refused_for_a_link_goes_out_without_links(server: DiscordServer) -> None:
    server.fail("POST", MESSAGES, 400, code=50035)
    assert publisher(host(server)).publish(CHANNEL, DIGEST).thread_id
    first, second = (call.body["embeds"] for call in server.called("POST", MESSAGES))
    assert any("url" in embed for embed in first) and not any("url" in embed for embed in second)
    assert [embed.get("title") for embed in first] == [embed.get("title") for embed in second]


def test_a_post_that_is_refused_twice_fails_and_may_be_tried_again(server: DiscordServer) -> None:
    server.fail("POST", MESSAGES, 400, code=50035, times=2)
    with pytest.raises(PublishError, match="50035") as caught:
        publisher(host(server)).publish(CHANNEL, DIGEST)
    assert not caught.value.permanent


def test_discords_own_errors_may_pass(server: DiscordServer) -> None:
    server.fail("POST", MESSAGES, 503)
    with pytest.raises(PublishError, match="error of its own") as caught:
        publisher(host(server)).publish(CHANNEL, DIGEST)
    assert not caught.value.permanent


def test_nobody_there_may_pass() -> None:
    down = FakeHost(settings={"DISCORD_TOKEN": "good", "DISCORD_API_URL": "http://127.0.0.1:9/api/v10"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Route, "BASE", Route.BASE)
        with pytest.raises(PublishError, match="can't be reached") as caught:
            publisher(down).publish(CHANNEL, DIGEST)
    assert not caught.value.permanent


def test_a_revoked_token_stops_the_channel_and_says_what_to_do(server: DiscordServer) -> None:
    with pytest.raises(Unreachable, match="Reset Token") as caught:
        publisher(host(server, DISCORD_TOKEN="revoked")).publish(CHANNEL, DIGEST)
    assert "revoked" not in str(caught.value)


def test_a_channel_that_is_gone_stops(server: DiscordServer) -> None:
    with pytest.raises(Unreachable, match="#general any more"):
        publisher(host(server)).publish(replace(CHANNEL, name="3999"), DIGEST)


def test_the_permission_that_is_missing_is_named(server: DiscordServer) -> None:
    server.channels[p.ROOM] = p.channel(denied=1 << 14)
    server.fail("POST", MESSAGES, 403, code=50013)
    with pytest.raises(Unreachable, match="allow it Embed Links; then /digest resume"):
        publisher(host(server)).publish(CHANNEL, DIGEST)


def test_no_token_is_a_setting_that_is_missing() -> None:
    with pytest.raises(ConfigError, match=r"docs/discord.md"):
        publisher(FakeHost()).publish(CHANNEL, DIGEST)


def looked(server: DiscordServer, *channels: Channel, **settings: str) -> dict[str, tuple[str, str]]:
    store = MemoryStore()
    for channel in channels:
        store.save_channel(channel)
    return {what: (verdict, said) for verdict, what, said in examine(host(server, **settings), store)}


def test_the_doctor_says_that_all_is_well(server: DiscordServer) -> None:
    server.flags, server.commands = 1 << 19, [{"name": "ask"}]
    server.commands = []
    found = looked(server, CHANNEL, DISCORD_MESSAGE_CONTENT="on")
    assert (
        found["discord token"][0] == "ok" and f"permissions={PERMISSIONS.value}" in found["discord token"][1]
    )
    assert found["discord message content"][0] == "ok"
    assert found["discord #general"] == ("ok", "can be posted in")
    assert "serve discord" in found["discord commands"][1]


def test_the_doctor_names_what_is_missing(server: DiscordServer) -> None:
    server.channels[p.ROOM] = p.channel(denied=1 << 11)
    server.channels["3002"] = p.channel("3002", denied=1 << 35)
    others = (replace(CHANNEL, name="3002", title="half"), replace(CHANNEL, name="3003", title="gone"))
    found = looked(server, CHANNEL, *others, DISCORD_MESSAGE_CONTENT="on")
    assert found["discord #general"][0] == "broken" and "Send Messages" in found["discord #general"][1]
    assert found["discord #half"] == ("note", "works better with Create Public Threads")
    assert found["discord #gone"][0] == "broken" and "gone" in found["discord #gone"][1]
    assert "switch on Message Content Intent" in found["discord message content"][1]


def test_the_doctor_of_a_refused_token_and_of_no_network(server: DiscordServer) -> None:
    refused = looked(server, DISCORD_TOKEN="revoked")
    assert refused == {"discord token": ("broken", refused["discord token"][1])}
    assert "Reset Token" in refused["discord token"][1]
    away = looked(server, DISCORD_API_URL="http://127.0.0.1:9/api/v10")
    assert away["discord"][0] == "broken" and "can't be reached" in away["discord"][1]


def test_a_lost_connection_is_one_line_in_the_log() -> None:
    try:
        raise ConnectionRefusedError
    except ConnectionRefusedError:
        info: Any = sys.exc_info()
    record = logging.LogRecord(
        "discord.client", logging.ERROR, "", 1, "Attempting a reconnect in %.2fs", (2,), info
    )
    assert without_traceback(record)
    shown = logging.Formatter("%(levelname)s %(message)s").format(record)
    assert shown == (
        "WARNING The connection to Discord is lost (ConnectionRefusedError). Attempting a reconnect in 2.00s"
    )


def test_the_permission_number_is_that_of_the_docs() -> None:
    from tests.conftest import ROOT

    assert f"permissions={PERMISSIONS.value}" in (ROOT / "docs" / "discord.md").read_text(encoding="utf-8")
