"""The library in Postgres, by pgvector: machines that share the store share the index of its passages too.

It is derived like the one in files, and lies in a schema of its own, which may be dropped at any time.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from bot.answer.joined import AGAIN, COMMON, PROPOSED, WORDS, Found, found, fused, rarity, stemmed
from bot.answer.passages import Stretch, pooled, stretches
from bot.answer.search import TextEncoder
from bot.answer.vectors import Floats
from bot.answer.words import stems
from bot.domain import Sentence
from bot.errors import StoreError

# Two processes that make the same tables at once: one waits for the other.
_MAKING = 7_316_205
# Half precision, as in the files. HNSW (Malkov and Yashunin 2018) with pgvector's usual constants.
_TABLES = """
CREATE EXTENSION IF NOT EXISTS vector;
CREATE SCHEMA IF NOT EXISTS earmark_library;
CREATE TABLE IF NOT EXISTS earmark_library.episode (
    id bigint PRIMARY KEY, model text NOT NULL, mark text NOT NULL);
CREATE TABLE IF NOT EXISTS earmark_library.passage (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    episode_id bigint NOT NULL REFERENCES earmark_library.episode ON DELETE CASCADE,
    first int NOT NULL, last int NOT NULL, speaker text NOT NULL, start float8, "end" float8,
    text text NOT NULL, stems text[] NOT NULL, vector halfvec({width}) NOT NULL);
