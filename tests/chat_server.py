"""A stand-in for an OpenAI-compatible endpoint on 127.0.0.1: it gives what it is told to, and keeps all."""

from __future__ import annotations

import contextlib
import json
import time
from typing import Any

from tests.local_server import LocalServer, QuietHandler


def answer(text: str, tokens: int = 120) -> bytes:
    said = {"choices": [{"message": {"content": text}}], "usage": {"total_tokens": tokens}}
    return json.dumps(said).encode()


class ChatServer(LocalServer):
    """`with ChatServer(body, status=200) as server: server.url`; `asked` holds (path, headers, question)."""

    def __init__(
        self,
        body: bytes = b"",
        *,
        status: int = 200,
        headers: dict[str, str] | None = None,
        delay_s: float = 0,
    ) -> None:
        self.body, self.status, self.headers, self.delay_s = body, status, headers or {}, delay_s
        self.asked: list[tuple[str, dict[str, str], Any]] = []

    def handler(self) -> type[QuietHandler]:
        outer = self

        class Handler(QuietHandler):
            def do_POST(self) -> None:
                sent = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {k.lower(): v for k, v in self.headers.items()}
                outer.asked.append((self.path, headers, json.loads(sent)))
                time.sleep(outer.delay_s)
                self.send_response(outer.status)
                for name, value in {"Content-Length": str(len(outer.body)), **outer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                with contextlib.suppress(OSError):  # whoever asked may be gone
                    self.wfile.write(outer.body)

        return Handler

    @property
    def url(self) -> str:
        return f"http://{self.host}/v1"
