"""A stand-in for Slack on 127.0.0.1: its Web API, response_urls and Socket Mode; it keeps all it is told."""

from __future__ import annotations

import asyncio
import json
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qsl

from aiohttp import WSMsgType, web

Json = dict[str, Any]
TEAM, CHANNEL, USER, BOT = "T1", "C1", "U1", "UBOT"


@dataclass
class Call:
    """One call of a Web API method, or of a response_url (`method` "respond")."""

    method: str
    given: Json
    token: str = ""
    at: float = field(default_factory=time.monotonic)


class SlackServer:
    """`with SlackServer() as slack:`; `slack.api_url` for SLACK_API_URL. `refuse[method]` are answers to give
    first: (status, headers, body)."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.acks: dict[str, tuple[float, Json]] = {}
        self.refuse: dict[str, list[tuple[int, dict[str, str], Json]]] = defaultdict(list)
        self.admins: set[str] = set()
        self.messages: list[Json] = []
        self.uploads: dict[str, bytes] = {}
        self.scopes = ""
        self.connections = 0
        self._sockets: list[web.WebSocketResponse] = []
        self._changed = threading.Condition()
        self._ready = threading.Event()

    # running

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    async def _run(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        site = web.Application()
        site.router.add_route("*", "/api/{method}", self._on_call)
        site.router.add_post("/respond/{name}", self._on_respond)
        site.router.add_post("/upload/{name}", self._on_upload)
        site.router.add_get("/link", self._on_link)
        runner = web.AppRunner(site, shutdown_timeout=1)
        await runner.setup()
        server = web.TCPSite(runner, "127.0.0.1", 0)
        await server.start()
        port = server._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        self.host = f"127.0.0.1:{port}"
        self._ready.set()
        await self._stop.wait()
        for socket in self._sockets:
            await socket.close()
        await runner.cleanup()

    @property
    def api_url(self) -> str:
        return f"http://{self.host}/api/"

    # what it answers

    async def _on_call(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        given = await _given(request)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ") or given.pop("token", "")
        with self._changed:
            self.calls.append(Call(method, given, token))
            refusals = self.refuse[method]
            refused = refusals.pop(0) if refusals else None
            self._changed.notify_all()
        if refused:
            status, headers, body = refused
            return web.json_response(body, status=status, headers=headers)
        answer = getattr(self, f"_{method.replace('.', '_')}", lambda given: {})(given)
        return web.json_response({"ok": True, **answer}, headers={"x-oauth-scopes": self.scopes})

    def _auth_test(self, given: Json) -> Json:
        return {"team_id": TEAM, "team": "Team", "user_id": BOT, "bot_id": "BBOT", "user": "earmark"}

    def _apps_connections_open(self, given: Json) -> Json:
        return {"url": f"ws://{self.host}/link"}

    def _chat_postMessage(self, given: Json) -> Json:
        ts = f"{2000 + len(self.messages)}.000100"
        self.messages.append({"ts": ts, "user": BOT, "bot_id": "BBOT", **given})
        return {"channel": given["channel"], "ts": ts}

    def _chat_update(self, given: Json) -> Json:
        at = next((n for n, m in enumerate(self.messages) if m["ts"] == given["ts"]), None)
        if at is None:
            return {"ok": False, "error": "message_not_found"}
        self.messages[at] = {**self.messages[at], **given}
        return {"channel": given["channel"], "ts": given["ts"]}

    def _chat_getPermalink(self, given: Json) -> Json:
        return {"permalink": f"https://slack.example/{given['channel']}/{given['message_ts']}"}

    def _conversations_history(self, given: Json) -> Json:
        return {"messages": [m for m in self.messages if m["channel"] == given["channel"]][::-1]}

    def _conversations_replies(self, given: Json) -> Json:
        found = [m for m in self.messages if given["ts"] in (m["ts"], m.get("thread_ts"))]
        return {"messages": found} if found else {"ok": False, "error": "thread_not_found"}

    def _conversations_info(self, given: Json) -> Json:
        return {"channel": {"id": given["channel"], "name": "bakers", "is_member": True}}

    def _users_info(self, given: Json) -> Json:
        return {"user": {"id": given["user"], "is_admin": given["user"] in self.admins}}

    def _users_conversations(self, given: Json) -> Json:
        return {"channels": [{"id": CHANNEL}], "response_metadata": {"next_cursor": ""}}

    def _views_open(self, given: Json) -> Json:
        return {"view": {"id": "V1", "hash": "h1"}}

    def _oauth_v2_access(self, given: Json) -> Json:
        team = {"id": "T2", "name": "Other"}
        return {
            "app_id": "A1", "authed_user": {"id": "U9"}, "scope": "commands,chat:write", "token_type": "bot",
            "access_token": "xoxb-other", "bot_user_id": BOT, "team": team,
        }  # fmt: skip

    def _files_getUploadURLExternal(self, given: Json) -> Json:
        name = f"F{len(self.uploads) + 1}"
        return {"file_id": name, "upload_url": f"http://{self.host}/upload/{name}"}

    def _files_completeUploadExternal(self, given: Json) -> Json:
        files = json.loads(given["files"])
        return {"files": [{"id": file["id"]} for file in files]}

    async def _on_upload(self, request: web.Request) -> web.Response:
        with self._changed:
            self.uploads[request.match_info["name"]] = await request.read()
            self._changed.notify_all()
        return web.Response(text="OK")

    async def _on_respond(self, request: web.Request) -> web.Response:
        given = json.loads(await request.text())
        with self._changed:
            self.calls.append(Call("respond", {"name": request.match_info["name"], **given}))
            self._changed.notify_all()
        return web.Response(text="ok")

    async def _on_link(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "hello", "num_connections": 1})
        with self._changed:
            self._sockets.append(socket)
            self.connections += 1
            self._changed.notify_all()
        async for said in socket:
            if said.type is WSMsgType.TEXT and said.data.startswith("{"):
                ack = json.loads(said.data)
                with self._changed:
                    self.acks[ack["envelope_id"]] = time.monotonic(), ack.get("payload") or {}
                    self._changed.notify_all()
        return socket

    # what it tells

    def send(self, kind: str, payload: Json, envelope: str = "") -> str:
        """One envelope over the newest connection; its id."""
        envelope = envelope or uuid.uuid4().hex
        told = {"type": kind, "envelope_id": envelope, "payload": payload, "accepts_response_payload": True}
        asyncio.run_coroutine_threadsafe(self._sockets[-1].send_json(told), self._loop).result(5)
        return envelope

    def refresh(self) -> None:
        """Slack tells a connection that it will be closed, and closes it."""
        old = self._sockets[-1]
        said = {"type": "disconnect", "reason": "refresh_requested"}
        asyncio.run_coroutine_threadsafe(old.send_json(said), self._loop).result(5)

    def drop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._sockets[-1].close(), self._loop).result(5)

    # what tests ask

    def wait(self, wanted: Callable[[], Any], seconds: float = 10.0) -> Any:
        """The first truthy value of `wanted`; AssertionError when none comes in time."""
        with self._changed:
            found = self._changed.wait_for(wanted, seconds)
        assert found, f"It did not come. Calls: {[(c.method, str(c.given)[:80]) for c in self.calls[-8:]]}"
        return found

    def ack(self, envelope: str, seconds: float = 5.0) -> Json:
        self.wait(lambda: envelope in self.acks, seconds)
        return self.acks[envelope][1]

    def call(self, method: str, number: int = 1, **given: Any) -> Json:
        """What the `number`th call of that method (with these arguments) gave, waiting for it."""

        def found() -> list[Json]:
            fits = [c.given for c in self.calls if c.method == method and given.items() <= c.given.items()]
            return fits[number - 1 : number]

        return self.wait(found)[0]

    def count(self, method: str) -> int:
        return sum(call.method == method for call in self.calls)


async def _given(request: web.Request) -> Json:
    if request.content_type == "application/json":
        return dict(json.loads(await request.text() or "{}"))
    if request.content_type == "application/x-www-form-urlencoded":
        text = await request.text()
        return {name: _maybe_json(value) for name, value in parse_qsl(text)} | dict(request.query)
    return dict(request.query)


def _maybe_json(value: str) -> Any:
    return json.loads(value) if value[:1] in ("[", "{") else value


def words(given: Json) -> str:
    """All text of a message's or view's blocks."""
    found: list[str] = []

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            found.extend(str(node[key]) for key in ("text", "value", "url") if isinstance(node.get(key), str))
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(given.get("blocks") or given.get("view") or given)
    return "\n".join(found)
