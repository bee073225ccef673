"""Where an answer goes: to the asking person alone, or for all into the thread of its digest."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import Any

import discord

from adapters.discord.items import Interaction, as_sent
from adapters.discord.place import Asked
from adapters.discord.render import rendered, unlinked
from bot.domain import Post
from bot.views import Text, View, audio_of

log = logging.getLogger(__name__)
INVALID = 400
NOT_ALLOWED = "Only you see this: I am not allowed to post it there. `earmark doctor` says what is missing."


@dataclass(frozen=True, kw_only=True)
class Done:
    """`post` is set where the view belongs into that post's thread."""

    view: View
    post: Post | None = None


async def responded(response: Any) -> bool:
    """Whether Discord took the first response; it doesn't take a second one for the same interaction."""
    try:
        await response
    except discord.HTTPException as error:
        log.warning("Discord didn't take a response (%s %s).", error.status, error.code)
        return False
    except discord.InteractionResponded:
        return False
    return True


async def deliver(interaction: Interaction, done: Done, asked: Asked) -> None:
    """The interaction has been deferred for the asking person alone; HTTPException where nothing is shown."""
    view, place = done.view, asked.place
    if view.private or (view.digest_id and done.post is None):
        await _show(interaction, view)
        return
    where = _thread(done.post) if done.post else place.thread or place.channel
    try:
        await post_into(
            interaction.client, where, view, place.workspace, reply_to=_hook(done.post), nonce=str(asked.id)
        )
    except discord.HTTPException as error:
        log.warning("Nothing can be posted into %s (%s %s).", where, error.status, error.code)
        await _show(interaction, replace(view, parts=(*view.parts, Text(text=NOT_ALLOWED, quiet=True))))
        return
    if where == (place.thread or place.channel):
        await interaction.delete_original_response()
    else:
        await interaction.edit_original_response(content=f"Answered in <#{where}>.")


async def _show(interaction: Interaction, view: View) -> None:
    shared = bool(view.share) and view.private
    try:
        await interaction.edit_original_response(**as_sent(rendered(view, share=shared)))
    except discord.HTTPException as error:
        if error.status != INVALID:
            raise
        log.warning("Discord refuses a message of ours (%s); once more without links.", error.code)
        await interaction.edit_original_response(**as_sent(rendered(unlinked(view), share=shared)))


def _thread(post: Post) -> str:
    return post.thread_id or post.channel


def _hook(post: Post | None) -> str:
    """The message to reply to where a post has no thread."""
    return post.message_id if post and not post.thread_id else ""


async def post_into(
    client: discord.Client, where: str, view: View, workspace: str, *, reply_to: str = "", nonce: str
) -> None:
    """Into a thread or channel, as a reply to one of its messages where that is named.

    Discord takes a `nonce` (at most 25 characters) only once within some minutes.
    """
    channel = client.get_partial_messageable(int(where), guild_id=int(workspace) if workspace else None)
    sent = as_sent(rendered(view))
    files = [
        discord.File(audio.path, filename=audio.name, description=audio.title) for audio in audio_of(view)
    ]
    if not reply_to:
        await channel.send(**sent, files=files, nonce=nonce)
        return
    reply = discord.MessageReference(
        message_id=int(reply_to), channel_id=int(where), fail_if_not_exists=False
    )
    await channel.send(**sent, files=files, nonce=nonce, reference=reply, mention_author=False)
