"""What is said in the thread of a post that Discord doesn't let us edit: each correction once."""

from __future__ import annotations

import logging
from typing import Any

import discord

from adapters.discord.items import Sent, as_sent
from adapters.discord.render import rendered
from bot import digest
from bot.domain import Post
from bot.views import View

log = logging.getLogger(__name__)
LOOK_BACK = 100  # messages of the thread


async def corrected(client: discord.Client, view: View, post: Post) -> bool:
    """Whether the thread now says it, or says so already; False where there is none, or we may not write."""
    if not post.thread_id:
        return False
    sent, us = as_sent(rendered(view)), client.user.id if client.user else 0
    try:
        thread: Any = await client.fetch_channel(int(post.thread_id))
        latest = [
            message
            async for message in thread.history(limit=LOOK_BACK)
            if message.author.id == us and message.content in digest.CORRECTIONS
        ]
        stands = sent["content"] == digest.STANDS
        if _said(latest[0]) != _said_in(sent) if latest else not stands:
            await thread.send(**sent)
    except (discord.NotFound, discord.Forbidden) as error:
        log.warning("Nor can it be corrected in its thread (%s %s).", error.status, error.code)
        return False
    return True


def _said(message: discord.Message) -> tuple[str, list[tuple[str, str]]]:
    return message.content, [((e.title or "").strip(), (e.description or "").strip()) for e in message.embeds]


def _said_in(sent: Sent) -> tuple[str, list[tuple[str, str]]]:
    embeds = [((e.title or "").strip(), (e.description or "").strip()) for e in sent["embeds"]]
    return sent["content"], embeds
