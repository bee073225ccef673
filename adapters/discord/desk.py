"""Answers interactions: acknowledged at once, worked out in a thread of ours, then edited in."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, TypeVar

import discord

from adapters.discord.deliver import Done, deliver, responded
from adapters.discord.forms import filled, modal
from adapters.discord.items import NO_MENTIONS, Interaction
from adapters.discord.limits import CONTENT, units
from adapters.discord.neutral import fitted
from adapters.discord.place import Asked, asked_by, channel_of, digest_in
from adapters.discord.pool import DaemonPool
from bot import commands
from bot.domain import Channel
from bot.errors import EarmarkError
from bot.request import Core, Request
from bot.views import Form, View, message

log = logging.getLogger(__name__)
T = TypeVar("T")
Work = Callable[[Core, Channel, Asked], View]

THREADS, QUICK_THREADS = 4, 2
COMPLETE_S, FORM_S = 2.0, 0.7  # Discord waits three seconds; commands are acknowledged within one
BUG = "Something went wrong on our side, and it is noted. Please try again."


class Desk:
    def __init__(self, core: Core) -> None:
        self.core = core
        self._slow = DaemonPool(THREADS, "discord")
        self._quick = DaemonPool(QUICK_THREADS, "discord-quick")
        self._busy: set[asyncio.Task[Any]] = set()

    async def work(self, work: Callable[..., T], *args: Any) -> T:
        """In a thread, since it may take seconds."""
        return await asyncio.get_running_loop().run_in_executor(self._slow, work, *args)

    async def quick(self, seconds: float, work: Callable[..., T], *args: Any) -> T:
        """In a thread that is kept free of slow work. TimeoutError after so many seconds."""
        future = asyncio.get_running_loop().run_in_executor(self._quick, work, *args)
        return await asyncio.wait_for(future, seconds)

    @asynccontextmanager
    async def busy(self) -> AsyncIterator[None]:
        """What runs inside is waited for when we stop."""
        task = asyncio.current_task()
        assert task is not None
        self._busy.add(task)
        try:
            yield
        finally:
            self._busy.discard(task)

    async def settle(self, grace_s: float) -> None:
        """Wait for answers under way, but no longer than that."""
        if self._busy:
            await asyncio.wait(set(self._busy), timeout=grace_s)

    async def command(
        self, interaction: Interaction, name: str, action: str, options: dict[str, str]
    ) -> None:
        form = await self._form(interaction, name, action, options)
        if form is not None:
            await responded(interaction.response.send_modal(modal(form, 0)))
            return

        def work(core: Core, channel: Channel, asked: Asked) -> View:
            return commands.perform(core, name, action, _request(channel, asked, options))

        await self._answer(interaction, work)

    async def pressed(
        self, interaction: Interaction, line: str, digest_id: int, *, replace: bool = False
    ) -> None:
        form = await self._form_of(interaction, line)
        if form is not None:
            await responded(interaction.response.send_modal(modal(form, digest_id)))
            return

        def work(core: Core, channel: Channel, asked: Asked) -> View:
            return commands.run(
                core, channel, line, digest_id=asked.digest_id, user=asked.user, is_admin=asked.is_admin
            )

        await self._answer(interaction, work, digest_id, in_place=replace)

    async def submitted(self, interaction: Interaction, line: str, digest_id: int) -> None:
        fields = filled(interaction.data)

        def work(core: Core, channel: Channel, asked: Asked) -> View:
            return commands.submit(core, line, _request(channel, asked, fields))

        await self._answer(interaction, work, digest_id)

    async def share(self, interaction: Interaction) -> None:
        """What an ephemeral message shows, once more for all: text and embeds, without its buttons."""
        shown = interaction.message
        if shown is None or not await responded(interaction.response.defer(thinking=True)):
            return
        content = f"{shown.content}\n-# Shared by {fitted(interaction.user.display_name, 100)}".strip()
        await shown_or_noted(
            interaction.edit_original_response(
                content=content if units(content) <= CONTENT else shown.content,
                embeds=shown.embeds,
                allowed_mentions=NO_MENTIONS,
            )
        )

    async def complete(
        self, interaction: Interaction, name: str, action: str, option: str, typed: str
    ) -> Sequence[tuple[str, str]]:
        """What may be meant; nothing where finding out takes too long: a completion is no answer."""

        def find(core: Core, asked: Asked) -> Sequence[tuple[str, str]]:
            return commands.complete(core, channel_of(core, asked.place), name, action, option, typed)

        try:
            return await self.quick(COMPLETE_S, find, self.core, asked_by(interaction))
        except (TimeoutError, EarmarkError):
            return ()

    async def _form_of(self, interaction: Interaction, line: str) -> Form | None:
        """The form that asks for what a button's line leaves open."""
        try:
            command, action, options = commands.parse(line)
        except EarmarkError:
            return None  # said in words where it is run
        return await self._form(interaction, command.name, action.name, options)

    async def _form(
        self, interaction: Interaction, name: str, action: str, options: dict[str, str]
    ) -> Form | None:
        chosen = commands.COMMANDS[name].action(action)
        has_one = chosen is not None and (chosen.completion if options else chosen.form)
        if not has_one:
            return None

        def find(core: Core, asked: Asked) -> Form | None:
            channel = channel_of(core, asked.place)
            return commands.form(core, channel, name, action, options, is_admin=asked.is_admin)

        try:
            return await self.quick(FORM_S, find, self.core, asked_by(interaction))
        except (TimeoutError, EarmarkError):
            return None  # then it runs without, and says in words what it lacks

    async def _answer(
        self, interaction: Interaction, work: Work, digest_id: int = 0, *, in_place: bool = False
    ) -> None:
        asked = asked_by(interaction, digest_id)
        response = interaction.response
        ack = response.defer() if in_place else response.defer(ephemeral=True, thinking=True)
        if not await responded(ack):
            return
        async with self.busy():
            done = await self._done(asked, work)
            if done is None:
                return
            await shown_or_noted(deliver(interaction, done, asked))

    async def _done(self, asked: Asked, work: Work) -> Done | None:
        """None: it has been answered before. What goes wrong is said in words."""
        try:
            return await self.work(_worked, self.core, asked, work)
        except EarmarkError as error:
            return Done(view=message(str(error)))
        except Exception as bug:  # noqa: BLE001 - the person waits for an answer, whatever happens here
            log_bug(bug)
            return Done(view=message(BUG))


async def shown_or_noted(showing: Awaitable[Any]) -> None:
    try:
        await showing
    except discord.HTTPException as error:
        log.warning("An answer couldn't be shown (%s %s).", error.status, error.code)


def log_bug(bug: BaseException) -> None:
    # Where it happened, without its words: they may quote a secret.
    where = "".join(traceback.format_tb(bug.__traceback__))
    log.error("A bug (%s); report it, please.\n%s", type(bug).__name__, where)


def _worked(core: Core, asked: Asked, work: Work) -> Done | None:
    if not core.store.first_time(f"discord:{asked.id}", core.clock()):
        return None
    channel = channel_of(core, asked.place)
    digest_id = asked.digest_id or digest_in(core, channel, asked.place.thread)
    view = work(core, channel, replace(asked, digest_id=digest_id))
    post = core.store.post(view.digest_id) if view.digest_id and not view.private else None
    return Done(view=view, post=post)


def _request(channel: Channel, asked: Asked, options: dict[str, str]) -> Request:
    return Request(
        channel=channel,
        options=options,
        digest_id=asked.digest_id,
        user=asked.user,
        is_admin=asked.is_admin,
    )