CREATE INDEX IF NOT EXISTS passage_episode ON earmark_library.passage (episode_id, first);
CREATE INDEX IF NOT EXISTS passage_stems ON earmark_library.passage USING gin (stems);
CREATE INDEX IF NOT EXISTS passage_vector ON earmark_library.passage USING hnsw (vector halfvec_ip_ops);
DELETE FROM earmark_library.episode WHERE model <> '{model}';
"""
_NEAREST = """SELECT id, -(vector <#> %(vector)s::halfvec) FROM earmark_library.passage
    WHERE (%(scope)s::bigint[] IS NULL OR episode_id = ANY(%(scope)s))
    ORDER BY vector <#> %(vector)s::halfvec LIMIT %(limit)s"""
# By how much of the question's rarity a passage holds; of two alike the shorter one.
_WORDED = """SELECT id FROM earmark_library.passage WHERE stems && %(words)s::text[]
    AND (%(scope)s::bigint[] IS NULL OR episode_id = ANY(%(scope)s))
    ORDER BY (SELECT sum(weight) FROM unnest(%(words)s::text[], %(weights)s::float8[]) AS asked (word, weight)
              WHERE word = ANY(stems)) DESC, cardinality(stems) LIMIT %(limit)s"""
_SHOWN = """SELECT id, episode_id, first, last, speaker, start, "end", text, -(vector <#> %s::halfvec)
    FROM earmark_library.passage WHERE id = ANY(%s)"""
_COUNTED = (
    "SELECT count(*) FROM (SELECT 1 FROM earmark_library.passage WHERE stems @> ARRAY[%s] LIMIT %s) AS n"
)
_PASSAGES = """SELECT first, last, vector::text FROM earmark_library.passage
    WHERE episode_id = %s ORDER BY first"""
_INSERTED = """INSERT INTO earmark_library.passage
    (episode_id, first, last, speaker, start, "end", text, stems, vector)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s::halfvec)"""


# No such extension, too old a one, or not allowed to this user.
_LACKING = {"0A000", "42501", "58P01", "42704"}


class NoVectors(StoreError):
    """This Postgres has no pgvector for us."""


class PostgresLibrary:
    """Implements Library in the database at `url`. Raises NoVectors where there is no pgvector."""

    def __init__(self, url: str, encoder: TextEncoder, *, width: int = 384) -> None:
        self._url, self._encoder = url, encoder
        self._db: Any = None
        self._lock = threading.Lock()
        model = encoder.name.replace("'", "''")
        try:
            with self._session() as db:
                db.execute("SELECT pg_advisory_xact_lock(%s)", (_MAKING,))
                db.execute(_TABLES.format(width=width, model=model))
        except StoreError:
            self.close()
            raise

    def close(self) -> None:
        if self._db is not None:
            self._db.close()

    def known(self) -> set[int]:
        return set(self.marks())

    def marks(self) -> dict[int, str]:
        with self._session() as db:
            return dict(db.execute("SELECT id, mark FROM earmark_library.episode").fetchall())

    def add(
        self, episode_id: int, said: Sequence[Sentence], vectors: Floats | None = None, *, mark: str = ""
    ) -> None:
        made = stretches(said)
        if vectors is None:
            vectors = pooled(self._encoder.encode([s.text for s in said]), made)
        rows = [_row(episode_id, s, v) for s, v in zip(made, vectors, strict=True)]
        with self._session() as db:
            # Two machines may index the same episode: the second one waits and replaces it.
            db.execute("SELECT pg_advisory_xact_lock(%s, %s)", (_MAKING, episode_id))
            db.execute("DELETE FROM earmark_library.episode WHERE id = %s", (episode_id,))
            told = (episode_id, self._encoder.name, mark)
            db.execute("INSERT INTO earmark_library.episode (id, model, mark) VALUES (%s, %s, %s)", told)
            db.cursor().executemany(_INSERTED, rows)

    def forget(self, episode_id: int) -> None:
        with self._session() as db:
            db.execute("DELETE FROM earmark_library.episode WHERE id = %s", (episode_id,))

    def search(self, question: str, episodes: Collection[int] | None = None, limit: int = 10) -> list[Found]:
        vector = self._encoder.encode([question])[0]
        asked = sorted(set(stems(question)))
        scope = None if episodes is None else sorted(episodes)
        with self._session() as db:
            weights, common = self._weights(db, asked)
            near = [id for id, _ in self._near(db, vector, scope, PROPOSED)]
            rare = sorted((w for w in weights if w not in common), key=lambda w: -weights[w])[:WORDS]
            told = {"words": rare, "weights": [weights[w] for w in rare], "scope": scope, "limit": PROPOSED}
            worded = [id for (id,) in db.execute(_WORDED, told)] if rare else []
            ids = fused(near, worded)
            best = sorted(ids, key=lambda id: -ids[id])[:AGAIN]
            rows = db.execute(_SHOWN, (_literal(vector), best)).fetchall()
        made = [found(row, ids[id], cosine, weights) for id, *row, cosine in rows]
        return sorted(made, key=lambda f: -f.score)[:limit]

    def nearest(self, vector: Floats, limit: int, *, exact: bool = False) -> list[int]:
        with self._session() as db:
            return [id for id, _ in self._near(db, vector, None, limit, exact=exact)]

    def passages_of(self, episode_id: int) -> tuple[list[tuple[int, int]], Floats] | None:
        with self._session() as db:
            rows = db.execute(_PASSAGES, (episode_id,)).fetchall()
        if not rows:
            return None
        vectors = np.array([v[1:-1].split(",") for *_, v in rows], np.float32)
        return [(first, last) for first, last, _ in rows], vectors

    def _near(
        self, db: Any, vector: Floats, scope: Sequence[int] | None, limit: int, *, exact: bool = False
    ) -> list[tuple[int, float]]:
        # In scope there may be few among the nearest: look on until there are enough.
        db.execute("SET LOCAL hnsw.iterative_scan = relaxed_order")
        db.execute("SELECT set_config('hnsw.ef_search', %s, true)", (str(max(2 * limit, 40)),))
        db.execute("SELECT set_config('enable_indexscan', %s, true)", ("off" if exact else "on",))
        told = {"vector": _literal(vector), "scope": scope, "limit": limit}
        found: list[tuple[int, float]] = db.execute(_NEAREST, told).fetchall()
        db.execute("SET LOCAL enable_indexscan = on")
        return sorted(found, key=lambda row: -row[1])

    def _weights(self, db: Any, asked: Sequence[str]) -> tuple[dict[str, float], set[str]]:
        """How rare each word is, and those of them that are too common to look for."""
        query = "SELECT count(*) FROM earmark_library.passage"
        n = db.execute(query).fetchone()[0]
        most = int(COMMON * max(n, 100)) + 1
        often = {w: db.execute(_COUNTED, (w, most)).fetchone()[0] for w in asked}
        return {w: rarity(often[w], n) for w in asked}, {w for w in asked if not 0 < often[w] < most}

    @contextmanager
    def _session(self) -> Iterator[Any]:
        """One transaction on the connection, which is made again where it was lost."""
        import psycopg

        try:
            with self._lock:
                if self._db is None or self._db.closed:
                    self._db = psycopg.connect(self._url, autocommit=True, connect_timeout=10)
                with self._db.transaction():
                    yield self._db
        except psycopg.Error as error:
            # `from None`: what the driver says may name the address and the user.
            raise _in_words(error) from None


def _in_words(error: Exception) -> StoreError:
    if getattr(error, "sqlstate", None) in _LACKING:
        return NoVectors(
            "Search keeps its index in files: this Postgres has no pgvector, or doesn't let us add it."
            " To share one index between machines, have an administrator run CREATE EXTENSION vector."
        )
    name = type(error).__name__
    return StoreError(f"The search index in Postgres can't be used ({name}). Check that the server runs.")


def _literal(vector: Floats) -> str:
    return f"[{','.join(f'{v:.6g}' for v in vector.tolist())}]"


def _row(episode_id: int, s: Stretch, vector: Floats) -> tuple[Any, ...]:
    # Postgres keeps no NUL in a text.
    speaker, text = s.speaker.replace("\0", ""), s.text.replace("\0", "")
    words = stemmed(speaker, text).split()
    return episode_id, s.first, s.last, speaker, s.start, s.end, text, words, _literal(vector)
