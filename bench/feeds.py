"""Polls every real feed file over local HTTP, twice, and prints items, expected items and milliseconds.

`python -m bench.feeds [FOLDER]`; FOLDER holds feed files and manifest.jsonl (default: the test data).
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from bot.domain import Feed
from bot.feeds.fetch import Fetcher
from bot.feeds.opml import parse_opml
from bot.feeds.reader import FeedparserReader
from bot.vault import Vault
from tests.feed_server import FeedServer

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    data = Path(os.environ.get("EARMARK_TEST_DATA", ROOT.parent / "shared" / "data"))
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else data / "feeds"
    rows = [json.loads(line) for line in (folder / "manifest.jsonl").read_text("utf-8").splitlines()]
    print("| file | items | expected | ms | again |\n|---|---:|---:|---:|---|")
    with FeedServer(folder=folder) as server, tempfile.TemporaryDirectory() as home:
        vault = Vault(key_file=Path(home) / "key")
        fetcher = Fetcher(vault, allow={server.host})
        reader = FeedparserReader(fetcher, vault, jitter=lambda: 0.5)
        wrong = sum(_row(server, fetcher, reader, row) for row in rows)
    print(f"\n{len(rows)} files, {wrong} with another number of items than the manifest")


def _row(server: FeedServer, fetcher: Fetcher, reader: FeedparserReader, row: dict[str, object]) -> bool:
    name = Path(str(row["file"])).name
    now = datetime.now(UTC)
    start = time.perf_counter()
    poll = reader.poll(Feed(url=server.url(f"/{name}")), now)
    spent = (time.perf_counter() - start) * 1000
    expected = row.get("outlines", row["items"])
    if row["kind"] == "opml":
        found, again = len(parse_opml(fetcher.get(server.url(f"/{name}")).body).outlines), "outlines"
    else:
        found = len(poll.episodes or ())
        second = reader.poll(poll.feed, now)
        again = poll.feed.error.split("/")[-1] or ("304" if second.episodes is None else "200")
    print(f"| {name} | {found} | {expected} | {spent:.0f} | {again} |")
    return found != expected


if __name__ == "__main__":
    main()
