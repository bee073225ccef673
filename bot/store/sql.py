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

HEAD = "0006"  # the newest revision; a database that is there already needs no alembic


class SqlStore:
    """Implements ports.Store. Safe in several threads and processes at once."""

    def __init__(self, database: Database) -> None:
        feeds, work = SqlFeeds(database), SqlWork(database)
        library, channels = SqlLibrary(database), SqlChannels(database)
        talk, notes = SqlTalk(database), SqlNotes(database)
        errata = SqlErrata(database)
        self.close, self.version = database.close, database.version

        self.add_feed = feeds.add_feed
        self.save_feed = feeds.save_feed
        self.feed = feeds.feed
        self.feeds = feeds.feeds
        self.due_feeds = feeds.due_feeds
        self.episode = feeds.episode
        self.episodes = feeds.episodes
        self.save_episode = feeds.save_episode
        self.save_poll = feeds.save_poll
        self.save_unchanged = feeds.save_unchanged

        self.pending = work.pending
        self.claim = work.claim
        self.claim_all = work.claim_all
        self.renew = work.renew
        self.done = work.done
        self.fail = work.fail
        self.retry = work.retry
        self.is_coming = work.is_coming
        self.work = work.work

        self.save_transcript = library.save_transcript
        self.transcript = library.transcript
        self.save_reading = library.save_reading
        self.reading = library.reading
        self.save_insights = library.save_insights
        self.insights = library.insights
        self.insight = library.insight
        self.heard = library.heard
        self.marks = library.marks
        self.source = library.source
        self.sources = library.sources

        self.save_channel = channels.save_channel
        self.find_channel = channels.find_channel
        self.forget_workspace = channels.forget_workspace
        self.channel = channels.channel
        self.channels = channels.channels
        self.subscribe = channels.subscribe
        self.unsubscribe = channels.unsubscribe
        self.subscriptions = channels.subscriptions
        self.backlog = channels.backlog
        self.had = channels.had
        self.scanned = channels.scanned
        self.save_digest = channels.save_digest
        self.digest = channels.digest
        self.digests = channels.digests
        self.told = SqlNotices(database).told
        self.save_post = channels.save_post
        self.post = channels.post

        self.digest_at = talk.digest_at
        self.save_turn = talk.save_turn
        self.turns = talk.turns
        self.turns_since = talk.turns_since
        self.rate = talk.rate
        self.ratings = talk.ratings
        self.rated = talk.rated

        self.flag = errata.flag
        self.flags = errata.flags
        self.decide = errata.decide
        self.errata = errata.errata
        self.decided = errata.decided
        self.revisions = errata.revisions
        self.save_revision = errata.save_revision

        self.first_time = notes.first_time
        self.take = notes.take
        self.forget_notes = notes.forget_notes
        self.save_secret = notes.save_secret
        self.secret = notes.secret
        self.secrets = notes.secrets
        self.delete_secret = notes.delete_secret
        self.reseal = SqlSeals(database).reseal

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
