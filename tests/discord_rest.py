"""The REST that we use of Discord, for the stand-in: messages, threads, answers to interactions, errors."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from aiohttp import web

from tests import discord_payloads as p
from tests.discord_payloads import Json

T = TypeVar("T")
PATIENCE_S = 20.0


@dataclass(frozen=True)
class Call:
    """A request that came, and when by time.monotonic()."""

    method: str
    path: str
    body: Any
    at: float


@dataclass
class Fault:
    method: str
    path: str
    status: int
    body: Json
    headers: dict[str, str]
    times: int


@dataclass
class DiscordRest:
    """What came in and what stands where; everything that a test calls is safe from its own thread."""

    content_allowed: bool = True
    token: str = "good"
    everyone: int = (1 << 10) | (1 << 11) | (1 << 14) | (1 << 15) | (1 << 16) | (1 << 35) | (1 << 38)
    calls: list[Call] = field(default_factory=list)
    commands: list[Json] = field(default_factory=list)
    channels: dict[str, Json] = field(default_factory=lambda: {p.ROOM: p.channel()})
    messages: dict[str, dict[str, Json]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    flags: int = 0

    def __post_init__(self) -> None:
        self._ids = itertools.count(900_000)
        self._nonces: dict[str, Json] = {}
        self._answered: set[str] = set()
        self._changed = threading.Condition()

    def fail(
        self,
        method: str,
        path: str,
        status: int,
        *,
        code: int = 0,
        times: int = 1,
        headers: dict[str, str] | None = None,
        **body: Any,
    ) -> None:
        """The next `times` requests whose path begins so are answered with an error."""
        self.faults.append(
            Fault(method, path, status, {"code": code, "message": "no", **body}, headers or {}, times)
        )

    def seen(self, condition: Callable[[], T], seconds: float) -> T:
        with self._changed:
            return self._changed.wait_for(condition, seconds)

    def wait(self, condition: Callable[[], T], what: str = "it") -> T:
        """Until `condition` is true of what has come in."""
        done = self.seen(condition, PATIENCE_S)
        assert done, f"waited in vain for {what}: {[(c.method, c.path) for c in self.calls[-10:]]}"
        return done

    def called(self, method: str, ending: str) -> list[Call]:
        return [call for call in self.calls if call.method == method and call.path.endswith(ending)]

    def answer_to(self, interaction: str) -> Json:
        """What was edited into the deferred answer."""
        path = f"/webhooks/{p.APP}/token-{interaction}/messages/@original"
        self.wait(lambda: self.called("PATCH", path), f"the answer to {interaction}")
        body: Json = self.called("PATCH", path)[-1].body
        return body

    def acks(self, interaction: str) -> list[Call]:
        return self.called("POST", f"/interactions/{interaction}/token-{interaction}/callback")

    def _note(self, change: Callable[[], Any]) -> None:
        with self._changed:
            change()
            self._changed.notify_all()

    async def _rest(self, request: web.Request) -> web.Response:
        method, path = request.method, f"/{request.match_info['path']}"
        body = await request.json() if request.can_read_body else None
        self._note(lambda: self.calls.append(Call(method, path, body, time.monotonic())))
        fault = self._fault(method, path)
        if fault is not None:
            return _json(fault.body, fault.status, fault.headers)
        open_to_all = path.startswith(("/interactions/", "/webhooks/"))
        if not open_to_all and request.headers.get("Authorization") != f"Bot {self.token}":
            return _error(401, 0)
        try:
            return self._route(method, path.strip("/").split("/"), body or {}, request.query)
        except KeyError:
            return _error(404, 10003)

    def _fault(self, method: str, path: str) -> Fault | None:
        for fault in self.faults:
            if fault.method == method and path.startswith(fault.path) and fault.times:
                fault.times -= 1
                return fault
        return None

    def _route(self, method: str, path: list[str], body: Json, query: Any) -> web.Response:
        match method, *path:
            case "GET", "users", "@me":
                return _json(p.EARMARK)
            case "GET", "oauth2" | "applications", *_ if path[-1] == "@me":
                return _json(p.application(flags=self.flags))
            case "PUT", "applications", _, "commands":
                self.commands = [c | _KNOWN for c in body]  # type: ignore[operator]
                return _json(self.commands)
            case "GET", "applications", _, "commands":
                return _json(self.commands)
            case "GET", "guilds", p.GUILD:
                return _json(p.guild([], self.everyone))
            case "GET", "guilds", p.GUILD, "members", p.BOT:
                return _json(p.member(p.EARMARK))
            case "POST", "interactions", id_, _, "callback":
                return self._acknowledged(id_)
            case "PATCH", "webhooks", _, _, "messages", "@original":
                return _json(self._made(p.ROOM, body, keep=False))
            case "DELETE", "webhooks", _, _, "messages", "@original":
                return web.Response(status=204)
            case "GET", "channels", id_:
                return _json(self.channels[id_])
            case "GET", "channels", id_, "messages":
                found = list(self.messages.get(self.channels[id_]["id"], {}).values())
                return _json(found[::-1])
            case "POST", "channels", id_, "messages":
                return _json(self._posted(self.channels[id_]["id"], body))
            case "GET", "channels", id_, "messages", message:
                return _json(self.messages[self.channels[id_]["id"]][message])
            case "PATCH", "channels", id_, "messages", message:
                where = self.channels[id_]["id"]
                was = self.messages[where][message]
                made = p.message(message, where, p.EARMARK, body) | {"timestamp": was["timestamp"]}
                self.messages[where][message] = made
                return _json(made)
            case "POST", "channels", id_, "messages", message, "threads":
                return self._threaded(id_, message, body)
            case "POST", "channels", _, "typing":
                return web.Response(status=204)
        return _error(404, 0)

    def _acknowledged(self, id_: str) -> web.Response:
        if id_ in self._answered:
            return _error(400, 40060)
        self._answered.add(id_)
        return _json({"interaction": {"id": id_, "type": 2, "response_message_loading": True}})

    def _posted(self, channel_id: str, body: Json) -> Json:
        nonce = body.get("nonce") if body.get("enforce_nonce") else None
        if nonce in self._nonces:
            return self._nonces[str(nonce)]
        made = self._made(channel_id, body)
        if nonce:
            self._nonces[nonce] = made
        return made

    def _made(self, channel_id: str, body: Json, *, keep: bool = True) -> Json:
        id_ = str(next(self._ids))
        made = p.message(id_, channel_id, p.EARMARK, body)
        if keep:
            self._note(lambda: self.messages.setdefault(channel_id, {}).update({id_: made}))
        return made

    def _threaded(self, channel_id: str, message: str, body: Json) -> web.Response:
        if message in self.channels:
            return _error(400, 160004)
        made = p.thread(message, channel_id, body["name"])
        self.channels[message] = made
        return _json(made, 201)


_KNOWN: Json = {
    "id": "1",
    "application_id": p.APP,
    "version": "1",
    "default_member_permissions": None,
}


def _json(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    # discord.py wants the type without a charset, as Discord sends it.
    body = json.dumps(value).encode()
    return web.Response(body=body, status=status, headers=headers, content_type="application/json")


def _error(status: int, code: int) -> web.Response:
    return _json({"code": code, "message": "no"}, status)
