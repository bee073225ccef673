"""A server with a channel and a posted digest in simcord's offline Discord, on the real core and fakes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import simcord

from adapters.discord.client import EarmarkClient
from adapters.discord.desk import Desk
from adapters.discord.publish import publish
from bot import digest
from bot.domain import Channel, Digest, Post
from bot.following import follow
from tests.fakes import FakeHost
from tests.test_commands import FakeCore
from tests.test_pipeline import URL, World


@dataclass
class Scene:
    """`alice` owns nothing, `boss` may manage the server; `made` stands in `room` as `post`."""

    env: Any
    host: FakeHost
    core: FakeCore
    guild: Any
    room: Any
    alice: Any
    boss: Any
    channel: Channel
    made: Digest | None = None
    post: Post | None = None

    @property
    def message(self) -> Any:
        """The digest's post."""
        assert self.post
        return next(m for m in self.room.history() if str(m.id) == self.post.message_id)

    @property
    def thread(self) -> Any:
        (thread,) = self.room.threads
        return thread

    def said_in(self, place: Any) -> list[str]:
        return [message.content for message in place.history()]


Play = Callable[[Scene], Awaitable[None]]


def client_of(core: FakeCore, host: FakeHost, *, content: bool = True) -> EarmarkClient:
    return EarmarkClient(host, Desk(core), content=content)


def on_stage(play: Play, *, posted: bool = True, content: bool = True, **options: Any) -> None:
    """Run `play` in a fresh Discord; what the bot swallowed fails the test."""

    async def run() -> None:
        core, host = FakeCore(World()), FakeHost()
        async with simcord.run(client_of(core, host, content=content), **options) as env:
            scene = _scene(env, core, host)
            if posted:
                await post_digest(scene)
            await play(scene)

    asyncio.run(run())


def _scene(env: Any, core: FakeCore, host: FakeHost) -> Scene:
    import discord

    guild = env.create_guild("Bakers")
    room = guild.create_text_channel("general")
    managers = guild.create_role("Managers", permissions=discord.Permissions(manage_guild=True))
    alice = guild.add_member(env.create_user("alice"))
    boss = guild.add_member(env.create_user("boss"), roles=[managers])
    channel = core.channel_at("discord", str(guild.id), str(room.id), "general")
    return Scene(
        env=env, host=host, core=core, guild=guild, room=room, alice=alice, boss=boss, channel=channel
    )


async def post_digest(scene: Scene) -> None:
    """Follow the feed, write, compose, and post to the room as the worker does."""
    scene.made = compose(scene.core, scene.channel)
    scene.post = await publish(scene.env.bot, scene.channel, scene.made, digest.view(scene.made))
    await scene.env.settle()
    save_post(scene.core, scene.post)


def compose(core: FakeCore, channel: Channel) -> Digest:
    world = core.world
    now = world.clock()
    world.store.save_channel(replace(channel, next_post_at=now + timedelta(hours=2)))
    follow(world.store, world.engines.feeds, channel, URL, now=now, backfill=3)
    world.clock.forward(hours=2)
    world.settle(("refresh", "transcribe", "read", "write", "compose"))
    return world.store.digests(channel.id)[0]


def save_post(core: FakeCore, post: Post) -> None:
    claim = core.store.claim("publish", post.digest_id, core.clock(), 60.0)
    assert claim is not None
    core.store.save_post(claim, post)
