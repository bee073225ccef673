"""Photographs the pages of the demo, as docs/pages.md shows them: python docs/pictures/pages.py"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.request import urlopen

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PORT = "8937"
EARMARK = (sys.executable, "-m", "bot")


def main() -> None:
    sys.path.insert(0, str(ROOT))
    from tests import browser

    with tempfile.TemporaryDirectory() as folder:
        settings = {"EARMARK_DATA_DIR": folder, "WEB_PORT": PORT, "PUBLIC_URL": f"http://127.0.0.1:{PORT}"}
        surroundings = {**os.environ, "PYTHONPATH": str(ROOT), **settings}
        subprocess.run([*EARMARK, "demo"], env=surroundings, check=True, stdout=subprocess.DEVNULL)
        surroundings["EARMARK_DATA_DIR"] = str(Path(folder, "demo"))
        links = [*EARMARK, "pages", "demo", "--json"]
        post = json.loads(subprocess.run(links, env=surroundings, check=True, stdout=subprocess.PIPE).stdout)
        server = subprocess.Popen([*EARMARK, "serve", "web"], env=surroundings, stdout=subprocess.PIPE)
        try:
            assert server.stdout is not None and server.stdout.readline()
            with browser.browsing(Path(folder, "profile")) as page:
                _all(page, post["latest"])
        finally:
            server.terminate()
            server.wait()


def _all(page: Any, post: str) -> None:
    shown = urlopen(post).read().decode()
    origin = post.partition("/d/")[0]
    bread, moment = re.findall(r'href="(/e/2/[^"#]+)#(t=\d+)', shown)[0]
    _photograph(page, "page-digest", post, 820, 900)
    _photograph(page, "page-episode", origin + bread, 1280, 800)
    _photograph(page, "page-episode-dark", f"{origin}{bread}#{moment}", 1280, 800, "dark")
    _photograph(page, "page-episode-phone", f"{origin}{bread}#{moment}", 390, 844)


def _photograph(page: Any, name: str, url: str, width: int, height: int, scheme: str = "light") -> None:
    page.screen(width, height, scheme)
    page.call("Emulation.setScrollbarsHidden", hidden=True)
    page.open(url)
    time.sleep(0.5)  # until it has scrolled
    taken = page.call("Page.captureScreenshot")
    (HERE / f"{name}.png").write_bytes(base64.b64decode(taken["data"]))


if __name__ == "__main__":
    main()
