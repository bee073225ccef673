"""A SQLite database as one file, taken while it is in use, and put back."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import make_url

from bot.errors import StoreError
from bot.store.database import name, parse

POSTGRES = (
    "{0} is PostgreSQL, which has its own tools: `pg_dump --format=custom --file=FILE DATABASE` takes a "
    "backup and `pg_restore --clean --if-exists --dbname=DATABASE FILE` puts it back."
)


def file_of(url: str) -> Path:
    """The file of a SQLite database. StoreError, which says what to do instead, for any other."""
    parsed = parse(url)
    if parsed.get_backend_name() != "sqlite":
        raise StoreError(POSTGRES.format(name(parsed)))
    return Path(make_url(parsed).database or "")


def copy(source: Path, target: Path) -> None:
    """A consistent copy by SQLite's online backup, also while others write; checked before it counts.

    https://www.sqlite.org/backup.html
    """
    if not source.is_file():
        raise StoreError(f"There is no database {source} yet.")
    try:
        with closing(sqlite3.connect(source, timeout=30)) as here, closing(sqlite3.connect(target)) as there:
            here.backup(there, pages=4096)
            there.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
    except sqlite3.Error as error:
        raise StoreError(f"{source.name} can't be copied: {error}.") from error
    check(target)


def check(file: Path) -> str:
    """The revision of a whole database of ours. StoreError where it is damaged or somebody else's."""
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            whole = connection.execute("PRAGMA integrity_check(1)").fetchone()[0] == "ok"
            [revision] = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except (sqlite3.Error, TypeError) as error:
        raise StoreError(f"{file.name} holds no database of Earmark's.") from error
    if not whole:
        raise StoreError(f"{file.name} is damaged.")
    return str(revision)


def put(source: Path, target: Path) -> None:
    """Put a checked database in the place of `target`, which nobody may have open."""
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f"{target.name}.restored")
    copy(source, beside)
    for log in ("-wal", "-shm"):  # of the old one: it would be played into the new one
        target.with_name(target.name + log).unlink(missing_ok=True)
    os.replace(beside, target)


def is_open(file: Path) -> bool:
    """Whether another process has the database open: then not even its log's mode can be changed."""
    if not file.exists():
        return False
    try:
        with closing(sqlite3.connect(file, timeout=0)) as connection:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.rollback()
            return bool(connection.execute("PRAGMA journal_mode = DELETE").fetchone()[0] != "delete")
    except sqlite3.OperationalError:
        return True
