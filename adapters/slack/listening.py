"""Listening to Slack until stopped: over Socket Mode, or over HTTP with signatures and OAuth."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.answers import Answers
from adapters.slack.app import Listener
from adapters.slack.desk import Desk
from adapters.slack.installs import OnceStates, SealedInstallations
from adapters.slack.scopes import SCOPES
from adapters.slack.wire import api_url
from bot.errors import ConfigError
from bot.ports import Host
from bot.request import Core

log = logging.getLogger(__name__)

PATH = "/slack/events"
SET_UP = (
    "Slack isn't set up: SLACK_BOT_TOKEN and SLACK_APP_TOKEN for your own workspace, or SLACK_CLIENT_ID, "
    "SLACK_CLIENT_SECRET and SLACK_SIGNING_SECRET for many (docs/slack.md)."
)


def listen(core: Core, host: Host) -> None:
    """Answer people until SIGTERM or SIGINT. ConfigError: a token or secret is missing or refused."""
    asyncio.run(_listen(core, host))


async def _listen(core: Core, host: Host) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    desk, answers = Desk(core), Answers()
    app = Listener(desk, answers, host.secrets).register(make(core, host))
    try:
        async with _listening(app, host):
            await stop.wait()
    finally:
        desk.close()
        await answers.close()


def make(core: Core, host: Host) -> AsyncApp:
    """Bolt's app: with one workspace's token, or with an installation of each workspace."""
    client = AsyncWebClient(
        token=host.setting("SLACK_BOT_TOKEN") or None,
        base_url=api_url(host),
        retry_handlers=[AsyncRateLimitErrorRetryHandler(max_retry_count=3)],
    )
    options: dict[str, Any] = {"client": client, "logger": logging.getLogger("slack_bolt")}
    if host.setting("SLACK_SIGNING_SECRET"):
        options["signing_secret"] = host.setting("SLACK_SIGNING_SECRET")
    else:  # Socket Mode's requests come over our own connection and bear no signature
        options["request_verification_enabled"] = False
    if host.setting("SLACK_BOT_TOKEN"):
        return AsyncApp(token=host.setting("SLACK_BOT_TOKEN"), **options)
    if not (host.setting("SLACK_CLIENT_ID") and host.setting("SLACK_CLIENT_SECRET")):
        raise ConfigError(SET_UP)
    return AsyncApp(oauth_settings=_oauth(core, host), installation_store_bot_only=True, **options)


def _oauth(core: Core, host: Host) -> AsyncOAuthSettings:
    public = host.setting("PUBLIC_URL").rstrip("/")
    return AsyncOAuthSettings(
        client_id=host.setting("SLACK_CLIENT_ID"),
        client_secret=host.setting("SLACK_CLIENT_SECRET"),
        scopes=list(SCOPES),
        redirect_uri=f"{public}/slack/oauth_redirect" if public else None,
        installation_store=SealedInstallations(host.secrets),
        installation_store_bot_only=True,
        state_store=OnceStates(core.store, core.clock),
    )


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
    handler = AsyncSocketModeHandler(app, token)
    try:
        await handler.connect_async()  # type: ignore[no-untyped-call]
    except SlackApiError as error:
        await handler.client.close()  # type: ignore[no-untyped-call]
        code = error.response.get("error")
        raise ConfigError(
            f"Slack refuses SLACK_APP_TOKEN ({code}): make a new one (docs/slack.md)."
        ) from None
    log.warning("Listening to Slack over Socket Mode.")
    try:
        yield
    finally:
        with suppress(TimeoutError):
            await asyncio.wait_for(handler.close_async(), 5)  # type: ignore[no-untyped-call]


@asynccontextmanager
async def _http(app: AsyncApp, host: Host) -> AsyncIterator[None]:
    site = app.web_app(path=PATH)
    site.router.add_get("/healthz", _healthy)
    runner = web.AppRunner(site, access_log=None, shutdown_timeout=5)
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
