"""Posts digests over REST alone: once, with a thread, found again if the reply was lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

import discord

from adapters.discord import limits
from adapters.discord.correct import corrected
from adapters.discord.deliver import INVALID
from adapters.discord.items import Sent, as_sent
from adapters.discord.neutral import plain
from adapters.discord.render import rendered, unlinked
from adapters.discord.rows import RUN
from adapters.discord.wire import NEEDED, forbidden, in_words, missing, point_at, rest, token_of
from bot import digest
from bot.domain import Channel, Digest, Post
from bot.errors import Unreachable
from bot.ports import Host
from bot.views import Heading, View

log = logging.getLogger(__name__)
T = TypeVar("T")
DEADLINE_S = 90.0
LOOK_BACK = 50  # messages of the channel
ARCHIVED_AFTER_MIN: Any = 10080  # a week without a word, the longest that Discord offers
THREAD_EXISTS = 160004
FORBIDDEN, NOT_OURS = 403, 50005  # of another author: the app was made anew
DEFAULT_NAME = "Earmark"
DIRECT = (
    "Discord doesn't let the bot write to that person: they must share a server with it, and allow direct "
    "messages from there. Then /digest resume."
)


class DiscordPublisher:
    """Implements ports.Publisher; logs in for each call, which is one a channel and day."""

    platform = "discord"

    def __init__(self, host: Host) -> None:
        self._host = host
        point_at(host)

    def find(self, channel: Channel, made: Digest) -> Post | None:
        view = self._view(channel, made)
        return self._run(channel, lambda client: find(client, channel, made, view))

    def publish(self, channel: Channel, made: Digest) -> Post:
        view = self._view(channel, made)
        return self._run(channel, lambda client: publish(client, channel, made, view))

    def revise(self, channel: Channel, made: Digest, post: Post) -> None:
        view, said = self._view(channel, made), digest.correction(made, self._host.pages)
        self._run(channel, lambda client: revise(client, channel, made, view, said, post))

    def _view(self, channel: Channel, made: Digest) -> View:
        clips = self._host.setting("CLIPS") == "on" and channel.clips
        return digest.view(made, self._host.pages, clips=clips)

    def _run(self, channel: Channel, work: Callable[[discord.Client], Coroutine[Any, Any, T]]) -> T:
        async def run() -> T:
            async with asyncio.timeout(DEADLINE_S), rest(token_of(self._host)) as client:
                return await work(client)

        with in_words(_called(channel)):
            return asyncio.run(run())


def _called(channel: Channel) -> str:
    return f"#{channel.title}" if channel.title else f"channel {channel.name}"


async def publish(client: discord.Client, channel: Channel, made: Digest, view: View) -> Post:
    """One message and its thread; in a forum a post, which is its own thread."""
    place: Any = await client.fetch_channel(int(channel.name))
    try:
        return await _sent(client, place, channel, made, view)
    except discord.HTTPException as error:
        if error.status != INVALID:
            raise
        log.warning("Discord refuses the post (%s); once more without links.", error.code)
        return await _sent(client, place, channel, made, unlinked(view))


async def _sent(client: discord.Client, place: Any, channel: Channel, made: Digest, view: View) -> Post:
    sent = as_sent(rendered(view))
    try:
        if isinstance(place, discord.ForumChannel):
            return await _post_in_forum(place, channel, made, view, sent)
        if not isinstance(place, discord.abc.Messageable):
            raise Unreachable(f"{_called(channel)} is no channel that anybody can write in.")
        message = await place.send(**sent, nonce=_nonce(made))
    except discord.Forbidden as error:
        raise Unreachable(await _forbidden(client, place, channel)) from error
    return _post(channel, made, message, await _hung(message, made, view))


async def find(client: discord.Client, channel: Channel, made: Digest, view: View) -> Post | None:
    """The post among our own latest messages; where its thread is missing, it is opened now."""
    place: Any = await client.fetch_channel(int(channel.name))
    us = client.user.id if client.user else 0
    async for message in _recent(place, us):
        if message.author.id == us and _is_of(message, made, view):
            in_forum = isinstance(place, discord.ForumChannel)
            thread = str(message.channel.id) if in_forum else await _hung(message, made, view)
            return _post(channel, made, message, thread)
    return None


async def revise(
    client: discord.Client, channel: Channel, made: Digest, view: View, said: View, post: Post
) -> None:
    """Edit the post in its place. Where that can't be done, `said` goes into its thread; where there is none
    either, since people deleted it, it is left alone."""
    try:
        await _edit(client, view, post)
    except (discord.NotFound, discord.Forbidden) as error:
        log.warning("The post of digest %s can't be edited (%s %s).", made.id, error.status, error.code)
        told = await corrected(client, said, post)
        if not told and error.status == FORBIDDEN and error.code != NOT_OURS:
            place = await client.fetch_channel(int(post.channel))
            raise Unreachable(await _forbidden(client, place, channel)) from error


async def _edit(client: discord.Client, view: View, post: Post) -> None:
    place: Any = await client.fetch_channel(int(post.channel))
    if isinstance(place, discord.ForumChannel):
        place = await _opened(client, post)
    message = await place.fetch_message(int(post.message_id))
    try:
        await message.edit(**as_sent(rendered(view)))
    except discord.HTTPException as error:
        if error.status != INVALID:
            raise
        log.warning("Discord refuses the correction (%s); once more without links.", error.code)
        await message.edit(**as_sent(rendered(unlinked(view))))


async def _opened(client: discord.Client, post: Post) -> Any:
    """The thread of a forum's post: after a quiet week it is archived, and nothing in it can be edited."""
    thread: Any = await client.fetch_channel(int(post.thread_id))
    return await thread.edit(archived=False) if thread.archived else thread


