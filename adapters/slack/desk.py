"""The core, asked from Slack's event loop: whatever may take long runs in threads, and nothing acts twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot import commands
from bot.domain import Channel, Post
from bot.errors import EarmarkError
from bot.request import Core, Request
from bot.views import Form, Text, View

T = TypeVar("T")
THREADS = 8  # a question takes seconds; lists and settings must not queue behind four of them
IN_THREADS = Text(
    text="Slack knows no commands inside threads: in the thread of a post, a reply is enough (“why 3?”).",
    quiet=True,
)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where somebody asked something: a conversation of a workspace (`title` as Slack calls it), and whom.

    `home`: on their Home tab, which is shown anew when something has changed.
    """

    team: str
    channel: str
    user: str
    title: str = ""
    home: bool = False


class Desk:
    def __init__(self, core: Core) -> None:
        self._core = core
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="slack")

    async def ask(self, what: Callable[..., T], *args: Any, **given: Any) -> T:
        """`what(core, …)` in a thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, lambda: what(self._core, *args, **given))

    async def is_new(self, *delivery: str) -> bool:
        """Whether this event or interaction is delivered for the first time: Bolt doesn't look."""
        key = ":".join(("slack", *delivery))
        return await self.ask(lambda core: core.store.first_time(key, core.clock()))

    async def channel(self, place: Place) -> Channel:
        return await self.ask(lambda core: core.channel_at("slack", place.team, place.channel, place.title))

    async def run(self, client: AsyncWebClient, place: Place, line: str, digest_id: int = 0) -> View:
        """A command as it was typed, or as a button holds it."""
        channel = await self.channel(place)
        admin = await self._is_admin(client, channel, place.user)
        view = await self.ask(
            commands.run, channel, line, digest_id=digest_id, user=place.user, is_admin=admin
        )
        return replace(view, parts=(*view.parts, IN_THREADS)) if line.startswith("/help") else view

    async def submit(self, client: AsyncWebClient, place: Place, line: str, options: dict[str, str]) -> View:
        """A form that was filled in."""
        channel = await self.channel(place)
        admin = await self._is_admin(client, channel, place.user)
        request = Request(channel=channel, options=options, user=place.user, is_admin=admin)
        return await self.ask(commands.submit, line, request)

    async def form(self, client: AsyncWebClient, place: Place, line: str) -> Form | None:
        """The form that a line opens, if it is one that does and the person may fill it in."""
        channel = await self.channel(place)
        if not await self.ask(_form, channel, line):
            return None
        return await self.ask(
            _form, channel, line, is_admin=await self._is_admin(client, channel, place.user)
        )

    async def post(self, digest_id: int) -> Post | None:
        return await self.ask(lambda core: core.store.post(digest_id)) if digest_id else None

    async def _is_admin(self, client: AsyncWebClient, channel: Channel, user: str) -> bool:
        """Asked only where it matters; who can't be asked about is none."""
        if not channel.admins_only:
            return True
        try:
            found = (await client.users_info(user=user))["user"]
        except SlackApiError:
            return False
        return bool(found.get("is_admin") or found.get("is_owner"))

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


def _form(core: Core, channel: Channel, line: str, *, is_admin: bool = True) -> Form | None:
    try:
        command, action, options = commands.parse(line)
    except EarmarkError:
        return None
    return commands.form(core, channel, command.name, action.name, options, is_admin=is_admin)
