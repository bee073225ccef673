"""`/healthz`, `/readyz` and `/metrics` of one process over HTTP, on a port that is for its operators alone.

No framework: it must answer in processes that have none, and does so with the standard library's server, of
which only what is bounded is used (a request in so many seconds, so many at a time, no body).
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from bot.errors import ConfigError, EarmarkError

DEADLINE_S = 10.0  # of a whole request, however it drips
AT_ONCE = 8  # requests; more are closed unanswered
KEEP_S = 10.0  # how long an exposition is given again: it costs some queries, and anyone may ask
LATE_S = 60.0  # without a beat, after which a worker counts as stuck: six ticks

Check = Callable[[], None]


class Pulse:
    """When something last showed a sign of life; it begins with one."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last = clock()

    def beat(self) -> None:
        self._last = self._clock()

    @property
    def age_s(self) -> float:
        return max(0.0, self._clock() - self._last)

    def check(self) -> None:
        """EarmarkError: the last sign of life is too long ago."""
        if self.age_s > LATE_S:
            raise EarmarkError(f"no tick for {self.age_s:.0f} s")


def ready(checks: Mapping[str, Check]) -> tuple[bool, str]:
    """Whether all checks pass, and a line each. What was wrong stands there by name alone: its words, which
    may name hosts and files, are for the log and `earmark doctor`."""
    results = {name: _passes(check) for name, check in checks.items()}
    return all(results.values()), "".join(
        f"{name}: {'ok' if fine else 'failing'}\n" for name, fine in results.items()
    )


def _passes(check: Check) -> bool:
    try:
        check()
    except (EarmarkError, OSError):
        return False
    return True


class Health:
    """The three answers. `metrics` is asked at most every KEEP_S seconds, by one request at a time."""

    def __init__(self, checks: Mapping[str, Check], metrics: Callable[[], str]) -> None:
        self._checks, self._metrics = checks, metrics
        self._lock = threading.Lock()
        self._kept = ("", float("-inf"))
        self.paths: Mapping[str, Callable[[], tuple[int, str]]] = {
            "/healthz": lambda: (200, "ok\n"),
            "/readyz": self._ready,
            "/metrics": self._exposition,
        }

    def _ready(self) -> tuple[int, str]:
        fine, said = ready(self._checks)
        return (200 if fine else 503), said

    def _exposition(self) -> tuple[int, str]:
        with self._lock:
            text, at = self._kept
            if time.monotonic() - at > KEEP_S:
                try:
                    text = self._metrics()
                except EarmarkError:
                    return 503, "The database can't be read; see the log.\n"
                self._kept = text, time.monotonic()
            return 200, text


class _Handler(BaseHTTPRequestHandler):
    server: Server
    server_version, sys_version = "earmark", ""
    timeout = 5.0  # seconds of silence
    protocol_version = "HTTP/1.0"  # one request a connection: nothing to smuggle a second one in

    def do_GET(self) -> None:
        answer = self.server.health.paths.get(self.path.partition("?")[0])
        status, text = answer() if answer else (404, "There is /healthz, /readyz and /metrics.\n")
        self._send(status, text)

    do_HEAD = do_GET

    def _send(self, status: int, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Without the request's own words, which the standard page quotes."""
        self._send(code, f"{HTTPStatus(code).phrase}\n")

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: a scrape every few seconds is no news, and a request's words don't belong into a log."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], health: Health) -> None:
        self.health = health
        self._free = threading.BoundedSemaphore(AT_ONCE)
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        deadline = threading.Timer(DEADLINE_S, _cut, (request,))
        deadline.daemon = True
        deadline.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            deadline.cancel()
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A peer that went away is no news; nor may it write a traceback into the log each time."""


def _cut(request: socket.socket) -> None:
    try:
        request.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


def listen(host: str, port: int, health: Health) -> Server:
    """Serve in a thread of its own until the process ends. ConfigError: the port can't be had."""
    try:
        server = Server((host, port), health)
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or "no such port"
        raise ConfigError(
            f"EARMARK_HEALTH_PORT {port} can't be had ({why}): choose another one, free with the next few."
        ) from error
    threading.Thread(target=server.serve_forever, daemon=True, name="health").start()
    return server


def of_process(kind: str, ages: Mapping[str, float], free_bytes: float) -> Iterator[str]:
    """This process's own families, in the same text format."""
    yield "# HELP earmark_process_up What this process is.\n# TYPE earmark_process_up gauge\n"
    yield f'earmark_process_up{{kind="{kind}"}} 1\n'
    yield "# HELP earmark_disk_free_bytes Room in the data folder.\n# TYPE earmark_disk_free_bytes gauge\n"
    yield f"earmark_disk_free_bytes {free_bytes:.15g}\n"
    if ages:
        yield "# HELP earmark_last_tick_age_seconds Since a lane last began a round, or ended one.\n"
        yield "# TYPE earmark_last_tick_age_seconds gauge\n"
        yield from (
            f'earmark_last_tick_age_seconds{{lane="{lane}"}} {age:.15g}\n' for lane, age in ages.items()
        )


def kinds(words: Sequence[str]) -> str:
    """ "work feeds posts" → "work_feeds_posts": a label that needs no escaping."""
    return "_".join("".join(c for c in word if c.isalnum()) for word in words)
