"""Where an answer goes: to the asker alone, into its digest's thread, or where another message stood."""

from __future__ import annotations

import logging
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from adapters.slack.neutral import web_link
from adapters.slack.render import Json, rendered
from bot.domain import Post
from bot.views import View

log = logging.getLogger(__name__)
POINTED = "Answered in the thread of the post."
PATIENT = (AsyncRateLimitErrorRetryHandler(max_retry_count=3),)


async def privately(url: str, view: View, *, replace: bool = False, share: bool = True) -> None:
    """To the asker alone, by the interaction's response_url, with a button to share what may be shared."""
    shown = rendered(view, share=view.share if share else "")
    await _respond(
        url, text=shown.text, blocks=shown.blocks, response_type="ephemeral", replace_original=replace
    )


async def publicly(url: str, view: View) -> None:
    """To the whole conversation, by the response_url, which works where the bot is no member too."""
    shown = rendered(view)
    await _respond(
        url, text=shown.text, blocks=shown.blocks, response_type="in_channel", replace_original=False
    )


async def _respond(url: str, **message_: Any) -> None:
    answer = await AsyncWebhookClient(url, retry_handlers=list(PATIENT)).send(
        unfurl_links=False, unfurl_media=False, **message_
    )
    if answer.status_code != 200:
        # A response_url works five times within half an hour; nobody waits for an answer after that.
        log.warning("An answer was not taken: %s %s", answer.status_code, answer.body[:100])


async def in_thread(client: AsyncWebClient, channel: str, thread_ts: str, view: View) -> str:
    """Into a thread, for all; the message's permalink, or "" where Slack tells none. SlackApiError."""
    shown = rendered(view)
    sent = await client.chat_postMessage(
        channel=channel,
        thread_ts=thread_ts or None,
        text=shown.text,
        blocks=shown.blocks,
        unfurl_links=False,
        unfurl_media=False,
    )
    try:
        return str((await client.chat_getPermalink(channel=channel, message_ts=sent["ts"]))["permalink"])
    except SlackApiError:
        return ""


async def delivered(
    client: AsyncWebClient, url: str, channel: str, view: View, post: Post | None, *, replace: bool = False
) -> None:
    """A private view to its asker; another one into the thread of its digest, with a word to the asker.

    Where there is no thread, or the bot may not write there, the asker alone gets it.
    """
    if view.private or post is None:
        return await privately(url, view, replace=replace)
    try:
        link = await in_thread(client, channel, post.thread_id or post.message_id, view)
    except SlackApiError as error:
        log.info("An answer could not go into a thread: %s", error.response.get("error"))
        return await privately(url, view)
    await _respond(
        url, text=POINTED, blocks=[pointed(link)], response_type="ephemeral", replace_original=False
    )


def pointed(link: str) -> Json:
    """Where the answer is, as a link where Slack told one."""
    text = {"type": "text", "text": POINTED}
    there = {"type": "link", "url": link, "text": POINTED} if web_link(link) else text
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [there]}]}
