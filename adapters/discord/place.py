"""Where something was said or pressed, and by whom, in the core's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import discord

from bot.domain import Channel
from bot.request import Core

PLATFORM = "discord"


@dataclass(frozen=True, kw_only=True)
class Place:
    """A channel by Discord's ids; `workspace` is "" in a direct message, `thread` "" outside of one."""

    workspace: str
    channel: str
    title: str = ""
    thread: str = ""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One interaction: `id` is Discord's own, `digest_id` what its button names (0: none)."""

    id: int
    place: Place
    user: str
    is_admin: bool
    digest_id: int = 0


def place_of(channel: Any, channel_id: int, guild_id: int | None) -> Place:
    """`channel` is what discord.py made of it, which may know little more than its id."""
    workspace, parent = str(guild_id or ""), getattr(channel, "parent_id", None)
    if isinstance(channel, discord.Thread) and parent:
        title = getattr(channel.parent, "name", "")
        return Place(workspace=workspace, channel=str(parent), title=title, thread=str(channel_id))
    return Place(workspace=workspace, channel=str(channel_id), title=getattr(channel, "name", "") or "")


def asked_by(interaction: discord.Interaction[Any], digest_id: int = 0) -> Asked:
    channel_id, guild_id = interaction.channel_id or 0, interaction.guild_id
    may = interaction.permissions
    return Asked(
        id=interaction.id,
        place=place_of(interaction.channel, channel_id, guild_id),
        user=str(interaction.user.id),
        is_admin=not guild_id or may.administrator or may.manage_guild,
        digest_id=digest_id,
    )


def channel_of(core: Core, place: Place) -> Channel:
    return core.channel_at(PLATFORM, place.workspace, place.channel, place.title)


def digest_in(core: Core, channel: Channel, *messages: str) -> int:
    """The digest that one of these messages or threads of the channel is or hangs from; 0: none."""
    found = (core.store.digest_at(channel.id, message) for message in messages if message)
    return next((digest_id for digest_id in found if digest_id), 0)
