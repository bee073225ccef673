"""The store on SQLite or PostgreSQL: one part for each port, on one database."""

from __future__ import annotations

from sqlalchemy import URL

from bot.store.channels import SqlChannels
from bot.store.database import Database, Wake, connect, make_folder, parse
from bot.store.errata import SqlErrata
from bot.store.feeds import SqlFeeds
from bot.store.library import SqlLibrary
from bot.store.notices import SqlNotices
from bot.store.reseal import SqlSeals
from bot.store.talk import SqlNotes, SqlTalk
from bot.store.work import SqlWork

HEAD = "0007"  # the newest revision; a database that is there already needs no alembic


class SqlStore(
    SqlFeeds, SqlWork, SqlLibrary, SqlChannels, SqlNotices, SqlTalk, SqlErrata, SqlNotes, SqlSeals
):
    """Implements ports.Store, a part for each port. Safe in several threads and processes at once."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.close, self.version = database.close, database.version

    @staticmethod
    def open(url: str, wake: Wake | None = None) -> SqlStore:
        """`url`: sqlite:///FILE, the path of a file, or postgresql://…; the schema is brought up to date.
        `wake` is told what each transaction makes due.

        Raises StoreError: it can't be reached or read, or was made by a newer Earmark.
        """
        parsed = parse(url)
        make_folder(parsed)
        database = Database(parsed, connect(parsed), wake)
        try:
            if database.version() != HEAD:
                _migrate(parsed)
        except BaseException:
            database.close()
            raise
        return SqlStore(database)


def _migrate(url: URL) -> None:
    from bot.store.migrate import migrate  # alembic takes a quarter of a second to import

    migrate(url)
