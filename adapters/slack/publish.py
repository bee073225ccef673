"""Posting digests to Slack: marked, so that a post is found again; refusals told in words."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import WebClient

from adapters.slack.correct import NOT_TO_EDIT, correct
from adapters.slack.installs import bot_of
from adapters.slack.render import rendered
from adapters.slack.wire import api_url
from bot import digest
from bot.domain import Channel, Digest, Post
from bot.errors import PublishError, Unreachable
from bot.ports import Host
from bot.views import View

log = logging.getLogger(__name__)
MARK = "earmark_digest"  # the event_type of our messages' metadata
TIMEOUT_S = 20
PAUSE_S = 1.1  # Slack takes about one message a second (docs.slack.dev/apis/web-api/rate-limits)
LOOK_BACK = timedelta(days=3)  # a digest is posted within two days or not at all
CLOCKS = timedelta(minutes=10)  # how far Slack's clock and ours may lie apart
PAGE, PAGES = 100, 5

# What won't pass by itself, and what to do about it (docs.slack.dev/reference/methods/chat.postMessage).
_INVITE = "Earmark isn't in this channel: say /invite @Earmark there."
_AGAIN = "Slack no longer takes Earmark's token: install the app again (docs/slack.md)."
REFUSALS = {
    "not_in_channel": _INVITE,
    "channel_not_found": f"The channel is gone, or private. {_INVITE}",
    "is_archived": "The channel is archived: unarchive it, or let another one follow the podcasts.",
    "restricted_action": "A setting of the workspace keeps Earmark from posting here: ask an admin.",
    "restricted_action_read_only_channel": "Only some may post in this channel: ask an admin.",
    "missing_scope": "The app lacks a scope: compare the manifest, install it again (docs/slack.md).",
    "no_permission": "Earmark may not post here: ask an admin of the workspace.",
    "account_inactive": _AGAIN,
    "token_revoked": _AGAIN,
    "token_expired": _AGAIN,
    "invalid_auth": _AGAIN,
    "not_authed": _AGAIN,
    "not_allowed_token_type": "SLACK_BOT_TOKEN must be the bot's token (xoxb-…).",
    "team_access_not_granted": "The app isn't installed in this workspace: install it (docs/slack.md).",
}


class SlackPublisher:
    """Implements ports.Publisher, a token for each workspace; Slack's own retries are off, ours are rows."""

    platform = "slack"

    def __init__(
        self,
        host: Host,
        *,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._host = host
        self._sleep, self._now = sleep, now
        self._last = float("-inf")

    def find(self, channel: Channel, made: Digest) -> Post | None:
        """Our post by its mark, among the channel's messages since the digest was made.

        Apps that are distributed commercially get 15 messages a call and one call a minute, so few matter.
        """
        oldest = (made.created_at or datetime.now(UTC) - LOOK_BACK) - CLOCKS
        with _in_words(channel):
            for message in self._recent(channel, oldest):
                mark = message.get("metadata") or {}
                if mark.get("event_type") == MARK and _delivery(mark) == made.id:
                    return _post(channel, made, str(message["ts"]))
        return None

    def publish(self, channel: Channel, made: Digest) -> Post:
        view = self._view(channel, made)
        shown = rendered(view)
        self._spread()
        with _in_words(channel):
            sent = self._client(channel).chat_postMessage(
                channel=channel.name,
                text=shown.text,
                blocks=shown.blocks,
                metadata={"event_type": MARK, "event_payload": {"delivery": made.id}},
                unfurl_links=False,
                unfurl_media=False,
            )
        return _post(channel, made, str(sent["ts"]))

    def revise(self, channel: Channel, made: Digest, post: Post) -> None:
        view = self._view(channel, made)
        shown = rendered(view)
        self._spread()
        with _in_words(channel):
            try:
                self._client(channel).chat_update(
                    channel=post.channel,
                    ts=post.message_id,
                    text=shown.text,
                    blocks=shown.blocks,
                    metadata={"event_type": MARK, "event_payload": {"delivery": made.id}},
                )
            except SlackApiError as error:
                code = _body(error.response).get("error")
                if code not in NOT_TO_EDIT:
                    raise
                log.warning("The post of digest %s can't be edited (%s).", made.id, code)
                correct(self._client(channel), made, post, self._host.pages)

    def _view(self, channel: Channel, made: Digest) -> View:
        clips = self._host.setting("CLIPS") == "on" and channel.clips
        return digest.view(made, self._host.pages, clips=clips)

    def _recent(self, channel: Channel, oldest: datetime) -> Iterator[Mapping[str, Any]]:
        client, cursor = self._client(channel), ""
        for _ in range(PAGES):
            page = client.conversations_history(
                channel=channel.name,
                oldest=f"{oldest.timestamp():.6f}",
                include_all_metadata=True,
                limit=PAGE,
                cursor=cursor or None,
            )
            yield from page["messages"]
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    def _client(self, channel: Channel) -> WebClient:
        token = self._host.setting("SLACK_BOT_TOKEN")
        if not token:
            bot = bot_of(self._host.secrets, channel.workspace)
            token = bot.bot_token if bot else ""
        if not token:
            raise Unreachable("The app isn't installed in this workspace: install it (docs/slack.md).")
        return WebClient(token=token, base_url=api_url(self._host), timeout=TIMEOUT_S, retry_handlers=[])

    def _spread(self) -> None:
        """No two posts within a second of one another, in whatever channels: many are due at eight."""
        wait = self._last + PAUSE_S - self._now()
        if wait > 0:
            self._sleep(wait)
        self._last = self._now()


@contextmanager
def _in_words(channel: Channel) -> Iterator[None]:
    """What Slack or the way to it refuses, as a PublishError that says what to do."""
    try:
        yield
    except SlackApiError as error:
        raise refusal(channel, error) from error
    except (SlackClientError, OSError) as error:
        raise PublishError(
            f"Slack can't be reached now ({type(error).__name__}). It is tried again."
        ) from error


def refusal(channel: Channel, error: SlackApiError) -> PublishError:
    response: Any = error.response
    where = f"#{channel.title}" if channel.title else f"channel {channel.name}"
    status = getattr(response, "status_code", 0)
    code = str(_body(response).get("error") or "")
    if status == 429 or code == "ratelimited":
        wait = float(response.headers.get("Retry-After", 30))
        return PublishError(f"{where}: Slack asks for {wait:.0f} s of patience.", retry_after_s=wait)
    if code in REFUSALS:
        return Unreachable(f"{where}: {REFUSALS[code]}")
    return PublishError(f"{where}: Slack didn't take the post ({code or status}). It is tried again.")


def _body(response: Any) -> Mapping[str, Any]:
    data = getattr(response, "data", response)
    return data if isinstance(data, Mapping) else {}


def _delivery(mark: Mapping[str, Any]) -> int:
    try:
        return int((mark.get("event_payload") or {}).get("delivery") or 0)
    except (TypeError, ValueError):
        return 0


def _post(channel: Channel, made: Digest, ts: str) -> Post:
    return Post(
        digest_id=made.id,
        platform="slack",
        channel=channel.name,
        message_id=ts,
        thread_id=ts,
        posted_at=datetime.fromtimestamp(float(ts), UTC),
    )
