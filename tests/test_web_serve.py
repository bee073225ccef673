"""The shipped process: it serves, says where, stops when told, or says why it can't; and its verbs."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from urllib.request import urlopen

import pytest
from cryptography.fernet import Fernet

from adapters.web import listening
from adapters.web.checks import examine
from adapters.web.listening import bind, serve
from bot import config
from bot.cli.share import channel_of
from bot.domain import Channel
from bot.errors import ConfigError, EarmarkError
from bot.pages import SecretPages
from bot.ports import Pages
from bot.wiring import Earmark
from tests.feed_server import FeedServer, Reply
from tests.test_cli import ROOT, earmark_apart


@contextmanager
def serving(home: Path, **env: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process and its address; killed at the end where it still runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "serve", "web"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "EARMARK_DATA_DIR": str(home), "WEB_PORT": "0", **env},
    )
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline().split()[-1].rstrip("/")
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_it_is_told_to_stop(tmp_path: Path, number: signal.Signals) -> None:
    with serving(tmp_path) as (process, address):
        assert urlopen(f"{address}/healthz").read() == b"ok\n"
        assert urlopen(f"{address}/readyz").status == 200
        began = time.monotonic()
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
        assert (process.returncode, out, err) == (0, "", "")
        assert time.monotonic() - began < 10


@pytest.fixture
def handlers() -> Iterator[None]:
    """Those for signals are as they were, afterwards."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("handlers")
def test_an_answer_that_is_cut_at_the_end_is_told_in_a_line_and_a_bug_whole(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def app(scope: dict[str, str], receive: object, send: object) -> None:
        if scope["path"] == "/bug":
            raise ZeroDivisionError
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(60)

    def ask() -> None:
        for path in ("/bug", "/slow"):
            with suppress(OSError):
                urlopen(f"http://127.0.0.1:{port}{path}")

    monkeypatch.setattr(listening, "GRACE_S", 0.1)
    with bind("127.0.0.1", "0") as taken:
        port = taken.getsockname()[1]
        reader = threading.Thread(target=ask)
        reader.start()
        listening.run(app, taken)
    reader.join()
    [bug, cut] = caplog.records
    assert bug.exc_info and bug.exc_info[0] is ZeroDivisionError
    assert not cut.exc_info and cut.getMessage().startswith("Cancel 1 running task(s)")


def test_links_of_the_verb_open_in_the_server(tmp_path: Path) -> None:
    demo = "https://demo.earmark.example/feed.xml"
    assert earmark_apart(tmp_path, "add", demo).returncode == 0
    with serving(tmp_path) as (_, address):
        shown = earmark_apart(tmp_path, "pages", PUBLIC_URL=address)
        page, feed = (line.split()[1] for line in shown.stdout.splitlines())
        assert b"Two Chairs" in urlopen(page).read()
        assert urlopen(feed).headers["content-type"].startswith("application/rss+xml")


def test_what_a_channel_had_as_a_file(tmp_path: Path) -> None:
    target = tmp_path / "insights.md"
    assert earmark_apart(tmp_path, "export-insights", "--out", str(target)).stderr.startswith("0 posts")
    assert target.read_text(encoding="utf-8").startswith('---\ntitle: "Insights for console"\n')


def test_a_port_that_is_taken_is_told_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        shown = earmark_apart(tmp_path, "serve", "web", WEB_PORT=port)
    assert shown.returncode == 1 and len(shown.stderr.splitlines()) == 1
    assert f"127.0.0.1:{port}: Address already in use" in shown.stderr


@pytest.mark.parametrize(
    ("address", "port", "told"),
    [
        ("127.0.0.1", "many", "WEB_PORT must be"),
        ("127.0.0.1", "99999", "WEB_PORT must be"),
        ("192.0.2.1", "0", "Set HTTP_HOST"),
        ("no such host.", "0", "Set HTTP_HOST"),
    ],
)
def test_where_nothing_can_be_served_is_said(address: str, port: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        bind(address, port)


def test_what_runs_when_posts_link_to_pages() -> None:
    assert "web" in config.load(public_url="https://ear.example").listeners
    assert "web" not in config.load(public_url="https://ear.example", pages="off").listeners
    assert "web" not in config.load(public_url="").listeners


def test_links_hold_over_restarts_and_end_with_another_salt_or_key(tmp_path: Path) -> None:
    def link(**given: object) -> str:
        settings = config.load(data_dir=tmp_path, public_url="https://ear.example/", **given)
        pages = Earmark(settings, progress=lambda *_: None).pages
        assert pages is not None
        return pages.link("episode", 1, "t=5")

    first = link()
    assert re.fullmatch(r"https://ear\.example/e/1/[\w-]{22}#t=5", first)
    assert link() == first
    others = [link(pages_salt="new"), link(key=Fernet.generate_key().decode())]
    assert len({first, *others}) == 3


def test_switched_off_pages_are_not_served() -> None:
    with pytest.raises(ConfigError, match="PAGES=off"):
        serve(None, FakeHost(pages=None))  # type: ignore[arg-type]


def test_a_channel_is_meant_by_number_name_or_title() -> None:
    one = Channel(id=1, name="console")
    two, three = (Channel(id=n, platform="slack", name=f"C{n}", title="General") for n in (2, 3))
    for asked, meant in (("1", one), ("Console", one), ("c2", two), ("#c3", three)):
        assert channel_of([one, two, three], asked) == meant
    with pytest.raises(EarmarkError, match=r"Several channels .* 2 \(slack General\), 3 \(slack General\)"):
        channel_of([one, two, three], "general")
    with pytest.raises(EarmarkError, match=r"no channel “news”.* 1 \(console console\)"):
        channel_of([one], "news")


@dataclass
class FakeHost:
    settings: dict[str, str] = field(default_factory=dict)
    pages: Pages | None = field(default_factory=lambda: SecretPages(key=lambda: b"k"))
    secrets: object = None
    data_dir: Path = Path()
    out: StringIO = field(default_factory=StringIO)

    def setting(self, name: str) -> str:
        return {"HTTP_HOST": "127.0.0.1", "WEB_PORT": "8080", **self.settings}.get(name, "")


def found(host: FakeHost) -> list[tuple[str, str]]:
    return [(verdict, detail) for verdict, _, detail in examine(host)]  # type: ignore[arg-type]


def test_doctor_says_where_the_pages_are_and_what_is_wrong_with_that() -> None:
    assert "switched off" in found(FakeHost(pages=None))[0][1]
    assert "once PUBLIC_URL is set" in found(FakeHost())[0][1]
    for wrong in ("ear.example", "ftp://ear.example", "https://", "https://ear.example/?a=b"):
        assert [verdict for verdict, _ in found(FakeHost({"PUBLIC_URL": wrong}))] == ["broken"], wrong


def test_doctor_asks_whether_the_pages_answer() -> None:
    routes = {
        "/readyz": Reply(body=b"ready\n"),
        "/other/readyz": Reply(status=502),
        "/third/readyz": Reply(body=b"ok\n"),
    }
    with FeedServer(routes) as server:
        assert found(FakeHost({"PUBLIC_URL": server.url("/")}))[0][0] == "ok"
        assert "status 502" in found(FakeHost({"PUBLIC_URL": server.url("/other")}))[0][1]
        assert "doesn't answer" in found(FakeHost({"PUBLIC_URL": server.url("/third")}))[0][1]
        gone = server.url("/")
    assert "doesn't answer" in found(FakeHost({"PUBLIC_URL": gone}))[0][1]
