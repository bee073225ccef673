"""Where an answer goes: to the asker alone, into its digest's thread, or where another message stood."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from adapters.slack.render import Json, Message, rendered
from bot.domain import Post
from bot.inert import web_link
from bot.views import Text, View, audio_of, without_audio

log = logging.getLogger(__name__)
POINTED = "Answered in the thread of the post."
TIMEOUT_S = 20
NO_SCOPE = (
    "The audio can't be sent: the Slack app lacks the scope files:write. Whoever installed it can add it and "
    "install the app again (docs/slack.md)."
)
NOT_TAKEN = "Slack didn't take the audio file; try again in a minute."
ONLY_IN_THREADS = "The audio file can only go into the thread of a post, where I may write."


class Answers:
    """One HTTP session for all response_urls: Slack's client would else open one, and TLS, for each."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._patient: list[AsyncRetryHandler] = [AsyncRateLimitErrorRetryHandler(max_retry_count=3)]

    async def privately(self, url: str, view: View, *, replace: bool = False) -> None:
        """To the asker alone, by the interaction's response_url, with a button to share what may be."""
        if audio_of(view):  # a file can't be shown to one person alone
            view = without_audio(view, Text(text=ONLY_IN_THREADS, quiet=True))
        shown = await _rendered(view, view.share)
        await self._respond(url, shown, response_type="ephemeral", replace_original=replace)

    async def publicly(self, url: str, view: View) -> None:
        """To the whole conversation, by the response_url, which works where the bot is no member too."""
        await self._respond(url, await _rendered(view), response_type="in_channel", replace_original=False)

    async def delivered(
        self,
        client: AsyncWebClient,
        url: str,
        channel: str,
        view: View,
        post: Post | None,
        *,
        replace: bool = False,
    ) -> None:
        """A private view to its asker; another one into the thread of its digest, with a word to the asker.

        Where there is no thread, or the bot may not write there, the asker alone gets it.
        """
        if view.private or post is None:
            return await self.privately(url, view, replace=replace)
        try:
            link = await in_thread(client, channel, post.thread_id or post.message_id, view)
        except SlackApiError as error:
            log.info("An answer could not go into a thread: %s", error.response.get("error"))
            return await self.privately(url, view)
        where = Message(text=POINTED, blocks=[pointed(link)])
        await self._respond(url, where, response_type="ephemeral", replace_original=False)

    async def _respond(self, url: str, shown: Message, **how: Any) -> None:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S))
        hook = AsyncWebhookClient(url, session=self._session, retry_handlers=self._patient)
        answer = await hook.send(
            text=shown.text, blocks=shown.blocks, unfurl_links=False, unfurl_media=False, **how
        )
        if answer.status_code != 200:
            # A response_url works five times within half an hour; nobody waits for an answer after that.
            log.warning("An answer was not taken: %s %s", answer.status_code, answer.body[:100])

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


async def in_thread(client: AsyncWebClient, channel: str, thread_ts: str, view: View) -> str:
    """Into a thread, for all; the message's permalink, or "" where Slack tells none. SlackApiError.

    An audio file goes before its words; where it isn't taken, they say so.
    """
    view = await _with_files(client, channel, thread_ts, view)
    shown = await _rendered(view)
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


async def _with_files(client: AsyncWebClient, channel: str, thread_ts: str, view: View) -> View:
    try:
        for audio in audio_of(view):
            await client.files_upload_v2(
                channel=channel,
                thread_ts=thread_ts or None,
                file=str(audio.path),
                filename=audio.name,
                title=audio.title,
            )
    except SlackApiError as error:
        refused = str(error.response.get("error"))
    except (SlackClientError, aiohttp.ClientError, OSError, TimeoutError) as error:
        refused = type(error).__name__
    else:
        return view
    log.warning("Slack didn't take an audio file: %s", refused)
    words = NO_SCOPE if refused == "missing_scope" else NOT_TAKEN
    return without_audio(view, Text(text=words, quiet=True))


async def _rendered(view: View, share: str = "") -> Message:
    """In a thread: shrinking a long view takes milliseconds that the next acknowledgement would wait."""
    return await asyncio.to_thread(rendered, view, share)


def pointed(link: str) -> Json:
    """Where the answer is, as a link where Slack told one."""
    text = {"type": "text", "text": POINTED}
    there = {"type": "link", "url": link, "text": POINTED} if web_link(link) else text
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [there]}]}
