"""What Slack's payloads say: lines, words, and where they came from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.desk import Place

Body = Mapping[str, Any]
# What Slack calls a conversation that it won't name; a group of people is "mpdm-…".
UNNAMED = ("privategroup", "directmessage")
# Messages that a person wrote: Slack marks those with a file, and those that are shown in the channel too.
WRITTEN = ("", "file_share", "thread_broadcast")


def line_of(command: str, text: str) -> str:
    """The line that a slash command means: `/earmark ask …` is `/ask …`, `/digest help` is `/help digest`."""
    name, text = command.removeprefix("/").lower(), text.strip()
    if name == "earmark":
        return f"/{text or 'help'}"
    return f"/help {name}" if text.lower() == "help" else f"/{name} {text}"


def typed(text: str) -> str:
    """What is said to the bot outside a thread: a command with or without its slash, else a question ("why is
    bread dear?" is one, though /why is a command)."""
    from bot.commands import COMMANDS

    if not text:
        return "/help"
    named = text.partition(" ")[0].lower() in COMMANDS and not text.endswith("?")
    return f"/{text.removeprefix('/')}" if text.startswith("/") or named else f"/ask {text}"


def words_of(text: str, bot_user: str) -> tuple[str, bool]:
    """A message without its mentions, as people read it, and whether it speaks to another person."""
    others = [user for user in re.findall(r"<@(\w+)(?:\|[^>]*)?>", text) if user != bot_user]
    text = re.sub(r"<@\w+(?:\|[^>]*)?>", " ", text)
    text = re.sub(r"<(?:[^<>|]*\|)?([^<>|]*)>", r"\1", text)  # links and channels: their words
    for escape, letter in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(escape, letter)
    return " ".join(text.split()), bool(others)


def digest_of(block_id: str) -> int:
    """The digest in whose message a button stands, from its block_id."""
    first = block_id.partition(".")[0]
    return int(first) if first.isdecimal() else 0


def place_of(body: Body) -> Place:
    """Where a button was pressed; the Home tab has no channel."""
    channel = body.get("channel") or {}
    return Place(
        team=body["team"]["id"] if body.get("team") else body["user"]["team_id"],
        channel=str(channel.get("id") or ""),
        user=body["user"]["id"],
        title=named(str(channel.get("name") or "")),
    )


def place_of_command(body: Body) -> Place:
    return Place(
        team=body["team_id"],
        channel=body["channel_id"],
        user=body["user_id"],
        title=named(str(body.get("channel_name") or "")),
    )


def named(name: str) -> str:
    """A channel's name, "" where it is none."""
    return "" if name in UNNAMED or name.startswith("mpdm-") else name


async def name_of(client: AsyncWebClient, channel: str) -> str:
    """A channel's name as Slack tells it, "" where it doesn't: private ones aren't named in commands."""
    try:
        return named(str((await client.conversations_info(channel=channel))["channel"].get("name") or ""))
    except SlackApiError:
        return ""


def is_written(event: Body) -> bool:
    """Whether a person wrote this message just now."""
    return bool(event.get("user") and not event.get("bot_id") and (event.get("subtype") or "") in WRITTEN)