async def _recent(place: Any, us: int) -> AsyncIterator[discord.Message]:
    if not isinstance(place, discord.ForumChannel):
        async for message in place.history(limit=LOOK_BACK):
            yield message
        return
    for thread in await place.guild.active_threads():
        if thread.parent_id == place.id and thread.owner_id == us:
            async for message in thread.history(limit=1, oldest_first=True):
                yield message


async def _hung(message: discord.Message, made: Digest, view: View) -> str:
    """The id of the post's thread, which is opened if need be; "" where there is or can be none."""
    return await _thread_of(message, view) if made.picks and message.guild else ""


def _is_of(message: discord.Message, made: Digest, view: View) -> bool:
    """By its buttons; a line about a day with nothing has none, and is known by its words and its day."""
    ids = [getattr(part, "custom_id", "") or "" for row in message.components for part in _parts(row)]
    if ids:
        return any(custom_id.startswith(f"{RUN}:{made.id}:") for custom_id in ids)
    return message.content == rendered(view).content and message.created_at.date() >= made.local_date


def _parts(row: Any) -> list[Any]:
    return list(getattr(row, "children", ()))


async def _post_in_forum(
    forum: discord.ForumChannel, channel: Channel, made: Digest, view: View, sent: Sent
) -> Post:
    # A forum may want one of its tags on every post.
    tags = forum.available_tags[:1] if forum.flags.require_tag else []
    posted: Any = await forum.create_thread(
        name=_name(view), auto_archive_duration=ARCHIVED_AFTER_MIN, applied_tags=tags, **sent
    )
    return _post(channel, made, posted.message, str(posted.thread.id))


async def _thread_of(message: discord.Message, view: View) -> str:
    try:
        thread = await message.create_thread(name=_name(view), auto_archive_duration=ARCHIVED_AFTER_MIN)
    except discord.HTTPException as error:
        if error.code == THREAD_EXISTS:
            return str(message.id)
        if error.status == 429 or error.status >= 500:
            raise
        log.warning("The post has no thread: Discord allows none there (%s %s).", error.status, error.code)
        return ""
    return str(thread.id)


async def _forbidden(client: discord.Client, place: Any, channel: Channel) -> str:
    """Which permissions are missing, as far as that can be found out."""
    if not channel.workspace:
        return DIRECT
    lacks: set[str] = set()
    with suppress(discord.HTTPException):
        lacks = await missing(client, place)
    return forbidden(_called(channel), lacks or NEEDED)


def _name(view: View) -> str:
    headings = [part.text for part in view.parts if isinstance(part, Heading)]
    return plain(headings[0] if headings else DEFAULT_NAME, limits.THREAD_NAME) or DEFAULT_NAME


def _nonce(made: Digest) -> str:
    return f"em{made.id}"[: limits.NONCE]


def _post(channel: Channel, made: Digest, message: discord.Message, thread_id: str) -> Post:
    return Post(
        digest_id=made.id,
        platform="discord",
        channel=channel.name,
        message_id=str(message.id),
        thread_id=thread_id,
        posted_at=message.created_at,
    )
