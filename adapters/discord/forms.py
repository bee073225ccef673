"""Forms as modals, known by their ids, so that one filled in after a restart is understood too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import discord
from discord import ui

from adapters.discord import limits
from adapters.discord.neutral import plain
from bot.views import Field, Form

# emf:DIGEST:LINE, as the ids of buttons.
FORM = "emf"
_ID = re.compile(rf"{FORM}:(\d+):(.+)", re.DOTALL)


def modal(form: Form, digest_id: int) -> ui.Modal:
    """Its first five fields: Discord has no room for more."""
    made = ui.Modal(
        title=plain(form.title, limits.MODAL_TITLE),
        custom_id=f"{FORM}:{digest_id}:{form.command}"[: limits.CUSTOM_ID],
        # Nothing is kept of it here for longer than a person may take to fill it in.
        timeout=900,
    )
    for field in form.fields[: limits.MODAL_FIELDS]:
        made.add_item(_label(field))
    return made


def _label(field: Field) -> ui.Label[Any]:
    return ui.Label(
        text=plain(field.label, limits.LABEL),
        description=plain(field.hint, limits.LABEL_HINT) or None,
        component=_select(field) if field.choices else _input(field),
    )


def _input(field: Field) -> ui.TextInput[Any]:
    return ui.TextInput(
        custom_id=field.name,
        style=discord.TextStyle.paragraph if field.long else discord.TextStyle.short,
        default=field.value[: limits.INPUT] or None,
        required=field.required,
        max_length=limits.INPUT,
    )


def _select(field: Field) -> ui.Select[Any]:
    options = [
        discord.SelectOption(label=choice[: limits.OPTION], value=choice, default=choice == field.value)
        for choice in field.choices[: limits.OPTIONS]
    ]
    return ui.Select(custom_id=field.name, options=options, required=field.required)


def form_of(interaction: discord.Interaction[Any]) -> tuple[str, int] | None:
    """The line and the digest of one of our forms that was sent in."""
    data: Any = interaction.data or {}
    match = _ID.fullmatch(str(data.get("custom_id", "")))
    if match is None or interaction.type is not discord.InteractionType.modal_submit:
        return None
    return match[2], int(match[1])


def filled(data: Any) -> dict[str, str]:
    """Field → what was filled in, from the interaction's raw data."""
    return {
        str(part["custom_id"]): str(part.get("value") or ", ".join(part.get("values") or ()))
        for part in _inputs((data or {}).get("components", ()))
    }


def _inputs(components: Any) -> Iterator[Any]:
    for part in components:
        if "custom_id" in part:
            yield part
        yield from _inputs(part.get("components", ()))
        yield from _inputs([part["component"]] if "component" in part else ())
