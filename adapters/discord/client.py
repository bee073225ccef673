"""The gateway's end: commands, buttons, forms, messages, and servers that come and go."""

from __future__ import annotations

import contextlib
import logging
import sys
from typing import Any

import discord

from adapters.discord.desk import Desk, log_bug
from adapters.discord.forms import form_of
from adapters.discord.items import ITEMS, NO_MENTIONS
from adapters.discord.listen import hear
from adapters.discord.tree import Tree, fingerprint
from adapters.discord.wire import invite
from bot.ports import Host

log = logging.getLogger(__name__)
GREETING = (
    "Hello! I read podcasts so that you needn't hear all of them: every morning the five insights worth "
    "knowing, in the channel where you follow some.\n"
    "Start there with `/podcasts add`, see the schedule with `/digest show`, and ask me with `/ask`. `/help` "
    "lists the rest."
)


class EarmarkClient(discord.Client):
    def __init__(self, host: Host, desk: Desk, *, content: bool) -> None:
        super().__init__(
            intents=intents(content=content),
            allowed_mentions=NO_MENTIONS,
            max_messages=None,
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
        )
        self.host, self.desk = host, desk
        self.tree = Tree(self, self.desk)

    async def setup_hook(self) -> None:
        self.add_dynamic_items(*ITEMS)
        await self._register()

    async def _register(self) -> None:
        """Tell Discord of the commands when they have changed: it counts such calls."""
        name, now = f"discord:commands:{self.application_id}", fingerprint(self.tree)
        if await self.desk.work(self.host.secrets.load, name) == now:
            return
        try:
            await self.tree.sync()
        except discord.HTTPException as error:
            log.warning("The commands couldn't be registered (%s); the next start tries again.", error.status)
            return
        await self.desk.work(self.host.secrets.save, name, now)

    async def on_connect(self) -> None:
        self._say(f"Discord: listening as {self.user}.")

    async def on_ready(self) -> None:
        if not self.guilds and self.application_id:
            self._say(
                f"Discord: in no server yet; this address adds it to one: {invite(self.application_id)}"
            )

    def _say(self, line: str) -> None:
        self.host.out.write(f"{line}\n")
        self.host.out.flush()

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        if sent := form_of(interaction):
            await self.desk.submitted(interaction, *sent)

    async def on_message(self, message: discord.Message) -> None:
        await hear(self.desk, self, message)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        channel = guild.system_channel
        if channel is not None and channel.permissions_for(guild.me).send_messages:
            with contextlib.suppress(discord.HTTPException):
                await channel.send(GREETING)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        await self.desk.work(self.desk.core.store.forget_workspace, "discord", str(guild.id))

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        if bug := sys.exc_info()[1]:
            log_bug(bug)


def intents(*, content: bool) -> discord.Intents:
    """Servers with their channels and threads, and messages; `content` of all of them is privileged."""
    return discord.Intents(guilds=True, guild_messages=True, dm_messages=True, message_content=content)
