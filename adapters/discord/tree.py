"""The core's table of commands as Discord's application commands, with typed options and completion."""

from __future__ import annotations

import hashlib
import inspect
import json
import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import discord
from discord import app_commands

from adapters.discord import limits
from adapters.discord.desk import BUG, Desk, log_bug
from adapters.discord.items import Interaction
from adapters.discord.neutral import plain
from bot.commands import COMMANDS
from bot.request import Action, Command, Option

log = logging.getLogger(__name__)
LONGEST_TEXT = 2000
AppCommand = app_commands.Command[Any, ..., Any]
Callback = Callable[..., Awaitable[None]]


class Tree(app_commands.CommandTree[Any]):
    """Says in words, privately, what goes wrong before a command of ours runs."""

    def __init__(self, client: discord.Client, desk: Desk) -> None:
        super().__init__(
            client,
            # In a server or with the bot alone; not in groups that the bot is no member of.
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True),
            allowed_installs=app_commands.AppInstallationType(guild=True),
        )
        for command in COMMANDS.values():
            self.add_command(_command(desk, command))

    async def on_error(self, interaction: Interaction, error: app_commands.AppCommandError, /) -> None:
        stale = isinstance(error, app_commands.CommandSignatureMismatch | app_commands.CommandNotFound)
        if not stale:
            log_bug(error.__cause__ or error)
        words = "This command has just changed; reload Discord (Ctrl-R) and try again." if stale else BUG
        if not interaction.response.is_done():
            await interaction.response.send_message(words, ephemeral=True)


def fingerprint(tree: app_commands.CommandTree[Any]) -> str:
    """Changes when the commands that Discord must know change."""
    known = [command.to_dict(tree) for command in sorted(tree.get_commands(), key=lambda c: c.name)]
    return hashlib.sha256(json.dumps(known, sort_keys=True, default=str).encode()).hexdigest()


def _command(desk: Desk, command: Command) -> AppCommand | app_commands.Group:
    if len(command.actions) == 1 and not command.actions[0].name:
        return _action(desk, command, command.actions[0], command.name, command.description)
    group = app_commands.Group(name=command.name, description=_described(command.description))
    for action in command.actions:
        group.add_command(_action(desk, command, action, action.name, action.description))
    return group


def _action(desk: Desk, command: Command, action: Action, name: str, description: str) -> AppCommand:
    callback = _callback(desk, command, action)
    callback = app_commands.describe(**{o.name: _described(o.description) for o in action.options})(callback)
    choices = {o.name: [app_commands.Choice(name=c, value=c) for c in o.choices] for o in action.options}
    callback = app_commands.choices(**{n: found for n, found in choices.items() if found})(callback)
    made: AppCommand = app_commands.Command(name=name, description=_described(description), callback=callback)
    for option in action.options:
        if option.complete and not option.choices:
            made.autocomplete(option.name)(_completer(desk, command, action, option))
    return made


def _described(text: str) -> str:
    return plain(text, limits.DESCRIBED)


def _callback(desk: Desk, command: Command, action: Action) -> Any:
    async def callback(interaction: Interaction, **given: Any) -> None:
        options = {name: str(value) for name, value in given.items() if value is not None}
        await desk.command(interaction, command.name, action.name, options)

    # discord.py reads a command's options from its signature.
    callback.__signature__ = inspect.Signature([*_parameters(action)])  # type: ignore[attr-defined]
    return callback


def _parameters(action: Action) -> Iterator[inspect.Parameter]:
    """The interaction, then the options: Discord wants the required ones first."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    yield inspect.Parameter("interaction", kind, annotation=discord.Interaction)
    for option in sorted(action.options, key=lambda o: not o.required):
        default = inspect.Parameter.empty if option.required else None
        yield inspect.Parameter(option.name, kind, default=default, annotation=_annotation(option))


def _annotation(option: Option) -> Any:
    ranges: Any = app_commands.Range
    if option.kind == "number":
        return ranges[int, option.least, option.most]
    return str if option.choices else ranges[str, 1, LONGEST_TEXT]


def _completer(desk: Desk, command: Command, action: Action, option: Option) -> Any:
    async def complete(interaction: Interaction, typed: str) -> list[app_commands.Choice[Any]]:
        found = await desk.complete(interaction, command.name, action.name, option.name, str(typed))
        return [_choice(option, label, value) for label, value in found][: limits.CHOICES]

    return complete


def _choice(option: Option, label: str, value: str) -> app_commands.Choice[Any]:
    shown = plain(label, limits.CHOICE) or "…"
    whole = int(value) if option.kind == "number" else value[: limits.OPTION_VALUE]
    return app_commands.Choice(name=shown, value=whole)
