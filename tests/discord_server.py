"""A small stand-in of Discord on 127.0.0.1: its gateway (sessions, resume, drops) and REST."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeVar

from aiohttp import WSMsgType, web

from tests import discord_payloads as p
from tests.discord_payloads import Json
from tests.discord_rest import PATIENCE_S, DiscordRest

T = TypeVar("T")
HELLO, IDENTIFY, RESUME, INVALID, HEARTBEAT, ACK, DISPATCH = 10, 2, 6, 9, 1, 11, 0
CONTENT = 1 << 15


@dataclass
class DiscordServer(DiscordRest):
    """`with DiscordServer() as server: …`; everything that a test calls is safe from its own thread."""

    sessions: list[Json] = field(default_factory=list)  # the IDENTIFYs and RESUMEs that came

    def __post_init__(self) -> None:
        super().__post_init__()
        self._events: list[Json] = []
        self._socket: web.WebSocketResponse | None = None
        self._up = threading.Event()

    # for tests

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._thread.start()
        assert self._up.wait(PATIENCE_S)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._down.set)
        self._thread.join(PATIENCE_S)

    @property
    def settings(self) -> dict[str, str]:
        return {
            "DISCORD_TOKEN": self.token,
            "DISCORD_API_URL": f"http://127.0.0.1:{self.port}/api/v10",
            "DISCORD_GATEWAY_URL": f"ws://127.0.0.1:{self.port}/gateway",
        }

    def emit(self, event: str, data: Json, *, twice: bool = False) -> None:
        """An event to whoever listens; kept for who resumes."""
        self._call(self._emit(event, data, twice))

    def interact(self, kind: int, data: Json, where: Json | None = None, **extra: Any) -> str:
        """Send an interaction; its id."""
        id_ = str(next(self._ids))
        self.emit("INTERACTION_CREATE", p.interaction(id_, kind, data, where or self.channels[p.ROOM], extra))
        return id_

    def slash(self, name: str, **options: Any) -> str:
        return self.interact(2, p.command(name, options))

    def say(self, channel_id: str, text: str) -> str:
        id_ = str(next(self._ids))
        said = p.message(id_, channel_id, p.PERSON, {"content": text}, in_guild=True)
        self.messages.setdefault(channel_id, {})[id_] = said
        self.emit("MESSAGE_CREATE", said)
        return id_

    def drop(self) -> None:
        """Cut the connection without a word, as networks do."""
        self._call(self._drop())

    def invalidate(self) -> None:
        self._call(self._send({"op": INVALID, "d": False, "s": None, "t": None}))

    # the server

    async def _run(self) -> None:
        self._loop, self._down = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application()
        app.router.add_get("/gateway", self._gateway)
        app.router.add_route("*", "/api/v10/{path:.*}", self._rest)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.port = runner.addresses[0][1]
        self._up.set()
        await self._down.wait()
        if self._socket is not None:
            await self._socket.close()
        await runner.cleanup()

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)

    async def _gateway(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"op": HELLO, "d": {"heartbeat_interval": 30_000}, "s": None, "t": None})
        async for frame in socket:
            if frame.type == WSMsgType.TEXT:
                await self._hear(socket, frame.json())
        return socket

    async def _hear(self, socket: web.WebSocketResponse, said: Json) -> None:
        if said["op"] == HEARTBEAT:
            await socket.send_json({"op": ACK, "d": None, "s": None, "t": None})
        elif said["op"] in (IDENTIFY, RESUME):
            await self._open(socket, said)
            self._note(lambda: self.sessions.append(said))

    async def _open(self, socket: web.WebSocketResponse, said: Json) -> None:
        if said["d"]["token"] != self.token:
            await socket.close(code=4004)
        elif said["op"] == RESUME:
            self._socket = socket
            for event in [e for e in self._events if e["s"] > said["d"]["seq"]]:
                await socket.send_json(event)
            await self._emit("RESUMED", {})
        elif said["d"]["intents"] & CONTENT and not self.content_allowed:
            await socket.close(code=4014)
        else:
            self._socket, self._events = socket, []
            await self._emit("READY", self._ready())
            await self._emit("GUILD_CREATE", p.guild([*self.channels.values()], self.everyone))

    def _ready(self) -> Json:
        return {
            "v": 10,
            "user": p.EARMARK,
            "guilds": [{"id": p.GUILD, "unavailable": True}],
            "session_id": "session",
            "resume_gateway_url": f"ws://127.0.0.1:{self.port}/gateway",
            "application": {"id": p.APP, "flags": self.flags},
        }

    async def _emit(self, event: str, data: Json, twice: bool = False) -> None:
        for _ in range(2 if twice else 1):
            made = {"op": DISPATCH, "t": event, "d": data, "s": len(self._events) + 1}
            self._events.append(made)
            await self._send(made)

    async def _send(self, frame: Json) -> None:
        if self._socket is not None and not self._socket.closed:
            await self._socket.send_json(frame)

    async def _drop(self) -> None:
        socket, self._socket = self._socket, None
        transport = socket._req.transport if socket is not None and socket._req is not None else None
        assert transport is not None
        transport.abort()  # type: ignore[attr-defined]
