"""What has been made of episodes: transcripts, readings, insights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import and_, delete, func
from sqlmodel import Session, col, select

from bot.domain import Claim, Insight, Reading, Source, Transcript
from bot.errors import StoreError
from bot.store import due, rows
from bot.store import tables as t
from bot.store.clean import clean
from bot.store.database import Database
from bot.store.feeds import with_show
from bot.store.work import finish


class SqlLibrary:
    def __init__(self, database: Database) -> None:
        self._db = database

    def save_transcript(self, claim: Claim, episode_id: int, transcript: Transcript) -> None:
        content = rows.pack(rows.TRANSCRIPT, clean(transcript))
        row = t.Transcript(
            episode_id=episode_id, usable=transcript.usable, duration_s=transcript.duration_s, content=content
        )
        with self._db.write() as session:
            finish(session, claim)
            session.merge(row)
            self._db.wake(session, "read", [episode_id] if transcript.usable else [])

    def transcript(self, episode_id: int) -> Transcript | None:
        with self._db.read() as session:
            row = session.get(t.Transcript, episode_id)
            return rows.unpack(rows.TRANSCRIPT, row.content) if row else None

    def save_reading(self, claim: Claim, episode_id: int, reading: Reading) -> None:
        content = rows.pack(rows.READING, clean(reading))
        with self._db.write() as session:
            read_at = finish(session, claim)
            session.merge(t.Reading(episode_id=episode_id, read_at=read_at, content=content))
            self._db.wake(session, "write", [episode_id])

    def reading(self, episode_id: int) -> Reading | None:
        with self._db.read() as session:
            row = session.get(t.Reading, episode_id)
            return rows.unpack(rows.READING, row.content) if row else None

    def save_insights(
        self, claim: Claim, episode_id: int, insights: Sequence[Insight], now: datetime
    ) -> None:
        """Replaces the episode's earlier ones, but for those that are in a digest already."""
        with self._db.write() as session:
            finish(session, claim)
            _forget(session, episode_id)
            for insight in insights:
                session.add(t.Insight(**rows.of_insight(clean(insight), episode_id, now)))

    def insights(self, episode_id: int) -> list[Insight]:
        query = select(t.Insight).where(col(t.Insight.episode_id) == episode_id)
        with self._db.read() as session:
            best_first = query.order_by(col(t.Insight.score).desc(), col(t.Insight.id))
            return [rows.to_insight(row) for row in session.exec(best_first)]

    def insight(self, insight_id: int) -> Insight:
        with self._db.read() as session:
            row = session.get(t.Insight, insight_id)
            if row is None:
                raise StoreError(f"There is no insight {insight_id}.")
            return rows.to_insight(row)

    def heard(self, feed_ids: Sequence[int]) -> list[int]:
        query = select(t.Episode.id).join(t.Transcript).where(col(t.Transcript.usable))
        of_feeds = query.where(col(t.Episode.feed_id).in_(feed_ids)).order_by(*due.newest_first())
        with self._db.read() as session:
            return [id_ for id_ in session.exec(of_feeds) if id_ is not None]

    def marks(self, feed_ids: Sequence[int]) -> dict[int, str]:
        """When it was made, by which attempt, and how long it is: no transcript has to be read for that."""
        transcribed = and_(col(t.Work.stage) == "transcribe", col(t.Work.subject) == col(t.Episode.id))
        told = (col(t.Work.touched_at), col(t.Work.fence), func.length(col(t.Transcript.content)))
        query = select(t.Episode.id).add_columns(*told).join(t.Transcript).outerjoin(t.Work, transcribed)
        of_feeds = query.where(col(t.Transcript.usable), col(t.Episode.feed_id).in_(feed_ids))
        with self._db.read() as session:
            return {row[0]: " ".join(map(str, row[1:])) for row in session.execute(of_feeds)}

    def sources(self, feed_ids: Sequence[int], limit: int = 50) -> Iterator[Source]:
        """Read one at a time as they are asked for: an hour of speech is a megabyte."""
        for episode_id in self.heard(feed_ids)[:limit]:
            yield self.source(episode_id)

    def source(self, episode_id: int) -> Source:
        query = with_show().add_columns(col(t.Transcript.content)).join(t.Transcript)
        usable = query.where(col(t.Episode.id) == episode_id, col(t.Transcript.usable))
        with self._db.read() as session:
            found = session.execute(usable).one_or_none()
            if found is None:
                raise StoreError(f"There is no transcript of episode {episode_id}.")
            row, show, content = found
            return Source(
                episode=rows.to_episode(row, show), transcript=rows.unpack(rows.TRANSCRIPT, content)
            )


def _forget(session: Session, episode_id: int) -> None:
    kept = t.DigestItem.insight_id, t.DigestAlso.insight_id, t.Erratum.insight_id
    unposted = delete(t.Insight).where(
        col(t.Insight.episode_id) == episode_id, *(col(t.Insight.id).not_in(select(ids)) for ids in kept)
    )
    session.execute(unposted)
