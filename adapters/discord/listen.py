"""Messages in the thread of a digest, replies to one, and what is said to the bot itself."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from dataclasses import dataclass

import discord

from adapters.discord.deliver import post_into
from adapters.discord.desk import BUG, Desk, log_bug
from adapters.discord.place import PLATFORM, Place, channel_of, digest_in, place_of
from bot import commands, threads
from bot.errors import EarmarkError
from bot.request import Core
from bot.threads import Said
from bot.views import View
from bot.views import message as worded

log = logging.getLogger(__name__)
SHOW_TYPING_S = 0.4  # what is not for us is found out sooner, and nobody sees us type
_MENTION = re.compile(r"<@[!&]?\d+>")


@dataclass(frozen=True, kw_only=True)
class Heard:
    """A message as the core wants it. `direct`: it is said to the bot wherever it stands."""

    id: int
    place: Place
    said: Said
    reply_to: str = ""
    direct: bool = False


async def hear(desk: Desk, client: discord.Client, message: discord.Message) -> None:
    """Answer a message if it is meant for us; people talking among themselves are left alone."""
    heard = heard_from(message, client.user.id if client.user else 0)
    if heard is None:
        return
    async with desk.busy():
        try:
            view = await with_typing(desk, message, heard)
        except EarmarkError as error:
            view = worded(str(error))
        except Exception as bug:  # noqa: BLE001 - whoever asked must hear of it
            log_bug(bug)
            view = worded(BUG) if heard.direct or heard.said.mentioned else None
        if view is not None:
            await _reply(client, heard, view)


def heard_from(message: discord.Message, us: int) -> Heard | None:
    """None: said by no person, or empty (its content is kept from us), or in no place that is ours."""
    plain_message = message.type in (discord.MessageType.default, discord.MessageType.reply)
    text = _MENTION.sub(" ", message.content).strip()
    if message.author.bot or message.webhook_id or not plain_message or not text:
        return None
    guild_id = message.guild.id if message.guild else None
    answered = _answered_to(message)
    others = {user.id for user in message.mentions} | ({answered} if answered else set())
    mentioned = us in others or _our_role(message)
    place = place_of(message.channel, message.channel.id, guild_id)
    reply_to = str(message.reference.message_id or "") if message.reference else ""
    direct = guild_id is None or bool(re.match(rf"\s*<@!?{us}>", message.content))
    if not (place.thread or reply_to or direct):
        return None
    return Heard(
        id=message.id,
        place=place,
        said=Said(
            user=str(message.author.id),
            text=text,
            said_at=message.created_at,
            mentioned=mentioned,
            to_others=bool(others - {us, message.author.id}) and not mentioned,
        ),
        reply_to=reply_to,
        direct=direct,
    )


def _answered_to(message: discord.Message) -> int:
    """Whom the message replies to; 0: nobody, or nobody knows."""
    found = message.reference.resolved if message.reference else None
    return found.author.id if isinstance(found, discord.Message) else 0


def _our_role(message: discord.Message) -> bool:
    """A bot's own role is as easily picked as the bot when mentioning it."""
    role = message.guild.self_role if message.guild else None
    return role is not None and role in message.role_mentions


async def with_typing(desk: Desk, message: discord.Message, heard: Heard) -> View | None:
    """The answer; typing is shown once it takes longer than finding out that a message isn't for us."""
    answer = asyncio.ensure_future(desk.work(_answered, desk.core, heard))
    ready, _ = await asyncio.wait({answer}, timeout=SHOW_TYPING_S)
    if not ready:
        with contextlib.suppress(discord.HTTPException):
            async with message.channel.typing():
                await asyncio.wait({answer})
    return await answer


def _answered(core: Core, heard: Heard) -> View | None:
    """None: it isn't meant for us, or has been answered before."""
    place, said = heard.place, heard.said
    known = core.store.find_channel(PLATFORM, place.workspace, place.channel)
    digest_id = digest_in(core, known, place.thread, heard.reply_to) if known else 0
    if not (digest_id or heard.direct) or not core.store.first_time(f"discord:{heard.id}", core.clock()):
        return None
    channel = channel_of(core, place)
    if digest_id:
        return threads.heard(core, channel, digest_id, said)
    line = said.text if said.text.startswith("/") else f"/ask {said.text}"
    # What a message tells of its author doesn't include permissions.
    return commands.run(core, channel, line, user=said.user, is_admin=not place.workspace)


async def _reply(client: discord.Client, heard: Heard, view: View) -> None:
    place = heard.place
    where, own = place.thread or place.channel, str(heard.id)
    try:
        await post_into(client, where, view, place.workspace, reply_to=own, nonce=own)
    except discord.HTTPException as error:
        log.warning("Nothing can be posted into %s (%s %s).", where, error.status, error.code)
