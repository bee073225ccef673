"""Brings the schema up to date, once, however many processes start together."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import URL, Connection, Engine, text

from bot.errors import StoreError
from bot.store.database import connect, name, wrapped

# Any number will do as long as it is ours: this is "earmark" in ASCII, 56 bits.
_LOCK = int.from_bytes(b"earmark")


def migrate(url: URL, target: str = "head") -> None:
    """Up to `target`, in one transaction that holds a lock. StoreError: the database is newer than we."""
    engine = connect(url, foreign_keys=False)
    try:
        with wrapped(url):
            _migrate(engine, url, target)
    finally:
        engine.dispose()


def config(connection: Connection) -> Config:
    """Alembic's settings without an alembic.ini; the script runs on the connection given."""
    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    settings.attributes["connection"] = connection
    return settings


def _migrate(engine: Engine, url: URL, target: str) -> None:
    with engine.connect() as connection:
        if _is_current(connection, url, target):
            return
    with engine.execution_options(writes=True).connect() as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        # Asked again: another process may have done it while we waited for the lock.
        if not _is_current(connection, url, target):
            command.upgrade(config(connection), target)


def _is_current(connection: Connection, url: URL, target: str) -> bool:
    scripts = ScriptDirectory.from_config(config(connection))
    heads = MigrationContext.configure(connection).get_current_heads()
    for revision in heads:
        _check_known(scripts, url, revision)
    wanted = scripts.get_current_head() if target == "head" else target
    return heads == (wanted,)


def _check_known(scripts: ScriptDirectory, url: URL, revision: str) -> None:
    try:
        scripts.get_revision(revision)
    except CommandError as error:
        raise StoreError(
            f"{name(url)} was made by a newer Earmark (revision {revision}). Update Earmark, or use another."
        ) from error
