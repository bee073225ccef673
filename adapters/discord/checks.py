"""What `earmark doctor` says of Discord: token, intents, commands, and each channel's permissions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import discord

from adapters.discord.wire import (
    LABELS,
    NEEDED,
    NETWORK,
    REFUSED,
    invite,
    missing,
    point_at,
    rest,
    token_of,
    wants_content,
)
from bot.domain import Channel
from bot.ports import Host, Store

Finding = tuple[str, str, str]
DEADLINE_S = 30.0
CONTENT_OFF = (
    "threads are answered where a message mentions or replies to the bot, and /ask works everywhere. For "
    "plain questions in threads: switch on Message Content Intent (discord.com/developers, your "
    "application, Bot) and set DISCORD_MESSAGE_CONTENT=on"
)
CONTENT_MISSING = (
    "DISCORD_MESSAGE_CONTENT is on, but the intent is not: switch on Message Content Intent "
    "(discord.com/developers, your application, Bot); until then only mentions and replies are answered"
)


def examine(host: Host, store: Store) -> Iterator[Finding]:
    """ConfigError without a token; all else is a finding."""
    token = token_of(host)
    point_at(host)
    channels = [channel for channel in store.channels() if channel.platform == "discord"]
    yield from asyncio.run(_findings(host, token, channels))


async def _findings(host: Host, token: str, channels: list[Channel]) -> list[Finding]:
    try:
        async with asyncio.timeout(DEADLINE_S), rest(token) as client:
            return [finding async for finding in _looked(host, client, channels)]
    except discord.LoginFailure:
        return [("broken", "discord token", REFUSED)]
    except (discord.HTTPException, discord.RateLimited, *NETWORK) as error:
        said = f"{type(error).__name__}; is the network up, and DISCORD_API_URL right?"
        return [("broken", "discord", f"can't be reached ({said})")]


async def _looked(host: Host, client: discord.Client, channels: list[Channel]) -> AsyncIterator[Finding]:
    application = await client.application_info()
    yield "ok", "discord token", f"{client.user}; adds itself with {invite(application.id)}"
    yield _content(host, application)
    if application.interactions_endpoint_url:
        yield (
            "broken",
            "discord commands",
            "go to an Interactions Endpoint URL: empty it (General Information)",
        )
    if not await client.http.get_global_commands(application.id):
        yield "note", "discord commands", "none yet: the first `earmark serve discord` registers them"
    for channel in channels:
        yield await _channel(client, channel)
    if not channels:
        yield "note", "discord channels", "none yet: /podcasts add in a channel makes one"


def _content(host: Host, application: discord.AppInfo) -> Finding:
    flags = application.flags
    has = flags.gateway_message_content or flags.gateway_message_content_limited
    if not wants_content(host):
        return "note", "discord message content", CONTENT_OFF
    if not has:
        return "note", "discord message content", CONTENT_MISSING
    return "ok", "discord message content", "questions in threads need no mention"


async def _channel(client: discord.Client, channel: Channel) -> Finding:
    what = f"discord #{channel.title or channel.name}"
    try:
        place: Any = await client.fetch_channel(int(channel.name))
        lacks = await missing(client, place)
    except discord.NotFound:
        return "broken", what, "is gone, or the bot is no longer in its server"
    except discord.Forbidden:
        return "broken", what, f"the bot can't see it: allow it {LABELS[NEEDED[0]]} in the channel's settings"
    names = ", ".join(LABELS[name] for name in LABELS if name in lacks)
    if lacks & set(NEEDED):
        return "broken", what, f"the bot can't post: allow it {names} in the channel's settings"
    return ("note", what, f"works better with {names}") if lacks else ("ok", what, "can be posted in")
