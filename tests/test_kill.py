"""Real kill -9 of the real program in each stage, on a real database: nothing lost, nothing twice."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bot import config

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "bot" / "demo"

# Runs a verb in a process that kills itself at a named place: the place is exact, the kill real.
DIES = """
import os, signal, sys
from pkgutil import resolve_name
import bot.pipeline
bot.pipeline.LEASE_S = 2.0
place, when, *words = sys.argv[1:]
if place:
    owner, name = resolve_name(place.rpartition(".")[0]), place.rpartition(".")[2]
    real = getattr(owner, name)
    def dies(*args, **kwargs):
        if when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        real(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)
    setattr(owner, name, dies)
sys.argv = ["earmark", *words]
from bot.__main__ import main
main()
"""
PLACES = (
    ("bot.read.reader:PassageReader.read", "after"),
    ("bot.store.library:SqlLibrary.save_reading", "after"),
    ("bot.write.extractive:ExtractiveWriter.write", "after"),
    ("bot.store.library:SqlLibrary.save_insights", "after"),
    ("bot.store.channels:SqlChannels.save_digest", "before"),
    ("bot.store.channels:SqlChannels.save_digest", "after"),
    ("adapters.console:ConsolePublisher.publish", "before"),
    ("adapters.console:ConsolePublisher.publish", "after"),
)

FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>Slow</title><link>{0}</link><item>
<title>Sleep</title><guid>1</guid><pubDate>Mon, 23 Nov 2026 05:00:00 GMT</pubDate>
<enclosure url="{0}/sleep.mp3" type="audio/mpeg" length="1"/></item></channel></rss>"""


class SlowServer:
    """A feed of one episode whose audio trickles until `hurry` is set; remembers the ranges asked for."""

    def __init__(self) -> None:
        self.ranges: list[str] = []
        self.hurry = threading.Event()
        outer, audio = self, (DEMO / "sleep.mp3").read_bytes()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked = self.headers.get("Range", "")
                body = audio if self.path == "/sleep.mp3" else FEED.format(outer.url).encode()
                start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
                self.send_response(206 if asked else 200)
                self.send_header("Content-Type", "audio/mpeg" if body is audio else "application/rss+xml")
                self.send_header("Content-Length", str(len(body) - start))
                self.send_header("ETag", '"one"')
                if asked:
                    self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
                self.end_headers()
                if body is audio:
                    outer.ranges.append(asked)
                for at in range(start, len(body), 50_000):
                    self.wfile.write(body[at : at + 50_000])
                    if body is audio and at > start and not outer.hurry.is_set():
                        time.sleep(0.5)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.handle_error = lambda *args: None  # type: ignore[method-assign] # killed clients hang up
        self.host = f"127.0.0.1:{self._server.server_port}"
        self.url = f"http://{self.host}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self.hurry.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def slow() -> Iterator[SlowServer]:
    server = SlowServer()
    yield server
    server.close()


def start(
    home: Path, words: tuple[str, ...], place: str = "", when: str = "", **env: str
) -> subprocess.Popen[str]:
    cache = home / "cache"
    if not cache.exists():
        cache.mkdir(parents=True)
        weights = config.load().cache_dir / "weights"
        weights.mkdir(parents=True, exist_ok=True)
        (cache / "weights").symlink_to(weights)  # audio and checkpoints are ours, the models everybody's
    places = {"EARMARK_DATA_DIR": str(home / "data"), "EARMARK_CACHE_DIR": str(cache)}
    return subprocess.Popen(
        [sys.executable, "-c", DIES, place, when, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, **places, **env},
    )


def kill_when(process: subprocess.Popen[str], reached: Callable[[], bool]) -> None:
    """kill -9 as soon as `reached`; fails when the process ends before."""
    until = time.monotonic() + 120
    while not reached():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.01)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL


def has_bytes(folder: Path, pattern: str) -> Callable[[], bool]:
    return lambda: any(file.stat().st_size for file in folder.glob(pattern))


@pytest.mark.model
def test_killed_in_download_and_transcription_goes_on_from_there(tmp_path: Path, slow: SlowServer) -> None:
    words, allow = ("demo", f"{slow.url}/feed"), {"EARMARK_ALLOW": slow.host}
    kill_when(start(tmp_path, words, **allow), has_bytes(tmp_path / "cache" / "audio", "*.part"))
    slow.hurry.set()
    kill_when(start(tmp_path, words, **allow), has_bytes(tmp_path / "cache" / "checkpoints", "*"))
    last = start(tmp_path, words, **allow)
    out, err = last.communicate(timeout=120)
    assert last.returncode == 0 and "worth knowing" in out, err
    assert re.fullmatch(r"bytes=\d+-", slow.ranges[1]), "the second download goes on where the first ended"
    assert len(slow.ranges) == 2, "the audio that was there is not fetched again"
    check_posts(tmp_path, out, least=3)


@pytest.mark.model
def test_killed_at_every_later_place_posts_once_and_all(tmp_path: Path) -> None:
    for place, when in PLACES:
        died = start(tmp_path, ("demo",), place, when)
        _, err = died.communicate(timeout=120)
        assert died.returncode == -signal.SIGKILL, f"{place} was not reached: {err}"
    last = start(tmp_path, ("demo",))
    out, err = last.communicate(timeout=120)
    assert last.returncode == 0, err
    check_posts(tmp_path, out, least=5)


def check_posts(home: Path, out: str, least: int) -> None:
    """The channel holds one post of different insights, and it is the one that is shown."""
    [file] = (home / "data" / "demo" / "posts").iterdir()
    text = file.read_text(encoding="utf-8")
    assert len(re.findall(r"^-- 20\d\d-", text, re.M)) == 1
    headlines = re.findall(r"^\d+\. (.+)$", text, re.M)
    assert least <= len(headlines) == len(set(headlines))
    assert all(headline in out for headline in headlines)
