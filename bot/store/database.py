"""One database: its address, connections, transactions, and its errors in our words."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite as sqlite_
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session

from bot.domain import Stage
from bot.errors import StoreError

BUSY_S = 30.0  # how long a writer waits for another one before it says that the database is busy

_INSERT: dict[str, Callable[..., Any]] = {"sqlite": sqlite_.insert, "postgresql": postgresql.insert}

# What the drivers say (part of it, lower case) → what happened and what to do.
_SAYINGS = {
    "database is locked": f"is busy: another process has been writing for over {BUSY_S:.0f} s. Try again.",
    "disk is full": "can't grow: the disk is full. Make room and try again.",
    "no space left": "can't grow: the disk is full. Make room and try again.",
    "unable to open": "can't be opened: check that its folder exists and may be written to.",
    "readonly": "may not be written to: check the permissions of the file and its folder.",
    "not a database": "is not a database: name another file, or put a backup in its place.",
    "malformed": "is damaged: put a backup in its place.",
    "password authentication failed": "doesn't take this user and password: check DATABASE_URL.",
    "does not exist": "lacks something: check the database and user names in DATABASE_URL.",
    "connection": "can't be reached: check DATABASE_URL and that the server runs.",
}


def parse(url: str) -> URL:
    """A SQLAlchemy URL from a URL or the path of a SQLite file. StoreError: it is neither."""
    if "://" not in url:
        if not url.endswith((".db", ".sqlite", ".sqlite3")):
            raise StoreError("DATABASE_URL must begin with sqlite:/// or postgresql://, or name a .db file.")
        return URL.create("sqlite", database=url)
    scheme, rest = url.split("://", 1)
    if scheme in {"postgres", "postgresql"}:
        url = f"postgresql+psycopg://{rest}"
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # `from None`: what it says may quote a part of the password.
        raise StoreError("DATABASE_URL can't be read: special characters in it must be %-encoded.") from None
    if parsed.get_backend_name() not in _INSERT:
        raise StoreError("DATABASE_URL must begin with sqlite:/// or postgresql://.")
    if parsed.get_backend_name() == "sqlite" and parsed.database in {None, "", ":memory:"}:
        raise StoreError("The SQLite database needs a file: sqlite:///path/to/earmark.db.")
    return parsed


def make_folder(url: URL) -> None:
    """The folder of a SQLite file, if it isn't there."""
    if url.get_backend_name() != "sqlite" or not url.database:
        return
    folder = Path(url.database).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"The database's folder can't be made: {error.strerror} ({folder}).") from error


def connect(url: URL, *, foreign_keys: bool = True) -> Engine:
    """An engine that has not connected yet. `foreign_keys` off is for migrations, which rebuild tables."""
    is_sqlite = url.get_backend_name() == "sqlite"
    options: dict[str, Any] = {"timeout": BUSY_S} if is_sqlite else {"connect_timeout": 10}
    try:
        engine = create_engine(
            url, connect_args=options, hide_parameters=True, pool_pre_ping=not is_sqlite, pool_recycle=1800
        )
    except (ImportError, NoSuchModuleError) as error:
        raise StoreError("PostgreSQL needs a driver: pip install 'earmark[postgres]'.") from error
    if is_sqlite:
        _tune_sqlite(engine, foreign_keys)
    return engine


def _tune_sqlite(engine: Engine, foreign_keys: bool) -> None:
    """Transactions are begun by us, not by the driver, which would begin them late and deferred: two that
    read and then write would deadlock. https://docs.sqlalchemy.org/en/21/dialects/sqlite.html#pysqlite-serializable
    """

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, record: object) -> None:
        connection.isolation_level = None
        connection.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
        _write_ahead(connection)
        # FULL: a post that was sent must still be known after a power cut, or it would be sent again.
        connection.execute("PRAGMA synchronous = FULL")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _write_ahead(connection: Any) -> None:
    """Readers don't wait for the writer then. On a network share SQLite can't, and goes on in its old way.

    While another process makes this same first change, SQLite says "locked" without waiting: hence the loop.
    """
    deadline = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


# Told inside a transaction, by the driver's connection, which subjects of a stage its commit makes due.
Wake: TypeAlias = Callable[[Any, Stage, Sequence[int]], None]


class Database:
    """Sessions on one engine; what the database says is raised as StoreError, without the password."""

    def __init__(self, url: URL, engine: Engine, wake: Wake | None = None) -> None:
        self._url = url
        self._wake = wake
        self._engine = engine
        self._writer = engine.execution_options(writes=True)

    def version(self) -> str:
        """The revision of the schema; "" before the first."""
        with self.read() as session:
            if not inspect(session.connection()).has_table("alembic_version"):
                return ""
            return session.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One snapshot (SQLite) or one statement after another (Postgres); never waits for a writer."""
        with wrapped(self._url), Session(self._engine) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction, committed at the end of the block; an error in the block undoes all of it."""
        with wrapped(self._url), Session(self._writer, expire_on_commit=False) as session:
            yield session
            session.commit()

    def wake(self, session: Session, stage: Stage, subjects: Sequence[int]) -> None:
        """Hand over what is due as soon as this session's transaction is committed."""
        if self._wake and subjects:
            session.flush()
            self._wake(session.connection().connection.driver_connection, stage, subjects)

    def close(self) -> None:
        self._engine.dispose()


@contextmanager
def wrapped(url: URL) -> Iterator[None]:
    """Turns what the database says into StoreError. Bugs (a wrong statement's type, say) pass through."""
    try:
        yield
    except DBAPIError as error:
        raise StoreError(_in_words(url, str(error.orig))) from error
    except PoolTimeout as error:
        raise StoreError(f"{name(url)} is busy: no connection came free. Try again.") from error


def name(url: URL) -> str:
    """How the database is called in messages."""
    if url.get_backend_name() == "sqlite":
        return f"The database {Path(url.database or '').name}"
    return f"The database {url.database or ''} at {url.host or url.query.get('host', 'localhost')}"


def _in_words(url: URL, said: str) -> str:
    low = said.lower()
    for part, words in _SAYINGS.items():
        if part in low:
            return f"{name(url)} {words}"
    first = said.strip().splitlines()[0] if said.strip() else "no reason given"
    return f"{name(url)} refuses: {_without_password(url, first)}"


def _without_password(url: URL, text: str) -> str:
    for secret in (url.password, url.query.get("password")):
        if isinstance(secret, str) and secret:
            text = text.replace(secret, "***").replace(quote(secret, safe=""), "***")
    return text


def insert(session: Session, table: type[Any]) -> Any:
    """The INSERT of this database's dialect, which knows ON CONFLICT."""
    return _INSERT[session.get_bind().dialect.name](table)
