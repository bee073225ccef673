"""A headless Chromium driven over its DevTools protocol: opens a page, clicks, presses keys, looks."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--remote-debugging-port=0", "--autoplay-policy=no-user-gesture-required", "--mute-audio",
    "--disable-dev-shm-usage",
)  # fmt: skip
PATIENCE_S = 20.0


def found() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Page:
    """One tab. `complaints` are errors and warnings of the console and of the network."""

    def __init__(self, loop: asyncio.AbstractEventLoop, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._loop, self._socket, self._ids = loop, socket, count(1)
        self.complaints: list[str] = []

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        return self._loop.run_until_complete(asyncio.wait_for(self._call(method, params), PATIENCE_S))

    async def _call(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        id_ = next(self._ids)
        await self._socket.send_json({"id": id_, "method": method, "params": params})
        while True:
            message = json.loads((await self._socket.receive()).data)
            if message.get("id") == id_:
                assert "error" not in message, message["error"]
                return dict(message["result"])
            if "method" in message:  # else it answers what a page that is gone was asked
                self._note(message)

    def _note(self, message: dict[str, Any]) -> None:
        params = message.get("params", {})
        if message["method"] == "Runtime.exceptionThrown":
            self.complaints.append(str(params["exceptionDetails"]))
        elif message["method"] == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.complaints.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")
        elif message["method"] == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning"):
            self.complaints.append(str(params["args"]))

    def run(self, script: str) -> Any:
        """The value of an expression, or of the promise that it is."""
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def until(self, condition: str) -> Any:
        """Ask until an expression is true; its value. A page without scripts has no timers of its own."""
        deadline = time.monotonic() + PATIENCE_S / 2
        while not (value := self.run(condition)):
            assert time.monotonic() < deadline, condition
            self._loop.run_until_complete(asyncio.sleep(0.02))
        return value

    def open(self, url: str) -> None:
        # From an empty page: an address that differs in its fragment alone would not be loaded again.
        self.call("Page.navigate", url="about:blank")
        self.until("location.href === 'about:blank'")
        self.call("Page.navigate", url=url)
        self.until("location.href !== 'about:blank' && document.readyState === 'complete'")

    def screen(self, width: int, height: int = 850, scheme: str = "light") -> None:
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        wants = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}  # scrolls at once
        features = [{"name": name, "value": value} for name, value in wants.items()]
        self.call("Emulation.setEmulatedMedia", features=features)

    def press(self, key: str, code: int, text: str = "") -> None:
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, text=text)

    def click(self, selector: str) -> None:
        """As a mouse does, at the middle of what is there."""
        place = self.run(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            "e.scrollIntoView({ block: 'center', behavior: 'instant' }); const r = e.getBoundingClientRect();"
            "return [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call(
                "Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1
            )  # fmt: skip


@contextmanager
def browsing(folder: Path) -> Iterator[Page]:
    """A browser with a profile of its own in `folder`, and one tab of it."""
    chrome = found()
    assert chrome is not None
    process = subprocess.Popen(
        [chrome, *FLAGS, f"--user-data-dir={folder}", "about:blank"], stderr=subprocess.PIPE, text=True
    )
    loop = asyncio.new_event_loop()
    try:
        assert process.stderr is not None
        lines = iter(process.stderr.readline, "")
        port = next(match[1] for line in lines if (match := re.search(r"ws://127\.0\.0\.1:(\d+)/", line)))
        session, page = loop.run_until_complete(_tab(loop, int(port)))
        for domain in ("Page", "Runtime", "Log"):
            page.call(f"{domain}.enable")
        yield page
        loop.run_until_complete(session.close())
    finally:
        process.kill()
        process.communicate()
        loop.close()


async def _tab(loop: asyncio.AbstractEventLoop, port: int) -> tuple[aiohttp.ClientSession, Page]:
    session = aiohttp.ClientSession()
    async with session.put(f"http://127.0.0.1:{port}/json/new") as answer:
        address = (await answer.json(content_type=None))["webSocketDebuggerUrl"]
    return session, Page(loop, await session.ws_connect(address, max_msg_size=0))
