"""What is said in the thread of a post that Slack no longer lets us edit: each correction once."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from slack_sdk.errors import SlackApiError
from slack_sdk.web import WebClient

from adapters.slack.render import rendered
from bot import digest
from bot.domain import Digest, Post
from bot.ports import Pages

log = logging.getLogger(__name__)
# docs.slack.dev/reference/methods/chat.update: the workspace's time to edit is over; it isn't ours, since the
# app was installed anew; or somebody deleted it, while its thread goes on.
NOT_TO_EDIT = {"edit_window_closed", "cant_update_message", "message_not_found"}
NO_THREAD = {"thread_not_found", "message_not_found"}
CLOSED = {"cannot_reply_to_message", "restricted_action_thread_locked"}
MARK = "earmark_correction"  # the event_type of such a reply's metadata
PAGE, PAGES = 200, 5


def correct(client: WebClient, made: Digest, post: Post, pages: Pages | None) -> None:
    """Asked again, it says nothing more. Nor does it where there is no thread, or nothing to be said. Raises
    SlackApiError."""
    thread, edition = post.thread_id or post.message_id, digest.edition(made)
    try:
        told = list(_told(client, post.channel, thread))
        if edition == (told[-1] if told else ""):
            return
        shown = rendered(digest.correction(made, pages))
        client.chat_postMessage(
            channel=post.channel,
            thread_ts=thread,
            text=shown.text,
            blocks=shown.blocks,
            metadata={"event_type": MARK, "event_payload": {"delivery": made.id, "edition": edition}},
            unfurl_links=False,
            unfurl_media=False,
        )
    except SlackApiError as error:
        if error.response.get("error") not in NO_THREAD | CLOSED:
            raise
        log.warning("The post of digest %s has no thread to be corrected in: left alone.", made.id)


def _told(client: WebClient, channel: str, thread: str) -> Iterator[str]:
    """Which corrections the thread has had, in their order."""
    cursor = ""
    for _ in range(PAGES):
        page = client.conversations_replies(
            channel=channel, ts=thread, include_all_metadata=True, limit=PAGE, cursor=cursor or None
        )
        for message in page["messages"]:
            mark = message.get("metadata") or {}
            if mark.get("event_type") == MARK:
                yield str((mark.get("event_payload") or {}).get("edition") or "")
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            return
