"""Messages as discord.py sends them; buttons and selects that are known by their ids after a restart too."""

from __future__ import annotations

import re
from typing import Any, Protocol, TypedDict

import discord
from discord import ui

from adapters.discord.render import Card, Message
from adapters.discord.rows import CHOOSE, REPLACE, RUN, SHARE, Choose, Press

COLOUR = 0x2E8B57
STYLES = {
    "primary": discord.ButtonStyle.primary,
    "secondary": discord.ButtonStyle.secondary,
    "danger": discord.ButtonStyle.danger,
}
NO_MENTIONS = discord.AllowedMentions.none()
Interaction = discord.Interaction[Any]


class Desk(Protocol):
    """Who answers: every client of ours has one as `desk`."""

    async def pressed(
        self, interaction: Interaction, line: str, digest_id: int, *, replace: bool = False
    ) -> None: ...

    async def share(self, interaction: Interaction) -> None: ...


class Sent(TypedDict):
    """What every way to send or edit a message of discord.py takes; no view: no buttons."""

    content: str
    embeds: list[discord.Embed]
    view: ui.View
    allowed_mentions: discord.AllowedMentions


def as_sent(message: Message) -> Sent:
    return Sent(
        content=message.content,
        embeds=[embed(card) for card in message.cards],
        view=view_of(message),
        allowed_mentions=NO_MENTIONS,
    )


def embed(card: Card) -> discord.Embed:
    made = discord.Embed(
        title=card.title or None,
        url=(card.url or None) if card.title else None,
        description=card.description or None,
        colour=COLOUR if card.title else None,
    )
    if card.author:
        made.set_author(name=card.author, url=card.author_url or None)
    if card.footer:
        made.set_footer(text=card.footer)
    return made


def view_of(message: Message) -> ui.View:
    view = ui.View(timeout=None)
    for number, row in enumerate(message.rows):
        for part in row:
            view.add_item(_item(part, number))
    return view


def _item(part: Press | Choose, row: int) -> ui.Item[Any]:
    if isinstance(part, Choose):
        return Chooser(_select(part, row))
    button = _button(part, row)
    return Sharer(button) if part.custom_id == SHARE else Presser(button)


def _button(press: Press, row: int) -> ui.Button[Any]:
    return ui.Button(
        label=press.label,
        custom_id=press.custom_id,
        style=STYLES[press.style],
        emoji=press.emoji or None,
        row=row,
    )


def _select(choose: Choose, row: int) -> ui.Select[Any]:
    options = [discord.SelectOption(label=label, value=value) for label, value in choose.options]
    return ui.Select(custom_id=choose.custom_id, placeholder=choose.placeholder, options=options, row=row)


class Presser(
    ui.DynamicItem[ui.Button[Any]], template=rf"(?P<kind>{RUN}|{REPLACE}):(?P<digest>\d+):(?P<line>(?s:.+))"
):
    """A button that runs its line."""

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Presser:
        return cls(item)  # type: ignore[arg-type]

    async def callback(self, interaction: Interaction) -> None:
        match = self.template.fullmatch(self.custom_id)
        assert match is not None
        desk: Desk = interaction.client.desk
        digest_id, replace = int(match["digest"]), match["kind"] == REPLACE
        await desk.pressed(interaction, match["line"], digest_id, replace=replace)


class Chooser(ui.DynamicItem[ui.Select[Any]], template=rf"{CHOOSE}:(?P<digest>\d+)(?::\d+)?"):
    """A select that runs the line that is chosen."""

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Chooser:
        return cls(item)  # type: ignore[arg-type]

    async def callback(self, interaction: Interaction) -> None:
        desk: Desk = interaction.client.desk
        _, digest_id, *_ = self.custom_id.split(":")
        for line in self.item.values:
            await desk.pressed(interaction, line, int(digest_id))


class Sharer(ui.DynamicItem[ui.Button[Any]], template=SHARE):
    """A button that shows the message to all."""

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Sharer:
        return cls(item)  # type: ignore[arg-type]

    async def callback(self, interaction: Interaction) -> None:
        desk: Desk = interaction.client.desk
        await desk.share(interaction)


ITEMS = (Presser, Chooser, Sharer)
