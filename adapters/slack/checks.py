"""What `earmark doctor` says of Slack: tokens, scopes, and whether each channel can be posted to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import WebClient

from adapters.slack.installs import PREFIX, bot_of
from adapters.slack.publish import REFUSALS, TIMEOUT_S
from adapters.slack.scopes import SCOPES
from adapters.slack.wire import api_url
from bot.domain import Channel
from bot.ports import Host, Store

Finding = tuple[str, str, str]
INVITE = "Earmark isn't in it: say /invite @Earmark there"


def checked(host: Host, store: Store) -> Iterator[Finding]:
    yield from _mode(host)
    channels = [channel for channel in store.channels() if channel.platform == "slack"]
    for workspace, token in _tokens(host):
        mine = [c for c in channels if not workspace or c.workspace == workspace]
        yield from _of_workspace(_client(host, token), mine)


def _mode(host: Host) -> Iterator[Finding]:
    """How Slack reaches us."""
    app_token = host.setting("SLACK_APP_TOKEN")
    if not app_token:
        if host.setting("SLACK_SIGNING_SECRET"):
            where = host.setting("PUBLIC_URL") or "no PUBLIC_URL is set, so Slack can't be told where we are"
            yield "ok" if host.setting("PUBLIC_URL") else "broken", "slack http", where
        else:
            yield "broken", "slack", "set SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP)"
        return
    try:
        _client(host, app_token).apps_connections_open(app_token=app_token)
        yield "ok", "slack app token", "Socket Mode can be opened"
    except SlackApiError as error:
        code = error.response.get("error")
        advice = "make a new one with connections:write: Basic Information, App-Level Tokens"
        yield "broken", "slack app token", f"refused ({code}): {advice}"
    except (SlackClientError, OSError) as error:
        yield "broken", "slack", f"can't be reached ({type(error).__name__})"


def _tokens(host: Host) -> Iterator[tuple[str, str]]:
    """(workspace or "", token) of one workspace, or of all that installed the app."""
    token = host.setting("SLACK_BOT_TOKEN")
    if token:
        yield "", token
        return
    for name in host.secrets.names(PREFIX):
        bot = bot_of(host.secrets, name.removeprefix(PREFIX))
        if bot is not None:
            yield name.removeprefix(PREFIX), bot.bot_token


def _client(host: Host, token: str) -> WebClient:
    return WebClient(token=token, base_url=api_url(host), timeout=TIMEOUT_S, retry_handlers=[])


def _of_workspace(client: WebClient, channels: Sequence[Channel]) -> Iterator[Finding]:
    try:
        answer = client.auth_test()
    except SlackApiError as error:
        code = str(error.response.get("error"))
        yield "broken", "slack bot token", REFUSALS.get(code, f"refused ({code})")
        return
    except (SlackClientError, OSError) as error:
        yield "broken", "slack", f"can't be reached ({type(error).__name__})"
        return
    yield "ok", "slack bot token", f"{answer.get('user')} in {answer.get('team')}"
    yield from _scopes(str(answer.headers.get("x-oauth-scopes") or ""))
    for channel in channels:
        yield _of_channel(client, channel)


def _scopes(granted: str) -> Iterator[Finding]:
    """From the header that every answer bears; without it nothing can be said."""
    has = {scope.strip() for scope in granted.split(",") if scope.strip()}
    lacks = sorted(set(SCOPES) - has)
    if has and lacks:
        how = "add them under OAuth & Permissions, and install the app again"
        yield "broken", "slack scopes", f"{', '.join(lacks)} missing: {how}"
    elif has:
        yield "ok", "slack scopes", "all there"


def _of_channel(client: WebClient, channel: Channel) -> Finding:
    name = f"slack #{channel.title or channel.name}"
    if channel.name.startswith("D"):
        return "ok", name, "a direct conversation"
    try:
        found = client.conversations_info(channel=channel.name)["channel"]
    except SlackApiError as error:
        code = str(error.response.get("error"))
        return "broken", name, REFUSALS.get(code, f"Slack says {code}")
    except (SlackClientError, OSError) as error:
        return "broken", name, f"can't be asked about ({type(error).__name__})"
    if found.get("is_archived"):
        return "broken", name, REFUSALS["is_archived"]
    return ("ok", name, "can be posted to") if found.get("is_member") else ("broken", name, INVITE)
