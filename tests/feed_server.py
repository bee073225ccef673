"""A small web server on 127.0.0.1 for the tests of feeds: fixed answers, a folder with ETags, a log."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import urlsplit

from tests.local_server import LocalServer, QuietHandler


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    path: str
    headers: dict[str, str]


@dataclass(frozen=True)
class Reply:
    """What to answer; `cut` closes after that many bytes of the body, `length` False names no length."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    length: bool = True


Route = Reply | Callable[[Asked], Reply]


class FeedServer(LocalServer):
    """`with FeedServer({"/feed": Reply(...)}) as server: server.url("/feed")`; `folder` serves files."""

    def __init__(self, routes: dict[str, Route] | None = None, folder: Path | None = None) -> None:
        self.routes: dict[str, Route] = dict(routes or {})
        self.folder = folder
        self.asked: list[Asked] = []

    def handler(self) -> type[QuietHandler]:
        outer = self

        class Handler(QuietHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                asked = Asked(self.path, {k.lower(): v for k, v in self.headers.items()})
                outer.asked.append(asked)
                outer._send(self, outer._reply(asked))

        return Handler

    def url(self, path: str, userinfo: str = "") -> str:
        return f"http://{userinfo}{self.host}{path}"

    def _reply(self, asked: Asked) -> Reply:
        path = urlsplit(asked.path).path
        route = self.routes.get(asked.path) or self.routes.get(path)
        if route is not None:
            return route(asked) if callable(route) else route
        if self.folder and (file := self.folder / path.lstrip("/")).is_file():
            return _file(file.read_bytes(), asked)
        return Reply(404)

    @staticmethod
    def _send(handler: BaseHTTPRequestHandler, reply: Reply) -> None:
        handler.send_response(reply.status)
        length = {"Content-Length": str(len(reply.body))} if reply.length else {"Connection": "close"}
        for name, value in {**length, **reply.headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(reply.body if reply.cut is None else reply.body[: reply.cut])
        handler.close_connection = True


def _file(content: bytes, asked: Asked) -> Reply:
    etag = f'"{hashlib.md5(content).hexdigest()}"'
    if asked.headers.get("if-none-match") == etag:
        return Reply(304, headers={"ETag": etag})
    return Reply(200, content, {"ETag": etag})
