"""`earmark serve discord` as it ships, over the wire: quick, once, through drops, to its end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route

from adapters.discord import publisher
from bot.domain import Channel, Digest, Feed, Post, Subscription
from bot.store.sql import SqlStore
from tests import discord_payloads as p
from tests.conftest import ROOT
from tests.discord_server import IDENTIFY, RESUME, DiscordServer
from tests.fakes import FakeHost
from tests.store_kit import DAY, NOW, World, episode, insight

ACK_S, STOP_S = 1.0, 10.0
CONTENT = 1 << 15


class Posted:
    """A data folder whose database holds a digest that stands in the server's channel."""

    def __init__(self, folder: Path, server: DiscordServer) -> None:
        self.folder, self.server = folder, server
        self.store = SqlStore.open(f"sqlite:///{folder / 'earmark.db'}")
        self.channel, self.digest, self.post = self._post()

    def _post(self) -> tuple[Channel, Digest, Post]:
        feed = self.store.add_feed(Feed(url="https://feeds.example/trees", title="Tree Talk"))
        place = Channel(platform="discord", workspace=p.GUILD, name=p.ROOM, title="general")
        channel = self.store.save_channel(place)
        self.store.subscribe(Subscription(channel_id=channel.id, feed_id=feed.id))
        world = World(store=self.store, feed=feed, channel=channel)
        for subject in world.add(episode(1), episode(2)):
            world.bring(subject, "compose", insight(subject))
        made = world.compose(self.store.backlog(channel.id, NOW - DAY))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Route, "BASE", Route.BASE)
            patch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)
            post = publisher(FakeHost(settings=self.server.settings)).publish(channel, made)
        self.store.save_post(world.take("publish", made.id), post)
        return channel, made, post

    @contextmanager
    def running(self, **settings: str) -> Iterator[subprocess.Popen[str]]:
        """The program, listening; ended when the block ends."""
        process = self.start(**settings)
        try:
            before = len(self.server.sessions)
            self.server.wait(lambda: len(self.server.sessions) > before, "a session")
            yield process
        finally:
            process.kill()
            process.communicate()

    def start(self, **settings: str) -> subprocess.Popen[str]:
        env = {
            name: value for name, value in os.environ.items() if not name.startswith(("DISCORD", "EARMARK"))
        }
        return subprocess.Popen(
            [sys.executable, "-m", "bot", "serve", "discord"],
            env=env | self.server.settings | {"EARMARK_DATA_DIR": str(self.folder)} | settings,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture(scope="module")
def posted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Posted]:
    with DiscordServer() as server:
        made = Posted(tmp_path_factory.mktemp("discord"), server)
        yield made
        made.store.close()


@pytest.fixture(scope="module")
def listening(posted: Posted) -> Iterator[Posted]:
    """One process for the tests that leave it as it was; Discord is away for a moment when it starts."""
    posted.server.fail("GET", "/users/@me", 503)
    with posted.running():
        yield posted


def texts(body: dict[str, Any]) -> str:
    return " ".join([body["content"], *(e.get("description", "") for e in body.get("embeds", ()))])


def ack_s(server: DiscordServer, sent_at: float, interaction: str) -> float:
    server.wait(lambda: server.acks(interaction), "an acknowledgement")
    return server.acks(interaction)[0].at - sent_at


def test_discord_being_away_for_a_moment_is_waited_out(listening: Posted) -> None:
    assert not any(fault.times for fault in listening.server.faults)
    assert listening.server.sessions[0]["op"] == IDENTIFY


def test_commands_are_registered_and_answered_within_a_second(listening: Posted) -> None:
    server = listening.server
    server.wait(lambda: server.commands, "the commands")
    assert "podcasts" in [command["name"] for command in server.commands]
    sent_at = time.monotonic()
    asked = server.slash("digest show")
    assert ack_s(server, sent_at, asked) < ACK_S
    assert server.acks(asked)[0].body == {"type": 5, "data": {"flags": 64}}
    answer = server.answer_to(asked)
    assert "The best 5 at 08:00" in texts(answer) and answer["allowed_mentions"]["parse"] == []


