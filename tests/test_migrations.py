"""The schema: up from every revision, equal to the models, made once, and never by halves."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic import op
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from bot.errors import StoreError
from bot.store import migrate as migrations
from bot.store.database import connect, parse
from bot.store.migrate import migrate
from bot.store.sql import HEAD, SqlStore
from bot.store.tables import Table
from tests import store_postgres

FOLDER = Path(migrations.__file__).parent / "migrations"
REVISIONS = [script.revision for script in ScriptDirectory(str(FOLDER)).walk_revisions()]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    return store_postgres.new_database() if request.param == "postgres" else f"sqlite:///{tmp_path / 'e.db'}"


def ask(url: str, question: Callable[[Connection], Any]) -> Any:
    engine = connect(parse(url))
    try:
        with engine.connect() as connection:
            return question(connection)
    finally:
        engine.dispose()


def tables(url: str) -> set[str]:
    return set(ask(url, lambda connection: inspect(connection).get_table_names()))


def differences(connection: Connection) -> Any:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return compare_metadata(context, Table.metadata)


@pytest.mark.parametrize("start", ["base", *REVISIONS])
def test_from_every_revision_to_the_models(url: str, start: str) -> None:
    if start != "base":
        migrate(parse(url), start)
    SqlStore.open(url).close()
    assert ask(url, differences) == []
    assert tables(url) == {*Table.metadata.tables, "alembic_version"}


def test_the_program_knows_its_newest_revision() -> None:
    assert ScriptDirectory(str(FOLDER)).get_heads() == [HEAD]


def test_a_database_newer_than_the_program_is_left_alone(url: str) -> None:
    SqlStore.open(url).close()
    ask(url, _make_newer)
    with pytest.raises(StoreError, match="made by a newer Earmark") as raised:
        SqlStore.open(url)
    assert "revision 9999" in str(raised.value)


def _make_newer(connection: Connection) -> None:
    connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    connection.commit()


def test_a_migration_that_fails_leaves_nothing_behind(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    create_table = op.create_table

    def fail_late(name: str, *columns: Any, **options: Any) -> Any:
        if name == "work":
            raise RuntimeError("power cut")
        return create_table(name, *columns, **options)

    with monkeypatch.context() as patch:
        patch.setattr(op, "create_table", fail_late)
        with pytest.raises(RuntimeError, match="power cut"):
            SqlStore.open(url)
    assert tables(url) == set()
    SqlStore.open(url).close()
    assert "work" in tables(url)


def test_processes_that_start_at_once_all_come_up(url: str) -> None:
    program = (
        f"from bot.store.sql import HEAD, SqlStore; s = SqlStore.open({url!r}); input(); s.feeds(); s.close()"
    )
    command = [sys.executable, "-c", program]
    started = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, cwd=FOLDER.parents[2])
        for _ in range(3)
    ]
    errors = [process.communicate(b"\n", timeout=60)[1].decode() for process in started]
    assert errors == ["", "", ""]
    assert ask(url, differences) == []
