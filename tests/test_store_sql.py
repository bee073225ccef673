"""What only a database can get wrong: addresses, secrets, locks, full disks, and slow queries."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event

from bot.domain import STAGES, Channel, Feed, Subscription
from bot.errors import StoreError
from bot.store import database
from bot.store.database import Database, connect, parse
from bot.store.sql import SqlStore
from tests import store_postgres
from tests.store_kit import NOW, World, episode


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new folder" / "earmark.db"


def _world(store: SqlStore) -> World:
    feed = store.add_feed(Feed(url="https://feeds.example/trees"))
    channel = store.save_channel(Channel())
    store.subscribe(Subscription(channel_id=channel.id, feed_id=feed.id))
    return World(store=store, feed=feed, channel=channel)


@contextmanager
def _writing(path: Path) -> Iterator[sqlite3.Connection]:
    """Another process that holds the write lock."""
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other


@pytest.mark.parametrize(
    ("given", "driver", "name"),
    [
        ("data/earmark.db", "sqlite", "data/earmark.db"),
        ("sqlite:///data/earmark.db", "sqlite", "data/earmark.db"),
        ("sqlite:////var/earmark.db", "sqlite", "/var/earmark.db"),
        ("postgres://u:p@db.example/earmark", "postgresql+psycopg", "earmark"),
        ("postgresql://u:p@db.example/earmark?sslmode=require", "postgresql+psycopg", "earmark"),
        ("postgresql+psycopg://u@/earmark?host=/run/pg", "postgresql+psycopg", "earmark"),
    ],
)
def test_addresses_as_people_write_them(given: str, driver: str, name: str) -> None:
    url = parse(given)
    assert (url.drivername, url.database) == (driver, name)


@pytest.mark.parametrize(
    "given",
    [
        "mysql://u:sesame@h/x",
        "sqlite://",
        "sqlite:///:memory:",
        "postgres://u@db.example:sesame/x",
    ],
)
def test_addresses_that_cannot_be(given: str) -> None:
    with pytest.raises(StoreError) as raised:
        parse(given)
    assert "sesame" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_the_password_is_in_no_error() -> None:
    # Port 1 on this machine: nobody listens there.
    with pytest.raises(StoreError) as raised:
        SqlStore.open("postgresql://earmark:open-sesame@127.0.0.1:1/earmark")
    assert str(raised.value).startswith("The database earmark at 127.0.0.1 can't be reached")
    assert "sesame" not in str(raised.value) + str(raised.value.__cause__)


@pytest.mark.postgres
def test_a_wrong_database_name_says_where_to_look() -> None:
    url = store_postgres.new_database().replace("@/t", "@/nope")
    with pytest.raises(StoreError, match=r"lacks something: check the database and user names"):
        SqlStore.open(url)


@pytest.mark.postgres
def test_it_connects_again_after_the_server_dropped_the_connection() -> None:
    import psycopg

    url = store_postgres.new_database()
    store = SqlStore.open(url)
    store.feeds()
    with psycopg.connect(url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert store.feeds() == []
    store.close()


def test_a_file_that_is_no_database_is_said_so(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("once upon a time " * 100)
    with pytest.raises(StoreError, match=r"The database earmark\.db is not a database"):
        SqlStore.open(str(path))


def test_a_folder_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="folder"):
        SqlStore.open(str(tmp_path / "file" / "earmark.db"))


def test_a_full_disk_is_said_so_and_saves_nothing(path: Path) -> None:
    world = _world(SqlStore.open(str(path)))
    engine = connect(parse(str(path)))
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA max_page_count = 1"))
    full = SqlStore(Database(parse(str(path)), engine))
    with pytest.raises(StoreError, match="the disk is full"):
        full.save_episode(episode(feed_id=world.feed.id, summary="x" * 100_000))
    full.close()
    assert world.store.episodes(world.feed.id) == []
    world.add(episode())
    world.store.close()


def test_reading_goes_on_while_another_writes_and_writing_waits(path: Path) -> None:
    store = SqlStore.open(str(path))
    feed = store.add_feed(Feed(url="https://feeds.example/trees"))
    with _writing(path) as other:
        assert store.feeds() == [feed]
        soon = threading.Timer(0.3, lambda: other.execute("COMMIT"))
        soon.start()
        store.save_feed(replace(feed, title="Waited"))
        soon.join()
    assert store.feed(feed.id).title == "Waited"
    store.close()


def test_a_writer_that_waits_too_long_says_why(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    SqlStore.open(str(path)).close()
    monkeypatch.setattr(database, "BUSY_S", 0.1)
    store = SqlStore.open(str(path))
    with _writing(path), pytest.raises(StoreError, match=r"earmark\.db is busy: another process"):
        store.add_feed(Feed(url="https://feeds.example/trees"))
    assert store.feeds() == []
    store.close()


def test_writers_that_read_first_do_not_lock_each_other_out(path: Path) -> None:
    stores = [SqlStore.open(str(path)) for _ in range(3)]
    feed = stores[0].add_feed(Feed(url="https://feeds.example/trees"))
    failed: list[StoreError] = []

    def write(store: SqlStore) -> None:
        try:
            for number in range(15):  # save_feed reads the row and then writes it
                store.save_feed(replace(feed, failures=number))
        except StoreError as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for store in stores:
        store.close()
    assert failed == []


def test_what_is_committed_survives_a_power_cut(path: Path) -> None:
    SqlStore.open(str(path)).close()
    engine = connect(parse(str(path)))
    with engine.connect() as connection:
        pragmas = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")
        ]
    engine.dispose()
    assert pragmas == ["wal", 2]  # 2 is FULL


def test_questions_asked_every_few_seconds_use_indexes(path: Path) -> None:
    """At 10,000 episodes a scan of the tables that hold texts would take seconds (EXPLAIN QUERY PLAN)."""
    SqlStore.open(str(path)).close()
    engine, asked = connect(parse(str(path))), []
    event.listen(engine, "before_cursor_execute", lambda c, cur, sql, given, *_: asked.append((sql, given)))
    store = SqlStore(Database(parse(str(path)), engine))
    for stage in STAGES:
        store.pending(stage, NOW)
    store.backlog(1, NOW)
    store.scanned(1, NOW)
    store.had(1)
    plans = _plans(path, [(sql, given) for sql, given in asked if sql.startswith("SELECT")])
    store.close()
    assert len(plans) >= 9 + 9
    scans = {step for step in plans if step.startswith("SCAN") and "USING" not in step}
    # What a channel has had, from two halves that are both looked up; the outbox of edits, which is short.
    assert scans <= {"SCAN said", "SCAN revision"}


def _plans(path: Path, queries: list[tuple[str, tuple[object, ...]]]) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [
            row[-1]
            for sql, given in queries
            for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", given)
        ]
