"""The slash commands, platform-free: how a line, a form or typed options run one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches

from bot.domain import Channel
from bot.errors import EarmarkError
from bot.handlers.table import COMMANDS, usage
from bot.limits import Refusal
from bot.request import Action, Command, Core, Request
from bot.views import Form, View, message

__all__ = [
    "COMMANDS",
    "Core",
    "Request",
    "complete",
    "form",
    "parse",
    "perform",
    "run",
    "slow",
    "submit",
    "usage",
]

MAX_TEXT = 2000
_NAMED = re.compile(r'(\w+):(?:"([^"]*)"|(\S+))\s*')


def run(
    core: Core, channel: Channel, line: str, *, digest_id: int = 0, user: str = "", is_admin: bool = True
) -> View:
    """Run a line as a person typed it ("/ask why?"); what goes wrong is said in words."""
    try:
        command, action, options = parse(line)
    except EarmarkError as error:
        return message(str(error))
    request = Request(channel=channel, options=options, digest_id=digest_id, user=user, is_admin=is_admin)
    return perform(core, command.name, action.name, request)


def submit(core: Core, line: str, request: Request) -> View:
    """Run the command of a form with its fields, which are in the request's options."""
    try:
        command, action, options = parse(line)
    except EarmarkError as error:
        return message(str(error))
    filled = replace(request, options={**options, **request.options})
    return perform(core, command.name, action.name, filled)


def perform(core: Core, name: str, action: str, request: Request) -> View:
    """Run one action of a command; what goes wrong is said in words."""
    chosen = _action(name, action)
    if chosen is None:
        return message(f"There is no /{name} {action}".rstrip() + ". /help lists what there is.")
    if _is_kept_from(chosen, request.channel, request.is_admin):
        return message("Only admins change the settings of this channel; ask one of them.")
    refused = _taken(core, chosen.cost, request)
    if refused:
        return message(refused.text)
    try:
        return chosen.handler(core, request)
    except EarmarkError as error:
        return message(str(error))


def _taken(core: Core, cost: int, request: Request) -> Refusal | None:
    """Admins are no exception: what they ask costs as much."""
    channel = request.channel
    return core.limits.take(channel.platform, channel.workspace, request.user, cost)


def form(
    core: Core,
    channel: Channel,
    name: str,
    action: str,
    options: dict[str, str] | None = None,
    *,
    is_admin: bool = True,
) -> Form | None:
    """The form to show instead of running an action whose options are missing; None: just run it, which
    also tells those who may not why."""
    chosen = _action(name, action)
    given = {name: value.strip() for name, value in (options or {}).items() if value.strip()}
    if chosen is None or _is_kept_from(chosen, channel, is_admin):
        return None
    if chosen.completion and given:
        return chosen.completion(core, channel, given)
    if chosen.form is None or given:
        return None
    return chosen.form(core, channel)


def _is_kept_from(action: Action, channel: Channel, is_admin: bool) -> bool:
    return action.changes and channel.admins_only and not is_admin


def complete(
    core: Core, channel: Channel, name: str, action: str, option: str, typed: str
) -> Sequence[tuple[str, str]]:
    """What may be meant by what is typed so far: (what is shown, what is filled in), at most 25."""
    chosen = _action(name, action)
    found = next((o for o in chosen.options if o.name == option), None) if chosen else None
    return found.complete(core, channel, typed) if found and found.complete else ()


def slow(line: str) -> str:
    """What to say at once to who runs this line, which may take long; "" where it doesn't."""
    try:
        return parse(line)[1].slow
    except EarmarkError:
        return ""


def _action(name: str, action: str) -> Action | None:
    command = COMMANDS.get(name)
    return command.action(action) if command else None


def parse(line: str) -> tuple[Command, Action, dict[str, str]]:
    """A line as typed → its command, its action, and its options; EarmarkError says what there is."""
    name, _, rest = line.strip().removeprefix("/").partition(" ")
    command = COMMANDS.get(name.lower())
    if command is None:
        raise EarmarkError(f"There is no /{name[:40]}.{_near(name)} /help lists what there is.")
    word, _, after = rest.strip().partition(" ")
    action = command.action(word)
    if action and action.name:
        return command, action, _options(action, after)
    if command.actions[0].name and word:
        raise EarmarkError(f"There is no /{command.name} {word[:40]}.\n{usage(command)}")
    return command, command.actions[0], _options(command.actions[0], rest)


def _near(name: str) -> str:
    near = get_close_matches(name.lower()[:40], COMMANDS, 1)
    return f" Did you mean /{near[0]}?" if near else ""


def _options(action: Action, text: str) -> dict[str, str]:
    """`name:value` at the start for the named ones; of the others the last takes the rest of the line."""
    text, options = text[:MAX_TEXT].strip(), {}
    named = {option.name for option in action.options if option.named}
    while (match := _NAMED.match(text)) and match[1].lower() in named:
        options[match[1].lower()] = match[2] or match[3] or ""
        text = text[match.end() :]
    plain = [option for option in action.options if not option.named]
    words = text.split(maxsplit=max(0, len(plain) - 1))
    return options | {option.name: word for option, word in zip(plain, words, strict=False)}