def test_a_button_digs_into_the_thread_of_its_post(listening: Posted) -> None:
    server, post = listening.server, listening.post
    message = server.messages[p.ROOM][post.message_id]
    button = message["components"][0]["components"][0]
    pressed = server.interact(3, {"custom_id": button["custom_id"], "component_type": 2}, message=message)
    assert texts(server.answer_to(pressed)) == f"Answered in <#{post.thread_id}>."
    (dug,) = server.called("POST", f"/channels/{post.thread_id}/messages")
    assert "Claim" in dug.body["content"] and dug.body["nonce"] == pressed


def test_fifty_commands_at_once_are_all_acknowledged_within_a_second(listening: Posted) -> None:
    server = listening.server
    sent = [(time.monotonic(), server.slash("digest show")) for _ in range(50)]
    waits = sorted(ack_s(server, sent_at, asked) for sent_at, asked in sent)
    assert waits[-1] < ACK_S, f"the slowest of 50 took {waits[-1]:.2f} s"
    for _, asked in sent:
        server.answer_to(asked)


def test_the_same_interaction_twice_acts_once(listening: Posted) -> None:
    server = listening.server
    data = p.command("rate", {"number": 1, "verdict": "useful"})
    asked = p.interaction("777001", 2, data, server.channels[p.ROOM])
    server.emit("INTERACTION_CREATE", asked, twice=True)
    server.wait(lambda: len(server.acks("777001")) == 2, "both deliveries")
    assert "useful to you" in texts(server.answer_to("777001"))
    probe = server.slash("help")
    server.answer_to(probe)
    answers = server.called("PATCH", "/webhooks/1001/token-777001/messages/@original")
    assert len(answers) == 1 and len(listening.store.ratings(listening.channel.id)) == 1


def test_a_drop_is_resumed_and_loses_nothing_and_does_nothing_twice(listening: Posted) -> None:
    server = listening.server
    before = len(server.sessions)
    seen = server.slash("digest show")
    server.answer_to(seen)
    server.drop()
    missed = server.slash("digest show")  # sent while nobody listens
    server.wait(lambda: len(server.sessions) > before, "a resume")
    resumed = server.sessions[-1]
    assert resumed["op"] == RESUME and resumed["d"]["session_id"] == "session"
    assert "The best 5" in texts(server.answer_to(missed))
    again = p.interaction(seen, 2, p.command("digest show", {}), server.channels[p.ROOM])
    server.emit("INTERACTION_CREATE", again)  # what was handled before the drop, once more
    probe = server.slash("help")
    server.answer_to(probe)
    assert len(server.called("PATCH", f"token-{seen}/messages/@original")) == 1


def test_a_short_rate_limit_on_an_answer_is_waited_for(listening: Posted) -> None:
    server, thread = listening.server, listening.post.thread_id
    path = f"/channels/{thread}/messages"
    before = len(server.called("POST", path))
    server.fail("POST", path, 429, headers={"Via": "1.1 google"}, retry_after=0.4)
    asked = server.interact(2, p.command("dig", {"number": 1}), server.channels[thread])
    server.wait(lambda: server.called("DELETE", f"token-{asked}/messages/@original"), "the end of the answer")
    first, second = server.called("POST", path)[before:]
    assert second.at - first.at >= 0.4 and first.body["nonce"] == second.body["nonce"] == asked


