"""The library: passages of all episodes, found by words (SQLite FTS5) and by vectors, joined and re-ranked.

It is derived from the store and can be deleted at any time: what is lost, or made by another model, is made
again from the transcripts. Hence its own SQLite file beside the vectors, and no table of the store's: the
same index works whether that is SQLite or Postgres, and its long writes hold up no worker.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from bot.answer.joined import AGAIN, COMMON, PROPOSED, WORDS, Found, found, fused, rarity, stemmed
from bot.answer.passages import Stretch, pooled, stretches
from bot.answer.rows import opened, wrapped
from bot.answer.search import TextEncoder
from bot.answer.vectors import Floats, Rows, VectorFiles
from bot.answer.words import stems
from bot.domain import Sentence

# A scope of up to so many episodes is looked up one by one; of a wider one the best of all that are in it.
RUNS, WIDE = 64, 5_000
_SHOWN = (
    'SELECT id, episode_id, first, last, speaker, start, "end", text FROM passage '
    "WHERE id IN (SELECT value FROM json_each(?))"
)
_RUNS = "SELECT first, count FROM episode WHERE count > 0 ORDER BY first"
_RUNS_IN = """SELECT first, count FROM episode
    WHERE count > 0 AND id IN (SELECT value FROM json_each(?)) ORDER BY first"""


class FileLibrary:
    """Implements Library on disk, under `folder`; SQLite's lock orders writers.

    Vectors are written, and on the disk, before the transaction that makes them known commits: a crash
    between leaves bytes that the next write covers. Raises StoreError where the folder can't be used.
    """

    def __init__(self, folder: Path, encoder: TextEncoder, *, width: int = 384) -> None:
        self._folder, self._encoder, self._width = folder, encoder, width
        self._lock = threading.Lock()
        with wrapped():
            folder.mkdir(parents=True, exist_ok=True)
            self._db = opened(folder / "library.db")
            self._files = self._current()

    def close(self) -> None:
        self._db.close()

    def known(self) -> set[int]:
        """The episodes that are in it."""
        with self._lock, wrapped():
            return {id for (id,) in self._db.execute("SELECT id FROM episode")}

    def marks(self) -> dict[int, str]:
        """Of each episode that is in it the mark that it was added with."""
        query = "SELECT id, COALESCE(text, '') FROM episode LEFT JOIN mark ON episode_id = id"
        with self._lock, wrapped():
            return dict(self._db.execute(query).fetchall())

    def add(
        self, episode_id: int, said: Sequence[Sentence], vectors: Floats | None = None, *, mark: str = ""
    ) -> None:
        """Index an episode (again). `vectors` of its `stretches`, where somebody has them; `mark` tells of
        which transcript they are."""
        made = stretches(said)
        if vectors is None:
            vectors = pooled(self._encoder.encode([s.text for s in said]), made)
        with self._lock, wrapped(), self._writing():
            self._drop(episode_id)
            first = self._next()
            self._files.write(first, vectors)
            self._insert(episode_id, first, made)
            self._db.execute("INSERT INTO mark VALUES (?, ?)", (episode_id, mark))

    def forget(self, episode_id: int) -> None:
        with self._lock, wrapped(), self._writing():
            self._drop(episode_id)

    def search(self, question: str, episodes: Collection[int] | None = None, limit: int = 10) -> list[Found]:
        """The likeliest passages, best first, of these episodes (None: of all)."""
        vector = self._encoder.encode([question])[0]
        asked = sorted(set(stems(question)))
        with self._lock, wrapped():
            self._look_again()
            scope = None if episodes is None else sorted(episodes)
            near, cosines = self._files.nearest(vector, self._rows(scope), PROPOSED)
            worded = self._by_words(asked, scope)
            ids = fused(near.tolist(), worded)
            return self._ranked(asked, vector, ids, dict(zip(near.tolist(), cosines.tolist(), strict=True)))[
                :limit
            ]

    def nearest(self, vector: Floats, limit: int, *, exact: bool = False) -> list[int]:
        """Numbers of the passages whose vectors are nearest; `exact` looks at every one of them."""
        with self._lock, wrapped():
            self._look_again()
            rows, _ = self._files.nearest(vector, self._rows(None), limit, exact=exact)
            return [int(row) for row in rows]

    def passages_of(self, episode_id: int) -> tuple[list[tuple[int, int]], Floats] | None:
        """Sentences (first, last) of each passage of an episode, and their vectors; None: not indexed."""
        with self._lock, wrapped():
            self._look_again()
            rows = self._rows([episode_id])
            if not len(rows):
                return None
            query = "SELECT first, last FROM passage WHERE episode_id = ? ORDER BY id"
            spans = [(a, b) for a, b in self._db.execute(query, (episode_id,))]
            return spans, self._files.of(rows)

    def _ranked(
        self, asked: Sequence[str], vector: Floats, ids: dict[int, float], known: dict[int, float]
    ) -> list[Found]:
        best = sorted(ids, key=lambda id: -ids[id])[:AGAIN]
        unknown = [id for id in best if id not in known]
        cosines = known | dict(
            zip(unknown, self._files.of(np.array(unknown, np.int64)) @ vector, strict=True)
        )
        weights = self._weights(asked)
        rows = self._db.execute(_SHOWN, (json.dumps(best),))
        made = [found(row, ids[id], float(cosines[id]), weights) for id, *row in rows]
        return sorted(made, key=lambda f: -f.score)

    def _by_words(self, asked: Sequence[str], scope: Sequence[int] | None) -> list[int]:
        words = self._rare(asked)
        if not words:
            return []
        match = " OR ".join(f'"{w}"' for w in words)
        if scope is None or len(scope) > RUNS:
            allowed = None if scope is None else set(self._rows(scope).tolist())
            most = PROPOSED if allowed is None else WIDE
            query = "SELECT rowid FROM words WHERE words MATCH ? ORDER BY rank LIMIT ?"
            found = (id for (id,) in self._db.execute(query, (match, most)))
            return [id for id in found if allowed is None or id in allowed][:PROPOSED]
        # Run by run: joining would look up the passage of every match, in scope or not.
        query = (
            "SELECT rank, rowid FROM words WHERE words MATCH ? AND rowid BETWEEN ? AND ?"
            " ORDER BY rank LIMIT ?"
        )
        runs = self._runs(scope)
        ranked = [
            row
            for first, n in runs
            for row in self._db.execute(query, (match, first, first + n - 1, PROPOSED))
        ]
        return [id for _, id in sorted(ranked)[:PROPOSED]]

    def _rare(self, asked: Sequence[str]) -> list[str]:
        often, most = self._often(asked), COMMON * max(self._count(), 100)
        return sorted((w for w in often if often[w] <= most), key=lambda w: often[w])[:WORDS]

    def _weights(self, asked: Sequence[str]) -> dict[str, float]:
        """How much each word of the question says: its rarity (idf)."""
        often, n = self._often(asked), self._count()
        return {w: rarity(often.get(w, 0), n) for w in asked}

    def _often(self, words: Sequence[str]) -> dict[str, int]:
        query = "SELECT term, doc FROM vocabulary WHERE term = ?"
        return {term: n for w in words for term, n in self._db.execute(query, (w,))}

    def _count(self) -> int:
        return int(self._db.execute("SELECT COALESCE(SUM(count), 0) FROM episode").fetchone()[0])

    def _rows(self, scope: Sequence[int] | None) -> Rows:
        """Row numbers of the passages in scope, ascending."""
        runs = self._runs(scope)
        if not runs:
            return np.zeros(0, np.int64)
        first, count = np.array(runs, np.int64).T
        starts = np.repeat(first - np.concatenate([[0], count.cumsum()[:-1]]), count)
        return starts + np.arange(int(count.sum()), dtype=np.int64)

    def _runs(self, scope: Sequence[int] | None) -> list[tuple[int, int]]:
        """(first, count) of the rows of each episode in scope, ascending."""
        if scope is None:
            return self._db.execute(_RUNS).fetchall()
        return self._db.execute(_RUNS_IN, (json.dumps(scope),)).fetchall()

    def _next(self) -> int:
        row = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'passage'").fetchone()
        return int(row[0]) + 1 if row else 0

    def _insert(self, episode_id: int, first: int, made: Sequence[Stretch]) -> None:
        self._db.execute("INSERT INTO episode VALUES (?, ?, ?)", (episode_id, first, len(made)))
        rows = (
            (first + n, episode_id, s.first, s.last, s.speaker, s.start, s.end, s.text)
            for n, s in enumerate(made)
        )
        self._db.executemany("INSERT INTO passage VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        words = ((first + n, stemmed(s.speaker, s.text)) for n, s in enumerate(made))
        self._db.executemany("INSERT INTO words (rowid, stems) VALUES (?, ?)", words)

    def _drop(self, episode_id: int) -> None:
        """An index without contents has to be told what to forget."""
        query = "SELECT id, speaker, text FROM passage WHERE episode_id = ?"
        gone = [(id, stemmed(speaker, text)) for id, speaker, text in self._db.execute(query, (episode_id,))]
        self._db.executemany("INSERT INTO words (words, rowid, stems) VALUES ('delete', ?, ?)", gone)
        self._db.execute("DELETE FROM passage WHERE episode_id = ?", (episode_id,))
        self._db.execute("DELETE FROM episode WHERE id = ?", (episode_id,))
        self._db.execute("DELETE FROM mark WHERE episode_id = ?", (episode_id,))

    def _look_again(self) -> None:
        """Another process may have begun a new generation."""
        if self._meta("generation") != self._generation:
            self._files = self._current()

    def _current(self) -> VectorFiles:
        """The files of the present generation; a new, empty one where they are lost or another model's."""
        name = self._meta("generation")
        files = VectorFiles(self._folder, name, self._width)
        if not name or self._meta("model") != self._encoder.name or not files.holds(self._next()):
            name = secrets.token_hex(8)
            files = VectorFiles(self._folder, name, self._width)
            with self._writing():
                self._begin_again(name)
        self._generation = name
        return files

    def _begin_again(self, name: str) -> None:
        old = self._meta("generation")
        for statement in (
            "INSERT INTO words (words) VALUES ('delete-all')",
            "DELETE FROM passage",
            "DELETE FROM episode",
            "DELETE FROM mark",
        ):
            self._db.execute(statement)
        self._db.execute("DELETE FROM sqlite_sequence WHERE name = 'passage'")
        for key, value in (("generation", name), ("model", self._encoder.name)):
            self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))
        for path in self._folder.glob(f"{old}.*") if old else ():
            path.unlink(missing_ok=True)

    def _meta(self, name: str) -> str:
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else ""

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")
