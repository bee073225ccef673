"""Backup and restore: what was there is there again, while others write, and nothing is half done."""

from __future__ import annotations

import sqlite3
import threading
import zipfile
from pathlib import Path

import pytest

from bot.cli.keep import bring_back, save
from bot.config import Settings
from bot.domain import Feed
from bot.errors import EarmarkError, StoreError
from bot.store.backup import is_open
from bot.store.sql import SqlStore
from bot.wiring import Earmark

PRIVATE = "https://jo:hunter2hunter2@feeds.example/f"


def program(home: Path, **settings: object) -> Earmark:
    made = Settings(_env_file=None, data_dir=home, cache_dir=home / "cache", **settings)  # type: ignore[call-arg, arg-type]
    return Earmark(made, progress=lambda *args: None)


@pytest.fixture
def used(tmp_path: Path) -> Earmark:
    """A program with a private feed in its database."""
    it = program(tmp_path / "one")
    url, sealed = it.vault.seal(PRIVATE)
    it.store.add_feed(Feed(url=url, sealed=sealed, title="Mine"))
    return it


def test_with_the_key_everything_works_elsewhere(used: Earmark, tmp_path: Path) -> None:
    save(used, tmp_path / "b.zip", with_key=True)
    there = program(tmp_path / "two")
    bring_back(there, tmp_path / "b.zip", replace=False)
    [feed] = there.store.feeds()
    assert there.vault.open(feed.url, feed.sealed) == PRIVATE
    for secret in (tmp_path / "b.zip", tmp_path / "two" / "earmark.key"):
        assert secret.stat().st_mode & 0o077 == 0


def test_without_the_key_no_secret_can_be_opened(used: Earmark, tmp_path: Path) -> None:
    save(used, tmp_path / "b.zip", with_key=False)
    assert zipfile.ZipFile(tmp_path / "b.zip").namelist() == ["earmark.db"]
    assert b"hunter2" not in zipfile.ZipFile(tmp_path / "b.zip").read("earmark.db")
    there = program(tmp_path / "two")
    bring_back(there, tmp_path / "b.zip", replace=False)
    [feed] = there.store.feeds()
    with pytest.raises(EarmarkError, match="sealed with another key"):
        there.vault.open(feed.url, feed.sealed)


def test_a_backup_while_another_writes_is_whole(used: Earmark, tmp_path: Path) -> None:
    stop, written = threading.Event(), list[int]()

    def write() -> None:
        store = SqlStore.open(used.settings.store_url)
        while not stop.is_set():
            written.append(store.add_feed(Feed(url=f"https://a.example/{len(written)}")).id)
        store.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for n in range(3):
            save(used, tmp_path / f"{n}.zip", with_key=False)
    finally:
        stop.set()
        writer.join()
    there = program(tmp_path / "two")
    bring_back(there, tmp_path / "2.zip", replace=False)
    assert 1 <= len(there.store.feeds()) <= len(written) + 1


def test_a_database_that_is_there_or_in_use_is_left_alone(used: Earmark, tmp_path: Path) -> None:
    save(used, tmp_path / "b.zip", with_key=False)
    used.store.add_feed(Feed(url="https://later.example/f"))
    with pytest.raises(EarmarkError, match="--replace"):
        bring_back(used, tmp_path / "b.zip", replace=False)
    other = sqlite3.connect(used.settings.data_dir / "earmark.db")
    other.execute("SELECT count(*) FROM feed").fetchone()
    with pytest.raises(EarmarkError, match="Stop `earmark run`"):
        bring_back(used, tmp_path / "b.zip", replace=True)
    other.close()
    assert len(used.store.feeds()) == 2
    used.store.close()
    assert not is_open(used.settings.data_dir / "earmark.db")
    bring_back(used, tmp_path / "b.zip", replace=True)
    assert [feed.title for feed in program(tmp_path / "one").store.feeds()] == ["Mine"]


@pytest.mark.parametrize(
    "content", [b"", b"junk", b"PK\x03\x04junk", None, b"SQLite format 3\0" + bytes(100)]
)
def test_what_is_no_backup_changes_nothing(used: Earmark, tmp_path: Path, content: bytes | None) -> None:
    used.store.close()
    bad = tmp_path / "bad.zip"
    if content is None or content.startswith(b"SQLite"):
        with zipfile.ZipFile(bad, "w") as archive:
            archive.writestr("earmark.db" if content else "../earmark.db", content or b"x")
    else:
        bad.write_bytes(content)
    with pytest.raises(EarmarkError, match=r"no backup|no database of Earmark's"):
        bring_back(used, bad, replace=True)
    assert [feed.title for feed in program(tmp_path / "one").store.feeds()] == ["Mine"]


def test_postgres_has_its_own_tools(tmp_path: Path) -> None:
    it = program(tmp_path, database_url="postgresql://jo:pa55word@db.example/earmark")
    for attempt in (
        lambda: save(it, tmp_path / "b.zip", False),
        lambda: bring_back(it, tmp_path / "b", False),
    ):
        with pytest.raises(StoreError, match="pg_dump") as told:
            attempt()
        assert "pa55word" not in str(told.value)
    assert not list(tmp_path.glob("*.zip"))