def test_a_new_server_is_greeted_and_one_that_throws_it_out_forgotten(listening: Posted) -> None:
    server, store = listening.server, listening.store
    hall = p.channel("3010") | {"guild_id": "2010"}
    new = p.guild([hall], server.everyone) | {"id": "2010", "system_channel_id": "3010"}
    new["roles"] = [new["roles"][0] | {"id": "2010"}]
    server.channels["3010"] = hall
    for _ in range(5):
        # In the first two seconds of a session discord.py takes every server for one it was in before.
        server.emit("GUILD_DELETE", {"id": "2010"})
        server.emit("GUILD_CREATE", new)
        if server.seen(lambda: server.called("POST", "/channels/3010/messages"), 3.0):
            break
    assert "/podcasts add" in server.called("POST", "/channels/3010/messages")[0].body["content"]
    store.save_channel(Channel(platform="discord", workspace="2010", name="3010"))
    server.emit("GUILD_DELETE", {"id": "2010"})
    deadline = time.monotonic() + 10
    while store.find_channel("discord", "2010", "3010") and time.monotonic() < deadline:
        server.answer_to(server.slash("help"))
    assert store.find_channel("discord", "2010", "3010") is None
    assert store.find_channel("discord", p.GUILD, p.ROOM) is not None


def test_an_invalid_session_is_opened_anew(listening: Posted) -> None:
    """discord.py waits five seconds before it does: Discord wants identifications that far apart."""
    server = listening.server
    before = len(server.sessions)
    server.invalidate()
    server.wait(lambda: len(server.sessions) > before, "a new session")
    assert server.sessions[-1]["op"] == IDENTIFY
    assert "The best 5" in texts(server.answer_to(server.slash("digest show")))


def test_sigterm_ends_it_in_time_and_the_next_start_knows_its_buttons(posted: Posted) -> None:
    server, post = posted.server, posted.post
    puts = len(server.called("PUT", "/commands"))
    with posted.running() as process:
        message = server.messages[p.ROOM][post.message_id]
        chosen = {"custom_id": f"ems:{posted.digest.id}", "component_type": 3, "values": ["/rate 2 useless"]}
        rated = server.interact(3, chosen, message=message)
        assert "not useful to you" in texts(server.answer_to(rated))
        assert len(server.called("PUT", "/commands")) <= puts + 1
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        out, said = process.communicate(timeout=STOP_S)
        assert time.monotonic() - began < STOP_S and process.returncode == 0, said
        assert out == "Discord: listening as Earmark.\n"
        assert server.token not in said


def test_without_the_content_intent_it_goes_on_and_says_so(tmp_path: Path) -> None:
    with DiscordServer(content_allowed=False) as server:
        posted = Posted(tmp_path, server)
        with posted.running(DISCORD_MESSAGE_CONTENT="on") as process:
            server.wait(lambda: len(server.sessions) == 2, "a session without the intent")
            asked, without = (session["d"]["intents"] for session in server.sessions)
            assert asked & CONTENT and not without & CONTENT
            server.answer_to(server.slash("help"))
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=STOP_S)
        assert "Message Content intent is not switched on" in out
        posted.store.close()


def test_with_the_content_intent_a_question_in_the_thread_is_answered(tmp_path: Path) -> None:
    """There is nothing to answer from any more, which is an answer too: no model is loaded for it."""
    with DiscordServer() as server:
        posted = Posted(tmp_path, server)
        posted.store.unsubscribe(posted.channel.id, posted.store.feeds()[0].id)
        with posted.running(DISCORD_MESSAGE_CONTENT="on"):
            assert server.sessions[0]["op"] == IDENTIFY and server.sessions[0]["d"]["intents"] & CONTENT
            thread = f"/channels/{posted.post.thread_id}/messages"
            server.say(posted.post.thread_id, "nice one")
            asked = server.say(posted.post.thread_id, "why do trees cool?")
            server.wait(lambda: server.called("POST", thread), "an answer")
            (answer,) = server.called("POST", thread)
            assert answer.body["message_reference"]["message_id"] == int(asked)
            assert "No transcript of these episodes is here" in answer.body["content"]
        posted.store.close()


def test_a_refused_token_ends_it_in_words(posted: Posted) -> None:
    process = posted.start(DISCORD_TOKEN="never-show-this")
    _, said = process.communicate(timeout=30)
    assert process.returncode == 1 and "Reset Token" in said and "never-show-this" not in said
