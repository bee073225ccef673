"""The digest's post in its channel: its buttons, its thread, what is answered there, restarts."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import discord
import pytest
from simcord.backend import serializers

from adapters.discord import listen
from adapters.discord.desk import Desk
from adapters.discord.publish import find, publish
from bot import digest
from bot.errors import Unreachable
from bot.threads import Said
from bot.views import View
from bot.views import message as worded
from tests.discord_kit import Scene, client_of, compose, on_stage
from tests.test_commands import FakeCore
from tests.test_discord_commands import shown
from tests.test_pipeline import World


def test_the_post_has_its_thread_buttons_and_a_fixed_nonce() -> None:
    async def play(scene: Scene) -> None:
        assert scene.made and scene.post
        (sent,) = [r.json for r in scene.env.http_requests if r.path == f"/channels/{scene.room.id}/messages"]
        assert isinstance(sent, dict)
        assert (sent["nonce"], sent["enforce_nonce"]) == (f"em{scene.made.id}", True)
        assert sent["allowed_mentions"] == {"parse": [], "replied_user": False} or (
            sent["allowed_mentions"]["parse"] == []
        )
        assert scene.thread.name.startswith("The five things worth knowing")
        assert scene.post.thread_id == str(scene.thread.id)
        assert await find(scene.env.bot, scene.channel, scene.made, digest.view(scene.made)) == scene.post

    on_stage(play)


def test_digging_answers_in_the_thread_and_says_where() -> None:
    async def play(scene: Scene) -> None:
        pressed = await scene.alice.click(scene.message, label="2")
        assert pressed.ephemeral and pressed.response.content == f"Answered in <#{scene.thread.id}>."
        assert scene.made and scene.made.picks[1].insight.headline in scene.said_in(scene.thread)[-1]

    on_stage(play)


def test_dig_inside_the_thread_just_posts_there() -> None:
    async def play(scene: Scene) -> None:
        before = len(scene.thread.history())
        result = await scene.alice.slash(scene.thread, "dig", number=1)
        assert result.response is None, "no “Answered in …” for who is there already"
        assert len(scene.thread.history()) == before + 1

    on_stage(play)


def test_rating_by_the_select_is_noted_for_that_insight() -> None:
    async def play(scene: Scene) -> None:
        assert scene.made
        chosen = await scene.alice.select(scene.message, ["/rate 3 useless"])
        assert chosen.ephemeral and "not useful to you" in shown(chosen)
        (rating,) = scene.core.store.ratings(scene.channel.id)
        assert (rating.insight_id, rating.useful) == (scene.made.picks[2].insight.id, False)

    on_stage(play)


def test_buttons_work_after_a_restart() -> None:
    async def play(scene: Scene) -> None:
        await scene.env.restart_bot(client_of(scene.core, scene.host))
        pressed = await scene.alice.click(scene.message, label="1")
        assert "Answered in" in shown(pressed)
        chosen = await scene.alice.select(scene.message, ["/rate 1 useful"])
        assert "useful to you" in shown(chosen)

    on_stage(play)


def test_confirm_and_undo_take_the_place_of_the_question() -> None:
    async def play(scene: Scene) -> None:
        asked = await scene.alice.slash(scene.room, "podcasts remove", podcast="Show")
        assert "Stop following Show?" in shown(asked)
        gone = await scene.alice.click(asked.response, label="Stop following")
        assert "No longer following Show" in asked.response.content, "the same message, edited"
        assert gone.ephemeral is False and scene.core.store.subscriptions(scene.channel.id) == []
        await scene.alice.click(asked.response, label="Undo")
        assert "Following Show" in asked.response.content
        assert len(scene.core.store.subscriptions(scene.channel.id)) == 1

    on_stage(play)


def test_a_question_in_the_thread_is_answered_there_and_remembered() -> None:
    async def play(scene: Scene) -> None:
        assert scene.made
        await scene.alice.send(scene.thread, "why does bread matter?")
        answer = scene.thread.history()[-1]
        assert answer.author.id == scene.env.bot.user.id and "matter" in answer.content
        assert answer.reference and answer.mentions == []
        (turn,) = scene.core.store.turns(scene.made.id)
        assert turn.question == "why does bread matter?" and turn.user == str(scene.alice.id)

    on_stage(play)


def test_it_is_seen_typing_while_an_answer_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    typing = threading.Event()

    class Channel:
        @asynccontextmanager
        async def typing(self) -> AsyncIterator[None]:
            typing.set()
            yield

    def slowly(core: Any, heard: Any) -> View:
        assert typing.wait(5), "nobody saw it typing"
        return worded("Here.")

    async def ask() -> View | None:
        message: Any = SimpleNamespace(channel=Channel())
        return await listen.with_typing(Desk(FakeCore(World())), message, heard=Any)  # type: ignore[arg-type]

    monkeypatch.setattr(listen, "_answered", slowly)
    monkeypatch.setattr(listen, "SHOW_TYPING_S", 0.0)
    assert asyncio.run(ask()) == worded("Here.")


def test_people_talking_among_themselves_are_left_alone() -> None:
    async def play(scene: Scene) -> None:
        for text in ("nice one", "did anyone listen to it?", f"<@{scene.boss.id}> what is bread?"):
            before = len(scene.thread.history())
            await scene.alice.send(scene.thread, text)
            assert len(scene.thread.history()) == before + 1, text
        first = scene.thread.history()[0]
        await scene.boss.send(scene.thread, "what is bread?", reply_to=first)
        assert not any(message.author.bot for message in scene.thread.history())

    on_stage(play)


def test_a_mention_or_a_reply_to_the_bot_always_reaches_it() -> None:
    async def play(scene: Scene) -> None:
        us = scene.env.bot.user
        scene.core.store.save_channel(replace(scene.channel, thread_answers="mentions"))
        await scene.alice.send(scene.thread, f"<@{us.id}> bread matters, right")
        assert scene.thread.history()[-1].author.id == us.id
        await scene.alice.send(scene.thread, "and trees", reply_to=scene.thread.history()[-1])
        assert scene.thread.history()[-1].author.id == us.id
        assert scene.made and len(scene.core.store.turns(scene.made.id)) == 2

    on_stage(play)


def test_without_message_content_only_mentions_are_heard() -> None:
    async def play(scene: Scene) -> None:
        assert not scene.env.bot.intents.message_content
        before = len(scene.thread.history())
        await scene.alice.send(scene.thread, "why does bread matter?")
        assert len(scene.thread.history()) == before + 1
        await scene.alice.send(scene.thread, f"<@{scene.env.bot.user.id}> why does bread matter?")
        assert len(scene.thread.history()) == before + 3
        asked = await scene.alice.slash(scene.thread, "ask", question="why does bread matter?")
        assert "bread matters" in shown(asked)

    on_stage(play, content=False)


def test_a_reply_to_the_post_itself_is_about_it() -> None:
    async def play(scene: Scene) -> None:
        await scene.alice.send(scene.room, "why does bread matter?", reply_to=scene.message)
        answer = scene.room.history()[-1]
        assert answer.author.id == scene.env.bot.user.id and "matter" in answer.content

    on_stage(play)


def test_other_threads_and_channels_are_none_of_its_business() -> None:
    async def play(scene: Scene) -> None:
        other = scene.guild.create_text_channel("random")
        await scene.alice.send(other, "why does bread matter?")
        assert len(other.history()) == 1
        assert scene.core.store.find_channel("discord", str(scene.guild.id), str(other.id)) is None
        await scene.alice.send(other, f"<@{scene.env.bot.user.id}> why does bread matter?")
        assert "No episode has been transcribed" in other.history()[-1].content

    on_stage(play)


def test_a_direct_message_is_a_question_or_a_command() -> None:
    async def play(scene: Scene) -> None:
        user = scene.env.create_user("dora")
        await user.send_dm("why does bread matter?")
        assert "No episode has been transcribed" in user.dm_channel.history()[-1].content
        await user.send_dm("/help")
        assert "/podcasts" in user.dm_channel.history()[-1].content

    on_stage(play, posted=False)


def test_the_same_message_or_interaction_twice_acts_once() -> None:
    async def play(scene: Scene) -> None:
        message = await scene.alice.send(scene.thread, "why does bread matter?")
        before = len(scene.thread.history())
        stored = scene.env.backend.get_message(scene.thread.id, message.id)
        payload = dict(serializers.message_payload(scene.env.backend, stored))
        scene.env.backend.emit("MESSAGE_CREATE", payload)
        await scene.env.settle()
        assert len(scene.thread.history()) == before
        again: Any = scene.core.store.first_time
        scene.core.store.first_time = lambda key, now: False  # type: ignore[method-assign]
        pressed = await scene.alice.click(scene.message, label="1")
        assert pressed.acknowledged and len(scene.thread.history()) == before
        scene.core.store.first_time = again  # type: ignore[method-assign]

    on_stage(play)


def test_the_digest_of_another_channel_is_not_shown() -> None:
    async def play(scene: Scene) -> None:
        assert scene.made
        other = scene.guild.create_text_channel("secret")
        asked = await scene.alice.slash(other, "insights")
        assert "Nothing has been posted here" in shown(asked)
        stolen = await publish(
            scene.env.bot,
            replace(scene.channel, name=str(other.id)),
            scene.made,
            digest.view(scene.made),
        )
        message = next(m for m in other.history() if str(m.id) == stolen.message_id)
        pressed = await scene.alice.click(message, label="1")
        assert pressed.ephemeral and "belongs to another channel" in shown(pressed)

    on_stage(play)


def test_where_the_thread_is_closed_to_it_the_answer_is_private() -> None:
    async def play(scene: Scene) -> None:
        scene.env.inject_error("POST", f"/channels/{scene.thread.id}/messages", status=403, code=50013)
        pressed = await scene.alice.click(scene.message, label="1")
        assert pressed.ephemeral and "not allowed to post it there" in shown(pressed)
        assert "bread matters" in shown(pressed)

    on_stage(play)


def test_an_answer_that_is_refused_for_a_link_comes_without_links() -> None:
    async def play(scene: Scene) -> None:
        scene.env.inject_error("PATCH", "/webhooks/*", status=400, code=50035, times=1)
        result = await scene.alice.slash(scene.room, "insights")
        assert "five things" in shown(result)

    on_stage(play)


def test_in_a_forum_the_post_is_a_thread_of_its_own() -> None:
    async def play(scene: Scene) -> None:
        forum = scene.guild.create_forum_channel("podcasts")
        channel = scene.core.channel_at("discord", str(scene.guild.id), str(forum.id), "podcasts")
        made = compose(scene.core, channel)
        assert await find(scene.env.bot, channel, made, digest.view(made)) is None
        post = await publish(scene.env.bot, channel, made, digest.view(made))
        (thread,) = forum.threads
        assert post.thread_id == str(thread.id) and "five things" in thread.name
        found = await find(scene.env.bot, channel, made, digest.view(made))
        assert found is not None and found.thread_id == post.thread_id

    on_stage(play, posted=False)


def test_in_an_announcement_channel_it_posts_with_a_thread() -> None:
    async def play(scene: Scene) -> None:
        news = scene.guild.create_news_channel("news")
        channel = scene.core.channel_at("discord", str(scene.guild.id), str(news.id), "news")
        post = await publish(
            scene.env.bot,
            channel,
            compose(scene.core, channel),
            digest.view(scene.core.store.digests(channel.id)[0]),
        )
        assert post.thread_id

    on_stage(play, posted=False)


def test_where_no_thread_is_allowed_the_post_stands_without(caplog: pytest.LogCaptureFixture) -> None:
    async def play(scene: Scene) -> None:
        made = compose(scene.core, scene.channel)
        scene.env.inject_error("POST", "/channels/*/messages/*/threads", status=403, code=50013)
        post = await publish(scene.env.bot, scene.channel, made, digest.view(made))
        assert post.thread_id == "" and len(scene.room.history()) == 1

    on_stage(play, posted=False)
    assert "has no thread" in caplog.text


def test_a_channel_without_permission_is_unreachable_and_says_which() -> None:
    async def play(scene: Scene) -> None:
        made = compose(scene.core, scene.channel)
        scene.env.inject_error("POST", f"/channels/{scene.room.id}/messages", status=403, code=50013)
        with pytest.raises(Unreachable, match=r"#general.*Embed Links.*/digest resume"):
            await publish(scene.env.bot, scene.channel, made, digest.view(made))

    on_stage(play, posted=False)


def test_a_day_with_nothing_is_one_line_that_is_found_again() -> None:
    async def play(scene: Scene) -> None:
        made = replace(compose(scene.core, scene.channel), picks=(), local_date=scene.env.now().date())
        view = digest.view(made)
        assert await find(scene.env.bot, scene.channel, made, view) is None
        post = await publish(scene.env.bot, scene.channel, made, view)
        assert "Nothing worth a post" in scene.room.last_message.content
        assert await find(scene.env.bot, scene.channel, made, view) == post

    on_stage(play, posted=False)


def test_a_server_that_throws_the_bot_out_is_forgotten() -> None:
    async def play(scene: Scene) -> None:
        scene.env.backend.remove_guild(scene.guild.id)
        await scene.env.settle()
        assert [c for c in scene.core.store.channels() if c.platform == "discord"] == []

    on_stage(play)


def test_a_bot_hook_or_join_notice_is_not_heard() -> None:
    async def play(scene: Scene) -> None:
        robot = scene.guild.add_member(scene.env.create_user("robot", bot=True))
        before = len(scene.thread.history())
        await robot.send(scene.thread, "why does bread matter?")
        assert len(scene.thread.history()) == before + 1
        assert isinstance(scene.thread.history()[-1], discord.Message)

    on_stage(play)


def test_what_was_said_is_passed_on_as_it_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Said] = []

    def listen(core: Any, channel: Any, digest_id: int, said: Said) -> None:
        heard.append(said)

    async def play(scene: Scene) -> None:
        us, boss = scene.env.bot.user.id, scene.boss.id
        monkeypatch.setattr("bot.threads.heard", listen)
        for text in ("plain", f"<@{boss}> you", f"<@{us}> <@{boss}> both", f"<@{us}> us"):
            await scene.alice.send(scene.thread, text)
        told = [(said.text, said.mentioned, said.to_others) for said in heard]
        assert told == [
            ("plain", False, False),
            ("you", False, True),
            ("both", True, False),
            ("us", True, False),
        ]

    on_stage(play)
