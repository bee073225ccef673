"""Listens on Discord's gateway until told to stop; what may pass is tried again."""

from __future__ import annotations

import asyncio
import logging
import signal

import discord

from adapters.discord.client import EarmarkClient
from adapters.discord.desk import Desk
from adapters.discord.wire import NETWORK, REFUSED, point_at, token_of, wants_content
from bot.errors import ConfigError
from bot.ports import Host
from bot.request import Core

log = logging.getLogger(__name__)
GRACE_S = 5.0  # for answers under way when we are told to stop
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
AUTHENTICATION_FAILED = 4004
NO_CONTENT = (
    "Discord: the Message Content intent is not switched on (discord.com/developers, your application, Bot), "
    "so in threads only messages that mention or reply to the bot are answered; going on like that.\n"
)


def serve(core: Core, host: Host) -> None:
    """Blocks until SIGTERM or SIGINT. ConfigError: the token is missing or refused."""
    token = token_of(host)
    point_at(host)
    _speak_plainly()
    asyncio.run(_serve(core, host, token))


def _speak_plainly() -> None:
    """A line for a lost connection where discord.py has forty."""
    logging.getLogger("discord.client").addFilter(without_traceback)


def without_traceback(record: logging.LogRecord) -> bool:
    if isinstance(record.msg, str) and record.msg.startswith("Attempting a reconnect") and record.exc_info:
        record.msg = f"The connection to Discord is lost ({type(record.exc_info[1]).__name__}). {record.msg}"
        record.exc_info, record.levelno, record.levelname = None, logging.WARNING, "WARNING"
    return True


async def _serve(core: Core, host: Host, token: str) -> None:
    stop, desk = asyncio.Event(), Desk(core)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    content, pause = wants_content(host), FIRST_PAUSE_S
    while not stop.is_set():
        client = EarmarkClient(host, desk, content=content)
        try:
            await _listen(client, token, stop)
        except discord.PrivilegedIntentsRequired:
            content = False
            host.out.write(NO_CONTENT)
            host.out.flush()
        except (discord.LoginFailure, discord.ConnectionClosed, discord.HTTPException, *NETWORK) as error:
            _give_up_if_refused(error)
            log.warning("Discord can't be reached (%s); trying again in %.0f s.", type(error).__name__, pause)
            await _wait(stop, pause)
            pause = min(LONGEST_PAUSE_S, pause * 2)


def _give_up_if_refused(error: Exception) -> None:
    refused = isinstance(error, discord.LoginFailure)
    refused = refused or (isinstance(error, discord.HTTPException) and error.status in (401, 403))
    if refused or (isinstance(error, discord.ConnectionClosed) and error.code == AUTHENTICATION_FAILED):
        raise ConfigError(REFUSED) from error


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return


async def _listen(client: EarmarkClient, token: str, stop: asyncio.Event) -> None:
    """Until told to stop; answers under way get some seconds to be shown."""
    listening = asyncio.create_task(client.start(token))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({listening, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not listening.done():
            await client.desk.settle(GRACE_S)
    finally:
        stopping.cancel()
        await client.close()
        listening.cancel()
    try:
        await listening
    except asyncio.CancelledError:
        return
