"""The server process: one port, until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket

import uvicorn

from adapters.web.app import application
from adapters.web.hear import Hearing
from bot.errors import ConfigError
from bot.ports import Host
from bot.request import Core

log = logging.getLogger(__name__)
GRACE_S = 5  # for answers that are under way when the process is told to stop


def serve(core: Core, host: Host) -> None:
    """Serve until SIGTERM or SIGINT. ConfigError: the port is taken or none, or pages are switched off."""
    if host.pages is None:
        raise ConfigError("Pages are switched off (PAGES=off): nothing is served.")
    app = application(
        core.store,
        host.pages,
        public_url=host.setting("PUBLIC_URL"),
        is_public=host.setting("PAGES") == "public",
        hearing=Hearing(core=core) if host.setting("CLIPS") == "on" else None,
    )
    host.pages.path("channel", 1)  # a key that can't be used is told now, not to the first visitor
    with bind(host.setting("HTTP_HOST"), host.setting("WEB_PORT")) as listening:
        address, port = listening.getsockname()[:2]
        host.out.write(f"Pages at http://{f'[{address}]' if ':' in address else address}:{port}/\n")
        host.out.flush()
        run(app, listening)


def bind(address: str, port: str) -> socket.socket:
    if not port.isdecimal() or int(port) > 65535:
        raise ConfigError("WEB_PORT must be a port's number, 8080 for example.")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        return socket.create_server((address, int(port)), family=family)
    except OSError as error:
        # create_server lengthens the text of the system's errors, and leaves those of name look-ups alone.
        why = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        raise ConfigError(
            f"Pages can't be served at {address}:{port}: {why}. Set HTTP_HOST or WEB_PORT to another one."
        ) from error


def _is_told(record: logging.LogRecord) -> bool:
    """Not the traceback of an answer that was cut at the end: uvicorn cancels none before, and counts them
    in a line of its own."""
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))


def run(app: object, listening: socket.socket) -> None:
    logging.getLogger("uvicorn.error").addFilter(_is_told)
    # An access log would hold the secret links.
    config = uvicorn.Config(
        app,  # type: ignore[arg-type]
        access_log=False,
        log_config=None,
        log_level=logging.WARNING,
        lifespan="off",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    # uvicorn raises the signal again once it has ended; ours then has nothing more to do.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    uvicorn.Server(config).run(sockets=[listening])
