"""Listening to Slack until stopped: over Socket Mode, or over HTTP with signatures and OAuth."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiohttp import ClientError, web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization.async_authorize import AsyncInstallationStoreAuthorize
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from adapters.slack.answers import Answers
from adapters.slack.app import Listener
from adapters.slack.desk import Desk
from adapters.slack.installs import OnceStates, SealedInstallations
from adapters.slack.publish import REFUSALS
from adapters.slack.scopes import SCOPES
from adapters.slack.wire import api_url
from bot.errors import ConfigError
from bot.ports import Host
from bot.request import Core

log = logging.getLogger(__name__)

PATH = "/slack/events"
GRACE_S = 5.0  # for answers under way when we are told to stop
SET_UP = (
    "Slack isn't set up: SLACK_BOT_TOKEN and SLACK_APP_TOKEN for your own workspace, or SLACK_CLIENT_ID, "
    "SLACK_CLIENT_SECRET and SLACK_SIGNING_SECRET for many (docs/slack.md)."
)
NOT_INSTALLED = (
    "Earmark isn't installed in this workspace, or Slack no longer takes its token: "
    "ask an admin to install it again."
)


def listen(core: Core, host: Host) -> None:
    """Answer people until SIGTERM or SIGINT. ConfigError: a token or secret is missing or refused."""
    asyncio.run(_listen(core, host))


async def _listen(core: Core, host: Host) -> None:
    """Stopped by being cancelled, so that waiting for a Slack that is away can be stopped too."""
    loop, mine = asyncio.get_running_loop(), asyncio.current_task()
    assert mine is not None
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, mine.cancel)
    desk, answers = Desk(core), Answers()
    app = Listener(desk, answers, host.secrets).register(make(core, host))
    try:
        if host.setting("SLACK_BOT_TOKEN"):
            await _accepted("SLACK_BOT_TOKEN", app.client.auth_test())
        async with _listening(app, host):
            await asyncio.Event().wait()
    except asyncio.CancelledError:
        log.info("Asked to stop.")
    finally:
        await _settled()
        desk.close()
        await answers.close()


async def _settled() -> None:
    """Answers under way get some seconds. Nothing new comes any more: what still runs is theirs."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    if others:
        await asyncio.wait(others, timeout=GRACE_S)


async def _accepted(setting: str, asked: Awaitable[AsyncSlackResponse]) -> AsyncSlackResponse | None:
    """What Slack says to a token; None where it can't be asked now. ConfigError: it refuses the token."""
    try:
        return await asked
    except SlackApiError as error:
        said = str(error.response.get("error"))
        if said in REFUSALS:
            raise ConfigError(f"Slack refuses {setting} ({said}): make a new one (docs/slack.md).") from None
    except (SlackClientError, ClientError, OSError, TimeoutError) as error:
        said = type(error).__name__
    log.warning("Slack can't be asked now (%s); it is tried again.", said)
    return None


def make(core: Core, host: Host) -> AsyncApp:
    """Bolt's app: with one workspace's token, or with an installation of each workspace."""
    client = AsyncWebClient(
        token=host.setting("SLACK_BOT_TOKEN") or None,
        base_url=api_url(host),
        retry_handlers=[AsyncRateLimitErrorRetryHandler(max_retry_count=3)],
    )
    options: dict[str, Any] = {
        "client": client,
        "logger": logging.getLogger("slack_bolt"),
        "user_facing_authorize_error_message": NOT_INSTALLED,
    }
    if host.setting("SLACK_SIGNING_SECRET"):
        options["signing_secret"] = host.setting("SLACK_SIGNING_SECRET")
    else:  # Socket Mode's requests come over our own connection and bear no signature
        options["request_verification_enabled"] = False
    if host.setting("SLACK_BOT_TOKEN"):
        return AsyncApp(**options)  # the client has the token
    if not (host.setting("SLACK_CLIENT_ID") and host.setting("SLACK_CLIENT_SECRET")):
        raise ConfigError(SET_UP)
    return AsyncApp(oauth_settings=_oauth(core, host), installation_store_bot_only=True, **options)


def _oauth(core: Core, host: Host) -> AsyncOAuthSettings:
    public, installations = host.setting("PUBLIC_URL").rstrip("/"), SealedInstallations(host.secrets)
    settings = AsyncOAuthSettings(
        client_id=host.setting("SLACK_CLIENT_ID"),
        client_secret=host.setting("SLACK_CLIENT_SECRET"),
        scopes=list(SCOPES),
        redirect_uri=f"{public}/slack/oauth_redirect" if public else None,
        installation_store=installations,
        installation_store_bot_only=True,
        state_store=OnceStates(core.store, core.clock),
    )
    # Bolt's own asks auth.test before each ack, which must not wait for Slack; this one asks once a token.
    settings.authorize = AsyncInstallationStoreAuthorize(
        logger=log, installation_store=installations, bot_only=True, cache_enabled=True
    )
    return settings


@asynccontextmanager
async def _listening(app: AsyncApp, host: Host) -> AsyncIterator[None]:
    if host.setting("SLACK_APP_TOKEN"):
        async with _socket(app, host.setting("SLACK_APP_TOKEN")):
            yield
    elif host.setting("SLACK_SIGNING_SECRET"):
        async with _http(app, host):
            yield
    else:
        raise ConfigError(SET_UP)


@asynccontextmanager
async def _socket(app: AsyncApp, token: str) -> AsyncIterator[None]:
    """The SDK tries for ever, every ten seconds: with a refused token too, so it is tried out before."""
    opened = await _accepted("SLACK_APP_TOKEN", app.client.apps_connections_open(app_token=token))
    handler = AsyncSocketModeHandler(app, token)
    handler.client.wss_uri = opened["url"] if opened else None
    connecting = asyncio.ensure_future(handler.connect_async())  # type: ignore[no-untyped-call]
    connecting.add_done_callback(_connected)
    try:
        yield
    finally:
        connecting.cancel()
        with suppress(TimeoutError):
            await asyncio.wait_for(handler.close_async(), 2)  # type: ignore[no-untyped-call]


def _connected(connecting: asyncio.Future[None]) -> None:
    if not connecting.cancelled() and connecting.exception() is None:
        log.warning("Listening to Slack over Socket Mode.")


@asynccontextmanager
async def _http(app: AsyncApp, host: Host) -> AsyncIterator[None]:
    site = app.web_app(path=PATH)
    site.router.add_get("/healthz", _healthy)
    runner = web.AppRunner(site, access_log=None, shutdown_timeout=2)
    await runner.setup()
    address, port = host.setting("HTTP_HOST") or "127.0.0.1", int(host.setting("HTTP_PORT") or 3000)
    try:
        await web.TCPSite(runner, address, port).start()
    except OSError as error:
        await runner.cleanup()
        raise ConfigError(f"HTTP_PORT {port} can't be listened on: {error.strerror}.") from error
    log.warning("Listening to Slack on http://%s:%s%s", address, port, PATH)
    try:
        yield
    finally:
        await runner.cleanup()


async def _healthy(request: web.Request) -> web.Response:
    return web.Response(text="ok")
