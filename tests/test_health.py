"""The health port of real processes: when all is well, when something isn't, and with rude peers."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text

from bot import health
from bot.domain import STAGES, Channel, Feed, Subscription
from bot.errors import ConfigError, EarmarkError
from bot.health import Health, Pulse, listen
from bot.store.database import connect, parse
from bot.store.sql import SqlStore
from bot.vault import Vault

ROOT = Path(__file__).parents[1]
# One line of the format: https://prometheus.io/docs/instrumenting/exposition_formats/
LINE = re.compile(
    r'# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z_]+="[^"\\\n]*"(,[a-z_]+="[^"\\\n]*")*\})? -?[0-9.e+-]+(\n|$)'
)


def free_ports(count: int = 1) -> int:
    """The first of so many free ports in a row."""
    for first in range(18_000 + os.getpid() % 20_000, 64_000, 11):
        try:
            for port in range(first, first + count):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first
    raise AssertionError("no free ports")


def get(port: int, path: str) -> tuple[int, str]:
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as reply:
            return reply.status, reply.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


def waited(port: int, path: str = "/readyz", status: int = 200, seconds: float = 60) -> str:
    """What is said there once it says so with that status."""
    deadline, last = time.monotonic() + seconds, ""
    while time.monotonic() < deadline:
        try:
            code, last = get(port, path)
            if code == status:
                return last
        except (URLError, OSError):
            pass
        time.sleep(0.1)
    raise AssertionError(f"{path} on {port} never said {status}, but {last!r}")


def started(folder: Path, port: int, *verb: str, **env: str) -> subprocess.Popen[bytes]:
    given = {
        **os.environ, "EARMARK_DATA_DIR": str(folder), "EARMARK_CACHE_DIR": str(folder / "cache"),
        "EARMARK_HEALTH_PORT": str(port), **env,
    }  # fmt: skip
    command = [sys.executable, "-m", "bot", *verb]
    return subprocess.Popen(command, cwd=ROOT, env=given, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)


def ended(process: subprocess.Popen[bytes]) -> float:
    """Seconds from SIGTERM to its end."""
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    try:
        process.communicate(timeout=20)
    finally:
        process.kill()
    return time.monotonic() - began


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    port = free_ports()
    process = started(tmp_path, port, "work", "feeds", "posts")
    try:
        waited(port)
        yield port, tmp_path
    finally:
        assert ended(process) < 10


def families(exposition: str) -> dict[str, int]:
    """Samples a family; every line is one that Prometheus reads, and no sample comes before its type."""
    found: dict[str, int] = {}
    for line in exposition.splitlines():
        assert LINE.fullmatch(line), line
        if line.startswith("# TYPE"):
            name = line.split()[2]
            assert name not in found, f"{name} is declared twice"
            found[name] = 0
        elif not line.startswith("#"):
            found[re.split(r"[{ ]", line)[0]] += 1
    return found


def test_a_worker_says_that_it_lives_is_ready_and_what_it_did(worker: tuple[int, Path]) -> None:
    port, _ = worker
    assert get(port, "/healthz") == (200, "ok\n")
    assert get(port, "/readyz") == (200, "database: ok\nkey: ok\ndisk: ok\ntick: ok\n")
    status, said = get(port, "/metrics")
    found = families(said)
    assert status == 200 and found["earmark_waiting"] == len(STAGES) and found["earmark_disk_free_bytes"] == 1
    assert found["earmark_last_tick_age_seconds"] == 3  # beat, feeds, posts
    assert 'earmark_process_up{kind="work_feeds_posts"} 1' in said


def test_not_ready_with_another_schema_or_with_another_key(worker: tuple[int, Path]) -> None:
    port, folder = worker
    url = f"sqlite:///{folder / 'earmark.db'}"
    store = SqlStore.open(url)
    feed_url, sealed = Vault(Fernet.generate_key().decode()).seal("https://ann:hunter22@a.example/feed")
    feed = store.add_feed(Feed(url=feed_url, sealed=sealed, status="paused"))
    store.subscribe(Subscription(channel_id=store.save_channel(Channel()).id, feed_id=feed.id))
    store.close()
    said = waited(port, status=503)
    assert "key: failing" in said and "database: ok" in said and "a.example" not in said
    engine = connect(parse(url))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    assert "database: failing" in waited(port, status=503) and get(port, "/healthz")[0] == 200


def test_rude_peers_get_little_and_hold_up_nobody(worker: tuple[int, Path]) -> None:
    port, _ = worker
    for asked, said in (
        (b"GET /../../etc/passwd HTTP/1.0\r\n\r\n", b"404"),
        (b"GET http://169.254.169.254/ HTTP/1.0\r\n\r\n", b"404"),
        (b"POST /metrics HTTP/1.0\r\nContent-Length: 9999999\r\n\r\n", b"501"),
        (b"GET /" + b"a" * 100_000 + b" HTTP/1.0\r\n\r\n", b"414"),
        (b"GET /healthz HTTP/1.0\r\n" + b"X: y\r\n" * 200 + b"\r\n", b"431"),
        (b"\x16\x03\x01<script>\r\n\r\n", b"400"),
        (b"DELETE /<script>alert(1)</script> HTTP/1.0\r\n\r\n", b"501"),
    ):
        with socket.create_connection(("127.0.0.1", port), timeout=20) as peer:
            peer.sendall(asked)
            reply = b""
            try:
                while piece := peer.recv(65536):
                    reply += piece
            except ConnectionResetError:
                pass  # we closed with some of its request unread
        assert said in reply.splitlines()[0] if b"HTTP/" in reply else said == b"400", (asked[:40], reply)
        assert b"script" not in reply and b"Python" not in reply
    silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(40)]
    try:
        waited(port, "/healthz", seconds=15)  # the silent ones are cut off
    finally:
        for peer in silent:
            peer.close()


def test_a_dripping_request_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "DEADLINE_S", 0.5)
    server = listen("127.0.0.1", 0, Health({}, lambda: ""))
    began = time.monotonic()
    with pytest.raises(OSError), socket.create_connection(server.server_address[:2]) as peer:  # type: ignore[arg-type]
        while time.monotonic() - began < 10:
            peer.sendall(b"G")
            time.sleep(0.05)
    assert time.monotonic() - began < 5
    server.shutdown()
    server.server_close()


def test_an_exposition_is_made_once_in_a_while_and_a_broken_one_says_so() -> None:
    made = []

    def metrics() -> str:
        made.append(1)
        if len(made) == 1:
            raise EarmarkError("The database is busy at secret-host.")
        return "earmark_waiting 1\n"

    server = listen("127.0.0.1", 0, Health({}, metrics))
    port = int(server.server_address[1])
    try:
        status, said = get(port, "/metrics")
        assert status == 503 and "secret" not in said
        assert [get(port, "/metrics")[0] for _ in range(5)] == [200] * 5 and len(made) == 2
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("HEAD", "/metrics")
        assert connection.getresponse().read() == b""
        connection.close()
    finally:
        server.shutdown()
        server.server_close()


def test_a_port_that_is_taken_is_said_at_the_start() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ConfigError, match="EARMARK_HEALTH_PORT"):
            listen("127.0.0.1", taken.getsockname()[1], Health({}, lambda: ""))


def test_a_worker_whose_ticks_have_stopped_is_not_ready() -> None:
    now = [0.0]
    pulse = Pulse(lambda: now[0])
    checks = {"tick": pulse.check}
    now[0] = 59
    assert health.ready(checks) == (True, "tick: ok\n")
    now[0] = 61
    assert health.ready(checks) == (False, "tick: failing\n")
    pulse.beat()
    assert health.ready(checks)[0]


def test_each_process_of_run_has_a_port_and_all_end_in_ten_seconds(tmp_path: Path) -> None:
    first = free_ports(5)
    web = {"PUBLIC_URL": "https://pages.example", "WEB_PORT": str(first + 4)}
    process = started(tmp_path, first, "run", **web)
    try:
        for port in range(first, first + 4):  # run, work feeds posts, work models, serve web
            waited(port)
        kinds = [re.findall(r'kind="(\w+)"', get(port, "/metrics")[1]) for port in range(first, first + 4)]
    finally:
        assert ended(process) < 10
    assert kinds == [["run"], ["work_feeds_posts"], ["work_models"], ["serve_web"]]


def test_metrics_are_not_on_the_public_pages(tmp_path: Path) -> None:
    port = free_ports(2)
    process = started(tmp_path, port, "serve", "web", WEB_PORT=str(port + 1))
    try:
        waited(port)
        waited(port + 1, "/healthz")
        assert get(port + 1, "/metrics")[0] == 404
    finally:
        assert ended(process) < 10
